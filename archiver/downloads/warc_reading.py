"""The records of WARCs as page records, in batches that can be stored one after the other; and what each revisit refers to."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING

from archiver.downloads.warc_answers import Answers
from archiver.downloads.warc_batch import Batch
from archiver.downloads.warc_html import HTML_TYPES
from archiver.downloads.warc_pages import HELD, Capture, page_record, revisit_record, type_of
from archiver.downloads.warc_payload import http_head, take
from archiver.downloads.warc_records import Damage, Record, declared_digest, read_records
from archiver.platforms import PLATFORMS
from archiver.platforms.items import Skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from archiver.downloads.contract import DownloadFile, DownloadOwner
    from archiver.downloads.unpack import Tree
    from archiver.downloads.warc_pages import Recorded
    from archiver.downloads.warc_payload import HttpHead, Spool
    from archiver.platforms.pages import Exchange

_ANSWER = re.compile(r"(?:application|text)/(?!xhtml)(?:[\w.+-]+\+)?(?:json|xml)", re.ASCII)
"""The types of answers that a connector may read."""
_WITH_PAYLOAD = frozenset({"response", "resource", "conversion"})
_WEB = ("http:", "https:")


@dataclasses.dataclass(frozen=True, slots=True)
class _At:
    """Where a record lies."""

    name: str
    place: tuple[int, int]


class Reading:
    """Reads WARC after WARC. `seekable` opens a file of the tree so that one can go back in it."""

    def __init__(
        self, tree: Tree, owner: DownloadOwner, seekable: Callable[[Tree, str], AbstractContextManager[IO[bytes]]]
    ) -> None:
        self._tree, self._seekable = tree, seekable
        self._namespace = owner.namespace or ""
        self._handle = (owner.handle or "").partition("@")[0].lower()
        self._now = datetime.now(UTC)
        self._read: dict[str, Counter[str]] = {}
        self._kept: dict[str, Counter[str]] = {}
        self._parsed: Counter[str] = Counter()
        self._originals: dict[str, _At] = {}
        account = owner.account
        read = account is not None and account.platform in PLATFORMS
        self._answers = Answers(PLATFORMS[account.platform], account) if account is not None and read else None
        self._waiting: list[tuple[str, Record, HttpHead | None]] = []
        self.kept = 0
        self.named = False
        """Whether any address names the account."""

    def file(self, name: str) -> Iterator[DownloadFile]:
        """The page records of a file, in batches."""
        self._read[name], self._kept[name] = Counter(), Counter()
        batch = Batch(self._tree, name, 0)
        try:
            with self._seekable(self._tree, name) as stream:
                for each in read_records(stream):
                    if isinstance(each, Damage):
                        batch.skipped.append(Skipped(_where(name, each.place), str(each)))
                    else:
                        self._record(name, each, batch)
                    if batch.full:
                        yield batch.file()
                        batch.spool.close()
                        batch = Batch(self._tree, name, each.place[0] + 1)
                while self._settle(name, batch, all_of_them=True):
                    yield batch.file()
                    batch.spool.close()
                    batch = Batch(self._tree, name, 1)
                yield batch.file()
        finally:
            batch.spool.close()

    def totals(self, name: str) -> str:
        """How many records of each type a file has, and how many became page records."""
        read, kept = self._read[name], self._kept[name]
        said = ", ".join(f"{count} {kind}" for kind, count in sorted(read.items())) or "no record"
        held = ", ".join(f"{count} {kind}" for kind, count in sorted(kept.items())) or "none"
        parsed = self._parsed[name]
        return f"records: {said}; kept: {held}" + (f", {parsed} of them read as answers of its API" if parsed else "")

    def _record(self, name: str, record: Record, batch: Batch) -> None:
        self._read[name][record.type or "without a type"] += 1
        if "warc-segment-number" in record.fields:
            batch.skipped.append(
                Skipped(_where(name, record.place), f"{record}: a record in segments is not put together")
            )
        elif record.type in _WITH_PAYLOAD:
            self._answer(name, record, batch)
        elif record.type == "revisit":
            self._revisit(name, record, batch)

    def _answer(self, name: str, record: Record, batch: Batch) -> None:
        capture = self._captured(name, record, batch.spool)
        if capture is None:
            if record.damage is None:
                batch.skipped.append(
                    Skipped(_where(name, record.place), f"{record}: it has no HTTP head that can be read")
                )
            return
        self._say(name, capture, batch.skipped)
        self._remember(name, capture)
        recorded = page_record(capture, batch.spool, self._namespace, self._now)
        if self._answers is not None and recorded.exchange.body and _ANSWER.fullmatch(type_of(capture.content_type)):
            self._answers.offer(recorded, record.place)
            self._settle(name, batch)
        else:
            self._keep(name, record.type, recorded, record.place, batch)

    def _settle(self, name: str, batch: Batch, *, all_of_them: bool = False) -> bool:
        """Take in what the connector has read, and as page records what it will not read; `all_of_them`: at the end of a file.
        Whether the batch was full before all was in it.
        """
        if self._answers is None:
            return False
        for each in self._answers.released(all_of_them=all_of_them):
            if each.used:
                self._kept[name]["response"] += 1
                self._parsed[name] += 1
                self.named = True
            else:
                stored = batch.spool.store(iter([_kept_body(each.exchange)]))  # the spool it lay in may be gone
                self._keep(name, "response", dataclasses.replace(each.recorded, stored=stored), each.place, batch)
            if batch.full:
                return True
        for page in self._answers.pages():
            batch.add_page(page)
        return False

    def _keep(self, name: str, kind: str, recorded: Recorded, place: tuple[int, int], batch: Batch) -> None:
        batch.add(recorded, place)
        self._kept[name][kind] += 1
        self.kept += 1
        self.named = self.named or (self._handle != "" and self._handle in recorded.exchange.url.lower())

    def _captured(self, name: str, record: Record, spool: Spool) -> Capture | None:
        """A record with its payload in the spool; None where it has no HTTP head though it should, or is damaged."""
        head = None
        if record.type == "response":
            raw = record.head()
            head = None if raw is None else http_head(raw)
            if head is None and record.uri.lower().startswith(_WEB):
                return None
        size = spool.size
        payload = take(record, head, spool)
        if record.damage is not None:
            spool.forget_from(size)
            return None
        return Capture(record, name, head, payload)

    def _say(self, name: str, capture: Capture, skipped: list[Skipped]) -> None:
        """Name what is amiss with a record that is kept all the same."""
        record, payload = capture.record, capture.payload
        said = list(payload.notes)
        if payload.verified is False and payload.declared is not None:
            said.append((f"its payload has not the digest that it declares ({payload.declared.key})", True))
        elif record.is_as_declared() is False and record.declared is not None:
            said.append((f"its block has not the digest that it declares ({record.declared.key})", True))
        if truncated := record.fields.get("warc-truncated"):
            said.append((f"the tool that recorded it cut it off ({truncated[:40]})", True))
        if payload.body.size > HELD and type_of(capture.content_type) in HTML_TYPES:
            said.append((f"its {payload.body.size} bytes are too many to be read as a page", False))
        skipped += [
            Skipped(_where(name, record.place), f"{record}: {what}; kept as recorded", lost) for what, lost in said
        ]

    def _remember(self, name: str, capture: Capture) -> None:
        """What later revisits may refer to: by its digest where it has the one that it declares, and by address and time."""
        record, at = capture.record, _At(name, capture.record.place)
        if capture.payload.declared is not None and capture.payload.verified:
            self._originals.setdefault(capture.payload.declared.key, at)
        self._originals.setdefault(f"{record.uri} {record.fields.get('warc-date', '')}", at)

    def _revisit(self, name: str, record: Record, batch: Batch) -> None:
        raw = record.head() if record.length else None
        head = None if raw is None else http_head(raw)
        for _ in record.rest():
            pass
        if record.damage is None and not self._resolve(name, record, head, batch):
            self._waiting.append((name, record, head))

    def _resolve(self, name: str, record: Record, head: HttpHead | None, batch: Batch) -> bool:
        """Keep a revisit, if what it refers to was read."""
        at = self._original(record)
        if at is None:
            return False
        original = self._again(at, batch.spool)
        if original is None:
            return False
        recorded = revisit_record(record, head, original, batch.spool, self._namespace, self._now)
        self._keep(name, record.type, recorded, record.place, batch)
        return True

    def _original(self, record: Record) -> _At | None:
        fields = record.fields
        declared = declared_digest(fields.get("warc-payload-digest"))
        uri = fields.get("warc-refers-to-target-uri", "").strip().removeprefix("<").removesuffix(">")
        by_name = self._originals.get(f"{uri or record.uri} {fields.get('warc-refers-to-date', '')}")
        return (declared and self._originals.get(declared.key)) or by_name

    def _again(self, at: _At, spool: Spool) -> Capture | None:
        """A record that was read before, once more."""
        with ExitStack() as stack:
            stream = stack.enter_context(self._seekable(self._tree, at.name))
            for each in read_records(stream, at.place[0]):
                if isinstance(each, Damage):
                    return None
                if each.place == at.place:
                    return self._captured(at.name, each, spool)
        return None

    def left(self) -> Iterator[DownloadFile]:
        """The revisits of what was read after them, and the names of those that refer to nothing here."""
        for name, record, head in self._waiting:
            batch = Batch(self._tree, name, 1)
            try:
                if not self._resolve(name, record, head, batch):
                    what = "what it refers to is in none of these files; give all WARCs of a crawl together"
                    batch.skipped.append(Skipped(_where(name, record.place), f"{record}: {what}"))
                yield batch.file()
            finally:
                batch.spool.close()


def _kept_body(exchange: Exchange) -> bytes:
    return exchange.body if exchange.kept_body is None else exchange.kept_body


def _where(name: str, place: tuple[int, int]) -> str:
    return f"{name} at byte {place[0]}" + (f" (byte {place[1]} of what is packed there)" if place[1] else "")
