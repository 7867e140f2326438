"""Terms and filters become Elasticsearch's query language, and a sentence."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.errors import QueryError
from search.query import Sort
from search.query.compile import body
from search.query.cursor import decode, encode
from search.query.explain import explain
from search.query.highlight import highlight, shortened
from search.query.model import And, Handle, Link, Phrase, SearchRequest, Tag, Word
from search.query.parse import parse
from search.query.terms import clause, variants

ZONE = zoneinfo.ZoneInfo("America/Los_Angeles")
REQUEST = SearchRequest(zone=ZONE)


@given(
    st.text(st.characters(), max_size=60),
    st.sampled_from([None, *Sort]),
    st.dates(dt.date(1990, 1, 1), dt.date(2060, 1, 1)),
)
def test_any_query_that_is_read_compiles(text: str, sort: Sort | None, day: dt.date) -> None:
    """What the parser accepts becomes JSON and a sentence, whatever it is."""
    request = dataclasses.replace(REQUEST, text=text, sort=sort, date_from=day)
    try:
        node = parse(text)
        compiled = body(node, request)
    except QueryError:
        return
    json.dumps(compiled, ensure_ascii=False).encode()
    assert compiled["track_total_hits"] is True
    assert compiled["sort"][-1] in ({"item_id": "desc"}, {"item_id": "asc"})
    assert explain(node, request).endswith(".")


def test_all_terms_are_wanted_of_one_version() -> None:
    """The terms stand in one nested query, joined by must."""
    compiled = body(And((Word("council"), Phrase("to be"), Tag("parks"))), REQUEST)
    (nested,) = compiled["query"]["bool"]["must"]
    assert nested["nested"]["path"] == "versions"
    assert len(nested["nested"]["query"]["bool"]["must"]) == 3


def test_a_phrase_is_compared_with_exact_fields_only() -> None:
    """No stemmed field takes part in a phrase; of a word each of them does."""
    assert clause(Phrase("to be"))["multi_match"]["fields"] == ["versions.text", "versions.title", "versions.alt"]
    assert {"versions.text.en", "versions.text.es"} <= set(clause(Word("be"))["multi_match"]["fields"])


def test_marks_inside_a_phrase_are_wanted_too() -> None:
    """The tokenizer drops `#` and `@`, so a phrase that has them asks for them by themselves."""
    found = clause(Phrase("thanks @rosa.example for #Parks"))
    assert {"term": {"versions.tags": "parks"}} in found["bool"]["filter"]
    assert {"term": {"versions.mentions": "rosa.example"}} in found["bool"]["filter"]


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        (Tag("ParksAndRec"), {"term": {"versions.tags": "parksandrec"}}),
        (Handle("City.Example"), {"term": {"versions.mentions": "city.example"}}),
        (Link("HTTPS://WWW.Example.gov/A/"), {"term": {"versions.links": "example.gov/A"}}),
    ],
)
def test_marks_are_looked_up_as_they_are_indexed(term: Tag | Handle | Link, expected: dict[str, object]) -> None:
    """Case, scheme, `www.` and a last slash do not matter; the case of a path does."""
    assert clause(term) == expected


def test_days_become_moments() -> None:
    """A day in Los Angeles is compared in UTC, the end left out; the undated are counted in the same request."""
    compiled = body(None, dataclasses.replace(REQUEST, date_from=dt.date(2024, 3, 10), date_to=dt.date(2024, 3, 10)))
    assert {"range": {"created_at": {"gte": "2024-03-10T08:00:00+00:00", "lt": "2024-03-11T07:00:00+00:00"}}} in (
        compiled["query"]["bool"]["filter"]
    )
    undated = compiled["aggregations"]["all"]["aggregations"]["undated"]["filter"]["bool"]
    assert undated["must_not"] == [{"exists": {"field": "created_at"}}]


def test_one_text_in_its_ways_of_writing() -> None:
    """Apostrophes either way, an emoji with and without its style."""
    assert variants("don\u2019t") == ["don't", "don\u2019t"]
    assert variants("\u2744\ufe0f") == ["\u2744\ufe0f", "\u2744"]
    assert variants("\u2744") == ["\u2744", "\u2744\ufe0f"]
    assert variants("pothole") == ["pothole"]


def test_the_sentence_says_it_all() -> None:
    """What, where, when, in which order and what was left out."""
    request = dataclasses.replace(
        REQUEST,
        account="bluesky:city.example.gov",
        platform="bluesky",
        date_from=dt.date(2024, 3, 1),
        date_to=dt.date(2024, 3, 31),
    )
    node = And((Word("pothole"), Phrase("to be"), Tag("parks")))
    assert explain(node, request, ignored=["&"]) == (
        "Everything that says \u201cpothole\u201d in any form, exactly \u201cto be\u201d and the hashtag #parks in one "
        "version, seen on bluesky:city.example.gov, on Bluesky, dated from 1 March 2024 through 31 March 2024 "
        "(America/Los_Angeles time), best matches first. \u201c&\u201d cannot be searched for and was left out."
    )
    assert explain(None, REQUEST) == "Everything, newest first."
    one_day = dataclasses.replace(REQUEST, date_from=dt.date(2024, 3, 1), date_to=dt.date(2024, 3, 1))
    assert explain(None, one_day) == "Everything, dated on 1 March 2024 (America/Los_Angeles time), newest first."


@given(st.lists(st.one_of(st.integers(-(2**63), 2**63 - 1), st.floats(0, 100))))
def test_a_cursor_comes_back_as_it_went(after: list[int | float]) -> None:
    """A cursor holds its place, for its own search only."""
    cursor = encode(REQUEST, after)
    assert decode(dataclasses.replace(REQUEST, cursor=cursor, page_size=7)) == after
    with pytest.raises(QueryError):
        decode(dataclasses.replace(REQUEST, cursor=cursor, text="other"))


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_shortened_fragment_is_safe_and_marked(before: str, after: str) -> None:
    """However long the stretches around it, the mark stays, the length is bounded, and no markup comes to be."""
    fragment = f"{'&lt;' * 2000}{'x' * 1000}<mark>found</mark>{'&amp;' * 2000}"
    short = shortened(fragment)
    assert "<mark>found</mark>" in short
    assert len(short) < 4000
    assert "&l<" not in short.replace("&lt;", "")
    shown = highlight({}, before + "<script>" + after)
    assert "<" not in shown
