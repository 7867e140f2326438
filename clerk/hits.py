"""From the hits of a search to what its page shows: each in its native context. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Literal

from clerk import views
from clerk.shown import highlighted
from search.documents import say_otherwise

if TYPE_CHECKING:
    import uuid
    import zoneinfo
    from collections.abc import Mapping, Sequence

    from markupsafe import Markup
    from sqlalchemy.engine import Row

    from archiver.records.shapes import ItemShape, MediumShape
    from clerk.conversation import Around
    from clerk.views import Card
    from search.query import Hit

IN_CONTEXT = 140
"""How many characters of what a hit answers are shown."""
MOST_MEDIA = 4


Match = Literal["present", "changed", "another", "alike"]
"""How the version that the words were found in stands to the present one: it is that; its text was later changed; it is another
one with another text, but not an earlier one; or another one with the same text.
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Context:
    """What stands around a hit. `parent`: what it answers (None with `unknown`: that is not held, or not shown); `top`: the first
    record of its conversation, where that is another; `below`: how many replies to it, or below it where it answers nothing.
    """

    parent: Card | None
    unknown: bool
    top: Card | None
    below: int


@dataclasses.dataclass(frozen=True, slots=True)
class ResultView:
    """A hit: its card (None where Postgres no longer has the item), its highlight, which version matched, what is around it."""

    public_id: uuid.UUID
    card: Card | None
    highlight: Markup
    matched_version: int | None
    match: Match
    context: Context | None
    more_media: int
    """How many attachments it has besides those that its card names."""


def attached(item: ItemShape) -> Sequence[MediumShape]:
    """The attachments that a result shows."""
    return item.current.media[:MOST_MEDIA] if item.current else ()


def results(
    hits: Sequence[Hit],
    shapes: Mapping[int, ItemShape],
    around: Mapping[int, Around],
    thumbnails: Mapping[bytes, Row[Any]],
    removals: Mapping[int, str],
    zone: zoneinfo.ZoneInfo,
) -> list[ResultView]:
    """Hits with what Postgres knows of them, by row id: the records that may be seen, what is around them, who took them away."""
    found = []
    for hit in hits:
        item = shapes.get(hit.item_id)
        if item is not None and item.public_id != hit.item_public_id:
            item = None  # the index speaks of another archive's record
        card = None
        if item is not None:
            card = views.card(item, zone, longest=views.IN_RESULT, thumbnails=thumbnails, removals=removals)
        found.append(
            ResultView(
                public_id=hit.item_public_id,
                card=None if card is None else dataclasses.replace(card, media=card.media[:MOST_MEDIA]),
                highlight=highlighted(hit.highlight),
                matched_version=hit.matched_version,
                match=_match(hit, item),
                context=_context(around[item.id], shapes, zone) if item is not None and item.id in around else None,
                more_media=0 if card is None else max(len(card.media) - MOST_MEDIA, 0),
            )
        )
    return found


def _match(hit: Hit, item: ItemShape | None) -> Match:
    now = item.current if item is not None else None
    found = next((each for each in item.versions if each.number == hit.matched_version), None) if item else None
    if now is None or found is None:
        return "present" if hit.is_current_match else "another"
    if found.number == now.number:
        return "present"
    if not say_otherwise((found, now)):
        return "alike"
    return "changed" if found.number < now.number else "another"


def _context(around: Around, shapes: Mapping[int, ItemShape], zone: zoneinfo.ZoneInfo) -> Context:
    def card(item_id: int | None) -> Card | None:
        item = None if item_id is None else shapes.get(item_id)
        return None if item is None else views.card(item, zone, longest=IN_CONTEXT)

    parent = card(around.parent)
    return Context(
        parent=parent,
        unknown=around.answers and parent is None,
        top=card(around.top) if around.answers and around.top != around.parent else None,
        below=around.below,
    )
