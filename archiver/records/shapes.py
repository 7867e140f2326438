"""The present shape of items: everything that a reader of one item wants at once, in a few set-based queries.

What is read inside one `archiver.database.repeatable_read` is of one moment, so that a shape and its revision belong
together and may be written elsewhere under that revision.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa

from archiver.platforms.text import html_to_text

if TYPE_CHECKING:
    import datetime as dt
    import uuid
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy.engine import Connection, Row


@dataclass(frozen=True, slots=True)
class AuthorShape:
    """Who wrote a version, as the platform showed them then.

    `party_id` and `platform_id` are None where the platform named nobody by id. `is_city`: that id is an account of the
    register on the same platform.
    """

    party_id: int | None
    platform_id: str | None
    namespace: str
    handle: str | None
    name: str | None
    is_city: bool


@dataclass(frozen=True, slots=True)
class MediumShape:
    """One attachment, with the description it had in this version and whether its bytes are kept. Size in bytes."""

    public_id: uuid.UUID
    platform_id: str
    kind: str
    alt_text: str | None
    state: str
    reason: str | None
    url: str | None
    content_type: str | None
    size: int | None
    sha256: bytes | None


@dataclass(frozen=True, slots=True)
class VersionShape:
    """What the item said between two captures. `text` is derived from `html` where the platform gave only that."""

    id: int
    public_id: uuid.UUID
    number: int
    source: str
    is_current: bool
    captured_at: dt.datetime
    created_at: dt.datetime | None
    edited_at: dt.datetime | None
    indexed_at: dt.datetime | None
    title: str | None
    text: str | None
    html: str | None
    url: str | None
    author: AuthorShape | None
    languages: tuple[str, ...]
    tags: tuple[str, ...]
    mentions: tuple[str, ...]
    links: tuple[str, ...]
    media: tuple[MediumShape, ...]
    flags: tuple[str, ...]
    fields: Mapping[str, Any]
    """The evidence fields as they were hashed, platform-specific ones included."""


@dataclass(frozen=True, slots=True)
class StateShape:
    """How the item was found through one stream of one account: a change, or a lookup of the item itself."""

    state: str
    words: str
    observed_at: dt.datetime
    by_lookup: bool
    account_id: int
    stream: str


@dataclass(frozen=True, slots=True)
class SightingShape:
    """One stream of one account that the item was seen through; `handle` is the account's name today."""

    account_id: int
    account_public_id: uuid.UUID
    platform: str
    namespace: str
    platform_id: str | None
    handle: str
    former_handles: tuple[str, ...]
    department: str
    stream: str
    state: str
    first_seen_at: dt.datetime
    last_seen_at: dt.datetime

    @property
    def account(self) -> str:
        """How the account is named everywhere: `platform:handle`."""
        return f"{self.platform}:{self.handle}"


@dataclass(frozen=True, slots=True)
class ItemShape:
    """An item at one revision: its versions by number, its states by time, its sightings, its latest counts."""

    id: int
    public_id: uuid.UUID
    platform: str
    namespace: str
    platform_id: str
    kind: str
    revision: int
    state: str
    parent_id: str | None
    root_id: str | None
    refers_to_id: str | None
    created_at: dt.datetime | None
    first_seen_at: dt.datetime
    versions: tuple[VersionShape, ...]
    states: tuple[StateShape, ...]
    sightings: tuple[SightingShape, ...]
    counts: Mapping[str, Any]
    counted_at: dt.datetime | None

    @property
    def current(self) -> VersionShape | None:
        """The version that the item shows today; None where none was ever captured."""
        return next((version for version in self.versions if version.is_current), None)


_ITEMS = sa.text("""
    select id, public_id, platform, namespace, platform_id, kind, revision, state, parent_id, root_id, refers_to_id,
           created_at, first_seen_at, current_version_id
    from items where id = any(:ids)
""")
_VERSIONS = sa.text("""
    select v.item_id, v.id, v.public_id, v.number, v.source, v.captured_at, v.created_at, v.edited_at, v.indexed_at,
           v.text, v.url, v.author_party_id, v.author_handle, v.author_name, v.fields, v.flags,
           p.platform_id as party_platform_id, p.namespace as party_namespace
    from versions v left join parties p on p.id = v.author_party_id
    where v.item_id = any(:ids) order by v.item_id, v.number
""")
_MEDIA = sa.text("""
    select a.version_id, m.public_id, m.platform_id, m.kind, a.alt_text, m.state, m.reason, m.url, m.content_type,
           m.size, m.sha256
    from versions v join version_media a on a.version_id = v.id join media m on m.id = a.medium_id
    where v.item_id = any(:ids) order by a.version_id, a.position
""")
_STATES = sa.text("""
    select h.item_id, h.state, h.words, h.observed_at, h.by_lookup, s.account_id, s.kind as stream
    from states h join streams s on s.id = h.stream_id where h.item_id = any(:ids) order by h.item_id, h.id
""")
_SIGHTINGS = sa.text("""
    select g.item_id, g.state, g.first_seen_at, g.last_seen_at, s.account_id, s.kind as stream
    from sightings g join streams s on s.id = g.stream_id where g.item_id = any(:ids) order by g.item_id, g.stream_id
""")
_COUNTS = sa.text("""
    select distinct on (item_id) item_id, counts, observed_at
    from observations where item_id = any(:ids) order by item_id, id desc
""")
_ACCOUNTS = sa.text("""
    select id, public_id, platform, namespace, platform_id, handle, department,
           array(select h.handle from account_handles h where h.account_id = a.id and h.handle <> a.handle
                 order by h.first_seen_at) as former_handles
    from accounts a
""")

_Value = TypeVar("_Value")


def load_shapes(connection: Connection, item_ids: Iterable[int]) -> dict[int, ItemShape]:
    """Read the present shape of items, by item id; one that does not exist is not in the answer.

    Args:
        connection: within `archiver.database.repeatable_read`, else shape and revision may be of different moments.
        item_ids: `items.id`; a few hundred at a time, as everything they ever said is held in memory.
    """
    ids = {"ids": list(set(item_ids))}
    if not ids["ids"]:
        return {}
    items = connection.execute(_ITEMS, ids).all()
    accounts = {row.id: row for row in connection.execute(_ACCOUNTS)}
    city = {(row.platform, row.platform_id, row.namespace) for row in accounts.values() if row.platform_id is not None}
    media = _grouped((row.version_id, _medium(row)) for row in connection.execute(_MEDIA, ids).all())
    versions = _grouped((row.item_id, row) for row in connection.execute(_VERSIONS, ids).all())
    states = _grouped(
        (row.item_id, StateShape(row.state, row.words, row.observed_at, row.by_lookup, row.account_id, row.stream))
        for row in connection.execute(_STATES, ids).all()
    )
    sightings = _grouped(
        (row.item_id, _sighting(row, accounts[row.account_id])) for row in connection.execute(_SIGHTINGS, ids).all()
    )
    counts = {row.item_id: row for row in connection.execute(_COUNTS, ids).all()}
    shapes = {}
    for item in items:
        rows = versions.get(item.id, ())
        current = item.current_version_id or (rows[-1].id if rows else None)
        counted = counts.get(item.id)
        shapes[item.id] = ItemShape(
            id=item.id,
            public_id=item.public_id,
            platform=item.platform,
            namespace=item.namespace,
            platform_id=item.platform_id,
            kind=item.kind,
            revision=item.revision,
            state=item.state,
            parent_id=item.parent_id,
            root_id=item.root_id,
            refers_to_id=item.refers_to_id,
            created_at=item.created_at,
            first_seen_at=item.first_seen_at,
            versions=tuple(
                _version(row, item.platform, is_current=row.id == current, media=media.get(row.id, ()), city=city)
                for row in rows
            ),
            states=tuple(states.get(item.id, ())),
            sightings=tuple(sightings.get(item.id, ())),
            counts={} if counted is None else counted.counts,
            counted_at=None if counted is None else counted.observed_at,
        )
    return shapes


def _grouped(pairs: Iterable[tuple[int, _Value]]) -> Mapping[int, Sequence[_Value]]:
    groups: defaultdict[int, list[_Value]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return groups


def _medium(row: Row[Any]) -> MediumShape:
    return MediumShape(
        public_id=row.public_id,
        platform_id=row.platform_id,
        kind=row.kind,
        alt_text=row.alt_text,
        state=row.state,
        reason=row.reason,
        url=row.url,
        content_type=row.content_type,
        size=row.size,
        sha256=None if row.sha256 is None else bytes(row.sha256),
    )


def _sighting(row: Row[Any], account: Row[Any]) -> SightingShape:
    return SightingShape(
        account_id=account.id,
        account_public_id=account.public_id,
        platform=account.platform,
        namespace=account.namespace,
        platform_id=account.platform_id,
        handle=account.handle,
        former_handles=tuple(account.former_handles),
        department=account.department,
        stream=row.stream,
        state=row.state,
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
    )


def _version(
    row: Row[Any], platform: str, *, is_current: bool, media: Sequence[MediumShape], city: set[tuple[str, str, str]]
) -> VersionShape:
    fields: Mapping[str, Any] = row.fields
    markup = _string(fields.get("html"))
    text = row.text
    if text is None:
        text = _string(fields.get("text"))
    if text is None and markup is not None:
        text = html_to_text(markup)
    return VersionShape(
        id=row.id,
        public_id=row.public_id,
        number=row.number,
        source=row.source,
        is_current=is_current,
        captured_at=row.captured_at,
        created_at=row.created_at,
        edited_at=row.edited_at,
        indexed_at=row.indexed_at,
        title=_string(fields.get("title")),
        text=text,
        html=markup,
        url=row.url,
        author=_author(row, platform, city),
        languages=_strings(fields.get("languages")),
        tags=_strings(fields.get("tags")),
        mentions=_strings(fields.get("mentions")),
        links=_strings(fields.get("links")),
        media=tuple(media),
        flags=tuple(row.flags),
        fields=fields,
    )


def _author(row: Row[Any], platform: str, city: set[tuple[str, str, str]]) -> AuthorShape | None:
    if row.author_party_id is None and row.author_handle is None and row.author_name is None:
        return None
    party, namespace = row.party_platform_id, row.party_namespace or ""
    # Ids of one instance mean nothing on another; where one side knows no namespace the platform has but one.
    is_city = party is not None and (
        (platform, party, namespace) in city
        or (platform, party, "") in city
        or (not namespace and any(known[:2] == (platform, party) for known in city))
    )
    return AuthorShape(row.author_party_id, party, namespace, row.author_handle, row.author_name, is_city)


def _string(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _strings(value: object) -> tuple[str, ...]:
    return tuple(part for part in value if isinstance(part, str)) if isinstance(value, list) else ()
