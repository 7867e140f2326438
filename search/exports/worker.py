"""The worker: makes what waits, one after the other."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from search.exports import jobs
from search.exports.run import run, sweep

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from elasticsearch import Elasticsearch

    from archiver.archive import Archive

EVERY = 2.0
"""Seconds between two looks for something to do."""


@dataclasses.dataclass(slots=True)
class Worked:
    """How many exports were made, and how many came to nothing."""

    made: int = 0
    failed: int = 0


def work(
    archive: Archive,
    client: Elasticsearch,
    index: str,
    *,
    once: bool = False,
    silent_for: dt.timedelta = jobs.SILENT_FOR,
    told: Callable[[str], None] = lambda _: None,
) -> Worked:
    """Make exports until nothing waits (`once`), or until interrupted.

    Args:
        archive: open.
        client: of the cluster that the index is in.
        index: the alias.
        once: end where nothing waits.
        silent_for: after so long without a sign of life another worker is taken for dead.
        told: called with a line about each.
    """
    done = Worked()
    sweep(archive)
    while True:
        job = jobs.claim(archive.engine, archive.now(), silent_for=silent_for)
        if job is None:
            if once:
                return done
            archive.sleep(EVERY)
            continue
        made = run(archive, client, index, job)
        done.made += made
        done.failed += not made
        told(f"export {job.public_id}: {'made' if made else 'no file'}")
