"""One document of a feed as a page of the walk: the feed itself, a page of older entries, or a feed of comments."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from archiver.platforms import feed_extras, feed_json, feeds
from archiver.platforms.errors import NotAFeedError
from archiver.platforms.feed_items import items_of, profile_of
from archiver.platforms.feed_pages import older, order_key
from archiver.platforms.items import Skipped, State, Tombstone
from archiver.platforms.pages import Coverage, Page

if TYPE_CHECKING:
    from collections.abc import Collection

    from archiver.platforms.contract import Session
    from archiver.platforms.items import Item, Json
    from archiver.platforms.pages import AccountRef, Exchange

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/rdf+xml, application/feed+json, application/xml;q=0.9, "
    "text/xml;q=0.9, application/json;q=0.8, */*;q=0.5"
)
NOT_MODIFIED = 304
GONE = 410
WORDS: dict[int, str] = {
    401: "the feed asks for a log-in",
    403: "the feed's server forbids reading it",
    404: "the feed is not at its address; that it was moved is as likely as that it was ended",
    GONE: "the feed's server says that it is gone for good",
    451: "the feed's server withholds it for legal reasons",
}


def read_older(session: Session, account: AccountRef, url: str, zone: ZoneInfo | None, seen: Collection[str]) -> Page:
    """A page of older entries. One that is not there, is no feed or brings nothing new ends the walk, with a note: it is the feed
    that leads there, and the feed itself was read.
    """
    exchange = session.get(url, headers={"Accept": ACCEPT}, accept_errors=is_about_the_account)
    what = f"the feed's further entries at {exchange.url}"
    if is_about_the_account(exchange):
        why = f"they are not there ({exchange.status} {exchange.reason})".replace(" )", ")")
        return Page([], [exchange], skipped=[Skipped(what, why, lost=False)], keep=True)
    try:
        page, _ = read_page(account, exchange, zone)
    except NotAFeedError as error:
        return Page([], [exchange], skipped=[Skipped(what, error.why, lost=False)], keep=True)
    page.coverage = None
    if not {item.id for item in page.items} - set(seen):
        page.resume = None
        if page.items:
            page.skipped = [
                *page.skipped,
                Skipped(what, "the page shows nothing that was not shown before", lost=False),
            ]
    return page


def place_of(resume: Json) -> str | None:
    """The address where a walk goes on."""
    return str(resume["url"]) if isinstance(resume, dict) else None


def read_page(account: AccountRef, exchange: Exchange, zone: ZoneInfo | None) -> tuple[Page, Item]:
    """What a document shows, and what its head says of the feed. Raises `NotAFeedError`."""
    namespace = namespace_of(account)
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


def is_about_the_account(exchange: Exchange) -> bool:
    """Whether an answer is an error that says something of the feed, not of the moment."""
    return exchange.status in WORDS


def namespace_of(account: AccountRef) -> str:
    """The account's stable id: the address the feed was registered with, wherever it is fetched from now."""
    return account.platform_id or account.handle


def zone_of(account: AccountRef) -> ZoneInfo | None:
    """The zone of times that name none, by the account's setting. Raises `ValueError` for one that does not exist."""
    name = account.settings.get("time_zone")
    try:
        return ZoneInfo(str(name)) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(
            f"{account.name}: the setting time_zone is {name!r}, which is no IANA time zone such as America/Los_Angeles"
        ) from None
