"""What a record is in a file: a row of texts for a reader, or everything that is known of it for a program. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime as dt
    import zoneinfo

    from archiver.records.shapes import AuthorShape, ItemShape, MediumShape, VersionShape
    from search.query.everything import Found

INTERNAL = "Internal: not reviewed for release"
_EARLIER = "text of that version, where it is not the current one"
COLUMNS = (
    INTERNAL,
    "record id",
    "platform",
    "platform id",
    "namespace",
    "kind",
    "state",
    "state found at",
    "accounts",
    "departments",
    "author name",
    "author handle",
    "author id",
    "author is the city",
    "created",
    "created (UTC)",
    "first seen",
    "last seen",
    "edited",
    "title",
    "text",
    "version that matched",
    _EARLIER,
    "links",
    "media",
    "address",
    "answers to",
    "thread",
    "versions",
    "current version",
    "commitment of the current version",
    "remark",
)
"""The first column holds a running number under the mark, so that the mark stays with the rows wherever they are copied."""
TEXT, TITLE, EARLIER = map(COLUMNS.index, ("text", "title", _EARLIER))
GONE = "The archive no longer holds this record; it did when the export began."


@dataclasses.dataclass(frozen=True, slots=True)
class Record:
    """A record in its place in the file. `shape` is None where the archive no longer holds it."""

    number: int
    found: Found
    shape: ItemShape | None

    @property
    def changed(self) -> bool:
        """Whether it changed since it was found; the file has it as it is now."""
        return self.shape is not None and self.shape.revision != self.found.revision


def row_of(record: Record, zone: zoneinfo.ZoneInfo) -> tuple[str, ...]:
    """The record as a row under `COLUMNS`; what is not known is empty. Times are the city's, with their offset from UTC."""
    shape = record.shape
    if shape is None:
        return (str(record.number), str(record.found.public_id), *[""] * (len(COLUMNS) - 3), GONE)
    current = shape.current
    created = shape.created_at or (current.created_at if current else None)
    author = current.author if current else None
    last_seen = max([sighting.last_seen_at for sighting in shape.sightings], default=None)
    matched = _matched(record)
    return (
        str(record.number),
        str(shape.public_id),
        shape.platform,
        shape.platform_id,
        shape.namespace,
        shape.kind,
        shape.state,
        _local(_state_since(shape), zone),
        _joined([sighting.account for sighting in shape.sightings]),
        _joined([sighting.department for sighting in shape.sightings]),
        (author and author.name) or "",
        (author and author.handle) or "",
        (author and author.platform_id) or "",
        _is_city(author),
        _local(created, zone),
        "" if created is None else created.isoformat(),
        _local(shape.first_seen_at, zone),
        _local(last_seen, zone),
        _local(current.edited_at, zone) if current else "",
        (current and current.title) or "",
        (current and current.text) or "",
        "" if record.found.version is None else str(record.found.version),
        "" if matched is None or matched.is_current else _said(matched),
        "\n".join(current.links) if current else "",
        "\n".join([medium_sentence(medium) for medium in current.media]) if current and current.media else "",
        (current and current.url) or "",
        shape.parent_id or "",
        shape.root_id or "",
        str(len(shape.versions)),
        str(current.number) if current else "",
        current.commitment if current else "",
        _remark(record, matched),
    )


def _remark(record: Record, matched: VersionShape | None) -> str:
    said = []
    if record.changed and record.shape is not None:
        said.append(f"Changed since it was found (revision {record.found.revision}, now {record.shape.revision}).")
    if matched is not None and not matched.is_current:
        said.append("The words were found in an earlier version.")
    return " ".join(said)


def _matched(record: Record) -> VersionShape | None:
    if record.shape is None or record.found.version is None:
        return None
    return next((each for each in record.shape.versions if each.number == record.found.version), None)


def _said(version: VersionShape) -> str:
    return "\n".join(filter(None, (version.title, version.text)))


def _state_since(shape: ItemShape) -> dt.datetime:
    return next((each.observed_at for each in reversed(shape.states) if each.state == shape.state), shape.first_seen_at)


def _is_city(author: AuthorShape | None) -> str:
    if author is None or author.platform_id is None:
        return ""
    return "yes" if author.is_city else "no"


def _joined(values: list[str]) -> str:
    return values[0] if len(values) == 1 else "; ".join(dict.fromkeys(values))


def _local(moment: dt.datetime | None, zone: zoneinfo.ZoneInfo) -> str:
    return "" if moment is None else moment.astimezone(zone).isoformat()


def medium_sentence(medium: MediumShape) -> str:
    """An attachment in a line: what it is, whether it is kept (its digest) or why not, its description."""
    kept = (
        f"kept, SHA-256 {medium.sha256.hex()}"
        if medium.state == "kept" and medium.sha256 is not None
        else f"{medium.state}{f' ({medium.reason})' if medium.reason else ''}"
    )
    described = f"; described as: {medium.alt_text}" if medium.alt_text else "; without a description"
    return f"{medium.kind}, {kept}{described}"


def whole(record: Record) -> dict[str, Any]:
    """The record with all its versions, states and sightings, for orjson: times are in UTC, ids are texts."""
    found, shape = record.found, record.shape
    head: dict[str, Any] = {
        "notice": INTERNAL,
        "number": record.number,
        "id": found.public_id,
        "found": {"revision": found.revision, "version": found.version},
    }
    if shape is None:
        return head | {"no_longer_held": True, "remark": GONE}
    return head | {
        "revision": shape.revision,
        "changed_since_found": record.changed,
        "platform": shape.platform,
        "namespace": shape.namespace,
        "platform_id": shape.platform_id,
        "kind": shape.kind,
        "state": shape.state,
        "parent_id": shape.parent_id,
        "root_id": shape.root_id,
        "refers_to_id": shape.refers_to_id,
        "created_at": shape.created_at,
        "first_seen_at": shape.first_seen_at,
        "current_version": shape.current.number if shape.current else None,
        "versions": [_version(version) for version in shape.versions],
        "states": [
            {
                "state": each.state,
                "words": each.words,
                "observed_at": each.observed_at,
                "by_lookup": each.by_lookup,
                "account": _account(shape, each.account_id),
                "stream": each.stream,
            }
            for each in shape.states
        ],
        "sightings": [
            {
                "account": each.account,
                "account_id": each.account_public_id,
                "department": each.department,
                "stream": each.stream,
                "state": each.state,
                "first_seen_at": each.first_seen_at,
                "last_seen_at": each.last_seen_at,
            }
            for each in shape.sightings
        ],
        "counts": dict(shape.counts),
        "counted_at": shape.counted_at,
    }


def _account(shape: ItemShape, account_id: int) -> str | None:
    return next((each.account for each in shape.sightings if each.account_id == account_id), None)


def _version(version: VersionShape) -> dict[str, Any]:
    author = version.author
    return {
        "number": version.number,
        "id": version.public_id,
        "is_current": version.is_current,
        "source": version.source,
        "captured_at": version.captured_at,
        "created_at": version.created_at,
        "edited_at": version.edited_at,
        "indexed_at": version.indexed_at,
        "title": version.title,
        "text": version.text,
        "html": version.html,
        "url": version.url,
        "author": author
        and {
            "platform_id": author.platform_id,
            "namespace": author.namespace,
            "handle": author.handle,
            "name": author.name,
            "is_city": author.is_city,
        },
        "languages": version.languages,
        "tags": version.tags,
        "mentions": version.mentions,
        "links": version.links,
        "media": [_medium(medium) for medium in version.media],
        "flags": version.flags,
        "fields": dict(version.fields),
        "commitment": version.commitment,
    }


def _medium(medium: MediumShape) -> dict[str, Any]:
    return {
        "id": medium.public_id,
        "platform_id": medium.platform_id,
        "kind": medium.kind,
        "description": medium.alt_text,
        "state": medium.state,
        "reason": medium.reason,
        "url": medium.url,
        "content_type": medium.content_type,
        "size": medium.size,
        "sha256": medium.sha256 and medium.sha256.hex(),
    }
