"""Small pictures of everything that is kept and has none, one process each; a picture that breaks it costs that picture alone."""

from __future__ import annotations

import dataclasses
import hashlib
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from archiver.blobs import BlobDamaged, BlobStore
from archiver.capture.half_fetched import MEDIUM
from archiver.records.store.thumbnails import save_made, save_unmade, waiting
from archiver.thumbnails.making import LIMITS, Unmade, make

if TYPE_CHECKING:
    from collections.abc import Callable

    from archiver.archive import Archive
    from archiver.thumbnails.making import Limits, Small

LARGEST = 128 * 1024 * 1024
"""Bytes of a picture that is worth the time; cameras make none so large."""
_BATCH = 100
_log = structlog.get_logger(__name__)


@dataclasses.dataclass(slots=True)
class Made:
    """What a run did: small pictures made, pictures of which none can be made, and what is to be tried again."""

    made: int = 0
    unmade: list[str] = dataclasses.field(default_factory=list)
    later: list[str] = dataclasses.field(default_factory=list)


def make_waiting(
    archive: Archive,
    *,
    account_id: int | None = None,
    again: bool = False,
    longest: float | None = None,
    limits: Limits = LIMITS,
    progress: Callable[[str], None] = lambda _: None,
) -> Made:
    """Make the small pictures that are missing.

    Args:
        archive: The archive, open.
        account_id: Of what was seen through this account only.
        again: Try those again of which none could be made (after a new release of the decoders).
        longest: Begin none after so many seconds; the rest waits for the next run.
        limits: What each may cost.
        progress: Told the digest of each.
    """
    done, began, after = Made(), time.monotonic(), b""
    while True:
        with archive.engine.connect() as connection:
            rows = waiting(connection, after=after, batch=_BATCH, account_id=account_id, again=again)
        for row in rows:
            if longest is not None and time.monotonic() - began > longest:
                return done
            after = bytes(row.sha256)
            progress(after.hex())
            _one(archive, after, row.size, row.name, limits, done)
        if len(rows) < _BATCH:
            return done


def _one(archive: Archive, sha256: bytes, size: int | None, name: str, limits: Limits, done: Made) -> None:
    try:
        result = _made(archive, sha256, size, limits)
        if not isinstance(result, Unmade):
            digest = _kept(archive, result)
    except (OSError, BlobDamaged) as error:
        result = Unmade(f"the store gave no bytes, or took none ({error})", lasting=False)
    said = f"{name} (SHA-256 {sha256.hex()})"
    if isinstance(result, Unmade):
        _log.info("no small picture", medium=said, reason=result.reason)
        if not result.lasting:
            done.later.append(f"{said}: {result.reason}")
            return
        done.unmade.append(f"{said}: {result.reason}")
        with archive.engine.begin() as connection:
            save_unmade(connection, sha256, result.reason, archive.now())
        return
    with archive.engine.begin() as connection:
        save_made(connection, sha256, digest, result.width, result.height, archive.now())
    done.made += 1


def _made(archive: Archive, sha256: bytes, size: int | None, limits: Limits) -> Small | Unmade:
    """From a nameless copy, since the store may be far away. Raises `OSError`."""
    if size is not None and size > LARGEST:
        return Unmade(f"it is larger than {LARGEST >> 20} MiB")
    archive.spool.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=archive.spool) as copy:
        with archive.blobs.open(BlobStore.key(sha256)) as kept:
            shutil.copyfileobj(kept, copy, 1 << 20)
        copy.seek(0)
        return make(copy, limits)


def _kept(archive: Archive, small: Small) -> bytes:
    """Put the small picture into the store. Raises `OSError`."""
    digest = hashlib.sha256(small.data).digest()
    with tempfile.NamedTemporaryFile(dir=archive.spool, suffix=MEDIUM) as file:
        file.write(small.data)
        file.flush()
        archive.blobs.put_file(Path(file.name), digest)
    return digest
