"""HTML pages to read, in a ZIP archive with what they are: nothing in them runs, loads or is taken from anywhere.

All that strangers wrote is text, escaped; signs that change how others are shown are shown by their number.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, ClassVar

from archiver.i18n.translation import marked
from search.exports.about import PREFIX
from search.exports.rows import COLUMNS, EARLIER, INTERNAL, TEXT, TITLE, row_of
from search.exports.writer import Writer, readme_and_manifest
from search.exports.zipped import Zipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from search.exports.about import About
    from search.exports.rows import Record

ADVICE = ("Unpack the archive and open index.html in a browser; it needs no network.",)
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\U000e0000-\U000e007f]"
)
_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem;color:#1b1b1b;background:#fff}"
    ".mark{background:#8b0a03;color:#fff;font-weight:700;padding:.5rem 1rem}"
    "article{border-top:2px solid #c6cace;padding:1rem 0;overflow-wrap:anywhere}"
    ".text{white-space:pre-wrap;border-left:.25rem solid #c6cace;padding-left:1rem;margin:0 0 1rem}"
    "dl{display:grid;grid-template-columns:14rem 1fr;gap:.15rem 1rem;margin:0;font-size:.9rem}"
    "dd{margin:0;white-space:pre-wrap}dt{color:#565c65}.control{border:1px solid;font-size:.8em;padding:0 .2em}"
)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_NUMBER, _KIND, _AUTHOR = 0, COLUMNS.index("kind"), COLUMNS.index("author name")
_APART = frozenset({_NUMBER, TITLE, TEXT, EARLIER})


class HtmlWriter(Writer):
    """So many records a page, and a page that lists them."""

    title: ClassVar[str] = marked("HTML (pages to read)")
    records_on_a_page: ClassVar[int] = 500

    def write(self, record: Record) -> None:
        """Add an article."""
        if self.written and not self.written % self.records_on_a_page:
            self.records.split()
        row = row_of(record)
        author = f" by <bdi>{shown(row[_AUTHOR])}</bdi>" if row[_AUTHOR] else ""
        parts = [
            f'<article id="r{row[_NUMBER]}"><h2>{row[_NUMBER]}. {shown(row[_KIND].capitalize() or "Record")}{author}</h2>'
        ]
        if row[TITLE]:
            parts.append(f'<p dir="auto"><b>{shown(row[TITLE])}</b></p>')
        if row[TEXT]:
            parts.append(f'<div class="text" dir="auto">{shown(row[TEXT])}</div>')
        if row[EARLIER]:
            parts.append(f'<p>{escape(COLUMNS[EARLIER])}:</p><div class="text" dir="auto">{shown(row[EARLIER])}</div>')
        parts.append("<dl>")
        parts += [
            f'<dt>{name}</dt><dd dir="auto">{shown(cell)}</dd>'
            for place, (name, cell) in enumerate(zip(COLUMNS, row, strict=True))
            if cell and place not in _APART
        ]
        parts.append("</dl></article>\n")
        self.records.write("".join(parts).encode())

    def package(self, target: Path, about: About) -> None:
        """The list of the pages, the pages, README, manifest."""
        pages = len(self.records.splits) if self.written else 0
        with Zipped(target) as archive:
            archive.add(f"{PREFIX}/index.html", _page(about.city, self._index(about, pages)))
            for number, (length, chunks) in enumerate(self.records.pieces() if pages else (), 1):
                first = (number - 1) * self.records_on_a_page + 1
                last = min(number * self.records_on_a_page, self.written)
                body = _body(number, pages, first, last, chunks)
                title = f"Records {first:,} to {last:,} - {about.city}"
                archive.add(f"{PREFIX}/{_file(number)}", _page(title, body), length, records=last - first + 1)
            readme_and_manifest(archive, about, ADVICE)

    def _index(self, about: About, pages: int) -> Iterator[bytes]:
        facts = "".join(f"<dt>{shown(name)}</dt><dd>{shown(sentence)}</dd>" for name, sentence in about.lines())
        yield f"<h1>{about.written:,} records</h1><dl>{facts}</dl><h2>Pages</h2><ol>".encode()
        for number in range(1, pages + 1):
            first = (number - 1) * self.records_on_a_page + 1
            last = min(number * self.records_on_a_page, self.written)
            yield f'<li><a href="{_file(number)}">Records {first:,} to {last:,}</a></li>'.encode()
        yield b"</ol>"


def shown(text: str) -> str:
    """Text of a stranger as safe HTML; signs that are not seen are shown by their number."""
    escaped = escape(text)
    if escaped.isascii() and escaped.isprintable():
        return escaped
    return _CONTROLS.sub(lambda match: f'<span class="control">U+{ord(match.group()):04X}</span>', escaped)


def _file(number: int) -> str:
    return f"records-{number:05d}.html"


def _body(number: int, pages: int, first: int, last: int, chunks: Iterable[bytes]) -> Iterator[bytes]:
    ways = [("index.html", "All pages")]
    ways += [(_file(number - 1), "Page before")] if number > 1 else []
    ways += [(_file(number + 1), "Next page")] if number < pages else []
    links = " ".join(f'<a href="{address}">{name}</a>' for address, name in ways)
    yield f"<h1>Records {first:,} to {last:,}</h1><nav>{links}</nav>\n".encode()
    yield from chunks
    yield f"<nav>{links}</nav>".encode()


def _page(title: str, body: Iterable[bytes]) -> Iterator[bytes]:
    yield (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{INTERNAL}: {escape(title)}</title><style>{_STYLE}</style></head>"
        f'<body><p class="mark">{INTERNAL}</p>\n<main>\n'
    ).encode()
    yield from body
    yield b"\n</main></body></html>\n"
