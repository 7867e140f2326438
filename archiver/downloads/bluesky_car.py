"""A Bluesky repository (`repo.car`) as a download: everything that its root commit leads to, and the blobs that lie beside it.

A CAR names the account's DID and no handle. It never holds blobs: tools save those as files named by their CIDs. Sources:
platforms.md, section 10, "Bluesky CAR"; com.atproto.sync.getRepo, com.atproto.sync.getBlob.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from archiver.downloads.alone import found, is_car
from archiver.downloads.bluesky_car_reading import READ, Blobs, Reading, collection_of
from archiver.downloads.contract import DownloadFile, DownloadOwner
from archiver.downloads.errors import DamagedArchiveError
from archiver.platforms.bluesky_car import BrokenRepositoryError, Repository, read_repository
from archiver.platforms.items import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archiver.downloads.unpack import Tree

_CHUNK = 1 << 20
_NAMED = 5


class BlueskyCar:
    """A Bluesky repository (`repo.car`), alone or in a folder with its blobs, each named by its CID."""

    name = "bluesky_car"
    platform = "bluesky"

    def detect(self, tree: Tree) -> bool:
        """Whether there is a CAR."""
        return bool(_cars(tree))

    def owner(self, tree: Tree) -> DownloadOwner:
        """Whose it is: the DID that the root commit names. Raises `DamagedArchiveError`, also where two CARs name two."""
        dids: dict[str, str] = {}
        for name in _cars(tree):
            with _opened(tree, name) as (repository, _):
                dids.setdefault(repository.did, name)
        if len(dids) > 1:
            of = ", ".join(f"{name} is of {did}" for did, name in dids.items())
            raise DamagedArchiveError(
                tree.name, f"its repositories are of different accounts ({of}); import each by itself"
            )
        return DownloadOwner(next(iter(dids)))

    def expected(self, tree: Tree) -> int | None:
        """How many posts, replies and reposts the tree of records leads to, whether their blocks are there or not.

        Raises `DamagedArchiveError`.
        """
        count = 0
        for name in _cars(tree):
            with _opened(tree, name) as (repository, _):
                count += sum(1 for place in repository.places() if collection_of(place.uri) in READ)
        return count

    def files(self, tree: Tree, owner: DownloadOwner) -> Iterator[DownloadFile]:
        """Each CAR in pieces, an older one before a newer; then what is noted of them all. Raises `DamagedArchiveError`."""
        del owner
        blobs = Blobs(tree)
        notes: list[Skipped] = []
        unread: Counter[str] = Counter()
        for name in _by_age(tree):
            with _opened(tree, name) as (repository, stream):
                reading = Reading(name, repository, stream, blobs)
                yield from reading.files()
                notes += reading.skipped
                unread += reading.unread
        if unread:
            kinds = ", ".join(f"{collection} ({count})" for collection, count in sorted(unread.items()))
            what = f"no record of what the account published; left unread, and kept with the rest: {kinds}"
            notes.append(Skipped(f"{unread.total()} records", what, lost=False))
        notes += _blob_notes(blobs)
        if notes:
            yield DownloadFile("", b"", (), tuple(notes))


def _blob_notes(blobs: Blobs) -> Iterator[Skipped]:
    yield from blobs.skipped
    if blobs.lacking:
        what = (
            f"not in the CAR, which holds none, nor beside it: {_some(blobs.lacking)}; a capture fetches those of records that "
            "are still there, or import the CAR from a folder that has the files, each named by its CID"
        )
        yield Skipped(f"{len(blobs.lacking)} pictures and videos", what, lost=False)
    if left := blobs.unnamed():
        yield Skipped(
            f"{len(left)} files", f"no record that was read names them; left unread: {_some(left)}", lost=False
        )


def _some(names: list[str] | dict[str, None]) -> str:
    return ", ".join(list(names)[:_NAMED]) + (" and others" if len(names) > _NAMED else "")


def _cars(tree: Tree) -> list[str]:
    return found(tree, is_car)


def _by_age(tree: Tree) -> list[str]:
    """The CARs by their commits' revisions, which are times (TIDs); a commit of version 2 may have none, and is older."""
    names = _cars(tree)
    if len(names) == 1:
        return names
    ages = []
    for name in names:
        with _opened(tree, name) as (repository, _):
            ages.append((repository.rev if isinstance(repository.rev, str) else "", name))
    return [name for _, name in sorted(ages)]


@contextmanager
def _opened(tree: Tree, name: str) -> Iterator[tuple[Repository, IO[bytes]]]:
    """The repository in a file, all its blocks checked, and its bytes. Raises `DamagedArchiveError`, also while it is read.

    The bytes are copied aside first: nobody can jump about in a zip, and a file that changes meanwhile was not checked.
    """
    with tempfile.TemporaryFile() as aside:
        with tree.open(name) as stream:
            shutil.copyfileobj(stream, aside, _CHUNK)
        aside.seek(0)
        try:
            yield read_repository(aside), aside
        except BrokenRepositoryError as error:
            raise DamagedArchiveError(
                tree.name, f"{name} is no repository that can be trusted: {error.why}; ask for it again"
            ) from error
