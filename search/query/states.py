"""How an item was last found, as Elasticsearch is asked for it: over every account that saw it, or over those that somebody sees.

The index has one state of an item over all accounts, `state`, and beside it what each account found, `account_states`. Who sees a
part of the accounts is told by the second alone: what an account found that they do not see would tell of that account. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archiver.records.derived import SUREST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Dsl = dict[str, Any]
TYPED: Mapping[str, str] = {
    "present": "present", "hidden": "hidden", "not_returned": "missing", "gone_confirmed": "deleted"
}  # fmt: skip
"""What is typed after `state:`, by what the index calls it."""
_KEPT = {typed: state for state, typed in TYPED.items()}
_UNSURE = ("not_returned", "access_lost")
"""What an account may have found that says nothing sure: all of it together is `not_returned`."""


def account_state(account: str, state: str) -> str:
    """What an account (public id) found of an item, as the index keeps it."""
    return f"{account}|{state}"


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
    surer = SUREST[: SUREST.index(state)] if state in SUREST else SUREST
    condition: Dsl = {"bool": {"filter": [_by(accounts, *([state] if state in SUREST else _UNSURE))]}}
    if surer:
        condition["bool"]["must_not"] = [_by(accounts, *surer)]
        return condition
    # What was only shown inside another record was never looked for, and has one state, which tells of no account.
    shown: Dsl = {"bool": {"filter": [{"term": {"state": state}}], "must_not": [{"exists": {"field": "accounts.id"}}]}}
    return {"bool": {"should": [condition, shown], "minimum_should_match": 1}}


def divisions(accounts: Sequence[str] | None) -> Dsl | None:
    """The division by state for whoever sees these accounts alone; None where a count by the one field does."""
    return None if accounts is None else {"filters": {"filters": {state: found(state, accounts) for state in TYPED}}}


def _by(accounts: Sequence[str], *states: str) -> Dsl:
    return {"terms": {"account_states": [account_state(account, state) for account in accounts for state in states]}}
