"""The city's pages on LinkedIn, as its versioned REST API shows them to an administrator.

Shapes as learn.microsoft.com/linkedin describes them (community-management/shares: posts-api, comments-api, social-metadata-api,
images-api; shared/api-guide: error-handling, pagination; shared/authentication/token-introspection).
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from samplecity.social.api import Api, cut_at, holder, media_url, reply

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from samplecity.faults import Reply
    from samplecity.social.api import ErrorKind, Request
    from samplecity.social.model import Attachment, SocialAccount, Thing
    from samplecity.social.world import SocialWorld

_NAME = "linkedin"
_CLIENT = "sample-city"
_MOST = 100
_ACTIVE = ("202511", "202610")
_ORGANIZATION, _PERSON = "urn:li:organization:", "urn:li:person:"
_AN_HOUR = 3600
_WORD = re.compile(r"#(\w+)|([|{}@\[\]()<>#\\*_~])")
_TOKEN_DAYS = 60


class LinkedIn(Api):
    """The API.

    Args:
        most: how many posts or comments a page has at most, whatever is asked for.
    """

    platform = _NAME

    def __init__(self, most: int = _MOST) -> None:
        self._most = most

    def answer(self, world: SocialWorld, request: Request, origin: str) -> Reply:
        """Answer a request; see `samplecity.social.api.Api`."""
        if (request.method, request.path) == ("POST", "/oauth/v2/introspectToken"):
            return _introspected(world, request)
        account = holder(world, _NAME, request.token)
        if account is None:
            return self.error("token")
        version = request.headers.get("linkedin-version", "")
        if not _ACTIVE[0] <= version <= _ACTIVE[1]:
            return _failed(426, "NONEXISTENT_VERSION", f"Requested version {version}01 is not active")
        if request.headers.get("x-restli-protocol-version") != "2.0.0" or request.method != "GET":
            return _failed(400, "ILLEGAL_ARGUMENT", "Syntax exception in path variables")
        return _Server(world, request, origin, account, self._most).answer()

    def error(self, kind: ErrorKind, seconds: float = 1.0) -> Reply:
        """LinkedIn's own words for what failed; a limit that lasts long is the day's."""
        match kind:
            case "rate_limit":
                which = "APPLICATION DAY" if seconds > _AN_HOUR else "MEMBER MINUTE"
                words = f"Resource level throttle {which} limit for calls to this resource is reached."
                return _failed(429, "TOO_MANY_REQUESTS", words)
            case "token":
                return _failed(
                    401, "REVOKED_ACCESS_TOKEN", "The token used in the request has been revoked by the user"
                )
            case "permission":
                return _failed(403, "ACCESS_DENIED", "Not enough permissions to access: partnerApiPosts.FINDER-author")
            case _:
                return _failed(500, "INTERNAL_SERVER_ERROR", "Internal Server Error")

    def settings(self, account: SocialAccount) -> dict[str, str]:
        """What asking about the token takes; the app's secret is read from the variable of the token."""
        return {"client_id": _CLIENT, "client_secret": f"env:{account.token_variable}"}


class _Server:
    """The resources, for one request of the administrator of one page."""

    def __init__(self, world: SocialWorld, request: Request, origin: str, account: SocialAccount, most: int) -> None:
        self._world, self._request, self._origin, self._account, self._most = world, request, origin, account, most

    def answer(self) -> Reply:  # noqa: PLR0911 - one for each resource
        """Answer it."""
        parts = self._request.path.removeprefix("/rest/").split("/")
        match parts:
            case ["organizations"]:
                return self._by_name()
            case ["organizations", identity]:
                account = self._world.account(_NAME, identity)
                return self._page_of(account) if account and account.id == identity else _missing()
            case ["posts"]:
                return self._posts()
            case ["posts", urn]:
                thing = self._readable(urn)
                return reply(self._post(thing)) if thing and thing.kind == "post" else _missing()
            case ["socialMetadata"]:
                return self._metadata()
            case ["socialActions", urn, "comments"]:
                return self._comments(urn)
            case ["socialActions", urn, "comments", identity]:
                thing = self._readable(f"urn:li:comment:({urn},{identity})")
                return reply(self._comment(thing)) if thing and thing.kind == "comment" else _missing()
            case ["images" | "videos", urn]:
                return self._medium(urn)
            case _:
                return _missing()

    def _by_name(self) -> Reply:
        account = self._world.account(_NAME, self._request.param("vanityName"))
        if account is None or account.handle != self._request.param("vanityName").lower():
            return self._listed([], 0)
        return self._listed([{"id": int(account.id), "vanityName": account.handle, "localizedName": account.name}], 1)

    def _page_of(self, account: SocialAccount) -> Reply:
        if self._world.status(_NAME, account.key) != "active":
            return _missing()
        return reply(
            {
                "id": int(account.id),
                "vanityName": account.handle,
                "localizedName": account.name,
                "localizedDescription": account.purpose,
                "localizedWebsite": "https://laspalmasverdes.test",
                "primaryOrganizationType": "NONE",
            }
        )

    def _readable(self, urn: str) -> Thing | None:
        thing = self._world.thing(_NAME, urn)
        if thing is None or self._world.status(_NAME, thing.account) in ("suspended", "deleted"):
            return None
        return thing

    def _posts(self) -> Reply:
        if self._request.param("author") != f"{_ORGANIZATION}{self._account.id}":
            return _failed(403, "ACCESS_DENIED", "Field Value validation failed in PARAMS: [author]")
        if self._request.headers.get("x-restli-method") != "FINDER" or self._request.param("q") != "author":
            return _failed(400, "ILLEGAL_ARGUMENT", "No finder was asked for")
        if self._world.status(_NAME, self._account.key) != "active":
            return _missing()
        things = list(self._world.posts(_NAME, self._account.key))
        if self._request.param("sortBy") == "LAST_MODIFIED":
            things.sort(key=lambda one: one.edited_at or one.at, reverse=True)
        return self._paged(things, self._post)

    def _paged(self, things: Sequence[Thing], show: Any) -> Reply:
        count = min(max(1, self._request.number("count", 10)), self._most)
        start = max(0, self._request.number("start", 0))
        shown, following = cut_at(self._request, things, start, count)
        return self._listed([show(one) for one in shown], len(things), start, count, following)

    def _listed(
        self, elements: list[Any], total: int, start: int = 0, count: int = 10, following: int | None = None
    ) -> Reply:
        links = []
        if following is not None:
            others = "&".join(
                f"{name}={quote(value, safe='')}" for name, value in self._request.query if name != "start"
            )
            href = f"{self._request.path}?{others}&start={following}"
            links.append({"type": "application/json", "rel": "next", "href": href})
        return reply({"paging": {"start": start, "count": count, "links": links, "total": total}, "elements": elements})

    def _post(self, thing: Thing) -> dict[str, Any]:
        made = _milliseconds(thing.at)
        content: dict[str, Any] = {}
        match [self._named(each) for each in thing.attachments]:
            case []:
                pass
            case [only]:
                content["media"] = only
            case several:
                content["multiImage"] = {"images": several}
        return {
            "id": thing.id,
            "author": f"{_ORGANIZATION}{thing.author.id}",
            "commentary": _little(thing.text),
            **({"content": content} if content else {}),
            "createdAt": made,
            "publishedAt": made,
            "lastModifiedAt": _milliseconds(thing.edited_at or thing.at),
            "lifecycleState": "PUBLISHED",
            "lifecycleStateInfo": {"isEditedByAuthor": thing.edited_at is not None},
            "visibility": "PUBLIC",
            "distribution": {"feedDistribution": "MAIN_FEED", "thirdPartyDistributionChannels": []},
            "isReshareDisabledByAuthor": False,
        }

    @staticmethod
    def _named(attachment: Attachment) -> dict[str, Any]:
        return {"id": f"urn:li:{attachment.kind}:{attachment.id}", "altText": attachment.alt}

    def _metadata(self) -> Reply:
        listed = self._request.param("ids")
        results = {}
        for urn in listed.removeprefix("List(").removesuffix(")").split(","):
            thing = self._readable(urn)
            if thing is None or thing.kind != "post":
                continue
            comments = self._world.comments(_NAME, urn)
            results[urn] = {
                "entity": urn,
                "commentsState": "CLOSED" if thing.comments_disabled else "OPEN",
                "commentSummary": {
                    "count": self._world.counted(_NAME, urn),
                    "topLevelCount": sum(1 for one in comments if one.parent == urn),
                },
                "reactionSummaries": {"LIKE": {"reactionType": "LIKE", "count": self._world.likes(thing)}},
            }
        return reply({"results": results, "statuses": {}, "errors": {}})

    def _comments(self, urn: str) -> Reply:
        on = self._readable(urn)
        if on is None:
            return _missing()
        root = on if on.kind == "post" else self._world.thing(_NAME, on.root or "")
        if root is None or root.comments_disabled:
            return self._listed([], 0)
        return self._paged(self._world.replies(_NAME, urn), self._comment)

    def _comment(self, thing: Thing) -> dict[str, Any]:
        author = self._world.author(thing)
        mine = any(author.id == one.id for one in self._world.accounts(_NAME))
        actor = f"{_ORGANIZATION if mine else _PERSON}{author.id}"
        root, _, number = thing.id.removeprefix("urn:li:comment:(").removesuffix(")").rpartition(",")
        answers = self._world.replies(_NAME, thing.id)
        summary = {"aggregatedTotalComments": len(answers), "totalFirstLevelComments": len(answers)}
        return {
            "actor": actor,
            "commentUrn": thing.id,
            "created": {"actor": actor, "time": _milliseconds(thing.at)},
            "lastModified": {"actor": actor, "time": _milliseconds(thing.edited_at or thing.at)},
            "id": number,
            "message": {"attributes": [], "text": thing.text},
            "object": root,
            **({"parentComment": thing.parent} if thing.parent != thing.root else {}),
            **({"commentsSummary": summary} if answers else {}),
            "likesSummary": {"aggregatedTotalLikes": self._world.likes(thing), "totalLikes": self._world.likes(thing)},
        }

    def _medium(self, urn: str) -> Reply:
        identity = urn.rpartition(":")[2]
        if self._world.attachment(_NAME, identity) is None:
            return _missing()
        return reply({"id": urn, "status": "AVAILABLE", "downloadUrl": media_url(self._origin, identity)})


def _introspected(world: SocialWorld, request: Request) -> Reply:
    form = request.form()
    account = holder(world, _NAME, form.get("token", ""))
    if form.get("client_id") != _CLIENT or not form.get("client_secret"):
        return reply({"error": "invalid_client", "error_description": "Client authentication failed"}, 401)
    if account is None:
        return reply({"active": False, "status": "revoked"})
    newest = max(one.at for one in world.posts(_NAME, account.key))
    return reply(
        {
            "active": True,
            "client_id": _CLIENT,
            "status": "active",
            "created_at": int(newest.timestamp()),
            "expires_at": int((newest + timedelta(days=_TOKEN_DAYS)).timestamp()),
            "scope": "r_organization_social,rw_organization_admin",
            "auth_type": "3L",
        }
    )


def _little(text: str) -> str:
    """Words as little text: hashtags as templates, what means something escaped."""
    return _WORD.sub(lambda found: f"{{hashtag|\\#|{found[1]}}}" if found[1] else f"\\{found[2]}", text)


def _failed(status: int, code: str, message: str) -> Reply:
    return reply({"status": status, "code": code, "message": message}, status)


def _missing() -> Reply:
    return _failed(404, "NOT_FOUND", "Entity not found")


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
