"""The tracks of captions of a channel's own videos: asked for video by video, and fetched track by track.

Sources: developers.google.com/youtube/v3/docs/captions (list, download: the scope youtube.force-ssl, and the right to edit the
video), determine_quota_cost (a list costs 50 units, a download 200) and the API's discovery document (`CaptionSnippet`).
`contentDetails.caption` of a video says whether it has captions; those by speech recognition do not count there [unconfirmed].
A track that was replaced has another `lastUpdated`, and is another medium then; what it said before is kept, if it was fetched.
"""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from archiver.platforms import youtube_items as items
from archiver.platforms.answers import id_of, number_of, read, text_of
from archiver.platforms.apart import Apart, Completed
from archiver.platforms.errors import MediumWithheldError
from archiver.platforms.items import CAPTIONS, Media, Skipped
from archiver.platforms.youtube_manners import is_refused, refusal_of
from archiver.platforms.youtube_server import for_reasons

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archiver.platforms.items import Item, Json
    from archiver.platforms.pages import AccountRef, Exchange
    from archiver.platforms.youtube_server import Server

NONE, UPLOADED, ALL = "none", "uploaded", "all"
DAYS, OLDER_DAYS = 7, 180
FORMAT = "vtt"
"""WebVTT: it keeps what the other formats on offer (srt, sbv) do not, the places and styles of the words."""
_TRACK = "/captions/"
_ASR = "ASR"
_FLAGS = {"isDraft": "draft", "isCC": "closed_captions", "isEasyReader": "easy_reader"}
_GONE = for_reasons("captionNotFound", "notFound")
_EARLY = timedelta(hours=12)
"""A night may begin so much sooner after the last one than a day."""


def wanted(account: AccountRef, *, owns: bool) -> str:
    """Which tracks are kept; with a key alone, none can be."""
    return str(account.settings.get("captions") or UPLOADED) if owns else NONE


def apart(account: AccountRef, *, owns: bool) -> Apart | None:
    """How a channel's videos are completed with their tracks; None where none are kept."""
    if wanted(account, owns=owns) == NONE:
        return None
    days = number_of(account.settings, "captions_days")
    again = timedelta(days=DAYS if days is None else min(days, OLDER_DAYS))
    later = max(again, timedelta(days=OLDER_DAYS)) if again else again
    early = _EARLY if again else timedelta()
    marks = frozenset({CAPTIONS})
    return Apart("the captions", marks, again - early, later - early, looks_up=True)


def marked(item: Item, account: AccountRef, video: Mapping[str, Any]) -> Item:
    """A video with what tells whether its tracks are to be asked for: which are kept, and whether it has any, says YouTube."""
    kept, told = wanted(account, owns=True), items.part_of(video, "contentDetails").get("caption")
    if kept == UPLOADED and str(told) == "false":
        return item
    return dataclasses.replace(item, apart=f"captions {kept}: {told}")


def complete(server: Server, item: Item) -> Completed:
    """Ask for a video's tracks (50 units). That they are refused is noted, and what is known of them stands."""
    exchange = server.get(
        "captions",
        "id,snippet",
        {"videoId": item.id},
        lambda answer: is_refused(answer) or for_reasons("videoNotFound")(answer),
    )
    what = f"the captions of {item.id}"
    refusal = refusal_of(exchange)
    if refusal is not None:
        why = Skipped(what, f"YouTube does not give them ({refusal.words})", lost=False)
        return Completed({item.id: item}, [exchange], [why])
    skipped: list[Skipped] = []
    tracks: list[_Track] = []
    for number, entry in enumerate(server.entries(exchange)[1]):
        track = read(f"track {number} of {what}", skipped, _Track.of, entry)
        if track is not None and (track.kind != _ASR or wanted(server.account, owns=True) == ALL):
            tracks.append(track)
    if any(each.lost for each in skipped):
        return Completed({}, [exchange], skipped)
    troubled = (each for each in tracks if each.trouble)
    skipped += [Skipped(f"the track {each.id} of {what}", each.trouble, lost=False) for each in troubled]
    if any(each.status == "syncing" for each in tracks):
        return Completed({}, [exchange], skipped)
    tracks.sort(key=lambda each: (each.language, each.kind, each.id))
    media = [*item.media, *(each.medium(item.id) for each in tracks if not each.trouble)]
    said: dict[str, Json] = {CAPTIONS: [each.said() for each in tracks]} if tracks else {}
    found = dataclasses.replace(
        item,
        media=tuple(media),
        evidence={**item.evidence, **said},
        not_requested=item.not_requested - {CAPTIONS},
    )
    return Completed({item.id: found}, [exchange], skipped)


def is_track(media: Media) -> bool:
    """Whether a medium is a track of captions."""
    return media.kind == "file" and _TRACK in media.id


def download(server: Server, media: Media) -> Exchange:
    """The answer that a track came in (200 units). Raises `MediumWithheldError` where YouTube does not give it, and what the
    session raises.
    """
    track = media.id.partition(_TRACK)[2].rpartition("@")[0]
    exchange = server.fetch(
        f"captions/{quote(track, safe='')}",
        {"tfmt": FORMAT},
        lambda answer: is_refused(answer) or _GONE(answer),
    )
    refusal = refusal_of(exchange) if exchange.status >= items.ERROR else None
    if refusal is not None:
        raise MediumWithheldError(server.account.name, media.id, refusal.words, exchange)
    return exchange


@dataclasses.dataclass(frozen=True, slots=True)
class _Track:
    """A track as captions.list shows it."""

    id: str
    updated: str
    language: str
    kind: str
    name: str
    status: str
    reason: str
    flags: tuple[str, ...]

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> _Track:
        """Take one apart. Raises `KeyError`, `TypeError` for what is none."""
        snippet = items.part_of(entry, "snippet")
        updated = text_of(snippet, "lastUpdated")
        if updated is None:
            raise KeyError("lastUpdated")
        told = {
            name: text_of(snippet, name) or "" for name in ("language", "trackKind", "name", "status", "failureReason")
        }
        flags = tuple(name for key, name in _FLAGS.items() if snippet.get(key) is True)
        return cls(
            id_of(entry),
            updated,
            told["language"],
            told["trackKind"] or "standard",
            told["name"],
            told["status"],
            told["failureReason"],
            flags,
        )

    @property
    def trouble(self) -> str:
        """Why it has no words to be fetched; empty where it has."""
        if self.status in {"", "serving"}:
            return ""
        return f"YouTube says of it: {self.status}{f' ({self.reason})' if self.reason else ''}; it has no words to be fetched"

    def medium(self, video: str) -> Media:
        """It as an attachment of its video."""
        words = [f"captions in {self.language or 'a language that is not told'}"]
        words += ["made by speech recognition"] if self.kind == _ASR else [self.kind] if self.kind != "standard" else []
        words += [each.replace("_", " ") for each in self.flags]
        words += [f"named “{self.name}”"] if self.name else []
        return Media(f"{video}{_TRACK}{self.id}@{self.updated}", "file", None, ", ".join(words), f"text/{FORMAT}")

    def said(self) -> dict[str, Json]:
        """It as evidence."""
        told = {"id": self.id, "language": self.language, "kind": self.kind, "name": self.name, "updated": self.updated}
        found: dict[str, Json] = {name: value for name, value in told.items() if value}
        if self.trouble:
            found["status"] = f"{self.status} {self.reason}".strip()
        return {**found, **dict.fromkeys(self.flags, True)}
