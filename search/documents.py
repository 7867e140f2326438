"""An item's shape as the document that the index keeps of it. Pure."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from archiver.platforms.items import ItemKind, Source
from search import text as texts
from search.query.states import account_states

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable

    from archiver.records.shapes import AuthorShape, ItemShape, SightingShape, VersionShape

SHOWN_TEXT = 20_000
"""How many characters of the current text the results page may show; the record page reads Postgres."""


def document(shape: ItemShape) -> dict[str, Any]:
    """The document of an item, for orjson, which writes the times (ISO 8601, in UTC) and the ids in it as they are.

    Absent values are left out. The current version's `text` is cut to `SHOWN_TEXT` characters here, `text_length` says how
    long it is; the whole of every version is under `versions`.
    """
    versions = [_version(version) for version in shape.versions]
    current = shape.current
    body: dict[str, Any] = {
        "item_id": shape.id,
        "public_id": shape.public_id,
        "platform": shape.platform,
        "namespace": shape.namespace,
        "platform_id": texts.key(shape.platform_id),
        "kind": shape.kind,
        "state": shape.state,
        "revision": shape.revision,
        "parent_id": shape.parent_id and texts.key(shape.parent_id),
        "root_id": shape.root_id and texts.key(shape.root_id),
        "refers_to_id": shape.refers_to_id and texts.key(shape.refers_to_id),
        "created_at": shape.created_at or (current.created_at if current else None),
        "first_seen_at": shape.first_seen_at,
        "account_keys": sorted({name for sighting in shape.sightings for name in account_keys(sighting)}),
        "through": [str(public_id) for public_id in shape.through],
        "account_states": account_states(shape.sightings),
        "accounts": [_account(sighting) for sighting in shape.sightings],
        "counts": shape.counts or None,
        "types": _types(shape),
        "edited": is_edited(shape),
        "clerk_tags": list(shape.tagged),
        "author_keys": sorted(
            {name for version in shape.versions if version.author for name in author_keys(version.author)}
        ),
        "author_names": sorted(
            {version.author.name for version in shape.versions if version.author and version.author.name}
        ),
        "version_count": len(versions),
        "versions": versions,
        "states": [
            {
                "state": change.state,
                "words": change.words,
                "observed_at": change.observed_at,
                "by_lookup": change.by_lookup,
                "account": str(change.account_id),
                "stream": change.stream,
            }
            for change in shape.states
        ],
    }
    if current is not None:
        shown = next(version for version in versions if version["is_current"])
        for name in ("number", "author", "url", "title", "edited_at", "languages", "tags", "has"):
            body[name] = shown.get(name)
        if current.text is not None:
            body["text"] = current.text[:SHOWN_TEXT]
            body["text_length"] = len(current.text)
    return _present(body)


def _present(body: dict[str, Any]) -> dict[str, Any]:
    # Most values are true, and asking that is cheaper than comparing.
    return {name: value for name, value in body.items() if value or (value is not None and value != [])}


def account_keys(sighting: SightingShape) -> tuple[str, ...]:
    """The names that an account may be asked for by: its public id, `platform:handle`, old handles, `platform:id`."""
    names = (sighting.handle, *sighting.former_handles, *((sighting.platform_id,) if sighting.platform_id else ()))
    return _keys(sighting.account_public_id, sighting.platform, names)


@functools.lru_cache(maxsize=1024)
def _keys(public_id: uuid.UUID, platform: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return (str(public_id), *(texts.key(f"{platform}:{name}") for name in names))


def _account(sighting: SightingShape) -> dict[str, Any]:
    return {
        "id": sighting.account_public_id,
        "name": sighting.account,
        "department": texts.key(sighting.department),
        "stream": sighting.stream,
        "state": sighting.state,
    }


def _version(version: VersionShape) -> dict[str, Any]:
    title, text = version.title and texts.composed(version.title), version.text and texts.composed(version.text)
    alts = [texts.composed(medium.alt_text) for medium in version.media if medium.alt_text]
    tags = {texts.tag_key(tag) for tag in version.tags}
    mentions = {texts.handle_key(mention) for mention in version.mentions}
    links = {texts.link_key(link) for link in version.links if link}
    for part in (title, text, *alts):
        if part:
            tags.update(texts.tags_in(part))
            mentions.update(texts.handles_in(part))
            links.update(texts.links_in(part))
    has = {medium.kind for medium in version.media}
    if links:  # most platforms list no links of comments: those in the text are all there is
        has.add("link")
    if version.url:
        links.add(texts.link_key(version.url))
    if alts:
        has.add("alt-text")
    return _present(
        {
            "number": version.number,
            "id": version.public_id,
            "source": version.source,
            "is_current": version.is_current,
            "captured_at": version.captured_at,
            "created_at": version.created_at,
            "edited_at": version.edited_at,
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
    )


def author_keys(author: AuthorShape) -> tuple[str, ...]:
    """The names that whoever wrote a version may be asked for by: handle, platform id, name, whatever their case."""
    handle = (texts.handle_key(author.handle),) if author.handle else ()
    return (*handle, *(texts.key(texts.typeable(name)) for name in (author.platform_id, author.name) if name))


def _types(shape: ItemShape) -> list[str]:
    """What a clerk calls it: its kind, and `reply` where it answers a comment."""
    reply = shape.kind == ItemKind.COMMENT and shape.parent_id is not None and shape.parent_id != shape.root_id
    return [shape.kind, "reply"] if reply else [shape.kind]


def is_edited(shape: ItemShape) -> bool:
    """Whether it ever said something else: by the platform's word, or by two versions that differ in what they say."""
    return say_otherwise(shape.versions) or any(map(says_edited, shape.versions))


def says_edited(version: VersionShape) -> bool:
    """Whether the platform says of a version that it was edited. An entry of a feed says when it was last written, edited or not:
    that it was is said by a time after its publication.
    """
    edited, created = version.edited_at, version.created_at
    if version.source == Source.FEED:
        return edited is not None and created is not None and edited > created
    return edited is not None


def say_otherwise(versions: Iterable[VersionShape]) -> bool:
    """Whether some of these versions say something else than others: another title or another text."""
    return len({(version.title, version.text) for version in versions}) > 1


def _author(author: AuthorShape) -> dict[str, Any]:
    return _present(
        {
            "party": author.party_id,
            "platform_id": author.platform_id and texts.key(author.platform_id),
            # As they are asked for: the page reads what somebody is really called from Postgres.
            "handle": (author.handle and texts.typeable(author.handle)) or None,
            "name": (author.name and texts.typeable(author.name)) or None,
            "is_city": author.is_city,
        }
    )
