"""What was made ready of an item before its transaction, and what of it still holds there."""

from __future__ import annotations

import dataclasses

import pytest

from archiver.evidence.commitments import commit
from archiver.evidence.fields import content_hash, evidence_fields
from archiver.platforms.items import Item, ItemKind, Json, Source
from archiver.records.store.items import Held
from archiver.records.store.ready import Ready, ready
from archiver.records.store.versions import Earlier, NewVersion, new_versions

KEY = ("", "1")
ITEM = Item(ItemKind.COMMENT, "1", Source.API, text="The park closes at ten.")


def prepared(item: Item, *, likely_new: bool = True) -> Ready:
    """What is made ready of one item."""
    (made,) = ready([item], likely_new=likely_new).values()
    return made


def versions_of(known: Ready, held: Held, before: Earlier | None = None) -> list[NewVersion]:
    """The versions that come of it where `held` is the item's row and `before` its last version."""
    earlier = {} if before is None else {held.id: before}
    return new_versions({KEY: known.item}, {KEY: held}, earlier, {KEY: "exchange"}, {KEY: known})


@pytest.mark.parametrize("likely_new", [True, False])
def test_a_new_item_is_committed_with_the_secret_it_was_prepared_with(*, likely_new: bool) -> None:
    """The version of a new item fits the item's secret, whether its commitment was made beforehand or not."""
    known = prepared(ITEM, likely_new=likely_new)
    (version,) = versions_of(known, Held(7, "present", 9, known.secret, new=True))
    assert (version.id, version.public_id) == (9, known.public_id)
    assert version.fields == evidence_fields(ITEM)
    assert version.commitment == commit(version.fields, known.secret, version.public_id)


def test_an_item_that_was_held_after_all_is_committed_with_its_own_secret() -> None:
    """A commitment that was prepared for nothing is forgotten; the held item's secret makes the version's."""
    known = prepared(ITEM)
    held = Held(7, "present", 9, bytes(32), new=False)
    (version,) = versions_of(known, held, Earlier(3, b"another", {}, "api", None))
    assert (version.id, version.number) == (None, 4)
    assert version.public_id != known.public_id
    assert version.commitment == commit(version.fields, bytes(32), version.public_id)


def test_a_prepared_item_that_says_the_same_makes_no_version() -> None:
    """Preparing an item does not make it new."""
    known = prepared(ITEM)
    before = Earlier(1, content_hash(evidence_fields(ITEM)), {}, "api", None)
    assert versions_of(known, Held(7, "present", 9, bytes(32), new=False), before) == []


def test_fields_that_were_not_asked_for_are_carried_over_into_what_was_prepared() -> None:
    """What was prepared knows nothing of earlier versions; the fields and the hash are those with the carried ones."""
    known = prepared(dataclasses.replace(ITEM, not_requested=frozenset({"links"})))
    fields: dict[str, Json] = {**evidence_fields(ITEM), "links": ["https://city.test/"]}
    held = Held(7, "present", 9, bytes(32), new=False)
    assert versions_of(known, held, Earlier(1, content_hash(fields), fields, "api", None)) == []


def test_what_cannot_be_stored_is_mended_when_it_is_prepared() -> None:
    """A NUL in a text is replaced before the fields, the hash and the commitment are made."""
    known = prepared(dataclasses.replace(ITEM, text="a\x00b"))
    assert known.item.text == known.fields["text"] == "a\ufffdb"
    assert known.content_hash == content_hash(known.fields)
