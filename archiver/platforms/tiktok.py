"""TikTok by its Display API: an account's profile and its public videos, as far as that shows them.

Of a video there are its words, its cover and its numbers; neither its file nor the text of any comment. An account is known
by its `open_id`, which is another for every app.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from archiver.platforms.answers import number_of, read
from archiver.platforms.errors import NoSuchHandleError, UnreadableAnswerError
from archiver.platforms.falling import Falling, moment_of
from archiver.platforms.items import Json, Media, Party, Skipped, State, StreamKind
from archiver.platforms.manners import Draw, Manners, Renewal, TokenHealth, Verdict
from archiver.platforms.pages import AccountRef, AccountStatus, Count, Coverage, Exchange, Lookup, Page
from archiver.platforms.tiktok_items import (
    BASIC_FIELDS,
    COVER,
    SECONDS,
    USER_FIELDS,
    VIDEO_FIELDS,
    profile_item,
    still_good,
    video_item,
)
from archiver.platforms.tiktok_manners import (
    MANIFEST,
    NO_TEXT,
    SCOPE_CODES,
    accepts,
    ask,
    base_url,
    data_of,
    draws,
    error_of,
    headers,
    judge,
    renewed,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from archiver.platforms.contract import Session
    from archiver.platforms.items import Item

_MOST = 20
"""Of a page of video/list, and of the ids of one video/query."""


class TikTok(Manners):
    """The connector. It keeps nothing between two captures."""

    manifest = MANIFEST

    def judge(self, exchange: Exchange) -> Verdict | None:
        """See `tiktok_manners.judge`."""
        return judge(exchange)

    def draws(self, account: AccountRef, method: str, url: str) -> Sequence[Draw]:  # noqa: ARG002 - the protocol's shape
        """See `tiktok_manners.draws`."""
        return draws(url)

    def renew(self, session: Session, account: AccountRef) -> Renewal | None:
        """See `tiktok_manners.renewed`."""
        return renewed(session, account)

    def token(self, session: Session, account: AccountRef) -> TokenHealth | None:
        """Whether the token is good and whose it is. Its end is 2 hours off at the most and no news; what matters is whether it
        can be renewed.
        """
        user, exchanges = self._user(session, account)
        renewable = all(account.settings.get(name) for name in ("refresh_token", "client_key", "client_secret"))
        whose = user.get("username") or user.get("display_name")
        words = f"TikTok takes it as the token of {whose}; " + (
            "it lasts 2 hours and is renewed at each capture"
            if renewable
            else "it ends after 2 hours, since refresh_token, client_key and client_secret are not all set"
        )
        missing = () if "username" in user else ("user.info.profile", "user.info.stats")
        return TokenHealth(alive=True, words=words, missing=missing, exchanges=tuple(exchanges))

    def status(self, session: Session, account: AccountRef) -> AccountStatus:
        """Read the profile of whoever's token it is. Raises `NoSuchHandleError` for a token of another account."""
        user, exchanges = self._user(session, account)
        try:
            profile = profile_item(user, len(exchanges) - 1)
        except (KeyError, TypeError) as error:
            last = exchanges[-1]
            raise UnreadableAnswerError(account.name, last.url, f"it is no user ({error})", last) from error
        handle = profile.author.handle if profile.author else None
        named = {account.handle.lower(), account.handle.lower().removeprefix("@")}
        if account.platform_id is None and handle is not None and not named & {handle.lower(), profile.id.lower()}:
            words = f"the token is that of {handle}"
            raise NoSuchHandleError(account.name, exchanges[-1].url, words, exchanges[-1])
        return AccountStatus(
            profile.id,
            None if account.handle == profile.id else handle,
            State.PRESENT,
            "the account is there",
            exchanges,
            profile=profile,
            profile_id=profile.id,
            counts=[Count(StreamKind.POSTS.value, number_of(user, "video_count"))],
        )

    def _user(self, session: Session, account: AccountRef) -> tuple[dict[str, Any], list[Exchange]]:
        """The account, with all fields, or with those of the basic scope where the others were not granted."""
        exchanges: list[Exchange] = []
        for fields, accept in ((USER_FIELDS, accepts(SCOPE_CODES)), (BASIC_FIELDS, None)):
            exchange = session.get(
                f"{base_url(account)}/v2/user/info/",
                params={"fields": fields},
                headers=headers(account),
                accept_errors=accept,
            )
            exchanges.append(exchange)
            if error_of(exchange) is None:
                break
        user = data_of(account, exchanges[-1]).get("user")
        if not isinstance(user, dict):
            raise UnreadableAnswerError(account.name, exchanges[-1].url, "it has no object 'user'", exchanges[-1])
        return user, exchanges

    def pages(
        self,
        session: Session,
        account: AccountRef,
        stream: StreamKind,  # noqa: ARG002 - there is one listing
        resume: Json,
        validators: Mapping[str, str],  # noqa: ARG002 - the protocol's shape; this API has none
    ) -> Iterator[Page]:
        """Walk the account's videos by the second of their making, newest first, by the cursor of each page.

        A page may be empty and still say that there is more.
        """
        falling, cursor = Falling(SECONDS), None
        if isinstance(resume, dict):
            cursor = resume["cursor"]
            falling.below = None if resume["below"] is None else str(resume["below"])
        while True:
            sent: dict[str, Json] = {"max_count": _MOST, **({} if cursor is None else {"cursor": cursor})}
            data, exchange = ask(session, account, "video/list", VIDEO_FIELDS, sent)
            page = _listed(account, exchange, data)
            more = data.get("has_more") is True
            cursor = _cursor(account, exchange, data) if more else None
            seconds = [moment_of(item.order_key, SECONDS) for item in page.items if item.order_key]
            page.coverage = falling.shown(seconds, last=not more, whole=not page.skipped)
            page.resume = {"cursor": cursor, "below": falling.below} if more else None
            yield page
            if not more:
                return
            falling.check(account, exchange)

    def thread(
        self,
        session: Session,  # noqa: ARG002 - nothing can be asked
        account: AccountRef,  # noqa: ARG002 - as above
        post_id: str,
        known: bytes | None = None,  # noqa: ARG002 - as above
    ) -> Iterator[Page]:
        """Nothing below a video can be read: only that is recorded, beside the number that the video's listing tells."""
        counts = [Count("replies", None, item=post_id, reason=NO_TEXT)]
        whole = Coverage(before=f"{post_id}0", after=f"{post_id}/")
        yield Page((), (), sub_key=post_id, counts=counts, coverage=whole)

    def lookup(self, session: Session, account: AccountRef, ids: Sequence[str]) -> Iterator[Lookup]:
        """Ask for videos by their id (video/query); what it leaves out is not there for the public any more."""
        videos = [each for each in ids if each != account.platform_id]
        if len(videos) < len(ids) and account.platform_id is not None:
            _, exchanges = self._user(session, account)
            yield Lookup(account.platform_id, State.PRESENT, "TikTok shows the profile", exchanges[-1])
        for start in range(0, len(videos), _MOST):
            asked = videos[start : start + _MOST]
            shown, exchange = self._query(session, account, asked)
            for identity in asked:
                if identity in shown:
                    words = "video/query, asked for it by its id, shows it"
                    yield Lookup(identity, State.PRESENT, words, exchange, shown[identity])
                else:
                    words = "video/query, asked for it by its id, does not show it: deleted, or no longer public"
                    yield Lookup(identity, State.GONE_CONFIRMED, words, exchange)

    def _query(self, session: Session, account: AccountRef, ids: Sequence[str]) -> tuple[dict[str, Item], Exchange]:
        data, exchange = ask(session, account, "video/query", VIDEO_FIELDS, {"filters": {"video_ids": list(ids)}})
        page = _listed(account, exchange, data)
        if page.skipped:
            raise UnreadableAnswerError(account.name, exchange.url, page.skipped[0].reason, exchange)
        return {item.id: item for item in page.items}, exchange

    def media_request(self, session: Session, account: AccountRef, media: Media) -> str:
        """The address of a cover, asked for afresh unless it tells that it still lasts. Raises `UnreadableAnswerError`."""
        if media.url is not None and still_good(media.url, datetime.now(UTC)):
            return media.url
        identity = media.id.removesuffix(COVER)
        shown, exchange = self._query(session, account, [identity])
        covers = [each.url for item in shown.values() if item.id == identity for each in item.media if each.url]
        if not covers:
            raise UnreadableAnswerError(account.name, media.id, "TikTok shows no cover of it any more", exchange)
        return covers[0]

    def media_sha256(self, media: Media) -> bytes | None:  # noqa: ARG002 - the protocol's shape
        """None: TikTok tells no digests."""
        return None


def _listed(account: AccountRef, exchange: Exchange, data: Mapping[str, Any]) -> Page:
    """The videos of an answer; without any it may have no list of them at all."""
    videos = data.get("videos")
    if not isinstance(videos, list | None):
        raise UnreadableAnswerError(account.name, exchange.url, "it has no list 'videos'", exchange)
    skipped: list[Skipped] = []
    author = Party(account.platform_id or account.handle, account.handle)
    items = [
        item
        for number, video in enumerate(videos or [])
        if (
            item := read(
                f"the video {number} of the page", skipped, video_item, video, author, 0, f"/data/videos/{number}"
            )
        )
    ]
    return Page(items, [exchange], skipped=skipped)


def _cursor(account: AccountRef, exchange: Exchange, data: Mapping[str, Any]) -> int:
    """Where the next page begins, in Unix milliseconds. Raises `UnreadableAnswerError` where there is more and no such place."""
    cursor = number_of(data, "cursor")
    if cursor is None:
        raise UnreadableAnswerError(account.name, exchange.url, "it says that there is more, and not where", exchange)
    return cursor
