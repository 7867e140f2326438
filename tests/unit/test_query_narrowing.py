"""One thing more asked for."""

from __future__ import annotations

import datetime as dt

import pytest

from search.errors import QueryError
from search.query.narrowing import Narrowing
from search.query.parse import parse
from search.query.tree import conjuncts, together

TODAY = dt.date(2026, 3, 5)
QUERIES = (
    "",
    "pothole",
    "a OR b",
    "(a OR b) c",
    'NOT x "one two"',
    "date:yesterday",
    "is:city is:city",
    "NOT (a OR b)",
    "a b",
)
MORE = (
    "is:city",
    "date:2026-03",
    'author:"=Ana (Ruiz)"',
    "a OR b",
    "pothole",
    "b is:city",
    "date:yesterday",
    "type:post",
)


@pytest.mark.parametrize("text", QUERIES)
@pytest.mark.parametrize("more", MORE)
def test_a_query_is_narrowed_by_one_thing_more(text: str, more: str) -> None:
    """What is to be typed is read as all that was asked for and the one thing more, whatever either is, and nothing twice."""
    typed = Narrowing(text, TODAY).by(more)
    assert parse(typed, TODAY) == together([*conjuncts(parse(text, TODAY)), *conjuncts(parse(more, TODAY))])


def test_what_is_asked_for_already_changes_nothing() -> None:
    """The same again is the query as it is."""
    assert Narrowing("pothole is:city").by("is:city") == "pothole is:city"
    assert Narrowing("a OR b").by("a OR b") == "a OR b"


def test_what_cannot_be_understood_is_refused() -> None:
    """On either side."""
    with pytest.raises(QueryError):
        Narrowing('"torn')
    with pytest.raises(QueryError):
        Narrowing("a").by("(b")
