"""Flickr: the public photos and videos of an account, with everything that is written below them.

An account is known by its NSID (`12345678@N00`), and found by that or by the name in its addresses.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from archiver.platforms.answers import list_of, number_of, read, text_of
from archiver.platforms.errors import NoSuchHandleError, UnreadableAnswerError
from archiver.platforms.flickr_items import (
    EXTRAS,
    comment_item,
    largest,
    photo_item,
    profile_item,
)
from archiver.platforms.flickr_manners import (
    MANIFEST,
    NOT_FOUND,
    PERMISSION_DENIED,
    USER_DELETED,
    call,
    draws,
    failure,
    judge,
)
from archiver.platforms.flickr_walk import Walk
from archiver.platforms.items import Item, Json, Media, Skipped, State, StreamKind
from archiver.platforms.manners import Draw, Manners, TokenHealth, Verdict
from archiver.platforms.pages import AccountRef, AccountStatus, Count, Coverage, Exchange, Lookup, Page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from archiver.platforms.contract import Session

_CHUNK = 500
_NSID = re.compile(r"[0-9]+@N[0-9]+", re.ASCII)


class Flickr(Manners):
    """The connector. It keeps nothing between two captures."""

    manifest = MANIFEST

    def judge(self, exchange: Exchange) -> Verdict | None:
        """See `flickr_manners.judge`."""
        return judge(exchange)

    def draws(self, account: AccountRef, method: str, url: str) -> Sequence[Draw]:  # noqa: ARG002 - the protocol's shape
        """See `flickr_manners.draws`."""
        return draws(url)

    def token(self, session: Session, account: AccountRef) -> TokenHealth | None:
        """Whether Flickr knows the API key (flickr.test.echo). A key does not end by itself."""
        _, exchange = call(session, account, "test.echo", {})
        return TokenHealth(alive=True, words="Flickr takes the API key, which has no end", exchanges=(exchange,))

    def status(self, session: Session, account: AccountRef) -> AccountStatus:
        """Find the account by its NSID, or the name in its addresses, and read its profile."""
        exchanges: list[Exchange] = []
        nsid = account.platform_id or self._nsid(session, account, exchanges)
        gone = (NOT_FOUND, USER_DELETED)
        answer, exchange = call(session, account, "people.getInfo", {"user_id": nsid}, gone)
        exchanges.append(exchange)
        if failed := failure(exchange):
            if account.platform_id is None:
                raise NoSuchHandleError(account.name, exchange.url, f"Flickr answers {failed[1]}", exchange)
            words = f"Flickr answers {failed[1]}"
            return AccountStatus(nsid, None, State.GONE_CONFIRMED, words, exchanges, profile_id=nsid)
        person = _object(account, exchange, answer, "person")
        try:
            profile = profile_item(person, len(exchanges) - 1)
            handle = None if _NSID.fullmatch(account.handle) else text_of(person, "path_alias") or None
            photos = number_of((person.get("photos") or {}).get("count") or {}, "_content")
        except (AttributeError, KeyError, TypeError) as error:
            raise UnreadableAnswerError(account.name, exchange.url, f"it is no person ({error})", exchange) from error
        return AccountStatus(
            nsid,
            handle,
            State.PRESENT,
            "the account is there",
            exchanges,
            profile=profile,
            profile_id=nsid,
            counts=[Count(StreamKind.POSTS.value, photos)],
        )

    def _nsid(self, session: Session, account: AccountRef, exchanges: list[Exchange]) -> str:
        if _NSID.fullmatch(account.handle):
            return account.handle
        page = f"https://www.flickr.com/photos/{account.handle}/"
        answer, exchange = call(session, account, "urls.lookupUser", {"url": page}, (NOT_FOUND,))
        exchanges.append(exchange)
        if failed := failure(exchange):
            raise NoSuchHandleError(account.name, exchange.url, f"Flickr answers {failed[1]} for {page}", exchange)
        nsid = _object(account, exchange, answer, "user").get("id")
        if not isinstance(nsid, str) or not nsid:
            raise UnreadableAnswerError(account.name, exchange.url, "it names no user", exchange)
        return nsid

    def pages(
        self,
        session: Session,
        account: AccountRef,
        stream: StreamKind,  # noqa: ARG002 - there is one listing
        resume: Json,
        validators: Mapping[str, str],  # noqa: ARG002 - the protocol's shape; this API has none
    ) -> Iterator[Page]:
        """Walk the account's photos by the second of their upload, newest first.

        Flickr numbers its pages, so that what is removed meanwhile moves the rest up: where the total has shrunk since the
        page before, the walk steps back by as many. A page may hold fewer than asked for (`perpage` says how many places it
        has); of photos uploaded in the same second the next page may have more.
        """
        walk = Walk.begun(resume)
        while True:
            asked: dict[str, str | int] = {
                "user_id": account.platform_id or account.handle,
                "extras": EXTRAS,
                "per_page": walk.size,
                "page": walk.start // walk.size + 1,
            }
            answer, exchange = call(session, account, "people.getPublicPhotos", asked)
            listing = _object(account, exchange, answer, "photos")
            photos = list_of(account, exchange, listing, "photo")
            if walk.shrunk(listing):
                continue
            page = _listed(photos, exchange)
            page.coverage = walk.on(listing, page)
            page.resume = walk.resume
            yield page
            if walk.ended:
                return
            walk.falling.check(account, exchange)

    def thread(self, session: Session, account: AccountRef, post_id: str, known: bytes | None = None) -> Iterator[Page]:
        """The comments below a photo, which come in one answer."""
        answer, exchange = call(session, account, "photos.comments.getList", {"photo_id": post_id})
        whole = Coverage(before=f"{post_id}0", after=f"{post_id}/")
        if known is not None and exchange.received_sha256 == known:
            yield Page((), [exchange], sub_key=post_id, coverage=whole, unchanged=True)
            return
        skipped: list[Skipped] = []
        items: list[Item] = []
        for item in _comments(account, exchange, answer, post_id, skipped):
            if len(items) >= _CHUNK:
                yield Page(items, [exchange], sub_key=post_id)
                items = []
            items.append(item)
        coverage = None if skipped else whole
        yield Page(items, [exchange], sub_key=post_id, skipped=skipped, coverage=coverage)

    def lookup(self, session: Session, account: AccountRef, ids: Sequence[str]) -> Iterator[Lookup]:
        """Ask for photos at their own address; for a comment, for all comments of its photo."""
        listed: dict[str, tuple[dict[str, Item], Exchange]] = {}
        for identity in ids:
            if _NSID.fullmatch(identity):
                yield self._looked_up(session, account, identity, "people.getInfo", {"user_id": identity})
            elif "-" not in identity:
                yield self._looked_up(session, account, identity, "photos.getInfo", {"photo_id": identity})
            else:
                photo = identity.split("-")[1]
                if photo not in listed:
                    listed[photo] = self._all_comments(session, account, photo)
                yield _comment_found(identity, *listed[photo])

    def _looked_up(
        self, session: Session, account: AccountRef, identity: str, method: str, asked: dict[str, str | int]
    ) -> Lookup:
        accepted = (NOT_FOUND, PERMISSION_DENIED, USER_DELETED)
        _, exchange = call(session, account, method, asked, accepted)
        failed = failure(exchange)
        if failed is None:
            return Lookup(identity, State.PRESENT, "its own address shows it", exchange)
        state = State.HIDDEN if failed[0] == PERMISSION_DENIED else State.GONE_CONFIRMED
        return Lookup(identity, state, f"its own address answers {failed[1]}", exchange)

    def _all_comments(self, session: Session, account: AccountRef, photo: str) -> tuple[dict[str, Item], Exchange]:
        answer, exchange = call(session, account, "photos.comments.getList", {"photo_id": photo}, (NOT_FOUND,))
        if failure(exchange):
            return {}, exchange
        return {item.id: item for item in _comments(account, exchange, answer, photo, [])}, exchange

    def media_request(self, session: Session, account: AccountRef, media: Media) -> str:
        """The address of the original, or the largest form; a video's is asked for (flickr.photos.getSizes).

        Raises `UnreadableAnswerError` where Flickr gives none out.
        """
        if media.url is not None:
            return media.url
        answer, exchange = call(session, account, "photos.getSizes", {"photo_id": media.id.partition("_")[0]})
        sizes = list_of(account, exchange, _object(account, exchange, answer, "sizes"), "size")
        url = largest(sizes, media.kind)
        if url is None:
            raise UnreadableAnswerError(
                account.name, media.id, f"Flickr gives out no file of the {media.kind}", exchange
            )
        return url

    def media_sha256(self, media: Media) -> bytes | None:  # noqa: ARG002 - the protocol's shape
        """None: Flickr tells no digests."""
        return None


def _object(account: AccountRef, exchange: Exchange, answer: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = answer.get(name)
    if not isinstance(found, dict):
        raise UnreadableAnswerError(account.name, exchange.url, f"it has no object {name!r}", exchange)
    return found


def _listed(photos: list[Any], exchange: Exchange) -> Page:
    skipped: list[Skipped] = []
    items = [
        item
        for number, photo in enumerate(photos)
        if (item := read(f"the photo {number} of the page", skipped, photo_item, photo, 0, f"/photos/photo/{number}"))
    ]
    return Page(items, [exchange], skipped=skipped)


def _comments(
    account: AccountRef, exchange: Exchange, answer: Mapping[str, Any], photo: str, skipped: list[Skipped]
) -> Iterator[Item]:
    """The comments of an answer; without any it has no list of them at all."""
    found = _object(account, exchange, answer, "comments")
    listed = list_of(account, exchange, found, "comment") if "comment" in found else []
    for number, each in enumerate(listed):
        listed[number] = None  # what was read need not be held
        what = f"the comment {number} below {photo}"
        if item := read(what, skipped, comment_item, each, photo, 0, f"/comments/comment/{number}"):
            yield item


def _comment_found(identity: str, shown: Mapping[str, Item], exchange: Exchange) -> Lookup:
    if failed := failure(exchange):
        return Lookup(
            identity, State.GONE_CONFIRMED, f"gone with its photo, whose address answers {failed[1]}", exchange
        )
    if identity in shown:
        return Lookup(identity, State.PRESENT, "the list of its photo's comments has it", exchange, shown[identity])
    words = "the whole list of its photo's comments, asked for again, does not have it"
    return Lookup(identity, State.GONE_CONFIRMED, words, exchange)
