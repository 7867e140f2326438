"""What a change of an item's state says of moderation: what was done, and by whom where the platform's words tell.

Nobody is blamed by guess: where the words name nobody, the row says "unknown". A connector that knows who hid an item says so
in its words for it ("hidden by the account", "deleted by its author", "taken down by the platform").
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from archiver.platforms.items import State
from archiver.records import bulk
from archiver.records.models import uuid7

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from archiver.records.store.context import CaptureContext
    from archiver.records.store.states import Change

CITY, AUTHOR, PLATFORM, UNKNOWN = "the city's account", "the author", "the platform", "unknown"

# The city's account hides below its own posts: by its thread gate (Bluesky), its hide status, its page's tools.
_WHO = (
    (
        CITY,
        re.compile(
            r"\bby (the|this|its|our) (own )?(page|account|channel|city|owner|post's author)\b|thread ?gate",
            re.IGNORECASE,
        ),
    ),
    (
        AUTHOR,
        re.compile(
            r"\bby (its|the) (author|commenter|writer|user)\b|\bauthor (has )?(deleted|removed|unsent)", re.IGNORECASE
        ),
    ),
    (
        PLATFORM,
        re.compile(
            r"\b(hidden|removed|held|restricted|rejected|deleted|blocked|approved) by the platform\b|taken ?down|\bmoderators?\b|"
            r"violat|guidelines|community standards|spam|suspended",
            re.IGNORECASE,
        ),
    ),
)
_ACTIONS = (
    ("held_for_review", re.compile(r"held[ _]?for[ _]?review|likely[ _]?spam|pending review", re.IGNORECASE)),
    ("rejected", re.compile(r"\brejected\b", re.IGNORECASE)),
    ("restricted", re.compile(r"\brestricted\b|taken ?down|\bblock(ed)?\b|blockedPost|suspended", re.IGNORECASE)),
)
_APPROVED = re.compile(r"\bapproved\b", re.IGNORECASE)

_BEFORE = """
    select s.item_id, s.state from jsonb_to_recordset(cast(:rows as jsonb)) as r(id bigint)
    join sightings s on s.item_id = r.id and s.stream_id = :stream
"""
# An item that two streams show is hidden once: what the last row of its own says already is not said again.
_RECORD = """
    insert into moderation (public_id, item_id, action, by_whom, observed_at, source, capture_id, exchange_id, state_id, words)
    select r.public_id, r.item_id, r.action, r.by_whom, :now, r.source, :capture, r.exchange_id, r.state_id, nullif(r.words, '')
    from jsonb_to_recordset(cast(:rows as jsonb)) as r(
        public_id uuid, item_id bigint, action text, by_whom text, source text, exchange_id uuid, state_id bigint, words text)
    where not exists (
        select from moderation last
        where last.id = (select max(m.id) from moderation m where m.item_id = r.item_id and m.source <> 'clerk')
          and last.action = r.action)
    order by r.item_id
"""
_TELLING = frozenset({State.PRESENT, State.HIDDEN, State.GONE_CONFIRMED})


@dataclasses.dataclass(frozen=True, slots=True)
class Act:
    """What was done to an item, by whom, and whether the platform's words say so (`platform`) or the state alone
    (`inferred`).
    """

    action: str
    by_whom: str
    source: str


def act_of(before: str | None, state: State, words: str) -> Act | None:
    """What a change of state is, as far as moderation goes; None where it is none (an item that was missing is back). Pure."""
    match state:
        case State.HIDDEN:
            action = next((name for name, pattern in _ACTIONS if pattern.search(words)), "hidden")
        case State.GONE_CONFIRMED:
            action = "deleted"
        case State.PRESENT if before == State.HIDDEN.value:
            action = "approved" if _APPROVED.search(words) else "unhidden"
        case State.PRESENT if before == State.GONE_CONFIRMED.value:
            action = "restored"
        case _:
            return None
    who = next((name for name, pattern in _WHO if pattern.search(words)), None)
    return Act(action, who or UNKNOWN, "inferred" if who is None else "platform")


def before(connection: Connection, context: CaptureContext, changes: Sequence[Change]) -> Mapping[int, str]:
    """The states, in this stream, of the items whose change may tell of moderation; asked before they are changed."""
    rows = [{"id": each.item_id} for each in changes if each.state in _TELLING]
    found = bulk.run(connection, _BEFORE, rows, stream=context.stream_id) if rows else []
    return {row.item_id: row.state for row in found}


def record(
    connection: Connection,
    context: CaptureContext,
    changes: Sequence[Change],
    known: Mapping[int, str],
    state_ids: Mapping[int, int],
    now: datetime,
) -> None:
    """Add what the changes tell of moderation to its record. `known`: from `before`; `state_ids`: the rows of the changes."""
    rows = [
        {
            "public_id": uuid7(),
            "item_id": each.item_id,
            "action": act.action,
            "by_whom": act.by_whom,
            "source": act.source,
            "exchange_id": each.exchange_id,
            "state_id": state_ids.get(each.item_id),
            "words": each.words,
        }
        for each in changes
        if (act := act_of(known.get(each.item_id), each.state, each.words)) is not None
    ]
    if rows:
        bulk.run(connection, _RECORD, rows, capture=context.capture_id, now=now)
