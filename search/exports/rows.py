"""What a record is in a file: a row of texts for a reader, or everything that is known of it for a program. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from archiver.records.shapes import ItemShape, MediumShape, VersionShape
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


class Cells(NamedTuple):
    """What a row has of a record, from `reading.cells`: the texts under `COLUMNS` from "record id" to "text", those from "links"
    to the commitment, and the text of the version that matched where that is an earlier one.
    """

    said: tuple[str, ...]
    more: tuple[str, ...]
    earlier: str | None


class Record(NamedTuple):
    """A record in its place in the file. What of it goes there: `cells` for rows, `shape` for everything; neither where the
    archive no longer holds it, which has no `revision` then.
    """

    number: int
    found: Found
    revision: int | None
    kind: str | None
    cells: Cells | None = None
    shape: ItemShape | None = None

    @property
    def changed(self) -> bool:
        """Whether it changed since it was found; the file has it as it is now."""
        return self.revision is not None and self.revision != self.found.revision


def row_of(record: Record) -> tuple[str, ...]:
    """The record as a row under `COLUMNS`; what is not known is empty."""
    cells = record.cells
    if cells is None:
        return (str(record.number), str(record.found.public_id), *[""] * (len(COLUMNS) - 3), GONE)
    version = record.found.version
    return (
        str(record.number),
        *cells.said,
        "" if version is None else str(version),
        cells.earlier or "",
        *cells.more,
        _remark(record) if record.changed or cells.earlier is not None else "",
    )


def _remark(record: Record) -> str:
    said = []
    if record.changed:
        said.append(f"Changed since it was found (revision {record.found.revision}, now {record.revision}).")
    if record.cells is not None and record.cells.earlier is not None:
        said.append("The words were found in an earlier version.")
    return " ".join(said)


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
