"""The set of an export: every record found, in the order of the walk, in a file of fixed-length entries.

It is a file and not a table: a million records need 36 MB that are written once, read from any place, known by their digest, and
nothing is left to delete.
"""

from __future__ import annotations

import struct
import uuid
from typing import IO, TYPE_CHECKING

from search.query.everything import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

_ENTRY = struct.Struct(">qq16si")
SIZE = _ENTRY.size
"""Bytes of an entry."""
_NO_VERSION = -1


class DamagedSetError(Exception):
    """The file of the set ends within an entry, or is not as long as it was."""


def pack(found: Found) -> bytes:
    """A record found, as bytes."""
    version = _NO_VERSION if found.version is None else found.version
    return _ENTRY.pack(found.item_id, found.revision, found.public_id.bytes, version)


def batches(file: IO[bytes], size: int, *, after: int = 0) -> Iterator[list[Found]]:
    """The records of a set, so many at a time, without the first `after`.

    Raises:
        DamagedSetError: the file ends within an entry.
    """
    file.seek(after * _ENTRY.size)
    while data := file.read(size * _ENTRY.size):
        if len(data) % _ENTRY.size:
            raise DamagedSetError("The list of the records found is damaged: ask for the export again.")
        yield [_found(*entry) for entry in _ENTRY.iter_unpack(data)]


def _found(item_id: int, revision: int, public_id: bytes, version: int) -> Found:
    return Found(item_id, uuid.UUID(bytes=public_id), revision, None if version == _NO_VERSION else version)
