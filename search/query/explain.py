"""A search in one sentence of plain English. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from search.query.compile import order_of
from search.query.model import Handle, Link, Phrase, Sort, Tag, Word
from search.query.parse import quoted

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from search.query.model import SearchRequest, Term

_ORDER = {
    Sort.RELEVANCE: "best matches first",
    Sort.NEWEST: "newest first",
    Sort.OLDEST: "oldest first",
}


def explain(terms: Sequence[Term], request: SearchRequest, *, ignored: Sequence[str] = ()) -> str:
    """The sentence: what is searched for, where, when and in which order; what was left out of the search, if anything.

    Args:
        terms: those that are searched for.
        request: for filters and order.
        ignored: words that nothing is kept of (lone punctuation).
    """
    words = joined([_words(term) for term in terms])
    parts = [f"Everything that says {words} in one version" if terms else "Everything"]
    if request.account:
        parts.append(f"seen on {request.account}")
    if request.platform:
        parts.append(f"on {request.platform}")
    dates = _dates(request.date_from, request.date_to)
    if dates:
        parts.append(f"dated {dates} ({request.zone.key} time)")
    sentence = ", ".join([*parts, _ORDER[order_of(terms, request)]]) + "."
    if ignored:
        left = joined([quoted(word) for word in ignored])
        sentence += f" {left} cannot be searched for and {'was' if len(ignored) == 1 else 'were'} left out."
    return sentence


def undated_note(count: int) -> str:
    """The sentence about items that only their missing date kept out; empty where there are none."""
    if not count:
        return ""
    return f" {count:,} more {'has' if count == 1 else 'have'} no date and {'was' if count == 1 else 'were'} left out."


def joined(parts: Sequence[str]) -> str:
    """A list as it is said: `a, b and c`."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1]))) if parts else ""


def _words(term: Term) -> str:
    match term:
        case Word(text):
            return f"{quoted(text)} in any form"
        case Phrase(text):
            return f"exactly {quoted(text)}"
        case Tag(text):
            return f"the hashtag #{text}"
        case Handle(text):
            return f"the handle @{text}"
        case Link(text):
            return f"the address {text}"


def _dates(first: dt.date | None, last: dt.date | None) -> str:
    if first is not None and first == last:
        return f"on {_day(first)}"
    parts = ([f"from {_day(first)}"] if first else []) + ([f"through {_day(last)}"] if last else [])
    return " ".join(parts)


def _day(day: dt.date) -> str:
    return f"{day.day} {day:%B} {day.year}"
