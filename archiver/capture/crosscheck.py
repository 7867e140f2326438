"""Checking a stream's listing with a second source: what the platform's own export of the account says that there is.

A listing that silently leaves something out cannot tell so itself. What the export has and the archive has not (or has otherwise:
an old post that was overwritten) is asked for by its own address and captured; what the archive holds as present and the export
lacks was not returned, and is looked up like everything that is not: absence alone is no deletion. An export that cannot be had
or read is put on record, and leaves the night whole.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog

from archiver.capture.errors import RateLimited, Refused, RequestFailed, Unreachable
from archiver.capture.listing import held_count
from archiver.capture.recheck import lookups
from archiver.capture.running import BACKFILL
from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.items import State
from archiver.platforms.pages import Exchange, Lookup, Page
from archiver.records.models import Completeness
from archiver.records.store.page import hold_fence, record_changes
from archiver.records.store.states import Change

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import timedelta

    from archiver.capture.running import RunningCapture
    from archiver.platforms.items import StreamKind
    from archiver.platforms.pages import Holding

_log = structlog.get_logger(__name__)
NIGHTLY = "nightly"
CHECKED_AT = "checked_at"
"""In a stream's cursor: when its listing was last checked so, to the end."""
_ASKED = 1000
"""So many are asked for in one night at the most; the rest of them the next."""
_NAMED = 20
_LACKS = "the account's own export lacks it"

_HELD = sa.text("""
    select i.id, i.platform_id, s.state,
           (select v.fields ->> 'fingerprint' from versions v where v.item_id = i.id and v.source = 'api'
            order by v.number desc limit 1) as fingerprint
    from sightings s join items i on i.id = s.item_id where s.stream_id = :stream
""")


@dataclasses.dataclass(slots=True)
class Checked:
    """What a run has read of a second source, for the streams that come after the one that had it read."""

    exchange: Exchange
    holdings: Mapping[StreamKind, Mapping[str, Holding]]
    words: str
    problem: str | None


@dataclasses.dataclass(slots=True)
class Differences:
    """How an export and what is held differ, by platform id. Nothing is in two of them."""

    missing: list[str] = dataclasses.field(default_factory=list)
    """In the export, and never seen in the stream."""
    returned: list[str] = dataclasses.field(default_factory=list)
    """In the export, and held as not returned or gone."""
    changed: list[str] = dataclasses.field(default_factory=list)
    """In both, with another fingerprint."""
    lacking: list[tuple[int, str]] = dataclasses.field(default_factory=list)
    """Held as present, and not in the export: the item's row and its id."""

    @property
    def any(self) -> bool:
        """Whether there are any."""
        return bool(self.to_ask or self.lacking)

    @property
    def to_ask(self) -> list[str]:
        """What is to be asked for by its own address, what was never captured first."""
        return [*self.missing, *self.returned, *self.changed]


def differences(held: Iterable[tuple[int, str, str, str | None]], export: Mapping[str, Holding]) -> Differences:
    """Compare. `held` gives row, id, state and newest fingerprint of each item of the stream. Pure.

    A hidden item is left alone: an export may have it or not.
    """
    found = Differences()
    left = dict.fromkeys(export)
    for row, identity, state, fingerprint in held:
        there = export.get(identity)
        left.pop(identity, None)
        if there is None:
            if state == State.PRESENT.value:
                found.lacking.append((row, identity))
        elif state in {State.NOT_RETURNED.value, State.GONE_CONFIRMED.value}:
            found.returned.append(identity)
        elif (
            state == State.PRESENT.value
            and None not in (there.fingerprint, fingerprint)
            and there.fingerprint != fingerprint
        ):
            found.changed.append(identity)
    found.missing = list(left)
    return found


def is_due(every: timedelta | None, mode: str, checked_at: object, now: datetime) -> bool:
    """Whether a run of that mode checks: a backfill always, a night when the last check is so long ago. Pure."""
    if every is None or mode not in {NIGHTLY, BACKFILL}:
        return False
    try:
        last = datetime.fromisoformat(checked_at) if isinstance(checked_at, str) else None
    except ValueError:
        last = None
    return mode == BACKFILL or last is None or now - last >= every


def cross_check(capture: RunningCapture, checked: list[Checked | str]) -> None:
    """Check the stream, if its turn has come. `checked` is the run's own: what one stream had read, or why that failed, is
    there for the next; where that finds a difference it is read anew, since its bytes are the evidence.

    Raises what ends the capture of the stream; a second source that fails does not.
    """
    every = capture.platform.checked_every(capture.account)
    if not is_due(every, capture.context.mode, capture.cursor.get(CHECKED_AT), capture.archive.now()):
        return
    known = checked[0] if checked else None
    if isinstance(known, str):
        _unchecked(capture, known)
    elif known is None or _compared(capture, known).any:
        _read_and_check(capture, checked)
    elif capture.context.stream in known.holdings:
        _conclude(capture, known, Differences())


def _read_and_check(capture: RunningCapture, checked: list[Checked | str]) -> None:
    read: Checked | None = None
    try:
        with capture.platform.inventory(capture.session, capture.account) as inventory:
            read = Checked(inventory.exchange, inventory.holdings, inventory.words, inventory.problem)
            checked[:] = [read]
            found = _compared(capture, read)
            capture.save(Page((), [read.exchange], keep=_tells(read, found)))
            if capture.context.stream in read.holdings:
                _conclude(capture, read, found)
    except (RequestFailed, Unreachable, Refused, RateLimited, UnreadableAnswerError) as error:
        if read is not None:  # it is what was asked for by its own address that failed, as it may in any stream
            raise
        checked[:] = [str(error)]
        _unchecked(capture, str(error))


def _compared(capture: RunningCapture, checked: Checked) -> Differences:
    """How what is held of the stream differs; nothing is lacking in what cannot be relied on."""
    export = checked.holdings.get(capture.context.stream)
    if export is None:
        return Differences()
    with capture.archive.engine.connect() as connection:
        rows = connection.execution_options(yield_per=1000).execute(_HELD, {"stream": capture.context.stream_id})
        found = differences(((row.id, row.platform_id, row.state, row.fingerprint) for row in rows), export)
    if checked.problem is not None:
        found.lacking = []
    return found


def _tells(checked: Checked, found: Differences) -> bool:
    return found.any or checked.problem is not None


def _conclude(capture: RunningCapture, checked: Checked, found: Differences) -> None:
    export = checked.holdings[capture.context.stream]
    _not_returned(capture, found, checked)
    asked = found.to_ask[:_ASKED]
    outcome = _ask(capture, asked, export)
    words = _words(checked, found, outcome, len(found.to_ask) - len(asked))
    if _tells(checked, found):
        _log.warning("checked", account=capture.account.name, stream=capture.context.stream.value, found=words)
        capture.note(f"the check of {capture.context.stream.value} with {checked.words}", words)
    _put_on_record(capture, len(export), words)
    if checked.problem is None and len(asked) == len(found.to_ask):
        capture.save(Page((), ()), {**capture.cursor, CHECKED_AT: capture.archive.now().isoformat()})
        capture.pages -= 1


def _not_returned(capture: RunningCapture, found: Differences, checked: Checked) -> None:
    """What the export lacks was not returned by it; the re-check of everything that was not comes after."""
    if not found.lacking:
        return
    words = f"{_LACKS} ({checked.words})"
    changes = [Change(row, State.NOT_RETURNED, words, checked.exchange.id) for row, _ in found.lacking]
    with capture.archive.engine.begin() as connection:
        record_changes(connection, capture.context, [], changes, capture.archive.now(), capture.warc.write)


def _ask(capture: RunningCapture, ids: Sequence[str], export: Mapping[str, Holding]) -> dict[str, str | None]:
    """Ask for each by its own address, and capture what is there. Gives why one was not captured (None: it was), by id."""
    outcome: dict[str, str | None] = {}
    for lookup in lookups(capture, list(ids)):
        outcome[lookup.id] = None if _captured(capture, lookup, export) else lookup.words
    return outcome


def _captured(capture: RunningCapture, lookup: Lookup, export: Mapping[str, Holding]) -> bool:
    if lookup.state is not State.PRESENT or lookup.item is None or lookup.exchange is None:
        return False
    item = dataclasses.replace(lookup.item, order_key=export[lookup.id].order_key)
    capture.save(Page([item], [lookup.exchange], looked_up=True))
    return True


def _words(checked: Checked, found: Differences, outcome: Mapping[str, str | None], waiting: int) -> str:
    """The result in a sentence for a clerk."""
    parts = []
    for what, ids in (
        ("never captured before", found.missing),
        ("held as missing, and there", found.returned),
        ("overwritten since", found.changed),
    ):
        got = [each for each in ids if each in outcome and outcome[each] is None]
        failed = {each: outcome[each] for each in ids if outcome.get(each) is not None}
        if got:
            parts.append(f"{len(got)} {what}, captured now: {_named(got)}")
        if failed:
            first = next(iter(failed.values()))
            parts.append(f"{len(failed)} {what}, not to be had by their own address ({first}): {_named(list(failed))}")
    if found.lacking:
        names = _named([identity for _, identity in found.lacking])
        parts.append(f"{len(found.lacking)} held as present and missing in it, looked up: {names}")
    if waiting:
        parts.append(f"{waiting} more are asked for the next night")
    if checked.problem is not None:
        parts.append(f"it cannot be relied on ({checked.problem}), so that nothing is concluded from what it lacks")
    return f"checked with {checked.words}: {'; '.join(parts) or 'all that it has is held'}"


def _named(ids: Sequence[str]) -> str:
    more = len(ids) - _NAMED
    return ", ".join(ids[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _unchecked(capture: RunningCapture, why: str) -> None:
    """The second source failed: on record, as a warning, and tried again the next night."""
    words = f"not checked with a second source: {why}"
    capture.note(f"the check of {capture.context.stream.value}", words)
    _put_on_record(capture, None, words)


def _put_on_record(capture: RunningCapture, platform: int | None, words: str) -> None:
    held = held_count(capture, capture.context.stream_id)
    with capture.archive.engine.begin() as connection:
        hold_fence(connection, capture.context)
        connection.execute(
            sa.insert(Completeness).values(
                capture_id=capture.context.capture_id,
                stream_id=capture.context.stream_id,
                counted=f"{capture.context.stream.value} in the account's own export",
                platform_count=platform,
                held_count=held,
                difference=None if platform is None else platform - held,
                reason=words,
                observed_at=capture.archive.now(),
            )
        )
