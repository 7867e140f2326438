"""Fetching attachments: streamed past into the blob store, checked by type, size and, where the platform names it, digest.

A medium whose fetch fails is tried again by later runs, its reason beside it; the post it belongs to is archived all the same.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import sqlalchemy as sa
import structlog

from archiver.capture import half_fetched, sniffing
from archiver.capture.errors import (
    BadAnswer,
    CaptureError,
    RateLimited,
    Refused,
    RequestFailed,
    TokenRefused,
    Unreachable,
)
from archiver.capture.fetching import Fetching, Piece, Whole
from archiver.capture.running import LIGHT
from archiver.database import in_transaction
from archiver.platforms.errors import MediumWithheldError, UnreadableAnswerError
from archiver.platforms.items import Media, Skipped
from archiver.platforms.pages import Exchange, Page
from archiver.records import bulk
from archiver.records.storable import mend
from archiver.records.store.exchanges import insert_exchanges
from archiver.records.store.page import hold_fence

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection, Row

    from archiver.capture.running import RunningCapture

_log = structlog.get_logger(__name__)
_BATCH = 100
_ASKED_AT_ONCE = 3
"""How often one medium is asked for before the next one is."""
_MAX_ATTEMPTS = 14
_MOST = 2 * _MAX_ATTEMPTS
"""So many attempts there are, one for each further address that is told once the others are used up: signed ones change nightly,
whether or not the bytes are to be had."""
_LIGHT_ATTEMPTS = 3
"""A light pass, which comes by every few minutes, leaves what failed so often to the nights, of which it gets the rest."""
_DEAD = 3
"""So many media of a host that fails in a row are enough: the others wait for the next run, and lose no attempt."""
_SERVER_ERROR = 500
_NAMED = 20
"""So many of those that wait are named."""

_WANTED = """
    select m.id, m.platform_id, m.kind, m.url, m.owner, m.content_type, m.attempts
    from media m
    where (m.state in ('wanted', 'failed') and (m.attempts < :attempts or m.told_anew and m.attempts < :most)
           or m.state = 'withheld' and m.attempts = 0)
      and m.id > :after and exists (
        select from version_media vm
        join versions v on v.id = vm.version_id
        join captures c on c.id = v.capture_id
        where vm.medium_id = m.id and c.stream_id = :stream)
    order by m.id limit :batch
"""

_LOCK_MEDIA = "select id from media where id = any(:media) order by id for update"

_LOCK_ITEMS = """
    select id from items
    where id in (select v.item_id from version_media vm join versions v on v.id = vm.version_id
                 where vm.medium_id = any(:media))
    order by platform, namespace, platform_id for update
"""

_KEPT = """
    update media m set state = 'kept', reason = null, attempts = m.attempts + 1, sha256 = decode(r.sha256, 'hex'),
                       size = r.size, content_type = r.content_type, exchange_id = r.exchange_id, fetched_at = :now
    from jsonb_to_recordset(cast(:rows as jsonb)) as r(
        medium_id bigint, sha256 text, size bigint, content_type text, exchange_id uuid)
    where m.id = r.medium_id
"""

_TOUCH = """
    with changed as (
        update items i set revision = revision + 1 where i.id = any(:items) returning i.id, i.revision
    )
    insert into outbox (item_id, revision) select id, revision from changed order by id
"""


@dataclasses.dataclass(slots=True)
class _Trouble:
    """What one run met: how many media of each host failed in a row, and which wait since their share is used up."""

    failed: Counter[str] = dataclasses.field(default_factory=Counter)
    waiting: list[str] = dataclasses.field(default_factory=list)
    why: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Kept:
    """A medium whose bytes are in the store, and the exchange that brought them."""

    medium_id: int
    sha256: bytes
    size: int
    content_type: str | None
    exchange_id: str


@dataclasses.dataclass(frozen=True, slots=True)
class _Fetched:
    path: Path
    whole: Whole


def fetch_media(capture: RunningCapture) -> None:
    """Fetch what the stream's versions want. Gives up on single media, never on the capture."""
    after, trouble = 0, _Trouble()
    while rows := _wanted(capture, after):
        after = rows[-1].id
        for row in rows:
            _one(capture, row, trouble)
    if trouble.waiting:
        named = ", ".join(trouble.waiting[:_NAMED]) + (", …" if len(trouble.waiting) > _NAMED else "")
        why = f"they wait for the next nights ({trouble.why}): {named}"
        capture.note(f"the bytes of {len(trouble.waiting)} attachments", why)


def _is_down(error: CaptureError | UnreadableAnswerError) -> bool:
    """Whether a failure is the server's, and says nothing of the one medium."""
    return isinstance(error, Unreachable) or (isinstance(error, RequestFailed) and error.status >= _SERVER_ERROR)


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:  # no address at all, as its fetch will say
        return ""


def _wanted(capture: RunningCapture, after: int) -> list[Row[tuple[int, str]]]:
    attempts, most = (_LIGHT_ATTEMPTS, 0) if capture.context.mode == LIGHT else (_MAX_ATTEMPTS, _MOST)
    with capture.archive.engine.connect() as connection:
        return list(
            connection.execute(
                sa.text(_WANTED),
                {
                    "stream": capture.context.stream_id,
                    "after": after,
                    "attempts": attempts,
                    "most": most,
                    "batch": _BATCH,
                },
            ).all()
        )


def _one(capture: RunningCapture, row: Row[tuple[int, str]], trouble: _Trouble) -> None:
    """Fetch one medium."""
    host, failed = "", trouble.failed
    medium = Media(row.platform_id, row.kind, row.url, content_type=row.content_type, owner=row.owner)
    may_wait = capture.platform.may_wait(medium)
    if may_wait and trouble.waiting:
        trouble.waiting.append(medium.id)
        return
    try:
        asked = capture.platform.media_request(capture.session, capture.account, medium)
        if isinstance(asked, Exchange):
            fetched = _taken(capture, asked, medium)
        else:
            host = _host_of(asked)
            if failed[host] >= _DEAD:
                return
            fetched = _fetch(capture, asked, row.id, medium)
    except RateLimited as error:
        if not may_wait:
            raise  # says nothing about the medium: the next run goes on from here
        trouble.waiting.append(medium.id)
        trouble.why = error.words or str(error)
        return
    except TokenRefused:
        raise  # nor does this: the stream's capture ends, as with a token that is refused before
    except (CaptureError, UnreadableAnswerError) as error:
        failed[host] = failed[host] + 1 if host and _is_down(error) else 0
        _not_kept(capture, row.id, medium, error)
        return
    try:
        capture.archive.blobs.put_file(fetched.path, fetched.whole.sha256)
    finally:
        fetched.path.unlink()
    whole = fetched.whole
    failed[host] = 0
    found = Kept(row.id, whole.sha256, whole.size, whole.content_type, whole.pieces[-1].exchange.id)

    def remembered(connection: Connection) -> None:
        hold_fence(connection, capture.context)
        _on_record(connection, capture, whole.pieces)
        kept(connection, [found], capture.archive.now())

    in_transaction(capture.archive.engine, remembered)


def _not_kept(
    capture: RunningCapture, medium_id: int, medium: Media, error: CaptureError | UnreadableAnswerError
) -> None:
    reason = mend(str(error))
    _log.warning("medium not kept", account=capture.account.name, medium=medium.id, reason=reason)
    refused, final = isinstance(error, Refused), isinstance(error, MediumWithheldError)

    def remembered(connection: Connection) -> None:
        hold_fence(connection, capture.context)
        _failed(connection, medium_id, reason, refused=refused, final=final)

    in_transaction(capture.archive.engine, remembered)
    if isinstance(error, MediumWithheldError):
        exchanges = [error.exchange] if error.exchange is not None else []
        note = Skipped(f"the bytes of {medium.id}", reason, lost=False)
        capture.save(Page((), exchanges, skipped=(note,)))


def kept(connection: Connection, media: Sequence[Kept], now: datetime) -> None:
    """Remember that media's bytes are in the store, and tell of it whatever shows them. That is known for sure once the media are
    locked, while pages lock what they show first: to be called by `in_transaction`.
    """
    connection.execute(sa.text(_LOCK_MEDIA), {"media": [each.medium_id for each in media]})
    bulk.run(connection, _KEPT, [dataclasses.asdict(each) for each in media], now=now)
    _touch(connection, [each.medium_id for each in media])


def _touch(connection: Connection, media: Sequence[int]) -> None:
    items = list(connection.scalars(sa.text(_LOCK_ITEMS), {"media": list(media)}))
    connection.execute(sa.text(_TOUCH), {"items": items})


def _failed(connection: Connection, medium_id: int, reason: str, *, refused: bool, final: bool = False) -> None:
    """Remember why, as `kept` does; what the fetcher itself refuses is withheld, and not asked for again. What the platform
    refuses once and for all (`final`) is tried again when somebody says so (`media missing --again`), as after the account was
    connected anew.
    """
    changed = connection.execute(
        sa.text(
            "update media set state = :state, reason = :reason, told_anew = false, "
            "attempts = case when :final then greatest(attempts + 1, :most) else attempts + 1 end where id = :id "
            "returning (select m.state from media m where m.id = :id) is distinct from :state as changed"
        ),
        {
            "state": "withheld" if refused else "failed",
            "reason": reason,
            "id": medium_id,
            "final": final,
            "most": _MOST,
        },
    ).scalar()
    if changed:
        _touch(connection, [medium_id])


def _taken(capture: RunningCapture, exchange: Exchange, medium: Media) -> _Fetched:
    """A medium that came as an answer of the API, in a temporary file. Raises `BadAnswer` for an empty one, `Refused`."""
    archive = capture.archive
    if not exchange.body:
        raise BadAnswer(exchange.url, "it is empty")
    if len(exchange.body) > archive.settings.media_max_bytes:
        limit = f"{archive.settings.media_max_bytes} bytes (CIVIC_ARCHIVE_MEDIA_MAX_BYTES)"
        raise Refused(exchange.url, f"it is larger than {limit}")
    archive.spool.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=archive.spool, suffix=half_fetched.MEDIUM)
    with os.fdopen(handle, "wb") as file:
        file.write(exchange.body)
    size = len(exchange.body)
    digest = hashlib.sha256(exchange.body).digest()
    piece = Piece(exchange, size)
    kind = exchange.header("content-type")
    if sniffing.is_unspecific(kind):
        kind = medium.content_type or kind
    return _Fetched(Path(name), Whole(digest, size, kind, (piece,)))


def _fetch(capture: RunningCapture, url: str, medium_id: int, medium: Media) -> _Fetched:
    """Stream a medium into a temporary file, from where an earlier run broke off; see `fetching.Fetching.run` for what it raises.

    Where it breaks off again, what there is stays for the next run, and the answers that it came in are on record.
    """
    archive = capture.archive
    archive.spool.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=archive.spool, suffix=half_fetched.MEDIUM)
    os.close(handle)
    path = Path(name)
    half = half_fetched.take(archive.spool, medium_id, path, half_fetched.place_of(url))
    try:
        with path.open("r+b") as file:
            fetching = Fetching(
                capture.session,
                url,
                medium,
                file,
                archive.settings.media_max_bytes,
                capture.platform.media_sha256(medium),
                half,
            )
            try:
                return _Fetched(path, fetching.run(min(archive.settings.max_attempts, _ASKED_AT_ONCE)))
            except CaptureError as error:
                with archive.engine.begin() as connection:
                    hold_fence(connection, capture.context)
                    _on_record(connection, capture, fetching.pieces)
                file.flush()
                left = fetching.half
                if left is not None and (_is_down(error) or isinstance(error, RateLimited)):
                    half_fetched.keep(archive.spool, medium_id, path, left)
                raise
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _on_record(connection: Connection, capture: RunningCapture, pieces: Iterable[Piece]) -> None:
    for piece in pieces:
        insert_exchanges(connection, capture.context.capture_id, [piece.exchange], received_bytes=piece.size)
