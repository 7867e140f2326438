"""Times as a clerk reads them: in the city's zone, with the zone's abbreviation, in the reader's language.

A moment that the calendar has no day for there is in UTC, which its abbreviation says.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from markupsafe import Markup

from archiver.i18n import calendar
from archiver.zones import in_zone

if TYPE_CHECKING:
    import zoneinfo


def day(moment: dt.datetime | dt.date, zone: zoneinfo.ZoneInfo) -> str:
    """`3 May 2026`, the day it was in the city."""
    return calendar.day(in_zone(moment, zone) if isinstance(moment, dt.datetime) else moment)


def moment(at: dt.datetime, zone: zoneinfo.ZoneInfo) -> str:
    """`3 May 2026, 02:10 PDT`."""
    local = in_zone(at, zone)
    return f"{day(at, zone)}, {local:%H:%M %Z}"


def minute(at: dt.datetime, zone: zoneinfo.ZoneInfo) -> str:
    """`2026-05-03T02:10`, as an address asks for a moment of the city."""
    return in_zone(at, zone).replace(tzinfo=None).isoformat(timespec="minutes")


def time_tag(at: dt.datetime, zone: zoneinfo.ZoneInfo, *, seconds: bool = False) -> Markup:
    """`<time>` with the machine's form and the clerk's."""
    local = in_zone(at, zone)
    text = f"{day(at, zone)}, {local:%H:%M:%S %Z}" if seconds else moment(at, zone)
    return Markup('<time datetime="{}">{}</time>').format(local.isoformat(timespec="seconds"), text)
