"""What a receipt counts, all of one point in time: the total, its divisions, and what each thing asked for has alone."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from search.errors import SearchError, translated
from search.query import compile as compiler
from search.query.everything import KEPT_FOR
from search.query.explain import clause
from search.query.facets import facets_of
from search.query.tree import conjuncts, leaves

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from elasticsearch import Elasticsearch

    from search.query.facets import Facets
    from search.query.model import Node, SearchRequest

_TOGETHER = 50


@dataclasses.dataclass(frozen=True, slots=True)
class Alone:
    """Something that was asked for, in words, and how many records of the archive it has by itself."""

    words: str
    alone: int


@dataclasses.dataclass(frozen=True, slots=True)
class Counts:
    """`parts`: what must all be true. `terms`: every word, phrase and field of the search, each once."""

    total: int
    undated_excluded: int
    facets: Facets
    parts: Sequence[Alone]
    terms: Sequence[Alone]


def counted(client: Elasticsearch, point: str, node: Node | None, request: SearchRequest) -> Counts:
    """Count.

    Args:
        client: from `search.client.client_for`.
        point: the point in time, open.
        node: from `search.query.run.understood`.
        request: with the register, whose names the divisions have.

    Raises:
        QueryError, IndexUnavailableError, SearchError: as for a search.
    """
    arguments = compiler.body(node, dataclasses.replace(request, facets=True), shown=compiler.Shown.NOTHING)
    with translated("counting what a search finds"):
        answer = client.search(
            pit={"id": point, "keep_alive": KEPT_FOR},
            size=0,
            track_total_hits=True,
            query=arguments["query"],
            aggregations=arguments["aggregations"],
        ).body
    total = answer["hits"]["total"]["value"]
    divided = answer["aggregations"]
    parts = conjuncts(node)
    every: list[Node] = list(dict.fromkeys([*parts, *leaves(node)]))
    numbers = dict(zip(every, _alone(client, point, every, request), strict=True))
    return Counts(
        total=total,
        undated_excluded=divided["all"]["undated"]["doc_count"] if "all" in divided else 0,
        facets=facets_of(divided, total, request.directory, request.zone),
        parts=[Alone(clause(each, request), numbers[each]) for each in parts],
        terms=[Alone(clause(each, request), numbers[each]) for each in dict.fromkeys(leaves(node))],
    )


def _alone(client: Elasticsearch, point: str, nodes: Sequence[Node], request: SearchRequest) -> Iterator[int]:
    for start in range(0, len(nodes), _TOGETHER):
        lines = [
            line
            for each in nodes[start : start + _TOGETHER]
            for line in (
                {},
                {
                    "pit": {"id": point, "keep_alive": KEPT_FOR},
                    "size": 0,
                    "track_total_hits": True,
                    "query": compiler.counting(each, request),
                },
            )
        ]
        with translated("counting what each term finds"):
            answers: list[dict[str, Any]] = client.msearch(searches=lines).body["responses"]
        for answer in answers:
            if "error" in answer:
                raise SearchError(f"Elasticsearch refused one of the terms: {answer['error'].get('reason')}.")
            yield answer["hits"]["total"]["value"]
