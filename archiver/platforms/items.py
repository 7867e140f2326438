"""What is captured: an item as one exchange showed it, with its kinds, its parts, and what may be said of it instead."""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


class ItemKind(enum.StrEnum):
    """What the platform has one id for."""

    POST = "post"
    COMMENT = "comment"
    REPOST = "repost"
    MESSAGE = "message"
    STORY = "story"
    PROFILE = "profile"


CAPTIONS, ALT_TEXTS = "captions", "alt_texts"
"""What of media is asked for by itself, as evidence is named and as `Item.not_requested` names it: the tracks of captions (media
of the kind `file`), and the alternative texts with whose they are.
"""


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


def described(alternative: str | None, beside: str | None) -> str | None:
    """The words of a picture: its alternative text, then what was written beside it, unless that is the same."""
    return "\n\n".join(dict.fromkeys(each for each in (alternative, beside) if each)) or None


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
    apart: str | None = None
    """What changes when that which is asked for by itself (`Manners.apart`) may have changed; None: there is nothing of it."""
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
