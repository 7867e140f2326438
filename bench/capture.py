"""Capturing the sample city's comments: pages over HTTP to versions in Postgres, evidence on.

Beside it, on the same pages and the same Postgres: dlt's REST source, and COPY of the very rows that the capture stored
into tables with the same columns, indexes and checks.
"""

from __future__ import annotations

import io
import os
from functools import partial
from typing import TYPE_CHECKING, Any
from unittest import mock

import dlt
import psycopg2
from dlt.sources.rest_api import rest_api_source
from sqlalchemy.engine import make_url

from archiver import accounts
from archiver.capture.export import export_account
from archiver.platforms.items import StreamKind
from bench.parts import fresh_archive, fresh_database, median, timed
from bench.shapes import SHAPES, row_of
from samplecity.running import spawn

if TYPE_CHECKING:
    from pathlib import Path

    from archiver.archive import Archive
    from archiver.local.endpoints import Endpoints
    from archiver.platforms.pages import AccountRef
    from bench.shapes import Shape
    from samplecity.running import RunningCity

STORED = (
    "exchanges",
    "warc_records",
    "parties",
    "items",
    "item_secrets",
    "versions",
    "sightings",
    "observations",
    "outbox",
)


def measure(endpoints: Endpoints, home: Path, posts: int, comments: int, rounds: int) -> dict[str, Any]:
    """Each shape of pages in turn."""
    found = {name: _measured(shape, endpoints, home, posts, comments, rounds) for name, shape in SHAPES.items()}
    ratios = {f"{name} {ratio}": value for name, each in found.items() for ratio, value in each.pop("ratios").items()}
    return {**found, "ratios": ratios, "aims": {"of_dlt": ">= 1.0", "times_copy": "<= 8", "unchanged_speedup": ">= 3"}}


def _measured(shape: Shape, endpoints: Endpoints, home: Path, posts: int, comments: int, rounds: int) -> dict[str, Any]:
    """Rounds of: the first capture, an unchanged re-read, dlt, COPY. Rates are comments per second."""
    total = posts * comments
    seconds: dict[str, list[float]] = {"capture": [], "unchanged": [], "dlt": [], "copy": []}
    with spawn(shape.arguments(posts, comments)) as city, mock.patch.dict(os.environ, city.tokens()):
        for number in range(rounds):
            with fresh_archive(endpoints, home, city.url) as archive:
                account = registered(archive, city, shape.platform)
                export_account(archive, account, only=[StreamKind.PROFILE, StreamKind.POSTS])
                account = accounts.find(archive.engine, account.name)
                for measured in ("capture", "unchanged"):
                    spent, report = timed(partial(export_account, archive, account, only=[StreamKind.COMMENTS]))
                    if not report.complete or report.streams[0].items_seen < total * 0.9:
                        raise RuntimeError(f"the capture is not whole: {report.as_dict()}")
                    seconds[measured].append(spent)
                seconds["copy"].append(_copy(endpoints, archive))
            seconds["dlt"].append(_dlt(shape, endpoints, city, home, number))
    return {
        "seconds": {name: [round(each, 3) for each in values] for name, values in seconds.items()},
        "comments_per_second": {name: round(total / median(values)) for name, values in seconds.items()},
        "ratios": {
            "of_dlt": median([d / c for c, d in zip(seconds["capture"], seconds["dlt"], strict=True)]),
            "times_copy": median([c / p for c, p in zip(seconds["capture"], seconds["copy"], strict=True)]),
            "unchanged_speedup": median([c / u for c, u in zip(seconds["capture"], seconds["unchanged"], strict=True)]),
        },
    }


def registered(archive: Archive, city: RunningCity, platform: str = "bluesky") -> AccountRef:
    """Put the bulk city's one account into the register."""
    row = row_of(city, platform)
    name = f"{platform}:{row['handle_or_id']}"
    accounts.add(archive.engine, name, {"department": row["department"]}, row["settings"])
    return accounts.find(archive.engine, name)


def _dlt(shape: Shape, endpoints: Endpoints, city: RunningCity, home: Path, number: int) -> float:
    """Load the same posts and comments with dlt."""
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    source = rest_api_source(shape.source(city, row_of(city, shape.platform)))  # type: ignore[arg-type] # its own typed dict
    with fresh_database(endpoints) as (_, owner):
        url = make_url(owner).set(drivername="postgresql").render_as_string(hide_password=False)
        pipeline = dlt.pipeline(
            f"bench_{shape.platform}_{number}",
            destination=dlt.destinations.postgres(credentials=url),
            dataset_name="bench",
            pipelines_dir=str(home / f"dlt-{shape.platform}-{number}"),
        )
        spent, _ = timed(lambda: pipeline.run(source))
    return spent


def _copy(endpoints: Endpoints, archive: Archive) -> float:
    """COPY the rows that the capture stored into twins of its tables, in one transaction."""
    assert endpoints.superuser_database_url
    database = archive.engine.url.database
    url = make_url(endpoints.superuser_database_url).set(drivername="postgresql", database=database)
    connection = psycopg2.connect(url.render_as_string(hide_password=False))
    try:
        with connection.cursor() as cursor:
            rows: dict[str, io.StringIO] = {}
            for table in STORED:
                rows[table] = io.StringIO()
                cursor.copy_expert(f"copy {table} to stdout", rows[table])
                rows[table].seek(0)
                cursor.execute(f"create table twin_{table} (like {table} including all excluding identity)")
            connection.commit()

            def load() -> None:
                for table in STORED:
                    cursor.copy_expert(f"copy twin_{table} from stdin", rows[table])
                connection.commit()

            spent, _ = timed(load)
            return spent
    finally:
        connection.close()
