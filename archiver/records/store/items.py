"""Items and parties: found or made, locked in identity order."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import sqlalchemy as sa

from archiver.platforms.items import Item, Party, ReferenceKind, State
from archiver.records import bulk
from archiver.records.models import uuid7
from archiver.records.store.ready import new_secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from archiver.records.store.ready import Ready

Key = tuple[str, str]
"""(namespace, platform id) within one platform."""


@dataclasses.dataclass(slots=True)
class Held:
    """An item's row, locked. That of a `new` one names the version that is still to be inserted, and is in the outbox."""

    id: int
    state: str
    current_version_id: int | None
    secret: bytes
    new: bool


_RESOLVE = """
    select a.namespace, a.alias, i.platform_id
    from jsonb_to_recordset(cast(:rows as jsonb)) as r(namespace text, id text)
    join item_aliases a on a.platform = :platform and a.namespace = r.namespace and a.alias = r.id
    join items i on i.id = a.item_id
"""

_MAKE = """
    with r as materialized (
        select * from jsonb_to_recordset(cast(:rows as jsonb)) as r(public_id uuid, namespace text, id text, kind text,
             parent_id text, root_id text, refers_to_id text, created_at timestamptz, secret text)
    ), made as (
        insert into items (public_id, platform, namespace, platform_id, kind, parent_id, root_id, refers_to_id,
                           created_at, first_seen_at, current_version_id)
        select public_id, :platform, namespace, id, kind, parent_id, root_id, refers_to_id, created_at, :now,
               nextval('versions_id_seq')
        from r order by namespace, id
        on conflict (platform, namespace, platform_id) do nothing
        returning id, namespace, platform_id, revision, current_version_id
    ), kept as (
        insert into item_secrets (item_id, secret)
        select made.id, decode(r.secret, 'hex') from made join r on r.namespace = made.namespace and r.id = made.platform_id
    ), told as (
        insert into outbox (item_id, revision) select id, revision from made order by id
    )
    select id, namespace, platform_id, current_version_id from made
"""
"""A new item is made whole, for the id of its first version is drawn here; one update of each less, and of every index."""

_LOCK = """
    select i.id, i.namespace, i.platform_id, i.state, i.current_version_id, s.secret
    from items i
    join item_secrets s on s.item_id = i.id
    where i.platform = :platform
      and (i.namespace, i.platform_id) in (
          select namespace, id from jsonb_to_recordset(cast(:rows as jsonb)) as r(namespace text, id text))
    order by i.platform, i.namespace, i.platform_id
    for update of i
"""

_ALIASES = """
    insert into item_aliases (platform, namespace, alias, item_id)
    select :platform, namespace, alias, item_id
    from jsonb_to_recordset(cast(:rows as jsonb)) as r(namespace text, alias text, item_id bigint)
    on conflict do nothing
"""

_PARTIES_MAKE = """
    insert into parties (platform, namespace, platform_id)
    select :platform, namespace, id from jsonb_to_recordset(cast(:rows as jsonb)) as r(namespace text, id text)
    order by namespace, id
    on conflict do nothing
"""

_PARTIES = """
    select p.namespace, p.platform_id, p.id
    from jsonb_to_recordset(cast(:rows as jsonb)) as r(namespace text, id text)
    join parties p on p.platform = :platform and p.namespace = r.namespace and p.platform_id = r.id
"""


def resolve_aliases(connection: Connection, platform: str, items: Sequence[Item]) -> list[Item]:
    """The items under their first identity, where one was met under another id before."""
    if not connection.scalar(sa.text("select exists (select from item_aliases where platform = :p)"), {"p": platform}):
        return list(items)
    known = {
        (row.namespace, row.alias): row.platform_id
        for row in bulk.run(
            connection, _RESOLVE, [{"namespace": item.namespace, "id": item.id} for item in items], platform=platform
        )
    }
    if not known:
        return list(items)
    return [
        dataclasses.replace(item, id=known[item.namespace, item.id], aliases=(*item.aliases, item.id))
        if (item.namespace, item.id) in known
        else item
        for item in items
    ]


def find_or_make(
    connection: Connection,
    platform: str,
    items: Mapping[Key, Item],
    now: datetime,
    also: Iterable[Key] = (),
    prepared: Mapping[Key, Ready] | None = None,
) -> dict[Key, Held]:
    """Each item's row, made where there is none, all of them locked in identity order (two captures that meet the same
    items in another order would wait for each other for ever). `also` names others that the transaction will change,
    locked in the same breath where they are held. What is new takes the secret that it was `prepared` with.
    """
    held = {
        key: row for key, row in _lock(connection, platform, dict.fromkeys((*items, *also))).items() if key in items
    }
    known = prepared or {}
    secrets = {key: known[key].secret if key in known else new_secret() for key in items if key not in held}
    if secrets:
        rows = [_new_row(items[key], secret) for key, secret in secrets.items()]
        for row in bulk.run(connection, _MAKE, rows, platform=platform, now=now):
            key = (row.namespace, row.platform_id)
            held[key] = Held(row.id, State.PRESENT.value, row.current_version_id, secrets[key], new=True)
        elsewhere = [key for key in secrets if key not in held]
        if elsewhere:  # another capture made them in the meantime
            held.update(_lock(connection, platform, elsewhere))
    return held


def _new_row(item: Item, secret: bytes) -> dict[str, object]:
    points = {reference.kind: reference.id for reference in reversed(item.references)}  # the first of a kind counts
    return {
        "public_id": uuid7(),
        "namespace": item.namespace,
        "id": item.id,
        "kind": item.kind,
        "parent_id": points.get(ReferenceKind.PARENT),
        "root_id": points.get(ReferenceKind.ROOT),
        "refers_to_id": points.get(ReferenceKind.REPOST_OF) or points.get(ReferenceKind.QUOTE),
        "created_at": item.created_at,
        "secret": secret.hex(),
    }


def _lock(connection: Connection, platform: str, keys: Iterable[Key]) -> dict[Key, Held]:
    wanted = [{"namespace": namespace, "id": identity} for namespace, identity in keys]
    rows = bulk.run(connection, _LOCK, wanted, platform=platform)
    return {
        (row.namespace, row.platform_id): Held(row.id, row.state, row.current_version_id, bytes(row.secret), new=False)
        for row in rows
    }


def remember_aliases(
    connection: Connection, platform: str, items: Mapping[Key, Item], held: Mapping[Key, Held]
) -> None:
    """Keep the other ids that items were met under."""
    rows = [
        {"namespace": key[0], "alias": alias, "item_id": held[key].id}
        for key, item in items.items()
        for alias in item.aliases
        if alias != item.id
    ]
    if rows:
        bulk.run(connection, _ALIASES, rows, platform=platform)


def find_or_make_parties(connection: Connection, platform: str, parties: Sequence[Party]) -> dict[Key, int]:
    """The row id of each party, made where there is none."""
    wanted = {(party.namespace, party.id) for party in parties}
    rows = [{"namespace": namespace, "id": identity} for namespace, identity in sorted(wanted)]
    found = {
        (row.namespace, row.platform_id): row.id for row in bulk.run(connection, _PARTIES, rows, platform=platform)
    }
    missing = [row for row in rows if (row["namespace"], row["id"]) not in found]
    if missing:
        bulk.run(connection, _PARTIES_MAKE, missing, platform=platform)
        found.update(
            {
                (row.namespace, row.platform_id): row.id
                for row in bulk.run(connection, _PARTIES, missing, platform=platform)
            }
        )
    return found
