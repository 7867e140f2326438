"""Reading a WARC piece by piece as a check needs it: every byte into one digest, every record into its own, in little memory."""

from __future__ import annotations

import dataclasses
import hashlib
import zlib
from typing import IO

CHUNK = 1 << 18
_HEAD_END = b"\r\n\r\n"
_LARGEST_HEAD = 1 << 20
_GZIP = 16 + zlib.MAX_WBITS
PLAIN_MEMBER = bytes.fromhex("1f8b08000000000002") + b"\x03"
"""How each of our gzip members begins (RFC 1952 section 2.3): no name, no time, best compression, Unix."""


class Source:
    """A file that is read once, from its beginning to its end."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._digest = file, hashlib.sha256()
        self.position = 0

    def read(self, count: int) -> bytes:
        """The next bytes, at most so many; none at the end."""
        data = self._file.read(min(count, CHUNK))
        self._digest.update(data)
        self.position += len(data)
        return data

    def sha256(self) -> bytes:
        """Over everything read so far."""
        return self._digest.digest()


@dataclasses.dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a member, and where it begins."""

    at: int
    what: str
    expected: str = ""
    found: str = ""


class Record:
    """One record on its way through: takes the uncompressed bytes in pieces, and knows its payload's digest at the end."""

    def __init__(self) -> None:
        self._held, self._stage, self._left = b"", "head", 0
        self._digest = hashlib.sha256()
        self.id, self.declared, self.wrong = "", "", ""

    def take(self, data: bytes) -> None:
        """The next piece."""
        if self._stage != "payload":
            self._held += data
            data = b""
            if self._stage == "head" and self._split(self._warc_head):
                data = self._held
            if self._stage == "http" and self._split(self._http_head):
                data = self._held
            if self._stage != "payload":
                if len(self._held) > _LARGEST_HEAD:
                    self.wrong, self._held = "its head has no end", b""
                return
            data, self._held = self._held, b""
        counted = data[: self._left]
        self._digest.update(counted)
        self._left -= len(counted)
        self._held += data[len(counted) :]
        if len(self._held) > len(_HEAD_END):
            self.wrong, self._held = "it is longer than it says", self._held[: len(_HEAD_END)]

    def _split(self, parse: object) -> bool:
        head, end, rest = self._held.partition(_HEAD_END)
        if not end:
            return False
        self._held = rest
        parse(head)  # type: ignore[operator] # one of the two below
        return True

    def _warc_head(self, head: bytes) -> None:
        fields = {}
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            fields[name.strip().lower()] = value.strip().decode("utf-8", "replace")
        self.id = fields.get(b"warc-record-id", "")
        self.declared = fields.get(b"warc-payload-digest", "").removeprefix("sha256:")
        length = fields.get(b"content-length", "")
        self._left = int(length) if length.isascii() and length.isdigit() else 0
        self._stage = "http" if fields.get(b"warc-type") == "response" else "payload"

    def _http_head(self, head: bytes) -> None:
        self._left -= len(head) + len(_HEAD_END)
        self._stage = "payload"

    def finish(self) -> bytes:
        """The payload's SHA-256. `wrong` says what is amiss with the record's shape, if anything."""
        if not self.wrong and (self._stage != "payload" or self._left or self._held != _HEAD_END):
            self.wrong = "it is shorter than it says"
        return self._digest.digest()


class _Members:
    """Gzip members one after the other, as their bytes come by."""

    def __init__(self, source: Source, records: list[Record] | None) -> None:
        self._source, self._records = source, records
        self.troubles: list[Trouble] = []
        self.odd: list[int] = []
        self._lost = False
        self._begin(source.position)

    def _begin(self, at: int) -> None:
        self._start, self._head, self._decoder = at, b"", zlib.decompressobj(_GZIP)

    def take(self, data: bytes) -> None:
        """The next bytes, which the source has just given."""
        while data and not self._lost:
            self._look(data)
            try:
                data = self._unpack(data)
            except zlib.error as error:
                self.troubles.append(Trouble(self._start, f"it cannot be unpacked ({error})"))
                self._lost = True

    def _look(self, data: bytes) -> None:
        """Notice where a member begins, and whether it begins as ours do."""
        if not self._head and self._records is not None:
            self._records.append(Record())
        if len(self._head) < len(PLAIN_MEMBER):
            self._head += data[: len(PLAIN_MEMBER) - len(self._head)]
            if len(self._head) == len(PLAIN_MEMBER) and self._head != PLAIN_MEMBER:
                self.odd.append(self._start)

    def _unpack(self, data: bytes) -> bytes:
        """Unpack some of it. Gives what is left."""
        while True:
            plain = self._decoder.decompress(data, CHUNK)
            if self._records is not None:
                self._records[-1].take(plain)
            if self._decoder.eof:
                left = self._decoder.unused_data
                self._begin(self._source.position - len(left))
                return left
            data = self._decoder.unconsumed_tail
            if not data and len(plain) < CHUNK:
                return b""

    def end(self) -> None:
        """There are no more bytes."""
        if self._head and not self._lost:
            self.troubles.append(Trouble(self._start, "it is cut short"))


def members(source: Source, length: int | None, records: list[Record] | None = None) -> tuple[list[Trouble], list[int]]:
    """Read so many bytes (None: all that are left), which must be whole gzip members.

    Gives what is wrong, and where members begin otherwise than ours do. What the members hold goes to `records`, a fresh one
    for each, where the list is given. All bytes are read in any case, so that what follows is found where it should be.
    """
    reading = _Members(source, records)
    left = length
    while left != 0 and (data := source.read(CHUNK if left is None else left)):
        left = None if left is None else left - len(data)
        reading.take(data)
    reading.end()
    if left:
        reading.troubles.append(Trouble(source.position, f"the file ends {left} bytes too early"))
    return reading.troubles, reading.odd
