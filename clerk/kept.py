"""Reading kept bytes: a WARC record on the spool or in the blob store, as one piece of gzip and as bounded text."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import zlib
from typing import IO, TYPE_CHECKING, Any

from archiver.capture.evidence_file import key_of
from archiver.i18n.translation import _

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archiver.archive import Archive

MOST_SHOWN = 200_000
"""How many bytes of a body a page shows."""
_MOST_HEAD = 64 * 1024
_CHUNK = 1 << 16
_GZIP, _ZLIB = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS


class NotKept(Exception):
    """The bytes cannot be read. The message is a sentence for the page."""


@dataclasses.dataclass(frozen=True, slots=True)
class ShownRecord:
    """A kept record as text: the WARC's own head, the head as received, the beginning of the body.

    `body` is None where it is no text; `cut`: there is more of it than is shown.
    """

    warc_head: str
    http_head: str
    body: str | None
    cut: bool


def _open(archive: Archive, name: str) -> IO[bytes]:
    # A file is in the store before it leaves the spool: whoever misses it on the spool just then finds it there.
    with contextlib.suppress(FileNotFoundError):
        return (archive.spool / name).open("rb")
    with contextlib.suppress(FileNotFoundError):
        return archive.blobs.open(key_of(name))
    raise NotKept(
        _(
            "The file %(name)s is neither in the archive's store nor on this machine's spool; tell the operator.",
            name=name,
        )
    )


def member(archive: Archive, record: Any) -> Iterator[bytes]:
    """The record as it lies in its file: one gzip member, which is a WARC file by itself. Raises `NotKept` at once."""
    file = _open(archive, record.file)
    file.seek(record.offset)

    def pieces() -> Iterator[bytes]:
        left = record.length
        with file:
            while left and (piece := file.read(min(_CHUNK, left))):
                left -= len(piece)
                yield piece

    return pieces()


def beginning(archive: Archive, record: Any, most: int) -> bytes:
    """The first bytes of the decompressed record; however much it would unpack to, no more is unpacked."""
    return _unpacked(member(archive, record), _GZIP, most)


def _unpacked(pieces: Iterator[bytes], bits: int, most: int) -> bytes:
    decoder = zlib.decompressobj(bits)
    found = io.BytesIO()
    with contextlib.suppress(zlib.error):
        for piece in pieces:
            found.write(decoder.decompress(piece, most - found.tell()))
            while decoder.unconsumed_tail and found.tell() < most:
                found.write(decoder.decompress(decoder.unconsumed_tail, most - found.tell()))
            if decoder.eof or found.tell() >= most:
                break
    return found.getvalue()


def show(archive: Archive, record: Any) -> ShownRecord:
    """The kept record as text for a page. Raises `NotKept`."""
    data = beginning(archive, record, _MOST_HEAD + MOST_SHOWN)
    warc_head, _separator, rest = data.partition(b"\r\n\r\n")
    if not rest and not warc_head.startswith(b"WARC/"):
        raise NotKept(
            _("The record cannot be unpacked: its file is damaged. Tell the operator; a fixity check says more.")
        )
    http_head = b""
    if b"WARC-Type: response" in warc_head:
        http_head, _separator, rest = rest.partition(b"\r\n\r\n")
    whole = len(data) < _MOST_HEAD + MOST_SHOWN
    body = _decoded(http_head, rest.removesuffix(b"\r\n\r\n") if whole else rest)
    return ShownRecord(
        _text(warc_head) or "", _text(http_head) or "", None if body is None else body[:MOST_SHOWN],
        cut=not whole or (body is not None and len(body) > MOST_SHOWN),
    )  # fmt: skip


def _decoded(http_head: bytes, body: bytes) -> str | None:
    """The body as text: unpacked where it was sent packed, None where it is no text."""
    coding = next(
        (
            line.partition(b":")[2].strip().lower()
            for line in http_head.split(b"\r\n")
            if line.lower().startswith(b"content-encoding:")
        ),
        b"",
    )
    if coding in {b"gzip", b"x-gzip", b"deflate"}:
        body = _unpacked(iter([body]), _ZLIB if coding == b"deflate" else _GZIP, MOST_SHOWN + 1)
    elif coding not in {b"", b"identity"}:
        return None
    return _text(body)


def _text(data: bytes) -> str | None:
    if b"\x00" in data:
        return None
    # A cut may go through a character: up to three bytes of it are then left at the end.
    for end in range(4):
        try:
            return data[: len(data) - end].decode("utf-8")
        except UnicodeDecodeError:
            continue
    return None
