"""The comments below a post on LinkedIn, and the answers below each of them, to the last page.

Source: learn.microsoft.com/linkedin, shares/comments-api (socialActions/{urn}/comments of a post, and of a comment by its own
URN; `commentsSummary` of a comment tells how many answers it has), shares/social-metadata-api (`commentsState`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archiver.platforms.answers import number_of, read
from archiver.platforms.items import Item, Skipped
from archiver.platforms.linkedin_items import answers_of, comment_item
from archiver.platforms.linkedin_manners import NOT_FOUND
from archiver.platforms.linkedin_server import elements_of, encoded, get, next_start, social_metadata
from archiver.platforms.pages import AccountRef, Count, Coverage, Exchange, Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archiver.platforms.contract import Session

_COUNT = 100
_REFUSED = (400, 403, 404)
CLOSED = "the comments on the post are switched off, and LinkedIn shows none of them"


def read_thread(session: Session, account: AccountRef, post_id: str, known: bytes | None) -> Iterator[Page]:
    """Everything below a post, page after page; the last one covers the thread, unless something of it was lost.

    Where nothing is shown it is asked whether comments are switched off: then what is held was not removed. Where comments do not
    tell how many answers they have, it is asked once whether the post has any below the first level.
    """
    lost, shown = False, 0
    deep: bool | None = None
    for exchange, found, more in _level(session, account, post_id, post_id):
        if known is not None and exchange.received_sha256 == known:
            yield Page((), [exchange], sub_key=post_id, coverage=_whole(post_id), unchanged=True)
            return
        shown += len(found.items)
        lost = lost or bool(found.skipped)
        if found.silent and deep is None:
            deep = _is_deep(session, account, post_id)
        waiting = [urn for urn, silent in found.parents if deep or not silent]
        last = not more and not waiting
        if last and not shown and not lost and (closed := _closed(session, account, post_id)) is not None:
            yield _switched_off(post_id, [exchange, closed])
            return
        yield _page(post_id, exchange, found, last=last, lost=lost)
        for number, parent in enumerate(waiting, 1):
            for exchange_below, below, more_below in _level(session, account, post_id, parent):
                lost = lost or bool(below.skipped)
                last = not more and not more_below and number == len(waiting)
                yield _page(post_id, exchange_below, below, last=last, lost=lost)


class _Found:
    """What a page of comments shows."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.skipped: list[Skipped] = []
        self.parents: list[tuple[str, bool]] = []
        """Comments that have answers, or (True) do not say how many."""

    @property
    def silent(self) -> bool:
        """Whether any of them does not say."""
        return any(silent for _, silent in self.parents)


def _level(session: Session, account: AccountRef, post_id: str, parent: str) -> Iterator[tuple[Exchange, _Found, bool]]:
    """The pages of what answers a post, or a comment, directly, and whether another follows. A comment that went meanwhile has
    no answers.
    """
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
            yield exchange, _Found(), False
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
        yield exchange, found, start is not None


def _page(post_id: str, exchange: Exchange, found: _Found, *, last: bool, lost: bool) -> Page:
    return Page(
        found.items,
        [exchange],
        skipped=found.skipped,
        sub_key=post_id,
        counts=[Count("comments", None, item=post_id)] if last else (),
        coverage=_whole(post_id) if last and not lost else None,
    )


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


def _switched_off(post_id: str, exchanges: list[Exchange]) -> Page:
    """It covers nothing, so that nothing held is missing for it; the thread was read all the same."""
    return Page(
        (),
        exchanges,
        sub_key=post_id,
        skipped=[Skipped(f"the comments below {post_id}", CLOSED, lost=False)],
        counts=[Count("comments", None, item=post_id, reason=CLOSED)],
        coverage=Coverage(before=f"{post_id}/", after=f"{post_id}/"),
    )
