"""Works out the further platforms' truth from the log; see `samplecity.social.truth` for how to read it."""

from __future__ import annotations

import gc
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from samplecity.days import Days
from samplecity.ids import stamp
from samplecity.social import events as happening
from samplecity.social.evening import OUT_OF_ORDER, Evening, Line
from samplecity.social.media import sha256
from samplecity.truth import TrueAccount, TrueItem, TrueMedia, TrueSighting, TrueVersion

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from samplecity.social.city import SocialCity
    from samplecity.social.events import SocialEvent
    from samplecity.social.model import Attachment, Thing, Track

CAPTURED_AT = (23, 30)
"""The hour and minute of every night's capture, city time."""


class SocialWitness:
    """Follows the further platforms from night to night; ask it for nights in rising order.

    Args:
        city: to follow.
    """

    def __init__(self, city: SocialCity) -> None:
        self.night = 0
        self._city = city
        self._days = Days(city.start, city.nights)
        self._lines: dict[str, dict[str, Line]] = {one: {} for one in city.platforms}
        self._status: dict[tuple[str, str], str] = {}
        self._accounts = {
            (one.platform, one.key): TrueAccount(one.platform, one.id, one.key, {}, {}, {}, {}) for one in city.accounts
        }
        self._handles = {(one.platform, one.key): one.handle for one in city.accounts}
        self._own = {(one.platform, one.id): one.key for one in city.accounts}
        self._alike: dict[tuple[int, ...], list[int]] = {}
        self._by_night: dict[int, list[SocialEvent]] = defaultdict(list)
        for event in city.log:
            self._by_night[event.night].append(event)

    def watch(self, night: int) -> tuple[list[TrueAccount], list[TrueItem]]:
        """Follow the log up to a night. Gives copies of what is known then: accounts, and items by platform and id.

        Lists of nights that are alike are one list: do not change them.

        Raises:
            ValueError: when that night is over already.
        """
        with _uncollected():
            return self._watched(night)

    def _watched(self, night: int) -> tuple[list[TrueAccount], list[TrueItem]]:
        if night < self.night:
            raise ValueError(f"night {night} is over, this witness is in night {self.night}")
        while self.night < night:
            self.night += 1
            for event in self._by_night[self.night]:
                self._happen(event)
            for platform, lines in self._lines.items():
                Evening(self, platform, lines).write()
        items = self._items()
        accounts = [
            replace(
                one,
                status_by_night=dict(one.status_by_night),
                handle_by_night=dict(one.handle_by_night),
                counts_by_night=dict(one.counts_by_night),
                comments_by_night=dict(one.comments_by_night),
            )
            for one in self._accounts.values()
        ]
        return accounts, items

    def _items(self) -> list[TrueItem]:
        named = defaultdict(list)
        for name, things in self._city.story.items():
            for place in things:
                named[place].append(name)
        self._alike = {}
        return [
            self._conclude(platform, line, named.get((platform, item), []))
            for platform, lines in sorted(self._lines.items())
            for item, line in sorted(lines.items())
        ]

    def _happen(self, event: SocialEvent) -> None:
        match event:
            case happening.Publish(thing=thing):
                self._publish(thing)
            case happening.AccountStatus(platform=platform, key=key, status=status):
                self._status[platform, key] = status
            case happening.Rename(platform=platform, key=key, handle=handle):
                self._handles[platform, key] = handle
            case _:
                self._change(event, self._lines[event.platform][event.id])

    def _publish(self, thing: Thing) -> None:
        lines = self._lines[thing.platform]
        line = lines.get(thing.id)
        if line is None:
            line = lines[thing.id] = Line(thing)
        else:  # back again: what is listed is in the order of coming
            lines[thing.id] = lines.pop(thing.id)
            line.thing, line.there, line.end, line.by = thing, True, "", None
        line.hidden, line.held = thing.hidden, thing.moderation != "published"
        line.closed = thing.comments_disabled
        line.chain = []
        self._write(line, thing.text, thing.title, thing.at, thing.attachments)

    @staticmethod
    def _write(line: Line, text: str, title: str, at: datetime, attachments: Iterable[Attachment]) -> None:
        media = [TrueMedia(sha256(one), None, one.alt, one.mime, len(one.data)) for one in attachments]
        media += [_track(one) for one in line.thing.tracks]
        last = line.versions[-1] if line.versions and not line.chain else None  # it was gone, and is back
        if last and (last.text, last.title, last.media) == (text, title or None, media):
            version = last
        else:
            version = TrueVersion(
                len(line.versions) + 1, title or None, text, None, stamp(at), media=media, langs=[line.thing.lang]
            )
            line.versions.append(version)
        line.chain.append(version)

    @staticmethod
    def _back(line: Line) -> None:
        """Let a version that is what the last one seen was be that one: captions that came and went between changed nothing."""
        *earlier, last = line.versions
        seen = next((one for one in reversed(earlier) if one.nights), None)
        if seen and (seen.text, seen.title, seen.media) == (last.text, last.title, last.media):
            line.versions.remove(last)
            line.chain[-1] = seen

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
        line: Line,
    ) -> None:
        match event:
            case happening.Revise(text=text, title=title, attachments=attachments, at=at, revision=revision):
                kept = line.thing.attachments if attachments is None else attachments
                line.thing = replace(line.thing, attachments=kept, title=line.thing.title if title is None else title)
                line.thing = replace(line.thing, text=text)
                self._write(line, text, line.thing.title, at, kept)
                if revision:
                    line.aliases.append(revision)
            case happening.Caption(at=at, tracks=tracks):
                line.thing = replace(line.thing, tracks=tracks)
                self._write(line, line.thing.text, line.thing.title, at, line.thing.attachments)
                self._back(line)
            case happening.Remove(by=by):
                line.there, line.end, line.by = False, "gone", by
            case happening.Expire():
                line.there, line.end = False, "expired"
            case happening.Hide() | happening.Unhide():
                line.hidden = isinstance(event, happening.Hide)
            case happening.Moderate(to=to):
                line.held = to != "published"
            case happening.Comments(disabled=disabled):
                line.closed = disabled

    def status(self, platform: str, key: str) -> str:
        """How an account stands at this moment."""
        return self._status.get((platform, key), "active")

    def owner(self, platform: str, person: str) -> str | None:
        """Give the key of the city's account that a person's id belongs to."""
        return self._own.get((platform, person))

    def accounts(self, platform: str) -> list[TrueAccount]:
        """Give what is written down of the city's accounts on a platform."""
        return [one for (where, _), one in self._accounts.items() if where == platform]

    def handle(self, platform: str, key: str) -> str:
        """Give an account's handle at this moment."""
        return self._handles[platform, key]

    def captured_at(self) -> datetime:
        """When the capture of this night is made: half past eleven in the evening, city time."""
        return self._days.moment(self.night, *CAPTURED_AT)

    def _nights(self, nights: list[int]) -> list[int]:
        """Give a copy of a list of nights, the same copy for the same nights: most things are seen on all of theirs."""
        return self._alike.setdefault(tuple(nights), nights[:])

    def _conclude(self, platform: str, line: Line, story: list[str]) -> TrueItem:
        thing = line.thing
        versions = [
            replace(
                one,
                nights=self._nights(one.nights),
                told_nights=self._nights(one.told_nights),
                observable=bool(one.nights or one.told_nights),
            )
            for one in line.versions
        ]
        item = TrueItem(
            platform,
            "",
            thing.id,
            _kind(thing),
            thing.author.id,
            root=thing.root,
            parent=thing.parent,
            refers_to=thing.reposts or thing.quotes,
            versions=versions,
            visible_nights=self._nights(line.visible),
            sightings=[TrueSighting(*place, self._nights(nights)) for place, nights in sorted(line.sightings.items())],
            observable=bool(line.visible),
            story=list(story),
            aliases=list(line.aliases),
            hidden_nights=self._nights(line.hidden_nights),
            removed_by=line.by,
        )
        status = self.status(platform, thing.account)
        if not line.there:
            item.state = line.end
        elif status in OUT_OF_ORDER:
            item.state = f"account_{status}"
        elif line.hidden_nights and line.hidden_nights[-1] == self.night:
            item.state = "hidden"
        if line.visible and line.visible[-1] != self.night:
            item.gone_since = line.visible[-1] + 1
        return item


@contextmanager
def _uncollected() -> Iterator[None]:
    """Make many objects that all stay, without the collector looking through them again and again: four times as fast."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _track(one: Track) -> TrueMedia:
    """A track of captions among the media: its alternative text says which it is."""
    words = " ".join(filter(None, [one.language, one.kind, "draft" if one.draft else "", one.name]))
    return TrueMedia(sha256(one), None, words, one.mime, len(one.data), automatic=one.kind == "ASR")


def _kind(thing: Thing) -> str:
    if thing.reposts:
        return "repost"
    return "post" if thing.kind in ("visitor_post", "mention") else thing.kind
