"""The limits that a search was made under, as they are put down with what is kept of it, and which of that somebody may have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from search.query.model import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping

EVERYTHING = Limits(messages=True)
"""What whoever sees everything sees, as the operator does."""


def as_json(limits: Limits) -> dict[str, Any]:
    """Limits as JSON values. Pure."""
    return {
        "accounts": None if limits.accounts is None else list(limits.accounts),
        "messages": limits.messages,
        "words": list(limits.words),
    }


def limits_of(written: Mapping[str, Any] | None) -> Limits:
    """The limits that `as_json` wrote; what was kept before there were any is of the whole archive, without messages. Pure."""
    if written is None:
        return Limits()
    accounts = written["accounts"]
    return Limits(
        accounts=None if accounts is None else tuple(accounts),
        messages=written["messages"],
        words=tuple(written["words"]),
    )


def covers(within: Limits, kept: Limits) -> bool:
    """Whether whoever sees `within` sees all that was searched under `kept`. Pure."""
    if kept.messages and not within.messages:
        return False
    if within.accounts is None:
        return True
    return kept.accounts is not None and set(kept.accounts) <= set(within.accounts)


def covered(written: sa.ColumnElement[Any], within: Limits) -> sa.ColumnElement[bool]:
    """The same as a condition in Postgres, of a JSONB value that `as_json` wrote, or that is not there."""
    conditions: list[sa.ColumnElement[bool]] = [sa.true()]
    if not within.messages:
        conditions.append(sa.func.coalesce(sa.func.jsonb_extract_path_text(written, "messages"), "false") == "false")
    if within.accounts is not None:
        accounts = sa.func.jsonb_extract_path(written, "accounts", type_=JSONB)
        theirs = sa.cast(list(within.accounts), JSONB)
        conditions.append(sa.func.coalesce(accounts.op("<@")(theirs), sa.false()))
    return sa.and_(*conditions)
