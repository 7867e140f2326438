"""Indexing: the outbox into Elasticsearch, beside the client's bare `parallel_bulk` of the very same documents."""

from __future__ import annotations

import contextlib
import uuid
from typing import TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa
from elasticsearch.helpers import parallel_bulk

from archiver.capture.export import export_account
from archiver.database import repeatable_read
from archiver.records.shapes import load_shapes
from bench.capture import registered
from bench.parts import fresh_archive, median, timed
from samplecity.running import spawn
from search import indices
from search.client import client_for
from search.documents import document
from search.indexer import drain

if TYPE_CHECKING:
    from pathlib import Path

    from elasticsearch import Elasticsearch

    from archiver.archive import Archive
    from archiver.local.endpoints import Endpoints

_CHUNK = 500


def measure(endpoints: Endpoints, home: Path, posts: int, comments: int, rounds: int) -> dict[str, Any]:
    """Rounds of: drain the whole outbox into a new index; bulk the same documents, ready-made, into another. The other one
    begins each time, after a round that only warms up.
    """
    seconds: dict[str, list[float]] = {"drain": [], "bulk": []}
    with (
        spawn(["--bulk", f"{posts}:{comments}", "--limit", "1000000"]) as city,
        contextlib.closing(client_for(endpoints)) as client,
        fresh_archive(endpoints, home, city.url) as archive,
    ):
        export_account(archive, registered(archive, city))
        documents = list(_documents(archive))
        both = [("bulk", _bulk), ("drain", _drain)]
        for number in range(
            rounds + 1
        ):  # the first round warms the JVM, and is not counted; then they take turns to begin
            for measured, work in both if number % 2 else reversed(both):
                name = f"bench-{uuid.uuid4().hex[:10]}"
                indices.ensure_index(client, name)
                spent, count = timed(lambda: work(archive, client, name, documents))  # noqa: B023 - called at once
                if count != len(documents):
                    raise RuntimeError(f"{measured} brought {count} of {len(documents)} documents")
                if number:
                    seconds[measured].append(spent)
                client.indices.delete(index=",".join(indices.behind(client, name)))
            _fill_outbox(archive)
    return {
        "documents": len(documents),
        "seconds": {name: [round(each, 3) for each in values] for name, values in seconds.items()},
        "documents_per_second": {name: round(len(documents) / median(values)) for name, values in seconds.items()},
        "ratios": {"of_bulk": median([b / d for b, d in zip(seconds["bulk"], seconds["drain"], strict=True)])},
        "aims": {"of_bulk": ">= 0.9"},
    }


def _documents(archive: Archive) -> Any:
    with archive.engine.connect() as connection:
        ids = connection.scalars(sa.text("select id from items order by id")).all()
    for start in range(0, len(ids), _CHUNK):
        with repeatable_read(archive.engine) as connection:
            for item_id, shape in load_shapes(connection, ids[start : start + _CHUNK]).items():
                # As plain JSON, so that the one who only sends has no times and ids left to write out.
                yield item_id, shape.revision, orjson.loads(orjson.dumps(document(shape)))


def _fill_outbox(archive: Archive) -> None:
    with archive.engine.begin() as connection:
        connection.execute(sa.text("insert into outbox (item_id, revision) select id, revision from items"))


def _bulk(archive: Archive, client: Elasticsearch, name: str, documents: list[Any]) -> int:
    del archive
    actions = (
        {"_index": name, "_id": str(item_id), "version": revision, "version_type": "external", "_source": source}
        for item_id, revision, source in documents
    )
    done = sum(1 for ok, _ in parallel_bulk(client, actions, thread_count=2, chunk_size=_CHUNK) if ok)
    client.indices.refresh(index=name)
    return done


def _drain(archive: Archive, client: Elasticsearch, name: str, documents: list[Any]) -> int:
    del documents
    return drain(archive.engine, client, name).indexed
