"""The comments below a video in all their states of moderation, and the answers to each beyond those that are shown with it.

Source: developers.google.com/youtube/v3/docs/commentThreads/list: `moderationStatus` needs the grant of the channel's owner; a
thread is listed as held (or spam) if its first comment or at least one answer is, and as published if its first comment is. The
`replies` of a thread are a subset unless they are as many as `totalReplyCount`.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from archiver.platforms import youtube_items as items
from archiver.platforms.answers import id_of, number_of, read
from archiver.platforms.closing import closed
from archiver.platforms.falling import all_below
from archiver.platforms.items import Skipped
from archiver.platforms.pages import Count, Coverage, Page
from archiver.platforms.youtube_manners import CLOSED, is_refused, refusal_of
from archiver.platforms.youtube_server import for_reasons

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from archiver.platforms.items import Item
    from archiver.platforms.pages import Exchange
    from archiver.platforms.youtube_server import Listed, Server

_MOST = 100
HELD = ("heldForReview", "likelySpam")
_FORMAT: dict[str, str | int] = {"textFormat": "plainText", "maxResults": _MOST}
OFF = "comments on the video are switched off, and YouTube shows none of them (commentsDisabled)"
NOT_OURS = "the token is not the channel owner's: YouTube shows published comments alone"
PUBLISHED_ONLY = "read with an API key: YouTube shows published comments alone"


def read_thread(server: Server, post_id: str, known: bytes | None) -> Iterator[Page]:
    """Everything below a video, page after page; the last one covers the thread, unless something of it was lost.

    What was published is covered by what is listed as published; comments that are held are known as hidden, and asked for by
    themselves once no listing shows them.
    """
    thread = _Thread(server, post_id)
    return closed(thread.pages(known), thread.close)


def read_part(server: Server, url: str, known: Callable[[str], str | None]) -> Iterator[Page]:
    """A listing of the comments that are held, or the answers to one comment, by the address that it is asked for at."""
    asked = dict(parse_qsl(urlsplit(url).query))
    parent, status = asked.get("parentId"), asked.get("moderationStatus")
    if parent is not None and (post_id := known(parent)) is not None:
        return _Thread(server, post_id).answers(parent)
    if "videoId" in asked and status in HELD:
        return _Thread(server, asked["videoId"]).held(str(status))
    return iter(())


@dataclasses.dataclass(slots=True)
class _Thread:
    """One reading of a thread: whether nothing of it was lost so far, why YouTube shows less than it counts, and whether the
    last page says by itself what it covers.
    """

    server: Server
    post_id: str
    whole: bool = True
    reason: str | None = None
    ended: bool = False

    def pages(self, known: bytes | None) -> Iterator[Page]:
        """The pages of all listings, in the order of asking."""
        asked = {**_FORMAT, "videoId": self.post_id, "order": "time"}
        there = for_reasons(CLOSED, "videoNotFound")
        for got in self.server.walk("commentThreads", "snippet,replies", asked, accept=there):
            if got.refused:
                yield self._unreadable(got.exchange)
                return
            if known is not None and got.following is None and got.exchange.received_sha256 == known:
                self.ended = True
                yield Page((), [got.exchange], sub_key=self.post_id, coverage=all_below(self.post_id), unchanged=True)
                return
            yield from self._listed(got, None)
        if not self.server.owns:
            self.reason = PUBLISHED_ONLY
            return
        for status in HELD:
            yield from self.held(status)
            if self.reason is not None:
                return

    def close(self, last: Page) -> None:
        """Say on the last page what the thread covers."""
        if not self.ended:
            last.counts = [Count("comments", None, item=self.post_id, reason=self.reason)]
            last.coverage = all_below(self.post_id) if self.whole else None

    def held(self, status: str) -> Iterator[Page]:
        """The pages of the listing of one state of moderation; `reason` is set where YouTube refuses it."""
        asked = {**_FORMAT, "videoId": self.post_id, "order": "time", "moderationStatus": status}
        for got in self.server.walk("commentThreads", "snippet,replies", asked, accept=is_refused):
            if got.refused:
                self.reason = f"{NOT_OURS} ({_words(got)})"
                why = [Skipped(f"comments that are held below {self.post_id}", self.reason, lost=False)]
                yield Page((), [got.exchange], sub_key=self.post_id, skipped=why)
                return
            yield from self._listed(got, status)

    def _unreadable(self, exchange: Exchange) -> Page:
        """No comments can be read: they are switched off, or the video went meanwhile. Nothing held is missing for it."""
        refusal = refusal_of(exchange)
        self.ended = True
        off = refusal is not None and CLOSED in refusal.reasons
        words = OFF if off else "YouTube shows no such video any more"
        return Page(
            (),
            [exchange],
            sub_key=self.post_id,
            skipped=[Skipped(f"the comments below {self.post_id}", words, lost=False)],
            counts=[Count("comments", None, item=self.post_id, reason=OFF)] if off else (),
            coverage=Coverage(before=f"{self.post_id}/", after=f"{self.post_id}/") if off else None,
        )

    def _listed(self, got: Listed, status: str | None) -> Iterator[Page]:
        """A page of threads, then what it does not show of their answers. `status`: the state that they are listed by."""
        skipped: list[Skipped] = []
        found: dict[str, Item] = {}
        longer: list[str] = []
        for number, entry in enumerate(got.entries):
            what = f"entry {number} of the comments below {self.post_id}"
            thread = read(what, skipped, _Listed.of, entry)
            if thread is None:
                continue
            pointer = f"/items/{number}"
            only = status if not thread.shown else None
            first = self._comment(
                thread.first, f"{pointer}/snippet/topLevelComment", skipped, only, thread.answers, what
            )
            if first is None:
                continue
            if status is None or not thread.published:
                found.setdefault(first.id, first)
            for place, reply in enumerate(thread.shown):
                item = self._comment(reply, f"{pointer}/replies/comments/{place}", skipped, None, None, what)
                if item is not None:
                    found.setdefault(item.id, item)
            if thread.answers > len(thread.shown) and (status is None or first.hidden is not None):
                longer.append(first.id)
        yield self._page(got, list(found.values()), skipped)
        for parent in longer:
            yield from self.answers(parent)

    def answers(self, parent: str) -> Iterator[Page]:
        """All answers to a comment; one that went meanwhile has none."""
        asked = {**_FORMAT, "parentId": parent}
        for got in self.server.walk("comments", "snippet", asked, accept=for_reasons("commentNotFound")):
            skipped: list[Skipped] = []
            found: dict[str, Item] = {}
            for number, entry in enumerate(got.entries):
                what = f"entry {number} of the answers to {parent} below {self.post_id}"
                item = self._comment(entry, f"/items/{number}", skipped, None, None, what)
                if item is not None:
                    found.setdefault(item.id, item)
            yield self._page(got, list(found.values()), skipped)

    def _comment(
        self,
        comment: Any,
        pointer: str,
        skipped: list[Skipped],
        listed_as: str | None,
        answers: int | None,
        what: str,
    ) -> Item | None:
        return read(
            what,
            skipped,
            items.comment_item,
            comment,
            self.post_id,
            listed_as,
            answers,
            exchange=0,
            pointer=pointer,
        )

    def _page(self, got: Listed, found: list[Item], skipped: list[Skipped]) -> Page:
        if got.circles:
            why = "the platform sends a page again and again"
            skipped.append(Skipped(f"the later comments below {self.post_id}", why))
        self.whole = self.whole and not skipped
        return Page(found, [got.exchange], sub_key=self.post_id, skipped=skipped)


@dataclasses.dataclass(frozen=True, slots=True)
class _Listed:
    """An entry of a listing of threads: its first comment, the answers that are shown with it, and how many there are."""

    first: Mapping[str, Any]
    shown: list[Any]
    answers: int
    published: bool
    """Whether the first comment says so of itself: then another listing shows it."""

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> _Listed:
        """Take one apart. Raises `KeyError`, `TypeError` for what is none."""
        snippet = items.part_of(entry, "snippet")
        first = snippet["topLevelComment"]
        id_of(first)
        published = items.part_of(first, "snippet").get("moderationStatus") == "published"
        comments = items.part_of(entry, "replies").get("comments") or []
        if not isinstance(comments, list):
            raise TypeError("the comments of its replies are no list")
        return cls(first, comments, number_of(snippet, "totalReplyCount") or 0, published)


def _words(got: Listed) -> str:
    refusal = refusal_of(got.exchange)
    return refusal.words if refusal else str(got.exchange.status)
