"""Checking the bytes of media: each blob is what its name, its digest, says."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import sqlalchemy as sa

from archiver.blobs import BlobStore
from archiver.custody.findings import Checked, Finding, showing

if TYPE_CHECKING:
    from archiver.archive import Archive

_CHUNK = 1 << 20


def check(archive: Archive, sha256: bytes) -> Checked:
    """Read a blob again from beginning to end."""
    digest, read = hashlib.sha256(), 0
    name = sha256.hex()
    what = ""
    try:
        with archive.blobs.open(BlobStore.key(sha256)) as file:
            while data := file.read(_CHUNK):
                digest.update(data)
                read += len(data)
        if digest.digest() != sha256:
            what = f"its {read} bytes are others than those that were fetched"
    except FileNotFoundError:
        what = "it is not in the store"
    if not what:
        return Checked(read)
    with archive.engine.connect() as connection:
        size = connection.scalar(sa.text("select max(size) from media where sha256 = :sha256"), {"sha256": sha256})
        records = showing(connection, sha256)
    if read and size is not None and read != size:
        what += f" (they were {size})"
    found = Finding("medium", name, what, name, digest.hexdigest() if read else "no file", records=records)
    return Checked(read, [found])
