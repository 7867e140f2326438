"""Where two lists of found records differ, and why, as far as the archive's own record of each tells. Pure.

A reason is given only where it can have changed the answer: that a record was hidden since explains nothing of a search that does
not ask for states. Where none applies, the difference is not explained, and says so.
"""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING

from archiver.i18n import calendar
from search.query.words import quoted
from search.receipts.scope import On

if TYPE_CHECKING:
    import datetime as dt
    import uuid
    import zoneinfo
    from collections.abc import Iterable, Iterator, Sequence

    from search.query.everything import Found
    from search.receipts.model import Line


class Kind(enum.StrEnum):
    """How a record differs."""

    NEW = "found now, not then"
    GONE = "found then, not now"
    OTHER_VERSION = "found both times, by another version"


class Cause(enum.StrEnum):
    """Why; the value is what the counts say."""

    CAPTURED = "captured since"
    VERSION = "a new version or an edit since"
    STATE = "its state changed since"
    PLACE = "seen through another account since"
    REGISTER = "the register changed since"
    TAG = "a clerk put a tag on it, or took one off, since"
    UNDER_WAY = "a capture was just storing it"
    NOT_INDEXED_THEN = "in the archive then, but not yet in the index"
    NOT_INDEXED_NOW = "a change of it waits for the index now"
    LEFT = "no longer in the archive"
    INDEX = "the index is built otherwise now"
    QUERY = "the search is put to the index otherwise now"
    LOST = "the index is not what the archive holds"
    UNEXPLAINED = "not explained"

    @property
    def explains(self) -> bool:
        """Whether it is a reason, and not a fault."""
        return self not in {Cause.LOST, Cause.UNEXPLAINED}


@dataclasses.dataclass(frozen=True, slots=True)
class Pair:
    """A record as the receipt's list has it and as it is found now; None: not found."""

    item_id: int
    public_id: uuid.UUID
    then: Line | None
    now: Found | None

    @property
    def kind(self) -> Kind | None:
        """How it differs; None where it is found both times by the same version."""
        found_then = self.then is not None and self.then.found
        if self.now is None:
            return Kind.GONE if found_then else None
        if not found_then or self.then is None:
            return Kind.NEW
        return Kind.OTHER_VERSION if self.then.version != self.now.version else None

    @property
    def touched(self) -> bool:
        """Whether it is found both times by the same version, and something else of it has changed."""
        if self.then is None or self.now is None or not self.then.found or self.kind is not None:
            return False
        return self.then.revision != self.now.revision


@dataclasses.dataclass(frozen=True, slots=True)
class Event:
    """Something that the archive recorded of a record: when, and in words. `stored_by`: until when its capture ran."""

    at: dt.datetime
    words: str
    stored_by: dt.datetime | None = None
    version: int | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class History:
    """What the archive has of a record now.

    `accounts`: those of the register that it was seen through or written by. `waiting`: a change of it waits for the index.
    `indexed`: the revision that the index has of it; None: it has none. `within`: it belongs to the part of the archive that the
    receipt is of.
    """

    first_seen_at: dt.datetime
    versions: Sequence[Event]
    states: Sequence[Event]
    places: Sequence[Event]
    accounts: frozenset[str]
    waiting: bool
    revision: int
    indexed: int | None
    within: bool = True
    tags: Sequence[Event] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Since:
    """What may explain any difference: since when, what the answer hangs on, what else is not as it was; `zone` of times.

    `changed_accounts`: of the register, by public id, what is said of each that is new or has other names since.
    """

    moment: dt.datetime
    zone: zoneinfo.ZoneInfo
    hangs_on: frozenset[On]
    changed_accounts: dict[str, str]
    index_rebuilt_otherwise: str | None
    query_differs: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class Reason:
    """Why a record differs, in words."""

    cause: Cause
    words: str


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """A record that differs, with every reason that applies, the nearest first."""

    public_id: uuid.UUID
    kind: Kind
    reasons: Sequence[Reason]

    @property
    def cause(self) -> Cause:
        """The nearest reason's cause."""
        return self.reasons[0].cause

    @property
    def explained(self) -> bool:
        """Whether a reason applies."""
        return self.cause.explains


def merged(then: Iterable[Line], now: Iterable[Found]) -> Iterator[Pair]:
    """Two lists in the order of the records' ids as one, record by record; what is in neither as found is left out."""
    before, after = iter(then), iter(now)
    line, found = next(before, None), next(after, None)
    while line is not None or found is not None:
        if line is not None and (found is None or line.item_id < found.item_id):
            pair, line = Pair(line.item_id, line.public_id, line, None), next(before, None)
            if pair.kind is not None:
                yield pair
        elif found is not None and (line is None or found.item_id < line.item_id):
            yield Pair(found.item_id, found.public_id, None, found)
            found = next(after, None)
        elif line is not None and found is not None:
            yield Pair(line.item_id, line.public_id, line, found)
            line, found = next(before, None), next(after, None)


def explained(pair: Pair, kind: Kind, history: History | None, since: Since) -> Difference:
    """Why a record differs. `history`: None where the archive has it no longer."""
    if history is None:
        reason = Reason(Cause.LEFT, "The archive does not hold this record any more.")
        return Difference(pair.public_id, kind, [reason])
    reasons = [*_of_record(pair, kind, history, since), *_of_all(since)]
    if not reasons and not history.waiting and history.indexed != history.revision:
        has = "nothing" if history.indexed is None else f"revision {history.indexed}"
        reasons.append(
            Reason(
                Cause.LOST,
                f"The archive holds revision {history.revision} of this record and the index has {has} of it, though no change "
                "waits: run `civic-archive index --check --repair`.",
            )
        )
    return Difference(
        pair.public_id,
        kind,
        reasons or [Reason(Cause.UNEXPLAINED, "Nothing that the archive recorded explains this difference.")],
    )


def _of_record(pair: Pair, kind: Kind, history: History, since: Since) -> Iterator[Reason]:
    if kind is Kind.NEW and history.first_seen_at > since.moment:
        yield Reason(
            Cause.CAPTURED, f"First seen on {_when(history.first_seen_at, since.zone)}, after the receipt was made."
        )
        return
    yield from _versions(pair, kind, history, since)
    if On.STATE in since.hangs_on:
        # A record's state is that of all the streams it was seen through.
        yield from _events(Cause.STATE, [*history.states, *history.places], since)
    if On.PLACES in since.hangs_on:
        yield from _events(Cause.PLACE, history.places, since)
    if On.TAGS in since.hangs_on:
        yield from _events(Cause.TAG, history.tags, since)
    if kind is Kind.GONE and not history.within:
        yield Reason(
            Cause.PLACE, "Of the accounts that it is seen through now, none is in the part of the archive searched."
        )
    if On.REGISTER in since.hangs_on:
        for account in sorted(history.accounts & since.changed_accounts.keys()):
            yield Reason(Cause.REGISTER, since.changed_accounts[account])
    if pair.then is not None and pair.then.waiting is not None:
        yield Reason(
            Cause.NOT_INDEXED_THEN,
            f"The archive held its revision {pair.then.waiting} when the receipt was made; the index had not taken it yet.",
        )
    if kind is Kind.GONE and history.waiting:
        yield Reason(Cause.NOT_INDEXED_NOW, "A change of this record waits for the index: run `civic-archive index`.")


def _versions(pair: Pair, kind: Kind, history: History, since: Since) -> Iterator[Reason]:
    """A version explains that a record is found by it; that one is found no more only what its latest version says of it."""
    matched = None if pair.now is None else pair.now.version
    if On.LATEST in since.hangs_on or kind is Kind.OTHER_VERSION:
        telling = history.versions
    else:
        telling = [each for each in history.versions if matched is not None and each.version == matched]
    yield from _events(Cause.VERSION, telling, since)
    if kind is Kind.NEW and history.versions and history.versions[0] not in telling:
        yield from _events(Cause.VERSION, history.versions[:1], since)


def _events(cause: Cause, events: Iterable[Event], since: Since) -> Iterator[Reason]:
    for event in events:
        if event.at > since.moment:
            yield Reason(cause, f"{event.words} on {_when(event.at, since.zone)}, after the receipt was made.")
        elif event.stored_by is not None and event.stored_by > since.moment:
            yield Reason(
                Cause.UNDER_WAY,
                f"{event.words} on {_when(event.at, since.zone)}, by a capture that was under way when the receipt was made.",
            )


def _of_all(since: Since) -> Iterator[Reason]:
    if since.query_differs is not None:
        yield Reason(Cause.QUERY, since.query_differs)
    if since.index_rebuilt_otherwise is not None:
        yield Reason(Cause.INDEX, since.index_rebuilt_otherwise)


def _when(moment: dt.datetime, zone: zoneinfo.ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return f"{calendar.day(local.date())}, {local:%H:%M:%S %Z}"


def account_changes(then: Iterable[dict[str, object]], now: Iterable[dict[str, object]]) -> dict[str, str]:
    """What became otherwise in the register, by account: it is new, or has another name, id, or department."""
    before = {each["id"]: each for each in then}
    found = {}
    for account in now:
        old = before.get(account["id"])
        if old is None:
            found[str(account["id"])] = (
                f"The account {account['name']} was not in the register when the receipt was made."
            )
            continue
        others = [
            f"{what} was {_said(old[name])} and is {_said(account[name])} now"
            for name, what in (("name", "its name"), ("platform_id", "its id"), ("department", "its department"))
            if old[name] != account[name]
        ]
        if others:
            found[str(account["id"])] = f"The account {account['name']} changed in the register: {', '.join(others)}."
    return found


def _said(value: object) -> str:
    return "not known" if value is None else quoted(str(value))
