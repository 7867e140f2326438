"""LinkedIn's pages: its errors, its pages, its nested comments, its tokens, its little text, and whatever else may come."""

from __future__ import annotations

import contextlib
import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.platforms.errors import NoSuchHandleError, UnreadableAnswerError
from archiver.platforms.items import Media, StreamKind
from archiver.platforms.linkedin import LinkedIn
from archiver.platforms.linkedin_text import read_little
from archiver.platforms.manners import Meaning
from tests.fixtures.hostile import anything, body, keepable, objects
from tests.fixtures.sessions import Answer, RecordedSession, ReplayError, account, exchange_of

API = "https://api.linkedin.com/rest"
URN = "urn:li:organization:2414183"
PAGE = account("linkedin", URN, "city-of-riverbend", token="a-token")
NAMES = [
    "elements", "paging", "start", "count", "total", "links", "rel", "href", "id", "author", "commentary", "content", "media",
    "multiImage", "images", "altText", "article", "source", "title", "poll", "question", "options", "text", "createdAt",
    "publishedAt", "lastModifiedAt", "lifecycleState", "lifecycleStateInfo", "isEditedByAuthor", "visibility", "reshareContext",
    "parent", "actor", "commentUrn", "object", "created", "time", "lastModified", "message", "attributes", "value",
    "commentsSummary", "aggregatedTotalComments", "likesSummary", "aggregatedTotalLikes", "results", "commentSummary",
    "reactionSummaries", "localizedName", "logoV2", "original", "entity", "digitalmediaAsset", "url", "scope", "expires_at",
]  # fmt: skip
WORDS = ["next", "PUBLISHED", "DRAFT", "urn:li:share:1", "urn:li:image:1", 1717400000000, 1, True]
quick = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)


def failed(status: int, code: str, message: str) -> Answer:
    """An answer that says that it failed."""
    return Answer(body({"status": status, "code": code, "message": message}), status=status)


def post(number: int, made: int, **more: Any) -> dict[str, Any]:
    """A post as short as it may be."""
    return {"id": f"urn:li:share:{number}", "author": URN, "createdAt": made, **more}


def comment(number: int, **more: Any) -> dict[str, Any]:
    """A comment as short as it may be."""
    urn = f"urn:li:comment:(urn:li:share:1,{number})"
    return {
        "actor": "urn:li:person:a",
        "commentUrn": urn,
        "id": str(number),
        "message": {"text": f"comment {number}"},
        **more,
    }


def listed(*elements: dict[str, Any], total: int | None = None, following: int | None = None) -> Answer:
    """A page of a listing."""
    links = [] if following is None else [{"rel": "next", "href": f"/rest/posts?q=author&start={following}"}]
    paging: dict[str, Any] = {"start": 0, "count": 100, "links": links}
    return Answer(body({"elements": elements, "paging": paging if total is None else {**paging, "total": total}}))


def metadata(**about: dict[str, Any]) -> Answer:
    """Social metadata by the number of a share."""
    return Answer(body({"results": {f"urn:li:share:{number[1:]}": each for number, each in about.items()}}))


NOTHING = metadata()


@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        (401, "REVOKED_ACCESS_TOKEN", Meaning.TOKEN),
        (401, "EXPIRED_ACCESS_TOKEN", Meaning.TOKEN),
        (403, "ACCESS_DENIED", Meaning.FORBIDDEN),
        (426, "NONEXISTENT_VERSION", Meaning.FINAL),
        (429, "TOO_MANY_REQUESTS", Meaning.WAIT),
    ],
)
def test_each_error_means_what_linkedin_says(status: int, code: str, meaning: Meaning) -> None:
    """Each status has its meaning, in LinkedIn's words."""
    verdict = LinkedIn().judge(exchange_of(f"{API}/posts", failed(status, code, "in its words")))
    assert verdict is not None
    assert verdict.meaning is meaning
    assert code in verdict.words
    assert "in its words" in verdict.words


def test_other_statuses_and_other_addresses_are_https() -> None:
    """404 and 500 are left to HTTP, and so is what a picture's address answers."""
    linkedin = LinkedIn()
    for status in (200, 404, 500):
        assert linkedin.judge(exchange_of(f"{API}/posts", failed(status, "X", "words"))) is None
    assert linkedin.judge(exchange_of("https://media.licdn.com/dms/image/1", failed(401, "X", "words"))) is None


def test_a_sunset_version_names_the_setting() -> None:
    """426 says which month was asked for, and which setting to change."""
    answer = failed(426, "NONEXISTENT_VERSION", "Requested version 20240401 is not active")
    verdict = LinkedIn().judge(exchange_of(f"{API}/posts", answer, (("LinkedIn-Version", "202404"),)))
    assert verdict is not None
    assert "no longer serves 202404" in verdict.words
    assert "`version`" in verdict.words


def test_the_days_limit_ends_at_midnight_utc() -> None:
    """429 for the day's limit is no short wait: nothing more before midnight UTC, and the budget is told so."""
    words = "Resource level throttle APPLICATION DAY limit for calls to this resource is reached."
    exchange = exchange_of(f"{API}/posts", failed(429, "TOO_MANY_REQUESTS", words))
    verdict = LinkedIn().judge(exchange)
    midnight = datetime(2026, 3, 3, tzinfo=UTC)
    assert verdict is not None
    assert verdict.meaning is Meaning.EXHAUSTED
    assert verdict.seconds == (midnight - exchange.requested_at).total_seconds()
    (usage,) = LinkedIn().usage(PAGE, exchange)
    assert (usage.remaining, usage.resets_at) == (0, midnight)
    minute = exchange_of(f"{API}/posts", failed(429, "TOO_MANY_REQUESTS", "MEMBER MINUTE limit"))
    assert LinkedIn().usage(PAGE, minute) == ()


def test_the_days_requests_are_counted_where_their_number_is_set() -> None:
    """Without the number it is only asked whether the day is over; with it every request takes one."""
    (asked,) = LinkedIn().draws(PAGE, "GET", f"{API}/posts")
    counted = account("linkedin", URN, token="a-token", daily_requests="500")
    (taken,) = LinkedIn().draws(counted, "GET", f"{API}/posts")
    assert asked.units == 0
    assert (taken.units, taken.budget.units) == (1, 500)
    assert LinkedIn().draws(PAGE, "GET", "https://media.licdn.com/dms/image/1") == ()


def test_every_request_carries_its_version() -> None:
    """The month is the setting's; a finder names itself, as Rest.li wants it."""
    session = RecordedSession(listed(), listed())
    asking = account("linkedin", URN, token="a-token", version="202610")
    list(LinkedIn().pages(session, asking, StreamKind.POSTS, None, {}))
    sent = session.asked[0].headers
    assert (sent["LinkedIn-Version"], sent["X-Restli-Protocol-Version"], sent["X-RestLi-Method"]) == (
        "202610",
        "2.0.0",
        "FINDER",
    )
    assert sent["Authorization"] == "Bearer a-token"


def test_the_walk_follows_the_links_and_covers_all() -> None:
    """A short page with a link to the next is not the end; the changed posts are asked for once, with the first page."""
    session = RecordedSession(
        listed(post(3, 300), total=3, following=1), NOTHING, listed(),
        listed(post(2, 200), total=3, following=2), NOTHING,
        listed(post(1, 100), total=3), NOTHING,
    )  # fmt: skip
    pages = list(LinkedIn().pages(session, PAGE, StreamKind.POSTS, None, {}))
    assert [asked.params["sortBy"] for asked in session.asked if "sortBy" in asked.params] == [
        "CREATED", "LAST_MODIFIED", "CREATED", "CREATED",
    ]  # fmt: skip
    covered = [(page.coverage.before, page.coverage.after) for page in pages if page.coverage]
    assert covered == [(None, "00000000000301"), ("00000000000301", "00000000000201"), ("00000000000201", None)]


@pytest.mark.parametrize(
    ("paging", "shown", "following"),
    [
        ({"total": 250}, 100, True),
        ({"total": 100}, 100, False),
        ({"total": 250}, 7, True),
        ({}, 100, True),
        ({}, 99, False),
        ({"links": [{"rel": "next", "href": "http://["}]}, 3, True),
        ({"links": "no list", "total": "no number"}, 3, False),
    ],
)
def test_the_end_is_where_nothing_follows(paging: dict[str, Any], shown: int, following: bool) -> None:  # noqa: FBT001
    """Without a link the total tells; without that, a page that is not full is the last."""
    answer = Answer(body({"elements": [post(n, 1000 - n) for n in range(shown)], "paging": paging}))
    session = RecordedSession(answer, *([NOTHING] * (-(-shown // 50))), listed())
    first = next(LinkedIn().pages(session, PAGE, StreamKind.POSTS, None, {}))
    assert (first.resume is not None) is following


def test_where_posts_go_meanwhile_the_walk_steps_back() -> None:
    """Between two pages a post was removed, and the rest moved up: the post at the edge is not passed over."""
    session = RecordedSession(
        listed(post(4, 400), post(3, 300), total=4, following=2), NOTHING, listed(),
        listed(post(1, 100), total=3),
        listed(post(2, 200), post(1, 100), total=3), NOTHING,
    )  # fmt: skip
    pages = list(LinkedIn().pages(session, PAGE, StreamKind.POSTS, None, {}))
    assert [item.id[-1] for page in pages for item in page.items] == ["4", "3", "2", "1"]
    assert [asked.params["start"] for asked in session.asked if asked.params.get("sortBy") == "CREATED"] == [0, 2, 1]


def test_an_edited_old_post_is_seen_at_once_and_claims_no_place() -> None:
    """What was changed last comes with the first page, once, and does not reach into what the page covers."""
    session = RecordedSession(
        listed(post(9, 900), total=500, following=100), NOTHING,
        listed(post(1, 100, commentary="corrected"), post(9, 900)),
    )  # fmt: skip
    first = next(LinkedIn().pages(session, PAGE, StreamKind.POSTS, None, {}))
    assert [(item.id[-1], item.order_key is None) for item in first.items] == [("9", False), ("1", True)]
    assert first.coverage is not None
    assert first.coverage.after == "00000000000901"
    assert first.items[1].exchange == 2


def test_counters_that_are_refused_are_missed_and_no_more() -> None:
    """Where the numbers may not be read the posts are kept, and what is missing is said."""
    session = RecordedSession(listed(post(1, 100)), failed(403, "ACCESS_DENIED", "no"), listed())
    (page,) = LinkedIn().pages(session, PAGE, StreamKind.POSTS, None, {})
    assert [item.counts for item in page.items] == [{}]
    assert [each.lost for each in page.skipped] == [False]
    assert page.coverage is not None


def test_answers_below_comments_are_read_to_the_last_page() -> None:
    """Two pages of comments, one of which has two pages of answers; only the very last page covers the thread."""
    summary = {"aggregatedTotalComments": 2}
    none = {"aggregatedTotalComments": 0}
    session = RecordedSession(
        listed(comment(1, commentsSummary=summary), following=100),
        listed(comment(11), following=100),
        listed(comment(12)),
        listed(comment(2, commentsSummary=none)),
    )
    pages = list(LinkedIn().thread(session, PAGE, "urn:li:share:1"))
    assert [[item.id.rpartition(",")[2] for item in page.items] for page in pages] == [["1)"], ["11)"], ["12)"], ["2)"]]
    assert [page.coverage is not None for page in pages] == [False, False, False, True]
    parent = pages[1].items[0].references[0].id
    assert parent == "urn:li:comment:(urn:li:share:1,1)"


def test_comments_that_do_not_say_whether_they_have_answers_are_asked_about_once() -> None:
    """Without summaries the post's own counts tell: where all are of the first level, no comment is asked for answers."""
    flat = metadata(_1={"commentSummary": {"count": 2, "topLevelCount": 2}})
    deep = metadata(_1={"commentSummary": {"count": 3, "topLevelCount": 2}})
    session = RecordedSession(listed(comment(1), comment(2)), flat)
    assert len(list(LinkedIn().thread(session, PAGE, "urn:li:share:1"))) == 1
    session = RecordedSession(listed(comment(1), comment(2)), deep, listed(comment(3)), listed())
    pages = list(LinkedIn().thread(session, PAGE, "urn:li:share:1"))
    assert [len(page.items) for page in pages] == [2, 1, 0]
    assert pages[-1].coverage is not None


def test_comments_are_there_though_what_comes_after_them_fails() -> None:
    """Whether there are answers cannot be asked: the page that was read is not lost for it, and covers nothing."""
    session = RecordedSession(listed(comment(1)), failed(500, "INTERNAL", "try again"))
    walk = LinkedIn().thread(session, PAGE, "urn:li:share:1")
    page = next(walk)
    assert (len(page.items), page.coverage) == (1, None)
    with pytest.raises(ReplayError):
        next(walk)


def test_answers_to_a_comment_are_read_by_their_address() -> None:
    """As in the thread, if it is known whose thread it is; a comment's URN alone does not say."""
    comments = "https://api.linkedin.com/rest/socialActions/{}/comments?start=0&count=100"
    url = comments.format("urn%3Ali%3Acomment%3A%28urn%3Ali%3Ashare%3A1%2C1%29")
    thread = RecordedSession(listed(comment(1, commentsSummary={"aggregatedTotalComments": 1})), listed(comment(11)))
    _, whole = LinkedIn().thread(thread, PAGE, "urn:li:share:1")
    session = RecordedSession(listed(comment(11)))
    known = {"urn:li:comment:(urn:li:share:1,1)": "urn:li:share:1"}.get
    (part,) = LinkedIn().part_of_thread(session, PAGE, url, known)
    assert part.items == whole.items
    assert part.coverage is None
    assert list(LinkedIn().part_of_thread(RecordedSession(), PAGE, url, lambda _: None)) == []
    assert (
        list(LinkedIn().part_of_thread(RecordedSession(), PAGE, comments.format("urn%3Ali%3Ashare%3A1"), known)) == []
    )
    assert list(LinkedIn().thread(RecordedSession(), PAGE, "urn:li:comment:(urn:li:share:1,1)")) == []


def test_a_comment_that_went_meanwhile_has_no_answers() -> None:
    """The answers of a comment that was removed since its page are 404; the thread goes on."""
    session = RecordedSession(
        listed(comment(1, commentsSummary={"aggregatedTotalComments": 1})), failed(404, "NOT_FOUND", "gone")
    )
    pages = list(LinkedIn().thread(session, PAGE, "urn:li:share:1"))
    assert pages[-1].coverage is not None


def test_endless_emptiness_is_an_error() -> None:
    """Pages that go on saying that there is more, and never show anything, end in an error and not in a claim."""
    session = RecordedSession(listed(following=0), listed(), *(listed(following=0) for _ in range(30)))
    with pytest.raises(UnreadableAnswerError, match="in a row"):
        list(LinkedIn().pages(session, PAGE, StreamKind.POSTS, None, {}))


def test_a_loop_of_pages_covers_nothing() -> None:
    """A page whose next is itself is left, named as lost, and nothing is said to be missing."""
    session = RecordedSession(listed(comment(1, commentsSummary={"aggregatedTotalComments": 0}), following=0))
    (page,) = LinkedIn().thread(session, PAGE, "urn:li:share:1")
    assert page.skipped[0].lost
    assert page.coverage is None


def test_nothing_shown_is_nothing_removed_while_comments_are_off() -> None:
    """An empty thread of a post whose comments are open covers the thread; of one that is closed it covers nothing."""
    opened = metadata(_1={"commentsState": "OPEN"})
    closed = metadata(_1={"commentsState": "CLOSED"})
    (empty,) = LinkedIn().thread(RecordedSession(listed(), opened), PAGE, "urn:li:share:1")
    (silent,) = LinkedIn().thread(RecordedSession(listed(), closed), PAGE, "urn:li:share:1")
    assert empty.coverage is not None
    assert silent.coverage is not None
    assert empty.coverage.before != empty.coverage.after
    assert silent.coverage.before == silent.coverage.after


def test_a_page_is_found_by_its_name_or_its_number() -> None:
    """A name is looked up, a number is not; a name of nobody is an error of the register."""
    named = dataclasses.replace(PAGE, platform_id=None)
    shown = Answer(body({"id": 2414183, "vanityName": "city-of-riverbend", "localizedName": "City of Riverbend"}))
    session = RecordedSession(listed({"id": 2414183}), shown)
    status = LinkedIn().status(session, named)
    assert (status.platform_id, status.handle) == (URN, "city-of-riverbend")
    assert session.asked[0].params == {"q": "vanityName", "vanityName": "city-of-riverbend"}
    session = RecordedSession(shown)
    status = LinkedIn().status(session, dataclasses.replace(named, handle="2414183"))
    assert (status.platform_id, status.handle, session.asked[0].url) == (URN, None, f"{API}/organizations/2414183")
    with pytest.raises(NoSuchHandleError, match="no page at"):
        LinkedIn().status(RecordedSession(listed()), named)


def test_the_tokens_end_is_asked_for_or_set() -> None:
    """With the app's credentials LinkedIn tells end and scopes; else the setting tells; else it is said that nobody does."""
    app = account("linkedin", URN, token="a-token", client_id="app", client_secret="app-secret")
    told = {"active": True, "status": "active", "expires_at": 1_780_000_000, "scope": "r_organization_social,openid"}
    session = RecordedSession(Answer(body(told)))
    health = LinkedIn().token(session, app)
    assert health is not None
    assert health.expires_at == datetime.fromtimestamp(1_780_000_000, UTC)
    assert (health.alive, health.missing) == (True, ("rw_organization_admin",))
    assert session.asked[0].url == "https://www.linkedin.com/oauth/v2/introspectToken"
    dead = LinkedIn().token(RecordedSession(Answer(body({"active": False, "status": "revoked"}))), app)
    assert dead is not None
    assert (dead.alive, dead.words) == (False, "LinkedIn says that it is revoked")
    dated = LinkedIn().token(RecordedSession(), account("linkedin", URN, token="a-token", token_ends="2026-03-31"))
    assert dated is not None
    assert (dated.alive, dated.expires_at) == (None, datetime(2026, 4, 1, tzinfo=UTC))
    silent = LinkedIn().token(RecordedSession(), PAGE)
    assert silent is not None
    assert "token_ends" in silent.words


def test_a_token_is_renewed_where_the_app_may() -> None:
    """With a refresh token the new token is had from LinkedIn; without one there is none."""
    app = account("linkedin", URN, token="a", client_id="app", client_secret="s", refresh_token="r")
    answer = Answer(body({"access_token": "b", "expires_in": 5_184_000, "refresh_token": "r2"}))
    session = RecordedSession(answer)
    renewal = LinkedIn().renew(session, app)
    assert renewal is not None
    assert renewal.secrets == {"token": "b", "refresh_token": "r2"}
    assert renewal.expires_at["token"] - exchange_of("", answer).requested_at == timedelta(days=60)
    assert LinkedIn().renew(RecordedSession(), PAGE) is None


def test_a_medium_is_asked_for_by_its_urn() -> None:
    """Images, videos and documents each have their own method; an asset is an image; without an address it is an error."""
    good = Answer(body({"status": "AVAILABLE", "downloadUrl": "https://media.licdn.com/1"}))
    for urn, path in (
        ("urn:li:image:A", "images/urn%3Ali%3Aimage%3AA"),
        ("urn:li:digitalmediaAsset:A", "images/urn%3Ali%3Aimage%3AA"),
        ("urn:li:video:A", "videos/urn%3Ali%3Avideo%3AA"),
        ("urn:li:document:A", "documents/urn%3Ali%3Adocument%3AA"),
    ):
        session = RecordedSession(good)
        assert LinkedIn().media_request(session, PAGE, Media(urn, "image")) == "https://media.licdn.com/1"
        assert session.asked[0].url == f"{API}/{path}"
    with pytest.raises(UnreadableAnswerError, match="no file of it"):
        LinkedIn().media_request(
            RecordedSession(Answer(body({"status": "PROCESSING"}))), PAGE, Media("urn:li:image:A", "image")
        )
    with pytest.raises(UnreadableAnswerError, match="no file of such"):
        LinkedIn().media_request(RecordedSession(), PAGE, Media("urn:li:sponsored:A", "image"))


@pytest.mark.parametrize(
    ("little", "text", "tags", "mentions"),
    [
        (r"Fees \(2027\) \_as is\_", "Fees (2027) _as is_", (), ()),
        (r"{hashtag|\#|Budget} and {hashtag|#|Roads}", "#Budget and #Roads", ("Budget", "Roads"), ()),
        ("Thanks #Riverbend!", "Thanks #Riverbend!", ("Riverbend",), ()),
        (r"With @[Jo \[R\] Park](urn:li:person:1)", "With Jo [R] Park", (), ("urn:li:person:1",)),
        (r"no tag: \#1 and C\# \\ done", r"no tag: #1 and C# \ done", (), ()),
        ("broken {hashtag|x and @[nobody](nowhere)", "broken {hashtag|x and @[nobody](nowhere)", (), ()),
    ],
)
def test_little_text_is_read_as_people_see_it(
    little: str, text: str, tags: tuple[str, ...], mentions: tuple[str, ...]
) -> None:
    """Escapes, hashtag templates and mentions become their words; what is written wrongly stays."""
    read = read_little(little)
    assert (read.text, read.tags, read.mentions) == (text, tags, mentions)


@quick
@given(st.text())
def test_escaped_words_are_read_back(words: str) -> None:
    """Whatever is escaped as LinkedIn has it is read as it was."""
    escaped = "".join(f"\\{each}" if each in r"|{}@[]()<>#\*_~" else each for each in words)
    assert read_little(escaped).text == words


@quick
@given(objects(NAMES, WORDS), anything(NAMES, WORDS), st.sampled_from(["posts", "thread", "status", "lookup", "token"]))
def test_any_answer_is_read_or_named(answer: dict[str, Any], part: Any, what: str) -> None:
    """Whatever JSON comes: items whose evidence can be kept, parts skipped by name, or an error that says what it is."""
    shown = Answer(
        body({**answer, "elements": [part, {**post(1, 100), **answer}, {**comment(1), **answer}], "results": part})
    )
    app = account("linkedin", URN, token="a-token", client_id="app", client_secret="s")
    session, linkedin = RecordedSession(shown, shown, shown), LinkedIn()
    with contextlib.suppress(
        UnreadableAnswerError, *([IndexError] if what in {"posts", "thread"} else [])
    ):  # more is asked
        match what:
            case "posts":
                pages = linkedin.pages(session, PAGE, StreamKind.POSTS, None, {})
                assert keepable(item for page in pages for item in page.items)
            case "thread":
                pages = linkedin.thread(session, PAGE, "urn:li:share:1")
                assert keepable(item for page in pages for item in page.items)
            case "status":
                status = linkedin.status(session, PAGE)
                assert keepable([status.profile] if status.profile else [])
            case "token":
                assert linkedin.token(session, app) is not None
            case _:
                assert len(list(linkedin.lookup(session, PAGE, ["urn:li:share:1"]))) == 1
