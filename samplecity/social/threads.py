"""The city's accounts on Threads, as its API shows them to their own tokens."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from samplecity.social.api import media_url
from samplecity.social.graph import GraphApi, GraphView, no_such_edge, not_there, time

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from samplecity.faults import Reply
    from samplecity.social.api import Request
    from samplecity.social.model import Attachment, SocialAccount, Thing
    from samplecity.social.world import SocialWorld

_NAME = "threads"


class Threads(GraphApi):
    """The API."""

    platform = _NAME
    path = re.compile(r"(?:/v1\.0)?/(?P<node>[^/]+)(?:/(?P<edge>[^/]+))?")
    life = 5_183_944

    def view(self, world: SocialWorld, request: Request, origin: str, account: SocialAccount) -> GraphView:
        """See `GraphApi.view`."""
        return _View(world, request, origin, account, self._most)


class _View(GraphView):
    """The platform as one request of an account sees it: whatever is public can be read by its id."""

    platform = _NAME

    def _sees(self, thing: Thing) -> bool:  # noqa: ARG002 - everything
        return True

    def _edge(self, account: SocialAccount, edge: str) -> Reply:
        key = account.key
        edges: dict[str, Callable[[], Sequence[Thing]]] = {
            "threads": lambda: self._world.posts(_NAME, key),
            "replies": lambda: [one for one in self._world.authored(_NAME, key) if one.kind == "comment"],
            "mentions": lambda: self._world.mentions(_NAME, key),
        }
        if edge not in edges:
            return no_such_edge(edge, "ThreadsUser")
        return self._paged(edges[edge](), self._post)

    def _below(self, node: str, edge: str) -> Reply:
        post = self._world.thing(_NAME, node)
        if post is None:
            return not_there(node)
        found = list(self._world.comments(_NAME, post.root or post.id))
        if edge == "replies":
            found = list(self._world.replies(_NAME, post.id))
        elif edge != "conversation":
            return no_such_edge(edge, "ThreadsMedia")
        if self._request.param("reverse", "true") == "true":
            found.reverse()
        return self._paged(found, self._post)

    def _shown(self, thing: Thing) -> dict[str, Any]:
        return self._post(thing)

    def _profile(self, account: SocialAccount) -> dict[str, Any]:
        return {
            "id": account.id,
            "username": account.handle,
            "name": account.name,
            "threads_biography": account.purpose,
            "is_verified": True,
        }

    def _post(self, thing: Thing, *, inside: bool = False) -> dict[str, Any]:
        author = self._world.author(thing)
        many = len(thing.attachments) > 1
        first = thing.attachments[0] if thing.attachments else None
        kind = "CAROUSEL_ALBUM" if many else first.kind.upper() if first else "TEXT_POST"
        shown: dict[str, Any] = {
            "id": thing.id,
            "media_product_type": "THREADS",
            "media_type": "REPOST_FACADE" if thing.reposts else kind,
            "permalink": f"https://www.threads.com/@{author.handle}/post/{thing.id}",
            "username": author.handle,
            "text": thing.text or None,
            "timestamp": time(thing.at),
            "shortcode": thing.id,
            "is_quote_post": thing.quotes is not None,
            "has_replies": bool(self._world.replies(_NAME, thing.id)),
            "reply_audience": "EVERYONE",
            "is_reply": thing.kind == "comment",
        }
        if author.id == self._mine.person.id:
            shown["owner"] = {"id": author.id}
        if many:
            shown["children"] = {"data": [self._file(one) for one in thing.attachments]}
        elif first:
            shown |= {name: value for name, value in self._file(first).items() if name not in {"id", "media_type"}}
        if not inside:
            shown |= self._around(thing)
        return shown

    def _around(self, thing: Thing) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "quoted_post": self._other(thing.quotes),
            "reposted_post": self._other(thing.reposts),
        }
        if thing.kind == "comment":
            shown |= {
                "is_reply_owned_by_me": thing.author.id == self._mine.person.id,
                "hide_status": "HIDDEN" if thing.hidden else "NOT_HUSHED",
                "root_post": self._other(thing.root),
                "replied_to": self._other(thing.parent),
            }
        return shown

    def _other(self, identity: str | None) -> dict[str, Any] | None:
        thing = self._world.thing(_NAME, identity) if identity else None
        return None if thing is None else self._post(thing, inside=True)

    def _file(self, one: Attachment) -> dict[str, Any]:
        return {
            "id": one.id,
            "media_type": one.kind.upper(),
            "media_url": media_url(self._origin, one.id),
            "alt_text": one.alt or None,
        }
