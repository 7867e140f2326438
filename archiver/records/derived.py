"""The state of an item over several of the streams that saw it: one rule, for Python and for SQL.

An import tells once how somebody else's copy had an item, and nothing looks for it there again: where any other stream saw the
item, imports say nothing of its state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from archiver.platforms.items import StreamKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PRESENT = "present"
SUREST = (PRESENT, "hidden", "gone_confirmed")
"""An item is as present as the best of the streams that decide; what none of these says is not returned."""
IMPORT = StreamKind.IMPORT.value


def _best(told: str = "") -> str:
    whens = " ".join(f"when bool_or({{sightings}}.state = '{each}'{told}) then '{each}'" for each in SUREST)
    return f"case {whens} else 'not_returned' end"


_LOOKED_FOR = f"{{streams}}.kind <> '{IMPORT}'"
DERIVED = f"""case when bool_or({_LOOKED_FOR})
         then {_best(f" and {_LOOKED_FOR}")}
         else {_best()} end"""
"""The same as an aggregate, to be formatted with what a query calls the sightings of one item, and their streams."""


def derived(found: Iterable[tuple[str, str]]) -> str:
    """The state of an item over the streams that saw it: of each its kind, and how it found the item. Of none: it was only shown
    inside another record, and is present by that.
    """
    sightings = list(found)
    states = {state for stream, state in sightings if stream != IMPORT} or {state for _, state in sightings}
    return next((state for state in SUREST if state in states), "not_returned" if states else PRESENT)


class _Seen(Protocol):
    @property
    def stream(self) -> str: ...


_Sighting = TypeVar("_Sighting", bound=_Seen)


def deciding(sightings: Sequence[_Sighting]) -> Sequence[_Sighting]:
    """Those of an item's sightings that its state is derived from."""
    return [each for each in sightings if each.stream != IMPORT] or sightings
