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
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from archiver.platforms import feed_extras, feed_json, feeds
from archiver.platforms.contract import (
    AccountRef,
    AccountStatus,
    Count,
    Coverage,
    Exchange,
    Item,
    Json,
    Lookup,
    Manifest,
    Media,
    Page,
    Session,
    Setting,
    Skipped,
    State,
    StreamKind,
    Tombstone,
)
from archiver.platforms.errors import AccountUnavailableError, NotAFeedError
from archiver.platforms.feed_items import items_of, profile_of
from archiver.platforms.feed_pages import older, order_key
from archiver.platforms.manners import Manners

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/rdf+xml, application/feed+json, application/xml;q=0.9, "
    "text/xml;q=0.9, application/json;q=0.8, */*;q=0.5"
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
        title="RSS, Atom and JSON feeds",
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
            "entries older than the feed shows when it is first captured, unless it names where they are (RFC 5005, `next_url`)",
            (
                "deletions, unless the feed carries tombstones (RFC 6721) or says that it is complete (RFC 5005): an entry no "
                "longer shown may just be old"
            ),
            "comments by readers, and text beyond what the feed carries of an article",
        ),
        sources=(
            "https://www.rfc-editor.org/rfc/rfc4287",
            "https://www.rfc-editor.org/rfc/rfc5005",
            "https://www.rfc-editor.org/rfc/rfc6721",
            "https://www.rssboard.org/rss-specification",
            "https://www.rssboard.org/media-rss",
            "https://www.jsonfeed.org/version/1.1/",
        ),
        lookups=False,
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
        resume: Json,
        validators: Mapping[str, str],
    ) -> Iterator[Page]:
        """Bring the feed as one page, or one that says `unchanged`, and the pages of older entries that it leads to.

        Raises:
            AccountUnavailableError: 401, 403, 404, 410 or 451, with the status to record.
            NotAFeedError: What came is no feed, or no entry of it can be read.
            ValueError: For another stream than posts, or a time zone that does not exist.
        """
        if stream is not StreamKind.POSTS:
            raise ValueError(f"{account.name}: a feed has posts only, no stream {stream.value!r}")
        zone = _zone(account)
        seen: set[str] = set()
        place = resume.get("url") if isinstance(resume, dict) else None
        if not isinstance(place, str):
            place = None
            for page in self._first(session, account, validators, zone):
                seen.update(item.id for item in page.items)
                place = _place(page.resume)
                yield page
        while place is not None:
            page = _older(session, account, place, zone, seen)
            seen.update(item.id for item in page.items)
            place = _place(page.resume)
            yield page

    @staticmethod
    def _first(
        session: Session, account: AccountRef, validators: Mapping[str, str], zone: ZoneInfo | None
    ) -> Iterator[Page]:
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
        page, profile = _page(account, exchange, zone)
        page.counts = [Count(of=StreamKind.POSTS.value, platform=None, reason=_NO_COUNT)]
        page.validators = _validators(url, exchange)
        page.status = dataclasses.replace(status, profile=profile)
        yield page

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


def _older(session: Session, account: AccountRef, url: str, zone: ZoneInfo | None, seen: Collection[str]) -> Page:
    """A page of older entries. One that is not there, is no feed or brings nothing new ends the walk, with a note: it is the feed
    that leads there, and the feed itself was read.
    """
    exchange = session.get(url, headers={"Accept": _ACCEPT}, accept_errors=_is_about_the_account)
    what = f"the feed's older entries at {exchange.url}"
    if _is_about_the_account(exchange):
        why = f"they are not there ({exchange.status} {exchange.reason})".replace(" )", ")")
        return Page([], [exchange], skipped=[Skipped(what, why, lost=False)], keep=True)
    try:
        page, _ = _page(account, exchange, zone)
    except NotAFeedError as error:
        return Page([], [exchange], skipped=[Skipped(what, error.why, lost=False)], keep=True)
    page.coverage = None
    if not {item.id for item in page.items} - set(seen):
        page.resume = None
        page.skipped = [*page.skipped, Skipped(what, "the page shows nothing that was not shown before", lost=False)]
    return page


def _place(resume: Json) -> str | None:
    return str(resume["url"]) if isinstance(resume, dict) else None


def _page(account: AccountRef, exchange: Exchange, zone: ZoneInfo | None) -> tuple[Page, Item]:
    """What a document shows, and what its head says of the feed. Raises `NotAFeedError`."""
    namespace = _namespace(account)
    try:
        if feed_json.is_json(exchange.body):
            feed = feed_json.read(exchange.body, exchange.url)
        else:
            feed = feeds.read(exchange.body, exchange.response_headers, exchange.url)
    except feeds.NoFeed as error:
        raise NotAFeedError(account.name, exchange.url, str(error), exchange) from None
    extras = feed_extras.read(feed.text)
    items, skipped = items_of(feed, namespace, extras.descriptions, zone)
    shown = {item.id for item in items}
    following = None if extras.complete else older(feed, exchange.url)
    page = Page(
        items=[dataclasses.replace(item, exchange=0, order_key=order_key(item)) for item in items],
        exchanges=[exchange],
        resume=None if following is None else {"url": following},
        coverage=Coverage(None, None) if extras.complete and not any(each.lost for each in feed.notes) else None,
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
        skipped=[*feed.notes, *skipped],
    )
    return page, dataclasses.replace(profile_of(feed, namespace), exchange=0)


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
