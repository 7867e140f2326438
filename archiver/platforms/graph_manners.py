"""How Meta's Graph APIs (Facebook, Instagram, Threads) say no, what their headers tell of the limits, and how a token stands.

Sources: developers.facebook.com/docs graph-api/guides/error-handling (codes), graph-api/overview/rate-limiting (codes 4, 17, 32,
613 and 80001 to 80006, X-App-Usage in percent, X-Business-Use-Case-Usage whose time is in minutes), debug_token; X-Page-Usage,
which older versions send for a page's own limit, is of the same form as X-App-Usage.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeGuard

from archiver.platforms.answers import error_body, loaded
from archiver.platforms.manners import Budget, Draw, Meaning, TokenHealth, Usage, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from archiver.platforms.pages import Exchange

TOKEN_CODES = frozenset({102, 190})
_RETRY = frozenset({1, 2})
_WAIT = frozenset({4, 17, 32, 341, 613, 80000, 80001, 80002, 80003, 80004, 80005, 80006, 80008})
_FORBIDDEN = frozenset({3, 10, *range(200, 300)})
BLOCKED = 368
BAD_PARAMETER = 100
_TOO_MANY = 429
"""From this status on HTTP says enough of an error whose code is not in the table: ask again later."""
_REASONS = {
    458: "the app was removed from the account",
    459: "the account has to pass a checkpoint",
    460: "the password was changed",
    463: "the token has expired",
    464: "the user is not confirmed",
    467: "the token is invalid",
}
_LESS = "reduce the amount of data"
BUDGET = Budget("usage", 100, timedelta(hours=1))
"""Percent of the platform's own limit, of which only its headers tell how much is used."""
_ENOUGH = 95
"""Percent from which nobody asks any more: calling on while throttled makes the wait longer."""
_PAUSE = timedelta(minutes=5)
_LONGEST = timedelta(days=1)
"""The windows of all limits are a day at the most: a longer wait is a mistake."""
_BUSINESS = "x-business-use-case-usage"
_HEADERS = ("x-app-usage", "x-page-usage", _BUSINESS)
_PERCENT = ("call_count", "total_cputime", "total_time")


def error_of(exchange: Exchange) -> dict[str, Any] | None:
    """The error in an answer of a Graph API, whatever its status; None where there is none."""
    if exchange.status < 400 and b'"error"' not in exchange.body:  # noqa: PLR2004 - HTTP
        return None
    error = error_body(exchange).get("error")
    return error if isinstance(error, dict) and _is_number(error.get("code")) else None


def code_of(exchange: Exchange) -> tuple[int, int] | None:
    """The code and subcode (0 without one) of an error; None where there is no error."""
    error = error_of(exchange)
    if error is None:
        return None
    subcode = error.get("error_subcode")
    return int(error["code"]), int(subcode) if _is_number(subcode) else 0


def asks_for_less(exchange: Exchange) -> bool:
    """Whether the platform says that the page asked for is too large to be made."""
    error = error_of(exchange)
    return error is not None and _LESS in _message(error).lower()


def is_not_there(exchange: Exchange) -> bool:
    """Whether the answer is the one for what is gone, forbidden, or no such thing: they are not told apart (code 100)."""
    found = code_of(exchange)
    return found is not None and found[0] == BAD_PARAMETER


def is_token(exchange: Exchange) -> bool:
    """Whether the answer is a refusal of the token."""
    found = code_of(exchange)
    return found is not None and found[0] in TOKEN_CODES


def words_of(exchange: Exchange) -> str:
    """An error in the platform's own words, its code before them."""
    error, found = error_of(exchange) or {}, code_of(exchange)
    if found is None:
        return f"{exchange.status}: {exchange.reason or 'an error without a code'}"
    subcode = f"/{found[1]}" if found[1] else ""
    return f"{found[0]}{subcode}: {_message(error) or exchange.reason}"


def _message(error: Mapping[str, Any]) -> str:
    """What an error says; nothing where that is no text."""
    message = error.get("message")
    return message if isinstance(message, str) else ""


def judge(exchange: Exchange) -> Verdict | None:
    """What an answer means; None: what HTTP says."""
    error = error_of(exchange)
    if error is None:
        return None
    code, subcode = code_of(exchange) or (0, 0)
    words = words_of(exchange)
    meaning, seconds = Meaning.FINAL, None
    if code in TOKEN_CODES:
        meaning = Meaning.TOKEN
        words = f"{words} ({_REASONS.get(subcode, 'the token is refused')}: connect the account anew)"
    elif asks_for_less(exchange):
        meaning = Meaning.FINAL
    elif code in _WAIT or code == BLOCKED:
        meaning, seconds = Meaning.WAIT, _regained(exchange)
    elif code in _FORBIDDEN:
        meaning = Meaning.FORBIDDEN
    elif code in _RETRY or error.get("is_transient") is True:
        meaning = Meaning.RETRY
    elif code != BAD_PARAMETER and exchange.status >= _TOO_MANY:
        return None
    return Verdict(meaning, words, seconds)


def draws() -> tuple[Draw, ...]:
    """Nothing is taken out of a limit that is counted elsewhere: a request only asks whether it is open."""
    return (Draw(BUDGET, 0),)


def usage(exchange: Exchange) -> tuple[Usage, ...]:
    """How much of the limit is left, as the headers have it. They come only once something has been used."""
    used = max(_used(exchange), default=None)
    if used is None:
        return ()
    if used < _ENOUGH:
        return (Usage(BUDGET, remaining=max(1, 100 - used)),)
    wait = timedelta(seconds=_regained(exchange) or _PAUSE.total_seconds())
    return (Usage(BUDGET, remaining=0, resets_at=exchange.requested_at + wait),)


def _used(exchange: Exchange) -> Iterator[int]:
    """Every percentage that the headers name."""
    for name in _HEADERS:
        for entry in _entries(exchange.header(name)):
            for key in _PERCENT:
                if _is_number(value := entry.get(key)) and value >= 0:
                    yield math.ceil(min(value, 100))


def _regained(exchange: Exchange) -> float | None:
    """Seconds until access is given again, of the longest that is named; None where none is."""
    minutes = [
        min(value, _LONGEST.total_seconds() / 60)
        for entry in _entries(exchange.header(_BUSINESS))
        if _is_number(value := entry.get("estimated_time_to_regain_access")) and value > 0
    ]
    return max(minutes) * 60.0 if minutes else None


def _is_number(value: Any) -> TypeGuard[int | float]:
    """Whether it is a number that can be counted with: no truth value, and none that is not finite."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return whole or (isinstance(value, float) and math.isfinite(value))


def _entries(header: str | None) -> Iterator[dict[str, Any]]:
    """The objects of a usage header: itself, or those in its lists by business."""
    try:
        value = loaded(header.encode()) if header else None
    except (ValueError, RecursionError):
        return
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from (entry for entry in (each if isinstance(each, list) else ()) if isinstance(entry, dict))


def health(data: Any, needed: Sequence[str], exchange: Exchange) -> TokenHealth:
    """How a token stands by `GET /debug_token` (its `data`). The earlier of the two ends counts; 0 says that there is none."""
    told = data if isinstance(data, dict) else {}
    listed = told.get("scopes")
    scopes = tuple(str(scope) for scope in listed) if isinstance(listed, list) else ()
    ends = [
        datetime.fromtimestamp(value, UTC)
        for name in ("expires_at", "data_access_expires_at")
        if _is_number(value := told.get(name)) and 0 < value < 2**33
    ]
    valid, error = told.get("is_valid"), told.get("error")
    alive = valid if isinstance(valid, bool) else None
    words = {True: "the platform takes it", False: "the platform does not take it", None: "the platform does not tell"}
    return TokenHealth(
        alive=alive,
        words=(_message(error) if isinstance(error, dict) else "") or words[alive],
        expires_at=min(ends, default=None),
        scopes=scopes,
        missing=tuple(each for each in needed if scopes and each not in scopes),
        exchanges=(exchange,),
    )
