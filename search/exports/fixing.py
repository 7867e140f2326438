"""Fixing the set of an export: a walk to the end over everything that the search finds, kept as a file in the blob store."""

from __future__ import annotations

import dataclasses
import hashlib
from itertools import islice
from typing import TYPE_CHECKING, Any

from archiver.custody import nodes
from archiver.database import repeatable_read
from search import indices
from search.exports import jobs
from search.exports.asked import limits_under, request_of
from search.exports.found_set import SIZE, pack
from search.exports.reading import accounts_of
from search.freshness import freshness
from search.query.directory import directory
from search.query.everything import CutShortError, every

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from elasticsearch import Elasticsearch
    from sqlalchemy.engine import Row

    from archiver.archive import Archive
    from search.query.everything import Walk

_OFTEN = 2_000


def fix(
    archive: Archive, client: Elasticsearch, index: str, job: Row[Any], folder: Path, held: Callable[[], None]
) -> None:
    """Find everything, and put down in the job what was found and how index and log stood then.

    Args:
        archive: open.
        client: of the cluster that the index is in.
        index: the alias.
        job: this worker's.
        folder: where the file is written.
        held: called often; raises where the job was lost.

    Raises:
        SearchError: the search cannot be asked, or was cut short.
        LostError: the job is no longer this worker's.
    """
    standing = _standing(archive, client, index, job)
    path = folder / "found"
    digest = hashlib.sha256()
    total = number = 0
    with path.open("wb") as file:
        for walk in _walks(archive, client, index, job):
            total += walk.total
            while entries := b"".join(map(pack, islice(walk.found, _OFTEN))):
                file.write(entries)
                digest.update(entries)
                number += len(entries) // SIZE
                held()
    if number != total:
        raise CutShortError(
            f"The index counted {total:,} records and gave {number:,}: nothing was finished; try again."
        )
    archive.blobs.put_file(path, digest.digest())
    jobs.write(archive.engine, job, expected=total, set_sha256=digest.digest(), standing=standing)
    path.unlink()


def _walks(archive: Archive, client: Elasticsearch, index: str, job: Row[Any]) -> Iterator[Walk]:
    limits = limits_under(job)
    if limits.accounts is not None:
        indices.require_current(client, index)
    with archive.engine.connect() as connection:
        request = request_of(job.search, directory(connection, limits.accounts, messages=limits.messages))
    request = dataclasses.replace(request, messages=job.messages, limits=limits)
    yield every(client, index, request)


def _standing(archive: Archive, client: Elasticsearch, index: str, job: Row[Any]) -> dict[str, Any]:
    """How far the index was, of what the export is within, and what the log held, before the walk began."""
    with archive.engine.connect() as connection:
        within = accounts_of(connection, limits_under(job))
    fresh = freshness(archive.engine, client, index, accounts=within, messages=job.messages)
    try:
        with repeatable_read(archive.engine) as connection:
            head = nodes.head(connection)
        log: dict[str, Any] = {"size": head.size, "root": head.root.hex()}
    except nodes.LogDamaged as error:
        log = {"problem": f"The log cannot be read: {error}"}
    return {
        "index": fresh.sentence,
        "waiting": fresh.waiting,
        "log": log,
        "at": archive.now().isoformat(),
    }
