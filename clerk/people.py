"""Those who may log in, as an administrator sees and changes them: role, departments, disabled or not, open sessions."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver import audit
from archiver.i18n.translation import _
from archiver.records.models import Account, User, UserSession
from clerk import grants, words
from clerk.users import ROLES, UserError, normal_name

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection, Engine, Row

    from clerk.grants import Held

_LONGEST_ADDRESS = 254
# One plain address (RFC 5321, without the quoted forms that nobody has): nothing of it can be read as a further one, or a header.
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_USERS = sa.text("""
    select u.id, u.public_id, u.name, u.role, u.departments, u.email, u.disabled, u.created_at, u.subject, u.issuer,
           (select count(*) from user_sessions s where s.user_id = u.id and s.expires_at > :now) as sessions
    from users u where cast(:public_id as uuid) is null or u.public_id = :public_id order by u.name
""")


@dataclasses.dataclass(frozen=True, slots=True)
class Person:
    """A user, and the grants that they have now."""

    row: Row[Any]
    grants: Sequence[Held]


def listed(connection: Connection, now: dt.datetime, public_id: Any = None) -> list[Person]:
    """Every user by name, or the one with that public id."""
    holds = grants.held(connection, now)
    rows = connection.execute(_USERS, {"now": now, "public_id": public_id})
    return [Person(row, holds.get(row.id, ())) for row in rows]


def departments(connection: Connection) -> list[str]:
    """The departments that the register names."""
    return list(connection.scalars(sa.select(Account.department).distinct().order_by(Account.department)))


def check_departments(engine: Engine, wanted: Sequence[str]) -> None:
    """Raise `UserError` for a department that the register does not name."""
    with engine.connect() as connection:
        _chosen(connection, wanted)


def id_of(connection: Connection, name: str) -> int:
    """The row id of a user. Raises `UserError`."""
    found = connection.scalar(sa.select(User.id).where(User.name == normal_name(name)))
    if found is None:
        raise UserError(_("There is no user %(name)s.", name=repr(name)))
    return found


def set_role(engine: Engine, name: str, role: str, *, actor: str = "command line") -> None:
    """Give a user another role; who comes by single sign-on gets the one of their groups at the next log-in.

    Raises:
        UserError: there is no such user, no such role, or it is the actor's own.
    """
    if role not in ROLES:
        raise UserError(_("%(role)s is no role; the roles are %(roles)s.", role=repr(role), roles=", ".join(ROLES)))
    with engine.begin() as connection:
        row = _locked(connection, name, actor, _("Nobody changes their own role: ask another administrator."))
        if row.role == role:
            raise UserError(_("%(name)s is %(role)s already.", name=row.name, role=_(words.ROLES[role])))
        connection.execute(sa.update(User).where(User.id == row.id).values(role=role))
        audit.write(connection, actor, "role changed", row.name, {"from": row.role, "to": role})


def set_departments(engine: Engine, name: str, wanted: Sequence[str], *, actor: str = "command line") -> None:
    """Limit a user to departments of the register; none: no limit.

    Raises:
        UserError: there is no such user, a department that the register does not name, or it is the actor themselves.
    """
    with engine.begin() as connection:
        row = _locked(connection, name, actor, _("Nobody changes their own limits: ask another administrator."))
        chosen = _chosen(connection, wanted)
        connection.execute(sa.update(User).where(User.id == row.id).values(departments=chosen))
        audit.write(connection, actor, "departments changed", row.name, {"from": row.departments, "to": chosen})


def set_email(engine: Engine, name: str, address: str, *, actor: str = "command line") -> None:
    """Say where the archive writes to a user; an empty address: nowhere.

    Raises:
        UserError: there is no such user, or it is no address.
    """
    wanted = address.strip()
    if wanted and (len(wanted) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(wanted)):
        raise UserError(
            _("%(address)s is no e-mail address: write it as name@example.gov.", address=repr(wanted[:100]))
        )
    with engine.begin() as connection:
        row = _locked(connection, name, None, "")
        connection.execute(sa.update(User).where(User.id == row.id).values(email=wanted or None))
        audit.write(connection, actor, "e-mail address changed", row.name, {"from": row.email, "to": wanted or None})


def set_disabled(engine: Engine, name: str, *, disabled: bool, actor: str = "command line") -> None:
    """Let a user in no more, and end what is open; or let them in again.

    Raises:
        UserError: there is no such user, it is so already, or it is the actor themselves.
    """
    with engine.begin() as connection:
        row = _locked(connection, name, actor, _("Nobody disables themselves: ask another administrator."))
        if row.disabled == disabled:
            raise UserError(
                _("%(name)s is disabled already.", name=row.name)
                if disabled
                else _("%(name)s is enabled already.", name=row.name)
            )
        connection.execute(sa.update(User).where(User.id == row.id).values(disabled=disabled))
        if disabled:
            connection.execute(sa.delete(UserSession).where(UserSession.user_id == row.id))
        audit.write(connection, actor, "user disabled" if disabled else "user enabled", row.name)


def end_sessions(engine: Engine, name: str, *, actor: str = "command line") -> int:
    """End every session that a user has open. Gives how many there were.

    Raises:
        UserError: there is no such user.
    """
    with engine.begin() as connection:
        row = _locked(connection, name, None, "")
        ended = connection.execute(sa.delete(UserSession).where(UserSession.user_id == row.id)).rowcount
        audit.write(connection, actor, "sessions ended", row.name, {"sessions": ended})
    return ended


def _chosen(connection: Connection, wanted: Sequence[str]) -> list[str]:
    known = {each.lower(): each for each in departments(connection)}
    for each in wanted:
        if each.strip().lower() not in known:
            raise UserError(
                _(
                    "The register names no department %(name)s; it names %(departments)s.",
                    name=repr(each),
                    departments=", ".join(known.values()),
                )
                if known
                else _("The register names no department %(name)s; it names none.", name=repr(each))
            )
    return list(dict.fromkeys(known[each.strip().lower()] for each in wanted))


def _locked(connection: Connection, name: str, actor: str | None, themselves: str) -> Row[Any]:
    row = connection.execute(sa.select(User).where(User.name == normal_name(name)).with_for_update()).one_or_none()
    if row is None:
        raise UserError(_("There is no user %(name)s.", name=repr(name)))
    if row.name == actor:
        raise UserError(themselves)
    return row
