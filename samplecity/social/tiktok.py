"""The city's videos on TikTok, as the Display API shows them: words, covers and numbers, no file and no comment.

Shapes as developers.tiktok.com describes them (tiktok-api-v2-video-list, -video-query, -user-info, -error-handling,
oauth-refresh-a-user-access-token). An access token lasts the night; a refresh token can be used once and gives another. Those
of the register stand for a connection made anew: they can be renewed from at any time.
"""

from __future__ import annotations

import time
from collections import defaultdict
from itertools import count
from typing import TYPE_CHECKING, Any

from samplecity.social.api import Api, cut_at, holder, media_url, reply

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from samplecity.faults import Reply
    from samplecity.social.api import ErrorKind, Request
    from samplecity.social.model import SocialAccount, Thing
    from samplecity.social.world import SocialWorld

_NAME = "tiktok"
_CLIENT = "sample-city"
_MOST = 20
_COVER_HOURS = 6
_HTTP = {
    "access_token_invalid": 401,
    "scope_not_authorized": 401,
    "rate_limit_exceeded": 429,
    "invalid_params": 400,
    "internal_error": 500,
}
_ERRORS: dict[str, tuple[str, str]] = {
    "rate_limit": ("rate_limit_exceeded", "The API rate limit was exceeded. Please try again later."),
    "token": ("access_token_invalid", "The access token is invalid or not found in the request."),
    "permission": (
        "scope_not_authorized",
        "The user did not authorize the scope required for completing this request.",
    ),
    "server_error": ("internal_error", "Something went wrong. Please try again later."),
}


class TikTok(Api):
    """The API. The one thing it keeps is which refresh tokens were used, by the origin of the city."""

    platform = _NAME

    def __init__(self) -> None:
        self._used: defaultdict[str, set[str]] = defaultdict(set)
        self._serial = count(1)

    def answer(self, world: SocialWorld, request: Request, origin: str) -> Reply:
        """Answer a request; see `samplecity.social.api.Api`."""
        if (request.method, request.path) == ("POST", "/v2/oauth/token/"):
            return self._renew(world, request, origin)
        account = _opened_by(world, request.token)
        if account is None:
            return self.error("token")
        server = _Server(world, request, origin, account)
        methods: dict[tuple[str, str], Callable[[], Reply]] = {
            ("GET", "/v2/user/info/"): server.user,
            ("POST", "/v2/video/list/"): server.videos,
            ("POST", "/v2/video/query/"): server.query,
        }
        method = methods.get((request.method, request.path))
        return method() if method else reply({"error": {"code": "invalid_params", "message": "Not found"}}, 404)

    def error(self, kind: ErrorKind, seconds: float = 1.0) -> Reply:  # noqa: ARG002 - TikTok names no time
        """TikTok's own words for what failed."""
        return _failed(*_ERRORS[kind])

    def settings(self, account: SocialAccount) -> dict[str, str]:
        """What renewing takes; the first refresh token and the app's secret are read from the variable of the token."""
        variable = f"env:{account.token_variable}"
        return {"refresh_token": variable, "client_key": _CLIENT, "client_secret": variable}

    def _renew(self, world: SocialWorld, request: Request, origin: str) -> Reply:
        form = request.form()
        if form.get("grant_type") != "refresh_token" or form.get("client_key") != _CLIENT:
            return _refused("invalid_request", "The request parameters are malformed.")
        given = form.get("refresh_token", "")
        key = given.split(".")[1] if given.startswith("rft.") else given.removeprefix(f"token-{_NAME}-")
        account = holder(world, _NAME, f"token-{_NAME}-{key}")
        if account is None or account.token != form.get("client_secret") or not _in_order(world, account):
            return _refused("invalid_grant", "Refresh token is invalid or expired.")
        if given != account.token:
            if given in self._used[origin]:
                return _refused("invalid_grant", "Refresh token is invalid or expired.")
            self._used[origin].add(given)
        serial = next(self._serial)
        return reply(
            {
                "access_token": f"act.{account.key}.{world.night}.{serial}",
                "expires_in": 7200,
                "open_id": account.id,
                "refresh_expires_in": 31_536_000,
                "refresh_token": f"rft.{account.key}.{serial}",
                "scope": "user.info.basic,user.info.profile,user.info.stats,video.list",
                "token_type": "Bearer",
            }
        )


class _Server:
    """The methods, for one request of one account."""

    def __init__(self, world: SocialWorld, request: Request, origin: str, account: SocialAccount) -> None:
        self._world, self._request, self._origin, self._account = world, request, origin, account
        self._fields = frozenset(request.param("fields").split(",")) - {""}
        self._posts: Sequence[Thing] = world.posts(_NAME, account.key)

    def user(self) -> Reply:
        """The account itself."""
        one = self._account
        user = {
            "open_id": one.id,
            "union_id": f"u{one.id}",
            "avatar_url": f"{self._origin}/avatar/{one.key}",
            "display_name": one.name,
            "bio_description": one.purpose,
            "profile_deep_link": f"https://vm.tiktok.com/{one.key}/",
            "is_verified": True,
            "username": one.handle,
            "follower_count": 1200,
            "following_count": 7,
            "likes_count": sum(self._world.likes(each) for each in self._posts),
            "video_count": len(self._posts),
        }
        return self._told({"user": self._only(user)})

    def videos(self) -> Reply:
        """A page of the account's videos, newest first, of those before the cursor's millisecond."""
        asked = self._request.json()
        most, cursor = (asked.get("max_count", 10), asked.get("cursor")) if isinstance(asked, dict) else (0, None)
        if not isinstance(most, int) or not 1 <= most <= _MOST or not isinstance(cursor, int | None):
            return _failed("invalid_params", "max_count must be 1 to 20")
        start = next(
            (place for place, each in enumerate(self._posts) if cursor is None or _milliseconds(each) < cursor),
            len(self._posts),
        )
        if "empty_page_with_next" in self._request.faults and start < len(self._posts):
            place = _milliseconds(self._posts[start]) + 1
            return self._told({"videos": [], "cursor": place, "has_more": True})
        shown, following = cut_at(self._request, self._posts, start, most)
        last = self._posts[following - 1] if following is not None else None
        found: dict[str, Any] = {
            "videos": [self._video(each) for each in shown],
            "cursor": _milliseconds(last) if last else 0,
            "has_more": following is not None,
        }
        return self._told(found)

    def query(self) -> Reply:
        """The account's videos of these ids; the others are left out."""
        asked = self._request.json()
        ids = asked.get("filters", {}).get("video_ids") if isinstance(asked, dict) else None
        if not isinstance(ids, list) or not 1 <= len(ids) <= _MOST:
            return _failed("invalid_params", "video_ids must be 1 to 20")
        return self._told({"videos": [self._video(each) for each in self._posts if each.id in ids]})

    def _video(self, thing: Thing) -> dict[str, Any]:
        page = f"https://www.tiktok.com/@{self._account.handle}/video/{thing.id}"
        cover = thing.attachments[0]
        ends = int(time.time()) + _COVER_HOURS * 3600
        video = {
            "id": thing.id,
            "create_time": int(thing.at.timestamp()),
            "cover_image_url": f"{media_url(self._origin, cover.id)}?x-expires={ends}&x-signature=none",
            "share_url": f"{page}?utm_campaign=tt4d_open_api&utm_source=sample",
            "video_description": thing.text,
            "duration": 21,
            "height": cover.height,
            "width": cover.width,
            "title": thing.title,
            "embed_link": f"https://www.tiktok.com/player/v1/{thing.id}",
            "like_count": self._world.likes(thing),
            "comment_count": self._world.counted(_NAME, thing.id),
            "share_count": 1,
            "view_count": 40 * self._world.likes(thing),
            "is_aigc": False,
        }
        return self._only(video)

    def _only(self, record: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in record.items() if name in self._fields}

    def _told(self, data: dict[str, Any]) -> Reply:
        if not self._fields:
            return _failed("invalid_params", "fields is required")
        return reply({"data": data, "error": {"code": "ok", "message": "", "log_id": "2026"}})


def _opened_by(world: SocialWorld, token: str) -> SocialAccount | None:
    """The account that an access token opens tonight: the register's on the first night, later those of a renewal."""
    key, night = token.removeprefix(f"token-{_NAME}-"), 1
    if token.startswith("act."):
        _, key, made, _ = token.split(".")
        night = int(made)
    account = holder(world, _NAME, f"token-{_NAME}-{key}") if night == world.night else None
    return account if account is not None and _in_order(world, account) else None


def _in_order(world: SocialWorld, account: SocialAccount) -> bool:
    return world.status(_NAME, account.key) == "active"


def _failed(code: str, message: str) -> Reply:
    return reply({"data": {}, "error": {"code": code, "message": message, "log_id": "2026"}}, _HTTP[code])


def _refused(code: str, words: str) -> Reply:
    return reply({"error": code, "error_description": words, "log_id": "2026"}, 400)


def _milliseconds(thing: Thing) -> int:
    """In whole seconds, as TikTok knows of no shorter ones."""
    return int(thing.at.timestamp()) * 1000
