"""What answers a post on X, found by searches: X lists no answers.

Everything below a post that began a conversation is found by the conversation's id, which is that post's own. Below a post that
is itself an answer to somebody else it finds nothing, since a whole conversation has the id of its first post: there X is asked
level by level what answers what.

Sources: docs.x.com, x-api/fundamentals/conversation-id, posts/search/integrate/operators (both operators),
posts/search/quickstart/full-archive-search (30 days unless it is said since when); twarc client2.py (2006-03-21, its beginning).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archiver.platforms.items import ReferenceKind, Skipped
from archiver.platforms.pages import Count, Coverage, Page
from archiver.platforms.x_items import began, key_at
from archiver.platforms.x_server import POINTING, Found, Server

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from archiver.platforms.items import Item
    from archiver.platforms.pages import Exchange

_AT_ONCE = 100
_TERMS = 10
"""So many answers are asked about together: a query may have 512 characters in the recent search, and a term has 44."""
_INVALID = 400
_ANSWERS = "in_reply_to_tweet_id"


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
        if known is not None and first and exchange.received_sha256 == known and recent_since is None:
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
        if recent_since is not None and not walk.query:
            words = "the setting `search` is `recent`: answers older than 7 days are not found"
            counts.append(Count("replies", None, item=post_id, reason=words))
        begins = key_at(recent_since) if recent_since is not None else ""
        coverage = _below(post_id, begins) if whole and not walk.query else None
        yield found.page(sub_key=post_id, counts=counts, coverage=coverage)


class _Walk:
    """Where a walk stands: the query that is asked (empty at the end), its page, and whose answers are still to be asked for."""

    def __init__(self, server: Server, post_id: str, recent_since: datetime | None) -> None:
        self._server, self._post_id = server, post_id
        self._path = f"/tweets/search/{'all' if recent_since is None else 'recent'}"
        self._since = {"start_time": f"{began(post_id):%Y-%m-%dT%H:%M:%SZ}"} if recent_since is None else {}
        self._alone = f"conversation_id:{post_id}"
        self.query = f"{self._alone} OR {_ANSWERS}:{post_id}"
        self._token: str | None = None
        self._refused: Exchange | None = None
        self._asked = {post_id}
        self._waiting: dict[str, None] = {}

    def ask(self) -> Exchange:
        """The next page. Where X does not take the first query, the conversation alone is asked for."""
        exchange = self._page(accept=self._begins)
        if exchange.status == _INVALID:
            self._refused, self.query = exchange, self._alone
            exchange = self._page(accept=False)
        return exchange

    @property
    def _begins(self) -> bool:
        return self._token is None and self.query.startswith(f"{self._alone} ")

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
        if self._refused is not None:
            found.exchanges.append(self._refused)
            what = f"the answers to {self._post_id} where it is itself an answer to somebody else"
            found.skipped.append(Skipped(what, f"X does not take the operator {_ANSWERS}", lost=False))
            self._refused = None
        for each in found.items:
            if each.sighted and self._leads_on(each):
                self._waiting.update(dict.fromkeys((each.id, *each.aliases)))
        self._token = following
        if following is None:
            self.query = self._next()
        return found

    def _leads_on(self, answer: Item) -> bool:
        """Whether there may be answers to an answer that its conversation's id does not find."""
        conversation = answer.reference(ReferenceKind.ROOT)
        return conversation not in {None, self._post_id} and answer.counts.get("replies") != 0

    def _next(self) -> str:
        """The query for the next answers' answers; empty where none is left."""
        batch = [each for each in self._waiting if each not in self._asked][:_TERMS]
        self._asked.update(batch)
        self._waiting = {each: None for each in self._waiting if each not in self._asked}
        return " OR ".join(f"{_ANSWERS}:{each}" for each in batch)


def _below(post_id: str, begins: str = "") -> Coverage:
    """All keys of a thread, or those from a moment on."""
    return Coverage(before=f"{post_id}!", after=f"{post_id} {begins}")
