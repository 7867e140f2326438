"""A thread on Bluesky, as the AppView shows it (app.bsky.feed.getPostThread)."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import TYPE_CHECKING, Any

from archiver.platforms import bluesky_records as records
from archiver.platforms.answers import json_of, read
from archiver.platforms.bluesky_gates import HIDDEN, hidden_replies
from archiver.platforms.bluesky_servers import BAD_REQUEST, OK, appview, did_of_account, xrpc
from archiver.platforms.bluesky_views import quoted, views
from archiver.platforms.pages import AccountRef, Count, Coverage, Exchange, Page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from archiver.platforms.contract import Session
    from archiver.platforms.items import Item, Skipped, Tombstone

_CHUNK = 500
_DEPTH = 100
"""How deep a thread is asked for at once (app.bsky.feed.getPostThread takes up to 1000, which no JSON reader need bear);
where it is cut, here or by the server, its leaves are asked again."""


def read_thread(session: Session, account: AccountRef, post_id: str, known: bytes | None = None) -> Iterator[Page]:
    """Everything below a post. A leaf that says it has replies and shows none is asked for by itself.

    The account's own replies are walked through and not taken from here: its own server is the authority on them.
    """
    asked: set[str] = set()
    waiting = [post_id]
    gate = _Gate()
    while waiting:
        uri = waiting.pop()
        asked.add(uri)
        exchange = session.get(
            xrpc(appview(account), "app.bsky.feed.getPostThread"),
            params={"uri": uri, "depth": _DEPTH, "parentHeight": 0},
            accept_errors=lambda answer, leaf=uri != post_id: leaf and answer.status == BAD_REQUEST,  # type: ignore[misc]
        )
        if known is not None and exchange.received_sha256 == known:
            coverage = Coverage(before=f"{post_id}!", after=f"{post_id} ")
            yield Page((), [exchange], sub_key=post_id, coverage=coverage, unchanged=True)
            return
        answer = json_of(account, exchange)
        found = _Found(post_id, [exchange], did_of_account(account), gate)
        for node, pointer in _below(answer.pop("thread", None) if exchange.status == OK else None):
            if len(found.items) >= _CHUNK:
                yield found.page()
                found = _Found(post_id, [exchange], did_of_account(account), gate)
            leaf = found.take(node, pointer)
            if leaf is not None and leaf not in asked:
                waiting.append(leaf)
        if not waiting:
            _add_left_out(session, account, found)
        yield found.page(None if waiting else Coverage(before=f"{post_id}!", after=f"{post_id} "))


@dataclasses.dataclass(slots=True)
class _Gate:
    """What the thread gate of the post hides, as its first answer shows it, and what of that was met so far."""

    hidden: frozenset[str] = frozenset()
    met: set[str] = dataclasses.field(default_factory=set)


def _add_left_out(session: Session, account: AccountRef, found: _Found) -> None:
    """Hidden replies that the thread left out: each is asked for by its own address, and was deleted where there is no answer."""
    for view, index in views(session, account, sorted(found.gate.hidden - found.gate.met), found.exchanges):
        record = view.get("record")
        reply = record.get("reply") if isinstance(record, dict) else None
        root = reply.get("root") if isinstance(reply, dict) else None
        if isinstance(root, dict) and root.get("uri") == found.post_id:
            found.comment(view, str(view.get("uri")), "", index)


@dataclasses.dataclass(slots=True)
class _Found:
    """A part of what one answer shows of a thread. An answer may hold tens of thousands of comments: they become items, and
    are stored, some hundreds at a time.
    """

    post_id: str
    exchanges: list[Exchange]
    own: str
    gate: _Gate
    items: list[Item] = dataclasses.field(default_factory=list)
    stones: list[Tombstone] = dataclasses.field(default_factory=list)
    counts: list[Count] = dataclasses.field(default_factory=list)
    skipped: list[Skipped] = dataclasses.field(default_factory=list)

    def take(self, node: Mapping[str, Any], pointer: str) -> str | None:
        """Take what a node shows. Gives its post where that says it has replies and the node shows none."""
        stone = read(f"the node {pointer}", self.skipped, records.tombstone, node)
        if stone is not None:
            self.stones.append(dataclasses.replace(stone, exchange=0))
            return None
        view = node.get("post")
        if not isinstance(view, dict):
            return None
        identity = str(view.get("uri"))
        self.gate.met.add(identity)
        if identity == self.post_id:
            self.gate.hidden |= hidden_replies(view)
        replies = records.counts_of(view).get("replies", 0)
        if replies:
            self.counts.append(Count("replies", replies, item=identity))
        if records.did_of(identity) != self.own:
            self.comment(view, identity, f"{pointer}/post/record")
        return identity if replies and not node.get("replies") else None

    def comment(self, view: Mapping[str, Any], identity: str, pointer: str, exchange: int = 0) -> None:
        """Take a comment, and what it quotes."""
        place: dict[str, Any] = {"order_key": f"{self.post_id} {identity}", "exchange": exchange, "pointer": pointer}
        place["hidden"] = HIDDEN if identity in self.gate.hidden else None
        item = read(f"the comment {identity}", self.skipped, partial(records.view_item, **place), view)
        if item is None:
            return
        self.items.append(item)
        self.items += [dataclasses.replace(each, exchange=exchange) for each in quoted(view, self.skipped)]

    def page(self, coverage: Coverage | None = None) -> Page:
        return Page(
            self.items,
            self.exchanges,
            tombstones=self.stones,
            counts=self.counts,
            skipped=self.skipped,
            sub_key=self.post_id,
            coverage=coverage,
        )


def _below(top: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """Every node of a thread but its ancestors, with where it lies; without recursion, since threads can be deep.

    Takes the thread apart on its way, so that what was walked need not be held.
    """
    stack = [(top, "/thread")] if isinstance(top, dict) else []
    while stack:
        node, pointer = stack.pop()
        yield node, pointer
        replies = node.pop("replies", None)
        for number, reply in enumerate(replies if isinstance(replies, list) else []):
            if isinstance(reply, dict):
                stack.append((reply, f"{pointer}/replies/{number}"))
