"""X: how listings, threads and lookups are walked, whatever their pages are like."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.items import ReferenceKind, State, StreamKind
from archiver.platforms.x import X
from tests.fixtures.sessions import Answer, RecordedSession, account

if TYPE_CHECKING:
    from archiver.platforms.pages import AccountRef, Page

MINE = account("x", "1", "city", token="t", post_count="40")
EMPTY: dict[str, Any] = {"meta": {"result_count": 0}}
GONE = "https://api.x.com/2/problems/resource-not-found"


def posts(*ids: int | dict[str, Any], following: str | None = None, **more: Any) -> dict[str, Any]:
    """A page of posts, by their ids where nothing else matters."""
    data = [each if isinstance(each, dict) else post(each) for each in ids]
    meta = {"result_count": len(data), **({"next_token": following} if following else {})}
    return {**({"data": data} if data else {}), "meta": meta, **more}


def post(own: int, **more: Any) -> dict[str, Any]:
    """A post of the account's own."""
    return {"id": str(own), "text": f"post {own}", "author_id": "1", **more}


def missing(own: int, **more: Any) -> dict[str, Any]:
    """The problem of a post that is not there."""
    return {"resource_id": str(own), "title": "Not Found Error", "type": GONE, "detail": "Could not find it", **more}


def session(*bodies: Any) -> RecordedSession:
    """A session with these answers; one that is a number is a failure of that status."""
    return RecordedSession(*(Answer(json.dumps(each).encode()) for each in bodies))


def walk(*bodies: Any, mine: AccountRef = MINE, stream: StreamKind = StreamKind.POSTS) -> list[Page]:
    """The pages of a listing."""
    return list(X().pages(session(*bodies), mine, stream, None, {}))


def ids(pages: list[Page]) -> list[str]:
    """The ids of all sighted items, in their order."""
    return [item.id for page in pages for item in page.items if item.sighted]


def covered(page: Page) -> tuple[int | None, int | None] | None:
    """What a page covers: from which id on (None: from the first), below which (None: to the newest)."""
    if page.coverage is None:
        return None
    return tuple(None if each is None else int(each) for each in (page.coverage.after, page.coverage.before))  # type: ignore[return-value]


def test_short_empty_and_repeated_pages_end_nothing() -> None:
    """Only a page without a next token is the last; each covers what was shown whole down to it."""
    pages = walk(posts(9, 8, following="a"), posts(following="b"), posts(8, 5, following="c"), posts(3))
    assert ids(pages) == ["9", "8", "8", "5", "3"]
    assert [covered(page) for page in pages] == [(9, None), (9, 9), (6, 9), (None, 6)]


def test_a_page_that_leads_to_itself_is_an_error() -> None:
    """A next token that is the one just used would go on for ever."""
    with pytest.raises(UnreadableAnswerError, match="no other page"):
        walk(posts(9, following="a"), posts(8, following="a"))


def test_pages_out_of_order_cover_nothing_any_more() -> None:
    """A listing that shows late what belonged on an earlier page is read to its end, and says nothing of what it lacks."""
    pages = walk(posts(9, 7, following="a"), posts(8, following="b"), posts(3))
    assert ids(pages) == ["9", "7", "8", "3"]
    assert [covered(page) for page in pages] == [(8, None), None, None]


def test_an_edited_post_tells_no_place() -> None:
    """Its newest form has a later id than its neighbours, its first an earlier one: neither bounds what a page covers."""
    edited = post(9, edit_history_post_ids=["4", "9"])
    includes = {"posts": [post(4, edit_history_post_ids=["4", "9"])]}
    pages = walk(posts(7, following="a"), posts(edited, 2, includes=includes))
    assert [covered(page) for page in pages] == [(8, None), (None, 8)]
    assert [(item.id, item.aliases, item.text) for item in pages[1].items] == [
        ("4", ("9",), "post 9"),
        ("2", (), "post 2"),
    ]
    assert [(item.id, item.text) for item in pages[1].history] == [("4", "post 4")]


@pytest.mark.parametrize("body", [{}, {"meta": {"result_count": 5}}, {"data": {}}, {"data": None, "meta": {}}])
def test_a_listing_that_does_not_say_that_it_is_empty_is_an_error(body: Any) -> None:
    """An answer without data is no proof that there is nothing."""
    with pytest.raises(UnreadableAnswerError, match=r"its data is no list|does not say that there is none"):
        walk(body)


def test_a_listing_cut_at_its_cap_does_not_reach_the_first_post() -> None:
    """X lists the newest 3,200: of what is older the last page says nothing."""
    (page,) = walk(posts(9, 8), mine=account("x", "1", token="t", post_count="5000"))
    assert covered(page) == (9, None)


def test_messages_cover_the_days_that_x_lists() -> None:
    """Messages older than a month are not listed, and not taken for gone."""
    event = {"id": "1900000000000000000", "text": "Hello", "event_type": "MessageCreate", "sender_id": "7"}
    (page,) = walk({"data": [event], "meta": {"result_count": 1}}, stream=StreamKind.MESSAGES)
    assert [item.id for item in page.items] == ["1900000000000000000"]
    month = 29 * 86_400_000 << 22
    assert page.coverage is not None
    assert page.coverage.after is not None
    assert 0 < int(page.coverage.after) <= 1900000000000000001 + month


def test_between_two_nights_few_posts_are_read() -> None:
    """Each is paid for."""
    asked = session(posts(9))
    list(X().pages(asked, account("x", "1", token="t", mode="light"), StreamKind.POSTS, None, {}))
    assert asked.asked[0].params["max_results"] == 10


def test_what_an_answer_says_is_not_there_is_not_asked_for_again() -> None:
    """A quoted post that is gone costs no further request; its reference stays."""
    quoting = post(9, referenced_posts=[{"type": "quoted", "id": "5"}])
    asked = session(
        posts(quoting, errors=[missing(5)], includes={"users": [{"id": "1", "username": "city", "name": "City"}]})
    )
    (page,) = X().pages(asked, MINE, StreamKind.POSTS, None, {})
    assert len(asked.asked) == 1
    assert page.items[0].reference(ReferenceKind.QUOTE) == "5"
    assert [each.lost for each in page.skipped] == [False]


def test_who_wrote_what_is_quoted_is_asked_for() -> None:
    """Where the answer shows the quoted post without its author, one lookup brings both."""
    quoting = post(9, referenced_posts=[{"type": "quoted", "id": "5"}])
    quoted = post(5, author_id="7")
    author = {"id": "7", "username": "ana", "name": "Ana"}
    asked = session(posts(quoting, includes={"posts": [quoted]}), {"data": [quoted], "includes": {"users": [author]}})
    (page,) = X().pages(asked, MINE, StreamKind.POSTS, None, {})
    assert asked.asked[1].params["ids"] == "5"
    inner = page.items[1]
    assert inner.author is not None
    assert (inner.id, inner.sighted, inner.author.handle) == ("5", False, "ana")


def test_a_thread_asks_for_no_parent_that_stands_elsewhere_in_it() -> None:
    """What a reply answers is in the same conversation: it is neither kept twice nor asked for."""
    reply = post(9, author_id="7", conversation_id="3", referenced_posts=[{"type": "replied_to", "id": "5"}])
    shown = post(5, author_id="8", conversation_id="3", referenced_posts=[{"type": "replied_to", "id": "3"}])
    asked = session(posts(reply, following="a", includes={"posts": [shown]}), posts(shown, post(3)))
    pages = list(X().thread(asked, MINE, "3"))
    assert len(asked.asked) == 2
    assert [(item.id, item.reference(ReferenceKind.PARENT)) for page in pages for item in page.items] == [
        ("9", "5"),
        ("5", "3"),
    ]
    assert [page.coverage is not None for page in pages] == [False, True]
    keys = [item.order_key or "" for page in pages for item in page.items]
    assert pages[1].coverage is not None
    assert all((pages[1].coverage.after or "") <= key < (pages[1].coverage.before or "") for key in keys)


def answer(own: int, above: int, replies: int, conversation: int = 2) -> dict[str, Any]:
    """An answer in a conversation, with how many answers it has by X's count."""
    pointed = [{"type": "replied_to", "id": str(above)}]
    metrics = {"reply_count": replies}
    told = {"conversation_id": str(conversation), "referenced_posts": pointed, "public_metrics": metrics}
    return post(own, **{**told, "author_id": "7"})


def queries(asked: RecordedSession) -> list[str]:
    """What was searched for."""
    return [str(each.params["query"]) for each in asked.asked if "query" in each.params]


def test_a_full_search_says_since_when() -> None:
    """X finds what is younger than 30 days unless it is told: an hour before the post, as its id tells; or its own beginning."""
    for post_id, since in (
        ("1900000000000000000", "2025-03-13T00:44:34Z"),
        ("20", "2006-03-21T00:00:00Z"),
        ("29000000000", "2006-03-21T00:00:00Z"),
    ):
        asked = session(posts(following="a"), posts())
        (_, last) = X().thread(asked, MINE, post_id)
        assert [each.params["start_time"] for each in asked.asked] == [since, since]
        assert last.coverage is not None
    recent = session(posts())
    list(X().thread(recent, account("x", "1", token="t", search="recent"), "1900000000000000000"))
    assert "start_time" not in recent.asked[0].params


def test_below_an_answer_to_somebody_else_x_is_asked_level_by_level() -> None:
    """Its conversation has another's id: who answers it, who answers those, as far as X counts answers; the last covers all."""
    first = answer(9, 3, 1), answer(8, 3, 0)
    shown = {"includes": {"posts": [answer(9, 3, 1), answer(8, 3, 0), post(3)]}}
    asked = session(
        posts(*first, following="a", **shown), posts(answer(10, 3, 2), **shown), posts(answer(11, 9, 0), **shown)
    )
    pages = list(X().thread(asked, MINE, "3"))
    assert queries(asked) == [
        "conversation_id:3 OR in_reply_to_tweet_id:3",
        "conversation_id:3 OR in_reply_to_tweet_id:3",
        "in_reply_to_tweet_id:9 OR in_reply_to_tweet_id:10",
    ]
    assert ids(pages) == ["9", "8", "10", "11"]
    assert [page.coverage is not None for page in pages] == [False, False, True]
    assert {page.sub_key for page in pages} == {"3"}
    assert all((item.order_key or "").startswith("3 ") for page in pages for item in page.items)


def test_of_a_whole_conversation_nothing_more_is_asked() -> None:
    """Below a post that began it one search finds every level."""
    asked = session(
        posts(answer(9, 8, 1, conversation=3), answer(8, 3, 1, conversation=3), includes={"posts": [post(3)]})
    )
    (page,) = X().thread(asked, MINE, "3")
    assert ids([page]) == ["9", "8"]
    assert page.coverage is not None


def test_where_x_does_not_take_the_operator_the_conversation_alone_is_read() -> None:
    """In neither vocabulary: then what is found is what the conversation's id finds, and the rest is said."""
    refused = {"title": "Invalid Request", "type": "https://api.x.com/2/problems/invalid-request"}
    asked = RecordedSession(
        *(Answer(json.dumps(refused).encode(), 400) for _ in range(2)),
        Answer(json.dumps(posts(answer(9, 3, 0, conversation=3), includes={"posts": [post(3)]})).encode()),
    )
    (page,) = X().thread(asked, MINE, "3")
    assert queries(asked)[1:] == ["conversation_id:3 OR in_reply_to_tweet_id:3", "conversation_id:3"]
    assert ids([page]) == ["9"]
    assert page.coverage is not None
    assert [(each.reason.startswith("X does not take"), each.lost) for each in page.skipped] == [(True, False)]
    assert [each.status for each in page.exchanges] == [200, 400]


def test_an_operator_that_x_did_not_take_is_not_asked_again_in_the_run() -> None:
    """Each further thread is one search, and the same answer as the night before is known again; another run tries anew."""
    refused = Answer(json.dumps({"title": "Invalid Request"}).encode(), 400)
    below, again = (
        Answer(json.dumps(posts(answer(9, root, 0, conversation=root), includes={"posts": [post(root)]})).encode())
        for root in (3, 4)
    )
    asked = RecordedSession(refused, refused, below, again, again)
    (first,) = X().thread(asked, MINE, "3", known=hashlib.sha256(below.body).digest())
    assert (first.unchanged, [each.status for each in first.exchanges]) == (False, [200, 400])
    (second,) = X().thread(asked, MINE, "4")
    assert (queries(asked)[3:], second.skipped) == (["conversation_id:4"], [])
    (third,) = X().thread(asked, MINE, "4", known=second.exchanges[0].received_sha256)
    assert third.unchanged
    other = session(posts())
    list(X().thread(other, MINE, "4"))
    assert queries(other) == ["conversation_id:4 OR in_reply_to_tweet_id:4"]


def test_without_the_operator_an_answer_to_somebody_else_covers_nothing() -> None:
    """What the operator found below it another night is neither missing nor seen again; the count says why."""
    refused = Answer(json.dumps({"title": "Invalid Request"}).encode(), 400)
    empty = Answer(json.dumps(EMPTY).encode())
    asked = RecordedSession(refused, refused, empty, empty)
    for known in (None, hashlib.sha256(empty.body).digest()):
        (page,) = X().thread(asked, MINE, "3", known=known)
        assert not page.unchanged
        assert page.coverage is not None
        assert not (page.coverage.after or "") <= "3 00000000000000000009" < (page.coverage.before or "")
        assert [(each.item, each.platform, "does not take" in (each.reason or "")) for each in page.counts] == [
            ("3", None, True)
        ]


def test_what_the_account_answered_there_is_asked_for_in_its_own_thread_alone() -> None:
    """Its answers are threads of their own: what is below them would be read, and paid for, as often as it answered above."""
    own = {**answer(9, 3, 5), "author_id": "1"}
    shown = {"includes": {"posts": [post(3), own, answer(8, 3, 1)]}}
    asked = session(posts(own, answer(8, 3, 1), **shown), posts(answer(10, 8, 0), **shown))
    pages = list(X().thread(asked, MINE, "3"))
    assert queries(asked)[1:] == ["in_reply_to_tweet_id:8"]
    assert ids(pages) == ["9", "8", "10"]
    assert pages[-1].coverage is not None


@pytest.mark.parametrize(("search", "longest", "terms"), [("all", 1024, 23), ("recent", 512, 11)])
def test_as_many_answers_are_asked_about_at_once_as_a_query_has_room_for(search: str, longest: int, terms: int) -> None:
    """Each query costs a request."""
    of_19 = [answer(1_900_000_000_000_000_000 + n, 3, 1) for n in range(24)]
    asked = session(posts(*of_19, includes={"posts": [post(3)]}), *(posts() for _ in range(3)))
    list(X().thread(asked, account("x", "1", token="t", search=search), "3"))
    assert max(map(len, queries(asked))) <= longest
    told = [each.count(":") for each in queries(asked)[1:]]
    assert (told[0], sum(told)) == (terms, 24)


def test_below_an_answer_elsewhere_a_night_asks_so_often_and_says_what_it_left() -> None:
    """A thread in which everybody answers everybody ends: it counts as read, not as whole, and nothing is missing by it."""
    above = [3, *range(10, 110)]
    endless = (posts(answer(10 + n, above[n], 1), includes={"posts": [post(above[n])]}) for n in range(100))
    asked = session(*endless)
    pages = list(X().thread(asked, MINE, "3"))
    assert len(asked.asked) == 1 + 30
    assert [page.coverage is not None for page in pages] == [False] * 30 + [True]
    covers = pages[-1].coverage
    assert covers is not None
    assert not any(
        (covers.after or "") <= (item.order_key or "") < (covers.before or "") for page in pages for item in page.items
    )
    assert [(each.lost, "30 further requests" in each.reason) for each in pages[-1].skipped] == [(False, True)]
    (count,) = [each for each in pages[-1].counts if each.item == "3"]
    assert (count.platform, "30 further requests" in (count.reason or "")) == (None, True)


def test_a_thread_of_which_a_part_is_lost_covers_nothing() -> None:
    """Where X could not put a part together, no reply is taken for missing."""
    problem = {"resource_id": "9", "title": "Hydration", "type": "https://api.x.com/2/problems/field-hydration-failure"}
    (page,) = X().thread(session(posts(5, errors=[problem])), MINE, "3")
    assert page.coverage is None
    assert [each.lost for each in page.skipped] == [True]


def test_a_lookup_tells_gone_from_withheld_and_from_nothing() -> None:
    """Not found is gone; suspended or protected is hidden; what is not spoken of is not known."""
    suspended = missing(3, title="Forbidden", detail="User has been suspended: [28].")
    barred = "https://api.x.com/2/problems/not-authorized-for-resource"
    protected = {"resource_id": "4", "title": "Authorization Error", "type": barred}
    edited = post(8, edit_history_post_ids=["7", "8"])
    asked = session({"data": [edited], "errors": [missing(2), suspended, protected]})
    found = {each.id: each.state for each in X().lookup(asked, MINE, ["7", "2", "3", "4", "6"])}
    assert found == {"7": State.PRESENT, "2": State.GONE_CONFIRMED, "3": State.HIDDEN, "4": State.HIDDEN, "6": None}
    assert asked.asked[0].params["ids"] == "7,2,3,4,6"


@pytest.mark.parametrize(
    ("status", "body", "state"),
    [
        (200, {"data": {"id": "5", "text": "Hello", "sender_id": "7"}}, State.PRESENT),
        (200, {"errors": [missing(5)]}, State.GONE_CONFIRMED),
        (404, {"title": "Not Found"}, State.GONE_CONFIRMED),
        (403, {"title": "Forbidden"}, None),
    ],
)
def test_a_message_is_looked_up_at_its_own_address(status: int, body: Any, state: State | None) -> None:
    """What may not be read is not taken for gone."""
    asked = RecordedSession(Answer(json.dumps(body).encode(), status))
    (found,) = X().lookup(asked, account("x", "1", token="t", stream="messages"), ["5"])
    assert (found.state, asked.asked[0].url.rpartition("/2/")[2]) == (state, "dm_events/5")
