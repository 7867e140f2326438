"""RSS, Atom and JSON Feed: the connector of a city's news feeds.

A feed is a sliding window over its newest entries: its head speaks of the account, its entries are the posts. So `status` asks
nothing (a second fetch of the same bytes would say nothing more), and `pages` brings both, or raises `AccountUnavailableError`
with what the status would have said. Some feeds say where older entries are (RFC 5005): those pages are walked like any listing.
An entry that is no longer shown has left the window, which says nothing of it: no page covers a range, but that of a feed which
says that it is complete.

Sources: RFC 4287 (Atom), RFC 5005 (paged, archived and complete feeds), RFC 6721 (tombstones), the RSS 2.0 specification, JSON
Feed 1.1, RFC 9110 (conditional requests).
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from archiver.platforms.errors import AccountUnavailableError
from archiver.platforms.items import Json, Media, State, StreamKind
from archiver.platforms.manners import Manners
from archiver.platforms.pages import AccountRef, AccountStatus, Count, Exchange, Lookup, Page
from archiver.platforms.rss_comments import read_comments
from archiver.platforms.rss_documents import (
    ACCEPT,
    GONE,
    NOT_MODIFIED,
    WORDS,
    is_about_the_account,
    namespace_of,
    place_of,
    read_older,
    read_page,
    zone_of,
)
from archiver.platforms.rss_manifest import COMMENTS, MANIFEST

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from archiver.platforms.contract import Session

_PERMANENT = frozenset({301, 308})
_NO_COUNT = "a feed shows the newest entries only and gives no count"


class Rss(Manners):
    """The connector of RSS and Atom feeds of every dialect that `feedparser` reads."""

    manifest = MANIFEST

    def streams(self, account: AccountRef) -> Sequence[StreamKind]:
        """Comments are read where the account's setting asks for them."""
        return self.manifest.streams if account.settings.get(COMMENTS) == "yes" else (StreamKind.POSTS,)

    def status(self, session: Session, account: AccountRef) -> AccountStatus:  # noqa: ARG002 - the protocol's shape
        """Say that the feed itself will tell: no request is made, `pages` brings the status with its page."""
        return AccountStatus(
            platform_id=namespace_of(account),
            handle=account.handle,
            profile_id=namespace_of(account),
            state=State.PRESENT,
            words="a feed has no status apart from itself; its page says how it stands",
        )

    def pages(
        self,
        session: Session,
        account: AccountRef,
        stream: StreamKind,
        resume: Json,
        validators: Mapping[str, str],
    ) -> Iterator[Page]:
        """Bring the feed as one page, or one that says `unchanged`, and the pages of older entries that it leads to.

        Raises:
            AccountUnavailableError: 401, 403, 404, 410 or 451, with the status to record.
            NotAFeedError: What came is no feed, or no entry of it can be read.
            ValueError: For another stream than posts and comments, or a time zone that does not exist.
        """
        zone = zone_of(account)
        if stream is StreamKind.COMMENTS:
            document = self._asked(session, account, {"Accept": ACCEPT})
            yield from read_comments(session, account, document, zone)
            return
        if stream is not StreamKind.POSTS:
            raise ValueError(f"{account.name}: a feed has posts and comments only, no stream {stream.value!r}")
        seen: set[str] = set()
        place = resume.get("url") if isinstance(resume, dict) else None
        if not isinstance(place, str):
            place = None
            for page in self._first(session, account, validators, zone):
                seen.update(item.id for item in page.items)
                place = place_of(page.resume)
                yield page
        while place is not None:
            page = read_older(session, account, place, zone, seen)
            seen.update(item.id for item in page.items)
            place = place_of(page.resume)
            yield page

    @staticmethod
    def _first(
        session: Session, account: AccountRef, validators: Mapping[str, str], zone: ZoneInfo | None
    ) -> Iterator[Page]:
        url = _url(account)
        exchange = Rss._asked(session, account, _headers(url, validators))
        status = _present(account, exchange)
        if exchange.status == NOT_MODIFIED:
            fresh = _validators(url, exchange)
            # A 304 need not repeat its validators (RFC 9110, 15.4.5): those that were sent still hold.
            yield Page([], [exchange], unchanged=True, validators={**validators, **fresh}, status=status)
            return
        page, profile = read_page(account, exchange, zone)
        page.counts = [Count(of=StreamKind.POSTS.value, platform=None, reason=_NO_COUNT)]
        page.validators = _validators(url, exchange)
        page.status = dataclasses.replace(status, profile=profile)
        yield page

    @staticmethod
    def _asked(session: Session, account: AccountRef, headers: Mapping[str, str]) -> Exchange:
        exchange = session.get(_url(account), headers=headers, accept_errors=is_about_the_account)
        if is_about_the_account(exchange):
            raise AccountUnavailableError(account.name, _unavailable(account, exchange))
        return exchange

    def thread(
        self,
        session: Session,  # noqa: ARG002 - the protocol's shape, here and below
        account: AccountRef,  # noqa: ARG002
        post_id: str,  # noqa: ARG002
        known: bytes | None = None,  # noqa: ARG002
    ) -> Iterator[Page]:
        """Nothing: comments come by feeds of their own, if at all (`pages`), never below an entry."""
        return iter(())

    def lookup(self, session: Session, account: AccountRef, ids: Sequence[str]) -> Iterator[Lookup]:  # noqa: ARG002
        """Say of each that a feed cannot be asked for a single entry."""
        for identity in ids:
            yield Lookup(id=identity, state=None, words="a feed cannot be asked for a single entry")

    def media_request(self, session: Session, account: AccountRef, media: Media) -> str:  # noqa: ARG002
        """The medium's own address: a feed's addresses do not expire."""
        return media.url or media.id

    def media_sha256(self, media: Media) -> bytes | None:  # noqa: ARG002
        """None: a feed's media have addresses only, which do not tell their bytes."""
        return None


def _unavailable(account: AccountRef, exchange: Exchange) -> AccountStatus:
    """The status of a feed that cannot be read, in words that say what the server answered."""
    return AccountStatus(
        platform_id=namespace_of(account),
        handle=account.handle,
        profile_id=namespace_of(account),
        state=State.GONE_CONFIRMED if exchange.status == GONE else State.ACCESS_LOST,
        words=f"{exchange.url} answered {exchange.status} {exchange.reason}".rstrip() + f": {WORDS[exchange.status]}",
        exchanges=(exchange,),
    )


def _present(account: AccountRef, exchange: Exchange) -> AccountStatus:
    """The status of a feed that answered, with the new address if every hop on the way there was permanent."""
    moved = None
    if exchange.redirects and all(status in _PERMANENT for status, _ in exchange.redirects):
        moved = exchange.redirects[-1][1]
    return AccountStatus(
        platform_id=namespace_of(account),
        handle=account.handle,
        profile_id=namespace_of(account),
        state=State.PRESENT,
        words=f"the feed has moved for good to {moved}; set the account's `url` to it" if moved else "the feed answers",
        settings={"url": moved} if moved else {},
    )


def _headers(url: str, validators: Mapping[str, str]) -> dict[str, str]:
    """The request's headers; validators go back verbatim, and only to the address that gave them."""
    headers = {"Accept": ACCEPT}
    if validators.get("url") == url:
        for header, name in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
            if validators.get(name):
                headers[header] = validators[name]
    return headers


def _validators(url: str, exchange: Exchange) -> dict[str, str]:
    found = {name: value for name in ("ETag", "Last-Modified") if (value := exchange.header(name))}
    return {"url": url, **found} if found else {}


def _url(account: AccountRef) -> str:
    return str(account.settings.get("url") or namespace_of(account))
