"""The city's pages on Facebook, as the Graph API shows them to their own tokens."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from samplecity.social import lists
from samplecity.social.api import Api, holder, media_url, reply
from samplecity.social.graph import asked_fields, failed, not_there, only, paged, refusal, time
from samplecity.social.model import hashtags

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from samplecity.faults import Reply
    from samplecity.social.api import ErrorKind, Request
    from samplecity.social.model import Attachment, Conversation, Person, SocialAccount, Thing
    from samplecity.social.world import SocialWorld

_NAME = "facebook"
_PATH = re.compile(r"/v\d+\.\d+/(?P<node>[^/]+)(?:/(?P<edge>[^/]+))?")
_SCOPES = [
    "pages_show_list",
    "pages_read_engagement",
    "pages_read_user_content",
    "pages_messaging",
    "pages_manage_metadata",
]


class Facebook(Api):
    """The Graph API. `most`: entries at once."""

    platform = _NAME

    def __init__(self, most: int = 100) -> None:
        self._most = most

    def answer(self, world: SocialWorld, request: Request, origin: str) -> Reply:
        """Answer a request; see `samplecity.social.api.Api`."""
        match = _PATH.fullmatch(request.path)
        if match is None:
            return failed(2500, "Unknown path components")
        if match["node"] == "debug_token":
            return _debug(world, request)
        page = holder(world, _NAME, request.token)
        if page is None:
            return self.error("token")
        if world.status(_NAME, page.key) == "suspended":
            return not_there(match["node"])
        return _View(world, request, origin, page, self._most).answer(match["node"], match["edge"])

    def error(self, kind: ErrorKind, seconds: float = 1.0) -> Reply:  # noqa: ARG002 - its waits are told in whole minutes
        """The platform's own words for what failed."""
        return refusal(kind, 32)

    def settings(self, account: SocialAccount) -> dict[str, str]:  # noqa: ARG002 - the protocol's shape
        """Nothing beside the address and the token."""
        return {}


def _debug(world: SocialWorld, request: Request) -> Reply:
    page = holder(world, _NAME, request.param("input_token"))
    if page is None:
        error = {"code": 190, "message": "Error validating access token", "subcode": 463}
        return reply({"data": {"error": error, "is_valid": False, "scopes": []}})
    data = {
        "app_id": "1",
        "type": "PAGE",
        "application": "Archive",
        "data_access_expires_at": 0,
        "expires_at": 0,
        "is_valid": True,
        "scopes": _SCOPES,
        "profile_id": page.id,
    }
    return reply({"data": data})


class _View:
    """The platform as one request of a page sees it."""

    def __init__(self, world: SocialWorld, request: Request, origin: str, page: SocialAccount, most: int) -> None:
        self._world, self._request, self._origin, self._page, self._most = world, request, origin, page, most
        self._fields = asked_fields(request)

    def answer(self, node: str, edge: str | None) -> Reply:
        """Answer for a node, or an edge of it."""
        if edge is None:
            return self._node(node)
        if edge == "comments":
            return self._comments(node)
        if edge == "messages":
            return self._messages(node)
        account = self._world.account(_NAME, node) if node != "me" else self._page
        if account is None or account.key != self._page.key:
            return not_there(node)
        return self._edge(account, edge)

    def _edge(self, page: SocialAccount, edge: str) -> Reply:
        posts = [one for one in self._world.posts(_NAME, page.key) if not one.reel]
        visitors = self._world.visitor_posts(_NAME, page.key)
        feed = sorted([*posts, *visitors], key=lambda one: one.order, reverse=True)
        edges: dict[str, Callable[[], Reply]] = {
            "published_posts": lambda: self._listed(posts, by_time=True),
            "posts": lambda: self._listed(posts, by_time=True),
            "feed": lambda: self._listed(feed, by_time=True),
            "tagged": lambda: self._listed(self._world.mentions(_NAME, page.key)),
            "video_reels": lambda: self._paged(
                [one for one in self._world.posts(_NAME, page.key) if one.reel], self._reel
            ),
            "stories": lambda: self._paged(self._world.stories(_NAME, page.key), self._story),
            "conversations": lambda: self._paged(self._world.conversations(_NAME, page.key), self._conversation),
            "blocked": lambda: self._paged(lists.blocked(_NAME, page.key, self._world.night), _person),
        }
        if edge not in edges:
            return failed(100, f"(#100) Tried accessing nonexisting field ({edge}) on node type (Page)")
        return edges[edge]()

    def _listed(self, things: Sequence[Thing], *, by_time: bool = False) -> Reply:
        return self._paged(things, self._post, by_time=by_time)

    def _paged(self, listed: Sequence[Any], show: Any, *, by_time: bool = False, **around: Any) -> Reply:
        address = f"{self._origin}{self._request.path}"
        return paged(
            self._request,
            listed,
            lambda each: only(show(each), self._fields),
            address,
            by_time=by_time,
            most=self._most,
            **around,
        )

    def _node(self, node: str) -> Reply:
        account = self._page if node == "me" else self._world.account(_NAME, node)
        if account is not None:
            return (
                reply(only(self._profile(account), self._fields)) if account.key == self._page.key else not_there(node)
            )
        attachment = self._world.attachment(_NAME, node)
        if attachment is not None:
            return reply(only(self._photo(attachment), self._fields))
        thing = self._world.thing(_NAME, node)
        if thing is None or thing.account != self._page.key:
            return not_there(node)
        shown = self._comment(thing) if thing.kind == "comment" else self._post(thing)
        if thing.reel:  # a reel is a video
            shown["source"] = media_url(self._origin, thing.attachments[0].id) if thing.attachments else None
        return reply(only(shown, self._fields))

    def _comments(self, node: str) -> Reply:
        post = self._world.thing(_NAME, node)
        if post is None:
            return not_there(node)
        found = list(self._world.comments(_NAME, post.root or post.id))
        if post.kind == "comment":
            found = list(self._world.replies(_NAME, post.id))
        elif self._request.param("filter", "toplevel") == "toplevel":
            found = [one for one in found if one.parent == post.id]
        if self._request.param("order") == "reverse_chronological":
            found.reverse()
        around: dict[str, Any] = {}
        if self._request.param("summary") == "true":
            total = self._world.counted(_NAME, post.id)
            around["summary"] = {"order": "chronological", "total_count": total, "can_comment": True}
        return self._paged(found, self._comment, **around)

    def _messages(self, node: str) -> Reply:
        mine = {one.id for one in self._world.conversations(_NAME, self._page.key)}
        if node not in mine:
            return not_there(node)
        return self._paged(self._world.messages(_NAME, node), self._message)

    def _profile(self, page: SocialAccount) -> dict[str, Any]:
        return {
            "id": page.id,
            "name": page.name,
            "username": page.handle,
            "about": page.purpose,
            "category": "Government organization",
            "link": f"https://www.facebook.com/{page.handle}",
            "fan_count": 2100,
            "followers_count": 2200,
            "verification_status": "blue_verified",
            "is_published": True,
        }

    def _post(self, thing: Thing) -> dict[str, Any]:
        author = self._world.author(thing)
        post, _, number = thing.id.rpartition("_")
        return {
            "id": thing.id,
            "message": thing.text or None,
            "message_tags": [
                {"id": "1", "name": f"#{tag}", "offset": 0, "length": len(tag) + 1} for tag in hashtags(thing.text)
            ]
            or None,
            "created_time": time(thing.at),
            "updated_time": time(thing.at),
            "is_published": True,
            "is_hidden": False,
            "status_type": "added_photos" if thing.attachments else "mobile_status_update",
            "permalink_url": f"https://www.facebook.com/{post}/posts/{number}",
            "from": _person(author),
            "privacy": {"value": "EVERYONE", "description": "Public"},
            "attachments": self._attachments(thing),
            "comments": {
                "data": [],
                "summary": {
                    "order": "chronological",
                    "total_count": self._world.counted(_NAME, thing.id),
                    "can_comment": True,
                },
            },
            "reactions": {"data": [], "summary": {"total_count": self._world.likes(thing), "viewer_reaction": "NONE"}},
        }

    def _reel(self, thing: Thing) -> dict[str, Any]:
        shown = self._post(thing)
        return {
            "id": thing.id,
            "description": thing.text,
            "created_time": shown["created_time"],
            "permalink_url": f"/reel/{thing.id}/",
            "from": shown["from"],
            "published": True,
            "length": 1.0,
            "comments": shown["comments"],
            "likes": {"data": [], "summary": shown["reactions"]["summary"]},
        }

    def _story(self, thing: Thing) -> dict[str, Any]:
        first = thing.attachments[0] if thing.attachments else None
        return {
            "post_id": thing.id,
            "status": "PUBLISHED",
            "creation_time": str(int(thing.at.timestamp())),
            "media_type": "video" if first and first.kind == "video" else "photo",
            "media_id": first.id if first else None,
            "url": f"https://facebook.com/stories/{thing.id}",
        }

    def _comment(self, thing: Thing) -> dict[str, Any]:
        attachments = self._attachments(thing)
        return {
            "id": thing.id,
            "message": thing.text,
            "created_time": time(thing.at),
            "from": _person(self._world.author(thing)),
            "parent": {"id": thing.parent} if thing.parent != thing.root else None,
            "comment_count": len(self._world.replies(_NAME, thing.id)),
            "like_count": self._world.likes(thing),
            "is_hidden": thing.hidden,
            "is_private": False,
            "permalink_url": f"https://www.facebook.com/{(thing.root or '').replace('_', '/posts/')}/?comment_id={thing.id}",
            "attachment": attachments["data"][0] if attachments else None,
        }

    def _conversation(self, one: Conversation) -> dict[str, Any]:
        return {
            "id": one.id,
            "updated_time": time(one.updated_at),
            "message_count": one.count,
            "participants": {"data": [_person(each) for each in one.participants]},
        }

    def _message(self, thing: Thing) -> dict[str, Any]:
        sent = [
            {
                "id": one.id,
                "mime_type": one.mime,
                "name": f"{one.kind}-{one.id}",
                "size": len(one.data),
                f"{one.kind}_data": {"width": one.width, "height": one.height, "url": media_url(self._origin, one.id)},
            }
            for one in thing.attachments
        ]
        return {
            "id": thing.id,
            "created_time": time(thing.at),
            "from": _person(self._world.author(thing)),
            "to": {"data": [_person(self._page.person)]},
            "message": thing.text,
            "tags": {"data": [{"name": "inbox"}]},
            "attachments": {"data": sent} if sent else None,
        }

    def _attachments(self, thing: Thing) -> dict[str, Any] | None:
        shown = [self._attachment(one) for one in thing.attachments]
        if not shown:
            return None
        if len(shown) == 1:
            return {"data": shown}
        album = {"media_type": "album", "type": "album", "title": "Photos", "target": {"id": thing.id}}
        return {"data": [{**album, "url": "https://www.facebook.com/", "subattachments": {"data": shown}}]}

    def _attachment(self, one: Attachment) -> dict[str, Any]:
        url = media_url(self._origin, one.id)
        video = one.kind == "video"
        media: dict[str, Any] = {"image": {"height": one.height, "src": f"{url}", "width": one.width}}
        if video:
            media["source"] = url
        return {
            "description": one.alt or None,
            "media_type": "video" if video else "photo",
            "media": media,
            "target": {"id": one.id, "url": f"https://www.facebook.com/photo/{one.id}"},
            "type": "video_inline" if video else "photo",
            "url": f"https://www.facebook.com/photo/{one.id}",
        }

    def _photo(self, one: Attachment) -> dict[str, Any]:
        url = media_url(self._origin, one.id)
        if one.kind == "video":
            return {"id": one.id, "source": url}
        small = {"height": one.height // 2, "width": one.width // 2, "source": f"{url}?small"}
        return {"id": one.id, "images": [small, {"height": one.height, "width": one.width, "source": url}]}


def _person(person: Person) -> dict[str, Any]:
    return {"name": person.name, "id": person.id}
