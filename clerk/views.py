"""From shapes to what a template shows. Pure: no database, no request, no clock."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlencode

from markupsafe import Markup

from archiver.i18n.translation import _, marked
from clerk import words
from clerk.differences import Piece, other_changes, word_difference
from clerk.messages import MESSAGE
from clerk.shown import cut, outward, sanitised, stored
from search.documents import is_edited, say_otherwise
from search.query.words import plain_or_quoted

if TYPE_CHECKING:
    import datetime as dt
    import uuid
    import zoneinfo
    from collections.abc import Mapping, Sequence

    from sqlalchemy.engine import Row

    from archiver.records.shapes import ItemShape, MediumShape, VersionShape

IN_THREAD = 1_500
"""How many characters of a text a thread shows."""
IN_RESULT = 400
SAFE_IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp", "image/avif"})
FILMS = frozenset({"video/mp4", "video/webm"})
_ATTACHED = {
    "image": (marked("picture"), marked("the picture"), marked("Picture without a description")),
    "video": (marked("video"), marked("the video"), marked("Video without a description")),
    "audio": (marked("recording"), marked("the recording"), marked("Recording without a description")),
}
"""What an attachment is, the same with its article, and what it is called where nobody described it."""
_FILE = (marked("file"), marked("the file"), marked("File without a description"))

Change = Literal["text", "stated", "other", ""]
"""What was changed of a record: its title or text; by the platform's word alone, so that no other text of it is held; something
other than that, as its attachments; or nothing that is known.
"""


@dataclasses.dataclass(frozen=True, slots=True)
class MediumView:
    """One attachment: shown, offered for download, or the sentence that says why not."""

    public_id: uuid.UUID
    kind: str
    kind_within: str
    """`the picture`: what it is, within a sentence."""
    alt: str
    has_alt: bool
    is_picture: bool
    is_kept: bool
    note: str
    small: tuple[int, int] | None = None
    """Width and height of its small picture; a picture without one yet is shown itself."""
    is_film: bool = False


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
    removed: str
    title: str | None
    text: str
    html: Markup | None
    left_off: int
    version_count: int
    change: Change
    version_number: int | None
    """Which version it shows; None where none was ever captured."""
    places: Sequence[tuple[str, str]]
    media: Sequence[MediumView]
    tags: Sequence[TagView] = ()
    kind_within: str = ""
    """`the comment`: what it is, within a sentence."""

    @property
    def label(self) -> str:
        """What the item is, for a heading: `Comment by Rosa`."""
        return _("%(kind)s by %(author)s", kind=self.kind, author=self.author_name)


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
    other_changes: Sequence[str]
    flags: Sequence[str]
    exchange_id: uuid.UUID | None
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
    what, within, undescribed = (_(each) for each in _ATTACHED.get(medium.kind, _FILE))
    alt = medium.alt_text or undescribed
    small = (thumbnail.width, thumbnail.height) if thumbnail is not None and thumbnail.reason is None else None
    shown = medium.content_type in SAFE_IMAGES if thumbnail is None else small is not None
    return MediumView(
        medium.public_id,
        what,
        within,
        alt,
        bool(medium.alt_text),
        kept and shown,
        kept,
        _kept_note(medium, thumbnail) if kept else _missing_note(medium, within.capitalize()),
        small,
        kept and medium.content_type in FILMS,
    )


def _kept_note(medium: MediumShape, thumbnail: Row[Any] | None) -> Markup:
    kind = stored(medium.content_type) if medium.content_type else _("unknown type")
    note = f"{kind}, {words.size(medium.size)}"
    if thumbnail is not None and thumbnail.reason is not None:
        note = _("%(note)s; it is not shown here: %(reason)s", note=note, reason=stored(thumbnail.reason))
    return Markup(note)  # noqa: S704 - our own words; what is stored was escaped


def _missing_note(medium: MediumShape, what: str) -> Markup:
    reason = stored(medium.reason) if medium.reason else None
    if medium.state == "wanted" and medium.reason is None:
        note = _("%(what)s is not kept yet: it has not been fetched.", what=what)
    elif medium.state == "withheld":
        note = _(
            "%(what)s is not kept: the platform or the archive's rules refused it (%(reason)s).",
            what=what,
            reason=reason or _("no reason given"),
        )
    else:
        note = _("%(what)s is not kept: %(reason)s.", what=what, reason=reason or _("no reason is recorded"))
    return Markup(note)  # noqa: S704 - our own words; what is stored was escaped


@dataclasses.dataclass(frozen=True, slots=True)
class Attached:
    """One attachment of a record, with the descriptions that its versions gave it (None: none), and which those are."""

    view: MediumView
    alts: Sequence[tuple[str | None, Sequence[int]]]
    in_current: bool


def attachments(item: ItemShape, thumbnails: Mapping[bytes, Row[Any]]) -> list[Attached]:
    """Everything that was ever attached to an item: what is now, in its order, then what was before, the latest first."""
    media: dict[uuid.UUID, MediumShape] = {}
    alts: dict[uuid.UUID, dict[str | None, list[int]]] = {}
    for version in sorted(item.versions, key=lambda each: (not each.is_current, -each.number)):
        for each in version.media:
            media.setdefault(each.public_id, each)
            alts.setdefault(each.public_id, {}).setdefault(each.alt_text, []).append(version.number)
    now = {each.public_id for each in item.current.media} if item.current else set()
    return [
        Attached(
            medium_view(each, thumbnails.get(each.sha256 or b"")),
            [(alt, sorted(numbers)) for alt, numbers in alts[public_id].items()],
            public_id in now,
        )
        for public_id, each in media.items()
    ]


def card(
    item: ItemShape,
    zone: zoneinfo.ZoneInfo,
    *,
    longest: int,
    thumbnails: Mapping[bytes, Row[Any]] | None = None,
    removals: Mapping[int, str] | None = None,
    then: bool = False,
) -> Card:
    """An item for any page, its text cut at `longest` characters; with what was made of its pictures, by their digest.

    `removals`: who took records away, by row id. `then`: it is shown as it was captured by an earlier moment.
    """
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
        author_name=(author and (author.name or author.handle or author.platform_id)) or _("author not stated"),
        author_handle=author.handle if author and author.name else None,
        author_label=words.author_label(author),
        is_city=author is not None and author.is_city,
        created_at=item.created_at,
        first_seen_at=item.first_seen_at,
        state=item.state,
        state_sentence=(words.state_sentence_then if then else words.state_sentence)(item, zone),
        removed=(removals or {}).get(item.id, ""),
        title=version.title if version else None,
        text=text,
        html=sanitised(version.html) if version and version.html and not left_off else None,
        left_off=left_off,
        version_count=len(item.versions),
        change=change_of(item),
        version_number=version.number if version else None,
        places=tuple(places),
        media=tuple(medium_view(each, known.get(each.sha256 or b"")) for each in version.media) if version else (),
        tags=tuple(TagView(each, tag_address(each)) for each in item.tagged.values()),
        kind_within=words.kind_within(item.kind),
    )


def change_of(item: ItemShape) -> Change:
    """What was changed of an item, by its versions and by the platform's word."""
    if say_otherwise(item.versions):
        return "text"
    if is_edited(item):
        return "stated"
    return "other" if len(item.versions) > 1 else ""


def tag_address(name: str, more: str = "") -> str:
    """The address of the search for what has a tag."""
    return f"/?{urlencode({'q': f'tag:{plain_or_quoted(name)}{more}'})}"


def versions(
    item: ItemShape,
    evidence: Mapping[int, tuple[uuid.UUID, str]] | None = None,
    *,
    longest: int,
    most: int | None = None,
) -> list[VersionView]:
    """Every version, or the latest `most`, the latest first, with what changed in it against the one before."""
    skipped = 0 if most is None else max(len(item.versions) - most, 0)
    before: VersionShape | None = item.versions[skipped - 1] if skipped else None
    found = []
    for version in item.versions[skipped:]:
        exchange_id, pointer = (None, "") if evidence is None else evidence[version.id]
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
                source=words.source(version.source),
                pieces=[Piece("same", text)] if earlier is None else word_difference(earlier, text),
                left_off=left_off,
                other_changes=other_changes(before.fields, version.fields) if before else (),
                flags=[words.flag(flag) for flag in version.flags],
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
            accounts.get(state.account_id, _("an account no longer in the register")),
            words.stream(state.stream),
        )
        for state in reversed(item.states)
    ]


def links(version: VersionShape | None) -> list[LinkView]:
    """The links of a version, with the whole address that each leads to."""
    return [] if version is None else [LinkView(link, outward(link)) for link in version.links]


def facts(item: ItemShape) -> dict[str, Any]:
    """The platform's own names for the item, and its counters."""
    counts = {words.counter(name): value for name, value in sorted(item.counts.items())}
    current = item.current
    return {
        "id": item.platform_id,
        "namespace": item.namespace,
        "address": LinkView(current.url, outward(current.url)) if current and current.url else None,
        "counts": counts,
        "counted_at": item.counted_at,
        "languages": current.languages if current else (),
    }
