"""Which attachments are not kept, why, how many of each stream, and having them tried again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection, Row

_SEEN = """
    exists (select from version_media a join versions v on v.id = a.version_id join captures c on c.id = v.capture_id
            join streams s on s.id = c.stream_id
            where a.medium_id = m.id and (cast(:account as bigint) is null or s.account_id = :account))
"""
_MISSING = sa.text(f"""
    select m.public_id, m.platform, m.platform_id, m.kind, m.url, m.state, m.reason, m.attempts,
           (select i.public_id from version_media a join versions v on v.id = a.version_id join items i on i.id = v.item_id
            where a.medium_id = m.id order by v.id desc limit 1) as item
    from media m where m.state in ('wanted', 'failed', 'withheld') and {_SEEN} order by m.id limit :most
""")  # noqa: S608 - a text of our own
_BY_STREAM = sa.text("""
    select c.stream_id, count(distinct m.id) as number
    from media m join version_media a on a.medium_id = m.id join versions v on v.id = a.version_id
    join captures c on c.id = v.capture_id join streams s on s.id = c.stream_id
    where m.state in ('wanted', 'failed', 'withheld') and s.account_id = :account
    group by c.stream_id
""")
_AGAIN = sa.text(f"update media m set attempts = 0 where m.state in ('failed', 'withheld') and {_SEEN}")  # noqa: S608 - as above


def missing(connection: Connection, account_id: int | None = None, most: int = 10_000) -> Sequence[Row[Any]]:
    """The attachments that are not kept, of one account or all: those never tried (`wanted`), those that failed with reason and
    number of tries, and those that are refused (`withheld`). `item` is the public id of the last record that shows it.
    """
    return connection.execute(_MISSING, {"account": account_id, "most": most}).all()


def by_stream(connection: Connection, account_id: int) -> dict[int, int]:
    """How many attachments that an account's records show are not kept, by the stream that captured them."""
    rows = connection.execute(_BY_STREAM, {"account": account_id})
    return {row.stream_id: row.number for row in rows}


def try_again(connection: Connection, account_id: int | None = None) -> int:
    """Let the next captures try anew whatever failed, however often it did, and whatever the archive itself refused (too large,
    at an address that it may not ask): the settings may be others now. Gives how many that are.
    """
    return connection.execute(_AGAIN, {"account": account_id}).rowcount
