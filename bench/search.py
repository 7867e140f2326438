"""Searching: the clerk's whole page beside the bare query to Elasticsearch, in an archive of any size; its index built anew.

The page is asked for over HTTP with an open session, as a browser does: the session looked up, what that person may see, the
register, the search with its facets, the records read from Postgres, the audit row, how far the index is, the template. The bare
query is the main request of that very page (the same query, size, order, exact total, highlights and facets, compiled by the same
code) through the same client, its answer read as JSON, and nothing else. Both take turns, each pair's beginner by lot, in random
order over what clerks ask. What is said of a large archive is said of one that `bench.fill` wrote.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import random
import resource
import statistics
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver.archive import Archive
from archiver.blobs import BlobStore
from archiver.database import engine_for, migrate
from archiver.local.stack import status
from archiver.settings import Settings
from bench.asked import ASKED, PEOPLE, bare, deep, signed_in
from bench.fill import fill
from bench.parts import fresh_database, median, timed
from clerk.serve import running
from search import indices, shelves
from search.client import client_for
from search.indexer import drain
from search.rebuild import rebuild

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import httpx
    from elasticsearch import Elasticsearch

    from archiver.local.endpoints import Endpoints
    from bench.asked import Asked

ALIAS = "bench-search"
TIMES = 5
"""How often each page is asked for in a round."""
_OK = 200
_PAUSE = 0.5
_MERGED_WITHIN = 300.0


def measure(endpoints: Endpoints, home: Path, items: Sequence[int], rounds: int) -> dict[str, Any]:
    """Each size in turn: filling, indexing, searching, and building the index anew while it is searched.

    Args:
        endpoints: servers for the measure alone.
        home: a folder for it.
        items: how many records, from the fewest to the most.
        rounds: of `TIMES` pages each, after one that only warms up.
    """
    found = {f"{count}": _of(endpoints, home, count, rounds) for count in items}
    least, most = found[f"{min(items)}"], found[f"{max(items)}"]
    ratios = {"p95_of_bare": round(most["page"]["p95"] / most["bare"]["p95"], 3)}
    if least is not most:
        ratios |= {
            f"{what}_p95_grows": round(most[what]["p95"] / least[what]["p95"], 3) for what in ("page", "bare", "added")
        }
    return {**found, "ratios": ratios, "aims": {"p95_of_bare": "< 2", "added_p95_grows": "< 2"}}


def _of(endpoints: Endpoints, home: Path, count: int, rounds: int) -> dict[str, Any]:
    with _archive(endpoints, home, count) as (archive, client, filled):
        indexed, report = timed(lambda: drain(archive.engine, client, ALIAS))
        if report.indexed != count:
            raise RuntimeError(f"{report} of {count} records")
        print(f"{count:,} records: filled in {filled:.0f} s, indexed in {indexed:.0f} s")
        _settle(client)
        with running(archive, client, index=ALIAS) as address, contextlib.ExitStack() as stack:
            browsers = {name: stack.enter_context(signed_in(archive, address, who)) for name, who in PEOPLE.items()}
            asked = [deep(each, archive, client, ALIAS) for each in ASKED]
            work = _Work(archive, client, browsers)
            seconds = work.rounds(asked, rounds)
            print(json.dumps(_summary(seconds), indent=2))
            built = _rebuilt(archive, client, work, asked, home)
    return {
        "items": count,
        "seconds_to_fill": round(filled, 1),
        "indexing": {"seconds": round(indexed, 1), "records_per_second": round(count / indexed)},
        **_summary(seconds),
        "rebuild": built,
    }


@contextlib.contextmanager
def _archive(endpoints: Endpoints, home: Path, count: int) -> Iterator[tuple[Archive, Elasticsearch, float]]:
    """A filled archive, everything of it waiting in the outbox; gone afterwards, with its indices."""
    assert endpoints.superuser_database_url
    with fresh_database(endpoints) as (app, owner), contextlib.closing(client_for(endpoints)) as client:
        migrate(owner)
        engine = engine_for(app)
        filled, _ = timed(lambda: fill(endpoints.superuser_database_url or "", engine.url.database or "", count))
        with engine.begin() as connection:
            connection.execute(sa.text("insert into outbox (item_id, revision) select id, revision from items"))
        folder = home / f"search-{count}"
        settings = Settings(index_name=ALIAS)
        try:
            yield Archive(engine, settings, BlobStore(str(folder / "blobs")), folder / "spool"), client, filled
        finally:
            engine.dispose()
            left = [name for each in shelves.shelves(ALIAS) for name in indices.numbered(client, each.alias)]
            client.indices.delete(index=",".join(left), ignore_unavailable=True)


@dataclasses.dataclass(slots=True)
class _Work:
    """The pages and the bare queries, by who asks."""

    archive: Archive
    client: Elasticsearch
    browsers: dict[str, httpx.Client]

    def rounds(self, asked: Sequence[Asked], rounds: int) -> dict[str, dict[str, list[float]]]:
        """Seconds of each page and of its bare query, by name."""
        dice = random.Random(len(asked))
        bares = {each.name: bare(each, self.archive, self.client, ALIAS) for each in asked}
        seconds: dict[str, dict[str, list[float]]] = {each.name: {"page": [], "bare": []} for each in asked}
        for number in range(rounds + 1):
            for each in dice.sample([*asked] * TIMES, len(asked) * TIMES):
                both: list[tuple[str, Callable[[], int]]] = [
                    ("page", partial(self.page, each)),
                    ("bare", bares[each.name]),
                ]
                dice.shuffle(both)
                spent = {what: timed(work) for what, work in both}
                if (got := spent["page"][1]) != (wanted := spent["bare"][1]):
                    raise RuntimeError(f"the page of {each.name} has {got} records and the bare query {wanted}")
                if number:
                    for what, (took, _) in spent.items():
                        seconds[each.name][what].append(took)
        return seconds

    def page(self, asked: Asked) -> int:
        """Ask for a page; gives how many records it says were found."""
        answer = self.browsers[asked.who].get("/", params=dict(asked.params))
        if answer.status_code != _OK:
            raise RuntimeError(f"{asked.name} answered {answer.status_code}")
        return int(answer.text.partition('<h2 id="found">')[2].partition(" ")[0].replace(",", ""))


def _settle(client: Elasticsearch) -> None:
    """Wait while segments are merged, which an index does that has just been written and a grown one has behind it."""
    until = time.monotonic() + _MERGED_WITHIN
    while time.monotonic() < until:
        if not client.indices.stats(index=f"{ALIAS}*", metric="merge")["_all"]["total"]["merges"]["current"]:
            return
        time.sleep(_PAUSE)


def _rebuilt(
    archive: Archive, client: Elasticsearch, work: _Work, asked: Sequence[Asked], home: Path
) -> dict[str, Any]:
    """Build the index anew while pages are asked for one after the other; each must find what it found before."""
    wanted = {each.name: work.page(each) for each in asked}
    done, memory = threading.Event(), [_memory(home)]
    report: list[Any] = []

    def build() -> None:
        try:
            report.append(rebuild(archive.engine, client, ALIAS))
        finally:
            done.set()

    builder = threading.Thread(target=build)
    spent, seconds = time.perf_counter(), list[float]()
    builder.start()
    dice = random.Random(0)
    while not done.wait(_PAUSE):
        each = dice.choice(asked)
        took, got = timed(partial(work.page, each))
        if got != wanted[each.name]:
            raise RuntimeError(f"{each.name} finds {got} records during the rebuild, and found {wanted[each.name]}")
        seconds.append(took)
        memory.append(_memory(home))
    spent = time.perf_counter() - spent
    builder.join()
    if not report or report[0].refused or wanted != {each.name: work.page(each) for each in asked}:
        raise RuntimeError(f"the rebuild did not end whole: {report}")
    built = report[0].items + report[0].messages.items
    sizes = [client.indices.stats(index=each.alias, metric="store") for each in shelves.shelves(ALIAS)]
    return {
        "seconds": round(spent, 1),
        "records_per_second": round(built / spent),
        "pages_meanwhile": _spread(seconds) if seconds else {},
        "elasticsearch_most_megabytes": round(max(memory) / 1e6),
        "own_most_megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3),
        "index_megabytes": round(sum(each["_all"]["total"]["store"]["size_in_bytes"] for each in sizes) / 1e6),
    }


def _memory(home: Path) -> int:
    """Bytes that Elasticsearch holds."""
    return next(each.rss for each in status(home / "home") if each.name == "elasticsearch")


def _summary(seconds: dict[str, dict[str, list[float]]]) -> dict[str, Any]:
    every = {what: [each for both in seconds.values() for each in both[what]] for what in ("page", "bare")}
    every["added"] = [page - bare for page, bare in zip(every["page"], every["bare"], strict=True)]
    return {
        **{what: _spread(values) for what, values in every.items()},
        "milliseconds_by_query": {
            name: {what: round(1000 * statistics.median(values), 1) for what, values in both.items()}
            for name, both in seconds.items()
        },
    }


def _spread(seconds: Sequence[float]) -> dict[str, float]:
    """In milliseconds: the middle one, and the one that 95 of a hundred stay below."""
    return {
        "count": len(seconds),
        "p50": round(1000 * median(seconds), 1),
        "p95": round(1000 * (statistics.quantiles(seconds, n=20)[-1] if len(seconds) > 1 else seconds[0]), 1),
    }
