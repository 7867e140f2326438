"""A feed that goes on: where its older entries are (RFC 5005), and reading from page to page without going in circles.

A paged feed (section 3) has a link `next`, an archived one (section 4) a link `prev-archive`; JSON Feed has `next_url`. A feed
that says it is complete (section 2) shows all that there is, so that what it no longer shows was taken out of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urldefrag

from archiver.platforms.feed_values import rows
from archiver.platforms.text import resolve

if TYPE_CHECKING:
    from datetime import datetime

    from archiver.platforms.feeds import Feed
    from archiver.platforms.items import Item

_ON = ("next", "prev-archive")


def older(feed: Feed, url: str) -> str | None:
    """The address of the entries before those of this document; None where it names none but itself."""
    links = [row for row in rows(feed.head, "links") if isinstance(row.get("href"), str) and row["href"].strip()]
    for relation in _ON:
        for link in links:
            if str(link.get("rel")).lower() == relation:
                address = urldefrag(resolve(feed.base, link["href"].strip()))[0]
                if address not in {urldefrag(url)[0], urldefrag(feed.base)[0]}:
                    return address
    return None


def order_key(item: Item) -> str:
    """Where an entry stands in its feed: by its time, then by its id. A feed's own order is nobody's promise."""
    at: datetime | None = item.created_at or item.edited_at
    return f"{at:%Y-%m-%dT%H:%M:%S} {item.id}" if at is not None else f" {item.id}"
