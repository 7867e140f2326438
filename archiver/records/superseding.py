"""Which of an item's versions it shows: the rule that stores them, and the same rule looking back. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

IMPORT, HISTORY = "import", "history"


def displaces(source: str, edited_at: datetime | None, current_source: str, current_edited_at: datetime | None) -> bool:
    """Whether a new version becomes the current one: by the platform's edit time where both have one, else by receipt.

    An import brings what was said at some earlier time, so it never displaces what an API or a feed shows unless its edit
    time says that it is later.
    """
    imported = source == IMPORT and current_source != IMPORT
    if edited_at is not None and current_edited_at is not None:
        later = edited_at > current_edited_at
        return later or (edited_at == current_edited_at and not imported)
    return not imported


def shown_of(versions: Iterable[tuple[str, datetime | None]]) -> int | None:
    """Which of an item's first versions it showed when it had no others yet: the place of it, None where there is none.

    `versions`: source and stated edit time of each, in the order of their numbers. What a platform tells of earlier forms
    (source `history`) never becomes what the item says.
    """
    shown: tuple[int, str, datetime | None] | None = None
    for place, (source, edited_at) in enumerate(versions):
        if source != HISTORY and (shown is None or displaces(source, edited_at, shown[1], shown[2])):
            shown = place, source, edited_at
    return None if shown is None else shown[0]
