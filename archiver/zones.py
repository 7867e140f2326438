"""Moments in a zone, the first and last days of the calendar too. Pure."""

from __future__ import annotations

import datetime as dt


def in_zone(at: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """A moment as the clocks of a zone showed it; where its calendar has no such day, as those of UTC did.

    What people state may be any moment: the year 1 begins before the calendar does west of UTC, and 9999 ends after it in the
    east. The moment that is given says by its own zone which it is. `at` must have a zone.
    """
    for each in (zone, dt.UTC):
        try:
            return at.astimezone(each)
        except OverflowError:
            continue
    return at
