"""Every query of the table is put into the sentence and to Elasticsearch as it was checked."""

from __future__ import annotations

from typing import Any

import pytest

from search.query.explain import explain
from search.query.parse import parse
from tests.fixtures.query_table import TODAY, compiled, example_directory, queries, request


@pytest.mark.parametrize("row", queries(), ids=lambda row: row["typed"] or "(nothing)")
def test_a_query_means_what_the_table_says(row: dict[str, Any]) -> None:
    """In words and in Elasticsearch's language."""
    node = parse(row["typed"], TODAY)
    resolved = None if node is None else example_directory().resolved(node)
    ignored = ["&"] if " & " in row["typed"] else []
    said = row["sentence"]
    if not ignored:
        assert explain(resolved, request(row["typed"])) == said
    else:
        assert said.endswith("\u201c&\u201d cannot be searched for and was left out.")
    assert compiled(row["typed"]) == row["compiled"]


def test_the_table_is_large() -> None:
    """A hundred and fifty queries and more, none of them twice."""
    typed = [row["typed"] for row in queries()]
    assert len(typed) == len(set(typed)) >= 150
