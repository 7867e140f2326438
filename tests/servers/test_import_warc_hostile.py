"""Hostile WARCs against a real database: bombs, lines without end, addresses that are none; what is sound is kept."""

from __future__ import annotations

import gzip
import os
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from archiver.accounts import find
from archiver.capture.importing import import_download
from tests.fixtures.custody import rows, unproven
from tests.fixtures.importing import account_of, counted
from tests.fixtures.warcs import bomb, http, packed, page, record, response

if TYPE_CHECKING:
    from pathlib import Path

    from archiver.capture.importing import ImportReport
    from tests.fixtures.archives import ArchiveMaker, TestArchive

_MIB = 1 << 20
_NAME = "facebook:RiverbendLibrary"
_PAGE = "https://www.facebook.example/RiverbendLibrary"
_FIRST, _LAST = response(f"{_PAGE}/1", page("One", "first")), response(f"{_PAGE}/2", page("Two", "last"))


@pytest.fixture
def archive(make_archive: ArchiveMaker) -> TestArchive:
    """An archive with the account in its register."""
    made = make_archive()
    account_of(made, _NAME)
    return made


def _import(archive: TestArchive, path: Path) -> ImportReport:
    return import_download(archive.archive, [path], find(archive.engine, _NAME))


def _titles(archive: TestArchive) -> list[str]:
    return [title for (title,) in rows(archive.engine, "select fields ->> 'title' from versions order by 1") if title]


def test_a_gzip_bomb_is_named_and_passed_over(archive: TestArchive, tmp_path: Path) -> None:
    """A record that unpacks to a gigabyte is given up after some megabytes; the records around it are imported."""
    path = tmp_path / "a.warc.gz"
    path.write_bytes(packed([_FIRST]) + bomb(1 << 30) + packed([_LAST]))
    tracemalloc.start()
    try:
        report = _import(archive, path)
        assert tracemalloc.get_traced_memory()[1] < 80 * _MIB
    finally:
        tracemalloc.stop()
    assert _titles(archive) == ["One", "Two"]
    (lost,) = [each for each in report.skipped if each["lost"]]
    assert lost["what"] == f"a.warc.gz at byte {len(packed([_FIRST]))}"
    assert "as only a bomb does" in lost["reason"]
    assert rows(archive.engine, "select outcome from captures") == [("partial",)]
    assert unproven(archive.archive) == []


def test_an_answer_that_is_packed_to_a_bomb_stays_packed(archive: TestArchive, tmp_path: Path) -> None:
    """A page whose content coding unpacks to a bomb is kept as it came, and named."""
    sent = gzip.compress(bytes(300 << 20))
    path = tmp_path / "a.warc"
    path.write_bytes(_FIRST + response(f"{_PAGE}/b", sent, headers={"Content-Encoding": "gzip"}) + _LAST)
    report = _import(archive, path)
    assert report.items == 3
    assert [f"response of {_PAGE}/b: its" in each["reason"] for each in report.skipped if each["lost"]] == [True]
    assert rows(archive.engine, "select size from media where url = :url", url=f"{_PAGE}/b") == [(len(sent),)]
    assert unproven(archive.archive) == []


@pytest.mark.parametrize("where", ["the WARC head", "the HTTP head", "the page"])
def test_one_line_of_200_megabytes(archive: TestArchive, tmp_path: Path, where: str) -> None:
    """A line of 200 MB in a head is named and passed over, one in a page is kept with it; memory stays small."""
    path = tmp_path / "a.warc"
    size = 200 * _MIB
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{'X: ' if where == 'the HTTP head' else chr(13) + chr(10)}".encode()
    if where == "the WARC head":
        start = b"WARC/1.1\r\nWARC-Type: response\r\nX: "
    else:
        start = (
            record("response", f"{_PAGE}/huge", b"", Content_Length=str(size + len(head))).removesuffix(b"\r\n\r\n")
            + head
        )
    with path.open("wb") as file:
        file.write(_FIRST + start)
        for _ in range(200):
            file.write(b"a" * _MIB)
        file.write(b"\r\n\r\n" + _LAST)
    tracemalloc.start()
    try:
        report = _import(archive, path)
        assert tracemalloc.get_traced_memory()[1] < 80 * _MIB
    finally:
        tracemalloc.stop()
    assert _titles(archive) == ["One", "Two"]
    named = [each["what"] for each in report.skipped if each["what"] == f"a.warc at byte {len(_FIRST)}"]
    assert len(named) == 1
    kept = rows(archive.engine, "select size from media where url = :url", url=f"{_PAGE}/huge")
    assert kept == ([(size,)] if where == "the page" else [])
    assert report.complete == (where == "the page")
    assert unproven(archive.archive) == []


_ADDRESSES = [
    "../../../../etc/passwd",
    "/etc/passwd",
    "C:\\windows\\system32",
    "file:///etc/passwd",
    "https://[::1",
    "https://city.example/%00%0d%0a",
    "https://city.example/\x00nul",
    "https://city.example/" + "a" * 100_000,
    "https://user:hunter22@city.example/?access_token=EAAsecret123",
    "javascript:alert(1)",
    "https://city.example/\ud83d",
    "https://city.example/\u202emoc",
    "",
    "<https://city.example/in-brackets>",
]


@pytest.mark.parametrize("packing", ["plain", "members"])
def test_addresses_that_are_none(archive: TestArchive, tmp_path: Path, packing: str) -> None:
    """Paths, NUL, half characters, endless and secret-bearing addresses are kept as far as they can be, and open no file."""
    parts = [
        response(uri, page(f"Page {n:02}", "words"), date=f"2019-05-03T12:00:{n:02}Z")
        for n, uri in enumerate(_ADDRESSES)
    ]
    path = tmp_path / "a.warc"
    path.write_bytes(packed(parts) if packing == "members" else b"".join(parts))
    report = _import(archive, path)
    assert _titles(archive) == [f"Page {n:02}" for n in range(len(_ADDRESSES))]
    kept = str(rows(archive.engine, "select url, fields from versions")) + str(
        rows(archive.engine, "select url from exchanges")
    )
    assert "hunter22" not in kept
    assert "EAAsecret123" not in kept
    before = counted(archive)
    assert _import(archive, path).new == 0
    assert counted(archive) == before
    assert unproven(archive.archive) == []
    assert report.new == report.items


def test_heads_that_are_none(archive: TestArchive, tmp_path: Path) -> None:
    """Headers with control characters, names without end, numbers beyond reason and texts in no charset harm nothing."""
    words = page("T\x00itle \ud83d".encode("utf-8", "surrogatepass").decode("utf-8", "replace"), "a\x00b")
    parts = [
        _FIRST,
        record(
            "response", f"{_PAGE}/a", b"HTTP/1.1 200 OK\r\nX\x00: \x01\x02\r\nContent-Type: text/html\r\n\r\n" + words
        ),
        record("response", f"{_PAGE}/b", b"HTTP/1.1 999999 No\r\n\r\nbody"),
        record("response", f"{_PAGE}/c", b"no head at all"),
        record("response", f"{_PAGE}/d", http(b"x", "text/html; charset=\ufffd".encode("latin-1", "replace").decode())),
        record("response", f"{_PAGE}/e", http(b"<p>" + b"\xff\xfe\x00" * 50), date="never"),
        record("response", f"{_PAGE}/f", http(b"x"), Content_Length="-5"),
        record("response", f"{_PAGE}/g", http(b"x"), Content_Length="9" * 400),
        record("no such type", f"{_PAGE}/h", http(b"x")),
        record("revisit", f"{_PAGE}/i", b"", WARC_Refers_To_Target_URI="\x00", WARC_Payload_Digest="sha1:" + "A" * 32),
        record(
            "response", f"{_PAGE}/j", http(b"x", headers={"Transfer-Encoding": "chunked", "Content-Encoding": "gzip"})
        ),
        record("response", f"{_PAGE}/k", http(b"part"), WARC_Segment_Number="1"),
        _LAST,
    ]
    path = tmp_path / "a.warc.gz"
    path.write_bytes(packed(parts))
    report = _import(archive, path)
    assert {"One", "Two"} <= set(_titles(archive))
    lost = " ".join(each["reason"] for each in report.skipped if each["lost"])
    for letter in "bcfgik":
        assert f"RiverbendLibrary/{letter}" in lost or "states no length" in lost
    flagged = rows(archive.engine, "select text, flags from versions where url = :url", url=f"{_PAGE}/a")
    assert flagged == [("a\ufffdb", ["replaced_characters"])]
    assert unproven(archive.archive) == []
    assert _import(archive, path).new == 0


def test_a_file_whose_name_no_database_holds(archive: TestArchive, tmp_path: Path) -> None:
    """A WARC whose own name is no text is imported under what can be held of it."""
    name = os.fsencode(tmp_path) + b"/a\xff\xfe.warc"
    with open(name, "wb") as file:  # noqa: PTH123 - a path of bytes
        file.write(_FIRST)
    report = import_download(archive.archive, [type(tmp_path)(os.fsdecode(name))], find(archive.engine, _NAME))
    assert (report.items, report.complete) == (1, True)
    assert unproven(archive.archive) == []
