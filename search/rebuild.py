"""A new index behind the alias while searching and writing go on.

The new index is named by the alias `<alias>-building` from its first moment, so that every indexer writes to both. The
items are then walked by id; what changes meanwhile comes through the outbox, and external versions put either in order.
A rebuild that died is taken up where it was, by the next call.
"""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from search import analysis, indices, mapping, shelves
from search.errors import RebuildRunningError, translated
from search.indexer import Refused, drain, write_items
from search.shelves import MESSAGE, Targets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from elasticsearch import Elasticsearch
    from sqlalchemy.engine import Connection, Engine

    from search.bulk import Outcome
    from search.shelves import Shelf

_PAGE = sa.text("""
    select id, revision from items where id > :after and (kind = :message) = :messages order by id limit :batch
""")
_AGAIN = sa.text("insert into outbox (item_id, revision) select id, revision from items where id = any(:ids)")
_TRY_LOCK = sa.text("select pg_try_advisory_lock(hashtextextended(:name, 0))")
_UNLOCK = sa.text("select pg_advisory_unlock(hashtextextended(:name, 0))")
_SAVE_EVERY = 20
_LONGEST_SEARCH = 60.0
_ROUTED = 0.5
"""Seconds within which a search that was sent to an index has reached its shards."""


@dataclasses.dataclass(frozen=True, slots=True)
class RebuildReport:
    """The new index, how many items were written to it by this call, what it refused, and the indices it replaced; the same of
    the messages' own index.
    """

    index: str
    items: int
    refused: tuple[Refused, ...]
    removed: tuple[str, ...]
    messages: RebuildReport | None = None


def rebuild(
    engine: Engine,
    client: Elasticsearch,
    alias: str,
    *,
    batch: int = 500,
    workers: int = 2,
    progress: Callable[[int], None] | None = None,
) -> RebuildReport:
    """Build the index anew from Postgres, put it behind the alias, and remove the one before; then the messages' own.

    Args:
        engine: of the application's role.
        client: from `search.client.client_for`.
        alias: what searches go to.
        batch: items per batch.
        workers: batches under way at once.
        progress: told after each batch how many items have been written to that index.

    Raises:
        RebuildRunningError: another process is at it.
        IndexUnavailableError: Elasticsearch does not answer; calling again goes on.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection, _alone(connection, alias):
        shelves.ensure(client, alias)
        at_large, messages = (
            _rebuild(engine, client, alias, shelf, batch, workers, progress) for shelf in shelves.shelves(alias)
        )
    return dataclasses.replace(at_large, messages=messages)


def renew(engine: Engine, client: Elasticsearch, alias: str, **options: Any) -> RebuildReport | None:
    """Build the index anew where it, or the messages' own, is of an earlier version; else None.

    To be done before anything is written: an index that lacks a field refuses every record that has it. The arguments, and what
    is raised, are those of `rebuild`.
    """
    there = [shelf.alias for shelf in shelves.shelves(alias) if indices.behind(client, shelf.alias)]
    if any(indices.is_outdated(client, each) for each in there):
        return rebuild(engine, client, alias, **options)
    return None


def _rebuild(
    engine: Engine,
    client: Elasticsearch,
    alias: str,
    shelf: Shelf,
    batch: int,
    workers: int,
    progress: Callable[[int], None] | None,
) -> RebuildReport:
    """One of the two; `alias` is the one that searches go to."""
    name, after = _begin(engine, client, shelf.alias)
    targets = Targets(**{shelf.targets_of: (name,)})
    items, refused, finished = 0, dict[int, str](), 0
    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="rebuild") as pool:
        under_way: deque[tuple[int, Future[Outcome]]] = deque()

        def finish(at_most: int) -> None:
            nonlocal items, finished
            while len(under_way) > at_most:
                last, job = under_way.popleft()
                outcome = job.result()
                items += len(outcome.indexed) + len(outcome.conflicts)
                refused.update(outcome.refused)
                finished += 1
                if finished % _SAVE_EVERY == 0:
                    _remember(client, name, last)
                if progress is not None:
                    progress(items)

        for rows in _pages(engine, shelf, after, batch):
            # A deletion that overtakes the walk is written under a revision that no late write can have.
            wanted = {item_id: revision + 1 for item_id, revision in rows}
            under_way.append((rows[-1][0], pool.submit(write_items, engine, client, targets, wanted)))
            finish(at_most=workers)
        finish(at_most=0)
    if refused:
        with engine.begin() as writing:
            writing.execute(_AGAIN, {"ids": list(refused)})
    removed = _swap(engine, client, alias, shelf.alias, name)
    return RebuildReport(name, items, tuple(Refused(*pair) for pair in sorted(refused.items())), removed)


@contextlib.contextmanager
def _alone(connection: Connection, alias: str) -> Iterator[None]:
    name = {"name": f"rebuild:{alias}"}
    if not connection.scalar(_TRY_LOCK, name):
        raise RebuildRunningError(f"{alias} is being rebuilt by another process: wait for it to end.")
    try:
        yield
    finally:
        connection.execute(_UNLOCK, name)


def _begin(engine: Engine, client: Elasticsearch, alias: str) -> tuple[str, int]:
    """Find the index to go on with and the item after which to, or make a new one."""
    body = mapping.index_body(analysis.probe(client))
    building = indices.building_alias(alias)
    for name in indices.behind(client, building):
        found = indices.meta(client, name)
        if found.get("fingerprint") == body["mappings"]["_meta"]["fingerprint"]:
            return name, int(found.get("scanned_to", 0))
    keep = indices.behind(client, alias)
    for name in indices.numbered(client, alias):  # of another definition, or left behind after a swap
        if name not in keep:
            with engine.connect() as connection, indices.closed_gate(connection, alias), translated(f"deleting {name}"):
                client.indices.delete(index=name)
    name = indices.next_name(client, alias)
    body["settings"]["refresh_interval"] = "-1"
    with translated(f"creating {name}"):
        client.indices.create(index=name, aliases={building: {}}, **body)
    # Whoever looked up the indices before this one was there is let finish: the walk will see what they wrote.
    with engine.connect() as connection, indices.closed_gate(connection, alias):
        return name, 0


def _pages(engine: Engine, shelf: Shelf, after: int, batch: int) -> Iterator[list[tuple[int, int]]]:
    while True:
        with engine.connect() as connection:
            found = connection.execute(
                _PAGE, {"after": after, "batch": batch, "message": MESSAGE, "messages": shelf.messages}
            )
            rows = [(row.id, row.revision) for row in found]
        if not rows:
            return
        yield rows
        after = rows[-1][0]


def _remember(client: Elasticsearch, name: str, scanned_to: int | None) -> None:
    found: dict[str, Any] = {**indices.meta(client, name), "scanned_to": scanned_to}
    if scanned_to is None:
        del found["scanned_to"]
    with translated(f"noting the progress of {name}"):
        client.indices.put_mapping(index=name, meta=found)


def _swap(engine: Engine, client: Elasticsearch, searched: str, alias: str, name: str) -> tuple[str, ...]:
    with translated(f"making {name} searchable"):
        client.indices.put_settings(index=name, settings={"refresh_interval": "1s"})
        client.indices.refresh(index=name)
    drain(engine, client, searched)
    _remember(client, name, None)
    with engine.connect() as connection, indices.closed_gate(connection, alias), translated(f"swapping {alias}"):
        old = [index for index in indices.behind(client, alias) if index != name]
        client.indices.refresh(index=name)
        client.indices.update_aliases(
            actions=[
                {"add": {"index": name, "alias": alias}},
                {"remove": {"index": name, "alias": indices.building_alias(alias)}},
                *({"remove": {"index": index, "alias": alias}} for index in old),
            ]
        )
    for index in old:
        _let_searches_end(client, index)
        with translated(f"deleting {index}"):
            client.indices.delete(index=index)
    return tuple(old)


def _let_searches_end(client: Elasticsearch, index: str) -> None:
    """Wait while searches that began before the swap are under way: they would fail with the index they search."""
    until = time.monotonic() + _LONGEST_SEARCH
    time.sleep(_ROUTED)
    while time.monotonic() < until:
        with translated(f"waiting for the searches of {index}"):
            running = client.indices.stats(index=index, metric="search")["_all"]["total"]["search"]
        if not running["query_current"] and not running["fetch_current"]:
            return
        time.sleep(_ROUTED)
