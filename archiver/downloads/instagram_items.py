"""From the entries of an Instagram download to items. Pure but for the files that they name.

A post is its `media[]`; its caption is the outer `title` where it has several pictures and the picture's own `title` where it
has one. Neither a shortcode nor an address is in it. A comment has the words and, by handle, whose post it stands below; the
labels of both are in the language of whoever asked for the download, so that they are told apart by their order.

Source of the shapes: pixelfed issue 4726 and public readers of such downloads; key names have changed over the years.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from archiver.downloads.meta_files import Files, Ids, Repairer, moment_of, part, rows
from archiver.downloads.meta_messages import attach
from archiver.downloads.pieces import Reading, UnreadableItemError
from archiver.platforms import times
from archiver.platforms.items import Item, ItemKind, Party, Source, State, Tombstone
from archiver.platforms.unnamed import order_key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from archiver.downloads.contract import DownloadOwner
    from archiver.downloads.meta_files import Found
    from archiver.platforms.items import Json

_OLDEST = 3
"""The oldest form of a comment: time, text, whose post."""


class Entries:
    """Reads the entries of one file."""

    def __init__(self, name: str, owner: DownloadOwner, files: Files) -> None:
        self._name, self._owner, self._files = name, owner, files
        self._ids = Ids(owner.platform_id or "")

    def post(
        self,
        value: object,
        pointer: str,
        reading: Reading,
        kind: ItemKind = ItemKind.POST,
        *,
        hidden: str | None = None,
        gone: str | None = None,
    ) -> None:
        """Take in a post, reel or story. Raises `UnreadableItemError`.

        Args:
            value: The entry.
            pointer: Where it lies.
            reading: What it is added to.
            kind: What it is.
            hidden: In our words, that the account hides it (an archived post).
            gone: In our words, that the account removed it.
        """
        if not isinstance(value, Mapping):
            raise UnreadableItemError("it is no object")
        repairer = Repairer()
        media = rows(value.get("media")) or ([value] if isinstance(value.get("uri"), str) else [])
        media = [each for each in media if isinstance(each.get("uri"), str) and each["uri"]]
        if not media and not value.get("title"):
            raise UnreadableItemError("it has neither pictures nor words")
        first = media[0] if media else {}
        moment = moment_of(value, "creation_timestamp", "timestamp") or moment_of(first, "creation_timestamp")
        if moment is None:
            raise UnreadableItemError("it has no time")
        text = repairer.text(value.get("title")) or (repairer.text(first.get("title")) if len(media) == 1 else None)
        found = [
            self._files.medium(each["uri"], None if (alt := repairer.text(each.get("title"))) == text else alt)
            for each in {each["uri"]: each for each in reversed(media)}.values()
        ][::-1]
        item = self._item(kind, moment, text, found, repairer, pointer, hidden=hidden)
        reading.items.append(item)
        if gone is not None:
            reading.tombstones.append(Tombstone(item.id, State.GONE_CONFIRMED, gone, 0))
        attach(self._name, pointer, found, reading)

    def comment(self, value: object, pointer: str, reading: Reading) -> None:
        """Take in a comment of the account's own. Raises `UnreadableItemError`."""
        repairer = Repairer()
        moment, texts, title = _said(value)
        said = [text for each in texts if (text := repairer.text(each)) is not None]
        if moment is None or not said:
            raise UnreadableItemError("it has no time or no words")
        below = said[1] if len(said) > 1 else repairer.text(title)
        evidence: dict[str, Json] = {} if below is None else {"below_a_post_of": below}
        reading.items.append(self._item(ItemKind.COMMENT, moment, said[0], [], repairer, pointer, evidence=evidence))

    def _item(
        self,
        kind: ItemKind,
        moment: datetime,
        text: str | None,
        found: list[Found],
        repairer: Repairer,
        pointer: str,
        *,
        evidence: dict[str, Json] | None = None,
        hidden: str | None = None,
    ) -> Item:
        owner = self._owner
        seconds = str(int(moment.timestamp()))
        return Item(
            kind=kind,
            id=self._ids.of(kind.value, moment, text, found),
            source=Source.IMPORT,
            author=Party(owner.platform_id or "", owner.handle, owner.name),
            text=text,
            created_text=seconds,
            created_at=moment,
            media=tuple(each.medium for each in found),
            evidence=evidence or {},
            order_key=order_key(moment),
            pointer=pointer,
            exchange=0,
            flags=repairer.flags,
            hidden=hidden,
        )


def _said(value: object) -> tuple[datetime | None, list[object], object]:
    """Of a comment in any of its forms: when, the texts in their order, and its title."""
    if isinstance(value, list) and len(value) >= _OLDEST - 1:
        when = value[0] if isinstance(value[0], str) else ""
        return times.iso8601(when), list(value[1:_OLDEST]), None
    if not isinstance(value, Mapping):
        raise UnreadableItemError("it is no object")
    labelled = list(_labelled(part(value, "string_map_data")))
    if labelled:
        moment = next((found for each in labelled if (found := moment_of(each, "timestamp")) is not None), None)
        return moment, [each.get("value") for each in labelled if not moment_of(each, "timestamp")], value.get("title")
    listed = rows(value.get("string_list_data"))
    moment = next((found for each in listed if (found := moment_of(each, "timestamp")) is not None), None)
    return moment or moment_of(value, "timestamp"), [each.get("value") for each in listed[:1]], value.get("title")


def _labelled(holder: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The labelled values, the comment before whose post it is, where the labels say so."""
    order = {"Comment": 0, "Media Owner": 1}
    named = sorted(holder.items(), key=lambda each: order.get(each[0], 0))
    yield from (value for _, value in named if isinstance(value, Mapping))
