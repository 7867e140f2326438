"""How the archive, its index and its register stand when a receipt is made, as JSON values."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver import __version__, gaps
from archiver.custody import nodes, roots
from archiver.custody.log import waiting
from archiver.i18n.translation import _
from archiver.platforms import PLATFORMS
from archiver.records.through import CAME_THROUGH, parameters
from search import freshness, indices
from search.errors import translated
from search.query import compile as compiler
from search.query.run import searched_in
from search.receipts import scope
from search.receipts.model import ReceiptError

if TYPE_CHECKING:
    import datetime as dt
    import uuid
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from elasticsearch import Elasticsearch
    from sqlalchemy.engine import Connection, Row

    from archiver.archive import Archive
    from search.query.model import Limits, SearchRequest
    from search.query.run import Prepared

_AT_ONCE = 5_000
_EVERY = 10**9
_HELD = sa.text("""
    with private as (select id from items where kind = 'message' and not :messages)
    select (select count(*) from items) - (select count(*) from private) as items,
           (select count(*) from versions)
           - (select count(*) from private p join versions v on v.item_id = p.id) as versions
""")
_HELD_IN_PART = sa.text(f"""
    select count(*) as items, coalesce(sum(said.versions), 0)::bigint as versions
    from items i cross join lateral (select count(*) as versions from versions v where v.item_id = i.id) said
    where (:messages or i.kind <> 'message') and {CAME_THROUGH}
""")  # noqa: S608 - a condition of our own
_WAITING = sa.text(f"""
    select o.item_id, i.public_id, max(o.revision) as revision
    from outbox o join items i on i.id = o.item_id where (:messages or i.kind <> 'message') and {CAME_THROUGH}
    group by o.item_id, i.public_id order by o.item_id
""")  # noqa: S608 - as above
_ACCOUNTS = sa.text("""
    select a.id, a.public_id::text as id_shown, a.platform, a.namespace, a.handle, a.platform_id, a.department, a.status,
           a.created_at
    from accounts a order by a.platform, a.handle
""")
_STREAMS = sa.text("""
    select account_id, kind, state, last_complete_at from streams
    where kind <> 'lists' and (:messages or kind <> 'messages') order by account_id, kind
""")


@dataclasses.dataclass(frozen=True, slots=True)
class Part:
    """The part of the archive that a search looks at.

    `accounts`, `public_ids`: the accounts that a record must have come through one of, by either id; None: any.
    """

    accounts: Collection[int] | None = None
    public_ids: frozenset[str] | None = None
    messages: bool = False

    @property
    def parameters(self) -> dict[str, Any]:
        """What the statements of this module want."""
        return {"messages": self.messages, **parameters(self.accounts)}


def part_of(connection: Connection, limits: Limits, *, messages: bool) -> Part:
    """The part that a search under these limits looks at; `messages`: direct messages as well."""
    if limits.accounts is None:
        return Part(messages=messages)
    public_ids = frozenset(limits.accounts)
    accounts = [row.id for row in connection.execute(_ACCOUNTS) if row.id_shown in public_ids]
    return Part(accounts, public_ids, messages)


def archive_state(archive: Archive, connection: Connection, part: Part) -> dict[str, Any]:
    """What the archive holds of that part, and its log: size, root, the last root that was signed.

    Raises:
        ReceiptError: the log lacks what it must have.
    """
    try:
        head = nodes.head(connection)
    except nodes.LogDamaged as error:
        why = str(error)
        raise ReceiptError(lambda: _("No receipt was made: %(why)s.", why=why)) from error
    signed = roots.last(connection)
    return {
        "city": archive.settings.city,
        "program": __version__,
        **held(connection, part),
        "log": {
            "size": head.size,
            "root": head.root.hex(),
            "waiting": waiting(connection),
            "signed": None if signed is None else {name: signed[name] for name in ("size", "root", "time")},
        },
    }


def held(connection: Connection, part: Part) -> dict[str, int]:
    """How many records and versions the archive holds of that part."""
    found = connection.execute(_HELD if part.accounts is None else _HELD_IN_PART, part.parameters).one()
    return {"items": found.items, "versions": found.versions}


def register(connection: Connection, part: Part) -> list[dict[str, Any]]:
    """Every account of the register that is in the part, and when each of its streams was last captured whole."""
    streams: dict[int, list[dict[str, Any]]] = {}
    for row in connection.execute(_STREAMS, {"messages": part.messages}):
        streams.setdefault(row.account_id, []).append(
            {"stream": row.kind, "state": row.state, "last_complete": when(row.last_complete_at)}
        )
    return [
        {
            "id": row.id_shown,
            "name": f"{row.platform}:{row.handle}",
            "platform": row.platform,
            "namespace": row.namespace,
            "platform_id": row.platform_id,
            "department": row.department,
            "status": row.status,
            "since": when(row.created_at),
            "streams": streams.get(row.id, []),
        }
        for row in connection.execute(_ACCOUNTS)
        if part.public_ids is None or row.id_shown in part.public_ids
    ]


def touching(
    connection: Connection,
    begin: dt.datetime | None,
    end: dt.datetime | None,
    accounts: frozenset[str],
    *,
    messages: bool,
    most: int = _EVERY,
) -> Sequence[Row[Any]]:
    """The gaps of these accounts (public ids) that touch the span from `begin` to before `end`; None is an open end.

    Those of direct messages only where these are searched; never those of lists of accounts, of which nothing is found.
    """
    return gaps.listed(connection, among=accounts, since=begin, until=end, messages=messages, lists=False, most=most)


def known_gaps(
    connection: Connection,
    begin: dt.datetime | None,
    end: dt.datetime | None,
    accounts: frozenset[str],
    *,
    messages: bool,
) -> list[dict[str, Any]]:
    """The same, all of them, as a receipt has them."""
    return [
        {
            "account": row.account,
            "stream": row.stream,
            "from": when(row.opened_at),
            "to": when(row.closed_at),
            "cause": row.cause,
            "reason": row.reason,
        }
        for row in touching(connection, begin, end, accounts, messages=messages)
    ]


def uncaptured(
    archive: Archive, connection: Connection, ready: Prepared, register: Sequence[Mapping[str, Any]], part: Part
) -> dict[str, list[dict[str, Any]]]:
    """What was not captured of what a search looks at: `gaps` that touch its days and accounts, and accounts that are `overdue`.

    Args:
        archive: for its clock, and after how long an account is overdue.
        connection: to its database.
        ready: the search.
        register: from `register`.
        part: what the search looks at.
    """
    looked_at = scope.looked_at(register, ready.node, ready.request)
    begin, end = scope.moments(ready.node, ready.request)
    accounts = frozenset(str(each["id"]) for each in looked_at)
    return {
        "gaps": known_gaps(connection, begin, end, accounts, messages=part.messages),
        "overdue": overdue(archive, connection, end, frozenset(str(each["name"]) for each in looked_at)),
    }


def overdue(
    archive: Archive, connection: Connection, end: dt.datetime | None, accounts: frozenset[str]
) -> list[dict[str, Any]]:
    """Those of the accounts (names) that should have been captured by now, and were not since before `end`; no gap says so."""
    allowed = timedelta(hours=archive.settings.gap_hours)
    found = gaps.overdue(connection, list(PLATFORMS), archive.now(), allowed)
    return [
        {"account": each.account, "since": when(each.since), "never": each.never}
        for each in found
        if each.account in accounts and (end is None or each.since < end)
    ]


def outbox(connection: Connection, part: Part) -> dict[str, Any]:
    """How far the index is behind the archive: how many changes wait, and since when the oldest does."""
    row = freshness.waiting(connection, part.accounts, messages=part.messages)
    return {"waiting": row.waiting, "since": when(row.since), "sentence": freshness.behind(row.waiting, row.age)}


def waiting_items(connection: Connection, part: Part) -> Iterator[tuple[int, uuid.UUID, int]]:
    """The records of which a change waits for the index, with its revision, in the order of their ids; as a stream."""
    streaming = connection.execution_options(stream_results=True, yield_per=_AT_ONCE)
    for row in streaming.execute(_WAITING, part.parameters):
        yield row.item_id, row.public_id, row.revision


def refresh(client: Elasticsearch, index: str) -> None:
    """Let everything be found that was written into an index, or several with commas, until now.

    Raises:
        IndexUnavailableError, SearchError: as for a search.
    """
    with translated(f"refreshing {index}"):
        client.indices.refresh(index=index)


def lacking(held: Mapping[str, Any], state: Mapping[str, Any], waits: Mapping[str, Any]) -> int:
    """How many records at the least the index has not, though the archive holds them and no change of them waits. Pure.

    Args:
        held: from `archive_state`.
        state: from `index_state`, of after that, the index having been refreshed in between.
        waits: from `outbox`, of the same moment as `held`.
    """
    return max(0, int(held["items"]) - int(waits["waiting"]) - int(state["documents"]))


def index_state(client: Elasticsearch, alias: str, request: SearchRequest) -> dict[str, Any]:
    """The index that is searched: which it is, by which definition it was made and whether it still is, what it can do, how much
    it has within the limits of the search.

    Raises:
        IndexUnavailableError, IndexMissingError: as for a search.
    """
    aliases = searched_in(client, alias, messages=request.messages)
    names = [name for each in aliases for name in indices.behind(client, each)]
    meta = indices.meta(client, alias)
    with translated(f"counting {alias}"):
        documents = int(client.count(index=",".join(aliases), query=compiler.counting(None, request))["count"])
    return {
        "alias": alias,
        "name": ", ".join(names),
        "fingerprint": meta["fingerprint"],
        "capabilities": meta["capabilities"],
        "sentences": list(indices.capabilities(client, alias).sentences()),
        "as_defined": all(indices.is_as_defined(client, name) for name in names),
        "documents": documents,
        "being_rebuilt": bool(indices.behind(client, indices.building_alias(alias))),
    }


def when(moment: dt.datetime | None) -> str | None:
    """A moment as a receipt writes it: ISO 8601."""
    return None if moment is None else moment.isoformat()
