"""What the archive and its index have of records whose finding changed: read for a few hundred at a time."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import sqlalchemy as sa

from archiver.records.through import CAME_THROUGH, FIRST_SEEN_THROUGH
from search.errors import translated
from search.query.words import quoted
from search.receipts.differences import Event, History

if TYPE_CHECKING:
    from collections.abc import Sequence

    from elasticsearch import Elasticsearch
    from sqlalchemy.engine import Connection

    from search.receipts.surroundings import Part

_ITEMS = sa.text(f"""
    select i.id, i.revision, {FIRST_SEEN_THROUGH} as first_seen_at,
           exists (select from outbox o where o.item_id = i.id) as waiting, {CAME_THROUGH} as within
    from items i where i.id = any(:ids)
""")  # noqa: S608 - a condition of our own
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


def histories(
    connection: Connection, client: Elasticsearch, index: str, item_ids: Sequence[int], part: Part
) -> dict[int, History]:
    """What there is of these records, by `items.id`; one that the archive does not hold is not in the answer.

    Args:
        connection: to the archive's database.
        client: from `search.client.client_for`.
        index: what is searched, or several with commas.
        item_ids: of the records.
        part: of the archive; what other accounts have to do with a record is not told.

    Raises:
        IndexUnavailableError, SearchError: as for a search.
    """
    ids = {"ids": list(item_ids), **part.parameters}
    rows = connection.execute(_ITEMS, ids).all()
    if not rows:
        return {}
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
    indexed: dict[int, int] = {}
    for name in index.split(","):
        with translated(f"looking up records in {name}"):
            documents = client.mget(index=name, ids=[str(row.id) for row in rows], source=False).body["docs"]
        indexed |= {int(each["_id"]): int(each["_version"]) for each in documents if each.get("found")}
    return {
        row.id: History(
            row.first_seen_at,
            versions[row.id],
            states[row.id],
            places[row.id],
            frozenset(accounts[row.id]),
            row.waiting,
            row.revision,
            indexed.get(row.id),
            row.within,
            tags[row.id],
        )
        for row in rows
    }
