"""How TikTok's Display API wants to be treated: its limits, its errors, its tokens that change with every renewal.

Sources: developers.tiktok.com, tiktok-api-v2-error-handling (codes and their HTTP status), tiktok-api-v2-rate-limit (600 requests
in a sliding minute for each method, set and counted separately), oauth-refresh-a-user-access-token of 2026-11-02 (an access
token lasts 2 hours, each renewal gives a new refresh token too), oauth-error-handling.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from archiver.platforms.answers import error_body, json_of, number_of, text_of
from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.items import StreamKind
from archiver.platforms.manifest import Manifest, Setting
from archiver.platforms.manners import Budget, Draw, Meaning, Renewal, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from archiver.platforms.contract import Session
    from archiver.platforms.items import Json
    from archiver.platforms.pages import AccountRef, Exchange

API_URL = "https://open.tiktokapis.com"
OAUTH = "/v2/oauth/token/"
SCOPE_CODES = frozenset({"scope_not_authorized", "scope_permission_missed"})
NEEDED = ("user.info.basic", "user.info.profile", "user.info.stats", "video.list")
NO_TEXT = "TikTok gives the Display API the number of comments, and the text of none"
_BUDGETS = {
    f"/v2/{name}/": Budget(name, 600, timedelta(minutes=1), shared_by="everyone")
    for name in ("user/info", "video/list", "video/query")
}
_MEANINGS = {
    "access_token_invalid": Meaning.TOKEN,
    "rate_limit_exceeded": Meaning.WAIT,
    "internal_error": Meaning.RETRY,
    **dict.fromkeys(SCOPE_CODES, Meaning.FORBIDDEN),
}

SETTINGS = (
    Setting("token", "The access token of the account, as `env:NAME`.", required=True, secret=True),
    Setting(
        "refresh_token", "The refresh token that came with it; without it the token ends after 2 hours.", secret=True
    ),
    Setting("client_key", "The key of the city's app, for renewing the token."),
    Setting("client_secret", "The secret of the city's app, for renewing the token.", secret=True),
    Setting("api_url", "Where the API is.", default=API_URL),
)

MANIFEST = Manifest(
    name="tiktok",
    title="TikTok",
    streams=(StreamKind.PROFILE, StreamKind.POSTS, StreamKind.COMMENTS),
    settings=SETTINGS,
    permissions=(
        "an app with Login Kit and the Display API, and these scopes granted by the account:",
        *NEEDED,
        "without user.info.profile and user.info.stats the profile is kept as far as user.info.basic goes",
    ),
    limits=(
        "600 requests a minute for each of user/info, video/list and video/query; [U] counted here over all accounts of the city",
        "an access token lasts 2 hours and is renewed at each capture; the new refresh token is kept before it is used",
    ),
    cannot_see=(
        "the text of comments: only their number is given, and recorded as such in the completeness of each video",
        "the video's file: its cover, words and addresses are kept; keep the file itself where the video was made",
        "the account's picture: its address is signed, and nothing tells a changed picture from a changed address",
        "private and friends-only videos, drafts, stories, direct messages, duets and stitches of others",
        "an earlier text of a video that was edited between two captures: nothing is told of edits",
        "why a video is gone: deleted, made private or removed by TikTok look alike",
        "the account by an id that others know: `open_id` is the account's id for this app only",
    ),
    sources=(
        "developers.tiktok.com: tiktok-api-v2-user-info, tiktok-api-v2-video-list, tiktok-api-v2-video-query",
        "developers.tiktok.com: tiktok-api-v2-rate-limit, tiktok-api-v2-error-handling, oauth-refresh-a-user-access-token",
    ),
    needs_token=True,
    may_be_empty=frozenset({StreamKind.COMMENTS}),
    light=(StreamKind.POSTS,),
)


def base_url(account: AccountRef) -> str:
    """Where the API is, no slash at the end."""
    return str(account.settings.get("api_url") or API_URL).rstrip("/")


def _method(url: str) -> str | None:
    """The path of the API that an address is of; None for one that is a picture's."""
    path = urlsplit(url).path
    return next((each for each in (*_BUDGETS, OAUTH) if path.endswith(each)), None)


def error_of(exchange: Exchange) -> tuple[str, str] | None:
    """The code and the words of an answer that says that it failed; None for one that does not.

    Log-in answers have the code itself as `error`, others an object, whose code is `ok` where nothing is wrong.
    """
    body = error_body(exchange)
    error = body.get("error")
    code = error.get("code") if isinstance(error, dict) else error
    if code in (None, "ok", ""):
        return None
    said = error.get("message") if isinstance(error, dict) else body.get("error_description")
    return str(code), f"{code}: {said}"


def judge(exchange: Exchange) -> Verdict | None:
    """What an answer of the API means; None: what HTTP says."""
    method = _method(exchange.url)
    failed = error_of(exchange) if method is not None else None
    if failed is None:
        return None
    code, words = failed
    if method == OAUTH and exchange.status >= 500:  # noqa: PLR2004 - HTTP's own
        return None
    if code in SCOPE_CODES:
        words = f"{words} (connect the account anew, and grant {', '.join(NEEDED)})"
    return Verdict(_MEANINGS.get(code, Meaning.FINAL), words)


def draws(url: str) -> tuple[Draw, ...]:
    """A request takes one from its own method's budget; renewals and pictures take none."""
    budget = _BUDGETS.get(_method(url) or "")
    return (Draw(budget),) if budget else ()


def headers(account: AccountRef) -> dict[str, str]:
    """What every request of the API carries."""
    return {"Authorization": f"Bearer {account.settings.get('token', '')}"}


def data_of(account: AccountRef, exchange: Exchange) -> dict[str, Any]:
    """The `data` of an answer. Raises `UnreadableAnswerError`."""
    data = json_of(account, exchange).get("data")
    if not isinstance(data, dict):
        raise UnreadableAnswerError(account.name, exchange.url, "it has no object 'data'", exchange)
    return data


def ask(session: Session, account: AccountRef, method: str, fields: str, sent: Json) -> tuple[dict[str, Any], Exchange]:
    """POST to a method. Gives the `data` of its answer, and the exchange. Raises what the session raises."""
    url = f"{base_url(account)}/v2/{method}/"
    exchange = session.post(url, params={"fields": fields}, headers=headers(account), json=sent)
    return data_of(account, exchange), exchange


def renewed(session: Session, account: AccountRef) -> Renewal | None:
    """Have the tokens renewed (grant_type=refresh_token); None without what that needs.

    The old refresh token is used up by it. Raises what the session raises; `UnreadableAnswerError`.
    """
    given = {name: str(account.settings.get(name) or "") for name in ("client_key", "client_secret", "refresh_token")}
    if not all(given.values()):
        return None
    form = {**given, "grant_type": "refresh_token"}
    exchange = session.post(f"{base_url(account)}{OAUTH}", form=form)
    answer = json_of(account, exchange)
    secrets = {"token": _secret(answer, "access_token"), "refresh_token": _secret(answer, "refresh_token")}
    if not all(secrets.values()):
        raise UnreadableAnswerError(account.name, exchange.url, "it has not both tokens", exchange)
    lasts = {
        "token": number_of(answer, "expires_in"),
        "refresh_token": number_of(answer, "refresh_expires_in"),
    }
    return Renewal(
        secrets={name: value for name, value in secrets.items() if value},
        expires_at={
            name: exchange.requested_at + timedelta(seconds=min(seconds, _LONGEST))
            for name, seconds in lasts.items()
            if seconds is not None
        },
    )


_LONGEST = 10 * 365 * 86_400
"""No token lasts longer; a larger number is not meant."""


def _secret(answer: Mapping[str, Any], name: str) -> str | None:
    try:
        return text_of(answer, name)
    except TypeError:
        return None


def accepts(codes: frozenset[str]) -> Callable[[Exchange], bool]:
    """Takes an answer that failed with one of these codes as one to be read."""
    return lambda exchange: (failed := error_of(exchange)) is not None and failed[0] in codes
