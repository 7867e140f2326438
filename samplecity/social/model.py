"""What the pretend city's history is made of on every further platform: people, accounts, things said, conversations.

Nothing here knows a platform's API. A rendering (`samplecity/social/<platform>.py`) turns these into its JSON.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

Kind = Literal["post", "story", "comment", "message", "visitor_post", "mention"]
Moderation = Literal["published", "heldForReview", "likelySpam"]
Visibility = Literal["public", "unlisted", "private", "direct"]
Standing = Literal["active", "suspended", "token_dead", "deleted"]

_HASHTAG = re.compile(r"#(\w+)")
_MENTION = re.compile(r"(?<![\w/])@([\w.\-]*\w)")
_LINK = re.compile(r"https?://[^\s<>\"”]+[\w/]")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on one platform: a resident, or the city's account as an author.

    Attributes:
        id: the platform's own, in its form.
        handle: without `@`, as it was when the history began; a city account's present one: `SocialWorld.account`.
        name: as shown.
    """

    id: str
    handle: str
    name: str


@dataclass(frozen=True, slots=True)
class SocialAccount:
    """An account of the city on one platform.

    Attributes:
        platform: its name, as in `samplecity.social.abilities.ABILITIES`.
        key: short name, unique on its platform; letters, digits and `_`.
        id: the platform's id of the account, page, channel or organization.
        handle: its name in addresses at present, without `@`.
        name: as shown.
        department: whose it is.
        steward: who answers for it.
        purpose: why it exists.
        topic: which phrases it speaks in.
        began_on: ISO date on which the city began to use it.
        person: itself as an author.
    """

    platform: str
    key: str
    id: str
    handle: str
    name: str
    department: str
    steward: str
    purpose: str
    topic: str
    began_on: str
    person: Person

    @property
    def token(self) -> str:
        """The only token that opens it."""
        return f"token-{self.platform}-{self.key}"

    @property
    def token_variable(self) -> str:
        """The environment variable that the register takes the token from."""
        return f"SAMPLE_CITY_TOKEN_{self.platform}_{self.key}".upper()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A picture or a small video; served at `{origin}/_media/{id}`.

    Attributes:
        id: the platform's, letters, digits and `_` only.
        kind: what it is.
        data: the bytes, different for every id.
        mime: their type.
        alt: the alternative text, empty without one.
        width: in pixels.
        height: in pixels.
    """

    id: str
    kind: Literal["image", "video"]
    data: bytes
    mime: str
    alt: str
    width: int = 64
    height: int = 48


@dataclass(frozen=True, slots=True)
class Track:
    """A track of captions of a video, as it was put there or replaced at one moment.

    Attributes:
        id: the platform's: on YouTube it stays when the track is replaced, on Facebook it does not.
        video: id of the video that it belongs to: on Facebook that of the attachment, or of the reel.
        language: tag.
        words: what is said in it.
        updated: when it was put there, or last replaced; aware, UTC.
        kind: whether YouTube made it by speech recognition.
        name: of the track, empty without one.
        draft: shown to nobody but the channel.
        data: the bytes as the platform gives them.
        mime: their type.
    """

    id: str
    video: str
    language: str
    words: str
    updated: datetime
    kind: Literal["standard", "ASR"]
    name: str
    draft: bool
    data: bytes
    mime: str


@dataclass(frozen=True, slots=True)
class Edit:
    """A state that an item was in before the present one.

    Attributes:
        id: the id of that state: on X an edit's own, elsewhere the item's.
        text: what it said.
        at: since when, aware, UTC.
        attachments: what it showed.
        title: where the platform has titles.
    """

    id: str
    text: str
    at: datetime
    attachments: tuple[Attachment, ...] = ()
    title: str = ""


@dataclass(frozen=True, slots=True)
class Thing:
    """One item as it stands at one night.

    Attributes:
        platform: where.
        account: key of the account whose stream or thread it is in; empty for what strangers say elsewhere.
        id: its identity; on X the id of its first form.
        kind: post, story, comment, message, visitor_post (on the account's own page), mention (elsewhere, naming it).
        author: who wrote it.
        text: its words; a caption, a description, a message.
        at: first published, aware, UTC.
        root: a comment's post; a Mastodon message's first one.
        parent: what it answers directly: the post itself for a comment of the first level.
        conversation: id, for a message.
        edits: the states before the present one, oldest first.
        edited_at: since when it says what it says, None when never edited.
        attachments: pictures and videos.
        quotes: id of the quoted item, which may be gone.
        reposts: id of the reposted item, which may be gone; the text is then empty.
        hidden: by the city.
        moderation: YouTube's state of a comment.
        visibility: who may read it.
        comments_disabled: nobody can comment, and none of its comments can be read.
        likes: when published; `SocialWorld.likes` grows with the nights.
        revision: the present state's id where edits have their own (X), else empty; read `present_id`.
        title: where the platform has titles (youtube, flickr, tiktok).
        lang: language tag of the text.
        tracks: captions of its video, on platforms that have them (YouTube, Facebook).
        reel: a short video outside the ordinary listing of posts (facebook, instagram).
    """

    platform: str
    account: str
    id: str
    kind: Kind
    author: Person
    text: str
    at: datetime
    root: str | None = None
    parent: str | None = None
    conversation: str | None = None
    edits: tuple[Edit, ...] = ()
    edited_at: datetime | None = None
    attachments: tuple[Attachment, ...] = ()
    quotes: str | None = None
    reposts: str | None = None
    hidden: bool = False
    moderation: Moderation = "published"
    visibility: Visibility = "public"
    comments_disabled: bool = False
    likes: int = 0
    revision: str = ""
    title: str = ""
    lang: str = "en"
    tracks: tuple[Track, ...] = ()
    reel: bool = False

    @property
    def present_id(self) -> str:
        """The id of its present state: the newest edit's on X, elsewhere its identity."""
        return self.revision or self.id

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all its states, oldest first, without repetition."""
        return tuple(dict.fromkeys([*(edit.id for edit in self.edits), self.present_id]))

    @property
    def order(self) -> tuple[datetime, int, str]:
        """Sorts by time, then as the platform's ids sort."""
        return self.at, len(self.id), self.id


@dataclass(frozen=True, slots=True)
class Conversation:
    """A private conversation of a city account.

    Attributes:
        id: the platform's.
        account: key of the city's account.
        participants: everybody in it, the city's account first.
        updated_at: when its newest message came.
        count: how many messages it has.
    """

    id: str
    account: str
    participants: tuple[Person, ...]
    updated_at: datetime
    count: int


def hashtags(text: str) -> list[str]:
    """Give the hashtags of a text, without `#`, in order."""
    return _HASHTAG.findall(_LINK.sub("", text))


def mentions(text: str) -> list[str]:
    """Give the handles that a text names, without `@`, in order."""
    return _MENTION.findall(_LINK.sub("", text))


def links(text: str) -> list[str]:
    """Give the web addresses in a text, in order."""
    return _LINK.findall(text)
