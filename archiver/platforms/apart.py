"""What of an item its listing does not show, and is asked for by itself: captions, alternative texts.

When each item's turn is, the engine decides (`archiver.capture.apart`): at once for what is new, and again by the pace that the
platform gives here. What was not asked for stands as it was (`Item.not_requested`).
"""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from archiver.platforms.items import Item, Skipped
    from archiver.platforms.pages import Exchange, Page


@dataclasses.dataclass(frozen=True, slots=True)
class Apart:
    """How a stream's items are completed.

    `what` says in words what is asked for, `marks` are its names in `Item.not_requested`. A young item (in the re-read window)
    is asked for again after `again`, an older one after `later`. `at_once`: so many items are completed together.
    """

    what: str
    marks: frozenset[str]
    again: timedelta = timedelta()
    later: timedelta = timedelta()
    at_once: int = 1
    looks_up: bool = False
    """Whether it is so dear that what is new goes first: the others follow after the listing, each looked up by its id, and what
    a night has no units for waits for the next ones. Else all is asked for as the listing shows it.
    """


@dataclasses.dataclass(frozen=True, slots=True)
class Completed:
    """Items with what was asked for, by id, and the exchanges that told it. One that is not among them was asked for in vain, and
    is asked for again the next night.
    """

    items: Mapping[str, Item]
    exchanges: Sequence[Exchange] = ()
    skipped: Sequence[Skipped] = ()


def with_completed(
    page: Page, whole: Mapping[str, Item], exchanges: Sequence[Exchange], skipped: Sequence[Skipped]
) -> Page:
    """The page with the items that were completed. What told of them goes before the page's own exchanges: the last of those
    shows what the page leaves out.
    """
    further = len(exchanges)

    def shifted(items: Sequence[Item]) -> Iterator[Item]:
        for item in items:
            yield dataclasses.replace(item, exchange=item.exchange + further) if item.exchange >= 0 else item

    return dataclasses.replace(
        page,
        items=list(shifted([whole.get(item.id, item) for item in page.items])),
        history=list(shifted(page.history)),
        tombstones=[
            dataclasses.replace(each, exchange=each.exchange + further) if each.exchange >= 0 else each
            for each in page.tombstones
        ],
        exchanges=[*exchanges, *page.exchanges],
        skipped=[*page.skipped, *skipped],
    )
