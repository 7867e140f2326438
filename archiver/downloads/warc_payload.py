"""The payload of a recorded HTTP answer: free of its transfer coding as it was received, and unpacked as it is read.

What a payload's digest is over, the tools do not agree (the body as it was sent, chunks included, or without them): it fits if it
is one of the two. Sources: RFC 9112, sections 2.2, 4 and 7; RFC 9110, section 8.4; WARC 1.1, section 5.9.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import os
import re
import tempfile
import zlib
from typing import IO, TYPE_CHECKING

from archiver.downloads.warc_bytes import CHUNK, RATIO, RATIO_FROM
from archiver.downloads.warc_records import declared_digest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typing_extensions import Buffer

    from archiver.downloads.warc_records import Digest, Record

_STATUS = re.compile(r"HTTP/\d(?:\.\d)?[ \t]+(\d{3})(?:[ \t]+([^\r\n]*))?")
_FOLD = re.compile(r"\r?\n[ \t]+")
_CHUNK_HEAD = re.compile(rb"(?:\r?\n)?[ \t]*([0-9a-fA-F]{1,12})[ \t]*(?:;[^\n]*)?\r?\n")
_LONGEST_CHUNK_HEAD = 4096
_WINDOWS = {
    "gzip": (16 + zlib.MAX_WBITS,),
    "x-gzip": (16 + zlib.MAX_WBITS,),
    "deflate": (zlib.MAX_WBITS, -zlib.MAX_WBITS),
}


@dataclasses.dataclass(frozen=True, slots=True)
class HttpHead:
    """Status and headers of a recorded answer."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str:
        """The first header of that name in small letters; empty for none."""
        return next((value for key, value in self.headers if key.lower() == name), "")


def http_head(raw: bytes) -> HttpHead | None:
    """Read a head; None for what is none. Lines are ISO 8859-1 (RFC 9112, section 2.2). Pure."""
    text = _FOLD.sub(" ", raw.decode("latin-1"))
    status = _STATUS.match(text)
    if status is None:
        return None
    headers = []
    for line in text.split("\n")[1:]:
        name, colon, value = line.rstrip("\r").partition(":")
        if colon:
            headers.append((name.strip(), value.strip()))
    return HttpHead(int(status[1]), (status[2] or "").strip(), tuple(headers))


@dataclasses.dataclass(frozen=True, slots=True)
class Stored:
    """Bytes that lie in a spool."""

    start: int
    size: int
    sha256: bytes


class Spool:
    """A nameless file in which the payloads of a few records lie for a while."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - `close` closes it
        self.size = 0

    def store(self, pieces: Iterator[bytes]) -> Stored:
        """Put bytes into it."""
        start, digest = self.size, hashlib.sha256()
        for piece in pieces:
            self._file.write(piece)
            digest.update(piece)
            self.size += len(piece)
        self._file.flush()
        return Stored(start, self.size - start, digest.digest())

    def forget_from(self, start: int) -> None:
        """Take out what was put in last."""
        self._file.flush()
        self._file.truncate(start)
        self._file.seek(start)
        self.size = start

    def open(self, stored: Stored) -> IO[bytes]:
        """Read some of it, from its beginning."""
        return io.BufferedReader(_Slice(self._file.fileno(), stored.start, stored.size), CHUNK)

    def bytes_of(self, stored: Stored) -> bytes:
        """All of it."""
        with self.open(stored) as stream:
            return stream.read()

    def close(self) -> None:
        """Let it all go."""
        self._file.close()


class _Slice(io.RawIOBase):
    def __init__(self, handle: int, start: int, size: int) -> None:
        self._handle, self._at, self._end = handle, start, start + size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer)
        data = os.pread(self._handle, min(len(view), self._end - self._at), self._at)
        view[: len(data)] = data
        self._at += len(data)
        return len(data)


@dataclasses.dataclass(slots=True)
class Payload:
    """A payload: as it was received, as it is read, what its declared digest says, and what else there is to say of it."""

    received: Stored
    body: Stored
    declared: Digest | None
    verified: bool | None
    """Whether the bytes have the declared digest; None where none is declared that can be compared."""
    notes: list[Note]
    packed: bool = False
    """Whether `body` is still packed, and cannot be read."""


Note = tuple[str, bool]
"""Something to be said of a payload, and whether any of it is lost by that."""


def take(record: Record, head: HttpHead | None, spool: Spool) -> Payload:
    """Read the rest of a record's block into the spool. `head` is None where the block is the payload itself."""
    declared = declared_digest(record.fields.get("warc-payload-digest"))
    sent, given = _Hashed(declared), _Hashed(declared)
    notes: list[Note] = []
    pieces = sent.through(record.rest())
    if head is not None and "chunked" in head.get("transfer-encoding").lower():
        pieces = dechunked(pieces, notes)
    received = spool.store(given.through(pieces))
    body, packed = received, False
    if head is not None and received.size:
        body, packed = _unpacked(spool, received, head.get("content-encoding").lower().strip(), notes)
    verified = None if declared is None else declared.value in {sent.digest(), given.digest()}
    return Payload(received, body, declared, verified, notes, packed)


class _Hashed:
    def __init__(self, declared: Digest | None) -> None:
        self._digest = None if declared is None else hashlib.new(declared.algorithm, usedforsecurity=False)

    def through(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            if self._digest is not None:
                self._digest.update(piece)
            yield piece

    def digest(self) -> bytes:
        return b"" if self._digest is None else self._digest.digest()


def dechunked(pieces: Iterator[bytes], notes: list[Note]) -> Iterator[bytes]:
    """The bytes without their chunks. What says that it is chunked and is not (many tools leave the header) comes as it is.

    Always reads all the pieces. What breaks off is told to `notes`.
    """
    held, first = b"", True
    while True:
        head, held = _chunk_head(held, pieces)
        if head is None:
            if not first:
                notes.append(("its chunked coding is damaged from some point on", True))
            yield held
            yield from pieces
            return
        first = False
        if head == 0:  # trailers may follow
            for _ in pieces:
                pass
            return
        while head:
            held = held or next(pieces, b"")
            if not held:
                notes.append((f"its chunked coding ends {head} bytes too early", True))
                return
            yield held[:head]
            head, held = head - min(head, len(held)), held[head:]


def _chunk_head(held: bytes, pieces: Iterator[bytes]) -> tuple[int | None, bytes]:
    """The size that a chunk's head states, None where there is no such head; and the bytes after it."""
    while (found := _CHUNK_HEAD.match(held)) is None and len(held) < _LONGEST_CHUNK_HEAD:
        more = next(pieces, None)
        if more is None:
            return None, held
        held += more
    return (None, held) if found is None else (int(found[1], 16), held[found.end() :])


def _unpacked(spool: Spool, received: Stored, coding: str, notes: list[Note]) -> tuple[Stored, bool]:
    """The body free of its content coding as far as it can be unpacked, and whether it is still packed. What is not coded so
    comes as it is: tools that unpack leave the header.
    """
    if coding in {"", "identity", "none"}:
        return received, False
    if coding not in _WINDOWS:
        notes.append((f"it is coded as {coding[:40]!r}, which is not unpacked here", False))
        return received, True
    for window in _WINDOWS[coding]:
        problems: list[str] = []
        try:
            with spool.open(received) as stream:
                body = spool.store(_inflated(stream, window, problems))
        except _BombError as bomb:
            spool.forget_from(received.start + received.size)
            notes.append((str(bomb), True))
            return received, True
        if body.size or not problems:
            notes += [(problem, True) for problem in problems]
            return body, False
    return received, False


class _BombError(Exception):
    """It unpacks to more than anything that is meant to be read."""


def _inflated(stream: IO[bytes], window: int, problems: list[str]) -> Iterator[bytes]:
    """What can be unpacked, member after member; what ends it early is told to `problems`. Raises `_BombError`."""
    decoder, used, made = zlib.decompressobj(window), 0, 0
    while raw := stream.read(CHUNK):
        used += len(raw)
        while raw:
            if decoder.eof:  # another member
                decoder = zlib.decompressobj(window)
            try:
                plain = decoder.decompress(raw, CHUNK)
            except zlib.error as error:
                problems.append(f"it cannot be unpacked to its end ({error})")
                return
            made += len(plain)
            if made > RATIO_FROM and made > used * RATIO:
                raise _BombError(f"its {used} bytes unpack to more than {made}, as only a bomb does")
            yield plain
            raw = decoder.unused_data if decoder.eof else decoder.unconsumed_tail
    yield decoder.flush()
    if not decoder.eof:
        problems.append("what is packed in it ends too early")
