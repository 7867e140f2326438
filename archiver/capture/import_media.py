"""The media of a download: its files into the blob store, each under the digest of its bytes.

A medium whose bytes are held already is not read again. One that is too large stays without them, with the reason.
"""

from __future__ import annotations

import hashlib
import mimetypes
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import sqlalchemy as sa

from archiver.capture.half_fetched import MEDIUM
from archiver.capture.media import kept
from archiver.downloads.errors import DamagedArchiveError
from archiver.platforms.items import Skipped
from archiver.platforms.pages import Exchange
from archiver.records.models import uuid7
from archiver.records.storable import identity
from archiver.records.store.exchanges import insert_exchanges
from archiver.records.store.page import hold_fence

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy.engine import Connection, Row

    from archiver.archive import Archive
    from archiver.downloads.unpack import Tree
    from archiver.records.store import CaptureContext

_CHUNK = 1 << 20
_UNKNOWN = "application/octet-stream"
_TYPES = {
    ".heic": "image/heic",
    ".heif": "image/heif",
    ".webp": "image/webp",
    ".opus": "audio/ogg",
    ".m4a": "audio/mp4",
}
"""What Python's own table may lack."""

_LACKING = """
    select m.id, m.platform_id, m.content_type from media m
    where m.platform = :platform and m.namespace = :namespace and m.platform_id = any(:ids) and m.state <> 'kept'
    order by m.id
"""


def import_media(archive: Archive, context: CaptureContext, tree: Tree, files: Mapping[str, str]) -> list[Skipped]:
    """Keep the bytes of the attachments that have none yet.

    Args:
        archive: The archive, open.
        context: The running import.
        tree: The download.
        files: Which of its files are the bytes of which attachments, by their ids.

    Gives what could not be kept, by name.
    """
    if not files:
        return []
    by_id = {identity(medium): name for medium, name in files.items()}
    with archive.engine.connect() as connection:
        rows = connection.execute(
            sa.text(_LACKING),
            {"platform": context.account.platform, "namespace": context.account.namespace, "ids": list(by_id)},
        ).all()
    skipped = []
    for row in rows:
        name = by_id[row.platform_id]
        try:
            problem = _one(archive, context, tree, row, name)
        except DamagedArchiveError as error:
            problem = error.why
            with archive.engine.begin() as connection:
                hold_fence(connection, context)
                _without(connection, row.id, "failed", problem)
        if problem is not None:
            skipped.append(Skipped(name, problem))
    return skipped


def _one(archive: Archive, context: CaptureContext, tree: Tree, row: Row[Any], name: str) -> str | None:
    """Keep one file. Gives why it was not kept. Raises `DamagedArchiveError`."""
    limit = archive.settings.media_max_bytes
    archive.spool.mkdir(parents=True, exist_ok=True)
    handle, spooled = tempfile.mkstemp(dir=archive.spool, suffix=MEDIUM)
    path = Path(spooled)
    try:
        digest, size = hashlib.sha256(), 0
        with os.fdopen(handle, "wb") as file, tree.open(name) as stream:
            while size <= limit and (chunk := stream.read(_CHUNK)):
                size += len(chunk)
                digest.update(chunk)
                file.write(chunk)
        if size > limit:
            problem = f"it is larger than {limit} bytes (CIVIC_ARCHIVE_MEDIA_MAX_BYTES)"
            with archive.engine.begin() as connection:
                hold_fence(connection, context)
                _without(connection, row.id, "withheld", problem)
            return problem
        archive.blobs.put_file(path, digest.digest())
    finally:
        path.unlink()
    exchange = _exchange(tree, name, digest.digest(), archive.now())
    kind = exchange.header("content-type")
    if kind == _UNKNOWN and row.content_type:  # a name that ends in nothing says less than the item does
        kind = row.content_type
    with archive.engine.begin() as connection:
        hold_fence(connection, context)
        insert_exchanges(connection, context.capture_id, [exchange], received_bytes=size)
        kept(connection, row.id, digest.digest(), size, kind, exchange.id, archive.now())
    return None


def _without(connection: Connection, medium_id: int, state: str, reason: str) -> None:
    connection.execute(
        sa.text("update media set state = :state, reason = :reason, attempts = attempts + 1 where id = :id"),
        {"state": state, "reason": reason, "id": medium_id},
    )


def media_type(name: str) -> str:
    """The type of a file by the end of its name."""
    end = os.path.splitext(name)[1].lower()  # noqa: PTH122 - a path within an archive
    return _TYPES.get(end) or mimetypes.guess_type(f"file{end}", strict=False)[0] or _UNKNOWN


def address(tree: Tree, name: str) -> str:
    """What stands for a file of a download where an exchange has an address."""
    return f"import:{quote(tree.name, errors='replace')}/{quote(name, errors='replace')}"


def _exchange(tree: Tree, name: str, digest: bytes, now: datetime) -> Exchange:
    return Exchange(
        id=str(uuid7()),
        requested_at=now,
        method="IMPORT",
        url=address(tree, name),
        status=0,
        reason="",
        request_headers=(),
        response_headers=(("Content-Type", media_type(name)),),
        body=b"",
        received=b"",
        received_sha256=digest,
        elapsed_ms=0,
    )
