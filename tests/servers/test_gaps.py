"""The gap record: opened and closed by what happens, in a real Postgres; never edited."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from archiver import accounts, gaps, standing
from archiver.accounts import RegisterError
from archiver.capture import stream as streams
from archiver.platforms.items import StreamKind
from tests.fixtures.town import town

if TYPE_CHECKING:
    from tests.fixtures.archives import ArchiveMaker, TestArchive

NAME = "bluesky:parks.example.gov"
ALLOWED = timedelta(hours=36)
START = datetime(2026, 3, 1, 10, tzinfo=UTC)
TOTALS = {"pages": 0, "items_seen": 0, "items_new": 0, "versions_new": 0}
MISSED = {"failed", "access_lost", "abandoned", "not_run"}


def rows(archive: TestArchive, *, open_only: bool = False) -> list[Any]:
    """The gaps as the record has them."""
    with archive.engine.connect() as connection:
        return list(gaps.listed(connection, only_open=open_only))


class GapMachine(RuleBasedStateMachine):
    """One stream of one account over some weeks, and a model of which gaps must be open."""

    archive: TestArchive
    number = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).number += 1
        self.name = f"bluesky:account-{type(self).number}.example.gov"
        accounts.add(self.archive.engine, self.name, {"department": "Parks"})
        self.account = accounts.find(self.archive.engine, self.name)
        self.now = START
        self.last_complete: datetime | None = None
        self.first_tried: datetime | None = None
        self.status = "active"
        self.open: dict[str, tuple[datetime, str]] = {}
        self.running = 0
        self.ended = 0

    def _begin(self, mode: str = "nightly") -> Any:
        with streams.locked(self.archive.engine, self.account, StreamKind.POSTS, wait=False) as stream_id:
            context, _ = streams.begin(
                self.archive.engine, stream_id, self.account, StreamKind.POSTS, "run", mode, self.now,
                keep_unchanged=False, late_after=ALLOWED,
            )  # fmt: skip
        self.first_tried = self.first_tried or self.now
        if self.running:
            self._opened("missed", "abandoned", self.running_since)
            self.running = 0
        if self.last_complete is not None and self.now - self.last_complete > ALLOWED:
            self._opened("missed", "not_run", self.now)
        return context

    def _opened(self, kind: str, cause: str, since: datetime) -> None:
        self.open.setdefault(kind, (self.last_complete or since, cause))

    def _finish(self, context: Any, outcome: str) -> None:
        streams.finish(
            self.archive.engine, context, self.now, outcome, error=None if outcome == "complete" else f"why: {outcome}",
            totals=TOTALS, skipped=[],
        )  # fmt: skip

    @rule(hours=st.integers(1, 60))
    def time_passes(self, hours: int) -> None:
        """Nothing runs meanwhile."""
        self.now += timedelta(hours=hours)

    @rule()
    def a_night_is_whole(self) -> None:
        """It closes what was missed, and a pause only where the account is active."""
        context = self._begin()
        self._finish(context, "complete")
        self.last_complete = self.now
        self.ended += self.open.pop("missed", None) is not None
        if self.status == "active":
            for kind in ("paused", "closed"):
                self.ended += self.open.pop(kind, None) is not None

    @rule(outcome=st.sampled_from(["failed", "access_lost", "partial"]))
    def a_night_fails(self, outcome: str) -> None:
        """It opens a gap where none is open."""
        context = self._begin()
        self._finish(context, outcome)
        self._opened("missed", "access_lost" if outcome == "access_lost" else "failed", self.now)

    @rule()
    def the_program_dies(self) -> None:
        """The next capture finds what was left running."""
        self._begin()
        self.running, self.running_since = 1, self.now

    @precondition(lambda self: self.status != "paused")
    @rule()
    def is_paused(self) -> None:
        """A reason, and a gap beside what is open."""
        standing.pause(self.archive.engine, self.name, "an election", self.now)
        self.status = "paused"
        if self.first_tried is not None:
            self._opened("paused", "paused", self.now)

    @precondition(lambda self: self.status != "active")
    @rule()
    def is_resumed(self) -> None:
        """Which alone closes nothing."""
        standing.resume(self.archive.engine, self.name, "it is over", self.now)
        self.status = "active"

    @precondition(lambda self: self.status != "closed")
    @rule()
    def is_closed(self) -> None:
        """The city gave it up."""
        standing.close(self.archive.engine, self.name, "merged into another", self.now)
        self.status = "closed"
        if self.first_tried is not None:
            self._opened("closed", "closed", self.now)

    @invariant()
    def the_record_is_as_the_model(self) -> None:
        """The open gaps begin where and for the reason they should; ended ones ended after they began, and none is lost."""
        with self.archive.engine.connect() as connection:
            found = [row for row in gaps.listed(connection, account_id=self.account.id) if row.stream is not None]
        still = {
            "missed" if row.cause in MISSED else row.cause: (row.opened_at, row.cause)
            for row in found
            if not row.closed_at
        }
        assert still == self.open
        done = [row for row in found if row.closed_at]
        assert len(done) == self.ended
        assert all(row.closed_at >= row.opened_at and row.closed_by is not None for row in done)


def test_gaps_open_and_close_by_themselves_whatever_happens(make_archive: ArchiveMaker) -> None:
    """Nights that are whole, fail, die or never run, pauses and closings in any order: the record is what it must be."""

    class Machine(GapMachine):
        archive = make_archive()

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_nights_that_never_ran_are_on_record_from_the_next_run_on(make_archive: ArchiveMaker) -> None:
    """The scheduler was down for three days: the next capture finds it, records the window, and closes it by being whole."""
    with town(make_archive, 3, 2) as small:
        assert small.export().complete
        began = small.archive.clock()
        assert rows(small.archive) == []
        small.archive.clock.ahead += timedelta(days=3)
        with small.archive.engine.connect() as connection:
            late = gaps.overdue(connection, ["bluesky"], small.archive.clock(), ALLOWED)
        assert [each.account for each in late] == [small.account.name]
        assert small.export().complete
        found = rows(small.archive)
        assert {row.cause for row in found} == {"not_run"}
        assert len(found) == len(small.export().streams)
        for row in found:
            assert row.opened_at < began + timedelta(minutes=1)
            assert row.closed_at - row.opened_at > timedelta(days=2, hours=23)
            assert "the scheduler was down" in row.reason
        with small.archive.engine.connect() as connection:
            assert gaps.overdue(connection, ["bluesky"], small.archive.clock(), ALLOWED) == []


def test_an_account_never_captured_has_a_gap_until_its_first_whole_run(make_archive: ArchiveMaker) -> None:
    """In the register for two days before anything ran: a gap of the whole account, closed once all of it was captured."""
    with town(make_archive, 3, 2) as small:
        with small.archive.engine.begin() as connection:
            connection.execute(
                sa.text("update accounts set created_at = :at"), {"at": small.archive.clock() - timedelta(days=2)}
            )
        small.export(StreamKind.POSTS)
        ((row),) = rows(small.archive)
        assert (row.stream, row.cause, row.closed_at) == (None, "never_captured", None)
        assert small.export().complete
        ((row),) = rows(small.archive)
        assert row.closed_at is not None
        assert row.closed_by is not None


def test_a_pause_lasts_until_the_first_complete_capture_after_it(make_archive: ArchiveMaker) -> None:
    """A paused account is left out of the night; its gaps carry the reason, and end with the first whole run afterwards."""
    with town(make_archive, 3, 2) as small:
        assert small.export().complete
        standing.pause(small.archive.engine, small.account.name, "the mayor's election", small.archive.clock())
        assert accounts.active(small.archive.engine) == []
        assert small.export().complete  # somebody asked for it all the same
        assert {row.reason for row in rows(small.archive, open_only=True)} == {"the mayor's election"}
        standing.resume(small.archive.engine, small.account.name, "it is over", small.archive.clock())
        assert rows(small.archive, open_only=True)
        assert small.export().complete
        assert rows(small.archive, open_only=True) == []
        acts = small.sql("select action, detail ->> 'reason' from audit where action like 'account %' order by id")
        assert acts[-2:] == [("account paused", "the mayor's election"), ("account resumed", "it is over")]


def test_an_account_without_streams_is_paused_as_a_whole(make_archive: ArchiveMaker) -> None:
    """What was never captured is paused all the same; a second pause and an empty reason are refused."""
    archive = make_archive()
    accounts.add(archive.engine, NAME, {"department": "Parks"})
    with pytest.raises(RegisterError, match="say why"):
        standing.pause(archive.engine, NAME, "  ", START)
    standing.pause(archive.engine, NAME, "not ready", START)
    with pytest.raises(RegisterError, match="paused already"):
        standing.pause(archive.engine, NAME, "again", START)
    ((row),) = rows(archive)
    assert (row.stream, row.cause, row.reason) == (None, "paused", "not ready")
