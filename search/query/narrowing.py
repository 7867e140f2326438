"""A query with one thing more asked for. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from search.query.parse import parse, render
from search.query.tree import conjuncts, together

if TYPE_CHECKING:
    import datetime as dt


def narrowed(text: str, more: str, today: dt.date | None = None) -> str:
    """What to type to ask for `more` besides: brackets where they are wanted, nothing twice.

    Raises:
        QueryError: one of the two cannot be understood.
    """
    parts = (*conjuncts(parse(text, today)), *conjuncts(parse(more, today)))
    return render(together(parts))
