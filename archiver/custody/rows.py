"""Checking what the database holds: versions against their hashes and commitments, every record against its leaf."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver.custody import lists, nodes, receipts, subjects
from archiver.custody.findings import DATABASE, Checked, Finding
from archiver.evidence import commitments, tree, verify
from archiver.evidence.fields import content_hash
from archiver.evidence.merkle import leaf_hash, root_of_hashes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import Connection, Row

BLOCK = 1000
"""Rows that are checked, and noted as checked, together: those whose ids begin with the same thousands."""
_VERSIONS = """
    select v.id, v.public_id, i.public_id as item, v.number, v.fields, v.text, v.content_hash, v.commitment,
           v.commitment_scheme, k.secret
    from versions v join items i on i.id = v.item_id left join item_secrets k on k.item_id = v.item_id
    where v.id >= :first and v.id < :end order by v.id
"""
_LEAVES = """
    select l.index as at, l.subject_id, l.entry, l.secret from log_leaves l
    where l.kind = :kind and l.subject_id >= :first and l.subject_id < :end
"""
_UNLOGGED = """
    select s.id from {table} s where s.id >= :first and s.id < :end
      and not exists (select from log_leaves l where l.kind = :kind and l.subject_id = s.id)
      and not exists (select from log_outbox o where o.kind = :kind and o.subject_id = s.id)
    order by s.id
"""
UNLOGGED = (
    "find out who deleted from log_outbox, and run `civic-archive log append --missing`, which puts it into the log, as of "
    "today"
)


def check(connection: Connection, kind: str, block: int) -> Checked:
    """Check the rows of one kind whose ids lie in that thousand, in a connection that sees one state of the database."""
    bounds = {"kind": kind, "first": block * BLOCK, "end": (block + 1) * BLOCK}
    checked = Checked()
    altered: dict[int, Finding] = {}
    if kind == "version":
        for row in connection.execute(sa.text(_VERSIONS), bounds):
            checked.bytes += len(str(row.fields))
            found = _version(row)
            if found is not None:
                altered[row.id] = found
    elif kind == "list":
        altered = lists.altered(connection, block * BLOCK, (block + 1) * BLOCK)
    elif kind == "receipt":
        altered = receipts.altered(connection, block * BLOCK, (block + 1) * BLOCK)
    checked.findings += altered.values()
    leaves = {row.subject_id: row for row in connection.execute(sa.text(_LEAVES), bounds)}
    now = subjects.again(connection, kind, {key: _own(row) for key, row in leaves.items()})
    for subject, leaf in leaves.items():
        checked.bytes += len(leaf.entry)
        if subject not in altered and now.get(subject) != leaf.entry:
            checked.findings.append(_differing(connection, kind, leaf, now))
    table = subjects.KINDS[kind].table
    for (subject,) in connection.execute(sa.text(_UNLOGGED.format(table=table)), bounds):
        what = "it is not in the log, and does not wait for it"
        checked.findings.append(Finding(kind, f"{subject} of {table}", what, "a leaf", "none", advice=UNLOGGED))
    return checked


def _own(row: Row[Any]) -> bytes | None:
    return None if row.secret is None else bytes(row.secret)


def _version(row: Row[Any]) -> Finding | None:
    """What is wrong with a version in itself, all in one finding."""
    wrong, expected, found = [], [], []
    digest = content_hash(row.fields)
    if digest != bytes(row.content_hash):
        wrong.append("its fields are not those of its hash")
        expected.append(f"hash {bytes(row.content_hash).hex()}")
        found.append(f"hash {digest.hex()}")
    if row.text != row.fields.get("text"):
        wrong.append("its text is not that of its fields")
    if row.secret is None:
        wrong.append("the secret of its item is gone")
    elif row.commitment_scheme == commitments.SCHEME:
        commitment = commitments.commit(row.fields, bytes(row.secret), row.public_id)
        if commitment != bytes(row.commitment):
            wrong.append("its fields are not those that were committed to")
            expected.append(f"commitment {bytes(row.commitment).hex()}")
            found.append(f"commitment {commitment.hex()}")
    if not wrong:
        return None
    return Finding(
        "version",
        str(row.public_id),
        ", and ".join(wrong),
        ", ".join(expected),
        ", ".join(found),
        records=({"item": str(row.item), "version": str(row.public_id), "number": str(row.number)},),
        advice=DATABASE,
    )


def _differing(connection: Connection, kind: str, leaf: Row[Any], now: Mapping[int, str]) -> Finding:
    """A leaf and its record say two things: which of them was changed the tree tells."""
    said = now.get(leaf.subject_id, "no such record")
    named = named_in(leaf.entry)
    if fits(connection, leaf.at, leaf.entry):
        what = f"it is not what leaf {leaf.at} of the log says of it"
        return Finding(
            kind,
            f"{leaf.subject_id} of {subjects.KINDS[kind].table}",
            what,
            leaf.entry,
            said,
            records=named,
            advice=DATABASE,
        )
    return Finding(
        "leaf", str(leaf.at), "it is not what its record says", said, leaf.entry, records=named, advice=DATABASE
    )


def named_in(entry: str) -> tuple[dict[str, str], ...]:
    """The public ids that a leaf names, as far as it can be read."""
    try:
        read = json.loads(entry)
        return (
            {
                name: str(read[name])
                for name in ("item", "version", "account", "stream", "list", "snapshot", "receipt")
                if name in read
            },
        )
    except (ValueError, TypeError):
        return ()


def fits(connection: Connection, index: int, entry: str) -> bool:
    """Whether the tree, as it is kept and was signed, holds this leaf at this place."""
    log_size = nodes.size(connection)
    block = index >> nodes.KEPT_FROM
    rows = connection.execute(
        sa.text(
            "select l.index as at, l.entry, n.hash from log_leaves l left join log_nodes n on n.level = :level "
            "and n.index = :block where l.index >= :first and l.index < :end order by l.index"
        ),
        {
            "level": nodes.KEPT_FROM,
            "block": block,
            "first": block << nodes.KEPT_FROM,
            "end": (block + 1) << nodes.KEPT_FROM,
        },
    ).all()
    hashes = [leaf_hash((entry if row.at == index else row.entry).encode()) for row in rows]
    if len(hashes) == nodes.BLOCK and rows[0].hash is not None and root_of_hashes(hashes) == bytes(rows[0].hash):
        return True
    signed = connection.execute(
        sa.text("select size, root_hash from log_roots where size > :index and size <= :size order by id desc limit 1"),
        {"index": index, "size": log_size},
    ).one_or_none()
    if signed is None:
        return False
    try:
        (path,) = nodes.proofs(connection, [tree.inclusion(index, signed.size)], signed.size)
    except nodes.LogDamaged:
        return False
    return verify.verify_inclusion(leaf_hash(entry.encode()), index, signed.size, path, bytes(signed.root_hash))
