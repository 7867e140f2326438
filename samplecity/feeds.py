"""The city's news feeds: RSS 2.0 and Atom 1.0, with validators for conditional requests.

A feed shows its newest entries only, says nothing of what it no longer shows, and is written in the charset it
declares.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from email.utils import format_datetime
from html import escape
from typing import TYPE_CHECKING

from samplecity.accounts import SITE, CityFeed
from samplecity.ids import EPOCH
from samplecity.images import MIME

if TYPE_CHECKING:
    from datetime import datetime

    from samplecity.events import Entry
    from samplecity.world import World


@dataclass(frozen=True, slots=True)
class FeedPage:
    """A feed as served.

    Attributes:
        body: the document's bytes.
        mime: its content type; the charset only in the document, as many real feeds do.
        etag: strong validator, quoted.
        last_modified: HTTP date.
    """

    body: bytes
    mime: str
    etag: str
    last_modified: str


def shown(world: World, feed: CityFeed) -> list[Entry]:
    """Give the entries in a feed's window, newest first."""
    entries = world.entries.get(feed.key, {}).values()
    return sorted(entries, key=lambda one: (one.published, one.link), reverse=True)[: feed.window]


def page(world: World, feed: CityFeed, origin: str) -> FeedPage:
    """Write a feed.

    Args:
        world: the night's state.
        feed: which.
        origin: the server's origin, for enclosures and the feed's own address.
    """
    entries = shown(world, feed)
    text = (_atom if feed.form == "atom" else _rss)(feed, entries, origin)
    body = text.encode(feed.charset)
    newest = max((one.updated for one in entries), default=EPOCH)
    return FeedPage(
        body=body,
        mime=f"application/{feed.form}+xml",
        etag=f'"{hashlib.sha256(body).hexdigest()[:24]}"',
        last_modified=format_datetime(newest, usegmt=True),
    )


def media(world: World, feed: CityFeed, name: str) -> bytes | None:
    """Give an enclosure's bytes by its file name; None when no entry has it."""
    for entry in world.entries.get(feed.key, {}).values():
        if entry.picture and f"{entry.picture.sha256[:16]}.png" == name:
            return entry.picture.data
    return None


def html_body(entry: Entry) -> str:
    """Give an entry's body as the HTML that the feed carries (escaped once more in the XML)."""
    return f"<p>{escape(entry.body, quote=False)}</p>"


def _enclosure(feed: CityFeed, entry: Entry, origin: str) -> str:
    return f"{origin}/feeds/{feed.key}/media/{entry.picture.sha256[:16]}.png" if entry.picture else ""


def _rss(feed: CityFeed, entries: list[Entry], origin: str) -> str:
    return (
        f'<?xml version="1.0" encoding="{feed.charset}"?>\n'
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/">'
        f"<channel><title>{escape(feed.title)}</title><link>{SITE}/{feed.key}</link>"
        f"<description>{escape(feed.title)}</description><language>{feed.language}</language>"
        f'<atom:link href="{origin}/feeds/{feed.key}" rel="self" type="application/rss+xml"/>'
        + "".join(_item(feed, entry, origin) for entry in entries)
        + "</channel></rss>\n"
    )


def _item(feed: CityFeed, entry: Entry, origin: str) -> str:
    permalink = "true" if entry.permalink else "false"
    guid = f'<guid isPermaLink="{permalink}">{escape(entry.guid)}</guid>' if entry.guid else ""
    picture = ""
    if entry.picture:
        url, size = _enclosure(feed, entry, origin), len(entry.picture.data)
        picture = (
            f'<enclosure url="{url}" length="{size}" type="{MIME}"/>'
            f'<media:content url="{url}" type="{MIME}"><media:description>{escape(entry.alt)}</media:description>'
            "</media:content>"
        )
    return (
        f"\n<item><title>{escape(entry.title)}</title><link>{entry.link}</link>{guid}"
        f"<description>{escape(html_body(entry))}</description>"
        f"<pubDate>{format_datetime(entry.published)}</pubDate>{picture}</item>"
    )


def _atom(feed: CityFeed, entries: list[Entry], origin: str) -> str:
    newest = max((one.updated for one in entries), default=EPOCH)
    return (
        f'<?xml version="1.0" encoding="{feed.charset}"?>\n'
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{feed.language}">'
        f"<id>tag:laspalmasverdes.example,2022:{feed.key}</id><title>{escape(feed.title)}</title>"
        f'<updated>{_iso(newest)}</updated><link rel="self" href="{origin}/feeds/{feed.key}"/>'
        f"<author><name>{escape(feed.department)}</name></author>"
        + "".join(_atom_entry(feed, entry, origin) for entry in entries)
        + "</feed>\n"
    )


def _atom_entry(feed: CityFeed, entry: Entry, origin: str) -> str:
    url = _enclosure(feed, entry, origin)
    picture = f'<link rel="enclosure" href="{url}" type="{MIME}" title="{escape(entry.alt)}"/>' if url else ""
    return (
        f"\n<entry><id>{escape(entry.key)}</id><title>{escape(entry.title)}</title>"
        f'<link rel="alternate" href="{entry.link}"/>{picture}'
        f"<published>{_iso(entry.published)}</published><updated>{_iso(entry.updated)}</updated>"
        f'<content type="html">{escape(html_body(entry))}</content></entry>'
    )


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
