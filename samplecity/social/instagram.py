"""The city's accounts on Instagram, as the Graph API shows them by either log-in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from samplecity.social.api import media_url, reply
from samplecity.social.graph import GraphApi, GraphView, no_such_edge, not_there, time

if TYPE_CHECKING:
    from collections.abc import Callable

    from samplecity.faults import Reply
    from samplecity.social.api import Request
    from samplecity.social.model import Attachment, Conversation, SocialAccount, Thing
    from samplecity.social.world import SocialWorld

_NAME = "instagram"
_COMMENTS_AT_ONCE = 50


class Instagram(GraphApi):
    """The Graph API. `answers`: of a comment, within it."""

    platform = _NAME
    path = re.compile(r"(?:/v\d+\.\d+)?/(?P<node>[^/]+)(?:/(?P<edge>[^/]+))?")
    life = 5_184_000

    def __init__(self, most: int = 100, answers: int = 25) -> None:
        super().__init__(most)
        self._answers = answers

    def view(self, world: SocialWorld, request: Request, origin: str, account: SocialAccount) -> GraphView:
        """See `GraphApi.view`."""
        return _View(world, request, origin, account, self._most, self._answers)

    def debugged(self, account: SocialAccount | None) -> Reply:
        """See `GraphApi.debugged`."""
        if account is None:
            error = {"code": 190, "message": "Error validating access token"}
            return reply({"data": {"error": error, "is_valid": False}})
        scopes = ["instagram_basic", "instagram_manage_comments", "instagram_manage_messages", "pages_show_list"]
        told = {"type": "PAGE", "expires_at": 0, "is_valid": True, "scopes": [*scopes, "pages_read_engagement"]}
        return reply({"data": told})

    def settings(self, account: SocialAccount) -> dict[str, str]:
        """The library's account is read by the log-in of its page."""
        return {"login": "facebook"} if account.key.startswith("library") else {"login": "instagram"}


class _View(GraphView):
    """The platform as one request of an account sees it."""

    platform = _NAME

    def __init__(
        self, world: SocialWorld, request: Request, origin: str, mine: SocialAccount, most: int, within: int
    ) -> None:
        super().__init__(world, request, origin, mine, most)
        self._within = within

    def _below(self, node: str, edge: str) -> Reply:
        match edge:
            case "comments" | "replies":
                return self._comments(node)
            case "messages":
                return self._messages(node, self._message)
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
            return no_such_edge(edge, "IGUser")
        return edges[edge]()

    def _shown(self, thing: Thing) -> dict[str, Any]:
        return self._comment(thing) if thing.kind == "comment" else self._media(thing)

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
