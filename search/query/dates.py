"""Days in the city's time zone as spans of time. Pure."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from search.errors import QueryError

if TYPE_CHECKING:
    import zoneinfo

EARLIEST, LATEST = dt.date(1970, 1, 1), dt.date(9998, 12, 31)


def start_of_day(day: dt.date, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    """The first moment of a day in a zone, in UTC.

    A midnight that the clocks skip is the moment they skip at; one that comes twice is the first.
    """
    return dt.datetime.combine(day, dt.time.min, tzinfo=zone).astimezone(dt.UTC)


def span(
    first: dt.date | None, last: dt.date | None, zone: zoneinfo.ZoneInfo
) -> tuple[dt.datetime | None, dt.datetime | None]:
    """From the first moment of the first day to the first moment after the last, in UTC; None is an open end.

    Raises:
        QueryError: the days are the wrong way round, or beyond the calendar.
    """
    for day in (first, last):
        if day is not None and not EARLIEST <= day <= LATEST:
            raise QueryError(f"There is nothing to find on {day.isoformat()}: give a day from 1970 on.")
    if first is not None and last is not None and first > last:
        raise QueryError(
            f"The first day, {first.isoformat()}, comes after the last, {last.isoformat()}: exchange the two dates."
        )
    return (
        None if first is None else start_of_day(first, zone),
        None if last is None else start_of_day(last + dt.timedelta(days=1), zone),
    )
