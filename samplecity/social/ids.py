"""Ids in each platform's form, made from the time, unique within a build, and in the order of time where real ones are.

Forms as seen in the platforms' recorded answers: a snowflake of X is milliseconds since 2010-11-04 in the upper bits
(22 below), one of Mastodon milliseconds since 1970 (16 below), LinkedIn's share and TikTok's video ids likewise have
their time in front; Facebook's posts are `{page}_{number}` and its comments `{post number}_{number}`; YouTube's videos
have 11 characters of base 64, its comments begin with `Ug`, and an answer is `{comment}.{22 characters}`.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from samplecity.ids import EPOCH

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from samplecity.social.model import Kind

_MILLISECOND = timedelta(milliseconds=1)
_X_EPOCH = 1_288_834_974_657  # milliseconds since 1970
_THREADS_BASE, _INSTAGRAM_BASE = 18_000_000_000_000_000, 17_000_000_000_000_000
_FACEBOOK_BASE, _FLICKR_BASE = 100_000_000_000_000, 52_000_000_000
_2010 = 1_262_304_000_000  # milliseconds since 1970


def characters(name: str, count: int) -> str:
    """Give so many characters of base 64 (`A-Za-z0-9_-`) that depend on a name alone; 40 at most."""
    return base64.urlsafe_b64encode(hashlib.sha256(name.encode()).digest()).decode()[:count]


def digits(name: str, count: int) -> str:
    """Give so many digits, the first not 0, that depend on a name alone."""
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:12], "big")
    return str(10 ** (count - 1) + number % (9 * 10 ** (count - 1)))


def account_id(platform: str, name: str) -> str:  # noqa: PLR0911 - a case for each platform
    """Give the id of an account, page, channel, organization or person."""
    full = f"{platform}/{name}"
    match platform:
        case "facebook":
            return digits(full, 15)
        case "instagram" | "threads":
            return f"178414{digits(full, 11)}"
        case "x":
            return digits(full, 10)
        case "youtube":
            return f"UC{characters(full, 22)}"
        case "mastodon":
            return f"1{digits(full, 17)}"
        case "flickr":
            return f"{digits(full, 8)}@N0{digits(full, 1)}"
        case "tiktok":
            return f"-000{characters(full, 32)}"
        case _:
            return digits(full, 8)


class IdMaker:
    """Makes ids, each once; the same calls in the same order give the same ids."""

    def __init__(self) -> None:
        self._used: set[tuple[str, str]] = set()

    def new(self, platform: str, kind: Kind, at: datetime, owner: str = "", root: str = "", parent: str = "") -> str:
        """Give the id of a new thing.

        Args:
            platform: where.
            kind: of the thing.
            at: when it was published.
            owner: id of the account, page or photo owner whose stream it is in.
            root: a comment's post.
            parent: what a comment answers, when that is a comment.
        """
        milliseconds = (at - EPOCH) // _MILLISECOND
        return self._unique(platform, lambda serial: _form(platform, kind, milliseconds, serial, owner, root, parent))

    def conversation(self, platform: str, owner: str, other: str, name: str) -> str:
        """Give the id of a conversation between an account and somebody; `name` tells several apart."""
        full = f"{platform}/{owner}/{other}/{name}"
        if platform == "x":  # one with two people is named by both, the smaller id first
            return "-".join(sorted((owner, other), key=int))
        if platform == "facebook":
            return f"t_{digits(full, 15)}"
        if platform == "instagram":
            return f"aWdfZAG06{characters(full, 40)}"
        return digits(full, 7)

    def attachment(self, platform: str, at: datetime, number: int) -> str:
        """Give the id of an attachment, `number` within its thing."""
        milliseconds = (at - EPOCH) // _MILLISECOND
        front = {"x": "3_", "linkedin": "D5622AQ"}.get(platform, "")
        base = _number("mastodon" if platform in ("mastodon", "tiktok") else platform, milliseconds, number)
        return self._unique(f"{platform}/media", lambda serial: f"{front}{base + 7 + serial}")

    def _unique(self, platform: str, form: Callable[[int], str]) -> str:
        serial = 0
        while (platform, made := form(serial)) in self._used:
            serial += 1
        self._used.add((platform, made))
        return made


def _number(platform: str, milliseconds: int, serial: int) -> int:
    """Give the number of a moment, in the order of time."""
    match platform:
        case "x" | "linkedin" | "tiktok":
            return (milliseconds - _X_EPOCH << 22) + serial + (0 if platform == "x" else 5_400_000_000_000_000_000)
        case "mastodon":
            return (milliseconds << 16) + serial
        case "threads" | "instagram":
            base = _THREADS_BASE if platform == "threads" else _INSTAGRAM_BASE
            return base + (milliseconds - _2010) * 1000 + serial
        case "flickr":
            return _FLICKR_BASE + (milliseconds - _2010) // 100 + serial
        case _:
            return _FACEBOOK_BASE + (milliseconds - _2010) * 1000 + serial


def _form(platform: str, kind: Kind, milliseconds: int, serial: int, owner: str, root: str, parent: str) -> str:  # noqa: PLR0911
    number = _number(platform, milliseconds, serial)
    match platform, kind:
        case "facebook", "comment":
            return f"{root.rpartition('_')[2]}_{number}"
        case "facebook", "post" | "visitor_post" | "mention":
            return f"{owner}_{number}"
        case "facebook", "message":
            return f"m_{characters(f'facebook/{owner}/{number}', 40)}"
        case "instagram", "message":
            return f"aWdfZAG1faXRlbToxOklHTWVzc2FnZAUlE{characters(f'instagram/{owner}/{number}', 40)}"
        case "youtube", "comment":
            front = f"{parent}." if parent else "Ug"
            count, end = (22, "") if parent else (17, "4AaABAg")
            return f"{front}{characters(f'youtube/{root}/{parent}/{number}', count)}{end}"
        case "youtube", _:
            return characters(f"youtube/{owner}/{number}", 11)
        case "linkedin", "comment":
            return f"urn:li:comment:({root},{number})"
        case "linkedin", _:
            return f"urn:li:share:{number}"
        case "flickr", "comment":
            return f"{digits(owner, 7)}-{root}-{72_157_000_000_000_000 + number}"
        case _:
            return str(number)
