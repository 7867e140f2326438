"""Who the city is, is learned: what an account wrote before it was known is indexed again as the city's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from archiver import accounts
from archiver.platforms.items import State
from archiver.platforms.pages import AccountStatus
from tests.fixtures.records import RESIDENT_ID

if TYPE_CHECKING:
    from tests.fixtures.searching import Archive

LIBRARY = "did:plc:library"
NOW = datetime(2026, 5, 1, tzinfo=UTC)


def _authors(archive: Archive) -> dict[str, bool]:
    """By text, whether the index calls its author the city."""
    archive.client.indices.refresh(index=archive.alias)
    hits = archive.client.search(index=archive.alias, size=100)["hits"]["hits"]
    return {hit["_source"]["text"]: hit["_source"]["author"]["is_city"] for hit in hits}


def test_what_an_account_wrote_before_it_was_known_is_indexed_again(archive: Archive) -> None:
    """The library commented below the city's post; registered and learned later, its comments (and these alone) wait for the
    index, once, and are the city's there; learning the same again changes nothing.
    """
    city = archive.records.account()
    mine = [
        archive.records.item(city, text, kind="comment", stream="comments", author_id=LIBRARY, author_handle="library")
        for text in ("Books are back", "Story time")
    ]
    archive.records.item(city, "Thanks", kind="comment", stream="comments", author_id=RESIDENT_ID, author_handle="rosa")
    archive.drain()
    assert _authors(archive) == {"Books are back": False, "Story time": False, "Thanks": False}
    accounts.add(archive.engine, "bluesky:library.example.gov", {"department": "Library"})
    known = accounts.find(archive.engine, "bluesky:library.example.gov")
    status = AccountStatus(LIBRARY, "library.example.gov", State.PRESENT, "active")
    for again in (False, True):
        known = accounts.learn(archive.engine, known, status, NOW)
        with archive.engine.connect() as connection:
            waiting = connection.execute(sa.text("select item_id, revision from outbox order by id")).all()
        assert [tuple(row) for row in waiting] == ([] if again else [(each, 2) for each in mine])
        archive.drain()
    assert _authors(archive) == {"Books are back": True, "Story time": True, "Thanks": False}
    with archive.engine.connect() as connection:
        assert connection.scalar(sa.text("select count(*) from outbox")) == 0


def test_an_instance_s_ids_are_its_own(archive: Archive) -> None:
    """The same id on another instance is somebody else: nothing of theirs is indexed again."""
    city = archive.records.account(platform="rss", platform_id="x", namespace="one")
    archive.records.item(city, "Here", author_id="42", author_handle="lib", namespace="one")
    elsewhere = archive.records.item(city, "There", author_id="42", author_handle="lib", namespace="two")
    archive.drain()
    accounts.add(archive.engine, "rss:https://library.example.gov/feed", {"department": "Library"}, {})
    known = accounts.find(archive.engine, "rss:https://library.example.gov/feed")
    accounts.learn(archive.engine, known, AccountStatus("42", None, State.PRESENT, "", namespace="one"), NOW)
    with archive.engine.connect() as connection:
        waiting = connection.scalars(sa.text("select item_id from outbox")).all()
    assert len(waiting) == 1
    assert elsewhere not in waiting
