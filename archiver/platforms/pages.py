"""What a connector gives of an account: pages of a listing, answers about the account and about single items, and the exchanges
that they came from.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from typing import BinaryIO

    from archiver.platforms.items import Item, Json, Party, Skipped, State, StreamKind, Tombstone


@dataclasses.dataclass(frozen=True, slots=True)
class Count:
    """How many the platform says there are: of a whole stream (`item` None) or below one item."""

    of: str
    platform: int | None
    item: str | None = None
    reason: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Coverage:
    """The part of a listing that a page showed whole: every item with `after <= order_key < before` was on it.

    None is an open end. What we hold in that range and the page does not show was not returned.
    """

    before: str | None
    after: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class Exchange:
    """One HTTP exchange (or one file of an import) as received."""

    id: str
    """UUIDv7, also the tail of the WARC-Record-ID."""
    requested_at: datetime
    method: str
    url: str
    """With secrets scrubbed."""
    status: int
    reason: str
    request_headers: tuple[tuple[str, str], ...]
    response_headers: tuple[tuple[str, str], ...]
    body: bytes
    """Decoded from its content coding: what a connector parses."""
    received: bytes
    """As received, free of transfer coding only (RFC 9112 section 7): what is kept, where nothing is scrubbed."""
    received_sha256: bytes
    """SHA-256 of the body exactly as received."""
    elapsed_ms: int
    scrubbed: tuple[str, ...] = ()
    """What was taken out of the kept copy, by name."""
    kept_body: bytes | None = None
    """The decoded body with secrets taken out, where there were any; None where `received` is kept."""
    redirects: tuple[tuple[int, str], ...] = ()
    """The redirects followed to get here: each one's status and the address it led to, scrubbed."""
    file: BinaryIO | None = None
    """What was received, where it is too large to be held (`Session.download`); `body` and `received` are empty then."""
    file_bytes: int = 0

    def header(self, name: str) -> str | None:
        """The first response header of that name, whatever its case, or None."""
        lowered = name.lower()
        return next((value for key, value in self.response_headers if key.lower() == lowered), None)


@dataclasses.dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation as its listing shows it. `marker` changes with every new message; what has not changed is not read."""

    id: str
    marker: str | None = None
    updated_at: datetime | None = None
    platform_count: int | None = None
    """How many messages the platform says it has."""


@dataclasses.dataclass(frozen=True, slots=True)
class ConversationsPage:
    """One page of the listing of conversations."""

    conversations: Sequence[Conversation]
    exchanges: Sequence[Exchange]
    skipped: Sequence[Skipped] = ()
    cut: bool = False
    """More comes after it, and cannot be reached; `skipped` says why."""


@dataclasses.dataclass(frozen=True, slots=True)
class MemberPage:
    """One page of a list of parties (blocked accounts, followers). `total` is the platform's own count, where it gives one."""

    members: Sequence[Party]
    exchanges: Sequence[Exchange]
    total: int | None = None


@dataclasses.dataclass(slots=True)
class Page:
    """What one step of a walk brought: items and the exchanges they came from, saved in one transaction."""

    items: Sequence[Item]
    exchanges: Sequence[Exchange]
    resume: Json = None
    """From where the walk goes on after this page; None when this was the last."""
    cut: bool = False
    """More comes after it, and cannot be reached; `skipped` says why."""
    coverage: Coverage | None = None
    tombstones: Sequence[Tombstone] = ()
    counts: Sequence[Count] = ()
    skipped: Sequence[Skipped] = ()
    unchanged: bool = False
    """Nothing changed since the last time: the platform itself said so (HTTP 304), or the same bytes came again. Whatever the
    page's coverage holds as present has been seen once more.
    """
    validators: Mapping[str, str] | None = None
    """What to send next time to be told so (ETag, Last-Modified)."""
    looked_up: bool = False
    """Its items were shown at their own addresses, not by a listing: that they are there does not say that they are listed."""
    keep: bool = False
    """Keep the bodies of its exchanges even if they told nothing new: they are why something is late or missing."""
    history: Sequence[Item] = ()
    """What items of this page said before, as the platform tells it (its edit history), oldest first: source `history`, each
    with the identity of its item, its own text, `edited_at` (None for the first form) and `exchange`."""
    sub_key: str | None = None
    """The post whose comments these are, where the stream has a cursor for each."""
    status: AccountStatus | None = None
    """What this page says of the account itself, on a platform that says it nowhere else (a feed's head). Its `exchanges`
    are empty and its profile's `exchange` counts within this page's."""


@dataclasses.dataclass(frozen=True, slots=True)
class Holding:
    """One item that a second source says is there: its fingerprint, and where it stands in its listing."""

    fingerprint: str | None = None
    order_key: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Inventory:
    """What a second source (the platform's export of the account) says that streams hold, to check their listings with."""

    exchange: Exchange
    holdings: Mapping[StreamKind, Mapping[str, Holding]]
    """By stream and id; a stream that is not named here is not told of."""
    words: str
    """Which state of the account it is of, for a sentence: "the repository at revision 3kabc"."""
    problem: str | None = None
    """Why it cannot be relied on (it is damaged, parts are missing): then nothing is concluded from what it lacks."""


@dataclasses.dataclass(frozen=True, slots=True)
class AccountRef:
    """What a connector may know of an account: its address on the platform and its settings."""

    id: int
    platform: str
    namespace: str
    platform_id: str | None
    handle: str
    settings: Mapping[str, Any]
    """Its settings of this platform, secrets among them: those are given as `env:NAME` and read from there. While a stream is
    captured, `stream` says which, `mode` in which way (`light`: the newest alone), and `started_at` since when (aware, UTC)."""
    secrets: tuple[str, ...] = ()
    """The values among the settings that must never be kept or shown."""

    @property
    def name(self) -> str:
        """How the account is named everywhere: `platform:handle-or-id`."""
        return f"{self.platform}:{self.handle}"


@dataclasses.dataclass(frozen=True, slots=True)
class AccountStatus:
    """What the platform says of the account itself, at the head of every capture.

    `state` is `present`, `hidden` (deactivated or taken down: it may come back), `gone_confirmed` (the platform says that
    the account was deleted) or `access_lost` (our token or the platform fails us).
    """

    platform_id: str | None
    handle: str | None
    state: State
    words: str
    exchanges: Sequence[Exchange] = ()
    profile: Item | None = None
    profile_id: str | None = None
    """The id of the profile's item, also where the profile itself cannot be read."""
    counts: Sequence[Count] = ()
    namespace: str | None = None
    """The namespace of the account's items where its platform has one (a Mastodon instance); kept in the register."""
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Addresses found on the way (a Bluesky account's PDS); kept for this capture only."""


@dataclasses.dataclass(frozen=True, slots=True)
class Lookup:
    """The answer to a question about one item by its id."""

    id: str
    state: State | None
    """`present`: it is there. `gone_confirmed`: the platform says that it is not (what that is worth, the engine decides).
    `hidden`: it exists, and is not shown. None: the platform does not say (forbidden, an error)."""
    words: str
    exchange: Exchange | None = None
    item: Item | None = None
    """What its own address shows, where it is there."""
