"""Conversations as trees: whole, in order, in pages, whatever shape they have."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from clerk.thread import DEEPEST, Placed, Reply, in_reading_order, page_of

TOP = 0


def at(minute: int) -> dt.datetime:
    """A time."""
    return dt.datetime(2026, 5, 2, tzinfo=dt.UTC) + dt.timedelta(minutes=minute)


@st.composite
def threads(draw: st.DrawFn) -> list[Reply]:
    """Replies to anything: to the top, to each other (in circles too), to what is not held."""
    count = draw(st.integers(0, 40))
    times = st.none() | st.integers(0, 50).map(at)
    return [Reply(number, draw(st.none() | st.integers(0, count + 3)), draw(times)) for number in range(1, count + 1)]


def depth_of(replies: list[Placed] | tuple[Placed, ...]) -> int:
    """How deep a page nests."""
    return 1 + max((depth_of(each.children) for each in replies), default=0) if replies else 0


@given(threads(), st.integers(1, 15))
def test_pages_show_every_reply_once(replies: list[Reply], size: int) -> None:
    """Page after page, each reply that hangs on the item or on something not held is shown once, no page deeper than said."""
    whole = in_reading_order(TOP, replies)
    order = [reply.id for reply, _ in whole]
    assert len(set(order)) == len(order)
    shown: list[int] = []
    for start in range(0, len(order), size):
        page = page_of(TOP, replies, start=start, size=size)
        assert (page.first, page.total) == (start + 1, len(order))
        assert len(page.ids) == page.last - page.first + 1
        assert depth_of(list(page.replies)) <= DEEPEST
        shown += sorted(page.ids)
    assert sorted(shown) == sorted(order)


@given(threads())
def test_nothing_comes_before_what_it_answers(replies: list[Reply]) -> None:
    """In reading order an answer stands after what it answers, and only circles that hang on nothing are left out."""
    order = [reply.id for reply, _ in in_reading_order(TOP, replies)]
    parents = {reply.id: reply.parent for reply in replies}
    for position, each in enumerate(order):
        parent = parents[each]
        assert parent not in order or order.index(parent) < position or parent == each
    for left in parents.keys() - set(order):
        met, each = set(), left
        while each in parents and each not in met:
            met.add(each)
            each = parents[each]  # type: ignore[assignment] # None ends the loop
        assert each in met, "only a circle may be left out"


def test_the_earlier_answer_comes_first_and_the_undated_last() -> None:
    """Answers to one thing are in the order of their times; who states none comes after; the unplaced come at the end."""
    replies = [
        Reply(1, TOP, None),
        Reply(2, TOP, at(5)),
        Reply(3, TOP, at(1)),
        Reply(4, None, at(0)),
        Reply(5, 3, at(9)),
    ]
    assert [(reply.id, depth) for reply, depth in in_reading_order(TOP, replies)] == [
        (3, 1), (5, 2), (2, 1), (1, 1), (4, 1),
    ]  # fmt: skip


def test_a_reply_away_from_what_it_answers_says_so() -> None:
    """Deep replies stand at the deepest level and on a new page apart from what they answer; both say whom they answer."""
    chain = [Reply(number, number - 1, at(number)) for number in range(1, 1_001)]
    page = page_of(TOP, chain, start=0, size=20)
    placed = {each.id: each for each in page}
    assert not any(placed[number].apart for number in range(1, DEEPEST + 1))
    assert all(placed[number].apart for number in range(DEEPEST + 1, 21))
    following = page_of(TOP, chain, start=20, size=20)
    assert following.replies[0].id == 21
    assert following.replies[0].apart
    assert 20 in following.answered


def test_a_thread_of_twelve_thousand_replies_is_quick() -> None:
    """A huge flat or deep thread is ordered without recursion."""
    deep = [Reply(number, number - 1, at(number)) for number in range(1, 12_346)]
    flat = [Reply(number, TOP, at(number % 999)) for number in range(1, 12_346)]
    assert page_of(TOP, deep, start=12_000, size=500).last == 12_345
    assert page_of(TOP, flat, start=0, size=500).total == 12_345
