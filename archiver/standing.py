"""Pausing, resuming and closing an account: an act with a reason, in the audit log, and a gap in the record; and saying that
an account is an official's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from archiver import accounts, audit
from archiver.accounts import RegisterError
from archiver.gaps import Cause, open_gap
from archiver.records.models import Account, uuid7

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection, Engine

LONGEST_REASON = 2000
_WORDS = {"active": "resumed", "paused": "paused", "closed": "closed"}
_CAUSES = {"paused": Cause.PAUSED, "closed": Cause.CLOSED}
_WHOLE = sa.text("""
    insert into gaps (public_id, account_id, opened_at, cause, reason) values (:public_id, :account, :now, :cause, :reason)
    on conflict do nothing
""")


def pause(engine: Engine, name: str, reason: str, now: datetime, *, actor: str = "command line") -> None:
    """Capture the account no more until it is resumed. Raises `RegisterError`."""
    _become(engine, name, "paused", reason, now, actor)


def close(engine: Engine, name: str, reason: str, now: datetime, *, actor: str = "command line") -> None:
    """The city gave the account up: what is held stays, nothing more is captured. Raises `RegisterError`."""
    _become(engine, name, "closed", reason, now, actor)


def resume(engine: Engine, name: str, reason: str, now: datetime, *, actor: str = "command line") -> None:
    """Capture the account again. Its gap stays open until the first complete capture. Raises `RegisterError`."""
    _become(engine, name, "active", reason, now, actor)


def set_personal(engine: Engine, name: str, reason: str, *, personal: bool, actor: str = "command line") -> None:
    """Say that the account is an official's own, or that it is the city's. It holds at once, for all that is held of it.

    Raises `RegisterError`.
    """
    reason = _usable(name, reason)
    account_id = accounts.id_of(engine, name)
    with engine.begin() as connection:
        changed = connection.execute(
            sa.update(Account).where(Account.id == account_id, Account.personal != personal).values(personal=personal)
        ).rowcount
        what = "an official's own" if personal else "the city's"
        if not changed:
            raise RegisterError(f"{name} is {what} already")
        accounts.index_again(connection, account_id)
        audit.write(connection, actor, "account marked", name, {"personal": personal, "reason": reason})


def _usable(name: str, reason: str) -> str:
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise RegisterError(f"{name}: say why, in 1 to {LONGEST_REASON} characters; the reason stays in the record")
    return reason


def _become(engine: Engine, name: str, status: str, reason: str, now: datetime, actor: str) -> None:
    reason = _usable(name, reason)
    account_id = accounts.id_of(engine, name)
    with engine.begin() as connection:
        before = connection.execute(
            sa.select(Account.status).where(Account.id == account_id).with_for_update()
        ).scalar_one()
        if before == status:
            raise RegisterError(f"{name} is {'active' if status == 'active' else _WORDS[status]} already")
        connection.execute(sa.update(Account).where(Account.id == account_id).values(status=status))
        audit.write(connection, actor, f"account {_WORDS[status]}", name, {"before": before, "reason": reason})
        if status in _CAUSES:
            _open(connection, account_id, _CAUSES[status], reason, now)


def _open(connection: Connection, account_id: int, cause: Cause, reason: str, now: datetime) -> None:
    # Locked, so that a capture that is just ending either closes before this or sees that the account is paused.
    streams = connection.scalars(
        sa.text(
            "select id from streams where account_id = :account and kind not in ('import', 'lists') order by id for update"
        ),
        {"account": account_id},
    ).all()
    for stream_id in streams:
        open_gap(connection, stream_id, cause, reason, since=now)
    if not streams:
        connection.execute(
            _WHOLE,
            {"public_id": uuid7(), "account": account_id, "now": now, "cause": cause.value, "reason": reason},
        )
