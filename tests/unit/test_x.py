"""X: what its refusals mean, what requests cost, and that no JSON breaks the reading of it."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.platforms.errors import NoSuchHandleError, UnreadableAnswerError
from archiver.platforms.items import StreamKind
from archiver.platforms.manners import Meaning
from archiver.platforms.x import X
from tests.fixtures.sessions import Answer, RecordedSession, account, exchange_of

URL = "https://api.x.com/2/users/1/tweets"
_NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC).timestamp()
_CAP = {"title": "UsageCapExceeded", "period": "Monthly", "detail": "Usage cap exceeded: Monthly product cap"}
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
_POST = st.fixed_dictionaries(
    {"id": st.sampled_from(["1", "2", "9" * 30, "x"]) | _JSON},
    optional=dict.fromkeys(
        (
            "text", "created_at", "entities", "attachments", "note_post", "note_tweet", "public_metrics", "withheld",
            "author_id", "conversation_id", "referenced_posts", "referenced_tweets", "edit_history_post_ids", "lang",
        ),
        _JSON,
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    ("status", "body", "headers", "meaning", "seconds"),
    [
        (429, {}, {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(int(_NOW) + 60)}, Meaning.WAIT, 60),
        (429, {"title": "Too Many Requests"}, {"x-rate-limit-remaining": "299"}, Meaning.WAIT, 1),
        (429, _CAP, {}, Meaning.EXHAUSTED, 2_557_800),
        (403, _CAP, {}, Meaning.EXHAUSTED, 2_557_800),
        (402, {"title": "CreditsDepleted"}, {}, Meaning.EXHAUSTED, None),
        (401, {"title": "Unauthorized"}, {}, Meaning.TOKEN, None),
        (403, {"title": "Forbidden"}, {}, Meaning.FORBIDDEN, None),
        (200, {"title": "Service Unavailable", "status": 503}, {}, Meaning.RETRY, None),
        (200, {"errors": [{"type": "https://api.x.com/2/problems/internal-error"}]}, {}, Meaning.RETRY, None),
    ],
)  # fmt: skip
def test_each_refusal_has_its_meaning(
    status: int, body: Any, headers: dict[str, str], meaning: Meaning, seconds: float | None
) -> None:
    """A limit is waited for, a month's cap ends at the month's end, lacking credit stops, a dead token is no deletion."""
    verdict = X().judge(exchange_of(URL, Answer(json.dumps(body).encode(), status, tuple(headers.items()))))
    assert verdict is not None
    assert (verdict.meaning, verdict.seconds) == (meaning, seconds)


def test_the_spend_is_drawn_and_counted() -> None:
    """A page draws the most that it can cost; the answer says what it did cost."""
    mine = account("x", "1", monthly_spend_usd="2.5")
    drawn = X().draws(mine, "GET", f"{URL}?max_results=100")
    assert [(draw.budget.units, draw.units) for draw in drawn] == [(900, 1), (2500, 500)]
    body = {"data": [{"id": "1"}], "includes": {"users": [{"id": "1"}], "tweets": [{"id": "2"}]}}
    (spent,) = X().usage(mine, exchange_of(URL, Answer(json.dumps(body).encode())))
    assert spent.spent == 5 + 5 + 10


def test_a_token_is_renewed_with_its_refresh_token() -> None:
    """Both new tokens are given to be kept, and the end of the first."""
    body = {"access_token": "new", "refresh_token": "next", "expires_in": 7200}
    session = RecordedSession(Answer(json.dumps(body).encode()))
    renewal = X().renew(session, account("x", "1", refresh_token="old", client_id="app", token="t"))
    assert renewal is not None
    assert renewal.secrets == {"token": "new", "refresh_token": "next"}
    assert X().renew(RecordedSession(), account("x", "1", token="t")) is None


def test_an_apps_token_reads_no_messages_and_knows_no_blocked_accounts() -> None:
    """It is nobody's: X tells nothing of it, and what is private is left out."""
    app, own = account("x", "1", token="t", token_kind="app"), account("x", "1", token="t")
    assert StreamKind.MESSAGES in X().streams(own)
    assert StreamKind.MESSAGES not in X().streams(app)
    assert list(X().lists(app)) == ["followers"]
    health = X().token(RecordedSession(), app)
    assert health is not None
    assert (health.alive, health.renewable) == (None, False)


@given(st.lists(_POST | _JSON, max_size=4), _JSON, _JSON)
def test_no_json_breaks_the_reading(posts: list[Any], includes: Any, errors: Any) -> None:
    """Whatever stands in a page, its walk ends, or says that the answer cannot be read."""
    body = json.dumps({"data": posts, "includes": includes, "errors": errors}).encode()
    mine = account("x", "1", token="t")
    for stream in (StreamKind.POSTS, StreamKind.MESSAGES):
        with contextlib.suppress(UnreadableAnswerError):
            list(X().pages(session_of(body), mine, stream, None, {}))
    with contextlib.suppress(UnreadableAnswerError):
        list(X().thread(session_of(body), mine, "7"))
    with contextlib.suppress(UnreadableAnswerError):
        list(X().lookup(session_of(body), mine, ["1", "2"]))
    with contextlib.suppress(UnreadableAnswerError):
        list(X().members(session_of(body), mine, "blocked"))


@given(_JSON, _JSON)
def test_no_json_breaks_the_reading_of_an_account_or_a_message(data: Any, errors: Any) -> None:
    """Whatever stands where a user or a message should, it is read, or said to be unreadable."""
    body = json.dumps({"data": data, "errors": errors}).encode()
    with contextlib.suppress(UnreadableAnswerError, NoSuchHandleError):
        X().status(session_of(body), account("x", "1", token="t"))
    with contextlib.suppress(UnreadableAnswerError):
        list(X().lookup(session_of(body), account("x", "1", token="t", stream="messages"), ["1"]))


def session_of(body: bytes) -> RecordedSession:
    """A session that answers with this, and then with empty listings."""
    return RecordedSession(Answer(body), *[Answer(b'{"meta":{"result_count":0}}')] * 9)
