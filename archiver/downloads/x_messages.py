"""From the conversations of an X download to messages. Pure.

Each element is a whole conversation, its messages newest first; what else happened in it (somebody joined, it got another name)
is no message. The download names others by their id only.

Source of the shape: the README.txt of the download itself, as public readers of it quote it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from archiver.downloads.pieces import UnreadableItemError
from archiver.downloads.x_2013_posts import HTML_ESCAPED, identity, rows_of, text_of
from archiver.downloads.x_posts import Attached, file_name
from archiver.platforms import times
from archiver.platforms.items import Item, ItemKind, Media, Party, Source
from archiver.platforms.text import Cleaner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archiver.downloads.contract import DownloadOwner
    from archiver.platforms.items import Json

_MOVING = (".mp4", ".mov", ".m4v", ".webm")
_ESCAPED = ("&amp;", "&lt;", "&gt;")


@dataclasses.dataclass(frozen=True, slots=True)
class Message:
    """A message with its attachments, or why one could not be read (`problem`), and where it lies."""

    pointer: str
    item: Item | None = None
    attached: tuple[Attached, ...] = ()
    problem: str | None = None
    other: bool = False
    """It is something else that happened in the conversation."""


def messages_of(element: object, pointer: str, owner: DownloadOwner) -> Iterator[Message]:
    """The messages of one conversation, in the order of the file. Raises `UnreadableItemError`."""
    conversation = element.get("dmConversation") if isinstance(element, Mapping) else None
    if not isinstance(conversation, Mapping):
        raise UnreadableItemError("it is no conversation")
    name = identity(conversation, "conversationId")
    rows = conversation.get("messages")
    if name is None or not isinstance(rows, list):
        raise UnreadableItemError("it has no id or no messages")
    for position, row in enumerate(rows):
        where = f"{pointer}/dmConversation/messages/{position}"
        made = row.get("messageCreate") if isinstance(row, Mapping) else None
        if isinstance(made, Mapping):
            try:
                yield _message(made, f"{where}/messageCreate", name, owner)
            except UnreadableItemError as error:
                yield Message(where, problem=str(error))
        elif isinstance(row, Mapping) and row:
            yield Message(where, other=True)
        else:
            yield Message(where, problem="it is no message")


def _message(made: Mapping[str, Any], where: str, conversation: str, owner: DownloadOwner) -> Message:
    cleaner = Cleaner()
    own, sender = identity(made), identity(made, "senderId")
    text, created = made.get("text"), text_of(cleaner, made.get("createdAt"))
    if own is None or sender is None or not isinstance(text, str):
        raise UnreadableItemError("it has no id, no sender or no text")
    evidence: dict[str, Json] = {"conversation": cleaner.text(conversation)}
    if (recipient := identity(made, "recipientId")) is not None:
        evidence["recipient"] = cleaner.text(recipient)
    ours = sender == owner.platform_id
    kept = cleaner.text(text)
    attached = tuple(_attached(cleaner, own, made))
    item = Item(
        kind=ItemKind.MESSAGE,
        id=own,
        source=Source.IMPORT,
        author=Party(sender, owner.handle, owner.name) if ours else Party(sender),
        text=kept or None,
        created_text=created,
        created_at=None if created is None else times.rfc3339(created),
        links=tuple(
            dict.fromkeys(link for row in rows_of(made, "urls") if (link := text_of(cleaner, row.get("expanded"))))
        ),
        media=tuple(each.medium for each in attached),
        evidence=evidence,
        order_key=own.zfill(20),
        pointer=where,
        exchange=0,
        flags=cleaner.flags | (frozenset({HTML_ESCAPED}) if any(each in kept for each in _ESCAPED) else frozenset()),
    )
    return Message(where, item, attached)


def _attached(cleaner: Cleaner, own: str, made: Mapping[str, Any]) -> Iterator[Attached]:
    addresses = made.get("mediaUrls")
    texts = [text_of(cleaner, each) for each in addresses] if isinstance(addresses, list) else []
    for address in dict.fromkeys(each for each in texts if each):
        name = file_name(address)
        kind = "video" if name.lower().endswith(_MOVING) else "image"
        yield Attached(Media(address.partition("?")[0], kind, address), (f"{own}-{name}",) if name else ())
