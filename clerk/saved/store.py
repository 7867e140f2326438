"""Kept searches in the database. Every change of one is a further row, and stands in the audit log."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver import audit, naming
from archiver.i18n.translation import _, pgettext
from archiver.records.models import SavedChange, SavedSearch, uuid7
from clerk.searching import form_of

if TYPE_CHECKING:
    import datetime as dt
    import uuid
    from collections.abc import Mapping, Sequence

    from sqlalchemy.engine import Connection, Engine, Row

    from clerk.searching import SearchForm
    from clerk.users import SignedIn

LONGEST_NAME = 120
MOST_OWN = 200
"""How many searches somebody may keep."""
MOST_STEPS = 20
"""How many changes of a search are told beside it; the audit log has all."""

_SAVED = """
    select s.id, s.public_id, s.user_id, s.fields, s.saved_at, u.name as owner, u.email, u.role, u.departments,
           u.disabled, c.id as change_id, c.name, c.shared, c.nightly, c.removed,
           r.at as run_at, r.outcome, r.found, r.new, r.problem
    from saved_searches s join users u on u.id = s.user_id
    join lateral (select * from saved_changes c where c.search_id = s.id order by c.id desc limit 1) c on true
    left join lateral (select * from saved_runs r where r.search_id = s.id order by r.id desc limit 1) r on true
"""
_OWN = sa.text(f"{_SAVED} where not c.removed and s.user_id = :user order by lower(c.name), s.id")
_SHARED = sa.text(f"""
    {_SAVED} where not c.removed and c.shared and s.user_id <> :user
    and (cast(:name as text) is null or (lower(c.name), s.id) > (lower(:name), cast(:id as bigint)))
    order by lower(c.name), s.id limit :most offset :past
""")
_ONE = sa.text(f"{_SAVED} where not c.removed and s.public_id = :public_id")
_NIGHTLY = sa.text(f"{_SAVED} where not c.removed and c.nightly order by s.id")
_EVERY = sa.text(f"{_SAVED} where not c.removed order by lower(u.name), lower(c.name), s.id")
_HISTORY = sa.text("""
    select c.*, every.number
    from unnest(cast(:ids as bigint[])) s(id)
    cross join lateral (select count(*) as number from saved_changes o where o.search_id = s.id) every
    cross join lateral (select * from saved_changes o where o.search_id = s.id order by o.id desc limit :most) c
    order by c.search_id, c.id
""")
_LATEST = sa.text(
    "select name, shared, nightly, removed from saved_changes where search_id = :id order by id desc limit 1"
)
_LOCK = sa.text("select pg_advisory_xact_lock(hashtextextended('saved search ' || :id, 0))")


class SavedError(Exception):
    """A search cannot be kept or changed. The message is a sentence for whoever wanted it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Saved:
    """A kept search, as it is now: its row (see `_SAVED`), and the form as it was filled in."""

    row: Row[Any]
    form: SearchForm

    @property
    def address(self) -> str:
        """The address that runs it."""
        return self.form.address()


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """A place in the list of shared searches, whatever stands there: behind a name and row id (None: at its beginning)."""

    name: str | None = None
    id: int = 0


BEGINNING = Place()


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """A change of a kept search: what was done, by whom, when."""

    what: str
    by_whom: str
    at: dt.datetime


@dataclasses.dataclass(frozen=True, slots=True)
class History:
    """The latest `MOST_STEPS` changes of a kept search, the latest first, and how many there are before them."""

    steps: Sequence[Step]
    earlier: int


def _saved(row: Row[Any]) -> Saved:
    return Saved(row, form_of(row.fields))


def own(connection: Connection, user_id: int) -> list[Saved]:
    """What somebody keeps, by name."""
    return [_saved(row) for row in connection.execute(_OWN, {"user": user_id})]


def shared(connection: Connection, user_id: int, after: Place, most: int, past: int) -> list[Saved]:
    """What others share with all, by name: so many after that place, once `past` of them are passed over."""
    what = {"user": user_id, "name": after.name, "id": after.id, "most": most, "past": past}
    return [_saved(row) for row in connection.execute(_SHARED, what)]


def nightly(connection: Connection) -> list[Saved]:
    """What runs by night, in the order in which it was saved."""
    return [_saved(row) for row in connection.execute(_NIGHTLY)]


def every(connection: Connection) -> list[Saved]:
    """Everybody's, by owner and name."""
    return [_saved(row) for row in connection.execute(_EVERY)]


def one(connection: Connection, public_id: uuid.UUID) -> Saved | None:
    """The one with that public id; None where there is none, or none any more."""
    row = connection.execute(_ONE, {"public_id": public_id}).one_or_none()
    return None if row is None else _saved(row)


def history(connection: Connection, ids: Sequence[int]) -> dict[int, History]:
    """What was done to these searches (row ids), by row id."""
    changes: dict[int, list[Row[Any]]] = {}
    # One more than is told: what was changed is told by the one before.
    for row in connection.execute(_HISTORY, {"ids": list(ids), "most": MOST_STEPS + 1}):
        changes.setdefault(row.search_id, []).append(row)
    return {search_id: _history(rows) for search_id, rows in changes.items()}


def _history(rows: Sequence[Row[Any]]) -> History:
    pairs = list(zip([None, *rows], rows, strict=False))[-MOST_STEPS:]
    steps = [Step(_words(before, row), row.by_whom, row.at) for before, row in reversed(pairs)]
    return History(steps, rows[0].number - len(steps))


def _words(before: Row[Any] | None, now: Row[Any]) -> str:
    if before is None:
        return pgettext("search", "saved and shared") if now.shared else pgettext("search", "saved")
    if now.removed:
        return pgettext("search", "removed")
    if now.name != before.name:
        return pgettext("search", "renamed from \u201c%(name)s\u201d", name=before.name)
    if now.shared != before.shared:
        return pgettext("search", "shared") if now.shared else pgettext("search", "no longer shared")
    return (
        pgettext("search", "told of by e-mail each night") if now.nightly else pgettext("search", "no longer told of")
    )


def usable_name(text: str) -> str:
    """A name as it is kept. Raises `SavedError`."""
    try:
        return naming.usable(text, "search", LONGEST_NAME)
    except naming.NameRefused as error:
        raise SavedError(str(error)) from error


def save(
    engine: Engine, user: SignedIn, fields: Mapping[str, str], name: str, *, shared: bool, now: dt.datetime
) -> uuid.UUID:
    """Keep a search. Gives its public id.

    Args:
        engine: the archive's database.
        user: whose it is.
        fields: the form as it was filled in (`SearchForm.fields`); the caller has seen to it that it can be understood.
        name: what they call it.
        shared: whether all may run it.
        now: the archive's time.

    Raises:
        SavedError: the name cannot be one, or they keep as many as anybody can.
    """
    called = usable_name(name)
    public_id = uuid7()
    with engine.begin() as connection:
        connection.execute(_LOCK, {"id": f"of {user.id}"})
        if len(own(connection, user.id)) >= MOST_OWN:
            raise SavedError(
                _("You keep %(most)s searches, which is the most: remove one that is not needed.", most=MOST_OWN)
            )
        search_id = connection.scalar(
            sa.insert(SavedSearch)
            .values(public_id=public_id, user_id=user.id, fields=dict(fields), saved_at=now)
            .returning(SavedSearch.id)
        )
        _write(connection, search_id, user.name, now, name=called, shared=shared, nightly=False, removed=False)
        detail = {"name": called, "shared": shared, "search": dict(fields)}
        audit.write(connection, user.name, "search saved", str(public_id), detail)
    return public_id


def change(engine: Engine, saved: Saved, user: str, now: dt.datetime, action: str, **changes: Any) -> bool:
    """Change what is said of a kept search. Gives whether that was anything; where it was nothing, nothing is written.

    Args:
        engine: the archive's database.
        saved: which.
        user: who changes it.
        now: the archive's time.
        action: what the audit log calls it.
        changes: of `name` (fit to be kept), `shared`, `nightly`, `removed`.
    """
    with engine.begin() as connection:
        connection.execute(_LOCK, {"id": str(saved.row.id)})
        before = connection.execute(_LATEST, {"id": saved.row.id}).one()._asdict()
        after = before | changes
        if after == before or before["removed"]:
            return False
        _write(connection, saved.row.id, user, now, **after)
        audit.write(connection, user, action, str(saved.row.public_id), {"name": before["name"], **changes})
    return True


def _write(connection: Connection, search_id: Any, user: str, now: dt.datetime, **what: Any) -> None:
    connection.execute(sa.insert(SavedChange).values(search_id=search_id, by_whom=user, at=now, **what))
