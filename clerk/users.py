"""Local accounts for a city without single sign-on: names and argon2id passwords, verified in constant time."""

from __future__ import annotations

import dataclasses
import threading
import unicodedata
import uuid
from typing import TYPE_CHECKING

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from archiver import audit
from archiver.records.models import User, UserSession, uuid7

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

ROLES = ("viewer", "clerk", "reviewer", "records_manager", "administrator", "auditor")
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1024
LONGEST_NAME = 100

_hasher = PasswordHasher()
# Each verification takes 64 MiB (RFC 9106, second recommended option): a flood of log-ins must queue, not exhaust memory.
_at_once = threading.BoundedSemaphore(2)
# What an unknown name is compared with, so that it takes as long as a known one.
_NOBODY = _hasher.hash(uuid.uuid4().hex)


class UserError(Exception):
    """An account cannot be made or changed. The message says what to do."""


@dataclasses.dataclass(frozen=True, slots=True)
class SignedIn:
    """Who a page is shown to."""

    id: int
    name: str
    role: str


def normal_name(name: str) -> str:
    """A name as it is stored and compared: NFKC, lower case, no space around it."""
    return unicodedata.normalize("NFKC", name).strip().lower()


def create_user(
    engine: Engine, name: str, password: str, role: str = "clerk", *, actor: str = "command line"
) -> uuid.UUID:
    """Make an account that may log in. Gives its public id.

    Args:
        engine: the archive's database.
        name: what is typed to log in; upper and lower case are the same.
        password: at least 12 characters; only its argon2id hash is kept.
        role: one of `ROLES`.
        actor: who makes it, for the audit log.

    Raises:
        UserError: the name is taken or unusable, the password too short, the role unknown.
    """
    name = _usable_name(name)
    _usable_password(password)
    if role not in ROLES:
        raise UserError(f"{role!r} is no role; the roles are {', '.join(ROLES)}.")
    public_id = uuid7()
    hashed = _hasher.hash(password)
    try:
        with engine.begin() as connection:
            connection.execute(
                sa.insert(User).values(public_id=public_id, name=name, password_hash=hashed, role=role, disabled=False)
            )
            audit.write(connection, actor, "user added", name, {"role": role})
    except sa.exc.IntegrityError as error:
        raise UserError(f"There is a user {name!r} already; choose another name.") from error
    return public_id


def set_password(engine: Engine, name: str, password: str, *, actor: str = "command line") -> None:
    """Give a user another password and end every session that is open under the old one.

    Raises:
        UserError: there is no such user, or the password is too short.
    """
    _usable_password(password)
    hashed = _hasher.hash(password)
    with engine.begin() as connection:
        user_id = connection.scalar(
            sa.update(User).where(User.name == normal_name(name)).values(password_hash=hashed).returning(User.id)
        )
        if user_id is None:
            raise UserError(f"There is no user {name!r}.")
        connection.execute(sa.delete(UserSession).where(UserSession.user_id == user_id))
        audit.write(connection, actor, "password changed", normal_name(name))


def verify(engine: Engine, name: str, password: str) -> SignedIn | None:
    """The user with that name and password, or None: unknown, disabled and mistaken look and last the same."""
    name = normal_name(name)
    row = None
    if name.isprintable() and len(password) <= LONGEST_PASSWORD:
        with engine.connect() as connection:
            row = connection.execute(sa.select(User).where(User.name == name)).one_or_none()
    usable = row is not None and not row.disabled
    right = _matches(row.password_hash if row is not None else _NOBODY, password[:LONGEST_PASSWORD])
    if row is None or not usable or not right:
        return None
    if _hasher.check_needs_rehash(row.password_hash):
        with engine.begin() as connection:
            connection.execute(
                sa.update(User)
                .where(User.id == row.id, User.password_hash == row.password_hash)
                .values(password_hash=_hasher.hash(password))
            )
    return SignedIn(row.id, row.name, row.role)


def _matches(hashed: str, password: str) -> bool:
    with _at_once:
        try:
            return _hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False


def _usable_name(name: str) -> str:
    normal = normal_name(name)
    if not normal or len(normal) > LONGEST_NAME or not normal.isprintable():
        raise UserError(f"{name!r} is no user name: use 1 to {LONGEST_NAME} printable characters.")
    return normal


def _usable_password(password: str) -> None:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise UserError(f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters; this one does not.")
