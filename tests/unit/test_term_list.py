"""A requester's list is read line by line."""

from __future__ import annotations

import pytest

from search.errors import QueryError
from search.query.term_list import MOST_TERMS, terms_in


def test_a_list_is_one_term_on_a_line() -> None:
    """Blank lines, marks of a list, a byte order mark and doubles do not count."""
    assert terms_in("\ufeffpothole\r\n\n \u2022 road closure\n* pothole\n\u00b7\u00a0budget  \npothole") == [
        "pothole", "road closure", "budget",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "says"),
    [(" \n\n", "no term in this list"), ("\n".join(map(str, range(MOST_TERMS + 1))), "hand it in in parts")],
)
def test_a_list_that_is_none_is_refused_in_a_sentence(text: str, says: str) -> None:
    """Nothing in it, or too much."""
    with pytest.raises(QueryError, match=r"^[^\n]+[.]$") as caught:
        terms_in(text)
    assert says in str(caught.value)
