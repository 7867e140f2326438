"""What can be seen on one platform at the end of one night; see `samplecity.social.truth` for what the words mean."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from samplecity.social.abilities import ABILITIES

if TYPE_CHECKING:
    from datetime import datetime

    from samplecity.social.model import Thing
    from samplecity.truth import TrueAccount, TrueVersion

OUT_OF_ORDER = ("suspended", "deleted")
_STREAMS = {"story": "stories", "visitor_post": "visitors", "mention": "mentions", "message": "messages"}


@dataclass(slots=True)
class Line:
    """What is written down of one thing."""

    thing: Thing
    there: bool = True
    hidden: bool = False
    held: bool = False
    closed: bool = False
    end: str = ""
    by: str | None = None
    versions: list[TrueVersion] = field(default_factory=list)
    chain: list[TrueVersion] = field(default_factory=list)  # what the edit history has, the present one last
    visible: list[int] = field(default_factory=list)
    hidden_nights: list[int] = field(default_factory=list)
    sightings: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    aliases: list[str] = field(default_factory=list)


class Watching(Protocol):
    """Who follows the city, and knows how its accounts stand at this moment."""

    night: int

    def status(self, platform: str, key: str) -> str:
        """How an account stands."""
        ...

    def owner(self, platform: str, person: str) -> str | None:
        """Give the key of the city's account that a person's id belongs to."""
        ...

    def accounts(self, platform: str) -> list[TrueAccount]:
        """Give what is written down of the city's accounts on a platform."""
        ...

    def handle(self, platform: str, key: str) -> str:
        """Give an account's handle."""
        ...

    def captured_at(self) -> datetime:
        """When the capture of this night is made."""
        ...


class Evening:
    """What can be seen on one platform at the end of one night."""

    def __init__(self, witness: Watching, platform: str, lines: dict[str, Line]) -> None:
        self._witness, self._platform, self._night = witness, platform, witness.night
        self._can = ABILITIES[platform]
        self._lines = lines
        self._readable = {
            one.key for one in witness.accounts(platform) if witness.status(platform, one.key) == "active"
        }
        self._reached: dict[str, bool] = {}

    def write(self) -> None:
        """Write down what is seen."""
        listed: dict[tuple[str, str], list[Line]] = defaultdict(list)
        comments: list[Line] = []
        for line in self._lines.values():
            thing = line.thing
            if not line.there or self._witness.status(self._platform, thing.account) in OUT_OF_ORDER:
                continue
            self._visible(line)
            if thing.kind == "comment":
                comments.append(line)
            elif thing.account in self._readable:
                stream = _STREAMS.get(thing.kind) or ("reels" if thing.reel else "posts")
                listed[thing.account, stream].append(line)
        self._cap(listed)
        below: dict[str, Counter[str]] = defaultdict(Counter)
        for line in comments:
            self._comment(line, below)
        for (key, stream), found in listed.items():
            for line in found:
                self._see(line, key, stream)
                self._refer(line, key)
        self._accounts(listed, below)

    def _visible(self, line: Line) -> None:
        line.visible.append(self._night)
        line.chain[-1].nights.append(self._night)
        if self._can.edits == "history":
            for earlier in line.chain[:-1]:
                earlier.told_nights.append(self._night)
        if (self._can.hides and line.hidden) or (self._can.moderates and line.held):
            line.hidden_nights.append(self._night)

    def _cap(self, listed: dict[tuple[str, str], list[Line]]) -> None:
        """Leave out of the listings what is beyond their end."""
        caps = {"posts": self._can.posts_cap, "mentions": self._can.mentions_cap}
        for (key, stream), found in listed.items():
            cap = caps.get(stream)
            if cap is not None and len(found) > cap:
                found.sort(key=lambda line: line.thing.order, reverse=True)
                del found[cap:]
            if stream == "messages" and self._can.message_days is not None:
                oldest = self._witness.captured_at() - timedelta(days=self._can.message_days)
                listed[key, stream] = [line for line in found if line.thing.at >= oldest]

    def _comment(self, line: Line, below: dict[str, Counter[str]]) -> None:
        thing, key = line.thing, line.thing.account
        if key not in self._readable or not self._can.comments:
            return
        root = self._lines[thing.root or ""]
        own_thread = bool(root.thing.account) and root.thing.kind != "mention"
        if own_thread and root.there and not root.closed and self._reach(line) and self._recent(line):
            self._see(line, key, "comments")
            below[key][root.thing.id] += 1
        elif self._can.below_own and self._below_own(thing, key):
            self._see(line, key, "comments")
        elif self._can.answers == "unlisted" and line.sightings:
            self._see(line, key, "known")
        if self._can.own_comments and self._witness.owner(self._platform, thing.author.id) == key:
            self._see(line, key, self._can.own_comments)
            self._answered(thing, key, own_thread=own_thread)

    def _below_own(self, thing: Thing, key: str) -> bool:
        """Tell whether a comment stands below one of the account's own, which is listed by itself and leads to it."""
        above = self._lines.get(thing.parent or "")
        while above is not None and above.there and above.thing.kind == "comment":
            if self._witness.owner(self._platform, above.thing.author.id) == key:
                return True
            above = self._lines.get(above.thing.parent or "")
        return False

    def _answered(self, thing: Thing, key: str, *, own_thread: bool) -> None:
        """Write down what is shown with the account's own answer: what it answers, and what stands above while it is there."""
        above = self._lines.get(thing.parent or "")
        if self._can.shows_answered == "strangers" and own_thread:
            return
        while above is not None and above.there:
            self._see(above, key, "answered")
            above = self._lines.get(above.thing.parent or "") if self._can.shows_answered == "ancestors" else None

    def _recent(self, line: Line) -> bool:
        days = self._can.comment_days
        return days is None or line.thing.at >= self._witness.captured_at() - timedelta(days=days)

    def _reach(self, line: Line) -> bool:
        """Tell whether a thread still leads to a comment."""
        thing = line.thing
        if self._can.answers != "unlisted" or thing.parent == thing.root:
            return True
        if thing.id not in self._reached:
            parent = self._lines[thing.parent or ""]
            self._reached[thing.id] = parent.there and self._reach(parent)
        return self._reached[thing.id]

    def _see(self, line: Line, key: str, stream: str) -> None:
        nights = line.sightings.setdefault((key, stream), [])
        if not nights or nights[-1] != self._night:
            nights.append(self._night)

    def _refer(self, line: Line, key: str) -> None:
        for item in (line.thing.quotes, line.thing.reposts):
            shown = self._lines.get(item or "")
            if shown and shown.there:
                self._see(shown, key, "references")

    def _accounts(self, listed: dict[tuple[str, str], list[Line]], below: dict[str, Counter[str]]) -> None:
        for account in self._witness.accounts(self._platform):
            key, night = account.key, self._night
            account.status_by_night[night] = self._witness.status(self._platform, key)
            account.handle_by_night[night] = self._witness.handle(self._platform, key)
            account.counts_by_night[night] = {
                stream: len(found) for (owner, stream), found in sorted(listed.items()) if owner == key and found
            }
            account.comments_by_night[night] = dict(below[key])
