"""A query brought into alternatives finds the records that the query itself means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.errors import QueryError
from search.query.levels import MAX_ALTERNATIVES, alternatives, levels
from search.query.model import And, Field, Filter, Node, Not, Or, Word
from search.query.tree import simplified

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

SAYS = [Word(name) for name in "abc"]
IS = [Filter(Field.PLATFORM, name) for name in "xyz"]
TREES: st.SearchStrategy[Node] = st.recursive(
    st.sampled_from([*SAYS, *IS, Filter(Field.HAS, "image")]),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts))),
        inner.map(Not),
    ),
    max_leaves=8,
).map(simplified)
TRUTHS = st.sets(st.sampled_from([*SAYS, Filter(Field.HAS, "image")]))


def holds(node: Node | None, true: AbstractSet[Node]) -> bool:
    """Whether a query is fulfilled where these leaves are true."""
    match node:
        case None:
            return True
        case And(parts):
            return all(holds(each, true) for each in parts)
        case Or(parts):
            return any(holds(each, true) for each in parts)
        case Not(part):
            return not holds(part, true)
        case leaf:
            return leaf in true


@given(TREES, st.sets(st.sampled_from(IS)), st.lists(TRUTHS, min_size=1, max_size=3))
def test_a_version_fulfils_a_query_where_one_alternative_finds_it(
    tree: Node, record: set[Node], versions: list[set[Node]]
) -> None:
    """Whatever is true of a record and of each of its versions."""
    meant = any(holds(tree, record | version) for version in versions)
    found = any(
        all(holds(part, record) for part in way.record) and any(holds(way.version, version) for version in versions)
        for way in alternatives(tree)
    )
    assert found == meant
    for way in alternatives(tree):
        assert way.version is None or levels(way.version) == (True, False)
        assert all(levels(part) == (False, True) for part in way.record)


def test_too_many_alternatives_are_refused_in_a_sentence() -> None:
    """Each bracket of a word or a field doubles them."""
    mixed = [Or((Word(f"w{number}"), Filter(Field.AUTHOR, f"a{number}"))) for number in range(12)]
    assert len(alternatives(And(tuple(mixed[:6])))) == MAX_ALTERNATIVES
    with pytest.raises(QueryError, match="too many alternatives"):
        alternatives(And(tuple(mixed)))
