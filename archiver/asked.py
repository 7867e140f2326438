"""Captures that somebody asked for on a page: at most one at a time for an account, and what became of each."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver import audit
from archiver.nightly import run_prefix
from archiver.records.models import CaptureRequest, uuid7
from archiver.records.storable import mend

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection, Engine, Row

LONGEST = timedelta(hours=2)
"""How long a capture may take; one that says nothing for longer is given up as unknown."""
_SILENT = LONGEST + timedelta(minutes=10)
_NOTHING_HEARD = "nothing was heard of it; the captures on the status page say how far it came"
LONGEST_WORDS = 2000

_LATEST = sa.text("""
    select * from capture_requests
    where account_id = :account and (not :thread or post_id is not distinct from :post) order by id desc limit 1
""")
_CAPTURES = sa.text("""
    select s.kind as stream, c.outcome, c.error, c.items_seen, c.items_new, c.versions_new, c.started_at, c.finished_at
    from captures c join streams s on s.id = c.stream_id
    where s.account_id = :account and starts_with(c.run_id, :prefix) order by c.id
""")
_GIVE_UP = sa.text("""
    update capture_requests set finished_at = :now, outcome = 'unknown', words = :words
    where account_id = :account and finished_at is null and requested_at < :before
""")


class AlreadyRunningError(Exception):
    """A capture of the account that was asked for earlier has not ended yet."""


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """A capture to be started: its row, what its run is called, of which account (and post)."""

    id: int
    run_id: str
    account: str
    post_id: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class Progress:
    """A request as it stands, and what its captures brought so far."""

    row: Row[Any]
    captures: Sequence[Row[Any]]

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.row.finished_at is None


def ask(
    engine: Engine, account_id: int, account: str, post_id: str | None, *, user: str, scheduler: str, now: datetime
) -> Asked:
    """Put a request on record, and in the audit log. Raises `AlreadyRunningError`."""
    public_id = uuid7()
    run_id = f"clerk__{public_id}"
    try:
        with engine.begin() as connection:
            connection.execute(
                _GIVE_UP,
                {
                    "account": account_id,
                    "now": now,
                    "before": now - _SILENT,
                    "words": _NOTHING_HEARD,
                },
            )
            found = connection.execute(
                sa.insert(CaptureRequest)
                .values(
                    public_id=public_id,
                    account_id=account_id,
                    post_id=post_id,
                    requested_by=user,
                    requested_at=now,
                    run_id=run_id,
                    scheduler=scheduler,
                )
                .returning(CaptureRequest.id)
            ).scalar_one()
            audit.write(connection, user, "capture asked for", account, mend({"run": run_id, "post": post_id}))
    except sa.exc.IntegrityError as error:
        raise AlreadyRunningError(account) from error
    return Asked(found, run_id, account, post_id)


def finish(engine: Engine, request_id: int, outcome: str, words: str | None, now: datetime) -> None:
    """Say how a request ended; one that has ended keeps what it says."""
    with engine.begin() as connection:
        connection.execute(
            sa.update(CaptureRequest)
            .where(CaptureRequest.id == request_id, CaptureRequest.finished_at.is_(None))
            .values(finished_at=now, outcome=outcome, words=None if words is None else mend(words)[:LONGEST_WORDS])
        )


def give_up(engine: Engine, row: Row[Any], now: datetime) -> None:
    """Say of a request of which nothing was heard for too long that its end is not known: whoever waited for it may be gone."""
    if now - row.requested_at > _SILENT:
        finish(engine, row.id, "unknown", _NOTHING_HEARD, now)


def progress(
    connection: Connection, account_id: int, *, post_id: str | None = None, thread: bool = False
) -> Progress | None:
    """The latest request of an account (with `thread`: of that post) and its captures; None where there was none."""
    row = connection.execute(_LATEST, {"account": account_id, "post": post_id, "thread": thread}).one_or_none()
    if row is None:
        return None
    captures = connection.execute(_CAPTURES, {"account": account_id, "prefix": run_prefix(row.run_id)}).all()
    return Progress(row, captures)
