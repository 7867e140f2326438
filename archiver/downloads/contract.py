"""What a "download your data" format is: how it is recognised, whose it is, and what its files hold.

A format reads through a `Tree` and gives one file after the other, so that memory does not grow with the download. What
becomes of it (a WARC `resource` record for each file's bytes, versions with `Source.IMPORT`, the check that the owner is
the account) is decided by `archiver.capture`, once for all formats.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from archiver.downloads.unpack import Tree
    from archiver.platforms.contract import Item, Skipped


@dataclasses.dataclass(frozen=True, slots=True)
class DownloadOwner:
    """Whose download it is, as the download itself says; `platform_id` is what an account is compared by."""

    platform_id: str
    handle: str | None = None
    name: str | None = None
    created_at: datetime | None = None
    """When the account was made."""


@dataclasses.dataclass(frozen=True, slots=True)
class DownloadFile:
    """One file of a download, with what was read from it.

    `items` have `exchange=0` (the file) and a pointer into it. `skipped` says what could not be read; a download with
    anything skipped is incomplete.
    """

    name: str
    """Its path within the download, `/` between the parts."""
    body: bytes
    items: Sequence[Item]
    skipped: Sequence[Skipped] = ()


class Download(Protocol):
    """One format of download."""

    name: str
    """Of the format, such as `x_archive`."""
    platform: str
    """Of the platform whose accounts it belongs to, as in `platform:handle-or-id`."""

    def detect(self, tree: Tree) -> bool:
        """Whether the tree is a download of this format, wherever in it the download begins."""
        ...

    def owner(self, tree: Tree) -> DownloadOwner:
        """Whose it is. Raises `DamagedArchiveError`."""
        ...

    def expected(self, tree: Tree) -> int | None:
        """How many posts of the owner's own the download says it holds, after comparing all the totals it states.

        Counted are items that are sighted and no profile. None where the format states no total. Raises
        `TotalsDifferError`, `DamagedArchiveError`.
        """
        ...

    def files(self, tree: Tree) -> Iterator[DownloadFile]:
        """Every file that says something, in a fixed order. Raises `TotalsDifferError`, `DamagedArchiveError`."""
        ...
