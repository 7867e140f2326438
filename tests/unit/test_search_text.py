"""Hashtags, handles and links inside a text, and keywords of any length."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search import text as texts


@pytest.mark.parametrize(
    ("text", "tags", "handles", "links"),
    [
        ("Come to #ParksAndRec, #parks!", ["parksandrec", "parks"], [], []),
        ("#a#b \uff03c #", ["a", "b", "c"], [], []),
        ("#bachés #ภาษาไทย #नमस्ते", ["bachés", "ภาษาไทย", "नमस्ते"], [], []),
        (
            "thanks @Rosa.Example.social. and @city@social.example",
            [],
            ["rosa.example.social", "city@social.example"],
            [],
        ),
        ("write to clerk@example.gov", [], [], []),
        ("(see https://www.Example.gov/A/?b=1).", [], [], ["example.gov/A?b=1"]),
        ("www.example.gov and http://example.gov/", [], [], ["example.gov", "example.gov"]),
        ("https://en.example/wiki/Oak_(tree)", [], [], ["en.example/wiki/Oak_(tree)"]),
        ("http://[broken", [], [], ["[broken"]),
    ],
)
def test_marks_are_found(text: str, tags: list[str], handles: list[str], links: list[str]) -> None:
    """Each kind is found in running text, and what only looks like one is not."""
    assert list(texts.tags_in(text)) == tags
    assert list(texts.handles_in(text)) == handles
    assert list(texts.links_in(text)) == links


@given(st.text(), st.integers(1, 4000))
def test_a_keyword_always_fits(text: str, times: int) -> None:
    """No text, however long, makes a term that Lucene could not hold, and equal texts make equal keywords."""
    long = text * times
    for make in (texts.key, texts.tag_key, texts.handle_key, texts.link_key):
        assert len(make(long).encode("utf-8", "replace")) < 32_766
        assert make(long) == make(long)
    for find in (texts.tags_in, texts.handles_in, texts.links_in):
        assert all(len(found) <= texts.KEY_LIMIT for found in find(long))


def test_long_keywords_that_differ_stay_different() -> None:
    """A keyword that is cut keeps a digest of the whole."""
    one, other = texts.key("x" * 100_000), texts.key("x" * 99_999 + "y")
    assert one != other
