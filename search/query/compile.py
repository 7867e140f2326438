"""From terms and filters to Elasticsearch's query language. Pure."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from archiver.platforms.items import ItemKind
from search import text as texts
from search.analysis import LANGUAGES, stem_field
from search.query.dates import span
from search.query.model import Handle, Link, Phrase, SearchRequest, Sort, Tag, Term, Word

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Dsl = dict[str, Any]

PROSE = ("versions.text", "versions.title", "versions.alt")
SOURCE = (
    "public_id", "item_id", "platform", "accounts.name", "url", "created_at", "author", "kind", "state", "title",
    "text", "text_length", "revision", "number",
)  # fmt: skip
FRAGMENT, FRAGMENTS = 240, 3
HIGHLIGHTED = 20_000_000
"""How many characters of a text are looked through for a highlight; the search itself looks through all of it.

Above Elasticsearch's own million, which is meant for texts without indexed offsets: these have them."""

_APOSTROPHES = ("'", "\u2019")
_EMOJI_STYLE = "\ufe0f"


def body(terms: Sequence[Term], request: SearchRequest) -> Dsl:
    """The arguments of a search: query, order, exact total, what to show of each hit.

    Args:
        terms: from `parse`, without those that Elasticsearch keeps no trace of.
        request: for its filters, its order and its page's size; the cursor is the caller's.

    Raises:
        QueryError: the dates cannot be.
    """
    begin, end = span(request.date_from, request.date_to, request.zone)
    filters = list(_filters(request))
    dated = [
        {
            "range": {
                "created_at": {name: moment.isoformat() for name, moment in (("gte", begin), ("lt", end)) if moment}
            }
        }
    ]
    matching = [_nested(terms, inner_hits=True)] if terms else []
    found: Dsl = {
        "query": {"bool": {"must": matching, "filter": filters + (dated if begin or end else [])}},
        "sort": _sort(order_of(terms, request)),
        "size": request.page_size,
        "track_total_hits": True,
        "source": {"includes": list(SOURCE)},
    }
    if begin or end:
        same = [_nested(terms, inner_hits=False)] if terms else []
        undated = {"bool": {"filter": [*same, *filters], "must_not": [{"exists": {"field": "created_at"}}]}}
        found["aggregations"] = {"all": {"global": {}, "aggregations": {"undated": {"filter": undated}}}}
    return found


def order_of(terms: Sequence[Term], request: SearchRequest) -> Sort:
    """The order asked for, or the one that suits."""
    return request.sort or (Sort.RELEVANCE if terms else Sort.NEWEST)


def _filters(request: SearchRequest) -> Iterator[Dsl]:
    # Messages have an index of their own; should one ever stand in this one, it is still not found.
    yield {"bool": {"must_not": [{"term": {"kind": ItemKind.MESSAGE.value}}]}}
    if request.platform:
        yield {"term": {"platform": texts.key(request.platform)}}
    if request.account_id is not None:
        yield {"term": {"account_keys": str(request.account_id)}}
    elif request.account:
        yield {"term": {"account_keys": texts.key(request.account)}}


def _sort(order: Sort) -> list[Dsl]:
    # item_id makes the order total, so that a page begins where the one before ended.
    newest: list[Dsl] = [{"created_at": {"order": "desc", "missing": "_last"}}, {"item_id": "desc"}]
    match order:
        case Sort.RELEVANCE:
            return [{"_score": "desc"}, *newest]
        case Sort.NEWEST:
            return newest
        case Sort.OLDEST:
            return [{"created_at": {"order": "asc", "missing": "_last"}}, {"item_id": "asc"}]


def _nested(terms: Sequence[Term], *, inner_hits: bool) -> Dsl:
    """All terms in one and the same version."""
    nested: Dsl = {
        "path": "versions",
        "score_mode": "max",
        "query": {"bool": {"must": [clause(term) for term in terms]}},
    }
    if inner_hits:
        nested["inner_hits"] = {
            "size": 1,
            "sort": [{"versions.is_current": "desc"}, {"versions.number": "desc"}],
            "_source": ["versions.number", "versions.is_current"],
            "highlight": _highlight(terms),
        }
    return {"nested": nested}


def clause(term: Term) -> Dsl:
    """What a version must fulfil for a term."""
    match term:
        case Word(text):
            return _any([_prose(variant, stemmed=True) for variant in variants(text)])
        case Phrase(text):
            # The tokenizer drops # and @: a phrase that has them wants them all the same.
            exact = _any([_prose(variant, stemmed=False) for variant in variants(text)])
            marks = [{"term": {"versions.tags": tag}} for tag in texts.tags_in(text)]
            marks += [{"term": {"versions.mentions": handle}} for handle in texts.handles_in(text)]
            return {"bool": {"must": [exact], "filter": marks}} if marks else exact
        case Tag(text):
            return {"term": {"versions.tags": texts.tag_key(text)}}
        case Handle(text):
            return {"term": {"versions.mentions": texts.handle_key(text)}}
        case Link(text):
            return {"term": {"versions.links": texts.link_key(text)}}


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


def _any(clauses: list[Dsl]) -> Dsl:
    return clauses[0] if len(clauses) == 1 else {"dis_max": {"queries": clauses}}


def _prose(text: str, *, stemmed: bool) -> Dsl:
    # Always a phrase: what looks like one word ("co-op") may be several to the tokenizer, and then stays together.
    fields = [f"{field}^2" if stemmed else field for field in PROSE]
    if stemmed:
        fields += [stem_field(field, code) for field, code in itertools.product(PROSE, LANGUAGES)]
    return {"multi_match": {"query": text, "type": "phrase", "fields": fields}}


def _highlight(terms: Sequence[Term]) -> Dsl:
    shown = {
        field: {"matched_fields": [field, *(stem_field(field, code) for code in LANGUAGES)], "no_match_size": no_match}
        for field, no_match in zip(PROSE, (FRAGMENT, 0, 0), strict=True)
    }
    return {
        "type": "unified",
        "encoder": "html",
        "pre_tags": ["<mark>"],
        "post_tags": ["</mark>"],
        "fragment_size": FRAGMENT,
        "number_of_fragments": FRAGMENTS,
        "max_analyzed_offset": HIGHLIGHTED,
        "highlight_query": {"bool": {"should": [_as_seen(term) for term in terms]}},
        "fields": shown,
    }


def _as_seen(term: Term) -> Dsl:
    match term:
        case Tag(text) | Handle(text) | Link(text):
            return _prose(text, stemmed=False)
        case Word() | Phrase():
            return clause(term)
