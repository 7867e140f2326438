"""Times as a clerk reads them: in the city's zone, with the zone's abbreviation. Pure."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    import zoneinfo


def day(moment: dt.datetime | dt.date, zone: zoneinfo.ZoneInfo) -> str:
    """`3 May 2026`, the day it was in the city."""
    local = moment.astimezone(zone) if isinstance(moment, dt.datetime) else moment
    return f"{local.day} {local:%B} {local.year}"


def moment(at: dt.datetime, zone: zoneinfo.ZoneInfo) -> str:
    """`3 May 2026, 02:10 PDT`."""
    local = at.astimezone(zone)
    return f"{day(at, zone)}, {local:%H:%M %Z}"


def minute(at: dt.datetime, zone: zoneinfo.ZoneInfo) -> str:
    """`2026-05-03T02:10`, as an address asks for a moment of the city."""
    return f"{at.astimezone(zone):%Y-%m-%dT%H:%M}"


def time_tag(at: dt.datetime, zone: zoneinfo.ZoneInfo, *, seconds: bool = False) -> Markup:
    """`<time>` with the machine's form and the clerk's."""
    local = at.astimezone(zone)
    text = f"{day(at, zone)}, {local:%H:%M:%S %Z}" if seconds else moment(at, zone)
    return Markup('<time datetime="{}">{}</time>').format(local.isoformat(timespec="seconds"), text)
