"""Importing a download: its files as raw evidence, its items as versions of source `import`.

An item that an API has shown already is the same item with one more version; importing a download twice changes nothing.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import mimetypes
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from archiver import accounts
from archiver.accounts import RegisterError
from archiver.capture import stream as streams
from archiver.capture.evidence_file import run_warc, seal_left_behind
from archiver.custody.log import append_or_wait
from archiver.downloads import DOWNLOADS
from archiver.downloads.errors import DownloadError
from archiver.downloads.unpack import open_tree
from archiver.platforms.contract import AccountStatus, Exchange, ItemKind, Page, Skipped, State, StreamKind
from archiver.records.models import uuid7
from archiver.records.store import CaptureContext, PageResult, save_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from archiver.archive import Archive
    from archiver.capture.evidence_file import RunWarc
    from archiver.downloads.contract import Download, DownloadFile
    from archiver.downloads.unpack import Tree
    from archiver.platforms.contract import AccountRef

_CHUNK = 1000
"""Items stored in one transaction."""


@dataclasses.dataclass(slots=True)
class ImportReport:
    """What an import did. `items` counts what the download holds of the owner's own, `expected` what it says it holds."""

    account: str
    format: str
    run_id: str
    expected: int | None = None
    files: int = 0
    items: int = 0
    new: int = 0
    unchanged: int = 0
    skipped: list[dict[str, Any]] = dataclasses.field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether everything was read, and as much as the download says it holds."""
        return not any(each["lost"] for each in self.skipped) and self.expected in (None, self.items)

    def as_dict(self) -> dict[str, Any]:
        """The report as plain data."""
        return {**dataclasses.asdict(self), "complete": self.complete}


def import_download(
    archive: Archive,
    path: Path,
    account: AccountRef,
    *,
    progress: Callable[[str, int], None] = lambda _name, _items: None,
) -> ImportReport:
    """Import a download into an account.

    Args:
        archive: The archive, open.
        path: A folder, zip or tar.
        account: Whose download it must be; its stable id is learned from the download where it is not known yet.
        progress: Told of each file and how many items it had.

    Raises `RegisterError` where the download belongs to somebody else, `DownloadError` for what cannot be read at all.
    What was read before an error stays, and the capture says that it is not whole.
    """
    with contextlib.closing(open_tree(path)) as tree:
        download = _format_of(tree, account)
        owner = download.owner(tree)
        if account.platform_id is not None and owner.platform_id != account.platform_id:
            raise RegisterError(
                f"{path} is the download of {owner.handle} ({owner.platform_id}), not of {account.name} "
                f"({account.platform_id}); name the account it belongs to"
            )
        status = AccountStatus(owner.platform_id, None, State.PRESENT, "its owner, as the download says")
        account = accounts.learn(archive.engine, account, status, archive.now())
        try:
            return _Import(archive, download, tree, account, progress).run()
        finally:
            append_or_wait(archive.engine, archive.now())


def _format_of(tree: Tree, account: AccountRef) -> Download:
    known = [download for download in DOWNLOADS.values() if download.platform == account.platform]
    for download in known:
        if download.detect(tree):
            return download
    forms = ", ".join(download.name for download in known) or "none"
    raise DownloadError(
        tree.name, f"it is no download that can be imported for {account.platform} (forms known: {forms})"
    )


class _Import:
    def __init__(
        self,
        archive: Archive,
        download: Download,
        tree: Tree,
        account: AccountRef,
        progress: Callable[[str, int], None],
    ) -> None:
        self._archive, self._download, self._tree = archive, download, tree
        self._account, self._progress = account, progress
        self._report = ImportReport(account.name, download.name, str(uuid7()))
        self._totals = {"pages": 0, "items_seen": 0, "items_new": 0, "versions_new": 0}

    def run(self) -> ImportReport:
        """Do it under the import stream's lock."""
        archive, account, report = self._archive, self._account, self._report
        with (
            streams.locked(archive.engine, account, StreamKind.IMPORT, wait=True) as stream_id,
            run_warc(archive, account, report.run_id) as warc,
        ):
            seal_left_behind(archive, account, but=warc.name)
            context, _ = streams.begin(
                archive.engine,
                stream_id,
                account,
                StreamKind.IMPORT,
                report.run_id,
                "import",
                archive.now(),
                keep_unchanged=archive.settings.keep_unchanged_exchanges,
            )
            error: str | None = "the import ended before its time"
            try:
                report.expected = self._download.expected(self._tree)
                for file in self._download.files(self._tree):
                    self._file(context, warc, file)
                error = self._shortfall()
            except Exception as failure:
                error = str(failure)
                raise
            finally:
                streams.finish(
                    archive.engine,
                    context,
                    archive.now(),
                    "complete" if error is None else "partial",
                    error=error,
                    totals=self._totals,
                    skipped=report.skipped,
                    whole=False,
                )
        return report

    def _shortfall(self) -> str | None:
        report = self._report
        if report.expected not in (None, report.items):
            what = f"the download says it holds {report.expected}, its files hold {report.items}"
            report.skipped.append(dataclasses.asdict(Skipped("the total", what)))
        lost = [each for each in report.skipped if each["lost"]]
        if lost:
            return f"{len(lost)} parts were not read, first {lost[0]['what']}"
        return None

    def _file(self, context: CaptureContext, warc: RunWarc, file: DownloadFile) -> None:
        exchange = _exchange_of(self._tree, file, self._archive.now())
        report = self._report
        skipped = tuple(file.skipped)
        for page in _pages(file, exchange, skipped):
            with self._archive.engine.begin() as connection:
                result = save_page(connection, context, page, self._archive.now(), warc.write)
            self._count(result)
        own = sum(1 for item in file.items if item.sighted and item.kind is not ItemKind.PROFILE)
        report.files += 1
        report.items += own
        report.skipped += [dataclasses.asdict(each) for each in skipped]
        self._progress(file.name, own)

    def _count(self, result: PageResult) -> None:
        self._report.new += result.own_new
        self._report.unchanged += result.own_seen - result.own_new
        self._totals["pages"] += 1
        self._totals["items_seen"] += result.seen
        self._totals["items_new"] += result.items_new
        self._totals["versions_new"] += result.versions_new


def _pages(file: DownloadFile, exchange: Exchange, skipped: tuple[Skipped, ...]) -> Iterator[Page]:
    for start in range(0, max(1, len(file.items)), _CHUNK):
        yield Page(file.items[start : start + _CHUNK], [exchange], skipped=skipped if start == 0 else ())


def _exchange_of(tree: Tree, file: DownloadFile, now: datetime) -> Exchange:
    """A file of a download as an exchange: nothing was asked of anybody, its bytes are what was received."""
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return Exchange(
        id=str(uuid7()),
        requested_at=now,
        method="IMPORT",
        url=f"import:{quote(tree.name)}/{quote(file.name)}",
        status=0,
        reason="",
        request_headers=(),
        response_headers=(("Content-Type", kind),),
        body=file.body,
        received=file.body,
        received_sha256=hashlib.sha256(file.body).digest(),
        elapsed_ms=0,
    )
