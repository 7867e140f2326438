"""What can be done with a query's tree whatever it asks. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from search.query.model import And, Not, Or

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from search.query.model import Leaf, Node


def leaves(node: Node | None) -> Iterator[Leaf]:
    """The words, phrases, marks and fields of a query, from left to right."""
    match node:
        case None:
            return
        case And(parts) | Or(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)
        case leaf:
            yield leaf


def wanted(node: Node | None) -> Iterator[Leaf]:
    """The leaves that are asked for, and not left out."""
    match node:
        case None | Not():
            return
        case And(parts) | Or(parts):
            for part in parts:
                yield from wanted(part)
        case leaf:
            yield leaf


def conjuncts(node: Node | None) -> tuple[Node, ...]:
    """What must all be true: the parts that can be taken away by themselves."""
    match node:
        case None:
            return ()
        case And(parts):
            return parts
        case other:
            return (other,)


def together(parts: Sequence[Node]) -> Node | None:
    """All of the parts; None for none."""
    return _joined(And, parts) if parts else None


def simplified(node: Node) -> Node:
    """The same without brackets that mean nothing, without doubles, and without a NOT of a NOT."""
    match node:
        case And(parts):
            return _joined(And, parts)
        case Or(parts):
            return _joined(Or, parts)
        case Not(part):
            inner = simplified(part)
            return inner.part if isinstance(inner, Not) else Not(inner)
        case leaf:
            return leaf


def _joined(kind: type[And | Or], parts: Sequence[Node]) -> Node:
    flat: list[Node] = []
    for part in map(simplified, parts):
        flat += part.parts if isinstance(part, kind) else (part,)
    unique = tuple(dict.fromkeys(flat))
    return unique[0] if len(unique) == 1 else kind(unique)
