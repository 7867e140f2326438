"""A capture while it runs: saving pages, counting what they brought."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from archiver import accounts
from archiver.database import in_transaction
from archiver.platforms.items import Json, Skipped
from archiver.platforms.pages import AccountRef, AccountStatus, Page
from archiver.records.store import CaptureContext, PageResult, Ready, save_pages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy.engine import Connection

    from archiver.archive import Archive
    from archiver.capture.evidence_file import RunWarc
    from archiver.capture.session import CaptureSession
    from archiver.platforms.contract import Platform

BACKFILL = "backfill"
"""The mode of a capture that reads an account to its end, whatever was read before."""
LIGHT = "light"
"""The mode of a capture between two nights: the newest items only."""
_log = structlog.get_logger(__name__)


@dataclasses.dataclass(slots=True)
class RunningCapture:
    """One capture of one stream, and everything it works with."""

    archive: Archive
    platform: Platform
    account: AccountRef
    session: CaptureSession
    warc: RunWarc
    context: CaptureContext
    cursor: dict[str, Json]
    pages: int = 0
    items_seen: int = 0
    items_new: int = 0
    versions_new: int = 0
    skipped: list[Skipped] = dataclasses.field(default_factory=list)

    def save(
        self, page: Page, cursor: Mapping[str, Json] | None = None, also: Callable[[Connection], None] | None = None
    ) -> PageResult:
        """Store one page; see `save_all`."""
        return self.save_all([page], cursor, also)

    def save_all(
        self,
        pages: Sequence[Page],
        cursor: Mapping[str, Json] | None = None,
        also: Callable[[Connection], None] | None = None,
        prepared: Mapping[int, Ready] | None = None,
    ) -> PageResult:
        """Store pages in one transaction, the stream's cursor with them, and what `also` writes.

        Exchanges that failed on the way to them are kept as well: they are why something was late or is missing.
        """
        pages = [page if page.status is None else self._learned(page, page.status) for page in pages]
        failed = self.session.take_failed()
        result = self._saved([Page((), failed, keep=True), *pages] if failed else pages, cursor, also, prepared)
        if cursor is not None:
            self.cursor = dict(cursor)
        self.pages += len(pages)
        self.items_seen += result.seen
        self.items_new += result.items_new
        self.versions_new += result.versions_new
        self.skipped += [each for page in pages for each in page.skipped]
        return result

    def _saved(
        self,
        pages: Sequence[Page],
        cursor: Mapping[str, Json] | None,
        also: Callable[[Connection], None] | None,
        prepared: Mapping[int, Ready] | None,
    ) -> PageResult:
        """The transaction, tried again where Postgres undid it for another capture's sake: two pages that show, hide and
        miss the same items may each hold what the other needs.
        """

        def stored(connection: Connection) -> PageResult:
            now = self.archive.now()
            result = save_pages(connection, self.context, pages, now, self.warc.write, cursor, prepared)
            if also is not None:
                also(connection)
            return result

        return in_transaction(self.archive.engine, stored)

    def _learned(self, page: Page, status: AccountStatus) -> Page:
        """A feed says of itself what other platforms say elsewhere: its profile is an item of the page."""
        self.account = accounts.learn(self.archive.engine, self.account, status, self.archive.now())
        if status.profile is None:
            return page
        return dataclasses.replace(page, items=[*page.items, status.profile], status=None)

    @property
    def reread_since(self) -> datetime:
        """What is younger than this is read again even if it was read before; in a backfill that is everything."""
        if self.context.mode == BACKFILL:
            return datetime.min.replace(tzinfo=UTC)
        if self.context.mode == LIGHT:
            return self.context.started_at - timedelta(hours=self.archive.settings.light_hours)
        return self.context.started_at - timedelta(days=self.archive.settings.reread_days)

    def skip(self, what: str, reason: str) -> None:
        """Say that something could not be read; the capture is not complete then."""
        _log.warning("skipped", account=self.account.name, what=what, reason=reason)
        self.skipped.append(Skipped(what, reason))

    def note(self, what: str, reason: str) -> None:
        """Say what could not be asked, where nothing that the stream shows is missing for it."""
        _log.info("noted", account=self.account.name, what=what, reason=reason)
        self.skipped.append(Skipped(what, reason, lost=False))

    @property
    def totals(self) -> dict[str, int]:
        """The counters, as the capture's row has them."""
        return {
            "pages": self.pages,
            "items_seen": self.items_seen,
            "items_new": self.items_new,
            "versions_new": self.versions_new,
        }
