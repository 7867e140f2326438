"""No false edits: what an item said, and nothing that changes by itself."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime

import pytest

from archiver.evidence.fields import carried_over, content_hash, evidence_fields, media_of
from archiver.platforms.items import ALT_TEXTS, CAPTIONS, Item, ItemKind, Media, Party, Reference, ReferenceKind, Source
from archiver.records.store.items import Held
from archiver.records.store.versions import Earlier, new_versions, supersedes

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ITEM = Item(
    kind=ItemKind.POST,
    id="at://did/app.bsky.feed.post/1",
    source=Source.API,
    author=Party("did:plc:a", "parks.example", "Parks"),
    text="The park is open",
    created_text="2026-03-01T10:00:00Z",
    created_at=NOW,
    links=("https://city.example/",),
    tags=("parks",),
    media=(Media("cid1", "image", url="https://cdn.example/1?sig=a", alt_text="A park", size=10),),
    references=(Reference(ReferenceKind.PARENT, "at://did/app.bsky.feed.post/0", "cid0"),),
    evidence={"facets": [{"index": 3}]},
    counts={"likes": 1},
)


def digest(**changes: object) -> bytes:
    """The content hash of the item with these changes."""
    return content_hash(evidence_fields(dataclasses.replace(ITEM, **changes)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {"author": Party("did:plc:a", "parks.gov.example", "Parks & Recreation")},
        {"url": "https://bsky.app/elsewhere"},
        {"counts": {"likes": 99, "replies": 4}},
        {"indexed_at": NOW},
        {"created_at": None},
        {"media": (Media("cid1", "image", url="https://cdn2.example/1?sig=b", alt_text="A park", size=12),)},
        {"order_key": "9", "pointer": "/elsewhere", "exchange": 3, "aliases": ("x",), "sighted": False},
        {"flags": frozenset({"replaced_characters"})},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_changes_by_itself_is_no_edit(changes: dict[str, object]) -> None:
    """Handles, names, addresses, counters, and how we looked leave the hash as it is."""
    assert digest(**changes) == digest()


@pytest.mark.parametrize(
    "changes",
    [
        {"text": "The park is closed"},
        {"text": "The park is open "},
        {"text": ""},
        {"text": None},
        {"author": Party("did:plc:b", "parks.example", "Parks")},
        {"created_text": "2026-03-01T10:00:00.000Z"},
        {"edited_text": "2026-03-02T10:00:00Z"},
        {"links": ("https://city.example/x",)},
        {"tags": ()},
        {"media": ()},
        {"media": (Media("cid2", "image", alt_text="A park"),)},
        {"media": (Media("cid1", "image", alt_text="A closed park"),)},
        {"references": ()},
        {"references": (Reference(ReferenceKind.QUOTE, "at://did/app.bsky.feed.post/0", "cid0"),)},
        {"evidence": {"facets": [{"index": 4}]}},
        {"evidence": {"facets": [{"index": "3"}], "more": True}},
        {"fingerprint": "cid-of-another"},
        {"kind": ItemKind.COMMENT},
    ],
    ids=str,
)
def test_what_the_item_said_is_part_of_the_hash(changes: dict[str, object]) -> None:
    """Text, author, declared times, links, attachments and their descriptions, references: a change is an edit."""
    assert digest(**changes) != digest()


def test_an_absent_field_is_not_an_empty_one() -> None:
    """What the platform did not state is not in the evidence at all."""
    bare = evidence_fields(Item(ItemKind.POST, "1", Source.API))
    assert bare == {"kind": "post"}
    assert evidence_fields(dataclasses.replace(ITEM, text=""))["text"] == ""


def test_large_numbers_are_kept_to_the_last_digit() -> None:
    """A number beyond 2^53 is written as text, so that no reader rounds it."""
    fields = evidence_fields(dataclasses.replace(ITEM, evidence={"id": 9007199254740993, "ratio": 0.1, "yes": True}))
    assert (fields["id"], fields["ratio"], fields["yes"]) == ("9007199254740993", "0.1", True)


def version(item: Item, before: Earlier | None) -> tuple[int, dict[str, object]] | None:
    """The number and fields of the version that an item makes, or None where it makes none."""
    held = Held(7, "present", 1, bytes(32), new=before is None)
    key = ("", item.id)
    made = new_versions({key: item}, {key: held}, {} if before is None else {7: before}, {key: "exchange"}, {})
    return (made[0].number, dict(made[0].fields)) if made else None


def after(item: Item, number: int) -> Earlier:
    """What is held once the item has been stored under that number."""
    fields = evidence_fields(item)
    return Earlier(number, content_hash(fields), json.loads(json.dumps(fields)), item.source.value, item.edited_at)


def test_there_and_back_are_three_versions() -> None:
    """A, B, A: the third differs from the second, whatever the first was."""
    changed = dataclasses.replace(ITEM, text="The park is closed")
    first, second = version(ITEM, None), version(changed, after(ITEM, 1))
    third = version(ITEM, after(changed, 2))
    assert [each and each[0] for each in (first, second, third)] == [1, 2, 3]
    assert version(ITEM, after(ITEM, 3)) is None


def test_a_field_that_was_not_asked_for_is_no_edit() -> None:
    """Not requested is not empty: the earlier value is carried on, and no version is made for it."""
    fewer = dataclasses.replace(ITEM, media=(), tags=(), not_requested=frozenset({"media", "tags"}))
    assert version(fewer, after(ITEM, 1)) is None
    empty = dataclasses.replace(ITEM, media=(), tags=())
    assert version(empty, after(ITEM, 1)) is not None
    edited = version(dataclasses.replace(fewer, text="new"), after(ITEM, 1))
    assert edited is not None
    assert edited[1]["media"] == evidence_fields(ITEM)["media"]


def test_carrying_over_never_invents() -> None:
    """Only fields that were not asked for, and that were held, are carried."""
    assert carried_over({"a": 1}, {"b": 2, "c": 3}, frozenset({"b", "d"})) == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("source", "edited", "held_source", "held_edited", "current"),
    [
        (Source.API, None, None, None, True),
        (Source.API, None, "api", None, True),
        (Source.IMPORT, None, "api", None, False),
        (Source.IMPORT, None, "import", None, True),
        (Source.API, None, "import", None, True),
        (Source.IMPORT, 2, "api", 1, True),
        (Source.IMPORT, 2, "api", 2, False),
        (Source.IMPORT, 2, "import", 2, True),
        (Source.API, 1, "api", 2, False),
        (Source.API, 2, "api", 2, True),
        (Source.IMPORT, 1, "api", None, False),
    ],
)
def test_what_is_current_follows_the_edit_time_else_receipt(
    source: Source, edited: int | None, held_source: str | None, held_edited: int | None, *, current: bool
) -> None:
    """An import never displaces what an API shows, unless the platform's own edit time says that it is later."""

    def at(day: int | None) -> datetime | None:
        return None if day is None else NOW.replace(day=day)

    item = dataclasses.replace(ITEM, source=source, edited_at=at(edited))
    assert supersedes(item, Earlier(1, b"", {}, held_source, at(held_edited))) is current


def test_a_root_that_nobody_told_is_kept_from_the_earlier_version() -> None:
    """When the topmost status of a conversation goes, what stands below has said nothing else; without a root before, none comes;
    where nothing was known of what was answered, all of it is learned.
    """
    parent, root, next_root = (
        {"kind": kind, "id": each} for kind, each in (("parent", "P"), ("root", "R"), ("root", "P"))
    )
    quote = {"kind": "quote", "id": "Q"}
    derived = frozenset({"root"})
    shown = {"text": "a", "references": [parent, next_root, quote]}
    assert carried_over(shown, {"references": [parent, root, quote]}, derived)["references"] == [parent, root, quote]
    assert carried_over(shown, {"references": [parent, quote]}, derived)["references"] == [parent, quote]
    assert carried_over(shown, {"text": "a"}, derived) == shown
    assert carried_over({"text": "a"}, {"references": [parent]}, derived) == {"text": "a"}
    moved = {"references": [{"kind": "parent", "id": "other"}]}
    assert carried_over(moved, {"references": [parent, root]}, derived)["references"] == [*moved["references"], root]


def test_captions_that_were_not_asked_for_stay_with_their_video() -> None:
    """The tracks of the earlier version follow the media that are shown; what was said of them stands; other media do not."""
    cover, other = {"id": "v/cover", "kind": "image"}, {"id": "v/old", "kind": "image"}
    track = {"id": "v/captions/1@a", "kind": "file", "alt": "captions in en"}
    earlier = {"media": [other, track], "captions": [{"id": "1"}]}
    carried = carried_over({"media": [cover], "text": "new"}, earlier, frozenset({CAPTIONS}))
    assert carried == {"media": [cover, track], "text": "new", "captions": [{"id": "1"}]}
    assert carried_over(carried, earlier, frozenset({CAPTIONS})) == carried
    assert carried_over({"text": "a"}, {"media": [other]}, frozenset({CAPTIONS})) == {"text": "a"}
    shown = dataclasses.replace(ITEM, media=(Media("v/cover", "image", url="https://i.example/1", size=3),))
    assert media_of(carried, shown) == (
        Media("v/cover", "image", url="https://i.example/1", size=3),
        Media("v/captions/1@a", "file", alt_text="captions in en"),
    )


def test_alternative_texts_that_were_not_asked_for_stay_with_their_pictures() -> None:
    """The earlier alternative text stands before what is written beside the picture now; another picture has none of it."""
    earlier = {
        "media": [{"id": "11", "kind": "image", "alt": "A pool\n\nOpening"}],
        "alt_texts": [{"id": "11", "text": "A pool", "by": "page"}],
    }
    shown = {"media": [{"id": "11", "kind": "image", "alt": "Closed"}, {"id": "12", "kind": "image"}]}
    carried = carried_over(shown, earlier, frozenset({ALT_TEXTS}))
    assert carried["media"] == [
        {"id": "11", "kind": "image", "alt": "A pool\n\nClosed"},
        {"id": "12", "kind": "image"},
    ]
    assert carried["alt_texts"] == earlier["alt_texts"]


def test_a_new_version_shows_the_media_that_were_carried_over() -> None:
    """What was not asked for is in its place in the version's attachments, not in its evidence alone."""
    held = {("", ITEM.id): Held(1, "present", 1, bytes(32), new=False)}
    before = evidence_fields(
        dataclasses.replace(ITEM, media=(*ITEM.media, Media("v/captions/1@a", "file", alt_text="captions in en")))
    )
    edited = dataclasses.replace(ITEM, text="The park is closed", not_requested=frozenset({CAPTIONS}))
    (version,) = new_versions(
        {("", ITEM.id): edited},
        held,
        {1: Earlier(1, content_hash(before), before, "api", None)},
        {("", ITEM.id): "exchange"},
        {},
    )
    assert [medium.id for medium in version.item.media] == ["cid1", "v/captions/1@a"]
