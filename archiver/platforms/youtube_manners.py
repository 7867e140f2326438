"""How YouTube's Data API wants to be treated: a day's units for a Google project, refusals by their reason, tokens of an hour.

Sources: developers.google.com/youtube/v3 (determine_quota_cost: 10,000 units a day until midnight in Los Angeles, a list costs 1,
captions.list 50, captions.download 200;
docs/errors; docs/commentThreads/list: `commentsDisabled`), google/api/error_reason.proto (reasons in `details`),
developers.google.com/identity/protocols/oauth2 (a refresh token outlives the access token of an hour; with a consent screen in
testing it ends after 7 days, and the answer says so in `refresh_token_expires_in`).
"""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from archiver.platforms.answers import error_body, json_of, number_of
from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.manners import Budget, Draw, Meaning, Period, Renewal, Usage, Verdict
from archiver.platforms.text import html_to_text

if TYPE_CHECKING:
    from archiver.platforms.contract import Session
    from archiver.platforms.pages import AccountRef, Exchange

API_URL, TOKEN_URL = "https://youtube.googleapis.com", "https://oauth2.googleapis.com/token"
DAILY_UNITS, CAPTION_UNITS = 10_000, 3_000
LIST_UNITS, TRACK_UNITS = 50, 200
_LISTS = 3
"""One part in so many of the units for captions is for lists, the rest for the tracks themselves."""
RENEWING = ("refresh_token", "client_id", "client_secret")
CLOSED = "commentsDisabled"
_API, _OAUTH = "/youtube/v3/", "/token"
_DAY = frozenset({"quotaExceeded", "dailyLimitExceeded", "dailyLimitExceededUnreg"})
_RATE = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"})
_DEAD = frozenset(
    {
        "authError", "required", "expired", "authorizationRequired", "youtubeSignupRequired", "keyInvalid", "keyExpired",
        "ipRefererBlocked", "accessNotConfigured", "ACCESS_TOKEN_EXPIRED", "CREDENTIALS_MISSING", "API_KEY_INVALID",
        "API_KEY_SERVICE_BLOCKED", "API_KEY_HTTP_REFERRER_BLOCKED", "API_KEY_IP_ADDRESS_BLOCKED", "SERVICE_DISABLED",
        "CONSUMER_SUSPENDED", "ACCOUNT_STATE_INVALID",
    }
)  # fmt: skip
_PASSING = frozenset({"processingFailure", "backendError", "internalError"})
_UNSAID = frozenset({"", "None"})
_OK, _ERROR, _SERVER_ERROR = 200, 400, 500
_LOOK, _WORDS, _LONGEST = 200, 500, 10 * 365 * 86_400
_DELAY = re.compile(r"(\d{1,6}(?:\.\d{1,9})?)s")


@dataclasses.dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that says that it failed: the code it names, all reasons it gives, and its words."""

    code: int
    reasons: frozenset[str]
    words: str
    quota: str = ""
    """Which limit was met, where it says so."""
    delay: float | None = None
    """How long it asks to wait, in seconds."""


def base_url(account: AccountRef) -> str:
    """Where the API is, no slash at the end."""
    return str(account.settings.get("api_url") or API_URL).rstrip("/")


def is_api(url: str) -> bool:
    """Whether an address is one of the API, and not of a picture or the log-in."""
    return _API in urlsplit(url).path


def refusal_of(exchange: Exchange) -> Refusal | None:
    """How an answer says that it failed, be it within a 200; None for one that does not."""
    if exchange.status < _ERROR and b'"error"' not in exchange.body[:_LOOK]:
        return None
    error = error_body(exchange).get("error")
    if isinstance(error, str):
        said = error_body(exchange).get("error_description")
        return Refusal(exchange.status, frozenset({error}), f"{error}: {said}"[:_WORDS] if said else error[:_WORDS])
    if not isinstance(error, dict):
        return None
    listed, details = (_objects(error.get(each)) for each in ("errors", "details"))
    reasons = frozenset(str(each.get("reason")) for each in (*listed, *details)) - _UNSAID
    code = number_of(error, "code") or exchange.status
    said = html_to_text(str(error.get("message"))[:_WORDS])  # Google puts its parameters into <code>
    words = f"{code} {', '.join(sorted(reasons)) or error.get('status') or 'no reason'}: {said}"
    quotas = [meta.get("quota_limit") for each in details if isinstance(meta := each.get("metadata"), dict)]
    delays = [_DELAY.fullmatch(str(each.get("retryDelay"))) for each in details]
    return Refusal(
        code,
        reasons,
        words[:_WORDS],
        " ".join(str(each) for each in quotas if each),
        next((float(each[1]) for each in delays if each), None),
    )


def judge(exchange: Exchange) -> Verdict | None:  # noqa: PLR0911 - a case for each refusal
    """What an answer of the API or the log-in means; None: what HTTP says."""
    oauth = urlsplit(exchange.url).path.endswith(_OAUTH)
    if not oauth and not is_api(exchange.url):
        return None
    refusal = refusal_of(exchange)
    if refusal is None:
        return None
    words, reasons = refusal.words, refusal.reasons
    if oauth and exchange.status < _SERVER_ERROR:
        words = f"{words} (connect the channel anew; a consent screen in testing lets its tokens end after 7 days)"
        return Verdict(Meaning.TOKEN, words)
    if reasons & _DAY or (reasons & _RATE and "perday" in _plain(refusal)):
        seconds = (_day(1).ends(exchange.requested_at) - exchange.requested_at).total_seconds()
        return Verdict(Meaning.EXHAUSTED, f"{words} (until midnight in Los Angeles)", seconds)
    if reasons & _RATE or refusal.code == 429:  # noqa: PLR2004 - HTTP's own
        return Verdict(Meaning.WAIT, words, _wait(exchange, refusal))
    if reasons & _DEAD or refusal.code == 401 or "missing a valid API key" in words:  # noqa: PLR2004 - HTTP's own
        return Verdict(Meaning.TOKEN, words)
    if exchange.status >= _SERVER_ERROR:
        return None
    if reasons & _PASSING or refusal.code >= _SERVER_ERROR:
        return Verdict(Meaning.RETRY, words)
    return Verdict(Meaning.FORBIDDEN if refusal.code == 403 else Meaning.FINAL, words)  # noqa: PLR2004 - HTTP's own


def _plain(refusal: Refusal) -> str:
    return f"{refusal.quota} {refusal.words}".replace(" ", "").lower()


def _wait(exchange: Exchange, refusal: Refusal) -> float | None:
    """As long as the answer says; of a limit by the minute, until the next one begins; else None, which backs off."""
    if refusal.delay is not None or exchange.header("retry-after") is not None:
        return refusal.delay
    return float(60 - exchange.requested_at.second) if "perminute" in _plain(refusal) else None


def is_refused(exchange: Exchange) -> bool:
    """Whether this one thing may not be read with our token or key."""
    verdict = judge(exchange)
    return verdict is not None and verdict.meaning is Meaning.FORBIDDEN


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _day(units: int, name: str = "units a day", shared_by: str = "everyone") -> Budget:
    return Budget(name, units, Period.PACIFIC_DAY, shared_by)


def project_budget(account: AccountRef) -> Budget:
    """The units that all accounts of one Google project may use in a day."""
    project = str(account.settings.get("project") or "")
    name = f"units a day of the Google project {project}" if project else "units a day"
    return _day(number_of(account.settings, "daily_units") or DAILY_UNITS, name)


def _budgets(account: AccountRef) -> list[Budget]:
    share = number_of(account.settings, "account_units")
    own = [] if share is None else [_day(share, "units a day (setting account_units)", "account")]
    return [*own, project_budget(account)]


def draws(account: AccountRef, url: str) -> tuple[Draw, ...]:
    """Every request of the API costs one unit, an invalid one too; the log-in and pictures cost none. Captions are dear, and have
    a share of the project's units: neither their lists nor they themselves use up what the rest needs, nor each other's.
    """
    if not is_api(url):
        return ()
    rest = urlsplit(url).path.partition(f"{_API}captions")
    if not rest[1] or rest[2][:1] not in {"", "/"}:
        return tuple(Draw(budget) for budget in _budgets(account))
    units = number_of(account.settings, "caption_units")
    share = CAPTION_UNITS if units is None else units
    project = project_budget(account).name
    if rest[2]:
        own = Draw(_day(share - share // _LISTS, f"{project} for tracks of captions (caption_units)"), TRACK_UNITS)
    else:
        own = Draw(_day(share // _LISTS, f"{project} for lists of captions (caption_units)"), LIST_UNITS)
    return (own, *(Draw(budget, own.units) for budget in _budgets(account)))


def usage(account: AccountRef, exchange: Exchange) -> tuple[Usage, ...]:
    """That the day's units are used up is the one thing that answers tell of them: nobody of the project asks before midnight."""
    verdict = judge(exchange) if exchange.status >= _ERROR and is_api(exchange.url) else None
    if verdict is None or verdict.meaning is not Meaning.EXHAUSTED:
        return ()
    budget = project_budget(account)
    return (Usage(budget, remaining=0, resets_at=budget.ends(exchange.requested_at)),)


def renewed(session: Session, account: AccountRef) -> Renewal | None:
    """Have the access token renewed (grant_type=refresh_token); None without what that needs.

    Google leaves the refresh token as it is, unless it sends another. Raises what the session raises; `UnreadableAnswerError`.
    """
    given = {name: str(account.settings.get(name) or "") for name in RENEWING}
    if not all(given.values()):
        return None
    form = {**given, "grant_type": "refresh_token"}
    exchange = session.post(str(account.settings.get("token_url") or TOKEN_URL), form=form)
    answer = json_of(account, exchange)
    secrets = {"token": answer.get("access_token")}
    if "refresh_token" in answer or "refresh_token_expires_in" in answer:
        secrets["refresh_token"] = answer.get("refresh_token", given["refresh_token"])
    lasts = {"token": number_of(answer, "expires_in"), "refresh_token": number_of(answer, "refresh_token_expires_in")}
    kept = {name: value for name, value in secrets.items() if isinstance(value, str) and value}
    if len(kept) < len(secrets):
        raise UnreadableAnswerError(account.name, exchange.url, "it has no token where one belongs", exchange)
    return Renewal(
        secrets=kept,
        expires_at={
            name: exchange.requested_at + timedelta(seconds=min(seconds, _LONGEST))
            for name, seconds in lasts.items()
            if seconds is not None and name in kept
        },
    )
