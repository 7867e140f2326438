"""Grants: what no role gives by itself. Direct messages and the records of officials' own accounts each need one.

A grant is given to a person, by an administrator or from the command line, with a reason and perhaps an end; it is taken back
by a further entry. Entries are only ever added, so that who could see what on which day is known for good.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver import audit
from archiver.i18n.translation import _, marked
from archiver.records.models import Grant, User
from archiver.records.storable import mend
from clerk.users import UserError, normal_name

if TYPE_CHECKING:
    import zoneinfo
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection, Engine, Row

LONGEST_REASON = 2000
_LATEST = sa.text("""
    select distinct on (g.user_id, g.what) g.user_id, g.what, g.given, g.until, g.reason, g.by_whom, g.at
    from grants g where cast(:user as bigint) is null or g.user_id = :user order by g.user_id, g.what, g.id desc
""")
_HISTORY = sa.text("""
    select g.what, g.given, g.until, g.reason, g.by_whom, g.at from grants g where g.user_id = :user order by g.id desc
""")


class What(enum.StrEnum):
    """What a grant is for."""

    MESSAGES = "messages"
    PERSONAL = "personal_accounts"


TITLES = {What.MESSAGES: marked("direct messages"), What.PERSONAL: marked("records of officials\u2019 own accounts")}
"""As sentences call them."""


@dataclasses.dataclass(frozen=True, slots=True)
class Held:
    """A grant that somebody has: until when, why, who gave it, and when."""

    what: What
    until: dt.datetime | None
    reason: str
    by_whom: str
    at: dt.datetime


def held(connection: Connection, now: dt.datetime, user_id: int | None = None) -> dict[int, list[Held]]:
    """The grants that hold at a moment, by user; of one user, or of all."""
    found: dict[int, list[Held]] = {}
    for row in connection.execute(_LATEST, {"user": user_id}):
        if row.given and (row.until is None or row.until > now):
            found.setdefault(row.user_id, []).append(Held(What(row.what), row.until, row.reason, row.by_whom, row.at))
    return found


def history(connection: Connection, user_id: int) -> Sequence[Row[Any]]:
    """Every entry about a user, the latest first."""
    return connection.execute(_HISTORY, {"user": user_id}).all()


def give(
    engine: Engine,
    name: str,
    what: What,
    reason: str,
    *,
    now: dt.datetime,
    until: dt.datetime | None = None,
    actor: str = "command line",
) -> None:
    """Give a user a grant. One that is held already is given anew, with the new reason and end.

    Args:
        engine: the archive's database.
        name: the user's.
        what: for what.
        reason: why they need it; kept for good.
        now: the moment it begins.
        until: the moment it ends by itself; None: not before it is taken back.
        actor: who gives it.

    Raises:
        UserError: there is no such user, it is the giver, no reason is given, or its end is past.
    """
    if until is not None and until <= now:
        raise UserError(_("A grant cannot end before it begins: choose a later day."))
    _add(engine, name, what, reason, now=now, given=True, until=until, actor=actor)


def take_back(
    engine: Engine, name: str, what: What, reason: str, *, now: dt.datetime, actor: str = "command line"
) -> None:
    """Take a grant from a user; it holds no longer from the next page that they open.

    Raises:
        UserError: there is no such user, they have no such grant, or no reason is given.
    """
    _add(engine, name, what, reason, now=now, given=False, until=None, actor=actor)


def _add(
    engine: Engine,
    name: str,
    what: What,
    reason: str,
    *,
    now: dt.datetime,
    given: bool,
    until: dt.datetime | None,
    actor: str,
) -> None:
    name, reason = normal_name(name), mend(reason).strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise UserError(
            _(
                "Say why, in 1 to %(longest)s characters: the reason stays in the record.",
                longest=f"{LONGEST_REASON:,}",
            )
        )
    if given and name == actor:
        raise UserError(_("Nobody gives a grant to themselves: ask another administrator."))
    with engine.begin() as connection:
        user_id = connection.scalar(sa.select(User.id).where(User.name == name).with_for_update())
        if user_id is None:
            raise UserError(_("There is no user %(name)s.", name=repr(name)))
        if not given and what not in {each.what for each in held(connection, now, user_id).get(user_id, ())}:
            raise UserError(_("%(name)s has no grant for %(what)s.", name=name, what=_(TITLES[what])))
        connection.execute(
            sa.insert(Grant).values(
                user_id=user_id, what=what.value, given=given, until=until, reason=reason, by_whom=actor, at=now
            )
        )
        detail = {"grant": what.value, "reason": reason, **({"until": until.isoformat()} if until else {})}
        audit.write(connection, actor, "grant given" if given else "grant taken back", name, detail)


def what_of(name: str) -> What:
    """What a grant is for, by its name. Raises `UserError`."""
    try:
        return What(name)
    except ValueError as error:
        raise UserError(
            _(
                "There is no grant %(name)s; there are %(messages)s and %(personal)s.",
                name=repr(name),
                messages=What.MESSAGES.value,
                personal=What.PERSONAL.value,
            )
        ) from error


def end_of(day: str, zone: zoneinfo.ZoneInfo) -> dt.datetime | None:
    """The end of a day in the city's time zone, written as 2026-03-31; None where nothing is written.

    Raises:
        UserError: it is no day.
    """
    if not day.strip():
        return None
    try:
        following = dt.date.fromisoformat(day.strip()) + dt.timedelta(days=1)
        return dt.datetime.combine(following, dt.time(), zone).astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        raise UserError(_("%(day)s is no day: write it as 2026-03-31.", day=repr(day))) from error
