"""Data files read element by element: every value, the very bytes, whatever is wrong named, and in bounded memory."""

from __future__ import annotations

import contextlib
import io
import json
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.downloads.pieces import Reading, UnreadableItemError, pieces
from archiver.downloads.streaming import Elements
from archiver.downloads.unpack import open_tree
from tests.fixtures.importing import zipped

if TYPE_CHECKING:
    from pathlib import Path

    from archiver.downloads.streaming import Element

_MIB = 1 << 20
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


class Slow(io.RawIOBase):
    """A stream that gives as many bytes at a time as it likes, however many are asked for."""

    def __init__(self, body: bytes, at_once: int) -> None:
        super().__init__()
        self._body, self._at_once = io.BytesIO(body), at_once

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next few."""
        return self._body.read(min(size, self._at_once) if size >= 0 else self._at_once)


def _read(body: bytes, *, assigned: bool = False, largest: int = _MIB, at_once: int = _MIB) -> list[Element]:
    stream = io.BytesIO(body) if at_once == _MIB else Slow(body, at_once)
    return list(Elements(stream, assigned=assigned, largest=largest))  # type: ignore[arg-type]


@given(st.lists(_JSON, max_size=8), st.sampled_from([1, 3, 17, _MIB]), st.sampled_from([None, 1]), st.booleans())
def test_every_element_and_every_byte_comes_back(
    values: list[object],
    at_once: int,
    indent: int | None,
    ascii_only: bool,  # noqa: FBT001 - drawn
) -> None:
    """However the bytes arrive, the elements are those that were written, and all bytes are given back in their order."""
    text = "window.YTD.tweets.part0 = " + json.dumps(values, indent=indent, ensure_ascii=ascii_only) + ";\n"
    body = text.encode("utf-8", "surrogatepass")
    elements = Elements(Slow(body, at_once), assigned=True)  # type: ignore[arg-type]
    found, taken = [], b""
    for element in elements:
        found.append(element)
        part, first = elements.take()
        assert first == len(taken)
        taken += part
    taken += elements.take()[0]
    assert taken == body
    if not any("\ud800" <= character <= "\udfff" for character in text):
        assert [(element.index, element.value) for element in found] == list(enumerate(values))


@given(st.dictionaries(st.text(min_size=1), _JSON, max_size=6))
def test_an_object_gives_its_arrays_element_by_element(value: dict[str, object]) -> None:
    """An outermost object gives the elements of its arrays with the array's name, and its other values whole."""
    wanted = []
    for key, inner in value.items():
        wanted += [(key, n, each) for n, each in enumerate(inner)] if isinstance(inner, list) else [(key, None, inner)]
    found = _read(json.dumps(value).encode(), at_once=5)
    assert [(element.key, element.index, element.value) for element in found] == wanted


@given(st.binary(max_size=300), st.booleans())
def test_no_bytes_break_the_reader(body: bytes, assigned: bool) -> None:  # noqa: FBT001 - drawn
    """Any bytes at all are read to their end; what cannot be understood is an element that says why."""
    for start in (b"", b"[", b'{"a":[', b"var a = [", b'[{"a":"'):
        for element in _read(start + body, assigned=assigned, at_once=7):
            assert element.problem is None or element.problem


@given(st.lists(_JSON, min_size=1, max_size=6), st.integers(0, 200))
def test_a_file_that_breaks_off_gives_what_comes_before(values: list[object], cut: int) -> None:
    """However short a file is cut, its whole elements are read, and the cut is told."""
    whole = json.dumps(values).encode()
    found = _read(whole[:cut])
    read = [element.value for element in found if element.problem is None]
    assert [repr(each) for each in read] == [repr(each) for each in values[: len(read)]]
    assert any(element.broken for element in found) == (cut < len(whole))


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (b'{"a": NaN}', "NaN is no JSON"),
        (b'{"a": alert(1)}', "Expecting value"),
        (b"{b: 1}", "property name"),
        (b"[" * 5000 + b"]" * 5000, "nested too deeply"),
        (b"1" * 5000, "digits"),
        (b"tru", "Expecting value"),
    ],
)
def test_a_damaged_element_is_named_and_the_next_one_read(bad: bytes, why: str) -> None:
    """What is no JSON in the middle of an array costs that element only."""
    found = _read(b'[{"id": 1}, ' + bad + b', {"id": 3}]')
    assert [element.value for element in found] == [{"id": 1}, None, {"id": 3}]
    assert why in (found[1].problem or "")
    assert found[1].pointer == "/1"


@pytest.mark.parametrize("body", [b"", b" \n", b"<html>", b'"text"', b"12", b"[1 2]", b'{"a" 1}', b"{1: 2}", b"[1] x"])
def test_what_is_no_data_is_said_once(body: bytes) -> None:
    """What is no array or object, or has something after it, ends with one element that says so."""
    found = _read(body)
    assert [element.broken for element in found][-1:] == [True]
    assert all(not element.broken for element in found[:-1])


def test_bytes_that_are_no_utf_8_are_read_and_kept() -> None:
    """Latin-1, a lone surrogate's bytes and UTF-16 never stop the reader; their bytes come back as they were."""
    body = b'[{"a": "caf\xe9"}, {"a": "\xed\xa0\x80"}, {"a": "\\ud83d"}, {"a": "x\x00y"}]'
    elements = Elements(io.BytesIO(body))
    values = [element.value for element in elements]
    assert elements.take() == (body, 0)
    assert elements.bad_bytes == 4
    assert [each["a"][:3] for each in values[:1]] == ["caf"]  # type: ignore[index]
    assert values[2:] == [{"a": "\ud83d"}, {"a": "x\x00y"}]
    utf_16 = _read("[1, 2]".encode("utf-16"))
    assert [element.broken for element in utf_16] == [True]


@pytest.mark.parametrize("form", ["string", "object", "number", "escapes"])
def test_a_huge_line_is_read_over_in_little_memory(tmp_path: Path, form: str) -> None:
    """One element of 200 MB on one line is named and passed over; those around it are read; memory stays small."""
    path = tmp_path / "folder"
    path.mkdir()
    block = {
        "string": b"a" * _MIB,
        "object": b'{"k":"v"},' * (_MIB // 10),
        "number": b"1" * _MIB,
        "escapes": b'\\"' * (_MIB // 2),
    }[form]
    begin, end = {
        "string": (b'{"text": "', b'"}'),
        "object": (b"[", b"0]"),
        "number": (b"", b""),
        "escapes": (b'{"text": "', b'"}'),
    }[form]
    with (path / "posts.json").open("wb") as file:
        file.write(b'[{"id": 1}, ' + begin)
        for _ in range(200):
            file.write(block)
        file.write(end + b', {"id": 3}]')
    found: list[object] = []

    def take(element: Element, _reading: Reading) -> None:
        found.append(element.value)

    tracemalloc.start()
    try:
        with open_tree(path) as tree:
            files = list(pieces(tree, "posts.json", take, largest=4 * _MIB))
        assert tracemalloc.get_traced_memory()[1] < 48 * _MIB
    finally:
        tracemalloc.stop()
    assert found == [{"id": 1}, {"id": 3}]
    assert [(row.what, row.lost) for file in files for row in file.skipped] == [("posts.json/1", True)]
    assert "larger than" in files[0].skipped[0].reason
    assert files[0].body == b'[{"id": 1}, '
    assert files[-1].body == b', {"id": 3}]'
    size = (path / "posts.json").stat().st_size
    assert [file.span for file in files] == [(0, 12), (size - 12, size)]


def test_nothing_is_taken_from_a_damaged_member(tmp_path: Path) -> None:
    """A flipped bit is found by the member's checksum only at its end: of such a file nothing is read, and it is named."""
    body = json.dumps([{"id": number, "text": f"{number * 7919 % 10007} notices"} for number in range(60_000)]).encode()
    path = zipped(tmp_path / "bad.zip", {"posts.json": body})
    raw = bytearray(path.read_bytes())
    raw[len(raw) * 3 // 4] ^= 0xFF
    path.write_bytes(raw)
    found: list[object] = []
    with open_tree(path) as tree:
        (file,) = pieces(tree, "posts.json", lambda element, _reading: found.append(element.value))
    assert found == []
    assert file.body == b""
    assert [(row.what, row.lost) for row in file.skipped] == [("posts.json", True)]
    assert "cannot be read" in file.skipped[0].reason


def test_what_cannot_be_read_of_an_element_is_named(tmp_path: Path) -> None:
    """An element that the reader of its kind refuses is named by file and place; the others are taken."""
    path = tmp_path / "folder"
    path.mkdir()
    (path / "a.json").write_text('{"list": [1, 2, 3]}')
    taken: list[object] = []

    def take(element: Element, reading: Reading) -> None:
        if element.value == 2:
            raise UnreadableItemError("it is two")
        with contextlib.suppress(UnreadableItemError):
            taken.append(element.value)
        reading.skip("x", "a note", lost=False)

    with open_tree(path) as tree:
        (file,) = pieces(tree, "a.json", take)
    assert taken == [1, 3]
    assert [(row.what, row.reason) for row in file.skipped if row.lost] == [("a.json/list/1", "it is two")]
    assert file.span is None
