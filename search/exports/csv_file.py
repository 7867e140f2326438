"""CSV (RFC 4180), in UTF-8 with a byte order mark, in a ZIP archive with what it is.

No spreadsheet takes a cell for a formula: what begins like one gets an apostrophe before it (OWASP, CSV Injection), and so does
what would then look as if it had got one, so that taking one apostrophe away from `'=`, `''=`... gives the very text back.
"""

from __future__ import annotations

import codecs
import csv
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
GUARDED = "cells that begin like a formula, written with an apostrophe before them"
ADVICE = (
    "The CSV file is in UTF-8, with commas, and a new line within a cell is kept in quotation marks.",
    "Long ids lose digits where a spreadsheet opens a CSV file and takes them for numbers: import the columns as text, or ask",
    "for the export as XLSX, where every cell is text.",
    "A cell that begins with = + - @ or a blank sign has an apostrophe before it, so that no program takes it for a formula.",
)


class _Given:
    """A file that gives back what is written to it, as the writer of rows does then."""

    @staticmethod
    def write(text: str) -> str:
        return text


_row = csv.writer(_Given(), lineterminator="\r\n").writerow


def _line(row: Sequence[str]) -> bytes:
    text: str = _row(row)
    return text.encode()


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
        self.records.write(_line(row))

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
                    chain([codecs.BOM_UTF8, _line(COLUMNS)], chunks),
                    length,
                    records=self.written,
                )
            readme_and_manifest(archive, about, ADVICE)
