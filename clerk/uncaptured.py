"""What was not captured of what a search looked at: why nothing may have been found. A receipt of the search states the same."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any

from search.query.run import prepared
from search.receipts import scope, surroundings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Row

    from clerk.context import Clerk
    from search.query import SearchRequest

SHOWN = 20


@dataclasses.dataclass(frozen=True, slots=True)
class Late:
    """An account that should have been captured by now, and was not (`never`: not once), though no gap says so yet."""

    account: str
    since: dt.datetime
    never: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Uncaptured:
    """What touches the days and accounts of a search: the first gaps, as `archiver.gaps.listed` has them, and how many more there
    are; accounts that are late.
    """

    gaps: Sequence[Row[Any]]
    more: int
    late: Sequence[Late]


def uncaptured(clerk: Clerk, asked: SearchRequest) -> Uncaptured:
    """Look it up.

    Raises:
        QueryError, IndexUnavailableError, SearchError: as for a search.
    """
    ready = prepared(clerk.client, clerk.index, asked)
    begin, end = scope.moments(ready.node, ready.request)
    with clerk.archive.engine.connect() as connection:
        part = surroundings.part_of(connection, asked.limits, messages=ready.request.messages)
        looked_at = scope.looked_at(surroundings.register(connection, part), ready.node, ready.request)
        accounts = frozenset(each["id"] for each in looked_at)
        found = surroundings.touching(connection, begin, end, accounts, messages=part.messages, most=SHOWN)
        late = surroundings.overdue(clerk.archive, connection, end, frozenset(each["name"] for each in looked_at))
    return Uncaptured(
        found,
        found[0].matching - len(found) if found else 0,
        [Late(each["account"], dt.datetime.fromisoformat(each["since"]), each["never"]) for each in late],
    )
