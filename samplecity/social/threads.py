"""The city's accounts on Threads, as its API shows them to their own tokens."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from samplecity.social.api import Api, holder, media_url, reply
from samplecity.social.graph import asked_fields, failed, not_there, only, paged, refusal, time

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from samplecity.faults import Reply
    from samplecity.social.api import ErrorKind, Request
    from samplecity.social.model import Attachment, SocialAccount, Thing
    from samplecity.social.world import SocialWorld

_NAME = "threads"
_PATH = re.compile(r"(?:/v1\.0)?/(?P<node>[^/]+)(?:/(?P<edge>[^/]+))?")
_LIFE = 5_183_944


class Threads(Api):
    """The API. `most`: entries at once."""

    platform = _NAME

    def __init__(self, most: int = 100) -> None:
        self._most = most

    def answer(self, world: SocialWorld, request: Request, origin: str) -> Reply:
        """Answer a request; see `samplecity.social.api.Api`."""
        match = _PATH.fullmatch(request.path)
        if match is None:
            return failed(2500, "Unknown path components")
        account = holder(world, _NAME, request.token)
        if account is None:
            return self.error("token")
        if match["node"] == "refresh_access_token":
            return reply({"access_token": request.token, "token_type": "bearer", "expires_in": _LIFE})
        if world.status(_NAME, account.key) == "suspended":
            return not_there(match["node"])
        return _View(world, request, origin, account, self._most).answer(match["node"], match["edge"])

    def error(self, kind: ErrorKind, seconds: float = 1.0) -> Reply:  # noqa: ARG002 - its waits are told in whole minutes
        """The platform's own words for what failed."""
        return refusal(kind, 4)


class _View:
    """The platform as one request of an account sees it."""

    def __init__(self, world: SocialWorld, request: Request, origin: str, mine: SocialAccount, most: int) -> None:
        self._world, self._request, self._origin, self._mine, self._most = world, request, origin, mine, most
        self._fields = asked_fields(request)

    def answer(self, node: str, edge: str | None) -> Reply:
        """Answer for a node, or an edge of it."""
        account = self._mine if node == "me" else self._world.account(_NAME, node)
        if account is not None and account.key != self._mine.key:
            return not_there(node)
        if edge is None:
            return self._node(node, account)
        if account is not None:
            return self._edge(edge)
        return self._below(node, edge)

    def _edge(self, edge: str) -> Reply:
        key = self._mine.key
        edges: dict[str, Callable[[], Sequence[Thing]]] = {
            "threads": lambda: self._world.posts(_NAME, key),
            "replies": lambda: [one for one in self._world.authored(_NAME, key) if one.kind == "comment"],
            "mentions": lambda: self._world.mentions(_NAME, key),
        }
        if edge not in edges:
            return failed(100, f"(#100) Tried accessing nonexisting field ({edge}) on node type (ThreadsUser)")
        return self._paged(edges[edge]())

    def _below(self, node: str, edge: str) -> Reply:
        post = self._world.thing(_NAME, node)
        if post is None:
            return not_there(node)
        found = list(self._world.comments(_NAME, post.root or post.id))
        if edge == "replies":
            found = list(self._world.replies(_NAME, post.id))
        elif edge != "conversation":
            return failed(100, f"(#100) Tried accessing nonexisting field ({edge}) on node type (ThreadsMedia)")
        if self._request.param("reverse", "true") == "true":
            found.reverse()
        return self._paged(found)

    def _paged(self, things: Sequence[Thing]) -> Reply:
        address = f"{self._origin}{self._request.path}"
        return paged(self._request, things, lambda each: only(self._post(each), self._fields), address, most=self._most)

    def _node(self, node: str, account: SocialAccount | None) -> Reply:
        if account is not None:
            return reply(only(self._profile(account), self._fields))
        attachment = self._world.attachment(_NAME, node)
        if attachment is not None:
            return reply(only(self._file(attachment), self._fields))
        thing = self._world.thing(_NAME, node)
        return not_there(node) if thing is None else reply(only(self._post(thing), self._fields))

    @staticmethod
    def _profile(account: SocialAccount) -> dict[str, Any]:
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
