"""When a thread's answer may stand for itself the next time: only if it was one, and was read whole."""

from __future__ import annotations

from datetime import UTC, datetime

from archiver.capture.threads import cursor_digest, digests_of, known_digest
from archiver.platforms.items import Skipped
from archiver.platforms.pages import Exchange, Page

_AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def exchange(digest: bytes) -> Exchange:
    """An answer with that digest."""
    return Exchange("1", _AT, "GET", "https://a.example", 200, "OK", (), (), b"", b"", digest, 1)


def kept(*pages: Page) -> str | None:
    """What the cursor of a thread that came in these pages remembers."""
    return cursor_digest(set().union(*(digests_of(page) for page in pages)))


def test_one_answer_is_remembered_and_known_again() -> None:
    """A thread in one answer, even in several pages of it, is known by that answer's digest."""
    page = Page((), [exchange(b"a" * 32)])
    assert known_digest(kept(page, page), "nightly") == b"a" * 32


def test_several_answers_are_not() -> None:
    """Leaves that were asked for again may have changed while the first answer did not."""
    assert kept(Page((), [exchange(b"a" * 32)]), Page((), [exchange(b"b" * 32)])) is None


def test_an_answer_that_was_not_read_whole_is_not() -> None:
    """What could not be read is said every night, not only the first time; a note is no loss."""
    lost = Page((), [exchange(b"a" * 32)], skipped=[Skipped("the comment x", "not of its form")])
    noted = Page((), [exchange(b"a" * 32)], skipped=[Skipped("the comment x", "odd", lost=False)])
    assert kept(lost) is None
    assert kept(noted) is not None


def test_another_version_of_the_program_and_a_backfill_read_anew() -> None:
    """What another version kept does not count, nor does anything in a backfill."""
    mine = kept(Page((), [exchange(b"a" * 32)]))
    assert mine is not None
    assert known_digest(mine, "backfill") is None
    assert known_digest("0.0.1:" + mine.rpartition(":")[2], "nightly") is None
    assert known_digest(None, "nightly") is None
