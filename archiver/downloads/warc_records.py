"""A WARC record after record, whatever state the file is in: what is damaged is named by its place, and the rest is read.

A record is a version line, named fields, an empty line, and a block of `Content-Length` bytes (WARC 1.1, ISO 28500:2017,
sections 4 and 5). Blocks are streamed. Memory does not grow with the file, nor with a line of it.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import hashlib
import re
from typing import IO, TYPE_CHECKING

from archiver.downloads.warc_bytes import CHUNK, DamagedBytesError, WarcBytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LARGEST_HEAD = 1 << 20
MOST_DAMAGE = 100
"""So many damaged places are passed over in one file; what comes after is no WARC any more."""
_VERSION = re.compile(rb"WARC/\d+\.\d+[ \t]*\r?\n")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_FOLD = re.compile(r"\r?\n[ \t]+")
_ALGORITHMS = {"md5": "md5", "sha1": "sha1", "sha256": "sha256", "sha384": "sha384", "sha512": "sha512"}
_LONGEST_LENGTH = 15
"""Digits of a length that a file can have."""


@dataclasses.dataclass(frozen=True, slots=True)
class Damage:
    """What is wrong in a file, and where: the member's first byte, and the unpacked bytes before it within the member."""

    place: tuple[int, int]
    what: str
    of: str = ""
    """Which record it is, where its head could be read."""

    def __str__(self) -> str:
        return f"{self.of}{self.what}"


@dataclasses.dataclass(frozen=True, slots=True)
class Digest:
    """A digest that a record declares, such as `sha1:` and base 32 (WARC 1.1, section 5.8)."""

    algorithm: str
    value: bytes

    @property
    def key(self) -> str:
        """The same for every way of writing it."""
        return f"{self.algorithm}:{self.value.hex()}"


class Record:
    """One record: its fields by name in small letters, and its block, which is read once, before the next record is."""

    def __init__(self, data: WarcBytes, place: tuple[int, int], fields: Mapping[str, str], length: int) -> None:
        self._data, self.place, self.fields, self._left = data, place, fields, length
        self.length = length
        self.type = fields.get("warc-type", "").lower()
        self.declared = declared_digest(fields.get("warc-block-digest"))
        self._digest = hashlib.new(self.declared.algorithm, usedforsecurity=False) if self.declared else None
        self._held = b""
        self.damage: Damage | None = None
        if not length:
            self._settle()

    @property
    def uri(self) -> str:
        """What was asked for; some tools write it in angle brackets."""
        uri = self.fields.get("warc-target-uri", "").strip()
        return uri[1:-1] if uri.startswith("<") and uri.endswith(">") else uri

    def __str__(self) -> str:
        return f"{self.type or 'a record'} of {self.uri[:200]}" if self.uri else self.type or "a record"

    def read(self, count: int = CHUNK) -> bytes:
        """The next bytes of the block; none at its end, and none after `damage`."""
        if self._held:
            given, self._held = self._held[:count], self._held[count:]
            return given
        if not self._left or self.damage:
            return b""
        try:
            data = b"" if self._data.at_record() else self._data.read(min(count, self._left))
        except DamagedBytesError as error:
            self.damage = Damage(self.place, error.why, f"{self}: ")
            return b""
        if not data:
            self.damage = Damage(self.place, f"it ends {self._left} bytes before it should", f"{self}: ")
        self._left -= len(data)
        if self._digest is not None:
            self._digest.update(data)
        if not self._left:
            self._settle()
        return data

    def _settle(self) -> None:
        try:
            self._data.settle()
        except DamagedBytesError as error:
            self.damage = Damage(self.place, error.why, f"{self}: ")

    def head(self) -> bytes | None:
        """The block up to and with its first empty line, as an HTTP message has one; None where there is none of a fair size."""
        held = b""
        while len(held) <= LARGEST_HEAD and (data := self.read()):
            start = max(0, len(held) - 3)
            held += data
            if found := _HEAD_END.search(held, start):
                self._held = held[found.end() :]
                return held[: found.end()]
        self._held = held
        return None

    def rest(self) -> Iterator[bytes]:
        """What is left of the block, in pieces."""
        while data := self.read():
            yield data

    def is_as_declared(self) -> bool | None:
        """Whether the whole block, once read, has its declared digest; None where none is declared that can be compared."""
        if self._digest is None or self.declared is None:
            return None
        return self._digest.digest() == self.declared.value


def read_records(stream: IO[bytes], at: int = 0) -> Iterator[Record | Damage]:
    """Every record from byte `at` of a seekable stream on, and every damage.

    A record whose block turns out to be damaged is followed by that damage.
    """
    data = WarcBytes(stream, at)
    damages = 0
    while True:
        place: tuple[int, int] | None = None
        try:
            if not data.skip_ends():
                return
            place = data.place
            record = _record(data, place)
            yield record
            for _ in record.rest():
                pass
            damage = record.damage
        except DamagedBytesError as error:
            place = place or data.place
            damage = Damage(place, error.why)
        if damage is None:
            continue
        damages += 1
        yield damage
        if damages >= MOST_DAMAGE:
            yield Damage(place, f"it is damaged in {damages} places; what comes after was not read")
            return
        if not data.resume(place[0]):
            return


def _record(data: WarcBytes, place: tuple[int, int]) -> Record:
    """The record that begins here. Raises `DamagedBytesError`."""
    held = b""
    while (found := _HEAD_END.search(held, max(0, len(held) - CHUNK - 3))) is None:
        if held and not _could_begin(held):
            raise DamagedBytesError("no WARC record begins where one should")
        if len(held) > LARGEST_HEAD:
            raise DamagedBytesError(f"its head has no end within {LARGEST_HEAD} bytes")
        more = data.read(CHUNK)
        if not more:
            raise DamagedBytesError("the file ends within its head")
        held += more
    if not _VERSION.match(held):
        raise DamagedBytesError("no WARC record begins where one should")
    data.give_back(held[found.end() :])
    fields = _fields(held[: found.end()])
    length = fields.get("content-length", "")
    if not (length.isascii() and length.isdigit() and len(length) <= _LONGEST_LENGTH):
        raise DamagedBytesError(f"its head states no length ({length[:40]!r})")
    return Record(data, place, fields, int(length))


def _could_begin(held: bytes) -> bool:
    return held[:5] == b"WARC/"[: len(held)]


def _fields(head: bytes) -> dict[str, str]:
    """The named fields; the first of a name counts. They are UTF-8 (section 4)."""
    found: dict[str, str] = {}
    text = _FOLD.sub(" ", head.decode("utf-8", "replace"))
    for line in text.splitlines()[1:]:
        name, colon, value = line.partition(":")
        if colon:
            found.setdefault(name.strip().lower(), value.strip())
    return found


def declared_digest(text: str | None) -> Digest | None:
    """A declared digest in hexadecimal, base 32 or base 64 (the tools differ); None for none, or one that cannot be compared."""
    name, colon, value = (text or "").partition(":")
    algorithm = _ALGORITHMS.get(name.strip().lower().replace("-", ""))
    if not colon or algorithm is None:
        return None
    size, value = hashlib.new(algorithm, usedforsecurity=False).digest_size, value.strip()
    for read in (bytes.fromhex, _base32, base64.urlsafe_b64decode, base64.b64decode):
        try:
            found: bytes = read(value)
        except (ValueError, binascii.Error):
            continue
        if len(found) == size:
            return Digest(algorithm, found)
    return None


def _base32(text: str) -> bytes:
    return base64.b32decode(text.upper() + "=" * (-len(text) % 8))
