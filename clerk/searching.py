"""The search form: what was typed, and the search it asks for. Pure."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING
from urllib.parse import quote_plus, urlencode

from archiver.i18n.translation import _
from archiver.records.storable import mend
from search.errors import QueryError
from search.query import SearchRequest, Sort
from search.query.model import Field
from search.query.narrowing import Narrowing
from search.query.words import platform_title

if TYPE_CHECKING:
    import uuid
    import zoneinfo
    from collections.abc import Mapping, Sequence

    from search.query import Limits, Part
    from search.query.directory import Directory
    from search.query.facets import Month

PAGE_SIZES = (25, 50, 100)
LONGEST_QUERY = 4_000
_MOST_PAGES = 10_000_000
_MOST_DIGITS = len(str(_MOST_PAGES))
_MOST_MONTHS = 360
"""The widest chart by month. A date is what somebody stated: one record of 1970 would make any chart as wide."""
FIELDS = ("q", "account", "platform", "from", "to", "messages", "sort")
"""What is asked for, as the address names it."""
LOOKS = ("size", "dense", "after", "page")
"""How the result is looked at."""


@dataclasses.dataclass(frozen=True, slots=True)
class SearchForm:
    """The form as it was sent, and as it is shown again. `page` only counts; `after` says where the page begins."""

    q: str = ""
    account: str = ""
    platform: str = ""
    date_from: str = ""
    date_to: str = ""
    messages: bool = False
    sort: str = ""
    size: int = PAGE_SIZES[0]
    dense: bool = False
    after: str = ""
    page: int = 1
    asked: bool = False

    @property
    def fields(self) -> dict[str, str]:
        """What is filled in, as in the address."""
        messages = "1" if self.messages else ""
        values = (self.q, self.account, self.platform, self.date_from, self.date_to, messages, self.sort)
        return {name: value for name, value in zip(FIELDS, values, strict=True) if value}

    @property
    def looks(self) -> dict[str, str]:
        """How the page is to look, where that is not the usual way."""
        size = {"size": str(self.size)} if self.size != PAGE_SIZES[0] else {}
        return size | ({"dense": "1"} if self.dense else {})

    def address(self, **changed: str) -> str:
        """The address of this search, with other values for some fields (`date_from` and `date_to` stand for `from` and `to`)."""
        names = {"date_from": "from", "date_to": "to"}
        changes = {names.get(name, name): value for name, value in changed.items()}
        fields = {name: value for name, value in (self.fields | self.looks | changes).items() if value}
        return f"/?{urlencode(fields if fields.keys() & set(FIELDS) else {'q': ''} | fields)}"


def form_of(params: Mapping[str, str]) -> SearchForm:
    """Read the form from the address's query. Nothing is refused here."""
    fields = {name: mend(params.get(name, "")).strip() for name in (*FIELDS, "after")}
    page = params.get("page", "1")
    return SearchForm(
        q=fields["q"],
        account=fields["account"],
        platform=fields["platform"],
        date_from=fields["from"],
        date_to=fields["to"],
        messages=fields["messages"] == "1",
        sort=fields["sort"],
        size=int(params["size"]) if params.get("size") in {str(each) for each in PAGE_SIZES} else PAGE_SIZES[0],
        dense=params.get("dense") == "1",
        after=fields["after"],
        page=min(max(int(page), 1), _MOST_PAGES)
        if page.isascii() and page.isdigit() and len(page) <= _MOST_DIGITS
        else 1,
        asked=any(name in params for name in FIELDS),
    )


def request_of(
    form: SearchForm,
    zone: zoneinfo.ZoneInfo,
    account_id: uuid.UUID | None,
    *,
    limits: Limits,
    today: dt.date | None = None,
    directory: Directory | None = None,
) -> SearchRequest:
    """The search that the form asks for, on that day, with the register to look names up in, within what whoever asks may see.

    Raises:
        QueryError: a date or an order is none; its message is for the page.
    """
    if len(form.q) > LONGEST_QUERY:
        raise QueryError(
            lambda: _(
                "A search has at most %(most)s characters; this one has %(length)s: shorten it.",
                most=f"{LONGEST_QUERY:,}",
                length=f"{len(form.q):,}",
            )
        )
    return SearchRequest(
        zone=zone,
        text=form.q,
        account=form.account or None,
        account_id=account_id,
        platform=form.platform or None,
        date_from=_day(form.date_from),
        date_to=_day(form.date_to),
        today=today,
        directory=directory,
        messages=form.messages,
        limits=limits,
        page_size=form.size,
        sort=_sort(form.sort),
        cursor=form.after or None,
        facets=True,
    )


def _day(text: str) -> dt.date | None:
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise QueryError(
            lambda: _("\u201c%(typed)s\u201d is no date: write the year, month and day as 2026-03-31.", typed=text)
        ) from None


def _sort(text: str) -> Sort | None:
    if not text:
        return None
    try:
        return Sort(text)
    except ValueError:
        raise QueryError(
            lambda: _("\u201c%(typed)s\u201d is no order: choose one from the list.", typed=text)
        ) from None


@dataclasses.dataclass(frozen=True, slots=True)
class Chip:
    """One thing that was asked for, and the address of the search without it."""

    words: str
    address: str
    alone: int | None = None


def chips_of(form: SearchForm, parts: Sequence[Part]) -> list[Chip]:
    """Everything that was asked for: the parts of what was typed, and the form's own filters."""
    typed = [Chip(part.words, form.address(q=part.without), part.alone) for part in parts]
    filters = [
        Chip(words, form.address(**{field: ""}))
        for field, is_asked, words in (
            ("account", form.account, _("seen on %(account)s", account=form.account)),
            ("platform", form.platform, _("on %(platform)s", platform=platform_title(form.platform))),
            ("date_from", form.date_from, _("from %(day)s", day=form.date_from)),
            ("date_to", form.date_to, _("through %(day)s", day=form.date_to)),
            ("messages", form.messages, _("with direct messages")),
        )
        if is_asked
    ]
    return [*typed, *filters]


@dataclasses.dataclass(frozen=True, slots=True)
class Bar:
    """A month in the chart, or a year: its address, its first day, its count, and its height in hundredths of the highest."""

    address: str
    first: dt.date
    count: int
    height: int
    is_year: bool


class Narrower:
    """The addresses of a search with one thing more asked for."""

    def __init__(self, form: SearchForm, today: dt.date) -> None:
        """Take the search that was made apart.

        Raises:
            QueryError: it cannot be understood.
        """
        self._narrowing = Narrowing(form.q, today)
        # The form holds no NUL, so that the first one is where the query goes.
        self._before, _mark, self._after = form.address(q="\0").partition(quote_plus("\0"))

    def __call__(self, typed: str) -> str:
        """The address of the search with this asked for besides."""
        return f"{self._before}{quote_plus(self._narrowing.by(typed))}{self._after}"


def bars_of(narrow: Narrower, months: Sequence[Month]) -> list[Bar]:
    """The chart of the months; of the years where there are too many to look at; empty where there is but one."""
    if len(months) < 2:  # noqa: PLR2004 - one bar says nothing
        return []
    counts = {month.first: (month.typed, month.count) for month in months}
    by_year = len(months) > _MOST_MONTHS
    if by_year:
        years = {month.first.year: 0 for month in months}
        for month in months:
            years[month.first.year] += month.count
        counts = {dt.date(year, 1, 1): (f"{Field.DATE}:{year}", count) for year, count in years.items()}
    most = max(count for _typed, count in counts.values())
    return [
        Bar(narrow(typed), first, count, -(-100 * count // most), by_year) for first, (typed, count) in counts.items()
    ]
