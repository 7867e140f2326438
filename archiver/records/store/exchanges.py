"""Exchanges: every request and answer, and where its bytes lie if they were worth keeping."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from archiver.records import bulk

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy.engine import Connection

    from archiver.platforms.pages import Exchange
    from archiver.records.store.context import Located

_EXCHANGES = """
    insert into exchanges (id, capture_id, requested_at, method, url, status, content_type, received_sha256,
                           received_bytes, elapsed_ms, scrubbed)
    select id, :capture_id, requested_at, method, url, status, content_type, decode(received_sha256, 'hex'),
           received_bytes, elapsed_ms, scrubbed
    from jsonb_to_recordset(cast(:rows as jsonb)) as r(
        id uuid, requested_at timestamptz, method text, url text, status integer, content_type text,
        received_sha256 text, received_bytes bigint, elapsed_ms integer, scrubbed jsonb)
    on conflict (id) do nothing
"""

_LOCATIONS = """
    insert into warc_records (exchange_id, warc_record_id, file, "offset", length, payload_sha256)
    select exchange_id, record_id, file, "offset", length, decode(payload_sha256, 'hex')
    from jsonb_to_recordset(cast(:rows as jsonb)) as r(
        exchange_id uuid, record_id text, file text, "offset" bigint, length bigint, payload_sha256 text)
    on conflict (exchange_id) do nothing
"""


_KEPT = """
    select distinct e.received_sha256
    from captures c join exchanges e on e.capture_id = c.id join warc_records w on w.exchange_id = e.id
    where c.stream_id = :stream_id and e.received_sha256 = any(:digests)
"""


def kept_of(connection: Connection, stream_id: int, digests: Collection[bytes]) -> set[bytes]:
    """Those of the bytes, by their digests, that a capture of the stream has kept."""
    if not digests:
        return set()
    found = connection.scalars(sa.text(_KEPT), {"stream_id": stream_id, "digests": list(digests)})
    return {bytes(each) for each in found}


def insert_exchanges(
    connection: Connection, capture_id: int, exchanges: Sequence[Exchange], *, received_bytes: int | None = None
) -> None:
    """Insert the exchanges of one transaction; one that spans several (a large file) is there from the first on.

    `received_bytes` is the size of a body that was streamed past (a medium) and is not in `Exchange.received`.
    """
    rows = [
        {
            "id": exchange.id,
            "requested_at": exchange.requested_at,
            "method": exchange.method,
            "url": exchange.url,
            "status": exchange.status,
            "content_type": exchange.header("content-type"),
            "received_sha256": exchange.received_sha256,
            "received_bytes": (exchange.file_bytes or len(exchange.received))
            if received_bytes is None
            else received_bytes,
            "elapsed_ms": exchange.elapsed_ms,
            "scrubbed": list(exchange.scrubbed),
        }
        for exchange in exchanges
    ]
    if rows:
        bulk.run(connection, _EXCHANGES, rows, capture_id=capture_id)


def insert_locations(connection: Connection, located: Sequence[Located]) -> None:
    """Remember where the kept records lie. An exchange without a location was not worth its bytes."""
    rows = [
        {
            "exchange_id": each.exchange_id,
            "record_id": each.record_id,
            "file": each.file,
            "offset": each.offset,
            "length": each.length,
            "payload_sha256": each.payload_sha256,
        }
        for each in located
    ]
    if rows:
        bulk.run(connection, _LOCATIONS, rows)
