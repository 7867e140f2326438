"""The comments below an Instagram post: newest first, answers within theirs as far as they fit, the rest asked for by itself.

Source: developers.facebook.com/docs/instagram-platform (ig-media/comments: 50 at once, no order by anything else). Whether more
than 50 can be reached is told differently by different pages: a `next` is followed; 50 without one are said to be perhaps not
all.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from archiver.platforms import instagram_items as items
from archiver.platforms.answers import id_of, number_of, read
from archiver.platforms.falling import all_below
from archiver.platforms.graph import following_of
from archiver.platforms.graph_manners import is_not_there
from archiver.platforms.graph_times import SECONDS, moment_of, place_of
from archiver.platforms.items import Skipped
from archiver.platforms.pages import Count, Coverage, Page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from archiver.platforms.graph import Graph, GraphPage
    from archiver.platforms.items import Item
    from archiver.platforms.pages import Exchange

MOST = 50
_CHUNK = 500
"""So many are stored at once, or a page of answers more."""


@dataclasses.dataclass(slots=True)
class _Part:
    """What one page of comments brought, with the answers of those that were asked for besides."""

    graph: Graph
    post_id: str
    exchanges: list[Exchange]
    found: dict[str, Item] = dataclasses.field(default_factory=dict)
    skipped: list[Skipped] = dataclasses.field(default_factory=list)

    def add(self, comment: Any, above: str | None, place: str, pointer: str, exchange: int) -> None:
        """Add a comment; one that has not the form of one is skipped, by name."""
        around = {"pointer": pointer, "exchange": exchange}
        item = read(
            f"the comment {pointer}", self.skipped, items.comment_item, comment, self.post_id, above, place, **around
        )
        if item is not None:
            self.found.setdefault(item.id, self.graph.as_asked(item))

    def lose(self, what: str, why: str) -> None:
        """Something of it cannot be reached."""
        self.skipped.append(Skipped(what, why))

    def taken(self) -> _Part:
        """What it has, which is the caller's; it goes on empty, with the answer that shows its comments."""
        had = dataclasses.replace(self)
        self.exchanges, self.found, self.skipped = self.exchanges[:1], {}, []
        return had

    def page(self, **around: Any) -> Page:
        """The page of what it has."""
        return Page(list(self.found.values()), self.exchanges, sub_key=self.post_id, skipped=self.skipped, **around)


@dataclasses.dataclass(slots=True)
class _Order:
    """Whether the comments of the first level come newest first, as is promised, and which is the oldest of them."""

    oldest: str | None = None
    kept: bool = True

    def add(self, place: str) -> None:
        """Go on behind a comment. One without a time says nothing."""
        if int(place[:SECONDS]) == 0:
            return
        self.kept = self.kept and (self.oldest is None or place[:SECONDS] <= self.oldest[:SECONDS])
        self.oldest = place if self.oldest is None else min(self.oldest, place)


def read_thread(graph: Graph, post_id: str) -> Iterator[Page]:
    """Everything below a post. The last page covers what was reached: all, or what is not older than the oldest shown."""
    head = graph.one(post_id, "id,comments_count,is_comment_enabled")
    media = graph.object(head)
    counted = number_of(media, "comments_count")
    if media.get("is_comment_enabled") is False:
        off = "comments are switched off: those that there were are not shown"
        yield Page((), [head], sub_key=post_id, counts=[Count("comments", counted, item=post_id, reason=off)])
        return
    whole, order = True, _Order()
    for got in graph.edge(f"{post_id}/comments", {"fields": items.COMMENT_FIELDS}, limit=MOST):
        part = _Part(graph, post_id, [got.exchange])
        for _ in _fill(part, got, order):
            if len(part.found) >= _CHUNK:
                whole = whole and not any(each.lost for each in part.skipped)
                yield part.taken().page()
        last = got.following is None
        full = last and got.lost is None and len(got.entries) >= got.limit
        if full:
            why = f"exactly {got.limit} came, and no way to older ones: there may be more than the platform shows"
            part.skipped.append(Skipped(f"older comments of {post_id}, possibly", why, lost=False))
        whole = whole and not any(each.lost for each in part.skipped)
        if last:
            part.exchanges.append(head)
        yield part.page(
            counts=[Count("comments", counted, item=post_id)] if last else [],
            coverage=_covered(post_id, order, full=full) if last and whole else None,
        )


def read_part(graph: Graph, url: str) -> Iterator[Page]:
    """The comments that an address of a post's shows, without what is asked of the post itself."""
    *_, post_id, last = ["", *url.partition("?")[0].split("/")]
    if last == "comments":
        for got in graph.edge(f"{post_id}/comments", {"fields": items.COMMENT_FIELDS}, limit=MOST):
            part = _Part(graph, post_id, [got.exchange])
            for _ in _fill(part, got, _Order()):
                if len(part.found) >= _CHUNK:
                    yield part.taken().page()
            yield part.page()


def _covered(post_id: str, order: _Order, *, full: bool) -> Coverage | None:
    """All of the thread; where older comments may not have been shown, what is not older than the oldest that were."""
    if not full:
        return all_below(post_id)
    return Coverage(f"{post_id}!", f"{post_id} {order.oldest}") if order.kept and order.oldest is not None else None


def _fill(part: _Part, got: GraphPage, order: _Order) -> Iterator[None]:
    """Fill a part with a page of comments and all answers to them; steps after each comment, and each page of answers."""
    for number, comment in enumerate(got.entries):
        place = read(f"entry {number} of the comments", part.skipped, _place, comment)
        if place is None:
            continue
        order.add(place)
        part.add(comment, None, place, f"/data/{number}", 0)
        yield from _answers(part, comment, place, f"/data/{number}")
        yield
    if got.lost is not None:
        part.lose(f"the older comments of {part.post_id}", got.lost)


def _place(comment: Mapping[str, Any]) -> str:
    return place_of(moment_of(comment, "timestamp")[1], id_of(comment))


def _answers(part: _Part, comment: Mapping[str, Any], place: str, pointer: str) -> Iterator[None]:
    """The answers to a comment: those that came with it, and where there are more, the rest from its own edge."""
    shown = comment.get("replies")
    if shown is None:
        return
    above = id_of(comment)
    data = shown.get("data") if isinstance(shown, dict) else None
    if not isinstance(data, list):
        part.lose(f"the answers to {above}", "they have not the form that the platform promises")
        return
    for number, answer in enumerate(data):
        part.add(answer, above, place, f"{pointer}/replies/data/{number}", 0)
    try:
        following = following_of(shown)
    except ValueError:
        part.lose(f"the later answers to {above}", "the platform says that there are more, and not where")
        return
    if following is None:
        return
    for got in part.graph.edge(f"{above}/replies", {"fields": items.REPLY_FIELDS}, dict(following), MOST, is_not_there):
        part.exchanges.append(got.exchange)
        for number, answer in enumerate(got.entries):
            part.add(answer, above, place, f"/data/{number}", len(part.exchanges) - 1)
        if why := got.lost or got.refused:
            part.lose(f"the later answers to {above}", why)
        yield
