"""A server that is away for a while: captures and the index catch up by themselves."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from elasticsearch import Elasticsearch

from archiver import accounts
from archiver.archive import Archive
from archiver.blobs import BlobStore
from archiver.database import engine_for, migrate
from archiver.local import process
from archiver.local.endpoints import External
from archiver.local.home import Home
from archiver.local.ports import choose_port
from archiver.local.stack import down, up
from archiver.settings import Settings
from samplecity.bulk import bulk_city
from samplecity.faults import Fault
from samplecity.running import serve
from search.errors import IndexUnavailableError
from search.indexer import drain
from tests.fixtures.archives import Clock, TestArchive
from tests.fixtures.custody import unproven
from tests.fixtures.stack import TEST_OPTIONS, temporary_home
from tests.fixtures.town import Town, town
from tests.servers.test_five_nights import night_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from archiver.capture.export import StreamReport
    from tests.fixtures.archives import ArchiveMaker

LISTING = r"listRecords.*app\.bsky\.feed\.post\b"
ELSEWHERE = External(elasticsearch_url="http://127.0.0.1:9", elasticsearch_api_key="none")
POSTS = 250


@pytest.fixture
def own_postgres() -> Iterator[tuple[Town, Callable[[], None], Callable[[], None]]]:
    """A town on a Postgres of its own, what kills that (SIGQUIT, as an immediate shutdown), and what starts it again."""
    options = replace(TEST_OPTIONS, postgres_port=choose_port("postgres", fixed=None, last=None))
    city = bulk_city(POSTS, 0)
    with temporary_home() as home, serve(city, faulty=False) as running:
        endpoints = up(home, external=ELSEWHERE, options=options)
        try:
            assert endpoints.migration_database_url
            migrate(endpoints.migration_database_url)
            engine = engine_for(endpoints.database_url)
            clock = Clock()
            settings = Settings(allowed_origins=running.url, max_attempts=2, max_wait=2)  # type: ignore[arg-type]
            archive = Archive(engine, settings, BlobStore(str(home / "blobs")), home / "spool", clock)
            made = TestArchive(archive, clock, endpoints.migration_database_url, endpoints.database_url)
            made.register(city.register_rows(running.url))
            clock.set(night_of(city, 1))
            yield (
                Town(made, accounts.active(engine)[0], running),
                lambda: stop_at_once(home),
                lambda: str(up(home, external=ELSEWHERE, options=options)) and None,
            )
            engine.dispose()
        finally:
            down(home)


def stop_at_once(home: Path) -> None:
    """End Postgres without a checkpoint, its sessions cut off, and wait until it is gone."""
    record = Home(home).state().processes["postgres"]
    os.kill(record.pid, signal.SIGQUIT)
    deadline = time.monotonic() + 20
    while process.is_alive(record):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def started(town_: Town) -> tuple[threading.Thread, list[StreamReport]]:
    """A capture of the posts under way, its first page stored, its second one slow."""
    town_.running.install(Fault(LISTING, "slow", skip=1, seconds=2.5))
    reports: list[StreamReport] = []
    thread = threading.Thread(target=lambda: reports.append(town_.posts()))
    thread.start()
    while town_.count() < 100:
        time.sleep(0.02)
    return thread, reports


def test_a_capture_whose_database_is_away_when_it_writes_is_caught_up_by_the_next(
    own_postgres: tuple[Town, Callable[[], None], Callable[[], None]],
) -> None:
    """What was committed stays, the report says what happened, and the next run closes the gap that this one left."""
    small, stop, start = own_postgres
    thread, reports = started(small)
    stop()
    thread.join()
    start()
    assert reports[0].outcome == "failed"
    assert reports[0].retryable
    assert reports[0].error
    assert "database" in reports[0].error
    assert small.count() == 100
    again = small.posts()
    assert again.outcome == "complete", again.error
    assert small.count() == POSTS
    assert small.count("versions") == small.count("items")
    assert small.sql("select outcome from captures order by id") == [("abandoned",), ("complete",)]
    assert small.sql("select count(*), count(closed_at) from gaps") == [(1, 1)]
    assert unproven(small.archive.archive) == []
    assert list(small.archive.archive.spool.glob("*.warc.gz")) == []


def test_a_database_that_restarts_between_two_pages_costs_nothing(
    own_postgres: tuple[Town, Callable[[], None], Callable[[], None]],
) -> None:
    """A restart while the capture waits for the platform is not noticed: its connections are made anew, its fence holds."""
    small, stop, start = own_postgres
    thread, reports = started(small)
    stop()
    start()
    thread.join()
    if reports[0].outcome != "complete":  # the restart took longer than the platform's answer
        assert reports[0].error
        assert "database" in reports[0].error
        assert small.posts().outcome == "complete"
    assert small.count() == POSTS
    assert small.count("captures where outcome = 'running'") == 0
    assert small.count("gaps where closed_at is null") == 0
    assert unproven(small.archive.archive) == []


def test_an_index_that_is_away_for_a_night_is_caught_up(
    make_archive: ArchiveMaker, es_client: Elasticsearch, index_prefix: str
) -> None:
    """Captures go on, the outbox grows, and the next drain brings all of it into the index."""
    alias = f"{index_prefix}away"
    with town(make_archive, 5, 4) as small:
        assert small.export().complete
        waiting = small.count("outbox")
        assert waiting == small.count("items")
        away = Elasticsearch("http://127.0.0.1:9", max_retries=0, request_timeout=2)
        with pytest.raises(IndexUnavailableError):
            drain(small.archive.engine, away, alias)
        assert small.count("outbox") == waiting
        small.running.install(Fault(LISTING, "poison_text"))  # the night changes a post
        assert small.export().complete
        assert small.count("outbox") > waiting
        report = drain(small.archive.engine, es_client, alias)
        assert report.remaining == 0
        assert report.indexed == small.count("items")
        found = {int(hit["_id"]): hit["_version"] for hit in
                 es_client.search(index=alias, size=1000, version=True)["hits"]["hits"]}  # fmt: skip
        assert found == dict(small.sql("select id, revision from items"))
