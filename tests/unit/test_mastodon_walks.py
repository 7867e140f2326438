"""Mastodon's listings: what a walk covers, and hostile links between its pages."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.items import StreamKind
from archiver.platforms.mastodon import Mastodon
from archiver.platforms.mastodon_items import order_key
from archiver.platforms.mastodon_manners import following, next_page
from archiver.platforms.mastodon_walk import Walk
from tests.fixtures.graph import covered, ids, kept
from tests.fixtures.judged import JudgedSession
from tests.fixtures.mastodon import (
    BASE,
    CITY,
    HOSTILE_LINKS,
    ME,
    OPEN,
    ROSA,
    TOKEN,
    around,
    listed,
    reply,
    status,
    walked,
)
from tests.fixtures.sessions import Answer, exchange_of


def test_pages_are_placed_by_the_instances_links() -> None:
    """Short and empty pages are followed; each covers its part, the last to the very beginning."""
    pages, session = walked(
        listed(status(120), status(100), max_id=100),
        listed(max_id=97),
        listed(status(95), max_id=95),
        listed(status(9)),
    )
    assert [[each[-3:] for each in page] for page in ids(pages)] == [["120", "100"], [], ["/95"], ["s/9"]]
    assert covered(pages) == [(None, "003100"), ("003100", "003100"), ("00297", "00295"), ("00295", None)]
    assert [page.resume for page in pages] == [
        {"max_id": "100", "below": "003100"}, {"max_id": "97", "below": "00297"}, {"max_id": "95", "below": "00295"}, None
    ]  # fmt: skip
    assert [asked.params.get("max_id") for asked in session.asked] == [None, "100", "97", "95"]
    assert {asked.url for asked in session.asked} == {f"{BASE}/api/v1/accounts/1001/statuses"}
    assert all(asked.headers["Authorization"] == f"Bearer {TOKEN}" for asked in session.asked)
    assert TOKEN not in kept(pages)


def test_a_walk_goes_on_where_it_stood() -> None:
    """What is kept of a page leads to the next, and what was above it stays covered by it alone."""
    pages, session = walked(listed(status(9)), resume={"max_id": "95", "below": "00295"})
    assert session.asked[0].params == {"limit": 40, "max_id": "95"}
    assert covered(pages) == [("00295", None)]


def test_an_empty_first_page_that_goes_on_covers_nothing() -> None:
    """Nothing was shown yet, so that nothing can be missing."""
    pages, _ = walked(listed(max_id=97), listed(status(95)))
    assert covered(pages) == [None, ("00297", None)]


def test_a_listing_out_of_order_covers_nothing_from_where_it_shows() -> None:
    """A status that should have stood on the page before; the last one of that page may come again."""
    pages, _ = walked(
        listed(status(90), status(80), max_id=80), listed(status(80), status(70), max_id=70), listed(status(60))
    )
    assert [each is None for each in covered(pages)] == [False, False, False]
    pages, _ = walked(listed(status(90), status(80), max_id=80), listed(status(85), max_id=70), listed(status(60)))
    assert [each is None for each in covered(pages)] == [False, True, True]


@settings(deadline=None)
@given(
    st.lists(st.integers(1, 2_000), min_size=1, max_size=30, unique=True),
    st.lists(st.integers(0, 5), min_size=1, max_size=40),
    st.sets(st.integers(0, 29)),
    st.sets(st.integers(0, 40)),
)
def test_no_walk_claims_what_it_did_not_read(
    numbers: list[int], sizes: list[int], unread: set[int], stops: set[int]
) -> None:
    """However a listing is cut, wherever broken statuses stand, and though the walk breaks off and goes on: every page claims
    only what was read; and where all could be, in the end everything.
    """
    keys = [order_key(str(number)) for number in sorted(numbers, reverse=True)]
    walk, shown, claimed = Walk(), set[str](), set[str]()
    start, sized = 0, itertools.cycle([*sizes, 1])
    for page in itertools.count():
        end = start + next(sized)
        places = keys[start:end]
        read = [key for number, key in enumerate(places, start) if number not in unread]
        bound = int(places[-1][3:]) if places else int(keys[start][3:]) + 1
        shown |= set(read)
        covered_ = walk.shown(
            read, None if end >= len(keys) else {"max_id": str(bound)}, whole=len(read) == len(places)
        )
        if covered_ is not None:
            before, after = covered_.before, covered_.after
            inside = {key for key in keys if (before is None or key < before) and (after is None or key >= after)}
            assert inside <= shown
            claimed |= inside
        if end >= len(keys):
            break
        start = end
        if page in stops:
            walk = Walk(walk.before)
    assert unread & set(range(len(keys))) or claimed == set(keys)


@pytest.mark.parametrize("link", HOSTILE_LINKS)
def test_a_next_that_cannot_be_followed_is_no_end(link: str) -> None:
    """The page is kept and covers nothing; what lies behind is lost, and said so."""
    (page,), _ = walked(listed(status(9), link=link))
    assert [item.id for item in page.items] == [f"{ME}/statuses/9"]
    assert (page.coverage, page.resume) == (None, None)
    assert [(each.what, each.lost) for each in page.skipped] == [("what comes after in the listing", True)]
    assert page.cut
    session = JudgedSession(Mastodon(), listed(ROSA, link=link))
    with pytest.raises(UnreadableAnswerError, match="not in a way that can be followed"):
        list(Mastodon().members(session, CITY, "blocked"))
    session = JudgedSession(Mastodon(), listed({"id": "7", "last_status": status(90)}, link=link))
    (conversations,) = Mastodon().conversations(session, CITY)
    assert [each.what for each in conversations.skipped] == ["the conversations that come after"]
    assert conversations.cut


@pytest.mark.parametrize(
    ("link", "place"),
    [
        (None, None),
        ("", None),
        (f'<{BASE}/x?min_id=9>; rel="prev"', None),
        (f'<{BASE}/x?max_id=9>; rel="next"', "9"),
        (f"<{BASE}/x?max_id=9>;rel=next", "9"),
        (f'<{BASE}/x?max_id=9>; title="older"; rel="NEXT"', "9"),
        (f'<{BASE}/x?max_id=9&token=secret>; rel="last next"', "9"),
        (f'<{BASE}/x?min_id=8>; rel="prev", <https://evil.example/y?max_id=9>; rel="next"', "9"),
        (f'<{BASE}/x?max_id=1,2>; rel="next"', "1,2"),
        ("nonsense", None),
        ("<<<>>>;;;===,,,", None),
    ],
)
def test_the_place_of_the_next_page_is_taken_and_nothing_else(link: str | None, place: str | None) -> None:
    """The address itself is never asked for: not its host, not its path, not what else stands in it."""
    exchange = exchange_of(f"{BASE}/api/v1/x", listed(link=link))
    assert next_page(exchange) == (None if place is None else {"max_id": place})
    if place == "9":
        _, session = walked(listed(status(90), link=link), listed())
        assert session.asked[1].url == f"{BASE}/api/v1/accounts/1001/statuses"
        assert session.asked[1].params == {"limit": 40, "max_id": "9"}


def test_links_in_two_headers_are_links_of_one_answer() -> None:
    """RFC 9110 section 5.3: several fields of one name are one list."""
    links = (("Link", f'<{BASE}/x?min_id=8>; rel="prev"'), ("link", f'<{BASE}/x?max_id=9>; rel="next"'))
    assert next_page(exchange_of(f"{BASE}/api/v1/x", Answer(b"[]", headers=links))) == {"max_id": "9"}


@settings(deadline=None)
@given(st.text() | st.text('<>;=", rel next?&max_id0', max_size=60))
def test_no_link_header_breaks_the_walk(link: str) -> None:
    """Whatever it says: a place, an end, or a word that what comes after is lost."""
    place, lost = following(exchange_of(f"{BASE}/api/v1/x", Answer(b"[]", headers=(("Link", link),))))
    assert place is None or lost is None
    assert place is None or (place.keys() == {"max_id"} and place["max_id"].isascii())


def test_endless_emptiness_is_an_error() -> None:
    """Pages that go on saying that there is more, and never show anything, end in an error and not in a claim."""
    with pytest.raises(UnreadableAnswerError, match="20 pages in a row"):
        walked(*[listed(max_id=900 - number) for number in range(40)])


def test_mentions_stand_in_the_order_of_their_notifications() -> None:
    """Those without a status are noted; a broken one leaves the page uncovered."""
    pages, session = walked(
        listed(
            {"id": "30", "status": status(9, ROSA)}, {"id": "29", "status": None}, {"id": "28", "status": reply(8, 90)}
        ),
        around(ancestors=(status(90),)),
        stream=StreamKind.MENTIONS,
    )
    assert [(item.order_key, item.sighted) for item in pages[0].items] == [
        ("00230", True),
        (None, False),
        ("00228", True),
    ]
    assert session.asked[0].url == f"{BASE}/api/v1/notifications"
    assert session.asked[0].params["types[]"] == "mention"
    assert covered(pages) == [(None, None)]
    assert [each.lost for each in pages[0].skipped] == [False]
    (page,), _ = walked(listed({"status": status(9)}, {"id": "28", "status": {"id": "5"}}), stream=StreamKind.MENTIONS)
    assert (page.coverage, len(page.skipped)) == (None, 2)


def test_without_a_token_only_what_everybody_sees_is_read() -> None:
    """No mentions and no messages, and no log-in is sent."""
    assert list(Mastodon().streams(OPEN)) == [StreamKind.PROFILE, StreamKind.POSTS, StreamKind.COMMENTS]
    assert StreamKind.MESSAGES in Mastodon().streams(CITY)
    _, session = walked(listed(status(9)), whose=OPEN)
    assert session.asked[0].headers == {}
