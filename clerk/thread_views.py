"""From a page of a conversation to what its template shows: each record in its place, which branches are open. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from clerk import views

if TYPE_CHECKING:
    import zoneinfo
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy.engine import Row

    from archiver.records.shapes import ItemShape
    from clerk.thread import Placed
    from clerk.views import Card, VersionView

OPEN_UP_TO = 12
"""A reply's own answers are folded away when there are more than these."""
OPEN_DEPTH = 4
"""Answers that stand deeper than this are folded away."""
MOST_CHANGES = 3
"""How many versions of a record a conversation shows; all are on the record's own page."""
MOST_CHANGED = 60
"""Of how many records on one page: comparing long texts word by word takes time."""


@dataclasses.dataclass(frozen=True, slots=True)
class ThreadItem:
    """A reply in its place. `to`: whom it answers, said where that is not right above it.

    `marked`: it, or something below it, is hidden, gone, changed or looked for, and so is shown without being asked for.
    `opened`: whether its answers are.
    """

    card: Card
    to: Card | None
    to_unknown: bool
    answers: int
    children: Sequence[ThreadItem]
    below: int
    marked: bool
    sought: bool
    opened: bool
    changes: Sequence[VersionView]


@dataclasses.dataclass(frozen=True, slots=True)
class Look:
    """How a conversation is shown. `sought`: the record that was looked for, by its row id; `then`: as of an earlier moment;
    `changes`: with what was changed in its records; `thumbnails`: of its attachments, by their digest; `removals`: who
    took records away, by row id.
    """

    zone: zoneinfo.ZoneInfo
    sought: int | None = None
    then: bool = False
    changes: bool = False
    thumbnails: Mapping[bytes, Row[str]] | None = None
    removals: Mapping[int, str] | None = None

    def card(self, item: ItemShape) -> Card:
        """An item as a conversation shows it."""
        return views.card(
            item,
            self.zone,
            longest=views.IN_THREAD,
            thumbnails=self.thumbnails,
            removals=self.removals,
            then=self.then,
        )


def changes(item: ItemShape) -> list[VersionView]:
    """The latest versions of an item with what changed in each, the latest first; none where there is but one."""
    if len(item.versions) == 1:
        return []
    return views.versions(item, longest=views.IN_THREAD, most=MOST_CHANGES)


def thread_items(replies: Sequence[Placed], shapes: Mapping[int, ItemShape], look: Look) -> list[ThreadItem]:
    """A page's replies with what they say. `shapes` holds them and, where it can, those that they answer."""
    cards = {item_id: look.card(shape) for item_id, shape in shapes.items()}
    changed = set(_changed(replies, shapes)[:MOST_CHANGED] if look.changes else ())
    return [_placed(reply, cards, shapes, look, changed, 1) for reply in replies if reply.id in cards]


def _changed(replies: Sequence[Placed], shapes: Mapping[int, ItemShape]) -> list[int]:
    found, waiting = [], list(reversed(replies))
    while waiting:
        reply = waiting.pop()
        if reply.id in shapes and len(shapes[reply.id].versions) > 1:
            found.append(reply.id)
        waiting += reversed(reply.children)
    return found


def _placed(
    reply: Placed,
    cards: Mapping[int, Card],
    shapes: Mapping[int, ItemShape],
    look: Look,
    changed: Collection[int],
    depth: int,
) -> ThreadItem:
    children = [_placed(each, cards, shapes, look, changed, depth + 1) for each in reply.children if each.id in cards]
    card, sought = cards[reply.id], reply.id == look.sought
    below = sum(1 + child.below for child in children)
    within = any(child.marked for child in children)
    return ThreadItem(
        card=card,
        to=cards.get(reply.parent) if reply.apart and reply.parent is not None else None,
        to_unknown=reply.parent is None,
        answers=reply.answers,
        children=children,
        below=below,
        marked=within or sought or card.state != "present" or card.change != "",
        sought=sought,
        opened=within or (below <= OPEN_UP_TO and depth < OPEN_DEPTH),
        changes=changes(shapes[reply.id]) if reply.id in changed else (),
    )
