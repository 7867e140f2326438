"""The city's pages on Facebook, as the Graph API shows them to their own tokens."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from samplecity.social import lists
from samplecity.social.api import media_url, reply
from samplecity.social.graph import GraphApi, GraphView, no_such_edge, not_there, time
from samplecity.social.model import hashtags

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from samplecity.faults import Reply
    from samplecity.social.api import Request
    from samplecity.social.model import Attachment, Conversation, Person, SocialAccount, Thing, Track
    from samplecity.social.world import SocialWorld

_NAME = "facebook"
AUTOMATIC = "May be an image of outdoors"
"""What Facebook says by itself of a picture."""
_SCOPES = [
    "pages_show_list",
    "pages_read_engagement",
    "pages_read_user_content",
    "pages_messaging",
    "pages_manage_metadata",
]


class Facebook(GraphApi):
    """The Graph API."""

    platform = _NAME
    path = re.compile(r"/v\d+\.\d+/(?P<node>[^/]*)(?:/(?P<edge>[^/]+))?")
    limit_code = 32

    def view(self, world: SocialWorld, request: Request, origin: str, account: SocialAccount) -> GraphView:
        """See `GraphApi.view`."""
        return _View(world, request, origin, account, self._most)

    def debugged(self, account: SocialAccount | None) -> Reply:
        """See `GraphApi.debugged`; a page's token has no end."""
        if account is None:
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
            "profile_id": account.id,
        }
        return reply({"data": data})


class _View(GraphView):
    """The platform as one request of a page sees it."""

    platform = _NAME

    def _below(self, node: str, edge: str) -> Reply:
        match edge:
            case "comments":
                return self._comments(node)
            case "messages":
                return self._messages(node, self._message)
            case "captions":
                return self._captions(node)
            case _:
                return not_there(node)

    def _edge(self, account: SocialAccount, edge: str) -> Reply:
        posts = [one for one in self._world.posts(_NAME, account.key) if not one.reel]
        visitors = self._world.visitor_posts(_NAME, account.key)
        feed = sorted([*posts, *visitors], key=lambda one: one.order, reverse=True)
        edges: dict[str, Callable[[], Reply]] = {
            "published_posts": lambda: self._listed(posts, by_time=True),
            "posts": lambda: self._listed(posts, by_time=True),
            "feed": lambda: self._listed(feed, by_time=True),
            "tagged": lambda: self._listed(self._world.mentions(_NAME, account.key)),
            "video_reels": lambda: self._paged(
                [one for one in self._world.posts(_NAME, account.key) if one.reel], self._reel
            ),
            "stories": lambda: self._paged(self._world.stories(_NAME, account.key), self._story),
            "conversations": lambda: self._paged(self._world.conversations(_NAME, account.key), self._conversation),
            "blocked": lambda: self._paged(lists.blocked(_NAME, account.key, self._world.night), _person),
        }
        if edge not in edges:
            return no_such_edge(edge, "Page")
        return edges[edge]()

    def _listed(self, things: Sequence[Thing], *, by_time: bool = False) -> Reply:
        return self._paged(things, self._post, by_time=by_time)

    def _shown(self, thing: Thing) -> dict[str, Any]:
        shown = self._comment(thing) if thing.kind == "comment" else self._post(thing)
        if thing.reel:  # a reel is a video
            shown["source"] = media_url(self._origin, thing.attachments[0].id) if thing.attachments else None
            shown["captions"] = self._tracks(thing, thing.id)
        return shown

    def _captions(self, node: str) -> Reply:
        video = self._world.attachment(_NAME, node)
        thing = self._world.shown_by(_NAME, node) if video else self._world.thing(_NAME, node)
        if thing is None or thing.account != self._mine.key:
            return not_there(node)
        if video.kind != "video" if video else not thing.reel:
            return no_such_edge("captions", "Photo" if video else "Post")
        return self._paged([each for each in thing.tracks if each.video == node], self._track)

    def _tracks(self, thing: Thing | None, video: str) -> dict[str, Any]:
        tracks = [each for each in (thing.tracks if thing else ()) if each.video == video]
        return {"data": [self._track(each) for each in tracks]}

    def _track(self, one: Track) -> dict[str, Any]:
        region = {"en": "US", "es": "LA"}.get(one.language, one.language.upper())
        return {
            "id": one.id,
            "locale": f"{one.language}_{region}",
            "locale_name": {"en": "English", "es": "Español"}.get(one.language, one.language),
            "uri": media_url(self._origin, one.id),
            "is_auto_generated": False,
            "is_default": False,
            "created_time": time(one.updated),
        }

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

    def _profile(self, account: SocialAccount) -> dict[str, Any]:
        return {
            "id": account.id,
            "name": account.name,
            "username": account.handle,
            "about": account.purpose,
            "category": "Government organization",
            "link": f"https://www.facebook.com/{account.handle}",
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
            "to": {"data": [_person(self._mine.person)]},
            "message": thing.text,
            "tags": {"data": [{"name": "inbox"}]},
            "attachments": {"data": sent} if sent else None,
        }

    def _attachments(self, thing: Thing) -> dict[str, Any] | None:
        shown = [self._attachment(one) for one in thing.attachments]
        if not shown:
            return None
        if len(shown) == 1:
            return {"data": [{"description": thing.text or None, **shown[0]}]}
        album = {"media_type": "album", "type": "album", "title": "Photos", "target": {"id": thing.id}}
        return {"data": [{**album, "url": "https://www.facebook.com/", "subattachments": {"data": shown}}]}

    def _attachment(self, one: Attachment) -> dict[str, Any]:
        url = media_url(self._origin, one.id)
        video = one.kind == "video"
        media: dict[str, Any] = {"image": {"height": one.height, "src": f"{url}", "width": one.width}}
        if video:
            media["source"] = url
        return {
            "media_type": "video" if video else "photo",
            "media": media,
            "target": {"id": one.id, "url": f"https://www.facebook.com/photo/{one.id}"},
            "type": "video_inline" if video else "photo",
            "url": f"https://www.facebook.com/photo/{one.id}",
        }

    def _file(self, one: Attachment) -> dict[str, Any]:
        url = media_url(self._origin, one.id)
        if one.kind == "video":
            return {"id": one.id, "source": url, "captions": self._tracks(self._world.shown_by(_NAME, one.id), one.id)}
        small = {"height": one.height // 2, "width": one.width // 2, "source": f"{url}?small"}
        images = [small, {"height": one.height, "width": one.width, "source": url}]
        return {"id": one.id, "images": images, "alt_text": one.alt or AUTOMATIC, "alt_text_custom": one.alt or None}


def _person(person: Person) -> dict[str, Any]:
    return {"name": person.name, "id": person.id}
