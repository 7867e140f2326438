"""What a version must fulfil for one word, phrase, mark or address. Pure."""

from __future__ import annotations

import functools
import itertools
import unicodedata
from typing import TYPE_CHECKING, Any

from search import text as texts
from search.analysis import LANGUAGES, stem_field
from search.query.addresses import link_keys, records_at
from search.query.model import Field, Filter, Fuzzy, Handle, Link, Near, Phrase, Prefix, Tag, Word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from search.query.model import Node, Term

Dsl = dict[str, Any]
PROSE = ("versions.text", "versions.title", "versions.alt")
_APOSTROPHES = ("'", "\u2019")
_EMOJI_STYLE = "\ufe0f"
_SPELLINGS = 1000
"""How many similar spellings are looked for; Elasticsearch's own 50 would leave records out without a word."""


_LONGEST_PATTERN = 1000
"""The longest regular expression that Elasticsearch takes."""


def clause(term: Term) -> Dsl:
    """What a version must fulfil for a term."""
    match term:
        case Word(text):
            return _best([_prose(variant, stemmed=True) for variant in variants(text)])
        case Phrase(text, within):
            # The tokenizer drops # and @: a phrase that has them wants them all the same.
            written = [
                _among(variant, within) if within else _prose(variant, stemmed=False) for variant in variants(text)
            ]
            exact = _best(written)
            marks = [{"term": {"versions.tags": tag}} for tag in texts.tags_in(text)]
            marks += [{"term": {"versions.mentions": handle}} for handle in texts.handles_in(text)]
            return {"bool": {"must": [exact], "filter": marks}} if marks else exact
        case Near():
            return _best([_intervals(field, term, stemmed=stemmed) for field, stemmed in _fields()])
        case Prefix(text):
            return _best([_beginning(field, _lower(text)) for field in PROSE])
        case Fuzzy(text):
            alike = {"value": _lower(text), "fuzziness": "AUTO:3,6", "max_expansions": _SPELLINGS}
            return _best([{"fuzzy": {field: alike}} for field in PROSE])
        case Tag(text):
            return {"term": {"versions.tags": texts.tag_key(text)}}
        case Handle(text):
            return {"term": {"versions.mentions": texts.handle_key(text)}}
        case Link(text):
            keys = link_keys(text)
            return {"term": {"versions.links": keys[0]}} if len(keys) == 1 else {"terms": {"versions.links": keys}}


def as_seen(term: Term) -> Dsl:
    """What of a version's text is marked for a term."""
    match term:
        case Tag(text) | Handle(text) | Link(text):
            return _prose(text, stemmed=False)
        case Near(first, second):
            return _best([clause(first), clause(second)])
        case _:
            return clause(term)


def records_of(link: Link) -> tuple[Node, ...]:
    """The records that an address may be of, as filters of a field that nobody types."""
    return tuple(Filter(Field.ADDRESS, identity, (), (platform,)) for platform, identity in records_at(link.text))


def variants(text: str) -> list[str]:
    """The ways to write one and the same text: apostrophes straight or curly, emoji with or without their style."""
    found = [text]
    if any(mark in text for mark in _APOSTROPHES):
        straight = text.replace(_APOSTROPHES[1], _APOSTROPHES[0])
        found = [straight, straight.replace(_APOSTROPHES[0], _APOSTROPHES[1])]
    if _EMOJI_STYLE in text:
        found += [each.replace(_EMOJI_STYLE, "") for each in found]
    elif len(text) == 1 and not text.isalnum():
        found.append(text + _EMOJI_STYLE)
    return list(dict.fromkeys(found))


def _lower(text: str) -> str:
    # As the exact field's own filter does it, letter by letter: these queries are not analysed.
    return texts.composed(text).lower()


def _beginning(field: str, begun: str) -> Dsl:
    """Words that begin so, with or without accents: people leave them out, and one index folds them while another cannot."""
    pattern = "".join(f"[{_alike().get(letter, letter)}]" for letter in map(_plain, begun)) + ".*"
    if len(pattern) > _LONGEST_PATTERN:  # far longer than any word
        return {"prefix": {field: {"value": begun, "rewrite": "constant_score"}}}
    return {"regexp": {field: {"value": pattern, "flags": "NONE", "rewrite": "constant_score"}}}


def _plain(letter: str) -> str:
    """The Latin letter without its accents; any other as it is."""
    apart = unicodedata.normalize("NFD", letter)
    return apart[0] if apart[0].isascii() and all(map(unicodedata.combining, apart[1:])) else letter


@functools.cache
def _alike() -> Mapping[str, str]:
    """For each Latin letter that there is with accents, itself and all of those; for each apostrophe both."""
    found = dict.fromkeys(_APOSTROPHES, "".join(_APOSTROPHES))
    for letter in map(chr, range(0x80, 0x1F00)):  # where Greek begins
        if letter.islower() and (plain := _plain(letter)) != letter:
            found[plain] = found.get(plain, plain) + letter
    return found


def _fields() -> list[tuple[str, bool]]:
    stems = [(stem_field(field, code), True) for field, code in itertools.product(PROSE, LANGUAGES)]
    return [*((field, False) for field in PROSE), *stems]


def _best(clauses: Sequence[Dsl]) -> Dsl:
    return clauses[0] if len(clauses) == 1 else {"dis_max": {"queries": list(clauses)}}


def _among(text: str, within: int) -> Dsl:
    apart = {"match": {"query": text, "ordered": False, "max_gaps": within}}
    return _best([{"intervals": {field: apart}} for field in PROSE])


def _prose(text: str, *, stemmed: bool) -> Dsl:
    # Always a phrase: what looks like one word ("co-op") may be several to the tokenizer, and then stays together.
    fields = [f"{field}^2" if stemmed else field for field in PROSE]
    if stemmed:
        fields += [stem_field(field, code) for field, code in itertools.product(PROSE, LANGUAGES)]
    return {"multi_match": {"query": text, "type": "phrase", "fields": fields}}


def _intervals(field: str, near: Near, *, stemmed: bool) -> Dsl:
    """Both sides in one field, so many words between them at the most. A phrase is compared exactly, whatever the field."""
    exact = field if not stemmed else field.rpartition(".")[0]

    def side(each: Word | Phrase) -> Dsl:
        match: Dsl = {"query": each.text, "ordered": True, "max_gaps": 0}
        if stemmed and isinstance(each, Phrase):
            match["use_field"] = exact
        return {"match": match}

    sides = [side(near.first), side(near.second)]
    return {"intervals": {field: {"all_of": {"intervals": sides, "ordered": False, "max_gaps": near.within}}}}
