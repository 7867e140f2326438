"""Logging in to Bluesky: what answers mean, what a token says of itself, what is asked when."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.platforms.bluesky import Bluesky
from archiver.platforms.bluesky_session import ACCESS, PASSWORD, REFRESH, claims, draws, ends_at, health, judge, renew
from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.items import StreamKind
from archiver.platforms.manners import Meaning
from tests.fixtures.sessions import Answer, RecordedSession, account, exchange_of

DID = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
PDS = "https://pds.example"
ENDS = 1_780_000_000


def token(**said: object) -> str:
    """A token that says these things of itself."""
    payload = base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")
    return f"e30.{payload}.c2ln"


def answer(status: int = 200, **body: object) -> Answer:
    """A JSON answer."""
    return Answer(json.dumps(body).encode(), status=status)


def pair(scope: str = "com.atproto.appPassPrivileged") -> Answer:
    """A session as the server gives it."""
    access, refresh = token(scope=scope, exp=ENDS), token(scope="com.atproto.refresh", exp=ENDS + 7_000_000)
    return answer(accessJwt=access, refreshJwt=refresh, did=DID, handle="parks.example")


@pytest.mark.parametrize(
    ("method", "status", "error", "meaning"),
    [
        ("com.atproto.server.createSession", 401, "AuthenticationRequired", Meaning.TOKEN),
        ("com.atproto.server.createSession", 401, "AuthFactorTokenRequired", Meaning.TOKEN),
        ("com.atproto.server.createSession", 429, "RateLimitExceeded", None),
        ("com.atproto.server.getSession", 400, "ExpiredToken", Meaning.TOKEN),
        ("com.atproto.server.getSession", 401, "AuthMissing", Meaning.TOKEN),
        ("com.atproto.server.refreshSession", 400, "ExpiredToken", None),
        ("chat.bsky.convo.listConvos", 400, "ExpiredToken", Meaning.TOKEN),
        ("chat.bsky.convo.listConvos", 400, "InvalidToken", Meaning.TOKEN),
        ("chat.bsky.convo.getMessages", 400, "InvalidConvo", None),
        ("chat.bsky.convo.getMessages", 502, "UpstreamFailure", None),
        ("com.atproto.repo.getRecord", 400, "RecordNotFound", None),
        ("app.bsky.feed.getPostThread", 400, "NotFound", None),
        ("com.atproto.sync.getRepoStatus", 400, "RepoNotFound", None),
    ],
)
def test_what_an_error_means(method: str, status: int, error: str, meaning: Meaning | None) -> None:
    """A log-in that is not taken is told from everything else, and public reading never meets it."""
    exchange = exchange_of(f"{PDS}/xrpc/{method}?x=1", answer(status, error=error, message="words"))
    verdict = judge(exchange)
    assert (verdict.meaning if verdict else None) is meaning
    if verdict:
        assert verdict.words == f"{error}: words"


@given(st.text() | st.binary().map(lambda raw: "a." + base64.urlsafe_b64encode(raw).decode() + ".b"))
def test_any_token_is_read_without_harm(text: str) -> None:
    """What is no token says nothing."""
    assert isinstance(claims(text), dict)
    assert ends_at(text) is None or isinstance(ends_at(text), datetime)


def test_a_token_says_when_it_ends() -> None:
    """By its own claim; a boolean, a text or the year 9999 says nothing."""
    assert ends_at(token(exp=ENDS)) == datetime.fromtimestamp(ENDS, UTC)
    assert [ends_at(token(exp=odd)) for odd in (True, "soon", 253_402_300_799, -5, None)] == [None] * 5


def test_only_a_log_in_is_counted() -> None:
    """Thirty in five minutes and three hundred a day, for the account; nothing else draws on them."""
    drawn = draws(f"{PDS}/xrpc/com.atproto.server.createSession")
    assert [(draw.budget.units, draw.budget.shared_by) for draw in drawn] == [(30, "account"), (300, "account")]
    assert draws(f"{PDS}/xrpc/com.atproto.server.refreshSession") == ()


def test_messages_need_the_app_password() -> None:
    """Without it the stream is not there, and there is no token to check or to renew."""
    plain = account("bluesky", DID, pds_url=PDS)
    assert StreamKind.MESSAGES not in Bluesky().streams(plain)
    assert health(RecordedSession(), plain) is None
    assert renew(RecordedSession(), plain) is None
    assert StreamKind.MESSAGES in Bluesky().streams(account("bluesky", DID, **{PASSWORD: "abcd"}))


def test_a_session_is_begun_with_the_password_and_goes_on_by_itself() -> None:
    """The first time it is the app password; with a refresh token that is asked first, and needs no body."""
    session = RecordedSession(pair())
    begun = renew(session, account("bluesky", DID, pds_url=PDS, **{PASSWORD: "abcd"}))
    assert begun is not None
    assert session.asked[0].sent == {"identifier": DID, "password": "abcd"}
    assert set(begun.secrets) == {ACCESS, REFRESH}
    assert begun.expires_at[ACCESS] == datetime.fromtimestamp(ENDS, UTC)
    session = RecordedSession(pair())
    again = renew(session, account("bluesky", DID, pds_url=PDS, **{PASSWORD: "abcd", **begun.secrets}))
    assert again is not None
    assert again.words == "refreshed"
    assert session.asked[0].url.endswith("refreshSession")
    assert session.asked[0].headers["Authorization"] == f"Bearer {begun.secrets[REFRESH]}"
    assert session.asked[0].sent == {}


def test_a_refresh_token_that_is_not_taken_leads_back_to_the_password() -> None:
    """It has ended, or was used: the account is logged in anew."""
    session = RecordedSession(answer(400, error="ExpiredToken", message="Token has been revoked"), pair())
    again = renew(session, account("bluesky", DID, pds_url=PDS, **{PASSWORD: "abcd", REFRESH: "old"}))
    assert again is not None
    assert [asked.url.rpartition(".")[2] for asked in session.asked] == ["refreshSession", "createSession"]


def test_the_server_is_found_when_the_capture_has_not_found_it_yet() -> None:
    """At the head of a run neither DID nor server may be known: both are looked up."""
    document = answer(service=[{"id": "#atproto_pds", "serviceEndpoint": PDS}])
    session = RecordedSession(answer(did=DID), document, pair())
    fresh = account("bluesky", "", "parks.example", **{PASSWORD: "abcd"})
    assert health(session, fresh) is not None
    assert session.asked[-1].url == f"{PDS}/xrpc/com.atproto.server.createSession"


def test_a_password_without_access_to_messages_is_named() -> None:
    """The scope of the session tells; somebody has to make another app password."""
    with_access = health(RecordedSession(pair()), account("bluesky", DID, pds_url=PDS, **{PASSWORD: "abcd"}))
    without = health(
        RecordedSession(pair("com.atproto.appPass")), account("bluesky", DID, pds_url=PDS, **{PASSWORD: "x"})
    )
    assert with_access is not None
    assert without is not None
    assert with_access.missing == ()
    assert without.missing == ("direct messages (make the app password with access to them)",)


@pytest.mark.parametrize("body", [{}, {"accessJwt": 5, "refreshJwt": "x"}, {"accessJwt": "x"}])
def test_an_answer_without_tokens_is_no_session(body: dict[str, object]) -> None:
    """It is unreadable, by name."""
    with pytest.raises(UnreadableAnswerError, match="accessJwt"):
        renew(RecordedSession(answer(**body)), account("bluesky", DID, pds_url=PDS, **{PASSWORD: "abcd"}))
