"""The state of an item over several of the streams that saw it: one rule, for Python and for SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

PRESENT = "present"
SUREST = (PRESENT, "hidden", "gone_confirmed")
"""An item is as present as the best of the streams that saw it; what none of these says is not returned."""
DERIVED = f"""case {" ".join(f"when bool_or({{sightings}}.state = '{each}') then '{each}'" for each in SUREST)}
         else 'not_returned' end"""
"""The same as an aggregate, to be formatted with what a query calls the sightings of one item."""


def derived(found: Collection[str]) -> str:
    """The state of an item over the streams that saw it, by those that they found it in. Of none: it was only shown inside
    another record, and is present by that.
    """
    return next((state for state in SUREST if state in found), "not_returned" if found else PRESENT)
