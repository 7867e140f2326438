"""What was typed, cut into pieces: words, phrases, marks, fields, operators and brackets. Pure.

Whatever looks like an operator and cannot be one here is refused in a sentence, never searched for as something else.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from archiver.i18n.translation import _
from search.errors import QueryError
from search.query.fields import filter_of, is_field, unknown_field
from search.query.model import Field, Fuzzy, Handle, Link, Phrase, Prefix, Tag, Word
from search.query.words import quoted
from search.text import QUOTES, tag_prefix, without_tail

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from search.query.model import Leaf

MAX_WITHIN = 100
_PHRASE = re.compile(f"[{QUOTES}]([^{QUOTES}]*)[{QUOTES}](?:~(\\d+))?")
_CHUNK = re.compile(f"[^\\s{QUOTES}]+")
_NEAR = re.compile(r"NEAR(?:/(\d{1,6}))?")
_DASHES = "-\u2010\u2011\u2013\u2212\uff0d"
"""What a minus comes as: hyphens, the en dash that word processors make of one, the sign itself, the wide one."""
_LEFT_OUT = re.compile(f"[{_DASHES}](?=[^{_DASHES}\u2014\\s)])")
_HANDLE = re.compile(r"[@\uff20](\w(?:[\w.-]*\w)?(?:@\w[\w.-]*\w)?)")
_LINK = re.compile(r"(?:https?://|www\.|at://)[^\s.]\S*", re.IGNORECASE)
_PREFIX = re.compile(r"(\w[\w'\u2019]*)\*")
_FUZZY = re.compile(r"(\w{3,})~[12]?")
_NAMED = re.compile(r"([A-Za-z][A-Za-z-]*):(.*)", re.DOTALL)
_PUNCTUATION = ".,;:!?)]}\u2026"
_NEAR_BY_DEFAULT = 10
_SHORTEST = 2
"""Letters before a `*`."""


@dataclasses.dataclass(frozen=True, slots=True)
class Piece:
    """One piece: its kind (`TERM`, `FILTER`, `OR`, `AND`, `NOT`, `NEAR`, `OPEN`, `CLOSE`), how it was typed, what it stands
    for.
    """

    kind: str
    typed: str
    value: Leaf | int | None = None


def pieces(text: str, today: dt.date | None) -> list[Piece]:
    """Cut a query into its pieces.

    Raises:
        QueryError: a quotation mark or a bracket without its other, a field that is none or has no value, a `*` or `~` that means
            nothing where it stands.
    """
    return list(_Lexer(text, today).pieces())


class _Lexer:
    def __init__(self, text: str, today: dt.date | None) -> None:
        self._text, self._today = text, today
        self._at = 0
        self._open = 0

    def pieces(self) -> Iterator[Piece]:
        while self._skip_spaces():
            if self._text[self._at] in QUOTES:
                yield from self._phrase()
            elif self._text[self._at] == "(":
                self._at += 1
                self._open += 1
                yield Piece("OPEN", "(")
            elif left_out := _LEFT_OUT.match(self._text, self._at):
                self._at = left_out.end()
                yield Piece("NOT", left_out[0])
            else:
                yield from self._chunk()
        if self._open:
            raise QueryError(
                lambda: _("A bracket is opened and not closed: write the closing one, or take the opening one out.")
            )

    def _skip_spaces(self) -> bool:
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1
        return self._at < len(self._text)

    def _phrase(self) -> Iterator[Piece]:
        text, apart, typed = self._quoted()
        if apart is not None and " " not in text:
            raise QueryError(
                lambda: _(
                    "%(typed)s asks how far apart words may be, and there is but one word: take the ~ out.",
                    typed=quoted(typed),
                )
            )
        if apart is None and text and self._text.startswith("~", self._at):
            raise QueryError(
                lambda: _('Write how many words may lie between, as in "%(text)s"~5, or take the ~ out.', text=text)
            )
        if text:
            yield Piece("TERM", typed, Phrase(text, _within(apart, typed)))

    def _quoted(self) -> tuple[str, str | None, str]:
        """What stands in quotation marks here, how far apart its words may be, and both as typed; goes on behind it."""
        found = _PHRASE.match(self._text, self._at)
        if found is None:
            begun = self._text[self._at + 1 :].strip()
            raise QueryError(
                lambda: (
                    _(
                        "A quotation mark is missing: close the phrase that begins with %(begun)s.",
                        begun=quoted(begun[:40]),
                    )
                    if begun
                    else _(
                        "There is a quotation mark too many at the end: take it out, or begin the phrase with another one."
                    )
                )
            )
        self._at = found.end()
        return " ".join(found[1].split()), found[2], found[0]

    def _chunk(self) -> Iterator[Piece]:
        found = _CHUNK.match(self._text, self._at)
        assert found is not None  # noqa: S101 - neither space nor quotation mark stands here
        chunk = self._own(found[0])
        self._at += len(chunk)
        if chunk:
            yield from self._pieces_of(chunk)
        while self._at < found.end() and self._text[self._at] == ")":
            self._at += 1
            self._open -= 1
            yield Piece("CLOSE", ")")
        # What stands behind a closing bracket, as the full stop of a sentence, is read as a chunk of its own.

    def _own(self, chunk: str) -> str:
        """As much of a chunk as is not the closing of a bracket that was opened before it.

        Raises:
            QueryError: a word is followed by a closing bracket, and none is open.
        """
        depth = 0
        for place, character in enumerate(chunk):
            if character == "(":
                depth += 1
            elif character == ")":
                if depth:
                    depth -= 1
                elif self._open:
                    return chunk[:place]
                elif _LINK.match(chunk):
                    return chunk  # the sentence's bracket behind an address
                elif any(each.isalnum() for each in chunk[:place]) or chunk.strip(")") == "":
                    raise QueryError(
                        lambda: _(
                            "A bracket is closed and was not opened: write the opening one, or take the closing one out."
                        )
                    )
        return chunk

    def _pieces_of(self, chunk: str) -> Iterator[Piece]:
        if chunk in {"AND", "OR", "NOT"}:
            yield Piece(chunk, chunk)
            return
        if near := _NEAR.fullmatch(chunk):
            yield Piece("NEAR", chunk, _within(near[1], chunk) if near[1] else _NEAR_BY_DEFAULT)
            return
        named = _NAMED.fullmatch(chunk)
        if named is not None and not _LINK.match(chunk):
            yield from self._named(named, chunk)
            return
        yield _term(chunk)

    def _named(self, named: re.Match[str], chunk: str) -> Iterator[Piece]:
        name, value = named[1], named[2]
        if not is_field(name):
            if value and value[0] not in "/*)" and (problem := unknown_field(name, chunk)) is not None:
                raise problem
            yield _term(chunk)
            return
        field = Field(name.lower())
        if value.startswith("("):
            raise QueryError(
                lambda: _(
                    "Write %(field)s: before each value by itself, as in %(field)s:one OR %(field)s:two.", field=field
                )
            )
        typed = chunk
        if not value and self._at < len(self._text) and self._text[self._at] in QUOTES:
            value, apart, quotation = self._quoted()
            typed += quotation
            if apart is not None:
                raise QueryError(
                    lambda: _("%(typed)s names one thing: take the ~ and the number out.", typed=quoted(typed))
                )
        if not value:
            raise QueryError(
                lambda: _(
                    "%(typed)s wants a value right behind the colon; to search for the word itself, put it in quotation marks.",
                    typed=quoted(typed),
                )
            )
        yield Piece("FILTER", typed, filter_of(field, value, self._today))


def _within(digits: str | None, typed: str) -> int:
    if digits is None:
        return 0
    number = int(digits[:7])
    if number > MAX_WITHIN:
        raise QueryError(
            lambda: _(
                "%(typed)s is too far apart: words can be up to %(most)s words from each other.",
                typed=quoted(typed),
                most=MAX_WITHIN,
            )
        )
    return number


def _term(chunk: str) -> Piece:
    if prefix := _PREFIX.fullmatch(chunk):
        if len(prefix[1]) < _SHORTEST:
            raise QueryError(
                lambda: _(
                    "%(typed)s begins like too many words: write two letters or more before the *.", typed=quoted(chunk)
                )
            )
        return Piece("TERM", chunk, Prefix(prefix[1]))
    if fuzzy := _FUZZY.fullmatch(chunk):
        return Piece("TERM", chunk, Fuzzy(fuzzy[1]))
    if chunk[0] in "#\uff03":
        tag = chunk[1:].rstrip(_PUNCTUATION)
        if tag and tag_prefix(tag) == tag:
            return Piece("TERM", chunk, Tag(tag))
    handle = _HANDLE.fullmatch(chunk.rstrip(_PUNCTUATION))
    if handle is not None:
        return Piece("TERM", chunk, Handle(handle[1]))
    link = without_tail(chunk)
    if _LINK.fullmatch(link):
        return Piece("TERM", chunk, Link(link))
    if re.search(r"\w\*|\*\w", chunk):
        raise QueryError(
            lambda: _(
                "%(typed)s is not understood: a * stands for the rest of one word, as in pothol*; put the text in quotation "
                "marks to search for it as written.",
                typed=quoted(chunk),
            )
        )
    if re.search(r"\w~\d*$", chunk):
        raise QueryError(
            lambda: _(
                "%(typed)s is not understood: ~ finds similar spellings of one word of three letters or more, as in pothle~; "
                "put the text in quotation marks to search for it as written.",
                typed=quoted(chunk),
            )
        )
    return Piece("TERM", chunk, Word(chunk))
