"""What was typed becomes terms, or a sentence that says why not."""

from __future__ import annotations

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from search.errors import QueryError
from search.query.model import Handle, Link, Phrase, Tag, Word
from search.query.parse import MAX_LENGTH, parse, render

SPICE = st.sampled_from(
    ['"', "\u201c", "\u201d", "#parks", "@city.gov", "-", "*", "~2", "OR", "AND", "https://a.b/c).", "www.", "(", ":", "&",
     "\ufe0f", "\U0001f600", "e\u0301", "\u200d", "\x00", "\ufffd", " ", "\n", "account:x", "\ud83d", "'", "\u2019"]
)  # fmt: skip
TYPED = st.lists(st.one_of(SPICE, st.text(max_size=6)), max_size=12).map("".join)


@pytest.mark.parametrize(
    ("typed", "terms"),
    [
        ("", ()),
        ("   ", ()),
        ("pothole Main", (Word("pothole"), Word("Main"))),
        ('"to be  or not"', (Phrase("to be or not"),)),
        ("\u201cto be\u201d roof", (Phrase("to be"), Word("roof"))),
        ('a"b c"d', (Word("a"), Phrase("b c"), Word("d"))),
        ("pothole pothole", (Word("pothole"),)),
        ("parks AND roads", (Word("parks"), Word("roads"))),
        ("#ParksAndRec, please", (Tag("ParksAndRec"), Word("please"))),
        ("#", (Word("#"),)),
        ("#a/b", (Word("#a/b"),)),
        ("@rosa.example.social.", (Handle("rosa.example.social"),)),
        ("@city@social.example", (Handle("city@social.example"),)),
        ("clerk@example.gov", (Word("clerk@example.gov"),)),
        ("(https://example.gov/a_(b)).", (Word("(https://example.gov/a_(b))."),)),
        ("https://example.gov/a_(b).", (Link("https://example.gov/a_(b)"),)),
        ("www.example.gov", (Link("www.example.gov"),)),
        ("well-known 12:30 why?", (Word("well-known"), Word("12:30"), Word("why?"))),
        ('"OR"', (Phrase("OR"),)),
        ("cafe\u0301", (Word("caf\u00e9"),)),
        ("\U0001f600", (Word("\U0001f600"),)),
    ],
)
def test_a_query_is_read_as_it_is_meant(typed: str, terms: tuple[object, ...]) -> None:
    """Words, phrases, hashtags, handles and links are told apart."""
    assert parse(typed) == terms


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ('the "council budget', "close the phrase that begins with \u201ccouncil budget\u201d"),
        ('council"', "quotation mark too many"),
        ("a OR b", "\u201cOR\u201d is not understood"),
        ("a NOT b", "\u201cNOT\u201d is not understood"),
        ("a NEAR/5 b", "\u201cNEAR/5\u201d is not understood"),
        ("budget -council", "take the minus away"),
        ("pothole*", "write the whole word"),
        ("pothle~1", "write the word as it is spelt"),
        ('"council budget"~5', "words near each other"),
        ("account:bluesky:city", "use the filters beside it"),
        ("has:image", "use the filters beside it"),
        ('""', "no word to search for"),
        ("AND", "no word to search for"),
        ("x" * (MAX_LENGTH + 1), "shorten it"),
        (" ".join(map(str, range(101))), "take some out"),
    ],
)
def test_what_is_not_understood_is_one_sentence(typed: str, says: str) -> None:
    """Nothing is searched for as something else: the error says what is wrong and what to do."""
    with pytest.raises(QueryError, match=r"^[^\n]+[.]$") as caught:
        parse(typed)
    assert says in str(caught.value)


@given(TYPED)
@example("www..")
@example('""a"')
def test_any_text_is_read_or_refused_in_a_sentence(typed: str) -> None:
    """No text breaks the parser, and what it reads it can write and read again."""
    try:
        terms = parse(typed)
    except QueryError as error:
        assert str(error).endswith(".")  # noqa: PT017 - either way is right; this one must be a sentence
        return
    assert parse(render(terms)) == terms


@given(
    st.lists(
        st.one_of(
            st.text(string.ascii_lowercase, min_size=1, max_size=8).map(Word),
            st.lists(st.text(string.ascii_letters, min_size=1, max_size=5), min_size=1, max_size=4).map(
                lambda words: Phrase(" ".join(words))
            ),
            st.text(string.ascii_letters + "_", min_size=1, max_size=8).map(Tag),
            st.text(string.ascii_lowercase, min_size=1, max_size=8).map(lambda name: Handle(f"{name}.example")),
            st.text(string.ascii_lowercase, min_size=1, max_size=8).map(
                lambda path: Link(f"https://example.gov/{path}")
            ),
        ),
        max_size=8,
        unique=True,
    ).map(tuple)
)
def test_terms_survive_being_typed(terms: tuple[Word | Phrase | Tag | Handle | Link, ...]) -> None:
    """Whatever the terms, typing them gives them back."""
    assert parse(render(terms)) == terms
