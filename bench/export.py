"""Exporting everything that a search finds as CSV, beside Postgres's own COPY TO of the same rows in the same run.

`copy` has Postgres make the very columns of the file (accounts, departments, author, times, texts, attachments, commitment) for
the very records, which are compared; `copy_plain` only joins items to their current versions, with nothing gathered from other
tables. The export's time is the whole of it: finding and fixing the set, reading, writing, packing, the digest, the store.
"""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import io
import sys
import uuid
import zipfile
import zoneinfo
from functools import partial
from typing import TYPE_CHECKING, Any

import psycopg2
from sqlalchemy.engine import make_url

from archiver.blobs import BlobStore
from archiver.capture.export import export_account
from bench.capture import registered
from bench.parts import fresh_archive, median, timed
from samplecity.running import spawn
from search import indices, shelves
from search.client import client_for
from search.exports import asking, fixing, jobs, run
from search.indexer import drain
from search.query import SearchRequest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from elasticsearch import Elasticsearch

    from archiver.archive import Archive
    from archiver.local.endpoints import Endpoints

_ZONE = zoneinfo.ZoneInfo("America/Los_Angeles")
_LOCAL = """to_char({0} at time zone 'America/Los_Angeles', 'YYYY-MM-DD"T"HH24:MI:SS.US')"""
_ROWS = f"""
    select i.public_id, i.platform, i.platform_id, i.namespace, i.kind, i.state,
           {_LOCAL.format("coalesce((select max(h.observed_at) from states h where h.item_id = i.id), i.first_seen_at)")},
           seen.accounts, seen.departments, v.author_name, v.author_handle, p.platform_id,
           exists (select from accounts a where (a.platform, a.platform_id) = (i.platform, p.platform_id)),
           {_LOCAL.format("i.created_at")}, i.created_at, {_LOCAL.format("i.first_seen_at")}, {_LOCAL.format("seen.last")},
           {_LOCAL.format("v.edited_at")}, v.fields->>'title', coalesce(v.text, v.fields->>'text'),
           (select string_agg(link, E'\\n') from jsonb_array_elements_text(
                case when jsonb_typeof(v.fields->'links') = 'array' then v.fields->'links' else '[]' end) link),
           (select string_agg(m.kind || ', ' || m.state || coalesce(encode(m.sha256, 'hex'), m.reason, '')
                              || coalesce(a.alt_text, ''), E'\\n' order by a.position)
            from version_media a join media m on m.id = a.medium_id where a.version_id = v.id),
           v.url, i.parent_id, i.root_id, (select count(*) from versions o where o.item_id = i.id), v.number,
           encode(v.commitment, 'hex')
    from items i join versions v on v.id = i.current_version_id left join parties p on p.id = v.author_party_id
    cross join lateral (
        select string_agg(distinct a.platform || ':' || a.handle, '; ') as accounts,
               string_agg(distinct a.department, '; ') as departments, max(g.last_seen_at) as last
        from sightings g join streams s on s.id = g.stream_id join accounts a on a.id = s.account_id where g.item_id = i.id
    ) seen
    where i.kind = 'comment' order by i.id
"""  # noqa: S608 - of our own words
_PLAIN = """
    select i.public_id, i.platform, i.platform_id, i.namespace, i.kind, i.state, i.created_at, i.first_seen_at, i.parent_id,
           i.root_id, v.number, v.author_name, v.author_handle, v.edited_at, v.text, v.url, v.fields, v.commitment
    from items i join versions v on v.id = i.current_version_id where i.kind = 'comment' order by i.id
"""
_COMPARED = {
    0: "record id",
    2: "platform id",
    9: "author name",
    19: "text",
    22: "address",
    27: "commitment of the current version",
}
csv.field_size_limit(sys.maxsize)


def measure(endpoints: Endpoints, home: Path, posts: int, comments: int, rounds: int) -> dict[str, Any]:
    """Rounds of an export of all comments as CSV, and COPY TO of them, by turns, after one that only warms up."""
    seconds: dict[str, list[float]] = {"export": [], "fixing": [], "copy": [], "copy_plain": []}
    index = f"bench-{uuid.uuid4().hex[:10]}"
    with (
        spawn(["--bulk", f"{posts}:{comments}", "--limit", "1000000"]) as city,
        contextlib.closing(client_for(endpoints)) as client,
        fresh_archive(endpoints, home, city.url) as archive,
    ):
        export_account(archive, registered(archive, city))
        indices.ensure_index(client, index)
        drain(archive.engine, client, index)
        count = 0
        for number in range(rounds + 1):
            spent, made = timed(partial(_export, archive, client, index, seconds["fixing"] if number else []))
            copied, (rows, content) = timed(partial(_copy, endpoints, archive, _ROWS))
            plain, _ = timed(partial(_copy, endpoints, archive, _PLAIN))
            count = made.written
            if count != rows or (not number and not _same(archive, made, content)):
                raise RuntimeError(f"the export has {count} records and COPY {rows}, or they differ")
            if number:
                seconds["export"].append(spent)
                seconds["copy"].append(copied)
                seconds["copy_plain"].append(plain)
        for alias in (index, shelves.messages_alias(index)):
            client.indices.delete(index=",".join(indices.behind(client, alias)))
    return {
        "records": count,
        "seconds": {name: [round(each, 3) for each in values] for name, values in seconds.items()},
        "records_per_second": {name: round(count / median(values)) for name, values in seconds.items()},
        "ratios": {
            "of_copy": _ratio(seconds["export"], seconds["copy"]),
            "of_copy_plain": _ratio(seconds["export"], seconds["copy_plain"]),
        },
        "aims": {"of_copy": ">= 0.3"},
    }


def _ratio(ours: list[float], baseline: list[float]) -> float:
    return median([other / mine for mine, other in zip(ours, baseline, strict=True)])


def _export(archive: Archive, client: Elasticsearch, index: str, fixing_seconds: list[float]) -> Any:
    request = SearchRequest(zone=_ZONE, text="type:comment", today=dt.datetime.now(_ZONE).date())
    public_id = asking.ask(
        archive.engine, client, index, request, form="csv", messages=False, by="bench", now=archive.now()
    )
    job = jobs.claim(archive.engine, archive.now())
    assert job is not None

    def timed_fix(*arguments: Any) -> None:
        spent, _ = timed(lambda: fixing.fix(*arguments))
        fixing_seconds.append(spent)

    run.fix = timed_fix
    try:
        assert run.run(archive, client, index, job)
    finally:
        run.fix = fixing.fix
    with archive.engine.connect() as connection:
        return jobs.one(connection, public_id)


class _Counted(io.RawIOBase):
    """Takes what COPY sends, as a program that stores it would."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def write(self, data: Any) -> int:
        self.parts.append(bytes(data))
        return len(data)


def _copy(endpoints: Endpoints, archive: Archive, query: str) -> tuple[int, list[bytes]]:
    assert endpoints.superuser_database_url
    url = make_url(endpoints.superuser_database_url).set(drivername="postgresql", database=archive.engine.url.database)
    connection = psycopg2.connect(url.render_as_string(hide_password=False), options="-c timezone=UTC -c jit=off")
    try:
        with connection.cursor() as cursor:
            taken = _Counted()
            cursor.copy_expert(f"copy ({query}) to stdout with (format csv)", taken, size=1 << 16)
            return cursor.rowcount, taken.parts
    finally:
        connection.close()


def _same(archive: Archive, job: Any, copied: list[bytes]) -> bool:
    """Whether both have the same records, ids, authors, texts, addresses and commitments, in the same order."""
    theirs = csv.reader(io.StringIO(b"".join(copied).decode(), newline=""))
    ours = csv.DictReader(_lines(archive, job))
    for row, record in zip(theirs, ours, strict=True):
        if any(record[name].removeprefix("'") != row[place].removeprefix("'") for place, name in _COMPARED.items()):
            print(record, row)
            return False
    return True


def _lines(archive: Archive, job: Any) -> Iterator[str]:
    with archive.blobs.open(BlobStore.key(bytes(job.sha256))) as file, zipfile.ZipFile(file) as opened:
        (name,) = [each for each in opened.namelist() if each.endswith(".csv")]
        with opened.open(name) as member:
            yield from io.TextIOWrapper(member, "utf-8-sig", newline="")
