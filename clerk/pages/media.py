"""The bytes of attachments: safe pictures are shown, everything else is a download."""

from __future__ import annotations

import re
import uuid  # noqa: TC003 - FastAPI reads the annotation
from typing import IO, TYPE_CHECKING, Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import StreamingResponse
from markupsafe import Markup

from archiver.blobs import BlobStore
from archiver.i18n.translation import _, marked
from archiver.records.store.thumbnails import thumbnails_of
from archiver.thumbnails.making import CONTENT_TYPE, MOST_BYTES, is_webp
from clerk import reading
from clerk.context import clerk_of
from clerk.described import file
from clerk.shown import stored
from clerk.views import FILMS, SAFE_IMAGES
from clerk.visibility import Seen, Sight, require_medium

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Row

router = APIRouter()
_CHUNK = 1 << 18
_HEAD = 16
_WHOLE, _PART = 200, 206
_ONE_RANGE = re.compile(r"bytes=(\d{1,15})-(\d{1,15})?")
NO_ATTACHMENT = marked("The archive holds no such attachment: check that the address was copied whole.")
_SUFFIXES = {
    "image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "image/webp": "webp", "image/avif": "avif",
    "video/mp4": "mp4", "video/webm": "webm", "audio/mpeg": "mp3", "application/pdf": "pdf",
}  # fmt: skip


def picture_type(head: bytes) -> str | None:
    """Which safe kind of picture a file is, by its first 16 bytes (WHATWG MIME Sniffing, section 6.1); None: another."""
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if head[:4] == b"RIFF" and head[8:14] == b"WEBPVP":
        return "image/webp"
    return "image/avif" if head[4:12] in {b"ftypavif", b"ftypavis"} else None


def film_type(head: bytes) -> str | None:
    """Which kind of film that browsers play a file is, by its first 16 bytes (as above, section 6.2); None: another."""
    if head[4:8] == b"ftyp" and head[8:12] not in {b"avif", b"avis"}:
        return "video/mp4"
    return "video/webm" if head.startswith(b"\x1a\x45\xdf\xa3") else None


@router.get(
    "/media/{public_id}",
    response_class=Response,
    responses=file(*sorted(SAFE_IMAGES | FILMS), "application/octet-stream"),
)
def medium(request: Request, sight: Seen, public_id: uuid.UUID) -> Response:
    """One attachment. Shown only where both its stated type and its first bytes are of the same safe kind of picture; a film
    of such a kind is named as one, so that the page it is on can play it, and is a download by itself.
    """
    clerk = clerk_of(request)
    row = _kept(request, sight, public_id)
    clerk.record(request, "attachment opened", str(public_id), {})
    try:
        file = clerk.archive.blobs.open(BlobStore.key(bytes(row.sha256)))
    except FileNotFoundError as error:
        raise HTTPException(404, _("The attachment's bytes are missing from the store: tell the operator.")) from error
    head = file.read(_HEAD)
    safe = row.content_type in SAFE_IMAGES and picture_type(head) == row.content_type
    film = row.content_type in FILMS and film_type(head) == row.content_type
    suffix = _SUFFIXES.get(row.content_type or "", "bin")
    part = _range(request.headers.get("range", ""), row.size) if film else None
    headers = {} if row.size is None else {"Content-Length": str(row.size)}
    if part is not None:
        file.seek(part.start)
        head = b""
        headers = {"Content-Length": str(len(part)), "Content-Range": f"bytes {part.start}-{part.stop - 1}/{row.size}"}
    return StreamingResponse(
        _pieces(head, file, None if part is None else len(part)),
        status_code=_WHOLE if part is None else _PART,
        media_type=row.content_type if safe or film else "application/octet-stream",
        headers={
            "Content-Disposition": f'{"inline" if safe else "attachment"}; filename="{public_id}.{suffix}"',
            "Content-Security-Policy": "sandbox; default-src 'none'",
            **({"Accept-Ranges": "bytes"} if film else {}),
            **headers,
        },
    )


def _range(asked: str, size: int | None) -> range | None:
    """The one range of bytes that a player asks for (RFC 9110, section 14.2); None: the whole."""
    found = _ONE_RANGE.fullmatch(asked)
    if found is None or size is None:
        return None
    first, last = int(found[1]), min(int(found[2]) if found[2] else size - 1, size - 1)
    return range(first, last + 1) if first <= last else None


@router.get("/media/{public_id}/small", response_class=Response, responses=file(CONTENT_TYPE))
def small(request: Request, sight: Seen, public_id: uuid.UUID) -> Response:
    """The small picture of an attachment: made by us, of a known form, and yet looked at before it is sent."""
    clerk = clerk_of(request)
    row = _kept(request, sight, public_id)
    with clerk.archive.engine.connect() as connection:
        made = thumbnails_of(connection, [bytes(row.sha256)]).get(bytes(row.sha256))
    if made is None or made.thumbnail_sha256 is None:
        why = stored(made.reason) if made else _("none was made yet")
        raise HTTPException(404, Markup(_("There is no small picture of it: %(why)s.", why=why)))  # noqa: S704 - escaped
    clerk.record(request, "attachment opened", str(public_id), {"small": True})
    try:
        with clerk.archive.blobs.open(BlobStore.key(bytes(made.thumbnail_sha256))) as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise HTTPException(404, _("The small picture is missing from the store: tell the operator.")) from error
    if not is_webp(data):
        raise HTTPException(404, _("The small picture in the store is damaged: tell the operator."))
    return Response(data, media_type=CONTENT_TYPE, headers={"Content-Security-Policy": "sandbox; default-src 'none'"})


def _kept(request: Request, sight: Sight, public_id: uuid.UUID) -> Row[Any]:
    """The row of an attachment whose bytes are kept, and that whoever asks may see. Raises `HTTPException`."""
    with clerk_of(request).archive.engine.connect() as connection:
        row = reading.medium_of(connection, public_id)
        if row is None:
            raise HTTPException(404, _(NO_ATTACHMENT))
        require_medium(request, connection, sight, public_id, _(NO_ATTACHMENT))
    if row.state != "kept" or row.sha256 is None:
        why = stored(row.reason) if row.reason else _("it has not been fetched yet")
        raise HTTPException(404, Markup(_("The attachment is not kept: %(why)s.", why=why)))  # noqa: S704 - escaped
    return row


def _pieces(head: bytes, file: IO[bytes], most: int | None) -> Iterator[bytes]:
    """What was read of a file, and the rest of it, or at most so many bytes."""
    with file:
        yield head
        left = most
        while piece := file.read(_CHUNK if left is None else min(_CHUNK, left)):
            yield piece
            left = None if left is None else left - len(piece)
