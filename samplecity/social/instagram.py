"""The city's accounts on Instagram, as the Graph API shows them by either log-in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from samplecity.social.api import Api, holder, media_url, reply
from samplecity.social.graph import asked_fields, failed, not_there, only, paged, refusal, time

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from samplecity.faults import Reply
    from samplecity.social.api import ErrorKind, Request
    from samplecity.social.model import Attachment, Conversation, SocialAccount, Thing
    from samplecity.social.world import SocialWorld

_NAME = "instagram"
_PATH = re.compile(r"(?:/v\d+\.\d+)?/(?P<node>[^/]+)(?:/(?P<edge>[^/]+))?")
_COMMENTS_AT_ONCE = 50
_LIFE = 5_184_000


class Instagram(Api):
    """The Graph API. `most`: entries at once; `answers`: of a comment, within it."""

    platform = _NAME

    def __init__(self, most: int = 100, answers: int = 25) -> None:
        self._most, self._answers = most, answers

    def answer(self, world: SocialWorld, request: Request, origin: str) -> Reply:
        """Answer a request; see `samplecity.social.api.Api`."""
        match = _PATH.fullmatch(request.path)
        if match is None:
            return failed(2500, "Unknown path components")
        account = holder(world, _NAME, request.token)
        if match["node"] == "debug_token":
            return _debug(holder(world, _NAME, request.param("input_token")))
        if account is None:
            return self.error("token")
        if match["node"] == "refresh_access_token":
            return reply({"access_token": request.token, "token_type": "bearer", "expires_in": _LIFE})
        if world.status(_NAME, account.key) == "suspended":
            return not_there(match["node"])
        return _View(world, request, origin, account, (self._most, self._answers)).answer(match["node"], match["edge"])

    def error(self, kind: ErrorKind, seconds: float = 1.0) -> Reply:  # noqa: ARG002 - its waits are told in whole minutes
        """The platform's own words for what failed."""
        return refusal(kind, 4)

    def settings(self, account: SocialAccount) -> dict[str, str]:
        """The library's account is read by the log-in of its page."""
        return {"login": "facebook"} if account.key.startswith("library") else {"login": "instagram"}


def _debug(account: SocialAccount | None) -> Reply:
    if account is None:
        return reply({"data": {"error": {"code": 190, "message": "Error validating access token"}, "is_valid": False}})
    scopes = ["instagram_basic", "instagram_manage_comments", "instagram_manage_messages", "pages_show_list"]
    told = {"type": "PAGE", "expires_at": 0, "is_valid": True, "scopes": [*scopes, "pages_read_engagement"]}
    return reply({"data": told})


class _View:
    """The platform as one request of an account sees it."""

    def __init__(
        self, world: SocialWorld, request: Request, origin: str, mine: SocialAccount, most: tuple[int, int]
    ) -> None:
        self._world, self._request, self._origin, self._mine = world, request, origin, mine
        self._most, self._within = most
        self._fields = asked_fields(request)

    def answer(self, node: str, edge: str | None) -> Reply:
        """Answer for a node, or an edge of it."""
        if edge is None:
            return self._node(node)
        account = self._mine if node == "me" else self._world.account(_NAME, node)
        if account is not None:
            return self._edge(account, edge) if account.key == self._mine.key else not_there(node)
        match edge:
            case "comments" | "replies":
                return self._comments(node)
            case "messages":
                mine = {one.id for one in self._world.conversations(_NAME, self._mine.key)}
                listed = self._world.messages(_NAME, node)
                return self._paged(listed, self._message) if node in mine else not_there(node)
            case _:
                return not_there(node)

    def _edge(self, account: SocialAccount, edge: str) -> Reply:
        edges: dict[str, Callable[[], Reply]] = {
            "media": lambda: self._paged(self._world.posts(_NAME, account.key), self._media),
            "tags": lambda: self._paged(self._world.mentions(_NAME, account.key), self._media),
            "stories": lambda: self._paged(self._world.stories(_NAME, account.key), self._media),
            "conversations": lambda: self._paged(self._world.conversations(_NAME, account.key), self._conversation),
        }
        if edge not in edges:
            return failed(100, f"(#100) Tried accessing nonexisting field ({edge}) on node type (IGUser)")
        return edges[edge]()

    def _paged(self, listed: Sequence[Any], show: Any, most: int | None = None) -> Reply:
        return paged(
            self._request,
            listed,
            lambda each: only(show(each), self._fields),
            f"{self._origin}{self._request.path}",
            most=self._most if most is None else min(most, self._most),
        )

    def _node(self, node: str) -> Reply:
        account = self._mine if node == "me" else self._world.account(_NAME, node)
        if account is not None:
            return (
                reply(only(self._profile(account), self._fields)) if account.key == self._mine.key else not_there(node)
            )
        attachment = self._world.attachment(_NAME, node)
        if attachment is not None:
            return reply(only(self._file(attachment), self._fields))
        thing = self._world.thing(_NAME, node)
        if thing is None or thing.account != self._mine.key:
            return not_there(node)
        shown = self._comment(thing) if thing.kind == "comment" else self._media(thing)
        return reply(only(shown, self._fields))

    def _comments(self, node: str) -> Reply:
        above = self._world.thing(_NAME, node)
        if above is None:
            return not_there(node)
        post = self._world.thing(_NAME, above.root or above.id)
        if post is not None and post.comments_disabled:
            return reply({"data": []})
        found = list(self._world.replies(_NAME, node))
        if above.kind != "comment":
            found.reverse()  # the newest first, answers the oldest first
        return self._paged(found, self._comment, _COMMENTS_AT_ONCE)

    def _profile(self, account: SocialAccount) -> dict[str, Any]:
        shown = {
            "id": account.id,
            "username": account.handle,
            "name": account.name,
            "biography": account.purpose,
            "website": "https://laspalmasverdes.test",
            "followers_count": 640,
            "follows_count": 2,
            "media_count": len(self._world.posts(_NAME, account.key)),
            "instagram_business_account": {"id": account.id},
        }
        if "user_id" in self._fields:
            shown |= {"user_id": account.id, "id": f"9{account.id}"}
        return shown

    def _media(self, thing: Thing) -> dict[str, Any]:
        author = self._world.author(thing)
        many = len(thing.attachments) > 1
        first = thing.attachments[0] if thing.attachments else None
        product = "STORY" if thing.kind == "story" else "REELS" if thing.reel else "FEED"
        shown: dict[str, Any] = {
            "id": thing.id,
            "caption": thing.text or None,
            "media_type": "CAROUSEL_ALBUM" if many else "VIDEO" if first and first.kind == "video" else "IMAGE",
            "media_product_type": product,
            "media_url": media_url(self._origin, first.id) if first else None,
            "permalink": f"https://www.instagram.com/p/{thing.id}/",
            "shortcode": thing.id,
            "timestamp": time(thing.at),
            "username": author.handle,
            "owner": {"id": author.id},
            "comments_count": self._world.counted(_NAME, thing.id),
            "like_count": self._world.likes(thing),
            "is_comment_enabled": not thing.comments_disabled,
        }
        if many:
            shown["children"] = {"data": [self._file(one) for one in thing.attachments]}
        return shown

    def _file(self, one: Attachment) -> dict[str, Any]:
        return {
            "id": one.id,
            "media_type": "VIDEO" if one.kind == "video" else "IMAGE",
            "media_url": media_url(self._origin, one.id),
            "alt_text": one.alt or None,
        }

    def _comment(self, thing: Thing) -> dict[str, Any]:
        author = self._world.author(thing)
        shown: dict[str, Any] = {
            "id": thing.id,
            "text": thing.text,
            "timestamp": time(thing.at),
            "username": author.handle,
            "from": {"id": author.id, "username": author.handle},
            "hidden": thing.hidden,
            "like_count": self._world.likes(thing),
        }
        if thing.parent != thing.root:
            shown["parent_id"] = thing.parent
        answers = self._world.replies(_NAME, thing.id)
        if answers and "replies" in self._fields:
            within: dict[str, Any] = {"data": [self._comment(one) for one in answers[: self._within]]}
            if len(answers) > self._within:
                address = f"{self._origin}/v26.0/{thing.id}/replies"
                within["paging"] = {
                    "cursors": {"after": ""},
                    "next": f"{address}?access_token={self._request.token}&offset=0",
                }
            shown["replies"] = within
        return shown

    def _conversation(self, one: Conversation) -> dict[str, Any]:
        return {"id": one.id, "updated_time": time(one.updated_at)}

    def _message(self, thing: Thing) -> dict[str, Any]:
        author = self._world.author(thing)
        sent = [
            {
                f"{one.kind}_data": {"width": one.width, "height": one.height, "url": media_url(self._origin, one.id)},
                "id": one.id,
            }
            for one in thing.attachments
        ]
        return {
            "id": thing.id,
            "created_time": time(thing.at),
            "from": {"id": author.id, "username": author.handle},
            "to": {"data": [{"id": self._mine.id, "username": self._mine.handle}]},
            "message": thing.text,
            "attachments": {"data": sent} if sent else None,
        }
