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
    from collections.abc import Collection, Iterator, Sequence

    from elasticsearch import Elasticsearch

    from search.query.model import Node, SearchRequest
    from search.query.run import Prepared

MOST_TERMS = 500
ALONE_UP_TO = 100
"""With more terms than this, nobody waits for what each has that no other has."""
_TOGETHER, _ALONE_TOGETHER = 50, 10
_NONE = "none"
_TOO_MUCH = frozenset({"circuit_breaking_exception", "too_many_clauses", "too_many_nested_clauses"})


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
        QueryError: none of the terms can be understood, or the filters cannot be; or they are too much for the index at once.
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
    asked_for = [{"query": query} for query in queries.values()]
    asked_for.append({"query": {"match_all": {}}, "aggs": _without_any(queries.values())})
    searched = ",".join(sorted(indices))
    *answers, together = _answers(client, searched, asked_for)
    totals = {typed: _total(answer) for typed, answer in zip(queries, answers, strict=True)}
    alone: dict[str, int | None] = dict.fromkeys(queries)
    if len(queries) <= ALONE_UP_TO:
        wanted = [typed for typed, total in totals.items() if total]
        only = _answers(client, searched, [_only(typed, queries) for typed in wanted], _ALONE_TOGETHER)
        alone = {**dict.fromkeys(queries, 0), **dict(zip(wanted, map(_none, only), strict=True))}
    for typed, total in totals.items():
        found[typed] = dataclasses.replace(found[typed], total=total, only=alone[typed])
    return TermCounts([found[typed] for typed in terms], _total(together) - _none(together))


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
    return {
        "query": queries[typed],
        "aggs": _without_any([query for other, query in queries.items() if other != typed]),
    }


def _without_any(queries: Collection[dict[str, Any]]) -> dict[str, Any]:
    """What counts the records that none of these finds.

    One query with all of them in it would have more clauses than Elasticsearch takes, with a list of 500 names with apostrophes
    ten times as many: here each is a query of its own.
    """
    if not queries:
        return {}
    numbered = {str(number): query for number, query in enumerate(queries)}
    return {"any": {"filters": {"filters": numbered, "other_bucket_key": _NONE}}}


def _total(answer: dict[str, Any]) -> int:
    return int(answer["hits"]["total"]["value"])


def _none(answer: dict[str, Any]) -> int:
    return (
        int(answer["aggregations"]["any"]["buckets"][_NONE]["doc_count"])
        if "aggregations" in answer
        else _total(answer)
    )


def _answers(
    client: Elasticsearch, index: str, asked_for: Sequence[dict[str, Any]], at_once: int = _TOGETHER
) -> Iterator[dict[str, Any]]:
    for start in range(0, len(asked_for), at_once):
        lines = [
            line
            for asked in asked_for[start : start + at_once]
            for line in ({"index": index}, {"size": 0, "track_total_hits": True, **asked})
        ]
        with translated(f"counting in {index}"):
            answers: list[dict[str, Any]] = client.msearch(searches=lines).body["responses"]
        for answer in answers:
            if "error" in answer:
                if any(cause.get("type") in _TOO_MUCH for cause in answer["error"].get("root_cause", ())):
                    raise QueryError(
                        lambda: _(
                            "These terms are more at once than the search engine can hold: hand the list in in parts, and those "
                            "with ~ by themselves."
                        )
                    )
                raise SearchError(f"Elasticsearch refused one of the terms: {answer['error'].get('reason')}.")
            yield answer
