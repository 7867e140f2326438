"""How LinkedIn's versioned API wants to be treated: its headers, its errors, its day's limits, its tokens of 60 days.

Sources: learn.microsoft.com/linkedin: shared/api-guide/concepts (error-handling, rate-limits: the day ends at midnight UTC; 429
says which limit was reached), marketing/versioning (a month is served for about a year, then answered with 426), shared/
authentication (token-introspection, programmatic-refresh-tokens). 426 and NONEXISTENT_VERSION: n8n-io/n8n#14737.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from archiver.platforms import times
from archiver.platforms.answers import error_body, json_of, number_of
from archiver.platforms.manifest import Setting
from archiver.platforms.manners import Budget, Draw, Meaning, Period, Renewal, TokenHealth, Usage, Verdict

if TYPE_CHECKING:
    from archiver.platforms.contract import Session
    from archiver.platforms.pages import AccountRef, Exchange

API_URL = "https://api.linkedin.com"
AUTH_URL = "https://www.linkedin.com/oauth/v2"
VERSION = "202605"
UNAUTHORIZED, FORBIDDEN, NOT_FOUND, UPGRADE, TOO_MANY = 401, 403, 404, 426, 429
READ_POSTS = ("r_organization_social", "r_organization_social_feed")
READ_PAGE = ("rw_organization_admin", "r_organization_admin")
_REST = "/rest/"
_UNCOUNTED = 10_000_000
"""The day's budget where no limit is set: it is only asked whether LinkedIn has closed it."""

SETTINGS = (
    Setting("token", "The access token of an administrator of the page, as `env:NAME`.", required=True, secret=True),
    Setting(
        "version",
        "The month of the API that is asked for (`LinkedIn-Version`); each is served for a year.",
        default=VERSION,
    ),
    Setting("token_ends", "The day on which the token ends, as 2026-03-31, where nothing else tells it."),
    Setting("client_id", "The id of the city's app, for asking LinkedIn when the token ends."),
    Setting("client_secret", "The secret of the city's app, for the same.", secret=True),
    Setting(
        "refresh_token", "A refresh token, which LinkedIn gives to some apps; the token is renewed by it.", secret=True
    ),
    Setting(
        "daily_requests", "How many requests a day the app's page on LinkedIn grants; unset: until LinkedIn refuses."
    ),
    Setting("api_url", "Where the API is.", default=API_URL),
    Setting(
        "auth_url", "Where tokens are checked and renewed; with another `api_url` it is below that.", default=AUTH_URL
    ),
)


def base_url(account: AccountRef) -> str:
    """Where the API is, no slash at the end."""
    return str(account.settings.get("api_url") or API_URL).rstrip("/")


def version_of(account: AccountRef) -> str:
    """The month of the API that is asked for."""
    return str(account.settings.get("version") or VERSION)


def headers(account: AccountRef, method: str | None = None) -> dict[str, str]:
    """What every request of the API carries; `method` names the Rest.li method where the address does not."""
    found = {
        "Authorization": f"Bearer {account.settings.get('token', '')}",
        "LinkedIn-Version": version_of(account),
        "X-Restli-Protocol-Version": "2.0.0",
    }
    return found if method is None else {**found, "X-RestLi-Method": method}


def is_api(url: str) -> bool:
    """Whether an address is one of the API, and not of a picture."""
    return _REST in urlsplit(url).path


def judge(exchange: Exchange) -> Verdict | None:
    """What an answer of the API means; None: what HTTP says."""
    if not is_api(exchange.url) or exchange.status < 400:  # noqa: PLR2004 - errors of HTTP
        return None
    body = error_body(exchange)
    words = f"{exchange.status}: {body.get('code') or ''} {body.get('message') or exchange.reason}".replace(":  ", ": ")
    match exchange.status:
        case 401:
            return Verdict(Meaning.TOKEN, words)
        case 403:
            return Verdict(Meaning.FORBIDDEN, words)
        case 426:
            asked = dict(exchange.request_headers).get("LinkedIn-Version", "its month")
            words = (
                f"{words} (LinkedIn no longer serves {asked}: set the account's `version` to a newer month, as 202611)"
            )
            return Verdict(Meaning.FINAL, words)
        case 429:
            seconds = (
                (_midnight(exchange) - exchange.requested_at).total_seconds() if _day_is_used_up(exchange) else None
            )
            return Verdict(Meaning.WAIT if seconds is None else Meaning.EXHAUSTED, words, seconds)
        case _:
            return None


def draws(account: AccountRef, url: str) -> tuple[Draw, ...]:
    """A request of the API takes one of the day's where their number is set; else it is only asked whether the day is over."""
    if not is_api(url):
        return ()
    budget = _budget(account)
    return (Draw(budget, 0 if budget.units == _UNCOUNTED else 1),)


def usage(account: AccountRef, exchange: Exchange) -> tuple[Usage, ...]:
    """That the day's requests are used up, once LinkedIn says so."""
    if not is_api(exchange.url) or exchange.status != TOO_MANY or not _day_is_used_up(exchange):
        return ()
    return (Usage(_budget(account), remaining=0, resets_at=_midnight(exchange)),)


def _budget(account: AccountRef) -> Budget:
    number = number_of(account.settings, "daily_requests")
    return Budget("day", number or _UNCOUNTED, Period.UTC_DAY)


def _day_is_used_up(exchange: Exchange) -> bool:
    """LinkedIn names the limit: `Resource level throttle APPLICATION DAY limit for calls to this resource is reached.`."""
    return " DAY " in f" {error_body(exchange).get('message')} "


def _midnight(exchange: Exchange) -> datetime:
    at = exchange.requested_at.astimezone(UTC)
    return at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _auth_url(account: AccountRef) -> str:
    given = account.settings.get("auth_url")
    if given:
        return str(given).rstrip("/")
    return AUTH_URL if base_url(account) == API_URL else f"{base_url(account)}/oauth/v2"


def _app(account: AccountRef) -> dict[str, str]:
    """The app's credentials; empty where they are not both set."""
    given = {name: str(account.settings.get(name) or "") for name in ("client_id", "client_secret")}
    return given if all(given.values()) else {}


def health(session: Session, account: AccountRef) -> TokenHealth:
    """How the token stands: as LinkedIn tells the app, else by the day in the settings. Raises what the session raises."""
    ends = _day(account.settings.get("token_ends"))
    app = _app(account)
    if not app:
        words = "it ends on the day in `token_ends`" if ends else (
            "nobody tells when it ends (60 days after it was made): set `token_ends`, or `client_id` and `client_secret`"
        )  # fmt: skip
        return TokenHealth(alive=None, words=words, expires_at=ends)
    form = {**app, "token": str(account.settings.get("token", ""))}
    exchange = session.post(f"{_auth_url(account)}/introspectToken", form=form)
    answer = json_of(account, exchange)
    scopes = tuple(str(answer.get("scope") or "").replace(",", " ").split())
    missing = [names[0] for names in (READ_POSTS, READ_PAGE) if scopes and not set(names) & set(scopes)]
    seconds = number_of(answer, "expires_at")
    return TokenHealth(
        alive=answer.get("active") is True,
        words=f"LinkedIn says that it is {answer.get('status') or 'unknown'}",
        expires_at=ends if seconds is None else times.unix_seconds(seconds),
        scopes=scopes,
        missing=tuple(missing),
        exchanges=(exchange,),
        renewable=bool(account.settings.get("refresh_token")),
    )


def renewed(session: Session, account: AccountRef) -> Renewal | None:
    """Have the token renewed; None where the app has no refresh token. Raises what the session raises."""
    app, refresh = _app(account), str(account.settings.get("refresh_token") or "")
    if not app or not refresh:
        return None
    form = {**app, "grant_type": "refresh_token", "refresh_token": refresh}
    exchange = session.post(f"{_auth_url(account)}/accessToken", form=form)
    answer = json_of(account, exchange)
    names = {"token": ("access_token", "expires_in"), "refresh_token": ("refresh_token", "refresh_token_expires_in")}
    secrets = {name: value for name, (key, _) in names.items() if isinstance(value := answer.get(key), str) and value}
    if "token" not in secrets:
        return None
    lasts = {name: number_of(answer, key) for name, (_, key) in names.items() if name in secrets}
    return Renewal(
        secrets=secrets,
        expires_at={
            name: exchange.requested_at + timedelta(seconds=min(seconds, _LONGEST))
            for name, seconds in lasts.items()
            if seconds is not None
        },
    )


_LONGEST = 10 * 365 * 86_400
"""No token lasts longer; a larger number is not meant."""


def _day(text: object) -> datetime | None:
    """A day of the settings, at its end (UTC); None where it is none."""
    try:
        return datetime.fromisoformat(str(text)).replace(tzinfo=UTC) + timedelta(days=1)
    except ValueError:
        return None
