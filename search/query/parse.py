"""From what was typed to a tree, and back. Pure.

Words, joined by AND; `OR`, `NOT` or `-`, brackets; "exact phrases", `"two words"~5`, `one NEAR/5 two`; `begin*`, `spelt~`; #tags,
@handles, links; fields, as `account:parks`. AND binds closer than OR. What cannot be understood is refused in a sentence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import lark

from archiver.i18n.translation import _
from search.errors import QueryError
from search.query.lexer import Piece, pieces
from search.query.model import And, Dated, Filter, Fuzzy, Handle, Leaf, Link, Near, Not, Or, Phrase, Prefix, Tag, Word
from search.query.tree import leaves, simplified
from search.query.words import plain_or_quoted, quoted
from search.text import composed

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from search.query.model import Node

MAX_LENGTH = 4000
MAX_LEAVES = 100
MAX_DEPTH = 20


class _Pieces(lark.lexer.Lexer):
    """Hands lark the pieces that were cut already."""

    def __init__(self, _configuration: Any) -> None:
        """Take the configuration that lark gives, and need none of it."""

    def lex(self, data: Sequence[Piece]) -> Iterator[lark.Token]:  # type: ignore[override] # takes pieces, not a text
        """One token for each piece; its place among them stands for its position."""
        for place, piece in enumerate(data):
            token = lark.Token(piece.kind, piece.typed, start_pos=place)
            token.value = piece.value
            yield token


_PARSER = lark.Lark(
    """
    start: any
    any: all (OR all)*
    all: single (AND? single)*
    single: NOT single | near | atom
    near: TERM NEAR TERM
    atom: TERM | FILTER | OPEN any CLOSE
    %declare TERM FILTER OR AND NOT NEAR OPEN CLOSE
    """,
    parser="lalr",
    lexer=_Pieces,
)


def parse(text: str, today: dt.date | None = None) -> Node | None:
    """The tree of a query; None for an empty one, which finds everything.

    Args:
        text: what was typed.
        today: the day that "yesterday" goes by; without it, relative days are refused.

    Raises:
        QueryError: a sentence that says what is wrong and what to do.
    """
    if len(text) > MAX_LENGTH:
        raise QueryError(
            lambda: _(
                "A search can be %(most)s characters long, and this one has %(number)s: shorten it.",
                most=f"{MAX_LENGTH:,}",
                number=f"{len(text):,}",
            )
        )
    found = pieces(composed(text), today)
    if not found:
        if text.strip():
            raise QueryError(lambda: _("There is no word to search for in %(typed)s.", typed=quoted(text.strip())))
        return None
    _check_depth(found)
    try:
        tree = _PARSER.parse(found)
    except lark.UnexpectedInput as error:
        raise _problem(found, error) from None
    node = simplified(_node(tree.children[0]))
    number = sum(1 for _ in leaves(node))
    if number > MAX_LEAVES:
        raise QueryError(
            lambda: _(
                "A search can have %(most)s words, and this one has %(number)s: take some out.",
                most=MAX_LEAVES,
                number=number,
            )
        )
    return node


def render(node: Node | None) -> str:
    """A tree as it would be typed: `parse(render(node)) == node`."""
    match node:
        case None:
            return ""
        case And(parts):
            return " ".join(f"({render(each)})" if isinstance(each, Or) else render(each) for each in parts)
        case Or(parts):
            return " OR ".join(render(each) for each in parts)
        case Not(part):
            return f"NOT ({render(part)})" if isinstance(part, And | Or) else f"NOT {render(part)}"
        case leaf:
            return _rendered(leaf)


def _rendered(leaf: Leaf) -> str:
    match leaf:
        case Phrase(text, within):
            return f'"{text}"' + (f"~{within}" if within else "")
        case Near(first, second, within):
            return f"{_rendered(first)} NEAR/{within} {_rendered(second)}"
        case Prefix(text):
            return f"{text}*"
        case Fuzzy(text):
            return f"{text}~"
        case Tag(text):
            return f"#{text}"
        case Handle(text):
            return f"@{text}"
        case Word(text) | Link(text):
            return text
        case Filter(field, value) | Dated(field, value):
            return f"{field}:{plain_or_quoted(value)}"


def _node(tree: Any) -> Node:
    """The node of a piece of lark's tree."""
    if isinstance(tree, lark.Token):
        value: Leaf = tree.value
        return value
    children = [each for each in tree.children if not (isinstance(each, lark.Token) and each.type in _SIGNS)]
    match tree.data:
        case "any" if len(children) > 1:
            return Or(tuple(map(_node, children)))
        case "all" if len(children) > 1:
            return And(tuple(map(_node, children)))
        case "single" if isinstance(tree.children[0], lark.Token):
            return Not(_node(children[0]))
        case "near":
            return _near(*tree.children)
        case _:
            return _node(children[0])


_SIGNS = frozenset({"OR", "AND", "NOT", "OPEN", "CLOSE"})


def _near(first: lark.Token, sign: lark.Token, second: lark.Token) -> Near:
    sides = (first.value, second.value)
    if not all(isinstance(each, Word | Phrase) for each in sides):
        raise _one_sided(str(sign))
    return Near(first.value, second.value, sign.value)


def _check_depth(found: Sequence[Piece]) -> None:
    depth = deepest = 0
    for piece in found:
        depth += (piece.kind == "OPEN") - (piece.kind == "CLOSE")
        deepest = max(deepest, depth)
    if deepest > MAX_DEPTH:
        raise QueryError(
            lambda: _(
                "A search can have brackets in brackets %(most)s deep, and this one has %(number)s: take some out.",
                most=MAX_DEPTH,
                number=deepest,
            )
        )


def _one_sided(near: str) -> QueryError:
    return QueryError(lambda: _("%(typed)s wants a word or a phrase on either side.", typed=quoted(near)))


def _problem(found: Sequence[Piece], error: lark.UnexpectedInput) -> QueryError:
    """The sentence about a piece that cannot stand where it does. `error` names its place among the pieces, or the end."""
    token = getattr(error, "token", None)
    place = token.start_pos if token is not None and token.type != "$END" else len(found)
    place = len(found) if place is None else place
    before = found[place - 1] if 0 < place <= len(found) else None
    here = found[place] if place < len(found) else None
    for piece in (here, before):
        if piece is not None and piece.kind == "NEAR":
            return _one_sided(piece.typed)
    if here is not None and here.kind == "CLOSE" and before is not None and before.kind == "OPEN":
        return QueryError(
            lambda: _("There is nothing in the brackets: write what to search for between them, or take them out.")
        )
    for piece in (here, before):
        if piece is not None and piece.kind in {"OR", "AND"}:
            return _nothing_beside(piece.kind)
    if before is not None and before.kind == "NOT":
        typed = quoted(before.typed)
        return QueryError(
            lambda: _(
                "%(typed)s wants what is to be left out behind it: write it, or put %(typed)s in quotation marks.",
                typed=typed,
            )
        )
    return QueryError(
        lambda: _("This search cannot be understood: take the operators out, and put them back one by one.")
    )


def _nothing_beside(operator: str) -> QueryError:
    return QueryError(
        lambda: _(
            "%(operator)s wants something on either side: complete it, or put %(quoted)s in quotation marks to search for the "
            "word.",
            operator=operator,
            quoted=quoted(operator),
        )
    )
