"""The media of a download: its files into the blob store, each under the digest of its bytes.

A medium whose bytes are held already is not read again. One that is too large stays without them, with the reason. Media are
small as a rule (the pages of a WARC): many are stored side by side, since a store syncs each to the disk or to another machine,
and remembered in one transaction once their bytes are there.
"""

from __future__ import annotations

import dataclasses
import hashlib
import mimetypes
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import sqlalchemy as sa

from archiver.capture.half_fetched import MEDIUM
from archiver.capture.media import Kept, kept
from archiver.database import in_transaction
from archiver.downloads.errors import DamagedArchiveError
from archiver.platforms.items import Skipped
from archiver.platforms.pages import Exchange
from archiver.records.models import uuid7
from archiver.records.storable import identity
from archiver.records.store import FenceLost
from archiver.records.store.exchanges import insert_exchanges
from archiver.records.store.page import hold_fence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection, Row

    from archiver.archive import Archive
    from archiver.downloads.unpack import Tree
    from archiver.records.store import CaptureContext

_CHUNK = 1 << 20
_TOGETHER, _TOGETHER_BYTES = 200, 64 << 20
"""So many media, and of so many bytes together (or one medium more), are remembered in one transaction."""
_SIDE_BY_SIDE = 8
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
    shelf = _Shelf(archive, context)
    skipped = []
    try:
        for row in rows:
            name = by_id[row.platform_id]
            try:
                problem = _one(archive, context, tree, row, name, shelf)
            except DamagedArchiveError as error:
                problem = error.why
                with archive.engine.begin() as connection:
                    hold_fence(connection, context)
                    _without(connection, row.id, "failed", problem)
            if problem is not None:
                skipped.append(Skipped(name, problem))
        shelf.store()
    except FenceLost:
        shelf.drop()
        raise
    except Exception:
        shelf.store()
        raise
    return skipped


@dataclasses.dataclass(frozen=True, slots=True)
class _Spooled:
    """A file that lies on the spool, to be stored: what it is an exchange of, and what will be remembered of its medium."""

    path: Path
    exchange: Exchange
    kept: Kept


class _Shelf:
    """Files on the spool that wait to be stored and remembered together."""

    def __init__(self, archive: Archive, context: CaptureContext) -> None:
        self._archive, self._context = archive, context
        self._waiting: list[_Spooled] = []
        self._bytes = 0

    def add(self, spooled: _Spooled) -> None:
        """Take one; store and remember all that wait once they are many."""
        self._waiting.append(spooled)
        self._bytes += spooled.kept.size
        if len(self._waiting) >= _TOGETHER or self._bytes >= _TOGETHER_BYTES:
            self.store()

    def store(self) -> None:
        """Store what waits, and remember in one transaction what is in the store then, also where one of them fails. Raises
        what the store raises.
        """
        waiting, self._waiting, self._bytes = self._waiting, [], 0
        if not waiting:
            return
        with ThreadPoolExecutor(min(_SIDE_BY_SIDE, len(waiting))) as pool:
            failures = list(pool.map(self._put, waiting))
        stored = [each for each, failure in zip(waiting, failures, strict=True) if failure is None]
        if stored:
            in_transaction(self._archive.engine, lambda connection: self._remember(connection, stored))
        for failure in filter(None, failures):
            raise failure

    def _remember(self, connection: Connection, stored: Sequence[_Spooled]) -> None:
        hold_fence(connection, self._context)
        insert_exchanges(connection, self._context.capture_id, [each.exchange for each in stored])
        kept(connection, [each.kept for each in stored], self._archive.now())

    def drop(self) -> None:
        """Take what waits off the spool."""
        for each in self._waiting:
            each.path.unlink(missing_ok=True)
        self._waiting = []

    def _put(self, spooled: _Spooled) -> Exception | None:
        try:
            self._archive.blobs.put_file(spooled.path, spooled.kept.sha256)
        except Exception as error:  # noqa: BLE001 - raised once the others are remembered
            return error
        finally:
            spooled.path.unlink()
        return None


def _one(archive: Archive, context: CaptureContext, tree: Tree, row: Row[Any], name: str, shelf: _Shelf) -> str | None:
    """Keep one file. Gives why it was not kept. Raises `DamagedArchiveError`, and what the store raises."""
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
    except BaseException:
        path.unlink()
        raise
    if size > limit:
        path.unlink()
        problem = f"it is larger than {limit} bytes (CIVIC_ARCHIVE_MEDIA_MAX_BYTES)"
        with archive.engine.begin() as connection:
            hold_fence(connection, context)
            _without(connection, row.id, "withheld", problem)
        return problem
    exchange = _exchange(tree, name, digest.digest(), size, archive.now())
    kind = exchange.header("content-type")
    if kind == _UNKNOWN and row.content_type:  # a name that ends in nothing says less than the item does
        kind = row.content_type
    shelf.add(_Spooled(path, exchange, Kept(row.id, digest.digest(), size, kind, exchange.id)))
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


def _exchange(tree: Tree, name: str, digest: bytes, size: int, now: datetime) -> Exchange:
    """The file as an exchange without its bytes, which went past into the store."""
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
        file_bytes=size,
    )
