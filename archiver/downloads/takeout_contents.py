"""What is in a YouTube Takeout: which of its files are which tables, whose it is, and what has to be known before it is read.

Only YouTube's own folder is looked into, where there is one: a Takeout may hold the account's other Google products too.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from typing import TYPE_CHECKING

from archiver.downloads import takeout_html, takeout_items
from archiver.downloads.csv_rows import Row, Rows
from archiver.downloads.errors import DamagedArchiveError
from archiver.downloads.streaming import MIB
from archiver.downloads.takeout_files import bare, missing
from archiver.downloads.takeout_items import Channel
from archiver.downloads.takeout_tables import CHANNEL_ID, Kind, Table, is_strange, table_of
from archiver.platforms.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archiver.downloads.unpack import Tree

LARGEST_PAGE = 64 * MIB
_FOLDER = re.compile(r"(?:^|/)YouTube[^/]*/")
_NUMBERED = re.compile(r"(.*?)(?:\((\d{1,9})\))?(\.[^./]*)?", re.DOTALL)
_LISTS_FILES = "extracted-file-name"
_TOP = 2
"""`Takeout/archive_browser.html`, in whatever language, is no deeper."""
_MOST_CHANNELS = 50


class Contents:
    """Which files of a download are read, and as what."""

    def __init__(self, tree: Tree) -> None:
        every = tree.names()
        self._tree = tree
        self.names = [name for name in every if _FOLDER.search(name)] or every
        self.tables: dict[str, Table] = {}
        self.strange: list[str] = []
        self.pages: list[str] = []
        for name in sorted(self.names, key=_in_order):
            if name.lower().endswith(".csv"):
                self._table(name)
            elif name.lower().endswith(".html") and takeout_html.is_comments(self._page(name, MIB)):
                self.pages.append(name)

    def of(self, kind: Kind) -> list[str]:
        """The files that are tables of a kind, their numbers in order."""
        return [name for name, table in self.tables.items() if table.kind is kind]

    def _table(self, name: str) -> None:
        rows = [row for _, row in zip(range(2), _rows(self._tree, name), strict=False)]
        if not rows:
            return
        table = table_of(rows[0].cells)
        if table is not None:
            self.tables[name] = table
        elif len(rows) > 1 and is_strange(rows[0].cells, rows[1].cells):
            self.strange.append(name)

    def _page(self, name: str, most: int) -> str:
        """The beginning of a page; empty where it cannot be read."""
        try:
            with self._tree.open(name) as stream:
                return stream.read(most).decode("utf-8", "replace")
        except DamagedArchiveError:
            return ""

    def lacking(self) -> tuple[str | None, list[str]]:
        """The page that lists all files, where there is one at the top, and what it lists and is not there."""
        every = self._tree.names()
        ours = set(self.names) if len(self.names) < len(every) else set(self.pages)
        for name in every:
            if name.lower().endswith(".html") and name.count("/") < _TOP and name not in ours:
                page = self._page(name, LARGEST_PAGE)
                if _LISTS_FILES in page:
                    return name, missing(page, every)
        return None, []

    def channels(self) -> dict[str, Channel]:
        """The channels that a download is of, by their ids: by the table of channels, else by whose the rows are."""
        found: dict[str, Channel] = {}
        for table, cells in self.rows(Kind.CHANNELS):
            own, name = (clean(table.cell(cells, role))[0] for role in ("channel", "channel_title"))
            if CHANNEL_ID.fullmatch(own) and len(found) < _MOST_CHANNELS:
                found[own] = Channel(own, name or None)
        for kind in () if found else (Kind.VIDEOS, Kind.COMMENTS, Kind.CHATS, Kind.POSTS):
            for table, cells in self.rows(kind):
                own = table.cell(cells, "channel")
                if CHANNEL_ID.fullmatch(own) and len(found) < _MOST_CHANNELS:
                    found.setdefault(own, Channel(own))
        for table, cells in self.rows(Kind.NAMES):
            own, name = (clean(table.cell(cells, role))[0] for role in ("channel", "channel_name"))
            if own in found and name:
                found[own] = dataclasses.replace(found[own], handle=takeout_items.handle(name))
        return found

    def rows(self, kind: Kind) -> Iterator[tuple[Table, list[str]]]:
        """Every row below the columns' names, of every table of a kind."""
        for name in self.of(kind):
            for number, row in enumerate(_rows(self._tree, name)):
                if number:
                    yield self.tables[name], row.cells

    def titles(self, channel: Channel) -> tuple[dict[str, str], dict[str, str]]:
        """Of the channel's videos, by their ids: their bare titles, and the descriptions whose table has only their beginning."""
        titles: dict[str, str] = {}
        said: dict[str, tuple[int, bytes]] = {}
        for table, cells in self.rows(Kind.VIDEOS):
            if table.cell(cells, "channel") in {"", channel.id}:
                own = clean(table.cell(cells, "video"))[0]
                description = table.cell(cells, "description")
                titles[own] = bare(table.cell(cells, "title"))
                said[own] = len(description), _digest(description)
        whole: dict[str, str] = {}
        for table, cells in self.rows(Kind.TEXTS):
            own, description = clean(table.cell(cells, "video"))[0], "".join(table.cells(cells, "description_parts"))
            size, digest = said.get(own, (0, b""))
            if len(description) > size and _digest(description.strip()[:size].strip()) == digest:
                whole[own] = description
        return titles, whole


def _in_order(name: str) -> tuple[str, int]:
    """Sorts the parts of a table in the order of their numbers: `comments.csv`, then `comments(1).csv`."""
    match = _NUMBERED.fullmatch(name)
    return (match[1], int(match[2] or 0)) if match else (name, 0)


def _rows(tree: Tree, name: str) -> Iterator[Row]:
    """The rows of a table that can be read, of a damaged one up to the damage."""
    try:
        with tree.open(name) as stream:
            rows = Rows(stream)
            for row in rows:
                if row.cut or rows.held > MIB:
                    rows.take()
                if row.problem is None:
                    yield row
    except DamagedArchiveError:
        return  # reading it says so


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
