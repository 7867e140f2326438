"""What the readers of Facebook and Instagram downloads decide: repair, made ids, which items are one."""

from __future__ import annotations

import dataclasses
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.downloads import DOWNLOADS
from archiver.downloads.meta_files import REPAIRED, Ids, Repairer, repaired
from archiver.downloads.unpack import open_tree
from archiver.platforms.unnamed import is_made, made_id, order_key
from archiver.records.store.matching import Said, pairs
from tests.fixtures.importing import tree_of
from tests.fixtures.samples import SAMPLES

if TYPE_CHECKING:
    from archiver.platforms.items import Item

_AT = datetime(2024, 3, 5, 14, tzinfo=UTC)


@given(st.text())
def test_broken_text_is_put_together_again(text: str) -> None:
    """Any text whose UTF-8 bytes were each written as a character comes back as it was."""
    bytes_as_text = text.encode("utf-8", "surrogatepass").decode("latin-1")
    if not any("\ud800" <= character <= "\udfff" for character in text):
        assert repaired(bytes_as_text) == text


@pytest.mark.parametrize("text", ["plain", "caf\u00e9", "\u20ac 5", "\U0001f600", "\u00c3", "Zur\u00fcck \u00b7 heim"])
def test_text_that_is_not_broken_stays_as_it_is(text: str) -> None:
    """What is no UTF-8 in the place of characters is left untouched, and has no flag."""
    repairer = Repairer()
    assert repaired(text) == text
    assert repairer.text(text) == text
    assert repairer.flags == frozenset()


def test_one_broken_text_among_whole_ones() -> None:
    """Each text is repaired by itself; the flag says that one was."""
    repairer = Repairer()
    assert (repairer.text("\u00c3\u00b8"), repairer.text("caf\u00e9")) == ("\u00f8", "caf\u00e9")
    assert repairer.flags == {REPAIRED}
    assert (repairer.text("  "), repairer.text(3), repairer.text(None)) == (None, None, None)


def test_made_ids_tell_apart_what_differs() -> None:
    """Account, kind, second, text, pictures and conversation each change the id; nothing else does."""
    base = made_id("1", "post", _AT, "words")
    assert is_made(base)
    assert base == made_id("1", "post", _AT + timedelta(milliseconds=900), "words", ["sha256:a"])
    others = {
        made_id("2", "post", _AT, "words"),
        made_id("1", "story", _AT, "words"),
        made_id("1", "post", _AT + timedelta(seconds=1), "words"),
        made_id("1", "post", _AT, "other words"),
        made_id("1", "post", _AT, None, ["sha256:a"]),
        made_id("1", "post", _AT, None, ["sha256:b"]),
        made_id("1", "post", _AT, "words", within="talk"),
    }
    assert len(others | {base}) == 8
    assert order_key(_AT) < order_key(_AT + timedelta(days=10_000))


def test_the_same_twice_in_one_second_is_numbered() -> None:
    """Two entries of one file that say the same in the same second are two, in every download the same two."""
    ids = Ids("1")
    first, second = ids.of("post", _AT, "words"), ids.of("post", _AT, "words")
    assert second == f"{first}:2"
    assert Ids("1").of("post", _AT, "words") == first


def _items(download: str, sample: str) -> list[Item]:
    with open_tree(SAMPLES / download / sample) as tree:
        owner = DOWNLOADS[download].owner(tree)
        files = list(DOWNLOADS[download].files(tree, dataclasses.replace(owner, platform_id="1")))
    return [item for file in files for item in file.items]


@pytest.mark.parametrize(
    ("download", "samples"),
    [
        ("facebook_download", ("library-2019", "library-page-2024")),
        ("instagram_download", ("museum-2022", "museum-2024")),
    ],
)
def test_the_layouts_give_the_same_ids(download: str, samples: tuple[str, str]) -> None:
    """An item has the same id and the same text in either layout of the same account's download."""
    old, present = ({item.id: item.text for item in _items(download, sample)} for sample in samples)
    assert len(old) > 10
    assert {key: present.get(key) for key in old} == old


def test_what_is_no_download_of_the_kind_is_told() -> None:
    """Each importer knows its own downloads and no other's, nor a folder of something else."""
    trees = {
        "x_archive": SAMPLES / "x_archive" / "parks-2024",
        "facebook_download": SAMPLES / "facebook_download" / "library-2019",
        "instagram_download": SAMPLES / "instagram_download" / "museum-2022",
    }
    for own, path in trees.items():
        with open_tree(path) as tree:
            assert [name for name, importer in sorted(DOWNLOADS.items()) if importer.detect(tree)] == [own]
    other = tree_of(
        {"manifest.js": b"export default {}", "tweets.js": b"[]", "holiday/1.jpg": b"", "a/posts.json": b"[]"}
    )
    assert not any(importer.detect(other) for importer in DOWNLOADS.values())


def _said(identity: str, text: str = "words", second: int = 1, **changed: object) -> Said:
    said = Said(identity, "post", second, frozenset([text] if text else ()), frozenset(), own=True)
    return dataclasses.replace(said, **changed)  # type: ignore[arg-type]


def test_pairs_are_those_of_which_there_is_one_each() -> None:
    """One of each that fit are a pair; where two fit one, on either side, there is none."""
    assert pairs([_said("d1"), _said("d2", second=2)], [_said("a1"), _said("a3", second=3)]) == {"d1": "a1"}
    assert pairs([_said("d1")], [_said("a1"), _said("a2")]) == {}
    assert pairs([_said("d1"), _said("d2")], [_said("a1")]) == {}
    assert pairs([_said("d1")], [_said("a1", own=False)]) == {}
    assert pairs([_said("d1")], [_said("a1", own=None)]) == {"d1": "a1"}
    assert pairs([_said("d1")], [_said("a1", kind="story")]) == {}
    assert pairs([_said("d1", "")], [_said("a1", "")]) == {}
    assert pairs([_said("d1", "", media=frozenset("x"))], [_said("a1", "", media=frozenset("xy"))]) == {"d1": "a1"}
    assert pairs([_said("d1", "", media=frozenset("x"))], [_said("a1", "words", media=frozenset("x"))]) == {}


@given(
    st.lists(st.tuples(st.integers(1, 2), st.sampled_from("ab")), max_size=6),
    st.lists(st.tuples(st.integers(1, 2), st.sampled_from("ab")), max_size=6),
)
def test_no_item_is_ever_in_two_pairs(imported: list[tuple[int, str]], shown: list[tuple[int, str]]) -> None:
    """Whatever there is, nothing is joined twice, and what is joined says the same in the same second."""
    ones = [_said(f"d{n}", text, second) for n, (second, text) in enumerate(imported)]
    others = [_said(f"a{n}", text, second) for n, (second, text) in enumerate(shown)]
    found = pairs(ones, others)
    assert len(set(found.values())) == len(found)
    for own, other in found.items():
        number, against = (int(re.sub(r"\D", "", each)) for each in (own, other))
        assert imported[number] == shown[against]
        assert imported.count(imported[number]) == shown.count(shown[against]) == 1
