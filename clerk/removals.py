"""Who took a record away or hid it, as far as the moderation record says: its author, the city, the platform, or nobody knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from archiver.i18n.translation import _
from archiver.records.store.moderated import UNKNOWN
from archiver.records.through import NOTICED_THROUGH, parameters
from clerk import words

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable

    from sqlalchemy.engine import Connection

    from archiver.records.shapes import ItemShape

AWAY = frozenset({"hidden", "gone_confirmed"})
"""The states in which somebody took a record away."""
_BACK = ("unhidden", "restored", "approved")
_HIDDEN = ("hidden", "restricted", "rejected", "held_for_review")

# Only what was done since the record was last there speaks of how it stands; whoever names somebody goes before who does not.
_LATEST = sa.text(f"""
    select distinct on (i.id) i.id, i.state, m.action, m.by_whom, m.source
    from unnest(cast(:ids as bigint[]), cast(:states as text[])) as i(id, state)
    left join moderation m on m.item_id = i.id and (cast(:until as timestamptz) is null or m.observed_at < :until)
        and {NOTICED_THROUGH}
        and m.action = any(case i.state when 'hidden' then cast(:hidden as text[]) else array['deleted'] end)
        and not exists (select from moderation later where later.item_id = i.id and later.id > m.id
                        and {NOTICED_THROUGH.replace("m.", "later.")}
                        and later.action = any(:back) and (cast(:until as timestamptz) is null or later.observed_at < :until))
    order by i.id, (m.by_whom is not null and m.by_whom <> :unknown) desc, m.id desc
""")  # noqa: S608 - a condition of our own


def removals(
    connection: Connection,
    items: Iterable[ItemShape],
    accounts: Collection[int] | None,
    until: dt.datetime | None = None,
) -> dict[int, str]:
    """A sentence for each of these records, by row id, that is hidden or gone: by whom, as was on record before `until` (None: as
    is now), when they stood as these say. Of what captures noticed, only that through `accounts` (row ids; None: all).
    """
    away = [item for item in items if item.state in AWAY]
    if not away:
        return {}
    asked = {
        "ids": [item.id for item in away], "states": [item.state for item in away], "until": until,
        **parameters(accounts), "hidden": list(_HIDDEN), "back": list(_BACK), "unknown": UNKNOWN,
    }  # fmt: skip
    return {
        row.id: sentence(row.action or ("hidden" if row.state == "hidden" else "deleted"), row.by_whom, row.source)
        for row in connection.execute(_LATEST, asked)
    }


def sentence(action: str, by_whom: str | None, source: str | None) -> str:
    """`Deleted by the author`; that nobody knows is said as plainly. Pure."""
    what = words.action(action)
    if by_whom is None or by_whom == UNKNOWN:
        return _("%(what)s; by whom is unknown", what=what)
    who = words.whom(by_whom, source)
    if source == "clerk":
        return _("%(what)s by %(who)s, as a person wrote", what=what, who=who)
    return _("%(what)s by %(who)s", what=what, who=who)
