"""How an item was last found, as Elasticsearch is asked for it: over every account that saw it, or over those that somebody sees.

The index has one state of an item over all accounts, `state`, and beside it what each account found, `account_states`. Who sees a
part of the accounts is told by the second alone: what an account found that they do not see would tell of that account. What an
import said of an item that was looked for as well stands in it by itself, and counts for those alone who see none that looked.
Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archiver.records.derived import IMPORT, PRESENT, SUREST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archiver.records.shapes import SightingShape

Dsl = dict[str, Any]
TYPED: Mapping[str, str] = {
    "present": "present", "hidden": "hidden", "not_returned": "missing", "gone_confirmed": "deleted"
}  # fmt: skip
"""What is typed after `state:`, by what the index calls it."""
_KEPT = {typed: state for state, typed in TYPED.items()}
_UNSURE = ("not_returned", "access_lost")
"""What an account may have found that says nothing sure: all of it together is `not_returned`."""
_ALL = (*SUREST, *_UNSURE)


def account_states(sightings: Sequence[SightingShape]) -> list[str]:
    """What each account found of an item, as the index keeps it; what only imports showed is kept like what was looked for."""
    looked_for = any(each.stream != IMPORT for each in sightings)
    return sorted(
        {
            _found(str(each.account_public_id), each.state, aside=looked_for and each.stream == IMPORT)
            for each in sightings
        }
    )


def _found(account: str, state: str, *, aside: bool = False) -> str:
    return f"{account}|{state}|{IMPORT}" if aside else f"{account}|{state}"


def asked(typed: str, accounts: Sequence[str] | None) -> Dsl:
    """The condition of `state:` with this after the colon.

    Args:
        typed: one of the choices.
        accounts: by the sightings of which accounts (public ids) alone; None: of all.
    """
    return {"term": {"edited": True}} if typed == "edited" else found(_KEPT[typed], accounts)


def found(state: str, accounts: Sequence[str] | None) -> Dsl:
    """The condition that an item is in a state, by the rule of `archiver.records.derived`. As `asked` otherwise."""
    if accounts is None:
        return {"term": {"state": state}}
    by_imports: Dsl = {"bool": {"filter": [_best(accounts, state, aside=True)], "must_not": [_by(accounts, *_ALL)]}}
    ways = [_best(accounts, state), by_imports]
    if state == PRESENT:
        # What was only shown inside another record was never looked for, and has one state, which tells of no account.
        ways.append(
            {"bool": {"filter": [{"term": {"state": state}}], "must_not": [{"exists": {"field": "accounts.id"}}]}}
        )
    return {"bool": {"should": ways, "minimum_should_match": 1}}


def divisions(accounts: Sequence[str] | None) -> Dsl | None:
    """The division by state for whoever sees these accounts alone; None where a count by the one field does."""
    return None if accounts is None else {"filters": {"filters": {state: found(state, accounts) for state in TYPED}}}


def _best(accounts: Sequence[str], state: str, *, aside: bool = False) -> Dsl:
    """The condition that one of the accounts found an item so, and none found it surer."""
    surer = SUREST[: SUREST.index(state)] if state in SUREST else SUREST
    condition: Dsl = {"filter": [_by(accounts, *([state] if state in SUREST else _UNSURE), aside=aside)]}
    if surer:
        condition["must_not"] = [_by(accounts, *surer, aside=aside)]
    return {"bool": condition}


def _by(accounts: Sequence[str], *states: str, aside: bool = False) -> Dsl:
    return {"terms": {"account_states": [_found(each, state, aside=aside) for each in accounts for state in states]}}
