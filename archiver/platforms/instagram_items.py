"""Instagram's media, stories, comments and messages as items. Pure: JSON in, items out.

Sources: developers.facebook.com/docs/instagram-platform (ig-media, ig-comment, ig-user), the field classes of
facebook-python-business-sdk, recorded answers of python-facebook. Nothing marks an edit: versions are told by their captions.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from archiver.platforms.answers import id_of, number_of, stated, text_of
from archiver.platforms.graph_fields import untold
from archiver.platforms.graph_media import portrait, sent, stable
from archiver.platforms.graph_times import moment_of, place_in_listing, place_of
from archiver.platforms.items import Item, ItemKind, Json, Media, Party, Reference, ReferenceKind, Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HIDDEN = "hidden by the account"
MEDIA_FIELDS = (
    "id,caption,media_type,media_product_type,media_url,thumbnail_url,permalink,shortcode,timestamp,username,owner{id},alt_text,"
    "comments_count,like_count,is_comment_enabled,is_shared_to_feed,"
    "children{id,media_type,media_url,thumbnail_url,timestamp,alt_text}"
)
STORY_FIELDS = "id,caption,media_type,media_product_type,media_url,thumbnail_url,permalink,timestamp,username,owner{id}"
_COMMENT = "id,text,timestamp,username,from{id,username},hidden,like_count,parent_id"
COMMENT_FIELDS = f"{_COMMENT},replies{{{_COMMENT}}}"
REPLY_FIELDS = _COMMENT
MESSAGE_FIELDS = (
    "id,created_time,from,to,message,shares,story,is_unsupported,"
    "attachments{id,mime_type,name,size,image_data,video_data,file_url}"
)
PROFILE_FIELDS = "id,username,name,biography,website,profile_picture_url,followers_count,follows_count,media_count"
SAYS = {
    **dict.fromkeys(("timestamp", "created_time"), ("created",)),
    "children": ("media",),
    "caption": ("text", "tags", "mentions"),
    "text": ("text", "mentions"),
    "message": ("text",),
    "media_product_type": ("product",),
    "shares": ("links",),
    "attachments": ("media",),
    "name": ("title",),
    "biography": ("text",),
    "website": ("links",),
    "profile_picture_url": ("media",),
}
"""Which evidence comes from a field, and from no other."""
_HASHTAG = re.compile(r"(?<![&\w])#(\w+)")
_MENTION = re.compile(r"(?<![\w.])@([\w.]*\w)")


def media_item(media: Mapping[str, Any], kind: ItemKind, mine: Party, *, own: bool = True, **around: Any) -> Item:
    """A post, a reel or a story. `own`: whether one that does not say whose it is is the account's (not what others tagged it
    in). Raises `KeyError`, `TypeError`.
    """
    identity = id_of(media)
    created, at = moment_of(media, "timestamp")
    caption = text_of(media, "caption")
    counts = {"replies": number_of(media, "comments_count"), "likes": number_of(media, "like_count")}
    evidence: dict[str, Json] = {}
    if product := text_of(media, "media_product_type"):
        evidence["product"] = product
    return Item(
        kind=kind,
        id=identity,
        source=Source.API,
        author=author_of(media, mine, own=own),
        text=caption,
        created_text=created,
        created_at=at,
        url=text_of(media, "permalink"),
        tags=tuple(dict.fromkeys(_HASHTAG.findall(caption or ""))),
        mentions=tuple(dict.fromkeys(_MENTION.findall(caption or ""))),
        media=tuple(_files(media)),
        evidence=evidence,
        counts=stated(counts),
        order_key=place_in_listing(at, identity),
        **around,
    )


def comment_item(comment: Mapping[str, Any], post_id: str, above: str | None, place: str, **around: Any) -> Item:
    """A comment, or an answer to one.

    Args:
        comment: The entity.
        post_id: The media that it stands below.
        above: The comment that it answers; None for one of the first level.
        place: The order key of the comment of the first level that it belongs to; answers stand with theirs.
        around: Further fields of the item.
    """
    identity = id_of(comment)
    created, at = moment_of(comment, "timestamp")
    text = text_of(comment, "text")
    counts = {"likes": number_of(comment, "like_count")}
    return Item(
        kind=ItemKind.COMMENT,
        id=identity,
        source=Source.API,
        author=author_of(comment, None),
        text=text,
        created_text=created,
        created_at=at,
        mentions=tuple(dict.fromkeys(_MENTION.findall(text or ""))),
        references=(Reference(ReferenceKind.PARENT, above or post_id), Reference(ReferenceKind.ROOT, post_id)),
        counts=stated(counts),
        order_key=f"{post_id} {place}{f' {place_of(at, identity)}' if above else ''}",
        hidden=HIDDEN if comment.get("hidden") is True else None,
        **around,
    )


def message_item(message: Mapping[str, Any], conversation: str, **around: Any) -> Item:
    """A private message. Of what was shared with it only the address of its media is told."""
    identity = id_of(message)
    created, at = moment_of(message, "created_time")
    receivers = message.get("to")
    to = [str(each.get("username") or each["id"]) for each in _data(receivers)]
    shared = [stable(str(each["link"])) for each in _data(message.get("shares")) if each.get("link")]
    return Item(
        kind=ItemKind.MESSAGE,
        id=identity,
        source=Source.API,
        author=author_of(message, None),
        text=text_of(message, "message"),
        created_text=created,
        created_at=at,
        links=tuple(shared),
        media=tuple(sent(message.get("attachments"))),
        evidence={"conversation": conversation, "to": list(to)},
        order_key=f"{conversation} {place_of(at, identity)}",
        not_requested=untold(message, ("message", "shares", "story", "is_unsupported", "attachments")),
        **around,
    )


def profile_item(user: Mapping[str, Any], identity: str, **around: Any) -> Item:
    """The account's own description."""
    name, username = text_of(user, "name"), text_of(user, "username")
    counts = {
        "followers": number_of(user, "followers_count"),
        "following": number_of(user, "follows_count"),
        "posts": number_of(user, "media_count"),
    }
    return Item(
        kind=ItemKind.PROFILE,
        id=f"profile:{identity}",
        source=Source.API,
        author=Party(identity, username, name),
        title=name,
        text=text_of(user, "biography"),
        url=f"https://www.instagram.com/{username}/" if username else None,
        links=tuple(filter(None, [text_of(user, "website")])),
        media=portrait(text_of(user, "profile_picture_url")),
        counts=stated(counts),
        **around,
    )


def author_of(record: Mapping[str, Any], mine: Party | None, *, own: bool = True) -> Party | None:
    """Who wrote it: `from` or `owner`, else by the name alone, which is all that is told of some. Where nothing is told it is
    the account (`mine`) among its `own`, and None elsewhere.
    """
    username = text_of(record, "username")
    for name in ("from", "owner"):
        told = record.get(name)
        if isinstance(told, dict) and "id" in told:
            return Party(id_of(told), text_of(told, "username") or username)
    if mine is not None and (username == mine.handle or (username is None and own)):
        return mine
    return Party(f"username:{username}", username) if username else None


def _files(media: Mapping[str, Any]) -> Iterator[Media]:
    """The pictures and videos: of an album each of its children."""
    children = _data(media.get("children"))
    for each in children or [media]:
        kind = text_of(each, "media_type") or text_of(media, "media_type")
        if kind == "CAROUSEL_ALBUM" and not children:
            continue
        yield Media(
            id=id_of(each),
            kind="video" if kind in {"VIDEO", "BROADCAST"} else "image",
            url=text_of(each, "media_url"),
            alt_text=text_of(each, "alt_text") or None,
        )


def _data(value: Any) -> list[Any]:
    """The list of an edge within an answer; empty where there is none."""
    found = value.get("data") if isinstance(value, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
