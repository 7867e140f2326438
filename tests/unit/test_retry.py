"""When to ask again: by the platform's own signals, and never for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.capture.retry import RETRYABLE, wait_before_next, wait_before_retry

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def wait(status: int, headers: dict[str, str], attempt: int = 1, jitter: float = 0.0) -> float | None:
    """The seconds of a wait, or None."""
    found = wait_before_retry(status, headers, attempt, NOW, jitter)
    return None if found is None else found.seconds


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451, 501])
def test_what_asking_again_cannot_mend_is_not_asked_again(status: int) -> None:
    """An answer that is about the request itself stays what it is."""
    assert wait(status, {"retry-after": "3"}) is None


@pytest.mark.parametrize("status", sorted(RETRYABLE))
def test_a_retry_after_in_seconds_is_kept_to(status: int) -> None:
    """Seconds are seconds, and the wait counts as told."""
    found = wait_before_retry(status, {"retry-after": "7"}, 1, NOW, 0.5)
    assert found is not None
    assert (found.seconds, found.told) == (7.0, True)


def test_a_retry_after_as_a_date_is_kept_to() -> None:
    """An HTTP date gives the time from now; one in the past gives none."""
    assert wait(503, {"retry-after": format_datetime(NOW + timedelta(seconds=90), usegmt=True)}) == 90
    assert wait(503, {"retry-after": format_datetime(NOW - timedelta(hours=1), usegmt=True)}) == 0


def test_a_reset_counts_for_rate_limits_only() -> None:
    """RateLimit-Reset is a time of day or a number of seconds; a 500 does not use it."""
    assert wait(429, {"ratelimit-reset": str(int(NOW.timestamp()) + 30)}) == 30
    assert wait(429, {"x-rate-limit-reset": "12"}) == 12
    assert wait(500, {"ratelimit-reset": "12"}) != 12


def test_retry_after_goes_before_a_reset() -> None:
    """Where a platform names both, the plainer word counts."""
    assert wait(429, {"retry-after": "2", "ratelimit-reset": "900"}) == 2


def test_back_off_doubles_within_its_jitter_and_is_bounded() -> None:
    """Without a told time each wait is half to all of a doubling step, and never beyond a minute."""
    for attempt in range(1, 30):
        step = min(60.0, 2.0 ** (attempt - 1))
        assert wait(429, {}, attempt, 0.0) == step / 2
        assert wait(0, {}, attempt, 1.0) == step


@given(st.text(max_size=30), st.sampled_from(["retry-after", "ratelimit-reset", "ratelimit-remaining"]))
def test_no_header_of_a_stranger_can_break_the_decision(value: str, name: str) -> None:
    """Whatever is written there, a decision comes out and the wait is not negative."""
    headers = {"ratelimit-reset": "10", "ratelimit-remaining": "0", name: value}
    found = wait_before_retry(429, headers, 1, NOW, 0.5)
    assert found is not None
    assert found.seconds >= 0
    assert wait_before_next(headers, NOW) >= 0


@pytest.mark.parametrize(
    "value", ["²", "٣", "9" * 5000, "-1", "1e9", "Mon, 99 Foo 2026", "Mon, 01 Jan 99999 00:00:00 GMT", ""]
)
def test_a_number_that_is_none_counts_as_untold(value: str) -> None:
    """Digits of other scripts, absurd lengths and broken dates leave the back-off of our own."""
    found = wait_before_retry(429, {"retry-after": value}, 1, NOW, 1.0)
    assert found is not None
    assert (found.seconds, found.told) == (1.0, False)


def test_the_next_request_is_held_back_when_none_is_left() -> None:
    """A window that is used up is waited for before it is overrun."""
    reset = {"ratelimit-reset": "40"}
    assert wait_before_next({"ratelimit-remaining": "0", **reset}, NOW) == 40
    assert wait_before_next({"ratelimit-remaining": "1", **reset}, NOW) == 0
    assert wait_before_next({"ratelimit-remaining": "0"}, NOW) == 0
    assert wait_before_next(reset, NOW) == 0
