"""The city's channels on YouTube, as the Data API shows them to their owners' tokens, to other tokens and to a key.

Shapes as in recorded answers (python-youtube) and the API's discovery document; errors as developers.google.com/youtube/v3/docs
writes them. A thread is listed as held if its first comment or one of its answers is; only the owner is told of those.
"""

from __future__ import annotations

import html
from collections import Counter
from itertools import count
from typing import TYPE_CHECKING, Any

from samplecity.faults import Reply
from samplecity.social.api import Api, cut, holder, reply
from samplecity.social.media import cues
from samplecity.social.model import Track
from samplecity.social.youtube_shapes import MOST_IDS, SHOWN_WITH, Shapes, captions_listed, failed, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from samplecity.social.api import ErrorKind, Request
    from samplecity.social.model import SocialAccount, Thing
    from samplecity.social.world import SocialWorld

_NAME = "youtube"
_API = "/youtube/v3/"
CLIENT, KEY = "sample-city", "key-youtube-sample-city"
_HELD = ("heldForReview", "likelySpam")
_USED_UP = 'The request cannot be completed because you have exceeded your <a href="/youtube/v3/getting-started#quota">quota</a>.'
_NOT_YOURS = "The request might not be properly authorized."
_NO_TRACKS = "The permissions associated with the request are not sufficient to download the caption track."
_COSTS, _TRACK_UNITS = {"captions": 50}, 200
_DEFAULTS = {"playlistItems": 5, "commentThreads": 20, "comments": 20}


class YouTube(Api):
    """The API.

    Args:
        most: entries at once.
        units: what all that ask may use in a night.
        lasting: whether the register's tokens last; else they are refused after the first night, and have to be renewed.

    What it keeps is what was used of each night's units, by the origin of the city.
    """

    platform = _NAME

    def __init__(self, most: int = 100, units: int = 10_000, *, lasting: bool = True) -> None:
        self._most, self._units, self._lasting = most, units, lasting
        self._used: Counter[tuple[str, int]] = Counter()
        self._serial = count(1)

    def answer(self, world: SocialWorld, request: Request, origin: str) -> Reply:
        """Answer a request; see `samplecity.social.api.Api`."""
        if (request.method, request.path) == ("POST", "/token"):
            return self._renew(world, request)
        method = request.path.removeprefix(_API)
        track = method.removeprefix("captions/") if method.startswith("captions/") else None
        known = request.path.startswith(_API) and (track is not None or method in _METHODS)
        if request.method != "GET" or not known:
            return failed(404, "notFound", "Not Found", "global")
        self._used[origin, world.night] += _TRACK_UNITS if track is not None else _COSTS.get(method, 1)
        if self._used[origin, world.night] > self._units:
            return failed(403, "quotaExceeded", _USED_UP, "youtube.quota")
        viewer = self._viewer(world, request.token) if request.token else None
        if viewer is None and (request.token or request.param("key") != KEY):
            return self._refused(request)
        view = _View(world, request, origin, viewer, self._most)
        return view.track(track) if track is not None else view.listed(method)

    def error(self, kind: ErrorKind, seconds: float = 1.0) -> Reply:
        """Google's own words for what failed."""
        match kind:
            case "rate_limit":
                words = "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute'."
                info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "RATE_LIMIT_EXCEEDED"}
                wait = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{seconds:.3f}s"}
                return failed(429, "rateLimitExceeded", words, "global", "RESOURCE_EXHAUSTED", [info, wait])
            case "token":
                words = "Request had invalid authentication credentials. Expected OAuth 2 access token."
                return failed(401, "authError", words, "global", "UNAUTHENTICATED")
            case "cursor":
                words = "The request specifies an invalid page token."
                return failed(400, "invalidPageToken", words, "youtube.parameter", "INVALID_ARGUMENT")
            case "permission":
                words = "Request had insufficient authentication scopes."
                return failed(403, "insufficientPermissions", words, "global", "PERMISSION_DENIED")
            case _:
                return failed(503, "backendError", "The service is currently unavailable.", "global", "UNAVAILABLE")

    def _refused(self, request: Request) -> Reply:
        """What is answered to a token or a key that opens nothing, and to nothing at all."""
        if request.token or "authorization" in request.headers:
            return self.error("token")
        if request.param("key"):
            return failed(
                400, "badRequest", "API key not valid. Please pass a valid API key.", "global", "INVALID_ARGUMENT",
                [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}],
            )  # fmt: skip
        words = "The request is missing a valid API key."
        return failed(403, "forbidden", words, "global", "PERMISSION_DENIED")

    def _viewer(self, world: SocialWorld, token: str) -> SocialAccount | None:
        """Whose token it is; one that was renewed to lasts for its night."""
        if token.startswith("ya29."):
            key, night, _ = token.removeprefix("ya29.").rsplit(".", 2)
            return holder(world, _NAME, f"token-{_NAME}-{key}") if night == str(world.night) else None
        return holder(world, _NAME, token) if self._lasting or world.night == 1 else None

    def _renew(self, world: SocialWorld, request: Request) -> Reply:
        """Google's log-in: a new access token for a refresh token, which stays. The register's token stands for that."""
        form = request.form()
        account = holder(world, _NAME, form.get("refresh_token", ""))
        if form.get("client_id") != CLIENT or form.get("grant_type") != "refresh_token":
            return reply({"error": "invalid_client", "error_description": "The OAuth client was not found."}, 401)
        if account is None or form.get("client_secret") != account.token:
            words = "Token has been expired or revoked."
            return reply({"error": "invalid_grant", "error_description": words}, 400)
        token = f"ya29.{account.key}.{world.night}.{next(self._serial)}"
        scope = "https://www.googleapis.com/auth/youtube.force-ssl"
        return reply({"access_token": token, "expires_in": 3599, "scope": scope, "token_type": "Bearer"})


class _View:
    """The platform as one request of a viewer sees it; without one (a key) as everybody does."""

    def __init__(
        self, world: SocialWorld, request: Request, origin: str, viewer: SocialAccount | None, most: int
    ) -> None:
        self._world, self._request, self._viewer, self._most = world, request, viewer, most
        parts = frozenset(request.param("part").split(","))
        plain = request.param("textFormat", "html") == "plainText"
        self._shapes = Shapes(world, origin, parts, str if plain else _as_html)

    def listed(self, method: str) -> Reply:
        """The answer of a `list` method."""
        if not self._request.param("part"):
            return failed(400, "missingRequiredParameter", "No part selected.", "youtube.parameter")
        return _METHODS[method](self)

    def channels(self) -> Reply:
        """Channels by id or handle, or the viewer's own."""
        asked = self._request.param("id")
        found: list[SocialAccount | None]
        if self._request.param("mine") == "true":
            if self._viewer is None:
                return failed(401, "authorizationRequired", "Login Required.", "youtube.parameter")
            if not self._open(self._viewer.key):
                words = "The YouTube account of the authenticated user is suspended."
                return failed(403, "authenticatedUserAccountSuspended", words, "youtube.channel")
            found = [self._world.by_key(_NAME, self._viewer.key)]
        elif asked:
            found = [self._world.account(_NAME, each) for each in asked.split(",")]
            found = [each for each in found if each is None or each.id in asked.split(",")]
        else:
            found = [self._world.account(_NAME, self._request.param("forHandle"))]
        return listed("channel", [self._shapes.channel(each) for each in found if each and self._open(each.key)])

    def playlist(self) -> Reply:
        """The uploads of a channel, newest first. The playlist of one that has none, or is suspended, is not there."""
        owner = self._world.account(_NAME, f"UC{self._request.param('playlistId').removeprefix('UU')}")
        posts = self._world.posts(_NAME, owner.key) if owner and self._open(owner.key) else []
        if owner is None or not posts:
            words = "The playlist identified with the request's <code>playlistId</code> parameter cannot be found."
            return failed(404, "playlistNotFound", words, "youtube.playlistItem")
        places = {each.id: place for place, each in enumerate(posts)}
        page, following = self._cut("playlistItems", posts)
        return listed(
            "playlistItem", [self._shapes.upload(each, places[each.id]) for each in page], following, len(posts)
        )

    def videos(self) -> Reply:
        """Videos by their ids; what is not there is left out."""
        ids = self._request.param("id").split(",")
        if len(ids) > MOST_IDS:
            return failed(400, "invalidFilters", "At most 50 ids are allowed.", "youtube.parameter")
        found = [self._world.thing(_NAME, each) for each in dict.fromkeys(ids)]
        return listed("video", [self._shapes.video(each) for each in found if each and self._is_shown(each)])

    def threads(self) -> Reply:
        """The threads below a video, or on all of a channel, by their state of moderation, the newest first."""
        if channel := self._request.param("allThreadsRelatedToChannelId"):
            return self._all_threads(channel)
        post = self._world.thing(_NAME, self._request.param("videoId"))
        status = self._request.param("moderationStatus", "published")
        if post is None or not self._is_shown(post):
            words = "The video identified by the <code>videoId</code> parameter could not be found."
            return failed(404, "videoNotFound", words, "youtube.commentThread")
        if status != "published" and not self._owns(post):
            return failed(403, "forbidden", _NOT_YOURS, "youtube.commentThread")
        if post.comments_disabled:
            words = "The video identified by the <code>videoId</code> parameter has disabled comments."
            return failed(403, "commentsDisabled", words, "youtube.commentThread")
        return self._threads_of(self._firsts(post, status), status)

    def _all_threads(self, channel: str) -> Reply:
        account = self._world.account(_NAME, channel)
        status = self._request.param("moderationStatus", "published")
        if account is None or not self._open(account.key):
            words = (
                "The channel identified by the <code>allThreadsRelatedToChannelId</code> parameter could not be found."
            )
            return failed(404, "channelNotFound", words, "youtube.commentThread")
        if status != "published" and (self._viewer is None or self._viewer.key != account.key):
            return failed(403, "forbidden", _NOT_YOURS, "youtube.commentThread")
        posts = [post for post in self._world.posts(_NAME, account.key) if not post.comments_disabled]
        firsts = [first for post in posts for first in self._firsts(post, status)]
        return self._threads_of(sorted(firsts, key=lambda each: each.order), status)

    def _firsts(self, post: Thing, status: str) -> list[Thing]:
        return [
            each
            for each in self._world.replies(_NAME, post.id)
            if each.moderation == status or (status in _HELD and self._answers(each, status))
        ]

    def _threads_of(self, firsts: Sequence[Thing], status: str) -> Reply:
        page, following = self._cut("commentThreads", firsts[::-1])
        return listed("commentThread", [self._thread(each, status) for each in page], following)

    def _thread(self, first: Thing, status: str) -> dict[str, Any]:
        owns = self._owns(first)
        shown = self._answers(first, status)[-SHOWN_WITH:][::-1]
        total = len(self._world.replies(_NAME, first.id)) if owns else len(self._answers(first, "published"))
        return self._shapes.thread(first, shown, total, moderated=owns)

    def _answers(self, first: Thing, status: str) -> list[Thing]:
        return [each for each in self._world.replies(_NAME, first.id) if each.moderation == status]

    def comments(self) -> Reply:
        """The answers to a comment, the newest first, or comments by their ids. By its id a comment that is held is not shown to
        anybody: the documentation leaves that open, and this is the harder case.
        """
        if ids := self._request.param("id"):
            found = [self._world.thing(_NAME, each) for each in ids.split(",")]
            public = [each for each in found if each and each.kind == "comment" and each.moderation == "published"]
            shown = [each for each in public if self._is_shown(each)]
            return listed("comment", [self._shapes.comment(each, moderated=False) for each in shown])
        parent = self._world.thing(_NAME, self._request.param("parentId"))
        if parent is None or not self._is_shown(parent):
            words = "One or more of the specified comments cannot be found."
            return failed(404, "commentNotFound", words, "youtube.comment")
        owns = self._owns(parent)
        answers = self._world.replies(_NAME, parent.id) if owns else self._answers(parent, "published")
        page, following = self._cut("comments", list(answers)[::-1])
        return listed("comment", [self._shapes.comment(each, moderated=owns) for each in page], following)

    def captions(self) -> Reply:
        """The tracks of a video of the viewer's own; of others' they are not told here, though YouTube tells of some."""
        if self._viewer is None:
            return failed(401, "authorizationRequired", "Login Required.", "global")
        post = self._world.thing(_NAME, self._request.param("videoId"))
        if post is None or post.kind != "post" or not self._is_shown(post):
            words = "The video identified by the <code>videoId</code> parameter could not be found."
            return failed(404, "videoNotFound", words, "youtube.caption")
        if not self._owns(post):
            return failed(403, "forbidden", _NO_TRACKS, "youtube.caption")
        return captions_listed([self._shapes.track(each) for each in post.tracks])

    def track(self, identity: str) -> Reply:
        """A track itself, in the form that is asked for."""
        if self._viewer is None:
            return failed(401, "authorizationRequired", "Login Required.", "global")
        known = self._world.file(_NAME, identity)
        post = self._world.thing(_NAME, known.video) if isinstance(known, Track) else None
        found = next((each for each in (post.tracks if post else ()) if each.id == identity), None)
        if post is None or found is None or not self._is_shown(post):
            words = "The caption track could not be found."
            return failed(404, "captionNotFound", words, "youtube.caption")
        if not self._owns(post):
            return failed(403, "forbidden", _NO_TRACKS, "youtube.caption")
        form = self._request.param("tfmt", "vtt")
        if form not in {"vtt", "srt"}:
            return failed(400, "invalidValue", "Unsupported Output Format", "youtube.parameter")
        data = found.data if form == "vtt" else cues(found.words, "srt")
        return Reply(200, {"content-type": "application/octet-stream"}, data)

    def _cut(self, method: str, things: Sequence[Thing]) -> tuple[list[Thing], str | None]:
        asked = max(1, min(self._request.number("maxResults", _DEFAULTS[method]), self._most))
        page = cut(self._request, things, asked, self._request.param("pageToken"))
        return page.items, page.next

    def _open(self, key: str) -> bool:
        return self._world.status(_NAME, key) not in {"suspended", "deleted"}

    def _owns(self, thing: Thing) -> bool:
        return self._viewer is not None and self._viewer.key == thing.account

    def _is_shown(self, thing: Thing) -> bool:
        """Whether the viewer sees it: a comment that is held only the channel's owner does."""
        public = thing.moderation == "published" and thing.visibility != "private"
        return self._open(thing.account) and (public or self._owns(thing))


_METHODS: dict[str, Callable[[_View], Reply]] = {
    "channels": _View.channels,
    "playlistItems": _View.playlist,
    "videos": _View.videos,
    "commentThreads": _View.threads,
    "comments": _View.comments,
    "captions": _View.captions,
}


def _as_html(text: str) -> str:
    return html.escape(text).replace("\n", "<br>")
