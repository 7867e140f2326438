"""Whether index and archive agree, item by item and revision by revision, and how to make them.

Both are walked in the order of the item's id, side by side, so that memory does not grow with the archive. What differs
is asked for again at once, because both go on changing meanwhile; what still waits in the outbox is no drift.
"""

from __future__ import annotations

import enum
import itertools
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa

from search.errors import translated
from search.shelves import MESSAGE, Shelf, shelves

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from elasticsearch import Elasticsearch
    from sqlalchemy.engine import Engine

_Value = TypeVar("_Value")

_EXAMPLES = 100
_ASKED_AGAIN = 500
_KEEP_ALIVE = "5m"
_END = (float("inf"), 0)

_ITEMS = sa.text("select id, revision from items where (kind = :message) = :messages order by id")
_NOW = sa.text(
    "select id, revision from items where id = any(cast(:ids as bigint[])) and (kind = :message) = :messages"
)
_WAITING = sa.text("select distinct item_id from outbox where item_id = any(cast(:ids as bigint[]))")
_OUTBOX = sa.text("insert into outbox (item_id, revision) values (:item_id, :revision)")
_RAISE = sa.text("update items set revision = greatest(revision, :indexed) + 1 where id = :item_id returning revision")


class Kind(enum.StrEnum):
    """How an item's document differs from the item."""

    MISSING = "missing"
    """There is no document."""
    OUTDATED = "outdated"
    """The document is of an older revision."""
    AHEAD = "ahead"
    """The document is of a later revision than Postgres knows: Postgres was restored from a backup."""
    ORPHANED = "orphaned"
    """There is no such item, or it belongs to the other index."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference. Revisions are None where there is nothing."""

    kind: Kind
    item_id: int
    revision: int | None
    indexed: int | None


@dataclass(frozen=True, slots=True)
class ParityReport:
    """How many of each were compared, how many differ by kind, and the first examples."""

    items: int
    documents: int
    drifted: Mapping[Kind, int]
    examples: tuple[Drift, ...]

    @property
    def is_level(self) -> bool:
        """Whether index and archive agree."""
        return not self.drifted


@dataclass(slots=True)
class _Tally:
    items: int = 0
    documents: int = 0


def check(engine: Engine, client: Elasticsearch, index: str) -> ParityReport:
    """Compare the whole index, and the messages' own beside it, with the whole archive.

    Raises:
        IndexUnavailableError, IndexMissingError: as for a search.
    """
    tally, counts, examples = _Tally(), Counter[Kind](), list[Drift]()
    for drift in _confirmed(engine, client, index, tally):
        counts[drift.kind] += 1
        if len(examples) < _EXAMPLES:
            examples.append(drift)
    return ParityReport(tally.items, tally.documents, dict(counts), tuple(examples))


def drifts(engine: Engine, client: Elasticsearch, index: str) -> Iterator[Drift]:
    """Every confirmed difference, as it is found."""
    return _confirmed(engine, client, index, _Tally())


def repair(engine: Engine, found: Iterable[Drift]) -> int:
    """Put what differs into the outbox, for the next `drain`; give how many. Consumes the differences as they come.

    An item whose document is ahead gets a revision above that, as nothing lower could replace the document.
    """
    repaired = 0
    for some in _batched(found, _ASKED_AGAIN):
        with engine.begin() as connection:
            rows = []
            for drift in some:
                revision = drift.revision
                if drift.kind is Kind.AHEAD:
                    revision = connection.scalar(_RAISE, {"item_id": drift.item_id, "indexed": drift.indexed})
                if revision is None:  # no such item, or none any more: the indexer deletes under this revision
                    revision = (drift.indexed or 0) + 1
                rows.append({"item_id": drift.item_id, "revision": revision})
            connection.execute(_OUTBOX, rows)
            repaired += len(rows)
    return repaired


def _confirmed(engine: Engine, client: Elasticsearch, index: str, tally: _Tally) -> Iterator[Drift]:
    for shelf in shelves(index):
        for suspects in _batched(_suspects(engine, client, shelf, tally), _ASKED_AGAIN):
            # The outbox first: an item that changes after this look is found changed, not drifted.
            with engine.connect() as connection:
                ids = {"ids": list(suspects)}
                waiting = set(connection.scalars(_WAITING, ids))
                documents = _versions(client, shelf.alias, suspects)
                items = {row.id: row.revision for row in connection.execute(_NOW, {**ids, **_of(shelf)})}
                waiting |= set(connection.scalars(_WAITING, ids))
            for item_id in suspects:
                kind = compare(items.get(item_id), documents.get(item_id))
                if kind is not None and item_id not in waiting:
                    yield Drift(kind, item_id, items.get(item_id), documents.get(item_id))


def _of(shelf: Shelf) -> dict[str, Any]:
    return {"message": MESSAGE, "messages": shelf.messages}


def compare(revision: int | None, indexed: int | None) -> Kind | None:
    """How a document of one revision differs from an item of another; None where it does not. Pure."""
    if revision == indexed:
        return None
    if indexed is None:
        return Kind.MISSING
    if revision is None:
        return Kind.ORPHANED
    return Kind.OUTDATED if indexed < revision else Kind.AHEAD


def _suspects(engine: Engine, client: Elasticsearch, shelf: Shelf, tally: _Tally) -> Iterator[int]:
    """The ids at which the two walks differ: a merge of two ascending streams."""
    items, documents = _items(engine, shelf, tally), _documents(client, shelf.alias, tally)
    item, document = next(items, _END), next(documents, _END)
    while item != _END or document != _END:
        if item != document:
            yield int(min(item[0], document[0]))
        step = min(item[0], document[0])
        if item[0] == step:
            item = next(items, _END)
        if document[0] == step:
            document = next(documents, _END)


def _items(engine: Engine, shelf: Shelf, tally: _Tally) -> Iterator[tuple[float, int]]:
    with engine.connect() as connection:
        for row in connection.execution_options(stream_results=True, yield_per=5000).execute(_ITEMS, _of(shelf)):
            tally.items += 1
            yield row.id, row.revision


def _documents(client: Elasticsearch, index: str, tally: _Tally, page: int = 5000) -> Iterator[tuple[float, int]]:
    with translated(f"walking {index}"):
        client.indices.refresh(index=index)
        pit = client.open_point_in_time(index=index, keep_alive=_KEEP_ALIVE)["id"]
    try:
        after: list[int] | None = None
        while True:
            with translated(f"walking {index}"):
                answer = client.search(
                    pit={"id": pit, "keep_alive": _KEEP_ALIVE},
                    sort=[{"item_id": "asc"}],
                    search_after=after,
                    size=page,
                    source=False,
                    version=True,
                    track_total_hits=False,
                ).body
            pit, hits = answer["pit_id"], answer["hits"]["hits"]
            for hit in hits:
                tally.documents += 1
                yield int(hit["_id"]), hit["_version"]
            if len(hits) < page:
                return
            after = hits[-1]["sort"]
    finally:
        with translated(f"walking {index}"):
            client.close_point_in_time(id=pit)


def _versions(client: Elasticsearch, index: str, item_ids: Sequence[int]) -> dict[int, int]:
    with translated(f"looking up documents of {index}"):
        answer = client.mget(index=index, ids=[str(item_id) for item_id in item_ids], source=False)
    return {int(found["_id"]): found["_version"] for found in answer["docs"] if found.get("found")}


def _batched(values: Iterable[_Value], size: int) -> Iterator[list[_Value]]:
    iterator = iter(values)
    while some := list(itertools.islice(iterator, size)):
        yield some
