"""When a conversation was captured last before some moment, as far as that is on record.

A capture of an account's comments reads the threads that are new, recent, changed or due, and not every one. When a thread was
read to its end is kept of the last time alone; of an earlier time it is known where something was counted anew then.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver.records.through import parameters

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection

    from sqlalchemy.engine import Connection, Row

# Comments are what a conversation is made of: where an account has them captured that has not only been named in it, what was
# captured of its other streams says nothing of it. A private conversation, or an imported one, is in the stream that it came in.
_STREAMS = """
    with saw as (
        select distinct s.id, s.account_id, s.kind from sightings g join streams s on s.id = g.stream_id
        where g.item_id = any(:ids) and (not :limited or s.account_id = any(:accounts))
    ), threads as (
        select s.id from streams s where s.kind = 'comments' and not :messages
           and s.account_id in (select account_id from saw where kind not in ('import', 'mentions'))
    )
"""
# A capture of one thread alone, on request, begins with comments; one of a whole account begins with another stream.
_CAPTURE = sa.text(f"""{_STREAMS}
    select c.finished_at, c.outcome, s.kind as stream, a.platform || ':' || a.handle as account
    from captures c join streams s on s.id = c.stream_id join accounts a on a.id = s.account_id
    where c.stream_id in (select id from threads union all select id from saw where not exists (select from threads))
      and c.outcome in ('complete', 'partial') and c.finished_at < :until and c.mode <> 'light'
      and (c.mode <> 'now' or 'comments' <> (
          select p.kind from captures o join streams p on p.id = o.stream_id
          where o.run_id = c.run_id and p.account_id = s.account_id order by o.id limit 1))
    order by c.finished_at desc, c.id desc limit 1
""")  # noqa: S608 - put together from constants
_READ = sa.text(f"""{_STREAMS},
    known as (
        select k.last_read_at as at, true as is_last from sub_cursors k join items i on i.platform_id = k.key
        where i.id = :top and k.stream_id in (select id from threads)
        union all
        select k.observed_at, false from completeness k where k.item_id = :top and k.stream_id in (select id from threads)
    )
    select max(at) filter (where at < :until) as at,
           coalesce(bool_and(at < :until) filter (where is_last), false) as is_last
    from known
""")  # noqa: S608 - put together from constants


@dataclasses.dataclass(frozen=True, slots=True)
class LastCapture:
    """What is on record of the time before a moment. `capture`: the last whole capture of what the conversation stands in; None:
    there was none. `read_at`: when what answers its first record was read to its end, None: not known; with `is_last` it was
    not read again before then.
    """

    capture: Row[Any] | None
    read_at: dt.datetime | None
    is_last: bool


def last_capture(
    connection: Connection,
    ids: Collection[int],
    top: int | None,
    accounts: Collection[int] | None,
    until: dt.datetime,
    *,
    messages: bool,
) -> LastCapture:
    """When a conversation was captured last.

    Args:
        connection: to the archive's database.
        ids: its records (row ids).
        top: the first of them, where it is held.
        accounts: only what these (row ids) captured is told; None: all.
        until: the first moment that does not count any more.
        messages: whether it is one of direct messages.
    """
    what = {"ids": list(ids), "until": until, "messages": messages, **parameters(accounts)}
    read = connection.execute(_READ, what | {"top": top}).one()
    return LastCapture(connection.execute(_CAPTURE, what).first(), read.at, read.is_last)
