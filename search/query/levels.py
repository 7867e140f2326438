"""What a query asks of one and the same version, and what of the record as a whole. Pure.

All that a query says holds of one version of a record: `old NOT new` finds a record of which one version says "old" and does not
say "new". What is asked of the record itself (its account, its state) is the same for all its versions. So a query is brought
into alternatives, of which each asks one thing of a version and some things of the record; there is a version that fulfils the
whole exactly where one of the alternatives finds its own.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archiver.i18n.translation import _
from search.errors import QueryError
from search.query.model import And, Dated, Field, Filter, Not, Or
from search.query.tree import simplified

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from search.query.model import Node

MAX_ALTERNATIVES = 64
_OF_A_VERSION = frozenset({Field.HAS, Field.CAPTURED})


@dataclass(frozen=True, slots=True)
class Alternative:
    """One way to fulfil a query: what one version must fulfil (None: nothing), and what the record must."""

    version: Node | None
    record: tuple[Node, ...]


def alternatives(node: Node | None) -> list[Alternative]:
    """The ways to fulfil a query; one that asks for nothing where there is none.

    Raises:
        QueryError: there are too many of them.
    """
    if node is None:
        return [Alternative(None, ())]
    of_version, of_record = levels(node)
    if not of_record:
        return [Alternative(node, ())]
    if not of_version:
        return [Alternative(None, (node,))]
    match node:
        case And(parts):
            return _all(parts)
        case Or(parts):
            return _any(parts)
        case Not(And(parts)):
            return _any([simplified(Not(each)) for each in parts])
        case Not(Or(parts)):
            return _all([simplified(Not(each)) for each in parts])
        case _:
            raise AssertionError(node)  # a leaf is of one level, and a NOT of a NOT is never left


def levels(node: Node) -> tuple[bool, bool]:
    """Whether a query asks something of a version, and whether of the record."""
    match node:
        case And(parts) | Or(parts):
            both = [levels(each) for each in parts]
            return any(version for version, _ in both), any(record for _, record in both)
        case Not(part):
            return levels(part)
        case Filter(field) | Dated(field):
            return field in _OF_A_VERSION, field not in _OF_A_VERSION
        case _:
            return True, False


def _all(parts: Sequence[Node]) -> list[Alternative]:
    ways = [alternatives(each) for each in _grouped(parts, And)]
    number = 1
    for each in ways:
        number *= len(each)
        _check(number)
    return [_together(each) for each in itertools.product(*ways)]


def _any(parts: Sequence[Node]) -> list[Alternative]:
    found = [way for each in _grouped(parts, Or) for way in alternatives(each)]
    _check(len(found))
    return found


def _grouped(parts: Iterable[Node], kind: type[And | Or]) -> list[Node]:
    """The parts, those of a version alone together, and those of the record alone."""
    version: list[Node] = []
    record: list[Node] = []
    mixed: list[Node] = []
    for part in parts:
        of_version, of_record = levels(part)
        (mixed if of_version and of_record else version if of_version else record).append(part)
    grouped = [each[0] if len(each) == 1 else kind(tuple(each)) for each in (version, record) if each]
    return [*grouped, *mixed]


def _together(ways: Sequence[Alternative]) -> Alternative:
    version = [each.version for each in ways if each.version is not None]
    joined = None if not version else version[0] if len(version) == 1 else And(tuple(version))
    return Alternative(joined, tuple(part for each in ways for part in each.record))


def _check(number: int) -> None:
    if number > MAX_ALTERNATIVES:
        raise QueryError(
            lambda: _(
                "This search joins too many alternatives of words and fields: search for some of them at a time, or take "
                "brackets out."
            )
        )
