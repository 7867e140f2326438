"""What the accounts page reads: the register, what is held of each account, and what is not."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver import accounts
from archiver import gaps as gap_record
from archiver.i18n import calendar
from archiver.i18n.translation import _, marked, ngettext, pgettext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Row

    from archiver.accounts import Listed
    from archiver.archive import Archive
    from clerk.visibility import Sight

FIELDS = {
    "department": marked("department"),
    "steward": marked("steward"),
    "owner": marked("owner"),
    "purpose": marked("purpose"),
    "authority_statement": marked("authority statement"),
    "record_series": marked("record series"),
    "approved_by": marked("approved by"),
    "approved_on": marked("approved on"),
    "began_on": marked("began on"),
}
"""What the fields of an account's entry are called (`archiver.accounts.FIELDS`)."""
STATUSES = {"active": marked("active"), "paused": marked("paused"), "closed": marked("closed")}
"""What the status of an account is called."""
_STREAMS = sa.text("""
    select s.id, s.account_id, s.kind, s.state, s.last_complete_at,
           case when s.kind <> 'import' or :messages then (select count(*) from sightings g where g.stream_id = s.id)
                else (select count(*) from sightings g join items i on i.id = g.item_id
                      where g.stream_id = s.id and i.kind <> 'message') end as held,
           (select t.words from stream_states t where t.stream_id = s.id order by t.id desc limit 1) as words
    from streams s where s.kind <> 'lists' and (s.kind <> 'messages' or :messages) order by s.account_id, s.kind
""")
_COMPLETENESS = sa.text("""
    select distinct on (stream_id) stream_id, platform_count, held_count, difference, reason, observed_at
    from completeness where item_id is null order by stream_id, id desc
""")


@dataclasses.dataclass(frozen=True, slots=True)
class StreamView:
    """One stream of an account, and the latest count of the platform beside ours."""

    row: Row[Any]
    completeness: Row[Any] | None


@dataclasses.dataclass(frozen=True, slots=True)
class AccountView:
    """An account of the register, its streams and its open gaps."""

    listed: Listed
    streams: Sequence[StreamView]
    gaps: Sequence[Row[Any]]

    @property
    def entry_sentence(self) -> str:
        """How far the register's entry is, and how long there is to complete it."""
        state = self.listed.compliance
        if not state.missing:
            return pgettext("register entry", "Complete")
        if state.due_on is None or state.days_left is None:
            return _("Incomplete; the days left cannot be counted")
        due = calendar.day(state.due_on)
        if state.days_left < 0:
            return ngettext(
                "Incomplete; %(num)s day overdue, since %(due)s",
                "Incomplete; %(num)s days overdue, since %(due)s",
                -state.days_left,
                due=due,
            )
        return ngettext(
            "Incomplete; %(num)s day left, until %(due)s",
            "Incomplete; %(num)s days left, until %(due)s",
            state.days_left,
            due=due,
        )

    @property
    def missing(self) -> str:
        """The fields that its entry lacks."""
        return ", ".join(_(FIELDS[name]) for name in self.listed.compliance.missing)

    @property
    def status(self) -> str:
        """Whether it is captured still."""
        return _(STATUSES[self.listed.status])

    @property
    def held(self) -> int:
        """How many items were seen through the account; one seen in two of its streams counts in both."""
        return sum(stream.row.held for stream in self.streams)

    @property
    def last_complete_at(self) -> Any:
        """Since when every stream has been captured whole at least once more; None where one never was."""
        times = [stream.row.last_complete_at for stream in self.streams]
        return None if not times or None in times else min(times)


def register(archive: Archive, sight: Sight) -> list[AccountView]:
    """The register as somebody may see it, by platform and handle."""
    today = archive.now().astimezone(archive.settings.zone).date()
    listed = accounts.listing(archive.engine, archive.settings.policy_effective_date, today)
    streams: defaultdict[int, list[StreamView]] = defaultdict(list)
    gaps: defaultdict[int, list[Row[Any]]] = defaultdict(list)
    with archive.engine.connect() as connection:
        counted = {row.stream_id: row for row in connection.execute(_COMPLETENESS)}
        for row in connection.execute(_STREAMS, {"messages": sight.messages}):
            streams[row.account_id].append(StreamView(row, counted.get(row.id)))
        for row in gap_record.listed(connection, only_open=True, messages=sight.messages):
            gaps[row.account_id].append(row)
    return [AccountView(each, streams[each.id], gaps[each.id]) for each in listed if sight.sees_account(each.id)]
