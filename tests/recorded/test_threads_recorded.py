"""What Threads really answered for its tokens, read by the connector."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.threads import Threads
from tests.fixtures.recorded import recorded
from tests.fixtures.sessions import Answer, RecordedSession, account

CITY = account("threads", "17841400000000099", "riverbendparks", token="THQVJ-old")


def test_recorded_token_answers_are_read() -> None:
    """A long-lived token as it was recorded has its end; a short-lived one, which tells none, is not taken for one."""
    folder = recorded("facebook/sns-sdks__python-facebook/testdata/base")
    long_lived = (folder / "threads_user_long_lived_token.json").read_bytes()
    renewal = Threads().renew(RecordedSession(Answer(long_lived)), CITY)
    assert renewal is not None
    assert renewal.secrets == {"token": json.loads(long_lived)["access_token"]}
    assert renewal.expires_at["token"] == datetime(2026, 3, 2, 9, 30, tzinfo=UTC) + timedelta(seconds=5_183_944)
    short_lived = (folder / "threads_user_token.json").read_bytes()
    with pytest.raises(UnreadableAnswerError, match="expires_in"):
        Threads().renew(RecordedSession(Answer(short_lived)), CITY)
