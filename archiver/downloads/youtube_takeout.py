"""The Takeout of a YouTube channel: tables of its videos, comments, live chats and community posts, and the files of its videos.

It brings what the API does not give: the videos' files, what the channel said in live chats, and its community posts. It has
nothing by others, no counts, no edits, and no totals; where it has the page that lists its files (`archive_browser.html`), it is
held against that. What was watched, searched for, subscribed to or put into playlists is nothing that a channel publishes, and is
not read; neither is anything of the account's other Google products.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from archiver.downloads import takeout_html, takeout_items
from archiver.downloads.contract import DownloadFile, DownloadOwner
from archiver.downloads.csv_rows import Rows, without
from archiver.downloads.errors import DamagedArchiveError, FileTooLargeError
from archiver.downloads.pieces import Reading, pieces
from archiver.downloads.takeout_contents import LARGEST_PAGE, Contents
from archiver.downloads.takeout_files import VIDEO, pair
from archiver.downloads.takeout_items import FILE, Channel, Line
from archiver.downloads.takeout_tables import Kind, Table
from archiver.platforms.items import Skipped
from archiver.platforms.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from archiver.downloads.streaming import Element
    from archiver.downloads.unpack import Tree

_ORDER = (Kind.CHANNELS, Kind.TEXTS, Kind.VIDEOS, Kind.POSTS, Kind.COMMENTS, Kind.CHATS)
_NOT_OURS = "the rows of other channels of the same log-in (emptied, so that all others keep their places)"
_MOST_CHANNELS = 50
_MOST_NAMED = 50


class YouTubeTakeout:
    """The importer."""

    name = "youtube_takeout"
    platform = "youtube"

    def detect(self, tree: Tree) -> bool:
        """Whether it has a table or a page that only a Takeout of YouTube has."""
        contents = Contents(tree)
        return bool(contents.tables or contents.pages or contents.strange)

    def owner(self, tree: Tree) -> DownloadOwner:
        """Whose it is, where it is of one channel: by the table of channels, else by whose the rows are.

        A log-in may have several; then whoever imports it says which (`--owner-id`).
        """
        channels = Contents(tree).channels()
        if len(channels) != 1:
            return DownloadOwner(None)
        (only,) = channels.values()
        return DownloadOwner(only.id, only.handle or only.id, only.name)

    def expected(self, tree: Tree) -> int | None:
        """None: the download states no totals."""
        del tree
        return None

    def files(self, tree: Tree, owner: DownloadOwner) -> Iterator[DownloadFile]:
        """The channel, its videos with their files, its posts, its comments, and what it said in live chats.

        Raises `DamagedArchiveError` where it is of other channels than the owner.
        """
        contents = Contents(tree)
        own, channels = owner.platform_id or "", contents.channels()
        if channels and own not in channels:
            raise DamagedArchiveError(tree.name, f"it is of the channels {', '.join(channels)}, not of {own}")
        channel = channels.get(own) or Channel(own, owner.name, owner.handle)
        reader = _Reader(tree, contents, channel, alone=len(channels) <= 1)
        for kind in _ORDER:
            for name in contents.of(kind):
                for file in pieces(tree, name, reader.taker(name), reader=Rows):
                    yield reader.kept(file, kind)
        for name in contents.pages:
            yield reader.page(name)
        if notes := tuple(reader.notes()):
            yield DownloadFile("", b"", (), notes)


class _Reader:
    """Gathers what is the channel's from the files of a download."""

    def __init__(self, tree: Tree, contents: Contents, channel: Channel, *, alone: bool) -> None:
        self._tree, self._contents, self._channel, self._alone = tree, contents, channel, alone
        self._others: dict[str, int] = {}
        self._strangers = 0
        self._pictures = _by_name(contents.names)
        self._used: set[str] = set()
        self._titles, self._descriptions = contents.titles(channel)
        videos = [name for name in contents.names if VIDEO.search(name)]
        self._files, self._unfit = pair(self._titles, videos)

    def taker(self, name: str) -> Callable[[Element, Reading], None]:
        """What takes in the rows of a table."""
        table, begun = self._contents.tables[name], [False]

        def take(element: Element, reading: Reading) -> None:
            row = element.value if isinstance(element.value, list) else []
            if not begun[0]:
                begun[0] = True
            elif not self._is_ours(table, row):
                self._strangers += 1
                whose = table.cell(row, "channel")
                if whose in self._others or (whose and len(self._others) < _MOST_CHANNELS):
                    self._others[whose] = self._others.get(whose, 0) + 1
            elif table.kind is not Kind.TEXTS:
                self._one(name, table.kind, Line(table, row, element.pointer), reading)

        return take

    def _is_ours(self, table: Table, cells: list[str]) -> bool:
        if table.kind is Kind.TEXTS:
            return self._alone or clean(table.cell(cells, "video"))[0] in self._titles
        return table.cell(cells, "channel") in {"", self._channel.id}

    def kept(self, file: DownloadFile, kind: Kind) -> DownloadFile:
        """A piece of a table as it is kept: without the rows of others; of texts in any case, since videos say them."""
        if kind is Kind.TEXTS:
            file = dataclasses.replace(file, keep=True)
        if not self._strangers:
            return file
        self._strangers = 0
        table = self._contents.tables[file.name]
        begins = file.span is None or file.span[0] == 0
        body = without(file.body, lambda cells: self._is_ours(table, cells), header=begins)
        return dataclasses.replace(file, kept_body=body, scrubbed=(_NOT_OURS,))

    def _one(self, name: str, kind: Kind, line: Line, reading: Reading) -> None:
        match kind:
            case Kind.CHANNELS:
                reading.items.append(takeout_items.profile_item(line, self._channel))
            case Kind.COMMENTS:
                reading.items.append(takeout_items.comment_item(line, self._channel))
            case Kind.CHATS:
                reading.items.append(takeout_items.chat_item(line, self._channel))
            case Kind.VIDEOS:
                self._video(line, reading)
            case Kind.POSTS:
                self._post(name, line, reading)

    def _video(self, line: Line, reading: Reading) -> None:
        own = line.needed("video")
        path = self._files.get(own)
        item = takeout_items.video_item(line, self._channel, self._descriptions.get(own), has_file=path is not None)
        reading.items.append(item)
        if path is not None:
            reading.media[f"{own}{FILE}"] = path

    def _post(self, name: str, line: Line, reading: Reading) -> None:
        item, names = takeout_items.post_item(line, self._channel)
        reading.items.append(item)
        for medium, file in zip(item.media, names, strict=True):
            found = self._pictures.get(file, [])
            if len(found) == 1:
                reading.media[medium.id] = found[0]
                self._used.add(found[0])
            else:
                reading.skip(f"{name}{line.pointer}", f"its image {file} is not in the download")

    def page(self, name: str) -> DownloadFile:
        """The comments of a page. What has no id there is kept as bytes only."""
        try:
            body = self._tree.read(name, LARGEST_PAGE)
        except (DamagedArchiveError, FileTooLargeError) as error:
            return DownloadFile(name, b"", (), (Skipped(name, error.why),))
        items, problems = [], dict[str, list[str]]()
        for entry in takeout_html.entries(body.decode("utf-8", "surrogateescape"), self._channel):
            if entry.item is not None:
                items.append(entry.item)
            else:
                problems.setdefault(entry.problem or "", []).append(entry.pointer)
        skipped = [
            Skipped(f"{name}, {len(where)} entries from {where[0]} on", f"{why}; it is kept as bytes only")
            for why, where in problems.items()
        ]
        return DownloadFile(name, body, items, skipped, keep=True)

    def notes(self) -> Iterator[Skipped]:
        """What of the download was not read, and what it lacks."""
        for name in self._contents.strange:
            what = (
                "it may hold what the channel said, and its columns are named in a language that is not known; set the Google "
                "account to English and ask for the download again"
            )
            yield Skipped(name, what)
        if self._unfit:
            what = f"it cannot be told which video each of them is, or it is none that the download lists: {_some(self._unfit)}"
            yield Skipped(f"{len(self._unfit)} video files", what)
        if self._others:
            whose = ", ".join(f"{name} ({count})" for name, count in sorted(self._others.items()))
            what = f"they are of other channels of the same log-in, to be imported for those by themselves: {whose}"
            yield Skipped(f"{sum(self._others.values())} rows", what, lost=False)
        browser, lacking = self._contents.lacking()
        if lacking:
            what = f"the list of the download's files names them: {_some(lacking)}; import all its parts together"
            yield Skipped(f"{len(lacking)} files that are not there", what)
        read = {*self._contents.tables, *self._contents.pages, *self._contents.strange, *self._used}
        read |= {*self._files.values(), *self._unfit, browser or ""}
        left = [name for name in self._contents.names if name not in read]
        if left:
            what = f"nothing that the channel published; left unread: {_some(left)}"
            yield Skipped(f"{len(left)} files", what, lost=False)


def _some(names: list[str]) -> str:
    return ", ".join(names[:_MOST_NAMED]) + (" and others" if len(names) > _MOST_NAMED else "")


def _by_name(names: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(name.rpartition("/")[2], []).append(name)
    return found
