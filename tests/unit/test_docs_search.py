"""Every query that docs/search.md shows is one."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

from search.query.fields import CHOICES
from search.query.model import Field
from search.query.parse import parse

PAGE = (Path(__file__).parents[2] / "docs" / "search.md").read_text(encoding="utf-8")
SHOWN = [found for row in re.findall(r"^\|(.*)\|$", PAGE, re.MULTILINE)[2:] for found in re.findall(r"`([^`]+)`", row)]


@pytest.mark.parametrize("typed", [each for each in dict.fromkeys(SHOWN) if each not in {"NEAR", "platform:handle"}])
def test_a_query_of_the_page_is_understood(typed: str) -> None:
    """As it stands there."""
    assert parse(typed, dt.date(2026, 4, 15)) is not None


def test_every_field_and_its_choices_are_on_the_page() -> None:
    """But those that later parts of the archive fill (requests, holds), and messages, which are searched elsewhere."""
    for field in Field:
        if field not in {Field.ADDRESS, Field.REQUEST, Field.HOLD}:
            assert f"`{field}:" in PAGE, field
    for field, choices in CHOICES.items():
        (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{field}:")]
        for choice in choices:
            assert choice in row or choice == "message", f"{field}:{choice}"
