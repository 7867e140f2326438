r"""The salted commitment of a version: a tree whose leaves are its fields and each word of its text.

A production with words blacked out can show the salts of what stays visible and the bare leaf hashes of the rest; the
root still fits, so that every visible word is proved to come from the archive and no hidden one is given away.

Scheme 1, fixed for ever (a new one gets a new number):

* Leaves in order: the fields by name, sorted as RFC 8785 sorts; a field of the names in `WORDED` gives one leaf per token,
  any other gives one, and so does an empty text.
* Tokens: `\s+|\S+`, so that joined they are the text again. A worded field that is no text is one leaf.
* Salts: SHAKE-256 (FIPS 202) over secret of the item (32 bytes) || version id (16 bytes) || field in UTF-8, squeezed to 16
  bytes for each leaf of the field; that of position n begins at byte 16 n. A salt that is shown gives away neither the
  secret nor another salt, and one call makes them all.
* Leaf entry: salt || field in UTF-8 || 0x00 || position as 8 bytes || value, where the value of a token is its UTF-8
  and that of a whole field its RFC 8785 JSON.
* Root: RFC 9162 section 2.1.1 over these.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import re
from typing import TYPE_CHECKING

from archiver.evidence import merkle
from archiver.evidence.fields import Fields, canonical

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator, Sequence

SCHEME = 1
WORDED = frozenset({"text", "title"})
_TOKEN = re.compile(r"\s+|\S+")
_SALT_BYTES = 16
_FIRST = 256
"""Positions whose bytes are made once for each field: more than almost every text has words."""


@dataclasses.dataclass(frozen=True, slots=True)
class Leaf:
    """One committed piece of a version: a whole field, or one token of a worded one."""

    field: str
    position: int
    salt: bytes
    value: bytes

    @property
    def entry(self) -> bytes:
        """The bytes that are hashed."""
        return self.salt + _place(self.field, self.position) + self.value


def tokens(text: str) -> list[str]:
    """The text in runs of white space and runs of anything else; joined, they are the text."""
    return _TOKEN.findall(text)


def leaves(fields: Fields, secret: bytes, version: uuid.UUID) -> Iterator[Leaf]:
    """The leaves of a version in their order. `secret` is the item's, `version` the version's public id."""
    for name in sorted(fields, key=_utf16):
        value = fields[name]
        pieces = (
            [token.encode() for token in tokens(value)] or [b""]
            if name in WORDED and isinstance(value, str)
            else [canonical(value)]
        )
        salts = _salts(secret, version, name.encode(), len(pieces))
        for position, piece in enumerate(pieces):
            start = position * _SALT_BYTES
            yield Leaf(name, position, salts[start : start + _SALT_BYTES], piece)


def commit(fields: Fields, secret: bytes, version: uuid.UUID) -> bytes:
    """The root of the version's leaves (32 bytes).

    The loop of `leaves` again without the objects: this runs for every word ever archived, and is half the cost of
    storing a comment. A test holds the two against one another.
    """
    sha256 = hashlib.sha256
    hashes: list[bytes] = []
    for name in sorted(fields, key=_utf16) if not all(map(str.isascii, fields)) else sorted(fields):
        value = fields[name]
        if name in WORDED and isinstance(value, str):
            pieces = [token.encode() for token in _TOKEN.findall(value)] or [b""]
        else:
            pieces = [canonical(value)]
        salts = _salts(secret, version, name.encode(), len(pieces))
        starts = range(0, len(salts), _SALT_BYTES)
        hashes += [
            sha256(b"\x00" + salts[start : start + _SALT_BYTES] + place + piece).digest()
            for start, place, piece in zip(starts, _places(name, len(pieces)), pieces, strict=False)
        ]
    return merkle.root_of_hashes(hashes)


def _places(name: str, count: int) -> Sequence[bytes]:
    """What stands between salt and value in the leaves of a field, from position 0 on: at least so many."""
    return _first_places(name) if count <= _FIRST else [_place(name, position) for position in range(count)]


@functools.lru_cache(maxsize=256)
def _first_places(name: str) -> list[bytes]:
    return [_place(name, position) for position in range(_FIRST)]


def _place(name: str, position: int) -> bytes:
    return name.encode() + b"\x00" + position.to_bytes(8, "big")


def _salts(secret: bytes, version: uuid.UUID, field: bytes, count: int) -> bytes:
    return hashlib.shake_256(secret + version.bytes + field).digest(count * _SALT_BYTES)


def _utf16(name: str) -> bytes:
    return name.encode("utf-16-be")
