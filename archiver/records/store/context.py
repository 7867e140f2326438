"""What a writing transaction knows of the capture it belongs to, and what it gives back."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from archiver.platforms.items import StreamKind
    from archiver.platforms.pages import AccountRef


class FenceLost(Exception):
    """Another capture has taken the stream meanwhile; this one must not write any more."""

    def __init__(self, account: str, stream: str) -> None:
        super().__init__(account, stream)
        self.account, self.stream = account, stream

    def __str__(self) -> str:
        return f"{self.account} ({self.stream}): another capture took over; this one stopped without writing"


@dataclasses.dataclass(frozen=True, slots=True)
class Located:
    """Where the response record of an exchange lies: bytes `offset` to `offset + length` of the compressed file."""

    exchange_id: str
    record_id: str
    file: str
    offset: int
    length: int
    payload_sha256: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class CaptureContext:
    """The running capture. `started_at` is aware; whatever was seen before it counts as not seen by this capture."""

    capture_id: int
    stream_id: int
    stream: StreamKind
    account: AccountRef
    fence: int
    started_at: datetime
    keep_unchanged: bool = False
    mode: str = "nightly"


@dataclasses.dataclass(slots=True)
class PageResult:
    """What saving a page did."""

    seen: int = 0
    items_new: int = 0
    versions_new: int = 0
    states_changed: int = 0
    own_seen: int = 0
    """Of those, the stream's own items (no profile, nothing that was only shown inside another)."""
    own_new: int = 0
    """Of the stream's own, those that said something that was not held from this source."""
    merged: int = 0
    """Items of a download without an id of their platform's that are ones which the API had shown."""
    ids_unseen_before: int = 0
    """Items of the page that this capture had not met yet; a page without any may be a loop."""

    @property
    def changed(self) -> bool:
        """Whether anything at all was learned, so that the exchange's body is worth keeping."""
        return bool(self.items_new or self.versions_new or self.states_changed)
