"""Exports of what a search finds, made by the real worker and read back by other programs' libraries."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from archiver.blobs import BlobStore
from archiver.platforms.text import html_to_text
from search import shelves
from search.errors import QueryError
from search.exports import fixing, jobs, run
from search.exports.run import folder_of
from search.exports.xlsx_file import XlsxWriter
from search.query.everything import CutShortError, Walk, every
from tests.fixtures.records import RESIDENT_ID, Attachment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fixtures.exporting import Exports

TABLES = ("csv", "xlsx", "html")
INTERNAL = "Internal: not reviewed for release"
HUGE = "10158951234567890123"
TEXTS = {
    "plain": "A pothole on Main Street",
    "emoji": "Pothole \U0001f573\ufe0f \U0001f468\u200d\U0001f469\u200d\U0001f467 ok",
    "right to left": "\u05d1\u05d5\u05e8 pothole \u0627\u0644\u0634\u0627\u0631\u0639",
    "lines": 'First line of a pothole\nSecond, with "quotes"\r\n\tand a tab',
    "replaced": "A pothole with a \ufffd in place of a NUL",
    "formula": '=HYPERLINK("https://evil.example/?pothole","here")',
    "plus": "+1 pothole",
    "minus": "-2+3 pothole",
    "at": "@SUM(1,2) pothole",
    "guarded": "'=pothole",
    "full width": "\uff1dpothole()",
    "tab first": "\t=pothole",
    "number": "00123 pothole",
    "escaped": "pothole _x0041_ & <b>bold</b> ]]> &amp;",
    "markup": "<r>pothole</r>",
}


def fill(exports: Exports) -> dict[str, int]:
    """Records that are hard to write, by their names, and one that is not found."""
    records = exports.searchable.records
    page = records.account("LPVParks", platform="facebook", platform_id="20002", department="Parks; and more, too")
    made = {
        name: records.item(page, text, platform_id=f"{HUGE}{number:02d}", author_name=text[:20])
        for number, (name, text) in enumerate(TEXTS.items())
    }
    records.item(page, "Something else", platform_id="other")
    exports.searchable.drain()
    return made


def text_of(cell: str) -> str:
    """A cell of CSV without the apostrophe that keeps it from being a formula."""
    return cell[1:] if re.match("'+[=+\\-@\t\r\n\uff1d]", cell) else cell


@pytest.mark.parametrize("form", TABLES)
def test_a_table_holds_exactly_what_was_found(exports: Exports, form: str) -> None:
    """Each record once, its id to the last digit, its text to the last sign, under the mark, whatever it looks like."""
    made = fill(exports)
    done = exports.made("pothole", form)
    with exports.archive.engine.connect() as connection:
        ids = {row.public_id.hex: row.id for row in connection.execute(sa.text("select id, public_id from items"))}
    names = {item: name for name, item in made.items()}
    found = {names[ids[row["record id"].replace("-", "")]]: row for row in done.rows}
    assert len(done.rows) == len(found) == len(TEXTS) == done.job.written == done.job.expected == done.job.found
    for number, (name, text) in enumerate(TEXTS.items()):
        row = found[name]
        assert row["platform id"] == f"{HUGE}{number:02d}"
        written = row["text"]
        if form == "csv":
            assert not re.match("[=+\\-@\t\r\n\uff1d]", written)
            written = text_of(written)
        elif form == "xlsx":
            written = written.replace("_x005F_", "_")
        assert written == text, name
        assert row["created"] == "2024-03-05T10:00:00-08:00"
        assert row["created (UTC)"] == "2024-03-05T18:00:00+00:00"
        assert (row["accounts"], row["departments"]) == ("facebook:LPVParks", "Parks; and more, too")
        assert row["author is the city"] == "yes"
        assert row["commitment of the current version"] == "00" * 32
    if form != "html":
        assert [row[INTERNAL] for row in done.rows] == [str(n) for n in range(1, len(TEXTS) + 1)]


def test_no_cell_of_a_workbook_is_anything_but_text(exports: Exports) -> None:
    """No formula, no number, in no sheet; the first sheet says what it is."""
    fill(exports)
    book = exports.made("pothole", "xlsx").workbook()
    assert book.sheetnames == ["About", "Records"]
    types = {cell.data_type for name in book.sheetnames for row in book[name].iter_rows() for cell in row if cell.value}
    assert types <= {"s", "inlineStr"}
    facts = {row[0]: row[1] for row in book["About"].iter_rows(values_only=True)}
    assert next(iter(facts)) == INTERNAL
    assert facts["Search"].startswith("Everything that says \u201cpothole\u201d")
    assert facts["Direct messages"] == "are left out"
    assert facts["Records"].startswith(f"{len(TEXTS)} of {len(TEXTS)} that were found on ")
    assert facts["Index"] == "The index is up to date."
    assert facts["Log"].startswith("0 entries, root ")


def test_rows_go_on_in_further_sheets(exports: Exports, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sheet that is full is followed by another, under the same head, and no row is lost between them."""
    fill(exports)
    monkeypatch.setattr(XlsxWriter, "rows_on_a_sheet", 4)
    done = exports.made("pothole", "xlsx")
    book = done.workbook()
    assert book.sheetnames == ["About", *(f"Records {n}" for n in range(1, 5))]
    assert [len(list(book[name].iter_rows())) - 1 for name in book.sheetnames[1:]] == [4, 4, 4, 3]
    assert [row[INTERNAL] for row in done.rows] == [str(n) for n in range(1, len(TEXTS) + 1)]


def test_what_a_workbook_cannot_hold_is_shown_and_counted(exports: Exports) -> None:
    """A text longer than a cell goes on in a sheet of its own, no sign torn; control signs are shown by their picture."""
    records = exports.searchable.records
    account = records.account()
    long = "pothole " + "\U0001f573" * 40_000 + " end"
    records.item(account, long)
    records.item(account, "pothole \x07 bell \x1b[31m \ufffe")
    exports.searchable.drain()
    done = exports.made("pothole", "xlsx")
    first, second = done.rows
    assert first["text"].endswith(" \u2026 [goes on in the sheet Long texts]")
    assert len(first["text"].encode("utf-16-le")) // 2 <= 32_767
    book = done.workbook()
    head, *parts = book["Long texts"].iter_rows(values_only=True)
    assert head == (INTERNAL, "record id", "column", "part", "text")
    assert all(part[:3] == ("1", first["record id"], "text") for part in parts)
    assert (
        first["text"].removesuffix(" \u2026 [goes on in the sheet Long texts]") + "".join(p[4] for p in parts) == long
    )
    assert second["text"] == "pothole \u2407 bell \u241b[31m \ufffd"
    facts = [row for row in book["About"].iter_rows(values_only=True) if row[0] == "Written otherwise"]
    assert [row[1].rpartition(": ")[2] for row in facts] == [str(len(parts)), "1"]


def test_lines_hold_everything_that_is_known(exports: Exports) -> None:
    """All versions, states and sightings of each record; the manifest has the search, the counts and the digests."""
    records = exports.searchable.records
    account = records.account()
    item = records.item(
        account, "A first pothole", kind="comment", stream="comments", author_id=RESIDENT_ID, author_name="Rosa",
        counts={"likes": 3}, media=[Attachment("cid1", "A hole")],
    )  # fmt: skip
    records.edit(account, item, "A second sinkhole", stream="comments", links=["https://example.gov/"])
    records.state(account, item, "hidden", "the gate hides it", stream="comments")
    exports.searchable.drain()
    done = exports.made('"first pothole"', "jsonl", platform="bluesky")
    (line,) = done.lines
    assert line["notice"] == INTERNAL
    assert [(each["number"], each["text"], each["is_current"]) for each in line["versions"]] == [
        (1, "A first pothole", False),
        (2, "A second sinkhole", True),
    ]
    assert line["found"] == {"revision": 3, "version": 1}
    assert [(each["state"], each["words"], each["account"]) for each in line["states"]] == [
        ("hidden", "the gate hides it", "bluesky:city.example.gov")
    ]
    assert line["counts"] == {"likes": 3}
    assert line["versions"][0]["media"][0]["description"] == "A hole"
    assert "party_id" not in str(line)
    manifest = done.manifest
    assert manifest["notice"] == INTERNAL
    assert (manifest["expected"], manifest["written"], manifest["direct_messages"]) == (1, 1, False)
    assert manifest["search"] == {
        "text": '"first pothole"', "platform": "bluesky", "zone": "America/Los_Angeles", "today": manifest["search"]["today"]
    }  # fmt: skip
    readme = done.member("README.txt").decode("utf-8-sig")
    assert readme.startswith(INTERNAL)
    assert "Everything that says exactly \u201cfirst pothole\u201d in one version, on Bluesky." in readme


def test_a_version_that_was_edited_away_is_in_the_row(exports: Exports) -> None:
    """Where the words were found in an earlier version, the row has that version's number and text beside the current one."""
    records = exports.searchable.records
    account = records.account()
    item = records.item(account, "The pothole will be filled on Monday", title="Streets")
    records.edit(account, item, "It will be filled on Thursday", links=["https://a.example/", "https://b.example/"])
    records.state(account, item, "not_returned")
    exports.searchable.drain()
    (row,) = exports.made('"on Monday"').rows
    assert row["text"] == "It will be filled on Thursday"
    assert row["version that matched"] == "1"
    assert (
        row["text of that version, where it is not the current one"] == "Streets\nThe pothole will be filled on Monday"
    )
    assert (row["versions"], row["current version"], row["state"]) == ("2", "2", "not_returned")
    assert row["links"] == "https://a.example/\nhttps://b.example/"
    assert row["remark"] == "The words were found in an earlier version."
    (row,) = exports.made("Thursday").rows
    assert row["text of that version, where it is not the current one"] == ""


def test_a_row_says_all_that_a_reader_needs(exports: Exports) -> None:
    """Accounts and departments once each, text that came as HTML, attachments kept or why not, relations, times with offsets."""
    records = exports.searchable.records
    records.now = lambda: dt.datetime(2026, 7, 1, 6, 30, 5, 250_000, tzinfo=dt.UTC)
    city = records.account()
    parks = records.account("parks.example.gov", platform_id="did:plc:parks", department="Parks")
    item = records.item(
        city, None, html="<p>The <b>pothole</b> pool</p><p>is closed</p>", title="Notice", kind="comment", stream="comments",
        parent_id="at://parent", root_id="at://root", author_id=RESIDENT_ID, author_handle="rosa.example", author_name="Rosa",
        created_at=None, media=[Attachment("cid1", "A hole"), Attachment("cid2", None, "video", "failed")],
    )  # fmt: skip
    records.see(city, item)
    records.see(parks, item)
    with exports.archive.engine.begin() as connection:
        connection.execute(
            sa.text("update media set sha256 = :digest where platform_id = 'cid1'"), {"digest": b"\xab" * 32}
        )
        connection.execute(sa.text("update media set reason = 'answered 410' where platform_id = 'cid2'"))
    exports.searchable.drain()
    (row,) = exports.made("pool").rows
    assert (row["accounts"], row["departments"]) == (
        "bluesky:city.example.gov; bluesky:parks.example.gov",
        "Public Works; Parks",
    )
    assert (row["title"], row["text"]) == ("Notice", html_to_text("<p>The <b>pothole</b> pool</p><p>is closed</p>"))
    assert row["media"].split("\n") == [
        f"image, kept, SHA-256 {'ab' * 32}; described as: A hole",
        "video, failed (answered 410); without a description",
    ]
    assert (row["author name"], row["author handle"], row["author id"], row["author is the city"]) == (
        "Rosa", "rosa.example", RESIDENT_ID, "no",
    )  # fmt: skip
    assert (row["answers to"], row["thread"], row["kind"]) == ("at://parent", "at://root", "comment")
    assert (row["created"], row["created (UTC)"]) == ("", "")
    assert row["first seen"] == row["last seen"] == row["state found at"] == "2026-06-30T23:30:05.25-07:00"


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


def test_a_job_is_held_by_one_worker(exports: Exports) -> None:
    """No two take the same; one that fell silent loses it, and can write nothing afterwards; five deaths are enough."""
    fill(exports)
    public_id = exports.ask("pothole")
    engine, now = exports.archive.engine, exports.archive.now()
    first = jobs.claim(engine, now)
    assert first is not None
    assert jobs.claim(engine, now) is None
    at_once = dt.timedelta(0)
    second = jobs.claim(engine, now, silent_for=at_once)
    assert second is not None
    assert (first.id, second.attempt) == (second.id, 2)
    with pytest.raises(jobs.LostError):
        jobs.write(engine, first, written=1)
    with pytest.raises(jobs.LostError):
        jobs.fail(engine, first, "no", now)
    jobs.release(engine, second)
    assert exports.job(public_id).state == "waiting"
    for _ in range(4):
        assert jobs.claim(engine, now, silent_for=at_once) is not None
    assert jobs.claim(engine, now, silent_for=at_once) is None
    assert exports.job(public_id).error.startswith("5 workers ended while they made it")


def test_a_cancelled_export_stops(exports: Exports, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it began, or in the middle: there is no file, and nothing on the spool."""
    fill(exports)
    engine = exports.archive.engine
    waiting = exports.ask("pothole")
    with engine.begin() as connection:
        assert jobs.cancel(connection, waiting, "sam", exports.archive.now())
    exports.work()
    assert exports.job(waiting).state == "cancelled"
    running = exports.ask("pothole")
    fixed = fixing.fix

    def then(*arguments: Any) -> None:
        fixed(*arguments)
        with engine.begin() as connection:
            assert jobs.cancel(connection, running, "sam", exports.archive.now())

    monkeypatch.setattr("search.exports.run.fix", then)
    exports.work()
    job = exports.job(running)
    assert (job.state, job.sha256) == ("cancelled", None)
    with engine.begin() as connection:
        assert not jobs.cancel(connection, running, "sam", exports.archive.now())
        actors = connection.execute(
            sa.text("select actor, subject from audit where action = 'export cancelled' order by id")
        ).all()
    assert actors == [("sam", str(waiting)), ("sam", str(running))]
    exports.work()
    assert not list((exports.archive.spool / "exports").iterdir())


@pytest.mark.parametrize("damage", ["none", "lost", "torn", "altered"])
def test_a_worker_goes_on_where_another_stopped(exports: Exports, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    """From its place where what it left is whole, from the beginning where it is not; the file is the same either way."""
    fill(exports)
    monkeypatch.setattr(run, "BATCH", 2)
    monkeypatch.setattr(run, "OFTEN", 4)
    whole = {form: exports.made("pothole", form).rows for form in TABLES}
    for form in TABLES:
        public_id = exports.ask("pothole", form)
        _interrupt(exports, monkeypatch, after=3)
        job = exports.job(public_id)
        assert (job.state, job.place["writer"]["written"]) == ("waiting", 4)
        left = folder_of(exports.archive, job) / job.place["folder"] / "records"
        size = job.place["writer"]["streams"]["records"]["bytes"]
        assert left.stat().st_size >= size
        if damage == "lost":
            left.unlink()
        elif damage == "torn":
            left.write_bytes(left.read_bytes()[: size - 1])
        elif damage == "altered":
            left.write_bytes(b"#" + left.read_bytes()[1:])
        with monkeypatch.context() as patched:
            begun: list[int] = []
            writing = run._write

            def noted(archive: Any, job: Any, writer: Any, *more: Any) -> Any:
                begun.append(writer.written)  # noqa: B023 - called at once
                return writing(archive, job, writer, *more)  # noqa: B023 - as above

            patched.setattr(run, "_write", noted)
            exports.work()
        assert begun == [4 if damage == "none" else 0]
        assert exports.opened(public_id).rows == whole[form]


def _interrupt(exports: Exports, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Have a worker told to end when it takes up its so manieth batch."""

    class Ending(run.Heart):
        checked = 0

        def check(self) -> None:
            self.checked += 1
            if self.checked > after:
                raise SystemExit(0)
            super().check()

    with monkeypatch.context() as patched:
        patched.setattr(run, "Heart", Ending)
        with pytest.raises(SystemExit):
            exports.work()


def test_what_dead_workers_left_is_swept_away(exports: Exports) -> None:
    """Folders of exports that ended go with the next worker; what is no job's stays."""
    fill(exports)
    public_id = exports.ask("pothole")
    with exports.archive.engine.begin() as connection:
        jobs.cancel(connection, public_id, "sam", exports.archive.now())
    left: Path = folder_of(exports.archive, exports.job(public_id)) / "half"
    other = exports.archive.spool / "exports" / "notes"
    for folder in (left, other):
        folder.mkdir(parents=True)
    exports.work()
    assert not left.exists()
    assert other.exists()


def test_the_list_of_what_was_found_is_kept_by_its_digest(exports: Exports) -> None:
    """It is in the store, its digest in the manifest, so that what an export was of can be shown later."""
    fill(exports)
    done = exports.made("pothole")
    digest = bytes.fromhex(done.manifest["set_sha256"])
    assert exports.archive.blobs.digest(BlobStore.key(digest)) == digest == bytes(done.job.set_sha256)
