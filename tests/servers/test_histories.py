"""What a platform tells beyond the present: earlier forms of an item, and that it hides it."""

from __future__ import annotations

import dataclasses
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from archiver import media_missing
from archiver.capture import media
from archiver.capture import stream as streams
from archiver.capture.evidence_file import run_warc
from archiver.capture.recheck import recheck, waiting
from archiver.capture.running import RunningCapture
from archiver.capture.session import CaptureSession
from archiver.platforms import PLATFORMS
from archiver.platforms.items import Item, ItemKind, Media, Source, State, StreamKind
from archiver.platforms.pages import Coverage, Lookup, Page
from archiver.records.models import uuid7
from tests.fixtures.custody import rows, unproven
from tests.fixtures.sessions import Answer, exchange_of
from tests.fixtures.town import town

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archiver.platforms.pages import AccountRef
    from tests.fixtures.archives import ArchiveMaker
    from tests.fixtures.town import Town

FIRST, SECOND, THIRD = (datetime(2026, 3, 5, hour, tzinfo=UTC) for hour in (9, 10, 11))
POST = "https://town.example/posts/1"


@contextmanager
def capturing(small: Town, kind: StreamKind = StreamKind.POSTS) -> Iterator[RunningCapture]:
    """A capture of the town's posts (or another stream) that is at work."""
    archive, account = small.archive.archive, small.refreshed()
    with (
        streams.locked(archive.engine, account, kind, wait=False) as stream_id,
        run_warc(archive, account, "run") as warc,
        closing(CaptureSession(user_agent="test")) as session,
    ):
        context, cursor = streams.begin(
            archive.engine, stream_id, account, kind, "run", "now", archive.now(), keep_unchanged=False
        )
        yield RunningCapture(archive, PLATFORMS["bluesky"], account, session, warc, context, cursor)


def form(text: str, edited: datetime | None, source: Source = Source.API, **more: object) -> Item:
    """The post in one of its forms."""
    item = Item(ItemKind.POST, POST, source, text=text, created_at=FIRST, edited_at=edited, order_key="1")
    return dataclasses.replace(item, edited_text=edited and edited.isoformat(), **more)  # type: ignore[arg-type]


def page_of(items: Sequence[Item], history: Sequence[Item] = ()) -> Page:
    """A page of one answer."""
    exchange = dataclasses.replace(exchange_of("https://town.example/", Answer(b"{}")), id=str(uuid7()))
    placed = [dataclasses.replace(each, exchange=0) for each in history]
    return Page([dataclasses.replace(each, exchange=0) for each in items], [exchange], history=placed)


def versions(small: Town) -> list[tuple[object, ...]]:
    """Number, text, source and whether it is the present form, of the post's versions."""
    return rows(
        small.archive.engine,
        "select v.number, v.text, v.source, v.id = i.current_version_id from versions v join items i on i.id = v.item_id "
        "where i.platform_id = :post order by v.number",
        post=POST,
    )


def test_earlier_forms_are_kept_before_the_present_one(make_archive: ArchiveMaker) -> None:
    """A post first met after two edits has three versions in the order of their times, the last one being what it says."""
    told = [form("one", None, Source.HISTORY), form("two", SECOND, Source.HISTORY)]
    with town(make_archive, 1) as small, capturing(small) as running:
        running.save(page_of([form("three", THIRD)], told))
        expected = [(1, "one", "history", False), (2, "two", "history", False), (3, "three", "api", True)]
        assert versions(small) == expected
        running.save(page_of([form("three", THIRD)], told))
        assert versions(small) == expected
        assert (running.items_new, running.versions_new) == (1, 3)
        assert unproven(small.archive.archive) == []


def test_a_form_that_was_captured_in_its_day_is_not_kept_twice(make_archive: ArchiveMaker) -> None:
    """Only what was missed between two captures is added, with its attachment, and the index is told once."""
    picture = Media("picture-1", "image", "https://town.example/1.png")
    told = [form("one", None, Source.HISTORY), form("two", SECOND, Source.HISTORY, media=(picture,))]
    with town(make_archive, 1) as small, capturing(small) as running:
        running.save(page_of([form("one", None)]))
        running.save(page_of([form("three", THIRD)], told))
        assert versions(small) == [(1, "one", "api", False), (2, "two", "history", False), (3, "three", "api", True)]
        found = rows(
            small.archive.engine,
            "select v.text, m.platform_id from version_media p join versions v on v.id = p.version_id "
            "join media m on m.id = p.medium_id where m.platform_id = 'picture-1'",
        )
        assert found == [("two", "picture-1")]


def test_history_alone_raises_the_revision(make_archive: ArchiveMaker) -> None:
    """An earlier form that is told later, of a post that says what it said, makes the index take the post again."""
    with town(make_archive, 1) as small, capturing(small) as running:
        running.save(page_of([form("two", SECOND)]))
        running.save(page_of([form("two", SECOND)], [form("one", None, Source.HISTORY)]))
        assert versions(small) == [(1, "two", "api", True), (2, "one", "history", False)]
        assert rows(small.archive.engine, "select revision from items where platform_id = :post", post=POST) == [(2,)]


def test_what_the_platform_hides_is_kept_as_hidden(make_archive: ArchiveMaker) -> None:
    """Hidden at first sight, shown, hidden again: each change is a state with the platform's words, none is a version."""
    hidden = form("one", None, hidden="is_hidden: hidden by the page")
    with town(make_archive, 1) as small, capturing(small) as running:
        for shown in (hidden, hidden, form("one", None), hidden):
            running.save(page_of([shown]))
        query = "select t.state, t.words from states t join items i on i.id = t.item_id where i.platform_id = :post order by t.id"
        words = "is_hidden: hidden by the page"
        assert rows(small.archive.engine, query, post=POST) == [
            ("hidden", words),
            ("present", "shown by the platform again"),
            ("hidden", words),
        ]
        assert [row[1:] for row in versions(small)] == [("one", "api", True)]
        state = "select i.state, s.state from items i join sightings s on s.item_id = i.id where i.platform_id = :post"
        assert rows(small.archive.engine, state, post=POST) == [("hidden", "hidden")]


class Terse:
    """A platform that tells at an item's own address that it is there, and nothing more of it."""

    manifest = PLATFORMS["facebook"].manifest

    def lookup(self, session: CaptureSession, account: AccountRef, ids: Sequence[str]) -> Iterator[Lookup]:  # noqa: ARG002
        """There, each of them."""
        for each in ids:
            answer = dataclasses.replace(exchange_of("https://town.example/", Answer(b"{}")), id=str(uuid7()))
            yield Lookup(each, State.PRESENT, "its own address shows it", answer)


@pytest.mark.parametrize("shown", [True, False])
def test_what_is_there_and_listed_no_more_is_missed_once(make_archive: ArchiveMaker, shown: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Its own address shows it, or says that it is there, night after night, and nothing more is recorded, until a listing shows
    it or it is gone.
    """
    listed, everything = form("one", None), Coverage(None, None)
    with town(make_archive, 1) as small:

        def night(*, lists: bool, there: bool) -> list[tuple[object, ...]]:
            small.archive.clock.set(small.archive.clock() + timedelta(days=1))
            with capturing(small) as running:
                running.save(dataclasses.replace(page_of([listed] if lists else []), coverage=everything))
                found = _missing(running)
                if found and there and shown:
                    running.save(dataclasses.replace(page_of([listed]), looked_up=True))
                elif found and there:
                    running.platform = Terse()  # type: ignore[assignment] # as far as it is asked
                    recheck(running)
                states = "select t.state from states t join items i on i.id = t.item_id where i.platform_id = :post order by t.id"
                return [tuple(found), *rows(small.archive.engine, states, post=POST)]

        assert night(lists=True, there=True) == [()]
        missed_and_found = [(POST,), ("not_returned",), ("present",)]
        assert night(lists=False, there=True) == missed_and_found
        assert night(lists=False, there=True) == missed_and_found
        assert night(lists=True, there=True) == [(), *missed_and_found[1:]]
        assert night(lists=False, there=False) == [*missed_and_found, ("not_returned",)]


class Told(Terse):
    """A platform whose word at an item's own address is as the test has it."""

    def __init__(self, state: State) -> None:
        self.state = state

    def lookup(self, session: CaptureSession, account: AccountRef, ids: Sequence[str]) -> Iterator[Lookup]:
        """That, of each of them."""
        for each in super().lookup(session, account, ids):
            yield dataclasses.replace(each, state=self.state)


@pytest.mark.parametrize("by_listing", [True, False])
def test_that_a_lookup_called_hidden_what_is_there_a_later_lookup_takes_back(
    make_archive: ArchiveMaker,
    by_listing: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """As where a server was wrongly taken to hide it; what the listing itself showed as hidden stays so until that shows it."""
    everything = Coverage(None, None)
    with town(make_archive, 1) as small:

        def night(listed: Item | None, state: State = State.PRESENT) -> list[str]:
            small.archive.clock.set(small.archive.clock() + timedelta(days=1))
            with capturing(small) as running:
                running.save(dataclasses.replace(page_of([listed] if listed else []), coverage=everything))
                running.platform = Told(state)  # type: ignore[assignment] # as far as it is asked
                recheck(running)
            states = "select t.state from states t join items i on i.id = t.item_id where i.platform_id = :post order by t.id"
            return [each for (each,) in rows(small.archive.engine, states, post=POST)]

        if by_listing:
            assert night(form("one", None, hidden="hidden by the page")) == ["hidden"]
            assert night(None) == ["hidden"]
            return
        night(form("one", None))
        hidden = ["not_returned", "hidden"]
        assert night(None, State.HIDDEN) == hidden
        assert night(None, State.HIDDEN) == hidden
        for _ in range(3):
            assert night(None) == [*hidden, "present"]


@pytest.mark.parametrize("stream", [StreamKind.POSTS, StreamKind.IMPORT])
def test_an_address_is_the_last_one_that_was_told_until_there_are_bytes(
    make_archive: ArchiveMaker, stream: StreamKind
) -> None:
    """What a listing tells goes before what it told last, as signed addresses end; what an import tells fills a gap alone."""

    def shown(address: str | None) -> Page:
        return page_of([form("one", None, media=(Media("picture-1", "image", address),))])

    with town(make_archive, 1) as small:
        engine, addresses = small.archive.engine, []

        def told(address: str | None, by: StreamKind = stream) -> None:
            with capturing(small, by) as running:
                running.save(shown(address))
            addresses.append(rows(engine, "select url from media where platform_id = 'picture-1'")[0][0])

        told("https://town.example/1?signed=1", StreamKind.POSTS)
        told(None)
        told("https://town.example/1?signed=2")
        with engine.begin() as connection:
            connection.execute(
                sa.text("update media set state = 'failed', attempts = 3 where platform_id = 'picture-1'")
            )
        told("https://town.example/1?signed=3")
        with engine.begin() as connection:
            connection.execute(sa.text("update media set state = 'kept' where platform_id = 'picture-1'"))
        told("https://town.example/1?signed=4")
        signed = [each.rpartition("=")[2] for each in addresses]
        assert signed == (["1", "1", "2", "3", "3"] if stream is StreamKind.POSTS else ["1"] * 5)
        assert rows(engine, "select attempts from media where platform_id = 'picture-1'") == [(3,)]


def test_what_failed_too_often_is_tried_once_at_each_new_address_and_not_for_ever(make_archive: ArchiveMaker) -> None:
    """The address may have ended long before a sweep told another; one that changes nightly brings no endless requests."""
    with town(make_archive, 1) as small:
        engine, told = small.archive.engine, 0

        def wanted(mode: str = "nightly", *, anew: bool) -> bool:
            nonlocal told
            told += anew
            picture = Media("picture-1", "image", f"https://town.example/1?signed={told}")
            with capturing(small) as running:
                running.save(page_of([form("one", None, media=(picture,))]))
                running.context = dataclasses.replace(running.context, mode=mode)
                return any(row.platform_id == "picture-1" for row in media._wanted(running, 0))

        def fail(*, final: bool = False) -> None:
            with engine.begin() as connection:
                (number,) = connection.scalars(sa.text("select id from media where platform_id = 'picture-1'"))
                media._failed(connection, number, "403", refused=False, final=final)

        assert wanted(anew=True)
        for _ in range(14):
            assert wanted(anew=False)
            fail()
        assert not wanted(anew=False)
        assert not wanted("light", anew=True)
        assert wanted(anew=True)
        fail()
        assert not wanted(anew=False)
        tries = 0
        while wanted(anew=True):
            tries += 1
            fail()
        assert tries == 13
        with engine.begin() as connection:
            assert media_missing.try_again(connection) >= 1
        assert wanted(anew=False)
        fail(final=True)  # refused once and for all, whatever its address
        assert not wanted(anew=True)


def _missing(running: RunningCapture) -> list[str]:
    """Whose own address the re-check asks."""
    return [row.platform_id for row in waiting(running, after=0)]
