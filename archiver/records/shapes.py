"""The present shape of items: everything that a reader of one item wants at once, in a few set-based queries.

What is read inside one `archiver.database.repeatable_read` is of one moment, so that a shape and its revision belong
together and may be written elsewhere under that revision.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa

from archiver.platforms.text import html_to_text
from archiver.records.derived import derived

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy.engine import Connection, Row

    Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AuthorShape:
    """Who wrote a version, as the platform showed them then.

    `party_id` and `platform_id` are None where the platform named nobody by id. `is_city`: that id is an account of the
    register on the same platform, and no official's own.
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
    commitment: str
    """The root of the salted leaves of its fields and words, in hexadecimal digits: what a proof begins from."""


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
    through: tuple[uuid.UUID, ...]
    """The accounts (public ids) that it came through: those of its sightings; of what was only shown inside another record, those
    whose captures received it. Who may see none of them may not see it."""
    counts: Mapping[str, Any]
    counted_at: dt.datetime | None
    tagged: Mapping[str, str] = field(default_factory=dict)
    """The tags that clerks have put on it, as first written, by what is compared; no part of the record."""

    @property
    def current(self) -> VersionShape | None:
        """The version that the item shows today; None where none was ever captured."""
        return next((version for version in self.versions if version.is_current), None)

    def within(self, accounts: Mapping[int, uuid.UUID]) -> ItemShape:
        """The same without what other accounts than these (public ids by row ids) have to do with it: its state, and when it was
        first seen, are those of the sightings that are left.
        """
        public_ids = set(accounts.values())
        sightings = tuple(each for each in self.sightings if each.account_id in accounts)
        shared = len(sightings) < len(self.sightings)
        return dataclasses.replace(
            self,
            state=derived((each.stream, each.state) for each in sightings) if sightings else self.state,
            first_seen_at=min((each.first_seen_at for each in sightings), default=self.first_seen_at)
            if shared
            else self.first_seen_at,
            sightings=sightings,
            states=tuple(each for each in self.states if each.account_id in accounts),
            through=tuple(each for each in self.through if each in public_ids),
        )


# Postgres writes the JSON of a whole item, and of a whole version, as one text: reading that back costs Python a fraction
# of what as many rows of columns do. Versions have rows of their own, as one text of Postgres ends at a gigabyte.
_ITEMS = """
    select item.id, to_json(item)::text from (
        select i.id, i.public_id, i.platform, i.namespace, i.platform_id, i.kind, i.revision, i.state, i.parent_id,
               i.root_id, i.refers_to_id, i.created_at, i.first_seen_at, i.current_version_id,
               (select json_agg(one) from (
                    select h.state, h.words, h.observed_at, h.by_lookup, s.account_id, s.kind as stream
                    from states h join streams s on s.id = h.stream_id where h.item_id = i.id order by h.id
               ) one) as states,
               (select json_agg(one) from (
                    select g.state, g.first_seen_at, g.last_seen_at, s.account_id, s.kind as stream
                    from sightings g join streams s on s.id = g.stream_id where g.item_id = i.id order by g.stream_id
               ) one) as sightings,
               case when not exists (select from sightings g where g.item_id = i.id) then (
                    select json_agg(distinct s.account_id)
                    from versions v join exchanges e on e.id = v.exchange_id
                    join captures c on c.id = e.capture_id join streams s on s.id = c.stream_id where v.item_id = i.id
               ) end as through,
               (select to_json(one) from (
                    select o.counts, o.observed_at from observations o where o.item_id = i.id order by o.id desc limit 1
               ) one) as counted,
               (select json_object_agg(t.key, t.name order by t.key) from (
                    select distinct on (e.tag_id) e.tag_id, e.put_on from tag_events e
                    where e.item_id = i.id order by e.tag_id, e.id desc
               ) latest join tags t on t.id = latest.tag_id where latest.put_on) as tagged
        from items i where i.id = any(%s)
    ) item
"""
_VERSIONS = """
    select version.item_id, to_json(version)::text from (
        select v.item_id, v.id, v.public_id, v.number, v.source, v.captured_at, v.created_at, v.edited_at, v.indexed_at,
               v.text, v.url, v.author_party_id, v.author_handle, v.author_name, v.fields, v.flags,
               encode(v.commitment, 'hex') as commitment,
               p.platform_id as party_platform_id, p.namespace as party_namespace,
               (select json_agg(one) from (
                    select m.public_id, m.platform_id, m.kind, a.alt_text, m.state, m.reason, m.url, m.content_type,
                           m.size, m.sha256
                    from version_media a join media m on m.id = a.medium_id
                    where a.version_id = v.id order by a.position
               ) one) as media
        from versions v left join parties p on p.id = v.author_party_id
        where v.item_id = any(%s) order by v.item_id, v.number
    ) version
"""
_ACCOUNTS = sa.text("""
    select id, public_id, platform, namespace, platform_id, handle, department, personal,
           array(select h.handle from account_handles h where h.account_id = a.id and h.handle <> a.handle
                 order by h.first_seen_at) as former_handles
    from accounts a
""")


def load_shapes(connection: Connection, item_ids: Iterable[int]) -> dict[int, ItemShape]:
    """Read the present shape of items, by item id; one that does not exist is not in the answer.

    Args:
        connection: within `archiver.database.repeatable_read`, else shape and revision may be of different moments.
        item_ids: `items.id`; a few hundred at a time, as everything they ever said is held in memory.
    """
    return {shape.id: shape for shape in each_shape(connection, item_ids)}


def each_shape(connection: Connection, item_ids: Iterable[int]) -> Iterator[ItemShape]:
    """As `load_shapes`, one after the other: who keeps none of them spares Python's collector a third of the work."""
    ids = list(set(item_ids))
    if not ids:
        return
    accounts = {row.id: row for row in connection.execute(_ACCOUNTS)}
    city = _City(accounts.values())
    items = _rows(connection, _ITEMS, ids)
    versions: defaultdict[int, list[str]] = defaultdict(list)
    for item_id, text in _rows(connection, _VERSIONS, ids):
        versions[item_id].append(text)
    for item_id, text in items:
        said = [orjson.loads(version) for version in versions.pop(item_id, ())]
        yield _item(orjson.loads(text), said, accounts, city)


def _rows(connection: Connection, statement: str, ids: list[int]) -> Sequence[tuple[Any, ...]]:
    # Past SQLAlchemy's rows, which cost as much as all else here; the connection and its snapshot are the same.
    with contextlib.closing(connection.connection.cursor()) as cursor:
        cursor.execute(statement, (ids,))
        return cursor.fetchall()


def _item(item: Json, versions: Sequence[Json], accounts: Mapping[int, Row[Any]], city: _City) -> ItemShape:
    current = item["current_version_id"] or (versions[-1]["id"] if versions else None)
    counted = item["counted"]
    platform = item["platform"]
    seen_by = {each["account_id"] for each in item["sightings"] or ()} or set(item["through"] or ())
    return ItemShape(
        id=item["id"],
        public_id=uuid.UUID(item["public_id"]),
        platform=platform,
        namespace=item["namespace"],
        platform_id=item["platform_id"],
        kind=item["kind"],
        revision=item["revision"],
        state=item["state"],
        parent_id=item["parent_id"],
        root_id=item["root_id"],
        refers_to_id=item["refers_to_id"],
        created_at=_time(item["created_at"]),
        first_seen_at=_moment(item["first_seen_at"]),
        versions=tuple([_version(each, platform, is_current=each["id"] == current, city=city) for each in versions]),
        states=tuple([_state(each) for each in item["states"] or ()]),
        sightings=tuple([_sighting(each, accounts[each["account_id"]]) for each in item["sightings"] or ()]),
        through=tuple(sorted(accounts[each].public_id for each in seen_by)),
        counts=counted["counts"] if counted else {},
        counted_at=_moment(counted["observed_at"]) if counted else None,
        tagged=item["tagged"] or {},
    )


def _state(row: Json) -> StateShape:
    return StateShape(
        row["state"], row["words"], _moment(row["observed_at"]), row["by_lookup"], row["account_id"], row["stream"]
    )


def _medium(row: Json) -> MediumShape:
    return MediumShape(
        public_id=uuid.UUID(row["public_id"]),
        platform_id=row["platform_id"],
        kind=row["kind"],
        alt_text=row["alt_text"],
        state=row["state"],
        reason=row["reason"],
        url=row["url"],
        content_type=row["content_type"],
        size=row["size"],
        sha256=None if row["sha256"] is None else bytes.fromhex(row["sha256"].removeprefix("\\x")),
    )


def _sighting(row: Json, account: Row[Any]) -> SightingShape:
    return SightingShape(
        account_id=account.id,
        account_public_id=account.public_id,
        platform=account.platform,
        namespace=account.namespace,
        platform_id=account.platform_id,
        handle=account.handle,
        former_handles=tuple(account.former_handles),
        department=account.department,
        stream=row["stream"],
        state=row["state"],
        first_seen_at=_moment(row["first_seen_at"]),
        last_seen_at=_moment(row["last_seen_at"]),
    )


def _version(row: Json, platform: str, *, is_current: bool, city: _City) -> VersionShape:
    fields: Mapping[str, Any] = row["fields"]
    markup = _string(fields.get("html"))
    text = row["text"]
    if text is None:
        text = _string(fields.get("text"))
    if text is None and markup is not None:
        text = html_to_text(markup)
    return VersionShape(
        id=row["id"],
        public_id=uuid.UUID(row["public_id"]),
        number=row["number"],
        source=row["source"],
        is_current=is_current,
        captured_at=_moment(row["captured_at"]),
        created_at=_time(row["created_at"]),
        edited_at=_time(row["edited_at"]),
        indexed_at=_time(row["indexed_at"]),
        title=_string(fields.get("title")),
        text=text,
        html=markup,
        url=row["url"],
        author=_author(row, platform, city),
        languages=_strings(fields.get("languages")),
        tags=_strings(fields.get("tags")),
        mentions=_strings(fields.get("mentions")),
        links=_strings(fields.get("links")),
        media=tuple([_medium(medium) for medium in row["media"] or ()]),
        flags=tuple(row["flags"]),
        fields=fields,
        commitment=row["commitment"],
    )


def _author(row: Json, platform: str, city: _City) -> AuthorShape | None:
    party_id, handle, name = row["author_party_id"], row["author_handle"], row["author_name"]
    if party_id is None and handle is None and name is None:
        return None
    party, namespace = row["party_platform_id"], row["party_namespace"] or ""
    return AuthorShape(party_id, party, namespace, handle, name, city.has(platform, party, namespace))


class _City:
    """Which of the platforms' ids are the city's. An official's own account is not: and whoever may not know that the register
    has it must not be told by what its owner says elsewhere.
    """

    def __init__(self, accounts: Iterable[Row[Any]]) -> None:
        known = [row for row in accounts if row.platform_id is not None and not row.personal]
        self._exact = {(row.platform, row.platform_id, row.namespace) for row in known}
        self._anywhere = {(row.platform, row.platform_id) for row in known}

    def has(self, platform: str, party: str | None, namespace: str) -> bool:
        # Ids of one instance mean nothing on another; where one side knows no namespace the platform has but one.
        if (platform, party) not in self._anywhere:
            return False
        return not namespace or (platform, party, namespace) in self._exact or (platform, party, "") in self._exact


_moment = dt.datetime.fromisoformat
"""A time as Postgres writes it in JSON: ISO 8601, in UTC as every session is."""


def _time(value: str | None) -> dt.datetime | None:
    return None if value is None else _moment(value)


def _string(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _strings(value: object) -> tuple[str, ...]:
    return tuple([part for part in value if isinstance(part, str)]) if value and isinstance(value, list) else ()
