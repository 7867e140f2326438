"""The jobs in Postgres: asked for, taken up, gone on with, ended.

A worker that holds a job says so every few seconds by Postgres's own clock. Where it falls silent another takes the job up, and
what the first may still write afterwards is refused: each taking up has a number, and only the last may write.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from archiver import audit
from archiver.records.models import Export, uuid7
from search.query.limits import covered

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping, Sequence

    from sqlalchemy.engine import Connection, Engine, Row

    from search.query.model import Limits

WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"
SILENT_FOR = dt.timedelta(seconds=60)
"""After so long without a sign of life a worker is taken for dead."""
MOST_ATTEMPTS = 5
"""A job that so many workers died of is not tried again."""
WORKER = "exports"
"""The worker's name in the audit log."""
_OPEN = Export.state.in_((WAITING, RUNNING))


class LostError(Exception):
    """The job is no longer this worker's: it was cancelled, or another worker took it up."""


def ask(
    connection: Connection,
    *,
    by: str,
    form: str,
    search: Mapping[str, Any],
    messages: bool,
    sentence: str,
    found: int,
    now: dt.datetime,
) -> uuid.UUID:
    """Put an export down to be made, with its trace in the audit log; gives its public id.

    Args:
        connection: within a transaction.
        by: who asks.
        form: one of `FORMATS`.
        search: from `asked.kept`.
        messages: whether direct messages are to be in it; who asks must have the right to open them.
        sentence: the search explained.
        found: how many records it finds now.
        now: the archive's time.
    """
    public_id = uuid7()
    connection.execute(
        sa.insert(Export).values(
            public_id=public_id, asked_at=now, asked_by=by, format=form, search=dict(search), messages=messages,
            sentence=sentence, found=found,
        )
    )  # fmt: skip
    detail = {"format": form, "search": dict(search), "messages": messages, "found": found}
    audit.write(connection, by, "export asked for", str(public_id), detail)
    return public_id


def claim(engine: Engine, now: dt.datetime, *, silent_for: dt.timedelta = SILENT_FOR) -> Row[Any] | None:
    """Take up the oldest job that waits, or whose worker fell silent; None where there is none. No two take the same."""
    while True:
        with engine.begin() as connection:
            row = connection.execute(
                sa.select(Export.id, Export.public_id, Export.attempt)
                .where(_to_do(silent_for))
                .order_by(Export.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            ).first()
            if row is None:
                return None
            if row.attempt < MOST_ATTEMPTS:
                return connection.execute(
                    sa.update(Export)
                    .where(Export.id == row.id)
                    .values(
                        state=RUNNING,
                        attempt=Export.attempt + 1,
                        heartbeat_at=sa.func.clock_timestamp(),
                        started_at=sa.func.coalesce(Export.started_at, now),
                    )
                    .returning(Export.__table__)
                ).one()
            sentence = f"{row.attempt} workers ended while they made it: tell the operator, whose logs say why."
            _end(connection, row, FAILED, now, error=sentence)


def to_do(engine: Engine, *, silent_for: dt.timedelta = SILENT_FOR) -> bool:
    """Whether a worker would find something to do."""
    with engine.connect() as connection:
        return bool(connection.scalar(sa.select(sa.exists(sa.select(Export.id).where(_to_do(silent_for))))))


def _to_do(silent_for: dt.timedelta) -> sa.ColumnElement[bool]:
    silent = Export.heartbeat_at < sa.func.clock_timestamp() - silent_for
    return sa.or_(Export.state == WAITING, sa.and_(Export.state == RUNNING, silent))


def write(engine: Engine, job: Row[Any], **values: Any) -> None:
    """Write something about a job of this worker's, which is a sign of life as well.

    Raises:
        LostError: the job is no longer its own.
    """
    with engine.begin() as connection:
        _write(connection, job, heartbeat_at=sa.func.clock_timestamp(), **values)


def finish(engine: Engine, job: Row[Any], now: dt.datetime, **values: Any) -> None:
    """The file is whole and in the store. Postgres refuses it where less was written than expected.

    Raises:
        LostError: as `write`.
    """
    with engine.begin() as connection:
        _end(connection, job, DONE, now, place=sa.null(), **values)
        trace = {"sha256": values["sha256"].hex(), "written": values["written"]}
        audit.write(connection, WORKER, "export made", str(job.public_id), trace)


def fail(engine: Engine, job: Row[Any], sentence: str, now: dt.datetime) -> None:
    """It came to nothing; the sentence says why, and what to do. Raises `LostError` as `write`."""
    with engine.begin() as connection:
        _end(connection, job, FAILED, now, error=sentence)


def release(engine: Engine, job: Row[Any]) -> None:
    """Give it back, to be gone on with by the next worker: this one was told to end, which is no fault of the job's."""
    with engine.begin() as connection:
        _write(connection, job, state=WAITING, attempt=Export.attempt - 1, heartbeat_at=sa.null())


def cancel(connection: Connection, public_id: uuid.UUID, by: str, now: dt.datetime) -> bool:
    """Have it end; gives whether it had not ended already. Its worker stops when it next says how far it is."""
    done = connection.execute(
        sa.update(Export).where(Export.public_id == public_id, _OPEN).values(state=CANCELLED, finished_at=now)
    )
    if done.rowcount:
        audit.write(connection, by, "export cancelled", str(public_id))
    return bool(done.rowcount)


def listed(connection: Connection, within: Limits, *, most: int) -> Sequence[Row[Any]]:
    """The latest jobs of what somebody sees all of (`within`), the last first."""
    theirs = [covered(sa.func.jsonb_extract_path(Export.search, "limits", type_=JSONB), within)]
    if not within.messages:
        theirs.append(~Export.messages)
    return connection.execute(sa.select(Export.__table__).where(*theirs).order_by(Export.id.desc()).limit(most)).all()


def one(connection: Connection, public_id: uuid.UUID) -> Row[Any] | None:
    """A job by its public id."""
    return connection.execute(sa.select(Export.__table__).where(Export.public_id == public_id)).first()


def under_way(
    connection: Connection, *, by: str, form: str, search: Mapping[str, Any], messages: bool
) -> uuid.UUID | None:
    """The same export, where the same person has asked for it and it has not ended: a button pressed twice."""
    return connection.scalar(
        sa.select(Export.public_id)
        .where(_OPEN, Export.asked_by == by, Export.format == form, Export.messages == messages)
        .where(Export.search == dict(search))
        .limit(1)
    )


def waiting(connection: Connection) -> int:
    """How many jobs have not ended."""
    return connection.scalar(sa.select(sa.func.count()).select_from(Export).where(_OPEN)) or 0


def _end(connection: Connection, job: Any, state: str, now: dt.datetime, **values: Any) -> None:
    _write(connection, job, state=state, finished_at=now, **values)


def _write(connection: Connection, job: Any, **values: Any) -> None:
    mine = (Export.id == job.id, Export.attempt == job.attempt, Export.state == RUNNING)
    if not connection.execute(sa.update(Export).where(*mine).values(**values)).rowcount:
        raise LostError(f"export {job.public_id}")
