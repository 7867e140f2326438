"""The run's WARC from spool to store: never replaced, never sealed while written, never lost when the store is away."""

from __future__ import annotations

import dataclasses
import os
import time
from typing import TYPE_CHECKING

import pytest

from archiver.capture import half_fetched
from archiver.capture.evidence_file import RunWarc, key_of, seal_left_behind
from archiver.records.models import uuid7
from archiver.records.store.exchanges import insert_exchanges
from tests.fixtures.custody import rows, unproven
from tests.fixtures.sessions import Answer, exchange_of
from tests.fixtures.town import Town, town

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archiver.platforms.pages import Exchange
    from tests.fixtures.archives import ArchiveMaker


@pytest.fixture
def small(make_archive: ArchiveMaker) -> Iterator[Town]:
    """A town with a few posts."""
    with town(make_archive, 5, 2) as made:
        yield made


def exchange() -> Exchange:
    """Some exchange."""
    return dataclasses.replace(exchange_of("https://a.example/", Answer(b"body")), id=str(uuid7()))


def test_a_run_tried_again_under_its_name_replaces_nothing(small: Town) -> None:
    """A scheduler that retries a task gives it the same run id: what the first attempt sealed stays."""
    assert small.export(run_id="night-1").complete
    first = rows(small.archive.engine, "select name, sha256 from warc_files")
    with small.archive.engine.begin() as connection:  # something for the second attempt to keep
        connection.exec_driver_sql("update sightings set state = 'not_returned'")
    assert small.export(run_id="night-1").complete
    files = rows(small.archive.engine, "select name, sha256 from warc_files order by opened_at")
    assert len(files) == 2
    assert files[0] == first[0]
    assert rows(small.archive.engine, "select distinct run_id from warc_files") == [("night-1",)]
    assert unproven(small.archive.archive) == []


def test_a_file_that_is_being_written_is_left_alone(small: Town) -> None:
    """A capture that starts while another of the same account runs does not seal the other's file under its hands."""
    archive = small.archive.archive
    other = RunWarc(archive, small.account, "long run")
    (before,) = other.write([exchange()])
    assert small.export().complete
    assert (archive.spool / other.name).exists()
    (after,) = other.write([exchange()])
    assert after.offset > before.offset
    other.seal()
    assert archive.blobs.exists(key_of(other.name))
    assert not (archive.spool / other.name).exists()


def test_a_store_that_is_away_leaves_the_file_on_the_spool(small: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """The capture is whole without the store; the next run seals what is left."""
    with monkeypatch.context() as patch:

        def away(*_: object) -> None:
            raise OSError("the store does not answer")

        patch.setattr(type(small.archive.archive.blobs), "put_named", away)
        assert small.export().complete
    (name,) = [path.name for path in small.archive.archive.spool.glob("*.warc.gz")]
    assert rows(small.archive.engine, "select state from warc_files") == [("spool",)]
    assert unproven(small.archive.archive) == []
    assert small.export().complete
    assert rows(small.archive.engine, "select state from warc_files where name = :name", name=name) == [("sealed",)]
    assert unproven(small.archive.archive) == []
    assert list(small.archive.archive.spool.glob("*.warc.gz")) == []


def test_a_file_left_after_it_was_sealed_is_removed_and_not_sealed_again(small: Town) -> None:
    """A run that died between telling the database and removing the file leaves nothing for ever."""
    archive = small.archive.archive
    assert small.export().complete
    ((name, digest),) = rows(small.archive.engine, "select name, sha256 from warc_files")
    (archive.spool / name).write_bytes(b"torn")
    assert seal_left_behind(archive, small.account, but="") == [name]
    assert not (archive.spool / name).exists()
    assert archive.blobs.digest(key_of(name)) == digest


def test_a_damaged_file_is_kept_and_does_not_stop_the_account(small: Town) -> None:
    """A spool file that lost records that are pointed at is left as it is, is not sealed, and captures go on."""
    archive = small.archive.archive
    other = RunWarc(archive, small.account, "broken")
    kept = exchange()
    (place,) = other.write([kept])
    with small.archive.engine.begin() as connection:
        stream = connection.exec_driver_sql(
            f"insert into streams (account_id, kind) values ({small.account.id}, 'posts') returning id"  # noqa: S608
        ).scalar()
        capture = connection.exec_driver_sql(
            f"insert into captures (public_id, stream_id, run_id, mode, fence, started_at) "  # noqa: S608 - our own numbers
            f"values (gen_random_uuid(), {stream}, 'broken', 'now', 0, now() + interval '9 days') returning id"
        ).scalar()
        insert_exchanges(connection, int(capture or 0), [kept])
        connection.exec_driver_sql(
            'insert into warc_records (exchange_id, warc_record_id, file, "offset", length, payload_sha256) '  # noqa: S608
            f"values ('{kept.id}', 'x', '{other.name}', {place.offset}, {place.length}, '')"
        )
    other._warc.close()  # type: ignore[union-attr]
    path = archive.spool / other.name
    os.truncate(path, place.offset + 3)
    assert small.export().complete
    assert path.stat().st_size == place.offset + 3
    assert rows(small.archive.engine, "select state from warc_files where run_id = 'broken'") == [("spool",)]


def test_half_fetched_media_of_killed_runs_are_cleared(small: Town) -> None:
    """What a killed run left of a picture goes after a day; what is being fetched now stays."""
    spool = small.archive.archive.spool
    spool.mkdir(parents=True, exist_ok=True)
    old, new = spool / f"old{half_fetched.MEDIUM}", spool / f"new{half_fetched.MEDIUM}"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 2 * 86400,) * 2)
    assert small.export().complete
    assert not old.exists()
    assert new.exists()


def test_what_a_transaction_undone_has_written_is_pointed_at_when_it_is_tried_again(small: Town) -> None:
    """A page that is stored at the second attempt points at the record of the first, written once."""
    warc = RunWarc(small.archive.archive, small.account, "again")
    one, two = exchange(), exchange()
    first = warc.write([one, two])
    assert warc.write([one, two]) == first
    assert warc.write([two]) == first[1:]
    (third,) = warc.write([exchange()])
    assert third.offset > first[1].offset
    warc.seal()
