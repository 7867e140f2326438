"""JSON Feed, read into the same shape as RSS and Atom, so that everything after the parser is one. Pure.

Source: the JSON Feed specification, version 1.1 (jsonfeed.org/version/1.1), which readers of version 1 understand as well: an
item has `id`, `url`, `title`, `content_html` or `content_text`, `summary`, `date_published`, `date_modified`, `authors` (`author`
in version 1), `tags`, `attachments`; a feed goes on at `next_url`, and `expired` says that nothing will come any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archiver.platforms.answers import loaded
from archiver.platforms.feeds import Feed, NoFeed
from archiver.platforms.items import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

VERSION = "json"
"""Of `Feed.version`; no dialect of feedparser's is called so."""
POINTER = "pointer"
"""Where an entry lies in the document; of XML its number tells."""
_VERSIONS = ("https://jsonfeed.org/version/", "http://jsonfeed.org/version/")
_BEGINNINGS = (b"\xef\xbb\xbf", b" ", b"\t", b"\r", b"\n")


def is_json(body: bytes) -> bool:
    """Whether a document is JSON by its first sign: no dialect of XML begins so."""
    return body.lstrip(b"".join(_BEGINNINGS))[:1] == b"{"


def read(body: bytes, url: str) -> Feed:
    """Read a JSON Feed. Raises `NoFeed` for what is none, with the reason in plain words."""
    try:
        document = loaded(body.removeprefix(_BEGINNINGS[0]))
    except (ValueError, RecursionError) as error:
        raise NoFeed(f"it begins as JSON and is none ({type(error).__name__}): it may break off") from error
    version = document.get("version") if isinstance(document, dict) else None
    if not isinstance(version, str) or not version.startswith(_VERSIONS):
        raise NoFeed("it is JSON, and names no version of JSON Feed")
    items = document.get("items")
    if not isinstance(items, list):
        raise NoFeed("it is a JSON Feed without a list of items")
    notes = [
        Skipped(f"item {number} of the feed", "it is no object")
        for number, item in enumerate(items)
        if not isinstance(item, dict)
    ]
    if document.get("expired") is True:
        notes.append(Skipped("the feed", "it says of itself that nothing more will come (expired)", lost=False))
    return Feed(
        head=dict(_head(document)),
        entries=[
            {**dict(_entry(item)), POINTER: f"/items/{number}"}
            for number, item in enumerate(items)
            if isinstance(item, dict)
        ],
        version=VERSION,
        base=url,
        text=body,
        notes=tuple(notes),
        flags=frozenset(),
        replaced=False,
    )


def _head(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from _texts(document, title="title", subtitle="description", link="home_page_url", language="language")
    yield from _people(document)
    if isinstance(icon := document.get("icon"), str):
        yield "image", {"href": icon}
    if isinstance(following := document.get("next_url"), str):
        yield "links", [{"rel": "next", "href": following}]


def _entry(item: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    identity = item.get("id")
    if isinstance(identity, str | int | float) and not isinstance(identity, bool):  # a number is read as its text
        yield "id", str(identity)
    yield from _texts(item, title="title", summary="summary", published="date_published", updated="date_modified")
    own, elsewhere = item.get("url"), item.get("external_url")
    if isinstance(own or elsewhere, str):
        yield "link", own or elsewhere
    language = item.get("language")
    contents = [
        {"type": kind, "value": item[name], "language": language if isinstance(language, str) else None}
        for name, kind in (("content_html", "text/html"), ("content_text", "text/plain"))
        if isinstance(item.get(name), str)
    ]
    if contents:
        yield "content", contents
    yield from _people(item)
    tags = item.get("tags")
    if isinstance(tags, list):
        yield "tags", [{"term": tag} for tag in tags if isinstance(tag, str) and tag]
    yield "links", [*_attached(item.get("attachments")), *([{"href": elsewhere}] if isinstance(elsewhere, str) else [])]
    images = [item[name] for name in ("image", "banner_image") if isinstance(item.get(name), str)]
    yield "media_content", [{"url": address, "medium": "image"} for address in images]


def _texts(holder: Mapping[str, Any], **names: str) -> Iterator[tuple[str, Any]]:
    """Plain texts under feedparser's names."""
    for ours, theirs in names.items():
        if isinstance(value := holder.get(theirs), str):
            yield ours, value
            yield f"{ours}_detail", {"type": "text/plain", "value": value}


def _people(holder: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    listed = holder.get("authors")
    people = [*_authors(listed if isinstance(listed, list) else [holder.get("author")])]
    if people:
        yield "author_detail", people[0]
        yield "authors", people


def _authors(listed: Iterable[Any]) -> Iterator[dict[str, str]]:
    for each in listed:
        if isinstance(each, dict):
            person = {
                ours: each[theirs]
                for ours, theirs in (("name", "name"), ("href", "url"))
                if isinstance(each.get(theirs), str)
            }
            if person:
                yield person


def _attached(attachments: Any) -> Iterator[dict[str, Any]]:
    for each in attachments if isinstance(attachments, list) else ():
        if isinstance(each, dict) and isinstance(each.get("url"), str):
            yield {
                "rel": "enclosure",
                "href": each["url"],
                "type": each.get("mime_type") if isinstance(each.get("mime_type"), str) else "",
                "length": each.get("size_in_bytes"),
            }
