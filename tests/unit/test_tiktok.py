"""TikTok's Display API: its errors, its cursors, its tokens, its covers, and whatever else may stand in an answer."""

from __future__ import annotations

import contextlib
import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.platforms.errors import NoSuchHandleError, UnreadableAnswerError
from archiver.platforms.items import Media, State, StreamKind
from archiver.platforms.manners import Meaning
from archiver.platforms.tiktok import TikTok
from archiver.platforms.tiktok_manners import NO_TEXT
from tests.fixtures.hostile import anything, body, keepable, objects
from tests.fixtures.sessions import Answer, RecordedSession, account, exchange_of

API = "https://open.tiktokapis.com/v2"
LIST, OAUTH = f"{API}/video/list/?fields=id", f"{API}/oauth/token/"
RENEWING = {"refresh_token": "rft.old", "client_key": "the-app", "client_secret": "app-secret"}
PARKS = account("tiktok", "-000parks", "riverbend.parks", token="act.old", **RENEWING)
NAMES = [
    "data", "error", "code", "message", "videos", "cursor", "has_more", "id", "create_time", "cover_image_url", "share_url",
    "video_description", "title", "duration", "is_aigc", "like_count", "comment_count", "user", "open_id", "username",
    "display_name", "bio_description", "is_verified", "video_count", "access_token", "refresh_token", "expires_in",
]  # fmt: skip
WORDS = ["ok", True, 1717400000, 1717400000000]
quick = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)


def failed(code: str, status: int = 200) -> Answer:
    """An answer that says that it failed."""
    return Answer(
        body({"data": {}, "error": {"code": code, "message": "TikTok's words", "log_id": "1"}}), status=status
    )


def told(**data: Any) -> Answer:
    """An answer with data."""
    return Answer(body({"data": data, "error": {"code": "ok", "message": "", "log_id": "1"}}))


def video(identity: str, made: int, **more: Any) -> dict[str, Any]:
    """A video as short as it may be."""
    return {"id": identity, "create_time": made, **more}


@pytest.mark.parametrize(
    ("code", "status", "meaning"),
    [
        ("access_token_invalid", 401, Meaning.TOKEN),
        ("scope_not_authorized", 401, Meaning.FORBIDDEN),
        ("scope_permission_missed", 401, Meaning.FORBIDDEN),
        ("rate_limit_exceeded", 429, Meaning.WAIT),
        ("internal_error", 500, Meaning.RETRY),
        ("internal_error", 200, Meaning.RETRY),
        ("invalid_params", 400, Meaning.FINAL),
        ("something_new", 200, Meaning.FINAL),
    ],
)
def test_each_error_means_what_tiktok_says(code: str, status: int, meaning: Meaning) -> None:
    """Each code of the error table has its meaning, whatever the status, in TikTok's words."""
    verdict = TikTok().judge(exchange_of(LIST, failed(code, status)))
    assert verdict is not None
    assert verdict.meaning is meaning
    assert "TikTok's words" in verdict.words


def test_ok_is_no_error_and_a_cover_is_not_read() -> None:
    """`ok` is no error; what a picture's address answers is not TikTok's API; a bare 502 is HTTP's."""
    tiktok = TikTok()
    assert tiktok.judge(exchange_of(LIST, told())) is None
    assert tiktok.judge(exchange_of("https://p16.tiktokcdn.com/a.image", failed("access_token_invalid"))) is None
    assert tiktok.judge(exchange_of(LIST, Answer(b"<h1>502</h1>", status=502))) is None


def test_a_refused_renewal_is_no_dead_token_by_itself() -> None:
    """The log-in's errors have another form; a used-up refresh token is final, and asked with no more."""
    refused = Answer(body({"error": "invalid_grant", "error_description": "used up", "log_id": "1"}), status=400)
    verdict = TikTok().judge(exchange_of(OAUTH, refused))
    assert verdict is not None
    assert (verdict.meaning, verdict.words) == (Meaning.FINAL, "invalid_grant: used up")


def test_a_busy_log_in_is_asked_again() -> None:
    """A renewal that comes too often waits like any request, and one that met a fault of the server is asked for again."""
    busy = TikTok().judge(exchange_of(OAUTH, failed("rate_limit_exceeded", 429)))
    assert busy is not None
    assert busy.meaning is Meaning.WAIT
    fault = Answer(body({"error": "server_error", "error_description": "", "log_id": "1"}), status=503)
    assert TikTok().judge(exchange_of(OAUTH, fault)) is None


def test_each_method_has_a_budget_of_600_a_minute() -> None:
    """A request takes one from its own method's budget; renewing and pictures take none."""
    tiktok = TikTok()
    names = {}
    for url in (LIST, f"{API}/video/query/?fields=id", f"{API}/user/info/?fields=open_id"):
        (draw,) = tiktok.draws(PARKS, "POST", url)
        assert (draw.units, draw.budget.units, draw.budget.window) == (1, 600, timedelta(minutes=1))
        names[draw.budget.name] = url
    assert len(names) == 3
    assert not tiktok.draws(PARKS, "POST", OAUTH)
    assert not tiktok.draws(PARKS, "GET", "https://p16.tiktokcdn.com/a.image")


def test_a_renewal_gives_both_tokens_and_their_ends() -> None:
    """The refresh token is spent for a new pair; both are given to be saved, with when they end."""
    answer = Answer(
        body(
            {
                "access_token": "act.new",
                "expires_in": 7200,
                "refresh_token": "rft.new",
                "refresh_expires_in": 31_536_000,
            }
        )
    )
    session = RecordedSession(answer)
    renewal = TikTok().renew(session, PARKS)
    assert renewal is not None
    assert renewal.secrets == {"token": "act.new", "refresh_token": "rft.new"}
    assert renewal.expires_at["refresh_token"] - renewal.expires_at["token"] == timedelta(seconds=31_536_000 - 7200)
    assert session.asked[0].url == OAUTH
    assert session.asked[0].sent == {**RENEWING, "grant_type": "refresh_token"}


def test_without_what_it_takes_nothing_is_renewed() -> None:
    """Without the app's key and secret and a refresh token nobody is asked."""
    session = RecordedSession()
    assert TikTok().renew(session, account("tiktok", "-000parks", token="act.old")) is None
    assert session.asked == []


def test_half_a_renewal_is_none() -> None:
    """An answer without both tokens is an error with the exchange, and the old ones stay."""
    with pytest.raises(UnreadableAnswerError, match="not both tokens"):
        TikTok().renew(RecordedSession(Answer(body({"access_token": "act.new", "refresh_token": 5}))), PARKS)


def test_empty_pages_are_walked_through() -> None:
    """A page without videos that says there is more is followed; the last page covers what is below the one before."""
    session = RecordedSession(
        told(videos=[video("3", 300)], cursor=300_000, has_more=True),
        told(cursor=250_000, has_more=True),
        told(videos=[video("1", 100)], cursor=100_000, has_more=False),
    )
    first, empty, last = TikTok().pages(session, PARKS, StreamKind.POSTS, None, {})
    assert [asked.sent for asked in session.asked] == [
        {"max_count": 20},
        {"max_count": 20, "cursor": 300_000},
        {"max_count": 20, "cursor": 250_000},
    ]
    assert first.coverage is not None
    assert first.coverage.after == "0000000301"
    assert (empty.items, empty.resume) == ([], {"cursor": 250_000, "below": "0000000301"})
    assert last.coverage is not None
    assert (last.coverage.before, last.coverage.after, last.resume) == ("0000000301", None, None)


def test_endless_emptiness_is_an_error() -> None:
    """Pages that go on saying that there is more, and never show anything, end in an error and not in a claim."""
    session = RecordedSession(*(told(videos=[], cursor=1, has_more=True) for _ in range(30)))
    with pytest.raises(UnreadableAnswerError, match="in a row"):
        list(TikTok().pages(session, PARKS, StreamKind.POSTS, None, {}))


def test_more_without_a_place_is_an_error() -> None:
    """There is more, and the answer does not say where: nothing is taken for the end."""
    session = RecordedSession(told(videos=[video("3", 300)], has_more=True))
    with pytest.raises(UnreadableAnswerError, match="not where"):
        list(TikTok().pages(session, PARKS, StreamKind.POSTS, None, {}))


def test_a_walk_goes_on_from_its_cursor() -> None:
    """A walk that broke off goes on at its cursor, and covers from where the one before ended."""
    session = RecordedSession(told(videos=[video("1", 100)], cursor=0, has_more=False))
    (page,) = TikTok().pages(session, PARKS, StreamKind.POSTS, {"cursor": 250_000, "below": "0000000301"}, {})
    assert session.asked[0].sent == {"max_count": 20, "cursor": 250_000}
    assert page.coverage is not None
    assert page.coverage.before == "0000000301"


def test_a_token_of_another_account_is_refused_at_first_sight() -> None:
    """The register's account has no id yet, and the token is somebody else's: nothing is captured under its name."""
    unknown = dataclasses.replace(PARKS, platform_id=None)
    answer = told(user={"open_id": "-000mayor", "username": "riverbend.mayor"})
    with pytest.raises(NoSuchHandleError, match=r"that of riverbend\.mayor"):
        TikTok().status(RecordedSession(answer), unknown)
    status = TikTok().status(
        RecordedSession(told(user={"open_id": "-000parks", "username": "Riverbend.Parks"})), unknown
    )
    assert (status.platform_id, status.handle) == ("-000parks", "Riverbend.Parks")


def test_a_renamed_account_is_the_same() -> None:
    """Once its id is known, another name is a new name of the same account."""
    status = TikTok().status(RecordedSession(told(user={"open_id": "-000parks", "username": "parks.riverbend"})), PARKS)
    assert (status.state, status.handle) == (State.PRESENT, "parks.riverbend")


def test_what_a_missing_scope_hides_is_not_empty() -> None:
    """With the basic scope alone, what was not asked for is not taken for an empty biography, and the check names the scopes."""
    answers = (failed("scope_not_authorized", 401), told(user={"open_id": "-000parks", "display_name": "Parks"}))
    status = TikTok().status(RecordedSession(*answers), PARKS)
    assert status.profile is not None
    assert status.profile.not_requested == {"text", "verified"}
    health = TikTok().token(RecordedSession(*answers), PARKS)
    assert health is not None
    assert health.missing == ("user.info.profile", "user.info.stats")


def test_a_token_that_cannot_be_renewed_is_told() -> None:
    """The daily check says whether the token outlives its two hours."""
    answer = told(user={"open_id": "-000parks", "username": "riverbend.parks"})
    renewable = TikTok().token(RecordedSession(answer), PARKS)
    plain = TikTok().token(RecordedSession(answer), account("tiktok", "-000parks", token="act.old"))
    assert renewable is not None
    assert plain is not None
    assert "renewed at each capture" in renewable.words
    assert "ends after 2 hours" in plain.words


def test_a_cover_is_asked_for_afresh_when_its_address_has_ended() -> None:
    """An address that tells that it lasts is used; one that has ended, or tells nothing, is asked for by the video's id."""
    tiktok, now = TikTok(), int(datetime.now(UTC).timestamp())
    good = f"https://p16.tiktokcdn.com/a.image?x-expires={now + 3600}&x-signature=s"
    session = RecordedSession()
    assert tiktok.media_request(session, PARKS, Media("7/cover", "image", good)) == good
    assert session.asked == []
    for stale in (
        f"https://p16.tiktokcdn.com/a.image?x-expires={now - 1}",
        "https://p16.tiktokcdn.com/a.image",
        "http://[",
        None,
    ):
        session = RecordedSession(told(videos=[video("7", 100, cover_image_url="https://p16.tiktokcdn.com/fresh")]))
        assert (
            tiktok.media_request(session, PARKS, Media("7/cover", "image", stale)) == "https://p16.tiktokcdn.com/fresh"
        )
        assert session.asked[0].sent == {"filters": {"video_ids": ["7"]}}
    with pytest.raises(UnreadableAnswerError, match="no cover"):
        tiktok.media_request(RecordedSession(told(videos=[])), PARKS, Media("7/cover", "image"))


def test_comments_are_recorded_as_a_number_without_text() -> None:
    """A thread asks nobody, shows nothing, and says why."""
    session = RecordedSession()
    (page,) = TikTok().thread(session, PARKS, "7")
    assert (session.asked, page.items, page.sub_key) == ([], (), "7")
    (counted,) = page.counts
    assert (counted.item, counted.platform, counted.reason) == ("7", None, NO_TEXT)


def test_videos_are_looked_up_twenty_at_a_time() -> None:
    """video/query takes twenty ids; what it leaves out is gone for the public, and the account itself is asked for apart."""
    ids = [str(number) for number in range(25)]
    session = RecordedSession(
        told(user={"open_id": "-000parks"}), told(videos=[video("3", 100)]), told(videos=[video("24", 100)])
    )
    found = {each.id: each.state for each in TikTok().lookup(session, PARKS, ["-000parks", *ids])}
    assert found.pop("-000parks") is State.PRESENT
    assert {identity for identity, state in found.items() if state is State.PRESENT} == {"3", "24"}
    assert {identity for identity, state in found.items() if state is State.GONE_CONFIRMED} == set(ids) - {"3", "24"}


def test_a_lookup_that_cannot_be_read_says_nothing() -> None:
    """A video that came and could not be read is not one that is gone."""
    with pytest.raises(UnreadableAnswerError):
        list(TikTok().lookup(RecordedSession(told(videos=[{"id": "3"}])), PARKS, ["3"]))


@quick
@given(objects(NAMES, WORDS), anything(NAMES, WORDS), st.sampled_from(["posts", "status", "lookup", "renew"]))
def test_any_answer_is_read_or_named(answer: dict[str, Any], part: Any, what: str) -> None:
    """Whatever JSON comes: items whose evidence can be kept, parts skipped by name, or an error that says what it is."""
    data = {"has_more": False, **answer, "videos": [part, answer], "user": part if isinstance(part, dict) else answer}
    session, tiktok = RecordedSession(Answer(body({**answer, "data": data}))), TikTok()
    with contextlib.suppress(
        UnreadableAnswerError, *([IndexError] if what in {"posts", "status"} else [])
    ):  # more is asked
        match what:
            case "posts":
                pages = tiktok.pages(session, PARKS, StreamKind.POSTS, None, {})
                assert keepable(item for page in pages for item in page.items)
            case "status":
                status = tiktok.status(session, PARKS)
                assert keepable([status.profile] if status.profile else [])
            case "renew":
                renewal = tiktok.renew(session, PARKS)
                assert renewal is not None
                assert all(isinstance(secret, str) for secret in renewal.secrets.values())
            case _:
                assert len(list(tiktok.lookup(session, PARKS, ["1"]))) == 1
