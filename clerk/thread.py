"""A conversation as a tree: what an item answers, what answers it, a page of it at a time. Pure."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Iterator, Sequence

DEEPEST = 6
"""How deep replies are nested on the page; deeper ones stand at this depth and say whom they answer."""


@dataclasses.dataclass(frozen=True, slots=True)
class Reply:
    """One item below another. `parent` is None where what it answers is not held."""

    id: int
    parent: int | None
    created_at: dt.datetime | None


@dataclasses.dataclass(slots=True)
class Placed:
    """A reply in its place on a page. `apart`: what it answers is not right above it, so it says whom it answers."""

    id: int
    parent: int | None
    apart: bool
    answers: int = 0
    """How many answers it has in all, on this page or not."""
    children: list[Placed] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True, slots=True)
class ThreadPage:
    """A page of replies: those on it, nested; from which to which they are in reading order; of how many."""

    replies: Sequence[Placed]
    first: int
    last: int
    total: int

    def __iter__(self) -> Iterator[Placed]:
        """Every reply on the page, however deep."""
        waiting = list(self.replies)
        while waiting:
            each = waiting.pop()
            yield each
            waiting += each.children

    @property
    def ids(self) -> set[int]:
        """Every item on the page."""
        return {each.id for each in self}

    @property
    def answered(self) -> set[int]:
        """The items that replies on the page answer without standing right below them."""
        return {each.parent for each in self if each.apart and each.parent is not None}


def seen_above(above: Sequence[int], seen: Collection[int]) -> tuple[list[int], bool]:
    """What an item answers, as far up as somebody sees it without a break; and whether there is more above."""
    kept: list[int] = []
    for each in reversed(above):
        if each not in seen:
            return kept[::-1], True
        kept.append(each)
    return kept[::-1], False


def seen_below(top: int, replies: Iterable[Reply], seen: Collection[int]) -> list[Reply]:
    """The replies that somebody sees; what answers one that they do not see answers something unknown."""
    return [
        each if each.parent in seen or each.parent == top else Reply(each.id, None, each.created_at)
        for each in replies
        if each.id in seen
    ]


def in_reading_order(top: int, replies: Iterable[Reply]) -> list[tuple[Reply, int]]:
    """Everything below an item, each right after what it answers, the earlier first; with its depth (1: answers `top`).

    What answers something that is not held comes last, as answers of unknown place; only where `top` is the root does the
    caller hand such replies in.
    """
    below: defaultdict[int | None, list[Reply]] = defaultdict(list)
    known = {top}
    for reply in replies:
        below[reply.parent].append(reply)
        known.add(reply.id)
    orphans = [reply for parent, group in below.items() if parent is None or parent not in known for reply in group]
    order: list[tuple[Reply, int]] = []
    met = {top}
    waiting = [(reply, 1) for reply in [*_earliest_last(orphans), *_earliest_last(below[top])]]
    while waiting:
        reply, depth = waiting.pop()
        if reply.id in met:
            continue
        met.add(reply.id)
        order.append((reply, depth))
        waiting += [(each, depth + 1) for each in _earliest_last(below[reply.id])]
    return order


def _earliest_last(replies: Iterable[Reply]) -> list[Reply]:
    # Whoever states no time comes after those who do: nothing is known of when it was written.
    return sorted(
        replies,
        key=lambda reply: (
            reply.created_at is None,
            reply.created_at.timestamp() if reply.created_at else 0.0,
            reply.id,
        ),
        reverse=True,
    )


def start_of(top: int, replies: Iterable[Reply], sought: int, size: int) -> int:
    """Where the page begins on which a reply stands (`page_of`'s `start`); the first page where it stands on none."""
    order = [reply.id for reply, _ in in_reading_order(top, replies)]
    return order.index(sought) // size * size if sought in order else 0


def page_of(top: int, replies: Iterable[Reply], *, start: int, size: int) -> ThreadPage:
    """One page of what is below an item.

    Args:
        top: the item.
        replies: everything below it.
        start: how many replies, in reading order, are on the pages before.
        size: how many fit on the page.
    """
    order = in_reading_order(top, replies)
    answers: defaultdict[int | None, int] = defaultdict(int)
    for reply, _ in order:
        answers[reply.parent] += 1
    placed: list[Placed] = []
    above: list[tuple[int, Placed]] = []
    for reply, depth in order[start : start + size]:
        while above and above[-1][0] >= min(depth, DEEPEST):
            above.pop()
        holder = above[-1][1] if above else None
        apart = reply.parent not in {top, holder.id if holder else top}
        each = Placed(reply.id, reply.parent, apart=apart, answers=answers[reply.id])
        (placed if holder is None else holder.children).append(each)
        above.append((min(depth, DEEPEST), each))
    return ThreadPage(placed, min(start + 1, len(order)), min(start + size, len(order)), len(order))
