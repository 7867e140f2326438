"""Reading a CSV file of any size one record after the other, in bounded memory (RFC 4180).

Its records are elements as those of a JSON file (`archiver.downloads.streaming`): one that is too large is named, and what comes
after it is read. Bytes that are no UTF-8 are held as lone surrogates (PEP 383).
"""

from __future__ import annotations

import csv
import io
import re
from typing import IO, TYPE_CHECKING

from archiver.downloads.streaming import LARGEST, Element

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_BAD_BYTE = re.compile("[\udc80-\udcff]")
_QUOTE = b'"'
_CHUNK = 256 * 1024
_UP_TO_END = re.compile(rb'[^"\n]*+(?:"[^"]*+"[^"\n]*+)*+')
"""Over whole cells, quoted ones too, up to a line end that is none of a cell's, or to a quote that has no other."""
_LINE_ENDS = re.compile(rb"\n[\r\n]*+")


class Row(Element):
    """One record of a table, and `value` its cells. `index` counts from 1, the columns' names included, empty lines not."""

    @property
    def pointer(self) -> str:
        """Where it lies in the file (RFC 7111, section 2.1)."""
        return f"#row={self.index}"

    @property
    def cells(self) -> list[str]:
        """Its cells; none where there is a problem."""
        return self.value if isinstance(self.value, list) else []


class Rows:
    """The records of one file, in its order, empty ones left out. As `streaming.Elements`.

    Args:
        stream: Read to its end, in pieces.
        largest: How many bytes one record may have.
    """

    def __init__(self, stream: IO[bytes], *, largest: int = LARGEST) -> None:
        self._stream, self._largest = stream, largest
        self._kept: list[bytes] = []
        self._first = self._next = 0
        self._before_gaps: list[tuple[bytes, int]] = []
        self.held = 0
        self.bad_bytes = 0

    def take(self) -> tuple[bytes, int]:
        """The file's very bytes since the last time this was asked, and where in it they begin; see `Elements.take`."""
        return self._before_gaps.pop(0) if self._before_gaps else self._taken()

    def __iter__(self) -> Iterator[Row]:
        for number, record in enumerate(self.records(), 1):
            if record is None:
                what = f"it is larger than the {self._largest} bytes that are read at once"
                yield Row("", number, problem=what, cut=True)
                continue
            row = _row(number, record)
            if not record.isascii():
                self.bad_bytes += sum(1 for _ in _BAD_BYTE.finditer(record.decode("utf-8", "surrogateescape")))
            if row.cells or row.problem:
                yield row

    def records(self) -> Iterator[bytes | None]:
        """Record after record, each with its line end and the empty lines behind it; None for one that is too large."""
        record, size, quoted = bytearray(), 0, False
        while chunk := self._stream.read(_CHUNK):
            at = 0
            while at < len(chunk):
                stop, quoted, ended = _end(chunk, at, quoted=quoted)
                size += stop - at
                if size <= self._largest:
                    record += chunk[at:stop]
                elif size - (stop - at) <= self._largest:
                    self._before_gaps.append(self._taken())
                    record.clear()
                at = stop
                if ended:
                    yield self._ended(bytes(record), size)
                    record, size = bytearray(), 0
        if size:
            yield self._ended(bytes(record), size)

    def _ended(self, record: bytes, size: int) -> bytes | None:
        """Remember what is kept of a record before anybody asks for it."""
        if size > self._largest:
            self._first = self._next = self._next + size
            return None
        self._kept.append(record)
        self.held += size
        self._next += size
        return record

    def _taken(self) -> tuple[bytes, int]:
        body, first = b"".join(self._kept), self._first
        self._kept, self.held, self._first = [], 0, self._next
        return body, first


def without(body: bytes, stays: Callable[[list[str]], bool], *, header: bool) -> bytes:
    """A table whose rows stay, or become rows of empty cells, so that each keeps its number. Pure.

    Args:
        body: Whole records.
        stays: Whether the row of these cells does.
        header: Whether the first record is the columns' names, which stay.
    """
    rows = Rows(io.BytesIO(body), largest=len(body))
    found = []
    for number, record in enumerate(rows.records(), 1):
        row = _row(number, record or b"")
        gone = row.cells and not (header and number == 1) and not stays(row.cells)
        found.append(b"," * max(1, len(row.cells) - 1) + b"\r\n" if gone else record or b"")
    return b"".join(found)


def _row(number: int, record: bytes) -> Row:
    """The cells of a record, without any where all are empty, or why they cannot be told."""
    text = record.decode("utf-8-sig" if number == 1 else "utf-8", "surrogateescape")
    try:
        cells = next(csv.reader([text], strict=False), [])
    except csv.Error as error:
        return Row("", number, problem=str(error))
    return Row("", number, cells if any(cell.strip() for cell in cells) else [])


def _end(chunk: bytes, at: int, *, quoted: bool) -> tuple[int, bool, bool]:
    """How far a chunk can be read on from a place: to where, whether within quotes, and whether a record ends there. Pure."""
    if quoted:
        closing = chunk.find(_QUOTE, at)
        return (len(chunk), True, False) if closing < 0 else (closing + 1, False, False)
    match = _UP_TO_END.match(chunk, at)
    stop = match.end() if match else at
    if stop == len(chunk):
        return stop, False, False
    if chunk.startswith(_QUOTE, stop):  # one whose other is in a later chunk
        return len(chunk), True, False
    lines = _LINE_ENDS.match(chunk, stop)
    return (lines.end() if lines else stop + 1), False, True
