"""Users: local ones with names and argon2id passwords, verified in constant time, and those of the city's single sign-on."""

from __future__ import annotations

import dataclasses
import secrets
import threading
import unicodedata
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION
from sqlalchemy.dialects import postgresql

from archiver import audit
from archiver.i18n.translation import _
from archiver.records.models import User, UserSession, uuid7
from archiver.records.storable import mend

if TYPE_CHECKING:
    import uuid

    from sqlalchemy.engine import Connection, Engine, Row

ROLES = ("viewer", "clerk", "reviewer", "records_manager", "administrator", "auditor")
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1024
LONGEST_NAME = 100
PROGRAMS = frozenset({"capture", "command line", "demo", "exports", "nobody", "single sign-on"})
"""Who acts in the audit log beside people; nobody is called so."""

_hasher = PasswordHasher()
# Each verification takes 64 MiB (RFC 9106, second recommended option): a flood of log-ins must queue, not exhaust memory.
_at_once = threading.BoundedSemaphore(2)


def _hash_of_nothing() -> str:
    """A hash in the form that `_hasher` makes, of a password that nobody knows: chance, and so had without hashing."""
    salt, digest = (
        b64encode(secrets.token_bytes(n)).decode().rstrip("=") for n in (_hasher.salt_len, _hasher.hash_len)
    )
    costs = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    return f"$argon2id$v={ARGON2_VERSION}${costs}${salt}${digest}"


# What an unknown name is compared with, so that it takes as long as a known one.
_NOBODY = _hash_of_nothing()


class UserError(Exception):
    """An account cannot be made or changed. The message says what to do."""


@dataclasses.dataclass(frozen=True, slots=True)
class SignedIn:
    """Who a page is shown to."""

    id: int
    name: str
    role: str
    departments: tuple[str, ...] = ()
    """The departments that they are limited to; none: no limit."""


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
    name = usable_name(name)
    _usable_password(password)
    if role not in ROLES:
        raise UserError(_("%(role)s is no role; the roles are %(roles)s.", role=repr(role), roles=", ".join(ROLES)))
    public_id = uuid7()
    hashed = _hasher.hash(password)
    try:
        with engine.begin() as connection:
            connection.execute(
                sa.insert(User).values(public_id=public_id, name=name, password_hash=hashed, role=role, disabled=False)
            )
            audit.write(connection, actor, "user added", name, {"role": role})
    except sa.exc.IntegrityError as error:
        raise UserError(_("There is a user %(name)s already; choose another name.", name=repr(name))) from error
    return public_id


def set_password(engine: Engine, name: str, password: str, *, actor: str = "command line") -> None:
    """Give a user another password and end every session that is open under the old one.

    Raises:
        UserError: there is no such user, they log in by single sign-on, or the password is too short.
    """
    _usable_password(password)
    hashed = _hasher.hash(password)
    with engine.begin() as connection:
        user_id = connection.scalar(
            sa.update(User)
            .where(User.name == normal_name(name), User.subject.is_(None))
            .values(password_hash=hashed)
            .returning(User.id)
        )
        if user_id is None:
            raise UserError(_("There is no user %(name)s who logs in with a password.", name=repr(name)))
        connection.execute(sa.delete(UserSession).where(UserSession.user_id == user_id))
        audit.write(connection, actor, "password changed", normal_name(name))


def verify(engine: Engine, name: str, password: str) -> SignedIn | None:
    """The user with that name and password, or None: unknown, disabled and mistaken look and last the same."""
    name = normal_name(name)
    row = None
    if name.isprintable() and len(password) <= LONGEST_PASSWORD:
        with engine.connect() as connection:
            row = connection.execute(sa.select(User).where(User.name == name)).one_or_none()
    hashed = row.password_hash if row is not None else None  # who comes by single sign-on has none
    usable = row is not None and hashed is not None and not row.disabled
    right = _matches(hashed or _NOBODY, password[:LONGEST_PASSWORD])
    if row is None or not usable or not right:
        return None
    if _hasher.check_needs_rehash(row.password_hash):
        with engine.begin() as connection:
            connection.execute(
                sa.update(User)
                .where(User.id == row.id, User.password_hash == row.password_hash)
                .values(password_hash=_hasher.hash(password))
            )
    return signed_in(row)


def signed_in(row: Row[Any]) -> SignedIn:
    """Who a row of `users` (or of some of its columns) is."""
    return SignedIn(row.id, row.name, row.role, tuple(row.departments))


def signed_on(engine: Engine, issuer: str, subject: str, name: str, role: str) -> SignedIn | None:
    """The user that the single sign-on knows by issuer and subject, made at the first log-in; None where they are disabled.

    The subject is the identity: a name or an address may be given to somebody else. The role is that of their groups, at each
    log-in anew.

    Args:
        engine: the archive's database.
        issuer: the provider.
        subject: who it is there.
        name: what to call them here, where nobody else is called so; kept from the first log-in on.
        role: one of `ROLES`.
    """
    with engine.begin() as connection:
        wanted = sa.select(User).where(User.issuer == issuer, User.subject == subject)
        row = connection.execute(wanted.with_for_update()).one_or_none()
        if row is None:
            for called in (name, f"{name} ({subject})", f"{subject} at {issuer}"):
                if _add_signed_on(connection, issuer, subject, called, role):
                    break
            row = connection.execute(wanted.with_for_update()).one()
        if row.disabled:
            return None
        if row.role != role:
            connection.execute(sa.update(User).where(User.id == row.id).values(role=role))
            audit.write(connection, "single sign-on", "role changed", row.name, {"from": row.role, "to": role})
    return dataclasses.replace(signed_in(row), role=role)


def _add_signed_on(connection: Connection, issuer: str, subject: str, name: str, role: str) -> bool:
    """Add a user of that name; not where somebody is called so, or where they have been added meanwhile."""
    called = normal_name(mend(name))[:LONGEST_NAME]
    if not called or not called.isprintable() or called in PROGRAMS:
        return False
    added = connection.execute(
        postgresql.insert(User)
        .values(public_id=uuid7(), name=called, issuer=issuer, subject=subject, role=role, disabled=False)
        .on_conflict_do_nothing()
    ).rowcount
    if added:
        detail = {"role": role, "issuer": issuer, "subject": subject}
        audit.write(connection, "single sign-on", "user added", called, detail)
        return True
    known = sa.select(User.id).where(User.issuer == issuer, User.subject == subject)
    return connection.execute(known).first() is not None


def _matches(hashed: str, password: str) -> bool:
    with _at_once:
        try:
            return _hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False


def usable_name(name: str) -> str:
    """A name fit to be kept, as it is kept. Raises `UserError`."""
    normal = normal_name(name)
    if not normal or len(normal) > LONGEST_NAME or not normal.isprintable():
        raise UserError(
            _(
                "%(name)s is no user name: use 1 to %(longest)s printable characters.",
                name=repr(name),
                longest=LONGEST_NAME,
            )
        )
    if normal in PROGRAMS:
        raise UserError(_("%(name)s is what the audit log calls a program: choose another name.", name=repr(name)))
    return normal


def _usable_password(password: str) -> None:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise UserError(
            _(
                "A password has %(shortest)s to %(longest)s characters; this one does not.",
                shortest=SHORTEST_PASSWORD,
                longest=LONGEST_PASSWORD,
            )
        )
