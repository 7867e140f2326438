"""Walks whose last page says what all of them covered: nothing that was read is held back by what comes after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from archiver.platforms.closing import closed
from archiver.platforms.pages import Coverage, Page

if TYPE_CHECKING:
    from collections.abc import Iterator

_ALL = Coverage(None, None)


def _close(page: Page) -> None:
    page.coverage = _ALL


def _refuse(page: Page) -> None:
    raise OSError(page.sub_key)


def _walk(count: int, *, breaks: bool = False) -> Iterator[Page]:
    for number in range(count):
        yield Page((), [], sub_key=str(number))
    if breaks:
        raise OSError


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_the_last_page_is_closed(count: int) -> None:
    """Every page comes, in its order, and the last one alone says what they cover."""
    pages = list(closed(_walk(count), _close))
    assert [page.sub_key for page in pages] == [str(number) for number in range(count)]
    assert [page.coverage for page in pages] == [*[None] * (count - 1), _ALL][:count]


@pytest.mark.parametrize("count", [0, 1, 3])
def test_what_was_read_before_an_error_comes_before_it(count: int) -> None:
    """A walk that breaks off has given every page that it read, and none of them says what all cover."""
    walk, pages = closed(_walk(count, breaks=True), _close), list[Page]()
    with pytest.raises(OSError):  # noqa: PT011, PT012 - the walk's own
        for page in walk:
            pages.append(page)
    assert [page.coverage for page in pages] == [None] * count


def test_a_page_that_cannot_be_closed_comes_all_the_same() -> None:
    """What is asked to close a walk may fail as well."""
    walk = closed(_walk(1), _refuse)
    assert next(walk).sub_key == "0"
    with pytest.raises(OSError, match="0"):
        next(walk)
