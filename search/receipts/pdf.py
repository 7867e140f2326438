"""A receipt as a PDF: a copy to be read and signed. Its exact form is the JSON, whose digest it states."""

from __future__ import annotations

import functools
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import LETTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import (
    KeepTogether,
    LongTable,
    PageBreak,
    Paragraph,
    Preformatted,
    SimpleDocTemplate,
    Spacer,
    TableStyle,
)

from archiver.i18n.languages import ENGLISH, speaking
from search.receipts import document, words
from search.receipts.glyphs import drawable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from search.receipts.document import Section, Table
    from search.receipts.model import Kept

_FONTS = Path(__file__).resolve().parent / "fonts"
_FONT = "DejaVuSans"
_MARGIN = 20 * mm
_PADDING = 6
_WIDTH = LETTER[0] - 2 * _MARGIN - 2 * _PADDING
_COUNT_WIDTH = 30 * mm
_CODE_LINE = 92
_LONGEST_CELL = 300
_BODY = ParagraphStyle("body", fontName=_FONT, fontSize=9, leading=12.5, spaceAfter=4, splitLongWords=1)
_TITLE = ParagraphStyle("title", _BODY, fontSize=18, leading=22, spaceAfter=8)
_HEAD = ParagraphStyle("head", _BODY, fontSize=12, leading=15, spaceBefore=10, spaceAfter=5, keepWithNext=1)
_SMALL_HEAD = ParagraphStyle("small-head", _BODY, spaceBefore=6, keepWithNext=1)
_LABEL = ParagraphStyle(
    "label", _BODY, fontSize=8, leading=10, textColor=colors.HexColor("#4a4f57"), spaceAfter=0, keepWithNext=1
)
_POINT = ParagraphStyle("point", _BODY, leftIndent=10, bulletIndent=0)
_CELL = ParagraphStyle("cell", _BODY, spaceAfter=0)
_NUMBER = ParagraphStyle("number", _CELL, alignment=2)
_CODE = ParagraphStyle("code", _BODY, fontSize=7, leading=9)
_LINES = TableStyle(
    [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, colors.HexColor("#c6cace")),
        ("LINEBELOW", (0, 0), (-1, 0), 0.9, colors.HexColor("#565c65")),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
    ]
)
_REPLACED = (
    "Characters that the letters of this document do not have, and words written from right to left, stand as their Unicode "
    "numbers in brackets. The exact form of the receipt is its JSON."
)


@functools.cache
def _glyphs() -> frozenset[int]:
    font = TTFont(_FONT, str(_FONTS / "DejaVuSans.ttf"))
    pdfmetrics.registerFont(font)
    return frozenset(font.face.charToGlyph)


@speaking(ENGLISH)
def pdf(kept: Kept) -> bytes:
    """The document, in English. The same receipt gives the same bytes."""
    pages = _built(kept, None)[1]
    return _built(kept, pages)[0]


def _built(kept: Kept, pages: int | None) -> tuple[bytes, int]:
    """The document and how many pages it has; every page says of how many, where that is known."""
    glyphs = _glyphs()
    title = f"Search receipt {kept.number}"
    city = drawable(kept.body["archive"]["city"], glyphs)
    file = io.BytesIO()
    made = SimpleDocTemplate(
        file,
        pagesize=LETTER,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN + 6 * mm,
        title=title,
        author=city,
        subject=f"{document.DIGEST_OF}: {kept.sha256.hex()}",
        lang="en",
        invariant=1,
    )

    def foot(canvas: Any, of: Any) -> None:
        canvas.setFont(_FONT, 7)
        canvas.drawString(_MARGIN, _MARGIN, f"{title} \u2013 {city} social media archive")
        canvas.drawRightString(LETTER[0] - _MARGIN, _MARGIN, f"Page {of.page} of {pages or of.page}")
        canvas.drawString(_MARGIN, _MARGIN - 10, f"SHA-256 {kept.sha256.hex()}")

    made.build(list(_story(kept, title, glyphs)), onFirstPage=foot, onLaterPages=foot)
    return file.getvalue(), made.page


def _story(kept: Kept, title: str, glyphs: frozenset[int]) -> Iterator[Any]:
    def text(value: str, style: ParagraphStyle = _BODY, bullet: str | None = None) -> Paragraph:
        return Paragraph(escape(drawable(value, glyphs)).replace("\n", "<br/>"), style, bulletText=bullet)

    yield text(title, _TITLE)
    if not kept.is_whole:
        yield text("This receipt is not what it was when it was made: its digest does not fit it.", _HEAD)
    yield from _facts(document.heading(kept.body), text)
    parts = document.sections(kept)
    if any(drawable(each, glyphs) != each for each in _texts(kept, parts)):
        yield text(_REPLACED)
    for part in parts:
        yield from _section(part, text, glyphs)
    said = words.statement(kept.body, document.zone_of(kept.body))
    if said:
        yield PageBreak()
        yield text(words.statement_title(kept.body), _TITLE)
        yield from (text(each) for each in said)
        yield text(f"Search receipt {kept.number}, SHA-256 {kept.sha256.hex()}")
        yield Spacer(1, 14 * mm)
        for line in ("Signature", "Name", "Title", "Date"):
            yield KeepTogether([text(f"{line} {'_' * 52}"), Spacer(1, 8 * mm)])


def _texts(kept: Kept, parts: Sequence[Section]) -> Iterator[str]:
    yield from (value for _, value in document.heading(kept.body))
    for part in parts:
        yield from (value for _, value in part.facts)
        yield from part.sentences
        yield from (row[0] for table in part.tables for row in table.rows)
        yield part.code


def _section(part: Section, text: Any, glyphs: frozenset[int]) -> Iterator[Any]:
    yield text(part.title, _HEAD)
    yield from _facts(part.facts, text)
    yield from (text(each, _POINT, "\u2022") for each in part.sentences)
    for table in part.tables:
        yield _table(table, text, glyphs)
        yield Spacer(1, 3 * mm)
    for name, sentences in part.lists:
        yield text(name, _SMALL_HEAD)
        yield from (text(each, _POINT, "\u2022") for each in sentences)
    if part.code:
        yield Preformatted(drawable(part.code, glyphs), _CODE, maxLineLength=_CODE_LINE, newLineChars="")


def _facts(facts: Sequence[tuple[str, str]], text: Any) -> Iterator[Any]:
    for label, value in facts:
        yield text(label, _LABEL)
        yield text(value)


def _table(table: Table, text: Any, glyphs: frozenset[int]) -> LongTable:
    rows = [[text(table.title, _CELL), text(table.heads[1], _NUMBER)]]
    rows += [[text(_cut(drawable(name, glyphs)), _CELL), text(f"{count:,}", _NUMBER)] for name, count in table.rows]
    return LongTable(rows, colWidths=[_WIDTH - _COUNT_WIDTH, _COUNT_WIDTH], style=_LINES, repeatRows=1, hAlign="LEFT")


def _cut(name: str) -> str:
    """A row is never higher than a page: what is longer is cut, and says so; the search stands whole above it."""
    return name if len(name) <= _LONGEST_CELL else f"{name[:_LONGEST_CELL]}\u2026 (cut here; the JSON has all of it)"
