"""From the rows of a YouTube Takeout to items, with the ids that the API has for the same. Pure.

A video's text is its description, as the API has it; its times, privacy and length are as the download writes them. A text is
written as JSON: one object after the other, each a piece of it (`{"text":"…"}`, before 2024 `{"takeoutSegments":[…]}`).

Sources: platforms.md, section 10; seanbreckenridge/google_takeout_parser (tests/test_csv.py); for ids and links the connector
(`archiver.platforms.youtube_items`).
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from archiver.downloads.pieces import UnreadableItemError
from archiver.platforms import times
from archiver.platforms.falling import key_of
from archiver.platforms.items import Item, ItemKind, Json, Media, Party, Reference, ReferenceKind, Source
from archiver.platforms.text import Cleaner
from archiver.platforms.youtube_items import SECONDS, handle_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from archiver.downloads.takeout_tables import Table

FILE, IMAGE = "/file", "/image/"
"""What follows the id of a video, or of a post, in the id of its file."""
_DECODER = json.JSONDecoder(strict=False)
_BETWEEN = re.compile(r"[\s,]*")
_UTC = re.compile(r"\s*UTC$")
_TIMES = ("created", "published", "uploaded")
_NOTHING = frozenset({"", "0", "0.0"})
_PRIVACY = {
    "public": "public", "öffentlich": "public", "openbaar": "public", "público": "public", "público ": "public",
    "unlisted": "unlisted", "nicht gelistet": "unlisted", "verborgen": "unlisted", "oculto": "unlisted",
    "private": "private", "privat": "private", "privé": "private", "privado": "private",
}  # fmt: skip
_PRIVATE = "private, by the channel (privacyStatus private)"


@dataclasses.dataclass(frozen=True, slots=True)
class Channel:
    """The channel whose download it is."""

    id: str
    name: str | None = None
    handle: str | None = None

    @property
    def party(self) -> Party:
        """It, as who wrote what is in the download."""
        return Party(self.id, self.handle, self.name)


class Line:
    """One row of a table, its texts as they can be held."""

    def __init__(self, table: Table, cells: Sequence[str], pointer: str) -> None:
        self._table, self._cells, self.pointer = table, cells, pointer
        self.cleaner = Cleaner()

    def text(self, role: str) -> str | None:
        """A cell that says something."""
        return self.cleaner.text(self._table.cell(self._cells, role)) or None

    def whole(self, role: str) -> str:
        """A cell, spaces around it included; empty where there is none."""
        places = self._table.places.get(role, ())
        return self.cleaner.text(self._cells[places[0]]) if places and places[0] < len(self._cells) else ""

    def texts(self, role: str) -> tuple[str, ...]:
        """The cells of a column that there are several of."""
        return tuple(map(self.cleaner.text, self._table.cells(self._cells, role)))

    def needed(self, role: str) -> str:
        """A cell without which the row says nothing. Raises `UnreadableItemError`."""
        found = self.text(role)
        if found is None:
            raise UnreadableItemError(f"it has no {role} id")
        return found

    def moment(self) -> tuple[str | None, datetime | None]:
        """When it was published: by the column that says so, in a language that is not known by the only cell that is a time."""
        told = [text for role in _TIMES if (text := self.text(role)) is not None]
        if not told and not any(role in self._table.places for role in _TIMES):
            told = [cell for cell in map(str.strip, self._cells) if read_time(cell) is not None]
            told = told if len(set(told)) == 1 else []
        return (told[0], read_time(told[0])) if told else (None, None)

    def item(self, kind: ItemKind, identity: str, channel: Channel, **said: object) -> Item:
        """An item of the channel's at this row."""
        return Item(
            kind=kind,
            id=identity,
            source=Source.IMPORT,
            author=channel.party,
            pointer=self.pointer,
            exchange=0,
            flags=self.cleaner.flags,
            **said,  # type: ignore[arg-type]
        )


def read_time(text: str) -> datetime | None:
    """A time as such downloads write it: RFC 3339, or with a space and `UTC`."""
    return times.rfc3339(_UTC.sub("Z", text)) if text[:4].isdigit() else None


def read_text(cell: str) -> str:
    """The text of a cell: the pieces of it put together, where it is JSON; else the cell as it is."""
    if not cell.lstrip().startswith(("{", "[")):
        return cell
    found: list[str] = []
    at = len(cell) - len(cell.lstrip())
    try:
        while at < len(cell):
            value, at = _DECODER.raw_decode(cell, at)
            pieces = _pieces(value)
            if pieces is None:
                return cell
            found += pieces
            match = _BETWEEN.match(cell, at)
            at = match.end() if match else at
    except (ValueError, RecursionError):
        return cell
    return "".join(found)


def _pieces(value: object) -> list[str] | None:
    """The texts of a piece, or of several; None for what is no such thing (somebody may write JSON in a comment)."""
    if isinstance(value, list):
        found = [_pieces(each) for each in value if not isinstance(each, list)]
        return [text for each in found for text in each or ()] if value and None not in found else None
    if not isinstance(value, Mapping):
        return None
    if isinstance(value.get("takeoutSegments"), list):
        return [] if not value["takeoutSegments"] else _pieces(value["takeoutSegments"])
    return [value["text"]] if isinstance(value.get("text"), str) else None


def comment_item(line: Line, channel: Channel) -> Item:
    """A comment of the channel's, below a video or a post of its own or of somebody else's. Raises `UnreadableItemError`."""
    identity, video, post = line.needed("comment"), line.text("video"), line.text("post")
    top, answered = line.text("top"), line.text("parent")
    thread = top or (identity.partition(".")[0] if "." in identity else None) or answered
    text = read_text(line.whole("text"))
    return _comment(line, channel, identity, text, video, post, thread, answered)


def chat_item(line: Line, channel: Channel) -> Item:
    """What the channel said in the live chat of a video. Raises `UnreadableItemError`."""
    identity, video = line.needed("chat"), line.text("video")
    item = _comment(line, channel, identity, read_text(line.whole("chat_text")), video, None, None, None)
    url = f"https://www.youtube.com/watch?v={video}" if video else None
    return dataclasses.replace(item, url=url, evidence={**item.evidence, "live_chat": True})


def _comment(
    line: Line,
    channel: Channel,
    identity: str,
    text: str,
    video: str | None,
    post: str | None,
    thread: str | None,
    answered: str | None,
) -> Item:
    created, at = line.moment()
    root = video or post
    parent = thread if thread not in (None, identity) else root
    price, currency = line.text("price"), line.text("currency")
    said: dict[str, Json] = {}
    if price is not None and price not in _NOTHING:
        said |= {"price": price, **({"currency": currency} if currency else {})}
    if answered not in (None, parent):
        said["answers"] = answered
    pointers = [(ReferenceKind.ROOT, root), (ReferenceKind.PARENT, parent)]
    return line.item(
        ItemKind.COMMENT,
        identity,
        channel,
        text=line.cleaner.text(text),
        created_text=created,
        created_at=at,
        url=_page(video, post, identity),
        references=tuple(Reference(kind, each) for kind, each in pointers if each is not None),
        evidence=said,
        order_key=f"{root or ''} {identity}",
    )


def _page(video: str | None, post: str | None, comment: str) -> str | None:
    if video:
        return f"https://www.youtube.com/watch?v={video}&lc={comment}"
    return f"https://www.youtube.com/post/{post}?lc={comment}" if post else None


def post_item(line: Line, channel: Channel) -> tuple[Item, tuple[str, ...]]:
    """A community post, and the names of its pictures' files. Raises `UnreadableItemError`."""
    identity = line.needed("post")
    created, at = line.moment()
    names, options = line.texts("images"), line.texts("options")
    item = line.item(
        ItemKind.POST,
        identity,
        channel,
        text=line.cleaner.text(read_text(line.whole("post_text"))),
        created_text=created,
        created_at=at,
        url=f"https://www.youtube.com/post/{identity}",
        media=tuple(Media(f"{identity}{IMAGE}{name}", "image") for name in names),
        evidence={"poll": {"options": [read_text(each) for each in options]}} if options else {},
        order_key=_key(at, identity),
    )
    return item, names


def video_item(line: Line, channel: Channel, description: str | None, *, has_file: bool) -> Item:
    """A video. Raises `UnreadableItemError`.

    Args:
        line: Its row.
        channel: Whose it is.
        description: All of its description, where the row has only its beginning.
        has_file: Whether the download has its file.
    """
    identity = line.needed("video")
    said_of_it = line.whole("description") if description is None else description
    privacy = line.text("privacy")
    told = _PRIVACY.get(privacy.casefold(), privacy) if privacy else None
    created, at = line.moment()
    language = line.text("language")
    said = {
        "privacy": told,
        "category_name": line.text("category"),
        "duration_ms": line.text("duration"),
        "state": line.text("state"),
        "uploaded": line.text("uploaded"),
    }
    return line.item(
        ItemKind.POST,
        identity,
        channel,
        title=line.text("title"),
        text=line.cleaner.text(said_of_it),
        created_text=created,
        created_at=at,
        url=f"https://www.youtube.com/watch?v={identity}",
        languages=(language,) if language else (),
        tags=tuple(each.strip() for each in line.texts("tags")),
        media=(Media(f"{identity}{FILE}", "video"),) if has_file else (),
        not_requested=frozenset() if has_file else frozenset({"media"}),
        evidence={name: value for name, value in said.items() if value},
        hidden=_PRIVATE if told == "private" else None,
        order_key=_key(at, identity),
    )


def profile_item(line: Line, channel: Channel) -> Item:
    """What the channel says of itself. Raises `UnreadableItemError`."""
    identity = line.needed("channel")
    said = {"country": line.text("channel_country"), "visibility": line.text("channel_visibility")}
    return line.item(
        ItemKind.PROFILE,
        identity,
        channel,
        title=line.text("channel_title"),
        text=line.whole("channel_description"),
        url=f"https://www.youtube.com/channel/{identity}",
        not_requested=frozenset({"media"}),
        evidence={name: value for name, value in said.items() if value},
    )


def handle(name: str | None) -> str | None:
    """A channel's name in addresses, without `@`."""
    return handle_of(name) or name


def _key(at: datetime | None, identity: str) -> str | None:
    return None if at is None else key_of(max(0, int(at.timestamp())), SECONDS, identity)
