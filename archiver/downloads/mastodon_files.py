"""The files of a Mastodon export: which attachment a path is of, wherever its instance keeps such files.

Source: mastodon/mastodon, config/initializers/paperclip.rb; Paperclip's `id_partition`: an id in groups of three digits.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections import defaultdict
from typing import TYPE_CHECKING

from archiver.downloads.streaming import MIB
from archiver.platforms.items import Media

if TYPE_CHECKING:
    from archiver.downloads.unpack import Tree

_STORED = re.compile(r"(?:^|/)(media_attachments/files/((?:\d{3}/){1,10})original/[^/]+)$", re.ASCII)
_WHOLE_PARTITIONS = frozenset({3, 4, 6})
"""Groups of three digits that are the whole of an id. Five are not: of ids with 17 digits (2018) two are left out."""


@dataclasses.dataclass(frozen=True, slots=True)
class Stored:
    """A file of an attachment: its path below the instance's own folder, and the id that the path tells, where it does."""

    path: str
    id: str


def stored_file(address: str) -> Stored | None:
    """The file that an attachment names, or that lies in the export under this name, wherever its instance keeps such files."""
    match = _STORED.search(address)
    if match is None:
        return None
    groups = match[2].rstrip("/").split("/")
    return Stored(match[1], str(int("".join(groups))) if len(groups) in _WHOLE_PARTITIONS else match[1])


def stored_files(tree: Tree) -> dict[str, list[str]]:
    """The files of attachments by their paths below the instance's own folder."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for path in tree.names():
        if (stored := stored_file(path)) is not None:
            found[stored.path].append(path)
    return dict(found)


def picture(tree: Tree, path: str) -> Media:
    """A picture of the profile. Its id is the digest of its bytes: the export gives it none. Raises `DamagedArchiveError`."""
    digest = hashlib.sha256()
    with tree.open(path) as stream:
        while chunk := stream.read(MIB):
            digest.update(chunk)
    return Media(f"sha256:{digest.hexdigest()}", "image")
