"""What answers a post on X, found by searches: X lists no answers.

Everything below a post that began a conversation is found by the conversation's id, which is that post's own. Below a post that
is itself an answer to somebody else it finds nothing, since a whole conversation has the id of its first post: there X is asked
level by level what answers what. What the account itself answered there is a thread of its own, and not read twice.

Sources: docs.x.com, x-api/fundamentals/conversation-id, posts/search/integrate/operators (both operators),
posts/search/quickstart/full-archive-search (30 days unless it is said since when; 1,024 characters), posts/search/introduction
(512 characters); twarc client2.py (2006-03-21, its beginning).
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakSet

from archiver.platforms.items import ReferenceKind, Skipped
from archiver.platforms.pages import Count, Coverage, Page
from archiver.platforms.x_items import began, key_at
from archiver.platforms.x_server import POINTING, Found, Server

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from archiver.platforms.contract import Session
    from archiver.platforms.items import Item
    from archiver.platforms.pages import Exchange

_AT_ONCE = 100
_LONGEST = {"all": 1024, "recent": 512}
"""So many characters a query may have: with terms of 44 of them, 23 answers or 11 are asked about together."""
_LEVELS = 30
"""So many requests go below the first level of one thread: each night pays for them again, and a thread elsewhere has no end."""
_INVALID = 400
_ANSWERS = "in_reply_to_tweet_id"
_AFTER_ALL = "~"
"""After every key of a thread: which of those that are held were left out is not told, so that none is missing."""
_NOT_TAKEN: WeakSet[Session] = WeakSet()
"""The runs in which X did not take the operator for what answers a post: it is not asked again in them."""


def read_thread(server: Server, post_id: str, known: bytes | None, recent_since: datetime | None) -> Iterator[Page]:
    """Everything below a post, each page with `sub_key` set; the last one covers the thread.

    Args:
        server: X, for this walk.
        post_id: The post's first id.
        known: See `Platform.thread`.
        recent_since: Since when answers are found, where only the recent search may be asked; None: they are found at any age.
    """
    walk = _Walk(server, post_id, recent_since)
    whole, first = True, True
    while walk.query:
        exchange = walk.ask()
        same = first and not walk.refused and not walk.blind and exchange.received_sha256 == known
        if same and recent_since is None:
            yield Page((), [exchange], sub_key=post_id, coverage=_below(post_id), unchanged=True)
            return
        first = False
        found = walk.found(exchange)
        whole = whole and not any(each.lost for each in found.skipped)
        counts = [
            Count("replies", said, item=each.id)
            for each in found.items
            if each.sighted and (said := each.counts.get("replies"))
        ]
        begins = key_at(recent_since) if recent_since is not None else ""
        why = []
        if recent_since is not None:
            why.append("the setting `search` is `recent`: answers older than 7 days are not found")
        if walk.left:
            why.append(f"after {_LEVELS} further requests not all answers to the answers were asked for")
            found.skipped.append(Skipped(f"answers to the answers to {post_id}", why[-1], lost=False))
        if walk.blind:
            why.append(f"X does not take the operator {_ANSWERS}: what answers an answer to somebody else is not found")
        if walk.left or walk.blind:
            begins = _AFTER_ALL
        if why and not walk.query:
            counts.append(Count("replies", None, item=post_id, reason="; ".join(why)))
        coverage = _below(post_id, begins) if whole and not walk.query else None
        yield found.page(sub_key=post_id, counts=counts, coverage=coverage)


class _Walk:
    """Where a walk stands: the query that is asked (empty at the end), its page, and whose answers are still to be asked for."""

    def __init__(self, server: Server, post_id: str, recent_since: datetime | None) -> None:
        self._server, self._post_id = server, post_id
        search = "all" if recent_since is None else "recent"
        self._path, self._longest = f"/tweets/search/{search}", _LONGEST[search]
        self._since = {"start_time": f"{began(post_id):%Y-%m-%dT%H:%M:%SZ}"} if recent_since is None else {}
        self._alone = f"conversation_id:{post_id}"
        self._first = self._alone if server.session in _NOT_TAKEN else f"{self._alone} OR {_ANSWERS}:{post_id}"
        self.query = self._first
        self.left = False
        """Whether the walk ended before all levels were read."""
        self._began = False
        self._levels = 0
        self._token: str | None = None
        self.refused: Exchange | None = None
        """The answer that did not take the operator, until a page tells of it."""
        self._asked = {post_id}
        self._waiting: dict[str, None] = {}

    def ask(self) -> Exchange:
        """The next page. Where X does not take the first query, the conversation alone is asked for, in this run from then on."""
        self._levels += self.query != self._first
        both = self._token is None and self.query == self._first != self._alone
        exchange = self._page(accept=both)
        if both and exchange.status == _INVALID:
            self.refused, self.query, self._first = exchange, self._alone, self._alone
            exchange = self._page(accept=False)
            _NOT_TAKEN.add(self._server.session)
        if self._first == self._alone and not self._began:
            shown = self._server.records(exchange, self._server.object(exchange))
            self._began = any(isinstance(each, dict) and each.get("conversation_id") == self._post_id for each in shown)
        return exchange

    @property
    def blind(self) -> bool:
        """Whether answers are not found: X does not take the operator, and shows no conversation that the post began."""
        return self._first == self._alone and not self._began

    def _page(self, *, accept: bool) -> Exchange:
        asked: Mapping[str, str | int] = {"query": self.query, "max_results": _AT_ONCE, **self._since}
        place = {"pagination_token": self._token} if self._token else {}
        return self._server.get(self._path, "post", {**asked, **place}, accept=(_INVALID,) if accept else ())

    def found(self, exchange: Exchange) -> Found:
        """What a page shows, and go on to the next."""
        found = Found(self._server)
        answer = self._server.object(exchange)
        following = self._server.following(exchange, answer, self._token)
        number = found.took(exchange, answer)
        records = self._server.records(exchange, answer)
        found.posts(records, number, beside=POINTING - {"replied_to"}, below=self._post_id)
        found.items = [each for each in found.items if each.id != self._post_id]
        found.history = [each for each in found.history if each.id != self._post_id]
        if self.refused is not None:
            found.exchanges.append(self.refused)
            what = "what answers the account's answers to others"
            found.skipped.append(Skipped(what, f"X does not take the operator {_ANSWERS}", lost=False))
            self.refused = None
        for each in found.items:
            if each.sighted and self._leads_on(each):
                self._waiting.update(dict.fromkeys((each.id, *each.aliases)))
        self._token = following
        if following is None:
            self.query = self._next()
        if self.query and self._levels >= _LEVELS:
            self.left, self.query = True, ""
        return found

    def _leads_on(self, answer: Item) -> bool:
        """Whether there may be answers to an answer that neither its conversation's id finds nor a thread of its own."""
        conversation = answer.reference(ReferenceKind.ROOT)
        if answer.author is not None and answer.author.id == self._server.account.platform_id:
            return False
        return conversation not in {None, self._post_id} and answer.counts.get("replies") != 0

    def _next(self) -> str:
        """The query for the next answers' answers, as many as it has room for; empty where none is left."""
        query = ""
        for each in [each for each in self._waiting if each not in self._asked]:
            longer = f"{query} OR {_ANSWERS}:{each}".removeprefix(" OR ")
            if len(longer) > self._longest:
                break
            self._asked.add(each)
            query = longer
        self._waiting = {each: None for each in self._waiting if each not in self._asked}
        return query


def _below(post_id: str, begins: str = "") -> Coverage:
    """All keys of a thread, or those from a moment on."""
    return Coverage(before=f"{post_id}!", after=f"{post_id} {begins}")
