"""What is asked, as a tree, and what is answered."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    import uuid
    import zoneinfo

    from search.query.directory import Directory
    from search.query.facets import Facets

MAX_PAGE_SIZE = 1000


class Sort(enum.StrEnum):
    """In which order. Items without a date come last, whichever way dates go."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    OLDEST = "oldest"


class Field(enum.StrEnum):
    """What can be asked for besides words, as it is typed before a colon."""

    ACCOUNT = "account"
    PLATFORM = "platform"
    DEPARTMENT = "department"
    AUTHOR = "author"
    IS = "is"
    TYPE = "type"
    HAS = "has"
    STATE = "state"
    DATE = "date"
    CAPTURED = "captured"
    TAG = "tag"
    REQUEST = "request"
    HOLD = "hold"
    ADDRESS = "address"
    """The record that an address is of; what an address stands for, never typed."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word in any of its forms."""

    text: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """These words, exactly so: in this order, or with `within` in any order, so many others among them at the most."""

    text: str
    within: int = 0


@dataclass(frozen=True, slots=True)
class Near:
    """Two words (in any form) or phrases, no more than `within` words between them, in either order."""

    first: Word | Phrase
    second: Word | Phrase
    within: int


@dataclass(frozen=True, slots=True)
class Prefix:
    """A word that begins so."""

    text: str


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """A word that is spelt like this one, a letter or two apart."""

    text: str


@dataclass(frozen=True, slots=True)
class Tag:
    """A hashtag, without its `#`."""

    text: str


@dataclass(frozen=True, slots=True)
class Handle:
    """A handle, without its `@`."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """A web address, or the address of a record."""

    text: str


@dataclass(frozen=True, slots=True)
class Filter:
    """A field and its value, as typed. `ids`: the accounts that the directory knows by it, `names` how they are named."""

    field: Field
    value: str
    ids: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dated:
    """A span of days in the city's time zone, both included; None is an open end. `value` is how it was typed."""

    field: Field
    value: str
    first: dt.date | None
    last: dt.date | None


@dataclass(frozen=True, slots=True)
class And:
    """All of these."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of these."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Not this."""

    part: Node


Term = Word | Phrase | Near | Prefix | Fuzzy | Tag | Handle | Link
"""What a version says."""
Leaf = Term | Filter | Dated
Node = Leaf | And | Or | Not


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What whoever asks may see, whatever they ask for: no part of what is typed, and not to be taken away.

    `accounts`: the public ids of those that a record must have come through, in order; None: any. `messages`: whether direct
    messages may be searched at all. `words`: what of this the sentence says, as it follows "Everything".
    """

    accounts: tuple[str, ...] | None = None
    messages: bool = False
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """A search as the clerk asks it.

    `account` is a name as in the register (`platform:handle`, an old handle, or the platform's id); with `account_id`, from
    `search.accounts.resolve_account`, it only says how to call the account whose items are wanted. `date_from` and `date_to`
    are days in `zone`, both included. `today` is the day in `zone` that "yesterday" goes by. `directory`: the register, for
    `account:` and `department:` in the text; without it those are refused. `sort` of None: by relevance where there are
    words, else newest first. `cursor`: from the page before. `messages`: direct messages as well, which takes that they are
    within the `limits`.
    """

    zone: zoneinfo.ZoneInfo
    text: str = ""
    account: str | None = None
    account_id: uuid.UUID | None = None
    platform: str | None = None
    date_from: dt.date | None = None
    date_to: dt.date | None = None
    today: dt.date | None = None
    directory: Directory | None = None
    page_size: int = 25
    sort: Sort | None = None
    cursor: str | None = None
    messages: bool = False
    limits: Limits = Limits()
    facets: bool = False
    """Whether to tell how the result divides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One item found.

    `text` is of the current version, as far as the results page needs it (`text_length` says how long it is in all);
    `highlight` is safe HTML with `<mark>` from the version that matched, `matched_version`. Times are in UTC.
    """

    item_id: int
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


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that was asked for: in words, what would be left to type without it, and how many records it has by itself
    (None where that was not asked).
    """

    words: str
    without: str
    alone: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """One page of hits. `total` is exact; `undated_excluded` counts what only its missing date kept out.

    `parts` are what was typed, taken apart; where nothing was found, each with its count alone. `similar`: spellings that
    the archive has of words that it has not. `hints`: what the archive noticed about how the search was written.
    """

    total: int
    hits: tuple[Hit, ...]
    explanation: str
    undated_excluded: int
    next_cursor: str | None
    parts: tuple[Part, ...] = ()
    similar: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    facets: Facets | None = None
