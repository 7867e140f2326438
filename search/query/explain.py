"""A search in one sentence, in the language of the running task. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archiver.i18n.translation import _, marked, ngettext, pgettext
from search.query import fragments
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
from search.query.words import joined, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from search.query.model import Node, SearchRequest

_ORDER = {
    Sort.RELEVANCE: marked("best matches first"),
    Sort.NEWEST: marked("newest first"),
    Sort.OLDEST: marked("oldest first"),
}


def explain(node: Node | None, request: SearchRequest, *, ignored: Sequence[str] = (), ordered: bool = True) -> str:
    """The sentence: what is searched for, where, when and in which order; what was left out of the search, if anything.

    Args:
        node: what is searched for, its accounts looked up.
        request: for filters and order.
        ignored: words that nothing is kept of (lone punctuation).
        ordered: say in which order as well.
    """
    parts = [*_asked(node, request), *_within(request)]
    if ordered:
        parts.append(_(_ORDER[order_of(node, request)]))
    sentence = f"{', '.join(parts)}."
    if ignored:
        left_out = ngettext(
            "%(words)s cannot be searched for and was left out.",
            "%(words)s cannot be searched for and were left out.",
            len(ignored),
            words=joined([quoted(word) for word in ignored]),
        )
        sentence += f" {left_out}"
    return sentence


def clause(node: Node, request: SearchRequest) -> str:
    """A part of a search in words, as it follows "Everything"."""
    does = _after_that(node, request)
    return _beside(node, request) if does is None else _("that %(does)s", does=does)


def undated_note(count: int) -> str:
    """The sentence about items that only their missing date kept out, after a space; empty where there are none."""
    if not count:
        return ""
    note = ngettext("%(num)s more has no date and was left out.", "%(num)s more have no date and were left out.", count)
    return f" {note}"


def _asked(node: Node | None, request: SearchRequest) -> Iterator[str]:
    """`Everything that says x in one version`, and the other parts of what was typed."""
    says, others = _sorted(node)
    if says:
        yield _("Everything that %(does)s in one version", does=_all_said(says))
    elif others and (does := _after_that(others[0], request)) is not None:
        yield _("Everything that %(does)s", does=does)
        others = others[1:]
    else:
        yield _("Everything")
    for each in others:
        does = _after_that(each, request)
        # A relative clause that does not stand right behind what it is about.
        yield _beside(each, request) if does is None else pgettext("further on", "that %(does)s", does=does)


def _within(request: SearchRequest) -> Iterator[str]:
    """What the form and the limits of whoever asks add."""
    if request.account:
        yield fragments.on_account(request.account)
    if request.platform:
        yield fragments.on_platform(request.platform)
    if request.date_from or request.date_to:
        yield fragments.dated(request.date_from, request.date_to, request.zone)
    if request.messages:
        yield _("direct messages among it")
    yield from request.limits.words


def _after_that(node: Node, request: SearchRequest) -> str | None:
    """A part of a search as it follows "that"; None for one that is said beside: `seen on x`, `with a picture`."""
    match node:
        case Filter(Field.TYPE) | Not(Filter(Field.TYPE)):
            return _does(node, request)
        case Filter() | Dated() | Not(Filter() | Dated()):
            return None
        case _ if not levels(node)[1]:
            return _all_said([node])
        case _:
            return _does(node, request)


def _beside(node: Node, request: SearchRequest) -> str:
    match node:
        case Filter() | Dated():
            return fragments.beside(node, request.zone)
        case Not(Filter() | Dated() as denied):
            return fragments.beside(denied, request.zone, denied=True)
        case _:
            raise AssertionError(node)


def _does(node: Node, request: SearchRequest) -> str:
    """What a record does or is, as it follows "that": `says x`, `is on y`, `either says x or is on y`."""
    match node:
        case Or(parts):
            return _("either %(things)s", things=joined([_inner(each, request) for each in parts], "or"))
        case And(parts):
            return joined([_inner(each, request) for each in parts])
        case Not(And() | Or() as part) if levels(part)[1]:
            return _("is nothing that %(does)s", does=_does(part, request))
        case Filter() | Dated():
            return fragments.does(node, request.zone)
        case Not(Filter() | Dated() as denied):
            return fragments.does(denied, request.zone, denied=True)
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
    said = joined([_bracketed(each) if len(wanted) > 1 else _words(each) for each in wanted])
    not_said = joined([_bracketed(each) for each in unwanted], "nor")
    if not unwanted:
        return _("says %(words)s", words=said)
    if not wanted:
        return _("does not say %(words)s", words=not_said)
    return _("says %(words)s and does not say %(others)s", words=said, others=not_said)


def _either(node: Node) -> tuple[Node, ...]:
    return node.parts if isinstance(node, Or) else (node,)


def _words(node: Node) -> str:
    """What a version says, or does not: as it follows "says"."""
    match node:
        case Word(text):
            return _("%(word)s in any form", word=quoted(text))
        case Phrase(text, 0):
            return _("exactly %(phrase)s", phrase=quoted(text))
        case Phrase(text, within):
            return ngettext(
                "the words %(words)s in any order, at most %(num)s other word among them",
                "the words %(words)s in any order, at most %(num)s other words among them",
                within,
                words=quoted(text),
            )
        case Near():
            return _near(node)
        case Prefix(text):
            return _("a word that begins with %(letters)s", letters=quoted(text))
        case Fuzzy(text):
            return _("a word spelt like %(word)s", word=quoted(text))
        case Tag(text):
            return _("the hashtag #%(tag)s", tag=text)
        case Handle(text):
            return _("the handle @%(handle)s", handle=text)
        case Link(text):
            return _("the address %(address)s (or is the record there)", address=text)
        case Or(parts):
            return pgettext("of words", "either %(things)s", things=joined([_bracketed(each) for each in parts], "or"))
        case And(parts):
            return _("both %(things)s", things=joined([_bracketed(each) for each in parts]))
        case Not(part):
            return _("not %(words)s", words=_bracketed(part))
        case Filter(Field.HAS):
            return _("something %(described)s", described=fragments.having(node.value))
        case Dated(_dated, _typed, first, last):
            return _("something captured %(days)s", days=fragments.within(Field.CAPTURED, first, last))
        case _:
            raise AssertionError(node)


def _near(near: Near) -> str:
    sides = {"first": _words(near.first), "second": _words(near.second)}
    if near.within == 0:
        return _("%(first)s near %(second)s, no other word between them", **sides)
    return ngettext(
        "%(first)s near %(second)s, at most %(num)s other word between them",
        "%(first)s near %(second)s, at most %(num)s other words between them",
        near.within,
        **sides,
    )


def _bracketed(node: Node) -> str:
    return f"({_words(node)})" if isinstance(node, And | Or) else _words(node)
