"""Captures at the same time, and who is who: one item whoever saw it, one capture of a stream, one account of an id."""

from __future__ import annotations

import dataclasses
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import pytest

from archiver import accounts
from archiver.capture import stream as streams
from archiver.capture.evidence_file import run_warc
from archiver.capture.export import export_account
from archiver.capture.running import RunningCapture
from archiver.capture.session import CaptureSession
from archiver.platforms import PLATFORMS
from archiver.platforms.items import Item, ItemKind, Source, State, StreamKind, Tombstone
from archiver.platforms.pages import Page
from archiver.records.models import uuid7
from samplecity.city import City
from samplecity.faults import Fault
from samplecity.running import serve
from tests.fixtures.custody import contents, rows, unproven
from tests.fixtures.sessions import Answer, exchange_of
from tests.fixtures.town import town
from tests.servers.test_five_nights import compare, night_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from archiver.capture.export import StreamReport
    from archiver.platforms.pages import AccountRef, AccountStatus
    from tests.fixtures.archives import ArchiveMaker
    from tests.fixtures.town import Town

LISTING = r"listRecords.*app\.bsky\.feed\.post\b"
PLATFORMS_BEFORE = dict(PLATFORMS)
POSTS = 250
"""Three pages of a listing."""


@pytest.fixture
def small(make_archive: ArchiveMaker) -> Iterator[Town]:
    """A town of three pages of posts; requests are tried twice."""
    with town(make_archive, POSTS, max_attempts=2, max_wait=2) as made:
        yield made


def test_all_accounts_captured_at_once_hold_what_was_true(make_archive: ArchiveMaker) -> None:
    """Accounts that comment on one another, captured side by side: no deadlock, one item each, every sighting."""
    city = City.build()
    with serve(city, faulty=False) as running:
        archive = make_archive(allowed_origins=running.url)
        archive.register(city.register_rows(running.url))
        for night in (1, 2):
            running.at(night)
            running.install()
            archive.clock.set(night_of(city, night))
            with ThreadPoolExecutor(4) as pool:
                reports = list(pool.map(partial(export_account, archive.archive), accounts.active(archive.engine)))
            problems = [each for report in reports for each in report.problems if "database" in each or "Error" in each]
            assert problems == []
            assert compare(city.truth_after(night), archive) == []
        seen_by_two = (
            "select count(*) from (select item_id from sightings group by item_id having count(*) > 1) as shared"
        )
        assert rows(archive.engine, seen_by_two)[0][0] > 0
        assert unproven(archive.archive) == []


@contextmanager
def running(small: Town, kind: StreamKind, run: str) -> Iterator[RunningCapture]:
    """A capture of one stream of the town's account, whose pages the test makes."""
    archive, account = small.archive.archive, small.refreshed()
    with (
        streams.locked(archive.engine, account, kind, wait=False) as stream_id,
        run_warc(archive, account, run) as warc,
        closing(CaptureSession(user_agent="test")) as session,
    ):
        context, cursor = streams.begin(
            archive.engine, stream_id, account, kind, run, "now", archive.now(), keep_unchanged=False
        )
        yield RunningCapture(archive, PLATFORMS["bluesky"], account, session, warc, context, cursor)


def page_of(items: Iterable[Item], stones: Sequence[Tombstone] = ()) -> Page:
    """A page that shows items, and says of others what became of them, with the exchange that brought it."""
    exchange = dataclasses.replace(exchange_of("https://a.example/", Answer(b"{}")), id=str(uuid7()))
    return Page([dataclasses.replace(each, exchange=0) for each in items], [exchange], tombstones=list(stones))


def test_a_record_that_another_stream_shows_as_well_is_told_to_the_index(small: Town) -> None:
    """What is held already and seen through a second stream for the first time is present by that and waits for the index, so
    that who sees only the second finds it; seen there once more, nothing changes.
    """
    thing = Item(ItemKind.COMMENT, "at://did:plc:stranger/app.bsky.feed.post/1", Source.API, text="Hi", order_key="1")
    engine = small.archive.engine
    asked = "select i.state, i.revision, (select count(*) from outbox o where o.item_id = i.id) from items i"
    with running(small, StreamKind.POSTS, "run-1") as first:
        first.save(page_of([thing]))
        first.save(page_of([], [Tombstone(thing.id, State.GONE_CONFIRMED, "deleted", 0)]))
    [(state, revision, waiting)] = rows(engine, asked)
    assert state == "gone_confirmed"
    with running(small, StreamKind.COMMENTS, "run-2") as second:
        second.save(page_of([thing]))
        assert rows(engine, asked) == [("present", revision + 1, waiting + 1)]
        second.save(page_of([thing]))
    assert rows(engine, asked) == [("present", revision + 1, waiting + 1)]


def test_pages_that_need_the_same_items_in_another_order_do_not_stop_one_another(small: Town) -> None:
    """Two captures whose pages show what the other hides are both stored, however often they collide."""
    bodies = [f"at://did:plc:stranger/app.bsky.feed.post/{n:03}" for n in range(30)]
    things = [Item(ItemKind.COMMENT, each, Source.API, text=each, order_key=each) for each in bodies]
    archive = small.archive.archive
    failures: list[BaseException] = []

    def capture(kind: StreamKind, seed: int) -> None:
        order = random.Random(seed)  # noqa: S311 - an order to be reproduced
        try:
            with running(small, kind, f"run-{seed}") as capture:
                for _ in range(40):
                    shown = order.sample(things, 12)
                    hidden = [each for each in things if each not in shown][:6]
                    capture.save(page_of(shown, [Tombstone(each.id, State.HIDDEN, "hidden", 0) for each in hidden]))
        except BaseException as error:  # noqa: BLE001 - told to the test
            failures.append(error)

    threads = [
        threading.Thread(target=capture, args=each) for each in ((StreamKind.POSTS, 1), (StreamKind.COMMENTS, 2))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert small.count("items") == 30
    assert small.count("versions") == 30
    assert small.count("sightings") == 60
    assert unproven(archive) == []


def test_a_handle_that_was_given_to_somebody_else_is_refused(make_archive: ArchiveMaker) -> None:
    """The register knows the account by its id: what another id says under the old name is never stored as the account's."""

    class Stolen:
        """A platform whose handle now answers with another id."""

        manifest = PLATFORMS["bluesky"].manifest

        def status(self, session: Any, account: AccountRef) -> AccountStatus:
            found: AccountStatus = PLATFORMS_BEFORE["bluesky"].status(session, account)
            return dataclasses.replace(found, platform_id="did:plc:somebodyelse")

        def __getattr__(self, name: str) -> Any:
            return getattr(PLATFORMS_BEFORE["bluesky"], name)

    with town(make_archive, 5) as small, pytest.MonkeyPatch.context() as patch:
        assert small.posts().outcome == "complete"
        held = contents(small.archive.engine)
        patch.setitem(cast("dict[str, Any]", PLATFORMS), "bluesky", Stolen())
        report = small.export()
        assert {each.outcome for each in report.streams} == {"failed"}
        assert not report.retryable
        assert all("given to somebody else" in problem for problem in report.problems)
        assert contents(small.archive.engine) == held
        assert small.refreshed().platform_id != "did:plc:somebodyelse"


def test_two_register_entries_of_one_account_are_told(make_archive: ArchiveMaker) -> None:
    """A second entry that turns out to be the same account is refused in words, and the first goes on."""
    with town(make_archive, 5) as small:
        assert small.posts().outcome == "complete"
        did = small.refreshed().platform_id
        settings = {name: value for name, value in small.account.settings.items() if name.endswith("_url")}
        accounts.add(small.archive.engine, f"bluesky:{did}", {"department": "Parks"}, settings)
        second = next(each for each in accounts.active(small.archive.engine) if each.handle == did)
        report = export_account(small.archive.archive, second)
        assert not report.complete
        assert "another entry of the register" in report.problems[0]
        assert small.count() == 5
        assert small.posts().outcome == "complete"


def test_two_captures_of_one_stream_do_not_meet(small: Town) -> None:
    """The second one says that the stream is busy; with `wait` it comes after the first."""
    small.running.install(Fault(LISTING, "slow", seconds=1.5))
    reports: list[StreamReport] = []
    first = threading.Thread(target=lambda: reports.append(small.posts()))
    first.start()
    while not small.count("captures where outcome = 'running'"):
        pass
    (busy,) = small.export(StreamKind.POSTS).streams
    assert busy.error
    assert "another capture is running" in busy.error
    assert busy.retryable
    (waited,) = small.export(StreamKind.POSTS, wait=True).streams
    first.join()
    assert [reports[0].outcome, waited.outcome] == ["complete", "complete"]
    assert small.count() == POSTS
    assert small.count("versions") == small.count("items")
    assert small.sql("select count(*) from captures a join captures b on a.id < b.id and b.started_at < a.finished_at "
                     "and a.stream_id = b.stream_id") == [(0,)]  # fmt: skip


def test_a_capture_whose_stream_was_taken_writes_nothing_more(small: Town, stack: Any) -> None:
    """Its lock's connection killed and the stream captured by another, it stops at its next page, and leaves no gap."""
    import psycopg2  # noqa: PLC0415 - this test alone talks past the application

    small.running.install(Fault(LISTING, "slow", skip=1, seconds=2.5))
    reports: list[StreamReport] = []
    first = threading.Thread(target=lambda: reports.append(small.posts()))
    first.start()
    while small.count() < 100:
        pass
    name = small.archive.app_url.rpartition("/")[2]
    killer = psycopg2.connect(stack.superuser_database_url.replace("postgresql+psycopg2", "postgresql"))
    with killer, killer.cursor() as cursor:
        cursor.execute(
            "select pg_terminate_backend(l.pid) from pg_locks l join pg_database d on d.oid = l.database "
            "where l.locktype = 'advisory' and d.datname = %s",
            (name,),
        )
        assert cursor.rowcount == 1
    killer.close()
    second = small.posts()
    assert second.outcome == "complete", second.error
    pages = small.sql("select count(*) from exchanges e join captures c on c.id = e.capture_id where c.fence = 1")
    first.join()
    assert reports[0].outcome == "failed"
    assert reports[0].error
    assert "another capture took over" in reports[0].error
    assert small.count() == POSTS
    assert (
        small.sql("select count(*) from exchanges e join captures c on c.id = e.capture_id where c.fence = 1") == pages
    )
    assert small.count("gaps where closed_at is null") == 0
