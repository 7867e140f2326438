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

_PAGE = 5_000
"""Each page costs Elasticsearch a search of the whole, and this side the memory of its hits (2 KB each)."""
_FIELDS = ("item_id", "public_id", "revision", "number", "version_count")
"""Read from columns: the documents themselves need not be unpacked."""
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
    ready = prepared(client, index, request)
    index, node, asked = ready.index, ready.node, dataclasses.replace(ready.request, facets=False)
    telling, counted = (
        compiler.body(node, asked, shown=shown)["query"] for shown in (compiler.Shown.VERSION, compiler.Shown.NOTHING)
    )
    of_versions = compiler.asks_of_versions(node)
    with translated(f"counting in {index}"):
        opened = client.open_point_in_time(index=index, keep_alive=KEPT_FOR).body["id"]
        total = client.search(
            pit={"id": opened, "keep_alive": KEPT_FOR}, size=0, track_total_hits=True, query=counted
        ).body["hits"]["total"]["value"]
    whole = None if after is not None else total
    moment = _Moment(client, index, opened)
    if of_versions is None:
        return Walk(total, opened, _walk(moment, telling, None, whole, after, told=True))
    return Walk(total, opened, _walk(moment, counted, telling if of_versions else None, whole, after, told=False))


@dataclasses.dataclass(slots=True)
class _Moment:
    """A point in time, whose name may change with each search of it."""

    client: Elasticsearch
    index: str
    name: str

    def search(
        self, query: dict[str, Any], size: int, after: list[Any] | None = None, *, told: bool
    ) -> list[dict[str, Any]]:
        """The next hits, by the records' own ids; `told`: the query tells which version matched."""
        with translated(f"searching {self.index}"):
            answer = self.client.search(
                pit={"id": self.name, "keep_alive": KEPT_FOR},
                size=size,
                query=query,
                sort=[{"item_id": "asc"}],
                source=False,
                docvalue_fields=[{"field": field} for field in _FIELDS],
                stored_fields=None if told else "_none_",
                track_total_hits=False,
                search_after=after,
            ).body
        self.name = answer.get("pit_id", self.name)
        hits: list[dict[str, Any]] = answer["hits"]["hits"]
        return hits

    def close(self) -> None:
        """Let it go."""
        with translated(f"searching {self.index}"):
            self.client.options(ignore_status=404).close_point_in_time(id=self.name)


def _walk(
    moment: _Moment,
    query: dict[str, Any],
    telling: dict[str, Any] | None,
    whole: int | None,
    after: list[Any] | None,
    *,
    told: bool,
) -> Iterator[Found]:
    """Walk by `query`, which tells by itself which version matched (`told`) or does not; where it is asked, `telling` tells.

    To be told costs Elasticsearch many times what finding does, and most records have one version, which then is the one.
    """
    seen = 0
    try:
        while True:
            hits = moment.search(query, _PAGE, after, told=told)
            numbers = {} if telling is None else _told(moment, telling, hits)
            for hit in hits:
                item_id, revision = _value(hit, "item_id"), _value(hit, "revision")
                version = matched_version(hit) if telling is None else numbers[item_id]
                yield Found(item_id, uuid.UUID(_value(hit, "public_id")), revision, version)
            seen += len(hits)
            if len(hits) < _PAGE:
                break
            after = hits[-1]["sort"][:1]
    finally:
        moment.close()
    if whole is not None and seen != whole:
        raise CutShortError(f"The index counted {whole:,} records and gave {seen:,}: nothing was finished; try again.")


def _told(moment: _Moment, telling: dict[str, Any], hits: list[dict[str, Any]]) -> dict[int, int | None]:
    """Which version of each record matched.

    Raises:
        CutShortError: the index does not find again what it has just found.
    """
    told: dict[int, int | None] = {
        _value(hit, "item_id"): _value(hit, "number") for hit in hits if _value(hit, "version_count") == 1
    }
    several = [item_id for hit in hits if (item_id := _value(hit, "item_id")) not in told]
    if several:
        asked = {"bool": {"must": [telling], "filter": [{"terms": {"item_id": several}}]}}
        told |= {_value(hit, "item_id"): matched_version(hit) for hit in moment.search(asked, len(several), told=True)}
    if len(told) != len(hits):
        raise CutShortError(f"The index gave {len(hits):,} records, then {len(told):,} of them: try again.")
    return told


def _value(hit: dict[str, Any], field: str) -> Any:
    return hit["fields"][field][0]
