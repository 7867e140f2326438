"""What is asked and what is answered."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    import uuid
    import zoneinfo

MAX_PAGE_SIZE = 1000


class Sort(enum.StrEnum):
    """In which order. Items without a date come last, whichever way dates go."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    OLDEST = "oldest"


@dataclass(frozen=True, slots=True)
class Word:
    """A word in any of its forms."""

    text: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """These words, exactly so and in this order."""

    text: str


@dataclass(frozen=True, slots=True)
class Tag:
    """A hashtag, without its `#`."""

    text: str


@dataclass(frozen=True, slots=True)
class Handle:
    """A handle that is mentioned, without its `@`."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """An address that is linked to, or the item's own."""

    text: str


Term = Word | Phrase | Tag | Handle | Link


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """One search.

    `text` as typed. `account` as `platform:handle-or-id`; where `account_id` (the account's public id, from
    `search.accounts.resolve_account`) is given, it decides and `account` is only how the account is called. The dates
    are days in `zone`, both included. `sort` of None: by relevance where there are words, else newest first. `cursor`:
    from the page before.
    """

    zone: zoneinfo.ZoneInfo
    text: str = ""
    account: str | None = None
    account_id: uuid.UUID | None = None
    platform: str | None = None
    date_from: dt.date | None = None
    date_to: dt.date | None = None
    page_size: int = 25
    sort: Sort | None = None
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One item found.

    `text` is of the current version, as far as the results page needs it (`text_length` says how long it is in all);
    `highlight` is safe HTML with `<mark>` from the version that matched, `matched_version`. Times are in UTC.
    """

    item_public_id: uuid.UUID
    platform: str
    account: str | None
    accounts: tuple[str, ...]
    url: str | None
    created_at: dt.datetime | None
    author: str | None
    author_name: str | None
    kind: str
    state: str
    title: str | None
    text: str | None
    text_length: int
    highlight: str
    matched_version: int | None
    is_current_match: bool
    revision: int
    score: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """One page of hits. `total` is exact; `undated_excluded` counts what only its missing date kept out."""

    total: int
    hits: tuple[Hit, ...]
    explanation: str
    undated_excluded: int
    next_cursor: str | None
    took_ms: int
