"""kill -9 at any moment of a capture or of indexing, and again, and again: nothing lost, nothing twice."""

from __future__ import annotations

import contextlib
import multiprocessing
import random
import time
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import sqlalchemy as sa

from archiver import accounts
from archiver.capture.export import export_account
from archiver.database import repeatable_read
from archiver.records.shapes import load_shapes
from samplecity.city import City
from samplecity.running import spawn
from search.documents import document
from tests.fixtures.custody import contents, differences, rows, unproven
from tests.servers import crash_process
from tests.servers.test_five_nights import night_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from elasticsearch import Elasticsearch

    from archiver.local.endpoints import Endpoints
    from samplecity.running import RunningCity
    from tests.fixtures.archives import ArchiveMaker, TestArchive

CAPTURE_KILLS, INDEX_KILLS = 20, 12
CAUGHT = 4
"""So many kills must have met work, whatever else the machine is doing: moments are a matter of luck, the outcome is not."""
SEED = 20260302
SOAK_SEEDS = [pytest.param(seed, marks=pytest.mark.soak) for seed in range(1, 9)]
"""Other moments to die at, in `make soak` only."""
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([crash_process.__name__])
"""Dozens of processes are killed here: each is a fork of one that has everything imported, not a Python started anew."""


@pytest.fixture
def running() -> Iterator[RunningCity]:
    """The sample city, in a process of its own."""
    with spawn(["--no-faults"]) as city:
        yield city


def archive_of(city: City, running: RunningCity, make: ArchiveMaker, handles: set[str]) -> TestArchive:
    """An archive that has captured some accounts on the first night."""
    archive = make(allowed_origins=running.url)
    archive.register([row for row in city.register_rows(running.url) if row["handle_or_id"] in handles])
    archive.clock.set(night_of(city, 1))
    export(archive)
    archive.clock.set(night_of(city, 2))
    return archive


def export(archive: TestArchive) -> None:
    """Export every account of the register in this process."""
    for ref in accounts.active(archive.engine):
        report = export_account(archive.archive, ref)
        assert report.complete, report.problems


def run(task: dict[str, Any], kill_after: float | None) -> str | None:
    """Let a process do the task, killed so many seconds after it began. Gives its last word, None if it was killed."""
    heard, told = FORKS.Pipe(duplex=False)
    process = FORKS.Process(target=crash_process.work, args=(task, told.send))
    process.start()
    told.close()
    with heard:
        assert heard.recv() == "ready"
        process.join(kill_after)
        if process.exitcode is None:
            process.kill()
            process.join()
        words = []
        with contextlib.suppress(EOFError):
            while True:
                words.append(heard.recv())
    assert process.exitcode in (0, -9)
    return None if process.exitcode else str(words[-1])


@pytest.mark.parametrize("seed", [SEED, *SOAK_SEEDS])
def test_a_capture_killed_again_and_again_ends_like_one_that_was_not(
    running: RunningCity, make_archive: ArchiveMaker, seed: int
) -> None:
    """A night of edits, deletions and late comments, killed at random moments, equals the same night left alone."""
    city = City.build()
    handles = {f"{name}.laspalmasverdes.test" for name in ("parks", "clerk")} | {"parks-news"}
    alone = archive_of(city, running, make_archive, handles)
    killed = archive_of(city, running, make_archive, handles)
    running.at(2)
    started = time.monotonic()
    export(alone)
    lasts = time.monotonic() - started
    task = {
        "work": "capture",
        "database_url": killed.app_url,
        "home": str(killed.archive.spool.parent),
        "ahead": killed.clock.ahead.total_seconds(),
        "origin": running.url,
        "accounts": [ref.name for ref in accounts.active(killed.engine)],
    }
    moments = random.Random(seed)  # noqa: S311 - moments to be reproduced, nothing to be hidden
    # Ever later, so that there is always something left to do for the one that is killed next.
    words = [run(task, moments.uniform(0.0, lasts * (n + 1) / CAPTURE_KILLS)) for n in range(CAPTURE_KILLS)]
    assert words.count(None) >= CAUGHT, f"hardly a run was caught at work: {words}"
    assert run(task, None) == "complete"

    assert rows(killed.engine, "select count(*) from captures where outcome = 'abandoned'")[0][0] >= CAUGHT
    found = differences(contents(killed.engine), contents(alone.engine))
    assert not found, "\n".join(found[:30])
    assert unproven(killed.archive) == []
    assert rows(killed.engine, "select id from captures where outcome = 'running'") == []
    assert rows(killed.engine, "select id from gaps where closed_at is null") == []
    assert rows(killed.engine, "select id from gaps") != []
    assert rows(killed.engine, "select name from warc_files where state <> 'sealed' and exists "
                "(select from warc_records r where r.file = name)") == []  # fmt: skip
    assert list(killed.archive.spool.glob("*.warc.gz")) == []
    cursors = "select a.handle, s.kind, s.cursor from streams s join accounts a on a.id = s.account_id order by 1, 2"
    for mine, other in zip(rows(killed.engine, cursors), rows(alone.engine, cursors), strict=True):
        assert "open" not in mine[2]
        assert mine[2].get("closed") == other[2].get("closed")
    export(killed)
    found = differences(contents(killed.engine), contents(alone.engine))
    assert not found, "one more night that brings nothing changes nothing:\n" + "\n".join(found[:30])


@pytest.mark.parametrize("seed", [SEED, *SOAK_SEEDS])
def test_indexing_killed_again_and_again_leaves_every_item_at_its_revision(
    running: RunningCity,
    make_archive: ArchiveMaker,
    es_client: Elasticsearch,
    index_prefix: str,
    stack: Endpoints,
    seed: int,
) -> None:
    """Whatever batch it dies in, the index ends with each item once, as Postgres has it, and an empty outbox."""
    city = City.build()
    archive = archive_of(city, running, make_archive, {"parks.laspalmasverdes.test", "clerk.laspalmasverdes.test"})
    running.at(2)
    alias = f"{index_prefix}crash{seed}"
    task = {
        "work": "index",
        "database_url": archive.app_url,
        "elasticsearch_url": stack.elasticsearch_url,
        "user": stack.elasticsearch_user,
        "password": stack.elasticsearch_password,
        "alias": alias,
        "batch": 2,
    }
    moments = random.Random(seed)  # noqa: S311 - moments to be reproduced, nothing to be hidden
    words = [run(task, moments.uniform(0.02, 0.3)) for _ in range(INDEX_KILLS // 2)]
    export(archive)
    with archive.engine.begin() as connection:  # work enough for every kill; telling the index twice must not matter
        for _ in range(10):
            connection.execute(sa.text("insert into outbox (item_id, revision) select id, revision from items"))
    words += [run(task, moments.uniform(0.02, 0.3)) for _ in range(INDEX_KILLS // 2)]
    assert words.count(None) >= CAUGHT, f"hardly a run was caught at work: {words}"
    assert run(task, None) == "complete"

    assert rows(archive.engine, "select id from outbox") == []
    with repeatable_read(archive.engine) as connection:
        ids = [row[0] for row in rows(archive.engine, "select id from items")]
        shapes = load_shapes(connection, ids)
    es_client.indices.refresh(index=alias)
    hits = es_client.search(index=alias, size=10_000, version=True, query={"match_all": {}})["hits"]["hits"]
    assert {int(hit["_id"]): hit["_version"] for hit in hits} == {each.id: each.revision for each in shapes.values()}
    assert len(hits) == len(shapes)
    for hit in hits:
        assert hit["_source"] == orjson.loads(orjson.dumps(document(shapes[int(hit["_id"])])))
