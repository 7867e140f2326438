"""Asking again for what was not returned: only the item's own address, asked twice, confirms that it is gone.

`gone_confirmed` needs that a listing known to cover the item omits it, that a lookup of the item says that it is not
there, that another item can be read in the same breath (so that it is not our log-in that fails), and that a later lookup
says the same.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver.capture.errors import Refused, RequestFailed, Unreachable
from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.items import State
from archiver.platforms.pages import Exchange, Lookup, Page
from archiver.records.store.page import record_changes
from archiver.records.store.states import Change

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Row

    from archiver.capture.running import RunningCapture

_BATCH = 100
_GIVE_UP_AFTER = 5

_MISSING = """
    select i.id, i.platform_id, s.state,
           (select min(t.observed_at) from states t
            where t.item_id = i.id and t.stream_id = s.stream_id and t.by_lookup and t.state = 'not_returned'
              and t.id > coalesce((select max(p.id) from states p
                                   where p.item_id = i.id and p.stream_id = s.stream_id and p.state = 'present'), 0)
           ) as first_failed_at,
           (select t.by_lookup from states t where t.item_id = i.id and t.stream_id = s.stream_id
            order by t.id desc limit 1) as by_lookup
    from sightings s join items i on i.id = s.item_id
    where s.stream_id = :stream and i.id > :after
      and (s.state = 'not_returned' or (s.state = 'hidden' or s.unlisted) and s.last_seen_at < :started_at)
    order by i.id limit :batch
"""

_ORPHANS = """
    select i.id, i.platform_id, s.state, null as first_failed_at, null as by_lookup
    from sightings s
    join items i on i.id = s.item_id
    where s.stream_id = :stream and s.state = 'present' and s.last_seen_at < :started_at
      and exists (
          select from items r
          where r.platform = i.platform and r.namespace = i.namespace and r.state <> 'present'
            and r.platform_id in (i.root_id, split_part(s.order_key, ' ', 1)))
    order by s.last_seen_at, i.id limit :batch
"""

_CONTROL = """
    select i.platform_id from sightings s join items i on i.id = s.item_id
    where s.stream_id = :stream and s.state = 'present' order by s.last_seen_at desc, i.id desc limit 1
"""

_READ_ANEW = """
    update sub_cursors c set cursor = c.cursor - 'digest'
    from items i where i.id = :item and c.stream_id = :stream and c.key = i.root_id
"""
"""What a lookup changed of a thread is not what its last answer said: should the same bytes come again, they are read."""


def recheck(capture: RunningCapture) -> None:
    """Look up every item of the stream that its listing no longer shows, where the platform can be asked for single items:
    what is missing, and what is there and was left out before.
    """
    if not capture.platform.manifest.lookups:
        return
    control: bool | None = None
    after = 0
    while rows := waiting(capture, after):
        if control is None:
            control = _control_readable(capture)
        if not control:
            capture.skip("the re-check of items not returned", "an item that should be readable could not be read")
            return
        after = rows[-1].id
        by_id = {row.platform_id: row for row in rows}
        for lookup in lookups(capture, list(by_id)):
            _conclude(capture, by_id[lookup.id], lookup)


def waiting(capture: RunningCapture, after: int) -> list[Row[Any]]:
    """Some of the items whose own address this capture is to ask, those with an id above `after`: id, platform_id, state."""
    with capture.archive.engine.connect() as connection:
        return list(
            connection.execute(
                sa.text(_MISSING),
                {
                    "stream": capture.context.stream_id,
                    "started_at": capture.context.started_at,
                    "after": after,
                    "batch": _BATCH,
                },
            ).all()
        )


def recheck_orphans(capture: RunningCapture) -> None:
    """Look up comments whose thread can no longer be read since what it stood below is gone: they may well be there still.

    Those that were seen longest ago go first; how many a night is bounded, since each is a request.
    """
    with capture.archive.engine.connect() as connection:
        rows = connection.execute(
            sa.text(_ORPHANS),
            {
                "stream": capture.context.stream_id,
                "started_at": capture.context.started_at,
                "batch": _BATCH * max(1, capture.archive.settings.sweep_pages),
            },
        ).all()
    by_id = {row.platform_id: row for row in rows}
    for lookup in lookups(capture, list(by_id)):
        _conclude(capture, by_id[lookup.id], lookup)


def lookups(capture: RunningCapture, ids: list[str]) -> Iterator[Lookup]:
    """The answers, in the order of the ids. A stranger's server that does not answer for its own item is noted, and leaves
    what is known of the item as it is; only when several fail in a row is it taken for a failure of the capture.
    """
    waiting = ids
    in_a_row = 0
    while waiting:
        answered: set[str] = set()
        try:
            for lookup in capture.platform.lookup(capture.session, capture.account, waiting):
                answered.add(lookup.id)
                in_a_row = 0
                yield lookup
        except (RequestFailed, Unreachable, Refused, UnreadableAnswerError) as error:
            waiting = [each for each in waiting if each not in answered]
            in_a_row += 1
            if in_a_row >= _GIVE_UP_AFTER or not waiting:
                raise
            capture.note(f"the re-check of {waiting[0]}", str(error))
            waiting = waiting[1:]
        else:
            return


def is_gone(capture: RunningCapture, post_id: str) -> str | None:
    """The platform's words where an item's own address says that it is not there, while another item can be read; None where
    that is not so, or cannot be asked. Nothing is concluded from it about the item: its listing does that.
    """
    try:
        if not _control_readable(capture):
            return None
        found = capture.platform.lookup(capture.session, capture.account, [post_id])
        return next((each.words for each in found if each.state is State.GONE_CONFIRMED), None)
    except (RequestFailed, Unreachable, Refused, UnreadableAnswerError):
        return None


def _control_readable(capture: RunningCapture) -> bool:
    """Whether an item that the listing has just shown can be looked up. Without any, the account's own status stands
    for it: it was read at the head of this capture.
    """
    with capture.archive.engine.connect() as connection:
        identity = connection.scalar(sa.text(_CONTROL), {"stream": capture.context.stream_id})
    if identity is None:
        return True
    return all(
        lookup.state is State.PRESENT
        for lookup in capture.platform.lookup(capture.session, capture.account, [identity])
    )


def _conclude(capture: RunningCapture, row: Row[Any], lookup: Lookup) -> None:
    if lookup.state is State.PRESENT and lookup.item is not None and lookup.exchange is not None:
        capture.save(Page([lookup.item], [lookup.exchange], looked_up=True))
        return
    now = capture.archive.now()
    state = _conclusion(row, lookup, now - timedelta(hours=capture.archive.settings.recheck_hours))
    if state is None:
        return
    exchanges: list[Exchange] = [lookup.exchange] if lookup.exchange else []
    change = Change(row.id, state, lookup.words, exchanges[0].id if exchanges else None, by_lookup=True)
    with capture.archive.engine.begin() as connection:
        record_changes(connection, capture.context, exchanges, [change], now, capture.warc.write)
        connection.execute(sa.text(_READ_ANEW), {"item": row.id, "stream": capture.context.stream_id})


def _conclusion(row: Row[Any], lookup: Lookup, before: datetime) -> State | None:
    """What a lookup is worth: the state to record, or None where it adds nothing to what is known."""
    if lookup.state is State.PRESENT and row.state == State.HIDDEN.value and not row.by_lookup:
        return None  # the listing said that others do not see it, which is not told at its own address
    if lookup.state is not State.GONE_CONFIRMED:
        return lookup.state if lookup.state is not None and lookup.state.value != row.state else None
    first = row.first_failed_at
    if first is None:
        return State.NOT_RETURNED
    return State.GONE_CONFIRMED if first <= before else None
