"""The city's instance of Mastodon, as its REST API shows it; residents are on another one, known here by federation.

Shapes as in the recorded exchanges of a Mastodon 4.5 and mastodon/documentation (content/en/entities, methods). What the
residents wrote can also be asked for at its own address below `/_elsewhere/`, as ActivityPub objects.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from samplecity.social import lists
from samplecity.social.api import Api, cut, holder, media_url, reply
from samplecity.social.model import hashtags, mentions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from samplecity.faults import Reply
    from samplecity.social.api import ErrorKind, Request
    from samplecity.social.model import Attachment, Edit, Person, SocialAccount, Thing
    from samplecity.social.world import SocialWorld

_NAME = "mastodon"
_ANONYMOUS_DESCENDANTS = 60
_PUBLIC = frozenset({"public", "unlisted"})
_SHOWN_OF_A_LINK = 30
_WORD = re.compile(r"(https?://[^\s<>\"”]+[\w/])|#(\w+)|(?<![\w/])@([\w.\-]*\w)")
_SCOPES = ["read", "profile"]


class Mastodon(Api):
    """The instance."""

    platform = _NAME

    def answer(self, world: SocialWorld, request: Request, origin: str) -> Reply:
        """Answer a request; see `samplecity.social.api.Api`."""
        viewer = holder(world, _NAME, request.token)
        if request.token and viewer is None:
            return self._headed(request, self.error("token"))
        return self._headed(request, _View(world, request, origin, viewer).answer())

    def error(self, kind: ErrorKind, seconds: float = 1.0) -> Reply:
        """The instance's own words for what failed."""
        match kind:
            case "rate_limit":
                return reply({"error": "Too many requests"}, 429, {"x-ratelimit-reset": _soon(seconds)})
            case "token":
                return reply({"error": "The access token is invalid"}, 401)
            case "permission":
                return reply({"error": "This action is not allowed"}, 403)
            case _:
                return reply({"error": "An unexpected error occurred"}, 500)

    @staticmethod
    def _headed(request: Request, answer: Reply) -> Reply:
        if request.budget is not None:
            answer.headers.setdefault("x-ratelimit-limit", str(request.budget.limit))
            answer.headers.setdefault("x-ratelimit-remaining", str(request.budget.remaining))
            reset = datetime.fromtimestamp(request.budget.reset, UTC)
            answer.headers.setdefault("x-ratelimit-reset", _time(reset))
        return answer


class _View:
    """The instance as one request sees it."""

    def __init__(self, world: SocialWorld, request: Request, origin: str, viewer: SocialAccount | None) -> None:
        self._world, self._request, self._origin, self._viewer = world, request, origin, viewer

    def answer(self) -> Reply:
        """Answer it."""
        parts = [part for part in self._request.path.split("/") if part]
        match parts:
            case ["_elsewhere", *_]:
                return self._elsewhere(self._request.path)
            case ["api", "v1", "accounts", *rest]:
                return self._accounts(rest)
            case ["api", "v1", "statuses", identity, *what]:
                return self._status(identity, what)
            case ["api", _, *rest]:
                return self._further("/".join(rest))
            case _:
                return _missing()

    def _accounts(self, rest: Sequence[str]) -> Reply:
        match rest:
            case ["lookup"]:
                return self._account_or_not(self._world.account(_NAME, self._request.param("acct").partition("@")[0]))
            case ["verify_credentials"]:
                return self._own(lambda viewer: reply(self._account(viewer.person)))
            case [number]:
                return self._account_or_not(self._world.account(_NAME, number))
            case [number, "statuses"]:
                return self._statuses(number)
            case [number, "followers"]:
                return self._people(self._followers(number))
            case _:
                return _missing()

    def _further(self, name: str) -> Reply:
        own: dict[str, Callable[[SocialAccount], Reply]] = {
            "apps/verify_credentials": lambda _: reply({"name": "Archive", "website": None, "scopes": _SCOPES}),
            "blocks": lambda viewer: self._people(self._blocked(viewer)),
            "notifications": self._notifications,
            "conversations": self._conversations,
            "search": self._search,
        }
        if name == "instance":
            return reply({"uri": "social.laspalmasverdes.test", "title": "Las Palmas Verdes", "version": "4.5.0"})
        return self._own(own[name]) if name in own else _missing()

    def _own(self, make: Callable[[SocialAccount], Reply]) -> Reply:
        if self._viewer is None:
            return reply({"error": "This method requires an authenticated user"}, 401)
        return make(self._viewer)

    def _account_or_not(self, account: SocialAccount | None) -> Reply:
        if account is None or self._world.status(_NAME, account.key) == "deleted":
            return _missing()
        shown = self._account(account.person)
        if self._world.status(_NAME, account.key) == "suspended":
            shown |= {"suspended": True, "note": "", "display_name": "", "fields": []}
        return reply(shown)

    def _statuses(self, number: str) -> Reply:
        account = self._world.account(_NAME, number)
        if account is None:
            return _missing()
        things: list[Thing] = list(self._world.authored(_NAME, account.key))
        mine = self._viewer is not None and self._viewer.key == account.key
        if mine:
            things += [one for one in self._messages(account) if one.author.id == account.person.id]
            things.sort(key=lambda one: one.order, reverse=True)
        else:
            things = [one for one in things if one.visibility in _PUBLIC]
        if self._world.status(_NAME, account.key) != "active":
            things = []
        page, links = self._page(things, lambda one: one.id)
        return reply([self._shown(one) for one in page], headers=links)

    def _status(self, identity: str, what: Sequence[str]) -> Reply:
        thing = self._world.thing(_NAME, identity)
        if thing is None or not self._may_see(thing):
            return _missing()
        match what:
            case []:
                return reply(self._shown(thing))
            case ["context"]:
                below = list(self._below(thing))
                if self._viewer is None:
                    below = below[:_ANONYMOUS_DESCENDANTS]
                above = list(self._above(thing))
                return reply({"ancestors": self._all_shown(above), "descendants": self._all_shown(below)})
            case ["history"]:
                states: list[Thing | Edit] = [*thing.edits, thing]
                return reply([self._state(thing, one) for one in states])
            case _:
                return _missing()

    def _all_shown(self, things: Sequence[Thing]) -> list[dict[str, Any]]:
        return [self._shown(one) for one in things]

    def _above(self, thing: Thing) -> Iterator[Thing]:
        chain: list[Thing] = []
        while thing.parent and (parent := self._world.thing(_NAME, thing.parent)) and self._may_see(parent):
            chain.append(parent)
            thing = parent
        yield from reversed(chain)

    def _below(self, thing: Thing) -> Iterator[Thing]:
        """Depth first, as the instance sorts them; what stands below something that is gone is not reached."""
        waiting = [thing]
        while waiting:
            one = waiting.pop()
            if one is not thing:
                yield one
            waiting += [each for each in reversed(self._answers(one)) if self._may_see(each)]

    def _answers(self, thing: Thing) -> Sequence[Thing]:
        if thing.kind == "message":
            every = reversed(self._world.messages(_NAME, thing.conversation or ""))
            return [one for one in every if one.parent == thing.id]
        return self._world.replies(_NAME, thing.id)

    def _may_see(self, thing: Thing) -> bool:
        return (thing.visibility in _PUBLIC and thing.kind != "message") or self._viewer is not None

    def _messages(self, account: SocialAccount) -> Iterator[Thing]:
        for conversation in self._world.conversations(_NAME, account.key):
            yield from self._world.messages(_NAME, conversation.id)

    def _notifications(self, viewer: SocialAccount) -> Reply:
        page, links = self._page(self._world.mentions(_NAME, viewer.key), lambda one: one.id)
        return reply(
            [
                {
                    "id": one.id,
                    "type": "mention",
                    "created_at": _time(one.at),
                    "group_key": f"ungrouped-{one.id}",
                    "account": self._account(one.author),
                    "status": self._shown(one),
                }
                for one in page
            ],
            headers=links,
        )

    def _conversations(self, viewer: SocialAccount) -> Reply:
        listed = self._world.conversations(_NAME, viewer.key)
        page, links = self._page(listed, lambda one: one.id)
        return reply(
            [
                {
                    "id": one.id,
                    "unread": False,
                    "accounts": [self._account(each) for each in one.participants if each.id != viewer.person.id],
                    "last_status": self._shown(self._world.messages(_NAME, one.id)[0]),
                }
                for one in page
            ],
            headers=links,
        )

    def _search(self, viewer: SocialAccount) -> Reply:  # noqa: ARG002 - only somebody who is logged in may
        wanted = self._request.param("q")
        thing = self._world.thing(_NAME, wanted.removesuffix("/activity").rpartition("/")[2])
        found = [self._shown(thing)] if thing is not None and self._uri(thing) == wanted else []
        return reply({"accounts": [], "statuses": found, "hashtags": []})

    def _followers(self, number: str) -> list[Person]:
        account = self._world.account(_NAME, number)
        return lists.followers(_NAME, account.key, self._world.night) if account else []

    def _blocked(self, viewer: SocialAccount) -> list[Person]:
        return lists.blocked(_NAME, viewer.key, self._world.night)

    def _people(self, people: Sequence[Person]) -> Reply:
        page, links = self._page(people, lambda one: one.id)
        return reply([self._account(one) for one in page], headers=links)

    def _page(self, listed: Sequence[Any], name: Any) -> tuple[list[Any], dict[str, str]]:
        """A page and its links; a number as `max_id` begins below it, what an earlier link said goes on there."""
        cursor, limit = self._request.param("max_id"), min(40, self._request.number("limit", 20))
        if cursor.isdigit():
            listed, cursor = [one for one in listed if (len(name(one)), name(one)) < (len(cursor), cursor)], ""
        page = cut(self._request, listed, limit, cursor)
        base = f"{self._origin}{self._request.path}"
        kept = [(key, value) for key, value in self._request.query if key not in {"max_id", "min_id", "access_token"}]
        links = []
        if page.next is not None:
            links.append(f'<{base}?{urlencode([*kept, ("max_id", page.next)])}>; rel="next"')
        if page.items:
            links.append(f'<{base}?{urlencode([*kept, ("min_id", name(page.items[0]))])}>; rel="prev"')
        return page.items, {"link": ", ".join(links)} if links else {}

    def _shown(self, thing: Thing, *, inside: bool = False) -> dict[str, Any]:
        """A Status."""
        author = self._world.author(thing)
        parent = self._world.thing(_NAME, thing.parent) if thing.parent else None
        boosted = self._world.thing(_NAME, thing.reposts) if thing.reposts else None
        owner = self._world.by_key(_NAME, thing.account)
        answered = self._world.author(parent).id if parent else owner.person.id if owner else author.id
        return {
            "id": thing.id,
            "created_at": _time(thing.at),
            "in_reply_to_id": parent.id if parent else None,
            "in_reply_to_account_id": answered if thing.parent else None,
            "sensitive": False,
            "spoiler_text": "",
            "visibility": "direct" if thing.kind == "message" else thing.visibility,
            "language": thing.lang,
            "uri": self._uri(thing),
            "url": self._url(thing),
            "replies_count": len(self._answers(thing)),
            "reblogs_count": 0,
            "favourites_count": self._world.likes(thing),
            "quotes_count": 0,
            "edited_at": _time(thing.edited_at) if thing.edited_at else None,
            "favourited": False,
            "reblogged": False,
            "muted": False,
            "bookmarked": False,
            "content": self._html(thing.text),
            "filtered": [],
            "reblog": self._shown(boosted, inside=True) if boosted is not None and not inside else None,
            "application": {"name": "Web", "website": None} if owner and author.id == owner.person.id else None,
            "account": self._account(author),
            "media_attachments": [self._attachment(one) for one in thing.attachments],
            "mentions": [
                {"id": one.id, "username": one.handle, "url": self._address(one), "acct": one.handle}
                for name in mentions(thing.text)
                if (known := self._world.account(_NAME, name)) is not None
                for one in [known.person]
            ],
            "tags": [{"name": tag, "url": f"{self._origin}/tags/{tag}"} for tag in hashtags(thing.text)],
            "emojis": [],
            "tagged_collections": [],
            "quote": None if inside else self._quote(thing),
            "card": None,
            "poll": None,
            "quote_approval": {"automatic": ["public"], "manual": [], "current_user": "automatic"},
        }

    def _quote(self, thing: Thing) -> dict[str, Any] | None:
        if not thing.quotes:
            return None
        quoted = self._world.thing(_NAME, thing.quotes)
        if quoted is None:
            return {"state": "deleted", "quoted_status": None}
        return {"state": "accepted", "quoted_status": self._shown(quoted, inside=True)}

    def _state(self, thing: Thing, state: Thing | Edit) -> dict[str, Any]:
        """A StatusEdit."""
        at = thing.edited_at or thing.at if state is thing else state.at
        return {
            "content": self._html(state.text),
            "spoiler_text": "",
            "sensitive": False,
            "created_at": _time(at),
            "account": self._account(self._world.author(thing)),
            "media_attachments": [self._attachment(one) for one in state.attachments],
            "emojis": [],
        }

    def _attachment(self, one: Attachment) -> dict[str, Any]:
        url = media_url(self._origin, one.id)
        return {
            "id": one.id,
            "type": one.kind,
            "url": url,
            "preview_url": url,
            "remote_url": None,
            "preview_remote_url": None,
            "text_url": None,
            "meta": {"original": {"width": one.width, "height": one.height, "size": f"{one.width}x{one.height}"}},
            "description": one.alt or None,
            "blurhash": None,
        }

    def _account(self, person: Person) -> dict[str, Any]:
        here = self._world.account(_NAME, person.id)
        picture = "missing.png"
        return {
            "id": person.id,
            "username": person.handle.partition("@")[0],
            "acct": person.handle,
            "display_name": person.name,
            "locked": False,
            "bot": False,
            "discoverable": True,
            "indexable": True,
            "group": False,
            "created_at": "2023-02-01T00:00:00.000Z",
            "note": f"<p>{escape(here.purpose)}</p>" if here else "",
            "url": self._address(person),
            "uri": self._person(person),
            "avatar": f"{self._origin}/avatars/original/{picture}",
            "avatar_static": f"{self._origin}/avatars/original/{picture}",
            "avatar_description": "",
            "header": f"{self._origin}/headers/original/{picture}",
            "header_static": f"{self._origin}/headers/original/{picture}",
            "header_description": "",
            "followers_count": 120,
            "following_count": 3,
            "statuses_count": len(self._world.authored(_NAME, here.key)) if here else 1,
            "last_status_at": None,
            "hide_collections": None,
            "show_media": True,
            "show_media_replies": True,
            "show_featured": True,
            "noindex": False,
            "feature_approval": {"automatic": ["public"], "manual": [], "current_user": "automatic"},
            "emojis": [],
            "roles": [],
            "fields": [{"name": "Department", "value": escape(here.department), "verified_at": None}] if here else [],
        }

    def _person(self, person: Person) -> str:
        if "@" in person.handle:
            return f"{self._origin}/_elsewhere/users/{person.handle.partition('@')[0]}"
        return f"{self._origin}/ap/users/{person.id}"

    def _address(self, person: Person) -> str:
        return f"{self._origin}/@{person.handle}"

    def _uri(self, thing: Thing) -> str:
        return f"{self._person(thing.author)}/statuses/{thing.id}{'/activity' if thing.reposts else ''}"

    def _url(self, thing: Thing) -> str | None:
        return None if thing.reposts else f"{self._address(self._world.author(thing))}/{thing.id}"

    def _elsewhere(self, path: str) -> Reply:
        identity = path.rpartition("/")[2]
        thing = self._world.thing(_NAME, identity)
        if thing is None:
            return reply({"error": "Gone"}, 410) if self._world.was(_NAME, identity) else _missing()
        return reply(
            {
                "@context": "https://www.w3.org/ns/activitystreams",
                "id": self._uri(thing),
                "type": "Note",
                "published": _time(thing.at),
                "attributedTo": self._person(thing.author),
                "content": self._html(thing.text),
                "to": ["https://www.w3.org/ns/activitystreams#Public"],
            },
            headers={"content-type": "application/activity+json; charset=utf-8"},
        )

    def _html(self, text: str) -> str:
        """A text as Mastodon formats it: paragraphs, and links whose middle alone is shown."""
        if not text:
            return ""
        parts = ["<p>"]
        at = 0
        for match in _WORD.finditer(text):
            parts.append(_lines(text[at : match.start()]))
            at = match.end()
            parts.append(self._word(match))
        return "".join([*parts, _lines(text[at:]), "</p>"])

    def _word(self, match: re.Match[str]) -> str:
        link, tag, name = match.groups()
        if link:
            scheme, _, rest = link.partition("://")
            shown, hidden = rest[:_SHOWN_OF_A_LINK], rest[_SHOWN_OF_A_LINK:]
            style = ' class="ellipsis"' if hidden else ""
            return (
                f'<a href="{escape(link)}" target="_blank" rel="nofollow noopener" translate="no">'
                f'<span class="invisible">{scheme}://</span><span{style}>{escape(shown)}</span>'
                f'<span class="invisible">{escape(hidden)}</span></a>'
            )
        if tag:
            return (
                f'<a href="{self._origin}/tags/{tag}" class="mention hashtag" rel="tag">#<span>{escape(tag)}</span></a>'
            )
        if self._world.account(_NAME, name) is None:
            return escape(match[0])
        return (
            f'<span class="h-card" translate="no"><a href="{self._origin}/@{escape(name)}" class="u-url mention">'
            f"@<span>{escape(name)}</span></a></span>"
        )


def _lines(text: str) -> str:
    return escape(text).replace("\n\n", "</p><p>").replace("\n", "<br />")


def _missing() -> Reply:
    return reply({"error": "Record not found"}, 404)


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def _soon(seconds: float) -> str:
    return _time(datetime.fromtimestamp(datetime.now(UTC).timestamp() + seconds, UTC))
