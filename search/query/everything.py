"""Every record that a search finds, however many: a point in time, walked to its end, and counted.

What comes to the index meanwhile is not in it, and what leaves it is: the walk sees the index as it was when it began. It cannot
end short without saying so.
"""

from __future__ import annotations

import contextlib
import dataclasses
import uuid
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from search.errors import SearchError, translated
from search.query import compile as compiler
from search.query.run import matched_version, prepared

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from elasticsearch import Elasticsearch

    from search.query.model import SearchRequest

_PAGE = 5_000
"""Each page costs Elasticsearch a search of the whole, and this side the memory of its hits (2 KB each)."""
_FIELDS = ("public_id", "revision")
"""Read from columns, as the documents themselves need not be unpacked; a record's own id comes with its place in the order."""
_OF_VERSIONS = ("number", "version_count")
"""Asked for as well where the version that matched is told of those with several."""
KEPT_FOR = "10m"
"""How long Elasticsearch keeps the point in time between two pages."""


class Found(NamedTuple):
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
        self,
        query: dict[str, Any],
        size: int,
        after: list[Any] | None = None,
        *,
        told: bool,
        fields: Sequence[str] = _FIELDS,
    ) -> list[dict[str, Any]]:
        """The next hits, by the records' own ids; `told`: the query tells which version matched."""
        with translated(f"searching {self.index}"):
            answer = self.client.search(
                pit={"id": self.name, "keep_alive": KEPT_FOR},
                size=size,
                query=query,
                sort=[{"item_id": "asc"}],
                source=False,
                docvalue_fields=[{"field": field} for field in fields],
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
    A page is asked for while the one before is taken, so that neither side waits for the other.
    """
    seen = 0
    page = partial(_page, moment, query, telling, told=told)
    ahead = ThreadPoolExecutor(1, "walk")
    with contextlib.closing(moment):
        try:
            waiting = ahead.submit(page, after)
            while True:
                hits, numbers = waiting.result()
                if more := len(hits) == _PAGE:
                    waiting = ahead.submit(page, hits[-1]["sort"][:1])
                for hit in hits:
                    item_id = hit["sort"][0]
                    version = matched_version(hit) if telling is None else numbers[item_id]
                    yield Found(item_id, uuid.UUID(_value(hit, "public_id")), _value(hit, "revision"), version)
                seen += len(hits)
                if not more:
                    break
        finally:
            # Who breaks off does not wait for a page that nobody will read.
            ahead.shutdown(wait=False, cancel_futures=True)
    if whole is not None and seen != whole:
        raise CutShortError(f"The index counted {whole:,} records and gave {seen:,}: nothing was finished; try again.")


def _page(
    moment: _Moment, query: dict[str, Any], telling: dict[str, Any] | None, after: list[Any] | None, *, told: bool
) -> tuple[list[dict[str, Any]], dict[int, int | None]]:
    """The next hits, with the versions that matched where `telling` tells."""
    if telling is None:
        return moment.search(query, _PAGE, after, told=told), {}
    hits = moment.search(query, _PAGE, after, told=told, fields=(*_FIELDS, *_OF_VERSIONS))
    return hits, _told(moment, telling, hits)


def _told(moment: _Moment, telling: dict[str, Any], hits: list[dict[str, Any]]) -> dict[int, int | None]:
    """Which version of each record matched.

    Raises:
        CutShortError: the index does not find again what it has just found.
    """
    told: dict[int, int | None] = {
        hit["sort"][0]: _value(hit, "number") for hit in hits if _value(hit, "version_count") == 1
    }
    several = [item_id for hit in hits if (item_id := hit["sort"][0]) not in told]
    if several:
        asked = {"bool": {"must": [telling], "filter": [{"terms": {"item_id": several}}]}}
        told |= {hit["sort"][0]: matched_version(hit) for hit in moment.search(asked, len(several), told=True)}
    if len(told) != len(hits):
        raise CutShortError(f"The index gave {len(hits):,} records, then {len(told):,} of them: try again.")
    return told


def _value(hit: dict[str, Any], field: str) -> Any:
    return hit["fields"][field][0]
