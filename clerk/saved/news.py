"""What a kept search finds now that its owner was not told of: by their own sight, as it is at that moment."""

from __future__ import annotations

import array
import dataclasses
import hashlib
import itertools
from collections import deque
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver.database import repeatable_read
from archiver.records.models import SavedRun
from clerk import views, visibility
from clerk.asking import asked_for, today
from clerk.saved.letter import LONGEST_TEXT, MOST_LISTED
from clerk.users import SignedIn
from clerk.visibility import look
from search import indices
from search.query.everything import every

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Sequence

    from elasticsearch import Elasticsearch
    from sqlalchemy.engine import Connection

    from archiver.archive import Archive
    from clerk.saved.store import Saved
    from clerk.views import Card
    from clerk.visibility import Sight
    from search.query.everything import Walk

_TOGETHER = 5_000
_BEGAN = sa.text("""
    select min(c.id) from saved_changes c where c.search_id = :search and c.nightly and c.id > coalesce(
        (select max(o.id) from saved_changes o where o.search_id = :search and not o.nightly), 0)
""")
_HAS_BASE = sa.text(
    "select exists (select from saved_runs where search_id = :search and began = :began and outcome = 'base')"
)
_TOLD = sa.text("select item_id from saved_told where search_id = :search and item_id = any(:ids)")
_TELL = sa.text("""
    insert into saved_told (search_id, item_id, run_id) select :search, id, :run from unnest(cast(:ids as bigint[])) id
    on conflict do nothing
""")


@dataclasses.dataclass(frozen=True, slots=True)
class News:
    """What is new: how many records the search finds in all, the row ids of those that are new, the latest to come first."""

    found: int
    new: array.array[int]
    latest: Sequence[int]

    @property
    def digest(self) -> str:
        """Of what is new, in hexadecimal digits."""
        return hashlib.sha256(self.new.tobytes()).hexdigest()


def began(connection: Connection, saved: Saved) -> tuple[int | None, bool]:
    """The change that switched the nightly run of a search on (None: it was switched off a moment ago), and whether it has run
    since.
    """
    change: int | None = connection.execute(_BEGAN, {"search": saved.row.id}).scalar_one()
    return change, bool(connection.scalar(_HAS_BASE, {"search": saved.row.id, "began": change}))


def sight_of(connection: Connection, saved: Saved, now: dt.datetime) -> Sight:
    """What the owner may see now, direct messages left out: an e-mail is no place for them."""
    row = saved.row
    user = SignedIn(row.user_id, row.owner, row.role, tuple(row.departments))
    return dataclasses.replace(look(connection, user, now), messages=False)


def walk(archive: Archive, client: Elasticsearch, index: str, saved: Saved, sight: Sight) -> Walk:
    """Everything that the search finds now; "yesterday" is the day before today in the city.

    Raises:
        IndexOutdatedError: the index is of an earlier version, by which something could be found too late, or too little.
        QueryError, IndexUnavailableError, IndexMissingError, SearchError: as for a search.
    """
    indices.require_current(client, index)
    form = dataclasses.replace(saved.form, messages=False)
    return every(client, index, asked_for(archive, sight, form, today(archive)))


def put_down_base(archive: Archive, saved: Saved, change: int, found: Walk, now: dt.datetime) -> None:
    """Put down what is there already, so that it is never told as new."""
    with archive.engine.begin() as connection:
        run = _run(connection, saved, change, now, "base", found.total, None)
        for ids in _batches(each.item_id for each in found.found):
            connection.execute(_TELL, {"search": saved.row.id, "run": run, "ids": ids})


def news(archive: Archive, saved: Saved, sight: Sight, found: Walk) -> News:
    """Tell what is new of what was found. Postgres has the last word on what the owner may see."""
    new: array.array[int] = array.array("q")
    latest: deque[int] = deque(maxlen=MOST_LISTED)
    for ids in _batches(each.item_id for each in found.found):
        with archive.engine.connect() as connection:
            told = set(connection.scalars(_TOLD, {"search": saved.row.id, "ids": ids}))
            untold = [each for each in ids if each not in told]
            seen = visibility.visible(connection, sight, untold) if untold else set()
        for each in untold:
            if each in seen:
                new.append(each)
                latest.append(each)
    return News(found.total, new, list(latest)[::-1])


def cards(archive: Archive, sight: Sight, item_ids: Sequence[int]) -> list[Card]:
    """Records as an e-mail shows them, in that order."""
    with repeatable_read(archive.engine) as connection:
        shapes = visibility.shapes(connection, sight, item_ids)
    zone = archive.settings.zone
    return [views.card(shapes[each], zone, longest=LONGEST_TEXT + 1) for each in item_ids if each in shapes]


def put_down_told(archive: Archive, saved: Saved, change: int, told: News, now: dt.datetime) -> None:
    """Put down that the owner was told: from now on it is no news."""
    with archive.engine.begin() as connection:
        outcome = "told" if told.new else "nothing"
        run = _run(connection, saved, change, now, outcome, told.found, len(told.new))
        for ids in _batches(told.new):
            connection.execute(_TELL, {"search": saved.row.id, "run": run, "ids": ids})


def put_down_failure(archive: Archive, saved: Saved, change: int, problem: str, now: dt.datetime) -> None:
    """Put down that the run came to nothing, and why; what is new stays new."""
    with archive.engine.begin() as connection:
        _run(connection, saved, change, now, "failed", None, None, problem)


def _run(
    connection: Connection,
    saved: Saved,
    change: int,
    now: dt.datetime,
    outcome: str,
    found: int | None,
    new: int | None,
    problem: str | None = None,
) -> int:
    values: dict[str, Any] = {"outcome": outcome, "found": found, "new": new, "problem": problem}
    made = sa.insert(SavedRun).values(search_id=saved.row.id, began=change, at=now, **values).returning(SavedRun.id)
    return int(connection.execute(made).scalar_one())


def _batches(ids: Iterable[int]) -> Iterator[list[int]]:
    iterator = iter(ids)
    while batch := list(itertools.islice(iterator, _TOGETHER)):
        yield batch
