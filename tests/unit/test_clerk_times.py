"""Times as a clerk reads them, whatever time somebody states."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archiver.zones import in_zone
from clerk.times import day, minute, moment, time_tag

ZONES = st.sampled_from(
    ["America/Los_Angeles", "America/New_York", "Pacific/Apia", "Pacific/Kiritimati", "Asia/Kathmandu", "Europe/Dublin", "UTC"]
).map(zoneinfo.ZoneInfo)  # fmt: skip
MOMENTS = st.datetimes(
    timezones=st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=14)), dt.timezone(dt.timedelta(hours=-12))])
)
FIRST, LAST = dt.datetime.min.replace(tzinfo=dt.UTC), dt.datetime.max.replace(tzinfo=dt.UTC)


@given(MOMENTS, ZONES)
@example(FIRST, zoneinfo.ZoneInfo("America/Los_Angeles"))
@example(FIRST.replace(tzinfo=dt.timezone(dt.timedelta(hours=14))), zoneinfo.ZoneInfo("America/Los_Angeles"))
@example(LAST, zoneinfo.ZoneInfo("Pacific/Kiritimati"))
@example(LAST.replace(tzinfo=dt.timezone(dt.timedelta(hours=-12))), zoneinfo.ZoneInfo("Pacific/Kiritimati"))
def test_every_moment_of_the_calendar_can_be_read(at: dt.datetime, zone: zoneinfo.ZoneInfo) -> None:
    """Whatever is stated, in whatever zone, is shown as that very moment, with the zone it is shown in."""
    local = in_zone(at, zone)
    assert local - at == dt.timedelta(0)
    written = moment(at, zone)
    assert written.startswith(f"{local.day} ")
    assert written.endswith(f" {local.year}, {local.hour:02}:{local.minute:02} {local.tzname()}")
    assert written.startswith(f"{day(at, zone)}, ")
    tag = re.fullmatch(r'<time datetime="([^"]+)">(.+)</time>', time_tag(at, zone))
    assert tag is not None
    assert tag[2] == written
    assert dt.datetime.fromisoformat(tag[1]) - at == -dt.timedelta(microseconds=at.microsecond)
    assert dt.datetime.fromisoformat(minute(at, zone)) == local.replace(tzinfo=None, second=0, microsecond=0, fold=0)


@pytest.mark.parametrize(
    ("at", "zone", "text"),
    [
        (FIRST, "America/Los_Angeles", "1 January 1, 00:00 UTC"),
        (LAST, "Pacific/Kiritimati", "31 December 9999, 23:59 UTC"),
        (LAST, "America/Los_Angeles", "31 December 9999, 15:59 PST"),
        (dt.datetime(1970, 1, 1, tzinfo=dt.UTC), "America/Los_Angeles", "31 December 1969, 16:00 PST"),
    ],
)
def test_where_the_citys_calendar_ends_it_is_utc_and_says_so(at: dt.datetime, zone: str, text: str) -> None:
    """The first day of all is the day before it in California: it is shown in UTC, by its abbreviation."""
    assert moment(at, zoneinfo.ZoneInfo(zone)) == text
