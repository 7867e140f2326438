"""The comments below the entries that a feed shows: each entry's own feed of comments, read to its oldest page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archiver.platforms import feed_json, feeds
from archiver.platforms.errors import NotAFeedError
from archiver.platforms.feed_comments import comment_feeds, comments
from archiver.platforms.feed_items import ids_of
from archiver.platforms.pages import Page
from archiver.platforms.rss_documents import namespace_of, place_of, read_older

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from archiver.platforms.contract import Session
    from archiver.platforms.pages import AccountRef, Exchange


def read_comments(session: Session, account: AccountRef, document: Exchange, zone: ZoneInfo | None) -> Iterator[Page]:
    """The feed itself without its entries, then each page of each feed of comments that an entry names.

    A feed of comments that is not there, or is none, is a note: the entry that leads there was read. Raises `NotAFeedError` where
    the feed itself is none.
    """
    try:
        feed = (
            feed_json.read(document.body, document.url)
            if feed_json.is_json(document.body)
            else feeds.read(document.body, document.response_headers, document.url)
        )
    except feeds.NoFeed as error:
        raise NotAFeedError(account.name, document.url, str(error), document) from None
    waiting = list(comment_feeds(feed, ids_of(feed, namespace_of(account), zone)).items())
    yield Page([], [document], resume={"feeds": len(waiting)} if waiting else None)
    for left, (address, post) in zip(range(len(waiting) - 1, -1, -1), waiting, strict=True):
        place: str | None = address
        seen: set[str] = set()
        while place is not None:
            page = read_older(session, account, place, zone, seen)
            seen.update(item.id for item in page.items)
            place = place_of(page.resume)
            page.items = comments(page.items, post)
            page.resume = {"feeds": left, "url": place} if left or place else None
            yield page
