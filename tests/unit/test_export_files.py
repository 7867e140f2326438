"""The files of exports by themselves: any text comes back, whatever it looks like, and a place is gone on from or refused."""

from __future__ import annotations

import csv
import datetime as dt
import html.parser
import io
import re
import uuid
import zipfile
import zoneinfo
from typing import TYPE_CHECKING, Any

import defusedxml.ElementTree
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.exports.about import About
from search.exports.csv_file import GUARDED, CsvWriter, line_of
from search.exports.found_set import DamagedSetError, batches, pack
from search.exports.html_file import HtmlWriter, shown
from search.exports.rows import COLUMNS, INTERNAL, Cells, Record, row_of
from search.exports.stream import LostPlaceError, Stream
from search.exports.xlsx_file import CONTROLS, XlsxWriter
from search.exports.xlsx_parts import letters
from search.query.everything import Found

if TYPE_CHECKING:
    from pathlib import Path

ZONE = zoneinfo.ZoneInfo("America/Los_Angeles")
NOON = dt.datetime(2026, 3, 8, 20, tzinfo=dt.UTC)
ID = uuid.UUID(int=7)
ANY_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=60) | st.sampled_from(
    ["=1+1", "+1", "-1", "@a", "'=1", "''=1", "'quoted'", "\t=1", "\r\n=1", "_x0041_", "__x0041_", "_x005F_x0041_",
     "<r>a</r>", "]]>", "&amp;", " lead", "trail ", "\n", "a\r\nb", "\uff1d1", "00123", "1e5", "2026-03-01", "TRUE"]
)  # fmt: skip


def record(number: int, text: str, *, title: str = "") -> Record:
    """A record whose current version says so."""
    said = [str(ID), *[""] * 17, title, text]
    return Record(number, Found(number, ID, 1, 1), 1, "post", Cells(tuple(said), ("",) * 8, None))


def about(written: int) -> About:
    """The facts of an export."""
    return About(
        public_id=ID, city="City of Example <&>", zone=ZONE, format="csv", search={"text": "pothole"}, sentence="Everything.",
        messages=False, asked_by="dana", asked_at=NOON, found=written, fixed_at=NOON,
        standing={"index": "The index is up to date.", "waiting": 0, "log": {"size": 0, "root": "00"}},
        set_sha256="00", expected=written, written=written, gone=0, changed=0,
    )  # fmt: skip


def packaged(writer: Any, folder: Path, written: int) -> zipfile.ZipFile:
    """The finished file of a writer."""
    writer.package(folder / "finished", about(written))
    writer.close()
    return zipfile.ZipFile(folder / "finished")


@given(texts=st.lists(ANY_TEXT, max_size=5))
def test_any_text_comes_back_from_csv(texts: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    """To the last sign, once one apostrophe is taken from before what looks like a formula; and nothing looks like one."""
    folder = tmp_path_factory.mktemp("csv")
    writer = CsvWriter(folder)
    for number, text in enumerate(texts, 1):
        writer.add(record(number, text))
    with packaged(writer, folder, len(texts)) as archive:
        content = archive.read("INTERNAL-not-reviewed-records.csv").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content, newline=""), strict=True))
    cells = [row["text"] for row in rows]
    assert not any(cell[:1] in set("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20") - {""} and cell for cell in cells)
    back = [cell[1:] if re.match("'+[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]", cell) else cell for cell in cells]
    assert back == texts
    assert writer.altered[GUARDED] == sum(cell != text for cell, text in zip(cells, texts, strict=True))


@given(texts=st.lists(ANY_TEXT | st.text(',"\r\n ;a', max_size=6), min_size=2, max_size=6))
def test_a_row_is_written_as_the_csv_module_writes_it(texts: list[str]) -> None:
    """To the last byte, whatever stands in its cells."""
    expected = io.StringIO(newline="")
    csv.writer(expected, lineterminator="\r\n").writerow(texts)
    assert line_of(texts).decode() == expected.getvalue()


@given(texts=st.lists(ANY_TEXT, max_size=5))
def test_any_text_comes_back_from_a_workbook(texts: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    """As text, by another program's library; signs that XML cannot hold are shown by their picture, and counted."""
    folder = tmp_path_factory.mktemp("xlsx")
    writer = XlsxWriter(folder)
    for number, text in enumerate(texts, 1):
        writer.add(record(number, text))
    writer.package(folder / "finished", about(len(texts)))
    writer.close()
    book = openpyxl.load_workbook(io.BytesIO((folder / "finished").read_bytes()))
    sheet = book["Records"]
    place = COLUMNS.index("text") + 1
    cells = [sheet.cell(number, place) for number in range(2, len(texts) + 2)]
    assert all(cell.data_type in {"s", "inlineStr", "n"} and not isinstance(cell.value, int | float) for cell in cells)
    back = [re.sub("_x005F_(?=x[0-9A-Fa-f]{4}_)", "_", cell.value or "") for cell in cells]
    assert back == [re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", _picture, text) for text in texts]
    bad = sum(bool(re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", text)) for text in texts)
    assert writer.altered[CONTROLS] == bad


def _picture(match: re.Match[str]) -> str:
    return chr(0x2400 + ord(match.group())) if match.group() < " " else "\ufffd"


def test_every_part_of_a_workbook_is_well_formed(tmp_path: Path) -> None:
    """Each is XML; each sheet is listed, typed and related, under the mark; all rows and cells are where they say they are."""
    writer = XlsxWriter(tmp_path)
    writer.add(record(1, "a"))
    writer.add(record(2, "b" * 40_000))
    with packaged(writer, tmp_path, 2) as archive:
        parts = {name: defusedxml.ElementTree.fromstring(archive.read(name)) for name in archive.namelist()}
    main = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    sheets = [each.get("name") for each in parts["xl/workbook.xml"].iter(f"{main}sheet")]
    assert sheets == ["About", "Records", "Long texts"]
    typed = {each.get("PartName") for each in parts["[Content_Types].xml"]}
    for number in range(1, 4):
        sheet = parts[f"xl/worksheets/sheet{number}.xml"]
        assert f"/xl/worksheets/sheet{number}.xml" in typed
        assert sheet.findtext(f"{main}headerFooter/{main}oddHeader") == f"&L{INTERNAL}"
        for place, row in enumerate(sheet.iter(f"{main}row"), 1):
            assert row.get("r") == str(place)
            found = [cell.get("r") or "" for cell in row]
            assert all(re.fullmatch(rf"[A-Z]+{place}", cell) for cell in found)
            assert found == sorted(found, key=lambda cell: (len(cell), cell))
            assert {cell.get("t") for cell in row} == {"inlineStr"}


def test_columns_are_called_as_spreadsheets_do() -> None:
    """A to Z, then AA."""
    assert [letters(n) for n in (1, 26, 27, 52, 53, 702, 703)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]


@given(text=ANY_TEXT)
def test_nothing_in_a_page_is_markup_but_ours(text: str) -> None:
    """What strangers wrote is text; signs that are not seen, or turn others around, are shown by their number."""
    tags: list[str] = []

    class Reader(html.parser.HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.append(tag)
            assert attrs == [("class", "control")]

    Reader().feed(shown(text))
    assert set(tags) <= {"span"}
    assert not re.search("[\x00-\x08\u202a-\u202e\u2066-\u2069]", shown(text))


def test_pages_of_so_many_records_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each says that it is internal, allows nothing to load, and leads to the next; the index lists all."""
    monkeypatch.setattr(HtmlWriter, "records_on_a_page", 2)
    writer = HtmlWriter(tmp_path)
    for number in range(1, 6):
        writer.add(record(number, f"text {number} \u202ereversed", title="<b>"))
    with packaged(writer, tmp_path, 5) as archive:
        pages = {name: archive.read(name).decode() for name in archive.namelist() if name.endswith(".html")}
    names = [f"INTERNAL-not-reviewed/records-{n:05d}.html" for n in (1, 2, 3)]
    assert list(pages) == ["INTERNAL-not-reviewed/index.html", *names]
    for page in pages.values():
        assert f'<p class="mark">{INTERNAL}</p>' in page
        assert "default-src 'none'" in page
    assert [page.count("<article") for page in pages.values()] == [0, 2, 2, 1]
    assert 'href="records-00002.html"' in pages[names[0]]
    assert "U+202E" in pages[names[0]]
    assert "<b>&lt;b&gt;</b>" in pages[names[0]]


def test_an_export_of_nothing_is_a_file_all_the_same(tmp_path: Path) -> None:
    """Everything that was found may be gone from the index when the set is fixed: the file says that there are none."""
    for number, kind in enumerate((CsvWriter, XlsxWriter, HtmlWriter)):
        folder = tmp_path / str(number)
        folder.mkdir()
        with packaged(kind(folder), folder, 0) as archive:
            assert archive.testzip() is None
            assert archive.namelist()


def test_a_row_has_a_cell_for_each_column() -> None:
    """Also that of a record which is no longer held; each says what is particular about it."""
    row = dict(zip(COLUMNS, row_of(record(7, "said", title="headed")), strict=True))
    assert (row[INTERNAL], row["record id"], row["title"], row["text"], row["remark"]) == (
        "7",
        str(ID),
        "headed",
        "said",
        "",
    )
    gone = dict(zip(COLUMNS, row_of(Record(8, Found(8, ID, 1, None), None, None)), strict=True))
    assert (gone[INTERNAL], gone["record id"], gone["text"]) == ("8", str(ID), "")
    assert gone["remark"] == "The archive no longer holds this record; it did when the export began."


def test_a_stream_is_gone_on_with_only_where_it_is_whole(tmp_path: Path) -> None:
    """From its place on, without what was written behind it; what is shorter or other than it was is refused."""
    before = tmp_path / "before"
    stream = Stream(before)
    stream.write(b"one ")
    stream.split()
    stream.write(b"two ")
    place = stream.place()
    stream.write(b"never told")
    stream.close()
    again = Stream(tmp_path / "after", before, place)
    again.write(b"three")
    assert [(length, b"".join(chunks)) for length, chunks in again.pieces()] == [(4, b"one "), (9, b"two three")]
    again.close()
    for content in (b"one two", b"one tw0 never told"):
        before.write_bytes(content)
        with pytest.raises(LostPlaceError):
            Stream(tmp_path / "after", before, place)
    before.unlink()
    with pytest.raises(LostPlaceError):
        Stream(tmp_path / "after", before, place)


@given(
    found=st.lists(
        st.builds(
            Found,
            st.integers(1, 2**62),
            st.uuids(),
            st.integers(1, 2**40),
            st.none() | st.integers(1, 2**30),
        ),
        max_size=7,
    ),
    size=st.integers(1, 3),
    after=st.integers(0, 7),
)
def test_a_set_comes_back_from_any_place(found: list[Found], size: int, after: int) -> None:
    """Every record, in order, without those that are done; a torn file is refused."""
    packed = b"".join(map(pack, found))
    back = [each for batch in batches(io.BytesIO(packed), size, after=after) for each in batch]
    assert back == found[after:]
    if found:
        with pytest.raises(DamagedSetError):
            list(batches(io.BytesIO(packed[:-1]), size))
