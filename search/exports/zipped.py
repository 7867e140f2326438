"""A ZIP archive that is written from streams, each file with its digest; nothing is held whole in memory."""

from __future__ import annotations

import hashlib
import zipfile
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from types import TracebackType

_LEVEL = 1
"""A little larger than by the usual 6, in a third of the time."""
_LARGE = 1 << 30
"""Bytes. Beyond, sizes are written in 64 bits, which spreadsheets take badly where there is no need."""


class Zipped:
    """The archive while it is written; a context manager. `files`: what is in it."""

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL)
        self.files: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        """Nothing to do."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write the directory of the archive."""
        self._zip.close()

    def add(self, name: str, chunks: Iterable[bytes], length: int = 0, **facts: Any) -> None:
        """Add a file from its chunks, of about that length; `facts` go into `files` with its name, size and digest."""
        digest, size = hashlib.sha256(), 0
        with self._zip.open(name, "w", force_zip64=length > _LARGE) as file:
            for data in chunks:
                file.write(data)
                digest.update(data)
                size += len(data)
        self.files.append({"name": name, "bytes": size, "sha256": digest.hexdigest(), **facts})
