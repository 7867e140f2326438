"""What a receipt states, besides the records that it found, and is otherwise now: its counts, its gaps, its register, its index.

Each in a sentence. None of it says that anything is wrong: records come, accounts are renamed, gaps are noticed late.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from archiver.i18n import calendar
from search.receipts import scope, surroundings, words
from search.receipts.differences import account_changes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy.engine import Connection

    from search.query.facets import Facets
    from search.query.run import Prepared
    from search.receipts.counting import Counts
    from search.receipts.model import Kept
    from search.receipts.surroundings import Part

_MOST = 10
"""How many values of one division, or gaps, are named."""


def of_index(kept: Kept, state: Mapping[str, Any], waits: Mapping[str, Any]) -> Iterator[str]:
    """Which index is searched now, and what it has not taken yet."""
    before = kept.body["index"]
    if state["name"] != before["name"]:
        how = "by the same definition" if state["fingerprint"] == before["fingerprint"] else "by another definition"
        yield f"The index was built anew since: {before['name']} then, {state['name']} now, {how}."
    if waits["waiting"]:
        yield (
            f"{_count(waits['waiting'], 'change')} of records {'waits' if waits['waiting'] == 1 else 'wait'} for the index now, "
            f"the oldest since {waits['since']}: what they bring is not among what is found now. Run `civic-archive index`, then "
            "check again."
        )


def of_register(kept: Kept, register: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Accounts that are new in the register, have other names, or are not in it any more."""
    yield from account_changes(kept.body["register"], register).values()
    there = {each["id"] for each in register}
    for each in kept.body["register"]:
        if each["id"] not in there:
            yield f"The account {each['name']} was in the register when the receipt was made, and is not in it now."


def of_counts(kept: Kept, counts: Counts) -> Iterator[str]:
    """Parts and terms that have another number of records now, and how many are left out for want of a date."""
    now = {each.words: each.alone for each in (*counts.parts, *counts.terms)}
    then = {each["words"]: each["alone"] for each in (*kept.body["parts"], *kept.body["terms"])}
    for said, number in then.items():
        if said in now and now[said] != number:
            yield f"Everything {said}, by itself: {_count(now[said], 'record')} now, {number:,} then."
    undated = kept.body["undated_excluded"]
    if counts.undated_excluded != undated:
        yield f"Left out, having no date: {_count(counts.undated_excluded, 'record')} now, {undated:,} then."


def of_divisions(then: Mapping[str, Any], now: Facets) -> Iterator[str]:
    """How what was found divides otherwise, by what the receipt divides it by. Pure."""
    divided = {each.name: each for each in now.facets}
    for before in then["by"]:
        after = divided.get(before["name"])
        counts = {each["name"]: each["count"] for each in before["values"]}
        present = {} if after is None else {each.name: each.count for each in after.values}
        # A value that is not named may be among those that are counted together.
        if after is not None and after.others:
            counts = {name: count for name, count in counts.items() if name in present}
        if before["others"]:
            present = {name: count for name, count in present.items() if name in counts}
        yield from _otherwise(before["name"], counts, present)
    months = {_month(each["first"]): each["count"] for each in then["months"]}
    yield from _otherwise("Month", months, {calendar.month(each.first): each.count for each in now.months})
    rest = {"without a date": then["undated"], "dated outside them": then.get("outside", now.outside)}
    yield from _otherwise("Month", rest, {"without a date": now.undated, "dated outside them": now.outside})


def of_gaps(kept: Kept, connection: Connection, ready: Prepared, register: Sequence[Any], part: Part) -> Iterator[str]:
    """Gaps that touch the days and accounts searched, began before the receipt was made, and are on record only since; and those
    that it lists and that are not on record any more.
    """
    zone = ready.request.zone
    begin, end = scope.moments(ready.node, ready.request)
    looked_at = frozenset(each["id"] for each in scope.looked_at(register, ready.node, ready.request))
    listed = surroundings.known_gaps(connection, begin, end, looked_at, messages=part.messages)
    every = surroundings.known_gaps(connection, None, None, frozenset(each["id"] for each in register), messages=True)
    then = _by_identity(kept.body["gaps"], kept.body["register"])
    now, known = _by_identity(listed, register), _by_identity(every, register)
    late = [
        each for key, each in now.items() if key not in then and dt.datetime.fromisoformat(each["from"]) < kept.made_at
    ]
    for said, gaps in (
        ("A gap in capture that the receipt does not list is on record now", late),
        (
            "A gap in capture that the receipt lists is not on record any more",
            [then[key] for key in then.keys() - known.keys()],
        ),
    ):
        for gap in gaps[:_MOST]:
            until = f"to {words.moment(gap['to'], zone)}" if gap["to"] else "and open"
            where = ", ".join(filter(None, (gap["account"], gap["stream"])))
            yield f"{said}: {where}, from {words.moment(gap['from'], zone)} {until} ({gap['reason']})."
        if len(gaps) > _MOST:
            yield f"{said}: {len(gaps) - _MOST:,} more of them."


def _by_identity(
    gaps: Iterable[Mapping[str, Any]], register: Iterable[Mapping[str, Any]]
) -> dict[tuple[Any, ...], Any]:
    """Gaps by what makes each the one that it is, whatever its account is called."""
    ids = {each["name"]: each["id"] for each in register}
    return {(ids.get(each["account"]), each["stream"], each["from"], each["cause"]): each for each in gaps}


def _otherwise(name: str, then: Mapping[str, int], now: Mapping[str, int]) -> Iterator[str]:
    differing = [each for each in {**then, **now} if then.get(each, 0) != now.get(each, 0)]
    if differing:
        said = [f"{each} {now.get(each, 0):,} now, {then.get(each, 0):,} then" for each in differing[:_MOST]]
        more = [f"and {len(differing) - _MOST:,} more"] if len(differing) > _MOST else []
        yield f"{name}: {'; '.join([*said, *more])}."


def _month(written: str) -> str:
    return calendar.month(dt.date.fromisoformat(written))


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
