"""One item for what a download and the API both show, where the download gives no ids (Facebook, Instagram).

An imported item and one that the API showed are the same where the account, the kind and the second are the same, who wrote
it is not another (the account, or not the account), and the text is the same but for its spaces; of two without a text,
where they have a picture with the same bytes. It must be exactly one on either side: of two that fit nothing is joined.

Whichever comes first, the platform's id becomes the item's, and the made one an alias, by which another import finds it. What is
not joined stays an item of its own, for ever: items that have versions are never made one. `docs/decisions/0012` says why.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver.platforms.items import Item, ItemKind, StreamKind
from archiver.platforms.unnamed import PLATFORMS, PREFIX, is_made, order_key
from archiver.records import bulk

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.engine import Connection, Row

    from archiver.records.store.context import CaptureContext

_LOCK_SPACE = 0x_C1_71D
"""The first half of the advisory lock's key, as that of streams has one."""
_DIGEST = "sha256:"

_TAKE_TURNS = "select pg_advisory_xact_lock(:space, :account)"
_IMPORTED = "select id from streams where account_id = :account and kind = 'import'"
_HELD = """
    select i.namespace, i.platform_id from jsonb_to_recordset(cast(:rows as jsonb)) as r(namespace text, id text)
    join items i on i.platform = :platform and i.namespace = r.namespace and i.platform_id = r.id
"""
_SAID = """
    select i.id, i.namespace, i.platform_id, i.kind, i.created_at,
           array(select distinct v.text from versions v where v.item_id = i.id and v.text is not null) as texts,
           array(select distinct encode(m.sha256, 'hex') from versions v join version_media a on a.version_id = v.id
                 join media m on m.id = a.medium_id where v.item_id = i.id and m.sha256 is not null) as media,
           array(select distinct p.platform_id from versions v join parties p on p.id = v.author_party_id
                 where v.item_id = i.id) as authors
    from items i
"""
_SHOWN = """
    where i.platform = :platform and not starts_with(i.platform_id, :prefix)
      and date_trunc('second', i.created_at) = any(:seconds)
      and not exists (select from item_aliases a where a.item_id = i.id and starts_with(a.alias, :prefix))
      and i.id in (select s.item_id from sightings s join streams t on t.id = s.stream_id
                   where t.account_id = :account and t.kind <> 'import')
"""
_IMPORTED_ONES = """
    where i.platform = :platform and starts_with(i.platform_id, :prefix) and i.id in (
        select s.item_id from unnest(cast(:keys as text[])) as key
        join sightings s on s.stream_id = :stream
             and s.order_key collate "C" >= key and s.order_key collate "C" < key || '/')
    order by i.platform, i.namespace, i.platform_id
    for update of i
"""
_NAME = """
    with named as (
        update items i set platform_id = r.id
        from jsonb_to_recordset(cast(:rows as jsonb)) as r(item_id bigint, id text, made text)
        where i.id = r.item_id
        returning i.id, i.platform, i.namespace, r.made
    )
    insert into item_aliases (platform, namespace, alias, item_id) select platform, namespace, made, id from named
    on conflict do nothing
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Said:
    """What an item is compared by. `own`: whether the account itself wrote it, None where that is not known."""

    id: str
    kind: str
    second: int
    texts: frozenset[str]
    media: frozenset[str]
    own: bool | None


def plain(text: str) -> str:
    """A text without what a platform may change in passing: its spaces."""
    return " ".join(text.split())


def pairs(imported: Iterable[Said], shown: Iterable[Said]) -> dict[str, str]:
    """Which imported items (by id) are which of those that the API showed; only where there is one of each. Pure."""
    by_second: dict[tuple[str, int], list[Said]] = {}
    for each in shown:
        by_second.setdefault((each.kind, each.second), []).append(each)
    fitting = {
        one.id: [other.id for other in by_second.get((one.kind, one.second), ()) if same(one, other)]
        for one in imported
    }
    wanted = Counter(other for others in fitting.values() for other in others)
    return {one: others[0] for one, others in fitting.items() if len(others) == 1 and wanted[others[0]] == 1}


def same(one: Said, other: Said) -> bool:
    """Whether two items of one account, kind and second are the same, by all that can be compared. Pure."""
    if one.own is not None and other.own is not None and one.own != other.own:
        return False
    if one.texts or other.texts:
        return not one.texts.isdisjoint(other.texts)
    return not one.media.isdisjoint(other.media)


def join(connection: Connection, context: CaptureContext, items: Sequence[Item]) -> list[Item]:
    """The items of a page, each under the id of what it is, aliases resolved before.

    An import's items that the API has shown come back under the platform's id; of what the API shows and an import brought, the
    import's item is renamed. Within the caller's transaction.
    """
    if context.account.platform not in PLATFORMS:
        return list(items)
    if context.stream is StreamKind.IMPORT:
        return _join_imported(connection, context, items)
    return _name_imported(connection, context, items)


def _join_imported(connection: Connection, context: CaptureContext, items: Sequence[Item]) -> list[Item]:
    made = [item for item in items if is_made(item.id) and item.created_at is not None]
    if not made:
        return list(items)
    _take_turns(connection, context)
    known = _held(connection, context, made)
    fresh = [_said_of(item, context) for item in made if (item.namespace, item.id) not in known]
    if not fresh:
        return list(items)
    rows = connection.execute(
        sa.text(_SAID + _SHOWN),
        {
            "platform": context.account.platform,
            "account": context.account.id,
            "prefix": PREFIX,
            "seconds": [item.created_at.replace(microsecond=0) for item in made if item.created_at is not None],
        },
    ).all()
    found = pairs(fresh, [_said_in(row, context) for row in rows]) if rows else {}
    return [
        dataclasses.replace(item, id=found[item.id], aliases=(*item.aliases, item.id)) if item.id in found else item
        for item in items
    ]


def _name_imported(connection: Connection, context: CaptureContext, items: Sequence[Item]) -> list[Item]:
    dated = [
        item for item in items if item.sighted and item.created_at is not None and item.kind is not ItemKind.PROFILE
    ]
    if not dated:
        return list(items)
    stream = connection.scalar(sa.text(_IMPORTED), {"account": context.account.id})
    if stream is None:
        return list(items)
    _take_turns(connection, context)
    known = _held(connection, context, dated)
    fresh = [item for item in dated if (item.namespace, item.id) not in known]
    keys = sorted({order_key(item.created_at) for item in fresh if item.created_at is not None})
    if not keys:
        return list(items)
    rows = connection.execute(
        sa.text(_SAID + _IMPORTED_ONES),
        {"platform": context.account.platform, "prefix": PREFIX, "keys": keys, "stream": stream},
    ).all()
    if rows:
        found = pairs([_said_in(row, context) for row in rows], [_said_of(item, context) for item in fresh])
        named = [
            {"item_id": row.id, "id": found[row.platform_id], "made": row.platform_id}
            for row in rows
            if row.platform_id in found
        ]
        if named:
            bulk.run(connection, _NAME, named)
    return list(items)


def _take_turns(connection: Connection, context: CaptureContext) -> None:
    """Let no two transactions of one account decide at once what is the same as what."""
    connection.execute(sa.text(_TAKE_TURNS), {"space": _LOCK_SPACE, "account": context.account.id})


def _held(connection: Connection, context: CaptureContext, items: Sequence[Item]) -> set[tuple[str, str]]:
    rows = [{"namespace": item.namespace, "id": item.id} for item in items]
    found = bulk.run(connection, _HELD, rows, platform=context.account.platform)
    return {(row.namespace, row.platform_id) for row in found}


def _said_of(item: Item, context: CaptureContext) -> Said:
    digests = [medium.id.removeprefix(_DIGEST) for medium in item.media if medium.id.startswith(_DIGEST)]
    author = None if item.author is None else item.author.id
    return Said(
        item.id,
        item.kind.value,
        int(item.created_at.timestamp()) if item.created_at else 0,
        frozenset([plain(item.text)] if item.text and plain(item.text) else ()),
        frozenset(digests),
        None if author is None or context.account.platform_id is None else author == context.account.platform_id,
    )


def _said_in(row: Row[Any], context: CaptureContext) -> Said:
    own = None
    if row.authors and context.account.platform_id is not None:
        own = context.account.platform_id in row.authors
    return Said(
        row.platform_id,
        row.kind,
        int(row.created_at.timestamp()),
        frozenset(text for each in row.texts if (text := plain(each))),
        frozenset(row.media),
        own,
    )
