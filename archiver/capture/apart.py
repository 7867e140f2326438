"""What of items is asked for by itself (`archiver.platforms.apart`): whose turn it is, and what a night had no units for.

What was never asked for, or may have changed, goes first; then what the listing shows, by its age, as the platform's pace has it.
When each item was asked for is remembered in the transaction that stores the answer (`sub_cursors` of the stream, by the item's
id; `marker` is the item's `apart`). What waits is said, with the capture, and is not taken for empty.
"""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver.capture import recheck, sub_cursors
from archiver.capture.errors import RateLimited, Refused, RequestFailed, Unreachable
from archiver.capture.running import BACKFILL, LIGHT
from archiver.platforms.apart import with_completed
from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.items import State
from archiver.platforms.pages import Page

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from archiver.capture.running import RunningCapture
    from archiver.platforms.items import Item, Json, Skipped
    from archiver.platforms.pages import Exchange

_BATCH = 50
_GIVE_UP_AFTER = 3
"""So many questions that fail in a row are enough for a night."""
_NAMED = 20
"""So many of those that wait are named."""

_KNOWN = """
    select key, cursor ->> 'marker' as marker, last_read_at from sub_cursors
    where stream_id = :stream and key = any(:keys)
"""

_WAITING = """
    from sightings s join items i on i.id = s.item_id
    left join sub_cursors c on c.stream_id = s.stream_id and c.key = i.platform_id
    where s.stream_id = :stream and s.state in ('present', 'hidden') and i.platform_id <> all(:tried)
      and (c.key is null or c.cursor ->> 'marker' is not null and c.last_read_at <=
           case when coalesce(i.created_at, i.first_seen_at) >= :since
                then cast(:again as timestamptz) else cast(:later as timestamptz) end)
"""

_NEXT = f"""
    select i.platform_id {_WAITING}
    order by c.last_read_at nulls first, coalesce(i.created_at, i.first_seen_at) desc, i.id desc limit :batch
"""

_UNASKED = f"""
    select count(*) filter (where c.key is null) as never, count(*) as every {_WAITING}
"""


@dataclasses.dataclass(frozen=True, slots=True)
class _Asked:
    """When an item was asked for, and what its `apart` was then."""

    at: datetime
    marker: str | None


class Completing:
    """The completing of one capture's items. Where the platform shows all in its listings, pages are stored as they are."""

    def __init__(self, capture: RunningCapture) -> None:
        self._capture = capture
        self._how = capture.platform.apart(capture.account)
        self._stopped = ""
        """Why nothing more is asked for in this capture; empty while it goes on."""
        self._failed = 0
        self._waiting: dict[str, None] = {}

    def save(self, page: Page, cursor: Mapping[str, Json] | None = None) -> None:
        """Store a page of the listing (see `RunningCapture.save`), with what its items were asked for."""
        if self._how is None or not page.items:
            self._capture.save(page, cursor)
            return
        known = self._known([item.id for item in page.items])
        due = [item for item in page.items if self._is_due(item, known.get(item.id))]
        settled = [item for item in page.items if item.apart is None and item.id not in known]
        self._store(page, due, settled, cursor)

    def rest(self) -> None:
        """Ask for what the listing did not come to, as far as the night goes, and say what waits."""
        if self._how is None:
            return
        if self._how.looks_up and self._capture.context.mode != LIGHT:
            self._look_up()
        if self._waiting:
            self._say(len(self._waiting), list(self._waiting))

    def _is_due(self, item: Item, asked: _Asked | None) -> bool:
        assert self._how is not None  # noqa: S101 - the type checker's
        if asked is None or asked.marker != item.apart:
            return item.apart is not None or asked is not None
        if item.apart is None or self._how.looks_up or self._capture.context.mode == LIGHT:
            return False
        since, again, later = self._since()
        return asked.at <= (again if item.created_at is None or item.created_at >= since else later)

    def _since(self) -> tuple[datetime, datetime, datetime]:
        """Since when an item is young, and before when a young one, and an older one, must have been asked for to be due."""
        assert self._how is not None  # noqa: S101 - the type checker's
        context = self._capture.context
        if context.mode == BACKFILL:
            return datetime.min.replace(tzinfo=UTC), context.started_at, context.started_at
        return self._capture.reread_since, context.started_at - self._how.again, context.started_at - self._how.later

    def _store(
        self, page: Page, due: Sequence[Item], settled: Sequence[Item], cursor: Mapping[str, Json] | None = None
    ) -> None:
        """Ask for what is due, as far as that goes, and store the page with it. `settled`: items with nothing to be asked for."""
        assert self._how is not None  # noqa: S101 - the type checker's
        marks = self._how.marks
        whole = {item.id: dataclasses.replace(item, not_requested=item.not_requested - marks) for item in settled}
        exchanges: list[Exchange] = []
        skipped: list[Skipped] = []
        for start in range(0, len(due), self._how.at_once):
            self._ask(due[start : start + self._how.at_once], whole, exchanges, skipped)
        unasked = frozenset(f"{mark}_not_asked" for mark in marks)
        shown = {item.id: dataclasses.replace(item, flags=item.flags | unasked) for item in due} | whole
        cursors = {each: {"marker": item.apart} for each, item in whole.items()}
        self._capture.save(
            with_completed(page, shown, exchanges, skipped),
            cursor,
            also=lambda connection: sub_cursors.remember(connection, self._capture, cursors),
        )

    def _ask(
        self, items: Sequence[Item], whole: dict[str, Item], exchanges: list[Exchange], skipped: list[Skipped]
    ) -> None:
        capture = self._capture
        if self._stopped:
            self._waiting.update(dict.fromkeys(item.id for item in items))
            return
        try:
            found = capture.platform.complete(capture.session, capture.account, items)
        except RateLimited as error:
            self._stopped = error.words or str(error)
        except (RequestFailed, Unreachable, Refused, UnreadableAnswerError) as error:
            self._failed += 1
            if self._failed >= _GIVE_UP_AFTER:
                self._stopped = str(error)
            names = ", ".join(item.id for item in items)
            capture.note(f"{self._words} of {names}", f"{error}; asked for again the next night")
        else:
            self._failed = 0
            whole.update(found.items)
            exchanges += found.exchanges
            skipped += found.skipped
        self._waiting.update(dict.fromkeys(item.id for item in items if item.id not in whole))

    def _look_up(self) -> None:
        """The items whose turn it is, some at a time: the unasked first, the newest before the others."""
        tried: set[str] = set()
        while not self._stopped and (ids := self._next(tried)):
            tried.update(ids)
            try:
                for lookup in recheck.lookups(self._capture, ids):
                    if lookup.state is State.PRESENT and lookup.item is not None and lookup.exchange is not None:
                        self._complete_one(lookup.item, lookup.exchange)
            except RateLimited as error:
                self._stopped = error.words or str(error)
        if self._stopped:
            with self._capture.archive.engine.connect() as connection:
                left = connection.execute(sa.text(_UNASKED), self._values(())).one()
            self._waiting.clear()
            if left.every:
                self._say(left.every, self._next(()), never=left.never)

    def _complete_one(self, item: Item, exchange: Exchange) -> None:
        if self._stopped:
            return
        nothing = item.apart is None and not self._known([item.id])
        page = Page([dataclasses.replace(item, exchange=0)], [exchange], looked_up=True)
        self._store(page, () if nothing else page.items, page.items if nothing else ())

    def _say(self, many: int, ids: Sequence[str], never: int | None = None) -> None:
        unasked = "" if never is None else f", {never} of them for the first time"
        named = ", ".join(ids[:_NAMED]) + (", …" if many > _NAMED else "")
        self._capture.note(
            f"{self._words} of {many} items{unasked}",
            f"they wait for the next nights ({self._stopped or 'they were asked for in vain'}): {named}",
        )

    @property
    def _words(self) -> str:
        return self._how.what if self._how else ""

    def _next(self, tried: Collection[str]) -> list[str]:
        with self._capture.archive.engine.connect() as connection:
            return list(connection.scalars(sa.text(_NEXT), {**self._values(tried), "batch": _BATCH}))

    def _values(self, tried: Collection[str]) -> dict[str, Any]:
        since, again, later = self._since()
        stream = self._capture.context.stream_id
        return {"stream": stream, "since": since, "again": again, "later": later, "tried": list(tried)}

    def _known(self, ids: Sequence[str]) -> dict[str, _Asked]:
        with self._capture.archive.engine.connect() as connection:
            rows = connection.execute(
                sa.text(_KNOWN), {"stream": self._capture.context.stream_id, "keys": list(ids)}
            ).all()
        return {row.key: _Asked(row.last_read_at, row.marker) for row in rows}
