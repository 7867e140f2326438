"""Appending to the log: whatever waits in its outbox becomes leaves, in batches, by one appender at a time.

The outbox rows are written by triggers, in the transaction that writes the record, so that nothing is missed however late
that transaction commits; a batch takes them away in the transaction that appends their leaves, so that nothing is appended
twice.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog

from archiver.custody import nodes, subjects
from archiver.evidence.merkle import leaf_hash
from archiver.records import bulk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection, Engine, Row

    from archiver.custody.subjects import Subject
    from archiver.evidence.tree import Place

BATCH = 2_000
"""Leaves of one transaction: some 4 KB of memory each while they are made."""
_LOCK = 0x_C1_71C_10C
_log = structlog.get_logger(__name__)

_WAITING = (
    "select id, kind, subject_id from log_outbox where kind = any(:kinds) and id > :after order by id limit :batch"
)
_APPENDED = """
    select l.subject_id from log_leaves l where l.kind = :kind and l.subject_id = any(:ids)
"""
_INSERT_LEAVES = """
    insert into log_leaves (index, kind, subject_id, entry, secret, appended_at)
    select index, kind, subject_id, entry, decode(secret, 'hex'), :now
    from jsonb_to_recordset(cast(:rows as jsonb)) as r(
        index bigint, kind text, subject_id bigint, entry text, secret text)
"""
_INSERT_NODES = """
    insert into log_nodes (level, index, hash)
    select level, index, decode(hash, 'hex')
    from jsonb_to_recordset(cast(:rows as jsonb)) as r(level smallint, index bigint, hash text)
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Appended:
    """What an append did: leaves appended, the size of the log, and what waits still (for another appender, or a subject)."""

    leaves: int
    size: int
    waiting: int


def append(engine: Engine, now: datetime, *, wait: bool = True, batch: int = BATCH) -> Appended:
    """Append whatever waits and has committed.

    Without `wait`, nothing is appended where somebody else is at it: who comes next takes what is left. Raises
    `nodes.LogDamaged` where the tree lacks what it must have, and leaves the log as it is then.
    """
    appended, after = 0, 0
    while True:
        with engine.begin() as connection:
            if not _locked(connection, wait=wait):
                break
            rows = connection.execute(
                sa.text(_WAITING), {"kinds": list(subjects.KINDS), "after": after, "batch": batch}
            ).all()
            if not rows:
                break
            appended += _append(connection, rows, now)
            after = rows[-1].id if len(rows) == batch else 0
        if after == 0:
            break
    with engine.connect() as connection:
        return Appended(appended, nodes.size(connection), waiting(connection))


def append_or_wait(engine: Engine, now: datetime) -> None:
    """Append after a capture. What goes wrong is logged and waits: nothing about the log may lose a capture."""
    try:
        append(engine, now, wait=False)
    except Exception:  # noqa: BLE001 - whatever it is, the capture stands, and the next append takes what is left
        _log.warning(
            "not appended to the log yet; the next capture or `civic-archive log append` does it", exc_info=True
        )


def waiting(connection: Connection) -> int:
    """How many records are not in the log yet."""
    return int(connection.scalar(sa.text("select count(*) from log_outbox")) or 0)


def put_missing(engine: Engine) -> int:
    """Put every record that is neither in the log nor waiting for it into the outbox. Gives how many.

    That there are any is a finding of `fixity`: the triggers leave none.
    """
    found = 0
    with engine.begin() as connection:
        _locked(connection, wait=True)
        for kind, known in subjects.KINDS.items():
            found += connection.execute(
                sa.text(
                    f"insert into log_outbox (kind, subject_id) select :kind, s.id from {known.table} s "  # noqa: S608 - our names
                    "where not exists (select from log_leaves l where l.kind = :kind and l.subject_id = s.id) "
                    "and not exists (select from log_outbox o where o.kind = :kind and o.subject_id = s.id) order by s.id"
                ),
                {"kind": kind},
            ).rowcount
    return found


def _locked(connection: Connection, *, wait: bool) -> bool:
    """Whether the log is ours to append to, until the transaction ends."""
    if wait:
        connection.execute(sa.text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        return True
    return bool(connection.scalar(sa.text("select pg_try_advisory_xact_lock(:key)"), {"key": _LOCK}))


def _append(connection: Connection, rows: Sequence[Row[Any]], now: datetime) -> int:
    """Append the leaves of these outbox rows, in their order, and take the rows away. Gives how many are new."""
    found: dict[tuple[str, int], Subject] = {}
    done: set[tuple[str, int]] = set()
    for kind in dict.fromkeys(row.kind for row in rows):
        ids = [row.subject_id for row in rows if row.kind == kind]
        held = connection.execute(sa.text(_APPENDED), {"kind": kind, "ids": ids}).scalars().all()
        done |= {(kind, each) for each in held}
        found |= {(kind, each): made for each, made in subjects.fresh(connection, kind, ids).items()}
    chosen = [
        key for key in dict.fromkeys((row.kind, row.subject_id) for row in rows) if key in found and key not in done
    ]
    if chosen:
        _insert(connection, chosen, found, now)
    spent = [row.id for row in rows if (row.kind, row.subject_id) in found or (row.kind, row.subject_id) in done]
    connection.execute(sa.text("delete from log_outbox where id = any(:ids)"), {"ids": spent})
    return len(chosen)


def _insert(
    connection: Connection,
    chosen: Sequence[tuple[str, int]],
    found: Mapping[tuple[str, int], Subject],
    now: datetime,
) -> None:
    growing = nodes.peaks(connection, nodes.size(connection))
    leaves, made = [], []
    for key in chosen:
        subject = found[key]
        leaves.append(
            {
                "index": growing.size,
                "kind": key[0],
                "subject_id": key[1],
                "entry": subject.entry,
                "secret": None if subject.secret is None else subject.secret.hex(),
            }
        )
        made += [_node(*each) for each in growing.push(leaf_hash(subject.entry.encode())) if _kept(each[0])]
    bulk.run(connection, _INSERT_LEAVES, leaves, now=now)
    if made:
        bulk.run(connection, _INSERT_NODES, made)


def _kept(place: Place) -> bool:
    return place.level >= nodes.KEPT_FROM


def _node(place: Place, made: bytes) -> dict[str, Any]:
    return {"level": place.level, "index": place.at, "hash": made.hex()}
