"""The city's policy: what an account's register entry must say, and how long its department has to comply.

A department that used social media before the policy took effect has 90 days from that day; one that came later complies
from its first day on (City of Carson social-media policy, as the project's brief states it). The day the policy took
effect is a setting without a default, since no public source for it was found.
"""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DAYS_TO_COMPLY = 90
REQUIRED = ("steward", "purpose", "authority_statement", "record_series", "began_on", "approved_by", "approved_on")


@dataclasses.dataclass(frozen=True, slots=True)
class Compliance:
    """Where an account stands. `days_left` is None where nothing is due: all is there, or a date that it takes is not known
    (the policy's effective date, or when any account of the department began).
    """

    missing: tuple[str, ...]
    due_on: date | None
    days_left: int | None

    @property
    def sentence(self) -> str:
        """For the register's list."""
        if not self.missing:
            return "complete"
        if self.due_on is None or self.days_left is None:
            return "incomplete; due when the policy's effective date and the day the department began are known"
        if self.days_left < 0:
            return f"overdue by {-self.days_left} days (since {self.due_on.isoformat()})"
        return f"{self.days_left} days left (until {self.due_on.isoformat()})"


def due_date(began_on: Iterable[date | None], effective: date | None) -> date | None:
    """When a department must comply, from the days its accounts began.

    None where the policy's effective date is not set, or no account of the department says when it began.
    """
    known = [day for day in began_on if day is not None]
    if effective is None or not known:
        return None
    first = min(known)
    return effective + timedelta(days=DAYS_TO_COMPLY) if first < effective else first


def compliance(
    entry: Mapping[str, object], department_began: Iterable[date | None], effective: date | None, today: date
) -> Compliance:
    """Where one register entry stands on a day (a day in the city's time zone)."""
    missing = tuple(name for name in REQUIRED if entry.get(name) in (None, ""))
    due = due_date(department_began, effective)
    left = None if due is None or not missing else (due - today).days
    return Compliance(missing, due, left)
