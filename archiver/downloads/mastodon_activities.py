"""From what a Mastodon export holds to items: each object is first written as the entity that the API has for it. Pure.

The connector makes an item of that entity, so that a status is the same item, word for word, whether the API showed it or an
export. The API has more (the application, the answers of others), the export says the time in whole seconds.

Source of the shapes: mastodon/mastodon, app/services/backup_service.rb and app/serializers/activitypub (note_serializer,
actor_serializer); W3C ActivityStreams 2.0.
"""

from __future__ import annotations

import dataclasses
import html
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from archiver.downloads.mastodon_files import Stored, stored_file
from archiver.downloads.pieces import UnreadableItemError
from archiver.platforms.answers import id_of, text_of
from archiver.platforms.items import Item, Source
from archiver.platforms.mastodon_items import DIRECT, NOTHING, Answers, order_key, profile_item, status_item
from archiver.platforms.text import Cleaner

if TYPE_CHECKING:
    from collections.abc import Iterator

_PUBLIC = frozenset({"https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public"})
_NOTES = frozenset({"Note", "Question"})
_LOCAL_ID = re.compile(r"/statuses/(\d{1,30})(?:/activity)?$", re.ASCII)
_ANCHOR = re.compile(r"<a\b([^<>]*)>", re.ASCII | re.IGNORECASE)
_HREF = re.compile(r'\bhref="([^"]*)"', re.ASCII | re.IGNORECASE)
_CLASS = re.compile(r'\bclass="([^"]*)"', re.ASCII | re.IGNORECASE)
_KINDS = {"image": "image", "video": "video", "audio": "audio"}


@dataclasses.dataclass(frozen=True, slots=True)
class Whose:
    """The account of an export, as its `actor.json` has it."""

    uri: str
    username: str
    name: str | None
    followers: str
    namespace: str


def whose(actor: Mapping[str, Any], namespace: str) -> Whose:
    """Whose export it is. Raises `KeyError`, `TypeError` for what is no actor."""
    cleaner = Cleaner()
    uri = id_of(actor)
    return Whose(
        cleaner.text(uri),
        cleaner.text(id_of(actor, "preferredUsername")),
        cleaner.optional(text_of(actor, "name")) or None,
        text_of(actor, "followers") or f"{uri}/followers",
        namespace,
    )


def profile_of(actor: Mapping[str, Any], owner: Whose) -> Item:
    """What the account says of itself, without its pictures. Raises `KeyError`, `TypeError`."""
    cleaner = Cleaner()
    said = _cleaned(cleaner, actor)
    entity = {
        **_account(owner),
        "note": said.get("summary"),
        "url": said.get("url"),
        "created_at": said.get("published"),
        "bot": said.get("type") == "Service",
        "locked": said.get("manuallyApprovesFollowers"),
        "fields": [
            {"name": each.get("name"), "value": each.get("value")}
            for each in _objects(said.get("attachment"))
            if each.get("type") == "PropertyValue"
        ],
    }
    item = profile_item(entity, owner.namespace)
    return dataclasses.replace(item, source=Source.IMPORT, exchange=0, flags=cleaner.flags)


def visibility_of(audience: Mapping[str, Any], owner: Whose) -> str:
    """Who may read it, from its addressees, as an instance reads them. Raises `UnreadableItemError` where it names none."""
    if "to" not in audience and "cc" not in audience:
        raise UnreadableItemError("it does not say who may read it")
    to, copied = set(_addresses(audience.get("to"))), set(_addresses(audience.get("cc")))
    if to & _PUBLIC:
        return "public"
    if copied & _PUBLIC:
        return "unlisted"
    return "private" if owner.followers in to | copied else DIRECT


class Activities:
    """Reads the activities of one outbox in its order, which is that of their times: an answer stands after what it answers."""

    def __init__(self, owner: Whose) -> None:
        self._owner = owner
        self._roots: dict[str, str | None] = {}

    def item(self, activity: object, pointer: str) -> tuple[Item, list[Stored | None]]:
        """The item that an activity published, and the file of each of its media (None where it names no file).

        Raises `UnreadableItemError`, `KeyError`, `TypeError`.
        """
        if not isinstance(activity, Mapping):
            raise UnreadableItemError("it is no activity")
        cleaner = Cleaner()
        said = _cleaned(cleaner, activity)
        self._check(said.get("actor"))
        match said.get("type"):
            case "Create":
                item, stored = self._created(said, pointer)
            case "Announce":
                item, stored = self._announced(said, pointer), []
            case other:
                raise UnreadableItemError(f"it is neither a status nor a boost ({str(other)[:100]})")
        return dataclasses.replace(item, source=Source.IMPORT, flags=cleaner.flags), stored

    def _check(self, author: object) -> None:
        if author != self._owner.uri:
            raise UnreadableItemError(f"it is by {str(author)[:200]}, not by the account")

    def _created(self, said: Mapping[str, Any], pointer: str) -> tuple[Item, list[Stored | None]]:
        note = said.get("object")
        if not isinstance(note, Mapping) or note.get("type") not in _NOTES:
            raise UnreadableItemError("it holds no status")
        self._check(note.get("attributedTo", self._owner.uri))
        attachments = [each for each in _objects(note.get("attachment")) if each.get("type") != "Link"]
        stored = [stored_file(text_of(each, "url") or "") for each in attachments]
        uri, local = _ids(note)
        entity = {
            "id": local or uri,
            "uri": uri,
            "url": note["url"] if isinstance(note.get("url"), str) else None,
            "account": _account(self._owner),
            "created_at": note.get("published"),
            "edited_at": note.get("updated"),
            "in_reply_to_id": note.get("inReplyTo"),
            "visibility": visibility_of(note, self._owner),
            "sensitive": note.get("sensitive"),
            "spoiler_text": note.get("summary"),
            "content": note.get("content"),
            "language": _language(note),
            "media_attachments": list(map(_attachment, attachments, stored)),
            "mentions": [{"acct": name.removeprefix("@")} for name in _named(note, "Mention")],
            "tags": [{"name": name.removeprefix("#")} for name in _named(note, "Hashtag")],
            "poll": _poll(note),
            "quote": _quote(note),
        }
        item = status_item(entity, self._owner.namespace, self._answers(uri, note), **_place(local, pointer))
        named = set(_named_links(str(entity["content"] or "")))
        links = tuple(link for link in item.links if link not in named)
        return dataclasses.replace(item, links=links, aliases=(local,) if local else ()), stored

    def _announced(self, said: Mapping[str, Any], pointer: str) -> Item:
        boosted = said.get("object")
        uri, local = _ids(said)
        entity = {
            "id": local or uri,
            "uri": uri,
            "account": _account(self._owner),
            "created_at": said.get("published"),
            "visibility": visibility_of(said, self._owner),
            "reblog": {"uri": id_of(boosted) if isinstance(boosted, Mapping) else boosted},
        }
        item = status_item(entity, self._owner.namespace, NOTHING, **_place(local, pointer))
        return dataclasses.replace(item, aliases=(local,) if local else ())

    def _answers(self, uri: str, note: Mapping[str, Any]) -> Answers:
        """What a status answers. Where its conversation began is known as long as all above it is the account's own."""
        parent = text_of(note, "inReplyTo")
        root = self._roots.get(parent) if parent else None
        self._roots[uri] = root if parent else uri
        return Answers(parent, root, known=parent is None or root is not None)


def _cleaned(cleaner: Cleaner, value: Mapping[str, Any]) -> dict[str, Any]:
    """An object with every text in it as it can be held."""
    return {cleaner.text(key): cleaner.json(each) for key, each in value.items()}


def _account(owner: Whose) -> dict[str, Any]:
    return {"uri": owner.uri, "acct": owner.username, "display_name": owner.name}


def _ids(holder: Mapping[str, Any]) -> tuple[str, str | None]:
    """The `uri`, and the instance's own id within it."""
    uri = id_of(holder)
    local = _LOCAL_ID.search(uri)
    return uri, local[1] if local else None


def _place(local: str | None, pointer: str) -> dict[str, Any]:
    return {"exchange": 0, "pointer": pointer, "order_key": order_key(local) if local else None}


def _addresses(value: object) -> Iterator[str]:
    yield from (each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str))


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _named(note: Mapping[str, Any], kind: str) -> Iterator[str]:
    for tag in _objects(note.get("tag")):
        if tag.get("type") == kind:
            yield id_of(tag, "name")


def _language(note: Mapping[str, Any]) -> str | None:
    said = note.get("contentMap")
    return next((key for key in said if key), None) if isinstance(said, Mapping) and len(said) == 1 else None


def _attachment(each: Mapping[str, Any], stored: Stored | None) -> dict[str, Any]:
    kind = _KINDS.get((text_of(each, "mediaType") or "").partition("/")[0], "unknown")
    return {"id": stored.id if stored else id_of(each, "url"), "type": kind, "description": text_of(each, "name")}


def _poll(note: Mapping[str, Any]) -> dict[str, Any] | None:
    options = _objects(note.get("oneOf")) or _objects(note.get("anyOf"))
    return {"options": [{"title": id_of(each, "name")} for each in options]} if options else None


def _quote(note: Mapping[str, Any]) -> dict[str, Any] | None:
    """The quoted status as the API shows it; of one that is gone only that there was one is told."""
    quoted = note.get("quote")
    if quoted is None:
        return None
    return {"quoted_status": {"uri": quoted}} if isinstance(quoted, str) else {}


def _named_links(content: str) -> Iterator[str]:
    """The addresses of mentions and hashtags, which an instance marks as such."""
    for anchor in _ANCHOR.finditer(content):
        href, classes = _HREF.search(anchor[1]), _CLASS.search(anchor[1])
        if href and classes and {"mention", "hashtag"} & set(classes[1].split()):
            yield html.unescape(href[1]).strip()
