"""The list of what a receipt found, as a file in the blob store: one line for each record, in the order of the records' ids.

A line is the record's id, its public id, its revision in the index, the version that matched, and the revision of a change that
the index had not taken yet; a dash stands for what there is not. Gzipped, written and read as a stream.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import tempfile
import uuid
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.blobs import BlobStore
from search.receipts.model import Line, ListDamaged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from search.query.everything import Found

_COLUMNS = 5
_NOTHING = "-"


def joined(found: Iterable[Found], waiting: Iterable[tuple[int, uuid.UUID, int]]) -> Iterator[Line]:
    """What was found and what waits, both in the order of the records' ids, as the lines of one list. Pure."""
    rest = iter(waiting)
    next_waiting = next(rest, None)
    for record in found:
        while next_waiting is not None and next_waiting[0] < record.item_id:
            yield Line(next_waiting[0], next_waiting[1], None, None, next_waiting[2])
            next_waiting = next(rest, None)
        waits = None
        if next_waiting is not None and next_waiting[0] == record.item_id:
            waits, next_waiting = next_waiting[2], next(rest, None)
        yield Line(record.item_id, record.public_id, record.revision, record.version, waits)
    while next_waiting is not None:
        yield Line(next_waiting[0], next_waiting[1], None, None, next_waiting[2])
        next_waiting = next(rest, None)


def written(line: Line) -> str:
    """A line as it stands in the file. Pure."""
    values = (line.item_id, line.public_id, line.revision, line.version, line.waiting)
    return " ".join(_NOTHING if each is None else str(each) for each in values)


def parsed(text: str) -> Line:
    """The line that `written` wrote. Pure. Raises `ValueError`."""
    parts = text.split()
    if len(parts) != _COLUMNS:
        raise ValueError(f"a line of a list has {_COLUMNS} columns: {text[:200]!r}")
    item_id, public_id, *numbers = parts
    revision, version, waiting = (None if each == _NOTHING else int(each) for each in numbers)
    return Line(int(item_id), uuid.UUID(public_id), revision, version, waiting)


def store(blobs: BlobStore, lines: Iterable[Line]) -> tuple[bytes, int, int]:
    """Write a list into the store, line by line: gives its SHA-256, its size in bytes, and how many records it found.

    Raises:
        archiver.blobs.BlobDamaged: the store gives back something else.
    """
    found = 0
    with tempfile.TemporaryDirectory(prefix="receipt-") as folder:
        path = Path(folder) / "results.gz"
        with path.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, 0) as file:
            for line in lines:
                found += line.found
                file.write(f"{written(line)}\n".encode())
        with path.open("rb") as file_again:
            sha256 = hashlib.file_digest(file_again, "sha256").digest()
        blobs.put_file(path, sha256)
        return sha256, path.stat().st_size, found


def check(blobs: BlobStore, sha256: bytes, number: int) -> None:
    """See whether the store has the list of that receipt as it was put there.

    Raises:
        ListDamaged: it has not, or has something else.
    """
    key = BlobStore.key(sha256)
    try:
        found = blobs.digest(key)
    except FileNotFoundError:
        raise ListDamaged(
            f"The list of what receipt {number} found is missing from the store ({key}): what it found cannot be compared. "
            "Restore the store from a copy."
        ) from None
    if found != sha256:
        raise ListDamaged(
            f"The list of what receipt {number} found is damaged: {key} reads back as SHA-256 {found.hex()}. What it found "
            "cannot be compared; restore the store from a copy."
        )


@contextlib.contextmanager
def opened(blobs: BlobStore, sha256: bytes, number: int) -> Iterator[Iterator[Line]]:
    """Read a list, line by line.

    Raises:
        ListDamaged: at once where the store has not what was put there, or while reading.
    """
    check(blobs, sha256, number)
    with blobs.open(BlobStore.key(sha256)) as raw, gzip.GzipFile(fileobj=raw, mode="rb") as file:
        yield _lines(file, number)


def _lines(file: gzip.GzipFile, number: int) -> Iterator[Line]:
    try:
        for line in file:
            yield parsed(line.decode())
    except (ValueError, EOFError, OSError, zlib.error) as error:
        raise ListDamaged(f"The list of what receipt {number} found cannot be read: {error}.") from error
