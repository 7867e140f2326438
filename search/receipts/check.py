"""Run a receipt's search again, and say what differs and why."""

from __future__ import annotations

import collections
import dataclasses
import itertools
from typing import TYPE_CHECKING, Any

from archiver.custody import nodes
from archiver.database import repeatable_read
from archiver.i18n.languages import ENGLISH, speaking
from search import indices
from search.errors import QueryError
from search.query.directory import directory
from search.query.everything import every
from search.query.limits import limits_of
from search.query.run import prepared
from search.receipts import listing, scope, surroundings
from search.receipts.differences import Cause, Difference, Kind, Since, account_changes, explained, merged
from search.receipts.history import histories
from search.receipts.make import again, described
from search.receipts.model import ListDamaged

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from elasticsearch import Elasticsearch

    from archiver.archive import Archive
    from search.query.run import Prepared
    from search.receipts.differences import Pair
    from search.receipts.model import Kept

_AT_ONCE = 500
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
    damage: list[str] = []
    limits = limits_of(kept.body.get("limits"))
    if limits.accounts is not None:
        indices.require_current(client, index)
    with repeatable_read(archive.engine) as connection:
        damage += _log_damage(connection, kept)
        asked = again(kept.body, directory(connection, limits.accounts, messages=limits.messages))
        part = surroundings.part_of(connection, limits, messages=asked.messages)
        register = surroundings.register(connection, part)
    state = surroundings.index_state(client, index, asked)
    notes = list(_notes(kept, state, register))
    tally = _Tally()
    try:
        ready = prepared(client, index, asked)
        since = _since(kept, ready, state, register)
        notes += [each for each in (since.query_differs,) if each]
        with listing.opened(archive.blobs, kept.results_sha256, kept.number) as then:
            walk = every(client, index, asked)
            for pairs in _batches(tally.differing(merged(then, walk.found))):
                with repeatable_read(archive.engine) as connection:
                    known_of = histories(connection, client, ready.index, [pair.item_id for pair, _ in pairs], part)
                for pair, kind in pairs:
                    tally.add(explained(pair, kind, known_of.get(pair.item_id), since))
    except (ListDamaged, QueryError) as error:
        words = str(error) if isinstance(error, ListDamaged) else f"The search is not understood any more: {error}"
        return Checked(at, kept.total, None, 0, 0, {}, (), [*damage, words], notes)
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

    def differing(self, pairs: Iterator[Pair]) -> Iterator[tuple[Pair, Kind]]:
        """Let those through that differ; count the others."""
        for pair in pairs:
            kind = pair.kind
            if kind is not None:
                yield pair, kind
            else:
                self.same += 1
                self.touched += pair.touched

    def add(self, difference: Difference) -> None:
        """Count one, and remember it where there is room."""
        self.counts[difference.kind, difference.cause] += 1
        named = self.explained if difference.explained else self.unexplained
        if len(named) < MOST_SHOWN:
            named.append(difference)


def _since(kept: Kept, ready: Prepared, state: dict[str, Any], register: list[dict[str, Any]]) -> Since:
    now, body = described(ready), kept.body
    query = None
    if now["accounts_named"] != body["accounts_named"]:
        query = "The names of accounts in the search stand for other accounts of the register now."
    elif now["query"] != body["query"]:
        query = "The program, or the register, puts the same search to the index in another way now."
    rebuilt = None
    if state["fingerprint"] != body["index"]["fingerprint"]:
        rebuilt = (
            f"The index {state['name']} is built by another definition than {body['index']['name']} was: its words may be "
            "taken apart otherwise."
        )
    return Since(
        moment=kept.made_at,
        zone=ready.request.zone,
        hangs_on=scope.hangs_on(ready.node, ready.request),
        changed_accounts=account_changes(body["register"], register),
        index_rebuilt_otherwise=rebuilt,
        query_differs=query,
    )


def _notes(kept: Kept, state: dict[str, Any], register: list[dict[str, Any]]) -> Iterator[str]:
    body = kept.body
    before = body["index"]
    if state["name"] != before["name"]:
        how = "by the same definition" if state["fingerprint"] == before["fingerprint"] else "by another definition"
        yield f"The index was built anew since: {before['name']} then, {state['name']} now, {how}."
    yield from account_changes(body["register"], register).values()


def _log_damage(connection: Any, kept: Kept) -> Iterator[str]:
    """Whether the log still begins with what it was when the receipt was made."""
    log = kept.body.get("archive", {}).get("log", {})
    try:
        size = nodes.size(connection)
        if size < log["size"]:
            yield f"The log had {log['size']:,} leaves when the receipt was made, and has {size:,}: leaves are gone."
        elif nodes.head(connection, log["size"]).root.hex() != log["root"]:
            yield (
                f"The first {log['size']:,} leaves of the log are not what they were when the receipt was made; run "
                "`civic-archive log fixity --whole`."
            )
    except nodes.LogDamaged as error:
        yield f"{str(error)[:1].upper()}{str(error)[1:]}."
    except KeyError:
        yield "The receipt does not say how the log stood."


def _altered(kept: Kept) -> str:
    return (
        f"Receipt {kept.number} is not what it was when it was made: its body does not have the digest {kept.sha256.hex()}. "
        "Restore the database from a copy."
    )


def _batches(pairs: Iterator[tuple[Pair, Kind]]) -> Iterator[list[tuple[Pair, Kind]]]:
    while batch := list(itertools.islice(pairs, _AT_ONCE)):
        yield batch


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
