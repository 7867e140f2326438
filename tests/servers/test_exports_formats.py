"""What stands in an export, format by format, read back by other programs' libraries."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from archiver.platforms.text import html_to_text
from search.exports.xlsx_file import XlsxWriter
from tests.fixtures.exporting import HUGE, INTERNAL, TABLES, TEXTS, fill
from tests.fixtures.records import RESIDENT_ID, Attachment

if TYPE_CHECKING:
    from tests.fixtures.exporting import Exports


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
