"""What Threads really answered to the two ways in which a token is given out, read by the connector."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.threads import Threads
from tests.fixtures.recorded import recorded
from tests.fixtures.sessions import Answer, RecordedSession, account, exchange_of

_BASE = recorded("facebook/sns-sdks__python-facebook/testdata/base")
ACCOUNT = account("threads", "12345678", "riverbendparks", token="an-old-token")


def test_a_renewed_token_and_its_end_are_taken_from_the_recorded_answer() -> None:
    """The new token and the moment it ends: the seconds told, counted from when it was asked."""
    answer = (_BASE / "threads_user_long_lived_token.json").read_bytes()
    session = RecordedSession(Answer(answer))
    renewal = Threads().renew(session, ACCOUNT)
    assert renewal is not None
    told = json.loads(answer)
    assert renewal.secrets == {"token": told["access_token"]}
    [asked] = session.asked
    assert asked.params == {"grant_type": "th_refresh_token", "access_token": "an-old-token"}
    assert renewal.expires_at == {
        "token": exchange_of("", Answer(b"")).requested_at + timedelta(seconds=told["expires_in"])
    }


def test_a_recorded_token_that_tells_no_end_is_no_renewal() -> None:
    """The short-lived token's answer has no `expires_in`: it is refused by name instead of being kept for ever."""
    session = RecordedSession(Answer((_BASE / "threads_user_token.json").read_bytes()))
    with pytest.raises(UnreadableAnswerError, match="expires_in"):
        Threads().renew(session, ACCOUNT)
