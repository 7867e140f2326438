"""A file that is written from its beginning to its end, and gone on with where a worker died.

A place in it is its length, the digest of everything before, and where its pieces (pages, sheets) begin. What lies behind the
place was written by a worker that did not live to say so, and is written again.
"""

from __future__ import annotations

import hashlib
import os
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_CHUNK = 1 << 20


class LostPlaceError(Exception):
    """What is on the disk is not what was written there: begin anew."""


class Stream:
    """One such file. `splits`: where its pieces begin, the first at 0."""

    def __init__(self, path: Path, before: Path | None = None, place: Mapping[str, Any] | None = None) -> None:
        """Begin it, or go on with a copy of `before` from a place in that (another worker may still have that one open).

        Raises:
            LostPlaceError: what is there is not what was there.
        """
        self._path = path
        self._digest = hashlib.sha256()
        self.size = 0
        self.splits: list[int] = [0]
        self._file = path.open("wb")
        if place is not None:
            try:
                self._take(before, place)
            except LostPlaceError:
                self._file.close()
                raise

    def _take(self, before: Path | None, place: Mapping[str, Any]) -> None:
        left = place["bytes"]
        try:
            if before is None:
                raise LostPlaceError
            with before.open("rb") as file:
                while left and (data := file.read(min(left, _CHUNK))):
                    self._put(data)
                    left -= len(data)
        except FileNotFoundError as error:
            raise LostPlaceError from error
        if left or self._digest.hexdigest() != place["sha256"]:
            raise LostPlaceError
        self.splits = list(place["splits"])

    def write(self, data: bytes) -> None:
        """Add to the end."""
        self._put(data)

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self._digest.update(data)
        self.size += len(data)

    def split(self) -> None:
        """Begin a new piece here."""
        self.splits.append(self.size)

    def place(self) -> dict[str, Any]:
        """Have everything on the disk itself, and say where the end is."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return {"bytes": self.size, "sha256": self._digest.hexdigest(), "splits": list(self.splits)}

    def pieces(self) -> Iterator[tuple[int, Iterator[bytes]]]:
        """Each piece: its length, and its chunks; to be read one after the other. Nothing more is written then."""
        self._file.flush()
        ends = [*self.splits[1:], self.size]
        with self._path.open("rb") as file:
            for begin, end in zip(self.splits, ends, strict=True):
                yield end - begin, _chunks(file, begin, end)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _chunks(file: IO[bytes], begin: int, end: int) -> Iterator[bytes]:
    file.seek(begin)
    left = end - begin
    while left:
        data = file.read(min(left, _CHUNK))
        if not data:
            raise EOFError("the file of an export became shorter while it was read")
        left -= len(data)
        yield data
