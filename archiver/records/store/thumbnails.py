"""Which kept pictures have no small one yet, and what became of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver.records.storable import mend

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection, Row

_WAITING = """
    select m.sha256, max(m.size) as size, min(m.platform || ' ' || m.platform_id) as name
    from media m
    where m.state = 'kept' and m.sha256 is not null and (m.kind = 'image' or m.content_type like 'image/%')
      and m.sha256 > :after
      and not exists (select from thumbnails t where t.sha256 = m.sha256 and not (:again and t.reason is not null))
      {through}
    group by m.sha256 order by m.sha256 limit :batch
"""
_THROUGH = """
      and exists (select from version_media a join versions v on v.id = a.version_id join captures c on c.id = v.capture_id
                  join streams s on s.id = c.stream_id where a.medium_id = m.id and s.account_id = :account)
"""
_SAVE = sa.text("""
    insert into thumbnails (sha256, thumbnail_sha256, width, height, reason, made_at)
    values (:sha256, :thumbnail, :width, :height, :reason, :now)
    on conflict (sha256) do update set thumbnail_sha256 = excluded.thumbnail_sha256, width = excluded.width,
        height = excluded.height, reason = excluded.reason, made_at = excluded.made_at
    where thumbnails.reason is not null
""")
_OF = sa.text("select * from thumbnails where sha256 = any(:digests)")


def waiting(
    connection: Connection, *, after: bytes, batch: int, account_id: int | None = None, again: bool = False
) -> Sequence[Row[Any]]:
    """Kept pictures that nothing was made of yet, by digest.

    Args:
        connection: To the archive's database.
        after: The digest that the last batch ended with; empty at first.
        batch: How many at most.
        account_id: Only what was seen through this account.
        again: Those of which none could be made as well.
    """
    query = _WAITING.format(through="" if account_id is None else _THROUGH)
    values = {"after": after, "batch": batch, "again": again}
    return connection.execute(sa.text(query), values if account_id is None else {**values, "account": account_id}).all()


def save_made(
    connection: Connection, sha256: bytes, thumbnail_sha256: bytes, width: int, height: int, now: datetime
) -> None:
    """Remember the small picture of some bytes; where there is one already, that stays."""
    connection.execute(
        _SAVE,
        {
            "sha256": sha256,
            "thumbnail": thumbnail_sha256,
            "width": width,
            "height": height,
            "reason": None,
            "now": now,
        },
    )


def save_unmade(connection: Connection, sha256: bytes, reason: str, now: datetime) -> None:
    """Remember that and why there is none; where there is one already, that stays."""
    connection.execute(
        _SAVE,
        {"sha256": sha256, "thumbnail": None, "width": None, "height": None, "reason": mend(reason), "now": now},
    )


def thumbnails_of(connection: Connection, digests: Iterable[bytes]) -> dict[bytes, Row[Any]]:
    """What was made of the bytes with these digests, by digest; one of which nothing was made is not in the answer."""
    wanted = list(digests)
    return {bytes(row.sha256): row for row in connection.execute(_OF, {"digests": wanted})} if wanted else {}
