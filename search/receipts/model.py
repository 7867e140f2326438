"""A receipt as it is kept, and what can go wrong with one."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import rfc8785

from search.errors import SearchError

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping

FORMAT = "civic-archive search receipt 2"
"""Those of the first format were made before a receipt could be of a part of the archive, or of direct messages: they have no
`limits`, and their search no `messages`; they are of the whole archive, without messages.
"""
LONGEST_NOTE = 2_000


class ReceiptError(SearchError):
    """A receipt could not be made, or there is none of that number; the message says what to do."""


class ListDamaged(ReceiptError):
    """The list of what a receipt found is not in the store as it was put there."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A receipt. `body` is all that it says; `sha256` the digest of that when it was made; `results` where its list lies."""

    number: int
    public_id: uuid.UUID
    made_at: dt.datetime
    made_by: str
    note: str
    total: int
    body: Mapping[str, Any]
    sha256: bytes
    results_sha256: bytes
    results_size: int

    @property
    def is_whole(self) -> bool:
        """Whether the body still is what its digest was made of, and says what stands beside it."""
        said = tuple(self.body.get(name) for name in ("number", "public_id", "total", "made_at", "made_by", "note"))
        listed = self.body.get("results", {}).get("sha256")
        made_at = self.made_at.astimezone(dt.UTC).isoformat()
        beside = (self.number, str(self.public_id), self.total, made_at, self.made_by, self.note)
        return said == beside and listed == self.results_sha256.hex() and digest(self.body) == self.sha256


@dataclass(frozen=True, slots=True)
class Listed:
    """A receipt in the list of them."""

    number: int
    made_at: dt.datetime
    made_by: str
    note: str
    total: int
    typed: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a receipt's list: a record that was found, or that a change waited of for the index, or both.

    `revision` (in the index) is None for one that was not found. `version`: which matched; None where the search asked nothing
    of one. `waiting`: the revision that the index had not taken yet; None where nothing waited.
    """

    item_id: int
    public_id: uuid.UUID
    revision: int | None
    version: int | None
    waiting: int | None

    @property
    def found(self) -> bool:
        """Whether the search found it."""
        return self.revision is not None


def canonical(body: Mapping[str, Any]) -> bytes:
    """A body as the bytes that its digest is made of (RFC 8785)."""
    return rfc8785.dumps(dict(body))


def digest(body: Mapping[str, Any]) -> bytes:
    """SHA-256 of a body's canonical JSON."""
    return hashlib.sha256(canonical(body)).digest()
