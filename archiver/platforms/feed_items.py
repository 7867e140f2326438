"""From a feed's entries to items: identity, text, times, people, links and media. Pure.

Identity: the namespace is the account's own stable id, the id is the Atom id or guid as written (never resolved against
an address, so that a moved feed keeps its items), else the link, else a digest of title, date and text. A changed title
is an edit. A guid that one document gives to entries with different links identifies none of them: each of those takes
its link.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter
from typing import TYPE_CHECKING, Any

from archiver.platforms import times
from archiver.platforms.answers import number_of
from archiver.platforms.feed_media import media_of
from archiver.platforms.feed_values import (
    address_of,
    further_of,
    languages_of,
    links_of,
    party_of,
    raw,
    rows,
    tags_of,
    text_of,
)
from archiver.platforms.items import Item, ItemKind, Skipped, Source
from archiver.platforms.text import Cleaner, HtmlReading, read_html, resolve

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, tzinfo

    from archiver.platforms.feeds import Feed
    from archiver.platforms.items import Json

TIME_NOT_READ = "time_not_read"
"""Flag of a version: it declares a time that names no time zone or is not of a known form; its text is kept."""
SHARED_ID = "shared_id"
"""Flag of a version: the feed gives its id to other entries too, so that the link identifies it."""

_HTML = frozenset({"text/html", "application/xhtml+xml"})
_COMMENTS = ("slash_comments", "thr_total")
"""How many answers an entry says it has: of the Slash module (RSS), and RFC 4685 section 5 (Atom)."""
_HEADS = {"atom": "/feed", "json": ""}
_ROWS = {"rss": "/rss/channel/item", "atom": "/feed/entry", "rdf": "/rdf:RDF/item", "cdf": "/channel/item"}


def items_of(
    feed: Feed, namespace: str, descriptions: Mapping[str, str], zone: tzinfo | None = None
) -> tuple[list[Item], list[Skipped]]:
    """The feed's entries as items, in its order, and what was left out.

    Args:
        feed: The feed as read.
        namespace: The account's stable id.
        descriptions: Alternative texts of media by address.
        zone: The zone of times that name none; without it they are kept as text only.
    """
    context = _Context(feed, namespace, descriptions, zone, _shared_ids(feed))
    found: dict[str, Item] = {}
    skipped: list[Skipped] = []
    for position, entry in enumerate(feed.entries, 1):
        item = _item(context, entry, position)
        held = found.get(item.id)
        if held is None:
            found[item.id] = item
            continue
        # RFC 4287, 4.1.1: entries with one id are states of one entry; only the newest is what the feed now says.
        newer = (item.edited_at or item.created_at) and (held.edited_at or held.created_at)
        if newer and _moment(item) > _moment(held):
            found[item.id] = item
        if dataclasses.replace(item, pointer=held.pointer) != held:
            skipped.append(
                Skipped(
                    what=item.id,
                    reason="the feed shows this entry more than once; its newest state is kept",
                    lost=False,
                )
            )
    return list(found.values()), skipped


def ids_of(feed: Feed, namespace: str, zone: tzinfo | None = None) -> list[str]:
    """The id of each entry of the feed, in its order."""
    context = _Context(feed, namespace, {}, zone, _shared_ids(feed))
    return [_item(context, entry, position).id for position, entry in enumerate(feed.entries, 1)]


def profile_of(feed: Feed, namespace: str) -> Item:
    """The feed's own title, description and links: what the account says of itself."""
    cleaner = Cleaner(replaced=feed.replaced)
    head = feed.head
    title, title_html = _plain(cleaner, head, "title", feed.base)
    text, html = _plain(cleaner, head, "subtitle" if raw(head, "subtitle") else "summary", feed.base)
    link = address_of(cleaner, raw(head, "link"), feed.base)
    image = raw(head, "image")
    evidence: dict[str, Json] = {
        key: cleaner.text(value) for key in ("language", "rights", "id") if isinstance(value := raw(head, key), str)
    }
    if title_html is not None:
        evidence["title_html"] = title_html
    if isinstance(image, dict) and isinstance(address := image.get("href"), str) and address:
        evidence["image"] = cleaner.text(resolve(feed.base, address))
    return Item(
        kind=ItemKind.PROFILE,
        id=namespace,
        namespace=namespace,
        source=Source.FEED,
        author=party_of(cleaner, head, namespace),
        title=title,
        text=text,
        html=html,
        url=link,
        tags=tags_of(cleaner, head),
        links=links_of(cleaner, head, link, feed.base, ()),
        evidence=evidence,
        pointer=_HEADS.get(feed.version[:4], "/rss/channel"),
        flags=cleaner.flags | feed.flags,
    )


@dataclasses.dataclass(frozen=True, slots=True)
class _Context:
    """What all entries of a feed are read with."""

    feed: Feed
    namespace: str
    descriptions: Mapping[str, str]
    zone: tzinfo | None
    shared: frozenset[str]


def _item(context: _Context, entry: Mapping[str, Any], position: int) -> Item:
    feed, namespace = context.feed, context.namespace
    cleaner = Cleaner(replaced=feed.replaced)
    title, title_html = _plain(cleaner, entry, "title", feed.base)
    text, html, reading, evidence = _content(cleaner, entry, feed.base, context.descriptions)
    if title_html is not None:
        evidence["title_html"] = title_html
    link = address_of(cleaner, raw(entry, "link"), feed.base)
    created_text = text_of(cleaner, raw(entry, "published") or raw(entry, "created"))
    edited_text = text_of(cleaner, raw(entry, "updated"))
    if not feed.is_atom and created_text is None:
        # RSS 1.0 and Dublin Core have one date only (dc:date), which says when the entry was published.
        created_text, edited_text = edited_text, None
    created_at, edited_at = _time(created_text, context.zone), _time(edited_text, context.zone)
    unread = (created_text and created_at is None) or (edited_text and edited_at is None)
    own = text_of(cleaner, raw(entry, "id"))
    is_shared = own in context.shared
    identity = link if is_shared else own or link
    evidence.update(further_of(cleaner, entry, feed.base))
    return Item(
        kind=ItemKind.POST,
        id=identity or _digest(title, created_text, text),
        namespace=namespace,
        source=Source.FEED,
        author=party_of(cleaner, entry, namespace)
        or (party_of(cleaner, feed.head, namespace) if feed.is_atom else None),
        title=title,
        text=text,
        html=html,
        created_text=created_text,
        created_at=created_at,
        edited_text=edited_text,
        edited_at=edited_at,
        url=link,
        languages=languages_of(entry, feed),
        tags=tags_of(cleaner, entry),
        links=links_of(cleaner, entry, link, feed.base, reading.links),
        media=media_of(cleaner, entry, feed.base, reading.images, context.descriptions),
        evidence=evidence,
        counts=_counts(entry),
        pointer=raw(entry, "pointer") or f"{_row(feed.version)}[{position}]",
        flags=cleaner.flags
        | feed.flags
        | (frozenset({TIME_NOT_READ}) if unread else frozenset())
        | (frozenset({SHARED_ID}) if is_shared else frozenset()),
    )


def _counts(entry: Mapping[str, Any]) -> dict[str, int]:
    told = next((found for name in _COMMENTS if (found := number_of(entry, name)) is not None), None)
    return {} if told is None else {"replies": told}


def _plain(cleaner: Cleaner, holder: Mapping[str, Any], key: str, base: str) -> tuple[str | None, str | None]:
    """A short text in plain form, and its HTML where it came as HTML and differs from it."""
    detail = raw(holder, f"{key}_detail")
    value = text_of(cleaner, raw(holder, key))
    if value is None or not isinstance(detail, dict) or detail.get("type") not in _HTML:
        return value, None
    text = read_html(value, resolve(base, detail.get("base") or "")).text
    return text, None if text == value else value


def _content(
    cleaner: Cleaner, entry: Mapping[str, Any], base: str, descriptions: Mapping[str, str]
) -> tuple[str | None, str | None, HtmlReading, dict[str, Json]]:
    """The entry's text, its HTML where that differs, what the HTML links to and shows, and what else it says.

    The content is the text; the summary is it where there is no content, and evidence of its own where both differ.
    feedparser files a picture's description (`media:description`) among the contents; it is the picture's, not the text.
    """
    evidence: dict[str, Json] = {}
    of_media = {" ".join(description.split()) for description in descriptions.values()}
    contents = [
        row
        for row in rows(entry, "content")
        if (value := text_of(cleaner, row.get("value"))) and " ".join(value.split()) not in of_media
    ]
    summary = text_of(cleaner, raw(entry, "summary"))
    detail = raw(entry, "summary_detail")
    if contents:
        # The first one that is text: Atom may also carry foreign content (an image in base64, other XML).
        main = next((row for row in contents if _is_text(row)), contents[0])
        others = [row for row in contents if row is not main]
        if others:
            evidence["contents"] = [
                cleaner.json({"type": row.get("type"), "language": row.get("language"), "value": row["value"]})
                for row in others
            ]
        if summary is not None and summary != cleaner.text(main["value"]):
            evidence["summary"] = summary
    elif summary is not None:
        # Without a detail, feedparser has the text from an element of RSS, which is HTML by custom.
        main = {"type": "text/html", **(detail if isinstance(detail, dict) else {}), "value": summary}
    else:
        return None, None, HtmlReading("", (), ()), evidence
    value = cleaner.text(main["value"])
    if main.get("type") not in _HTML:
        return value, None, HtmlReading("", (), ()), evidence
    reading = read_html(value, resolve(base, main.get("base") or ""))
    return reading.text, None if reading.text == value else value, reading, evidence


def _is_text(content: Mapping[str, Any]) -> bool:
    return content.get("type") in _HTML or str(content.get("type") or "text/plain").startswith("text/")


def _time(text: str | None, zone: tzinfo | None) -> datetime | None:
    return None if text is None else times.rfc822(text, zone) or times.iso8601(text, zone)


def _moment(item: Item) -> datetime:
    moment = item.edited_at or item.created_at
    if moment is None:
        raise ValueError(f"{item.id}: it declares no time that could be compared")
    return moment


def _shared_ids(feed: Feed) -> frozenset[str]:
    """Ids that this document gives to entries with different links."""
    pairs = {(raw(entry, "id"), raw(entry, "link")) for entry in feed.entries if raw(entry, "id")}
    linked = Counter(identity for identity, link in pairs if link)
    return frozenset(identity for identity, count in linked.items() if count > 1)


def _digest(title: str | None, created: str | None, text: str | None) -> str:
    """An id for an entry that has neither id nor link. The text stands in only where there is no title."""
    basis = "\n".join(part or "" for part in (title, created, None if title else text))
    return f"sha256:{hashlib.sha256(basis.encode()).hexdigest()}"


def _row(version: str) -> str:
    if version in {"rss090", "rss10"}:
        return _ROWS["rdf"]
    return next((row for name, row in _ROWS.items() if version.startswith(name)), _ROWS["rss"])
