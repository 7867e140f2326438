"""From shapes to what a template shows. Pure: no database, no request, no clock."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from clerk import words
from clerk.differences import Piece, other_changes, word_difference
from clerk.messages import MESSAGE
from clerk.shown import cut, highlighted, outward, sanitised
from search.query.words import plain_or_quoted

if TYPE_CHECKING:
    import datetime as dt
    import uuid
    import zoneinfo
    from collections.abc import Mapping, Sequence

    from markupsafe import Markup
    from sqlalchemy.engine import Row

    from archiver.records.shapes import ItemShape, MediumShape, VersionShape
    from clerk.thread import Placed
    from search.query import Hit

IN_THREAD = 1_500
"""How many characters of a text a thread shows."""
IN_RESULT = 400
SAFE_IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp", "image/avif"})
OPEN_UP_TO = 12
"""A reply's own answers are folded away when there are more than these."""


@dataclasses.dataclass(frozen=True, slots=True)
class MediumView:
    """One attachment: shown, offered for download, or the sentence that says why not."""

    public_id: uuid.UUID
    kind: str
    alt: str
    has_alt: bool
    is_picture: bool
    is_kept: bool
    note: str
    small: tuple[int, int] | None = None
    """Width and height of its small picture; a picture without one yet is shown itself."""


@dataclasses.dataclass(frozen=True, slots=True)
class TagView:
    """A tag, and the address of the search for it."""

    name: str
    address: str


@dataclasses.dataclass(frozen=True, slots=True)
class Card:
    """An item as every page shows it: who, what, when, where, how last found."""

    public_id: uuid.UUID
    kind: str
    is_message: bool
    platform: str
    author_name: str
    author_handle: str | None
    author_label: str
    is_city: bool
    created_at: dt.datetime | None
    first_seen_at: dt.datetime
    state: str
    state_sentence: str
    title: str | None
    text: str
    html: Markup | None
    left_off: int
    version_count: int
    places: Sequence[tuple[str, str]]
    media: Sequence[MediumView]
    tags: Sequence[TagView] = ()

    @property
    def label(self) -> str:
        """What the item is, for a heading: `Comment by Rosa`."""
        return f"{self.kind} by {self.author_name}"


@dataclasses.dataclass(frozen=True, slots=True)
class ResultView:
    """A hit: its card (None where Postgres no longer has the item), its highlight, which version matched."""

    public_id: uuid.UUID
    card: Card | None
    highlight: Markup
    matched_version: int | None
    is_current: bool


@dataclasses.dataclass(frozen=True, slots=True)
class ThreadItem:
    """A reply in its place. `to`: whom it answers, said where that is not right above it."""

    card: Card
    to: Card | None
    to_unknown: bool
    answers: int
    children: Sequence[ThreadItem]

    @property
    def below(self) -> int:
        """How many items stand below this one on the page."""
        return sum(1 + child.below for child in self.children)

    @property
    def opened(self) -> bool:
        """Whether its answers are shown without asking."""
        return self.below <= OPEN_UP_TO


@dataclasses.dataclass(frozen=True, slots=True)
class VersionView:
    """One version, as it was or with what changed in it."""

    number: int
    is_current: bool
    captured_at: dt.datetime
    created_at: dt.datetime | None
    edited_at: dt.datetime | None
    indexed_at: dt.datetime | None
    source: str
    pieces: Sequence[Piece]
    left_off: int
    text_changed: bool
    other_changes: Sequence[str]
    flags: Sequence[str]
    exchange_id: uuid.UUID
    pointer: str


@dataclasses.dataclass(frozen=True, slots=True)
class PlaceView:
    """A stream that the item was seen in."""

    account: str
    department: str
    stream: str
    first_seen_at: dt.datetime
    last_seen_at: dt.datetime
    state: str
    sentence: str


@dataclasses.dataclass(frozen=True, slots=True)
class StateView:
    """One entry of the item's history."""

    observed_at: dt.datetime
    what: str
    words: str
    account: str
    stream: str


@dataclasses.dataclass(frozen=True, slots=True)
class LinkView:
    """A link of the record; `href` is None where it may not be followed."""

    text: str
    href: str | None


def medium_view(medium: MediumShape, thumbnail: Row[Any] | None = None) -> MediumView:
    """An attachment, and in words what is (not) kept of it. `thumbnail` is what was made of its bytes, where that was tried."""
    kept = medium.state == "kept" and medium.sha256 is not None
    what = {"image": "picture", "video": "video", "audio": "recording"}.get(medium.kind, "file")
    if kept:
        note = f"{medium.content_type or 'unknown type'}, {words.size(medium.size)}"
        if thumbnail is not None and thumbnail.reason is not None:
            note += f"; it is not shown here: {thumbnail.reason}"
    elif medium.state == "wanted" and medium.reason is None:
        note = f"The {what} is not kept yet: it has not been fetched."
    elif medium.state == "withheld":
        note = f"The {what} is not kept: the platform or the archive's rules refused it ({medium.reason or 'no reason given'})."
    else:
        note = f"The {what} is not kept: {medium.reason or 'no reason is recorded'}."
    alt = medium.alt_text or f"{what.capitalize()} without a description"
    small = (thumbnail.width, thumbnail.height) if thumbnail is not None and thumbnail.reason is None else None
    shown = medium.content_type in SAFE_IMAGES if thumbnail is None else small is not None
    return MediumView(medium.public_id, what, alt, bool(medium.alt_text), kept and shown, kept, note, small)


def card(
    item: ItemShape, zone: zoneinfo.ZoneInfo, *, longest: int, thumbnails: Mapping[bytes, Row[Any]] | None = None
) -> Card:
    """An item for any page, its text cut at `longest` characters; with what was made of its pictures, by their digest."""
    known = thumbnails or {}
    version = item.current
    author = version.author if version else None
    text, left_off = cut((version.text if version else None) or "", longest)
    places = dict.fromkeys((sighting.account, sighting.department) for sighting in item.sightings)
    return Card(
        public_id=item.public_id,
        kind=words.kind(item.kind),
        is_message=item.kind == MESSAGE,
        platform=words.platform(item.platform),
        author_name=(author and (author.name or author.handle or author.platform_id)) or "author not stated",
        author_handle=author.handle if author and author.name else None,
        author_label=words.author_label(author),
        is_city=author is not None and author.is_city,
        created_at=item.created_at,
        first_seen_at=item.first_seen_at,
        state=item.state,
        state_sentence=words.state_sentence(item, zone),
        title=version.title if version else None,
        text=text,
        html=sanitised(version.html) if version and version.html and not left_off else None,
        left_off=left_off,
        version_count=len(item.versions),
        places=tuple(places),
        media=tuple(medium_view(each, known.get(each.sha256 or b"")) for each in version.media) if version else (),
        tags=tuple(TagView(each, tag_address(each)) for each in item.tagged.values()),
    )


def tag_address(name: str, more: str = "") -> str:
    """The address of the search for what has a tag."""
    return f"/?{urlencode({'q': f'tag:{plain_or_quoted(name)}{more}'})}"


def results(hits: Sequence[Hit], shapes: Mapping[uuid.UUID, ItemShape], zone: zoneinfo.ZoneInfo) -> list[ResultView]:
    """Hits with what Postgres knows of them."""
    return [
        ResultView(
            public_id=hit.item_public_id,
            card=card(shapes[hit.item_public_id], zone, longest=IN_RESULT) if hit.item_public_id in shapes else None,
            highlight=highlighted(hit.highlight),
            matched_version=hit.matched_version,
            is_current=hit.is_current_match,
        )
        for hit in hits
    ]


def thread_items(
    replies: Sequence[Placed], shapes: Mapping[int, ItemShape], zone: zoneinfo.ZoneInfo
) -> list[ThreadItem]:
    """A page's replies with what they say. `shapes` holds them and, where it can, those that they answer."""
    cards = {item_id: card(shape, zone, longest=IN_THREAD) for item_id, shape in shapes.items()}

    def placed(reply: Placed) -> ThreadItem:
        return ThreadItem(
            card=cards[reply.id],
            to=cards.get(reply.parent) if reply.apart and reply.parent is not None else None,
            to_unknown=reply.parent is None,
            answers=reply.answers,
            children=[placed(child) for child in reply.children if child.id in cards],
        )

    return [placed(reply) for reply in replies if reply.id in cards]


def versions(item: ItemShape, evidence: Mapping[int, tuple[uuid.UUID, str]], *, longest: int) -> list[VersionView]:
    """Every version, the latest first, with what changed in it against the one before."""
    before: VersionShape | None = None
    found = []
    for version in item.versions:
        exchange_id, pointer = evidence[version.id]
        text, left_off = cut(version.text or "", longest)
        earlier = None if before is None else cut(before.text or "", longest)[0]
        found.append(
            VersionView(
                number=version.number,
                is_current=version.is_current,
                captured_at=version.captured_at,
                created_at=version.created_at,
                edited_at=version.edited_at,
                indexed_at=version.indexed_at,
                source=words.SOURCES.get(version.source, version.source),
                pieces=[Piece("same", text)] if earlier is None else word_difference(earlier, text),
                left_off=left_off,
                text_changed=before is not None and before.text != version.text,
                other_changes=other_changes(before.fields, version.fields) if before else (),
                flags=[words.FLAGS.get(flag, flag.replace("_", " ")) for flag in version.flags],
                exchange_id=exchange_id,
                pointer=pointer,
            )
        )
        before = version
    return found[::-1]


def places(item: ItemShape, zone: zoneinfo.ZoneInfo) -> list[PlaceView]:
    """Where the item was seen, and how it was last found there."""
    return [
        PlaceView(
            account=sighting.account,
            department=sighting.department,
            stream=words.stream(sighting.stream),
            first_seen_at=sighting.first_seen_at,
            last_seen_at=sighting.last_seen_at,
            state=sighting.state,
            sentence=words.sighting_sentence(sighting, item.states, zone),
        )
        for sighting in item.sightings
    ]


def history(item: ItemShape, accounts: Mapping[int, str]) -> list[StateView]:
    """How the item was found, the latest first, in the platform's words."""
    return [
        StateView(
            state.observed_at,
            words.observed_state(state),
            state.words,
            accounts.get(state.account_id, "an account no longer in the register"),
            words.stream(state.stream),
        )
        for state in reversed(item.states)
    ]


def links(version: VersionShape | None) -> list[LinkView]:
    """The links of a version, with the whole address that each leads to."""
    return [] if version is None else [LinkView(link, outward(link)) for link in version.links]


def facts(item: ItemShape) -> dict[str, Any]:
    """The platform's own names for the item, and its counters."""
    counts = {name.replace("_", " "): value for name, value in sorted(item.counts.items())}
    current = item.current
    return {
        "id": item.platform_id,
        "namespace": item.namespace,
        "address": LinkView(current.url, outward(current.url)) if current and current.url else None,
        "counts": counts,
        "counted_at": item.counted_at,
        "languages": current.languages if current else (),
    }
