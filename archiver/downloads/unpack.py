"""A folder, zip or tar as a tree of files that can be read one by one, and cannot do harm; also one file by itself.

Nothing is ever unpacked to where a name in the archive says: files are read through the tree. An archive is refused as a
whole for paths that climb out or are absolute, links and devices, names given twice, and for sizes, numbers and
compression ratios that only a bomb has. Memory stays flat: names and sizes are held, contents are streamed.
"""

from __future__ import annotations

import bz2
import dataclasses
import gzip
import lzma
import os
import re
import stat
import tarfile
import tempfile
import zipfile
import zlib
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

from archiver.downloads.alone import HEAD, is_alone
from archiver.downloads.errors import DamagedArchiveError, FileTooLargeError, UnsafeArchiveError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import TracebackType

_CHUNK = 1 << 20
_LONGEST_NAME = 1024
_MIB = 1 << 20
_ON_ITS_SERVER = re.compile(r"/(?:[^/]+/)*media_attachments/files/")
"""How a Mastodon before 4.2 names attachments in its tars: as they lie on its own server, from the root on. As a tar program
does, they are read without the slash; nothing is ever unpacked to where they say.
"""
_JUNK = re.compile(r"(?:^|/)(?:__MACOSX/|\.DS_Store$|Thumbs\.db$)")
_DAMAGE = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, OSError)


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """What an archive may be at most; far above any download of a city's account."""

    files: int = 500_000
    total: int = 64 * 1024 * _MIB
    """Bytes of all files together."""
    ratio: int = 250
    """How many bytes one compressed byte may become, of files larger than `ratio_from`."""
    ratio_from: int = 16 * _MIB


@dataclasses.dataclass(frozen=True, slots=True)
class _Entry:
    size: int
    open: Callable[[], IO[bytes]]


class Tree:
    """The files of a download by their paths, `/` between the parts. Use as a context manager, or `close` it."""

    def __init__(self, name: str, entries: Mapping[str, _Entry], resources: ExitStack, prefix: str = "") -> None:
        self.name = name
        self._entries, self._resources, self._prefix = entries, resources, prefix

    def names(self) -> list[str]:
        """All paths in order, those of the part that `below` gave only."""
        return sorted(name[len(self._prefix) :] for name in self._entries if name.startswith(self._prefix))

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        return self._prefix + name in self._entries

    def size(self, name: str) -> int:
        """The size of a file in bytes, as the archive declares it. Raises `DamagedArchiveError` where there is none."""
        return self.entry(name).size

    def below(self, prefix: str) -> Tree:
        """The part of the tree below a folder, as a tree that shares this one's resources."""
        return Tree(self.name, self._entries, ExitStack(), self._prefix + prefix)

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """Open a file for reading in pieces. Raises `DamagedArchiveError` also for damage found while reading."""
        entry = self.entry(name)
        try:
            with entry.open() as stream:
                yield stream
        except _DAMAGE as error:
            raise DamagedArchiveError(
                self.name, f"{name} cannot be read ({str(error) or type(error).__name__})"
            ) from error
        except RuntimeError as error:  # how zipfile says that a member is encrypted
            raise DamagedArchiveError(
                self.name, f"{name} cannot be read ({error}); remove the password and try again"
            ) from error

    def read(self, name: str, max_bytes: int = 64 * _MIB) -> bytes:
        """The bytes of a file, of which never more than `max_bytes` are held. Raises `FileTooLargeError`."""
        with self.open(name) as stream:
            body = bytearray()
            while chunk := stream.read(min(_CHUNK, max_bytes + 1 - len(body))):
                body += chunk
                if len(body) > max_bytes:
                    raise FileTooLargeError(self.name, f"{name} is larger than the {max_bytes} bytes that are read")
        return bytes(body)

    def close(self) -> None:
        """Close the archive, and remove what was written aside for it."""
        self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def entry(self, name: str) -> _Entry:
        """Where a file lies. Raises `DamagedArchiveError` where there is none."""
        entry = self._entries.get(self._prefix + name)
        if entry is None:
            raise DamagedArchiveError(self.name, f"{name} is missing")
        return entry


def open_tree(path: Path | str, limits: Limits | None = None) -> Tree:
    """Open a folder, a zip, a tar (plain, gzip, bzip2, xz) or a file that is a download by itself (`alone`) as a tree.

    Raises:
        UnsafeArchiveError: It would do harm; says which file and why.
        DamagedArchiveError: It is none of those, or cannot be read.
    """
    path, bounds = Path(path), limits or Limits()
    resources = ExitStack()
    try:
        if path.is_dir():
            entries = _folder(path, bounds)
        elif path.is_file() and _is_alone(path):
            entries = _alone(path, bounds)
        elif zipfile.is_zipfile(path):
            entries = _zip(path, bounds, resources)
        elif path.is_file():
            entries = _tar(path, bounds, resources)
        else:
            raise DamagedArchiveError(str(path), "there is no such folder or file")
    except _DAMAGE as error:
        resources.close()
        raise DamagedArchiveError(
            path.name, f"it is no folder, zip or tar that can be read ({str(error) or type(error).__name__})"
        ) from error
    except BaseException:
        resources.close()
        raise
    return Tree(path.name, entries, resources)


def held(name: str, places: Mapping[str, tuple[int, Callable[[], IO[bytes]]]]) -> Tree:
    """A tree of what lies elsewhere: for each path its size, and how it is opened."""
    return Tree(name, {path: _Entry(size, opener) for path, (size, opener) in places.items()}, ExitStack())


def joined(name: str, places: Mapping[str, tuple[Tree, str]], resources: ExitStack) -> Tree:
    """A tree of files that lie in other trees, each under the path given; `resources` are closed with it."""
    return Tree(name, {path: tree.entry(original) for path, (tree, original) in places.items()}, resources)


class _Gathering:
    """Takes in names and sizes, and refuses what must be refused."""

    def __init__(self, archive: str, limits: Limits) -> None:
        self._archive, self._limits, self._total = archive, limits, 0
        self.entries: dict[str, _Entry] = {}

    def add(self, raw: str, size: int, packed: int | None, opener: Callable[[], IO[bytes]]) -> None:
        """Take in a file; `packed` is its compressed size where the archive says it."""
        name = self.safe(raw)
        if not name or _JUNK.search(name):
            return
        if name in self.entries:
            raise UnsafeArchiveError(self._archive, f"{name} is there twice")
        self._total += size
        if len(self.entries) >= self._limits.files:
            raise UnsafeArchiveError(self._archive, f"it holds more than {self._limits.files} files")
        if self._total > self._limits.total:
            raise UnsafeArchiveError(self._archive, f"it unpacks to more than {self._limits.total} bytes")
        if packed is not None and size > self._limits.ratio_from and size > max(packed, 1) * self._limits.ratio:
            raise UnsafeArchiveError(self._archive, f"{name} unpacks {packed} bytes to {size}, as only a bomb does")
        self.entries[name] = _Entry(size, opener)

    def safe(self, raw: str) -> str:
        """The path with `/` between its parts and nothing to climb with. Raises `UnsafeArchiveError`."""
        name = raw.replace("\\", "/")
        parts = name.split("/")
        if name.startswith("/") or re.match(r"[A-Za-z]:", name):
            raise UnsafeArchiveError(self._archive, f"{raw!r} is an absolute path")
        if ".." in parts:
            raise UnsafeArchiveError(self._archive, f"{raw!r} climbs out of the archive")
        if "\0" in name or len(name) > _LONGEST_NAME:
            raise UnsafeArchiveError(self._archive, f"{raw[:80]!r} is no name of a file")
        return "/".join(part for part in parts if part not in {"", "."})

    def refuse(self, raw: str, what: str) -> None:
        """Say that the archive holds something that is neither a file nor a folder."""
        raise UnsafeArchiveError(self._archive, f"{raw!r} is {what}; only files and folders are read")


def _folder(path: Path, limits: Limits) -> dict[str, _Entry]:
    gathering = _Gathering(path.name, limits)
    for folder, folders, files in os.walk(path):
        for name in (*folders, *files):
            full = Path(folder, name)
            mode = full.lstat()
            relative = full.relative_to(path).as_posix()
            if stat.S_ISREG(mode.st_mode):
                gathering.add(relative, mode.st_size, None, lambda full=full: _open_no_link(full))  # type: ignore[misc]
            elif not stat.S_ISDIR(mode.st_mode):
                gathering.refuse(relative, "a link or device")
    return gathering.entries


def _is_alone(path: Path) -> bool:
    with path.open("rb") as file:
        return is_alone(path.name, file.read(HEAD))


def _alone(path: Path, limits: Limits) -> dict[str, _Entry]:
    gathering = _Gathering(path.name, limits)
    gathering.add(path.name, path.stat().st_size, None, lambda: path.open("rb"))
    return gathering.entries


def _open_no_link(path: Path) -> IO[bytes]:
    """Open a file that may not have become a link since it was listed."""
    return os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb")


def _zip(path: Path, limits: Limits, resources: ExitStack) -> dict[str, _Entry]:
    archive = resources.enter_context(zipfile.ZipFile(path))
    gathering = _Gathering(path.name, limits)
    for member in archive.infolist():
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
            gathering.refuse(member.filename, "a link or device")
        elif member.is_dir():
            gathering.safe(member.filename)
        else:
            gathering.add(
                member.filename,
                member.file_size,
                member.compress_size,
                lambda member=member: archive.open(member),  # type: ignore[misc]
            )
    return gathering.entries


def _tar(path: Path, limits: Limits, resources: ExitStack) -> dict[str, _Entry]:
    plain = _plain_tar(path, limits, resources)
    archive = resources.enter_context(tarfile.TarFile(fileobj=plain))
    gathering = _Gathering(path.name, limits)
    while (member := archive.next()) is not None:
        if member.isdir():
            gathering.safe(member.name)
        elif not member.isreg() or member.issparse():
            gathering.refuse(member.name, "a link, device or sparse file")
        else:
            name = member.name.lstrip("/") if _ON_ITS_SERVER.match(member.name) else member.name
            gathering.add(name, member.size, None, lambda member=member: _member(archive, member))  # type: ignore[misc]
        archive.members = []  # type: ignore[attr-defined] # tarfile keeps every header it has read; ours are enough
    return gathering.entries


def _member(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    stream = archive.extractfile(member)
    if stream is None:
        raise tarfile.TarError("it is no file")
    return stream


def _plain_tar(path: Path, limits: Limits, resources: ExitStack) -> IO[bytes]:
    """The tar without its compression, in a nameless file aside where it had any, so that members can be sought."""
    packed = resources.enter_context(path.open("rb"))
    magic = packed.read(6)
    packed.seek(0)
    stream: IO[bytes] | gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile
    if magic.startswith(b"\x1f\x8b"):
        stream = resources.enter_context(gzip.GzipFile(fileobj=packed))
    elif magic.startswith(b"BZh"):
        stream = resources.enter_context(bz2.BZ2File(packed))
    elif magic.startswith(b"\xfd7zXZ\x00"):
        stream = resources.enter_context(lzma.LZMAFile(packed))  # noqa: SIM115 - the stack closes it
    else:
        return packed
    aside = resources.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - the stack closes it
    written, size = 0, path.stat().st_size
    while chunk := stream.read(_CHUNK):
        written += len(chunk)
        if written > limits.total or (written > limits.ratio_from and written > size * limits.ratio):
            raise UnsafeArchiveError(path.name, f"its {size} bytes unpack to more than {written}, as only a bomb does")
        aside.write(chunk)
    aside.seek(0)
    return aside
