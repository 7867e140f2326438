"""Logging in to an account's own server with an app password: what only the account may read needs it, nothing else does.

`com.atproto.server.createSession` takes the app password and gives an access token of two hours and a refresh token of 90 days;
`refreshSession` takes the refresh token and gives both anew. Log-ins are limited to 30 in 5 minutes and 300 a day for each
account, so that sessions are kept and refreshed. A token that has ended is 400 `ExpiredToken`, not 401. Sources: platforms.md,
section 7; the lexicons com.atproto.server.createSession, refreshSession, getSession; bluesky-social/atproto, packages/pds
(auth-verifier.ts, auth-scope.ts).
"""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from archiver.platforms.answers import error_body, json_of
from archiver.platforms.bluesky_servers import BAD_REQUEST, OK, pds_of, resolve_handle, xrpc
from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.manifest import Setting
from archiver.platforms.manners import Budget, Draw, Meaning, Renewal, TokenHealth, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archiver.platforms.contract import Session
    from archiver.platforms.pages import AccountRef, Exchange

PASSWORD = "app_password"  # noqa: S105 - the setting's name
ACCESS, REFRESH = "access_jwt", "refresh_jwt"
SETTING = Setting(
    PASSWORD,
    "An app password of the account, made with access to direct messages; without one the public part alone is read.",
    secret=True,
)
UNAUTHORIZED = 401
_CREATE, _REFRESH, _GET = (f"com.atproto.server.{name}Session" for name in ("create", "refresh", "get"))
_DEAD = frozenset({"ExpiredToken", "InvalidToken"})
_PLAIN_SCOPE = "com.atproto.appPass"
"""The scope of an app password that was made without access to direct messages; with it: `com.atproto.appPassPrivileged`."""
MESSAGES = "direct messages (make the app password with access to them)"
_LOG_INS = (
    Budget("log-ins", 30, timedelta(minutes=5), "account"),
    Budget("log-ins of a day", 300, timedelta(days=1), "account"),
)
_LATEST = 4_102_444_800
"""2100: whatever ends later says nothing."""


def has_password(account: AccountRef) -> bool:
    """Whether the account can be logged in to."""
    return bool(account.settings.get(PASSWORD))


def bearer(account: AccountRef) -> dict[str, str]:
    """The header that names the session; none where there is no session yet, so that the server says so."""
    token = account.settings.get(ACCESS)
    return {"Authorization": f"Bearer {token}"} if token else {}


def judge(exchange: Exchange) -> Verdict | None:
    """What an answer to a request with a log-in means: a token or password that is not taken is no word about any item.

    That a refresh token is not taken is read by `renew`, which logs in anew then.
    """
    method = urlsplit(exchange.url).path.rpartition("/")[2]
    if method == _REFRESH or not method.startswith(("com.atproto.server.", "chat.bsky.")):
        return None
    body = error_body(exchange)
    name = str(body.get("error"))
    words = f"{name}: {body.get('message')}"
    if exchange.status == UNAUTHORIZED or (exchange.status == BAD_REQUEST and name in _DEAD):
        return Verdict(Meaning.TOKEN, words)
    return None


def draws(url: str) -> tuple[Draw, ...]:
    """A log-in takes one of the account's few."""
    return tuple(map(Draw, _LOG_INS)) if urlsplit(url).path.endswith(f"/{_CREATE}") else ()


def health(session: Session, account: AccountRef) -> TokenHealth | None:
    """How the log-in stands: asked with the session where there is one, else by logging in; None without an app password.

    Raises what the session raises where neither is taken.
    """
    if not has_password(account):
        return None
    pds = _pds(session, account)
    if account.settings.get(ACCESS):
        exchange = session.get(xrpc(pds, _GET), headers=bearer(account))
        access, refresh = str(account.settings[ACCESS]), str(account.settings.get(REFRESH))
        begun = True
    else:
        exchange = _created(session, account, pds)
        access, refresh = _tokens(account, exchange)
        begun = False
    answer = json_of(account, exchange)
    scope = claims(access).get("scope")
    return TokenHealth(
        alive=True,
        words=f"the server takes it as the log-in of {answer.get('handle')}",
        expires_at=ends_at(refresh) if begun else None,
        scopes=(scope,) if isinstance(scope, str) else (),
        missing=(MESSAGES,) if scope == _PLAIN_SCOPE else (),
        exchanges=(exchange,),
        renewable=True,
    )


def renew(session: Session, account: AccountRef) -> Renewal | None:
    """A session that goes on for another while: refreshed, or begun anew where the refresh token is not taken (any more)."""
    if not has_password(account):
        return None
    pds = _pds(session, account)
    words, exchange = "refreshed", _refreshed(session, account, pds)
    if exchange is None:
        words, exchange = "logged in anew with the app password", _created(session, account, pds)
    access, refresh = _tokens(account, exchange)
    ends = {ACCESS: ends_at(access) or exchange.requested_at + timedelta(hours=2)}
    if (last := ends_at(refresh)) is not None:
        ends[REFRESH] = last
    return Renewal({ACCESS: access, REFRESH: refresh}, ends, words)


def claims(token: str) -> Mapping[str, Any]:
    """What a JSON Web Token says of itself (RFC 7519), unverified; nothing where it is none."""
    parts = token.split(".")
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (IndexError, ValueError, binascii.Error, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def ends_at(token: str) -> datetime | None:
    """When a token ends, by its own words."""
    ends = claims(token).get("exp")
    if not isinstance(ends, int) or isinstance(ends, bool) or not 0 < ends < _LATEST:
        return None
    return datetime.fromtimestamp(ends, UTC)


def _pds(session: Session, account: AccountRef) -> str:
    """The account's server: as this capture found it, or looked up."""
    known = account.settings.get("pds_url")
    if known:
        return str(known)
    exchanges: list[Exchange] = []
    did = account.platform_id or resolve_handle(session, account, exchanges)
    pds, words = pds_of(session, account, did, exchanges)
    if pds is None:
        raise UnreadableAnswerError(account.name, exchanges[-1].url, words, exchanges[-1])
    return pds


def _created(session: Session, account: AccountRef, pds: str) -> Exchange:
    return session.post(
        xrpc(pds, _CREATE),
        json={"identifier": account.platform_id or account.handle, "password": str(account.settings[PASSWORD])},
    )


def _refreshed(session: Session, account: AccountRef, pds: str) -> Exchange | None:
    token = account.settings.get(REFRESH)
    if not token:
        return None
    exchange = session.post(
        xrpc(pds, _REFRESH),
        headers={"Authorization": f"Bearer {token}"},
        form={},  # the method takes no body
        accept_errors=lambda answer: answer.status in {BAD_REQUEST, UNAUTHORIZED},
    )
    return exchange if exchange.status == OK else None


def _tokens(account: AccountRef, exchange: Exchange) -> tuple[str, str]:
    answer = json_of(account, exchange)
    access, refresh = answer.get("accessJwt"), answer.get("refreshJwt")
    if not isinstance(access, str) or not isinstance(refresh, str):
        raise UnreadableAnswerError(account.name, exchange.url, "it has no `accessJwt` and `refreshJwt`", exchange)
    return access, refresh
