"""A page of the searches that others share: those alone that name nothing which whoever looks may not see."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from clerk.asking import understood_by
from clerk.saved import store

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
class Shared:
    """Searches by their names. `goes_on`: the row id to go on after; None where these are the last."""

    searches: Sequence[Saved]
    goes_on: int | None


def shared(connection: Connection, sight: Sight, user_id: int, day: dt.date, after: int | None) -> Shared:
    """The searches that others share and that somebody may know of.

    Args:
        connection: to the archive's database.
        sight: what they may see. What names an account or a tag that they do not see is not for them: its words would tell.
        user_id: who they are.
        day: the one that "yesterday" goes by.
        after: the row id of the last search of the page before; None: the first page.
    """
    found: list[Saved] = []
    for _ in range(0, MOST_LOOKED_AT, _TOGETHER):
        batch = store.shared(connection, user_id, after, _TOGETHER)
        theirs = understood_by(connection, sight, [each.form for each in batch], day)
        found += [each for each, is_theirs in zip(batch, theirs, strict=True) if is_theirs]
        if len(found) > PAGE:
            return Shared(found[:PAGE], found[PAGE - 1].row.id)
        if len(batch) < _TOGETHER:
            return Shared(found, None)
        after = batch[-1].row.id
    return Shared(found, after)
