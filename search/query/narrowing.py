"""A query with one thing more asked for. Pure."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from search.query.model import Or
from search.query.parse import parse, render
from search.query.tree import conjuncts, together

if TYPE_CHECKING:
    import datetime as dt

    from search.query.model import Node

_REMEMBERED = 4096


class Narrowing:
    """A query, to be asked with many things besides, one at a time: a page of results offers a hundred and more."""

    def __init__(self, text: str, today: dt.date | None = None) -> None:
        """Take the query apart.

        Raises:
            QueryError: it cannot be understood.
        """
        self._today = today
        self._parts = conjuncts(parse(text, today))
        self._alone = render(together(self._parts))
        self._among = " ".join(map(_beside, self._parts))

    def by(self, more: str) -> str:
        """What to type to ask for `more` besides: brackets where they are wanted, nothing twice.

        Raises:
            QueryError: `more` cannot be understood.
        """
        added = [each for each in _added(more, self._today) if each[0] not in self._parts]
        if not added:
            return self._alone
        if not self._parts:
            return render(together([node for node, _ in added]))
        return " ".join((self._among, *(typed for _, typed in added)))


def _beside(node: Node) -> str:
    """A part as it is typed beside others."""
    return f"({render(node)})" if isinstance(node, Or) else render(node)


# What a page offers is much the same from page to page: platforms, departments, accounts, kinds, months.
@functools.lru_cache(_REMEMBERED)
def _added(text: str, today: dt.date | None) -> tuple[tuple[Node, str], ...]:
    return tuple((each, _beside(each)) for each in conjuncts(parse(text, today)))
