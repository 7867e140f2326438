"""WARCs that another tool recorded (wget, warcio, Browsertrix and its WACZ) as a download: each answer in them as a page record.

A WARC belongs to no account; whoever imports it says to which. What its tool sent (`request`, with whatever cookies it had) and
noted down (`warcinfo`, `metadata`) is counted and not kept. Source: WARC 1.1 (ISO 28500:2017); WACZ 1.1.1 (a zip with
`archive/*.warc.gz` and the digests of its files in `datapackage.json`).
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import zipfile
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from archiver.downloads.alone import HEAD, found, is_warc, warc_form
from archiver.downloads.contract import DownloadFile, DownloadOwner
from archiver.downloads.errors import DownloadError
from archiver.downloads.warc_reading import Reading
from archiver.platforms.items import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archiver.downloads.unpack import Tree

_CHUNK = 1 << 20
_PACKAGE = "datapackage.json"
_HINTS = {
    "arc": "it is an ARC, the forerunner of the WARC; convert it with `warcio recompress`, and import that",
    "zstd": "it is packed with zstd; unpack it with `zstd -d`, and import that",
}


class Warc:
    """A WARC that another tool recorded, a folder of them, or a WACZ: each answer in it as a page record."""

    name = "warc"
    platform = None

    def detect(self, tree: Tree) -> bool:
        """Whether there is a WARC."""
        return bool(_warcs(tree))

    def owner(self, tree: Tree) -> DownloadOwner:
        """A WARC does not say."""
        del tree
        return DownloadOwner(None)

    def expected(self, tree: Tree) -> int | None:
        """None: a WARC states no totals."""
        del tree
        return None

    def files(self, tree: Tree, owner: DownloadOwner) -> Iterator[DownloadFile]:
        """The records of each file in batches, then the revisits of what came later, then the totals. No damage stops it."""
        reading = Reading(tree, owner, seekable)
        stated = _stated_digests(tree)
        notes: list[Skipped] = []
        names = _warcs(tree)
        for name in names:
            with tree.open(name) as stream:
                form = warc_form(stream.read(HEAD))
            if form in _HINTS:
                notes.append(Skipped(name, _HINTS[form]))
                continue
            yield from reading.file(name)
            digest = _digest(tree, name)
            notes.append(Skipped(name, f"SHA-256 {digest}; {reading.totals(name)}", lost=False))
            if stated.get(name, digest) != digest:
                notes.append(Skipped(name, f"its SHA-256 is not the one that {_PACKAGE} states, {stated[name]}"))
        yield from reading.left()
        if owner.handle and not reading.named and reading.kept:
            what = f"no address in it names {owner.handle}; see that it was imported into the right account"
            notes.append(Skipped("the account", what, lost=False))
        if notes:
            yield DownloadFile("", b"", (), tuple(notes))


def _warcs(tree: Tree) -> list[str]:
    return found(tree, is_warc)


@contextmanager
def seekable(tree: Tree, name: str) -> Iterator[IO[bytes]]:
    """A file of a download in which one can go back; within a zip one cannot in fair time, so that it is copied aside."""
    with tree.open(name) as stream:
        if not isinstance(stream, zipfile.ZipExtFile):
            yield stream
            return
        with tempfile.TemporaryFile() as aside:
            shutil.copyfileobj(stream, aside, _CHUNK)
            yield aside


def _stated_digests(tree: Tree) -> dict[str, str]:
    """What a WACZ says the SHA-256 of its WARCs is, by their paths."""
    if not tree.has(_PACKAGE):
        return {}
    try:
        resources = json.loads(tree.read(_PACKAGE))["resources"]
        return {
            str(each["path"]): str(each["hash"]).removeprefix("sha256:").lower()
            for each in resources
            if str(each.get("hash", "")).startswith("sha256:")
        }
    except (DownloadError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _digest(tree: Tree, name: str) -> str:
    digest = hashlib.sha256()
    with tree.open(name) as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
