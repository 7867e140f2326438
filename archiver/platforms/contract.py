"""What a platform is: the words every connector speaks, and the protocol it fulfils.

A connector fetches through the session it is given and parses apart from that: it never opens a socket, a file or a
database of its own. It yields pages; what a page means for the archive (versions, states, cursors, windows) is decided
by `archiver.capture`, once for all platforms.
"""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime, timedelta
    from typing import BinaryIO

    from archiver.platforms.manners import Draw, Renewal, TokenHealth, Usage, Verdict

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


class ItemKind(enum.StrEnum):
    """What the platform has one id for."""

    POST = "post"
    COMMENT = "comment"
    REPOST = "repost"
    MESSAGE = "message"
    STORY = "story"
    PROFILE = "profile"


class StreamKind(enum.StrEnum):
    """The streams of an account, each captured, locked and counted by itself."""

    PROFILE = "profile"
    POSTS = "posts"
    REELS = "reels"
    REPLIES = "replies"
    """What the account itself answers elsewhere, where the platform lists that apart from its posts."""
    REPOSTS = "reposts"
    VISITORS = "visitors"
    """What others publish on the account's own page."""
    COMMENTS = "comments"
    STORIES = "stories"
    MESSAGES = "messages"
    MENTIONS = "mentions"
    IMPORT = "import"
    LISTS = "lists"
    """Whom the account blocks, who follows it: snapshots, no items; read at the end of a night."""


class Source(enum.StrEnum):
    """Where a version comes from. A version is compared with the last one of the same source only."""

    API = "api"
    FEED = "feed"
    IMPORT = "import"
    HISTORY = "history"
    """The platform's own record of what an item said before it was edited."""


class State(enum.StrEnum):
    """How an item was last found. Absence is graded: only a lookup that says so confirms that an item is gone."""

    PRESENT = "present"
    NOT_RETURNED = "not_returned"
    HIDDEN = "hidden"
    GONE_CONFIRMED = "gone_confirmed"
    ACCESS_LOST = "access_lost"


class ReferenceKind(enum.StrEnum):
    """How one item points at another."""

    PARENT = "parent"
    ROOT = "root"
    QUOTE = "quote"
    REPOST_OF = "repost_of"


@dataclasses.dataclass(frozen=True, slots=True)
class Party:
    """Who wrote an item, as the platform showed them then; keyed by the platform's own id, never by handle."""

    id: str
    handle: str | None = None
    name: str | None = None
    namespace: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Reference:
    """A pointer from an item to another item of the same platform and namespace."""

    kind: ReferenceKind
    id: str
    fingerprint: str | None = None
    """Which state of the other item was meant, where the platform says so (a Bluesky CID)."""


@dataclasses.dataclass(frozen=True, slots=True)
class Media:
    """One attachment of an item. `id` is the platform's own (a CID, a media key), or the address where it has none."""

    id: str
    kind: str
    """`image`, `video`, `audio` or `file`."""
    url: str | None = None
    alt_text: str | None = None
    content_type: str | None = None
    size: int | None = None
    owner: str | None = None
    """Whose store has the bytes, where that is not the item's own account (a Bluesky DID)."""


@dataclasses.dataclass(frozen=True, slots=True)
class Item:
    """One item as one exchange showed it.

    `None` means that the platform did not say; a field that was not asked for is named in `not_requested`, so that it
    is never taken for an empty one. Times are aware datetimes in UTC; `created_text` keeps the platform's own writing.
    """

    kind: ItemKind
    id: str
    source: Source
    namespace: str = ""
    author: Party | None = None
    title: str | None = None
    text: str | None = None
    html: str | None = None
    created_text: str | None = None
    created_at: datetime | None = None
    edited_text: str | None = None
    edited_at: datetime | None = None
    indexed_at: datetime | None = None
    url: str | None = None
    languages: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    media: tuple[Media, ...] = ()
    references: tuple[Reference, ...] = ()
    fingerprint: str | None = None
    """The platform's own digest or version of the content (a Bluesky CID, an ETag of the item)."""
    evidence: Mapping[str, Json] = dataclasses.field(default_factory=dict)
    """Further fields of this platform that belong to what the item said."""
    not_requested: frozenset[str] = frozenset()
    counts: Mapping[str, int] = dataclasses.field(default_factory=dict)
    """Likes, shares, replies: observations, never part of a version."""
    order_key: str | None = None
    """Where the item stands in its listing; compared as bytes, so that pages cover ranges of it."""
    pointer: str = ""
    """RFC 6901 JSON Pointer (or a like path) of the item within the body it came from."""
    exchange: int = -1
    """Which of the page's exchanges showed it (an index into `Page.exchanges`)."""
    aliases: tuple[str, ...] = ()
    flags: frozenset[str] = frozenset()
    hidden: str | None = None
    """In the platform's words, that it hides the item from others though it shows it to us (`is_hidden`, held for review)."""
    sighted: bool = True
    """False for an item that was only shown inside another (a quoted post): kept, but not a member of the stream."""

    def reference(self, kind: ReferenceKind) -> str | None:
        """The id of the item this one points at in the given way, or None."""
        return next((reference.id for reference in self.references if reference.kind is kind), None)


@dataclasses.dataclass(frozen=True, slots=True)
class Tombstone:
    """The platform's own word about an item that it did not show."""

    id: str
    state: State
    words: str
    exchange: int = -1
    namespace: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Skipped:
    """Something that could not be read, in the platform's own words."""

    what: str
    reason: str
    lost: bool = True
    """False for a note: it was read all the same (ill-formed but readable), and nothing of it is missing."""


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


@dataclasses.dataclass(frozen=True, slots=True)
class Setting:
    """One setting of an account on this platform."""

    name: str
    help: str
    required: bool = False
    secret: bool = False
    default: str | None = None


COMMON_SETTINGS = (
    Setting("light_minutes", "How often the light pass reads the newest posts and comments, in minutes; 0: never."),
    Setting(
        "lists",
        "Which lists of accounts to keep as dated snapshots, of those the platform gives: `blocked`, `followers`, both, or "
        "`none`. Unset: `blocked`, unless reading it costs money.",
    ),
)
"""What every account may have set, whatever its platform."""


@dataclasses.dataclass(frozen=True, slots=True)
class Manifest:
    """What a platform declares of itself; the documentation and the set-up help are made from it."""

    name: str
    title: str
    streams: tuple[StreamKind, ...]
    settings: tuple[Setting, ...]
    permissions: tuple[str, ...]
    limits: tuple[str, ...]
    cannot_see: tuple[str, ...]
    sources: tuple[str, ...]
    needs_token: bool = False
    may_be_empty: frozenset[StreamKind] = frozenset()
    """Streams of which nothing is no wonder, though there was something before (stories, mentions)."""
    threads_of: tuple[StreamKind, ...] = (StreamKind.POSTS,)
    """The streams whose items have comments of their own to be read."""
    by_conversation: bool = False
    """Whether messages are read conversation by conversation (`Manners.conversations`), not as one listing."""
    light: tuple[StreamKind, ...] = (StreamKind.POSTS, StreamKind.STORIES, StreamKind.COMMENTS)
    """What the light pass between two nights reads, of the streams that there are."""
    light_minutes: int = 30
    """How often the light pass comes by, unless the account's setting says otherwise; 0: never."""
    lookups: bool = True
    """Whether single items can be asked for by their id (`Platform.lookup`); a feed has no such address."""
    lists: tuple[str, ...] = ()
    """Lists of parties that can be read: `blocked`, `followers`."""
    lists_asked: frozenset[str] = frozenset({"followers"})
    """Of these, the ones that are read only where the account's setting `lists` names them."""


class Session(Protocol):
    """What a connector fetches with. It retries, obeys limits, scrubs secrets and remembers each exchange."""

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str | int | Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        accept_errors: Callable[[Exchange], bool] | None = None,
    ) -> Exchange:
        """GET the address; error answers raise unless `accept_errors` says that the connector reads them itself."""
        ...

    def post(
        self,
        url: str,
        *,
        params: Mapping[str, str | int | Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Json = None,
        form: Mapping[str, str] | None = None,
        accept_errors: Callable[[Exchange], bool] | None = None,
    ) -> Exchange:
        """POST a JSON document or a form, where a platform reads or renews by POST; else as `get`."""
        ...

    def download(
        self,
        url: str,
        *,
        params: Mapping[str, str | int | Sequence[str]] | None = None,
        accept_errors: Callable[[Exchange], bool] | None = None,
    ) -> AbstractContextManager[Exchange]:
        """GET what is too large to be held, and public; else as `get`. `Exchange.file` is it until the block ends."""
        ...


class Platform(Protocol):
    """A connector. Its manners (`archiver.platforms.manners.Manners`, which it inherits) complete it."""

    manifest: Manifest

    def streams(self, account: AccountRef) -> Sequence[StreamKind]:
        """The streams that can be read with this account's settings."""
        ...

    def judge(self, exchange: Exchange) -> Verdict | None:
        """What an answer means beyond its HTTP status."""
        ...

    def draws(self, account: AccountRef, method: str, url: str) -> Sequence[Draw]:
        """What a request takes out of which budgets."""
        ...

    def usage(self, account: AccountRef, exchange: Exchange) -> Sequence[Usage]:
        """What an answer tells of the budgets."""
        ...

    def token(self, session: Session, account: AccountRef) -> TokenHealth | None:
        """How the account's token stands; None where it has none."""
        ...

    def renew(self, session: Session, account: AccountRef) -> Renewal | None:
        """Have the token renewed; None where the platform renews none."""
        ...

    def conversations(self, session: Session, account: AccountRef) -> Iterator[ConversationsPage]:
        """The account's conversations, newest first."""
        ...

    def conversation(self, session: Session, account: AccountRef, conversation: Conversation) -> Iterator[Page]:
        """The messages of one conversation."""
        ...

    def lists(self, account: AccountRef) -> Sequence[str]:
        """The lists that can be read with this account's settings."""
        ...

    def members(self, session: Session, account: AccountRef, listing: str) -> Iterator[MemberPage]:
        """Everybody on a list, to its end."""
        ...

    def checked_every(self, account: AccountRef) -> timedelta | None:
        """How often the listings are checked with a second source."""
        ...

    def inventory(self, session: Session, account: AccountRef) -> AbstractContextManager[Inventory]:
        """What the second source says that the account has."""
        ...

    def status(self, session: Session, account: AccountRef) -> AccountStatus:
        """Ask for the account itself: is it there, under which name, with which profile."""
        ...

    def pages(
        self, session: Session, account: AccountRef, stream: StreamKind, resume: Json, validators: Mapping[str, str]
    ) -> Iterator[Page]:
        """Walk a listing newest first, from `resume` (None: the newest) to its end."""
        ...

    def thread(self, session: Session, account: AccountRef, post_id: str, known: bytes | None = None) -> Iterator[Page]:
        """Everything below one post, each page with `sub_key` set; the last one covers the thread as a whole.

        `known` is the SHA-256 of the one answer that the whole thread came in the last time: where it comes again, byte for
        byte, a page that says `unchanged` is enough.
        """
        ...

    def lookup(self, session: Session, account: AccountRef, ids: Sequence[str]) -> Iterator[Lookup]:
        """Ask for single items by their id."""
        ...

    def media_request(self, session: Session, account: AccountRef, media: Media) -> str:
        """The address to fetch a medium's original bytes from, asked for afresh where addresses expire."""
        ...

    def media_sha256(self, media: Media) -> bytes | None:
        """The SHA-256 that the medium's bytes must have, where the platform's own id tells it; else None."""
        ...
