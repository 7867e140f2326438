"""A page of the searches that others share: those alone that name nothing which whoever looks may not see."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from clerk.asking import understood_by
from clerk.saved import store
from clerk.saved.store import BEGINNING, Place

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection

    from clerk.saved.store import Saved
    from clerk.visibility import Sight

PAGE = 50
_TOGETHER = 200
MOST_LOOKED_AT = 2_000
"""How many are looked at for one page: of thousands that name what is hidden, a page may have few, and the list goes on."""


@dataclasses.dataclass(frozen=True, slots=True)
class Start:
    """Where a page begins: behind a place that the page before showed, and so many times `MOST_LOOKED_AT` further on.

    It comes from an address, so it asks nothing of the database that the list does not show: whoever writes another one into it
    learns nothing of a search that they do not see, its name included.
    """

    after: Place = BEGINNING
    stretches: int = 0

    @property
    def address(self) -> str:
        """The address of that page."""
        behind = {} if self.after.name is None else {"after": self.after.name, "id": self.after.id}
        further = {"stretch": self.stretches} if self.stretches else {}
        return f"/searches?{urlencode(behind | further)}"


@dataclasses.dataclass(frozen=True, slots=True)
class Shared:
    """Searches by their names. `goes_on`: where the next page begins; None where these are the last."""

    searches: Sequence[Saved]
    goes_on: Start | None


def shared(connection: Connection, sight: Sight, user_id: int, day: dt.date, start: Start) -> Shared:
    """The searches that others share and that somebody may know of.

    Args:
        connection: to the archive's database.
        sight: what they may see. What names an account or a tag that they do not see is not for them: its words would tell.
        user_id: who they are.
        day: the one that "yesterday" goes by.
        start: where the page begins.
    """
    found: list[Saved] = []
    begin = start.stretches * MOST_LOOKED_AT
    for past in range(begin, begin + MOST_LOOKED_AT, _TOGETHER):
        batch = store.shared(connection, user_id, start.after, _TOGETHER, past)
        theirs = understood_by(connection, sight, [each.form for each in batch], day)
        found += [each for each, is_theirs in zip(batch, theirs, strict=True) if is_theirs]
        if len(found) > PAGE:
            last = found[PAGE - 1].row
            return Shared(found[:PAGE], Start(Place(last.name, last.id)))
        if len(batch) < _TOGETHER:
            return Shared(found, None)
    return Shared(found, Start(start.after, start.stretches + 1))
