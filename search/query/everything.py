"""Every record that a search finds, however many: a point in time, walked to its end, and counted.

What comes to the index meanwhile is not in it, and what leaves it is: the walk sees the index as it was when it began. It cannot
end short without saying so.
"""

from __future__ import annotations

import dataclasses
import uuid
from typing import TYPE_CHECKING, Any

from search.errors import SearchError, translated
from search.query import compile as compiler
from search.query.run import matched_version, prepared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from elasticsearch import Elasticsearch

    from search.query.model import SearchRequest

_PAGE = 2_000
_KEPT_FOR = "10m"
"""How long Elasticsearch keeps the point in time between two pages."""


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """A record found: its ids, its revision in the index, the version that matched (None: the search asked nothing of one)."""

    item_id: int
    public_id: uuid.UUID
    revision: int
    version: int | None


class CutShortError(SearchError):
    """Elasticsearch gave fewer or more records than it counted."""


@dataclasses.dataclass(frozen=True, slots=True)
class Walk:
    """A walk over everything that is found. `total` is exact, and known before the first record."""

    total: int
    found: Iterator[Found]


def every(client: Elasticsearch, index: str, request: SearchRequest, *, after: list[Any] | None = None) -> Walk:
    """Walk everything that a search finds, in the order of the records' own ids.

    Args:
        client: from `search.client.client_for`.
        index: the alias.
        request: what to find; its order, page and cursor are not looked at.
        after: `[item_id]`, to go on behind that record; `total` is then of the whole all the same.

    Raises:
        QueryError, IndexUnavailableError, IndexMissingError, SearchError: as for a search; while walking `CutShortError` too.
    """
    ready = prepared(client, index, request)
    index, asked = ready.index, dataclasses.replace(ready.request, facets=False)
    query, counted = (
        compiler.body(ready.node, asked, shown=shown)["query"]
        for shown in (compiler.Shown.VERSION, compiler.Shown.NOTHING)
    )
    with translated(f"counting in {index}"):
        opened = client.open_point_in_time(index=index, keep_alive=_KEPT_FOR).body["id"]
        total = client.search(
            pit={"id": opened, "keep_alive": _KEPT_FOR}, size=0, track_total_hits=True, query=counted
        ).body["hits"]["total"]["value"]
    return Walk(total, _walk(client, index, opened, query, total, after))


def _walk(
    client: Elasticsearch, index: str, opened: str, query: dict[str, Any], total: int, after: list[Any] | None
) -> Iterator[Found]:
    seen = 0
    whole = after is None
    try:
        while True:
            with translated(f"searching {index}"):
                answer = client.search(
                    pit={"id": opened, "keep_alive": _KEPT_FOR},
                    size=_PAGE,
                    query=query,
                    sort=[{"item_id": "asc"}],
                    source={"includes": ["item_id", "public_id", "revision"]},
                    track_total_hits=False,
                    search_after=after,
                ).body
            opened = answer.get("pit_id", opened)
            hits = answer["hits"]["hits"]
            for hit in hits:
                source = hit["_source"]
                version = matched_version(hit)
                yield Found(source["item_id"], uuid.UUID(source["public_id"]), source["revision"], version)
            seen += len(hits)
            if len(hits) < _PAGE:
                break
            after = hits[-1]["sort"][:1]
    finally:
        with translated(f"searching {index}"):
            client.options(ignore_status=404).close_point_in_time(id=opened)
    if whole and seen != total:
        raise CutShortError(f"The index counted {total:,} records and gave {seen:,}: nothing was finished; try again.")
