"""Taking a stream for one capture: the lock, the fence, the capture's own row, and the gap it may open or close."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver import gaps
from archiver.capture.errors import StreamBusy
from archiver.platforms.items import Json, State, StreamKind
from archiver.records import bulk
from archiver.records.models import Capture, Stream, StreamState, uuid7
from archiver.records.storable import mend
from archiver.records.store import CaptureContext

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime, timedelta

    from sqlalchemy.engine import Connection, Engine

    from archiver.platforms.pages import AccountRef

_ABANDONED = "the program ended before the capture did"
_LOCK_SPACE = 0x_C1_71C
"""The first half of the advisory locks' key, so that they never meet those of others in the same database."""


@contextlib.contextmanager
def locked(engine: Engine, account: AccountRef, kind: StreamKind, *, wait: bool) -> Iterator[int]:
    """Hold the stream's advisory lock. Gives the stream's id, its row made where there is none.

    The lock is the session's: it goes with the connection, so that a capture that died leaves none behind. With `wait`
    the lock is waited for; else `StreamBusy` is raised where another capture holds it.
    """
    with engine.begin() as connection:
        stream_id = _stream_id(connection, account, kind)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if wait:
            connection.execute(sa.text("select pg_advisory_lock(:space, :id)"), {"space": _LOCK_SPACE, "id": stream_id})
        elif not connection.scalar(
            sa.text("select pg_try_advisory_lock(:space, :id)"), {"space": _LOCK_SPACE, "id": stream_id}
        ):
            raise StreamBusy(account.name, kind.value)
        try:
            yield stream_id
        finally:
            with contextlib.suppress(sa.exc.DBAPIError):  # a connection that died has let go by itself
                connection.execute(
                    sa.text("select pg_advisory_unlock(:space, :id)"), {"space": _LOCK_SPACE, "id": stream_id}
                )


def _stream_id(connection: Connection, account: AccountRef, kind: StreamKind) -> int:
    connection.execute(
        sa.text("insert into streams (account_id, kind) values (:account, :kind) on conflict do nothing"),
        {"account": account.id, "kind": kind.value},
    )
    return int(
        connection.execute(
            sa.select(Stream.id).where(Stream.account_id == account.id, Stream.kind == kind.value)
        ).scalar_one()
    )


def begin(
    engine: Engine,
    stream_id: int,
    account: AccountRef,
    kind: StreamKind,
    run_id: str,
    mode: str,
    now: datetime,
    *,
    keep_unchanged: bool,
    late_after: timedelta | None = None,
) -> tuple[CaptureContext, dict[str, Json]]:
    """Start a capture: raise the fence, abandon what a crash left running, note that nights were missed (`late_after`: how long
    a stream may go without a complete capture). Gives the context and the stream's cursor.
    """
    with engine.begin() as connection:
        row = connection.execute(
            sa.text("update streams set fence = fence + 1 where id = :id returning fence, cursor"), {"id": stream_id}
        ).one()
        abandon(connection, stream_id, now, gap=kind is not StreamKind.LISTS)
        if late_after is not None:
            gaps.open_if_late(connection, stream_id, now, late_after)
        capture_id = connection.execute(
            sa.insert(Capture)
            .values(public_id=uuid7(), stream_id=stream_id, run_id=run_id, mode=mode, fence=row.fence, started_at=now)
            .returning(Capture.id)
        ).scalar_one()
    context = CaptureContext(capture_id, stream_id, kind, account, row.fence, now, keep_unchanged, mode)
    return context, dict(row.cursor)


def abandon(connection: Connection, stream_id: int, now: datetime, *, gap: bool) -> None:
    """Say of captures that a crash left running that they ended, and open the `gap` that they could not open themselves (a list
    has none: what breaks off is read anew, or was read before). The stream's lock is held.
    """
    left = connection.execute(
        sa.update(Capture)
        .where(Capture.stream_id == stream_id, Capture.outcome == "running")
        .values(outcome="abandoned", finished_at=now, error=_ABANDONED)
        .returning(Capture.id, Capture.started_at)
    ).all()
    for row in sorted(left if gap else (), key=lambda each: each.started_at):
        gaps.open_gap(connection, stream_id, gaps.Cause.ABANDONED, _ABANDONED, since=row.started_at, capture_id=row.id)


def finish(
    engine: Engine,
    context: CaptureContext,
    now: datetime,
    outcome: str,
    *,
    error: str | None,
    totals: Mapping[str, Any],
    skipped: list[dict[str, str]],
    whole: bool = True,
) -> None:
    """Write how the capture ended, and open or close the stream's gap by it (not by a capture of a part of it).

    A capture whose stream was taken by another says nothing more of the stream: the other one speaks for it.
    """
    error = None if error is None else mend(error)
    with engine.begin() as connection:
        ours = connection.scalar(
            sa.select(Stream.fence == context.fence).where(Stream.id == context.stream_id).with_for_update()
        )
        connection.execute(
            sa.text(
                "update captures set outcome = :outcome, finished_at = :now, error = :error, pages = :pages, "
                "items_seen = :items_seen, items_new = :items_new, versions_new = :versions_new, "
                "skipped = cast(:skipped as jsonb) where id = :id"
            ),
            {"outcome": outcome, "now": now, "error": error, "id": context.capture_id, **totals}
            | {"skipped": bulk.rows_of(skipped)},
        )
        if not (whole and ours):
            return
        if outcome == "complete":
            gaps.close_gaps(connection, context.stream_id, context.capture_id, now)
            connection.execute(
                sa.update(Stream).where(Stream.id == context.stream_id).values(last_complete_at=context.started_at)
            )
            _set_state(connection, context, State.PRESENT, "the platform can be read", now)
        else:
            gaps.open_gap(
                connection,
                context.stream_id,
                gaps.Cause.ACCESS_LOST if outcome == "access_lost" else gaps.Cause.FAILED,
                error or outcome,
                since=context.started_at,
                capture_id=context.capture_id,
            )
            if outcome == "access_lost":
                _set_state(connection, context, State.ACCESS_LOST, error or "", now)


def _set_state(connection: Connection, context: CaptureContext, state: State, words: str, now: datetime) -> None:
    changed = connection.execute(
        sa.update(Stream).where(Stream.id == context.stream_id, Stream.state != state.value).values(state=state.value)
    ).rowcount
    if changed:
        connection.execute(
            sa.insert(StreamState).values(
                stream_id=context.stream_id,
                capture_id=context.capture_id,
                state=state.value,
                words=words,
                observed_at=now,
            )
        )
