"""Checking search receipts: what each says against its digest, the list of what it found in the store against its own."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import rfc8785
import sqlalchemy as sa

from archiver.blobs import BlobStore
from archiver.custody.findings import DATABASE, Checked, Finding

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from archiver.archive import Archive

_BODIES = sa.text("select id, number, body, body_sha256 from receipts where id >= :first and id < :end order by id")
_OF_LIST = sa.text("select number, results_size from receipts where results_sha256 = :sha256 order by number limit 20")


def altered(connection: Connection, first: int, end: int) -> dict[int, Finding]:
    """What is wrong with the receipts whose ids lie in that range, by id: a body that does not have its digest."""
    found = {}
    for row in connection.execute(_BODIES, {"first": first, "end": end}):
        expected, got = bytes(row.body_sha256).hex(), hashlib.sha256(rfc8785.dumps(row.body)).hexdigest()
        if got != expected:
            found[row.id] = Finding(
                "receipt",
                str(row.number),
                "it does not say what it said when it was made",
                f"SHA-256 {expected}",
                f"SHA-256 {got}",
                advice=DATABASE,
            )
    return found


def check_list(archive: Archive, sha256: bytes) -> Checked:
    """Read the list of what a receipt found again, from beginning to end."""
    key = BlobStore.key(sha256)
    with archive.engine.connect() as connection:
        rows = connection.execute(_OF_LIST, {"sha256": sha256}).all()
    named = tuple({"receipt": str(row.number)} for row in rows)
    try:
        got = archive.blobs.digest(key)
    except FileNotFoundError:
        finding = Finding("receipt_list", key, "it is not in the store", sha256.hex(), "no file", records=named)
        return Checked(0, [finding])
    size = max((row.results_size for row in rows), default=0)
    if got == sha256:
        return Checked(size)
    finding = Finding("receipt_list", key, "it is not what was stored", sha256.hex(), got.hex(), records=named)
    return Checked(size, [finding])
