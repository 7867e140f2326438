"""The comments below a post on LinkedIn, and the answers below each of them, to the last page.

Source: learn.microsoft.com/linkedin, shares/comments-api (socialActions/{urn}/comments of a post, and of a comment by its own
URN; `commentsSummary` of a comment tells how many answers it has), shares/social-metadata-api (`commentsState`).
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING
from urllib.parse import unquote

from archiver.platforms.answers import number_of, read
from archiver.platforms.closing import closed
from archiver.platforms.items import Item, Skipped
from archiver.platforms.linkedin_items import answers_of, comment_item, parts_of
from archiver.platforms.linkedin_manners import NOT_FOUND
from archiver.platforms.linkedin_server import elements_of, encoded, get, next_start, social_metadata
from archiver.platforms.pages import AccountRef, Count, Coverage, Exchange, Page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from archiver.platforms.contract import Session

_COUNT = 100
_REFUSED = (400, 403, 404)
CLOSED = "the comments on the post are switched off, and LinkedIn shows none of them"


def read_thread(session: Session, account: AccountRef, post_id: str, known: bytes | None) -> Iterator[Page]:
    """Everything below a post, page after page; the last one covers the thread, unless something of it was lost.

    Where nothing is shown it is asked whether comments are switched off: then what is held was not removed. Where comments do not
    tell how many answers they have, it is asked once whether the post has any below the first level. A comment has no thread of
    its own: what answers it is part of its post's.
    """
    if parts_of(post_id) is not None:
        return iter(())
    thread = _Thread(session, account, post_id)
    return closed(thread.pages(known), thread.close)


def read_part(session: Session, account: AccountRef, url: str, known: Callable[[str], str | None]) -> Iterator[Page]:
    """The answers to one comment, by the address that they are asked for at. What the comment's URN names need not be the post:
    it may be its activity.
    """
    *_, parent, last = ["", *(unquote(part) for part in url.partition("?")[0].split("/"))]
    post_id = known(parent) if last == "comments" and parts_of(parent) is not None else None
    return iter(()) if post_id is None else _Thread(session, account, post_id).answers(parent)


@dataclasses.dataclass(slots=True)
class _Thread:
    """One reading of a thread: whether something of it was lost so far, how much it shows, and whether the last page says by
    itself what it covers.
    """

    session: Session
    account: AccountRef
    post_id: str
    lost: bool = False
    shown: int = 0
    ended: bool = False

    def pages(self, known: bytes | None) -> Iterator[Page]:
        """The pages of all levels, in the order of asking."""
        post_id, deep = self.post_id, None
        for exchange, found in _level(self.session, self.account, post_id, post_id):
            if known is not None and exchange.received_sha256 == known:
                self.ended = True
                yield Page((), [exchange], sub_key=post_id, coverage=_whole(post_id), unchanged=True)
                return
            yield self._page(exchange, found)
            if deep is None and any(silent for _, silent in found.parents):
                deep = _is_deep(self.session, self.account, post_id)
            for urn, silent in found.parents:
                if deep or not silent:
                    yield from self.answers(urn)

    def answers(self, parent: str) -> Iterator[Page]:
        """The pages of what answers a comment."""
        for exchange, found in _level(self.session, self.account, self.post_id, parent):
            yield self._page(exchange, found)

    def close(self, last: Page) -> None:
        """Say on the last page what the thread covers. Raises what the session raises."""
        if self.ended:
            return
        if not self.shown and not self.lost:
            off = _closed(self.session, self.account, self.post_id)
            if off is not None:
                _switch_off(self.post_id, last, off)
                return
        last.counts = [Count("comments", None, item=self.post_id)]
        last.coverage = None if self.lost else _whole(self.post_id)

    def _page(self, exchange: Exchange, found: _Found) -> Page:
        self.shown += len(found.items)
        self.lost = self.lost or bool(found.skipped)
        return Page(found.items, [exchange], skipped=found.skipped, sub_key=self.post_id)


class _Found:
    """What a page of comments shows."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.skipped: list[Skipped] = []
        self.parents: list[tuple[str, bool]] = []
        """Comments that have answers, or (True) do not say how many."""


def _level(session: Session, account: AccountRef, post_id: str, parent: str) -> Iterator[tuple[Exchange, _Found]]:
    """The pages of what answers a post, or a comment, directly. A comment that went meanwhile has no answers."""
    start: int | None = 0
    asked: set[int] = set()
    while start is not None:
        asked.add(start)
        exchange = get(
            session,
            account,
            f"socialActions/{encoded(parent)}/comments",
            {"start": start, "count": _COUNT},
            accept=(NOT_FOUND,) if parent != post_id else (),
        )
        if exchange.status == NOT_FOUND:
            yield exchange, _Found()
            return
        elements, paging = elements_of(account, exchange)
        found = _Found()
        for number, element in enumerate(elements):
            what = f"the comment {start + number} below {parent}"
            item = read(what, found.skipped, comment_item, element, post_id, parent, 0, f"/elements/{number}")
            if item is None:
                continue
            found.items.append(item)
            if parent == post_id and (answers := answers_of(element)) != 0:
                found.parents.append((item.id, answers is None))
        start = next_start(paging, start, _COUNT, len(elements))
        if start is not None and start in asked:
            found.skipped.append(
                Skipped(f"the comments below {parent}", f"the page after them is the one at {start} again")
            )
            start = None
        yield exchange, found


def _whole(post_id: str) -> Coverage:
    return Coverage(before=f"{post_id}0", after=f"{post_id}/")


def _closed(session: Session, account: AccountRef, post_id: str) -> Exchange | None:
    """The answer that says that a post's comments are switched off; None where it does not, or LinkedIn does not tell."""
    found, exchanges = social_metadata(session, account, [post_id], _REFUSED)
    return exchanges[-1] if found.get(post_id, {}).get("commentsState") == "CLOSED" else None


def _is_deep(session: Session, account: AccountRef, post_id: str) -> bool:
    """Whether the post has comments below the first level, for all that LinkedIn tells of it."""
    found, _ = social_metadata(session, account, [post_id], _REFUSED)
    summary = found.get(post_id, {}).get("commentSummary")
    told = summary if isinstance(summary, dict) else {}
    everything, top = number_of(told, "count"), number_of(told, "topLevelCount")
    return everything is None or top is None or everything > top


def _switch_off(post_id: str, page: Page, why: Exchange) -> None:
    """It covers nothing, so that nothing held is missing for it; the thread was read all the same."""
    page.exchanges = [*page.exchanges, why]
    page.skipped = [Skipped(f"the comments below {post_id}", CLOSED, lost=False)]
    page.counts = [Count("comments", None, item=post_id, reason=CLOSED)]
    page.coverage = Coverage(before=f"{post_id}/", after=f"{post_id}/")
