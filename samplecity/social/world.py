"""The further platforms as they stand at one night, folded from the log; indexes are made when first asked for."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING
from zlib import crc32

from samplecity.social import events as happening
from samplecity.social.abilities import ABILITIES
from samplecity.social.model import Attachment, Conversation, Edit, Kind, SocialAccount, Standing, Thing, Track

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from samplecity.social.events import Remover, SocialEvent
    from samplecity.social.model import Person

_LIKES = 5  # a night brings less than this


@dataclass
class _Place:
    """What stands on one platform, and the indexes over it."""

    things: dict[str, Thing] = field(default_factory=dict)
    gone: dict[str, Remover | None] = field(default_factory=dict)  # None: expired
    roots: dict[str, str] = field(default_factory=dict)  # of what is gone, for counters
    authors: dict[str, Person] = field(default_factory=dict)  # of what is gone
    other_ids: dict[str, str] = field(default_factory=dict)  # identity by an edit's own id
    attachments: dict[str, Attachment | Track] = field(default_factory=dict)
    shown_by: dict[str, str] = field(default_factory=dict)  # identity of what shows an attachment
    index: _Index | None = None


@dataclass
class _Index:
    streams: dict[tuple[Kind, str], list[Thing]] = field(default_factory=lambda: defaultdict(list))
    below: dict[str, list[Thing]] = field(default_factory=lambda: defaultdict(list))  # by root, in order of time
    answers: dict[str, list[Thing]] = field(default_factory=lambda: defaultdict(list))  # by parent, in order of time
    messages: dict[str, list[Thing]] = field(default_factory=lambda: defaultdict(list))  # newest first
    authored: dict[str, list[Thing]] = field(default_factory=lambda: defaultdict(list))  # by account, newest first
    counted: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    threads: dict[str, list[Thing]] = field(default_factory=dict)
    conversations: dict[str, list[Conversation]] = field(default_factory=dict)


@dataclass
class SocialWorld:
    """One night's state; build it with `SocialWorld.fold`, do not change it after.

    Lists it gives are its own: copy what you mean to change. `platform` is a name of `abilities.ABILITIES`, `key` an
    account's short name.
    """

    night: int
    _accounts: dict[tuple[str, str], SocialAccount]
    _people: Mapping[str, tuple[Person, ...]]
    _status: dict[tuple[str, str], Standing] = field(default_factory=dict)
    _places: dict[str, _Place] = field(default_factory=lambda: defaultdict(_Place))
    now: datetime | None = None

    @classmethod
    def fold(
        cls,
        events: Iterable[SocialEvent],
        night: int,
        accounts: Iterable[SocialAccount],
        participants: Mapping[str, tuple[Person, ...]] | None = None,
        now: datetime | None = None,
    ) -> SocialWorld:
        """Fold the events up to a night, in order, into the state after the last of them.

        Args:
            events: the log, or more of it than counts.
            night: later events are passed over.
            accounts: the city's accounts as they began.
            participants: who is in which conversation, by its id.
            now: when it is captured; what is listed for some days only is cut there (None: nothing is too old).
        """
        world = cls(night, {(one.platform, one.key): one for one in accounts}, participants or {}, now=now)
        places = world._places
        for event in events:
            if event.night > night:
                continue
            if type(event) is happening.Publish:  # most of the log
                thing = event.thing
                place = places[thing.platform]
                place.things[thing.id] = thing
                if thing.attachments:
                    place.attachments.update((one.id, one) for one in thing.attachments)
                    place.attachments.update((one.id, one) for one in thing.tracks)
                    place.shown_by.update((one.id, thing.id) for one in thing.attachments)
                if place.gone:
                    place.gone.pop(thing.id, None)
            else:
                world._happen(event)
        return world

    def _happen(self, event: SocialEvent) -> None:
        match event:
            case happening.Revise(platform=platform):
                self._revise(self._places[platform], event)
            case happening.Caption(platform=platform, id=item, tracks=tracks):
                place = self._places[platform]
                place.things[item] = replace(place.things[item], tracks=tracks)
                place.attachments.update((one.id, one) for one in tracks)
            case happening.Remove(platform=platform, id=item, by=by):
                self._remove(platform, item, by)
            case happening.Expire(platform=platform, id=item):
                self._remove(platform, item, None)
            case happening.Hide(platform=platform, id=item) | happening.Unhide(platform=platform, id=item):
                things = self._places[platform].things
                things[item] = replace(things[item], hidden=isinstance(event, happening.Hide))
            case happening.Moderate(platform=platform, id=item, to=to):
                things = self._places[platform].things
                things[item] = replace(things[item], moderation=to)
            case happening.Comments(platform=platform, id=item, disabled=disabled):
                things = self._places[platform].things
                things[item] = replace(things[item], comments_disabled=disabled)
            case happening.AccountStatus(platform=platform, key=key, status=status):
                self._status[platform, key] = status
            case happening.Rename(platform=platform, key=key, handle=handle, name=name):
                was = self._accounts[platform, key]
                person = replace(was.person, handle=handle, name=name)
                self._accounts[platform, key] = replace(was, handle=handle, name=name, person=person)

    def within(self, things: Sequence[Thing], days: int) -> Sequence[Thing]:
        """Leave out of a listing what is older than so many days."""
        if self.now is None:
            return things
        oldest = self.now - timedelta(days=days)
        return [one for one in things if one.at >= oldest]

    @staticmethod
    def _revise(place: _Place, event: happening.Revise) -> None:
        was = place.things[event.id]
        earlier = Edit(was.present_id, was.text, was.edited_at or was.at, was.attachments, was.title)
        attachments = was.attachments if event.attachments is None else event.attachments
        place.things[event.id] = replace(
            was,
            text=event.text,
            title=was.title if event.title is None else event.title,
            attachments=attachments,
            edits=(*was.edits, earlier),
            edited_at=event.at,
            revision=event.revision,
        )
        place.attachments.update((one.id, one) for one in attachments)
        if event.revision:
            place.other_ids[event.revision] = event.id

    def _remove(self, platform: str, item: str, by: Remover | None) -> None:
        place = self._places[platform]
        thing = place.things.pop(item)
        place.gone[item] = by
        place.authors[item] = thing.author
        if thing.root:
            place.roots[item] = thing.root

    def accounts(self, platform: str) -> list[SocialAccount]:
        """Give the city's accounts on a platform, as they are called at present."""
        return [one for (where, _), one in self._accounts.items() if where == platform]

    def account(self, platform: str, id_or_handle: str) -> SocialAccount | None:
        """Find a city account by its id or present handle (case aside, `@` aside)."""
        wanted = id_or_handle.removeprefix("@")
        for one in self.accounts(platform):
            if wanted == one.id or wanted.lower() == one.handle.lower():
                return one
        return None

    def by_key(self, platform: str, key: str) -> SocialAccount | None:
        """Find a city account by its key."""
        return self._accounts.get((platform, key))

    def status(self, platform: str, key: str) -> Standing:
        """How an account, or its token, stands."""
        return self._status.get((platform, key), "active")

    def posts(self, platform: str, key: str) -> Sequence[Thing]:
        """The account's own posts (reposts and reels among them), newest first."""
        return self._stream(platform, "post", key)

    def stories(self, platform: str, key: str) -> Sequence[Thing]:
        """The account's stories that are not over, newest first."""
        return self._stream(platform, "story", key)

    def visitor_posts(self, platform: str, key: str) -> Sequence[Thing]:
        """What others published on the account's page, newest first."""
        return self._stream(platform, "visitor_post", key)

    def mentions(self, platform: str, key: str) -> Sequence[Thing]:
        """What names the account elsewhere, newest first."""
        return self._stream(platform, "mention", key)

    def comments(self, platform: str, post_id: str) -> Sequence[Thing]:
        """Everything below a post that its thread lists, all depths, in order of time; hidden and held comments too."""
        index = self._index(platform)
        if post_id not in index.threads:
            found = index.below.get(post_id, [])
            if ABILITIES[platform].answers == "unlisted":
                found = self._reachable(post_id, found) if post_id in self._places[platform].things else []
            index.threads[post_id] = found
        return index.threads[post_id]

    @staticmethod
    def _reachable(post_id: str, found: list[Thing]) -> list[Thing]:
        reached = {post_id}
        for thing in found:  # a comment is later than what it answers
            if thing.parent in reached:
                reached.add(thing.id)
        return found if len(reached) == len(found) + 1 else [one for one in found if one.id in reached]

    def authored(self, platform: str, key: str) -> Sequence[Thing]:
        """The account's own posts, reposts and comments, wherever they stand, newest first (the time line of X, Mastodon)."""
        return self._index(platform).authored.get(key, [])

    def author(self, thing: Thing) -> Person:
        """Who wrote a thing, as they are called at present."""
        mine = self._accounts.get((thing.platform, thing.account))
        return mine.person if mine and mine.person.id == thing.author.id else thing.author

    def author_of(self, platform: str, item_id: str) -> Person | None:
        """Who wrote what has this id, though it may be gone; None where there never was such a thing."""
        thing = self.thing(platform, item_id)
        return self.author(thing) if thing else self._places[platform].authors.get(item_id)

    def replies(self, platform: str, comment_id: str) -> Sequence[Thing]:
        """What answers a comment (or post) directly, in order of time."""
        return self._index(platform).answers.get(comment_id, [])

    def thing(self, platform: str, item_id: str) -> Thing | None:
        """Find what is there by its id, on X by the id of any of its states."""
        place = self._places[platform]
        return place.things.get(item_id) or place.things.get(place.other_ids.get(item_id, ""))

    def was(self, platform: str, item_id: str) -> bool:
        """Tell whether an id belongs to something that existed and is gone."""
        gone = self._places[platform].gone
        return item_id in gone or self._places[platform].other_ids.get(item_id) in gone

    def removed_by(self, platform: str, item_id: str) -> Remover | None:
        """Tell who removed what is gone; None for what expired, and for what is not gone."""
        place = self._places[platform]
        return place.gone.get(place.other_ids.get(item_id, item_id))

    def conversations(self, platform: str, key: str) -> list[Conversation]:
        """The account's conversations that have a message, the newest updated first."""
        index = self._index(platform)
        if key not in index.conversations:
            index.conversations[key] = sorted(
                (
                    Conversation(one, key, self._people[one], found[0].at, len(found))
                    for one, found in index.messages.items()
                    if found[0].account == key
                ),
                key=lambda one: (one.updated_at, one.id),
                reverse=True,
            )
        return index.conversations[key]

    def messages(self, platform: str, conversation_id: str) -> Sequence[Thing]:
        """A conversation's messages, newest first."""
        return self._index(platform).messages.get(conversation_id, [])

    def attachment(self, platform: str, attachment_id: str) -> Attachment | None:
        """Find an attachment of anything there ever was up to this night."""
        found = self._places[platform].attachments.get(attachment_id)
        return found if isinstance(found, Attachment) else None

    def file(self, platform: str, identity: str) -> Attachment | Track | None:
        """Find an attachment, or a track of captions, of anything there ever was up to this night."""
        return self._places[platform].attachments.get(identity)

    def shown_by(self, platform: str, attachment_id: str) -> Thing | None:
        """Find what shows an attachment; None where that is gone."""
        place = self._places[platform]
        return place.things.get(place.shown_by.get(attachment_id, ""))

    def counted(self, platform: str, post_id: str) -> int:
        """What the platform's counter says of the comments of a post: it still counts some that are removed."""
        return self._index(platform).counted.get(post_id, 0)

    def likes(self, thing: Thing) -> int:
        """How often a thing is liked tonight: never fewer than the night before."""
        return thing.likes + self.night * (crc32(thing.id.encode()) % _LIKES)

    def things(self, platform: str) -> Iterable[Thing]:
        """Everything that is there, in no order that means anything."""
        return self._places[platform].things.values()

    def _stream(self, platform: str, kind: Kind, key: str) -> Sequence[Thing]:
        return self._index(platform).streams.get((kind, key), [])

    def _index(self, platform: str) -> _Index:
        place = self._places[platform]
        if place.index is None:
            own = {one.person.id: one.key for one in self.accounts(platform)}
            place.index = _indexed(place, own)
        return place.index


def _indexed(place: _Place, own: Mapping[str, str]) -> _Index:
    """Go over a platform's things once, in order of time; `own` has the keys of the city's accounts by their ids."""
    index = _Index()
    for thing in sorted(place.things.values(), key=lambda one: one.order):
        if thing.kind in ("post", "comment") and thing.author.id in own:
            index.authored[own[thing.author.id]].append(thing)
        if thing.kind == "comment":
            index.below[thing.root or ""].append(thing)
            index.answers[thing.parent or ""].append(thing)
            index.counted[thing.root or ""] += thing.moderation == "published"
        elif thing.kind == "message":
            index.messages[thing.conversation or ""].append(thing)
        elif thing.account:
            index.streams[thing.kind, thing.account].append(thing)
    for newest_first in (*index.streams.values(), *index.messages.values(), *index.authored.values()):
        newest_first.reverse()
    for item, root in place.roots.items():
        if item in place.gone:
            index.counted[root] += crc32(item.encode()) & 1
    return index
