"""How far the index is behind the archive, for every page that shows search results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver.i18n.languages import ENGLISH, speaking
from archiver.i18n.translation import _, ngettext
from archiver.records.through import SEEN, parameters
from search import indices, shelves
from search.analysis import Capabilities
from search.errors import SearchError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection

    from elasticsearch import Elasticsearch
    from sqlalchemy.engine import Connection, Engine, Row

_WAITING = """
    select count(*) as waiting, min(o.created_at) as since, clock_timestamp() - min(o.created_at) as age from outbox o
"""
_OUTBOX = sa.text(_WAITING)
# Item by item: the outbox is all but empty most of the time and was full before, and the planner, told of neither, would
# rather read every item there is.
_OUTBOX_IN_PART = sa.text(f"""
    {_WAITING} cross join lateral (select from items i where i.id = o.item_id and {SEEN} limit 1) seen
""")
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


@dataclass(frozen=True, slots=True)
class Lag:
    """How far the index is behind.

    `waiting`: outbox rows, of what whoever asks may see; `oldest`: since when the oldest of them waits, None where none does.
    `outdated`: whether it is of an earlier version; `rebuilding`: whether another is being built, which is asked where that
    matters. `problem`: why the index cannot be asked, None where it can.
    """

    waiting: int
    oldest: dt.timedelta | None
    rebuilding: bool
    outdated: bool
    problem: str | None

    @property
    def sentence(self) -> str:
        """What the page says: one sentence, and another where the index is of an earlier version and behind as well."""
        if self.problem is not None:
            return ngettext(
                "The index cannot be searched now; %(num)s change waits for it.",
                "The index cannot be searched now; %(num)s changes wait for it.",
                self.waiting,
            )
        if self.outdated:
            return _outdated(rebuilding=self.rebuilding) + (
                f" {_behind(self.waiting, self.oldest)}" if self.waiting else ""
            )
        return _behind(self.waiting, self.oldest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness(Lag):
    """How the index stands besides. `documents`, `messages` (those of the messages' own index) and `capabilities`: None where the
    index cannot be asked.
    """

    documents: int | None = None
    messages: int | None = None
    capabilities: Capabilities | None = None


def waiting(connection: Connection, accounts: Collection[int] | None, *, messages: bool) -> Row[Any]:
    """How many changes wait for the index (`waiting`), since when the oldest does (`since`) and for how long that is (`age`), of
    what somebody may see.

    Args:
        connection: to the archive's database.
        accounts: the row ids of the accounts that they see; None: all.
        messages: whether they may see direct messages.
    """
    if accounts is None and messages:
        return connection.execute(_OUTBOX).one()
    return connection.execute(_OUTBOX_IN_PART, {"messages": messages, **parameters(accounts)}).one()


def lag(
    connection: Connection,
    client: Elasticsearch,
    index: str,
    *,
    answered: bool,
    accounts: Collection[int] | None,
    messages: bool,
) -> Lag:
    """Ask how far the index is behind, and no more. Elasticsearch being down is part of the answer, not an error.

    Args:
        connection: to the archive's database.
        client: from `search.client.client_for`.
        index: the alias.
        answered: whether it has just answered a search, and need not be asked whether it can.
        accounts: of which accounts (row ids) changes are counted; None: of all.
        messages: whether those of direct messages are.
    """
    row = waiting(connection, accounts, messages=messages)
    try:
        if not answered:
            shelves.documents(client, shelves.shelves(index)[0])
        outdated = indices.is_of_earlier_version(indices.meta(client, index))
        rebuilding = outdated and _is_rebuilding(client, index)
    except SearchError as error:
        return Lag(row.waiting, row.age, rebuilding=False, outdated=False, problem=str(error))
    return Lag(row.waiting, row.age, rebuilding, outdated, None)


def freshness(
    engine: Engine,
    client: Elasticsearch,
    index: str,
    *,
    accounts: Collection[int] | None = None,
    messages: bool = True,
) -> Freshness:
    """Ask how the index is in all. Elasticsearch being down is part of the answer, not an error. As `lag` otherwise."""
    with engine.connect() as connection:
        row = waiting(connection, accounts, messages=messages)
    try:
        documents, letters = (shelves.documents(client, each) for each in shelves.shelves(index))
        meta = indices.meta(client, index)
        rebuilding = _is_rebuilding(client, index)
    except SearchError as error:
        return Freshness(row.waiting, row.age, rebuilding=False, outdated=False, problem=str(error))
    can, outdated = Capabilities.from_json(meta["capabilities"]), indices.is_of_earlier_version(meta)
    return Freshness(
        row.waiting, row.age, rebuilding, outdated, None, documents=documents, messages=letters, capabilities=can
    )


def _is_rebuilding(client: Elasticsearch, index: str) -> bool:
    return any(indices.behind(client, indices.building_alias(each.alias)) for each in shelves.shelves(index))


def behind(waiting: int, oldest: dt.timedelta | None) -> str:
    """How far the index is, in one English sentence, to be kept: so many changes wait, the oldest for so long."""
    with speaking(ENGLISH):
        return _behind(waiting, oldest)


def _behind(waiting: int, oldest: dt.timedelta | None) -> str:
    if not waiting or oldest is None:
        return _("The index is up to date.")
    return ngettext(
        "The index is %(age)s and %(num)s change behind.",
        "The index is %(age)s and %(num)s changes behind.",
        waiting,
        age=spoken(oldest),
    )


def _outdated(*, rebuilding: bool) -> str:
    if rebuilding:
        return _(
            "The index is of an earlier version and is being rebuilt now: until then what is new in the archive is not found, "
            "and who sees a part of it may find nothing."
        )
    return _(
        "The index is of an earlier version and is rebuilt by the next nightly run: until then what is new in the archive is not "
        "found, and who sees a part of it may find nothing."
    )


def spoken(age: dt.timedelta) -> str:
    """A span of time in its largest unit: `3 minutes`."""
    seconds = max(int(age.total_seconds()), 0)
    if seconds >= _DAY:
        return ngettext("%(num)s day", "%(num)s days", seconds // _DAY)
    if seconds >= _HOUR:
        return ngettext("%(num)s hour", "%(num)s hours", seconds // _HOUR)
    if seconds >= _MINUTE:
        return ngettext("%(num)s minute", "%(num)s minutes", seconds // _MINUTE)
    if seconds:
        return ngettext("%(num)s second", "%(num)s seconds", seconds)
    return _("less than a second")
