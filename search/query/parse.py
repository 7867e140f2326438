"""From what was typed to terms. Pure.

Words, joined by AND; "exact phrases"; #tags, @handles, links. What is not understood yet is refused in a sentence,
never searched for as something else.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from search.errors import QueryError
from search.query.model import Handle, Link, Phrase, Tag, Term, Word
from search.text import composed, tag_prefix, without_tail

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_LENGTH = 4000
MAX_TERMS = 100

_QUOTES = '"\u201c\u201d\u201e\u201f\uff02'
_PIECE = re.compile(f"[{_QUOTES}]([^{_QUOTES}]*)[{_QUOTES}]|([{_QUOTES}])|([^\\s{_QUOTES}]+)")
_HANDLE = re.compile(r"[@\uff20](\w(?:[\w.-]*\w)?(?:@\w[\w.-]*\w)?)")
_LINK = re.compile(r"(?:https?://|www\.)[^\s.]\S*", re.IGNORECASE)
_FIELD = re.compile(
    r"(account|platform|department|author|is|type|has|state|date|from|to|captured|tag|request|hold):\S", re.IGNORECASE
)
_PUNCTUATION = ".,;:!?)]}\u2026"


def parse(text: str) -> tuple[Term, ...]:
    """The terms of a query, in the order typed, each once. None for an empty query, which finds everything.

    Raises:
        QueryError: a sentence that says what is wrong and what to do.
    """
    if len(text) > MAX_LENGTH:
        raise QueryError(f"A search can be {MAX_LENGTH:,} characters long, and this one has {len(text):,}: shorten it.")
    terms = tuple(dict.fromkeys(_terms(composed(text))))
    if len(terms) > MAX_TERMS:
        raise QueryError(f"A search can have {MAX_TERMS} words, and this one has {len(terms)}: take some out.")
    if not terms and text.strip():
        raise QueryError(f"There is no word to search for in {quoted(text.strip())}.")
    return terms


def render(terms: Iterable[Term]) -> str:
    """The terms as they would be typed: `parse(render(terms)) == terms`."""
    return " ".join(_rendered(term) for term in terms)


def quoted(text: str) -> str:
    """A text in typographic quotes, for a sentence."""
    return f"\u201c{text}\u201d"


def _rendered(term: Term) -> str:
    match term:
        case Phrase(text):
            return f'"{text}"'
        case Tag(text):
            return f"#{text}"
        case Handle(text):
            return f"@{text}"
        case Word(text) | Link(text):
            return text


def _terms(text: str) -> Iterator[Term]:
    end_of_phrase = -1
    for piece in _PIECE.finditer(text):
        if piece[2] is not None:
            begun = text[piece.end() :].strip()
            raise QueryError(
                f"A quotation mark is missing: close the phrase that begins with {quoted(begun[:40])}."
                if begun
                else "There is a quotation mark too many at the end: take it out, or begin the phrase with another one."
            )
        if piece[1] is not None:
            phrase = " ".join(piece[1].split())
            end_of_phrase = piece.end()
            if phrase:
                yield Phrase(phrase)
        else:
            if piece.start() == end_of_phrase and piece[3].startswith("~"):
                raise _not_yet(piece[3], "words near each other", "take the ~ out")
            term = _term(piece[3])
            if term is not None:
                yield term


def _term(word: str) -> Term | None:
    if word == "AND":  # words are joined by AND as it is
        return None
    _refuse_operators(word)
    if word[0] in "#\uff03":
        tag = word[1:].rstrip(_PUNCTUATION)
        if tag and tag_prefix(tag) == tag:
            return Tag(tag)
    handle = _HANDLE.fullmatch(word.rstrip(_PUNCTUATION))
    if handle is not None:
        return Handle(handle[1])
    link = without_tail(word)
    if _LINK.fullmatch(link):
        return Link(link)
    return Word(word)


def _refuse_operators(word: str) -> None:
    if word in {"OR", "NOT"} or re.fullmatch(r"NEAR(/\d+)?", word):
        raise _not_yet(word, "searching with OR, NOT and NEAR", "search for each word by itself")
    if re.match(r"-[\w#@(]", word):
        raise _not_yet(word, "leaving words out", "take the minus away")
    if re.search(r"\w\*", word) or re.match(r"\*\w", word):
        raise _not_yet(word, "searching for the beginning of a word", "write the whole word")
    if re.search(r"\w~\d*$", word):
        raise _not_yet(word, "searching for similar words", "write the word as it is spelt")
    if _FIELD.match(word):
        raise _not_yet(word, "filters inside the search box", "use the filters beside it")


def _not_yet(word: str, what: str, instead: str) -> QueryError:
    return QueryError(
        f"{quoted(word)} is not understood: {what} is not possible yet; {instead}, or put it in quotation marks to "
        "search for it as written."
    )
