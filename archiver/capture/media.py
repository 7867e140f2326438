"""Fetching attachments: streamed past into the blob store, checked by type, size and, where the platform names it, digest.

A medium whose fetch fails stays wanted, with its reason; the post it belongs to is archived, and counted as incomplete.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import requests
import sqlalchemy as sa
import structlog
import urllib3

from archiver.capture.errors import BadAnswer, CaptureError, RateLimited, Refused, RequestFailed, Unreachable
from archiver.capture.evidence_file import MEDIUM
from archiver.platforms.contract import Exchange, Media
from archiver.platforms.errors import UnreadableAnswerError
from archiver.records.storable import mend
from archiver.records.store.exchanges import insert_exchanges
from archiver.records.store.page import hold_fence

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection, Row

    from archiver.capture.running import RunningCapture

_log = structlog.get_logger(__name__)
_CHUNK = 1 << 20
_BATCH = 100
_MAX_ATTEMPTS = 10
_OK = 200
_EXPECTED = {
    "image": ("image/",),
    "video": ("video/", "application/mp4", "application/octet-stream"),
    "audio": ("audio/", "application/ogg", "application/octet-stream"),
}

_WANTED = """
    select m.id, m.platform_id, m.kind, m.url, m.owner, m.content_type, m.attempts
    from media m
    where m.state in ('wanted', 'failed') and m.attempts < :attempts and m.id > :after and exists (
        select from version_media vm
        join versions v on v.id = vm.version_id
        join captures c on c.id = v.capture_id
        where vm.medium_id = m.id and c.stream_id = :stream)
    order by m.id limit :batch
"""

_TOUCH = """
    with changed as (
        update items i set revision = revision + 1
        where i.id in (select v.item_id from version_media vm join versions v on v.id = vm.version_id
                       where vm.medium_id = :medium
                       order by v.item_id)
        returning i.id, i.revision
    )
    insert into outbox (item_id, revision) select id, revision from changed order by id
"""


@dataclasses.dataclass(frozen=True, slots=True)
class _Fetched:
    path: Path
    sha256: bytes
    size: int
    exchange: Exchange


def fetch_media(capture: RunningCapture) -> None:
    """Fetch what the stream's versions want. Gives up on single media, never on the capture."""
    after = 0
    while rows := _wanted(capture, after):
        after = rows[-1].id
        for row in rows:
            _one(capture, row)


def _wanted(capture: RunningCapture, after: int) -> list[Row[tuple[int, str]]]:
    with capture.archive.engine.connect() as connection:
        return list(
            connection.execute(
                sa.text(_WANTED),
                {
                    "stream": capture.context.stream_id,
                    "after": after,
                    "attempts": _MAX_ATTEMPTS,
                    "batch": _BATCH,
                },
            ).all()
        )


def _one(capture: RunningCapture, row: Row[tuple[int, str]]) -> None:
    medium = Media(row.platform_id, row.kind, row.url, content_type=row.content_type, owner=row.owner)
    try:
        url = capture.platform.media_request(capture.session, capture.account, medium)
        fetched = _fetch(capture, url, medium)
    except RateLimited:
        raise  # says nothing about the medium: the next run goes on from here
    except (CaptureError, UnreadableAnswerError) as error:
        reason = mend(str(error))
        _log.warning("medium not kept", account=capture.account.name, medium=medium.id, reason=reason)
        with capture.archive.engine.begin() as connection:
            hold_fence(connection, capture.context)
            _failed(connection, row.id, reason, refused=isinstance(error, Refused))
        return
    try:
        capture.archive.blobs.put_file(fetched.path, fetched.sha256)
    finally:
        fetched.path.unlink()
    with capture.archive.engine.begin() as connection:
        hold_fence(connection, capture.context)
        insert_exchanges(connection, capture.context.capture_id, [fetched.exchange], received_bytes=fetched.size)
        kept(
            connection,
            row.id,
            fetched.sha256,
            fetched.size,
            fetched.exchange.header("content-type"),
            fetched.exchange.id,
            capture.archive.now(),
        )


def kept(
    connection: Connection,
    medium_id: int,
    sha256: bytes,
    size: int,
    content_type: str | None,
    exchange_id: str,
    now: datetime,
) -> None:
    """Remember that a medium's bytes are in the store, and tell of it whatever shows the medium."""
    connection.execute(
        sa.text(
            "update media set state = 'kept', reason = null, attempts = attempts + 1, sha256 = :sha256, size = :size, "
            "content_type = :type, exchange_id = :exchange, fetched_at = :now where id = :id"
        ),
        {
            "sha256": sha256,
            "size": size,
            "type": content_type,
            "exchange": exchange_id,
            "now": now,
            "id": medium_id,
        },
    )
    connection.execute(sa.text(_TOUCH), {"medium": medium_id})


def _failed(connection: Connection, medium_id: int, reason: str, *, refused: bool) -> None:
    """Remember why; what the fetcher itself refuses is withheld, and not asked for again."""
    changed = connection.execute(
        sa.text(
            "update media set state = :state, reason = :reason, attempts = attempts + 1 where id = :id "
            "returning (select m.state from media m where m.id = :id) is distinct from :state as changed"
        ),
        {"state": "withheld" if refused else "failed", "reason": reason, "id": medium_id},
    ).scalar()
    if changed:
        connection.execute(sa.text(_TOUCH), {"medium": medium_id})


def _fetch(capture: RunningCapture, url: str, medium: Media) -> _Fetched:
    """Stream a medium into a temporary file. Raises `Refused`, `RequestFailed`, `Unreachable`."""
    limit = capture.archive.settings.media_max_bytes
    clean = capture.session.clean(url)
    capture.archive.spool.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=capture.archive.spool, suffix=MEDIUM)
    path = Path(name)
    try:
        with os.fdopen(handle, "wb") as file, capture.session.stream(url) as (response, target, started):
            if response.status_code != _OK:
                raise RequestFailed(clean, response.status_code, response.reason or "")
            _check_type(clean, medium, response.headers.get("Content-Type"))
            digest, size = hashlib.sha256(), 0
            for chunk in response.raw.stream(_CHUNK, decode_content=True):
                size += len(chunk)
                if size > limit:
                    raise Refused(clean, f"it is larger than {limit} bytes (CIVIC_ARCHIVE_MEDIA_MAX_BYTES)")
                digest.update(chunk)
                file.write(chunk)
            expected = capture.platform.media_sha256(medium)
            if expected is not None and digest.digest() != expected:
                raise RequestFailed(clean, response.status_code, "the bytes are not those that the platform names")
            exchange = capture.session.describe(response, target, started, b"", b"", digest.digest())
            return _Fetched(path, digest.digest(), size, exchange)
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, requests.RequestException | urllib3.exceptions.HTTPError):
            raise Unreachable(clean, type(error).__name__) from None
        raise


def _check_type(url: str, medium: Media, content_type: str | None) -> None:
    """A picture that arrives as a web page is a log-in page or an attack, never the picture."""
    expected = _EXPECTED.get(medium.kind)
    got = (content_type or "application/octet-stream").split(";")[0].strip().lower()
    if expected is not None and not got.startswith(expected):
        raise BadAnswer(url, f"it should be {medium.kind} and came as {got}")
