"""XLSX: every cell is a text in the sheet itself (ECMA-376 part 1, 18.18.11, `inlineStr`), so that there is no number to be
rounded and no formula to be reckoned.

Written by hand, since rows written as they come can be gone on with after a worker died, which no library's can. A sheet holds
at most 1,048,576 rows and a cell 32,767 UTF-16 units (Microsoft, "Excel specifications and limits"): records go on in
another sheet, long texts in a sheet of their own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from archiver.i18n.translation import marked
from search.exports import xlsx_parts
from search.exports.rows import COLUMNS, EARLIER, INTERNAL, TEXT, TITLE, row_of
from search.exports.writer import Writer
from search.exports.xlsx_parts import BOLD_STYLE, TEXT_STYLE
from search.exports.zipped import Zipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from search.exports.about import About
    from search.exports.rows import Record
    from search.exports.stream import Stream

MOST_UNITS = 32_767
_PART = 32_000
LONG_SHEET = "Long texts"
LONG_COLUMNS = (INTERNAL, "record id", "column", "part", "text")
GOES_ON = f" \u2026 [goes on in the sheet {LONG_SHEET}]"
CONTINUED = f"pieces of texts longer than a cell can be, in the sheet \u201c{LONG_SHEET}\u201d"
CONTROLS = "cells with signs that no workbook can hold, shown by a picture of the sign"
_SPECIAL = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;", "_": "_x005F_"}
"""`_x0041_` stands for a sign by its number (18.18.97, ST_Xstring), so that an underscore before such is named itself."""
_PICTURES = 0x2400
_LETTERS = tuple(map(xlsx_parts.letters, range(1, len(COLUMNS) + 1)))


class XlsxWriter(Writer):
    """A row a record, in as many sheets as are needed."""

    title: ClassVar[str] = marked("XLSX (spreadsheet)")
    suffix: ClassVar[str] = "xlsx"
    streams: ClassVar[tuple[str, ...]] = ("records", "long")
    rows_on_a_sheet: ClassVar[int] = 1_000_000
    """Without the head."""

    def write(self, record: Record) -> None:
        """Add a row, and what of it does not fit into its cells."""
        row = row_of(record)
        if max(map(len, row)) > MOST_UNITS // 2:
            row = tuple(self._fitted(record, name, cell) for name, cell in zip(COLUMNS, row, strict=True))
        self._row(self.records, self.written, row)

    def _row(self, stream: Stream, number: int, row: Sequence[str]) -> None:
        """Put a row, of which so many stand before it, into a stream."""
        on_sheet = number % self.rows_on_a_sheet
        if number and not on_sheet:
            stream.split()
        stream.write(self._xml(on_sheet + 2, row).encode())

    def _xml(self, number: int, row: Iterable[str], style: int = TEXT_STYLE) -> str:
        cells = [
            f'<c r="{letters}{number}" s="{style}" t="inlineStr"><is><t xml:space="preserve">'
            f"{self._escaped(cell) if _SPECIAL.search(cell) else cell}</t></is></c>"
            for letters, cell in zip(_LETTERS, row, strict=False)
            if cell
        ]
        return f'<row r="{number}">{"".join(cells)}</row>'

    def _escaped(self, cell: str) -> str:
        controls = 0

        def named(match: re.Match[str]) -> str:
            nonlocal controls
            sign = match.group()
            if sign in _NAMED:
                return _NAMED[sign]
            controls = 1
            return chr(_PICTURES + ord(sign)) if sign < " " else "\N{REPLACEMENT CHARACTER}"

        escaped = _SPECIAL.sub(named, cell)
        if controls:
            self.altered[CONTROLS] += 1
        return escaped

    def _fitted(self, record: Record, column: str, cell: str) -> str:
        if len(cell) <= MOST_UNITS // 2 or _units(cell) <= MOST_UNITS:
            return cell
        parts = list(_parts(cell))
        for number, part in enumerate(parts[1:], 2):
            row = (str(record.number), str(record.found.public_id), column, str(number), part)
            self._row(self.stream("long"), self.altered[CONTINUED], row)
            self.altered[CONTINUED] += 1
        return parts[0] + GOES_ON

    def package(self, target: Path, about: About) -> None:
        """The workbook: what it is, the records, the long texts."""
        records = list(self.records.splits)
        names = [f"Records {n}" for n in range(1, len(records) + 1)] if len(records) > 1 else ["Records"]
        long = self.stream("long")
        if long.size:
            names += [LONG_SHEET, *(f"{LONG_SHEET} {n}" for n in range(2, len(long.splits) + 1))]
        with Zipped(target) as archive:
            for path, content in xlsx_parts.parts(["About", *names]):
                archive.add(path, [content.encode()])
            archive.add(xlsx_parts.sheet_path(1), self._about(about))
            number = 1
            for stream, columns, widths in (
                (self.records, COLUMNS, _WIDTHS),
                (long, LONG_COLUMNS, (12, 38, 20, 8, 100)),
            ):
                for length, chunks in stream.pieces() if stream.size or stream is self.records else ():
                    number += 1
                    archive.add(xlsx_parts.sheet_path(number), self._sheet(columns, widths, chunks), length)

    def _about(self, about: About) -> Iterator[bytes]:
        yield xlsx_parts.before_rows((24, 120), frozen=False).encode()
        for number, line in enumerate(about.lines(), 1):
            yield self._xml(number, line, BOLD_STYLE if number == 1 else TEXT_STYLE).encode()
        yield xlsx_parts.after_rows(2).encode()

    def _sheet(self, columns: Sequence[str], widths: Sequence[int], rows: Iterable[bytes]) -> Iterator[bytes]:
        yield xlsx_parts.before_rows(widths, frozen=True).encode()
        yield self._xml(1, columns, BOLD_STYLE).encode()
        yield from rows
        yield xlsx_parts.after_rows(len(columns)).encode()


def _units(text: str) -> int:
    return len(text) + sum(sign > "\uffff" for sign in text)


def _parts(text: str) -> Iterator[str]:
    """The text in parts that each fit into a cell, no sign of it torn."""
    size = _PART if max(text) <= "\uffff" else _PART // 2
    for start in range(0, len(text), size):
        yield text[start : start + size]


_WIDTHS = tuple(60 if place in {TEXT, TITLE, EARLIER} else 22 for place in range(len(COLUMNS)))
