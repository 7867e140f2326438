"""A list of terms, as a requester hands it in: how many records each has, and how many they have together."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from archiver.i18n.translation import _
from search.errors import MessagesRefusedError, QueryError, SearchError, translated
from search.query import compile as compiler
from search.query.explain import explain
from search.query.model import Limits
from search.query.run import prepared

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from elasticsearch import Elasticsearch

    from search.query.model import Node, SearchRequest
    from search.query.run import Prepared

MOST_TERMS = 500
ALONE_UP_TO = 100
"""With more terms than this, nobody waits for what each has that no other has."""
_TOGETHER = 50


@dataclasses.dataclass(frozen=True, slots=True)
class TermCount:
    """One term: what it was taken to mean and how many records it has, or why it could not be understood.

    `only`: records that none of the other terms has; None where that was not counted.
    """

    typed: str
    meaning: str = ""
    total: int | None = None
    only: int | None = None
    problem: str = ""
    refused: bool = False
    """Whether the problem is that it asks for what whoever asks may not see."""


@dataclasses.dataclass(frozen=True, slots=True)
class TermCounts:
    """A list, term by term, and how many records have at least one of them."""

    terms: Sequence[TermCount]
    union: int


def terms_in(text: str) -> list[str]:
    """The terms of a list: one on a line, each once, in the order given; what a list puts before its lines is left off.

    Raises:
        QueryError: there are none, or too many.
    """
    lines = (line.strip().lstrip("\u2022\u00b7*").strip() for line in text.replace("\ufeff", "").splitlines())
    found = list(dict.fromkeys(filter(None, lines)))
    if not found:
        raise QueryError(lambda: _("There is no term in this list: write one on each line."))
    if len(found) > MOST_TERMS:
        raise QueryError(
            lambda: _(
                "A list can have %(most)s terms, and this one has %(count)s: hand it in in parts.",
                most=MOST_TERMS,
                count=f"{len(found):,}",
            )
        )
    return found


def count_terms(client: Elasticsearch, index: str, terms: Sequence[str], request: SearchRequest) -> TermCounts:
    """Count each term as a search of its own, within the filters of `request`, whose text is not looked at.

    Raises:
        QueryError: none of the terms can be understood, or the filters cannot be.
        IndexUnavailableError, IndexMissingError, SearchError: as for a search.
    """
    queries: dict[str, dict[str, Any]] = {}
    indices = {index}
    found: dict[str, TermCount] = {}
    problems: list[QueryError] = []
    for typed in terms:
        try:
            ready = prepared(client, index, dataclasses.replace(request, text=typed))
            queries[typed] = _query(ready.node, ready.request)
            found[typed] = TermCount(typed, _meaning(ready))
            indices.update(ready.index.split(","))
        except QueryError as error:
            problems.append(error)
            found[typed] = TermCount(typed, problem=str(error), refused=isinstance(error, MessagesRefusedError))
    if not queries:
        if all(each.refused for each in found.values()):
            raise problems[0]
        raise QueryError(
            lambda: _("None of these terms can be understood; of the first: %(problem)s", problem=problems[0])
        )
    union: dict[str, Any] = {"bool": {"should": list(queries.values()), "minimum_should_match": 1}}
    asked_for = [*queries.values(), union]
    if len(queries) <= ALONE_UP_TO:
        asked_for += [_only(typed, queries) for typed in queries]
    counts = list(_counts(client, ",".join(sorted(indices)), asked_for))
    number = len(queries)
    alone: Sequence[int | None] = counts[number + 1 :] or [None] * number
    for typed, total, only in zip(queries, counts, alone, strict=False):
        found[typed] = dataclasses.replace(found[typed], total=total, only=only)
    return TermCounts([found[typed] for typed in terms], counts[number])


def _query(node: Node | None, request: SearchRequest) -> dict[str, Any]:
    query: dict[str, Any] = compiler.body(
        node, dataclasses.replace(request, facets=False), shown=compiler.Shown.NOTHING
    )["query"]
    return query


def _meaning(ready: Prepared) -> str:
    """What the term means by itself; the filters and limits are the same for all of the list."""
    bare = dataclasses.replace(
        ready.request, account=None, platform=None, date_from=None, date_to=None, limits=Limits(), messages=False
    )
    return explain(ready.node, bare, ignored=ready.ignored, ordered=False)


def _only(typed: str, queries: dict[str, dict[str, Any]]) -> dict[str, Any]:
    others = [query for other, query in queries.items() if other != typed]
    return {"bool": {"must": [queries[typed]], "must_not": others}}


def _counts(client: Elasticsearch, index: str, queries: Sequence[dict[str, Any]]) -> Iterator[int]:
    for start in range(0, len(queries), _TOGETHER):
        lines = [
            line
            for query in queries[start : start + _TOGETHER]
            for line in ({"index": index}, {"size": 0, "track_total_hits": True, "query": query})
        ]
        with translated(f"counting in {index}"):
            answers = client.msearch(searches=lines).body["responses"]
        for answer in answers:
            if "error" in answer:
                raise SearchError(f"Elasticsearch refused one of the terms: {answer['error'].get('reason')}.")
            yield answer["hits"]["total"]["value"]
