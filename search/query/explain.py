"""A search in one sentence of plain English. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archiver.i18n import calendar
from search.query.compile import order_of
from search.query.levels import levels
from search.query.model import (
    And,
    Dated,
    Field,
    Filter,
    Fuzzy,
    Handle,
    Link,
    Near,
    Not,
    Or,
    Phrase,
    Prefix,
    Sort,
    Tag,
    Word,
)
from search.query.tree import conjuncts
from search.query.words import joined, platform_title, quoted

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from search.query.model import Node, SearchRequest

_ORDER = {
    Sort.RELEVANCE: "best matches first",
    Sort.NEWEST: "newest first",
    Sort.OLDEST: "oldest first",
}
_IS = {"city": "written by the city", "resident": "written by somebody else than the city"}
_TYPE: Mapping[str, str] = {
    "post": "a post",
    "comment": "a comment",
    "reply": "an answer to a comment",
    "repost": "a repost",
    "story": "a story",
    "message": "a direct message",
    "profile": "a profile",
}
_HAS = {
    "image": "a picture",
    "video": "a video",
    "audio": "a sound recording",
    "file": "a file",
    "link": "a link",
    "alt-text": "a description of a picture",
}
_STATE = {
    "present": "still there when last looked for",
    "deleted": "confirmed to be gone from the platform",
    "hidden": "hidden on the platform",
    "missing": "not seen any more, for a reason that is not known",
    "edited": "edited since it was first said",
}


def explain(node: Node | None, request: SearchRequest, *, ignored: Sequence[str] = (), ordered: bool = True) -> str:
    """The sentence: what is searched for, where, when and in which order; what was left out of the search, if anything.

    Args:
        node: what is searched for, its accounts looked up.
        request: for filters and order.
        ignored: words that nothing is kept of (lone punctuation).
        ordered: say in which order as well.
    """
    says, others = _sorted(node)
    parts = [f"Everything that {_all_said(says)} in one version" if says else "Everything"]
    parts += [clause(each, request) for each in others]
    if request.account:
        parts.append(f"seen on {request.account}")
    if request.platform:
        parts.append(f"on {platform_title(request.platform)}")
    dates = _dates(request.date_from, request.date_to)
    if dates:
        parts.append(f"dated {dates} ({request.zone.key} time)")
    if request.messages:
        parts.append("direct messages among it")
    parts += request.limits.words
    if ordered:
        parts.append(_ORDER[order_of(node, request)])
    sentence = ", ".join(parts).replace("Everything, that ", "Everything that ", 1) + "."
    if ignored:
        left = joined([quoted(word) for word in ignored])
        sentence += f" {left} cannot be searched for and {'was' if len(ignored) == 1 else 'were'} left out."
    return sentence


def clause(node: Node, request: SearchRequest) -> str:
    """A part of a search in words, as it follows "Everything"."""
    match node:
        case Filter() | Dated():
            return _described(node, request)
        case Not(Filter() | Dated() as inner):
            return _described(inner, request, no="not ")
        case _ if not levels(node)[1]:
            return f"that {_all_said([node])}"
        case _:
            return f"that {_does(node, request)}"


def undated_note(count: int) -> str:
    """The sentence about items that only their missing date kept out; empty where there are none."""
    if not count:
        return ""
    return f" {count:,} more {'has' if count == 1 else 'have'} no date and {'was' if count == 1 else 'were'} left out."


def _described(asked: Filter | Dated, request: SearchRequest, no: str = "") -> str:
    """`seen on x`, `that is a post`, `with a picture`; with `no`, that it is not so."""
    match asked:
        case Filter(Field.TYPE, value):
            return f"that is {no}{_TYPE[value]}"
        case Filter(Field.HAS, value):
            return f"{'without' if no else 'with'} {_HAS[value]}"
        case _:
            return f"{no}{_field(asked, request)}"


def _does(node: Node, request: SearchRequest) -> str:
    """What a record does or is, as it follows "that": `says x`, `is on y`, `either says x or is on y`."""
    match node:
        case Or(parts):
            return f"either {joined([_inner(each, request) for each in parts], 'or')}"
        case And(parts):
            return joined([_inner(each, request) for each in parts])
        case Not(And() | Or() as part) if levels(part)[1]:
            return f"is nothing that {_does(part, request)}"
        case (Filter() | Dated() as asked) | Not(Filter() | Dated() as asked):
            no = "not " if isinstance(node, Not) else ""
            if isinstance(asked, Filter) and asked.field is Field.HAS:
                return f"has {f'no {_HAS[asked.value][2:]}' if no else _HAS[asked.value]}"
            if isinstance(asked, Filter) and asked.field is Field.TYPE:
                return f"is {no}{_TYPE[asked.value]}"
            return f"is {no}{_field(asked, request)}"
        case _:
            return _all_said([node])


def _inner(node: Node, request: SearchRequest) -> str:
    return f"({_does(node, request)})" if isinstance(node, And | Or) else _does(node, request)


def _sorted(node: Node | None) -> tuple[list[Node], list[Node]]:
    """What a version must say, and the rest."""
    says: list[Node] = []
    others: list[Node] = []
    for part in conjuncts(node):
        of_version, of_record = levels(part)
        plain = of_version and not of_record and not isinstance(part, Filter | Dated)
        field = isinstance(part, Not) and isinstance(part.part, Filter | Dated)
        (says if plain and not field else others).append(part)
    return says, others


def _all_said(nodes: Sequence[Node]) -> str:
    """`says a and b, and does not say c`."""
    wanted = [each for each in nodes if not isinstance(each, Not)]
    unwanted = [part for each in nodes if isinstance(each, Not) for part in _either(each.part)]
    parts = []
    if wanted:
        parts.append(f"says {joined([_bracketed(each) if len(wanted) > 1 else _words(each) for each in wanted])}")
    if unwanted:
        parts.append(f"does not say {joined([_bracketed(each) for each in unwanted], 'or')}")
    return " and ".join(parts)


def _either(node: Node) -> tuple[Node, ...]:
    return node.parts if isinstance(node, Or) else (node,)


def _words(node: Node) -> str:
    match node:
        case Word(text):
            return f"{quoted(text)} in any form"
        case Phrase(text, 0):
            return f"exactly {quoted(text)}"
        case Phrase(text, within):
            return f"the words {quoted(text)} in any order, {_apart(within)} among them"
        case Near(first, second, within):
            return f"{_words(first)} near {_words(second)}, {_apart(within)} between them"
        case Prefix(text):
            return f"a word that begins with {quoted(text)}"
        case Fuzzy(text):
            return f"a word spelt like {quoted(text)}"
        case Tag(text):
            return f"the hashtag #{text}"
        case Handle(text):
            return f"the handle @{text}"
        case Link(text):
            return f"the address {text} (or is the record there)"
        case Or(parts):
            return f"either {joined([_bracketed(each) for each in parts], 'or')}"
        case And(parts):
            return f"both {joined([_bracketed(each) for each in parts])}"
        case Not(part):
            return f"not {_bracketed(part)}"
        case Filter(Field.HAS, value):
            return f"something with {_HAS[value]}"
        case Dated(_, _, first, last):
            return f"something captured {_dates(first, last)}"
        case _:
            raise AssertionError(node)


def _bracketed(node: Node) -> str:
    return f"({_words(node)})" if isinstance(node, And | Or) else _words(node)


def _apart(within: int) -> str:
    return "no other word" if within == 0 else f"at most {within} other word{'' if within == 1 else 's'}"


def _field(asked: Filter | Dated, request: SearchRequest) -> str:
    if isinstance(asked, Dated):
        what = "dated" if asked.field is Field.DATE else "captured"
        return f"{what} {_dates(asked.first, asked.last)} ({request.zone.key} time)"
    value = asked.value
    match asked.field:
        case Field.ACCOUNT:
            return f"seen on {joined(asked.names or (value,), 'or')}"
        case Field.PLATFORM:
            return f"on {platform_title(asked.names[0] if asked.names else value)}"
        case Field.DEPARTMENT:
            return f"of the department {asked.names[0] if asked.names else value}"
        case Field.AUTHOR:
            return f"written by exactly {quoted(value[1:])}" if value.startswith("=") else f"written by {quoted(value)}"
        case Field.IS:
            return _IS[value]
        case Field.STATE:
            return _STATE[value]
        case Field.TAG:
            return f"tagged {quoted(asked.names[0] if asked.names else value)} by a clerk"
        case Field.REQUEST:
            return f"in the request {quoted(value)}"
        case Field.HOLD:
            return f"under the hold {quoted(value)}"
        case _:
            return f"at the address {value}"


def _dates(first: dt.date | None, last: dt.date | None) -> str:
    if first is not None and first == last:
        return f"on {calendar.day(first)}"
    parts = ([f"from {calendar.day(first)}"] if first else []) + ([f"through {calendar.day(last)}"] if last else [])
    return " ".join(parts)
