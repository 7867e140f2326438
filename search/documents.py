"""An item's shape as the document that the index keeps of it. Pure."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from search import text as texts

if TYPE_CHECKING:
    import datetime as dt

    from archiver.records.shapes import AuthorShape, ItemShape, SightingShape, VersionShape

SHOWN_TEXT = 20_000
"""How many characters of the current text the results page may show; the record page reads Postgres."""


def document(shape: ItemShape) -> dict[str, Any]:
    """The document of an item. Absent values are left out; times are ISO 8601 in UTC.

    The current version's `text` is cut to `SHOWN_TEXT` characters here, `text_length` says how long it is; the whole of
    every version is under `versions`.
    """
    versions = [_version(version) for version in shape.versions]
    current = shape.current
    body: dict[str, Any] = {
        "item_id": shape.id,
        "public_id": str(shape.public_id),
        "platform": shape.platform,
        "namespace": shape.namespace,
        "platform_id": texts.key(shape.platform_id),
        "kind": shape.kind,
        "state": shape.state,
        "revision": shape.revision,
        "parent_id": shape.parent_id and texts.key(shape.parent_id),
        "root_id": shape.root_id and texts.key(shape.root_id),
        "refers_to_id": shape.refers_to_id and texts.key(shape.refers_to_id),
        "created_at": _time(shape.created_at or (current.created_at if current else None)),
        "first_seen_at": _time(shape.first_seen_at),
        "account_keys": sorted({name for sighting in shape.sightings for name in account_keys(sighting)}),
        "accounts": [_account(sighting) for sighting in shape.sightings],
        "counts": dict(shape.counts) or None,
        "version_count": len(versions),
        "versions": versions,
        "states": [
            {
                "state": change.state,
                "words": change.words,
                "observed_at": _time(change.observed_at),
                "by_lookup": change.by_lookup,
                "account": str(change.account_id),
                "stream": change.stream,
            }
            for change in shape.states
        ],
    }
    if current is not None:
        shown = next(version for version in versions if version["is_current"])
        body |= {
            name: shown.get(name)
            for name in ("number", "author", "url", "title", "edited_at", "languages", "tags", "has")
        }
        if current.text is not None:
            body["text"] = current.text[:SHOWN_TEXT]
            body["text_length"] = len(current.text)
    return {name: value for name, value in body.items() if value is not None and value != []}


def account_keys(sighting: SightingShape) -> tuple[str, ...]:
    """The names that an account may be asked for by: its public id, `platform:handle`, old handles, `platform:id`."""
    names = (sighting.handle, *sighting.former_handles, *((sighting.platform_id,) if sighting.platform_id else ()))
    return _keys(str(sighting.account_public_id), sighting.platform, names)


@functools.lru_cache(maxsize=1024)
def _keys(public_id: str, platform: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return (public_id, *(texts.key(f"{platform}:{name}") for name in names))


def _account(sighting: SightingShape) -> dict[str, Any]:
    return {
        "id": str(sighting.account_public_id),
        "name": sighting.account,
        "department": texts.key(sighting.department),
        "stream": sighting.stream,
        "state": sighting.state,
    }


def _version(version: VersionShape) -> dict[str, Any]:
    title, text = version.title and texts.composed(version.title), version.text and texts.composed(version.text)
    alts = [texts.composed(medium.alt_text) for medium in version.media if medium.alt_text]
    prose = [part for part in (title, text, *alts) if part]
    tags = {texts.tag_key(tag) for tag in version.tags}
    mentions = {texts.handle_key(mention) for mention in version.mentions}
    links = {texts.link_key(link) for link in version.links}
    for part in prose:
        tags.update(texts.tags_in(part))
        mentions.update(texts.handles_in(part))
        links.update(texts.links_in(part))
    if version.url:
        links.add(texts.link_key(version.url))
    has = {medium.kind for medium in version.media}
    has |= {name for name, there in (("link", version.links), ("alt-text", alts)) if there}
    body: dict[str, Any] = {
        "number": version.number,
        "id": str(version.public_id),
        "source": version.source,
        "is_current": version.is_current,
        "captured_at": _time(version.captured_at),
        "created_at": _time(version.created_at),
        "edited_at": _time(version.edited_at),
        "title": title,
        "text": text,
        "alt": alts,
        "author": version.author and _author(version.author),
        "url": version.url,
        "languages": [texts.key(language) for language in version.languages],
        "tags": sorted(tags - {""}),
        "mentions": sorted(mentions - {""}),
        "links": sorted(links - {""}),
        "has": sorted(has),
        "flags": list(version.flags),
    }
    return {name: value for name, value in body.items() if value is not None and value != []}


def _author(author: AuthorShape) -> dict[str, Any]:
    body: dict[str, Any] = {
        "party": author.party_id,
        "platform_id": author.platform_id and texts.key(author.platform_id),
        "handle": author.handle and author.handle[: texts.KEY_LIMIT],
        "name": author.name and author.name[: texts.KEY_LIMIT],
        "is_city": author.is_city,
    }
    return {name: value for name, value in body.items() if value is not None}


def _time(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
