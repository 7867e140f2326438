"""The log: appending what a capture left, proving records, and reading everything kept again.

Beside them, in the same run: COPY of the same leaves into a table with the same columns and indexes; the same leaves hashed into
a tree in memory and nothing else; the capture whose records are read again.
"""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING, Any
from unittest import mock

import psycopg2
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from archiver import log_keeping
from archiver.capture import export
from archiver.custody import proofs
from archiver.evidence import merkle, verify
from bench.capture import registered
from bench.parts import fresh_archive, median, timed
from samplecity.running import spawn

if TYPE_CHECKING:
    from pathlib import Path

    from archiver.archive import Archive
    from archiver.local.endpoints import Endpoints

_PROVED = 50


def measure(endpoints: Endpoints, home: Path, posts: int, comments: int, rounds: int) -> dict[str, Any]:
    """Rounds of a first capture, whose leaves are appended by themselves. Rates are leaves, proofs and megabytes per second."""
    seconds: dict[str, list[float]] = {name: [] for name in ("capture", "append", "copy", "hashing", "prove", "whole")}
    leaves = read = 0
    things: dict[str, int] = {}
    with spawn(["--bulk", f"{posts}:{comments}", "--limit", "1000000"]) as city:
        for _ in range(rounds):
            with fresh_archive(endpoints, home, city.url) as archive:
                account = registered(archive, city)
                with mock.patch.object(
                    export, "append_or_wait"
                ):  # what the capture does at its end is measured by itself
                    spent, _ = timed(partial(export.export_account, archive, account))
                seconds["capture"].append(spent)
                spent, done = timed(partial(log_keeping.append, archive))
                leaves = done.leaves
                seconds["append"].append(spent)
                seconds["copy"].append(_copy(endpoints, archive))
                seconds["hashing"].append(_hashing(archive))
                log_keeping.publish_root(archive)
                seconds["prove"].append(_proving(archive) / _PROVED)
                spent, report = timed(partial(log_keeping.check_fixity, archive, 1.0))
                if report.findings:
                    raise RuntimeError(f"something is not what it was: {report.findings[0].sentence}")
                read, things = report.bytes, report.checked
                seconds["whole"].append(spent)
    middle = {name: median(values) for name, values in seconds.items()}
    return {
        "leaves": leaves,
        "bytes_read_again": read,
        "seconds": {name: [round(each, 4) for each in values] for name, values in seconds.items()},
        "leaves_per_second": {
            name: round(leaves / middle[name]) for name in ("append", "copy", "hashing") if middle[name]
        },
        "milliseconds_a_proof": round(1000 * median(seconds["prove"]), 1),
        "things_read_again": things,
        "leaves_read_again_per_second": round(leaves / middle["whole"]),
        "ratios": {
            "append_times_copy": _ratio(seconds["append"], seconds["copy"]),
            "append_times_hashing": _ratio(seconds["append"], seconds["hashing"]),
            "whole_of_capture": _ratio(seconds["whole"], seconds["capture"]),
        },
    }


def _ratio(ours: list[float], baseline: list[float]) -> float:
    return median([mine / other for mine, other in zip(ours, baseline, strict=True)])


def _copy(endpoints: Endpoints, archive: Archive) -> float:
    """COPY the leaves that were appended into a twin of their table."""
    assert endpoints.superuser_database_url
    url = make_url(endpoints.superuser_database_url).set(drivername="postgresql", database=archive.engine.url.database)
    connection = psycopg2.connect(url.render_as_string(hide_password=False))
    try:
        with connection.cursor() as cursor:
            rows = io.StringIO()
            cursor.copy_expert("copy log_leaves to stdout", rows)
            rows.seek(0)
            cursor.execute("create table twin_leaves (like log_leaves including all)")
            connection.commit()

            def load() -> None:
                cursor.copy_expert("copy twin_leaves from stdin", rows)
                connection.commit()

            return timed(load)[0]
    finally:
        connection.close()


def _hashing(archive: Archive) -> float:
    """Hash the very leaves into a root in memory; it must be the log's."""
    with archive.engine.connect() as connection:
        entries = [
            row.entry.encode() for row in connection.execute(sa.text('select entry from log_leaves order by "index"'))
        ]
    spent, root = timed(lambda: merkle.root(entries))
    if root.hex() != log_keeping.standing(archive)["root"]:
        raise RuntimeError("the root that the leaves give is not the log's")
    return spent


def _proving(archive: Archive) -> float:
    """Prove some records, from all over the log, and check each proof."""
    with archive.engine.connect() as connection:
        chosen = connection.execute(
            sa.text("select public_id from versions order by md5(public_id::text) limit :n"), {"n": _PROVED}
        ).scalars()
        subjects = [str(each) for each in chosen]
    spent, made = timed(lambda: [proofs.prove(archive.engine, each) for each in subjects])
    for proof in made:
        verify.check(proof, [], [])
    return spent
