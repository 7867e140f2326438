"""The messages of Facebook and Instagram downloads: one file, or several, for each conversation, newest first.

Nobody in them has an id: the account is known by the name it has in its profile, everybody else by a name within the one
conversation, which is a party of its own and is never taken for somebody of the same name elsewhere.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from archiver.downloads.meta_files import Files, Found, Ids, Repairer, lacking, part, rows
from archiver.downloads.pieces import Reading, UnreadableItemError
from archiver.platforms import times
from archiver.platforms.items import Item, ItemKind, Party, Source, State, Tombstone
from archiver.platforms.unnamed import order_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from archiver.downloads.contract import DownloadOwner
    from archiver.downloads.streaming import Element
    from archiver.platforms.items import Json

FILE = re.compile(
    r"(?:^|/)messages/(inbox|e2ee_cutover|archived_threads|filtered_threads|message_requests|secret_conversations)/"
    r"([^/]+)/message(?:_(\d+))?\.json$"
)
NAMED = "download"
"""The namespace of parties that are known by a name only."""
_LISTS = ("photos", "videos", "audio_files", "files", "gifs")
_USUAL = "Generic"


def order_of(path: str) -> tuple[str, int]:
    """Where a file of messages stands: by conversation, then by its number."""
    match = FILE.search(path)
    return (match[2], int((match[3] or "0")[:9])) if match else (path, 0)


def taker(name: str, owner: DownloadOwner, files: Files, ids: Ids) -> Callable[[Element, Reading], None]:
    """What takes in the messages of one file."""
    match = FILE.search(name)
    conversation = match[2] if match else name

    def take(element: Element, reading: Reading) -> None:
        if element.key != "messages" or element.index is None:
            return
        if not hasattr(element.value, "get"):
            raise UnreadableItemError("it is no object")
        message: Mapping[str, Any] = element.value  # type: ignore[assignment]
        _message(name, message, element.pointer, conversation, owner, files, ids, reading)

    return take


def _message(
    name: str,
    message: Mapping[str, Any],
    pointer: str,
    conversation: str,
    owner: DownloadOwner,
    files: Files,
    ids: Ids,
    reading: Reading,
) -> None:
    repairer = Repairer()
    stamp = message.get("timestamp_ms")
    moment = times.unix_milliseconds(stamp) if isinstance(stamp, int | str) else None
    if moment is None:
        raise UnreadableItemError("it has no time")
    sender = repairer.text(message.get("sender_name"))
    text = repairer.text(message.get("content"))
    talk = repairer.text(conversation) or conversation
    found = _found(message, files)
    evidence: dict[str, Json] = {"conversation": talk}
    if (said := repairer.text(message.get("type"))) is not None and said != _USUAL:
        evidence["type"] = said
    share = part(message, "share")
    links = tuple(link for link in (repairer.text(share.get("link")),) if link)
    if (shared := repairer.text(share.get("share_text"))) is not None:
        evidence["shared_text"] = shared
    unsent = message.get("is_unsent") is True
    if unsent:
        evidence["unsent"] = True
    own = ids.of(
        ItemKind.MESSAGE.value,
        moment,
        text,
        otherwise=(*links, str(evidence.get("type", ""))),
        within=f"{talk}/{stamp}/{sender or ''}",
    )
    reading.items.append(
        Item(
            kind=ItemKind.MESSAGE,
            id=own,
            source=Source.IMPORT,
            author=_party(sender, talk, owner),
            text=text,
            created_text=str(stamp),
            created_at=moment,
            links=links,
            media=tuple(each.medium for each in found),
            evidence=evidence,
            order_key=f"{order_key(moment)}.{moment.microsecond // 1000:03}",
            pointer=pointer,
            exchange=0,
            flags=repairer.flags,
        )
    )
    if unsent:
        words = "unsent by its author, as the download says"
        reading.tombstones.append(Tombstone(own, State.GONE_CONFIRMED, words, 0))
    attach(name, pointer, found, reading)


def _found(message: Mapping[str, Any], files: Files) -> list[Found]:
    uris = [row.get("uri") for kind in _LISTS for row in rows(message.get(kind))]
    uris.append(part(message, "sticker").get("uri"))
    return [files.medium(uri) for uri in dict.fromkeys(each for each in uris if isinstance(each, str) and each)]


def _party(sender: str | None, conversation: str, owner: DownloadOwner) -> Party | None:
    if sender is None:
        return None
    if sender == owner.name:
        return Party(owner.platform_id or "", owner.handle, owner.name)
    return Party(f"{conversation}/{sender}", None, sender, NAMED)


def attach(name: str, pointer: str, found: list[Found], reading: Reading) -> None:
    """Say which files are the bytes of an item's media, and which of them are not there."""
    reading.media.update({each.medium.id: each.file for each in found if each.file is not None})
    for uri in lacking(found):
        reading.skip(f"{name}{pointer}", f"its file {uri} is not in the download")
