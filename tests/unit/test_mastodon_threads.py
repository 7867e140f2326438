"""Mastodon's threads: who answers whom, and answers that were cut at the instance's limit."""

from __future__ import annotations

import pytest

from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.items import ReferenceKind
from archiver.platforms.mastodon import Mastodon
from tests.fixtures.graph import covered
from tests.fixtures.judged import JudgedSession
from tests.fixtures.mastodon import BASE, CITY, GONE, OPEN, PARKS, POST, ROSA, around, reply, status, threaded, told
from tests.fixtures.sessions import ReplayError


def test_a_thread_is_read_with_who_answers_whom() -> None:
    """In one answer; all of it is covered, and how many answers each says that it has is told."""
    pages, asked = threaded(around(reply(91, 90, replies_count=2), reply(92, 91, PARKS), reply(93, 91)))
    found = pages[0].items
    assert asked == ["/v1/statuses/90/context"]
    assert [item.reference(ReferenceKind.PARENT) for item in found] == [
        POST, "https://neighbors.example/users/rosa/statuses/91", "https://neighbors.example/users/rosa/statuses/91"
    ]  # fmt: skip
    assert {item.reference(ReferenceKind.ROOT) for item in found} == {POST}
    assert covered(pages) == [(f"{POST}!", f"{POST} ")]
    assert all(f"{POST} " <= str(item.order_key) < f"{POST}!" for item in found)
    assert [(count.item, count.platform) for count in pages[-1].counts] == [
        ("https://neighbors.example/users/rosa/statuses/91", 2)
    ]


def test_a_thread_that_comes_again_byte_for_byte_is_not_read_anew() -> None:
    """It is known by the digest of its one answer."""
    answer = around(reply(91, 90))
    digest = threaded(answer)[0][0].exchanges[0].received_sha256
    (page,), _ = threaded(answer, known=digest)
    assert (page.unchanged, page.items, covered([page])) == (True, (), [(f"{POST}!", f"{POST} ")])


def test_a_thread_of_which_a_status_is_lost_covers_nothing() -> None:
    """The others are kept, with their numbers as texts."""
    for broken in (7, {"id": "99"}, {**reply(99, 90), "uri": None}, {**reply(99, 90), "account": 5}):
        (page,), _ = threaded(around(reply(91, 90), broken, {**reply(92, 91), "id": 92, "in_reply_to_id": 91}))
        assert [item.aliases for item in page.items] == [("91",), ("92",)]
        assert page.items[1].reference(ReferenceKind.PARENT) == "https://neighbors.example/users/rosa/statuses/91"
        assert (page.coverage, page.skipped[0].lost) == (None, True)
    with pytest.raises(UnreadableAnswerError, match="descendants"):
        threaded(told({"ancestors": []}))
    with pytest.raises(ReplayError):
        threaded(GONE)


def test_a_large_thread_comes_in_parts() -> None:
    """Of 500 statuses at the most, the last of which covers all."""
    pages, _ = threaded(around(*[reply(100 + number, 90) for number in range(1_100)]))
    assert [len(page.items) for page in pages] == [500, 500, 100]
    assert [each is None for each in covered(pages)] == [True, True, False]


def test_a_thread_that_was_cut_is_asked_for_leaf_by_leaf() -> None:
    """Without a token 60 are shown: those that say that they have more answers than were shown are asked by themselves, once."""
    sixty = [reply(100 + number, 90, replies_count=int(number in {3, 7})) for number in range(60)]
    pages, asked = threaded(around(*sixty), around(reply(200, 107)), around(reply(201, 103)), whose=OPEN)
    assert asked == ["/v1/statuses/90/context", "/v1/statuses/107/context", "/v1/statuses/103/context"]
    assert sum(len(page.items) for page in pages) == 62
    assert covered(pages) == [None, None, None]
    assert [each.what for each in pages[-1].skipped] == [f"the answers to {POST} beyond the first 60"]
    assert "set `token`" in pages[-1].skipped[0].reason


def test_a_cut_thread_that_can_be_reached_whole_is_covered() -> None:
    """No status of it has 60 answers of its own."""
    chain = [reply(100 + number, 90 if number == 0 else 99 + number, replies_count=1) for number in range(60)]
    pages, asked = threaded(around(*chain), around(reply(160, 159)), whose=OPEN)
    assert asked == ["/v1/statuses/90/context", "/v1/statuses/159/context"]
    assert covered(pages) == [None, (f"{POST}!", f"{POST} ")]


def test_the_deepest_are_asked_for_where_levels_are_cut() -> None:
    """Without a token 20 levels are shown, also of a short thread."""
    chain = [reply(100 + number, 90 if number == 0 else 99 + number, replies_count=1) for number in range(20)]
    pages, asked = threaded(around(*chain), around(reply(120, 119)), whose=OPEN)
    assert asked == ["/v1/statuses/90/context", "/v1/statuses/119/context"]
    assert covered(pages)[-1] is not None
    _, asked = threaded(around(*chain))
    assert asked == ["/v1/statuses/90/context"]


def test_a_leaf_that_goes_while_the_thread_is_read_has_no_answers() -> None:
    """The thread ends with it all the same, covered and counted."""
    chain = [reply(100 + number, 90 if number == 0 else 99 + number, replies_count=1) for number in range(60)]
    pages, _ = threaded(around(*chain), GONE, whose=OPEN)
    assert covered(pages) == [None, (f"{POST}!", f"{POST} ")]
    assert len(pages[-1].counts) == 60
    assert len(pages[-1].exchanges) == 1


def test_a_thread_from_elsewhere_is_found_by_a_search() -> None:
    """The instance's number for a remote status is looked up with the token; without one, or unfound, it is an error."""
    remote = "https://neighbors.example/users/rosa/statuses/77"
    found = told({"statuses": [7, status(1, ROSA), {**status(77, ROSA), "id": "5005"}]})
    pages, asked = threaded(found, around(reply(91, 5005)), post=remote)
    assert asked == ["/v2/search", "/v1/statuses/5005/context"]
    assert covered(pages) == [(f"{remote}!", f"{remote} ")]
    assert pages[0].items[0].reference(ReferenceKind.PARENT) == remote
    for nothing in ({"statuses": []}, {"statuses": 7}, {}, {"statuses": [{"uri": remote, "id": None}]}):
        with pytest.raises(UnreadableAnswerError, match="does not find this status"):
            threaded(told(nothing), post=remote)
    with pytest.raises(UnreadableAnswerError, match="needs `token`"):
        threaded(post=remote, whose=OPEN)


def test_a_thread_from_elsewhere_is_read_by_its_address_here() -> None:
    """If it is known whose number that is, it is not searched for."""
    remote = "https://neighbors.example/users/rosa/statuses/77"
    (whole,), _ = threaded(
        told({"statuses": [{**status(77, ROSA), "id": "5005"}]}), around(reply(91, 5005)), post=remote
    )
    session = JudgedSession(Mastodon(), around(reply(91, 5005)))
    url = f"{BASE}/api/v1/statuses/5005/context"
    (part,) = Mastodon().part_of_thread(session, CITY, url, {"5005": remote}.get)
    assert part.items == whole.items
    assert list(Mastodon().part_of_thread(session, CITY, url, lambda _: None)) == []
    assert list(Mastodon().part_of_thread(session, CITY, f"{BASE}/api/v1/statuses/5005", {"5005": remote}.get)) == []
