"""From the outbox into the index: nothing lost, nothing stale, whatever dies in between.

A batch claims outbox rows (SKIP LOCKED, so that indexers never wait for each other), reads the items' present shapes
with their revisions in one snapshot, writes them under those revisions, and deletes the rows, by id, once Elasticsearch
has answered for each. Dying anywhere before the commit leaves the rows; writing twice is refused by the version (409),
which means that the index already knows.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson
import sqlalchemy as sa

from archiver.database import repeatable_read
from archiver.records.shapes import each_shape
from search import bulk, indices, shelves
from search.bulk import Outcome
from search.documents import document
from search.errors import translated

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from elasticsearch import Elasticsearch
    from sqlalchemy.engine import Engine

    from search.shelves import Targets

_LATE_SECONDS = 20.0
"""Elasticsearch forgets a deleted document's version after 60 s: what was read longer ago is read again first."""

_CLAIM = sa.text("""
    select id, item_id, revision from outbox
    where not (item_id = any(:refused)) order by id limit :batch for update skip locked
""")
_DELETE = sa.text("delete from outbox where id = any(:ids)")
_COUNT = sa.text("select count(*) from outbox")


@dataclass(frozen=True, slots=True)
class Refused:
    """A document that Elasticsearch will not take; its outbox rows are kept, and it is tried once in every run."""

    item_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class DrainReport:
    """What a run did, in items: written, deleted, already known as new or newer, refused; and rows still waiting."""

    indexed: int = 0
    deleted: int = 0
    conflicts: int = 0
    remaining: int = 0
    refused: tuple[Refused, ...] = ()


def drain(
    engine: Engine,
    client: Elasticsearch,
    index: str,
    *,
    batch: int = 1000,
    workers: int = 3,
    limit: int | None = None,
    refresh: bool = True,
) -> DrainReport:
    """Bring what waits in the outbox into the index, until nothing is left that can be.

    Args:
        engine: of the application's role; each worker uses two connections.
        client: from `search.client.client_for`.
        index: the alias; created with its first index where it does not exist, and beside it the messages' own.
        batch: outbox rows per transaction.
        workers: batches under way at once, so that reading one overlaps with writing another.
        limit: stop after about so many rows; None for all.
        refresh: make what was written searchable before returning.

    Raises:
        IndexUnavailableError: Elasticsearch does not answer; the rows stay in the outbox.
        SearchError: it refuses the whole of a request.
    """
    shelves.ensure(client, index)
    run = _Run(engine, client, index, batch, limit)
    if workers == 1:
        run.work()
    else:
        with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="index") as pool:
            for job in [pool.submit(run.work) for _ in range(workers)]:
                job.result()
    if refresh and (run.indexed or run.deleted or run.conflicts):  # a conflict may be of a run that died unrefreshed
        with translated(f"refreshing {index}"):
            client.indices.refresh(index=[each.alias for each in shelves.shelves(index)])
    with engine.connect() as connection:
        remaining = connection.scalar(_COUNT)
    return DrainReport(
        indexed=run.indexed,
        deleted=run.deleted,
        conflicts=run.conflicts,
        remaining=remaining or 0,
        refused=tuple(Refused(item_id, reason) for item_id, reason in sorted(run.refused.items())),
    )


class _Run:
    """One run's workers and what they have done so far."""

    def __init__(self, engine: Engine, client: Elasticsearch, index: str, batch: int, limit: int | None) -> None:
        self.engine, self.client, self.index, self.batch = engine, client, index, batch
        self.left = limit
        self.indexed = self.deleted = self.conflicts = 0
        self.refused: dict[int, str] = {}
        self.failed = False
        self.lock = threading.Lock()

    def work(self) -> None:
        """Take batches until there is none, or another worker failed."""
        while not self.failed and (self.left is None or self.left > 0):
            try:
                outcome, rows = self._one_batch()
            except BaseException:
                self.failed = True
                raise
            if not rows:
                return
            with self.lock:
                if self.left is not None:
                    self.left -= rows
                self.indexed += len(outcome.indexed)
                self.deleted += len(outcome.deleted)
                self.conflicts += len(outcome.conflicts)
                self.refused |= outcome.refused

    def _one_batch(self) -> tuple[Outcome, int]:
        with self.engine.begin() as connection:
            for shelf in shelves.shelves(self.index):
                indices.enter_gate(connection, shelf.alias)
            with self.lock:
                refused = list(self.refused)
            rows = connection.execute(_CLAIM, {"batch": self.batch, "refused": refused}).all()
            if not rows:
                return Outcome(), 0
            wanted: dict[int, int] = {}
            for row in rows:
                wanted[row.item_id] = max(row.revision, wanted.get(row.item_id, 0))
            targets = shelves.targets(self.client, self.index)
            outcome = write_items(self.engine, self.client, targets, wanted)
            done = [row.id for row in rows if row.item_id not in outcome.refused]
            if done:
                connection.execute(_DELETE, {"ids": done})
            return outcome, len(rows)


def write_items(engine: Engine, client: Elasticsearch, targets: Targets, items: Mapping[int, int]) -> Outcome:
    """Write the present shape of items into the indices they belong to, or delete everywhere those that are no longer in
    Postgres.

    Args:
        engine: Postgres.
        client: Elasticsearch.
        targets: concrete indices.
        items: by item id, the revision under which it is deleted should it not exist any more. One above the item's own
            (what `search.parity` found where it does not belong) deletes it from the other shelf.

    Raises:
        IndexUnavailableError: Elasticsearch does not answer, or not for every document.
    """
    with translated(f"writing to {', '.join(targets.every)}"):
        return bulk.send(client, _writes(engine, targets, items))


def _writes(engine: Engine, targets: Targets, items: Mapping[int, int]) -> Iterator[bulk.Write]:
    documents, read_at = _documents(engine, list(items)), time.monotonic()
    for item_id, gone_at in items.items():
        if time.monotonic() - read_at > _LATE_SECONDS:
            documents, read_at = _documents(engine, list(items)), time.monotonic()
        found = documents.get(item_id)
        if found is None:
            yield from bulk.writes(item_id, gone_at, None, targets.every)
            continue
        revision, kind, source = found
        yield from bulk.writes(item_id, revision, source, targets.of(kind))
        if gone_at > revision:
            yield from bulk.writes(item_id, gone_at, None, targets.but(kind))


def _documents(engine: Engine, item_ids: Sequence[int]) -> dict[int, tuple[int, str, bytes]]:
    """By item, its revision, its kind and its document in JSON, all of one moment. What is no item any more is not in it."""
    with repeatable_read(engine) as connection:
        return {
            shape.id: (shape.revision, shape.kind, orjson.dumps(document(shape)))
            for shape in each_shape(connection, item_ids)
        }
