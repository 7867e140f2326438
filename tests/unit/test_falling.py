"""What the pages of a listing from new to old have shown whole."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.falling import Falling, all_below, key_of, moment_of
from tests.fixtures.sessions import Answer, account, exchange_of

if TYPE_CHECKING:
    from archiver.platforms.pages import Coverage

WIDTH = 3
ANY_MOMENTS = st.lists(st.integers(0, 10**WIDTH - 1), min_size=1, max_size=30)
SIZES = st.lists(st.integers(0, 5), min_size=1, max_size=40)


def keys_of(moments: list[int]) -> list[str]:
    """The order keys of items of these moments, each with an id of its own."""
    return [key_of(moment, WIDTH, f"{number:03d}") for number, moment in enumerate(moments)]


def cut(keys: list[str], sizes: list[int]) -> list[list[str]]:
    """The keys in pages of these sizes, as often as they are needed; a page may be empty."""
    pages, start = [], 0
    for size in itertools.cycle([*sizes, 1]):
        pages.append(keys[start : start + size])
        start += size
        if start >= len(keys):
            return pages
    return pages


def within(keys: list[str], covered: Coverage) -> set[str]:
    """Those of the keys that are in what is covered."""
    return {
        key
        for key in keys
        if (covered.before is None or key < covered.before) and (covered.after is None or key >= covered.after)
    }


@settings(deadline=None)
@given(ANY_MOMENTS, SIZES, st.integers(0, 3))
def test_a_listing_in_order_is_covered_by_what_it_shows_and_to_its_end(
    moments: list[int], sizes: list[int], again: int
) -> None:
    """However it is cut, and though a page begins with items of the one before: no page claims what was not shown, and in the
    end all is claimed.
    """
    keys = keys_of(sorted(moments, reverse=True))
    falling, shown, claimed = Falling(WIDTH), set[str](), set[str]()
    pages = cut(keys, sizes)
    before: list[str] = []
    for number, page in enumerate(pages):
        both = [*before[len(before) - again :], *page] if again and page else page
        shown |= set(both)
        covered = falling.shown(both, last=number == len(pages) - 1, whole=True)
        assert (covered is None) == (not shown)
        if covered is not None:
            assert within(keys, covered) <= shown
            claimed |= within(keys, covered)
        before = page or before
    assert claimed == set(keys)


@settings(max_examples=300, deadline=None)
@given(ANY_MOMENTS, SIZES)
def test_a_listing_out_of_order_covers_nothing_from_where_it_shows(moments: list[int], sizes: list[int]) -> None:
    """Once an item comes that should have stood on an earlier page, nothing is claimed any more."""
    keys = keys_of(moments)
    falling, shown = Falling(WIDTH), set[str]()
    pages = cut(keys, sizes)
    claims: list[Coverage] = []
    broken = False
    for number, page in enumerate(pages):
        broken = broken or any(key in within(keys, claim) for claim in claims for key in page)
        shown |= set(page)
        covered = falling.shown(page, last=number == len(pages) - 1, whole=True)
        assert (covered is None) == (broken or not shown)
        if covered is not None:
            claims.append(covered)


@settings(deadline=None)
@given(st.lists(st.integers(0, 998), min_size=1, max_size=30), ANY_MOMENTS)
def test_a_walk_that_goes_on_begins_where_it_stood(first: list[int], later: list[int]) -> None:
    """What is kept of a walk is enough to go on with: nothing above it is claimed by what comes after, whatever that is."""
    falling = Falling(WIDTH)
    falling.shown(keys_of(first), last=False, whole=True)
    assert falling.below is not None
    again = Falling(WIDTH, falling.below)
    covered = again.shown(keys_of(later), last=True, whole=True)
    assert covered is not None
    assert (covered.before, covered.after) == (falling.below, None)


def test_moments_do_as_well_as_keys() -> None:
    """Where items have no keys of their own their moments tell the same."""
    by_key, by_moment = Falling(WIDTH), Falling(WIDTH)
    for moments in ([9, 7], [7, 5], [6], [1]):
        covered = by_key.shown([key_of(each, WIDTH, "x") for each in moments], last=False, whole=True)
        assert covered == by_moment.shown(moments, last=False, whole=True)
    assert covered is None


def test_an_empty_page_is_the_end_only_where_it_says_so() -> None:
    """An empty listing that ends covers all there is; an empty first page that goes on covers nothing."""
    ended = Falling(WIDTH).shown([], last=True, whole=True)
    assert ended is not None
    assert (ended.before, ended.after) == (None, None)
    assert Falling(WIDTH).shown([], last=False, whole=True) is None


@settings(max_examples=300, deadline=None)
@given(ANY_MOMENTS, SIZES, st.sets(st.integers(0, 29)), st.sets(st.integers(0, 40)))
def test_what_could_not_be_read_is_never_covered(
    moments: list[int], sizes: list[int], unread: set[int], stops: set[int]
) -> None:
    """Wherever on its page the broken item stood, and though the walk broke off and went on behind that page: no page claims a
    range that the item may be in.
    """
    keys = keys_of(sorted(moments, reverse=True))
    lost = {key for number, key in enumerate(keys) if number in unread}
    falling, shown = Falling(WIDTH), set[str]()
    pages = cut(keys, sizes)
    for number, page in enumerate(pages):
        read = [key for key in page if key not in lost]
        shown |= set(read)
        covered = falling.shown(read, last=number == len(pages) - 1, whole=len(read) == len(page))
        if covered is not None:
            assert within(keys, covered) <= shown
        if number in stops:
            falling = Falling(WIDTH, falling.below)


def test_a_page_behind_one_that_was_not_read_whole_covers_what_is_below_its_first() -> None:
    """Only there can nothing of the page before have stood."""
    falling = Falling(WIDTH)
    assert falling.shown([9, 8], last=False, whole=False) is None
    covered = falling.shown([6, 5], last=False, whole=True)
    assert covered is not None
    assert (covered.before, covered.after) == ("006", "006")
    covered = falling.shown([3], last=True, whole=True)
    assert covered is not None
    assert (covered.before, covered.after) == ("006", None)


def test_the_last_moment_there_is_does_not_break_the_walk() -> None:
    """A stranger's items of the last moment that a key can hold are as good as any."""
    falling = Falling(WIDTH)
    covered = falling.shown([999], last=False, whole=True)
    assert covered is not None
    assert covered.after is not None
    assert key_of(999, WIDTH, "zzz") < covered.after
    later = Falling(WIDTH, falling.below).shown([999, 5], last=True, whole=True)
    assert later is not None
    assert (later.before, later.after) == ("999", None)


def test_endless_emptiness_is_an_error_with_the_answer() -> None:
    """Twenty empty pages that all say that there is more are no listing; one that shows something begins the count anew."""
    falling = Falling(WIDTH)
    exchange = exchange_of("https://api.example/list", Answer(b"{}"))
    asking = account("facebook", "1", "city")
    for _ in range(19):
        falling.shown([], last=False, whole=True)
        falling.check(asking, exchange)
    falling.shown([5], last=False, whole=True)
    falling.check(asking, exchange)
    for _ in range(20):
        falling.shown([], last=False, whole=True)
    with pytest.raises(UnreadableAnswerError, match=r"facebook:city.*20 pages in a row") as caught:
        falling.check(asking, exchange)
    assert caught.value.exchange is exchange


@settings(deadline=None)
@given(st.integers(0, 998), st.text(max_size=5), st.text(max_size=5))
def test_keys_sort_as_their_moments(moment: int, one: str, other: str) -> None:
    """An item of an earlier moment stands below one of a later, whatever their ids, and above the lowest of its moment."""
    earlier, later = key_of(moment, WIDTH, one), key_of(moment + 1, WIDTH, other)
    assert earlier.encode("utf-8", "surrogatepass") < later.encode("utf-8", "surrogatepass")
    assert key_of(moment, WIDTH) <= earlier
    assert moment_of(earlier, WIDTH) == moment


@pytest.mark.parametrize("moment", [-1, 1000, 10**40])
def test_a_moment_that_does_not_fit_is_refused(moment: int) -> None:
    """A key of more digits would sort in the wrong place."""
    with pytest.raises(ValueError, match="no time of 3 digits"):
        key_of(moment, WIDTH)


@settings(deadline=None)
@given(st.text(max_size=5), st.text(max_size=5))
def test_all_below_is_exactly_what_begins_with_the_id_and_a_space(identity: str, rest: str) -> None:
    """The range of a post holds its comments, and none of a post whose id begins like it or is longer."""
    covered = all_below(identity)
    assert covered.before is not None
    assert covered.after is not None
    for key in (f"{identity} {rest}", f"{identity}{rest}", rest):
        inside = covered.after.encode() <= key.encode() < covered.before.encode()
        assert inside == key.startswith(f"{identity} ")
