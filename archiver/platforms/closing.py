"""Walks whose last page says what all of them covered: which page is the last is known only once no other comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from archiver.platforms.pages import Page


def closed(pages: Iterator[Page], close: Callable[[Page], None]) -> Iterator[Page]:
    """The pages, the last of them closed: `close` is given it, and says on it what they cover.

    What was read before an error is given before the error is raised, and closes nothing.
    """
    last: Page | None = None
    try:
        for page in pages:
            if last is not None:
                yield last
            last = page
        if last is not None:
            close(last)
    except Exception:
        if last is not None:
            yield last
        raise
    if last is not None:
        yield last
