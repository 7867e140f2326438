"""How far the index is behind the archive, for every page that shows search results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from search import indices, shelves
from search.analysis import Capabilities
from search.errors import SearchError

if TYPE_CHECKING:
    import datetime as dt

    from elasticsearch import Elasticsearch
    from sqlalchemy.engine import Engine

_OUTBOX = sa.text("select count(*) as waiting, clock_timestamp() - min(created_at) as age from outbox")
_UNTIL_THEN = "until then what is new in the archive is not found, and who sees a part of it may find nothing"
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


@dataclass(frozen=True, slots=True)
class Freshness:
    """How the index stands.

    `waiting`: outbox rows; `oldest`: since when the oldest of them waits, None where none does. `documents`, `messages` (those
    of the messages' own index) and `capabilities`: None where the index cannot be asked, and then `problem` says why.
    """

    waiting: int
    oldest: dt.timedelta | None
    documents: int | None
    messages: int | None
    rebuilding: bool
    outdated: bool
    capabilities: Capabilities | None
    problem: str | None

    @property
    def sentence(self) -> str:
        """What the page says: one sentence, and another where the index is of an earlier version and behind as well."""
        if self.problem is not None:
            return f"The index cannot be searched now; {self.waiting:,} {_changes(self.waiting)} for it."
        if self.outdated:
            mended = "is being rebuilt now" if self.rebuilding else "is rebuilt by the next nightly run"
            also = f" {behind(self.waiting, self.oldest)}" if self.waiting else ""
            return f"The index is of an earlier version and {mended}: {_UNTIL_THEN}.{also}"
        return behind(self.waiting, self.oldest)


def freshness(engine: Engine, client: Elasticsearch, index: str) -> Freshness:
    """Ask how far the index is. Elasticsearch being down is part of the answer, not an error."""
    with engine.connect() as connection:
        row = connection.execute(_OUTBOX).one()
    try:
        documents, messages = (shelves.documents(client, each) for each in shelves.shelves(index))
        meta = indices.meta(client, index)
        rebuilding = any(indices.behind(client, indices.building_alias(each.alias)) for each in shelves.shelves(index))
    except SearchError as error:
        return Freshness(row.waiting, row.age, None, None, False, False, None, str(error))
    can, outdated = Capabilities.from_json(meta["capabilities"]), indices.is_of_earlier_version(meta)
    return Freshness(row.waiting, row.age, documents, messages, rebuilding, outdated, can, None)


def behind(waiting: int, oldest: dt.timedelta | None) -> str:
    """How far the index is, in one sentence: so many changes wait, the oldest for so long."""
    if not waiting or oldest is None:
        return "The index is up to date."
    return f"The index is {spoken(oldest)} and {waiting:,} changes behind.".replace(" 1 changes", " 1 change")


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
