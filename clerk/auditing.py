"""The audit log as an auditor reads it: its filters, a page of it, all of it as a file."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import sqlalchemy as sa

from archiver.i18n.translation import _
from archiver.records.storable import mend
from clerk.csv_cells import csv_of

if TYPE_CHECKING:
    import zoneinfo
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy.engine import Connection, Engine, Row

FILTERS = ("actor", "action", "subject", "from", "to")
COLUMNS = ("number", "when", "who", "what", "of what", "detail")
_MOST_DIGITS = 18
_TOGETHER = 5_000
_ROWS = sa.text("""
    select id, at, actor, action, subject, detail from audit
    where (cast(:actor as text) is null or actor = :actor) and (cast(:action as text) is null or action = :action)
      and (cast(:subject as text) is null or subject = :subject)
      and (cast(:since as timestamptz) is null or at >= :since) and (cast(:until as timestamptz) is null or at < :until)
      and (cast(:before as bigint) is null or id < :before)
    order by id desc limit :most
""")
# From one action to the next by the index, rather than through every row.
_ACTIONS = sa.text("""
    with recursive found(action) as (
        (select action from audit order by action limit 1)
        union all
        select (select a.action from audit a where a.action > found.action order by a.action limit 1)
        from found where found.action is not null
    )
    select action from found where action is not null
""")


@dataclasses.dataclass(frozen=True, slots=True)
class Filters:
    """The filters as they were sent, and as they are shown again; `before`: the row that the page before ended with."""

    values: Mapping[str, str]
    before: int | None = None

    @property
    def chosen(self) -> dict[str, str]:
        """Those that are filled in."""
        return {name: value for name, value in self.values.items() if value}

    def address(self, path: str = "/audit", **more: str) -> str:
        """The address of this list, or of its file."""
        query = urlencode(self.chosen | more)
        return f"{path}?{query}" if query else path

    def asked(self, zone: zoneinfo.ZoneInfo) -> dict[str, Any]:
        """What to ask Postgres for. Raises `ValueError` with a sentence for a day that is none."""
        since, until = _day(self.values["from"]), _day(self.values["to"])
        return {
            "actor": self.values["actor"] or None,
            "action": self.values["action"] or None,
            "subject": self.values["subject"] or None,
            "since": None if since is None else dt.datetime.combine(since, dt.time(), zone),
            "until": None if until is None else dt.datetime.combine(until + dt.timedelta(days=1), dt.time(), zone),
            "before": self.before,
        }


def filters_of(params: Mapping[str, str]) -> Filters:
    """Read the filters from the address's query. Nothing is refused here."""
    before = params.get("before", "")
    return Filters(
        {name: mend(params.get(name, "")).strip()[:300] for name in FILTERS},
        int(before) if before.isascii() and before.isdigit() and len(before) <= _MOST_DIGITS else None,
    )


def _day(text: str) -> dt.date | None:
    if not text:
        return None
    try:
        found = dt.date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(_("A day is written as 2026-03-31.")) from error
    if not dt.date(1990, 1, 1) <= found <= dt.date(9000, 1, 1):
        raise ValueError(_("That day is out of range."))
    return found


def rows(connection: Connection, asked: Mapping[str, Any], most: int) -> Sequence[Row[Any]]:
    """A page of the log, the latest first."""
    return connection.execute(_ROWS, {**asked, "most": most}).all()


def actions(connection: Connection) -> Sequence[str]:
    """Everything that the log says was done, once each."""
    return connection.scalars(_ACTIONS).all()


def as_csv(engine: Engine, asked: Mapping[str, Any], zone: zoneinfo.ZoneInfo) -> Iterator[bytes]:
    """All that is asked for as a CSV file, piece by piece, however long; times in the city's zone. No connection is held while
    whoever downloads takes a piece.
    """
    yield csv_of(COLUMNS, ())
    before = asked["before"]
    while True:
        with engine.connect() as connection:
            found = rows(connection, {**asked, "before": before}, _TOGETHER)
        if not found:
            return
        yield csv_of(
            None,
            (
                (
                    row.id, row.at.astimezone(zone).isoformat(timespec="seconds"), row.actor, row.action, row.subject,
                    json.dumps(row.detail, ensure_ascii=False, sort_keys=True) if row.detail else "",
                )
                for row in found
            ),
        )  # fmt: skip
        before = found[-1].id
