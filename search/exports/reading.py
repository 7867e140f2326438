"""Reading the records of an export, in the order of the set: everything of them, or the cells of their rows.

The cells are put together by Postgres: of a hundred thousand records a row each takes a third of the time that all which is known
of them takes. Times come as texts in the city's zone.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver.database import repeatable_read
from archiver.platforms.text import html_to_text
from archiver.records.shapes import load_shapes
from archiver.records.through import FIRST_SEEN_THROUGH, STATE_THROUGH, parameters
from search.exports.rows import Cells, Record

if TYPE_CHECKING:
    import uuid
    import zoneinfo
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection, Engine

    from archiver.records.shapes import ItemShape
    from search.query.everything import Found
    from search.query.model import Limits

_APART = "\x1f"
_SAID, _MORE, _TEXT = slice(5, 25), slice(25, 33), 24
_STANDS = f"select {STATE_THROUGH} as state, {FIRST_SEEN_THROUGH} as first_seen".replace(
    ":limited", "%(limited)s"
).replace(":accounts", "%(accounts)s")
_CELLS = r"""
    select i.id, i.revision, i.kind, v.number,
           case when v.text is null and jsonb_typeof(v.fields->'text') is distinct from 'string'
                     and jsonb_typeof(v.fields->'html') = 'string' then v.fields->>'html' end,
           i.public_id::text, i.platform, i.platform_id, i.namespace, i.kind, stands.state,
           to_json(coalesce((select h.observed_at from states h join streams s on s.id = h.stream_id
                             where h.item_id = i.id and h.state = stands.state
                                   and (not %(limited)s or s.account_id = any(%(accounts)s))
                             order by s.kind = 'import', h.id desc limit 1), stands.first_seen)) #>> '{}',
           coalesce(seen.accounts, ''), coalesce(seen.departments, ''),
           coalesce(v.author_name, ''), coalesce(v.author_handle, ''), coalesce(p.platform_id, ''),
           case when p.id is null then ''
                when exists (select from accounts a
                             where a.platform = i.platform and a.platform_id = p.platform_id and not a.personal
                             and (p.namespace = '' or a.namespace in (p.namespace, ''))) then 'yes' else 'no' end,
           coalesce(to_json(coalesce(i.created_at, v.created_at)) #>> '{}', ''),
           coalesce((to_json(coalesce(i.created_at, v.created_at) at time zone 'UTC') #>> '{}') || '+00:00', ''),
           to_json(stands.first_seen) #>> '{}', coalesce(to_json(seen.last) #>> '{}', ''),
           coalesce(to_json(v.edited_at) #>> '{}', ''),
           case when jsonb_typeof(v.fields->'title') = 'string' then v.fields->>'title' else '' end,
           coalesce(v.text, case when jsonb_typeof(v.fields->'text') = 'string' then v.fields->>'text' end, ''),
           case when jsonb_typeof(v.fields->'links') = 'array' then coalesce(
                (select string_agg(link #>> '{}', E'\n' order by place)
                 from jsonb_array_elements(v.fields->'links') with ordinality each (link, place)
                 where jsonb_typeof(link) = 'string'), '') else '' end,
           coalesce((
                select string_agg(
                    m.kind || ', '
                    || case when m.state = 'kept' and m.sha256 is not null then 'kept, SHA-256 ' || encode(m.sha256, 'hex')
                            else m.state || coalesce(' (' || nullif(m.reason, '') || ')', '') end
                    || coalesce('; described as: ' || nullif(a.alt_text, ''), '; without a description'),
                    E'\n' order by a.position)
                from version_media a join media m on m.id = a.medium_id where a.version_id = v.id), ''),
           coalesce(v.url, ''), coalesce(i.parent_id, ''), coalesce(i.root_id, ''),
           (select count(*) from versions o where o.item_id = i.id)::text, coalesce(v.number::text, ''),
           coalesce(encode(v.commitment, 'hex'), '')
    from items i
    cross join lateral (<stands>) stands
    left join versions v on v.id = coalesce(i.current_version_id, (
        select o.id from versions o where o.item_id = i.id order by o.number desc limit 1))
    left join parties p on p.id = v.author_party_id
    cross join lateral (
        select string_agg(a.platform || ':' || a.handle, E'\x1f' order by g.stream_id) as accounts,
               string_agg(a.department, E'\x1f' order by g.stream_id) as departments, max(g.last_seen_at) as last
        from sightings g join streams s on s.id = g.stream_id join accounts a on a.id = s.account_id
        where g.item_id = i.id and (not %(limited)s or a.id = any(%(accounts)s))
    ) seen
    where i.id = any(%(ids)s)
""".replace("<stands>", _STANDS)
_ACCOUNTS, _DEPARTMENTS = 12, 13
_ACCOUNTS_OF = sa.text("select id, public_id from accounts where public_id = any(cast(:ids as uuid[]))")


def accounts_of(connection: Connection, limits: Limits) -> dict[int, uuid.UUID] | None:
    """The accounts that an export is within, public ids by row ids; None: all."""
    if limits.accounts is None:
        return None
    rows = connection.execute(_ACCOUNTS_OF, {"ids": list(limits.accounts)})
    return {row.id: row.public_id for row in rows}


def records_of(
    engine: Engine, zone: zoneinfo.ZoneInfo, batch: Sequence[Found], after: int, *, limits: Limits, whole: bool
) -> list[Record]:
    """The records of a batch as they are now, all of one moment.

    Args:
        engine: of the archive.
        zone: the city's.
        batch: what was found.
        after: how many records stand before it.
        limits: what the export is within; what other accounts have to do with a record is not told.
        whole: everything that is known of them, and not their cells.
    """
    with repeatable_read(engine) as connection:
        accounts = accounts_of(connection, limits)
        if whole:
            shapes = load_shapes(connection, [found.item_id for found in batch])
            if accounts is not None:
                shapes = {item_id: shape.within(accounts) for item_id, shape in shapes.items()}
            return [_whole(number, found, shapes.get(found.item_id)) for number, found in enumerate(batch, after + 1)]
        rows = _rows(connection, zone, batch, accounts)
        earlier = _earlier(connection, batch, rows)
    return [_record(number, found, rows.get(found.item_id), earlier) for number, found in enumerate(batch, after + 1)]


def _whole(number: int, found: Found, shape: ItemShape | None) -> Record:
    if shape is None:
        return Record(number, found, None, None)
    return Record(number, found, shape.revision, shape.kind, shape=shape)


def _record(number: int, found: Found, row: tuple[Any, ...] | None, earlier: dict[int, str]) -> Record:
    if row is None:
        return Record(number, found, None, None)
    said = row[_SAID]
    if row[4] is not None or _APART in row[_ACCOUNTS]:
        said = _mended(row)[_SAID]
    return Record(number, found, row[1], row[2], Cells(said, row[_MORE], earlier.get(found.item_id)))


def _mended(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """The row with the text of what is only HTML, and each account and department once."""
    cells = list(row)
    for place in (_ACCOUNTS, _DEPARTMENTS):
        cells[place] = "; ".join(dict.fromkeys(row[place].split(_APART)))
    if row[4] is not None:
        cells[_TEXT] = html_to_text(row[4])
    return tuple(cells)


def _rows(
    connection: Connection, zone: zoneinfo.ZoneInfo, batch: Sequence[Found], accounts: dict[int, uuid.UUID] | None
) -> dict[int, tuple[Any, ...]]:
    wanted = {"ids": [found.item_id for found in batch], **parameters(accounts)}
    with contextlib.closing(connection.connection.cursor()) as cursor:
        cursor.execute("select set_config('TimeZone', %s, true)", (zone.key,))
        cursor.execute(_CELLS, wanted)
        rows = {row[0]: row for row in cursor.fetchall()}
        # What is read after this is read in UTC, as everywhere: elsewhere the year 1 begins in a year that is none here.
        cursor.execute("select set_config('TimeZone', 'UTC', true)")
        return rows


def _earlier(connection: Connection, batch: Sequence[Found], rows: dict[int, tuple[Any, ...]]) -> dict[int, str]:
    """What the version said that matched, of those records where that is not the current one."""
    others = {
        found.item_id: found.version
        for found in batch
        if found.version is not None and found.item_id in rows and rows[found.item_id][3] != found.version
    }
    shapes = load_shapes(connection, others)
    return {
        item_id: "\n".join(filter(None, (version.title, version.text)))
        for item_id, shape in shapes.items()
        for version in shape.versions
        if version.number == others[item_id]
    }
