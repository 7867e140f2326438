"""What the connector of X declares of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archiver.platforms.items import StreamKind
from archiver.platforms.manifest import Manifest, Setting
from archiver.platforms.x_manners import API_URL, MONTHLY_SPEND

if TYPE_CHECKING:
    from archiver.platforms.pages import AccountRef

SETTINGS = (
    Setting(
        "token",
        "The account's access token (OAuth 2.0) or the app's bearer token, as `env:NAME`.",
        required=True,
        secret=True,
    ),
    Setting(
        "token_kind", "`user` for the account's own token, `app` for the app's: that reads no messages.", default="user"
    ),
    Setting(
        "refresh_token", "The refresh token that came with it; without it the token ends after 2 hours.", secret=True
    ),
    Setting("client_id", "The OAuth 2.0 client id of the city's app, for renewing the token."),
    Setting("client_secret", "The client secret, where the app is a confidential one.", secret=True),
    Setting(
        "search",
        "`all`: answers of any age; `recent`: of the last 7 days, where full search is not paid for.",
        default="all",
    ),
    Setting(
        "vocabulary",
        "How X is asked: `new` (post), `old` (tweet), or `auto`: new, and old once that is refused.",
        default="auto",
    ),
    Setting(
        "monthly_spend_usd",
        "What the account may cost in a month, in dollars; then it stops.",
        default=f"{MONTHLY_SPEND:g}",
    ),
    Setting("own_app", "`yes` where the account itself owns the app: its own posts then cost less.", default="no"),
    Setting("api_url", "Where the API is.", default=API_URL),
)

MANIFEST = Manifest(
    name="x",
    title="X (Twitter)",
    streams=(StreamKind.PROFILE, StreamKind.POSTS, StreamKind.COMMENTS, StreamKind.MENTIONS, StreamKind.MESSAGES),
    settings=SETTINGS,
    permissions=(
        "tweet.read and users.read",
        "dm.read, for private messages",
        "block.read and follows.read, where the setting `lists` asks for them",
        "offline.access, so that the token can be renewed",
        "full search (pay-per-use or Enterprise), for answers older than 7 days",
    ),
    limits=(
        "15-minute windows for each kind of request, told by x-rate-limit headers, which are obeyed; one full search a second",
        "each post read costs 0.005 dollars, each user and message 0.01; counted, and stopped at monthly_spend_usd",
        "so does each account on a list, each night: none is read unless the setting `lists` names it",
        "the counted spend is rather too high: X charges a post once a day",
        "edited posts, and quoted ones whose media or authors are not shown, cost a further request",
        "each night reads the window of days again, and pays for it again; between two nights pages of ten posts are read",
    ),
    cannot_see=(
        "posts beyond the newest 3,200 and mentions beyond the newest 800: import the account's download for the rest",
        "private messages older than 30 days, and encrypted ones",
        "answers older than 7 days where `search` is `recent`",
        (
            "in other people's threads: what stands below an answer that was removed, or that X counts no answers to (whoever "
            "answers the account there is asked for level by level, up to 30 further requests for each of its answers)"
        ),
        "answers by protected accounts, and by those that blocked the account",
        "a post put up and deleted between two captures; an edited post's earlier forms once it is deleted",
        "who voted what in a poll",
        "subtitles of videos, and their smaller files: the best MP4 file is kept",
    ),
    sources=(
        "docs.x.com, x-api (OpenAPI 2.166 and 2.167; search operators; full-archive search)",
        "docs.x.com, x-api/getting-started/pricing",
    ),
    places=frozenset({"pagination_token"}),
    needs_token=True,
    may_be_empty=frozenset({StreamKind.MENTIONS, StreamKind.MESSAGES}),
    light=(StreamKind.POSTS, StreamKind.MENTIONS),
    light_minutes=240,
    lists=("blocked", "followers"),
    lists_asked=frozenset({"blocked", "followers"}),
)


def is_user_token(account: AccountRef) -> bool:
    """Whether the token is the account's own."""
    return str(account.settings.get("token_kind") or "user").lower() != "app"
