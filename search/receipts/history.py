"""What the archive and its index have of records whose finding changed: read for a few hundred at a time."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from typing import TYPE_CHECKING

import sqlalchemy as sa

from archiver.database import repeatable_read
from archiver.records.through import CAME_THROUGH, FIRST_SEEN_THROUGH
from search.query.words import quoted
from search.receipts import copies
from search.receipts.differences import Event, History

if TYPE_CHECKING:
    import uuid
    from collections.abc import Collection, Mapping

    from elasticsearch import Elasticsearch
    from sqlalchemy.engine import Connection, Engine

    from search.receipts.differences import Pair
    from search.receipts.surroundings import Part

# Asked for by itself: the outbox has no index by record, and where it is long, each record would be looked for in all of it.
# Postgres compares the ids by a hash where they are of the column's own type.
_WAITING = sa.text("select distinct item_id from outbox where item_id = any(cast(:ids as bigint[]))")
_ITEMS = sa.text(f"""
    select i.id, i.public_id, i.revision, {FIRST_SEEN_THROUGH} as first_seen_at, {CAME_THROUGH} as within,
           (select min(g.first_seen_at) from sightings g where g.item_id = i.id) as sighted_at
    from items i where i.id = any(:ids)
""")  # noqa: S608 - a condition of our own
_HELD = sa.text("""
    select i.id, i.public_id, i.revision,
           asked.version is null
           or exists (select from versions v where v.item_id = i.id and v.number = asked.version) as has_version
    from unnest(cast(:ids as bigint[]), cast(:versions as bigint[])) as asked(id, version) join items i on i.id = asked.id
""")
_VERSIONS = sa.text("""
    select v.item_id, v.number, v.captured_at, v.source,
           case when c.outcome = 'running' then now() else c.finished_at end as stored_by
    from versions v join captures c on c.id = v.capture_id where v.item_id = any(:ids) order by v.item_id, v.number
""")
_STATES = sa.text("""
    select s.item_id, s.state, s.observed_at, case when c.outcome = 'running' then now() else c.finished_at end as stored_by
    from states s join captures c on c.id = s.capture_id join streams t on t.id = s.stream_id
    where s.item_id = any(:ids) and (not :limited or t.account_id = any(:accounts)) order by s.item_id, s.id
""")
_PLACES = sa.text("""
    select g.item_id, g.first_seen_at, a.public_id::text as account, a.platform || ':' || a.handle as name, s.kind
    from sightings g join streams s on s.id = g.stream_id join accounts a on a.id = s.account_id
    where g.item_id = any(:ids) and (not :limited or a.id = any(:accounts)) order by g.item_id, g.stream_id
""")
_AUTHORS = sa.text("""
    select distinct v.item_id, a.public_id::text as account
    from versions v join parties p on p.id = v.author_party_id
    join accounts a on a.platform = p.platform and a.platform_id = p.platform_id
    where v.item_id = any(:ids)
""")
_TAGS = sa.text("""
    select e.item_id, e.at, e.put_on, t.name from tag_events e join tags t on t.id = e.tag_id
    where e.item_id = any(:ids) order by e.item_id, e.id
""")
_STATE_WORDS = {
    "present": "Seen again",
    "not_returned": "Not returned any more",
    "hidden": "Hidden",
    "gone_confirmed": "Confirmed gone",
    "access_lost": "Access was lost",
}


def suspects(connection: Connection, pairs: Collection[Pair]) -> set[uuid.UUID]:
    """Those records (public ids) of which the archive seems to hold something else than the index found: to be looked at again.

    Of a few thousand at a time, as it is asked of every record that was found both times.
    """
    found = [(pair, pair.now) for pair in pairs if pair.now is not None]
    asked = {"ids": [pair.item_id for pair, _ in found], "versions": [now.version for _, now in found]}
    waiting = set(connection.scalars(_WAITING, asked))
    rows = {row.public_id: row for row in connection.execute(_HELD, asked)}
    doubtful = set()
    for pair, now in found:
        held = rows.get(pair.public_id)
        had = 0 if pair.then is None else max(pair.then.revision or 0, pair.then.waiting or 0)
        if (
            held is None
            or not held.has_version
            or held.revision < had
            or (held.revision != now.revision and held.id not in waiting)
        ):
            doubtful.add(pair.public_id)
    return doubtful


def histories(
    engine: Engine, client: Elasticsearch, index: str, pairs: Collection[Pair], part: Part, *, compare: bool
) -> dict[uuid.UUID, History]:
    """What there is of these records, by public id; one that the archive does not hold is not in the answer.

    Where archive and index seem to differ both are asked once more: an indexer may have been at work between the two.

    Args:
        engine: the archive's database.
        client: from `search.client.client_for`.
        index: what is searched, or several with commas.
        pairs: the records.
        part: of the archive; what other accounts have to do with a record is not told.
        compare: whether the index was made by this program's definition, so that what it has must be what this program makes.

    Raises:
        IndexUnavailableError, SearchError: as for a search.
    """
    found = _histories(engine, client, index, [pair.item_id for pair in pairs], part, compare=compare)
    again = [pair.item_id for pair in pairs if (known := found.get(pair.public_id)) and known.is_adrift]
    return found | _histories(engine, client, index, again, part, compare=compare) if again else found


def _histories(
    engine: Engine, client: Elasticsearch, index: str, item_ids: Collection[int], part: Part, *, compare: bool
) -> dict[uuid.UUID, History]:
    with repeatable_read(engine) as connection:
        found, ids = _recorded(connection, item_ids, part)
        has = copies.of(client, index, ids, sources=compare)
        shown = {key: each.source for key, each in has.items() if found[ids[key]].revision == each.revision}
        altered = copies.altered(connection, shown) if compare else set[int]()
    return {
        public_id: dataclasses.replace(
            found[public_id], indexed=has[key].revision if key in has else None, altered=key in altered
        )
        for key, public_id in ids.items()
    }


def _recorded(
    connection: Connection, item_ids: Collection[int], part: Part
) -> tuple[dict[uuid.UUID, History], Mapping[int, uuid.UUID]]:
    """What Postgres has of records, by public id, and the public ids by the records' own."""
    ids = {"ids": list(item_ids), **part.parameters}
    waiting = set(connection.scalars(_WAITING, ids))
    rows = connection.execute(_ITEMS, ids).all()
    versions: defaultdict[int, list[Event]] = defaultdict(list)
    states: defaultdict[int, list[Event]] = defaultdict(list)
    places: defaultdict[int, list[Event]] = defaultdict(list)
    tags: defaultdict[int, list[Event]] = defaultdict(list)
    accounts: defaultdict[int, set[str]] = defaultdict(set)
    for row in connection.execute(_VERSIONS, ids):
        words = f"Version {row.number} was {'imported' if row.source == 'import' else 'captured'}"
        versions[row.item_id].append(Event(row.captured_at, words, row.stored_by, row.number))
    for row in connection.execute(_STATES, ids):
        words = _STATE_WORDS.get(row.state, row.state.replace("_", " ").capitalize())
        states[row.item_id].append(Event(row.observed_at, words, row.stored_by))
    for row in connection.execute(_PLACES, ids):
        places[row.item_id].append(Event(row.first_seen_at, f"Seen through {row.name} ({row.kind})"))
        accounts[row.item_id].add(row.account)
    for row in connection.execute(_TAGS, ids):
        words = f"The tag {quoted(row.name)} was {'put on it' if row.put_on else 'taken off'}"
        tags[row.item_id].append(Event(row.at, words))
    for row in connection.execute(_AUTHORS, ids):
        accounts[row.item_id].add(row.account)
    found = {
        row.public_id: History(
            row.first_seen_at,
            versions[row.id],
            states[row.id],
            places[row.id],
            frozenset(accounts[row.id]),
            row.id in waiting,
            row.revision,
            None,
            row.within,
            tags[row.id],
            sighted_at=row.sighted_at,
        )
        for row in rows
    }
    return found, {row.id: row.public_id for row in rows}
