"""What readers wrote below a feed's entries, where an entry names a feed of it.

RSS has `wfw:commentRss` for that (the Well-Formed Web's comment module), Atom a link `replies` whose type is a feed's (RFC 4685,
section 4). Such a feed is read to its oldest page; each of its entries is a comment of the entry that named it.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from archiver.platforms.feed_values import raw, rows
from archiver.platforms.items import Item, ItemKind, Reference, ReferenceKind
from archiver.platforms.text import resolve

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from archiver.platforms.feeds import Feed

_FEEDS = ("application/atom+xml", "application/rss+xml", "application/feed+json")


def comment_feeds(feed: Feed, ids: Sequence[str]) -> dict[str, str]:
    """The addresses of the comments' feeds, each with the id of the entry that names it first. `ids`: of each entry, in order."""
    found: dict[str, str] = {}
    for entry, identity in zip(feed.entries, ids, strict=True):
        address = _address(entry)
        if address:
            found.setdefault(resolve(feed.base, address.strip()), identity)
    return found


def comments(items: Iterable[Item], post: str) -> list[Item]:
    """The entries of a comments' feed as comments of a post."""
    places = (Reference(ReferenceKind.PARENT, post), Reference(ReferenceKind.ROOT, post))
    return [
        dataclasses.replace(item, kind=ItemKind.COMMENT, references=places, order_key=None)
        for item in items
        if item.id != post
    ]


def _address(entry: Mapping[str, Any]) -> str | None:
    told = raw(entry, "wfw_commentrss")
    if isinstance(told, str) and told.strip():
        return told
    for link in rows(entry, "links"):
        if link.get("rel") == "replies" and link.get("type") in _FEEDS and isinstance(link.get("href"), str):
            return str(link["href"])
    return None
