"""From a query's tree and the form's filters to Elasticsearch's query language. Pure."""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING, Any

from archiver.platforms.items import ItemKind
from search import text as texts
from search.analysis import LANGUAGES, stem_field
from search.query import facets, states, terms
from search.query.dates import span
from search.query.levels import alternatives
from search.query.model import And, Dated, Field, Filter, Link, Not, Or, SearchRequest, Sort
from search.query.terms import PROSE
from search.query.tree import conjuncts, together, wanted

if TYPE_CHECKING:
    import datetime as dt
    import zoneinfo
    from collections.abc import Iterator

    from search.query.levels import Alternative
    from search.query.model import Node

Dsl = dict[str, Any]

SOURCE = (
    "public_id", "item_id", "platform", "accounts.id", "accounts.name", "accounts.stream", "accounts.state", "url", "created_at",
    "author", "kind", "state", "title", "text", "text_length", "revision", "number",
)  # fmt: skip
FRAGMENT, FRAGMENTS = 240, 3
HIGHLIGHTED = 20_000_000
"""How many characters of a text are looked through for a highlight; the search itself looks through all of it.

Above Elasticsearch's own million, which is meant for texts without indexed offsets: these have them."""
VERSION = "version"
"""What the names of the inner hits begin with that say which version matched."""


class Shown(enum.Enum):
    """What a search tells of the version that matched."""

    NOTHING = enum.auto()
    VERSION = enum.auto()
    """Which it is."""
    MARKED = enum.auto()
    """Which it is, and what of its text to mark."""


def body(node: Node | None, request: SearchRequest, *, shown: Shown = Shown.MARKED) -> Dsl:
    """The arguments of a search: query, order, exact total, what to show of each hit.

    Args:
        node: from `parse`, its accounts looked up, without words that Elasticsearch keeps no trace of.
        request: for its filters, its order and its page's size; the cursor is the caller's.
        shown: whether to tell which version matched, and what of it to mark.

    Raises:
        QueryError: the dates cannot be, or the query has too many alternatives.
    """
    dated = _range("created_at", request.date_from, request.date_to, request.zone)
    filters = [*_filters(request), *dated]
    found: Dsl = {
        "query": matching(node, request, filters, shown=shown),
        "sort": _sort(order_of(node, request)),
        "size": request.page_size,
        "track_total_hits": True,
        "source": {"includes": list(SOURCE)},
    }
    if dated or any(map(_is_date, conjuncts(node))):
        undated = matching(without_dates(node), request, list(_filters(request)), shown=Shown.NOTHING)
        undated["bool"]["must_not"] = [{"exists": {"field": "created_at"}}]
        found["aggregations"] = {"all": {"global": {}, "aggregations": {"undated": {"filter": undated}}}}
    if request.facets:
        found["aggregations"] = found.get("aggregations", {}) | facets.aggregations(
            request.zone,
            request.directory.by_department if _is_limited(request) and request.directory else None,
            request.limits.accounts,
        )
    return found


def counting(node: Node | None, request: SearchRequest) -> Dsl:
    """The query by itself, without the form's filters, as for a count."""
    return matching(node, request, list(_searched(request)), shown=Shown.NOTHING)


def matching(node: Node | None, request: SearchRequest, filters: list[Dsl], *, shown: Shown) -> Dsl:
    """What a record must fulfil, with what is told of the version that fulfils it."""
    expanded = _expanded(node, request.limits.accounts) if node is not None else None
    ways = [
        _alternative(way, request.zone, f"{VERSION}{number}", shown)
        for number, way in enumerate(alternatives(expanded))
    ]
    must = [] if node is None else ways if len(ways) == 1 else [_any(ways)]
    return {"bool": {"must": must, "filter": filters}}


def asks_of_versions(node: Node | None) -> bool | None:
    """Whether whatever a query finds, it finds by what one of the record's versions is; None: some of it, perhaps."""
    asked = {way.version is not None for way in alternatives(None if node is None else _expanded(node, None))}
    return asked.pop() if len(asked) == 1 else None


def order_of(node: Node | None, request: SearchRequest) -> Sort:
    """The order asked for, or the one that suits: by relevance where words are asked for, else the newest first."""
    says = any(not isinstance(leaf, Filter | Dated) for leaf in wanted(node))
    return request.sort or (Sort.RELEVANCE if says else Sort.NEWEST)


def without_dates(node: Node | None) -> Node | None:
    """The query as if no date was asked for: without the spans of days that all that is found must lie in."""
    return together([each for each in conjuncts(node) if not _is_date(each)])


def _is_date(node: Node) -> bool:
    return isinstance(node, Dated) and node.field is Field.DATE


def _is_limited(request: SearchRequest) -> bool:
    return request.limits.accounts is not None


def _searched(request: SearchRequest) -> Iterator[Dsl]:
    """What is searched at all, whatever is asked for: every query begins here."""
    if not (request.messages and request.limits.messages):
        # Messages have an index of their own; should one ever stand in this one, it is still not found.
        yield {"bool": {"must_not": [{"term": {"kind": ItemKind.MESSAGE.value}}]}}
    if request.limits.accounts is not None:
        yield {"terms": {"through": list(request.limits.accounts)}}


def _filters(request: SearchRequest) -> Iterator[Dsl]:
    yield from _searched(request)
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


def _expanded(node: Node, accounts: tuple[str, ...] | None) -> Node:
    """The query with each address joined by the records that it may be of, and each state by the accounts (public ids; None: all)
    that may tell of it.
    """
    match node:
        case And(parts) | Or(parts):
            return type(node)(tuple(_expanded(part, accounts) for part in parts))
        case Not(part):
            return Not(_expanded(part, accounts))
        case Filter(Field.STATE) if accounts is not None:
            return dataclasses.replace(node, ids=accounts)
        case Link() if records := terms.records_of(node):
            return Or((node, *records))
        case other:
            return other


def _alternative(way: Alternative, zone: zoneinfo.ZoneInfo, name: str, shown: Shown) -> Dsl:
    """One way to fulfil the query, what is asked of a version in one nested query."""
    record = [_of_record(each, zone) for each in way.record]
    if way.version is None:
        return {"bool": {"filter": record}}
    nested: Dsl = {"path": "versions", "score_mode": "max", "query": _of_version(way.version, zone)}
    if shown is not Shown.NOTHING:
        nested["inner_hits"] = {
            "name": name,
            "size": 1,
            "sort": [{"versions.is_current": "desc"}, {"versions.number": "desc"}],
            "_source": ["versions.number", "versions.is_current"],
        }
    if shown is Shown.MARKED:
        nested["inner_hits"]["highlight"] = _highlight(way.version)
    return {"bool": {"must": [{"nested": nested}], "filter": record}} if record else {"nested": nested}


def _of_version(node: Node, zone: zoneinfo.ZoneInfo) -> Dsl:
    match node:
        case And(parts):
            return {"bool": {"must": [_of_version(each, zone) for each in parts]}}
        case Or(parts):
            return _any([_of_version(each, zone) for each in parts])
        case Not(part):
            return {"bool": {"must_not": [_of_version(part, zone)]}}
        case Filter(Field.HAS, value):
            return {"bool": {"filter": [{"term": {"versions.has": value}}]}}
        case Dated(_, _, first, last):
            return {"bool": {"filter": _range("versions.captured_at", first, last, zone)}}
        case Filter():
            raise AssertionError(node)
        case term:
            return terms.clause(term)


def _of_record(node: Node, zone: zoneinfo.ZoneInfo) -> Dsl:
    match node:
        case And(parts):
            return {"bool": {"filter": [_of_record(each, zone) for each in parts]}}
        case Or(parts):
            return _any([_of_record(each, zone) for each in parts])
        case Not(part):
            return {"bool": {"must_not": [_of_record(part, zone)]}}
        case Dated(_, _, first, last):
            return {"bool": {"filter": _range("created_at", first, last, zone)}}
        case Filter():
            return _field(node)
        case _:
            raise AssertionError(node)


def _field(asked: Filter) -> Dsl:
    value = asked.value
    match asked.field:
        case Field.ACCOUNT:
            return {"terms": {"account_keys": list(asked.ids)}}
        case Field.DEPARTMENT if asked.ids:
            return {"terms": {"accounts.id": list(asked.ids)}}
        case Field.DEPARTMENT:
            return {"term": {"accounts.department": texts.key(asked.names[0] if asked.names else value)}}
        case Field.PLATFORM:
            return {"term": {"platform": texts.key(asked.names[0] if asked.names else value)}}
        case Field.AUTHOR if value.startswith("="):
            name = texts.typeable(value[1:])
            named = {"term": {"author.name": name}}
            without_handle = {"bool": {"filter": [named], "must_not": [{"exists": {"field": "author.handle"}}]}}
            return _any([{"term": {"author.handle": name}}, without_handle])
        case Field.AUTHOR:
            known = {"terms": {"author_keys": [texts.key(texts.typeable(value)), texts.handle_key(value)]}}
            return _any([known, {"match_phrase": {"author_names": texts.composed(value)}}])
        case Field.IS:
            city: Dsl = {"term": {"author.is_city": True}}
            return city if value == "city" else {"bool": {"must_not": [city]}}
        case Field.TYPE:
            return {"term": {"types": value}}
        case Field.STATE:
            # None where all tell of it; who sees no account finds nothing anyway.
            return states.asked(value, asked.ids or None)
        case Field.ADDRESS:
            platform = {"term": {"platform": asked.names[0]}}
            return {"bool": {"filter": [platform, {"term": {"platform_id": texts.key(value)}}]}}
        case Field.TAG:
            return {"term": {"clerk_tags": asked.ids[0] if asked.ids else texts.key(value)}}
        case Field.REQUEST:
            return {"term": {"requests": texts.key(value)}}
        case Field.HOLD:
            return {"term": {"holds": texts.key(value)}}
        case _:
            raise AssertionError(asked)


def _any(clauses: list[Dsl]) -> Dsl:
    return clauses[0] if len(clauses) == 1 else {"bool": {"should": clauses, "minimum_should_match": 1}}


def _range(field: str, first: dt.date | None, last: dt.date | None, zone: zoneinfo.ZoneInfo) -> list[Dsl]:
    begin, end = span(first, last, zone)
    limits = {name: moment.isoformat() for name, moment in (("gte", begin), ("lt", end)) if moment}
    return [{"range": {field: limits}}] if limits else []


def _highlight(version: Node) -> Dsl:
    shown = {
        field: {"matched_fields": [field, *(stem_field(field, code) for code in LANGUAGES)], "no_match_size": no_match}
        for field, no_match in zip(PROSE, (FRAGMENT, 0, 0), strict=True)
    }
    marked = [terms.as_seen(each) for each in wanted(version) if not isinstance(each, Filter | Dated)]
    return {
        "type": "unified",
        "encoder": "html",
        "pre_tags": ["<mark>"],
        "post_tags": ["</mark>"],
        "fragment_size": FRAGMENT,
        "number_of_fragments": FRAGMENTS,
        "max_analyzed_offset": HIGHLIGHTED,
        "highlight_query": {"bool": {"should": marked}} if marked else {"match_none": {}},
        "fields": shown,
    }
