"""Days in the city's time zone: how they are written in a query, and as spans of time. Pure."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from typing import TYPE_CHECKING

from archiver.i18n.translation import _, marked
from search.errors import QueryError
from search.query.words import quoted

if TYPE_CHECKING:
    import zoneinfo

EARLIEST, LATEST = dt.date(1970, 1, 1), dt.date(9998, 12, 31)
_DAY = dt.timedelta(days=1)
_NAMED = re.compile(r"(?:(\d{1,2})\s+)?([a-z]{3,9})\.?(?:\s+(\d{1,2})(?:st|nd|rd|th)?)?,?\s+(\d{4})")
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
)  # fmt: skip


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
    _require_within(*(day for day in (first, last) if day is not None))
    if first is not None and last is not None and first > last:
        days = {"first": first.isoformat(), "last": last.isoformat()}
        raise QueryError(
            lambda: _("The first day, %(first)s, comes after the last, %(last)s: exchange the two dates.", **days)
        )
    return (
        None if first is None else start_of_day(first, zone),
        None if last is None else start_of_day(last + dt.timedelta(days=1), zone),
    )


def spoken(text: str, today: dt.date | None) -> tuple[dt.date | None, dt.date | None]:
    """The days that a date in a query means, first and last; None is an open end.

    Understood: a day (2026-03-05, 3/5/2026, 5 March 2026, March 5, 2026), a month (2026-03, March 2026), a year, a range with
    `..` of any of these, `>=`, `>`, `<=` and `<` before one, and today, yesterday, this or last week (from Sunday on), month or
    year, last N days (today included).

    Raises:
        QueryError: it is none of these, or no day of the calendar; relative days without `today`.
    """
    plain = " ".join(text.replace("_", " ").split()).lower()
    if ".." in plain:
        begin, _dots, end = (each.strip() for each in plain.partition(".."))
        if begin or end:
            first = _one(begin, text, today)[0] if begin else None
            last = _one(end, text, today)[1] if end else None
            if first is not None and last is not None and first > last:
                raise QueryError(
                    lambda: _("In %(typed)s the first day comes after the last: exchange the two.", typed=quoted(text))
                )
            return first, last
    if compared := re.fullmatch(r"(>=|<=|>|<)\s*(.+)", plain):
        first, last = _one(compared[2], text, today)
        match compared[1]:
            case ">=":
                return first, None
            case ">":
                return last + _DAY, None
            case "<=":
                return None, last
            case _:
                return None, first - _DAY
    return _one(plain, text, today)


def _one(plain: str, typed: str, today: dt.date | None) -> tuple[dt.date, dt.date]:
    found = _relative(plain.replace("-", " "), today) or _calendar(plain)
    if found is None:
        raise QueryError(
            lambda: _(
                "%(typed)s is no date: write a day as 2026-03-31, a month as 2026-03, a range as 2026-03-01..2026-03-31, or "
                "last-month.",
                typed=quoted(typed),
            )
        )
    _require_within(*found)
    return found


def _require_within(*days: dt.date) -> None:
    for day in days:
        if day < EARLIEST:
            raise _nothing_on(day, marked("There is nothing to find on %(day)s: give a day from 1970 on."))
        if day > LATEST:
            raise _nothing_on(day, marked("There is nothing to find on %(day)s: give a day of %(last)s or before."))


def _nothing_on(day: dt.date, sentence: str) -> QueryError:
    return QueryError(lambda: _(sentence, day=day.isoformat(), last=LATEST.year))


def _relative(plain: str, today: dt.date | None) -> tuple[dt.date, dt.date] | None:
    words = re.fullmatch(r"(today|yesterday)|(this|last) (week|month|year)|last (\d{1,5}) days?", plain)
    if words is None or today is None:
        return None
    if words[1]:
        day = today if words[1] == "today" else today - _DAY
        return day, day
    if words[4]:
        number = int(words[4])
        return (today - (number - 1) * _DAY, today) if number else None
    back = int(words[2] == "last")
    match words[3]:
        case "week":
            sunday = today - ((today.weekday() + 1) % 7) * _DAY - 7 * back * _DAY
            return sunday, sunday + 6 * _DAY
        case "month":
            month = today.year * 12 + today.month - 1 - back
            return _month(month // 12, month % 12 + 1)
        case _:
            return _year(today.year - back)


def _calendar(plain: str) -> tuple[dt.date, dt.date] | None:
    numbers = re.fullmatch(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?", plain)
    american = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", plain)
    named = _NAMED.fullmatch(plain.replace("-", " "))
    try:
        if numbers is not None:
            year = int(numbers[1])
            if numbers[3]:
                day = dt.date(year, int(numbers[2]), int(numbers[3]))
                return day, day
            return _month(year, int(numbers[2])) if numbers[2] else _year(year)
        if american is not None:
            day = dt.date(int(american[3]), int(american[1]), int(american[2]))
            return day, day
        if named is not None and (month := _month_named(named[2])) and not (named[1] and named[3]):
            of_month = named[1] or named[3]
            if of_month:
                day = dt.date(int(named[4]), month, int(of_month))
                return day, day
            return _month(int(named[4]), month)
    except (ValueError, OverflowError):
        return None
    return None


def _month_named(name: str) -> int | None:
    return next((number for number, month in enumerate(_MONTHS, 1) if month.startswith(name)), None)


def _month(year: int, month: int) -> tuple[dt.date, dt.date]:
    # Not by the first of the month after it, which December 9999 has not.
    return dt.date(year, month, 1), dt.date(year, month, calendar.monthrange(year, month)[1])


def _year(year: int) -> tuple[dt.date, dt.date]:
    return dt.date(year, 1, 1), dt.date(year, 12, 31)
