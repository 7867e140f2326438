"""RSS and Atom: the connector of a city's news feeds.

A feed is a sliding window over its newest entries and has one address only: its head speaks of the account, its entries
are the posts. So `status` asks nothing (a second fetch of the same bytes would say nothing more), and `pages` brings
both, or raises `AccountUnavailableError` with what the status would have said. An entry that is no longer shown has
left the window, which says nothing of it: no page ever covers a range.

Sources: RFC 4287 (Atom), RFC 6721 (tombstones), the RSS 2.0 specification, RFC 9110 (conditional requests).
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from archiver.platforms import feed_extras, feeds
from archiver.platforms.contract import (
    AccountRef,
    AccountStatus,
    Count,
    Exchange,
    Json,
    Lookup,
    Manifest,
    Media,
    Page,
    Session,
    Setting,
    State,
    StreamKind,
    Tombstone,
)
from archiver.platforms.errors import AccountUnavailableError, NotAFeedError
from archiver.platforms.feed_items import items_of, profile_of
from archiver.platforms.manners import Manners

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/rdf+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"
)
_NOT_MODIFIED = 304
_GONE = 410
_WORDS: dict[int, str] = {
    401: "the feed asks for a log-in",
    403: "the feed's server forbids reading it",
    404: "the feed is not at its address; that it was moved is as likely as that it was ended",
    _GONE: "the feed's server says that it is gone for good",
    451: "the feed's server withholds it for legal reasons",
}
_PERMANENT = frozenset({301, 308})
_NO_COUNT = "a feed shows the newest entries only and gives no count"


class Rss(Manners):
    """The connector of RSS and Atom feeds of every dialect that `feedparser` reads."""

    manifest = Manifest(
        name="rss",
        title="RSS and Atom feeds",
        streams=(StreamKind.POSTS,),
        settings=(
            Setting(
                name="url",
                help="Where the feed is fetched from now, if it has moved from the address it was registered with",
            ),
            Setting(
                name="time_zone",
                help="IANA name of the zone of times that name none, such as America/Los_Angeles; without it those are "
                "kept as text only",
            ),
        ),
        permissions=("none: feeds are public",),
        limits=(
            "none published; Retry-After is obeyed, and an unchanged feed is not sent again (ETag, Last-Modified)",
        ),
        cannot_see=(
            "entries that entered and left the feed between two captures",
            "entries older than the feed shows when it is first captured",
            "deletions, unless the feed carries tombstones (RFC 6721): an entry no longer shown may just be old",
            "comments by readers, and text beyond what the feed carries of an article",
        ),
        sources=(
            "https://www.rfc-editor.org/rfc/rfc4287",
            "https://www.rfc-editor.org/rfc/rfc6721",
            "https://www.rssboard.org/rss-specification",
            "https://www.rssboard.org/media-rss",
        ),
    )

    def status(self, session: Session, account: AccountRef) -> AccountStatus:  # noqa: ARG002 - the protocol's shape
        """Say that the feed itself will tell: no request is made, `pages` brings the status with its page."""
        return AccountStatus(
            platform_id=_namespace(account),
            handle=account.handle,
            profile_id=_namespace(account),
            state=State.PRESENT,
            words="a feed has no status apart from itself; its page says how it stands",
        )

    def pages(
        self,
        session: Session,
        account: AccountRef,
        stream: StreamKind,
        resume: Json,  # noqa: ARG002 - a feed is one page, there is nothing to resume
        validators: Mapping[str, str],
    ) -> Iterator[Page]:
        """Bring the feed as one page, or one that says `unchanged`.

        Raises:
            AccountUnavailableError: 401, 403, 404, 410 or 451, with the status to record.
            NotAFeedError: What came is no feed, or no entry of it can be read.
            ValueError: For another stream than posts, or a time zone that does not exist.
        """
        if stream is not StreamKind.POSTS:
            raise ValueError(f"{account.name}: a feed has posts only, no stream {stream.value!r}")
        zone = _zone(account)
        url = _url(account)
        exchange = session.get(url, headers=_headers(url, validators), accept_errors=_is_about_the_account)
        if _is_about_the_account(exchange):
            raise AccountUnavailableError(account.name, _unavailable(account, exchange))
        status = _present(account, exchange)
        if exchange.status == _NOT_MODIFIED:
            fresh = _validators(url, exchange)
            # A 304 need not repeat its validators (RFC 9110, 15.4.5): those that were sent still hold.
            yield Page([], [exchange], unchanged=True, validators={**validators, **fresh}, status=status)
            return
        yield _page(account, url, exchange, status, zone)

    def thread(
        self,
        session: Session,  # noqa: ARG002 - the protocol's shape, here and below
        account: AccountRef,  # noqa: ARG002
        post_id: str,  # noqa: ARG002
        known: bytes | None = None,  # noqa: ARG002
    ) -> Iterator[Page]:
        """Nothing: a feed does not carry its readers' comments."""
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


def _page(account: AccountRef, url: str, exchange: Exchange, status: AccountStatus, zone: ZoneInfo | None) -> Page:
    """The page of a feed that was sent."""
    namespace = _namespace(account)
    try:
        feed = feeds.read(exchange.body, exchange.response_headers, exchange.url)
    except feeds.NoFeed as error:
        raise NotAFeedError(account.name, exchange.url, str(error), exchange) from None
    extras = feed_extras.read(feed.text)
    items, skipped = items_of(feed, namespace, extras.descriptions, zone)
    shown = {item.id for item in items}
    return Page(
        items=[dataclasses.replace(item, exchange=0) for item in items],
        exchanges=[exchange],
        tombstones=[
            Tombstone(
                id=deleted.id,
                state=State.GONE_CONFIRMED,
                words=f"deleted-entry of {deleted.when or 'no date'}{': ' if deleted.comment else ''}{deleted.comment}",
                exchange=0,
                namespace=namespace,
            )
            for deleted in extras.deleted
            if deleted.id not in shown
        ],
        counts=[Count(of=StreamKind.POSTS.value, platform=None, reason=_NO_COUNT)],
        skipped=[*feed.notes, *skipped],
        validators=_validators(url, exchange),
        status=dataclasses.replace(status, profile=dataclasses.replace(profile_of(feed, namespace), exchange=0)),
    )


def _is_about_the_account(exchange: Exchange) -> bool:
    return exchange.status in _WORDS


def _unavailable(account: AccountRef, exchange: Exchange) -> AccountStatus:
    """The status of a feed that cannot be read, in words that say what the server answered."""
    return AccountStatus(
        platform_id=_namespace(account),
        handle=account.handle,
        profile_id=_namespace(account),
        state=State.GONE_CONFIRMED if exchange.status == _GONE else State.ACCESS_LOST,
        words=f"{exchange.url} answered {exchange.status} {exchange.reason}".rstrip() + f": {_WORDS[exchange.status]}",
        exchanges=(exchange,),
    )


def _present(account: AccountRef, exchange: Exchange) -> AccountStatus:
    """The status of a feed that answered, with the new address if every hop on the way there was permanent."""
    moved = None
    if exchange.redirects and all(status in _PERMANENT for status, _ in exchange.redirects):
        moved = exchange.redirects[-1][1]
    return AccountStatus(
        platform_id=_namespace(account),
        handle=account.handle,
        profile_id=_namespace(account),
        state=State.PRESENT,
        words=f"the feed has moved for good to {moved}; set the account's `url` to it" if moved else "the feed answers",
        settings={"url": moved} if moved else {},
    )


def _headers(url: str, validators: Mapping[str, str]) -> dict[str, str]:
    """The request's headers; validators go back verbatim, and only to the address that gave them."""
    headers = {"Accept": _ACCEPT}
    if validators.get("url") == url:
        for header, name in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
            if validators.get(name):
                headers[header] = validators[name]
    return headers


def _validators(url: str, exchange: Exchange) -> dict[str, str]:
    found = {name: value for name in ("ETag", "Last-Modified") if (value := exchange.header(name))}
    return {"url": url, **found} if found else {}


def _namespace(account: AccountRef) -> str:
    """The account's stable id: the address the feed was registered with, wherever it is fetched from now."""
    return account.platform_id or account.handle


def _url(account: AccountRef) -> str:
    return str(account.settings.get("url") or _namespace(account))


def _zone(account: AccountRef) -> ZoneInfo | None:
    name = account.settings.get("time_zone")
    try:
        return ZoneInfo(str(name)) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(
            f"{account.name}: the setting time_zone is {name!r}, which is no IANA time zone such as America/Los_Angeles"
        ) from None
