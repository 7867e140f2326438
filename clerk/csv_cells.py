"""Cells of a CSV file (RFC 4180) that no spreadsheet takes for a formula (OWASP, CSV Injection). Pure."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LEADS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def cell(value: object) -> str:
    """A value as a cell: what begins like a formula gets an apostrophe before it."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_LEADS) else text


def csv_of(columns: Sequence[str] | None, rows: Iterable[Sequence[object]]) -> bytes:
    """A file with a head, in UTF-8 with a byte order mark, as spreadsheets want it; without `columns`, a later piece of one."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    if columns is not None:
        writer.writerow(columns)
    for row in rows:
        writer.writerow([cell(value) for value in row])
    return file.getvalue().encode("utf-8" if columns is None else "utf-8-sig")
