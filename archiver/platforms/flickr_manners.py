"""How Flickr answers and wants to be treated: errors stand in answers of status 200, and a key has so many requests an hour.

Sources: flickrex lib/flickr/getMethodInfo (the error codes of each method, as Flickr itself describes them). That a key has 3,600
requests an hour is Flickr's guideline; its answers do not tell how much of it is left.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from archiver.platforms.answers import error_body, json_of
from archiver.platforms.items import StreamKind
from archiver.platforms.manifest import Manifest, Setting
from archiver.platforms.manners import Budget, Draw, Meaning, Verdict

if TYPE_CHECKING:
    from collections.abc import Collection

    from archiver.platforms.contract import Session
    from archiver.platforms.pages import AccountRef, Exchange

API_URL = "https://api.flickr.com"
PATH = "/services/rest/"
BUDGET = Budget("requests", 3600, timedelta(hours=1))
NOT_FOUND, PERMISSION_DENIED, USER_DELETED = 1, 2, 5
_MEANINGS = {
    98: Meaning.TOKEN,
    99: Meaning.FORBIDDEN,
    100: Meaning.TOKEN,
    105: Meaning.RETRY,
    106: Meaning.RETRY,
}
"""Of the codes that every method shares; what is left is about the one thing that was asked for."""

SETTINGS = (
    Setting("token", "The API key of the city's app on Flickr, as `env:NAME`.", required=True, secret=True),
    Setting("api_url", "Where the API is.", default=API_URL),
)

MANIFEST = Manifest(
    name="flickr",
    title="Flickr",
    streams=(StreamKind.PROFILE, StreamKind.POSTS, StreamKind.COMMENTS),
    settings=SETTINGS,
    permissions=("an API key; public photos and comments are read with it alone",),
    limits=(
        "3,600 requests an hour for each API key (a guideline; no answer tells how many are left), shared by all its accounts",
        "one request for the comments of each photo, which come all at once",
    ),
    cannot_see=(
        (
            "photos that are private, or for friends and family only: they need the account's own log-in (OAuth, "
            "flickr.people.getPhotos), which this connector does not do"
        ),
        (
            "an earlier title or description that was changed between two captures: Flickr tells when a photo was last updated "
            "(`lastupdate`), not what it said. [U] That time moves with tags, comments and favorites as well"
        ),
        "a changed title or description of a photo older than the re-read window, until the sweep comes to it",
        "that a picture was replaced, where the original is not given out (then the largest form is kept)",
        "whether a photo that is not found was deleted or made private: Flickr answers both alike",
        (
            "a single comment: it has no address of its own in the API. One that the whole list of its photo's comments does not "
            "have, twice, is held to be removed; by whom is not told"
        ),
        "[U] how many comments a photo has (`count_comments` is asked for, and not promised)",
        "notes on pictures, galleries, groups, albums, FlickrMail",
    ),
    sources=(
        (
            "flickrex, lib/flickr/getMethodInfo (people.getPublicPhotos, people.getInfo, urls.lookupUser, photos.getInfo, "
            "photos.getSizes, photos.comments.getList)"
        ),
    ),
    places=frozenset({"page"}),
    needs_token=True,
)


def is_api(url: str) -> bool:
    """Whether an address is one of the API, and not of a picture."""
    return urlsplit(url).path.endswith(PATH)


def failure(exchange: Exchange) -> tuple[int, str] | None:
    """The code and words of an answer that says `stat: fail`; None for one that does not."""
    body = error_body(exchange)
    if body.get("stat") != "fail":
        return None
    code = body.get("code")
    code = int(code) if isinstance(code, str) and code.isascii() and code.isdigit() and len(code) < 10 else code  # noqa: PLR2004
    number = code if isinstance(code, int) and not isinstance(code, bool) else -1
    return number, f"{number}: {body.get('message')}"


def judge(exchange: Exchange) -> Verdict | None:
    """What an answer of the API means; None: what HTTP says."""
    failed = failure(exchange) if is_api(exchange.url) else None
    if failed is None:
        return None
    code, words = failed
    if code == 100:  # noqa: PLR2004 - its code
        words = f"{words} (the API key in `token` is not known to Flickr, or was disabled)"
    return Verdict(_MEANINGS.get(code, Meaning.FINAL), words)


def draws(url: str) -> tuple[Draw, ...]:
    """A request of the API takes one of the key's; a picture takes none."""
    return (Draw(BUDGET),) if is_api(url) else ()


def call(
    session: Session,
    account: AccountRef,
    method: str,
    asked: dict[str, str | int],
    accept: Collection[int] = (),
) -> tuple[dict[str, Any], Exchange]:
    """Call a method. Gives its answer, also one that failed with a code of `accept`, and the exchange.

    Raises what the session raises; `UnreadableAnswerError`.
    """
    exchange = session.get(
        f"{str(account.settings.get('api_url') or API_URL).rstrip('/')}{PATH}",
        params={
            "method": f"flickr.{method}",
            "api_key": str(account.settings.get("token", "")),
            "format": "json",
            "nojsoncallback": 1,
            **asked,
        },
        accept_errors=lambda answer: (failed := failure(answer)) is not None and failed[0] in accept,
    )
    return json_of(account, exchange), exchange
