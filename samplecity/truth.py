"""The truth about the city: everything ever visible, and when.

Computed from the log alone, not from what the endpoints answer, so that the two check each other. As JSON
(`truth.json`) it is what `dataclasses.asdict` makes of `Truth`.

Reading it after a night `N`:

* An **item** has one identity (platform, namespace, id): Bluesky's id is the AT-URI and its namespace empty; a feed's
  namespace is the feed's key, and the id is the guid, else the link.
* A **version** is `observable` when it stood at the end of some night up to `N`: those, in order, are what a nightly
  capture must hold, and nothing else. What was put up and replaced or taken down within one day is not observable.
* `sightings` say through which (account, stream) of the register the item can be seen, with the nights at whose end it
  could be seen so; empty means it is in the city, but no capture of the register's accounts meets it. Streams: `posts`
  (own repository), `reposts`, `profile`, `comments` (replies under the account's posts, by anybody), `references` (what
  the account quoted or reposted), `answered` (what its own comments answer: others' posts that are their parent or
  root), `entries`.
* What the gates of a Bluesky post say of who may answer and quote it (`rules`) is a part of what the post says: a version
  with another rule is another version, whatever its CID. That a gate hides a reply is told in `hidden_nights`; a reply that
  came while nobody was allowed to answer has no sighting. Quotes that the city detached from its post are `references`.
* `state`: `present`; `deleted` (by its author); `account_deactivated`, `account_takendown`, `account_deleted` (it
  cannot be read because of its author's account, not because of a deletion of the item); for feed entries `present`
  while in the window, else `not_shown` (a feed never says why, so no deletion may be concluded).
* The further platforms' part is told in `samplecity.social.truth`.
* An item can be `present` and no longer listed: a comment under a deleted one is found only by asking for itself.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class TrueMedia:
    """A picture of a version.

    Attributes:
        sha256: of the original bytes, hexadecimal.
        cid: of its blob; None in feeds.
        alt: the alternative text; of a track of captions its language, kind and name.
        mime: its type.
        size: in bytes.
        automatic: whether it is a track that the platform made by speech recognition.
    """

    sha256: str
    cid: str | None
    alt: str
    mime: str
    size: int
    automatic: bool = False


@dataclass
class TrueVersion:
    """What an item said for a while.

    Attributes:
        number: from 1, counting the unobservable too.
        title: of a feed's entry; None elsewhere.
        text: its words (a profile's description, a feed entry's plain text, empty for a repost).
        cid: of the record; None in feeds.
        created_at: declared time, as served.
        nights: at whose end this version was readable, up to the night asked for.
        observable: whether `nights` has any.
        media: its pictures.
        langs: declared languages.
        told_nights: at whose end the platform's edit history told of this version, when another stood.
        rules: what the gates of a Bluesky post said of who may answer and quote it, by gate.
    """

    number: int
    title: str | None
    text: str
    cid: str | None
    created_at: str
    nights: list[int] = field(default_factory=list)
    observable: bool = False
    media: list[TrueMedia] = field(default_factory=list)
    langs: list[str] = field(default_factory=list)
    told_nights: list[int] = field(default_factory=list)
    rules: dict[str, Any] = field(default_factory=dict)


@dataclass
class TrueSighting:
    """Through which account's stream an item can be seen, and at the end of which nights."""

    account: str
    stream: str
    nights: list[int]


@dataclass
class TrueItem:
    """An item; see the module's head.

    Attributes:
        platform: `bluesky` or `rss`.
        namespace: empty, or the feed's key.
        id: AT-URI, guid or link.
        kind: `post`, `comment`, `repost`, `profile`.
        author: DID, or the feed's key.
        root: the thread's first post, for a comment.
        parent: what a comment answers.
        refers_to: what it quotes or reposts.
        versions: in order.
        visible_nights: at whose end a lookup of the item itself finds it (in feeds: it is in the window).
        sightings: how the register's accounts meet it.
        state: after the night asked for.
        gone_since: first night of the present absence, None when present.
        observable: whether any version is.
        story: names of what happens to it.
        aliases: further ids of the same item (X: those of its edits).
        hidden_nights: of the visible ones, those at whose end the platform said that it is hidden or held back.
        removed_by: who took it away, where it is gone: `author`, `city`, `platform`, or `parent` (with what it answered).
    """

    platform: str
    namespace: str
    id: str
    kind: str
    author: str
    root: str | None = None
    parent: str | None = None
    refers_to: str | None = None
    versions: list[TrueVersion] = field(default_factory=list)
    visible_nights: list[int] = field(default_factory=list)
    sightings: list[TrueSighting] = field(default_factory=list)
    state: str = "present"
    gone_since: int | None = None
    observable: bool = False
    story: list[str] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)
    hidden_nights: list[int] = field(default_factory=list)
    removed_by: str | None = None


@dataclass
class TrueAccount:
    """An account of the register.

    Attributes:
        platform: `bluesky` or `rss`.
        id: DID or feed key.
        key: short name.
        status_by_night: `active`, `deactivated`, `takendown` or `deleted`, by night.
        handle_by_night: its handle (also while out of order).
        counts_by_night: items readable at the end of a night, by kind, in its own repository or window.
        comments_by_night: comments listed under its posts at the end of a night, by post.
    """

    platform: str
    id: str
    key: str
    status_by_night: dict[int, str]
    handle_by_night: dict[int, str]
    counts_by_night: dict[int, dict[str, int]]
    comments_by_night: dict[int, dict[str, int]]


@dataclass
class Truth:
    """Everything up to a night."""

    seed: int
    night: int
    nights: int
    accounts: list[TrueAccount]
    items: list[TrueItem]

    def to_json(self) -> str:
        """Give `truth.json`."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1)

    def expected(self) -> list[TrueItem]:
        """Give the items an archive of the register must hold: observable, with a sighting."""
        return [item for item in self.items if item.observable and item.sightings]
