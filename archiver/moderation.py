"""The moderation record: who hid, deleted or approved what, when, and why. Read by filters; a clerk's reason is added to it.

Rows are only ever added. What the captures noticed is added by `archiver.records.store.moderated`; a moderator's own words are
added here, beside it, and correct nothing in it.
"""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver import audit
from archiver.i18n.translation import _
from archiver.records.models import Item, Moderation, uuid7
from archiver.records.models.supervision import ACTIONS
from archiver.records.storable import mend
from archiver.records.through import NOTICED_THROUGH, SEEN, parameters

if TYPE_CHECKING:
    import uuid
    from collections.abc import Collection, Sequence
    from zoneinfo import ZoneInfo

    from sqlalchemy.engine import Connection, Engine, Row

LONGEST_REASON = 4000
LONGEST_FIELD = 300
_TOLERANCE = timedelta(minutes=5)
"""How far a clerk's clock may be ahead of ours."""

SOURCES = ("platform", "inferred", "clerk")

_LIST = f"""
    select m.id, m.public_id, m.action, m.by_whom, m.at, m.observed_at, m.source, m.words, m.reason, m.clause, m.recorded_by,
           m.exchange_id, i.public_id as item, i.kind, i.platform, i.platform_id, i.state, v.text, v.author_handle, v.author_name,
           array(select distinct a.platform || ':' || a.handle
                 from sightings g join streams s on s.id = g.stream_id join accounts a on a.id = s.account_id
                 where g.item_id = i.id and (not :limited or a.id = any(:accounts)) order by 1) as accounts
    from moderation m join items i on i.id = m.item_id left join versions v on v.id = i.current_version_id
    where {SEEN}
      and {NOTICED_THROUGH}
      and (cast(:item as bigint) is null or m.item_id = :item)
      and (cast(:action as text) is null or m.action = :action)
      and (cast(:source as text) is null or m.source = :source)
      and (cast(:since as timestamptz) is null or coalesce(m.at, m.observed_at) >= :since)
      and (cast(:until as timestamptz) is null or coalesce(m.at, m.observed_at) < :until)
      and (cast(:before as bigint) is null or m.id < :before)
      and (cast(:account as bigint) is null or exists (
          select from sightings g join streams s on s.id = g.stream_id where g.item_id = i.id and s.account_id = :account))
    order by m.id desc limit :most
"""  # noqa: S608 - a condition of our own


class ModerationError(Exception):
    """What was given cannot be put on record. `problems`: a sentence for each field, by its name."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = problems


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows: each filter None for all. `since` and `until` (left out) compare the time of the act, else of noticing it."""

    item_id: int | None = None
    account_id: int | None = None
    action: str | None = None
    source: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Given:
    """What a moderator writes, as text: `at` in the city's time, as `2026-03-31T14:05` or `2026-03-31`; empty: not known."""

    action: str
    reason: str
    clause: str = ""
    by_whom: str = ""
    at: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Checked:
    """The same, fit to be kept."""

    action: str
    reason: str
    clause: str | None
    by_whom: str
    at: datetime | None


def check(given: Given, zone: ZoneInfo, now: datetime) -> Checked:
    """What was given, fit to be kept. Pure.

    Raises:
        ModerationError: names every field that is wrong, and what to do.
    """
    problems = {}
    if given.action not in ACTIONS:
        problems["action"] = _("Choose what was done.")
    reason, clause, by_whom = (mend(text).strip() for text in (given.reason, given.clause, given.by_whom))
    if not reason:
        problems["reason"] = _("Write why; a record without a reason says nothing.")
    elif len(reason) > LONGEST_REASON:
        problems["reason"] = _(
            "The reason has %(long)s characters; %(most)s are the most.",
            long=f"{len(reason):,}",
            most=f"{LONGEST_REASON:,}",
        )
    if len(clause) > LONGEST_FIELD:
        problems["clause"] = _(
            "The clause has %(long)s characters; %(most)s are the most.", long=f"{len(clause):,}", most=LONGEST_FIELD
        )
    if len(by_whom) > LONGEST_FIELD:
        problems["by_whom"] = _(
            "The name has %(long)s characters; %(most)s are the most.", long=f"{len(by_whom):,}", most=LONGEST_FIELD
        )
    at = None
    try:
        at = _moment(given.at.strip(), zone)
    except ValueError:
        problems["at"] = _("That is no date and time; write it as 2026-03-31T14:05, or leave it empty.")
    else:
        if at is not None and at > now + _TOLERANCE:
            problems["at"] = _("That time is still to come.")
    if problems:
        raise ModerationError(problems)
    return Checked(given.action, reason, clause or None, by_whom or "unknown", at)


def _moment(text: str, zone: ZoneInfo) -> datetime | None:
    if not text:
        return None
    found = datetime.fromisoformat(text)
    try:
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError(text) from error


def add(
    engine: Engine, item_id: int, checked: Checked, *, user: str, now: datetime, actor: str | None = None
) -> uuid.UUID:
    """Put a moderator's reason on record, and in the audit log. Gives the row's public id."""
    public_id = uuid7()
    with engine.begin() as connection:
        item = connection.execute(sa.select(Item.public_id).where(Item.id == item_id)).scalar_one()
        connection.execute(
            sa.insert(Moderation).values(
                public_id=public_id,
                item_id=item_id,
                action=checked.action,
                by_whom=checked.by_whom,
                at=checked.at,
                observed_at=now,
                source="clerk",
                reason=checked.reason,
                clause=checked.clause,
                recorded_by=user,
            )
        )
        detail = {"moderation": str(public_id), "action": checked.action}
        audit.write(connection, actor or user, "moderation recorded", str(item), detail)
    return public_id


def listed(
    connection: Connection,
    wanted: Wanted,
    *,
    messages: bool,
    accounts: Collection[int] | None = None,
    most: int = 200,
) -> Sequence[Row[Any]]:
    """Rows of the record, the latest first, with what they are about.

    Args:
        connection: to the archive's database.
        wanted: which rows.
        messages: whether those about direct messages too.
        accounts: only those about items that came through one of these (row ids), and only these are named; None: all.
        most: how many at the most.
    """
    return connection.execute(
        sa.text(_LIST),
        {
            "messages": messages,
            "item": wanted.item_id,
            "account": wanted.account_id,
            "action": wanted.action,
            "source": wanted.source,
            "since": wanted.since,
            "until": wanted.until,
            "before": wanted.before,
            "most": most,
            **parameters(accounts),
        },
    ).all()
