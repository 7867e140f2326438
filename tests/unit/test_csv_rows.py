"""CSV read record after record: any table comes back, in pieces that are the file, whatever its size."""

from __future__ import annotations

import csv
import io
import tracemalloc
from typing import IO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.downloads.csv_rows import Rows, without

_MIB = 1 << 20
_CELL = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=12) | st.sampled_from(
    ['"', ",", "\n", "\r\n", '"",""', 'a"b', "\n\n"]
)
_TABLES = st.lists(st.lists(_CELL, min_size=1, max_size=4), max_size=8)


def _written(table: list[list[str]], end: str) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator=end).writerows(table)
    return out.getvalue().encode()


def _says_something(row: list[str]) -> bool:
    return any(cell.strip() for cell in row)


@given(_TABLES, st.sampled_from(["\n", "\r\n"]))
def test_any_table_comes_back(table: list[list[str]], end: str) -> None:
    """Quotes, commas and line breaks in cells are none of the table's own; rows that say nothing are left out."""
    rows = Rows(io.BytesIO(_written(table, end)))
    assert [row.cells for row in rows] == [row for row in table if _says_something(row)]
    assert rows.bad_bytes == 0


@given(_TABLES, st.integers(1, 20))
def test_the_pieces_are_the_file(table: list[list[str]], every: int) -> None:
    """What is taken between two records, put together, is the file's very bytes, each piece beginning where the last ended."""
    body = _written(table, "\n")
    rows = Rows(io.BytesIO(body))
    pieces = [rows.take() for number, _ in enumerate(rows) if number % every == 0]
    pieces.append(rows.take())
    assert b"".join(piece for piece, _ in pieces) == body
    at = 0
    for piece, first in pieces:
        assert first == at
        at += len(piece)


@given(_TABLES, st.integers(0, 255), st.booleans())
def test_rows_that_go_leave_their_places_empty(table: list[list[str]], marks: int, header: bool) -> None:  # noqa: FBT001
    """What stays has its bytes and its number still, and of what goes nothing is left."""
    body = _written(table, "\n")
    numbers = {row.index: row.cells for row in Rows(io.BytesIO(body))}
    staying = {
        number: cells for number, cells in numbers.items() if (header and number == 1) or marks >> (number or 0) % 8 & 1
    }
    asked = iter([number for number in numbers if not (header and number == 1)])
    kept = without(body, lambda _: bool(marks >> (next(asked) or 0) % 8 & 1), header=header)
    assert {row.index: row.cells for row in Rows(io.BytesIO(kept))} == staying


@given(st.binary(max_size=400))
def test_any_bytes_are_rows_or_problems(body: bytes) -> None:
    """Nothing stops the reading, and nothing of the bytes is lost."""
    rows = Rows(io.BytesIO(body))
    for row in rows:
        assert row.cells or row.problem
    assert rows.take() == (body, 0)


def test_a_byte_order_mark_is_no_part_of_a_name_and_bad_bytes_are_counted() -> None:
    """The first name is read without the mark; bytes that are no UTF-8 stay, as lone surrogates, in what is kept."""
    body = b"\xef\xbb\xbfComment ID,Text\nUg1,\xe9t\xe9\n"
    rows = Rows(io.BytesIO(body))
    assert [row.cells for row in rows] == [["Comment ID", "Text"], ["Ug1", "\udce9t\udce9"]]
    assert rows.bad_bytes == 2
    assert rows.take() == (body, 0)


@pytest.mark.parametrize("first", [b"", b"one,two\n"])
def test_a_record_that_is_too_large_is_named_and_left_out(first: bytes) -> None:
    """What stands before it and after it is read, and the pieces leave it out and nothing else."""
    large = b'"' + b"a,\n" * 1000 + b'"\n'
    rows = Rows(io.BytesIO(first + large + b"three,four\n"), largest=2000)
    pieces, found = [], []
    for row in rows:
        found.append((row.cells, row.cut))
        if row.cut:
            assert "larger than the 2000 bytes" in (row.problem or "")
            pieces.append(rows.take())
    pieces.append(rows.take())
    expected = [(["one", "two"], False)] if first else []
    assert found == [*expected, ([], True), (["three", "four"], False)]
    assert pieces == [(first, 0), (b"three,four\n", len(first) + len(large))]


class _Endless(io.RawIOBase):
    """One quoted cell of 200 MiB, with line breaks or without, between two rows."""

    def __init__(self, filler: bytes) -> None:
        self._parts = [b'a,b\n"', *[filler * (_MIB // len(filler))] * 200, b'"\nc,d\n']

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not self._parts:
            return 0
        part = self._parts.pop(0)
        if len(part) > len(buffer):
            self._parts.insert(0, part[len(buffer) :])
            part = part[: len(buffer)]
        buffer[: len(part)] = part
        return len(part)


@pytest.mark.parametrize("filler", [b"a", b"a\n", b"\n"])
def test_one_huge_record_does_not_fill_the_memory(filler: bytes) -> None:
    """It is read over in bounded memory, and the row behind it is read."""
    stream: IO[bytes] = io.BufferedReader(_Endless(filler))
    tracemalloc.start()
    try:
        rows = list(Rows(stream))
        assert tracemalloc.get_traced_memory()[1] < 64 * _MIB
    finally:
        tracemalloc.stop()
    assert [row.cells for row in rows] == [["a", "b"], [], ["c", "d"]]
