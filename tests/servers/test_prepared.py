"""What was made ready before its transaction is stored as if it had been made within it."""

from __future__ import annotations

import dataclasses
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from archiver.capture import stream as streams
from archiver.capture.evidence_file import run_warc
from archiver.capture.running import RunningCapture
from archiver.capture.session import CaptureSession
from archiver.evidence.commitments import commit
from archiver.platforms import PLATFORMS
from archiver.platforms.items import Item, ItemKind, Source, State, StreamKind, Tombstone
from archiver.platforms.pages import Page
from archiver.records.models import uuid7
from archiver.records.store import ready
from tests.fixtures.custody import rows, unproven
from tests.fixtures.sessions import Answer, exchange_of
from tests.fixtures.town import town

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.fixtures.archives import ArchiveMaker
    from tests.fixtures.town import Town


@contextmanager
def capturing(small: Town) -> Iterator[RunningCapture]:
    """A capture of the town's comments that is at work."""
    archive, account = small.archive.archive, small.refreshed()
    with (
        streams.locked(archive.engine, account, StreamKind.COMMENTS, wait=False) as stream_id,
        run_warc(archive, account, "run") as warc,
        closing(CaptureSession(user_agent="test")) as session,
    ):
        context, cursor = streams.begin(
            archive.engine, stream_id, account, StreamKind.COMMENTS, "run", "now", archive.now(), keep_unchanged=False
        )
        yield RunningCapture(archive, PLATFORMS["bluesky"], account, session, warc, context, cursor)


def comment(name: str, text: str) -> Item:
    """A comment of a stranger, whose order is that of its name."""
    return Item(ItemKind.COMMENT, f"at://did:plc:stranger/c/{name}", Source.API, text=text, order_key=name)


def page_of(items: Sequence[Item], *stones: Tombstone) -> Page:
    """A page that shows the items, and the word on others, in one answer."""
    exchange = dataclasses.replace(exchange_of("https://a.example/", Answer(b"{}")), id=str(uuid7()))
    return Page(items, [exchange], tombstones=stones)


def test_prepared_items_are_stored_whole_whether_they_were_new_or_not(make_archive: ArchiveMaker) -> None:
    """New, edited, unchanged, shown twice: every version fits its item's secret, and is the current one of its item."""
    first = [comment("a", "one"), comment("b", "two")]
    second = [comment("a", "one, edited"), comment("b", "two"), comment("c", "three")]
    with town(make_archive, 1) as small, capturing(small) as running:
        for shown in (first, second):
            pages = [page_of(shown), page_of(shown[:1])]
            items = [item for page in pages for item in page.items]
            running.save_all(pages, prepared=ready(items, likely_new=True))
        assert (running.items_new, running.versions_new) == (3, 4)
        query = """
            select v.text, v.fields, s.secret, v.public_id, v.commitment, i.current_version_id = v.id, i.revision,
                   (select array_agg(revision order by id) from outbox o where o.item_id = i.id)
            from versions v join items i on i.id = v.item_id join item_secrets s on s.item_id = i.id
            where i.kind = 'comment' order by i.platform_id, v.number
        """
        found = rows(small.archive.engine, query)
        assert [commit(fields, secret, public_id) for _, fields, secret, public_id, *_ in found] == [
            commitment for *_, commitment, _, _, _ in found
        ]
        assert [(row[0], *row[5:]) for row in found] == [
            ("one", False, 2, [1, 2]),
            ("one, edited", True, 2, [1, 2]),
            ("two", True, 1, [1]),
            ("three", True, 1, [1]),
        ]
        assert unproven(small.archive.archive) == []


def test_an_item_that_is_hidden_by_the_page_that_first_shows_it_is_told_to_the_index_as_hidden(
    make_archive: ArchiveMaker,
) -> None:
    """Made and changed in one transaction: the outbox names the revision at which the item is hidden."""
    shown = comment("a", "one")
    with town(make_archive, 1) as small, capturing(small) as running:
        running.save(page_of([shown], Tombstone(shown.id, State.HIDDEN, "hidden")))
        query = """
            select i.state, i.revision, (select max(revision) from outbox o where o.item_id = i.id)
            from items i where i.kind = 'comment'
        """
        assert rows(small.archive.engine, query) == [("hidden", 2, 2)]
