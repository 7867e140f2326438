"""The ways platforms write a time, each read by a pure function of its own.

Each takes text as received and gives an aware datetime in UTC, or None where the text is not of that shape, names no
time zone and none was given, or is outside of what a datetime can hold. None of them ever fills in a missing part or
falls back to the present: a time that is absent is absent. Decimals beyond microseconds are cut off, not rounded, and a
leap second is read as the second after it, as POSIX does.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ZONES = {
    "ut": 0, "utc": 0, "gmt": 0, "z": 0,
    "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7,
}  # fmt: skip
"""The names RFC 822 section 5.1 defines; its military letters other than Z are unknown offsets (RFC 2822, 4.3)."""

_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:([Zz])|([+-])(\d\d):(\d\d))", re.ASCII
)
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?\s*(?:([Zz])|([+-])(\d\d):?(\d\d)?)?", re.ASCII
)
_GRAPH = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)()()([+-])(\d\d)(\d\d)", re.ASCII)
_X_2013 = re.compile(r"(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)()() ([+-])(\d\d)(\d\d)", re.ASCII)
_X = re.compile(r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d\d) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d) (\d{4})", re.ASCII)
_RFC822 = re.compile(
    r"(?:[a-z]+\.?(?:,\s*|\s+))?(\d{1,2})[\s-]+([a-z]{3})[a-z]*\.?,?[\s-]+(\d{4}|\d{2})\s+"
    r"(\d{1,2}):(\d\d)(?::(\d\d))?(?:\s*(?:([+-])(\d\d):?(\d\d)|([a-z]+)))?",
    re.ASCII | re.IGNORECASE,
)
_COMMENT = re.compile(r"\([^()]*\)")
_LONGEST = 128
"""No platform writes a time longer than that; a longer text is not worth a regular expression."""


def rfc3339(text: str) -> datetime | None:
    """Read an RFC 3339 time with any number of decimals: Bluesky, Mastodon, YouTube, X API v2, Atom.

    Source: RFC 3339 section 5.6; atproto's interop-test-files/syntax/datetime_syntax_valid.txt.
    """
    return _from_iso(_RFC3339, text, None)


def iso8601(text: str, zone: tzinfo | None = None) -> datetime | None:
    """Read the looser ISO 8601 times that feeds carry (W3C-DTF): seconds and the colon of the offset may be missing.

    `zone` is the zone of a time that names none; without it such a time is not read.
    """
    return _from_iso(_ISO, text.strip() if len(text) <= _LONGEST else text, zone)


def graph(text: str) -> datetime | None:
    """Read the Graph API's time, `2021-08-10T18:45:03+0000`: Facebook, Instagram, Threads."""
    return _from_iso(_GRAPH, text, None)


def x_archive_2013(text: str) -> datetime | None:
    """Read the time of a 2013-2019 X download, `2016-12-29 19:33:10 +0000`."""
    return _from_iso(_X_2013, text, None)


def x_archive(text: str) -> datetime | None:
    """Read the time of a present X download and of API 1.1, `Sat Dec 06 18:20:30 +0000 2025`."""
    match = _X.fullmatch(text)
    if match is None:
        return None
    month, day, hour, minute, second, sign, offset_hours, offset_minutes, year = match.groups()
    if month.lower() not in _MONTHS:
        return None
    return _build(
        (int(year), _MONTHS.index(month.lower()) + 1, int(day), int(hour), int(minute), int(second), 0),
        _offset(sign, offset_hours, offset_minutes),
    )


def rfc822(text: str, zone: tzinfo | None = None) -> datetime | None:
    """Read an RFC 822 time as RSS carries it: years of two or four digits, zone names of that RFC, comments dropped.

    Two digits below 50 are of this century (RFC 2822 section 4.3). `zone` is the zone of a time that names none (or
    `-0000`, which says that none is known); without it such a time is not read.
    """
    if len(text) > _LONGEST:
        return None
    match = _RFC822.fullmatch(_COMMENT.sub(" ", text).strip())
    if match is None or match[2].lower() not in _MONTHS:
        return None
    day, month, year, hour, minute, second, sign, offset_hours, offset_minutes, name = match.groups()
    offset: tzinfo | None
    if name is not None:
        hours = _ZONES.get(name.lower())
        offset = None if hours is None else timezone(timedelta(hours=hours))
    elif sign is None or (sign == "-" and offset_hours == offset_minutes == "00"):
        offset = zone
    else:
        offset = _offset(sign, offset_hours, offset_minutes)
    number = int(year)
    if len(year) == len("99"):
        number += 2000 if number < 50 else 1900  # noqa: PLR2004 - the years of RFC 2822, section 4.3
    return _build(
        (number, _MONTHS.index(month.lower()) + 1, int(day), int(hour), int(minute), int(second or 0), 0), offset
    )


def unix_seconds(value: str | int) -> datetime | None:
    """Read whole Unix seconds, as Facebook and TikTok downloads carry them."""
    return _from_unix(value, 1_000_000)


def unix_milliseconds(value: str | int) -> datetime | None:
    """Read whole Unix milliseconds, as Messenger downloads carry them (`timestamp_ms`)."""
    return _from_unix(value, 1_000)


def _from_unix(value: str | int, microseconds: int) -> datetime | None:
    """Unix time in units of so many microseconds, negative ones too."""
    if isinstance(value, bool) or (isinstance(value, str) and not re.fullmatch(r"-?\d{1,18}", value, re.ASCII)):
        return None
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(value) * microseconds)
    except OverflowError:
        return None


def _from_iso(shape: re.Pattern[str], text: str, zone: tzinfo | None) -> datetime | None:
    """Read text of one of the year-first shapes, whose groups stand in the same order."""
    match = shape.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        return None
    year, month, day, hour, minute, second, decimals, zulu, sign, offset_hours, offset_minutes = match.groups()
    microsecond = int((decimals or "0")[:6].ljust(6, "0"))
    offset = UTC if zulu else _offset(sign, offset_hours, offset_minutes or "00") if sign else zone
    return _build(
        (int(year), int(month), int(day), int(hour), int(minute), int(second or 0), microsecond),
        offset,
    )


def _offset(sign: str, hours: str, minutes: str) -> timezone | None:
    """The offset written as a sign, two digits and two digits, or None where it is not below a day."""
    delta = timedelta(hours=int(hours), minutes=int(minutes))
    if delta >= timedelta(days=1) or int(minutes) > 59:  # noqa: PLR2004 - minutes of an hour
        return None
    return timezone(-delta if sign == "-" else delta)


def _build(parts: tuple[int, int, int, int, int, int, int], offset: tzinfo | None) -> datetime | None:
    """A datetime in UTC from its parts in the given zone, or None where there is no such moment or no zone."""
    if offset is None:
        return None
    year, month, day, hour, minute, second, microsecond = parts
    leap = second == 60  # noqa: PLR2004 - a leap second
    try:
        moment = datetime(year, month, day, hour, minute, 59 if leap else second, microsecond, tzinfo=offset)
        return (
            (moment.astimezone(UTC) + timedelta(seconds=1)).replace(microsecond=0) if leap else moment.astimezone(UTC)
        )
    except (ValueError, OverflowError):
        return None
