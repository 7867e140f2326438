"""Mounts the platforms' APIs below `/{platform}/`: rate limits, faults and media are the same for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samplecity.faults import Fault, Reply, before
from samplecity.limits import RateLimit
from samplecity.social import APIS
from samplecity.social.api import Budget, Request, StaleCursor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from samplecity.social.api import Api, ErrorKind
    from samplecity.social.city import SocialCity
    from samplecity.social.world import SocialWorld

PAGE_FAULTS = frozenset(
    {
        "empty_page_with_next",
        "short_page",
        "reordered_page",
        "repeated_ids",
        "page_loop",
        "poison_text",
        "big_text",
        "stale_cursor",
    }
)
"""What `samplecity.social.api.cut` does; the renderings have it done there."""
_ERRORS: dict[str, ErrorKind] = {
    "rate_limit": "rate_limit",
    "server_error": "server_error",
    "expired_token": "token",
    "no_permission": "permission",
}
_MEDIA = "/_media/"


class SocialServer:
    """Answers for all platforms that have a rendering.

    Args:
        city: the history.
        origin: of the whole city, no slash at the end.
        limit: requests in a window and its length in seconds, for each token of each platform.
        limits: the same for single platforms.
        apis: the renderings, by platform.
    """

    def __init__(
        self,
        city: SocialCity,
        origin: str,
        limit: tuple[int, int],
        limits: Mapping[str, tuple[int, int]] | None = None,
        apis: Mapping[str, Api] | None = None,
    ) -> None:
        self._city, self._origin = city, origin
        self._limit, self._limits = limit, dict(limits or {})
        self._apis = APIS if apis is None else apis
        self._used: dict[tuple[str, str], RateLimit] = {}

    def platform_of(self, path: str) -> str | None:
        """Give the platform that a path belongs to; None where it is none's."""
        platform = path[1:].partition("/")[0]
        return platform if platform in self._city.platforms and (platform in self._apis or _MEDIA in path) else None

    def answer(self, night: int, platform: str, request: Request, struck: Iterable[Fault]) -> Reply:
        """Answer a request; `request.path` is below the platform's prefix, faults that meet it are in `struck`."""
        world = self._city.at(night)
        met = list(struck)
        if request.path.startswith(_MEDIA):
            stand_in = next((answer for fault in met if (answer := before(fault))), None)
            return stand_in or _media(world, platform, request.path.removeprefix(_MEDIA))
        api = self._apis[platform]
        for fault in met:
            if fault.kind in _ERRORS:
                return api.error(_ERRORS[fault.kind], fault.seconds)
            if fault.kind == "error_in_200":
                error = api.error("server_error", fault.seconds)
                return Reply(200, error.headers, error.body)
            if stand_in := before(fault):
                return stand_in
        allowed, budget = self._take(platform, request)
        if not allowed:
            return api.error("rate_limit", max(0.0, budget.reset - self._clock(platform, request)))
        faults = frozenset(fault.kind for fault in met) & PAGE_FAULTS
        counted = Request(
            request.method, request.path, request.query, request.headers, request.body, frozenset(faults), budget
        )
        return self._asked(api, world, counted)

    def _asked(self, api: Api, world: SocialWorld, request: Request) -> Reply:
        try:
            return api.answer(world, request, f"{self._origin}/{api.platform}")
        except StaleCursor:
            return api.error("cursor")

    def _take(self, platform: str, request: Request) -> tuple[bool, Budget]:
        limit = self._rate(platform, request)
        allowed, headers = limit.take()
        reset, remaining = int(headers["ratelimit-reset"]), int(headers["ratelimit-remaining"])
        return allowed, Budget(limit.limit, remaining, reset, limit.window)

    def _clock(self, platform: str, request: Request) -> float:
        return self._rate(platform, request).clock()

    def _rate(self, platform: str, request: Request) -> RateLimit:
        key = platform, request.token
        if key not in self._used:
            limit, window = self._limits.get(platform, self._limit)
            self._used[key] = RateLimit(limit, window)
        return self._used[key]


def _media(world: SocialWorld, platform: str, attachment_id: str) -> Reply:
    found = world.file(platform, attachment_id)
    if found is None:
        return Reply(404, {"content-type": "text/plain; charset=utf-8"}, b"There is no such file.")
    return Reply(200, {"content-type": found.mime}, found.data)
