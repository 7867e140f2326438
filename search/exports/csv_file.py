"""CSV (RFC 4180), in UTF-8 with a byte order mark, in a ZIP archive with what it is.

No spreadsheet takes a cell for a formula: what begins like one gets an apostrophe before it (OWASP, CSV Injection), and so does
what would then look as if it had got one, so that taking one apostrophe away from `'=`, `''=`... gives the very text back.
"""

from __future__ import annotations

import codecs
import re
from itertools import chain
from typing import TYPE_CHECKING, ClassVar

from archiver.i18n.translation import marked
from search.exports.about import PREFIX
from search.exports.rows import COLUMNS, row_of
from search.exports.writer import Writer, readme_and_manifest
from search.exports.zipped import Zipped

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from search.exports.about import About
    from search.exports.rows import Record

_GUARDED = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_LEADS = frozenset("'=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
_MARKS = re.compile('[,"\r\n]')
"""What a cell with any of these is put into quotation marks for."""
GUARDED = "cells that begin like a formula, written with an apostrophe before them"
ADVICE = (
    "The CSV file is in UTF-8, with commas, and a new line within a cell is kept in quotation marks.",
    "Long ids lose digits where a spreadsheet opens a CSV file and takes them for numbers: import the columns as text, or ask",
    "for the export as XLSX, where every cell is text.",
    "A cell that begins with = + - @ or a blank sign has an apostrophe before it, so that no program takes it for a formula.",
)


def line_of(row: Sequence[str]) -> bytes:
    """A row of several cells, byte for byte as the csv module writes it; that one looks at every sign by itself, which takes
    longer than all else that is done with a row.
    """
    text = ",".join(row)
    if text.count(",") >= len(row) or '"' in text or "\n" in text or "\r" in text:
        quoted = ['"' + cell.replace('"', '""') + '"' if cell and _MARKS.search(cell) else cell for cell in row]
        text = ",".join(quoted)
    return f"{text}\r\n".encode()


class CsvWriter(Writer):
    """A row a record, under a head."""

    title: ClassVar[str] = marked("CSV")

    def write(self, record: Record) -> None:
        """Add a row."""
        row = row_of(record)
        for cell in row:
            if cell and cell[0] in _LEADS and _GUARDED.match(cell):
                row = self._guard(row)
                break
        self.records.write(line_of(row))

    def _guard(self, row: tuple[str, ...]) -> tuple[str, ...]:
        guarded = tuple([f"'{cell}" if _GUARDED.match(cell) else cell for cell in row])
        self.altered[GUARDED] += sum(before != after for before, after in zip(row, guarded, strict=True))
        return guarded

    def package(self, target: Path, about: About) -> None:
        """The rows under their head, README, manifest."""
        with Zipped(target) as archive:
            for length, chunks in self.records.pieces():
                archive.add(
                    f"{PREFIX}-records.csv",
                    chain([codecs.BOM_UTF8, line_of(COLUMNS)], chunks),
                    length,
                    records=self.written,
                )
            readme_and_manifest(archive, about, ADVICE)
