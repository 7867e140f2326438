"""Days and months as they are said in the language of the running task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archiver.i18n.languages import ENGLISH, language

if TYPE_CHECKING:
    import datetime as dt


def day(date: dt.date) -> str:
    """`3 May 2026`, `3 de mayo de 2026`; a moment is the day that it is in its own zone."""
    if language() == ENGLISH:
        return f"{date.day} {date:%B} {date.year}"
    return _formatted(date, "long")


def month(date: dt.date) -> str:
    """`May 2026`, `mayo de 2026`."""
    return f"{date:%B} {date.year}" if language() == ENGLISH else _formatted(date, "MMMM 'de' y")


def short_month(date: dt.date) -> str:
    """`May 2026`, `may 2026`: for a bar of a chart."""
    return f"{date:%b} {date.year}" if language() == ENGLISH else _formatted(date, "MMM y")


def _formatted(date: dt.date, pattern: str) -> str:
    # Needed by nobody who speaks English.
    from babel.dates import format_date  # noqa: PLC0415

    return format_date(date, pattern, locale=language())
