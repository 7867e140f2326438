"""The gap record: each window in which an account was not captured whole, why, and when it ended.

A gap is opened by what happened (a capture that failed or lost access, a program that died, a night that never ran, an account
that was never captured, a pause) and closed by the first complete capture after it; nobody edits one, Postgres refuses it. It
begins where the stream was last known whole. A pause has a gap of its own beside one that was open before it.
"""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver.records.models import uuid7

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime, timedelta

    from sqlalchemy.engine import Connection, Engine, Row


class Cause(enum.StrEnum):
    """Why a window was not captured."""

    FAILED = "failed"
    ACCESS_LOST = "access_lost"
    ABANDONED = "abandoned"
    NOT_RUN = "not_run"
    NEVER_CAPTURED = "never_captured"
    PAUSED = "paused"
    CLOSED = "closed"


DECIDED = (Cause.PAUSED.value, Cause.CLOSED.value)
"""What somebody decided: such a gap lasts until the account is active again, whatever is captured meanwhile."""

_OPEN = sa.text("""
    insert into gaps (public_id, account_id, stream_id, opened_at, cause, reason, opened_by)
    select :public_id, s.account_id, s.id, coalesce(s.last_complete_at, :since), :cause, :reason, :capture
    from streams s where s.id = :stream on conflict do nothing
""")
_LATE = sa.text("""
    insert into gaps (public_id, account_id, stream_id, opened_at, cause, reason)
    select :public_id, s.account_id, s.id, s.last_complete_at, 'not_run', :reason
    from streams s where s.id = :stream and s.last_complete_at < :before
    on conflict do nothing
""")
# The clock of a machine may be set back: a gap never ends before it began.
_CLOSE = sa.text("""
    update gaps g set closed_at = greatest(g.opened_at, :now), closed_by = :capture
    from accounts a
    where g.stream_id = :stream and g.closed_at is null and a.id = g.account_id
      and (g.cause <> all(:decided) or a.status = 'active')
""")
_CLOSE_ACCOUNT = sa.text("""
    update gaps g set closed_at = greatest(g.opened_at, :now),
           closed_by = (select max(c.id) from captures c join streams s on s.id = c.stream_id
                        where s.account_id = g.account_id and c.run_id = :run)
    from accounts a
    where g.account_id = :account and g.stream_id is null and g.closed_at is null and a.id = g.account_id
      and (g.cause <> all(:decided) or a.status = 'active')
""")
_NEVER = sa.text("""
    insert into gaps (public_id, account_id, opened_at, cause, reason)
    select :public_id, a.id, a.created_at, 'never_captured', :reason
    from accounts a
    where a.id = :account and a.created_at < :before
      and not exists (select from captures c join streams s on s.id = c.stream_id where s.account_id = a.id)
    on conflict do nothing
""")
_LIST = sa.text("""
    select g.id, g.public_id, g.account_id, a.public_id as account_public_id,
           a.platform || ':' || a.handle as account, a.status, s.kind as stream, g.opened_at,
           g.closed_at, g.cause, g.reason, g.opened_by, g.closed_by, count(*) over () as matching
    from gaps g join accounts a on a.id = g.account_id left join streams s on s.id = g.stream_id
    where (cast(:account as bigint) is null or g.account_id = :account) and (not :open or g.closed_at is null)
      and (:messages or s.kind is distinct from 'messages') and (:lists or s.kind is distinct from 'lists')
      and (cast(:among as text[]) is null or a.public_id::text = any(:among))
      and (cast(:until as timestamptz) is null or g.opened_at < :until)
      and (cast(:since as timestamptz) is null or g.closed_at is null or g.closed_at > :since)
    order by g.closed_at is not null, g.opened_at desc, g.id desc limit :most
""")
_OVERDUE = sa.text("""
    select a.id as account_id, a.platform || ':' || a.handle as account,
           coalesce(min(s.last_complete_at) filter (where s.kind not in ('import', 'lists')), a.created_at) as since,
           coalesce(bool_and(s.last_complete_at is null), true) as never
    from accounts a left join streams s on s.account_id = a.id
    where a.status = 'active' and a.platform = any(:platforms)
      and not exists (select from gaps g where g.account_id = a.id and g.closed_at is null)
    group by a.id
    having coalesce(min(s.last_complete_at) filter (where s.kind not in ('import', 'lists')), a.created_at) < :before
    order by since
""")


@dataclasses.dataclass(frozen=True, slots=True)
class Overdue:
    """An active account whose last complete capture (or whose entry, where it was never captured) is too long ago, though no
    gap says so yet: that is opened at the next run.
    """

    account: str
    account_id: int
    since: datetime
    never: bool


def open_gap(
    connection: Connection, stream_id: int, cause: Cause, reason: str, *, since: datetime, capture_id: int | None = None
) -> None:
    """Open a stream's gap, from its last complete capture on, or from `since` where there was none. One that is open of
    the same kind stays as it is.
    """
    connection.execute(
        _OPEN,
        {
            "public_id": uuid7(),
            "stream": stream_id,
            "since": since,
            "cause": cause.value,
            "reason": reason,
            "capture": capture_id,
        },
    )


def open_if_late(connection: Connection, stream_id: int, now: datetime, allowed: timedelta) -> None:
    """Open the gap of a stream that was not captured whole for longer than `allowed` and says nothing of why: no capture of
    it ran, or none was let end.
    """
    reason = (
        f"no complete capture ran within {allowed.total_seconds() / 3600:g} hours: the scheduler was down, or the account's "
        "task never began"
    )
    connection.execute(_LATE, {"public_id": uuid7(), "stream": stream_id, "before": now - allowed, "reason": reason})


def open_if_never(engine: Engine, account_id: int, now: datetime, allowed: timedelta) -> None:
    """Open the gap of an account that is in the register for longer than `allowed` and was never captured at all."""
    reason = "in the register, and never captured until now"
    with engine.begin() as connection:
        connection.execute(
            _NEVER, {"public_id": uuid7(), "account": account_id, "before": now - allowed, "reason": reason}
        )


def close_gaps(connection: Connection, stream_id: int, capture_id: int, now: datetime) -> None:
    """A complete capture closes what is open of its stream; a pause only once the account is active again."""
    connection.execute(_CLOSE, {"stream": stream_id, "capture": capture_id, "now": now, "decided": list(DECIDED)})


def close_account_gaps(engine: Engine, account_id: int, run_id: str, now: datetime) -> None:
    """A run that captured every stream of an account closes what is open of the account as a whole."""
    with engine.begin() as connection:
        connection.execute(_CLOSE_ACCOUNT, {"account": account_id, "run": run_id, "now": now, "decided": list(DECIDED)})


def listed(
    connection: Connection,
    *,
    account_id: int | None = None,
    among: Collection[str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    only_open: bool = False,
    messages: bool = True,
    lists: bool = True,
    most: int = 1000,
) -> Sequence[Row[Any]]:
    """Gaps: the open ones first, then the latest; `matching` of each is how many there are of what is asked for.

    Args:
        connection: to the archive's database.
        account_id: of this account (row id) alone; None: of all.
        among: of these accounts (public ids) alone; None: of all.
        since: those that touch the time from this moment on; None: from ever.
        until: and before this one; None: to ever.
        only_open: those that have not ended.
        messages: those of direct messages too.
        lists: those of lists of accounts too.
        most: how many at the most.
    """
    asked = {
        "account": account_id,
        "among": None if among is None else list(among),
        "since": since,
        "until": until,
        "open": only_open,
        "messages": messages,
        "lists": lists,
        "most": most,
    }
    return connection.execute(_LIST, asked).all()


def overdue(connection: Connection, platforms: Sequence[str], now: datetime, allowed: timedelta) -> list[Overdue]:
    """The active accounts of these platforms that should have been captured by now, and were not."""
    rows = connection.execute(_OVERDUE, {"platforms": list(platforms), "before": now - allowed})
    return [Overdue(row.account, row.account_id, row.since, row.never) for row in rows]
