"""Small words that sentences about a search are made of. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence


def quoted(text: str) -> str:
    """A text in typographic quotes, for a sentence."""
    return f"\u201c{text}\u201d"


def joined(parts: Sequence[str], last: str = "and") -> str:
    """A list as it is said: `a, b and c`."""
    return f" {last} ".join(filter(None, (", ".join(parts[:-1]), parts[-1]))) if parts else ""


def day_of(day: dt.date) -> str:
    """A day as it is said: `1 March 2026`."""
    return f"{day.day} {day:%B} {day.year}"
