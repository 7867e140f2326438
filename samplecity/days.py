"""The city's calendar: its days, and the nights that follow them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from samplecity.accounts import TIME_ZONE

_ZONE = ZoneInfo(TIME_ZONE)


@dataclass
class Days:
    """A history's days.

    Attributes:
        start: the date of day 1, in city time.
        nights: how many days the history has; later events are left out.
    """

    start: date
    nights: int

    def moment(self, day: int, hour: int, minute: int = 0, micro: int = 0) -> datetime:
        """Give a time of a day, in UTC; hour and minute are the city's. Day 1 is `start`, 0 the day before."""
        local = datetime.combine(self.start + timedelta(days=day - 1), time(hour, minute, 0, micro), _ZONE)
        return local.astimezone(UTC)

    def night(self, at: datetime) -> int:
        """Give the night that follows a moment's day; all that came before day 1 is seen in night 1."""
        return max(1, (at.astimezone(_ZONE).date() - self.start).days + 1)
