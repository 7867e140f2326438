"""What of a hit's text is shown: safe HTML of a bounded length. Pure."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from search.query.compile import FRAGMENT
from search.query.terms import PROSE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SEPARATOR = " \u2026 "
ELLIPSIS = "\u2026"


def highlight(fields: Mapping[str, Sequence[str]], text: str) -> str:
    """The fragments that have something marked; else the beginning of what there is.

    Args:
        fields: by field, the fragments that Elasticsearch gave: HTML-escaped, with `<mark>`.
        text: the current text, as it is, for want of fragments.
    """
    fragments = [fragment for name in PROSE for fragment in fields.get(name, ())]
    marked = [shortened(fragment) for fragment in fragments if "<mark>" in fragment]
    if marked:
        return SEPARATOR.join(marked)
    return shortened(fragments[0]) if fragments else excerpt(text)


def excerpt(text: str) -> str:
    """The beginning of a text, HTML-escaped."""
    return html.escape(text[:FRAGMENT]) + (ELLIPSIS if len(text) > FRAGMENT else "")


def shortened(fragment: str) -> str:
    """A fragment whose unbroken stretches are cut: a fragment ends at a word's end, and a word may be a million letters."""
    if len(fragment) <= 4 * FRAGMENT:
        return fragment
    parts = re.split("(</?mark>)", fragment)
    last = len(parts) - 1
    return "".join(
        part if part in {"<mark>", "</mark>"} else _cut(part, head=number > 0, tail=number < last or last == 0)
        for number, part in enumerate(parts)
    )


def _cut(escaped: str, *, head: bool, tail: bool) -> str:
    text = html.unescape(escaped)
    if len(text) <= 2 * FRAGMENT:
        return escaped
    begin, end = text[:FRAGMENT] if head or not tail else "", text[-FRAGMENT:] if tail else ""
    return html.escape(begin) + ELLIPSIS + html.escape(end)
