"""The download of an X account, in whichever of its two forms it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archiver.downloads.x_2013 import X2013
from archiver.downloads.x_2019 import X2019

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archiver.downloads.contract import DownloadFile, DownloadOwner
    from archiver.downloads.unpack import Tree


class XArchive:
    """The importer: the form of 2013 to 2019, or the one since."""

    name = "x_archive"
    platform = "x"

    def __init__(self) -> None:
        self._old, self._present = X2013(), X2019()

    def detect(self, tree: Tree) -> bool:
        """Whether it is one of the two forms."""
        return self._old.detect(tree) or self._present.detect(tree)

    def owner(self, tree: Tree) -> DownloadOwner:
        """Whose it is. Raises `DamagedArchiveError`."""
        return self._form(tree).owner(tree)

    def expected(self, tree: Tree) -> int | None:
        """The total that the download states. Raises `TotalsDifferError`, `DamagedArchiveError`."""
        return self._form(tree).expected(tree)

    def files(self, tree: Tree, owner: DownloadOwner) -> Iterator[DownloadFile]:
        """Every file that says something. Raises `TotalsDifferError`, `DamagedArchiveError`."""
        return self._form(tree).files(tree, owner)

    def _form(self, tree: Tree) -> X2013 | X2019:
        return self._present if self._present.detect(tree) else self._old
