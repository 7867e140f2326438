"""Days of a city as spans of time, where clocks change too."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.errors import QueryError
from search.query.dates import span, start_of_day

ZONES = st.sampled_from(
    ["America/Los_Angeles", "America/New_York", "America/Sao_Paulo", "America/Havana", "America/Scoresbysund", "Africa/Cairo",
     "Asia/Beirut", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "Europe/Dublin", "UTC"]
).map(zoneinfo.ZoneInfo)  # fmt: skip
MOMENTS = st.datetimes(dt.datetime(1971, 1, 1), dt.datetime(2100, 1, 1), timezones=st.just(dt.UTC))  # noqa: DTZ001


@given(MOMENTS, ZONES)
def test_every_moment_is_in_its_local_day_and_in_no_other(moment: dt.datetime, zone: zoneinfo.ZoneInfo) -> None:
    """The span of a moment's local date holds it; the spans of the days before and after do not."""
    day, one = moment.astimezone(zone).date(), dt.timedelta(days=1)
    begin, end = span(day, day, zone)
    assert begin is not None
    assert end is not None
    assert begin <= moment < end
    assert start_of_day(day + one, zone) == end
    assert start_of_day(day - one, zone) <= begin


@pytest.mark.parametrize(
    ("zone", "day", "begins", "hours"),
    [
        ("America/Los_Angeles", "2024-03-10", "2024-03-10T08:00", 23),
        ("America/Los_Angeles", "2024-11-03", "2024-11-03T07:00", 25),
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00", 23),  # midnight is skipped
        ("America/Havana", "2024-11-03", "2024-11-03T04:00", 25),  # midnight comes twice
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00", 0),  # the day that never was
        ("Australia/Lord_Howe", "2024-04-07", "2024-04-06T13:00", 24.5),
    ],
)
def test_days_are_as_long_as_clocks_make_them(zone: str, day: str, begins: str, hours: float) -> None:
    """Days of 23, 25, 24.5 and 0 hours begin and end where they do."""
    date = dt.date.fromisoformat(day)
    begin, end = span(date, date, zoneinfo.ZoneInfo(zone))
    assert begin == dt.datetime.fromisoformat(begins).replace(tzinfo=dt.UTC)
    assert end is not None
    assert end - begin == dt.timedelta(hours=hours)


def test_an_open_end_stays_open() -> None:
    """One day alone bounds one side."""
    zone, day = zoneinfo.ZoneInfo("UTC"), dt.date(2024, 3, 5)
    assert span(None, day, zone) == (None, dt.datetime(2024, 3, 6, tzinfo=dt.UTC))
    assert span(day, None, zone) == (dt.datetime(2024, 3, 5, tzinfo=dt.UTC), None)


@pytest.mark.parametrize(
    ("first", "last", "says"),
    [
        (dt.date(2024, 3, 6), dt.date(2024, 3, 5), "exchange the two dates"),
        (dt.date(1, 1, 1), None, "from 1970 on"),
        (None, dt.date.max, "of 9998 or before"),
    ],
)
def test_days_that_cannot_be_are_one_sentence(first: dt.date | None, last: dt.date | None, says: str) -> None:
    """Days the wrong way round or beyond the calendar are explained, never an overflow."""
    with pytest.raises(QueryError, match=says):
        span(first, last, zoneinfo.ZoneInfo("Pacific/Kiritimati"))
