"""Through which accounts an item came, in SQL: what decides who may see it.

An item came through the accounts that it was sighted on. One that was only shown inside another record (quoted, answered) was
never looked for itself: it came through those whose captures received it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archiver.records.derived import DERIVED

if TYPE_CHECKING:
    from collections.abc import Collection

CAME_THROUGH = """
    (not :limited
     or exists (select from sightings gs join streams gt on gt.id = gs.stream_id
                where gs.item_id = i.id and gt.account_id = any(:accounts))
     or (not exists (select from sightings gs where gs.item_id = i.id)
         and exists (select from versions gv join exchanges ge on ge.id = gv.exchange_id
                     join captures gc on gc.id = ge.capture_id join streams gt on gt.id = gc.stream_id
                     where gv.item_id = i.id and gt.account_id = any(:accounts))))
"""
"""A condition on the items that a query calls `i`, with the parameters of `parameters`."""
SEEN = f"(:messages or i.kind <> 'message') and {CAME_THROUGH}"
"""That, and no direct message unless those are seen: with the parameter `messages` besides."""
STATE_THROUGH = f"""
    case when not :limited then i.state else coalesce((
        select {DERIVED.format(sightings="gs", streams="gt")} from sightings gs join streams gt on gt.id = gs.stream_id
        where gs.item_id = i.id and gt.account_id = any(:accounts) having count(*) > 0), i.state) end
"""  # noqa: S608 - an expression of our own
"""The state of the items that a query calls `i`, by the sightings of these accounts alone: what others found is not told."""
FIRST_SEEN_THROUGH = """
    case when not :limited then i.first_seen_at else coalesce((
        select case when bool_or(gt.account_id <> all(:accounts)) then
                    min(gs.first_seen_at) filter (where gt.account_id = any(:accounts)) end
        from sightings gs join streams gt on gt.id = gs.stream_id where gs.item_id = i.id), i.first_seen_at) end
"""
"""When they were first seen: where others saw them as well, when these accounts first did."""
NOTICED_THROUGH = """
    (not :limited or m.state_id is null or exists (
        select from states n join streams s on s.id = n.stream_id where n.id = m.state_id and s.account_id = any(:accounts)))
"""
"""The same on the rows of the moderation record that a query calls `m`: what a capture noticed is theirs who see its account."""


def parameters(accounts: Collection[int] | None) -> dict[str, Any]:
    """What `CAME_THROUGH` wants: the row ids of the accounts that an item must have come through one of; None: any."""
    return {"limited": accounts is not None, "accounts": list(accounts or ())}
