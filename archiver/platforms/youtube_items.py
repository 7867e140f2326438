"""Videos, comments and channels on YouTube as items. Pure: JSON in, items out.

Sources: developers.google.com/youtube/v3/docs (videos, comments, commentThreads, channels) and the API's discovery document.
A comment whose `updatedAt` is not its `publishedAt` was edited; what it said before is not told, nor is that a video was edited.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archiver.platforms import times
from archiver.platforms.answers import id_of, number_of, text_of
from archiver.platforms.falling import key_of
from archiver.platforms.items import CAPTIONS, Item, ItemKind, Json, Media, Party, Reference, ReferenceKind, Source

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

SECONDS = 11
"""Digits of the second in order keys of videos."""
COVER, IMAGE = "/cover", "/image"
ERROR = 400
CHANNEL_PARTS = "snippet,contentDetails,statistics,brandingSettings"
VIDEO_PARTS = "snippet,contentDetails,statistics,status,liveStreamingDetails"
_SIZES = ("maxres", "standard", "high", "medium", "default")
_HELD = {
    "heldForReview": "held for review (heldForReview)",
    "likelySpam": "held as likely spam (likelySpam)",
    "rejected": "rejected, and shown to nobody else (rejected)",
}
_COUNTS = {"viewCount": "views", "likeCount": "likes", "commentCount": "replies"}
_CHANNEL_COUNTS = {"subscriberCount": "followers", "videoCount": "posts", "viewCount": "views"}
_LIVE = {
    "scheduledStartTime": "scheduled_start",
    "actualStartTime": "actual_start",
    "actualEndTime": "actual_end",
}


def part_of(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A part of a resource; an empty one where it was not given. Raises `TypeError` for what is none."""
    part = record.get(name)
    if part is None or isinstance(part, dict):
        return part or {}
    raise TypeError(f"{name} is no object")


def moment_of(snippet: Mapping[str, Any], name: str = "publishedAt") -> tuple[str | None, datetime | None]:
    """A time of a snippet: as it is written, and read."""
    text = text_of(snippet, name)
    return text, times.rfc3339(text) if text else None


def video_id_of(entry: Mapping[str, Any]) -> str:
    """The video that an entry of a playlist is of. Raises `KeyError`, `TypeError`."""
    details = part_of(entry, "contentDetails")
    if "videoId" in details:
        return id_of(details, "videoId")
    return id_of(part_of(part_of(entry, "snippet"), "resourceId"), "videoId")


def video_item(video: Mapping[str, Any], **around: Any) -> Item:
    """A video: its words and its cover; the file is not given out. Raises `KeyError`, `TypeError`, `ValueError` for what is none.

    `around`: `exchange` and `pointer`.
    """
    identity, snippet = id_of(video), part_of(video, "snippet")
    channel = id_of(snippet, "channelId")
    created, at = moment_of(snippet)
    language = text_of(snippet, "defaultAudioLanguage") or text_of(snippet, "defaultLanguage")
    cover = picture_of(snippet)
    return Item(
        kind=ItemKind.POST,
        id=identity,
        source=Source.API,
        author=Party(channel, None, text_of(snippet, "channelTitle") or None),
        title=text_of(snippet, "title") or None,
        text=text_of(snippet, "description") or "",
        created_text=created,
        created_at=at,
        url=f"https://www.youtube.com/watch?v={identity}",
        languages=(language,) if language else (),
        tags=tuple(each for each in _list(snippet, "tags") if isinstance(each, str)),
        media=(Media(id=f"{identity}{COVER}", kind="image", url=cover),) if cover else (),
        evidence=_evidence(video),
        not_requested=frozenset({CAPTIONS}),
        counts=_counted(part_of(video, "statistics"), _COUNTS),
        order_key=None if at is None else key_of(max(0, int(at.timestamp())), SECONDS, identity),
        hidden=_withheld(part_of(video, "status")),
        **around,
    )


def is_deleted(video: Mapping[str, Any]) -> bool:
    """Whether YouTube says of a video that it shows that it was deleted."""
    return part_of(video, "status").get("uploadStatus") == "deleted"


def _withheld(status: Mapping[str, Any]) -> str | None:
    """Why others do not see a video that is shown to its channel; None where they do."""
    if status.get("uploadStatus") == "rejected":
        return f"rejected by the platform ({status.get('rejectionReason') or 'no reason given'})"
    return "private, by the channel (privacyStatus private)" if status.get("privacyStatus") == "private" else None


def _evidence(video: Mapping[str, Any]) -> dict[str, Json]:
    snippet, details, status = (part_of(video, each) for each in ("snippet", "contentDetails", "status"))
    live = part_of(video, "liveStreamingDetails")
    said = {
        "category": text_of(snippet, "categoryId"),
        "duration": text_of(details, "duration"),
        "privacy": text_of(status, "privacyStatus"),
        "publish_at": text_of(status, "publishAt"),
        "license": text_of(status, "license"),
        **{name: text_of(live, key) for key, name in _LIVE.items()},
    }
    found: dict[str, Json] = {name: value for name, value in said.items() if value}
    for key, name in (("madeForKids", "made_for_kids"), ("containsSyntheticMedia", "made_by_ai")):
        if isinstance(status.get(key), bool):
            found[name] = status[key]
    return found


def comment_item(
    comment: Mapping[str, Any], post_id: str, listed_as: str | None = None, answers: int | None = None, **around: Any
) -> Item:
    """A comment. Raises `KeyError`, `TypeError` for what is none.

    Args:
        comment: The resource; one with a `parentId` answers another.
        post_id: The video below which it stands.
        listed_as: The moderation state that it was listed by, where it has no word of its own.
        answers: How many answers it is said to have.
        around: `exchange` and `pointer`.
    """
    identity, snippet = id_of(comment), part_of(comment, "snippet")
    created, at = moment_of(snippet)
    edited, edited_at = _edit_of(snippet, created, at)
    parent = id_of(snippet, "parentId") if snippet.get("parentId") else post_id
    text, shown = text_of(snippet, "textOriginal"), text_of(snippet, "textDisplay")
    name, picture = text_of(snippet, "authorDisplayName") or None, text_of(snippet, "imageUrl")
    channel = part_of(snippet, "authorChannelId").get("value")
    author = Party(channel, handle_of(name), name) if isinstance(channel, str) and channel else None
    counts = {"likes": number_of(snippet, "likeCount"), "replies": answers}
    status = text_of(snippet, "moderationStatus") or listed_as
    return Item(
        kind=ItemKind.COMMENT,
        id=identity,
        source=Source.API,
        author=author,
        text=shown if text is None else text,
        created_text=created,
        created_at=at,
        edited_text=edited,
        edited_at=edited_at,
        url=f"https://www.youtube.com/watch?v={post_id}&lc={identity}",
        media=(Media(id=f"{identity}{IMAGE}", kind="image", url=picture),) if picture else (),
        references=(Reference(ReferenceKind.ROOT, post_id), Reference(ReferenceKind.PARENT, parent)),
        evidence={"author_name": name} if author is None and name else {},
        counts={each: value for each, value in counts.items() if value is not None},
        order_key=f"{post_id} {identity}",
        hidden=hidden_words(status),
        **around,
    )


def _edit_of(
    snippet: Mapping[str, Any], created: str | None, at: datetime | None
) -> tuple[str | None, datetime | None]:
    """When a comment was edited; nothing where it was last changed when it was published."""
    if snippet.get("updatedAt") == created:
        return None, None
    edited, edited_at = moment_of(snippet, "updatedAt")
    return (None, None) if at is not None and edited_at == at else (edited, edited_at)


def hidden_words(status: str | None) -> str | None:
    """Words for a moderation state in which others do not see a comment; None for one that is published, or not told."""
    return None if status in (None, "published") else _HELD.get(status, f"not published ({status})")


def profile_item(channel: Mapping[str, Any], exchange: int) -> Item:
    """A channel's own description. Raises `KeyError`, `TypeError` for what is none."""
    identity, snippet = id_of(channel), part_of(channel, "snippet")
    branding = part_of(channel, "brandingSettings")
    name, created = text_of(snippet, "title") or None, moment_of(snippet)
    pictures = (picture_of(snippet), text_of(part_of(branding, "image"), "bannerExternalUrl"))
    said = {
        "country": text_of(snippet, "country"),
        "keywords": text_of(part_of(branding, "channel"), "keywords"),
    }
    return Item(
        kind=ItemKind.PROFILE,
        id=identity,
        source=Source.API,
        author=Party(identity, handle_of(text_of(snippet, "customUrl")), name),
        title=name,
        text=text_of(snippet, "description") or "",
        created_text=created[0],
        created_at=created[1],
        url=f"https://www.youtube.com/channel/{identity}",
        media=tuple(Media(id=unsized(each), kind="image", url=each) for each in pictures if each),
        evidence={each: value for each, value in said.items() if value},
        counts=_counted(part_of(channel, "statistics"), _CHANNEL_COUNTS),
        exchange=exchange,
        pointer="/items/0",
    )


def uploads_of(channel: Mapping[str, Any]) -> str | None:
    """The playlist of everything that a channel uploaded."""
    return text_of(part_of(part_of(channel, "contentDetails"), "relatedPlaylists"), "uploads") or None


def handle_of(name: str | None) -> str | None:
    """The handle that a name begins with `@` for; older names are none."""
    return name[1:] or None if name and name.startswith("@") else None


def picture_of(snippet: Mapping[str, Any]) -> str | None:
    """The address of the largest of a snippet's pictures."""
    sizes = part_of(snippet, "thumbnails")
    found = (text_of(part_of(sizes, each), "url") for each in _SIZES)
    return next((each for each in found if each), None)


def unsized(url: str) -> str:
    """A picture's address without the size that stands behind `=`: what names the picture itself (yt3.ggpht.com)."""
    return url.partition("=")[0]


def _list(record: Mapping[str, Any], name: str) -> list[Any]:
    value = record.get(name)
    return value if isinstance(value, list) else []


def _counted(record: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, int]:
    return {name: number for key, name in names.items() if (number := number_of(record, key)) is not None}
