"""Page records of a WARC, and their payloads, until they are stored."""

from __future__ import annotations

import dataclasses
import mimetypes
from typing import IO, TYPE_CHECKING

from archiver.downloads.contract import DownloadFile
from archiver.downloads.unpack import held
from archiver.downloads.warc_pages import HELD
from archiver.downloads.warc_payload import Spool
from archiver.platforms.pages import Page

if TYPE_CHECKING:
    from collections.abc import Callable

    from archiver.downloads.unpack import Tree
    from archiver.downloads.warc_pages import Recorded
    from archiver.platforms.items import Skipped

_MOST = 200
_SPOOLED = 256 << 20


class Batch:
    """Page records of one file, until they are stored."""

    def __init__(self, tree: Tree, name: str, first: int) -> None:
        self._tree, self._name, self._first, self._last = tree, name, first, first
        self.spool = Spool()
        self.pages: list[Page] = []
        self.skipped: list[Skipped] = []
        self._weight = 0
        self._media: dict[str, str] = {}
        self._places: dict[str, tuple[int, Callable[[], IO[bytes]]]] = {}

    @property
    def full(self) -> bool:
        """Whether it is enough for one transaction."""
        return self._weight >= HELD or len(self.pages) >= _MOST or self.spool.size >= _SPOOLED

    def add_page(self, page: Page) -> None:
        """Take in what answers of a platform's API show."""
        self.pages.append(page)
        self._weight += sum(len(each.body) + len(each.received) for each in page.exchanges)

    def add(self, recorded: Recorded, place: tuple[int, int]) -> None:
        """Take in a page record."""
        item = dataclasses.replace(recorded.item, exchange=0)
        self.add_page(Page([item], [recorded.exchange]))
        self._weight += len(item.text or "")
        self._last = place[0]
        stored, spool = recorded.stored, self.spool
        if stored is not None:
            kind = item.media[0].content_type or ""
            path = f"{self._name}/byte-{place[0]}-{place[1]}{mimetypes.guess_extension(kind) or ''}"
            self._media[item.media[0].id] = path
            self._places[path] = (stored.size, lambda: spool.open(stored))

    def file(self) -> DownloadFile:
        """It as a part of the download."""
        return DownloadFile(
            self._name,
            b"",
            (),
            tuple(self.skipped),
            media=dict(self._media),
            span=(self._first, self._last),
            pages=self.pages,
            media_tree=held(self._tree.name, self._places),
        )
