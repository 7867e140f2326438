"""The pen that writes the further platforms' log: makes ids, keeps to what each platform can do, and to what can happen.

Events are written in any order. `SocialLedger.events` puts them into the order of time, takes away with a thing what its
platform takes away with it, and leaves out what could not have happened (an answer to what is gone, an edit of it,
anything on a suspended account but the end of its stories).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from samplecity.days import Days
from samplecity.social import events as happening
from samplecity.social.abilities import ABILITIES
from samplecity.social.ids import IdMaker
from samplecity.social.media import attachment
from samplecity.social.model import Attachment, Person, SocialAccount, Standing, Thing, Track

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from typing import Literal

    from samplecity.social.events import Remover, SocialEvent
    from samplecity.social.model import Kind, Moderation

STORY_LIFE = timedelta(hours=24)
_CAPTURE = timedelta(minutes=30)  # before midnight, city time: what happens after it is seen the next night


@dataclass
class SocialLedger(Days):
    """Collects events; see the module's head.

    Attributes:
        story: (platform, id) of things, or (platform, key) of accounts, by the name of what happens to them.
        participants: who is in which conversation, the city's account first.
    """

    story: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    participants: dict[str, tuple[Person, ...]] = field(default_factory=dict)
    _ids: IdMaker = field(default_factory=IdMaker)
    _log: list[tuple[datetime, int, SocialEvent]] = field(default_factory=list)

    def night(self, at: datetime) -> int:
        """Give the first night whose capture, at half past eleven in the evening, can see what happens at a moment."""
        return super().night(at + _CAPTURE)

    def note(self, name: str, *things: Thing | SocialAccount) -> None:
        """Remember things or accounts under a name of the story."""
        for one in things:
            self.story.setdefault(name, []).append(
                (one.platform, one.key if isinstance(one, SocialAccount) else one.id)
            )

    def _add(self, at: datetime, event: SocialEvent) -> None:
        if event.night <= self.nights:
            self._log.append((at, len(self._log), event))

    def attach(
        self, platform: str, at: datetime, alts: tuple[str, ...], kind: Literal["image", "video"] = "image"
    ) -> tuple[Attachment, ...]:
        """Make attachments, one for each alternative text."""
        return tuple(attachment(self._ids.attachment(platform, at, n), kind, alt) for n, alt in enumerate(alts))

    def publish(self, thing: Thing) -> Thing:
        """Publish a thing whose id is made already; gives it."""
        self._add(thing.at, happening.Publish(self.night(thing.at), thing))
        return thing

    def post(self, account: SocialAccount, text: str, at: datetime, kind: Kind = "post", **fields: Any) -> Thing:
        """Publish on a city account, by the account itself unless `author` says otherwise; a story ends by itself.

        Args:
            account: whose stream it is in.
            text: its words.
            at: when, aware, UTC.
            kind: post, story, visitor_post or mention.
            fields: further fields of `Thing`; `tracked` makes its tracks of captions, given the thing.
        """
        item = self._ids.new(account.platform, kind, at, self._owner(account, kind, fields))
        author = fields.pop("author", account.person)
        tracked = fields.pop("tracked", None)
        thing = Thing(account.platform, account.key, item, kind, author, text, at, **fields)
        if tracked is not None:
            thing = replace(thing, tracks=tracked(thing))
        if kind == "story":
            self._add(at + STORY_LIFE, happening.Expire(self.night(at + STORY_LIFE), thing.platform, item))
        return self.publish(thing)

    @staticmethod
    def _owner(account: SocialAccount, kind: Kind, fields: dict[str, Any]) -> str:
        """Whose number an id begins with: what names the account elsewhere stands on its author's page."""
        author: Person = fields.get("author", account.person)
        return author.id if kind == "mention" else account.id

    def elsewhere(self, platform: str, author: Person, text: str, at: datetime, **fields: Any) -> Thing:
        """Let somebody publish on their own; no stream of the city lists it."""
        item = self._ids.new(platform, "post", at, author.id)
        return self.publish(Thing(platform, "", item, "post", author, text, at, **fields))

    def comment(self, author: Person, text: str, at: datetime, under: Thing, **fields: Any) -> Thing:
        """Answer a post or a comment; where that lies too deep for the platform, the answer stands beside it.

        Args:
            author: who.
            text: their words.
            at: when, aware, UTC.
            under: what they answer.
            fields: further fields of `Thing`; `account` for what the city answers on a stranger's post.
        """
        root = under.id if under.root is None else under.root
        parent = under.parent if under.parent and self._deep(under) else under.id
        owner, branch = under.author.id, parent if parent != root else ""
        item = self._ids.new(under.platform, "comment", at, owner, root, branch or "")
        self._level[under.platform, item] = self._level.get((under.platform, parent or ""), 0) + 1
        account = fields.pop("account", under.account)
        thing = Thing(under.platform, account, item, "comment", author, text, at, root, parent, **fields)
        return self.publish(thing)

    _level: dict[tuple[str, str], int] = field(default_factory=dict)

    def _deep(self, under: Thing) -> bool:
        depth = ABILITIES[under.platform].depth
        return bool(depth) and self._level[under.platform, under.id] >= depth

    def converse(self, account: SocialAccount, other: Person, lines: list[tuple[Person, str, datetime]]) -> list[Thing]:
        """Write a private conversation, or more of it; `lines` are (author, text, when) in order of time."""
        platform = account.platform
        known = [one for one, who in self.participants.items() if who == (account.person, other)]
        talk = known[0] if known else self._ids.conversation(platform, account.id, other.id, "")
        self.participants[talk] = (account.person, other)
        made: list[Thing] = []
        for author, text, at in lines:
            item = self._ids.new(platform, "message", at, talk)
            thing = Thing(
                platform, account.key, item, "message", author, text, at, conversation=talk, visibility="direct"
            )
            if platform == "mastodon":  # a message is a status that answers the one before
                before = self._last.get(talk)
                thing = replace(thing, root=before.root or before.id, parent=before.id) if before else thing
            self._last[talk] = thing
            made.append(self.publish(thing))
        return made

    _last: dict[str, Thing] = field(default_factory=dict)

    def revise(self, thing: Thing, text: str, at: datetime, **fields: Any) -> None:
        """Edit a thing; `attachments` and `title` change only where given."""
        revision = self._ids.new(thing.platform, thing.kind, at) if thing.platform == "x" else ""
        self._add(at, happening.Revise(self.night(at), thing.platform, thing.id, at, text, revision=revision, **fields))

    def caption(self, thing: Thing, at: datetime, *tracks: Track) -> None:
        """Change the captions of a video: these are its tracks from then on."""
        self._add(at, happening.Caption(self.night(at), thing.platform, thing.id, at, tracks))

    def remove(self, thing: Thing, at: datetime, by: Remover = "author") -> None:
        """Take a thing away."""
        self._add(at, happening.Remove(self.night(at), thing.platform, thing.id, by))

    def restore(self, thing: Thing, at: datetime) -> None:
        """Put up again, under its id, what was taken away; answers that went with it and were never changed come too."""
        self._add(at, happening.Publish(self.night(at), thing))

    def hide(self, thing: Thing, at: datetime, *, until: datetime | None = None) -> None:
        """Let the city hide a comment, and show it again if `until` says when."""
        self._add(at, happening.Hide(self.night(at), thing.platform, thing.id))
        if until:
            self._add(until, happening.Unhide(self.night(until), thing.platform, thing.id))

    def moderate(self, thing: Thing, to: Moderation, at: datetime) -> None:
        """Change a comment's state of moderation."""
        self._add(at, happening.Moderate(self.night(at), thing.platform, thing.id, to))

    def close(self, thing: Thing, at: datetime, *, until: datetime | None = None) -> None:
        """Switch the comments of a post off, and on again if `until` says when."""
        self._add(at, happening.Comments(self.night(at), thing.platform, thing.id, disabled=True))
        if until:
            self._add(until, happening.Comments(self.night(until), thing.platform, thing.id, disabled=False))

    def stand(self, account: SocialAccount, status: Standing, at: datetime) -> None:
        """Change how an account, or its token, stands."""
        self._add(at, happening.AccountStatus(self.night(at), account.platform, account.key, status))

    def rename(self, account: SocialAccount, handle: str, name: str, at: datetime) -> None:
        """Give an account another handle and name."""
        self._add(at, happening.Rename(self.night(at), account.platform, account.key, handle, name))

    def events(self) -> list[SocialEvent]:
        """Give the log in order of time, whole and possible; see the module's head."""
        ordered = [event for _, _, event in sorted(self._log, key=lambda line: line[:2])]
        return list(_Course().follow(ordered))


class _Course:
    """Follows a log and lets through what can happen."""

    def __init__(self) -> None:
        self._there: dict[tuple[str, str], Thing] = {}
        self._answers: dict[tuple[str, str], list[Thing]] = defaultdict(list)
        self._with: dict[tuple[str, str], list[Thing]] = {}  # what went away with a thing
        self._changed: set[tuple[str, str]] = set()
        self._closed: set[tuple[str, str]] = set()
        self._status: dict[tuple[str, str], Standing] = {}

    def follow(self, log: list[SocialEvent]) -> Iterator[SocialEvent]:
        """Give what happens of a log in order of time."""
        for event in log:
            match event:
                case happening.Publish(night=night, thing=thing):
                    yield from self._publish(night, thing)
                case happening.AccountStatus(platform=platform, key=key, status=status):
                    self._status[platform, key] = status
                    yield event
                case happening.Rename():
                    yield event
                case _:
                    yield from self._change(event)

    def _publish(self, night: int, thing: Thing) -> Iterator[SocialEvent]:
        key = thing.platform, thing.id
        if self._stopped(thing):
            return
        if thing.kind == "comment":
            root, parent = (thing.platform, thing.root or ""), (thing.platform, thing.parent or "")
            if parent not in self._there or root not in self._there or root in self._closed:
                return
            self._answers[parent].append(thing)
        self._there[key] = thing
        yield happening.Publish(night, thing)
        for one in self._with.pop(key, ()):
            if (one.platform, one.id) not in self._changed:
                self._there[one.platform, one.id] = one
                yield happening.Publish(night, one)

    def _change(
        self,
        event: happening.Revise
        | happening.Caption
        | happening.Remove
        | happening.Hide
        | happening.Unhide
        | happening.Moderate
        | happening.Comments
        | happening.Expire,
    ) -> Iterator[SocialEvent]:
        key = event.platform, event.id
        thing = self._there.get(key)
        if thing is None or (self._stopped(thing) and not isinstance(event, happening.Expire)):
            return
        yield event
        self._changed.add(key)
        if isinstance(event, happening.Comments):
            (self._closed.add if event.disabled else self._closed.discard)(key)
        if isinstance(event, (happening.Remove, happening.Expire)):
            del self._there[key]
            if ABILITIES[event.platform].answers == "gone":
                self._with[key] = []
                yield from self._take_along(event.night, key, self._with[key])

    def _take_along(self, night: int, key: tuple[str, str], taken: list[Thing]) -> Iterator[SocialEvent]:
        for one in self._answers.get(key, ()):
            below = one.platform, one.id
            if self._there.pop(below, None):
                taken.append(one)
                yield happening.Remove(night, *below, "parent")
                yield from self._take_along(night, below, taken)

    def _stopped(self, thing: Thing) -> bool:
        return self._status.get((thing.platform, thing.account)) in ("suspended", "deleted")
