"""The light pass: the newest posts, stories and comments of each account, many times a day.

A post that was put up and taken down between two nights is lost to a nightly job. How often an account's turn comes is its own
setting (`light_minutes`), else its platform's; the budgets that tasks share keep both within the platform's limits.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver import nightly
from archiver.capture.running import LIGHT
from archiver.platforms import PLATFORMS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Engine

    from archiver.archive import Archive

_LAST = sa.text("""
    select a.platform || ':' || a.handle as name, a.settings,
           extract(epoch from :now - (
               select max(c.started_at) from captures c join streams s on s.id = c.stream_id
               where s.account_id = a.id and s.kind in ('posts', 'stories'))) / 60 as minutes
    from accounts a where a.platform = :platform and a.status = 'active' order by a.handle
""")

TOLERANCE = 0.1
"""A turn that comes this much of its interval too early is taken: the schedule that asks may have the same interval."""


class RecentFailed(Exception):
    """The light pass of some accounts brought not everything; the message names each. What was captured is kept."""


@dataclasses.dataclass(frozen=True, slots=True)
class Recent:
    """What the light pass of one account brought, or why it did not."""

    account: str
    items_new: int = 0
    versions_new: int = 0
    problem: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """As plain data."""
        return dataclasses.asdict(self)


def minutes_of(platform: str, settings: Mapping[str, Any]) -> float:
    """How often the light pass comes by an account, in minutes; 0: never.

    Raises:
        ValueError: the account's setting is no number.
    """
    own = settings.get("light_minutes")
    return float(PLATFORMS[platform].manifest.light_minutes if own is None else own)


def due(engine: Engine, platform: str, now: datetime) -> list[str]:
    """The accounts of a platform whose turn it is, by name. One that was never captured waits for its first night."""
    with engine.connect() as connection:
        rows = connection.execute(_LAST, {"platform": platform, "now": now}).all()
    return [
        row.name
        for row in rows
        if row.minutes is not None
        and (every := minutes_of(platform, row.settings)) > 0
        and float(row.minutes) >= every * (1 - TOLERANCE)
    ]


def capture_recent(archive: Archive, names: Sequence[str], *, scheduler_run: str) -> Iterator[Recent]:
    """The light pass of each account in turn; one that fails leaves the others. Never raises for what an account met."""
    for name in names:
        try:
            report = nightly.capture(archive, name, mode=LIGHT, scheduler_run=scheduler_run)
        except nightly.AccountFailed as error:
            yield Recent(name, problem=str(error))
        else:
            yield Recent(
                name, sum(each.items_new for each in report.streams), sum(each.versions_new for each in report.streams)
            )


def failures(brought: Sequence[Recent]) -> str | None:
    """One sentence for what went wrong, or None."""
    bad = [each for each in brought if each.problem is not None]
    return f"{len(bad)} of {len(brought)} accounts: " + " | ".join(str(each.problem) for each in bad) if bad else None
