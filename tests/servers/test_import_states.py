"""What an import showed says nothing of the state of an item that captures look for."""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from typing import TYPE_CHECKING

import alembic.command
import sqlalchemy as sa

from archiver.database import _config, migrate
from archiver.platforms.items import Item, ItemKind, Source, State, StreamKind, Tombstone
from search.exports.reading import records_of
from search.exports.rows import COLUMNS, row_of
from search.query import Limits
from search.query.everything import Found
from tests.fixtures.custody import rows
from tests.fixtures.importing import account_of, captured
from tests.fixtures.searching import ZONE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fixtures.archives import ArchiveMaker
    from tests.fixtures.searching import Archive

FIRST, SECOND = (dt.datetime(2026, 5, day, 9, tzinfo=dt.UTC) for day in (3, 4))
POST = Item(ItemKind.POST, "1", Source.API, text="words", order_key="1", exchange=0)


def test_what_the_platform_says_since_an_import_is_what_counts(make_archive: ArchiveMaker) -> None:
    """An imported post is present until a capture has seen it; what captures find from then on is how it stands, imported again
    or not.
    """
    archive = make_archive()
    account = account_of(archive, "x:parks", "7")
    imported = dataclasses.replace(POST, source=Source.IMPORT)
    states = []
    for stream, shown, stone in (
        (StreamKind.IMPORT, imported, None),
        (StreamKind.POSTS, POST, None),
        (StreamKind.POSTS, None, State.HIDDEN),
        (StreamKind.POSTS, None, State.GONE_CONFIRMED),
        (StreamKind.IMPORT, imported, None),
        (StreamKind.MENTIONS, POST, None),
    ):
        stones = [Tombstone(POST.id, stone, "the platform says so", exchange=0)] if stone else []
        captured(archive, account, stream, [shown] if shown else [], stones)
        states.append(rows(archive.engine, "select state from items")[0][0])
    assert states == ["present", "present", "hidden", "gone_confirmed", "gone_confirmed", "present"]


def test_an_archive_of_before_is_brought_right(archive: Archive) -> None:
    """The migration derives anew the states of what was both imported and captured, and the index learns of it; nothing else is
    touched.
    """
    records, engine = archive.records, archive.engine
    parks = records.stream(records.account("parks.example.gov", platform_id="did:plc:parks"), "import")
    made = {
        "gone": records.item(parks, "a badger, gone"),
        "there": records.item(parks, "a badger, there"),
        "imported": records.item(parks, "a badger, imported", stream="import"),
        "captured": records.item(parks, "a badger, captured"),
    }
    for name in ("gone", "there"):
        records.see(parks, made[name], stream="import")
    for name in ("gone", "captured"):
        records.state(parks, made[name], "gone_confirmed", "no such post")
    alembic.command.downgrade(_config(archive.urls.migration_url), "0018")
    assert _states(archive, made) == {**dict.fromkeys(made, "present"), "captured": "gone_confirmed"}
    archive.drain()
    with engine.begin() as connection:
        connection.execute(sa.text("delete from outbox"))
    migrate(archive.urls.migration_url)
    assert _states(archive, made) == {
        **dict.fromkeys(made, "present"),
        "gone": "gone_confirmed",
        "captured": "gone_confirmed",
    }
    waiting = {row[0] for row in rows(engine, "select item_id from outbox")}
    assert waiting == {made["gone"], made["there"]}
    archive.drain()
    seen = Limits(accounts=(str(rows(engine, "select public_id from accounts")[0][0]),))
    for limits in (Limits(), seen):
        found = archive.found("badger state:deleted", limits=limits)
        assert sorted(map(str, found)) == ["a badger, captured", "a badger, gone"]


def test_a_row_of_a_file_says_when_a_capture_found_the_state(archive: Archive) -> None:
    """And not when an import did, where both say the same; where an import alone says it, when that did."""
    records = archive.records
    parks = records.stream(records.account("parks.example.gov", platform_id="did:plc:parks"), "import")
    found = []
    for streams in (("posts", "import"), ("import",)):
        records.now = lambda: FIRST
        item_id = records.item(parks, "a badger", stream=streams[0])
        for stream in streams[1:]:
            records.see(parks, item_id, stream=stream)
        records.state(parks, item_id, "hidden", stream=streams[0])
        records.now = lambda: SECOND
        records.state(parks, item_id, "hidden", stream="import")
        found.append(Found(item_id, uuid.uuid4(), 1, None))
    read = records_of(archive.engine, ZONE, found, 0, limits=Limits(), whole=False)
    at = [dt.datetime.fromisoformat(dict(zip(COLUMNS, row_of(each), strict=True))["state found at"]) for each in read]
    assert at == [FIRST, SECOND]


def _states(archive: Archive, made: Mapping[str, int]) -> dict[str, str]:
    found = dict(rows(archive.engine, "select id, state from items"))
    return {name: found[item_id] for name, item_id in made.items()}
