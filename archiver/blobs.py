"""One store of blobs, addressed by SHA-256, behind fsspec: a folder on a laptop, any object store beyond.

Sealed WARCs lie in the same store under their own names. What is written is read back and compared before it counts.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from typing import IO, TYPE_CHECKING, Any, cast

import fsspec
from fsspec.implementations.local import LocalFileSystem

if TYPE_CHECKING:
    from pathlib import Path


class BlobDamaged(Exception):
    """What the store gives back is not what was put there."""

    def __init__(self, key: str, expected: str, found: str) -> None:
        super().__init__(key, expected, found)
        self.key, self.expected, self.found = key, expected, found

    def __str__(self) -> str:
        return (
            f"{self.key} reads back as SHA-256 {self.found}, not {self.expected}; look at the store before the next run"
        )


class BlobStore:
    """Blobs by digest, files by name.

    Args:
        url: An fsspec address: a path, `file:///…`, `s3://bucket/prefix`, `memory://…`.
    """

    def __init__(self, url: str) -> None:
        filesystem, self._root = fsspec.core.url_to_fs(url, auto_mkdir=True)
        self._fs: Any = filesystem

    @staticmethod
    def key(sha256: bytes) -> str:
        """Where a blob lies, relative to the store."""
        digest = sha256.hex()
        return f"sha256/{digest[:2]}/{digest[2:4]}/{digest}"

    @staticmethod
    def warc_key(name: str) -> str:
        """Where a sealed WARC lies, relative to the store."""
        return f"warc/{name}"

    def put_file(self, path: Path, sha256: bytes) -> str:
        """Store a local file under its digest. Does nothing where it is there already. Raises `BlobDamaged`."""
        key = self.key(sha256)
        if not self._fs.exists(self._at(key)):
            self._copy(path, key, sha256)
        return key

    def put_named(self, path: Path, key: str, sha256: bytes) -> None:
        """Store a local file under a name (a sealed WARC), replacing what a torn attempt left. Raises `BlobDamaged`."""
        self._copy(path, key, sha256)

    def _copy(self, path: Path, key: str, sha256: bytes) -> None:
        part = self._at(f"{key}.{uuid.uuid4().hex}.part")  # two captures may bring the same picture at once
        self._fs.put_file(str(path), part)
        self._sync(part)
        self._fs.mv(part, self._at(key))
        self._sync(self._at(key).rpartition("/")[0])
        found = self.digest(key)
        if found != sha256:
            raise BlobDamaged(key, sha256.hex(), found.hex())

    def _sync(self, place: str) -> None:
        """Have a file, or a folder's list of names, on the disk itself: the spool's copy goes next, and power may fail. An
        object store answers only once it has what it was given.
        """
        if isinstance(self._fs, LocalFileSystem):
            handle = os.open(place, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def digest(self, key: str) -> bytes:
        """SHA-256 of what the store holds under a key, read in pieces. Raises `FileNotFoundError`."""
        with self.open(key) as file:
            return hashlib.file_digest(file, "sha256").digest()  # type: ignore[arg-type] # fsspec's files are such, untyped

    def open(self, key: str) -> IO[bytes]:
        """Open a blob for reading. Raises `FileNotFoundError`."""
        return cast("IO[bytes]", self._fs.open(self._at(key), "rb"))

    def exists(self, key: str) -> bool:
        """Whether the store holds something under the key."""
        return bool(self._fs.exists(self._at(key)))

    def _at(self, key: str) -> str:
        return f"{str(self._root).rstrip('/')}/{key}"
