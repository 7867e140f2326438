"""Reading the lists that are kept of an account: whom it blocks, who follows it, day by day."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver.evidence.lists import digest_of
from archiver.records.models.lists import LISTINGS
from archiver.records.store.lists import keys_of, latest, members_at

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sqlalchemy.engine import Connection, Row

_CHANGES = sa.text("""
    select s.taken_on, s.taken_at, s.public_id as snapshot, c.joined, c.handle, c.name, p.namespace, p.platform_id
    from list_snapshots s join list_changes c on c.snapshot_id = s.id join parties p on p.id = c.party_id
    where s.account_id = :account and s.listing = :listing and s.id <= :until and s.id > :first
    order by s.id desc, c.joined desc, p.namespace collate "C", p.platform_id collate "C" limit :most
""")
_FIRST = sa.text("""
    select min(id) as first, min(taken_on) as since, count(*) as snapshots from list_snapshots
    where account_id = :account and listing = :listing
""")
_FAILURE = sa.text("""
    select failed_at, seen, words from list_failures where account_id = :account and listing = :listing
      and failed_at > coalesce((select max(taken_at) from list_snapshots where account_id = :account and listing = :listing),
                               '-infinity')
    order by id desc limit 1
""")


@dataclasses.dataclass(frozen=True, slots=True)
class Standing:
    """How one list of an account stands: its last snapshot, since when and how often it was taken, and why the last reading
    after that one broke off, if one did.
    """

    listing: str
    snapshot: Row[Any] | None
    since: date | None
    snapshots: int
    failure: Row[Any] | None


@dataclasses.dataclass(frozen=True, slots=True)
class Shown:
    """A list as it was at a snapshot, rebuilt. `proved`: whether it is what the snapshot's digest was made of."""

    snapshot: Row[Any]
    members: Sequence[Row[Any]]
    proved: bool


def standings(connection: Connection, account_id: int) -> list[Standing]:
    """The lists of an account that were ever read, or tried."""
    found = []
    for listing in LISTINGS:
        values = {"account": account_id, "listing": listing}
        first = connection.execute(_FIRST, values).one()
        failure = connection.execute(_FAILURE, values).one_or_none()
        if first.snapshots or failure:
            snapshot = latest(connection, account_id, listing)
            found.append(Standing(listing, snapshot, first.since, first.snapshots, failure))
    return found


def shown(connection: Connection, account_id: int, listing: str, on: date | None = None) -> Shown | None:
    """The list at its last snapshot, or at the last one up to a day; None where there is none."""
    snapshot = latest(connection, account_id, listing, on)
    if snapshot is None:
        return None
    members = members_at(connection, snapshot)
    proved = len(members) == snapshot.size and digest_of(keys_of(members)) == bytes(snapshot.digest)
    return Shown(snapshot, members, proved)


def changes(
    connection: Connection, account_id: int, listing: str, on: date | None = None, most: int = 10_000
) -> Sequence[Row[Any]]:
    """Who joined the list and who left it after its first snapshot, the latest first; `on`: up to a day."""
    snapshot = latest(connection, account_id, listing, on)
    if snapshot is None:
        return []
    first = connection.execute(_FIRST, {"account": account_id, "listing": listing}).one().first
    values = {"account": account_id, "listing": listing, "until": snapshot.id, "first": first, "most": most}
    return connection.execute(_CHANGES, values).all()
