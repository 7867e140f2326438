"""Versions: what an item said, kept whenever it says something else than the last time the same source was asked."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from archiver.evidence import commitments
from archiver.evidence.fields import carried_over, content_hash, evidence_fields, media_of
from archiver.records import bulk
from archiver.records.models import uuid7
from archiver.records.superseding import displaces

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from archiver.platforms.items import Item, Json, Source
    from archiver.records.store.items import Held, Key
    from archiver.records.store.ready import Ready


@dataclasses.dataclass(frozen=True, slots=True)
class Earlier:
    """The last version of an item from one source, and the item's current version from any.

    `imported`: what all its versions of source `import` say, where that is the source. Downloads come in any order, and what one
    says that another has said already is no news.
    """

    number: int
    content_hash: bytes | None
    fields: Mapping[str, Json]
    current_source: str | None
    current_edited_at: datetime | None
    imported: frozenset[bytes] = frozenset()


@dataclasses.dataclass(frozen=True, slots=True)
class NewVersion:
    """A version that is to be kept. `current` says whether it becomes what the item says now.

    `id` is its row's where the item was made with it, else None.
    """

    id: int | None
    item_id: int
    number: int
    public_id: uuid.UUID
    item: Item
    exchange_id: str
    fields: Mapping[str, Json]
    content_hash: bytes
    commitment: bytes
    current: bool


_EARLIER = """
    select i.id,
           (select max(v.number) from versions v where v.item_id = i.id) as number,
           s.content_hash, case when :with_fields then s.fields end as fields,
           c.source as current_source, c.edited_at as current_edited_at,
           case when :source = 'import' then array(
               select encode(v.content_hash, 'hex') from versions v where v.item_id = i.id and v.source = 'import'
           ) end as imported
    from jsonb_to_recordset(cast(:rows as jsonb)) as r(id bigint)
    join items i on i.id = r.id
    left join lateral (
        select content_hash, fields from versions v
        where v.item_id = i.id and v.source = :source order by v.number desc limit 1
    ) s on true
    left join versions c on c.id = i.current_version_id
"""

_INSERT = """
    insert into versions (id, public_id, item_id, number, source, capture_id, exchange_id, pointer, captured_at,
                          created_at, edited_at, indexed_at, text, url, author_party_id, author_handle, author_name,
                          fields, content_hash, commitment, commitment_scheme, flags)
    overriding system value
    select coalesce(id, nextval('versions_id_seq')), public_id, item_id, number, source, :capture_id, exchange_id,
           pointer, :now, created_at, edited_at, indexed_at, fields ->> 'text', url, author_party_id, author_handle, author_name,
           fields, decode(content_hash, 'hex'), decode(commitment, 'hex'), :scheme, flags
    from jsonb_to_recordset(cast(:rows as jsonb)) as r(
        id bigint, public_id uuid, item_id bigint, number integer, source text, exchange_id uuid, pointer text,
        created_at timestamptz, edited_at timestamptz, indexed_at timestamptz, url text,
        author_party_id bigint, author_handle text, author_name text, fields jsonb, content_hash text,
        commitment text, flags text[])
    order by item_id
    returning id, item_id
"""


def earlier_versions(
    connection: Connection, item_ids: Sequence[int], source: Source, *, with_fields: bool
) -> dict[int, Earlier]:
    """What is already held of these items, as far as a new version is compared with it."""
    if not item_ids:
        return {}
    rows = bulk.run(
        connection, _EARLIER, [{"id": each} for each in item_ids], source=source.value, with_fields=with_fields
    )
    return {
        row.id: Earlier(
            row.number or 0,
            None if row.content_hash is None else bytes(row.content_hash),
            row.fields or {},
            row.current_source,
            row.current_edited_at,
            frozenset(bytes.fromhex(each) for each in row.imported or ()),
        )
        for row in rows
    }


def new_versions(
    items: Mapping[Key, Item],
    held: Mapping[Key, Held],
    earlier: Mapping[int, Earlier],
    shown_by: Mapping[Key, str],
    prepared: Mapping[Key, Ready],
) -> list[NewVersion]:
    """Which items say something else than their last version of the same source did. Pure.

    `shown_by` names the exchange that showed each; `prepared` is what was made ready of some of them.
    """
    found = []
    for key, item in items.items():
        row = held[key]
        before = earlier.get(row.id)
        known = prepared.get(key)
        fields: Mapping[str, Json] = known.fields if known else evidence_fields(item)
        carries = before is not None and item.not_requested
        if before is not None and item.not_requested:
            fields = carried_over(fields, before.fields, item.not_requested)
        digest = known.content_hash if known and not carries else content_hash(fields)
        if before is not None and (before.content_hash == digest or digest in before.imported):
            continue
        public_id, commitment = uuid7(), None
        if known and known.secret == row.secret and not carries:
            public_id, commitment = known.public_id, known.commitment
        found.append(
            NewVersion(
                id=row.current_version_id if row.new else None,
                item_id=row.id,
                number=(before.number if before else 0) + 1,
                public_id=public_id,
                item=dataclasses.replace(item, media=media_of(fields, item)) if carries else item,
                exchange_id=shown_by[key],
                fields=fields,
                content_hash=digest,
                commitment=commitment or commitments.commit(fields, row.secret, public_id),
                current=before is None or supersedes(item, before),
            )
        )
    return found


def supersedes(item: Item, before: Earlier) -> bool:
    """Whether a new version becomes the current one, as `archiver.records.superseding` decides; the first always does."""
    return before.current_source is None or displaces(
        item.source, item.edited_at, before.current_source, before.current_edited_at
    )


def insert_versions(
    connection: Connection,
    versions: Sequence[NewVersion],
    parties: Mapping[Key, int],
    capture_id: int,
    now: datetime,
) -> dict[int, int]:
    """Insert them. Gives the row id of each, by item id."""
    if not versions:
        return {}
    rows = [_row(version, parties) for version in versions]
    returned = bulk.run(connection, _INSERT, rows, capture_id=capture_id, now=now, scheme=commitments.SCHEME)
    return {row.item_id: row.id for row in returned}


def _row(version: NewVersion, parties: Mapping[Key, int]) -> dict[str, Any]:
    item = version.item
    return {
        "id": version.id,
        "public_id": version.public_id,
        "item_id": version.item_id,
        "number": version.number,
        "source": item.source,
        "exchange_id": version.exchange_id,
        "pointer": item.pointer,
        "created_at": item.created_at,
        "edited_at": item.edited_at,
        "indexed_at": item.indexed_at,
        "url": item.url,
        "author_party_id": parties[item.author.namespace, item.author.id] if item.author else None,
        "author_handle": item.author.handle if item.author else None,
        "author_name": item.author.name if item.author else None,
        "fields": version.fields,
        "content_hash": version.content_hash.hex(),
        "commitment": version.commitment.hex(),
        "flags": sorted(item.flags),
    }
