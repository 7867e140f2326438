"""The city on X, as its API v2 shows it, in the words of `post` or of `tweet`, as it is asked.

Paths, caps and refusals as docs.x.com has them (x-api/users, posts, direct-messages, usage, fundamentals/rate-limits,
resources/fundamentals/authentication) and as users report them (a month's cap as 429, missing credit as 402, 429 with
requests left where full searches follow each other too closely). What is not there is told under status 200.
"""

from __future__ import annotations

import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any, Literal

from samplecity.social import lists
from samplecity.social.api import Api, cut, holder, reply
from samplecity.social.x_shapes import NAME, Shapes, missing
from samplecity.social.x_words import NEW, OLD, Words, refusal, refused, spoken

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from samplecity.faults import Reply
    from samplecity.social.api import ErrorKind, Request
    from samplecity.social.model import SocialAccount, Thing
    from samplecity.social.world import SocialWorld

_TIMELINE_CAP, _MENTIONS_CAP, _MESSAGE_DAYS, _RECENT_DAYS = 3200, 800, 30, 7
_SEARCHED_DAYS = {"all": 30, "recent": _RECENT_DAYS}
"""What a search finds that does not say since when (posts/search/quickstart/full-archive-search)."""
_LONGEST = {"all": 1024, "recent": 512}
_BEGAN = datetime(2006, 3, 21, tzinfo=UTC)
_LATE = timedelta(seconds=40)
"""A search ends half a minute before it is asked for, and must begin ten seconds before that."""
_CAP = 3_000_000
_CLIENT = "sample-city"
_SIZES = {"tweets": (5, 100), "mentions": (5, 100), "all": (10, 500), "recent": (10, 100), "dm_events": (1, 100)}
_PEOPLE = (1, 1000)
_ERRORS: dict[str, tuple[str, int]] = {
    "rate_limit": ("Too Many Requests", 429),
    "token": ("Unauthorized", 401),
    "permission": ("Forbidden", 403),
    "server_error": ("Service Unavailable", 503),
}


class X(Api):
    """The API. What it keeps, by the origin of the city: which posts were read in which night, and used refresh tokens.

    Args:
        understands: the vocabularies that it knows; what is asked in none of their words is in those of the first.
        most: items of a page, however many are asked for.
        cap: posts that may be read in a month.
        refusal: how it says that this is used up: 429 for a `cap`, 402 for `credits`.
        pause: seconds between two full searches of one token.
        lasting: whether the register's tokens are good. False: they have ended, as any after two hours, and can be renewed.
    """

    platform = NAME

    def __init__(
        self,
        *,
        understands: Iterable[Words] = (NEW, OLD),
        most: int = 100,
        cap: int = _CAP,
        refusal: Literal["cap", "credits"] = "cap",
        pause: float = 0.0,
        lasting: bool = True,
    ) -> None:
        self._understands, self._most, self._lasting = tuple(understands), most, lasting
        self._cap, self._refusal, self._pause = cap, refusal, pause
        self._read: defaultdict[str, set[tuple[int, str]]] = defaultdict(set)
        self._searched: dict[tuple[str, str], float] = {}
        self._used: defaultdict[str, set[str]] = defaultdict(set)
        self._serial = count(1)

    def answer(self, world: SocialWorld, request: Request, origin: str) -> Reply:
        """Answer a request; see `samplecity.social.api.Api`."""
        answer = self._answer(world, request, origin)
        if request.budget is not None:
            answer.headers.setdefault("x-rate-limit-limit", str(request.budget.limit))
            answer.headers.setdefault("x-rate-limit-remaining", str(request.budget.remaining))
            answer.headers.setdefault("x-rate-limit-reset", str(request.budget.reset))
        return answer

    def error(self, kind: ErrorKind, seconds: float = 1.0) -> Reply:
        """X's own words for what failed."""
        if kind == "cursor":
            said = "The `pagination_token` query parameter value is not valid"
            return reply(refused(self._understands[0], "pagination_token", "", said), 400)
        title, status = _ERRORS[kind]
        told = {"title": title, "detail": title, "type": "about:blank", "status": status}
        if kind != "rate_limit":
            return reply(told, status)
        reset = str(int(time.time() + max(1.0, seconds)) + 1)
        return reply(told, status, {"x-rate-limit-remaining": "0", "x-rate-limit-reset": reset})

    def settings(self, account: SocialAccount) -> dict[str, str]:
        """What renewing takes, and money enough for the nights of a whole city."""
        renewing = {"refresh_token": f"env:{account.token_variable}", "client_id": _CLIENT}
        return {"monthly_spend_usd": "100000", **({} if self._lasting else renewing)}

    def _answer(self, world: SocialWorld, request: Request, origin: str) -> Reply:
        if (request.method, request.path) == ("POST", "/2/oauth2/token"):
            return self._renew(world, request, origin)
        viewer = self._opened_by(world, request.token)
        if viewer is None:
            return self.error("token")
        if request.path == "/2/usage/tweets":
            return self._usage(origin)
        if request.path == "/2/tweets/search/all" and not self._may_search(origin, request.token):
            return reply(
                {"title": "Too Many Requests", "detail": "Too Many Requests", "type": "about:blank", "status": 429}, 429
            )
        if len(self._read[origin]) >= self._cap:
            return self._exhausted(viewer)
        view = _View(world, request, origin, viewer, spoken(dict(request.query), self._understands), self._most)
        answer = view.answer()
        self._read[origin].update((world.night, each) for each in view.read)
        return answer

    def _may_search(self, origin: str, token: str) -> bool:
        now, last = time.monotonic(), self._searched.get((origin, token))
        if last is not None and now - last < self._pause:
            return False
        self._searched[origin, token] = now
        return True

    def _usage(self, origin: str) -> Reply:
        read = len(self._read[origin])
        told = {"cap_reset_day": 1, "project_cap": str(self._cap), "project_id": "7", "project_usage": str(read)}
        return reply({"data": told})

    def _exhausted(self, viewer: SocialAccount) -> Reply:
        if self._refusal == "credits":
            told = {
                "account_id": viewer.id,
                "title": "CreditsDepleted",
                "detail": "Your enrolled account does not have any credits to fulfill this request.",
                "type": f"{NEW.problems}credits",
            }
            return reply(told, 402)
        told = {
            "account_id": viewer.id,
            "product_name": "standard-basic",
            "title": "UsageCapExceeded",
            "period": "Monthly",
            "scope": "Product",
            "detail": "Usage cap exceeded: Monthly product cap",
            "type": f"{OLD.problems}usage-capped",
        }
        return reply(told, 429)

    def _opened_by(self, world: SocialWorld, token: str) -> SocialAccount | None:
        """Whose token it is: one of the register, or one that was renewed this night."""
        if self._lasting or not token.startswith("act."):
            return holder(world, NAME, token) if self._lasting else None
        _, key, night, _ = token.split(".")
        return holder(world, NAME, f"token-{NAME}-{key}") if night == str(world.night) else None

    def _renew(self, world: SocialWorld, request: Request, origin: str) -> Reply:
        """A refresh token can be used once, and gives another; those of the register stand for a connection made anew."""
        form = request.form()
        given = form.get("refresh_token", "")
        key = given.split(".")[1] if given.startswith("ref.") else given.removeprefix(f"token-{NAME}-")
        account = holder(world, NAME, f"token-{NAME}-{key}")
        wrong = form.get("grant_type") != "refresh_token" or form.get("client_id") != _CLIENT
        if wrong or account is None or given in self._used[origin]:
            words = "Value passed for the token was invalid."
            return reply({"error": "invalid_request", "error_description": words}, 400)
        if given != account.token:
            self._used[origin].add(given)
        serial = next(self._serial)
        return reply(
            {
                "token_type": "bearer",
                "expires_in": 7200,
                "access_token": f"act.{key}.{world.night}.{serial}",
                "scope": "tweet.read users.read dm.read block.read follows.read offline.access",
                "refresh_token": f"ref.{key}.{serial}",
            }
        )


class _View:
    """X as one request sees it. `read` is which posts the answer shows."""

    def __init__(
        self, world: SocialWorld, request: Request, origin: str, viewer: SocialAccount, words: Words, most: int
    ) -> None:
        self.read: set[str] = set()
        self._world, self._request, self._viewer, self._words, self._most = world, request, viewer, words, most
        self._query = dict(request.query)
        self._shapes = Shapes(world, self._query, words, origin)

    def answer(self) -> Reply:
        """Answer it."""
        parts = [part for part in self._request.path.split("/") if part][1:]
        sizes = _SIZES.get(parts[-1] if parts else "", _PEOPLE)
        if wrong := refusal(self._query, self._words, sizes):
            return reply(wrong, 400)
        match parts:
            case ["users", *rest]:
                return self._users(rest)
            case ["tweets", *rest]:
                return self._tweets(rest)
            case ["dm_events", *rest]:
                return self._events(rest, None)
            case ["dm_conversations", conversation, "dm_events"]:
                return self._events([], conversation)
            case _:
                return _nothing()

    def _users(self, rest: Sequence[str]) -> Reply:
        world = self._world
        match rest:
            case ["me"]:
                return self._user(self._viewer, self._viewer.id, "id")
            case ["by", "username", name]:
                return self._user(world.account(NAME, name), name, "username")
            case [identity]:
                return self._user(world.account(NAME, identity), identity, "id")
            case [identity, listing]:
                account = world.account(NAME, identity)
                if account is None or world.status(NAME, account.key) != "active":
                    return self._user(account, identity, "id")
                return self._listing(account, listing)
            case _:
                return _nothing()

    def _user(self, account: SocialAccount | None, asked: str, parameter: str) -> Reply:
        stands = None if account is None else self._world.status(NAME, account.key)
        if account is not None and stands in {"active", "token_dead"}:
            return self._reply(self._shapes.user(account, len(self._world.authored(NAME, account.key))))
        problem = missing(self._words, "user", asked, parameter)
        if stands == "suspended":
            problem |= {"title": "Forbidden", "detail": f"User has been suspended: [{asked}]."}
        return reply({"errors": [problem]})

    def _listing(self, account: SocialAccount, listing: str) -> Reply:
        world, mine = self._world, account.key == self._viewer.key
        match listing:
            case "tweets":
                return self._posts(world.authored(NAME, account.key)[:_TIMELINE_CAP])
            case "mentions":
                return self._posts(world.mentions(NAME, account.key)[:_MENTIONS_CAP])
            case "followers" | "blocking" if mine or listing == "followers":
                people = lists.blocked if listing == "blocking" else lists.followers
                found = people(NAME, account.key, world.night)
                page = cut(self._request, found, self._size(), self._cursor())
                return self._reply([self._shapes.person(one) for one in page.items], following=page.next)
            case "blocking":
                return reply({"title": "Forbidden", "detail": "Forbidden", "type": "about:blank", "status": 403}, 403)
            case _:
                return _nothing()

    def _tweets(self, rest: Sequence[str]) -> Reply:
        query = self._query.get("query", "")
        match rest:
            case []:
                return self._lookup(self._query.get("ids", "").split(","), "ids")
            case ["search", "all" | "recent" as how]:
                return self._search(query, how)
            case [identity]:
                return self._lookup([identity], "id")
            case _:
                return _nothing()

    def _search(self, query: str, how: str) -> Reply:
        """What a query finds: posts of conversations, and direct answers. Unless it says since when, of the last 30 days; by the
        recent search of the last 7, and of no more whatever is said.
        """
        world = self._world
        if len(query) > _LONGEST[how]:
            return self._invalid("query", query, f"The query is longer than {_LONGEST[how]} characters")
        found: dict[str, Thing] = {}
        for term in query.split(" OR "):
            operator, _, identity = term.partition(":")
            if operator not in {"conversation_id", "in_reply_to_tweet_id"} or not identity.isdigit():
                return self._invalid("query", query, f"Reference to invalid operator '{operator}'")
            if operator == "in_reply_to_tweet_id":
                found.update((one.id, one) for one in world.replies(NAME, identity))
            else:
                root = world.thing(NAME, identity)
                found.update((one.id, one) for one in (*world.comments(NAME, identity), *([root] if root else [])))
        things = sorted(found.values(), key=lambda one: one.order, reverse=True)
        said = self._query.get("start_time")
        if said is None:
            return self._posts(world.within(things, _SEARCHED_DAYS[how]))
        try:
            since = datetime.strptime(said, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except ValueError:
            return self._invalid("start_time", said, "It is no time")
        now = world.now or datetime.max.replace(tzinfo=UTC)
        earliest = now - timedelta(days=_RECENT_DAYS) if how == "recent" and world.now else _BEGAN
        if not earliest <= since < now - _LATE:
            words = (
                f"'start_time' must be on or after {earliest:%Y-%m-%dT%H:%MZ}, and 10 seconds prior to the end at least"
            )
            return self._invalid("start_time", said, words)
        return self._posts([one for one in things if one.at >= since])

    def _invalid(self, name: str, value: str, words: str) -> Reply:
        return reply(refused(self._words, name, value, words), 400)

    def _lookup(self, ids: Sequence[str], parameter: str) -> Reply:
        found = []
        for identity in ids:
            thing = self._world.thing(NAME, identity)
            if thing is None or thing.kind == "message":
                self._shapes.problem(self._words.post, identity, parameter)
            else:
                self.read.add(identity)
                found.append(self._shapes.post(thing, identity))
        return self._reply((found[0] if found else None) if parameter == "id" else found, meta=False)

    def _events(self, rest: Sequence[str], conversation: str | None) -> Reply:
        world, mine = self._world, self._viewer.key
        if rest:
            thing = world.thing(NAME, rest[0])
            if thing is None or thing.kind != "message" or thing.account != mine:
                return reply({"errors": [missing(self._words, "dm_event", rest[0], "event_id")]})
            return self._reply(self._shapes.event(thing))
        every = [
            message
            for one in world.conversations(NAME, mine)
            if conversation in {None, one.id}
            for message in world.messages(NAME, one.id)
        ]
        every.sort(key=lambda one: one.order, reverse=True)
        page = cut(self._request, world.within(every, _MESSAGE_DAYS), self._size(), self._cursor())
        return self._reply([self._shapes.event(one) for one in page.items], following=page.next)

    def _size(self) -> int:
        return min(self._most, self._request.number("max_results", 10))

    def _cursor(self) -> str:
        return self._query.get("pagination_token") or self._query.get("next_token") or ""

    def _posts(self, things: Sequence[Thing]) -> Reply:
        page = cut(self._request, things, self._size(), self._cursor())
        shown = [self._shapes.post(one) for one in page.items]
        ids = [each["id"] for each in shown]
        self.read.update(ids)
        ends = {"newest_id": max(ids, key=int), "oldest_id": min(ids, key=int)} if ids else {}
        return self._reply(shown, following=page.next, ends=ends)

    def _reply(
        self, data: Any, *, following: str | None = None, ends: dict[str, str] | None = None, meta: bool = True
    ) -> Reply:
        body: dict[str, Any] = {"data": data} if data else {}
        if included := self._shapes.includes():
            body["includes"] = included
        if self._shapes.problems:
            body["errors"] = self._shapes.problems
        if isinstance(data, list) and meta:
            told = {**(ends or {}), "result_count": len(data)}
            body["meta"] = told if following is None else {**told, "next_token": following}
        return reply(body)


def _nothing() -> Reply:
    return reply({"title": "Not Found", "detail": "Not Found", "type": "about:blank", "status": 404}, 404)
