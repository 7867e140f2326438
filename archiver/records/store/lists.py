"""Lists of accounts: each whole reading becomes a snapshot, kept as what joined and what left since the last one."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver.evidence.lists import Difference, Key, difference, digest_of
from archiver.records import bulk
from archiver.records.models import ListFailure, ListSnapshot, uuid7
from archiver.records.storable import identity, mend
from archiver.records.store.items import find_or_make_parties

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from sqlalchemy.engine import Connection, Row

    from archiver.platforms.items import Party
    from archiver.platforms.pages import AccountRef

_LATEST = sa.text("""
    select * from list_snapshots
    where account_id = :account and listing = :listing and (cast(:on as date) is null or taken_on <= :on)
    order by id desc limit 1
""")
_MEMBERS = sa.text("""
    select m.party_id, p.namespace, p.platform_id, m.handle, m.name, m.taken_on as since from (
        select distinct on (c.party_id) c.party_id, c.joined, c.handle, c.name, s.taken_on
        from list_snapshots s join list_changes c on c.snapshot_id = s.id
        where s.account_id = :account and s.listing = :listing and s.id <= :snapshot
        order by c.party_id, s.id desc
    ) m join parties p on p.id = m.party_id
    where m.joined order by p.namespace collate "C", p.platform_id collate "C"
""")
_CHANGES = """
    insert into list_changes (snapshot_id, party_id, joined, handle, name)
    select :snapshot, party_id, joined, handle, name
    from jsonb_to_recordset(cast(:rows as jsonb)) as r(party_id bigint, joined boolean, handle text, name text)
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """A list as it was read to its last page. `taken_on` is the day in the city's time zone."""

    listing: str
    members: Mapping[Key, Party]
    platform_count: int | None
    taken_at: datetime
    taken_on: date


def by_key(parties: Iterable[Party]) -> dict[Key, Party]:
    """Parties under the keys that they can be stored by; of one that comes twice the last counts."""
    return {(str(mend(each.namespace)), identity(each.id)): each for each in parties}


def latest(connection: Connection, account_id: int, listing: str, on: date | None = None) -> Row[Any] | None:
    """The last snapshot of a list, or the last one up to a day; None where there is none."""
    return connection.execute(_LATEST, {"account": account_id, "listing": listing, "on": on}).one_or_none()


def members_at(connection: Connection, snapshot: Row[Any]) -> Sequence[Row[Any]]:
    """Who was on a list by one of its snapshots, rebuilt from the differences, by namespace and id.

    A row has the party's id, namespace, platform_id, its handle and name as shown when it joined, and the day of that.
    """
    values = {"account": snapshot.account_id, "listing": snapshot.listing, "snapshot": snapshot.id}
    return connection.execute(_MEMBERS, values).all()


def keys_of(rows: Iterable[Row[Any]]) -> dict[Key, Row[Any]]:
    """Members by their key."""
    return {(row.namespace, row.platform_id): row for row in rows}


def save_snapshot(connection: Connection, account: AccountRef, capture_id: int, reading: Reading) -> Row[Any]:
    """Add a snapshot and its differences from the last one. Gives its row.

    Where the day has one already, nothing is added and that one is given.
    """
    that_day = latest(connection, account.id, reading.listing, reading.taken_on)
    if that_day is not None and that_day.taken_on == reading.taken_on:
        return that_day
    last = latest(connection, account.id, reading.listing)  # of a later day, where a clock was set back
    before = {} if last is None else keys_of(members_at(connection, last))
    changed = difference(before.keys(), reading.members.keys())
    row = connection.execute(
        sa.insert(ListSnapshot)
        .values(
            public_id=uuid7(),
            account_id=account.id,
            listing=reading.listing,
            capture_id=capture_id,
            taken_at=reading.taken_at,
            taken_on=reading.taken_on,
            size=len(reading.members),
            platform_count=reading.platform_count,
            joined=len(changed.joined),
            departed=len(changed.left),
            digest=digest_of(reading.members),
            changes_digest=changed.digest,
        )
        .returning(*ListSnapshot.__table__.columns)
    ).one()
    rows = _rows(connection, account.platform, changed, before, reading.members)
    if rows:
        bulk.run(connection, _CHANGES, rows, snapshot=row.id)
    return row


def _rows(
    connection: Connection,
    platform: str,
    changed: Difference,
    before: Mapping[Key, Row[Any]],
    members: Mapping[Key, Party],
) -> list[dict[str, Any]]:
    joined = {key: dataclasses.replace(members[key], namespace=key[0], id=key[1]) for key in changed.joined}
    ids = find_or_make_parties(connection, platform, list(joined.values())) if joined else {}
    rows = [
        {"party_id": ids[key], "joined": True, "handle": mend(party.handle), "name": mend(party.name)}
        for key, party in joined.items()
    ]
    for key in changed.left:
        was = before[key]
        rows.append({"party_id": was.party_id, "joined": False, "handle": was.handle, "name": was.name})
    return rows


def save_failure(
    connection: Connection, account: AccountRef, capture_id: int, listing: str, now: datetime, seen: int, words: str
) -> None:
    """Put on record that a list could not be read to its end."""
    connection.execute(
        sa.insert(ListFailure).values(
            account_id=account.id,
            listing=listing,
            capture_id=capture_id,
            failed_at=now,
            seen=seen,
            words=mend(words),
        )
    )
