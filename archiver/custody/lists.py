"""Checking lists of accounts: the differences of each snapshot against their digest, what they add up to against the list's."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver.custody.findings import DATABASE, Finding
from archiver.evidence.lists import Difference, Key, digest_of
from archiver.records.store.lists import keys_of, members_at

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Row

_SNAPSHOTS = sa.text("select * from list_snapshots where id >= :first and id < :end order by id")
_CHANGES = sa.text("""
    select c.snapshot_id, c.joined, p.namespace, p.platform_id
    from list_changes c join parties p on p.id = c.party_id where c.snapshot_id >= :first and c.snapshot_id < :end
""")


def altered(connection: Connection, first: int, end: int) -> dict[int, Finding]:
    """What is wrong with the snapshots whose ids lie in that range, by id.

    Each one's own differences are hashed; the list that all differences add up to is rebuilt for the last of each list only,
    since one that was altered before it shows in its own digest.
    """
    bounds = {"first": first, "end": end}
    changes: defaultdict[int, dict[bool, set[Key]]] = defaultdict(lambda: {True: set(), False: set()})
    for row in connection.execute(_CHANGES, bounds):
        changes[row.snapshot_id][row.joined].add((row.namespace, row.platform_id))
    found: dict[int, Finding] = {}
    last: dict[tuple[int, str], Row[Any]] = {}
    for row in connection.execute(_SNAPSHOTS, bounds).all():
        last[row.account_id, row.listing] = row
        digest = Difference(frozenset(changes[row.id][True]), frozenset(changes[row.id][False])).digest
        if digest != bytes(row.changes_digest):
            found[row.id] = _finding(row, "its differences are not those of their digest", row.changes_digest, digest)
    for row in last.values():
        digest = digest_of(keys_of(members_at(connection, row)))
        if row.id not in found and digest != bytes(row.digest):
            words = "the list that its differences add up to is not that of its digest"
            found[row.id] = _finding(row, words, row.digest, digest)
    return found


def _finding(row: Row[Any], what: str, expected: bytes, got: bytes) -> Finding:
    return Finding(
        "list",
        str(row.public_id),
        what,
        f"SHA-256 {bytes(expected).hex()}",
        f"SHA-256 {got.hex()}",
        records=({"list": row.listing, "snapshot": str(row.public_id), "number": str(row.id)},),
        advice=DATABASE,
    )
