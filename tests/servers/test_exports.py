"""Exports of what a search finds: the set that is fixed, whole or not at all."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from archiver.blobs import BlobStore
from search import shelves
from search.errors import QueryError
from search.exports import fixing, jobs, run
from search.query.everything import CutShortError, Walk, every
from tests.fixtures.exporting import fill

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fixtures.exporting import Exports


def test_the_set_is_the_one_that_was_found(exports: Exports, monkeypatch: pytest.MonkeyPatch) -> None:
    """What changes once the set is fixed is written as it then is, and said; what leaves the archive is named; what comes is
    not in it.
    """
    records = exports.searchable.records
    account = records.account()
    kept, edited, gone = (records.item(account, f"pothole {name}") for name in ("kept", "edited", "gone"))
    exports.searchable.drain()
    with exports.archive.engine.connect() as connection:
        public = connection.scalar(sa.text("select public_id from items where id = :id"), {"id": gone})
    fixed = fixing.fix

    def then(*arguments: Any) -> None:
        fixed(*arguments)
        records.edit(account, edited, "now a sinkhole")
        records.item(account, "pothole that came late")
        exports.searchable.drain()
        owner = sa.create_engine(exports.searchable.urls.superuser_url)
        with owner.begin() as connection:
            connection.execute(sa.text("set session_replication_role = replica"))
            for table in ("sightings", "versions", "outbox"):
                connection.execute(sa.text(f"delete from {table} where item_id = :id"), {"id": gone})  # noqa: S608 - names of our own
            connection.execute(sa.text("delete from items where id = :id"), {"id": gone})
        owner.dispose()

    monkeypatch.setattr("search.exports.run.fix", then)
    done = exports.made("pothole")
    first, second, third = done.rows
    assert (first["text"], first["remark"]) == ("pothole kept", "")
    assert second["text"] == "now a sinkhole"
    assert second["remark"].startswith("Changed since it was found (revision 1, now 2).")
    assert second["text of that version, where it is not the current one"] == "pothole edited"
    assert (third["record id"], third["text"]) == (str(public), "")
    assert third["remark"] == "The archive no longer holds this record; it did when the export began."
    assert (done.job.written, done.job.expected, done.job.gone, done.job.changed) == (3, 3, 1, 1)
    assert (done.manifest["no_longer_held"], done.manifest["changed_since_found"]) == (1, 1)
    assert kept


def test_a_walk_that_ends_short_leaves_no_file(exports: Exports, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job fails with a sentence, there is no file and nothing on the spool; nor where the writing is short."""
    fill(exports)

    def short(*arguments: Any, **options: Any) -> Walk:
        walk = every(*arguments, **options)

        def cut() -> Iterator[Any]:
            found = walk.found
            yield next(found)
            raise CutShortError("The index counted 15 records and gave 1: nothing was finished; try again.")

        return Walk(walk.total, walk.point, cut())

    with monkeypatch.context() as patched:
        patched.setattr(fixing, "every", short)
        cut = exports.ask("pothole")
        exports.work()
    job = exports.job(cut)
    assert (job.state, job.sha256, job.expected) == ("failed", None, None)
    assert job.error == "The index counted 15 records and gave 1: nothing was finished; try again."

    def dropped(batches: Any) -> Any:
        return lambda *arguments, **options: (batch[:-1] for batch in batches(*arguments, **options))

    with monkeypatch.context() as patched:
        patched.setattr(run, "batches", dropped(run.batches))
        lost = exports.ask("pothole")
        exports.work()
    job = exports.job(lost)
    assert job.state == "failed"
    assert job.error == "15 records were found and 14 written: there is no file; ask for it again."
    assert not list((exports.archive.spool / "exports").iterdir())


def test_postgres_itself_refuses_an_export_that_is_short(exports: Exports) -> None:
    """Whatever the program does: done means that as much was written as was expected, and that there is a file."""
    fill(exports)
    exports.ask("pothole")
    job = jobs.claim(exports.archive.engine, exports.archive.now())
    assert job is not None
    jobs.write(exports.archive.engine, job, expected=15)
    with pytest.raises(IntegrityError, match="ck_exports_whole"):
        jobs.finish(
            exports.archive.engine, job, exports.archive.now(), sha256=b"\0" * 32, size=1, file_name="x", written=14
        )


def test_messages_are_left_out_unless_asked_for(exports: Exports) -> None:
    """They are in no export, and in one that asks for them after everything else."""
    records = exports.searchable.records
    account = records.account(streams=("posts", "messages"))
    records.item(account, "A public pothole")
    records.item(account, "A secret pothole", kind="message", stream="messages")
    exports.searchable.drain()
    done = exports.made("pothole")
    assert [row["text"] for row in done.rows] == ["A public pothole"]
    assert b"secret" not in done.member("records.csv") + done.member("README.txt") + done.member("manifest.json")
    assert done.job.found == 1
    with_them = exports.made("pothole", messages=True)
    assert [(row["kind"], row["text"]) for row in with_them.rows] == [
        ("post", "A public pothole"),
        ("message", "A secret pothole"),
    ]
    assert (with_them.job.found, with_them.job.expected) == (2, 2)
    assert with_them.manifest["direct_messages"] is True
    assert exports.searchable.search("secret").total == 0


def test_a_message_that_went_astray_stops_the_export(exports: Exports, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should a walk give a message where none was asked for, there is no file."""
    records = exports.searchable.records
    account = records.account(streams=("posts", "messages"))
    records.item(account, "A public pothole")
    records.item(account, "A secret pothole", kind="message", stream="messages")
    exports.searchable.drain()

    def astray(client: Any, index: str, request: Any) -> Walk:
        limits = dataclasses.replace(request.limits, messages=True)
        return every(client, shelves.messages_alias(index), dataclasses.replace(request, messages=True, limits=limits))

    monkeypatch.setattr(fixing, "every", astray)
    public_id = exports.ask("pothole")
    exports.work()
    job = exports.job(public_id)
    assert (job.state, job.sha256) == ("failed", None)
    assert job.error.startswith("A direct message stands in the index of everything else")


def test_nothing_found_is_nothing_to_export(exports: Exports) -> None:
    """That is said at once, and no job is made; so is what cannot be understood."""
    fill(exports)
    with pytest.raises(QueryError, match="Nothing is found"):
        exports.ask("zeppelin")
    with pytest.raises(QueryError, match="no account"):
        exports.ask("account:nobody")
    assert jobs.claim(exports.archive.engine, exports.archive.now()) is None


def test_a_button_pressed_twice_makes_one_export(exports: Exports) -> None:
    """While the same export of the same person has not ended; another format, or the same later, is another."""
    fill(exports)
    first = exports.ask("pothole")
    assert exports.ask("pothole") == first
    assert exports.ask("pothole", "xlsx") != first
    assert exports.ask("pothole", platform="facebook") != first
    exports.work()
    assert exports.ask("pothole") != first


def test_the_list_of_what_was_found_is_kept_by_its_digest(exports: Exports) -> None:
    """It is in the store, its digest in the manifest, so that what an export was of can be shown later."""
    fill(exports)
    done = exports.made("pothole")
    digest = bytes.fromhex(done.manifest["set_sha256"])
    assert exports.archive.blobs.digest(BlobStore.key(digest)) == digest == bytes(done.job.set_sha256)
