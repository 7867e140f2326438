"""From the entries of a Facebook download to items. Pure but for the files that they name.

A post says `data[].post`, its pictures and links are `attachments[].data[]`; a comment is the account's own, and what it answers
is in its title only, in the language of whoever asked for the download. What a camera wrote into a picture, and the address of
the computer that sent it, stand beside it (`media_metadata`) and are evidence in the kept bytes only.

Source of the shapes: Chatistics issue 43 and public readers of such downloads; key names have changed over the years.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from archiver.downloads.meta_files import Files, Found, Ids, Repairer, moment_of, part, rows
from archiver.downloads.meta_messages import NAMED, attach
from archiver.downloads.pieces import Reading, UnreadableItemError
from archiver.platforms.items import Item, ItemKind, Party, Source
from archiver.platforms.unnamed import order_key

if TYPE_CHECKING:
    from datetime import datetime

    from archiver.downloads.contract import DownloadOwner
    from archiver.platforms.items import Json

_PLACE = ("name", "address", "url")
_SHARED = ("name", "source", "url")


class Entries:
    """Reads the entries of one file."""

    def __init__(self, name: str, owner: DownloadOwner, files: Files) -> None:
        self._name, self._owner, self._files = name, owner, files
        self._ids = Ids(owner.platform_id or "")

    def post(self, value: object, pointer: str, reading: Reading, kind: ItemKind = ItemKind.POST) -> None:
        """Take in a post. Raises `UnreadableItemError`."""
        entry, repairer = _object(value), Repairer()
        moment = moment_of(entry, "timestamp", "creation_timestamp")
        if moment is None:
            raise UnreadableItemError("it has no time")
        attached = [row for attachment in rows(entry.get("attachments")) for row in rows(attachment.get("data"))]
        media = [part(row, "media") for row in attached if isinstance(row.get("media"), Mapping)]
        media += [entry] if isinstance(entry.get("uri"), str) else []
        text = _joined(repairer, [row.get("post") for row in rows(entry.get("data"))])
        said = list(dict.fromkeys(filter(None, (repairer.text(each.get("description")) for each in media))))
        if text is None and len(said) == 1:
            text = said[0]
        found = [
            self._files.medium(uri, None if (alt := repairer.text(each.get("description"))) == text else alt)
            for each in _once(media)
            for uri in (each["uri"],)
        ]
        title = repairer.text(entry.get("title"))
        contexts = [part(row, "external_context") for row in attached if "external_context" in row]
        links = tuple(dict.fromkeys(filter(None, (repairer.text(each.get("url")) for each in contexts))))
        evidence = self._evidence(repairer, entry, attached, contexts)
        item = self._item(kind, moment, text, found, repairer, pointer, title, links, evidence)
        reading.items.append(item)
        for shown in found:
            self._files.show(shown)
        attach(self._name, pointer, found, reading)
        for each in media:
            self._below(each, pointer, reading)

    def loose(self, value: object, pointer: str, reading: Reading, album: str | None = None) -> None:
        """Take in a picture or video of an album, unless a post shows it. Raises `UnreadableItemError`."""
        entry = _object(value)
        uri = entry.get("uri")
        if not isinstance(uri, str) or not uri:
            raise UnreadableItemError("it names no file")
        if self._files.shown(uri):
            self._below(entry, pointer, reading)
            return
        titled = {**entry, "title": album} if album is not None else dict(entry)
        self.post(titled, pointer, reading)

    def comment(self, value: object, pointer: str, reading: Reading) -> None:
        """Take in a comment of the account's own. Raises `UnreadableItemError`."""
        entry, repairer = _object(value), Repairer()
        said = [part(row, "comment") for row in rows(entry.get("data"))]
        comment = next((each for each in said if each), {})
        moment = moment_of(comment, "timestamp") or moment_of(entry, "timestamp")
        text = _joined(repairer, [each.get("comment") for each in said])
        if moment is None:
            raise UnreadableItemError("it has no time")
        attached = [row for attachment in rows(entry.get("attachments")) for row in rows(attachment.get("data"))]
        found = [
            self._files.medium(each["uri"])
            for each in _once([part(row, "media") for row in attached if isinstance(row.get("media"), Mapping)])
        ]
        title = repairer.text(entry.get("title"))
        if text is None and not found and title is None:
            raise UnreadableItemError("it says nothing")
        evidence: dict[str, Json] = {}
        if (group := repairer.text(comment.get("group"))) is not None:
            evidence["group"] = group
        contexts = [part(row, "external_context") for row in attached if "external_context" in row]
        links = tuple(dict.fromkeys(filter(None, (repairer.text(each.get("url")) for each in contexts))))
        author = repairer.text(comment.get("author"))
        item = self._item(
            ItemKind.COMMENT,
            moment,
            text,
            found,
            repairer,
            pointer,
            title,
            links,
            evidence,
            self._party(author, moment),
        )
        reading.items.append(item)
        attach(self._name, pointer, found, reading)

    def _below(self, medium: Mapping[str, Any], pointer: str, reading: Reading) -> None:
        """The comments that stand below a picture, with their authors by name."""
        for position, row in enumerate(rows(medium.get("comments"))):
            where = f"{pointer}, comment {position} of its picture"
            try:
                self.comment({"timestamp": row.get("timestamp"), "data": [{"comment": row}]}, where, reading)
            except UnreadableItemError as error:
                reading.skip(f"{self._name}{where}", str(error))

    def _evidence(
        self,
        repairer: Repairer,
        entry: Mapping[str, Any],
        attached: list[Mapping[str, Any]],
        contexts: list[Mapping[str, Any]],
    ) -> dict[str, Json]:
        evidence: dict[str, Json] = {}
        places = [_texts(repairer, part(row, "place"), _PLACE) for row in attached if "place" in row]
        shared = [_texts(repairer, each, _SHARED) for each in contexts]
        beside = [text for row in attached if (text := repairer.text(row.get("text"))) is not None]
        tags = entry.get("tags")
        named = [
            text
            for tag in (tags if isinstance(tags, list) else ())
            if (text := repairer.text(tag.get("name") if isinstance(tag, Mapping) else tag)) is not None
        ]
        for name, value in (("places", places), ("shared", shared), ("attached_text", beside), ("tagged", named)):
            if kept := [each for each in value if each]:
                evidence[name] = list(kept)
        for row in rows(entry.get("data")):
            for name in ("update_timestamp", "backdated_timestamp"):
                if (when := moment_of(row, name)) is not None:
                    evidence[name] = when.isoformat()
        return evidence

    def _item(
        self,
        kind: ItemKind,
        moment: datetime,
        text: str | None,
        found: list[Found],
        repairer: Repairer,
        pointer: str,
        title: str | None,
        links: tuple[str, ...],
        evidence: dict[str, Json],
        author: Party | None = None,
    ) -> Item:
        owner = self._owner
        seconds = str(int(moment.timestamp()))
        return Item(
            kind=kind,
            id=self._ids.of(kind.value, moment, text, found, otherwise=(*links, title or "")),
            source=Source.IMPORT,
            author=author or Party(owner.platform_id or "", owner.handle, owner.name),
            title=title,
            text=text,
            created_text=seconds,
            created_at=moment,
            links=links,
            media=tuple(each.medium for each in found),
            evidence=evidence,
            order_key=order_key(moment),
            pointer=pointer,
            exchange=0,
            flags=repairer.flags,
        )

    def _party(self, author: str | None, moment: datetime) -> Party | None:
        """Who wrote a comment: the account, unless it has another name; then somebody known by that name only."""
        if author is None or self._owner.name is None or author == self._owner.name:
            return None
        return Party(f"{int(moment.timestamp())}/{author}", None, author, NAMED)


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise UnreadableItemError("it is no object")
    return value


def _joined(repairer: Repairer, texts: list[object]) -> str | None:
    said = dict.fromkeys(filter(None, (repairer.text(each) for each in texts)))
    return "\n\n".join(said) or None


def _once(media: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The media that name a file, each file once."""
    return list(
        {each["uri"]: each for each in reversed(media) if isinstance(each.get("uri"), str) and each["uri"]}.values()
    )[::-1]


def _texts(repairer: Repairer, holder: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Json]:
    return {name: text for name in names if (text := repairer.text(holder.get(name))) is not None}
