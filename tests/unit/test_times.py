"""The times of each platform's shape."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.platforms import times

_MOMENTS = st.datetimes(
    min_value=datetime.fromisoformat("1000-01-02"),
    max_value=datetime.fromisoformat("9999-12-30"),
    timezones=st.just(UTC),
)
_OFFSETS = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_READERS = (
    times.rfc3339, times.iso8601, times.rfc822, times.graph, times.x_archive, times.x_archive_2013,
    times.unix_seconds, times.unix_milliseconds,
)  # fmt: skip


@given(_MOMENTS, _OFFSETS)
def test_rfc3339_gives_back_what_was_written(moment: datetime, offset: timezone) -> None:
    """A moment written in RFC 3339 with any offset is read as the same moment in UTC."""
    read = times.rfc3339(moment.astimezone(offset).isoformat())
    assert read == moment
    assert read.utcoffset() == timedelta(0)
    assert times.iso8601(moment.astimezone(offset).isoformat()) == moment


@given(_MOMENTS, st.text("0123456789", min_size=1, max_size=30))
def test_rfc3339_reads_any_number_of_decimals(moment: datetime, decimals: str) -> None:
    """Decimals beyond microseconds are cut off, never rounded up into the next second."""
    whole = moment.replace(microsecond=0)
    read = times.rfc3339(f"{whole:%Y-%m-%dT%H:%M:%S}.{decimals}Z")
    assert read == whole.replace(microsecond=int(decimals[:6].ljust(6, "0")))


@given(_MOMENTS.map(lambda moment: moment.replace(microsecond=0)), _OFFSETS)
def test_rfc822_gives_back_what_the_mail_library_writes(moment: datetime, offset: timezone) -> None:
    """A moment written as mail writes it is read as the same moment, unless its offset is the unknown -0000."""
    assert times.rfc822(format_datetime(moment.astimezone(offset))) == moment


@given(_MOMENTS.map(lambda moment: moment.replace(microsecond=0)), _OFFSETS)
def test_the_other_shapes_give_back_what_was_written(moment: datetime, offset: timezone) -> None:
    """The Graph API's and both X downloads' shapes are read as the moment that was written."""
    there = moment.astimezone(offset)
    assert times.graph(f"{there:%Y-%m-%dT%H:%M:%S%z}") == moment
    assert times.x_archive_2013(f"{there:%Y-%m-%d %H:%M:%S %z}") == moment
    day, month = format_datetime(there)[:3], format_datetime(there)[8:11]
    assert times.x_archive(f"{day} {month} {there:%d %H:%M:%S %z %Y}") == moment


@given(st.integers(-(10**10), 10**10))
def test_unix_times_are_read_as_number_and_as_text(seconds: int) -> None:
    """Unix seconds and milliseconds, before 1970 too, are the same moment."""
    expected = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    assert times.unix_seconds(seconds) == times.unix_seconds(str(seconds)) == expected
    assert times.unix_milliseconds(seconds * 1000) == expected


@given(st.text(max_size=200))
def test_no_text_breaks_a_reader(text: str) -> None:
    """Whatever the text, a reader gives an aware moment in UTC or None."""
    for reader in _READERS:
        read = reader(text)
        assert read is None or read.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Thu, 01 Jan 2004 19:48:21 GMT", "2004-01-01T19:48:21+00:00"),
        ("Thu, 1 January 04 11:48 PST", "2004-01-01T19:48:00+00:00"),
        ("1 Jan 99 00:00:00 Z", "1999-01-01T00:00:00+00:00"),
        ("Thursday, 01 Jan 2004 19:48:21 (one) +0100 (CET)", "2004-01-01T18:48:21+00:00"),
        ("Thu,01 Jan 2004 19:48:60 UT", "2004-01-01T19:49:00+00:00"),
    ],
)
def test_rfc822_as_feeds_write_it(text: str, expected: str) -> None:
    """Two-digit years, zone names, full names, comments, missing seconds and leap seconds are read."""
    read = times.rfc822(text)
    assert read is not None
    assert read.isoformat() == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "now", "2004", "2004-01", "2004-01-01", "12:00", "Thu, 01 Jan 2004", "2004-01-01T19:48:21", "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:60Z", "2004-13-01T00:00:00Z", "2004-01-01T24:00:00Z",
        "2004-01-01T00:00:00+24:00", "2004-01-01T00:00:00+00:60", "Thu, 01 Jan 2004 19:48:21", "Thu, 01 Jan 2004 19:48:21 -0000",
        "Thu, 01 Jan 2004 19:48:21 A", "Thu, 31 Feb 2004 19:48:21 GMT", "٢٠٠٤-01-01T00:00:00Z",
    ],
)  # fmt: skip
def test_nothing_is_ever_filled_in(text: str) -> None:
    """A text without a day, a time or a zone, or of a moment that does not exist, is no time."""
    assert [reader(text) for reader in (times.rfc3339, times.iso8601, times.rfc822, times.graph)] == [None] * 4


def test_a_zone_for_times_without_one() -> None:
    """A time that names no zone is read in the one given; one that names its own is not moved."""
    zone = ZoneInfo("America/Los_Angeles")
    assert times.rfc822("Mon, 06 Jul 2026 12:00:00", zone) == datetime(2026, 7, 6, 19, tzinfo=UTC)
    assert times.iso8601("2026-01-06 12:00", zone) == datetime(2026, 1, 6, 20, tzinfo=UTC)
    assert times.iso8601("2026-01-06 12:00Z", zone) == datetime(2026, 1, 6, 12, tzinfo=UTC)
    assert times.iso8601("2026-01-06", zone) is None
