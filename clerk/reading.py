"""What the record pages read from Postgres besides the shapes: threads, evidence, media, the audit trail."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver.coverage import PostCoverage, posts_of
from archiver.records.models import Account, Capture, Exchange, Item, Medium, WarcRecord
from archiver.records.through import SEEN, parameters
from clerk.messages import MESSAGE
from clerk.thread import Reply

if TYPE_CHECKING:
    import uuid
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy.engine import Connection, Row

    from archiver.records.shapes import ItemShape

MOST_ANCESTORS = 100

# An id that an item answers may be an alias of what is held. `:messages`: a conversation in private is shown around a message
# only; what answers a post in private stands in no public thread. `:others`: whether what is no message is followed.
_ANCESTORS = sa.text("""
    with recursive up(id, platform, namespace, parent_id, depth) as (
        select id, platform, namespace, parent_id, 0 from items where id = :id
        union all
        select p.id, p.platform, p.namespace, p.parent_id, up.depth + 1
        from up join lateral (
            select i.* from items i
            where i.platform = up.platform and i.namespace = up.namespace and i.platform_id = up.parent_id
            union
            select i.* from item_aliases a join items i on i.id = a.item_id
            where a.platform = up.platform and a.namespace = up.namespace and a.alias = up.parent_id
            limit 1
        ) p on case when p.kind = 'message' then :messages else :others end
        where up.depth < :most
    )
    select id, parent_id from up order by depth
""")
# From here on a message stands among messages only, and nothing else does. What belongs together is joined in Python: without
# statistics (a fresh import) Postgres takes minutes for what a dictionary does at once.
_ANSWERS = sa.text("""
    select id, platform_id, parent_id, created_at from items
    where platform = :platform and namespace = :namespace and parent_id = any(:names) and (kind = 'message') = :messages
      and (root_id = any(cast(:roots as text[]))) is not true
""")
# Every id of what is held by one of these ids.
_NAMES = sa.text("""
    with held as (
        select id from items where platform = :platform and namespace = :namespace and platform_id = any(:names)
        union
        select item_id from item_aliases where platform = :platform and namespace = :namespace and alias = any(:names)
    )
    select platform_id as name from items where id in (select id from held)
    union
    select alias from item_aliases where item_id in (select id from held)
""")
_IN_THREAD = sa.text("""
    select id, platform_id, parent_id, created_at from items
    where platform = :platform and namespace = :namespace and root_id = any(:roots) and (kind = 'message') = :messages
""")
_ALIASES = sa.text("select alias, item_id from item_aliases where item_id = any(:ids)")
_NAMED = sa.text("""
    select id, platform_id as name from items
    where platform = :platform and namespace = :namespace and platform_id = any(:names)
      and (kind = 'message') = :messages
    union all
    select a.item_id, a.alias from item_aliases a join items i on i.id = a.item_id
    where a.platform = :platform and a.namespace = :namespace and a.alias = any(:names)
      and (i.kind = 'message') = :messages
""")
# The account whose post it is goes before one that merely saw it.
_THREAD_OF = sa.text("""
    select a.id as account_id, a.platform || ':' || a.handle as name, a.platform, a.status,
           coalesce(i.root_id, i.platform_id) as post_id, i.root_id is null or r.id = i.id as is_top
    from items i
    left join items r on r.platform = i.platform and r.namespace = i.namespace and r.platform_id = i.root_id
    join sightings g on g.item_id = coalesce(r.id, i.id)
    join streams s on s.id = g.stream_id join accounts a on a.id = s.account_id
    where i.public_id = :id and i.kind in ('post', 'comment') and s.kind not in ('import', 'mentions')
      and exists (select from streams c where c.account_id = a.id and c.kind = 'comments')
      and (not :limited or a.id = any(:accounts))
    order by a.status = 'active' desc, s.kind = 'posts' desc, a.id limit 1
""")
_HELD_THROUGH = sa.text(f"""
    with seen as (select i.id from items i where {SEEN})
    select (select count(*) from seen) as items,
           (select count(*) from seen s join versions v on v.item_id = s.id) as versions
""")  # noqa: S608 - a condition of our own


@dataclasses.dataclass(frozen=True, slots=True)
class Evidence:
    """Where what was received lies: the exchange, the capture it belongs to, and its WARC record if one was kept."""

    exchange: Row[Any]
    capture: Row[Any]
    account_id: int
    stream: str
    account: str
    record: Row[Any] | None
    file_state: str | None


def item_id_of(connection: Connection, public_id: uuid.UUID) -> int | None:
    """The row id of an item by its public id."""
    return connection.scalar(sa.select(Item.id).where(Item.public_id == public_id))


def ancestors(connection: Connection, item: ItemShape, *, alike: bool = False) -> tuple[list[int], str | None]:
    """What an item answers, from the root down to its parent; and the id of the next one up that is not held, if any.

    `alike`: a message may answer a post; then the post, and what is above it, is left out.
    """
    private = _private(item)
    what = {"id": item.id, "most": MOST_ANCESTORS, "messages": private, "others": not (alike and private)}
    rows = connection.execute(_ANCESTORS, what).all()
    chain = [row.id for row in rows[1:] if row.id != item.id]
    return list(dict.fromkeys(reversed(chain))), rows[-1].parent_id if rows and len(chain) < MOST_ANCESTORS else None


def replies_below(connection: Connection, item: ItemShape) -> list[Reply]:
    """Everything below an item, in no order: of a root, the whole thread, answers to what is not held included."""
    if item.parent_id is None:
        return [each for each in in_thread(connection, item) if each.id != item.id]
    return _hanging(connection, item, _called(connection, {item.platform_id: item.id}), [])


def in_thread(connection: Connection, item: ItemShape) -> list[Reply]:
    """Everything that names the same root as an item does (or the item itself), by whichever of its ids, and what hangs on any
    of that or on the item, whether or not it names a root; in no order.
    """
    where = _where(item)
    names = {item.platform_id, item.root_id or item.platform_id}
    roots = list(names | set(connection.scalars(_NAMES, where | {"names": list(names)})))
    rows = connection.execute(_IN_THREAD, where | {"roots": roots}).all()
    ids = _called(connection, {row.platform_id: row.id for row in rows} | {item.platform_id: item.id})
    hanging = _hanging(connection, item, ids, roots)
    unknown = {row.parent_id for row in rows if row.parent_id is not None} - ids.keys()
    if unknown:
        for row in connection.execute(_NAMED, where | {"names": list(unknown)}):
            ids[row.name] = row.id
    return [*(Reply(row.id, ids.get(row.parent_id), row.created_at) for row in rows), *hanging]


def _hanging(connection: Connection, item: ItemShape, ids: Mapping[str, int], roots: list[str]) -> list[Reply]:
    """What hangs on these (row ids by all that they are called), of the item's platform and kind, however far below; not what
    names one of the roots.
    """
    known = set(ids.values())
    found: list[Reply] = []
    while ids:
        rows = connection.execute(_ANSWERS, _where(item) | {"names": list(ids), "roots": roots})
        new = [row for row in rows if row.id not in known]
        found += [Reply(row.id, ids[row.parent_id], row.created_at) for row in new]
        known |= {row.id for row in new}
        ids = _called(connection, {row.platform_id: row.id for row in new}) if new else {}
    return found


def _called(connection: Connection, ids: Mapping[str, int]) -> dict[str, int]:
    """Row ids by the platform's ids, with their aliases besides."""
    called = dict(ids)
    for row in connection.execute(_ALIASES, {"ids": list(ids.values())}):
        called.setdefault(row.alias, row.item_id)
    return called


def _where(item: ItemShape) -> dict[str, Any]:
    return {"platform": item.platform, "namespace": item.namespace, "messages": _private(item)}


def _private(item: ItemShape) -> bool:
    return item.kind == MESSAGE


def evidence(connection: Connection, exchange_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Evidence]:
    """Where the bytes of exchanges are, by exchange id."""
    rows = connection.execute(
        sa.text("""
            select e.id, c.id as capture_id, s.kind, a.id as account_id, a.platform || ':' || a.handle as account,
                   f.state as file_state
            from exchanges e
            join captures c on c.id = e.capture_id join streams s on s.id = c.stream_id
            join accounts a on a.id = s.account_id
            left join warc_records w on w.exchange_id = e.id left join warc_files f on f.name = w.file
            where e.id = any(:ids)
        """),
        {"ids": list(exchange_ids)},
    ).all()
    exchanges = {row.id: row for row in connection.execute(sa.select(Exchange).where(Exchange.id.in_(exchange_ids)))}
    records = {
        row.exchange_id: row
        for row in connection.execute(sa.select(WarcRecord).where(WarcRecord.exchange_id.in_(exchange_ids)))
    }
    captures = {
        row.id: row
        for row in connection.execute(sa.select(Capture).where(Capture.id.in_({row.capture_id for row in rows})))
    }
    return {
        row.id: Evidence(
            exchanges[row.id],
            captures[row.capture_id],
            row.account_id,
            row.kind,
            row.account,
            records.get(row.id),
            row.file_state,
        )
        for row in rows
    }


def version_evidence(connection: Connection, item_id: int) -> dict[int, tuple[uuid.UUID, str]]:
    """Of each version of an item, by version id: the exchange it was read from, and where in it."""
    rows = connection.execute(
        sa.text("select id, exchange_id, pointer from versions where item_id = :id"), {"id": item_id}
    )
    return {row.id: (row.exchange_id, row.pointer) for row in rows}


@dataclasses.dataclass(frozen=True, slots=True)
class ThreadPlace:
    """The thread that a record belongs to: of which account, below which post; `is_top`: the record is that post."""

    account_id: int
    account_name: str
    platform: str
    status: str
    post_id: str
    is_top: bool


def thread_of(
    connection: Connection, public_id: uuid.UUID, accounts: Collection[int] | None = None
) -> ThreadPlace | None:
    """Through which account of the register the thread of a post or comment is captured; None where it is through none.

    `accounts`: only these (row ids); None: any.
    """
    row = connection.execute(_THREAD_OF, {"id": public_id, **parameters(accounts)}).first()
    if row is None:
        return None
    return ThreadPlace(row.account_id, row.name, row.platform, row.status, row.post_id, row.is_top)


def whole_of(connection: Connection, item_id: int, place: ThreadPlace) -> PostCoverage | None:
    """How complete the comments below a post are; None where the platform has no comments to it."""
    return next(iter(posts_of(connection, place.account_id, place.platform, item_id=item_id)), None)


def account_names(connection: Connection, accounts: Collection[int] | None) -> Sequence[Row[str, str, str]]:
    """Platform, handle and department of these accounts (row ids; None: of all), in the order of a list to choose from."""
    asked = sa.select(Account.platform, Account.handle, Account.department).order_by(
        Account.department, Account.platform, Account.handle
    )
    return connection.execute(asked if accounts is None else asked.where(Account.id.in_(accounts))).all()


def medium_of(connection: Connection, public_id: uuid.UUID) -> Row[Any] | None:
    """One attachment by its public id."""
    return connection.execute(sa.select(Medium).where(Medium.public_id == public_id)).one_or_none()


def held(connection: Connection, *, messages: bool, accounts: Collection[int] | None) -> Row[Any]:
    """How many items and versions the archive holds, direct messages left out or counted; only those that came through these
    accounts (row ids), None: all.
    """
    if accounts is not None:
        return connection.execute(_HELD_THROUGH, {"messages": messages, **parameters(accounts)}).one()
    return connection.execute(
        sa.text("""
            with private as (select id from items where kind = 'message' and not :messages)
            select (select count(*) from items) - (select count(*) from private) as items,
                   (select count(*) from versions)
                   - (select count(*) from private p join versions v on v.item_id = p.id) as versions
        """),
        {"messages": messages},
    ).one()


def recent_captures(connection: Connection, limit: int, accounts: Collection[int] | None) -> Sequence[Row[Any]]:
    """The captures that began last, with their account and stream; only those of these accounts (row ids), None: of all."""
    return connection.execute(
        sa.text("""
            select c.*, s.kind as stream, a.platform || ':' || a.handle as account
            from captures c join streams s on s.id = c.stream_id join accounts a on a.id = s.account_id
            where not :limited or a.id = any(:accounts)
            order by c.started_at desc, c.id desc limit :limit
        """),
        {"limit": limit, **parameters(accounts)},
    ).all()
