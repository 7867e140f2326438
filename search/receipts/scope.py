"""What of the archive a search looks at, and what its answer hangs on. Pure."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from search.query.dates import span
from search.query.model import Dated, Field, Filter
from search.query.tree import conjuncts, leaves

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping
    from typing import Any

    from search.query.model import Node, SearchRequest


class On(enum.Enum):
    """Something that may change about a record, or in the register, and with it whether a search finds the record."""

    VERSIONS = enum.auto()
    """What its versions say."""
    LATEST = enum.auto()
    """What its latest version says of the record as a whole: its author, its date, that it was edited."""
    STATE = enum.auto()
    PLACES = enum.auto()
    """Through which accounts it was seen."""
    REGISTER = enum.auto()
    """Which accounts are the city's, and what they are called."""
    TAGS = enum.auto()
    """Which tags clerks have put on it."""


_FIELDS: Mapping[Field, frozenset[On]] = {
    Field.ACCOUNT: frozenset({On.PLACES, On.REGISTER}),
    Field.DEPARTMENT: frozenset({On.PLACES, On.REGISTER}),
    Field.PLATFORM: frozenset(),
    Field.AUTHOR: frozenset({On.LATEST}),
    Field.IS: frozenset({On.LATEST, On.REGISTER}),
    Field.TYPE: frozenset(),
    Field.HAS: frozenset({On.VERSIONS}),
    Field.STATE: frozenset({On.STATE}),
    Field.DATE: frozenset({On.LATEST}),
    Field.CAPTURED: frozenset({On.VERSIONS}),
    Field.TAG: frozenset({On.TAGS}),
    Field.ADDRESS: frozenset(),
}
_BY_DEFINITION = frozenset({Field.AUTHOR, Field.HAS, Field.STATE})


def hangs_on(node: Node | None, request: SearchRequest) -> frozenset[On]:
    """What a search's answer hangs on, besides which records there are."""
    found: set[On] = set()
    for leaf in leaves(node):
        match leaf:
            case Filter(Field.STATE, "edited"):
                found.add(On.LATEST)
            case Filter(field) | Dated(field):
                found |= _FIELDS.get(field, frozenset())
            case _:
                found.add(On.VERSIONS)
    if request.account or request.account_id or request.limits.accounts is not None:
        found.add(On.PLACES)
    if request.date_from or request.date_to:
        found.add(On.LATEST)
    return frozenset(found)


def days(node: Node | None, request: SearchRequest) -> tuple[dt.date | None, dt.date | None]:
    """The span of days that all that is found must be dated in, both included; None is an open end."""
    dated = [each for each in conjuncts(node) if isinstance(each, Dated) and each.field is Field.DATE]
    firsts = [each for each in (request.date_from, *(one.first for one in dated)) if each is not None]
    lasts = [each for each in (request.date_to, *(one.last for one in dated)) if each is not None]
    return max(firsts, default=None), min(lasts, default=None)


def moments(node: Node | None, request: SearchRequest) -> tuple[dt.datetime | None, dt.datetime | None]:
    """The same as moments, from one to before the other. Spans that have no day in common leave none: of those it is the later
    one's first day.
    """
    first, last = days(node, request)
    return span(first, first if first is not None and last is not None and first > last else last, request.zone)


def hangs_on_definition(node: Node | None) -> bool:
    """Whether what a search finds hangs on how the index is made of what the archive holds, besides what it holds: how words and
    names are taken apart, what counts as coming with a record, which state several accounts' findings make together. An account,
    a day is compared as it is.
    """
    return any(
        not isinstance(leaf, Filter | Dated) or (isinstance(leaf, Filter) and leaf.field in _BY_DEFINITION)
        for leaf in leaves(node)
    )


def looked_at(
    register: Iterable[Mapping[str, Any]], node: Node | None, request: SearchRequest
) -> list[Mapping[str, Any]]:
    """The accounts of the register that what is found may have been seen through."""
    wanted = [each for each in conjuncts(node) if isinstance(each, Filter)]
    return [
        account
        for account in register
        if (request.platform is None or request.platform.lower() == account["platform"])
        and (request.account_id is None or str(request.account_id) == account["id"])
        and all(_may_be(each, account) for each in wanted)
    ]


def _may_be(asked: Filter, account: Mapping[str, Any]) -> bool:
    match asked.field:
        case Field.ACCOUNT:
            return account["id"] in asked.ids
        case Field.DEPARTMENT:
            return bool(account["department"] == (asked.names[0] if asked.names else asked.value))
        case Field.PLATFORM:
            return bool(account["platform"] == (asked.names[0] if asked.names else asked.value))
        case _:
            return True
