"""Exporting an account: each of its streams captured in turn, one failing stream leaving the others whole."""

from __future__ import annotations

import contextlib
import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog

from archiver import accounts, gaps
from archiver.capture import stream as streams
from archiver.capture.completeness import roll_up
from archiver.capture.conversations import capture_conversations
from archiver.capture.crosscheck import Checked, cross_check
from archiver.capture.errors import AccessLost, CaptureError, StreamBusy, TokenRefused
from archiver.capture.evidence_file import RunWarc, run_warc, seal_left_behind
from archiver.capture.limits import SharedLimiter
from archiver.capture.listing import capture_listing
from archiver.capture.lists import ListReport, ListRun
from archiver.capture.media import fetch_media
from archiver.capture.recheck import recheck, recheck_orphans
from archiver.capture.running import LIGHT, RunningCapture
from archiver.capture.session import CaptureSession
from archiver.capture.threads import capture_thread, capture_threads
from archiver.capture.tokens import Tokens
from archiver.custody.log import append_or_wait
from archiver.platforms import PLATFORMS
from archiver.platforms.errors import AccountUnavailableError, UnreadableAnswerError
from archiver.platforms.items import State, StreamKind, Tombstone
from archiver.platforms.pages import AccountRef, AccountStatus, Page
from archiver.records.models import uuid7
from archiver.records.store import FenceLost
from archiver.vault import VaultError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archiver.archive import Archive
    from archiver.platforms.contract import Platform
    from archiver.platforms.pages import Count

Failure = CaptureError | UnreadableAnswerError | VaultError | accounts.RegisterError

_WELL = frozenset({"complete", "busy"})
_log = structlog.get_logger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class StreamReport:
    """How the capture of one stream ended."""

    stream: str
    outcome: str
    error: str | None
    retryable: bool
    pages: int
    items_seen: int
    items_new: int
    versions_new: int
    skipped: list[dict[str, str]]


@dataclasses.dataclass(frozen=True, slots=True)
class ExportReport:
    """How the export of one account ended. `as_dict` is what the command line and the DAG print."""

    account: str
    run_id: str
    streams: list[StreamReport]
    lists: list[ListReport] = dataclasses.field(default_factory=list)
    """Lists that were read; one that could not be leaves the night whole."""

    @property
    def complete(self) -> bool:
        """Whether every stream was captured whole, or is being captured (what a light pass leaves to the one at work)."""
        return all(report.outcome in _WELL for report in self.streams)

    @property
    def retryable(self) -> bool:
        """Whether trying again soon can mend what failed."""
        return any(report.retryable for report in self.streams if report.outcome not in _WELL)

    @property
    def problems(self) -> list[str]:
        """One sentence for each stream that is not whole."""
        return [
            f"{report.stream}: {report.error or report.outcome}"
            for report in self.streams
            if report.outcome not in _WELL
        ]

    def as_dict(self) -> dict[str, Any]:
        """The report as plain data."""
        return {**dataclasses.asdict(self), "complete": self.complete}


def export_account(
    archive: Archive,
    account: AccountRef,
    *,
    mode: str = "nightly",
    run_id: str | None = None,
    wait: bool = False,
    only: Sequence[StreamKind] | None = None,
    thread: str | None = None,
) -> ExportReport:
    """Capture every stream of an account.

    Args:
        archive: The archive, open.
        account: Whose streams.
        mode: `nightly`, `now`, `light` (the newest posts and comments alone), or `backfill`, which reads everything again to
            its end; kept with the captures.
        run_id: Names the run (and its WARC); made where None.
        wait: Wait for a capture that is at work on a stream, instead of reporting it as busy.
        only: These streams only.
        thread: The id of one post: its comments at once, since one may be about to go, and then the account's newest
            posts, among them that one.

    Never raises for what one stream met: that is in the report. Raises `KeyError` for an unknown platform.
    """
    platform = PLATFORMS[account.platform]
    run_id = run_id or str(uuid7())
    reports: list[StreamReport] = []
    lists: list[ListReport] = []
    gaps.open_if_never(archive.engine, account.id, archive.now(), timedelta(hours=archive.settings.gap_hours))
    with session_of(archive, account, platform) as (session, tokens), run_warc(archive, account, run_id) as warc:
        seal_left_behind(archive, account, but=warc.name)
        status = _status(tokens)
        account = tokens.account
        if isinstance(status, AccountStatus):
            try:
                account = accounts.learn(archive.engine, account, status, archive.now())
            except accounts.RegisterError as error:
                status = error
        run = _Run(archive, platform, account, tokens, session, warc, run_id, mode, status)
        kinds = [StreamKind.COMMENTS, StreamKind.POSTS] if thread else only or _kinds(platform, account, mode)
        reports += [
            run.stream(kind, wait=wait, thread=thread if kind is StreamKind.COMMENTS else None) for kind in kinds
        ]
        whole = mode != LIGHT and thread is None and only is None
        if whole and isinstance(status, AccountStatus) and status.state is State.PRESENT:
            lists = ListRun(archive, platform, run.present(), session, warc, run_id, mode).read_due()
    append_or_wait(archive.engine, archive.now())
    report = ExportReport(account.name, run_id, reports, lists)
    if report.complete and whole:
        gaps.close_account_gaps(archive.engine, account.id, run_id, archive.now())
    return report


def _kinds(platform: Platform, account: AccountRef, mode: str) -> Sequence[StreamKind]:
    """The streams of a run: all that this account's settings open, or those of the light pass among them."""
    there = platform.streams(account)
    return [kind for kind in there if kind in platform.manifest.light] if mode == LIGHT else there


@contextlib.contextmanager
def session_of(archive: Archive, account: AccountRef, platform: Platform) -> Iterator[tuple[CaptureSession, Tokens]]:
    """The session of a run, which draws from the budgets that it shares with others, and the account's tokens."""
    settings = archive.settings
    seed = account.secrets[0] if account.secrets else ""
    limiter = SharedLimiter(archive.engine, platform, lambda: tokens.account, seed)
    session = CaptureSession(
        user_agent=settings.user_agent,
        allowed_origins=settings.allowed_origins,
        timeout=settings.request_timeout,
        max_attempts=settings.max_attempts,
        max_wait=settings.max_wait,
        max_bytes=settings.page_max_bytes,
        max_file=settings.media_max_bytes,
        scratch=archive.spool,
        secrets=account.secrets,
        judge=platform.judge,
        limiter=limiter,
        sleep=archive.sleep,
    )
    tokens = Tokens(archive, platform, account, session)
    try:
        yield session, tokens
    finally:
        session.close()
        with contextlib.suppress(sa.exc.DBAPIError):  # what was drawn ahead comes back with its window
            limiter.close(archive.now())


def _status(tokens: Tokens) -> AccountStatus | Failure:
    try:
        status = tokens.status()
        tokens.check()
    except (CaptureError, UnreadableAnswerError, VaultError) as error:
        return error
    return status


@dataclasses.dataclass(frozen=True, slots=True)
class _Run:
    """One run over the streams of one account."""

    archive: Archive
    platform: Platform
    account: AccountRef
    tokens: Tokens
    session: CaptureSession
    warc: RunWarc
    run_id: str
    mode: str
    status: AccountStatus | Failure
    checked: list[Checked | str] = dataclasses.field(default_factory=list)
    """What this run has read of a second source, beside the listings."""
    renewed: set[StreamKind] = dataclasses.field(default_factory=set)
    """Streams on which the token ended under way, and was renewed."""

    def present(self) -> AccountRef:
        """The account with the tokens that it has by now, and with what this capture found on the way (`status.settings`)."""
        newest = self.tokens.account
        found = self.status.settings if isinstance(self.status, AccountStatus) else {}
        settings = {**newest.settings, **found}
        return dataclasses.replace(self.account, settings=settings, secrets=newest.secrets)

    def stream(self, kind: StreamKind, *, wait: bool, thread: str | None) -> StreamReport:
        """Capture one stream, whatever happens, and say how it ended."""
        try:
            if isinstance(self.status, AccountStatus):
                self.tokens.keep_fresh()
            with streams.locked(self.archive.engine, self.account, kind, wait=wait) as stream_id:
                report = self._locked(stream_id, kind, thread)
                return self._locked(stream_id, kind, thread) if kind in self.renewed else report
        except StreamBusy as error:
            outcome = "busy" if self.mode == LIGHT else "failed"
            return StreamReport(kind.value, outcome, str(error), error.retryable, 0, 0, 0, 0, [])
        except (CaptureError, VaultError) as error:
            retryable = isinstance(error, CaptureError) and error.retryable
            return StreamReport(kind.value, "failed", str(error), retryable, 0, 0, 0, 0, [])
        except sa.exc.DBAPIError as error:
            _log.exception("database failed", account=self.account.name, stream=kind.value)
            return StreamReport(kind.value, "failed", _database_words(error), True, 0, 0, 0, 0, [])

    def _locked(self, stream_id: int, kind: StreamKind, thread: str | None) -> StreamReport:
        context, cursor = streams.begin(
            self.archive.engine,
            stream_id,
            self.account,
            kind,
            self.run_id,
            self.mode,
            self.archive.now(),
            keep_unchanged=self.archive.settings.keep_unchanged_exchanges,
            late_after=timedelta(hours=self.archive.settings.gap_hours),
        )
        told = {"stream": kind.value, "mode": self.mode, "started_at": context.started_at}
        account = self.present()
        account = dataclasses.replace(account, settings={**account.settings, **told})
        capture = RunningCapture(self.archive, self.platform, account, self.session, self.warc, context, cursor)
        try:
            outcome, error, retryable = self._captured(capture, thread)
        except sa.exc.DBAPIError as failure:
            self._database_failed(capture, failure, whole=thread is None)
            raise
        skipped = [dataclasses.asdict(each) for each in capture.skipped]
        streams.finish(
            self.archive.engine,
            context,
            self.archive.now(),
            outcome,
            error=error,
            totals=capture.totals,
            skipped=skipped,
            whole=thread is None and (self.mode != LIGHT or outcome == "access_lost"),
        )
        _log.info("captured", account=self.account.name, stream=kind.value, outcome=outcome, **capture.totals)
        return StreamReport(kind.value, outcome, error, retryable, **capture.totals, skipped=skipped)

    def _database_failed(self, capture: RunningCapture, failure: sa.exc.DBAPIError, *, whole: bool) -> None:
        """Say so in the capture's row, where the database answers again; else the next capture finds this one abandoned."""
        with contextlib.suppress(sa.exc.DBAPIError):
            streams.finish(
                self.archive.engine,
                capture.context,
                self.archive.now(),
                "failed",
                error=_database_words(failure),
                totals=capture.totals,
                skipped=[dataclasses.asdict(each) for each in capture.skipped],
                whole=whole,
            )

    def _captured(self, capture: RunningCapture, thread: str | None) -> tuple[str, str | None, bool]:
        """Do it, and put what went wrong into words: (outcome, error, whether trying again can help)."""
        try:
            self._walk(capture, thread)
        except (AccessLost, TokenRefused) as error:
            self._keep_failures(capture)
            return self._lost(capture.context.stream, error)
        except AccountUnavailableError as error:
            self._unavailable(capture, error.status)
            return "access_lost", str(error), False
        except (CaptureError, UnreadableAnswerError, VaultError, FenceLost, accounts.RegisterError) as error:
            if isinstance(error, UnreadableAnswerError) and error.exchange is not None:
                self.session.failed.append(error.exchange)
            self._keep_failures(capture)
            return (
                "failed",
                str(error),
                getattr(error, "retryable", not isinstance(error, accounts.RegisterError | VaultError)),
            )
        except sa.exc.DBAPIError:
            raise
        except Exception as error:  # noqa: BLE001 - one stream's surprise must not end the night of the others
            _log.exception("capture failed", account=self.account.name, stream=capture.context.stream.value)
            self._keep_failures(capture)
            return "failed", f"{type(error).__name__}: {self.session.clean_text(str(error))}", True
        self._keep_failures(capture)
        lost = [each for each in capture.skipped if each.lost]
        if lost:
            first = lost[0]
            return "partial", f"{len(lost)} parts were not read, first {first.what}: {first.reason}", True
        return "complete", None, False

    def _lost(self, kind: StreamKind, error: AccessLost | TokenRefused) -> tuple[str, str, bool]:
        """How a stream ended that may not be read: it is read again where a newer token than the refused one is to be had."""
        if isinstance(error, TokenRefused) and kind not in self.renewed and isinstance(self.status, AccountStatus):
            try:
                if self.tokens.renew_refused(error):
                    self.renewed.add(kind)
                    return "failed", f"{error}; the token was renewed under way, and the stream is read again", True
            except TokenRefused as unkept:
                error = unkept
        return "access_lost", str(error), error.retryable

    def _walk(self, capture: RunningCapture, thread: str | None) -> None:
        if not isinstance(self.status, AccountStatus):
            raise self.status
        counts = list(self.status.counts)
        match capture.context.stream:
            case StreamKind.PROFILE:
                capture.save(_profile_page(self.status))
            case _ if self.status.state is not State.PRESENT:
                raise AccessLost(self.account.name, self.status.words)
            case StreamKind.COMMENTS if thread is not None:
                capture_thread(capture, thread)
            case StreamKind.COMMENTS if self.platform.manifest.threads_of:
                capture_threads(capture)
                if self.mode != LIGHT:
                    recheck_orphans(capture)
            case StreamKind.MESSAGES if self.platform.manifest.by_conversation:
                capture_conversations(capture)
            case _:
                self._listing(capture, counts)
        if self.mode != LIGHT:
            recheck(capture)
        fetch_media(capture)
        if thread is None and self.mode != LIGHT:
            roll_up(capture, counts)

    def _listing(self, capture: RunningCapture, counts: list[Count]) -> None:
        """Walk the listing; a second source is compared with what all of it has shown."""
        if capture_listing(capture, counts):
            cross_check(capture, self.checked)

    def _unavailable(self, capture: RunningCapture, status: AccountStatus) -> None:
        """The listing itself said that the account cannot be read: keep its word, as the profile's stream would."""
        page = _profile_page(status)
        page.keep = True
        capture.save(page)

    def _keep_failures(self, capture: RunningCapture) -> None:
        """The answers that made a capture fail are evidence of why something is missing."""
        if self.session.failed:
            with contextlib.suppress(FenceLost):
                capture.save(Page((), ()))


def _database_words(error: sa.exc.DBAPIError) -> str:
    return f"the database failed ({type(error.orig).__name__}); nothing half-written was kept"


def _profile_page(status: AccountStatus) -> Page:
    """The profile as an item; an account that is hidden or deleted leaves the platform's word instead.

    That an account is gone is confirmed like any item: by a lookup on a later night.
    """
    page = Page([status.profile] if status.profile else [], status.exchanges)
    if status.state is not State.PRESENT and status.profile_id is not None:
        state = State.NOT_RETURNED if status.state is State.GONE_CONFIRMED else status.state
        if state is not State.ACCESS_LOST:
            page.tombstones = [Tombstone(status.profile_id, state, status.words, exchange=len(status.exchanges) - 1)]
    return page
