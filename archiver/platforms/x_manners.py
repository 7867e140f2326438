"""How X's API wants to be treated: its limits, its prices, its refusals, its tokens of two hours.

Sources: docs.x.com, x-api/fundamentals/rate-limits, x-api/getting-started/pricing (per post, user and message event; the city's
own are cheaper for an app that it owns), resources/fundamentals/authentication (OAuth 2.0: 2 hours, `offline.access`); error
shapes as users report them (UsageCapExceeded as 429 and 403, CreditsDepleted as 402). 429 while requests are left is the limit
of one full search a second (twarc, decorators2).
"""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from archiver.platforms.answers import error_body, json_of, number_of
from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.manners import Budget, Draw, Meaning, Period, Renewal, Usage, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archiver.platforms.contract import Session
    from archiver.platforms.pages import AccountRef, Exchange

API_URL = "https://api.x.com"
OAUTH = "/2/oauth2/token"
MONTHLY_SPEND = 100.0
_POST, _OWN, _USER, _EVENT = 5, 1, 10, 10
"""Prices in thousandths of a dollar."""
_WINDOW = timedelta(minutes=15)
_BUDGETS = (
    (re.compile(r"/2/users/\d+/tweets$"), Budget("timeline", 900, _WINDOW)),
    (re.compile(r"/2/users/\d+/mentions$"), Budget("mentions", 300, _WINDOW)),
    (re.compile(r"/2/tweets/search/(?:recent|all)$"), Budget("search", 300, _WINDOW)),
    (re.compile(r"/2/tweets$"), Budget("lookup", 5000, _WINDOW)),
    (re.compile(r"/2/dm_events(?:/\d+)?$"), Budget("messages", 15, _WINDOW)),
)
_SECOND = Budget("full search", 1, timedelta(seconds=1), paced=True)
_LONGEST = 10 * 365 * 86_400
_DIGITS = 12
_FAILURE = 500


def base_url(account: AccountRef) -> str:
    """Where the API is, no slash at the end."""
    return str(account.settings.get("api_url") or API_URL).rstrip("/")


def is_api(url: str) -> bool:
    """Whether an address is one of the API, and not of a picture."""
    return "/2/" in urlsplit(url).path and "/_media/" not in url


def words_of(exchange: Exchange) -> str:
    """What an answer says of its failure."""
    body = error_body(exchange)
    told = [str(body[each]) for each in ("title", "detail", "error", "error_description") if body.get(each)]
    return f"{exchange.status}: {', '.join(dict.fromkeys(told)) or exchange.reason or 'no words'}"[:500]


def judge(exchange: Exchange) -> Verdict | None:  # noqa: PLR0911 - a case for each refusal
    """What an answer of the API means; None: what HTTP says."""
    if not is_api(exchange.url):
        return None
    body, words = error_body(exchange), words_of(exchange)
    capped = body.get("title") == "UsageCapExceeded" or "usage-capped" in str(body.get("type"))
    match exchange.status:
        case 200 if not body.keys() & {"data", "errors", "meta"} and (number_of(body, "status") or 0) >= _FAILURE:
            return Verdict(Meaning.RETRY, words)
        case 200 if "data" not in body and any("internal-error" in str(each.get("type")) for each in problems(body)):
            return Verdict(Meaning.RETRY, "200 with nothing in it but an internal error of X's")
        case 403 | 429 if capped:
            words = f"{words} (the app's cap for this month is used up: raise it in X's developer console, or wait)"
            return Verdict(Meaning.EXHAUSTED, words, _to_next_month(exchange.requested_at))
        case 402:
            return Verdict(Meaning.EXHAUSTED, f"{words} (buy credits in X's developer console)")
        case 429:
            return Verdict(Meaning.WAIT, words, _wait(exchange))
        case 401:
            return Verdict(Meaning.TOKEN, words)
        case 400 if urlsplit(exchange.url).path.endswith(OAUTH):
            return Verdict(Meaning.TOKEN, words)
        case 403:
            return Verdict(Meaning.FORBIDDEN, words)
        case _:
            return None


def problems(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The `errors` of an answer, which may stand in a 200."""
    found = body.get("errors")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def spend_budget(account: AccountRef) -> Budget:
    """What the account may cost in a month, in thousandths of a dollar."""
    try:
        dollars = float(account.settings.get("monthly_spend_usd") or MONTHLY_SPEND)
    except (TypeError, ValueError):
        dollars = MONTHLY_SPEND
    thousandths = dollars * 1000
    units = int(min(thousandths, 10**12)) if thousandths >= 0 else 0  # also what is no number (NaN) is 0
    return Budget(
        "monthly spend (in thousandths of a dollar; setting monthly_spend_usd)", units, Period.UTC_MONTH, "account"
    )


def draws(account: AccountRef, url: str) -> tuple[Draw, ...]:
    """A request takes one from its own window, and from the month's money the most that its answer can cost."""
    path = urlsplit(url).path
    if not is_api(url) or path.endswith(OAUTH):
        return ()
    found = [Draw(budget) for pattern, budget in _BUDGETS if pattern.search(path)]
    if path.endswith("/search/all"):
        found.append(Draw(_SECOND))
    return (*found, Draw(spend_budget(account), _most(account, url)))


def _most(account: AccountRef, url: str) -> int:
    """What the records that are asked for cost at the most. What comes with them is told by the answer."""
    split = urlsplit(url)
    query = parse_qs(split.query)
    if re.search(r"/users/(?:me|by/|\d+$)", split.path):
        return _USER
    if re.search(r"/(?:blocking|followers)$", split.path):
        return _USER * _count(query)
    if "/dm_events" in split.path:
        return _EVENT * _count(query)
    ids = query.get("ids", [""])[0].count(",") + 1 if "ids" in query else _count(query)
    return _post_price(account, split.path) * ids


def _count(query: Mapping[str, list[str]]) -> int:
    told = query.get("max_results", ["1"])[0]
    return int(told) if told.isascii() and told.isdigit() and len(told) < _DIGITS else 1


def _post_price(account: AccountRef, path: str) -> int:
    own = str(account.settings.get("own_app") or "").lower() in {"yes", "true", "1"}
    return _OWN if own and re.search(r"/users/\d+/(?:tweets|mentions)$", path) else _POST


def usage(account: AccountRef, exchange: Exchange) -> tuple[Usage, ...]:
    """What the headers tell of the window, and what the answer's records cost.

    X does not charge a post twice on one UTC day; what is counted here is rather too much.
    """
    path = urlsplit(exchange.url).path
    if not is_api(exchange.url) or path.endswith(OAUTH):
        return ()
    found = [Usage(spend_budget(account), spent=_cost(account, path, error_body(exchange)))]
    remaining, reset = (_header(exchange, f"x-rate-limit-{each}") for each in ("remaining", "reset"))
    window = next((budget for pattern, budget in _BUDGETS if pattern.search(path)), None)
    if window is not None and remaining is not None and reset is not None and reset < 2**33:
        found.append(Usage(window, remaining=remaining, resets_at=datetime.fromtimestamp(reset, UTC)))
    return tuple(found)


def _cost(account: AccountRef, path: str, body: Mapping[str, Any]) -> int:
    data, includes = body.get("data"), body.get("includes")
    number = len(data) if isinstance(data, list) else 1 if data else 0
    event, user = "/dm_events" in path, re.search(r"/users/(?:me|by/|\d+$)|/(?:blocking|followers)$", path)
    price = _EVENT if event else _USER if user else _post_price(account, path)
    beside = includes if isinstance(includes, dict) else {}

    def more(name: str) -> int:
        entries = beside.get(name)
        return len(entries) if isinstance(entries, list) else 0

    return number * price + (more("posts") + more("tweets")) * _POST + more("users") * _USER


def _header(exchange: Exchange, name: str) -> int | None:
    text = (exchange.header(name) or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else None


def _wait(exchange: Exchange) -> float | None:
    remaining, reset = (_header(exchange, f"x-rate-limit-{each}") for each in ("remaining", "reset"))
    if remaining:
        return 1.0
    left = reset - exchange.requested_at.timestamp() if reset is not None else 0.0
    return left if left > 0 else None


def _to_next_month(now: datetime) -> float:
    return (Budget("month", 1, Period.UTC_MONTH).ends(now) - now).total_seconds()


def renewed(session: Session, account: AccountRef) -> Renewal | None:
    """Have the tokens renewed (grant_type=refresh_token); None without what that needs.

    The refresh token is taken to change with it. Raises what the session raises; `UnreadableAnswerError`.
    """
    client, refresh = (str(account.settings.get(each) or "") for each in ("client_id", "refresh_token"))
    if not client or not refresh:
        return None
    secret = str(account.settings.get("client_secret") or "")
    basic = base64.b64encode(f"{client}:{secret}".encode()).decode()
    exchange = session.post(
        f"{base_url(account)}{OAUTH}",
        form={"grant_type": "refresh_token", "refresh_token": refresh, "client_id": client},
        headers={"Authorization": f"Basic {basic}"} if secret else None,
    )
    answer = json_of(account, exchange)
    token, again = answer.get("access_token"), answer.get("refresh_token", refresh)
    if not isinstance(token, str) or not token or not isinstance(again, str) or not again:
        raise UnreadableAnswerError(account.name, exchange.url, "it has no tokens", exchange)
    lasts = number_of(answer, "expires_in")
    ends = {} if lasts is None else {"token": exchange.requested_at + timedelta(seconds=min(lasts, _LONGEST))}
    return Renewal(secrets={"token": token, "refresh_token": again}, expires_at=ends)
