"""What Postgres or JSON cannot hold is replaced, with a flag; everything else stays what it is."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.platforms.items import Item, ItemKind, Media, Party, Reference, ReferenceKind, Source
from archiver.records import bulk
from archiver.records.storable import REPLACED, SHORTENED, identity, mend, storable

CLEAN = Item(ItemKind.POST, "id", Source.API, text="é \U0001f6a7 \\u0000 ￾", evidence={"a": ["b", {"c": 1}]})


def test_a_clean_item_is_the_same_object() -> None:
    """Nothing is copied or flagged where nothing is wrong, an escape that is written out included."""
    assert storable(CLEAN) is CLEAN


@pytest.mark.parametrize("bad", ["\x00", "\ud83d"])
@pytest.mark.parametrize(
    "where",
    [
        {"text": "a{}b"},
        {"html": "{}"},
        {"title": "{}"},
        {"id": "x{}"},
        {"author": Party("did", handle="h{}")},
        {"media": (Media("m", "image", alt_text="alt {}"),)},
        {"references": (Reference(ReferenceKind.PARENT, "p{}"),)},
        {"tags": ("t{}",)},
        {"evidence": {"deep": [{"k{}": ["v"]}]}},
        {"evidence": {"deep": [{"k": ["v{}"]}]}},
        {"fingerprint": "f{}"},
    ],
    ids=str,
)
def test_a_bad_character_is_replaced_wherever_it_stands(where: dict[str, object], bad: str) -> None:
    """NUL and lone surrogates become U+FFFD, however deep they lie; the flag says so; the rest is as it was."""
    item = storable(dataclasses.replace(CLEAN, **_filled(where, bad)))  # type: ignore[arg-type]
    assert item == dataclasses.replace(CLEAN, **_filled(where, "\ufffd"), flags=frozenset({REPLACED}))  # type: ignore[arg-type]
    assert item.kind is ItemKind.POST
    assert item.source is Source.API
    repr(item).encode()


def _filled(value: object, character: str) -> object:
    """The value with the place holders filled in."""
    if isinstance(value, str):
        return value.replace("{}", character)
    if isinstance(value, dict):
        return {_filled(key, character): _filled(each, character) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_filled(each, character) for each in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.replace(
            value,
            **{f.name: _filled(getattr(value, f.name), character) for f in dataclasses.fields(value)
               if f.name != "kind"},
        )  # fmt: skip
    return value


texts = st.text(st.characters() | st.sampled_from("\x00\ud800\udfff"), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
)


@given(values)
def test_whatever_is_mended_can_be_sent_to_postgres(value: object) -> None:
    """After mending there is neither a NUL nor a lone surrogate, and mending again changes nothing."""
    mended = mend(value)
    repr(mended).encode()
    assert "\x00" not in str(mended)
    assert mend(mended) == mended


@given(st.dictionaries(texts, values, max_size=4))
def test_rows_never_carry_what_postgres_refuses(row: dict[str, object]) -> None:
    """The words of platforms around an item (errors, tombstones, names) cannot break a statement either."""
    sent = bulk.rows_of([row])
    sent.encode()
    assert "\\u0000" not in sent.replace("\\\\", "")


@given(st.text(st.characters(), max_size=5), st.integers(0, 5000))
def test_an_id_of_any_length_can_be_indexed_and_told_from_others(start: str, length: int) -> None:
    """Short ids stay, long ones are shortened in the same way each time, and two that differ at their end stay two."""
    long, other = start + "x" * length, start + "x" * length + "y"
    assert len(identity(long).encode()) <= 1000
    assert identity(long) == identity(long)
    assert identity(long) != identity(other)
    assert identity(identity(long)) == identity(long)
    if len(long.encode("utf-8", "surrogatepass")) <= 1000:
        assert identity(long) == mend(long)


def test_a_shortened_id_is_flagged_and_leaves_what_was_said() -> None:
    """A picture written into its own address makes a medium with a digest for its id; text and markup stay whole."""
    address = "data:image/png;base64," + "A" * 9000
    item = storable(dataclasses.replace(CLEAN, html=f'<img src="{address}">', media=(Media(address, "image"),)))
    assert item.flags == {SHORTENED}
    assert item.media[0].id.startswith("data:image/png")
    assert address in str(item.html)
