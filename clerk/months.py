"""What is held of an account month by month: how many records of each kind, what became of them, and which gaps fall into it.

Each number is that of a search: the months are of the stated time in the city, the states and "changed" are those that a search
by `state:` asks for. What has no date is in no month, nor is what states one that is far from the present.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver.records.shapes import load_shapes
from archiver.records.through import STATE_THROUGH, parameters
from clerk.edited import BATCH, EDITED, UNSURE
from clerk.searching import SearchForm
from search.documents import is_edited
from search.query.facets import FIRST_YEAR, LAST_YEAR

if TYPE_CHECKING:
    import zoneinfo
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sqlalchemy.engine import Connection, Row

STATES = {"gone_confirmed": "deleted", "hidden": "hidden", "not_returned": "missing", "edited": "edited"}
"""What is counted besides all that is held, and how a search asks for it."""
_STREAMS = {
    "post": {"posts"}, "comment": {"comments", "mentions"}, "repost": {"reposts", "posts"}, "message": {"messages"},
    "story": {"stories"}, "profile": {"profile"},
}  # fmt: skip
"""The streams that a kind comes through: a gap in one of them may be why some are missing."""
_OUTSIDE = f"(stated < make_timestamp({FIRST_YEAR}, 1, 1, 0, 0, 0) or stated >= make_timestamp({LAST_YEAR + 1}, 1, 1, 0, 0, 0))"
"""Whether the city's time of a record is in none of the years that have months."""

_COUNTED = f"""
    select distinct i.id, i.kind, {STATE_THROUGH} as state,
           coalesce(i.created_at, c.created_at) at time zone :zone as stated,
           coalesce(said.edited, false) as edited, coalesce(said.unsure, false) as unsure
    from sightings g join streams s on s.id = g.stream_id join items i on i.id = g.item_id
    left join versions c on c.id = i.current_version_id
    left join lateral (
        select {EDITED} as edited, {UNSURE} as unsure from versions v where v.item_id = i.id
    ) said on true
    where s.account_id = :account and (i.kind <> 'message' or :messages)
"""  # noqa: S608 - expressions of our own
_MONTHS = sa.text(f"""
    select kind, coalesce({_OUTSIDE}, false) as outside,
           case when not {_OUTSIDE} then date_trunc('month', stated)::date end as month,
           count(*) as held, count(*) filter (where state = 'gone_confirmed') as gone_confirmed,
           count(*) filter (where state = 'hidden') as hidden,
           count(*) filter (where state = 'not_returned') as not_returned,
           count(*) filter (where edited) as edited,
           array_agg(id) filter (where unsure and not edited) as unsure
    from ({_COUNTED}) counted group by kind, outside, month
""")  # noqa: S608 - a statement of our own


@dataclasses.dataclass(frozen=True, slots=True)
class Number:
    """How many, and the address of the search that finds them; None where no search can ask for just these."""

    count: int
    address: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class KindRow:
    """The records of one kind in a month: all, those in each of `STATES`, and how many gaps of its streams fall into it."""

    kind: str
    held: Number
    states: Mapping[str, Number]
    gaps: int


@dataclasses.dataclass(frozen=True, slots=True)
class Month:
    """A month (its first day), the kinds that there are of it, and the gaps that fall into it.

    Without a first day: what has no date, or, `outside`, one in a year that has no months here.
    """

    first: dt.date | None
    outside: bool
    kinds: Sequence[KindRow]
    gaps: int


@dataclasses.dataclass(frozen=True, slots=True)
class Year:
    """The months of a year, the last first. None: what has no date, or, `outside`, one in no year that has months here."""

    year: int | None
    outside: bool
    months: Sequence[Month]
    held: int


def counted(
    connection: Connection, account_id: int, zone: str, *, messages: bool, accounts: Collection[int] | None
) -> list[dict[str, Any]]:
    """How many records of each kind and month came through an account, with what became of them, as far as `accounts` (row ids;
    None: all) tell.
    """
    what = {"account": account_id, "zone": zone, "messages": messages, **parameters(accounts)}
    rows = connection.execute(_MONTHS, what).mappings().all()
    found = []
    for row in rows:
        unsure = list(row["unsure"] or ())
        edited = row["edited"]
        for start in range(0, len(unsure), BATCH):
            shapes = load_shapes(connection, unsure[start : start + BATCH])
            edited += sum(1 for shape in shapes.values() if is_edited(shape))
        found.append({**row, "edited": edited})
    return found


def by_month(
    rows: Iterable[Mapping[str, Any]],
    gaps: Sequence[Row[Any]],
    account: str,
    zone: zoneinfo.ZoneInfo,
    now: dt.datetime,
) -> list[Year]:
    """The table of an account's months, the last first. Pure.

    `gaps`: as `archiver.gaps.listed` has them; `account`: the name that a search takes.
    """
    kinds: defaultdict[tuple[dt.date | None, bool], list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        kinds[row["month"], row["outside"]].append(row)
    windows = [(_month(gap.opened_at, zone), _month(gap.closed_at or now, zone), gap.stream) for gap in gaps]
    for first, last, _ in windows:
        month = first
        while month <= last:
            kinds.setdefault((month, False), [])
            month = _next(month)
    months = [
        Month(
            month,
            outside,
            [_row(row, windows, account) for row in sorted(kinds[month, outside], key=lambda row: str(row["kind"]))],
            sum(1 for first, last, _ in windows if month is not None and first <= month <= last),
        )
        for month, outside in sorted(kinds, key=lambda key: (key[0] or dt.date.min, key[1]), reverse=True)
    ]
    years: defaultdict[tuple[int | None, bool], list[Month]] = defaultdict(list)
    for each in months:
        years[each.first.year if each.first else None, each.outside].append(each)
    return [
        Year(year, outside, of, sum(row.held.count for month in of for row in month.kinds))
        for (year, outside), of in years.items()
    ]


def _row(row: Mapping[str, Any], windows: Sequence[tuple[dt.date, dt.date, str | None]], account: str) -> KindRow:
    month, kind = row["month"], row["kind"]
    streams = {None, *_STREAMS.get(kind, ())}
    return KindRow(
        kind,
        Number(row["held"], _address(account, kind, month)),
        {state: Number(row[state], _address(account, kind, month, asked)) for state, asked in STATES.items()},
        0
        if month is None
        else sum(1 for first, last, stream in windows if first <= month <= last and stream in streams),
    )


def _address(account: str, kind: str, month: dt.date | None, state: str = "") -> str | None:
    if month is None:
        return None
    last = _next(month) - dt.timedelta(days=1)
    form = SearchForm(
        q=f"type:{kind}" + (f" state:{state}" if state else ""),
        account=account,
        date_from=month.isoformat(),
        date_to=last.isoformat(),
        messages=kind == "message",
    )
    return form.address()


def _month(at: dt.datetime, zone: zoneinfo.ZoneInfo) -> dt.date:
    return at.astimezone(zone).date().replace(day=1)


def _next(month: dt.date) -> dt.date:
    return (month + dt.timedelta(days=31)).replace(day=1)
