"""Sessions of those who are logged in: kept in Postgres, named by a token that only the browser has.

A session ends an hour after its last use, and twelve hours after it began whatever happens. `expires_at` is the earlier
of the two; using a session moves it, at most once a minute, so that reading pages does not write all the time. What an open
page asks for by itself is no use of it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from archiver.records.models import User, UserSession
from clerk.users import signed_in

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from clerk.users import SignedIn

IDLE = timedelta(hours=1)
ABSOLUTE = timedelta(hours=12)
_MOVED_EVERY = timedelta(minutes=1)


@dataclasses.dataclass(frozen=True, slots=True)
class Session:
    """An open log-in: whose, and the token that its forms must carry."""

    user: SignedIn
    csrf_token: str
    by_single_sign_on: bool = False


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def begin(engine: Engine, user: SignedIn, now: datetime) -> str:
    """Open a session and give its token, which is kept nowhere but in the browser. Removes what has expired."""
    token = secrets.token_urlsafe(32)
    with engine.begin() as connection:
        connection.execute(sa.delete(UserSession).where(UserSession.expires_at <= now))
        connection.execute(
            sa.insert(UserSession).values(
                token_sha256=_digest(token),
                user_id=user.id,
                csrf_token=secrets.token_urlsafe(32),
                created_at=now,
                expires_at=now + IDLE,
            )
        )
    return token


def find(engine: Engine, token: str, now: datetime, *, attended: bool = True) -> Session | None:
    """The session of a token, if it is open and its user may still log in; using it (`attended`) keeps it open."""
    with engine.begin() as connection:
        row = connection.execute(
            sa.select(
                UserSession.token_sha256, UserSession.csrf_token, UserSession.created_at, UserSession.expires_at,
                User.id, User.name, User.role, User.departments, User.subject,
            )
            .join(User, User.id == UserSession.user_id)
            .where(
                UserSession.token_sha256 == _digest(token),
                UserSession.expires_at > now,
                UserSession.created_at > now - ABSOLUTE,
                User.disabled.is_(False),
            )
        ).one_or_none()  # fmt: skip
        if row is None:
            return None
        until = min(now + IDLE, row.created_at + ABSOLUTE)
        if attended and until - row.expires_at >= _MOVED_EVERY:
            connection.execute(
                sa.update(UserSession).where(UserSession.token_sha256 == row.token_sha256).values(expires_at=until)
            )
    return Session(signed_in(row), row.csrf_token, by_single_sign_on=row.subject is not None)


def end(engine: Engine, token: str) -> None:
    """Close a session; its token is worth nothing from now on."""
    with engine.begin() as connection:
        connection.execute(sa.delete(UserSession).where(UserSession.token_sha256 == _digest(token)))
