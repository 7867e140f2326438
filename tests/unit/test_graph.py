"""Meta's Graph APIs: pages in both shapes, limits, errors, fields that a version does not know, and whatever else may come."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from archiver.platforms import facebook_items, instagram_items, threads_items
from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.facebook import Facebook
from archiver.platforms.graph import Graph, GraphPage, following_of
from archiver.platforms.graph_fields import without
from archiver.platforms.graph_manners import health, is_not_there, judge, usage
from archiver.platforms.instagram import Instagram
from archiver.platforms.items import Item, ItemKind, Source
from archiver.platforms.manners import Meaning
from archiver.platforms.threads import Threads
from tests.fixtures.graph import GONE, TOKEN, listed, refused, told, unknown
from tests.fixtures.hostile import anything, body, objects
from tests.fixtures.judged import JudgedSession
from tests.fixtures.sessions import Answer, RecordedSession, ReplayError, account, exchange_of

API = "https://graph.facebook.com/v26.0"
CITY = account("facebook", "1", "city", token=TOKEN)
NAMES = [
    "data", "paging", "next", "cursors", "after", "error", "code", "error_subcode", "message", "is_transient", "id", "post_id",
]  # fmt: skip
WORDS = [
    f"{API}/1/feed?access_token={TOKEN}&after=QVFI", f"{API}/1/feed?until=1&__paging_token=x", "http://[", "?after=\x00", 1, 100,
    "Please reduce the amount of data you're asking for", "(#100) Tried accessing nonexisting field (message) on node type (X)",
]  # fmt: skip
EVERY_FIELDS = [
    value
    for module in (facebook_items, instagram_items, threads_items)
    for name, value in sorted(vars(module).items())
    if name.endswith("_FIELDS")
]


def graph_of(session: RecordedSession, **more: str) -> Graph:
    """The API as it is asked for the city."""
    return Graph(session, account("facebook", "1", "city", token=TOKEN, **more), "https://graph.facebook.com", "v26.0")


def walked(*answers: Answer, **around: Any) -> tuple[list[GraphPage], RecordedSession]:
    """The pages of an edge with these answers, and what was asked."""
    session = JudgedSession(Facebook(), *answers)
    return list(graph_of(session).edge("1/feed", {"fields": "id,message"}, **around)), session


def one(number: int) -> dict[str, Any]:
    """An entry."""
    return {"id": str(number)}


def places(session: RecordedSession) -> list[dict[str, object]]:
    """What placed each page that was asked for."""
    return [
        {name: value for name, value in asked.params.items() if name not in {"fields", "access_token"}}
        for asked in session.asked
    ]


def test_cursors_are_followed_to_the_end() -> None:
    """The end is where there is no `next`, though the last page has cursors as well; short and empty pages are followed."""
    last = Answer(body({"data": [one(3)], "paging": {"cursors": {"before": "x", "after": "end"}}}))
    pages, session = walked(listed(one(1), one(2), after="a"), listed(after="b"), last)
    assert [[each["id"] for each in page.entries] for page in pages] == [["1", "2"], [], ["3"]]
    assert places(session) == [{"limit": 100}, {"limit": 100, "after": "a"}, {"limit": 100, "after": "b"}]
    assert [page.following for page in pages] == [{"after": "a"}, {"after": "b"}, None]
    assert not [page for page in pages if page.lost or page.refused]


def test_pages_in_time_are_followed_without_cursors() -> None:
    """`until` and `__paging_token` place the next page of posts, and nothing else of its address is taken."""
    place = {
        "until": "1624385168",
        "__paging_token": "enc_AdC",
        "since": "",
        "__previous": "",
        "fields": "secret_things",
    }
    pages, session = walked(listed(one(1), place=place), listed(one(2)))
    assert places(session)[1] == {"limit": 100, "until": "1624385168", "__paging_token": "enc_AdC"}
    assert session.asked[1].params["fields"] == "id,message"
    assert [page.following is None for page in pages] == [False, True]


def test_a_walk_goes_on_from_where_it_stood() -> None:
    """What a page's `following` said is enough to go on; it is asked of the same address, with our own token."""
    _, session = walked(listed(one(9)), place={"after": "kept"})
    assert places(session) == [{"limit": 100, "after": "kept"}]
    assert session.asked[0].url == f"{API}/1/feed"
    assert session.asked[0].params["access_token"] == TOKEN


@pytest.mark.parametrize("shape", ["cursors", "time"])
def test_the_token_in_a_next_is_left_there(shape: str) -> None:
    """No part of what is kept to go on with holds the token that `paging.next` carries."""
    place = {"until": "5", "__paging_token": "x", "appsecret_proof": "proof", "client_secret": "s"}
    page = listed(one(1), after="a") if shape == "cursors" else listed(one(1), place=place)
    assert TOKEN in page.body.decode()
    pages, _ = walked(page, listed())
    following = json.dumps(pages[0].following)
    assert TOKEN not in following
    assert "proof" not in following
    assert "client_secret" not in following


@pytest.mark.parametrize(
    "paging",
    [
        {"next": "http://["},
        {"next": f"{API}/1/feed?access_token={TOKEN}"},
        {"next": f"{API}/1/feed?after="},
        {"next": f"{API}/1/feed?after=%00"},
        {"next": f"{API}/1/feed?after=\ud800"},
        {"next": 5},
        {"next": ["x"]},
        {"next": {"after": "x"}},
        "next",
        7,
    ],
)
def test_a_next_that_cannot_be_followed_is_no_end(paging: Any) -> None:
    """The page is kept, the walk stops, and it is said that there is more; no error is raised, and no end is claimed."""
    pages, _ = walked(Answer(body({"data": [one(1)], "paging": paging})))
    assert [len(page.entries) for page in pages] == [1]
    assert pages[0].following is None
    assert pages[0].lost == "the platform says that there is more, and not in a way that can be followed"


@pytest.mark.parametrize(
    "paging", [None, {}, [], {"next": None}, {"next": ""}, {"cursors": {"after": "x"}}, {"cursors": 1}]
)
def test_no_next_is_the_end(paging: Any) -> None:
    """Cursors alone lead nowhere; Meta writes an empty object as an empty list at times."""
    pages, _ = walked(Answer(body({"data": [one(1)], "paging": paging})))
    assert (pages[0].following, pages[0].lost) == (None, None)


def test_a_next_of_an_unknown_form_is_followed_by_its_cursor() -> None:
    """Where the address places nothing that is known, the cursor beside it does."""
    assert following_of({"paging": {"next": f"{API}/1/feed?page=2", "cursors": {"after": "QV"}}}) == {"after": "QV"}


def test_a_page_that_comes_again_and_again_ends_the_walk() -> None:
    """Facebook has repeated the same comments for ever, each time with another `next`: that is left, and said."""
    again = [listed(one(1), one(2), after=f"a{number}") for number in range(9)]
    pages, session = walked(*again)
    assert len(session.asked) == len(pages) == 4
    assert [page.lost for page in pages] == [None, None, None, "the platform sends a page again and again"]
    assert pages[-1].following is None


def test_a_next_that_leads_to_itself_is_left_at_once() -> None:
    """What would be asked for is what was asked for."""
    pages, session = walked(listed(one(1), after="a"), listed(one(2), after="a"), listed(one(3)))
    assert len(session.asked) == 2
    assert pages[-1].lost == "the platform sends a page again and again"


def test_pages_that_overlap_are_no_circle() -> None:
    """Each page begins with an entry of the one before, and some show nothing new: the walk goes on."""
    answers = [listed(one(n), one(n + 1), after=f"a{n}") for n in range(12)]
    answers.insert(3, listed(one(2), one(3), after="again"))
    pages, _ = walked(*answers, listed(one(13)))
    assert len(pages) == 14
    assert not [page for page in pages if page.lost]


def test_stories_which_have_no_ids_of_their_own_are_told_apart() -> None:
    """An entry that has only its post's id is new or not by that."""
    pages, _ = walked(*[listed({"post_id": str(n)}, after=f"a{n}") for n in range(40)], listed())
    assert len(pages) == 41
    pages, _ = walked(*[listed({"post_id": "1"}, after=f"a{n}") for n in range(9)])
    assert pages[-1].lost is not None


def test_endless_emptiness_is_an_error() -> None:
    """Pages that go on saying that there is more, and show nothing, are no listing; the error has the last answer."""
    with pytest.raises(UnreadableAnswerError, match="30 pages in a row") as caught:
        walked(*[listed(after=f"a{number}") for number in range(40)])
    assert caught.value.exchange is not None


def test_half_as_much_is_asked_for_where_a_page_is_too_large() -> None:
    """The platform asks for less: the same place, half the entries, and so for the rest of the walk."""
    less = refused(1, "Please reduce the amount of data you're asking for, then retry your request", status=500)
    pages, session = walked(less, less, listed(one(1), after="a"), less, listed(one(2)))
    assert [asked["limit"] for asked in places(session)] == [100, 50, 25, 25, 12]
    assert places(session)[4]["after"] == "a"
    assert [page.limit for page in pages] == [25, 12]


def test_one_entry_that_is_too_large_is_the_platforms_error() -> None:
    """Less than one cannot be asked for."""
    less = refused(1, "Please reduce the amount of data you're asking for", status=500)
    with pytest.raises(ReplayError, match="reduce the amount"):
        walked(*[less] * 9)


def test_a_field_that_the_version_does_not_know_is_asked_for_no_more() -> None:
    """The same page is asked for again without it, and so is every later one; what it would have said is not empty."""
    session = JudgedSession(Facebook(), unknown("message"), listed(one(1), after="a"), listed(one(2)), told(one(3)))
    graph = Graph(session, CITY, "https://graph.facebook.com", "v26.0", {"message": ("text",), "from": ("author",)})
    assert len(list(graph.edge("1/feed", {"fields": "id,message"}))) == 2
    graph.one("3", "id,message")
    assert [asked.params["fields"] for asked in session.asked] == ["id,message", "id", "id", "id"]
    item = Item(kind=ItemKind.POST, id="1", source=Source.API)
    assert graph.as_asked(item).not_requested == {"text"}
    assert Graph(session, CITY, "https://graph.facebook.com", "v26.0").as_asked(item) is item


def test_one_thing_is_asked_for_without_what_the_version_does_not_know() -> None:
    """A profile's unknown field is no sign that the account is gone."""
    session = JudgedSession(Facebook(), unknown("verification_status", "Page"), unknown("emails", "Page"), told(one(1)))
    exchange = graph_of(session).one("1", facebook_items.PAGE_FIELDS, is_not_there)
    assert not is_not_there(exchange)
    assert "verification_status" not in str(session.asked[-1].params["fields"])
    assert "emails" not in str(session.asked[-1].params["fields"])


def test_an_edge_that_is_not_there_is_an_error_or_said() -> None:
    """Where the edge itself is the unknown field nothing can be left out: who takes that is told, for others it is an error.

    It is never an empty listing.
    """
    pages, _ = walked(unknown("feed", "Page"), accept=is_not_there)
    assert [(page.refused, page.entries) for page in pages] == [
        ("100: (#100) Tried accessing nonexisting field (feed) on node type (Page)", [])
    ]
    with pytest.raises(ReplayError, match="nonexisting field"):
        walked(unknown("feed", "Page"))
    with pytest.raises(ReplayError, match="does not exist"):
        walked(listed(one(1), after="a"), GONE)


@pytest.mark.parametrize(
    "answer",
    [
        {"error": "busy"},
        {"data": [], "error": {"message": "no code"}},
        {"data": [], "error": {"message": "a code that is none", "code": True}},
        {"data": [], "error": None},
    ],
)
def test_an_error_within_a_200_is_no_empty_listing(answer: dict[str, Any]) -> None:
    """Whatever form it has, what is listed beside an error is not taken for all there is."""
    with pytest.raises(UnreadableAnswerError, match="an error where a listing was asked for"):
        walked(Answer(body(answer)))


def test_known_errors_within_a_200_have_their_meaning() -> None:
    """Before or behind other keys, and however it is spaced."""
    error = {"message": "Error validating access token", "code": 190, "error_subcode": 463}
    for raw in (
        body({"error": error}),
        body({"data": [], "error": error}),
        json.dumps({"error": error}, indent=4).encode(),
        b" \n" + body({"paging": {}, "error": error}),
    ):
        verdict = judge(exchange_of(API, Answer(raw)))
        assert verdict is not None
        assert verdict.meaning is Meaning.TOKEN
    for good in ({"data": [{"id": "1", "message": '"error"'}]}, {"data": [{"error": error}]}, {"error_log": []}):
        assert judge(exchange_of(API, Answer(body(good)))) is None


TABLE = [
    (190, None, Meaning.TOKEN, "the token is refused"),
    (190, 458, Meaning.TOKEN, "the app was removed from the account"),
    (190, 459, Meaning.TOKEN, "a checkpoint"),
    (190, 460, Meaning.TOKEN, "the password was changed"),
    (190, 463, Meaning.TOKEN, "the token has expired"),
    (190, 464, Meaning.TOKEN, "the user is not confirmed"),
    (190, 467, Meaning.TOKEN, "the token is invalid"),
    (102, None, Meaning.TOKEN, "connect the account anew"),
    *((code, None, Meaning.RETRY, "") for code in (1, 2)),
    *((code, None, Meaning.WAIT, "") for code in (4, 17, 32, 613, 341, 80001, 80002, 80006, 368)),
    *((code, None, Meaning.FORBIDDEN, "") for code in (3, 10, 200, 230, 299)),
    (100, None, Meaning.FINAL, ""),
    (100, 33, Meaning.FINAL, "100/33: "),
    (803, None, Meaning.FINAL, ""),
]


@pytest.mark.parametrize(("code", "subcode", "meaning", "words"), TABLE)
def test_each_error_means_what_meta_says(code: int, subcode: int | None, meaning: Meaning, words: str) -> None:
    """Each code of the error table has its meaning, in the platform's words, on all three platforms alike."""
    answer = refused(code, **({} if subcode is None else {"error_subcode": subcode}))
    for platform in (Facebook(), Instagram(), Threads()):
        verdict = platform.judge(exchange_of(API, answer))
        assert verdict is not None
        assert verdict.meaning is meaning
        assert "the platform's words" in verdict.words
        assert str(code) in verdict.words
        assert words in verdict.words


def test_what_is_said_to_pass_is_asked_again() -> None:
    """An error of any other code that calls itself transient, or comes with a status that says so, is no last word."""
    transient = judge(exchange_of(API, refused(9999, is_transient=True)))
    assert transient is not None
    assert transient.meaning is Meaning.RETRY
    assert judge(exchange_of(API, refused(9999, status=503))) is None
    assert judge(exchange_of(API, refused(9999, status=429))) is None
    gone = judge(exchange_of(API, refused(100, status=500)))
    assert gone is not None
    assert gone.meaning is Meaning.FINAL


def test_what_is_no_graph_error_is_https() -> None:
    """A bare 502, and an answer that is no error."""
    assert judge(exchange_of(API, Answer(b"<h1>502</h1>", status=502))) is None
    assert judge(exchange_of(API, listed(one(1)))) is None


def test_a_business_limit_says_how_long_it_lasts() -> None:
    """The wait of 80001 is in minutes, in a header; without one the session backs off by itself."""
    header = {"1": [{"type": "pages", "call_count": 100, "total_time": 25, "estimated_time_to_regain_access": 19}]}
    limited = refused(80001)
    told_of = Answer(limited.body, 400, (("X-Business-Use-Case-Usage", json.dumps(header)),))
    verdict = judge(exchange_of(API, told_of))
    assert verdict is not None
    assert verdict.seconds == 19 * 60
    silent = judge(exchange_of(API, limited))
    assert silent is not None
    assert silent.seconds is None


@pytest.mark.parametrize(
    ("headers", "remaining", "minutes"),
    [
        ({}, None, None),
        ({"X-App-Usage": '{"call_count":28,"total_time":25,"total_cputime":25}'}, 72, None),
        ({"x-app-usage": '{"call_count":3,"total_time":94,"total_cputime":25}'}, 6, None),
        ({"X-App-Usage": '{"call_count":95,"total_time":0,"total_cputime":0}'}, 0, 5),
        ({"X-App-Usage": '{"call_count":5,"total_time":0,"total_cputime":95.5}'}, 0, 5),
        ({"X-Page-Usage": '{"call_count":97,"total_time":1,"total_cputime":1}'}, 0, 5),
        (
            {"X-Page-Usage": '{"call_count":7,"total_time":1,"total_cputime":1}', "X-App-Usage": '{"call_count":9}'},
            91,
            None,
        ),
        ({"X-Business-Use-Case-Usage": '{"1":[{"type":"pages","call_count":40,"total_time":2}]}'}, 60, None),
        (
            {
                "X-App-Usage": '{"call_count":1}',
                "X-Business-Use-Case-Usage": '{"1":[{"call_count":1}],"2":[{"call_count":100,'
                '"estimated_time_to_regain_access":19}]}',
            },
            0,
            19,
        ),
        ({"X-Business-Use-Case-Usage": '{"1":[{"call_count":99,"estimated_time_to_regain_access":0}]}'}, 0, 5),
        ({"X-App-Usage": '{"call_count":150}'}, 0, 5),
    ],
)
def test_limits_are_obeyed_before_they_are_reached(
    headers: dict[str, str], remaining: int | None, minutes: int | None
) -> None:
    """The highest percentage of any header counts; from 95 on nobody asks before the time that is named, or a pause."""
    exchange = exchange_of(API, Answer(b"{}", headers=tuple(headers.items())))
    found = usage(exchange)
    assert [each.remaining for each in found] == ([] if remaining is None else [remaining])
    for each in found:
        assert each.resets_at == (None if minutes is None else exchange.requested_at + timedelta(minutes=minutes))
    for platform in (Facebook(), Instagram(), Threads()):
        assert tuple(platform.usage(CITY, exchange)) == found


def test_a_request_only_asks_whether_the_limit_is_open() -> None:
    """Nobody but the platform counts, so that nothing is drawn."""
    for platform in (Facebook(), Instagram(), Threads()):
        (draw,) = platform.draws(CITY, "GET", f"{API}/1/feed?access_token={TOKEN}")
        assert draw.units == 0


NUMBERS = st.integers() | st.floats() | st.sampled_from([-1, 0, 10**400, 2**70, True])


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["call_count", "total_time", "estimated_time_to_regain_access"]), NUMBERS | anything(["a"])
    ),
    st.sampled_from(["X-App-Usage", "X-Page-Usage", "X-Business-Use-Case-Usage"]),
    st.booleans(),
)
@example(
    {"call_count": float("inf"), "estimated_time_to_regain_access": float("nan")}, "X-Business-Use-Case-Usage", True
)
def test_no_header_breaks_the_reading(entry: dict[str, Any], name: str, within: bool) -> None:  # noqa: FBT001
    """Whatever a usage header holds, a percentage between 0 and 100 is left, and a wait of a day at the most."""
    header = json.dumps({"1": [entry]} if within else entry)
    exchange = exchange_of(API, Answer(refused(4).body, 400, ((name, header),)))
    for each in usage(exchange):
        assert each.remaining is not None
        assert 0 <= each.remaining <= 100
        assert each.resets_at is None or each.resets_at <= exchange.requested_at + timedelta(days=1)
    verdict = judge(exchange)
    assert verdict is not None
    assert verdict.seconds is None or 0 < verdict.seconds <= 86_400


@settings(deadline=None)
@given(st.text())
def test_a_header_that_is_no_json_says_nothing(header: str) -> None:
    """Broken headers are left alone."""
    assert isinstance(usage(exchange_of(API, Answer(b"{}", headers=(("X-App-Usage", header),)))), tuple)


@settings(max_examples=60, deadline=None)
@given(objects(NAMES, WORDS), st.sampled_from([200, 400, 401, 403, 500]))
def test_any_error_is_judged_in_words(error: dict[str, Any], status: int) -> None:
    """Whatever an error holds, it has a meaning and words, or is HTTP's."""
    verdict = judge(exchange_of(API, Answer(body({"error": error}), status)))
    assert verdict is None or verdict.words


@pytest.mark.parametrize(
    ("set_to", "url"),
    [
        ({}, "https://graph.facebook.com/v26.0/1/feed"),
        ({"api_version": "v24.0"}, "https://graph.facebook.com/v24.0/1/feed"),
        ({"api_url": "http://127.0.0.1:8000/facebook/"}, "http://127.0.0.1:8000/facebook/v26.0/1/feed"),
    ],
)
def test_the_version_is_in_every_address(set_to: dict[str, str], url: str) -> None:
    """The version and the host are the account's settings', or the connector's own."""
    session = RecordedSession(listed())
    list(graph_of(session, **set_to).edge("1/feed", {}))
    assert session.asked[0].url == url
    assert session.asked[0].params == {"fields": "id", "limit": 100, "access_token": TOKEN}


def test_the_apps_secret_proves_each_call_and_is_never_sent() -> None:
    """`appsecret_proof` is the HMAC-SHA256 of the token by the secret (python-facebook, graph.py)."""
    session = RecordedSession(listed())
    list(graph_of(session, app_secret="the-secret").edge("1/feed", {}))
    sent = session.asked[0].params
    assert sent["appsecret_proof"] == hmac.new(b"the-secret", TOKEN.encode(), hashlib.sha256).hexdigest()
    assert "the-secret" not in repr(session.asked)


@pytest.mark.parametrize(
    ("fields", "name", "fewer"),
    [
        ("id,message,from", "message", "id,from"),
        ("id,message,from", "from", "id,message"),
        ("id,message_tags,message", "message", "id,message_tags"),
        ("id,comments.limit(0).summary(true),likes", "comments", "id,likes"),
        ("id,comments.filter(stream).limit(0){id,message}", "comments", "id"),
        ("id,a{x,b.limit(100){y,z},c},d", "a", "id,d"),
        ("id,a{x,b.limit(100){y,z},c},d", "b", "id,a{x,c},d"),
        ("id,a{x,b.limit(100){y,z},c},d", "z", "id,a{x,b.limit(100){y},c},d"),
        ("id,a{x},d", "x", "id,d"),
        ("id,from{id,name},replies{id,from{id,name}}", "from", "id,replies{id}"),
        ("id", "id", None),
        ("id,message", "nothing", None),
        ("id,a.limit(5)", "limit", None),
        ("", "id", None),
    ],
)
def test_a_field_goes_with_all_that_is_asked_for_within_it(fields: str, name: str, fewer: str | None) -> None:
    """Wherever it stands, its modifiers and braces with it; what only begins like it stays."""
    assert without(fields, name) == fewer


@pytest.mark.parametrize("fields", EVERY_FIELDS)
def test_any_field_can_be_left_out_of_what_is_really_asked_for(fields: str) -> None:
    """Whichever field a version does not know, what is left is well-formed, and holds every other field."""
    names = set(re.findall(r"(?<![.\w])([a-z]\w*)", re.sub(r"\([^)]*\)", "", fields)))
    for name in names - {"id", "post_id"}:
        fewer = without(fields, name)
        assert fewer is not None
        assert fewer.count("{") == fewer.count("}")
        assert not re.search(rf"(?<![.\w]){name}(?![\w])", re.sub(r"\.\w+\([^)]*\)", "", fewer))
        assert not re.search(r",,|,}|{,|{}|^,|,$", fewer)
        assert without(fewer, name) is None


FIELDS = st.recursive(
    st.sampled_from(["a", "b", "c.limit(0)", "ab"]),
    lambda inner: st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"x.limit(5){{{','.join(parts)}}}"),
)


@settings(deadline=None)
@given(st.lists(FIELDS, min_size=1, max_size=4).map(",".join), st.sampled_from(["a", "b", "c", "x"]))
def test_what_is_left_out_is_nowhere_left(fields: str, name: str) -> None:
    """However deep it stands; and where it is not asked for, or alone, nothing can be left out."""
    fewer = without(fields, name)
    names = re.findall(r"(?<![.\w])[a-z]+", fields)
    if fewer is None:
        assert name not in names or without(f"{fields},z", name) == "z"
    else:
        left = re.findall(r"(?<![.\w])[a-z]+", fewer)
        assert name in names
        assert name not in left
        assert without(fewer, name) is None
        assert without(f"{fields},z", name) == f"{fewer},z"


@pytest.mark.parametrize(
    ("data", "alive", "words", "ends"),
    [
        ({"is_valid": True, "expires_at": 0, "data_access_expires_at": 0}, True, "the platform takes it", None),
        (
            {"is_valid": True, "expires_at": 1577347200, "data_access_expires_at": 1585040349},
            True,
            "takes it",
            1577347200,
        ),
        ({"is_valid": True, "expires_at": 0, "data_access_expires_at": 1585040349}, True, "takes it", 1585040349),
        (
            {"is_valid": False, "error": {"code": 190, "message": "Session has expired"}},
            False,
            "Session has expired",
            None,
        ),
        ({"is_valid": False}, False, "does not take it", None),
        ({"is_valid": "yes", "expires_at": True, "data_access_expires_at": 10**40}, None, "does not tell", None),
        (None, None, "the platform does not tell", None),
        ([], None, "the platform does not tell", None),
    ],
)
def test_a_tokens_health_is_what_debug_token_tells(
    data: Any,
    alive: bool | None,  # noqa: FBT001 - a case of the table
    words: str,
    ends: int | None,
) -> None:
    """The earlier of both ends counts, 0 is none; what is not told is not guessed."""
    found = health(data, ["pages_show_list"], exchange_of(API, Answer(b"{}")))
    assert found.alive is alive
    assert words in found.words
    assert found.expires_at == (None if ends is None else datetime.fromtimestamp(ends, UTC))
    assert found.missing == ()


def test_a_token_without_a_permission_says_which() -> None:
    """Of those that the streams need, the ones that the token lacks are named."""
    scopes = {"is_valid": True, "scopes": ["email", "pages_show_list"]}
    found = health(scopes, ["pages_show_list", "pages_messaging"], exchange_of(API, Answer(b"{}")))
    assert (found.scopes, found.missing) == (("email", "pages_show_list"), ("pages_messaging",))


@settings(max_examples=60, deadline=None)
@given(st.lists(objects(NAMES, WORDS), min_size=1, max_size=3), st.sampled_from([200, 200, 200, 400]))
def test_any_edge_is_walked_to_an_end_or_named(answers: list[dict[str, Any]], status: int) -> None:
    """Whatever pages come, for as long as they come: the walk ends by itself, or with an error that says why."""
    shown = [Answer(body({"data": [], **each}), status) for each in answers] * 40
    session = JudgedSession(Facebook(), *shown)
    with contextlib.suppress(UnreadableAnswerError, ReplayError):
        for page in graph_of(session).edge("1/feed", {"fields": "id,message"}, accept=is_not_there):
            assert TOKEN not in json.dumps(page.following)
