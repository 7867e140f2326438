"""When things were published on Meta's platforms, and the places that they have by it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archiver.platforms import times
from archiver.platforms.answers import text_of
from archiver.platforms.falling import key_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

SECONDS = 11
"""How many digits the second has in an order key."""


def moment_of(record: Mapping[str, Any], name: str) -> tuple[str | None, datetime | None]:
    """A time of a record: as it is written, and read. Graph writes `2021-08-10T18:45:03+0000`; stories of pages have Unix
    seconds [U]. Raises `TypeError` for what is neither text nor number.
    """
    value = record.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value), times.unix_seconds(value)
    text = text_of(record, name)
    if text is None:
        return None, None
    return text, times.graph(text) or times.rfc3339(text) or times.unix_seconds(text)


def place_of(at: datetime | None, identity: str) -> str:
    """The order key below a post or in a conversation: the second, then the id. Raises `ValueError` for the year 5138."""
    return key_of(max(0, int(at.timestamp())) if at else 0, SECONDS, identity)


def place_in_listing(at: datetime | None, identity: str) -> str | None:
    """The order key in a listing from new to old. What does not tell its time has no place there, and covers nothing."""
    return place_of(at, identity) if at else None
