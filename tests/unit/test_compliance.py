"""The city's policy: what an entry must say, and how many days its department has."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from archiver.compliance import DAYS_TO_COMPLY, REQUIRED, compliance, due_date

EFFECTIVE = date(2026, 1, 1)
WHOLE = dict.fromkeys(REQUIRED, "said")


def test_a_department_that_was_there_before_has_ninety_days() -> None:
    """Its first account began before the policy: 90 days from the day the policy took effect."""
    began = [date(2024, 5, 1), date(2026, 3, 1), None]
    assert due_date(began, EFFECTIVE) == EFFECTIVE + timedelta(days=90)
    found = compliance({}, began, EFFECTIVE, EFFECTIVE + timedelta(days=30))
    assert found.days_left == DAYS_TO_COMPLY - 30
    assert found.sentence == "60 days left (until 2026-04-01)"


def test_a_department_that_came_later_complies_from_its_first_day() -> None:
    """There is no grace for who began under the policy."""
    assert due_date([date(2026, 2, 10)], EFFECTIVE) == date(2026, 2, 10)
    assert due_date([EFFECTIVE], EFFECTIVE) == EFFECTIVE
    assert (
        compliance({}, [date(2026, 2, 10)], EFFECTIVE, date(2026, 2, 15)).sentence
        == "overdue by 5 days (since 2026-02-10)"
    )


def test_the_last_day_is_not_overdue() -> None:
    """On the day itself none is left and none is over."""
    due = EFFECTIVE + timedelta(days=90)
    assert compliance({}, [date(2020, 1, 1)], EFFECTIVE, due).days_left == 0
    assert "overdue" not in compliance({}, [date(2020, 1, 1)], EFFECTIVE, due).sentence
    assert "overdue by 1 " in compliance({}, [date(2020, 1, 1)], EFFECTIVE, due + timedelta(days=1)).sentence


@pytest.mark.parametrize("field", REQUIRED)
@pytest.mark.parametrize("value", [None, ""])
def test_each_required_field_is_missed(field: str, value: object) -> None:
    """An entry without it, or with nothing in it, is incomplete, and says by which."""
    found = compliance({**WHOLE, field: value}, [date(2020, 1, 1)], EFFECTIVE, EFFECTIVE)
    assert found.missing == (field,)


def test_nothing_is_due_of_a_complete_entry() -> None:
    """All is there: no days are counted, whatever the date."""
    found = compliance(WHOLE, [date(2020, 1, 1)], EFFECTIVE, date(2030, 1, 1))
    assert (found.missing, found.days_left, found.sentence) == ((), None, "complete")


def test_without_an_effective_date_nothing_can_be_due() -> None:
    """The day is a setting without a default: where it is not set, that is what is said."""
    assert due_date([date(2020, 1, 1)], None) is None
    assert due_date([None], EFFECTIVE) is None
    found = compliance({}, [date(2020, 1, 1)], None, EFFECTIVE)
    assert (
        found.sentence == "incomplete; due when the policy's effective date and the day the department began are known"
    )
