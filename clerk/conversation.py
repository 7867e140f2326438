"""What the page of a whole conversation reads: its records by their ids, how each stands, when it was captured.

However large a conversation is, what is read of all of it is a few numbers of each record; what they say is read of one page.
"""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver.records.derived import derived
from archiver.records.shapes import load_shapes
from archiver.records.through import CAME_THROUGH, FIRST_SEEN_THROUGH, STATE_THROUGH, parameters
from clerk import reading
from clerk.as_of import found_by
from clerk.edited import BATCH, EDITED, UNSURE
from clerk.messages import MESSAGE
from clerk.thread import Reply
from search.documents import say_otherwise

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy.engine import Connection, Row

    from archiver.records.shapes import ItemShape

MOST_DAYS = 60

# A direct message stands among direct messages only, and nothing else does, here and below.
_ROOT = sa.text("""
    select id from items
    where platform = :platform and namespace = :namespace and platform_id = :root and (kind = 'message') = :message
    union all
    select i.id from item_aliases a join items i on i.id = a.item_id
    where a.platform = :platform and a.namespace = :namespace and a.alias = :root and (i.kind = 'message') = :message limit 1
""")
_STANDING = sa.text(f"""
    select i.id, {STATE_THROUGH} as state, {FIRST_SEEN_THROUGH} as first_seen_at, said.versions,
           coalesce(said.edited, false) as edited, said.unsure is true and said.edited is not true as unsure
    from items i cross join lateral (
        select count(*) as versions, {EDITED} as edited, {UNSURE} as unsure
        from versions v where v.item_id = i.id and (:now or v.captured_at < :until)
    ) said where i.id = any(:ids)
""")  # noqa: S608 - expressions of our own
_SIGHTED = sa.text("""
    select g.item_id, g.stream_id, s.kind as stream, g.first_seen_at from sightings g join streams s on s.id = g.stream_id
    where g.item_id = any(:ids) and (not :limited or s.account_id = any(:accounts))
""")
_FOUND = sa.text("""
    select h.item_id, h.stream_id, s.kind as stream, h.state, h.observed_at from states h join streams s on s.id = h.stream_id
    where h.item_id = any(:ids) and (not :limited or s.account_id = any(:accounts)) order by h.id
""")
_DAYS = sa.text(f"""
    select (at at time zone :zone)::date as day, count(*) filter (where what = 'new') as new,
           count(*) filter (where what = 'version') as changed, count(*) filter (where what = 'state') as found
    from (
        select {FIRST_SEEN_THROUGH} as at, 'new' as what from items i where i.id = any(:ids)
        union all
        select captured_at, 'version' from versions where item_id = any(:ids) and number > 1
        union all
        select h.observed_at, 'state' from states h join streams s on s.id = h.stream_id
        where h.item_id = any(:ids) and (not :limited or s.account_id = any(:accounts))
    ) happened
    group by 1 order by 1 desc limit :most
""")  # noqa: S608 - an expression of our own
# `h` is the hit.
_NAMED = """
    select p.id from items p where p.platform = h.platform and p.namespace = h.namespace and p.platform_id = {name}
       and (p.kind = 'message') = (h.kind = 'message')
    union all
    select p.id from item_aliases a join items p on p.id = a.item_id
    where a.platform = h.platform and a.namespace = h.namespace and a.alias = {name}
      and (p.kind = 'message') = (h.kind = 'message') limit 1
"""
_BELOW = """
    select count(*) from items i where i.platform = h.platform and i.namespace = h.namespace and i.{name} = h.platform_id
       and i.id <> h.id and (i.kind = 'message') = (h.kind = 'message') and {seen}
"""
_AROUND = sa.text(f"""
    select h.id, h.parent_id is not null as answers,
           ({_NAMED.format(name="h.parent_id")}) as parent, ({_NAMED.format(name="h.root_id")}) as top,
           ({_BELOW.format(name="parent_id", seen=CAME_THROUGH)}) as direct,
           case when h.parent_id is null then ({_BELOW.format(name="root_id", seen=CAME_THROUGH)}) else 0 end as whole
    from items h where h.id = any(:ids)
""")  # noqa: S608 - conditions of our own


@dataclasses.dataclass(frozen=True, slots=True)
class Around:
    """What stands around a record: whether it answers anything; the row ids of what it answers and of the first record of its
    conversation, where they are held; and how many records stand below it (below one that is itself an answer: answer it).
    """

    answers: bool
    parent: int | None
    top: int | None
    below: int


@dataclasses.dataclass(frozen=True, slots=True)
class Standing:
    """How one record stood: its state, how many versions were held of it, and whether it had said something else by those."""

    state: str
    versions: int
    edited: bool


def whole(connection: Connection, item: ItemShape) -> tuple[int | None, list[Reply]]:
    """The conversation that an item is part of, whoever asks: its first record's row id, and everything else in it.

    None where the first record is not held: then the item is among the others, which hang on nothing. The item is always in it:
    where its place is not known, it answers what is not held.
    """
    start = item
    if item.root_id is None and item.parent_id is not None:
        # A platform may name no root: then what can be followed up from the item is the beginning, or names it.
        above, _ = reading.ancestors(connection, item, alike=True)
        start = load_shapes(connection, above[:1])[above[0]] if above else item
    root = start.id if start.root_id is None else _root(connection, start)
    top = start if root is None or root == start.id else load_shapes(connection, [root])[root]
    others = [each for each in reading.in_thread(connection, top) if each.id != root]
    if item.id != root and all(each.id != item.id for each in others):
        others.append(Reply(item.id, None, item.created_at))
    return root, others


def _root(connection: Connection, item: ItemShape) -> int | None:
    where = {"platform": item.platform, "namespace": item.namespace, "message": item.kind == MESSAGE}
    found: int | None = connection.scalar(_ROOT, where | {"root": item.root_id})
    return found


def around(connection: Connection, ids: Collection[int], accounts: Collection[int] | None) -> dict[int, Around]:
    """What stands around these records, by row id, in one statement; counted is only what came through `accounts` (None: any)."""
    rows = connection.execute(_AROUND, {"ids": list(ids), **parameters(accounts)})
    return {row.id: Around(row.answers, row.parent, row.top, max(row.direct, row.whole)) for row in rows}


def standing(
    connection: Connection, ids: Collection[int], accounts: Collection[int] | None, until: dt.datetime | None
) -> dict[int, Standing]:
    """How these records stand, by row id; with `until`, how they stood then, without those that were captured later.

    `accounts`: through which they may be seen (row ids), None: any.
    """
    what = {"ids": list(ids), **parameters(accounts)}
    rows = connection.execute(_STANDING, {**what, "now": until is None, "until": until}).all()
    edited = {row.id for row in rows if row.edited} | _edited(connection, [row.id for row in rows if row.unsure], until)
    if until is None:
        return {row.id: Standing(row.state, row.versions, row.id in edited) for row in rows}
    # What no change is known of, through what they see, was present: only of the others it matters when they were first seen.
    states: defaultdict[int, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(_FOUND, what):
        states[row.item_id].append(row)
    sightings: defaultdict[int, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(_SIGHTED, what | {"ids": list(states)}):
        sightings[row.item_id].append(row)
    return {
        row.id: Standing(_state_by(sightings[row.id], states[row.id], until), row.versions, row.id in edited)
        for row in rows
        if row.first_seen_at < until
    }


def _edited(connection: Connection, unsure: Sequence[int], until: dt.datetime | None) -> set[int]:
    """Which of those that have markup alone had said something else by then."""
    found = set()
    for start in range(0, len(unsure), BATCH):
        for shape in load_shapes(connection, unsure[start : start + BATCH]).values():
            if say_otherwise(each for each in shape.versions if until is None or each.captured_at < until):
                found.add(shape.id)
    return found


def _state_by(sightings: Sequence[Row[Any]], states: Sequence[Row[Any]], until: dt.datetime) -> str:
    found = found_by(
        (((each.stream_id, each.stream), each.first_seen_at) for each in sightings),
        (((each.stream_id, each.stream), each.state, each.observed_at) for each in states),
        until,
    )
    return derived((stream, state) for (_, stream), state in found.items())


def days(
    connection: Connection, ids: Collection[int], accounts: Collection[int] | None, zone: str
) -> Sequence[Row[Any]]:
    """The latest days on which something of these records was captured that was not known before, the last first: how many
    records, versions and changes of state.
    """
    return connection.execute(_DAYS, {"ids": list(ids), "zone": zone, "most": MOST_DAYS, **parameters(accounts)}).all()


def counted(standings: Mapping[int, Standing]) -> Counter[str]:
    """How many of them are in each state, how many were changed (`edited`, as a search by `state:` has it), and how many in
    something other than what they say (`otherwise`).
    """
    found = Counter(each.state for each in standings.values())
    found["edited"] = sum(1 for each in standings.values() if each.edited)
    found["otherwise"] = sum(1 for each in standings.values() if each.versions > 1 and not each.edited)
    return found
