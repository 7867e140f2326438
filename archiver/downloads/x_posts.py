"""From a post as X downloads have it since 2019 to an item. Pure.

All numbers are texts in it, there is no `user` (every post is the account's own), and a retweet is nothing but its text, cut
short, which begins with `RT @`. Texts are kept as received, HTML escapes included, as in the older form; a text with such escapes
has a flag. What X calls an edit is a post with an id of its own; the first id of its chain is the identity.

Source of the shape: the README.txt of the download itself, as public readers of it quote it.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from archiver.downloads.pieces import UnreadableItemError
from archiver.downloads.x_2013_posts import HTML_ESCAPED, each_of, identity, rows_of, text_of
from archiver.platforms import times
from archiver.platforms.items import Item, ItemKind, Media, Party, Reference, ReferenceKind, Source
from archiver.platforms.text import Cleaner

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from archiver.downloads.contract import DownloadOwner
    from archiver.platforms.items import Json

_RETWEET = re.compile(r"RT @(\w{1,20}):")
_ESCAPES = re.compile(r"&(?:amp|lt|gt);")
_ID = re.compile(r"\d{1,20}", re.ASCII)
_NOBODY = "-1"
"""What stands for the id of an account that is gone."""
_MOST_EDITS = 50
_X_EPOCH = 1_288_834_974_657


@dataclasses.dataclass(frozen=True, slots=True)
class Attached:
    """An attachment, and the names that its file may have within a media folder."""

    medium: Media
    files: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Post:
    """A post read: the item, whose id is the post's own even where it is an edit; its attachments; the ids of its chain."""

    item: Item
    attached: tuple[Attached, ...]
    chain: tuple[str, ...]
    """The ids of all its forms, the first one first; empty where it was never edited."""


def post_of(element: object) -> Mapping[str, Any]:
    """The post in an element, which most downloads wrap once more. Raises `UnreadableItemError`."""
    inner = element.get("tweet") if isinstance(element, Mapping) and "tweet" in element else element
    if not isinstance(inner, Mapping):
        raise UnreadableItemError("it is no object")
    return inner


def chain_of(tweet: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids of all forms of a post that was edited, the first one first; empty for one that was not."""
    info = tweet.get("edit_info")
    found: list[str] = []
    for holder in _control(info if isinstance(info, Mapping) else {}):
        ids = holder.get("editTweetIds")
        first = holder.get("initialTweetId")
        if isinstance(first, str) and _ID.fullmatch(first):
            found.append(first)
        if isinstance(ids, list):
            found += [each for each in ids[:_MOST_EDITS] if isinstance(each, str) and _ID.fullmatch(each)]
    own = identity(tweet)
    chain = sorted({*found, *([own] if own else [])}, key=lambda each: (len(each), each)) if found else []
    return tuple(chain) if len(chain) > 1 else ()


def _control(info: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Where the ids of the forms stand: for the first form and for later ones they lie in different places."""
    initial, edit = info.get("initial"), info.get("edit")
    holders = [each for each in (initial, edit) if isinstance(each, Mapping)]
    if isinstance(edit, Mapping) and isinstance(control := edit.get("editControlInitial"), Mapping):
        holders.append(control)
    return holders


def read_post(
    tweet: Mapping[str, Any], pointer: str, owner: DownloadOwner, long_text: str | None, visibility: str | None
) -> Post:
    """The item of one post.

    Args:
        tweet: As the download has it.
        pointer: Where it lies.
        owner: Whose download it is.
        long_text: What it says in full, where it is a long post.
        visibility: To whom it was shown, where not to everybody.

    Raises `UnreadableItemError`.
    """
    cleaner = Cleaner()
    own, author = identity(tweet), owner.platform_id
    full = tweet.get("full_text", tweet.get("text"))
    if own is None or not _ID.fullmatch(own) or author is None or not isinstance(full, str):
        raise UnreadableItemError("it has no id or no text")
    entities = tweet.get("entities")
    entities = entities if isinstance(entities, Mapping) else {}
    parent = identity(tweet, "in_reply_to_status_id")
    answered = identity(tweet, "in_reply_to_user_id")
    created = text_of(cleaner, tweet.get("created_at"))
    text = cleaner.text(full if long_text is None else long_text)
    retweet = _RETWEET.match(text)
    attached = _attached(cleaner, own, tweet, entities)
    evidence: dict[str, Json] = {}
    if (source := text_of(cleaner, tweet.get("source"))) is not None:
        evidence["source"] = source
    if answered:
        evidence["in_reply_to_user_id"] = answered
    if retweet:
        evidence["retweet_of"] = retweet[1]
    if long_text is not None:
        evidence["shown_shortened"] = cleaner.text(full)
    if visibility is not None:
        evidence["visibility"] = visibility
    kind = ItemKind.REPOST if retweet else ItemKind.COMMENT if parent and answered != author else ItemKind.POST
    item = Item(
        kind=kind,
        id=own,
        source=Source.IMPORT,
        author=Party(id=author, handle=owner.handle, name=owner.name),
        text=text,
        created_text=created,
        created_at=None if created is None else times.x_archive(created) or times.rfc3339(created),
        url=f"https://twitter.com/{owner.handle}/status/{own}" if owner.handle else None,
        languages=(language,) if (language := text_of(cleaner, tweet.get("lang"))) else (),
        tags=each_of(cleaner, entities, "hashtags", "text"),
        mentions=tuple(
            dict.fromkeys(
                found
                for row in rows_of(entities, "user_mentions")
                if (found := identity(row)) is not None and found != _NOBODY
            )
        ),
        links=each_of(cleaner, entities, "urls", "expanded_url"),
        media=tuple(each.medium for each in attached),
        references=(Reference(ReferenceKind.PARENT, parent),) if parent else (),
        evidence=evidence,
        order_key=own.zfill(20),
        pointer=pointer,
        exchange=0,
        flags=cleaner.flags | (frozenset({HTML_ESCAPED}) if _ESCAPES.search(text) else frozenset()),
    )
    return Post(item, attached, chain_of(tweet))


def forms(posts: Sequence[Post]) -> tuple[Item, list[Item]]:
    """Of the forms of one edited post, in any order: the item as the last one has it, and the earlier ones as its history."""
    ordered = sorted(posts, key=lambda post: post.item.order_key or "")
    first = ordered[0].chain[0]
    begun = ordered[0].item if ordered[0].item.id == first else None
    made = []
    for post in ordered:
        edited = post.item.id != first
        aliases = tuple(each for each in post.chain if each != first)
        made.append(
            dataclasses.replace(
                post.item,
                id=first,
                aliases=aliases,
                order_key=first.zfill(20),
                created_text=begun.created_text if begun else None,
                created_at=begun.created_at if begun else _born(first),
                edited_text=post.item.created_text if edited else None,
                edited_at=post.item.created_at if edited else None,
                source=Source.HISTORY,
            )
        )
    return dataclasses.replace(made[-1], source=Source.IMPORT), made[:-1]


def _born(identity_: str) -> datetime | None:
    """When an id was given out: X's ids hold the milliseconds since its own epoch in all but their last 22 bits."""
    return times.unix_milliseconds(str((int(identity_) >> 22) + _X_EPOCH))


def _attached(
    cleaner: Cleaner, own: str, tweet: Mapping[str, Any], entities: Mapping[str, Any]
) -> tuple[Attached, ...]:
    """The media by their ids. The file of a picture is named after its address, that of a video after one of its variants'."""
    extended = tweet.get("extended_entities")
    found: dict[str, Attached] = {}
    for holder in (extended if isinstance(extended, Mapping) else {}, entities):
        for row in rows_of(holder, "media"):
            still = text_of(cleaner, row.get("media_url_https")) or text_of(cleaner, row.get("media_url"))
            key = identity(row) or still
            if key is None or key in found:
                continue
            variants = _variants(cleaner, row)
            video = str(row.get("type")) in {"video", "animated_gif"} or bool(variants)
            addresses = variants or ([still] if still else [])
            alt = text_of(cleaner, row.get("ext_alt_text")) or text_of(cleaner, row.get("media_alt"))
            found[key] = Attached(
                Media(
                    id=key,
                    kind="video" if video else "image",
                    url=addresses[0] if addresses else still,
                    alt_text=alt,
                ),
                tuple(f"{own}-{name}" for address in addresses if (name := file_name(address))),
            )
    return tuple(found.values())


def _variants(cleaner: Cleaner, row: Mapping[str, Any]) -> list[str]:
    """The addresses of a video's MP4 files, the best first."""
    info = row.get("video_info")
    rated = []
    for variant in rows_of(info if isinstance(info, Mapping) else {}, "variants"):
        address = text_of(cleaner, variant.get("url"))
        if address is not None and variant.get("content_type") == "video/mp4":
            rate = str(variant.get("bitrate", 0))
            rated.append((int(rate) if rate.isascii() and rate.isdigit() and len(rate) < len("1" * 12) else 0, address))
    return [address for _, address in sorted(rated, key=lambda each: -each[0])]


def file_name(address: str) -> str:
    """The last part of an address's path, as the names of a download's media files end."""
    try:
        return urlsplit(address).path.rpartition("/")[2]
    except ValueError:
        return ""
