"""What Facebook tells of pictures and videos by themselves alone: alternative texts, and the tracks of captions.

Sources: the field classes of facebook-python-business-sdk (Photo: `alt_text`, `alt_text_custom`), the model of python-facebook;
developers.facebook.com/docs/graph-api/reference/photo (the first is any alternative text, the second the one that the page
wrote), reference/video/captions (that it lists VideoCaption nodes; which fields those have is unconfirmed, one that the API does
not know is asked for no more), guides/field-expansion, and `ids` (up to 50 things at once; each counts as a call).
Where one of them cannot be read, nothing is: then halves of them are asked for.
"""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING, Any

from archiver.platforms.answers import error_body, id_of, read, text_of
from archiver.platforms.apart import Apart, Completed
from archiver.platforms.errors import MediumWithheldError, UnreadableAnswerError
from archiver.platforms.graph_fields import unknown_field, without
from archiver.platforms.graph_manners import code_of, is_token, judge, words_of
from archiver.platforms.graph_media import stable
from archiver.platforms.items import ALT_TEXTS, CAPTIONS, Item, Json, Media, Skipped, described
from archiver.platforms.manners import Meaning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from archiver.platforms.graph import Graph
    from archiver.platforms.pages import Exchange

MARKS = frozenset({ALT_TEXTS, CAPTIONS})
APART = Apart("the alternative texts and captions", MARKS, at_once=25)
_MOST_IDS = 50
_ERROR = 400
_PHOTO = "alt_text,alt_text_custom"
_TRACK_FIELDS = "id,locale,locale_name,uri,is_auto_generated,is_default,created_time"
_VIDEO = f"captions.limit(100){{{_TRACK_FIELDS}}}"
_MAY_LACK = frozenset(_TRACK_FIELDS.split(",")) - {"uri", "locale"}
_TRACK = "/captions/"
_ENOUGH = 3
"""So many things alone that do not know a field: then the API does not know it."""


def marked(item: Item) -> Item:
    """An item of a listing, which shows neither: with what tells whether there is something to ask for."""
    nodes = sorted(medium.id for medium in item.media if is_node(medium.id))
    digest = hashlib.sha256("\n".join(nodes).encode()).hexdigest()[:32] if nodes else None
    return dataclasses.replace(item, not_requested=item.not_requested | MARKS, apart=digest)


def is_node(identity: str) -> bool:
    """Whether a medium's id is that of a picture or video of the platform, and not an address."""
    return identity.isascii() and identity.replace("_", "").isdigit()


def complete(graph: Graph, items: Sequence[Item]) -> Completed:
    """Ask for the alternative texts of the items' pictures, and for the captions of their videos. What is refused is noted, and
    what is known of it stands. Raises what the session raises, and `UnreadableAnswerError`.
    """
    photos = _Several(graph, _PHOTO)
    photos.ask([each.id for item in items for each in item.media if each.kind == "image" and is_node(each.id)])
    videos = _Several(graph, _VIDEO)
    videos.ask([each.id for item in items for each in item.media if each.kind == "video" and is_node(each.id)])
    skipped: list[Skipped] = []
    found = {
        item.id: item
        if "media" in item.not_requested  # an API that shows no attachments says nothing of theirs either
        else _captioned(_described(item, photos, skipped), videos, skipped)
        for item in items
    }
    return Completed(found, [*photos.exchanges, *videos.exchanges], skipped)


def track_address(graph: Graph, media: Media) -> str:
    """The address of a track, which is signed and expires, asked for afresh. Raises `MediumWithheldError`, and what the session
    raises.
    """
    video = media.id.partition(_TRACK)[0]
    asked = _Several(graph, _VIDEO)
    asked.ask([video])
    for entry in _entries(asked.found.get(video) or {}):
        track = read("the track", [], _Track.of, video, entry)
        if track is not None and track.medium().id == media.id:
            return track.uri
    why = asked.refused.get(video) or "it has no such track any more"
    raise MediumWithheldError(graph.account.name, media.id, why, asked.exchanges[-1] if asked.exchanges else None)


def is_track(media: Media) -> bool:
    """Whether a medium is a track of captions."""
    return media.kind == "file" and _TRACK in media.id


class _Several:
    """Things asked for by their ids, and what came of it: each is found, or refused in the platform's words."""

    def __init__(self, graph: Graph, fields: str) -> None:
        self._graph, self._fields = graph, fields
        self._unknown = 0
        self.found: dict[str, Mapping[str, Any]] = {}
        self.refused: dict[str, str] = {}
        self.exchanges: list[Exchange] = []

    def ask(self, ids: Sequence[str]) -> None:
        """Ask for them, as many at once as the platform takes."""
        every = list(dict.fromkeys(ids))
        for start in range(0, len(every), _MOST_IDS):
            self._ask(every[start : start + _MOST_IDS])

    def _ask(self, ids: list[str]) -> None:
        if self._unknown >= _ENOUGH:
            words = next(reversed(self.refused.values()))
            self.refused.update(dict.fromkeys(ids, words))
            return
        exchange = self._get(ids)
        self.exchanges.append(exchange)
        failed = exchange.status >= _ERROR or "error" in error_body(exchange)
        if not failed:
            answer = self._graph.object(exchange)
            for each in ids:
                node = answer.get(each)
                if not isinstance(node, dict):
                    words = f"it shows nothing of {each}, which it was asked for"
                    raise UnreadableAnswerError(self._graph.account.name, exchange.url, words, exchange)
                self.found[each] = node
            return
        verdict = judge(exchange)
        if len(ids) == 1 or (verdict is not None and verdict.meaning is Meaning.FORBIDDEN):
            self._unknown += unknown_field(exchange) is not None
            self.refused.update(dict.fromkeys(ids, words_of(exchange)))
            return
        middle = len(ids) // 2
        self._ask(ids[:middle])
        self._ask(ids[middle:])

    def _get(self, ids: list[str]) -> Exchange:
        while True:
            asked = {"ids": ",".join(ids), "fields": self._fields}
            exchange = self._graph.get("", asked, lambda answer: code_of(answer) is not None and not is_token(answer))
            lacking = unknown_field(exchange)
            fewer = without(self._fields, lacking) if lacking in _MAY_LACK else None
            if fewer is None:
                return exchange
            self.exchanges.append(exchange)
            self._fields = fewer


def _described(item: Item, photos: _Several, skipped: list[Skipped]) -> Item:
    """The item with the alternative texts of its pictures."""
    shown = [each.id for each in item.media if each.kind == "image" and is_node(each.id)]
    refused = [each for each in shown if each in photos.refused]
    for each in refused:
        what = f"the alternative text of the picture {each} of {item.id}"
        skipped.append(Skipped(what, f"the platform does not give it ({photos.refused[each]})", lost=False))
    if refused and len(refused) == len(shown):
        return item
    texts: dict[str, dict[str, Json]] = {}
    for each in shown:
        text = read(
            f"the alternative text of the picture {each} of {item.id}", skipped, _text, photos.found.get(each, {})
        )
        if text is not None:
            texts[each] = {"id": each, "text": text[0], "by": text[1]}
    media = tuple(
        dataclasses.replace(each, alt_text=described(str(texts[each.id]["text"]), each.alt_text))
        if each.id in texts
        else each
        for each in item.media
    )
    said: dict[str, Json] = {ALT_TEXTS: list(texts.values())} if texts else {}
    return dataclasses.replace(
        item, media=media, evidence={**item.evidence, **said}, not_requested=item.not_requested - {ALT_TEXTS}
    )


def _text(photo: Mapping[str, Any]) -> tuple[str, str] | None:
    """A picture's alternative text, and whose it is."""
    own, whole = text_of(photo, "alt_text_custom"), text_of(photo, "alt_text")
    if own:
        return own, "page"
    return (whole, "platform") if whole else None


def _captioned(item: Item, videos: _Several, skipped: list[Skipped]) -> Item:
    """The item with the tracks of its videos."""
    shown = [each.id for each in item.media if each.kind == "video" and is_node(each.id)]
    refused = [each for each in shown if each in videos.refused]
    for each in refused:
        what = f"the captions of the video {each} of {item.id}"
        skipped.append(Skipped(what, f"the platform does not give them ({videos.refused[each]})", lost=False))
    if refused:
        return item
    tracks: list[_Track] = []
    for each in shown:
        for number, entry in enumerate(_entries(videos.found.get(each, {}))):
            track = read(f"track {number} of the video {each} of {item.id}", skipped, _Track.of, each, entry)
            if track is not None:
                tracks.append(track)
    tracks.sort(key=lambda track: (shown.index(track.video), track.locale, track.id))
    said: dict[str, Json] = {CAPTIONS: [each.said() for each in tracks]} if tracks else {}
    return dataclasses.replace(
        item,
        media=(*item.media, *(each.medium() for each in tracks)),
        evidence={**item.evidence, **said},
        not_requested=item.not_requested - {CAPTIONS},
    )


def _entries(video: Mapping[str, Any]) -> Iterator[Any]:
    captions = video.get("captions")
    listed = captions.get("data") if isinstance(captions, dict) else None
    yield from listed if isinstance(listed, list) else ()


@dataclasses.dataclass(frozen=True, slots=True)
class _Track:
    """A track as the edge `captions` of a video shows it. `id` is empty where it is not told."""

    video: str
    id: str
    locale: str
    name: str
    uri: str
    created: str
    automatic: bool
    default: bool

    @classmethod
    def of(cls, video: str, entry: Mapping[str, Any]) -> _Track:
        """Take one apart. Raises `KeyError`, `TypeError` for what is none."""
        uri, locale = text_of(entry, "uri"), text_of(entry, "locale")
        if not uri or not locale:
            raise KeyError("uri" if not uri else "locale")
        return cls(
            video,
            id_of(entry) if "id" in entry else "",
            locale,
            text_of(entry, "locale_name") or "",
            uri,
            text_of(entry, "created_time") or "",
            entry.get("is_auto_generated") is True,
            entry.get("is_default") is True,
        )

    def medium(self) -> Media:
        """It as an attachment. What was replaced has another id, or was made at another time; where neither is told, its file is
        another one.
        """
        mark = f"{self.id or self.locale}@{self.created}" if self.id or self.created else self._file()
        words = [f"captions in {self.name or self.locale}", *(["made by the platform"] if self.automatic else [])]
        return Media(f"{self.video}{_TRACK}{mark}", "file", self.uri, ", ".join(words))

    def _file(self) -> str:
        return f"{self.locale}@{hashlib.sha256(stable(self.uri).encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"

    def said(self) -> dict[str, Json]:
        """It as evidence."""
        told = {"video": self.video, "id": self.id, "locale": self.locale, "name": self.name, "created": self.created}
        found: dict[str, Json] = {name: value for name, value in told.items() if value}
        return {
            **found,
            **({"automatic": True} if self.automatic else {}),
            **({"default": True} if self.default else {}),
        }
