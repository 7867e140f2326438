"""Run a receipt's search again, and say what differs and why."""

from __future__ import annotations

import collections
import dataclasses
import itertools
from typing import TYPE_CHECKING, Any

from archiver.database import repeatable_read
from archiver.i18n.languages import ENGLISH, speaking
from search import indices
from search.errors import QueryError
from search.query.directory import directory
from search.query.everything import every
from search.query.limits import limits_of
from search.query.run import prepared, searched_in
from search.receipts import copies, counting, listing, logged, restated, scope, surroundings
from search.receipts.differences import Cause, Difference, Kind, Since, account_changes, explained, faults, merged
from search.receipts.history import histories, suspects
from search.receipts.make import again, described
from search.receipts.model import ListDamaged

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from elasticsearch import Elasticsearch
    from sqlalchemy.engine import Connection

    from archiver.archive import Archive
    from search.query.model import SearchRequest
    from search.query.run import Prepared
    from search.receipts.differences import Pair
    from search.receipts.model import Kept
    from search.receipts.surroundings import Part

_AT_ONCE = 500
_LOOKED_UP = 5_000
MOST_SHOWN = 1_000
"""How many differences are named one by one; all of them are counted."""


@dataclasses.dataclass(frozen=True, slots=True)
class Checked:
    """A search run again.

    `counts`: every difference, by how it differs and the nearest reason. `differences`: named one by one, those that nothing
    explains first, `MOST_SHOWN` at the most. `touched`: found by the same version both times, with another change since.
    `damage`: what of the receipt or of the log is not what it was; then nothing can be said of what differs, or not for sure.
    `notes`: what else is not as it was when the receipt was made.
    """

    at: dt.datetime
    then: int
    now: int | None
    same: int
    touched: int
    counts: dict[tuple[Kind, Cause], int]
    differences: Sequence[Difference]
    damage: Sequence[str]
    notes: Sequence[str]

    @property
    def unexplained(self) -> int:
        """How many differences nothing explains."""
        return sum(count for (_, cause), count in self.counts.items() if not cause.explains)

    @property
    def differing(self) -> int:
        """How many records differ."""
        return sum(self.counts.values())

    @property
    def sound(self) -> bool:
        """Whether all is as it was, or explained."""
        return not self.damage and not self.unexplained

    @property
    def sentence(self) -> str:
        """How it came out, in one sentence."""
        if self.now is None:
            return "What the receipt found cannot be compared with what is found now."
        if not self.differing:
            return f"Nothing differs: {_count(self.now, 'record')} found now, the same as then."
        why = "every one explained" if not self.unexplained else f"{self.unexplained:,} not explained"
        return f"{_count(self.then, 'record')} found then, {self.now:,} now; {_count(self.differing, 'difference')}, {why}."

    def as_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {
            "at": self.at.isoformat(),
            "sentence": self.sentence,
            "sound": self.sound,
            "total_then": self.then,
            "total_now": self.now,
            "same": self.same,
            "touched": self.touched,
            "unexplained": self.unexplained,
            "counts": [
                {"kind": kind.value, "cause": cause.value, "records": count}
                for (kind, cause), count in self.counts.items()
            ],
            "differences": [
                {
                    "item": str(each.public_id),
                    "kind": each.kind.value,
                    "explained": each.explained,
                    "reasons": [{"cause": reason.cause.value, "words": reason.words} for reason in each.reasons],
                }
                for each in self.differences
            ],
            "damage": list(self.damage),
            "notes": list(self.notes),
        }


@speaking(ENGLISH)
def check(archive: Archive, client: Elasticsearch, index: str, kept: Kept) -> Checked:
    """Run the search of a receipt again, within the limits that it was made under, and compare, record by record.

    What is found out is said in English, as the receipt itself.

    Raises:
        IndexOutdatedError: the part of the archive that it is of cannot be searched by this index.
        IndexUnavailableError, IndexMissingError, SearchError: as for a search.
    """
    at = archive.now()
    if not kept.is_whole:
        return Checked(at, kept.total, None, 0, 0, {}, (), [_altered(kept)], ())
    limits = limits_of(kept.body.get("limits"))
    if limits.accounts is not None:
        indices.require_current(client, index)
    notes: list[str] = []
    with repeatable_read(archive.engine) as connection:
        damage = list(logged.damage(connection, kept))
        asked = again(kept.body, directory(connection, limits.accounts, messages=limits.messages))
        part = surroundings.part_of(connection, limits, messages=asked.messages)
        register = surroundings.register(connection, part)
        waits = surroundings.outbox(connection, part)
        state = _stands(connection, client, index, asked, part, waits, damage)
        notes += [*restated.of_index(kept, state, waits), *restated.of_register(kept, register)]
        try:
            ready = prepared(client, index, asked)
        except QueryError as error:
            words = f"The search is not understood any more: {error}"
            return Checked(at, kept.total, None, 0, 0, {}, (), [*damage, words], notes)
        notes += restated.of_gaps(kept, connection, ready, register, part)
    since = _since(kept, ready, state, register)
    notes += [each for each in (since.query_differs,) if each]
    tally = _Tally()
    try:
        with listing.opened(archive.blobs, kept.results_sha256, kept.number) as then:
            walk = every(client, index, asked)
            counts = counting.counted(client, walk.point, ready.node, ready.request)
            comparison = _Comparison(archive, client, ready, part, since, kept, compare=_is_current(state))
            for pairs in _batches(merged(then, walk.found), _LOOKED_UP):
                comparison.add(pairs, tally)
    except ListDamaged as error:
        return Checked(at, kept.total, None, 0, 0, {}, (), [*damage, str(error)], notes)
    notes += restated.of_counts(kept, counts)
    if not tally.counts:
        # Where records differ, it is said of each: then that they divide otherwise is nothing more.
        notes += restated.of_divisions(kept.body["divided"], counts.facets)
    return Checked(
        at=at,
        then=kept.total,
        now=walk.total,
        same=tally.same,
        touched=tally.touched,
        counts=dict(tally.counts),
        differences=[*tally.unexplained, *tally.explained][:MOST_SHOWN],
        damage=damage,
        notes=notes,
    )


class _Tally:
    """What is counted while two lists are compared."""

    def __init__(self) -> None:
        self.same = self.touched = 0
        self.counts: collections.Counter[tuple[Kind, Cause]] = collections.Counter()
        self.explained: list[Difference] = []
        self.unexplained: list[Difference] = []

    def add_same(self, pair: Pair) -> None:
        """Count one that does not differ."""
        self.same += 1
        self.touched += pair.touched

    def add(self, difference: Difference) -> None:
        """Count one, and remember it where there is room."""
        self.counts[difference.kind, difference.cause] += 1
        named = self.explained if difference.explained else self.unexplained
        if len(named) < MOST_SHOWN:
            named.append(difference)


@dataclasses.dataclass(frozen=True, slots=True)
class _Comparison:
    """What it takes to say of records how they differ and why. `compare`: as `histories` wants it."""

    archive: Archive
    client: Elasticsearch
    ready: Prepared
    part: Part
    since: Since
    kept: Kept
    compare: bool

    def add(self, pairs: Sequence[Pair], tally: _Tally) -> None:
        """Count some thousands. One that is found both times is looked at where the archive seems to hold it otherwise."""
        with repeatable_read(self.archive.engine) as connection:
            doubtful = suspects(connection, [pair for pair in pairs if pair.kind is None])
        differing = []
        for pair in pairs:
            if pair.kind is not None or pair.public_id in doubtful:
                differing.append(pair)
            else:
                tally.add_same(pair)
        for some in _batches(iter(differing), _AT_ONCE):
            self._explain(some, tally)

    def _explain(self, pairs: Sequence[Pair], tally: _Tally) -> None:
        index = self.ready.index
        known = histories(self.archive.engine, self.client, index, pairs, self.part, compare=self.compare)
        put_then = None
        if self.since.query_differs is not None:
            ids = [pair.item_id for pair in pairs]
            put_then = copies.found_by(self.client, index, self.kept.body["query"], ids)
        for pair in pairs:
            history = known.get(pair.public_id)
            kind = pair.kind
            if kind is None and not any(faults(pair, history)):
                tally.add_same(pair)
                continue
            if history is not None and put_then is not None:
                history = dataclasses.replace(history, found_as_put_then=pair.item_id in put_then)
            tally.add(explained(pair, kind or Kind.UNHELD, history, self.since))


def _stands(
    connection: Connection,
    client: Elasticsearch,
    index: str,
    asked: SearchRequest,
    part: Part,
    waits: dict[str, Any],
    damage: list[str],
) -> dict[str, Any]:
    """How the index stands; what is wrong with it as a whole goes to `damage`."""
    held = surroundings.held(connection, part)
    # What a row of the outbox was deleted for is in the index, and can be searched after this.
    surroundings.refresh(client, ",".join(searched_in(client, index, messages=asked.messages)))
    state = surroundings.index_state(client, index, asked)
    if lacking := surroundings.lacking(held, state, waits):
        damage.append(
            f"The index has {_count(lacking, 'record')} fewer than the archive holds, and no change waits that would mend it: "
            "what is missing from it is not found. Run `civic-archive index --check --repair`, then check again."
        )
    if not state["as_defined"]:
        damage.append(
            f"The index {state['name']} is not what its definition says: somebody changed its fields, or how it takes words "
            "apart. Run `civic-archive index --rebuild`, then check again."
        )
    return state


def _is_current(state: dict[str, Any]) -> bool:
    return state["as_defined"] and not indices.is_of_earlier_version(state)


def _since(kept: Kept, ready: Prepared, state: dict[str, Any], register: list[dict[str, Any]]) -> Since:
    now, body = described(ready), kept.body
    query = None
    if now["accounts_named"] != body["accounts_named"]:
        query = "The names of accounts in the search stand for other accounts of the register now."
    elif now["query"] != body["query"]:
        query = "The program, or the register, puts the same search to the index in another way now."
    rebuilt = None
    # An index of which this program does not know what it must have explains nothing.
    if state["fingerprint"] != body["index"]["fingerprint"] and _is_current(state):
        rebuilt = (
            f"The index {state['name']} is built by another definition than {body['index']['name']} was: words may be taken "
            "apart, and states told, otherwise."
        )
    return Since(
        moment=kept.made_at,
        zone=ready.request.zone,
        hangs_on=scope.hangs_on(ready.node, ready.request),
        changed_accounts=account_changes(body["register"], register),
        index_rebuilt_otherwise=rebuilt if scope.hangs_on_definition(ready.node) else None,
        query_differs=query,
    )


def _altered(kept: Kept) -> str:
    return (
        f"Receipt {kept.number} is not what it was when it was made: its body does not have the digest {kept.sha256.hex()}. "
        "Restore the database from a copy."
    )


def _batches(pairs: Iterator[Pair], size: int) -> Iterator[list[Pair]]:
    while batch := list(itertools.islice(pairs, size)):
        yield batch


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
