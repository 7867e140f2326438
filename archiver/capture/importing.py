"""Importing a download: its files as raw evidence, its items as versions of source `import`, its media into the store.

An item that an API has shown already is the same item with one more version; importing a download twice changes nothing. How
an item without an id of its platform's is found again: `archiver.records.store.matching`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archiver import accounts
from archiver.accounts import RegisterError
from archiver.capture import stream as streams
from archiver.capture.evidence_file import run_warc, seal_left_behind
from archiver.capture.import_media import address, import_media, media_type
from archiver.custody.log import append_or_wait
from archiver.downloads import DOWNLOADS
from archiver.downloads.contract import DownloadOwner
from archiver.downloads.errors import DownloadError
from archiver.downloads.parts import open_parts
from archiver.platforms import IMPORTED
from archiver.platforms.items import ItemKind, Skipped, State, StreamKind
from archiver.platforms.pages import AccountStatus, Exchange, Page
from archiver.records.models import uuid7
from archiver.records.store import CaptureContext, PageResult, save_pages
from archiver.records.store.exchanges import kept_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from archiver.archive import Archive
    from archiver.capture.evidence_file import RunWarc
    from archiver.downloads.contract import Download, DownloadFile
    from archiver.downloads.unpack import Tree
    from archiver.platforms.items import Item
    from archiver.platforms.pages import AccountRef

_CHUNK = 1000
"""Items stored in one transaction."""
_MOST_SKIPPED = 10_000
"""What could not be read is named; of a download that is damaged all over, so many times."""


@dataclasses.dataclass(slots=True)
class ImportReport:
    """What an import did.

    `items` counts what the download holds of the owner's own, `messages` how many of those are direct messages, `earlier` the
    forms that posts had before they were edited. `expected` is how many posts the download says it holds, their earlier
    forms included.
    """

    account: str
    format: str
    run_id: str
    expected: int | None = None
    files: int = 0
    items: int = 0
    messages: int = 0
    earlier: int = 0
    media: int = 0
    new: int = 0
    unchanged: int = 0
    merged: int = 0
    """Items without an id that were found to be ones which the API had shown, and those found so earlier."""
    skipped: list[dict[str, Any]] = dataclasses.field(default_factory=list)

    @property
    def posts(self) -> int:
        """What is compared with `expected`."""
        return self.items - self.messages + self.earlier

    @property
    def complete(self) -> bool:
        """Whether everything was read, and as much as the download says it holds."""
        return not any(each["lost"] for each in self.skipped) and self.expected in (None, self.posts)

    def as_dict(self) -> dict[str, Any]:
        """The report as plain data."""
        return {**dataclasses.asdict(self), "complete": self.complete}


def import_download(
    archive: Archive,
    paths: Path | Sequence[Path],
    account: AccountRef,
    *,
    owner_id: str | None = None,
    progress: Callable[[str, int], None] = lambda _name, _items: None,
) -> ImportReport:
    """Import a download into an account.

    Args:
        archive: The archive, open.
        paths: A folder, zip or tar, or all the parts of one download.
        account: Whose download it must be; its stable id is learned from the download where it is not known yet.
        owner_id: The stable id of the account whose download it is, vouched for by whoever imports it: for a download that does
            not say whose it is.
        progress: Told of each file and how many items it had.

    Raises `RegisterError` where the download belongs to somebody else or does not say to whom, `DownloadError` for what cannot be
    read at all. What was read before an error stays, and the capture says that it is not whole.
    """
    with contextlib.closing(open_parts([paths] if isinstance(paths, Path) else list(paths))) as tree:
        download = _format_of(tree, account)
        if download.platform is None:  # it belongs to no account: whoever imports it says to which
            owner = DownloadOwner(account.platform_id, account.handle, namespace=account.namespace, account=account)
        else:
            owner = _owner_of(archive, download.owner(tree), account, tree.name, owner_id)
            owner = dataclasses.replace(owner, namespace=_namespace(account, owner))
            words = "its owner, as the download says"
            status = AccountStatus(owner.platform_id, None, State.PRESENT, words, namespace=owner.namespace)
            account = accounts.learn(archive.engine, account, status, archive.now())
        try:
            return _Import(archive, download, tree, account, owner, progress).run()
        finally:
            append_or_wait(archive.engine, archive.now())


def _owner_of(
    archive: Archive, owner: DownloadOwner, account: AccountRef, download: str, vouched: str | None
) -> DownloadOwner:
    """The owner with the account's stable id, if it is the account. Raises `RegisterError`."""
    if vouched is not None and account.platform_id not in (None, vouched):
        raise RegisterError(f"{account.name} has the id {account.platform_id} in the register, not {vouched}")
    known = account.platform_id or vouched
    if owner.platform_id is not None:
        if known is not None and owner.platform_id != known:
            whose = owner.platform_id if owner.handle is None else f"{owner.handle} ({owner.platform_id})"
            raise RegisterError(
                f"{download} is the download of {whose}, not of {account.name} ({known}); name the account it belongs to"
            )
        if known is None and (account.platform in IMPORTED or owner.handle is None):
            _named_alike(archive, owner, account, download)
        return owner
    if vouched is None:
        handles = accounts.handles(archive.engine, account)
        if owner.handle is None:
            raise RegisterError(
                f"{download} does not say whose it is; if you know that it is the download of {account.name}, say so by "
                "giving the account's id (--owner-id)"
            )
        if owner.handle.lower() not in handles:
            raise RegisterError(
                f"{download} is the download of {owner.handle}, a name that {account.name} never had; name the account it "
                "belongs to, or give the account's id (--owner-id) if it is the same"
            )
    if known is None:
        raise RegisterError(
            f"neither {download} nor the register knows the stable id of {account.name}; capture it once, or give its id "
            "(--owner-id)"
        )
    return dataclasses.replace(owner, platform_id=known, handle=owner.handle or account.handle)


def _namespace(account: AccountRef, owner: DownloadOwner) -> str | None:
    """Where the account's items are: as its captures found it, else as its name in the register says, else as the download does.

    None on a platform whose ids are its own.
    """
    if owner.namespace is None:
        return None
    _, _, place = account.handle.partition("@")
    return account.namespace or place.lower() or owner.namespace


def _named_alike(archive: Archive, owner: DownloadOwner, account: AccountRef, download: str) -> None:
    """The first import of an account whose id the register does not know: its name is all that tells. Raises `RegisterError`."""
    if owner.handle is None:
        if str(owner.platform_id).lower() not in accounts.handles(archive.engine, account):
            raise RegisterError(
                f"{download} is the download of {owner.platform_id}, and the register does not know the id of {account.name}; "
                "capture the account once, or say that it has this id (--owner-id)"
            )
    elif owner.handle.lower() not in accounts.handles(archive.engine, account):
        raise RegisterError(f"{download} is of {owner.handle}, not of {account.name}; name the account it belongs to")


def _format_of(tree: Tree, account: AccountRef) -> Download:
    known = [each for platform in (account.platform, None) for each in DOWNLOADS.values() if each.platform == platform]
    for download in known:
        if download.detect(tree):
            return download
    forms = ", ".join(download.name for download in known) or "none"
    ends = {name.rpartition(".")[2].lower() for name in tree.names()}
    hint = "; it is of web pages: ask for the download again, as JSON" if "html" in ends and "json" not in ends else ""
    raise DownloadError(
        tree.name, f"it is no download that can be imported for {account.platform} (forms known: {forms}){hint}"
    )


class _Import:
    def __init__(
        self,
        archive: Archive,
        download: Download,
        tree: Tree,
        account: AccountRef,
        owner: DownloadOwner,
        progress: Callable[[str, int], None],
    ) -> None:
        self._archive, self._download, self._tree = archive, download, tree
        self._account, self._owner, self._progress = account, owner, progress
        self._report = ImportReport(account.name, download.name, str(uuid7()))
        self._totals = {"pages": 0, "items_seen": 0, "items_new": 0, "versions_new": 0}
        self._unnamed = 0

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
                for file in self._download.files(self._tree, self._owner):
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
        if self._unnamed:
            what = f"{self._unnamed} more, as many as are named here were not read before"
            report.skipped.append(dataclasses.asdict(Skipped("the download", what)))
        if report.expected not in (None, report.posts):
            what = f"the download says it holds {report.expected}, its files hold {report.posts}"
            report.skipped.append(dataclasses.asdict(Skipped("the total", what)))
        lost = [each for each in report.skipped if each["lost"]]
        if lost:
            return f"{len(lost)} parts were not read, first {lost[0]['what']}"
        return None

    def _file(self, context: CaptureContext, warc: RunWarc, file: DownloadFile) -> None:
        report, skipped = self._report, [*file.skipped, *_lost(file.pages or ())]
        own: list[Item] = []
        for pages in self._pages(context, file) if file.pages is None else [self._recorded(context, file.pages)]:
            with self._archive.engine.begin() as connection:
                result = save_pages(connection, context, pages, self._archive.now(), warc.write)
            self._count(result, len(pages))
            shown = (item for page in pages for item in page.items)
            own += [item for item in shown if item.sighted and item.kind is not ItemKind.PROFILE]
            report.earlier += sum(len(page.history) for page in pages)
        lacking = import_media(self._archive, context, file.media_tree or self._tree, file.media)
        report.files += int(bool(file.name) and (file.span is None or file.span[0] == 0))
        report.items += len(own)
        report.messages += sum(1 for item in own if item.kind is ItemKind.MESSAGE)
        report.media += len(file.media)
        named = [*skipped, *lacking]
        room = max(0, _MOST_SKIPPED - len(report.skipped))
        report.skipped += [dataclasses.asdict(each) for each in named[:room]]
        self._unnamed += len(named[room:])
        self._progress(file.name, len(own))

    def _recorded(self, context: CaptureContext, pages: Sequence[Page]) -> list[Page]:
        """Pages of what somebody else recorded, with ids of ours. What is kept since it says that something could not be read is
        kept once.
        """
        said = {each.received_sha256 for page in pages if page.skipped for each in page.exchanges}
        with self._archive.engine.connect() as connection:
            held = kept_of(connection, context.stream_id, said)
        return _named(
            dataclasses.replace(page, skipped=())
            if page.skipped and all(each.received_sha256 in held for each in page.exchanges)
            else page
            for page in pages
        )

    def _pages(self, context: CaptureContext, file: DownloadFile) -> Iterator[list[Page]]:
        """The file's items in pages of a bounded size, each with the earlier forms and tombstones of its own."""
        exchanges = [_exchange_of(self._tree, file, self._archive.now())] if file.name else []
        keep = False
        if file.keep and exchanges:
            with self._archive.engine.connect() as connection:
                keep = not kept_of(connection, context.stream_id, [exchanges[0].received_sha256])
        for start in range(0, max(1, len(file.items)), _CHUNK):
            items = file.items[start : start + _CHUNK]
            own = {item.id for item in items}
            page = Page(
                items,
                exchanges,
                skipped=tuple(file.skipped) if start == 0 else (),
                keep=keep,
                history=[item for item in file.history if item.id in own],
                tombstones=[stone for stone in file.tombstones if stone.id in own],
            )
            yield [page]

    def _count(self, result: PageResult, pages: int) -> None:
        self._report.new += result.own_new
        self._report.unchanged += result.own_seen - result.own_new
        self._report.merged += result.merged
        self._totals["pages"] += pages
        self._totals["items_seen"] += result.seen
        self._totals["items_new"] += result.items_new
        self._totals["versions_new"] += result.versions_new


def _lost(pages: Iterable[Page]) -> Iterator[Skipped]:
    """What the pages' own connector could not read in them."""
    return (each for page in pages for each in page.skipped if each.lost)


def _named(pages: Iterable[Page]) -> list[Page]:
    """The pages, each exchange with an id of ours in place of the one that tells it from others."""
    ids: dict[str, str] = {}

    def named(exchange: Exchange) -> Exchange:
        return dataclasses.replace(exchange, id=ids.setdefault(exchange.id, str(uuid7())))

    return [dataclasses.replace(page, exchanges=[named(each) for each in page.exchanges]) for page in pages]


def _exchange_of(tree: Tree, file: DownloadFile, now: datetime) -> Exchange:
    """A file of a download as an exchange: nothing was asked of anybody, its bytes are what was received."""
    part = f"?bytes={file.span[0]}-{file.span[1]}" if file.span else ""
    return Exchange(
        id=str(uuid7()),
        requested_at=now,
        method="IMPORT",
        url=address(tree, file.name) + part,
        status=0,
        reason="",
        request_headers=(),
        response_headers=(("Content-Type", media_type(file.name)),),
        body=file.body,
        received=file.body,
        received_sha256=hashlib.sha256(file.body).digest(),
        elapsed_ms=0,
        scrubbed=file.scrubbed,
        kept_body=file.kept_body,
    )
