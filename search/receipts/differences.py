"""Where two lists of found records differ, and why, as far as the archive's own record of each tells. Pure.

A reason is given only where it can have changed the answer: that a record was hidden since explains nothing of a search that does
not ask for states. Where none applies, the difference is not explained, and says so. What is wrong with a record (the archive has
it no longer, the index has something else) comes before every reason, however many there are: a reason does not make it right.
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
    UNHELD = "found both times, and not as the archive holds it"


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
        return self not in {Cause.LEFT, Cause.LOST, Cause.UNEXPLAINED}


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
    `indexed`: the revision that the index has of it; None: it has none. `altered`: of the same revision it has something else.
    `within`: it belongs to the part of the archive that the receipt is of; `sighted_at`: since when an account, of whatever part,
    was seen to show it. `found_as_put_then`: whether the search finds it now where it is put to the index as it was then; None:
    that was not asked, or cannot be.
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
    altered: bool = False
    sighted_at: dt.datetime | None = None
    found_as_put_then: bool | None = None

    @property
    def is_adrift(self) -> bool:
        """Whether the index does not have of it what the archive holds, and no change of it waits that would mend that: one that
        is behind what the index has is never taken.
        """
        ahead = self.indexed is not None and self.indexed > self.revision
        return self.altered or ahead or (not self.waiting and self.indexed != self.revision)


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
    """Two lists in the order of the records' ids as one, record by record; what is in neither as found is left out.

    Two records that have the same number one after the other (a database was set back, and went on) are two.
    """
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
            if line.public_id == found.public_id:
                yield Pair(line.item_id, line.public_id, line, found)
            else:
                if line.found:
                    yield Pair(line.item_id, line.public_id, line, None)
                yield Pair(found.item_id, found.public_id, None, found)
            line, found = next(before, None), next(after, None)


def faults(pair: Pair, history: History | None) -> Iterator[Reason]:
    """What of a record is not as the archive, or its index, must have it, whatever else happened to it.

    `history`: None where the archive does not hold it.
    """
    found_then = pair.then is not None and pair.then.found
    if history is None:
        if found_then:
            yield Reason(
                Cause.LEFT,
                "The archive does not hold this record any more, and nothing on record says why: run `civic-archive log fixity "
                "--whole`.",
            )
        if pair.now is not None:
            yield Reason(
                Cause.LOST,
                "The index has this record and the archive does not hold it: run `civic-archive index --check --repair`.",
            )
        return
    if pair.then is not None:
        version = pair.then.version
        if version is not None and version not in {each.version for each in history.versions}:
            yield Reason(
                Cause.LEFT,
                f"Version {version}, by which it was found, is not in the archive any more, and nothing on record says why: run "
                "`civic-archive log fixity --whole`.",
            )
        had = max(pair.then.revision or 0, pair.then.waiting or 0)
        if had > history.revision:
            yield Reason(
                Cause.LEFT,
                f"The archive held revision {had} of this record when the receipt was made, and holds revision "
                f"{history.revision}: it was set back, and what changed the record is not in it any more.",
            )
    if history.is_adrift and history.indexed != history.revision:
        has = "nothing" if history.indexed is None else f"revision {history.indexed}"
        yield Reason(
            Cause.LOST,
            f"The archive holds revision {history.revision} of this record and the index has {has} of it, and no change "
            "waits that would mend it: run `civic-archive index --check --repair`.",
        )
    if history.altered:
        yield Reason(
            Cause.LOST,
            "The index has something else of this record than the archive holds, of the same revision: run `civic-archive index "
            "--rebuild`.",
        )


def explained(pair: Pair, kind: Kind, history: History | None, since: Since) -> Difference:
    """Why a record differs. `history`: None where the archive does not hold it."""
    reasons = list(faults(pair, history))
    if history is not None:
        reasons += [*_of_record(pair, kind, history, since), *_of_all(pair, kind, history, since)]
    if not reasons:
        words = "Nothing that the archive recorded explains this difference."
        if history is not None and history.waiting:
            words += " A change of this record waits for the index: run `civic-archive index`, then check again."
        reasons.append(Reason(Cause.UNEXPLAINED, words))
    return Difference(pair.public_id, kind, reasons)


def _of_record(pair: Pair, kind: Kind, history: History, since: Since) -> Iterator[Reason]:
    if kind is Kind.NEW and history.first_seen_at > since.moment:
        yield Reason(
            Cause.CAPTURED, f"First seen on {_when(history.first_seen_at, since.zone)}, after the receipt was made."
        )
        return
    # Each change raises a record's revision: where the index had this one already, none explains anything.
    if pair.then is None or pair.then.revision is None or history.revision > pair.then.revision:
        yield from _changes(pair, kind, history, since)
    # What was only shown inside another record belongs to another part once an account shows it.
    if (
        kind is Kind.GONE
        and not history.within
        and history.sighted_at is not None
        and history.sighted_at > since.moment
    ):
        yield Reason(
            Cause.PLACE, "Of the accounts that it is seen through now, none is in the part of the archive searched."
        )
    if On.REGISTER in since.hangs_on:
        for account in sorted(history.accounts & since.changed_accounts.keys()):
            yield Reason(Cause.REGISTER, since.changed_accounts[account])
    if pair.then is not None and pair.then.waiting is not None and _may_have_told(pair.then, kind, since):
        yield Reason(
            Cause.NOT_INDEXED_THEN,
            f"The archive held its revision {pair.then.waiting} when the receipt was made; the index had not taken it yet.",
        )
    if kind is Kind.GONE and history.waiting and history.indexed is None:
        yield Reason(Cause.NOT_INDEXED_NOW, "A change of this record waits for the index: run `civic-archive index`.")


def _changes(pair: Pair, kind: Kind, history: History, since: Since) -> Iterator[Reason]:
    yield from _versions(pair, kind, history, since)
    if On.STATE in since.hangs_on:
        # A record's state is that of all the streams it was seen through.
        yield from _events(Cause.STATE, [*history.states, *history.places], since)
    if On.PLACES in since.hangs_on:
        yield from _events(Cause.PLACE, history.places, since)
    if On.TAGS in since.hangs_on:
        yield from _events(Cause.TAG, history.tags, since)


def _may_have_told(then: Line, kind: Kind, since: Since) -> bool:
    """Whether a change that waited can have changed the answer: the index did not know it; and a record that was found by words
    alone is not lost by one, as what a version says stays.
    """
    if then.revision is not None and then.waiting is not None and then.waiting <= then.revision:
        return False
    return kind is not Kind.GONE or bool(since.hangs_on - {On.VERSIONS})


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


def _of_all(pair: Pair, kind: Kind, history: History, since: Since) -> Iterator[Reason]:
    found_then = pair.then is not None and pair.then.found
    # It was tried: put as it was then, the search must find what it found then.
    if since.query_differs is not None and (kind is Kind.OTHER_VERSION or history.found_as_put_then is found_then):
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
