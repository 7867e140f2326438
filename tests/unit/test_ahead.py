"""Reading ahead changes nothing but when things happen."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.capture.ahead import ahead

if TYPE_CHECKING:
    from collections.abc import Iterator


@given(st.lists(st.integers()), st.integers(1, 4))
def test_it_gives_what_the_source_gives(elements: list[int], depth: int) -> None:
    """Everything, in order, whatever the depth."""
    assert list(ahead(iter(elements), depth)) == elements


def test_an_error_comes_where_its_element_would_have_come() -> None:
    """What was read before the error is given first; the error itself is raised here, as it was."""

    def source() -> Iterator[int]:
        yield 1
        raise ValueError("broken off")

    reader = ahead(source())
    assert next(reader) == 1
    with pytest.raises(ValueError, match="broken off"):
        next(reader)


def test_the_source_is_never_more_than_so_many_steps_ahead() -> None:
    """With depth 2 and nobody reading on, the source stops after the third element beyond the one that was taken."""
    made: list[int] = []
    enough = threading.Event()

    def source() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            if number == 3:
                enough.set()
            yield number

    reader = ahead(source(), depth=2)
    assert next(reader) == 0
    assert enough.wait(5)
    reader.close()  # type: ignore[attr-defined]
    assert len(made) <= 5


def test_closing_ends_the_thread() -> None:
    """A reader that stops early leaves no thread behind."""
    before = threading.active_count()
    reader = ahead(iter(range(1000)))
    next(reader)
    reader.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before
