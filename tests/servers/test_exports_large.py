"""More records exported than search results reach: all of them, their ids whole, by workers that are killed, in flat memory."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from clerk.exporting import supervised
from tests.fixtures.bulk_records import FIRST_ID, add_many
from tests.fixtures.exporting import exports_of
from tests.fixtures.searching import archive_of

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator

    from elasticsearch import Elasticsearch

    from archiver.local.endpoints import Endpoints
    from tests.fixtures.exporting import Exports
    from tests.fixtures.searching import Archive
    from tests.fixtures.stack import DatabaseMaker

NUMBERS = [14_000, pytest.param(30_000, marks=pytest.mark.soak)]
"""So many records: more than the 10,000 to which Elasticsearch pages through results."""
FEW = 4_000
"""So many of them are on X, enough for a worker to have all its readers at work."""
INTERNAL = "Internal: not reviewed for release"
SPARE = 0.5
"""KiB: less than a record takes."""
SOAK = [pytest.param(form, marks=pytest.mark.soak) for form in ("jsonl", "html")]


@pytest.fixture(scope="module", params=NUMBERS)
def number(request: pytest.FixtureRequest) -> int:
    """How many records there are."""
    return int(request.param)


@pytest.fixture(scope="module")
def many(
    number: int,
    make_module_database: DatabaseMaker,
    migrated_template: str,
    es_client: Elasticsearch,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Exports]:
    """An archive of so many: most records on Facebook, a few on X."""
    with (
        archive_of(make_module_database, migrated_template, es_client) as searchable,
        exports_of(searchable, tmp_path_factory.mktemp("exports")) as exports,
    ):
        _fill(searchable, number)
        yield exports


def _fill(searchable: Archive, number: int) -> None:
    records = searchable.records
    page = records.account("LPVParks", platform="facebook", platform_id="20002", department="Parks")
    police = records.account("LPVPolice", platform="x", platform_id="30003", department="Police")
    add_many(records, page, number - FEW)
    add_many(records, police, FEW, FIRST_ID + number)
    assert searchable.drain().remaining == 0


def ids(number: int) -> set[str]:
    """The ids of all of them."""
    return {str(FIRST_ID + n) for n in range(1, number - FEW + 1)} | {
        str(FIRST_ID + number + n) for n in range(1, FEW + 1)
    }


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_thousands_of_results_are_all_there(many: Exports, number: int, form: str) -> None:
    """The count matches, each id is there once and to its last digit, and the file is marked internal."""
    done = many.made("pothole", form)
    assert done.job.file_name.startswith("INTERNAL-not-reviewed-")
    rows = done.rows
    assert len(rows) == number == done.job.expected == done.job.written == done.job.found
    assert {row["platform id"] for row in rows} == ids(number)
    assert [row[INTERNAL] for row in rows] == [str(n) for n in range(1, number + 1)]
    assert all(f"Pothole {row['platform id']} on Main Street" in row["text"] for row in rows)


def order_of(exports: Exports, stack: Endpoints) -> str:
    """What a process is told, so that it works on this archive."""
    return json.dumps(
        {
            "database_url": exports.searchable.urls.app_url,
            "home": str(exports.archive.spool.parent),
            "elasticsearch_url": stack.elasticsearch_url,
            "user": stack.elasticsearch_user,
            "password": stack.elasticsearch_password,
            "alias": exports.searchable.alias,
        }
    )


def grown(exports: Exports, stack: Endpoints, text: str, form: str, count: int) -> int:
    """How many KiB the peak of a process rose by while it made an export of so many."""
    public_id = exports.ask(text, form)
    done = subprocess.run(
        [sys.executable, "-m", "tests.servers.export_process", order_of(exports, stack)],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert lines[-1:] == ["made 1"], done.stderr[-2000:]
    assert exports.job(public_id).written == count
    before, after = map(int, lines[0].split()[1:])
    return after - before


@pytest.mark.parametrize("form", ["csv", "xlsx", *SOAK])
def test_memory_does_not_grow_with_the_export(many: Exports, number: int, stack: Endpoints, form: str) -> None:
    """More than three times the records need about the same memory, whatever the format."""
    small, large = (
        grown(many, stack, text, form, count) for text, count in (("pothole platform:x", FEW), ("pothole", number))
    )
    assert large < small + SPARE * (number - FEW), f"{small} KiB for {FEW:,} records, {large} KiB for {number:,}"


def environment(exports: Exports, stack: Endpoints) -> dict[str, str]:
    """What the real program is told about where the archive is."""
    assert stack.elasticsearch_user
    assert stack.elasticsearch_password
    return {
        "DATABASE_URL": exports.searchable.urls.app_url,
        "ELASTICSEARCH_URL": stack.elasticsearch_url,
        "ELASTICSEARCH_USER": stack.elasticsearch_user,
        "ELASTICSEARCH_PASSWORD": stack.elasticsearch_password,
        "CIVIC_ARCHIVE_INDEX_NAME": exports.searchable.alias,
        "CIVIC_ARCHIVE_HOME": str(exports.archive.spool.parent),
    }


def until(exports: Exports, public_id: uuid.UUID, reached: Any, seconds: float = 90) -> Any:
    """Wait until a job stands so."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        job = exports.job(public_id)
        if reached(job):
            return job
        assert job.state in {"waiting", "running"}, job.error
        time.sleep(0.01)
    raise AssertionError(exports.job(public_id))


@pytest.mark.parametrize("form", ["jsonl", pytest.param("xlsx", marks=pytest.mark.soak)])
def test_a_worker_killed_in_the_middle_is_gone_on_with(many: Exports, number: int, stack: Endpoints, form: str) -> None:
    """By kill -9 while it finds the records, and again while it writes; the next goes on from there, and the file is whole."""
    public_id = many.ask("pothole", form)
    command = [sys.executable, "-m", "archiver.cli", "exports", "run", "--once"]
    env = os.environ | environment(many, stack)
    kills = (lambda job: job.state == "running", lambda job: job.place is not None)
    for attempt, reached in enumerate(kills, 1):
        with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            job = until(many, public_id, reached)
            process.kill()
        job = many.job(public_id)
        assert (job.state, job.attempt, job.sha256) == ("running", attempt, None)
        if attempt < len(kills):
            with many.archive.engine.begin() as connection:
                connection.exec_driver_sql(
                    "update exports set heartbeat_at = now() - interval '1 hour' where state = 'running'"
                )
    place = job.place["writer"]["written"]
    assert 0 < place < number
    many.work(silent_for=dt.timedelta(0))
    done = many.opened(public_id)
    assert done.job.attempt == 3
    found = [row["platform id"] for row in done.rows] if form == "xlsx" else [row["platform_id"] for row in done.lines]
    assert len(found) == number
    assert set(found) == ids(number)
    assert not list((many.archive.spool / "exports").iterdir())


def test_the_pages_start_a_worker_and_end_it_in_order(
    many: Exports, number: int, stack: Endpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is asked for is made without another program; where the pages end in the middle, the job waits and is gone on with."""
    for name, value in environment(many, stack).items():
        monkeypatch.setenv(name, value)
    public_id = many.ask("pothole", "jsonl")
    with supervised(many.archive):
        until(many, public_id, lambda job: job.place is not None)
    job = many.job(public_id)
    assert (job.state, job.attempt) == ("waiting", 0)
    with supervised(many.archive):
        until(many, public_id, lambda job: job.state == "done")
    done = many.opened(public_id)
    assert {line["platform_id"] for line in done.lines} == ids(number)
    assert len(done.lines) == number
