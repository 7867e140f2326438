"""How the archive, its index and its register stand when a receipt is made, as JSON values."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver import __version__, gaps
from archiver.custody import nodes, roots
from archiver.custody.log import waiting
from archiver.platforms import PLATFORMS
from search import freshness, indices
from search.errors import translated
from search.receipts.model import ReceiptError

if TYPE_CHECKING:
    import datetime as dt
    import uuid
    from collections.abc import Iterator

    from elasticsearch import Elasticsearch
    from sqlalchemy.engine import Connection

    from archiver.archive import Archive

_AT_ONCE = 5_000
_EVERY = 10**9
_NOT_SEARCHED = frozenset({"messages", "lists"})
"""Streams of which nothing is found by a search, whole or not."""
_HELD = sa.text("""
    with private as (select id from items where kind = 'message')
    select (select count(*) from items) - (select count(*) from private) as items,
           (select count(*) from versions)
           - (select count(*) from private p join versions v on v.item_id = p.id) as versions
""")
_OUTBOX = sa.text(
    "select count(*) as waiting, min(created_at) as since, clock_timestamp() - min(created_at) as age from outbox"
)
_WAITING = sa.text("""
    select o.item_id, i.public_id, max(o.revision) as revision
    from outbox o join items i on i.id = o.item_id and i.kind <> 'message'
    group by o.item_id, i.public_id order by o.item_id
""")
_ACCOUNTS = sa.text("""
    select a.id, a.public_id::text as id_shown, a.platform, a.namespace, a.handle, a.platform_id, a.department, a.status,
           a.created_at
    from accounts a order by a.platform, a.handle
""")
_STREAMS = sa.text("""
    select account_id, kind, state, last_complete_at from streams where kind not in ('lists', 'messages')
    order by account_id, kind
""")


def archive_state(archive: Archive, connection: Connection) -> dict[str, Any]:
    """What the archive holds, and its log: size, root, the last root that was signed.

    Raises:
        ReceiptError: the log lacks what it must have.
    """
    try:
        head = nodes.head(connection)
    except nodes.LogDamaged as error:
        raise ReceiptError(f"No receipt was made: {error}.") from error
    signed = roots.last(connection)
    held = connection.execute(_HELD).one()
    return {
        "city": archive.settings.city,
        "program": __version__,
        "items": held.items,
        "versions": held.versions,
        "log": {
            "size": head.size,
            "root": head.root.hex(),
            "waiting": waiting(connection),
            "signed": None if signed is None else {name: signed[name] for name in ("size", "root", "time")},
        },
    }


def register(connection: Connection) -> list[dict[str, Any]]:
    """Every account of the register, and when each of its streams was last captured whole."""
    streams: dict[int, list[dict[str, Any]]] = {}
    for row in connection.execute(_STREAMS):
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
    ]


def known_gaps(
    connection: Connection, begin: dt.datetime | None, end: dt.datetime | None, accounts: frozenset[str]
) -> list[dict[str, Any]]:
    """The gaps of these accounts (public ids) that touch the span from `begin` to before `end`; None is an open end."""
    return [
        {
            "account": row.account,
            "stream": row.stream,
            "from": when(row.opened_at),
            "to": when(row.closed_at),
            "cause": row.cause,
            "reason": row.reason,
        }
        for row in gaps.listed(connection, most=_EVERY)
        if str(row.account_public_id) in accounts
        and row.stream not in _NOT_SEARCHED
        and (end is None or row.opened_at < end)
        and (begin is None or row.closed_at is None or row.closed_at > begin)
    ]


def overdue(archive: Archive, connection: Connection, accounts: frozenset[str]) -> list[dict[str, Any]]:
    """Those of the accounts (names) that should have been captured by now, and were not: no gap says so yet."""
    allowed = timedelta(hours=archive.settings.gap_hours)
    found = gaps.overdue(connection, list(PLATFORMS), archive.now(), allowed)
    return [
        {"account": each.account, "since": when(each.since), "never": each.never}
        for each in found
        if each.account in accounts
    ]


def outbox(connection: Connection) -> dict[str, Any]:
    """How far the index is behind the archive: how many changes wait, and since when the oldest does."""
    row = connection.execute(_OUTBOX).one()
    behind = freshness.Lag(row.waiting, row.age, None)
    return {"waiting": row.waiting, "since": when(row.since), "sentence": behind.sentence}


def waiting_items(connection: Connection) -> Iterator[tuple[int, uuid.UUID, int]]:
    """The records of which a change waits for the index, with its revision, in the order of their ids; as a stream."""
    streaming = connection.execution_options(stream_results=True, yield_per=_AT_ONCE)
    for row in streaming.execute(_WAITING):
        yield row.item_id, row.public_id, row.revision


def index_state(client: Elasticsearch, alias: str) -> dict[str, Any]:
    """The index that is searched: which it is, by which definition it was made, what it can do, how much it has.

    Raises:
        IndexUnavailableError, IndexMissingError: as for a search.
    """
    names = indices.behind(client, alias)
    meta = indices.meta(client, alias)
    with translated(f"counting {alias}"):
        documents = int(client.count(index=alias)["count"])
    return {
        "alias": alias,
        "name": ", ".join(names),
        "fingerprint": meta["fingerprint"],
        "capabilities": meta["capabilities"],
        "sentences": list(indices.capabilities(client, alias).sentences()),
        "documents": documents,
        "being_rebuilt": bool(indices.behind(client, indices.building_alias(alias))),
    }


def when(moment: dt.datetime | None) -> str | None:
    """A moment as a receipt writes it: ISO 8601."""
    return None if moment is None else moment.isoformat()
