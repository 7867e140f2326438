"""How an instance of Mastodon wants to be treated: its limits, its refusals, its tokens and the links to its next pages.

Sources: mastodon/documentation, content/en: api/rate-limits (300 requests in 5 minutes for each account; the reset is an ISO
8601 time), entities/Error, api/guidelines (pages are followed by the `Link` header, RFC 8288), methods/apps
(verify_credentials: `scopes` since 4.3).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from requests.utils import parse_header_links

from archiver.platforms import times
from archiver.platforms.answers import error_body
from archiver.platforms.manners import Budget, Draw, Meaning, Usage, Verdict

if TYPE_CHECKING:
    from archiver.platforms.pages import Exchange

OK, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, GONE = 200, 401, 403, 404, 410
SHOWN, SHOWN_WITH_TOKEN = 60, 4096
"""How many answers a conversation is shown with at the most (methods/statuses#context)."""
BUDGET = Budget("requests", 300, timedelta(minutes=5))
NEEDED = ("read:accounts", "read:statuses", "read:notifications", "read:search")
"""The scopes that a token needs for all that is read with it."""
_SOONEST = 0.5
"""Seconds: two clocks are seldom nearer to each other."""
_LONGEST_ID, _MOST_DIGITS = 100, 9
_API = "/api/v"
_NOBODY_LOGGED_IN = "requires an authenticated user"
_LOGIN_CLOSED = ("your login is", "confirmed e-mail", "pending approval", "account is suspended")
"""How an instance answers a token whose account may not log in (403), unlike one thing that may not be read."""


def is_api(url: str) -> bool:
    """Whether an address is one of the instance's API, and not of a page or an object somewhere else."""
    return _API in urlsplit(url).path


def judge(exchange: Exchange) -> Verdict | None:
    """What an answer of the API means; None: what HTTP says."""
    if not is_api(exchange.url):
        return None
    words = f"{exchange.status}: {error_body(exchange).get('error') or exchange.reason}"
    lowered = words.lower()
    token_dead = exchange.status == UNAUTHORIZED or any(each in lowered for each in _LOGIN_CLOSED)
    match exchange.status:
        case 429:
            return Verdict(Meaning.WAIT, words, _seconds_to_reset(exchange))
        case 401 if _NOBODY_LOGGED_IN in lowered:
            return Verdict(Meaning.FORBIDDEN, f"{words} (this instance is read with a token only: set `token`)")
        case 401 | 403:
            return Verdict(Meaning.TOKEN if token_dead else Meaning.FORBIDDEN, words)
        case _:
            return None


def draws(url: str) -> tuple[Draw, ...]:
    """A request of the API takes one of its limit; what others serve takes none."""
    return (Draw(BUDGET),) if is_api(url) else ()


def usage(exchange: Exchange) -> tuple[Usage, ...]:
    """What the headers tell of the limit."""
    remaining = exchange.header("x-ratelimit-remaining")
    if not is_api(exchange.url) or remaining is None or not (remaining.isascii() and remaining.isdigit()):
        return ()
    if len(remaining) > _MOST_DIGITS:
        return ()
    return (
        Usage(BUDGET, remaining=int(remaining), resets_at=times.rfc3339(exchange.header("x-ratelimit-reset") or "")),
    )


def _seconds_to_reset(exchange: Exchange) -> float | None:
    """How long until the limit is reset; None, so that the session backs off by itself, where that is over by our clock."""
    resets_at = times.rfc3339(exchange.header("x-ratelimit-reset") or "")
    left = (resets_at - exchange.requested_at).total_seconds() if resets_at is not None else 0.0
    return left if left > _SOONEST else None


def next_page(exchange: Exchange) -> dict[str, str] | None:
    """The query of the page after this one, as the `Link` header has it; None at the end.

    Its address is not followed as it is: the next page is asked of the same place, with what places it. Raises `ValueError` for
    a next page that is not placed by `max_id`: that is no end.
    """
    header = ", ".join(value for name, value in exchange.response_headers if name.lower() == "link")
    for link in parse_header_links(header) if header else ():
        told = {name.lower(): value for name, value in link.items()}
        if "next" in told.get("rel", "").lower().split():
            query = parse_qsl(urlsplit(told.get("url", "")).query)
            place = next((value for name, value in query if name == "max_id"), "")
            if not (place.isascii() and place.isprintable() and 0 < len(place) <= _LONGEST_ID):
                raise ValueError("no place of a next page")
            return {"max_id": place}
    return None


def following(exchange: Exchange) -> tuple[dict[str, str] | None, str | None]:
    """What places the page after this one; or, where there is one that cannot be found, why it is lost."""
    try:
        return next_page(exchange), None
    except ValueError:
        return None, "the instance says that there is more, and not in a way that can be followed"
