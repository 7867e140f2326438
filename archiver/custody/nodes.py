"""The nodes of the log's tree, as far as they are kept: the complete subtrees of 256 leaves and more.

Those below are made of the leaves whenever they are wanted, at most 256 of a block: a tenth of a millisecond, where keeping
them would double the rows of the log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from archiver.evidence import tree
from archiver.evidence.merkle import leaf_hash, root_of_hashes
from archiver.evidence.roots import Head
from archiver.evidence.tree import Peaks, Place, Range
from archiver.records import bulk

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from sqlalchemy.engine import Connection

KEPT_FROM = 8
"""The lowest level whose nodes are kept."""
BLOCK = 1 << KEPT_FROM

_LEAVES = """
    select l.index as at, l.entry from jsonb_to_recordset(cast(:rows as jsonb)) as r(first bigint)
    join log_leaves l on l.index >= r.first and l.index < r.first + :block and l.index < :size
"""
_NODES = """
    select n.level, n.index as at, n.hash from jsonb_to_recordset(cast(:rows as jsonb)) as r(level smallint, index bigint)
    join log_nodes n on n.level = r.level and n.index = r.index
"""


class LogDamaged(Exception):
    """The log lacks what it must have; the message says what, and what to do."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what

    def __str__(self) -> str:
        return f"the log is damaged: {self.what}; run `civic-archive log fixity --whole` and restore the database from a copy"


def size(connection: Connection) -> int:
    """How many leaves the log has."""
    return int(connection.scalar(sa.text('select coalesce(max("index") + 1, 0) from log_leaves')) or 0)


def fetched(connection: Connection, wanted: Collection[Place], log_size: int) -> dict[Place, bytes]:
    """The hashes of complete subtrees, in two queries at most. Raises `LogDamaged` where one is not there."""
    kept = sorted({place for place in wanted if place.level >= KEPT_FROM})
    low = {place for place in wanted if place.level < KEPT_FROM}
    found: dict[Place, bytes] = {}
    if kept:
        rows = bulk.run(connection, _NODES, [{"level": each.level, "index": each.at} for each in kept])
        found = {Place(row.level, row.at): bytes(row.hash) for row in rows}
    blocks = sorted({(place.at << place.level) >> KEPT_FROM for place in low})
    if blocks:
        rows = bulk.run(
            connection, _LEAVES, [{"first": each << KEPT_FROM} for each in blocks], block=BLOCK, size=log_size
        )
        leaves = {row.at: leaf_hash(row.entry.encode()) for row in rows}
        for place in low:
            under = range(place.at << place.level, (place.at + 1) << place.level)
            if all(index in leaves for index in under):
                found[place] = root_of_hashes([leaves[index] for index in under])
    for place in wanted:
        if place not in found:
            raise LogDamaged(_missing(place))
    return found


def _missing(place: Place) -> str:
    if place.level >= KEPT_FROM:
        return f"node {place.at} of level {place.level} is not there"
    return f"a leaf between {place.at << place.level} and {((place.at + 1) << place.level) - 1} is not there"


def peaks(connection: Connection, log_size: int) -> Peaks:
    """The peaks of the log at a size it has or had: what a growing tree goes on from. Raises `LogDamaged`."""
    wanted = tree.places(Range(0, log_size))
    found = fetched(connection, wanted, log_size)
    return Peaks(log_size, [found[place] for place in wanted])


def head(connection: Connection, log_size: int | None = None) -> Head:
    """The log's size and root, at a size that it had, or now. Raises `LogDamaged`."""
    at = size(connection) if log_size is None else log_size
    return Head(at, peaks(connection, at).root())


def proofs(connection: Connection, ranges: Sequence[Iterable[Range]], log_size: int) -> list[list[bytes]]:
    """The hashes of several proofs' ranges, all fetched together. Raises `LogDamaged`."""
    listed = [list(each) for each in ranges]
    wanted = {place for each in listed for part in each for place in tree.places(part)}
    found = fetched(connection, wanted, log_size)
    return [tree.hashes(each, found) for each in listed]
