"""Names of tags: one form for what looks the same, nothing unseen in them, and a search that finds each."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archiver import naming, tags
from search import text as texts
from search.query.compile import body
from search.query.model import Field, Filter
from search.query.narrowing import Narrowing
from search.query.parse import parse
from search.query.words import plain_or_quoted
from tests.fixtures.query_table import request


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Request   2026-14 ", "Request 2026-14"),
        ("cafe\u0301", "caf\u00e9"),
        ("\u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f468\u200d\U0001f469\u200d\U0001f467"),
        ("a" * 60, "a" * 60),
    ],
)  # fmt: skip
def test_a_tag_is_kept_composed_and_without_loose_spaces(typed: str, kept: str) -> None:
    """Accents composed, spaces single; joiners that scripts and emoji need stay."""
    assert tags.usable(typed) == kept


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Write what the tag is to be called"),
        (" \u200d ", "Write what the tag is to be called"),
        ("a" * 61, "60 characters at the most"),
        ("a\nb", "U+000A"),
        ("a\x00", "U+0000"),
        ("fdp\u202etxt", "U+202E"),
        ("a\u200bb", "U+200B"),
        ("\ud800", "U+D800"),
        ('the "budget"', "quotation marks"),
    ],
)
def test_what_cannot_be_a_tag_is_refused_in_a_sentence(typed: str, says: str) -> None:
    """Empty, too long, with characters that nobody sees, with the marks that a search puts around it."""
    with pytest.raises(tags.TagError, match=says.replace("+", "\\+")):
        tags.usable(typed)


@given(st.text(min_size=1, max_size=70))
@example("(north) park")
def test_every_tag_can_be_searched_for_as_it_is_offered(typed: str) -> None:
    """What a page links to is understood as that tag, and its keyword is the one that index and table compare by."""
    try:
        name = tags.usable(typed)
    except tags.TagError:
        return
    assert parse(f"tag:{plain_or_quoted(name)}") == Filter(Field.TAG, name)
    assert naming.key(name) == texts.key(name)
    assert naming.key(unicodedata.normalize("NFD", name)) == naming.key(name)
    assert tags.usable(name) == name


@given(
    st.text(st.one_of(st.characters(), st.sampled_from(" \u00a0" + texts.QUOTES + "=()\u0301\u0338-:")), max_size=20)
)
@example("12\u201d Pete")
@example("Ann \u201cAnnie\u201d Lee")
@example('Bob  "Bo"\u00a0Ray')
@example("Jose\u0301")
@example("\u0338struck")
@example("x" * 3_000)
def test_every_author_can_be_searched_for_as_they_are_offered(name: str) -> None:
    """Whatever somebody is called: what the page links to is understood, and compared with what the index has of the name."""
    kept = texts.typeable(name)
    assert texts.typeable(kept) == kept
    for each in (name, kept):
        assert (
            Narrowing("pothole").by(f"author:{plain_or_quoted('=' + each[: texts.KEY_LIMIT])}").startswith("pothole ")
        )
    asked = parse(f"author:{plain_or_quoted('=' + kept)}")
    assert asked == Filter(Field.AUTHOR, f"={kept}")
    assert {"term": {"author.handle": kept}} in body(asked, request(""))["query"]["bool"]["must"][0]["bool"]["filter"][
        0
    ]["bool"]["should"]
