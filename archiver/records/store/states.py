"""Sightings and states: where an item was seen, and how it was found there the last time it was looked for."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from archiver.platforms.items import Item, State, StreamKind
from archiver.records import bulk
from archiver.records.derived import DERIVED
from archiver.records.store import moderated

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from archiver.platforms.pages import Coverage
    from archiver.records.store.context import CaptureContext
    from archiver.records.store.items import Held, Key


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """A sighting's state becomes another, in the platform's words (or ours, where the platform said nothing)."""

    item_id: int
    state: State
    words: str
    exchange_id: str | None
    by_lookup: bool = False


_BEFORE = """
    select s.item_id, s.state, s.last_seen_at
    from jsonb_to_recordset(cast(:rows as jsonb)) as r(id bigint)
    join sightings s on s.item_id = r.id and s.stream_id = :stream_id
"""

# What was missing or hidden, and is there at its own address, is unlisted until a listing shows it.
_SIGHT = """
    insert into sightings (item_id, stream_id, state, order_key, first_seen_at, last_seen_at)
    select id, :stream_id, 'present', order_key, :now, :now
    from jsonb_to_recordset(cast(:rows as jsonb)) as r(id bigint, order_key text)
    on conflict (item_id, stream_id) do update
        set last_seen_at = excluded.last_seen_at, order_key = coalesce(excluded.order_key, sightings.order_key),
            unlisted = (sightings.unlisted or sightings.state in ('not_returned', 'hidden'))
                       and sightings.item_id = any(:looked_up)
"""

_MISSING = """
    select item_id from sightings
    where stream_id = :stream_id and state = 'present' and not unlisted and last_seen_at < :started_at
      and order_key is not null
      and (cast(:before as text) is null or order_key collate "C" < :before)
      and (cast(:after as text) is null or order_key collate "C" >= :after)
    order by item_id
"""

_SEEN_AGAIN = """
    update sightings s set last_seen_at = :now
    where s.stream_id = :stream_id and s.order_key collate "C" < :before and s.order_key collate "C" >= :after
      and not s.unlisted and (s.state = 'present' or s.state = 'hidden' and not (
          select h.by_lookup from states h where h.item_id = s.item_id and h.stream_id = s.stream_id order by h.id desc limit 1))
"""

_PAST = """
    select r.item_id from jsonb_to_recordset(cast(:rows as jsonb)) as r(item_id bigint, exchange_id uuid)
    join exchanges e on e.id = r.exchange_id
    cross join lateral (
        select t.exchange_id from states t
        where t.item_id = r.item_id and t.stream_id = :stream_id order by t.id desc limit 1) last
    join exchanges known on known.id = last.exchange_id
    where e.requested_at < known.requested_at
"""

# The same holds where its own address says that it is there and shows nothing of it, as most do.
_CHANGE = """
    update sightings s
    set state = r.state,
        unlisted = (s.unlisted or r.by_lookup and s.state in ('not_returned', 'hidden')) and r.state = 'present'
    from jsonb_to_recordset(cast(:rows as jsonb)) as r(item_id bigint, state text, by_lookup boolean)
    where s.item_id = r.item_id and s.stream_id = :stream_id
"""

_RECORD = """
    insert into states (item_id, stream_id, capture_id, exchange_id, state, words, by_lookup, observed_at)
    select item_id, :stream_id, :capture_id, exchange_id, state, words, by_lookup, :now
    from jsonb_to_recordset(cast(:rows as jsonb)) as r(
        item_id bigint, exchange_id uuid, state text, words text, by_lookup boolean)
    order by item_id
    returning id, item_id
"""

_DERIVE = f"""
    select s.item_id, {DERIVED.format(sightings="s", streams="t")} as state
    from jsonb_to_recordset(cast(:rows as jsonb)) as r(id bigint)
    join sightings s on s.item_id = r.id join streams t on t.id = s.stream_id
    group by s.item_id
"""  # noqa: S608 - an expression of our own


class Sighted(NamedTuple):
    """What came of seeing items through a stream."""

    changes: Sequence[Change] = ()
    """The states that change by it: an item that was missing is back, one is hidden now."""
    unmet: int = 0
    """How many of the items this capture had not met."""
    newly: Sequence[int] = ()
    """The items that the archive held already, and that this stream shows for the first time: who sees its account alone sees
    them from now on, and they may be present by it."""


def sight(
    connection: Connection,
    context: CaptureContext,
    items: Mapping[Key, Item],
    held: Mapping[Key, Held],
    shown_by: Mapping[Key, str],
    now: datetime,
    looked_up: Collection[str] = (),
) -> Sighted:
    """Record that the items were seen through the stream (by exchanges that are in `looked_up`: at their own addresses, not in
    its listing).
    """
    seen = {held[key].id: item for key, item in items.items() if item.sighted}
    shown = {held[key].id: exchange_id for key, exchange_id in shown_by.items()}
    if not seen:
        return Sighted()
    made = {row.id for row in held.values() if row.new}
    asked = [{"id": each} for each in seen if each not in made]
    found = bulk.run(connection, _BEFORE, asked, stream_id=context.stream_id) if asked else ()
    before = {row.item_id: row for row in found}
    bulk.run(
        connection,
        _SIGHT,
        [{"id": each, "order_key": item.order_key} for each, item in sorted(seen.items())],
        stream_id=context.stream_id,
        now=now,
        looked_up=[each for each in seen if shown[each] in looked_up],
    )
    states = {each: before[each].state if each in before else None for each in seen}
    changes = [
        change
        for each, item in sorted(seen.items())
        if (change := _seen_as(each, item, states[each], shown[each], looked_up=shown[each] in looked_up)) is not None
    ]
    unmet = sum(1 for each in seen if each not in before or before[each].last_seen_at < context.started_at)
    return Sighted(changes, unmet, [each for each in seen if each not in before and each not in made])


def _seen_as(item_id: int, item: Item, before: str | None, exchange_id: str, *, looked_up: bool) -> Change | None:
    """The state that an item which was shown has now, where that is another than the one before (None: it is new)."""
    if item.hidden is not None:
        return None if before == State.HIDDEN.value else Change(item_id, State.HIDDEN, item.hidden, exchange_id)
    if before in {None, State.PRESENT.value}:
        return None
    words = "shown by the platform again" if before == State.HIDDEN.value else "returned by the platform again"
    if looked_up and before == State.NOT_RETURNED.value:
        words = "it is there at its own address; the listing that covers it left it out"
    return Change(item_id, State.PRESENT, words, exchange_id)


def seen_again(connection: Connection, context: CaptureContext, coverage: Coverage, now: datetime) -> int:
    """Record that what the covered range holds as present, or was shown as hidden, was seen once more. Gives how many."""
    return connection.execute(
        sa.text(_SEEN_AGAIN),
        {"stream_id": context.stream_id, "now": now, "before": coverage.before, "after": coverage.after},
    ).rowcount


def missing(connection: Connection, context: CaptureContext, coverage: Coverage) -> list[int]:
    """The items that are held in the covered range, were present in it, and that this capture has not met."""
    rows = connection.execute(
        sa.text(_MISSING),
        {
            "stream_id": context.stream_id,
            "started_at": context.started_at,
            "before": coverage.before,
            "after": coverage.after,
        },
    )
    return [row.item_id for row in rows]


def not_past(connection: Connection, context: CaptureContext, changes: Sequence[Change]) -> list[Change]:
    """The changes without those of an import that are older than what its stream knows already: what somebody recorded says how
    something was then, and a later record (or the same ones, imported again) how it was after that.
    """
    rows = [{"item_id": each.item_id, "exchange_id": each.exchange_id} for each in changes if each.exchange_id]
    if context.stream is not StreamKind.IMPORT or not rows:
        return list(changes)
    past = {row.item_id for row in bulk.run(connection, _PAST, rows, stream_id=context.stream_id)}
    return [each for each in changes if each.item_id not in past]


def change(connection: Connection, context: CaptureContext, changes: Sequence[Change], now: datetime) -> dict[int, str]:
    """Record the changes, and what they tell of moderation. Gives the items' derived states (`archiver.records.derived`)."""
    if not changes:
        return {}
    rows = [
        {
            "item_id": each.item_id,
            "state": each.state.value,
            "words": each.words,
            "exchange_id": each.exchange_id,
            "by_lookup": each.by_lookup,
        }
        for each in changes
    ]
    known = moderated.before(connection, context, changes)
    bulk.run(connection, _CHANGE, rows, stream_id=context.stream_id)
    made = bulk.run(connection, _RECORD, rows, stream_id=context.stream_id, capture_id=context.capture_id, now=now)
    moderated.record(connection, context, changes, known, {row.item_id: row.id for row in made}, now)
    return derived(connection, (each.item_id for each in changes))


def derived(connection: Connection, item_ids: Iterable[int]) -> dict[int, str]:
    """The state of each item over all the streams that ever saw it."""
    asked = [{"id": each} for each in dict.fromkeys(item_ids)]
    return {row.item_id: row.state for row in bulk.run(connection, _DERIVE, asked)} if asked else {}
