"""How far the index is behind the archive, for every page that shows search results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from search import indices, shelves
from search.errors import SearchError

if TYPE_CHECKING:
    import datetime as dt

    from elasticsearch import Elasticsearch
    from sqlalchemy.engine import Connection, Engine

    from search.analysis import Capabilities

_OUTBOX = sa.text("select count(*) as waiting, clock_timestamp() - min(created_at) as age from outbox")
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


@dataclass(frozen=True, slots=True)
class Lag:
    """How far the index is behind.

    `waiting`: outbox rows; `oldest`: since when the oldest of them waits, None where none does. `problem`: why the index cannot
    be asked, None where it can.
    """

    waiting: int
    oldest: dt.timedelta | None
    problem: str | None

    @property
    def sentence(self) -> str:
        """What the page says: one sentence."""
        if self.problem is not None:
            return f"The index cannot be searched now; {self.waiting:,} {_changes(self.waiting)} for it."
        if not self.waiting or self.oldest is None:
            return "The index is up to date."
        return f"The index is {spoken(self.oldest)} and {self.waiting:,} changes behind.".replace(
            " 1 changes", " 1 change"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness(Lag):
    """How the index stands besides. `documents`, `messages` (those of the messages' own index) and `capabilities`: None where the
    index cannot be asked.
    """

    documents: int | None
    messages: int | None
    rebuilding: bool
    capabilities: Capabilities | None


def lag(connection: Connection, client: Elasticsearch, index: str, *, answered: bool) -> Lag:
    """Ask how far the index is behind, and no more. Elasticsearch being down is part of the answer, not an error.

    Args:
        connection: to the archive's database.
        client: from `search.client.client_for`.
        index: the alias.
        answered: whether it has just answered a search, and need not be asked whether it can.
    """
    row = connection.execute(_OUTBOX).one()
    problem = None
    if not answered:
        try:
            shelves.documents(client, shelves.shelves(index)[0])
        except SearchError as error:
            problem = str(error)
    return Lag(row.waiting, row.age, problem)


def freshness(engine: Engine, client: Elasticsearch, index: str) -> Freshness:
    """Ask how the index is in all. Elasticsearch being down is part of the answer, not an error."""
    with engine.connect() as connection:
        row = connection.execute(_OUTBOX).one()
    try:
        documents, messages = (shelves.documents(client, each) for each in shelves.shelves(index))
        can = indices.capabilities(client, index)
        rebuilding = any(indices.behind(client, indices.building_alias(each.alias)) for each in shelves.shelves(index))
    except SearchError as error:
        return Freshness(
            row.waiting, row.age, str(error), documents=None, messages=None, rebuilding=False, capabilities=None
        )
    return Freshness(
        row.waiting, row.age, None, documents=documents, messages=messages, rebuilding=rebuilding, capabilities=can
    )


def spoken(age: dt.timedelta) -> str:
    """A span of time in its largest unit: `3 minutes`."""
    seconds = max(int(age.total_seconds()), 0)
    for size, name in _UNITS:
        if seconds >= size:
            count = seconds // size
            return f"{count} {name}{'' if count == 1 else 's'}"
    return "less than a second"


def _changes(count: int) -> str:
    return "change waits" if count == 1 else "changes wait"
