"""Asking YouTube for single videos and comments by their ids.

What it leaves out of its answer is not there. Whether its owner is shown a comment that is held by its id, the documentation does
not say [unconfirmed]: before such a comment is called gone, it is looked for among all that are held on the channel.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from archiver.platforms import youtube_items as items
from archiver.platforms.answers import id_of, read
from archiver.platforms.items import State
from archiver.platforms.pages import Lookup
from archiver.platforms.youtube_captions import marked
from archiver.platforms.youtube_manners import is_refused
from archiver.platforms.youtube_threads import HELD

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from archiver.platforms.pages import Exchange
    from archiver.platforms.youtube_server import Server

AT_ONCE = 50
_MOST_PAGES = 50
"""So many pages of each state are looked through: a flood of spam must not use up the day's units."""
_NOT_TOLD = ", made private or held for review: without the owner's grant YouTube does not tell"


def look_up_videos(server: Server, ids: Sequence[str]) -> Iterator[Lookup]:
    """Ask for up to fifty videos. One that YouTube says was deleted is gone, though it is in the answer."""
    exchange, shown = _shown(server, "videos", items.VIDEO_PARTS, ids)
    for identity in ids:
        place, found = shown.get(identity, (0, None))
        if found is None or read("the video", [], items.is_deleted, found):
            words = f"videos.list, asked for it by its id, does not show it: deleted{'' if server.owns else _NOT_TOLD}"
            yield Lookup(identity, State.GONE_CONFIRMED, words, exchange)
        else:
            item = read("the video", [], items.video_item, found, exchange=0, pointer=f"/items/{place}")
            item = None if item is None else marked(item, server.account, found)
            yield Lookup(identity, State.PRESENT, "videos.list, asked for it by its id, shows it", exchange, item)


def look_up_comments(server: Server, ids: Sequence[str], held: Held) -> Iterator[Lookup]:
    """Ask for up to fifty comments. What they say is not taken from here, since their state of moderation is not told here."""
    exchange, shown = _shown(server, "comments", "id", ids)
    for identity in ids:
        if identity in shown:
            yield Lookup(identity, State.PRESENT, "comments.list, asked for it by its id, shows it", exchange)
        elif not server.owns:
            yield _gone(identity, _NOT_TOLD, exchange)
        else:
            yield held.conclude(identity, exchange)


def _gone(identity: str, more: str, exchange: Exchange) -> Lookup:
    words = f"comments.list, asked for it by its id, does not show it: deleted{more}"
    return Lookup(identity, State.GONE_CONFIRMED, words, exchange)


def _shown(
    server: Server, method: str, part: str, ids: Sequence[str]
) -> tuple[Exchange, dict[str, tuple[int, Mapping[str, Any]]]]:
    exchange, entries = server.ask(method, part, {"id": ",".join(ids)})
    found: dict[str, tuple[int, Mapping[str, Any]]] = {
        str(each["id"]): (place, each) for place, each in enumerate(entries) if isinstance(each, dict) and "id" in each
    }
    return exchange, found


@dataclasses.dataclass(slots=True)
class Held:
    """The comments that are held on a channel, asked for once, when the first comment is missing."""

    server: Server
    _words: dict[str, tuple[str, Exchange]] = dataclasses.field(default_factory=dict)
    _asked: bool = False
    _refused: bool = False
    _cut: bool = False

    def conclude(self, identity: str, exchange: Exchange) -> Lookup:
        """What became of a comment that `exchange`, asked for it by its id, does not show."""
        if not self._asked:
            self._asked = True
            for status in HELD:
                self._read(status)
        if identity in self._words:
            return Lookup(identity, State.HIDDEN, *self._words[identity])
        if self._refused:
            return _gone(identity, _NOT_TOLD, exchange)
        if self._cut:
            words = f"comments.list does not show it; more than {_MOST_PAGES} pages of comments are held on the channel"
            return Lookup(identity, None, words, exchange)
        return _gone(identity, ", and not among those that are held", exchange)

    def _read(self, status: str) -> None:
        asked: dict[str, str | int] = {
            "allThreadsRelatedToChannelId": self.server.account.platform_id or "",
            "moderationStatus": status,
            "maxResults": 100,
        }
        walk = self.server.walk("commentThreads", "snippet,replies", asked, accept=is_refused)
        for number, got in enumerate(walk, 1):
            self._refused = self._refused or got.refused
            for entry in got.entries:
                for comment in read("a thread", [], _comments_of, entry) or ():
                    identity = read("a comment", [], id_of, comment)
                    if identity is not None:
                        words = read("a comment", [], _words_of, comment, status) or status
                        self._words.setdefault(identity, (words, got.exchange))
            self._cut = self._cut or got.circles
            if number >= _MOST_PAGES and got.following is not None:
                self._cut = True
                return


def _comments_of(entry: Mapping[str, Any]) -> list[Any]:
    """The comments of a thread that are held: one that says that it is published is not."""
    shown = items.part_of(entry, "replies").get("comments")
    every = [items.part_of(entry, "snippet")["topLevelComment"], *(shown if isinstance(shown, list) else [])]
    return [each for each in every if items.part_of(each, "snippet").get("moderationStatus") != "published"]


def _words_of(comment: Mapping[str, Any], status: str) -> str | None:
    return items.hidden_words(items.part_of(comment, "snippet").get("moderationStatus") or status)
