"""Lists of accounts (whom an account blocks, who follows it), read at the end of a night as dated snapshots.

A reading counts only when it came to the last page: one that broke off is put on record as such, and says nothing of who is on
the list. It leaves the account's night whole.
"""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog

from archiver.capture import stream as streams
from archiver.capture.errors import CaptureError, ListRepeats, StreamBusy
from archiver.capture.running import RunningCapture
from archiver.platforms.errors import AccountUnavailableError, UnreadableAnswerError
from archiver.platforms.items import StreamKind
from archiver.platforms.lists import chosen
from archiver.platforms.pages import Page
from archiver.records.store import FenceLost
from archiver.records.store.lists import Reading, by_key, latest, save_failure, save_snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from sqlalchemy.engine import Connection, Row

    from archiver.archive import Archive
    from archiver.capture.evidence_file import RunWarc
    from archiver.capture.session import CaptureSession
    from archiver.evidence.lists import Key
    from archiver.platforms.contract import Platform
    from archiver.platforms.items import Party
    from archiver.platforms.pages import AccountRef

_FRUITLESS = 20
"""So many pages in a row without anybody new are no way on."""
_LEFT_RUNNING = sa.text("""
    select exists (select from captures c join streams s on s.id = c.stream_id
                   where s.account_id = :account and s.kind = 'lists' and c.outcome = 'running')
""")
_log = structlog.get_logger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class ListReport:
    """How the reading of one list ended. `problem` is None where it became a snapshot."""

    listing: str
    size: int
    joined: int = 0
    left: int = 0
    problem: str | None = None


@dataclasses.dataclass(slots=True)
class _Seen:
    """What a reading has shown so far."""

    members: dict[Key, Party] = dataclasses.field(default_factory=dict)
    platform_count: int | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class ListRun:
    """The lists of one account in one run."""

    archive: Archive
    platform: Platform
    account: AccountRef
    session: CaptureSession
    warc: RunWarc
    run_id: str
    mode: str

    def read_due(self) -> list[ListReport]:
        """Read each list that the account's settings want and that this day (in city time) has no snapshot of. Never raises
        for what a list met: that is in its report, and on record.
        """
        try:
            self._end_abandoned()
            due = self._due()
        except sa.exc.DBAPIError as error:
            _log.exception("database failed", account=self.account.name, stream=StreamKind.LISTS.value)
            return [ListReport("lists", 0, problem=f"the database failed ({type(error.orig).__name__})")]
        return [self._one(listing) for listing in due]

    def _end_abandoned(self) -> None:
        """A crash may have left a reading running of which nothing is to be read anew today."""
        with self.archive.engine.connect() as connection:
            left = connection.scalar(_LEFT_RUNNING, {"account": self.account.id})
        if left:
            with (
                contextlib.suppress(StreamBusy),
                streams.locked(self.archive.engine, self.account, StreamKind.LISTS, wait=False) as stream_id,
                self.archive.engine.begin() as connection,
            ):
                streams.abandon(connection, stream_id, self.archive.now(), gap=False)

    def _due(self) -> list[str]:
        can = self.platform.lists(self.account)
        wanted = [each for each in chosen(self.platform.manifest, self.account.settings) if each in can]
        if not wanted:
            return []
        with self.archive.engine.connect() as connection:
            last = {each: latest(connection, self.account.id, each, self._today) for each in wanted}
        return [each for each, row in last.items() if row is None or row.taken_on != self._today]

    @property
    def _today(self) -> date:
        return self.archive.now().astimezone(self.archive.settings.zone).date()

    def _one(self, listing: str) -> ListReport:
        try:
            with streams.locked(self.archive.engine, self.account, StreamKind.LISTS, wait=False) as stream_id:
                context, cursor = streams.begin(
                    self.archive.engine,
                    stream_id,
                    self.account,
                    StreamKind.LISTS,
                    self.run_id,
                    self.mode,
                    self.archive.now(),
                    keep_unchanged=self.archive.settings.keep_unchanged_exchanges,
                )
                capture = RunningCapture(
                    self.archive, self.platform, self.account, self.session, self.warc, context, cursor
                )
                report = self._captured(capture, listing)
                streams.finish(
                    self.archive.engine,
                    context,
                    self.archive.now(),
                    "complete" if report.problem is None else "partial",
                    error=None if report.problem is None else f"{listing}: {report.problem}",
                    totals=capture.totals,
                    skipped=[],
                    whole=report.problem is None,  # what breaks off has its own record, and opens no gap
                )
        except CaptureError as error:  # another capture is at it
            return ListReport(listing, 0, problem=str(error))
        except sa.exc.DBAPIError as error:
            _log.exception("database failed", account=self.account.name, stream=StreamKind.LISTS.value)
            words = f"the database failed ({type(error.orig).__name__}); nothing half-written was kept"
            return ListReport(listing, 0, problem=words)
        return report

    def _captured(self, capture: RunningCapture, listing: str) -> ListReport:
        seen = _Seen()
        try:
            self._read(capture, listing, seen)
            row = self._kept(capture, listing, seen)
        except (CaptureError, UnreadableAnswerError, AccountUnavailableError, FenceLost) as error:
            if isinstance(error, UnreadableAnswerError) and error.exchange is not None:
                self.session.failed.append(error.exchange)
            problem = self.session.clean_text(str(error))
        except sa.exc.DBAPIError:
            raise
        except Exception as error:  # noqa: BLE001 - a list's surprise must not end the account's night
            _log.exception("list not read", account=self.account.name, listing=listing)
            problem = f"{type(error).__name__}: {self.session.clean_text(str(error))}"
        else:
            _log.info("list read", account=self.account.name, listing=listing, size=row.size)
            return ListReport(listing, row.size, row.joined, row.departed)
        _log.warning("list not read", account=self.account.name, listing=listing, reason=problem)
        with contextlib.suppress(FenceLost):
            capture.save(
                Page((), ()),
                also=lambda connection: save_failure(
                    connection,
                    self.account,
                    capture.context.capture_id,
                    listing,
                    self.archive.now(),
                    len(seen.members),
                    problem,
                ),
            )
        return ListReport(listing, len(seen.members), problem=problem)

    def _read(self, capture: RunningCapture, listing: str, seen: _Seen) -> None:
        """Read the list to its end. One that is empty where the last was not is asked for once more before it is believed."""
        self._walk(capture, listing, seen)
        if not seen.members and seen.platform_count != 0:
            with self.archive.engine.connect() as connection:
                last = latest(connection, self.account.id, listing)
            if last is not None and last.size:
                self._walk(capture, listing, seen)

    def _walk(self, capture: RunningCapture, listing: str, seen: _Seen) -> None:
        fruitless = 0
        for page in self.platform.members(self.session, self.account, listing):
            capture.save(Page((), page.exchanges, keep=True))
            if page.total is not None:
                seen.platform_count = page.total
            before = len(seen.members)
            seen.members.update(by_key(page.members))
            fruitless = fruitless + 1 if len(seen.members) == before else 0
            if fruitless >= _FRUITLESS:
                raise ListRepeats(self.account.name, listing, fruitless)

    def _kept(self, capture: RunningCapture, listing: str, seen: _Seen) -> Row[Any]:
        now = self.archive.now()
        members: Mapping[Key, Party] = seen.members
        reading = Reading(listing, members, seen.platform_count, now, now.astimezone(self.archive.settings.zone).date())
        kept: list[Row[Any]] = []

        def also(connection: Connection) -> None:
            kept.append(save_snapshot(connection, self.account, capture.context.capture_id, reading))

        capture.save(Page((), ()), also=also)
        capture.pages -= 1
        return kept[-1]
