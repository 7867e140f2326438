"""What a stream remembers of each thing in it (a post's thread, a conversation, what is asked for by itself): a cursor, and when
it was last read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archiver.records import bulk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import Connection

    from archiver.capture.running import RunningCapture
    from archiver.platforms.items import Json

_READ = """
    insert into sub_cursors (stream_id, key, cursor, last_read_at)
    select :stream, key, cursor, :now from jsonb_to_recordset(cast(:rows as jsonb)) as r(key text, cursor jsonb)
    where true
    on conflict (stream_id, key) do update set cursor = excluded.cursor, last_read_at = excluded.last_read_at
"""


def remember(connection: Connection, capture: RunningCapture, cursors: Mapping[str, Mapping[str, Json]]) -> None:
    """Say, in the transaction that stores what was read, that these were read now: their cursors by their keys."""
    rows = [{"key": key, "cursor": cursor} for key, cursor in sorted(cursors.items())]
    if rows:
        bulk.run(connection, _READ, rows, stream=capture.context.stream_id, now=capture.archive.now())
