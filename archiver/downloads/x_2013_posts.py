"""From a post as the 2013-2019 X download has it to items. Pure.

Kinds: a post that answers somebody else's post is a `comment`, as on other platforms; one that goes on with the
account's own thread is a `post` with a parent; a retweet is a `repost`, and the post it showed is an item of its own,
unsighted, since it is not the account's. Texts are kept as received: X escapes `&`, `<` and `>` in them (`&amp;`), cuts
the text of a retweet short and shortens links; a text with such escapes has a flag.

Source of the shape: the README of the download itself, and a real CC0 one (edsu/congressedits-archive).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from archiver.platforms import times
from archiver.platforms.items import Item, ItemKind, Media, Party, Reference, ReferenceKind, Source
from archiver.platforms.text import Cleaner

HTML_ESCAPED = "html_escaped_text"
"""Flag of a version: the platform wrote `&`, `<` or `>` of the text as HTML escapes."""

_ESCAPES = re.compile(r"&(?:amp|lt|gt);")
_KEPT = ("source", "geo", "coordinates", "place")


class UnreadablePostError(ValueError):
    """A post lacks what every post has; says what."""


def items_of(tweet: object, pointer: str) -> list[Item]:
    """The item of a post, and before it the post that it shows, if it is a retweet. Raises `UnreadablePostError`."""
    if not isinstance(tweet, Mapping):
        raise UnreadablePostError("it is no object")
    shown = tweet.get("retweeted_status")
    if not isinstance(shown, Mapping):
        return [_item(tweet, pointer, None, sighted=True)]
    original = _item(shown, f"{pointer}/retweeted_status", None, sighted=False)
    return [original, _item(tweet, pointer, original.id, sighted=True)]


def identity(holder: Mapping[str, Any], key: str = "id") -> str | None:
    """An id as text: the `_str` form, else the number, which JSON in Python keeps exactly."""
    text = holder.get(f"{key}_str")
    if isinstance(text, str) and text:
        return text
    number = holder.get(key)
    return str(number) if isinstance(number, int | str) and not isinstance(number, bool) and str(number) else None


def _item(tweet: Mapping[str, Any], pointer: str, repost_of: str | None, *, sighted: bool) -> Item:
    cleaner = Cleaner()
    own = identity(tweet)
    user = tweet.get("user")
    author = identity(user) if isinstance(user, Mapping) else None
    text = tweet.get("text")
    if own is None or author is None or not isinstance(text, str) or not isinstance(user, Mapping):
        raise UnreadablePostError("it has no id, no text or no author")
    handle = text_of(cleaner, user.get("screen_name"))
    parent = identity(tweet, "in_reply_to_status_id")
    answered = identity(tweet, "in_reply_to_user_id")
    created = text_of(cleaner, tweet.get("created_at"))
    entities = tweet.get("entities")
    entities = entities if isinstance(entities, Mapping) else {}
    references = [Reference(ReferenceKind.REPOST_OF, repost_of)] if repost_of else []
    if parent:
        references.append(Reference(ReferenceKind.PARENT, parent))
    kind = ItemKind.REPOST if repost_of else ItemKind.COMMENT if parent and answered != author else ItemKind.POST
    kept = cleaner.text(text)
    evidence = {name: cleaner.json(tweet[name]) for name in _KEPT if tweet.get(name)}
    if answered:
        evidence["in_reply_to_user_id"] = answered
    return Item(
        kind=kind,
        id=own,
        source=Source.IMPORT,
        author=Party(id=author, handle=handle, name=text_of(cleaner, user.get("name"))),
        text=kept,
        created_text=created,
        created_at=None if created is None else times.x_archive_2013(created) or times.x_archive(created),
        url=f"https://twitter.com/{handle}/status/{own}" if handle else None,
        languages=(language,) if (language := text_of(cleaner, tweet.get("lang"))) else (),
        tags=each_of(cleaner, entities, "hashtags", "text"),
        mentions=tuple(
            dict.fromkeys(found for row in rows_of(entities, "user_mentions") if (found := identity(row)) is not None)
        ),
        links=each_of(cleaner, entities, "urls", "expanded_url"),
        media=_media(cleaner, tweet, entities),
        references=tuple(references),
        evidence=evidence,
        order_key=own.zfill(20),
        pointer=pointer,
        exchange=0,
        flags=cleaner.flags | (frozenset({HTML_ESCAPED}) if _ESCAPES.search(kept) else frozenset()),
        sighted=sighted,
    )


def _media(cleaner: Cleaner, tweet: Mapping[str, Any], entities: Mapping[str, Any]) -> tuple[Media, ...]:
    """The media by their ids; what the address of a video or animation gives is its still image."""
    extended = tweet.get("extended_entities")
    found: dict[str, Media] = {}
    for holder in (extended if isinstance(extended, Mapping) else {}, entities):
        for row in rows_of(holder, "media"):
            url = text_of(cleaner, row.get("media_url_https")) or text_of(cleaner, row.get("media_url"))
            own = identity(row) or url
            if own is not None:
                alt = text_of(cleaner, row.get("media_alt")) or text_of(cleaner, row.get("ext_alt_text"))
                found.setdefault(own, Media(id=own, kind="image", url=url, alt_text=alt))
    return tuple(found.values())


def each_of(cleaner: Cleaner, entities: Mapping[str, Any], kind: str, field: str) -> tuple[str, ...]:
    """One field of every entity of a kind, each value once."""
    values = (text_of(cleaner, row.get(field)) for row in rows_of(entities, kind))
    return tuple(dict.fromkeys(value for value in values if value))


def rows_of(holder: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """The objects of a list, whatever else is in it."""
    rows = holder.get(key)
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def text_of(cleaner: Cleaner, value: object) -> str | None:
    """A text that says something, as it can be held; None for anything else."""
    return cleaner.text(value) if isinstance(value, str) and value else None
