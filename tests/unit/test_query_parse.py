"""What was typed becomes a tree, or a sentence that says why not."""

from __future__ import annotations

import datetime as dt
import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from search.errors import QueryError
from search.query.model import (
    And,
    Dated,
    Field,
    Filter,
    Fuzzy,
    Handle,
    Link,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Tag,
    Word,
)
from search.query.parse import MAX_DEPTH, MAX_LENGTH, parse, render
from search.query.tree import conjuncts, simplified

TODAY = dt.date(2026, 5, 6)
SPICE = st.sampled_from(
    ['"', "\u201c", "\u201d", "#parks", "@city.gov", "-", "*", "~2", "~", " OR ", " AND ", " NOT ", " NEAR/3 ", "https://a.b/c).",
     "www.", "(", ")", ":)", ":", "&", "\ufe0f", "\U0001f600", "e\u0301", "\u200d", "\x00", "\ufffd", " ", "\n", "account:x",
     "type:post", "date:2026-03", "has:image", "is:", "foo:bar", "\ud83d", "'", "\u2019", "\u2212x", "\u2013", "$5"]
)  # fmt: skip
TYPED = st.lists(st.one_of(SPICE, st.text(max_size=6)), max_size=14).map("".join)


def words(*texts: str) -> tuple[Word, ...]:
    """Words of these texts."""
    return tuple(map(Word, texts))


@pytest.mark.parametrize(
    ("typed", "tree"),
    [
        ("", None),
        ("   ", None),
        ("pothole Main", And(words("pothole", "Main"))),
        ('"to be  or not"', Phrase("to be or not")),
        ("\u201cto be\u201d roof", And((Phrase("to be"), Word("roof")))),
        ('a"b c"d', And((Word("a"), Phrase("b c"), Word("d")))),
        ("pothole pothole", Word("pothole")),
        ("parks AND roads", And(words("parks", "roads"))),
        ("parks OR roads", Or(words("parks", "roads"))),
        ("parks or roads", And(words("parks", "or", "roads"))),
        ("a b OR c d", Or((And(words("a", "b")), And(words("c", "d"))))),
        ("a (b OR c) d", And((Word("a"), Or(words("b", "c")), Word("d")))),
        ("((a))", Word("a")),
        ("(a b) (c d)", And(words("a", "b", "c", "d"))),
        ("a OR (b OR c)", Or(words("a", "b", "c"))),
        ("a -b", And((Word("a"), Not(Word("b"))))),
        ("a \u2212b", And((Word("a"), Not(Word("b"))))),
        ("a NOT b", And((Word("a"), Not(Word("b"))))),
        ("a AND NOT b", And((Word("a"), Not(Word("b"))))),
        ("NOT NOT a", Word("a")),
        ('-"a b"', Not(Phrase("a b"))),
        ("-#a -@b.c -(d e)", And((Not(Tag("a")), Not(Handle("b.c")), Not(And(words("d", "e")))))),
        ("- a", And(words("-", "a"))),
        ("a \u2013b \u2010c \u2011d \uff0de", And((Word("a"), *(Not(each) for each in words("b", "c", "d", "e"))))),
        ("-\U0001f6a7", Not(Word("\U0001f6a7"))),
        ("a -$500 -'main' -/b", And((Word("a"), *(Not(each) for each in words("$500", "'main'", "/b"))))),
        ("(a -) -- \u2013 -\u2014b", And(words("a", "-", "--", "\u2013", "-\u2014b"))),
        ("well\u2013known", Word("well\u2013known")),
        ("well-known 12:30 why?", And(words("well-known", "12:30", "why?"))),
        ('"council budget"~5', Phrase("council budget", 5)),
        ("council NEAR/5 budget", Near(Word("council"), Word("budget"), 5)),
        ('council NEAR "the budget" roof', And((Near(Word("council"), Phrase("the budget"), 10), Word("roof")))),
        ("pothol*", Prefix("pothol")),
        ("pothle~", Fuzzy("pothle")),
        ("pothle~1", Fuzzy("pothle")),
        ("#ParksAndRec, please", And((Tag("ParksAndRec"), Word("please")))),
        ("#", Word("#")),
        ("#a/b", Word("#a/b")),
        ("@rosa.example.social.", Handle("rosa.example.social")),
        ("@city@social.example", Handle("city@social.example")),
        ("clerk@example.gov", Word("clerk@example.gov")),
        ("(https://example.gov/a_(b)).", And((Link("https://example.gov/a_(b)"), Word(".")))),
        ("https://example.gov/a_(b).", Link("https://example.gov/a_(b)")),
        ("https://example.gov/a).", Link("https://example.gov/a")),
        ("www.example.gov", Link("www.example.gov")),
        ("at://did:plc:x/app.bsky.feed.post/3k", Link("at://did:plc:x/app.bsky.feed.post/3k")),
        (
            "did:plc:x re:agenda Agenda: urn:li:share:1",
            And(words("did:plc:x", "re:agenda", "Agenda:", "urn:li:share:1")),
        ),
        ("f(x)", Word("f(x)")),
        (":) (a OR b)", And((Word(":)"), Or(words("a", "b"))))),
        ("account:parks", Filter(Field.ACCOUNT, "parks")),
        ("ACCOUNT:bluesky:parks.gov", Filter(Field.ACCOUNT, "bluesky:parks.gov")),
        ('department:"Public Works"', Filter(Field.DEPARTMENT, "Public Works")),
        ("(platform:x OR platform:facebook)", Or((Filter(Field.PLATFORM, "x"), Filter(Field.PLATFORM, "facebook")))),
        ("-author:rosa", Not(Filter(Field.AUTHOR, "rosa"))),
        ("is:residents", Filter(Field.IS, "resident")),
        ("type:Comments", Filter(Field.TYPE, "comment")),
        ("has:photo", Filter(Field.HAS, "image")),
        ("state:gone", Filter(Field.STATE, "deleted")),
        ("date:2026-03-05", Dated(Field.DATE, "2026-03-05", dt.date(2026, 3, 5), dt.date(2026, 3, 5))),
        ("captured:2026-02", Dated(Field.CAPTURED, "2026-02", dt.date(2026, 2, 1), dt.date(2026, 2, 28))),
        ("date:last-month", Dated(Field.DATE, "last-month", dt.date(2026, 4, 1), dt.date(2026, 4, 30))),
        ('date:"last month"', Dated(Field.DATE, "last month", dt.date(2026, 4, 1), dt.date(2026, 4, 30))),
        ('"OR"', Phrase("OR")),
        ("cafe\u0301", Word("caf\u00e9")),
        ("\U0001f600", Word("\U0001f600")),
    ],
)
def test_a_query_is_read_as_it_is_meant(typed: str, tree: Node | None) -> None:
    """Words, phrases, marks, fields and operators are told apart, and bind as they should."""
    assert parse(typed, TODAY) == tree


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ('the "council budget', "close the phrase that begins with \u201ccouncil budget\u201d"),
        ('council"', "quotation mark too many"),
        ("a OR", "OR wants something on either side"),
        ("OR a", "OR wants something on either side"),
        ("a OR OR b", "OR wants something on either side"),
        ("AND", "AND wants something on either side"),
        ("a NOT", "\u201cNOT\u201d wants what is to be left out"),
        ("NOT OR a", "OR wants something on either side"),
        ("(a", "opened and not closed"),
        ("a)", "closed and was not opened"),
        (")", "closed and was not opened"),
        ("()", "nothing in the brackets"),
        ("a NEAR/5", "\u201cNEAR/5\u201d wants a word or a phrase on either side"),
        ("#a NEAR b", "\u201cNEAR\u201d wants a word or a phrase on either side"),
        ("a NEAR (b c)", "\u201cNEAR\u201d wants a word or a phrase on either side"),
        ("a NEAR b NEAR c", "\u201cNEAR\u201d wants a word or a phrase on either side"),
        ("a NEAR/101 b", "too far apart"),
        ('"a b"~101', "too far apart"),
        ('"a"~5', "there is but one word"),
        ('"a b"~', "Write how many words may lie between"),
        ("po*hole", "a * stands for the rest of one word"),
        ("*hole", "a * stands for the rest of one word"),
        ("p*", "write two letters or more"),
        ("co-op~", "~ finds similar spellings of one word"),
        ("acount:x", "did you mean account:"),
        ("colour:red", "there are account:, platform:"),
        ("account:", "wants a value right behind the colon"),
        ("type: post", "wants a value right behind the colon"),
        ("type:tweet", "write type:post, type:comment"),
        ("is:mayor", "write is:city or is:resident"),
        ("has:gif", "write has:image"),
        ("state:lost", "write state:present"),
        ("platform:(x OR facebook)", "before each value by itself"),
        ('account:"a b"~3', "names one thing"),
        ("date:2026-02-30", "is no date"),
        ("date:soon", "is no date"),
        ("date:2026-04-01..2026-03-01", "the first day comes after the last"),
        ("date:1969", "give a day from 1970 on"),
        ("date:9999-12", "give a day of 9998 or before"),
        ("date:december-9999", "give a day of 9998 or before"),
        ('""', "no word to search for"),
        ("x" * (MAX_LENGTH + 1), "shorten it"),
        (" ".join(map(str, range(101))), "take some out"),
        ("(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1), "deep"),
    ],
)
def test_what_is_not_understood_is_one_sentence(typed: str, says: str) -> None:
    """Nothing is searched for as something else: the error says what is wrong and what to do."""
    with pytest.raises(QueryError, match=r"^[^\n]+[.]$") as caught:
        parse(typed, TODAY)
    assert says in str(caught.value)


def test_relative_days_want_a_today() -> None:
    """Without the city's day nobody knows what "yesterday" is."""
    with pytest.raises(QueryError, match="is no date"):
        parse("date:yesterday")


@given(TYPED)
@example("www..")
@example('""a"')
@example("(:) a)")
@example("NOT (a OR b) OR c")
@example('account:"a(b"')
def test_any_text_is_read_or_refused_in_a_sentence(typed: str) -> None:
    """No text breaks the parser, and what it reads it can write and read again."""
    try:
        tree = parse(typed, TODAY)
    except QueryError as error:
        assert str(error).endswith(".")  # noqa: PT017 - either way is right; this one must be a sentence
        return
    assert parse(render(tree), TODAY) == tree
    for part in conjuncts(tree):
        assert parse(render(part), TODAY) == part


NAMES = st.text(string.ascii_lowercase, min_size=2, max_size=8).filter(lambda name: name not in {"or", "and", "not"})
LEAVES = st.one_of(
    NAMES.map(Word),
    st.lists(NAMES, min_size=2, max_size=4).map(lambda found: Phrase(" ".join(found))),
    st.builds(
        lambda found, within: Phrase(" ".join(found), within),
        st.lists(NAMES, min_size=2, max_size=3),
        st.integers(1, 100),
    ),
    st.builds(Near, NAMES.map(Word), NAMES.map(Phrase), st.integers(0, 100)),
    NAMES.map(Prefix),
    NAMES.filter(lambda name: len(name) > 2).map(Fuzzy),
    NAMES.map(Tag),
    NAMES.map(lambda name: Handle(f"{name}.example")),
    NAMES.map(lambda path: Link(f"https://example.gov/{path}")),
    st.builds(
        Filter,
        st.sampled_from([Field.ACCOUNT, Field.AUTHOR, Field.DEPARTMENT, Field.TAG]),
        st.lists(NAMES, min_size=1, max_size=3).map(" ".join),
    ),
    st.sampled_from(["image", "alt-text"]).map(lambda value: Filter(Field.HAS, value)),
    st.dates(dt.date(1970, 1, 1), dt.date(2100, 1, 1)).map(lambda day: Dated(Field.DATE, day.isoformat(), day, day)),
)
TREES: st.SearchStrategy[Node] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=4).map(lambda parts: And(tuple(parts))),
        st.lists(inner, min_size=2, max_size=4).map(lambda parts: Or(tuple(parts))),
        inner.map(Not),
    ),
    max_leaves=12,
).map(simplified)


@given(TREES)
def test_a_tree_survives_being_typed(tree: Node) -> None:
    """Whatever is asked for, typing it gives it back."""
    assert parse(render(tree), TODAY) == tree
