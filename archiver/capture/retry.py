"""When to ask again, by the platform's own signals. Pure: takes an answer, gives a decision."""

from __future__ import annotations

import dataclasses
import email.utils
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

TOO_MANY_REQUESTS = 429
RETRYABLE = frozenset({408, 425, TOO_MANY_REQUESTS, 500, 502, 503, 504})
FINAL = frozenset({400, 410, 422})
"""What is said of the question itself. Others come from proxies and firewalls as well (403, 404, 406), and pass."""
_BASE = 1.0
_CEILING = 60.0
_DIGITS = 15


@dataclasses.dataclass(frozen=True, slots=True)
class Wait:
    """Ask again after that many seconds. `told` says whether the platform named the time."""

    seconds: float
    told: bool


def wait_before_retry(
    status: int, headers: Mapping[str, str], attempt: int, now: datetime, jitter: float
) -> Wait | None:
    """How long to wait before the next attempt, or None where asking again cannot help.

    Args:
        status: The HTTP status, or 0 where no answer came.
        headers: Response headers, names in lower case.
        attempt: How many attempts were made (1 after the first).
        now: The present, aware.
        jitter: A number from 0 to 1; back-off without a told time is spread by it, so that parallel tasks do not march
            in step.

    Sources: Retry-After (RFC 9110 section 10.2.3), RateLimit-Reset and x-rate-limit-reset as Unix seconds (Bluesky
    xrpc-server rate-limiter-http.ts; X API rate limits).
    """
    if status and status not in RETRYABLE:
        return None
    told = _retry_after(headers.get("retry-after"), now)
    if told is None and status == TOO_MANY_REQUESTS:
        told = _reset(headers.get("ratelimit-reset") or headers.get("x-rate-limit-reset"), now)
    if told is not None:
        return Wait(told, told=True)
    return Wait(min(_CEILING, _BASE * 2 ** (attempt - 1)) * (0.5 + jitter / 2), told=False)


def wait_before_next(headers: Mapping[str, str], now: datetime) -> float:
    """Seconds to hold the next request back since the platform says that none is left; 0 where some are."""
    remaining = headers.get("ratelimit-remaining") or headers.get("x-rate-limit-remaining")
    if remaining is None or _number(remaining) != 0:
        return 0.0
    return _reset(headers.get("ratelimit-reset") or headers.get("x-rate-limit-reset"), now) or 0.0


def _retry_after(value: str | None, now: datetime) -> float | None:
    if value is None:
        return None
    number = _number(value)
    if number is not None:
        return float(number)
    try:
        at = email.utils.parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return max(0.0, (at - now).total_seconds())


def _reset(value: str | None, now: datetime) -> float | None:
    """Unix seconds, or seconds from now where the number is too small to be a date."""
    number = _number(value)
    if number is None:
        return None
    a_week = 7 * 24 * 3600
    return float(number) if number < a_week else max(0.0, number - now.timestamp())


def _number(value: str | None) -> int | None:
    """A header's whole number; None for what is none, or is too long to be meant."""
    digits = (value or "").strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS else None
