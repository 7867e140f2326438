"""The city's instance of Mastodon, as its REST API shows it; residents are on another one, known here by federation.

Shapes as in the recorded exchanges of a Mastodon 4.5 and mastodon/documentation (content/en/entities, methods). What the
residents wrote can also be asked for at its own address below `/_elsewhere/`, as ActivityPub objects.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from samplecity.social import lists
from samplecity.social.api import Api, cut, holder, reply
from samplecity.social.mastodon_entities import NAME, Entities, time_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from samplecity.faults import Reply
    from samplecity.social.api import ErrorKind, Request
    from samplecity.social.model import Edit, Person, SocialAccount, Thing
    from samplecity.social.world import SocialWorld

_ANONYMOUS_DESCENDANTS = 60
_PUBLIC = frozenset({"public", "unlisted"})
_SCOPES = ["read", "profile"]


class Mastodon(Api):
    """The instance."""

    platform = NAME

    def answer(self, world: SocialWorld, request: Request, origin: str) -> Reply:
        """Answer a request; see `samplecity.social.api.Api`."""
        viewer = holder(world, NAME, request.token)
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
            case "cursor":
                return reply({"error": "Validation failed: the place is not valid"}, 422)
            case _:
                return reply({"error": "An unexpected error occurred"}, 500)

    @staticmethod
    def _headed(request: Request, answer: Reply) -> Reply:
        if request.budget is not None:
            answer.headers.setdefault("x-ratelimit-limit", str(request.budget.limit))
            answer.headers.setdefault("x-ratelimit-remaining", str(request.budget.remaining))
            reset = datetime.fromtimestamp(request.budget.reset, UTC)
            answer.headers.setdefault("x-ratelimit-reset", time_of(reset))
        return answer


class _View:
    """The instance as one request sees it."""

    def __init__(self, world: SocialWorld, request: Request, origin: str, viewer: SocialAccount | None) -> None:
        self._world, self._request, self._origin, self._viewer = world, request, origin, viewer
        self._entities = Entities(world, origin)

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
                return self._account_or_not(self._world.account(NAME, self._request.param("acct").partition("@")[0]))
            case ["verify_credentials"]:
                return self._own(lambda viewer: reply(self._entities.account(viewer.person)))
            case [number]:
                return self._account_or_not(self._world.account(NAME, number))
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
        if account is None or self._world.status(NAME, account.key) == "deleted":
            return _missing()
        shown = self._entities.account(account.person)
        if self._world.status(NAME, account.key) == "suspended":
            shown |= {"suspended": True, "note": "", "display_name": "", "fields": []}
        return reply(shown)

    def _statuses(self, number: str) -> Reply:
        account = self._world.account(NAME, number)
        if account is None:
            return _missing()
        things: list[Thing] = list(self._world.authored(NAME, account.key))
        mine = self._viewer is not None and self._viewer.key == account.key
        if mine:
            things += [one for one in self._messages(account) if one.author.id == account.person.id]
            things.sort(key=lambda one: one.order, reverse=True)
        else:
            things = [one for one in things if one.visibility in _PUBLIC]
        if self._world.status(NAME, account.key) != "active":
            things = []
        page, links = self._page(things, lambda one: one.id)
        return reply([self._entities.status(one) for one in page], headers=links)

    def _status(self, identity: str, what: Sequence[str]) -> Reply:
        thing = self._world.thing(NAME, identity)
        if thing is None or not self._may_see(thing):
            return _missing()
        match what:
            case []:
                return reply(self._entities.status(thing))
            case ["context"]:
                below = list(self._below(thing))
                if self._viewer is None:
                    below = below[:_ANONYMOUS_DESCENDANTS]
                above = list(self._above(thing))
                return reply({"ancestors": self._all_shown(above), "descendants": self._all_shown(below)})
            case ["history"]:
                states: list[Thing | Edit] = [*thing.edits, thing]
                return reply([self._entities.edit(thing, one) for one in states])
            case _:
                return _missing()

    def _all_shown(self, things: Sequence[Thing]) -> list[dict[str, Any]]:
        return [self._entities.status(one) for one in things]

    def _above(self, thing: Thing) -> Iterator[Thing]:
        chain: list[Thing] = []
        while thing.parent and (parent := self._world.thing(NAME, thing.parent)) and self._may_see(parent):
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
            waiting += [each for each in reversed(self._entities.answers(one)) if self._may_see(each)]

    def _may_see(self, thing: Thing) -> bool:
        return (thing.visibility in _PUBLIC and thing.kind != "message") or self._viewer is not None

    def _messages(self, account: SocialAccount) -> Iterator[Thing]:
        for conversation in self._world.conversations(NAME, account.key):
            yield from self._world.messages(NAME, conversation.id)

    def _notifications(self, viewer: SocialAccount) -> Reply:
        page, links = self._page(self._world.mentions(NAME, viewer.key), lambda one: one.id)
        return reply(
            [
                {
                    "id": one.id,
                    "type": "mention",
                    "created_at": time_of(one.at),
                    "group_key": f"ungrouped-{one.id}",
                    "account": self._entities.account(one.author),
                    "status": self._entities.status(one),
                }
                for one in page
            ],
            headers=links,
        )

    def _conversations(self, viewer: SocialAccount) -> Reply:
        listed = self._world.conversations(NAME, viewer.key)
        page, links = self._page(listed, lambda one: one.id)
        return reply(
            [
                {
                    "id": one.id,
                    "unread": False,
                    "accounts": [
                        self._entities.account(each) for each in one.participants if each.id != viewer.person.id
                    ],
                    "last_status": self._entities.status(self._world.messages(NAME, one.id)[0]),
                }
                for one in page
            ],
            headers=links,
        )

    def _search(self, viewer: SocialAccount) -> Reply:  # noqa: ARG002 - only somebody who is logged in may
        wanted = self._request.param("q")
        thing = self._world.thing(NAME, wanted.removesuffix("/activity").rpartition("/")[2])
        found = [self._entities.status(thing)] if thing is not None and self._entities.uri(thing) == wanted else []
        return reply({"accounts": [], "statuses": found, "hashtags": []})

    def _followers(self, number: str) -> list[Person]:
        account = self._world.account(NAME, number)
        return lists.followers(NAME, account.key, self._world.night) if account else []

    def _blocked(self, viewer: SocialAccount) -> list[Person]:
        return lists.blocked(NAME, viewer.key, self._world.night)

    def _people(self, people: Sequence[Person]) -> Reply:
        page, links = self._page(people, lambda one: one.id)
        return reply([self._entities.account(one) for one in page], headers=links)

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

    def _elsewhere(self, path: str) -> Reply:
        identity = path.rpartition("/")[2]
        thing = self._world.thing(NAME, identity)
        if thing is None:
            return reply({"error": "Gone"}, 410) if self._world.was(NAME, identity) else _missing()
        return reply(
            {
                "@context": "https://www.w3.org/ns/activitystreams",
                "id": self._entities.uri(thing),
                "type": "Note",
                "published": time_of(thing.at),
                "attributedTo": self._entities.person(thing.author),
                "content": self._entities.html(thing.text),
                "to": ["https://www.w3.org/ns/activitystreams#Public"],
            },
            headers={"content-type": "application/activity+json; charset=utf-8"},
        )


def _missing() -> Reply:
    return reply({"error": "Record not found"}, 404)


def _soon(seconds: float) -> str:
    return time_of(datetime.fromtimestamp(datetime.now(UTC).timestamp() + seconds, UTC))
