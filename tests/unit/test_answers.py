"""Reading answers: JSON of the promised shape, or an error that names what came instead."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from archiver.platforms.answers import (
    array_of,
    error_body,
    id_of,
    json_of,
    list_of,
    loaded,
    number_of,
    read,
    text_of,
)
from archiver.platforms.errors import UnreadableAnswerError
from tests.fixtures.hostile import anything, body
from tests.fixtures.sessions import Answer, account, exchange_of

if TYPE_CHECKING:
    from archiver.platforms.items import Skipped

CITY = account("facebook", "1", "city")
DEEP = b"[" * 100_000


def told(raw: bytes, kind: str | None = None) -> Any:
    """An answer with this body."""
    return exchange_of("https://api.example/x", Answer(raw, headers=(("Content-Type", kind),) if kind else ()))


@settings(deadline=None)
@given(anything(["a", "b"]))
def test_json_comes_back_as_it_was(value: Any) -> None:
    """Lone surrogates, NUL and integers of any size among it."""
    assert loaded(body(value)) == value


def test_an_integer_beyond_64_bits_is_no_float() -> None:
    """An id that is written as a number keeps all its digits."""
    assert loaded(b'{"id":18446744073709551617}') == {"id": 18446744073709551617}


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "no JSON"),
        (b"<html>busy</html>", "no JSON (text/html)"),
        (b"{", "no JSON"),
        (b"\xff\xfe\xfa", "no JSON"),
        (DEEP, "no JSON"),
        (b"9" * 10_000, "no JSON"),
    ],
)
def test_what_is_no_json_is_named_with_its_content_type(raw: bytes, why: str) -> None:
    """The error names account and address, says what came, and has the answer with it."""
    exchange = told(raw, "text/html")
    for reading in (json_of, array_of):
        with pytest.raises(UnreadableAnswerError) as caught:
            reading(CITY, exchange)
        assert why in str(caught.value)
        assert str(caught.value).startswith("facebook:city: https://api.example/x gave an answer that cannot be read")
        assert caught.value.exchange is exchange


def test_the_shape_at_the_top_is_what_was_promised() -> None:
    """An array is no object and an object no array."""
    assert json_of(CITY, told(b"{}")) == {}
    assert array_of(CITY, told(b"[1]")) == [1]
    with pytest.raises(UnreadableAnswerError, match="no object"):
        json_of(CITY, told(b"[]"))
    with pytest.raises(UnreadableAnswerError, match="no array"):
        array_of(CITY, told(b"{}"))
    for wrong in ({}, {"data": None}, {"data": {"a": 1}}, {"data": "x"}):
        with pytest.raises(UnreadableAnswerError, match="no list 'data'"):
            list_of(CITY, told(body(wrong)), wrong, "data")


@settings(deadline=None)
@given(st.binary(max_size=60) | anything(["error"]).map(body))
@example(DEEP)
def test_an_error_body_is_never_worth_another_error(raw: bytes) -> None:
    """Whatever an error answer says, reading it gives an object."""
    assert isinstance(error_body(told(raw)), dict)


def test_a_record_that_breaks_its_reading_is_skipped_by_name() -> None:
    """Missing, of another type, too deep, beyond all numbers: one record is lost, with why, and no more."""

    def too_deep(_: object) -> None:
        raise RecursionError("maximum recursion depth exceeded")

    skipped: list[Skipped] = []
    for make, record in (
        (lambda each: each["id"], {}),
        (lambda each: each["id"], 7),
        (lambda each: each.get("id"), "text"),
        (lambda each: each[9], []),
        (int, float("inf")),
        (int, "x"),
        (too_deep, {}),
    ):
        assert read("entry 3", skipped, make, record) is None
    assert len(skipped) == 7
    assert all(
        each.what == "entry 3" and each.lost and "form that the platform promises" in each.reason for each in skipped
    )
    assert read("entry 3", skipped, int, "5") == 5
    assert len(skipped) == 7


def test_a_fault_of_ours_is_no_strangers() -> None:
    """What is no matter of the record is not swallowed."""

    def broken(_: object) -> None:
        raise AssertionError("ours")

    with pytest.raises(AssertionError, match="ours"):
        read("entry 3", [], broken, {})


def test_ids_are_text_and_nothing_else_is_an_id() -> None:
    """A number is written out; a truth value, nothing, an empty text and an object are no ids."""
    assert id_of({"id": 2**70}) == str(2**70)
    assert id_of({"uri": "at://x"}, "uri") == "at://x"
    for wrong in (True, None, "", 1.5, [], {}):
        with pytest.raises(TypeError, match="id is no id"):
            id_of({"id": wrong})
    with pytest.raises(KeyError):
        id_of({})


@settings(deadline=None)
@given(anything(["a"]))
def test_texts_are_texts(value: Any) -> None:
    """A text or nothing is given as it is; anything else is refused by name."""
    if value is None or isinstance(value, str):
        assert text_of({"text": value}, "text") == value
    else:
        with pytest.raises(TypeError, match="text is no text"):
            text_of({"text": value}, "text")


@settings(deadline=None)
@given(anything(["a"]))
@example("12")
@example("²")
@example("٣")
@example(2**53)
@example(float("nan"))
def test_numbers_can_be_counted_with(value: Any) -> None:
    """What is no whole number of a sane size is none, however it is written."""
    number = number_of({"count": value}, "count")
    assert number is None or (type(number) is int and 0 <= number < 2**53)
    if type(value) is int and 0 <= value < 2**53:
        assert number == value == number_of({"count": str(value)}, "count")


def test_a_body_in_another_encoding_is_read_or_refused() -> None:
    """JSON is UTF-8; what Python takes beyond that is the same text."""
    assert loaded(json.dumps({"a": "é"}).encode("utf-16")) == {"a": "é"}
