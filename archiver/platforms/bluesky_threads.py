"""A thread on Bluesky, as the AppView shows it (app.bsky.feed.getPostThread)."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import TYPE_CHECKING, Any

from archiver.platforms import bluesky_records as records
from archiver.platforms.answers import json_of, read
from archiver.platforms.bluesky_servers import BAD_REQUEST, OK, appview, did_of_account, xrpc
from archiver.platforms.contract import (
    AccountRef,
    Count,
    Coverage,
    Exchange,
    Item,
    Page,
    Session,
    Skipped,
    Tombstone,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
        found = _Found(post_id, exchange)
        for node, pointer in _below(answer.pop("thread", None) if exchange.status == OK else None):
            if len(found.items) >= _CHUNK:
                yield found.page()
                found = _Found(post_id, exchange)
            stone = read(f"the node {pointer}", found.skipped, records.tombstone, node)
            if stone is not None:
                found.stones.append(dataclasses.replace(stone, exchange=0))
                continue
            view = node.get("post")
            if not isinstance(view, dict):
                continue
            identity = str(view.get("uri"))
            replies = records.counts_of(view).get("replies", 0)
            if replies:
                found.counts.append(Count("replies", replies, item=identity))
                if not node.get("replies") and identity not in asked:
                    waiting.append(identity)
            if records.did_of(identity) != did_of_account(account):
                found.comment(view, identity, f"{pointer}/post/record")
        yield found.page(None if waiting else Coverage(before=f"{post_id}!", after=f"{post_id} "))


@dataclasses.dataclass(slots=True)
class _Found:
    """A part of what one answer shows of a thread. An answer may hold tens of thousands of comments: they become items, and
    are stored, some hundreds at a time.
    """

    post_id: str
    exchange: Exchange
    items: list[Item] = dataclasses.field(default_factory=list)
    stones: list[Tombstone] = dataclasses.field(default_factory=list)
    counts: list[Count] = dataclasses.field(default_factory=list)
    skipped: list[Skipped] = dataclasses.field(default_factory=list)

    def comment(self, view: Mapping[str, Any], identity: str, pointer: str) -> None:
        place: dict[str, Any] = {"order_key": f"{self.post_id} {identity}", "exchange": 0, "pointer": pointer}
        item = read(f"the comment {identity}", self.skipped, partial(records.view_item, **place), view)
        if item is None:
            return
        self.items.append(item)
        self.items += [dataclasses.replace(each, exchange=0) for each in quoted(view, self.skipped)]

    def page(self, coverage: Coverage | None = None) -> Page:
        return Page(
            self.items,
            [self.exchange],
            tombstones=self.stones,
            counts=self.counts,
            skipped=self.skipped,
            sub_key=self.post_id,
            coverage=coverage,
        )


def _all_quoted(view: Mapping[str, Any]) -> list[Item]:
    return list(records.quoted(view))


def quoted(view: Mapping[str, Any], skipped: list[Skipped]) -> list[Item]:
    """The posts that a view quotes; one that has not the form of its lexicon is skipped, by name."""
    return read(f"what {view.get('uri')} quotes", skipped, _all_quoted, view) or []


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
