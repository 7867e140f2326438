"""The search form: what was typed, and the search it asks for. Pure."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from archiver.records.storable import mend
from search.errors import QueryError
from search.query import SearchRequest, Sort

if TYPE_CHECKING:
    import uuid
    import zoneinfo
    from collections.abc import Mapping

PAGE_SIZE = 25
LONGEST_QUERY = 4_000
_MOST_PAGES = 10_000_000
_MOST_DIGITS = len(str(_MOST_PAGES))
_FIELDS = ("q", "account", "platform", "from", "to", "sort")


@dataclasses.dataclass(frozen=True, slots=True)
class SearchForm:
    """The form as it was sent, and as it is shown again. `page` only counts; `after` says where the page begins."""

    q: str = ""
    account: str = ""
    platform: str = ""
    date_from: str = ""
    date_to: str = ""
    sort: str = ""
    after: str = ""
    page: int = 1
    asked: bool = False

    @property
    def fields(self) -> dict[str, str]:
        """What is filled in, as in the address."""
        values = (self.q, self.account, self.platform, self.date_from, self.date_to, self.sort)
        return {name: value for name, value in zip(_FIELDS, values, strict=True) if value}

    def address(self, **changed: str) -> str:
        """The address of this search, with other values for some fields."""
        fields = {name: value for name, value in (self.fields | changed).items() if value}
        return f"/?{urlencode(fields or {'q': ''})}"


def form_of(params: Mapping[str, str]) -> SearchForm:
    """Read the form from the address's query. Nothing is refused here."""
    fields = {name: mend(params.get(name, "")).strip() for name in (*_FIELDS, "after")}
    page = params.get("page", "1")
    return SearchForm(
        q=fields["q"],
        account=fields["account"],
        platform=fields["platform"],
        date_from=fields["from"],
        date_to=fields["to"],
        sort=fields["sort"],
        after=fields["after"],
        page=min(max(int(page), 1), _MOST_PAGES)
        if page.isascii() and page.isdigit() and len(page) <= _MOST_DIGITS
        else 1,
        asked=any(name in params for name in _FIELDS),
    )


def request_of(form: SearchForm, zone: zoneinfo.ZoneInfo, account_id: uuid.UUID | None) -> SearchRequest:
    """The search that the form asks for.

    Raises:
        QueryError: a date or an order is none; its message is for the page.
    """
    if len(form.q) > LONGEST_QUERY:
        raise QueryError(
            f"A search has at most {LONGEST_QUERY:,} characters; this one has {len(form.q):,}: shorten it."
        )
    return SearchRequest(
        zone=zone,
        text=form.q,
        account=form.account or None,
        account_id=account_id,
        platform=form.platform or None,
        date_from=_day(form.date_from),
        date_to=_day(form.date_to),
        page_size=PAGE_SIZE,
        sort=_sort(form.sort),
        cursor=form.after or None,
    )


def _day(text: str) -> dt.date | None:
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise QueryError(f"\u201c{text}\u201d is no date: write the year, month and day as 2026-03-31.") from None


def _sort(text: str) -> Sort | None:
    if not text:
        return None
    try:
        return Sort(text)
    except ValueError:
        raise QueryError(f"\u201c{text}\u201d is no order: choose one from the list.") from None
