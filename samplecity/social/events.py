"""What can happen on the further platforms, in one log, as in `samplecity.events`.

Night `n` is the capture that follows day `n`; an event of day `n` is seen, if it lasts, by night `n` and later. Within a
day the order of the log is the order of happening. The log is explicit: where a platform takes the answers away with
what they answer, every one of them has its own `Remove` (by `parent`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from samplecity.social.model import Attachment, Moderation, Standing, Thing, Track

Remover = Literal["author", "city", "platform", "parent"]


@dataclass(frozen=True, slots=True)
class Publish:
    """A thing published, or one that was gone and is back under its id."""

    night: int
    thing: Thing


@dataclass(frozen=True, slots=True)
class Revise:
    """A thing edited.

    Attributes:
        night: of which day.
        platform: where.
        id: the thing's identity.
        at: when, aware, UTC.
        text: what it says from then on.
        attachments: what it shows from then on; None leaves them.
        title: None leaves it.
        revision: the edit's own id, on X.
    """

    night: int
    platform: str
    id: str
    at: datetime
    text: str
    attachments: tuple[Attachment, ...] | None = None
    title: str | None = None
    revision: str = ""


@dataclass(frozen=True, slots=True)
class Caption:
    """A video's captions changed: these are its tracks from then on."""

    night: int
    platform: str
    id: str
    at: datetime
    tracks: tuple[Track, ...]


@dataclass(frozen=True, slots=True)
class Remove:
    """A thing taken away, by whom."""

    night: int
    platform: str
    id: str
    by: Remover = "author"


@dataclass(frozen=True, slots=True)
class Hide:
    """A comment hidden by the city: others do not see it."""

    night: int
    platform: str
    id: str


@dataclass(frozen=True, slots=True)
class Unhide:
    """A hidden comment shown again."""

    night: int
    platform: str
    id: str


@dataclass(frozen=True, slots=True)
class Moderate:
    """A comment's state of moderation changed."""

    night: int
    platform: str
    id: str
    to: Moderation


@dataclass(frozen=True, slots=True)
class Comments:
    """Comments on a post switched off or on."""

    night: int
    platform: str
    id: str
    disabled: bool


@dataclass(frozen=True, slots=True)
class Expire:
    """A story's 24 hours are over."""

    night: int
    platform: str
    id: str


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """How a city account, or its token, stands from now on."""

    night: int
    platform: str
    key: str
    status: Standing


@dataclass(frozen=True, slots=True)
class Rename:
    """A city account has another handle and name."""

    night: int
    platform: str
    key: str
    handle: str
    name: str


SocialEvent = (
    Publish | Revise | Caption | Remove | Hide | Unhide | Moderate | Comments | Expire | AccountStatus | Rename
)
