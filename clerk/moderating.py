"""The moderation record as the pages show it: its filters, its timeline, its file. Pure."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from archiver.i18n.translation import _
from archiver.moderation import SOURCES, Wanted
from archiver.records.models.supervision import ACTIONS
from archiver.records.storable import mend
from archiver.zones import in_zone
from clerk.csv_cells import csv_of
from search.exports.rows import INTERNAL

if TYPE_CHECKING:
    import zoneinfo
    from collections.abc import Iterable, Iterator, Mapping, Sequence

FILTERS = ("account", "action", "source", "from", "to")
_MOST_DIGITS = 18
COLUMNS = (
    INTERNAL, "when", "noticed", "what", "by whom", "source", "record", "kind", "accounts", "author", "text", "reason", "clause",
    "platform's words", "recorded by",
)  # fmt: skip
"""The first column holds a running number under the mark, as in every export."""


@dataclasses.dataclass(frozen=True, slots=True)
class Filters:
    """The filters as they were sent, and as they are shown again; `before`: the row that the page before ended with."""

    values: Mapping[str, str]
    before: int | None = None

    @property
    def chosen(self) -> dict[str, str]:
        """Those that are filled in."""
        return {name: value for name, value in self.values.items() if value}

    def address(self, path: str = "/moderation", **more: str) -> str:
        """The address of this list, or of its file."""
        query = urlencode({name: value for name, value in {**self.values, **more}.items() if value})
        return f"{path}?{query}" if query else path

    def wanted(self, zone: zoneinfo.ZoneInfo, account_id: int | None) -> Wanted:
        """The rows that are asked for; raises `ValueError` with a sentence for a filter that cannot be read."""
        action, source = self.values.get("action") or None, self.values.get("source") or None
        if action not in {None, *ACTIONS} or source not in {None, *SOURCES}:
            raise ValueError(_("Choose from the lists what to see."))
        since, until = _day(self.values.get("from")), _day(self.values.get("to"))
        return Wanted(
            account_id=account_id,
            action=action,
            source=source,
            since=None if since is None else dt.datetime.combine(since, dt.time(), zone),
            until=None if until is None else dt.datetime.combine(until + dt.timedelta(days=1), dt.time(), zone),
            before=self.before,
        )


def filters_of(params: Mapping[str, str]) -> Filters:
    """Read the filters from the address's query. Nothing is refused here."""
    before = params.get("before", "")
    return Filters(
        {name: mend(params.get(name, "")).strip()[:300] for name in FILTERS},
        int(before) if before.isascii() and before.isdigit() and len(before) <= _MOST_DIGITS else None,
    )


def _day(text: str | None) -> dt.date | None:
    if not text:
        return None
    try:
        found = dt.date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(_("A day is written as 2026-03-31.")) from error
    if not dt.date(1990, 1, 1) <= found <= dt.date(9000, 1, 1):
        raise ValueError(_("That day is out of range."))
    return found


def as_csv(batches: Iterable[Sequence[Any]], zone: zoneinfo.ZoneInfo) -> Iterator[bytes]:
    """Rows of the record as a CSV file, piece by piece, however many; times in the city's zone."""

    def local(at: dt.datetime | None) -> str:
        return "" if at is None else in_zone(at, zone).isoformat(timespec="seconds")

    yield csv_of(COLUMNS, ())
    number = itertools.count(1)
    for rows in batches:
        yield csv_of(
            None,
            (
                (
                    next(number), local(row.at), local(row.observed_at), row.action, row.by_whom, row.source, row.item,
                    row.kind, " ".join(row.accounts), row.author_handle or row.author_name, row.text, row.reason, row.clause,
                    row.words, row.recorded_by,
                )
                for row in rows
            ),
        )  # fmt: skip
