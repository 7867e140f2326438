"""TikTok's videos and accounts as items. Pure: JSON in, items out.

Sources: developers.tiktok.com, tiktok-api-v2-video-object, tiktok-api-v2-get-user-info. Times are Unix seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from archiver.platforms import times
from archiver.platforms.answers import id_of, number_of, text_of
from archiver.platforms.falling import key_of
from archiver.platforms.items import Item, ItemKind, Json, Media, Party, Source

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

SECONDS = 10
"""Digits of the second of a video's making, in order keys."""
COVER = "/cover"
VIDEO_FIELDS = (
    "id,create_time,cover_image_url,share_url,video_description,duration,height,width,title,embed_html,embed_link,"
    "like_count,comment_count,share_count,view_count,is_aigc"
)
BASIC_FIELDS = "open_id,union_id,avatar_url,display_name"
USER_FIELDS = (
    f"{BASIC_FIELDS},bio_description,profile_deep_link,is_verified,username,follower_count,following_count,"
    "likes_count,video_count"
)
_BEYOND_BASIC = frozenset({"text", "verified"})
"""What of a profile the basic scope alone does not open."""
_COUNTS = {"like_count": "likes", "comment_count": "replies", "share_count": "shares", "view_count": "views"}
_USER_COUNTS = {
    "follower_count": "followers",
    "following_count": "following",
    "likes_count": "likes",
    "video_count": "posts",
}


def video_item(video: Mapping[str, Any], author: Party, exchange: int, pointer: str) -> Item:
    """A video. Its file is not given out; its cover is. Raises `KeyError`, `TypeError`, `ValueError` for what is none."""
    identity, made = id_of(video), number_of(video, "create_time")
    if made is None:
        raise ValueError("create_time is no time")
    cover = text_of(video, "cover_image_url")
    return Item(
        kind=ItemKind.POST,
        id=identity,
        source=Source.API,
        author=author,
        title=text_of(video, "title") or None,
        text=text_of(video, "video_description") or "",
        created_text=str(made),
        created_at=times.unix_seconds(made),
        url=text_of(video, "share_url"),
        media=(Media(id=f"{identity}{COVER}", kind="image", url=cover),) if cover else (),
        evidence=_evidence(video),
        counts=_counted(video, _COUNTS),
        order_key=key_of(made, SECONDS, identity),
        exchange=exchange,
        pointer=pointer,
    )


def profile_item(user: Mapping[str, Any], exchange: int) -> Item:
    """An account's profile. The picture of it is signed anew at each answer and has no name of its own: it is not kept as a
    medium. Raises `KeyError`, `TypeError` for what is none.
    """
    author = party(user)
    evidence: dict[str, Json] = {"verified": user["is_verified"] is True} if "is_verified" in user else {}
    return Item(
        kind=ItemKind.PROFILE,
        id=author.id,
        source=Source.API,
        author=author,
        title=author.name,
        text=text_of(user, "bio_description"),
        url=text_of(user, "profile_deep_link"),
        evidence=evidence,
        not_requested=frozenset() if "bio_description" in user else _BEYOND_BASIC,
        counts=_counted(user, _USER_COUNTS),
        exchange=exchange,
        pointer="/data/user",
    )


def party(user: Mapping[str, Any]) -> Party:
    """Who an account is, by its `open_id`. Raises `KeyError`, `TypeError`."""
    return Party(id_of(user, "open_id"), text_of(user, "username") or None, text_of(user, "display_name") or None)


def still_good(url: str, now: datetime) -> bool:
    """Whether an address of a cover tells that it lasts a while yet. They last 6 hours; `x-expires` says until when, in Unix
    seconds [unconfirmed]; without it an address is asked for afresh.
    """
    try:
        until = parse_qs(urlsplit(url).query).get("x-expires", [""])[0]
    except ValueError:
        return False
    ends = times.unix_seconds(until)
    return ends is not None and (ends - now).total_seconds() > _A_WHILE


_A_WHILE = 60


def _evidence(video: Mapping[str, Any]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    if (seconds := number_of(video, "duration")) is not None:
        found["duration"] = seconds
    if isinstance(video.get("is_aigc"), bool):
        found["made_by_ai"] = video["is_aigc"]
    return found


def _counted(record: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, int]:
    return {name: number for key, name in names.items() if (number := number_of(record, key)) is not None}
