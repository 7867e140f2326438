"""Pages of a walk become records: everything they showed, and the cursor that covers it, or nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver.platforms.items import Item, ItemKind, Json, Source, State
from archiver.platforms.pages import Exchange, Page
from archiver.platforms.unnamed import is_made
from archiver.records import bulk
from archiver.records.storable import identity, storable
from archiver.records.store import exchanges as exchange_rows
from archiver.records.store import history, matching, media, states, versions
from archiver.records.store import items as item_rows
from archiver.records.store.batch import Batch
from archiver.records.store.context import CaptureContext, FenceLost, Located, PageResult
from archiver.records.store.states import Change

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from archiver.records.store.items import Held, Key
    from archiver.records.store.ready import Ready

WriteWarc = Callable[[Sequence[Exchange]], Sequence[Located]]
"""Writes exchanges to the WARC and syncs it; called before the transaction commits."""

_TOUCH = """
    with changed as (
        update items i
        set revision = i.revision + 1,
            state = coalesce(r.state, i.state),
            current_version_id = coalesce(r.version_id, i.current_version_id),
            parent_id = case when r.version_id is null then i.parent_id else coalesce(r.parent_id, i.parent_id) end,
            root_id = case when r.version_id is null then i.root_id else coalesce(r.root_id, i.root_id) end
        from jsonb_to_recordset(cast(:rows as jsonb)) as r(
            id bigint, state text, version_id bigint, parent_id text, root_id text)
        where i.id = r.id
        returning i.id, i.revision
    )
    insert into outbox (item_id, revision) select id, revision from changed order by id
"""

_COUNTS = """
    insert into observations (item_id, capture_id, observed_at, counts)
    select r.id, :capture_id, :now, r.counts
    from jsonb_to_recordset(cast(:rows as jsonb)) as r(id bigint, new boolean, counts jsonb)
    left join lateral (
        select counts from observations o where not r.new and o.item_id = r.id order by o.id desc limit 1
    ) last on true
    where last.counts is distinct from r.counts
"""

_TOMBSTONED = """
    select i.id, i.namespace, i.platform_id, s.state
    from jsonb_to_recordset(cast(:rows as jsonb)) as r(namespace text, id text)
    join items i on i.platform = :platform and i.namespace = r.namespace and i.platform_id = r.id
    join sightings s on s.item_id = i.id and s.stream_id = :stream_id
    order by i.platform, i.namespace, i.platform_id
    for update of i
"""

_LOCK_IDS = """
    select id from items where id = any(:ids) order by platform, namespace, platform_id for update
"""


def save_page(
    connection: Connection,
    context: CaptureContext,
    page: Page,
    now: datetime,
    write_warc: WriteWarc,
    cursor: Mapping[str, Json] | None = None,
) -> PageResult:
    """Store one page; see `save_pages`."""
    return save_pages(connection, context, [page], now, write_warc, cursor)


def save_pages(
    connection: Connection,
    context: CaptureContext,
    pages: Sequence[Page],
    now: datetime,
    write_warc: WriteWarc,
    cursor: Mapping[str, Json] | None = None,
    prepared: Mapping[int, Ready] | None = None,
) -> PageResult:
    """Store pages within the caller's transaction. Several at once (small threads) share what a transaction costs.

    Args:
        connection: In a transaction that the caller commits, and rolls back on any error.
        context: The running capture; its fence is checked first.
        pages: What the walk brought, in its order.
        now: The time of observation, aware.
        write_warc: Writes the exchanges that are worth their bytes; their records are on disk before the commit.
        cursor: The stream's new cursor, moved with the records it covers; None leaves it.
        prepared: What `ready` made of some of the items, under the `id()` of each.

    Raises `FenceLost` where another capture has taken the stream.
    """
    hold_fence(connection, context, cursor)
    batch = Batch.of(pages)
    items: dict[Key, Item] = {}
    held: dict[Key, Held] = {}
    result = PageResult(seen=len(batch.items))
    exchange_rows.insert_exchanges(connection, context.capture_id, batch.exchanges)
    changes: list[Change] = []
    told: list[versions.NewVersion] = []
    new: list[versions.NewVersion] = []
    version_ids: dict[int, int] = {}
    sighted = states.Sighted()
    if batch.items:
        platform = context.account.platform
        made_ready = [(prepared or {}).get(id(item)) for item, _ in batch.items]
        fit = [each.item if each else storable(item) for (item, _), each in zip(batch.items, made_ready, strict=True)]
        named = matching.join(connection, context, item_rows.resolve_aliases(connection, platform, fit))
        batch.rename(named)
        shown_by = [exchange_id for _, exchange_id in batch.items]
        items, shown, known = _unique(zip(named, shown_by, made_ready, strict=True))
        hidden = [(stone.namespace, identity(stone.id)) for stone, _ in batch.tombstones]
        held = item_rows.find_or_make(connection, platform, items, now, hidden, known)
        item_rows.remember_aliases(connection, platform, items, held)
        told = history.told_before(connection, batch.history, held)
        new = history.after(told, _find_new(connection, items, held, shown, known))
        parties = _parties(connection, platform, [*told, *new])
        result.versions_new = history.insert(connection, platform, told, parties, context.capture_id, now)
        version_ids = versions.insert_versions(connection, new, parties, context.capture_id, now)
        media.take_in(connection, context, new, version_ids, items.values())
        sighted = states.sight(connection, context, items, held, shown, now, looked_up=batch.looked_up)
        result.ids_unseen_before = sighted.unmet
        buried = {held[key].id for key in hidden if key in held}  # shown, and said to be gone in the same breath
        changes += [each for each in sighted.changes if each.state is not State.PRESENT or each.item_id not in buried]
        _observe(connection, context, items, held, now)
    for page in batch.pages:
        if page.unchanged and page.coverage is not None:
            result.seen += states.seen_again(connection, context, page.coverage, now)
    changes += _tombstones(connection, context, batch)
    changes += _not_returned(connection, context, batch, {each.item_id for each in changes})
    changes = states.not_past(connection, context, changes)
    item_states = states.change(connection, context, changes, now) | states.derived(connection, sighted.newly)
    _touch(connection, held.values(), new, version_ids, item_states, {version.item_id for version in told})
    own = {held[key].id for key, item in items.items() if item.sighted and item.kind is not ItemKind.PROFILE}
    result.own_seen = len(own)
    result.merged = sum(1 for item in items.values() if not is_made(item.id) and any(map(is_made, item.aliases)))
    result.own_new = sum(1 for version in new if version.item_id in own)
    result.items_new = sum(1 for row in held.values() if row.new)
    result.versions_new += len(new)
    result.states_changed = len(changes)
    worth = batch.worth_keeping(
        {version.exchange_id for version in (*told, *new)} | {each.exchange_id for each in changes},
        everything=context.keep_unchanged,
    )
    exchange_rows.insert_locations(connection, write_warc(worth) if worth else ())
    return result


def record_changes(
    connection: Connection,
    context: CaptureContext,
    exchanges: Sequence[Exchange],
    changes: Sequence[Change],
    now: datetime,
    write_warc: WriteWarc,
) -> None:
    """Store what a lookup told, within the caller's transaction. Raises `FenceLost`."""
    hold_fence(connection, context)
    connection.execute(sa.text(_LOCK_IDS), {"ids": [change.item_id for change in changes]})
    exchange_rows.insert_exchanges(connection, context.capture_id, exchanges)
    item_states = states.change(connection, context, changes, now)
    _touch(connection, (), (), {}, item_states, ())
    exchange_rows.insert_locations(connection, write_warc(exchanges))


def hold_fence(connection: Connection, context: CaptureContext, cursor: Mapping[str, Json] | None = None) -> None:
    """Make sure that the stream is still ours, and keep others out until the transaction ends. Raises `FenceLost`."""
    statement = (
        sa.text("update streams set fence = fence where id = :id and fence = :fence")
        if cursor is None
        else sa.text("update streams set cursor = cast(:cursor as jsonb) where id = :id and fence = :fence")
    )
    values: dict[str, Any] = {"id": context.stream_id, "fence": context.fence}
    if cursor is not None:
        values["cursor"] = bulk.rows_of([cursor])[1:-1]
    if connection.execute(statement, values).rowcount != 1:
        raise FenceLost(context.account.name, context.stream.value)


def _unique(
    shown: Iterable[tuple[Item, str, Ready | None]],
) -> tuple[dict[Key, Item], dict[Key, str], dict[Key, Ready]]:
    """One item for each identity: what a listing shows goes before what was only shown inside another.

    Beside it the exchange that showed it, and what was made ready of it (unless it is known under another id).
    """
    items: dict[Key, Item] = {}
    by: dict[Key, str] = {}
    known: dict[Key, Ready] = {}
    for item, exchange_id, made_ready in shown:
        key = (item.namespace, item.id)
        if key in items and (items[key].sighted or not item.sighted):
            continue
        items[key], by[key] = item, exchange_id
        known.pop(key, None)
        if made_ready is not None and made_ready.item is item:
            known[key] = made_ready
    return items, by, known


def _find_new(
    connection: Connection,
    items: Mapping[Key, Item],
    held: Mapping[Key, Held],
    shown_by: Mapping[Key, str],
    prepared: Mapping[Key, Ready],
) -> list[versions.NewVersion]:
    by_source: dict[Source, dict[Key, Item]] = {}
    for key, item in items.items():
        by_source.setdefault(item.source, {})[key] = item
    new = []
    for source, of_source in by_source.items():
        earlier = versions.earlier_versions(
            connection,
            [held[key].id for key in of_source if not held[key].new],
            source,
            with_fields=any(item.not_requested for item in of_source.values()),
        )
        new += versions.new_versions(of_source, held, earlier, shown_by, prepared)
    return new


def _parties(connection: Connection, platform: str, new: Sequence[versions.NewVersion]) -> dict[Key, int]:
    authors = [version.item.author for version in new if version.item.author is not None]
    return item_rows.find_or_make_parties(connection, platform, authors) if authors else {}


def _observe(
    connection: Connection,
    context: CaptureContext,
    items: Mapping[Key, Item],
    held: Mapping[Key, Held],
    now: datetime,
) -> None:
    rows = [
        {"id": held[key].id, "new": held[key].new, "counts": dict(item.counts)}
        for key, item in items.items()
        if item.counts
    ]
    if rows:
        bulk.run(connection, _COUNTS, rows, capture_id=context.capture_id, now=now)


def _tombstones(connection: Connection, context: CaptureContext, batch: Batch) -> list[Change]:
    if not batch.tombstones:
        return []
    by_key = {(stone.namespace, identity(stone.id)): (stone, by) for stone, by in batch.tombstones}
    rows = bulk.run(
        connection,
        _TOMBSTONED,
        [{"namespace": namespace, "id": name} for namespace, name in by_key],
        platform=context.account.platform,
        stream_id=context.stream_id,
    )
    return [
        Change(row.id, stone.state, stone.words, exchange_id)
        for row in rows
        for stone, exchange_id in [by_key[row.namespace, row.platform_id]]
        if row.state not in {stone.state.value, State.GONE_CONFIRMED.value}
    ]


def _not_returned(
    connection: Connection, context: CaptureContext, batch: Batch, decided: Collection[int]
) -> list[Change]:
    """What the covered ranges hold and no page of this capture showed; each change points at the page that omits it."""
    absent = {
        each: exchange_id
        for coverage, exchange_id in batch.coverages
        for each in states.missing(connection, context, coverage)
        if each not in decided
    }
    if absent:
        connection.execute(sa.text(_LOCK_IDS), {"ids": list(absent)})
    words = "the listing that covers it does not show it"
    return [Change(each, State.NOT_RETURNED, words, exchange_id) for each, exchange_id in absent.items()]


def _touch(
    connection: Connection,
    held: Iterable[Held],
    new: Sequence[versions.NewVersion],
    version_ids: Mapping[int, int],
    item_states: Mapping[int, str],
    also: Collection[int],
) -> None:
    """Raise the revision of whatever changed (`also`: by something else), and tell the outbox; what was made in this
    transaction has done both.
    """
    made = {row.id for row in held if row.new}
    by_item = {version.item_id: version for version in new if version.item_id not in made}
    rows: list[dict[str, Any]] = []
    for item_id in sorted({*by_item, *item_states, *(each for each in also if each not in made)}):
        version = by_item.get(item_id)
        current = version is not None and version.current
        rows.append(
            {
                "id": item_id,
                "state": item_states.get(item_id),
                "version_id": version_ids[item_id] if current else None,
                **(_places(version.item) if version and current else {}),
            }
        )
    if rows:
        bulk.run(connection, _TOUCH, rows)


def _places(item: Item) -> dict[str, str | None]:
    return {
        f"{reference.kind.value}_id": reference.id
        for reference in item.references
        if reference.kind.value in {"parent", "root"}
    }
