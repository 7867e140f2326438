"""The formats that can be asked for, by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from search.exports.csv_file import CsvWriter
from search.exports.html_file import HtmlWriter
from search.exports.jsonl_file import JsonlWriter
from search.exports.xlsx_file import XlsxWriter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from search.exports.writer import Writer

FORMATS: Mapping[str, type[Writer]] = {
    "xlsx": XlsxWriter,
    "csv": CsvWriter,
    "jsonl": JsonlWriter,
    "html": HtmlWriter,
}
"""In the order in which a page offers them."""
