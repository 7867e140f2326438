"""A download that comes in several archives, as one tree: each of them has a part of the same tree."""

from __future__ import annotations

import hashlib
import re
from contextlib import ExitStack
from typing import TYPE_CHECKING

from archiver.downloads.errors import DamagedArchiveError, UnsafeArchiveError
from archiver.downloads.unpack import Limits, Tree, joined, open_tree

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PART = re.compile(r"part-\d+/")
"""The folder of what differs between parts."""
_CHUNK = 1 << 20


def open_parts(paths: Sequence[Path], limits: Limits | None = None) -> Tree:
    """Open the folders, zips or tars of one download as one tree.

    A file that several parts have with the same bytes is there once. One whose bytes differ is there for each part, below a
    folder `part-2/`, `part-3/`, … of its own: which of the two is right nobody can say, so both are read.

    Raises:
        UnsafeArchiveError: One of them, or all together, would do harm.
        DamagedArchiveError: One cannot be read, or none is given.
    """
    if not paths:
        raise DamagedArchiveError("the download", "no archive is named")
    if len(paths) == 1:
        return open_tree(paths[0], limits)
    bounds = limits or Limits()
    with ExitStack() as resources:
        trees = [resources.enter_context(open_tree(path, bounds)) for path in paths]
        places: dict[str, tuple[Tree, str]] = {}
        total = 0
        for number, tree in enumerate(trees, 1):
            for name in tree.names():
                total += tree.size(name)
                if len(places) >= bounds.files or total > bounds.total:
                    what = f"its parts together hold more than {bounds.files} files or {bounds.total} bytes"
                    raise UnsafeArchiveError(trees[0].name, what)
                if name not in places:
                    places[name] = (tree, name)
                elif not _same(*places[name], tree):
                    places[f"part-{number}/{name}"] = (tree, name)
        return joined(trees[0].name, places, resources.pop_all())


def _same(first: Tree, name: str, second: Tree) -> bool:
    return first.size(name) == second.size(name) and _digest(first, name) == _digest(second, name)


def _digest(tree: Tree, name: str) -> bytes:
    digest = hashlib.sha256()
    with tree.open(name) as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.digest()
