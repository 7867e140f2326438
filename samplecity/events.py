"""What can happen in the city: the log every other part is computed from.

Night `n` is the capture that follows day `n`; an event of day `n` is seen, if it lasts, by night `n` and later. Within
a day the order of the log is the order of happening.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from samplecity.images import Picture

Status = Literal["active", "deactivated", "takendown", "deleted"]


@dataclass(frozen=True, slots=True)
class Put:
    """A record written, new or over an old one.

    Attributes:
        night: of which day.
        uri: `at://did/collection/rkey`.
        cid: of the record.
        record: its JSON form.
        at: when the network saw it, with zone.
    """

    night: int
    uri: str
    cid: str
    record: dict[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class Delete:
    """A record deleted by its author."""

    night: int
    uri: str


@dataclass(frozen=True, slots=True)
class SetStatus:
    """An account's hosting changed."""

    night: int
    did: str
    status: Status


@dataclass(frozen=True, slots=True)
class SetHandle:
    """An account renamed (or given its first handle)."""

    night: int
    did: str
    handle: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What a feed's entry says.

    Attributes:
        title: plain text.
        body: plain text, shown as a paragraph of HTML.
        link: where it leads.
        guid: its id in the feed; None when the feed gives none (identity is then the link).
        permalink: whether the guid is a link.
        published: when it was first published, with zone.
        updated: when it was last changed, with zone.
        picture: an enclosure, with its alt text.
        alt: the enclosure's alt text, empty without one.
    """

    title: str
    body: str
    link: str
    guid: str | None
    permalink: bool
    published: datetime
    updated: datetime
    picture: Picture | None = None
    alt: str = ""

    @property
    def key(self) -> str:
        """The entry's identity within its feed: its guid, else its link."""
        return self.guid or self.link


@dataclass(frozen=True, slots=True)
class FeedPut:
    """A feed's entry published or changed."""

    night: int
    feed: str
    entry: Entry


@dataclass(frozen=True, slots=True)
class FeedDrop:
    """A feed's entry withdrawn."""

    night: int
    feed: str
    key: str


Event = Put | Delete | SetStatus | SetHandle | FeedPut | FeedDrop
