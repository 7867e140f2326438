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
from search.query.run import matched_version, understood

if TYPE_CHECKING:
    from collections.abc import Iterator

    from elasticsearch import Elasticsearch

    from search.query.model import SearchRequest

_PAGE = 2_000
KEPT_FOR = "10m"
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
    """A walk over everything that is found. `total` is exact, and known before the first record.

    `point`: the point in time that it sees, open until the walk ends, for what else is asked of that moment.
    """

    total: int
    point: str
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
    node, _ = understood(client, request)
    asked = dataclasses.replace(request, facets=False)
    versions, plain = (
        compiler.body(node, asked, shown=shown)["query"] for shown in (compiler.Shown.VERSION, compiler.Shown.NOTHING)
    )
    with translated(f"counting in {index}"):
        opened = client.open_point_in_time(index=index, keep_alive=KEPT_FOR).body["id"]
        total = client.search(
            pit={"id": opened, "keep_alive": KEPT_FOR}, size=0, track_total_hits=True, query=plain
        ).body["hits"]["total"]["value"]
    some, always = compiler.of_versions(node)
    way = _Way(client, index, plain if always or not some else versions, versions if always else None)
    return Walk(total, opened, _walk(way, opened, total, after))


@dataclasses.dataclass(frozen=True, slots=True)
class _Way:
    """How to walk. `query` finds a page; which version matched it tells by itself, unless `versions` is to be asked for that.

    Having Elasticsearch tell it costs more than all else. Where every record found has a version that matched, that is the only
    one of a record which has but one: only the others are asked about.
    """

    client: Elasticsearch
    index: str
    query: dict[str, Any]
    versions: dict[str, Any] | None


def _walk(way: _Way, opened: str, total: int, after: list[Any] | None) -> Iterator[Found]:
    seen = 0
    whole = after is None
    try:
        while True:
            with translated(f"searching {way.index}"):
                answer = way.client.search(
                    pit={"id": opened, "keep_alive": KEPT_FOR},
                    size=_PAGE,
                    query=way.query,
                    sort=[{"item_id": "asc"}],
                    source={"includes": ["item_id", "public_id", "revision", "version_count", "number"]},
                    track_total_hits=False,
                    search_after=after,
                ).body
            opened = answer.get("pit_id", opened)
            hits = answer["hits"]["hits"]
            versions = _versions(way, opened, hits)
            for hit in hits:
                source = hit["_source"]
                item_id = source["item_id"]
                yield Found(item_id, uuid.UUID(source["public_id"]), source["revision"], versions[item_id])
            seen += len(hits)
            if len(hits) < _PAGE:
                break
            after = hits[-1]["sort"][:1]
    finally:
        with translated(f"searching {way.index}"):
            way.client.options(ignore_status=404).close_point_in_time(id=opened)
    if whole and seen != total:
        raise CutShortError(f"The index counted {total:,} records and gave {seen:,}: nothing was finished; try again.")


def _versions(way: _Way, opened: str, hits: list[dict[str, Any]]) -> dict[int, int | None]:
    """Of each record of a page, which version matched."""
    if way.versions is None:
        return {hit["_source"]["item_id"]: matched_version(hit) for hit in hits}
    found = {hit["_source"]["item_id"]: hit["_source"].get("number") for hit in hits}
    several = [hit["_source"]["item_id"] for hit in hits if hit["_source"].get("version_count") != 1]
    if several:
        with translated(f"searching {way.index}"):
            answer = way.client.search(
                pit={"id": opened, "keep_alive": KEPT_FOR},
                size=len(several),
                query={"bool": {"must": [way.versions], "filter": [{"terms": {"item_id": several}}]}},
                source={"includes": ["item_id"]},
                track_total_hits=False,
            ).body["hits"]["hits"]
        told = {hit["_source"]["item_id"]: matched_version(hit) for hit in answer}
        for item_id in several:
            if told.get(item_id) is None:
                raise CutShortError("The index did not tell which version of a record matched: nothing was finished.")
            found[item_id] = told[item_id]
    return found
