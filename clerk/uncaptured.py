"""What was not captured of what a search looked at: why nothing may have been found. A receipt of the search states the same."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING

from search.query.run import prepared
from search.receipts import surroundings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clerk.context import Clerk
    from search.query import SearchRequest


@dataclasses.dataclass(frozen=True, slots=True)
class Window:
    """A time in which an account, or one stream of it, was not captured whole. `until` is None where it still is not."""

    account: str
    stream: str | None
    since: dt.datetime
    until: dt.datetime | None
    reason: str


@dataclasses.dataclass(frozen=True, slots=True)
class Late:
    """An account that should have been captured by now, and was not (`never`: not once), though no gap says so yet."""

    account: str
    since: dt.datetime
    never: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Uncaptured:
    """All that touches the days and accounts of a search; the gaps that are open first, then the latest."""

    gaps: Sequence[Window] = ()
    late: Sequence[Late] = ()


def uncaptured(clerk: Clerk, asked: SearchRequest) -> Uncaptured:
    """Look it up.

    Raises:
        QueryError, IndexUnavailableError, SearchError: as for a search.
    """
    ready = prepared(clerk.client, clerk.index, asked)
    with clerk.archive.engine.connect() as connection:
        # Whoever may read direct messages is told of their gaps as well, whether these were searched or not.
        part = surroundings.part_of(connection, asked.limits, messages=asked.limits.messages)
        register = surroundings.register(connection, part)
        missing = surroundings.uncaptured(clerk.archive, connection, ready, register, part)
    return Uncaptured(
        [
            Window(each["account"], each["stream"], _moment(each["from"]), _ended(each["to"]), each["reason"])
            for each in missing["gaps"]
        ],
        [Late(each["account"], _moment(each["since"]), each["never"]) for each in missing["overdue"]],
    )


def _moment(written: str) -> dt.datetime:
    return dt.datetime.fromisoformat(written)


def _ended(written: str | None) -> dt.datetime | None:
    return None if written is None else _moment(written)
