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
from archiver.platforms.contract import Count, Coverage, Page, Skipped
from archiver.platforms.graph import following_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from archiver.platforms.contract import Exchange, Item
    from archiver.platforms.graph import Graph

MOST = 50


@dataclasses.dataclass(slots=True)
class _Part:
    """What one page of comments brought, with the answers of those that were asked for besides."""

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
            self.found.setdefault(item.id, item)


def read_thread(graph: Graph, post_id: str) -> Iterator[Page]:
    """Everything below a post. The last page covers what was reached: all, or what is not older than the oldest shown."""
    head = graph.one(post_id, "id,comments_count,is_comment_enabled")
    media = graph.object(head)
    counted = number_of(media, "comments_count")
    if media.get("is_comment_enabled") is False:
        off = "comments are switched off: those that there were are not shown"
        yield Page((), [head], sub_key=post_id, counts=[Count("comments", counted, item=post_id, reason=off)])
        return
    whole, below = True, None
    for got in graph.edge(f"{post_id}/comments", {"fields": items.COMMENT_FIELDS}, limit=MOST):
        part = _Part(post_id, [got.exchange])
        for number, comment in enumerate(got.entries):
            place = read(f"entry {number} of the comments", part.skipped, _place, comment)
            if place is None:
                continue
            below = place if below is None else min(below, place)
            part.add(comment, None, place, f"/data/{number}", 0)
            _answers(graph, part, comment, place, f"/data/{number}")
        if got.circles:
            part.skipped.append(
                Skipped(f"the older comments of {post_id}", "the platform sends a page again and again")
            )
        last = got.following is None
        full = last and len(got.entries) == MOST
        if full:
            why = "exactly 50 came, and no way to older ones: there may be more than the platform shows"
            part.skipped.append(Skipped(f"older comments of {post_id}, possibly", why, lost=False))
        whole = whole and not any(each.lost for each in part.skipped)
        exchanges, counts = part.exchanges, []
        if last:
            exchanges = [*exchanges, head]
            counts = [Count("comments", counted, item=post_id)]
        after = f"{post_id} {below}" if full and below is not None else f"{post_id} "
        yield Page(
            list(part.found.values()),
            exchanges,
            sub_key=post_id,
            counts=counts,
            skipped=part.skipped,
            coverage=Coverage(before=f"{post_id}!", after=after) if last and whole else None,
        )


def _place(comment: Mapping[str, Any]) -> str:
    return items.place_of(items.moment_of(comment)[1], id_of(comment))


def _answers(graph: Graph, part: _Part, comment: Mapping[str, Any], place: str, pointer: str) -> None:
    """The answers to a comment: those that came with it, and where there are more, all of them from its own edge."""
    shown = comment.get("replies")
    if not isinstance(shown, dict):
        return
    above = id_of(comment)
    data = shown.get("data")
    for number, answer in enumerate(data if isinstance(data, list) else []):
        part.add(answer, above, place, f"{pointer}/replies/data/{number}", 0)
    following = following_of(shown)
    if following is None:
        return
    for got in graph.edge(f"{above}/replies", {"fields": items.REPLY_FIELDS}, dict(following), MOST):
        part.exchanges.append(got.exchange)
        for number, answer in enumerate(got.entries):
            part.add(answer, above, place, f"/data/{number}", len(part.exchanges) - 1)
        if got.circles:
            part.skipped.append(Skipped(f"the later answers to {above}", "the platform sends a page again and again"))
