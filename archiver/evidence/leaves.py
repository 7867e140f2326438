"""What a leaf of the log says: which record, that it was committed to, and when. RFC 8785 canonical JSON, strings only.

A leaf holds public ids and a salted commitment, and nothing that could be guessed back into content: no text, no unsalted
digest of one, no handle. Where a record has words (why an item counts as gone), the commitment covers them.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from archiver.evidence import commitments
from archiver.evidence.fields import canonical

if TYPE_CHECKING:
    from archiver.platforms.items import Json

FORMAT = "civic-archive-leaf/1"


def version_leaf(
    *, item: uuid.UUID, version: uuid.UUID, number: int, commitment: bytes, scheme: int, captured_at: datetime
) -> str:
    """The leaf of a version: the root of its field and word commitments (`archiver.evidence.commitments`)."""
    return event_leaf(
        "version",
        captured_at,
        {"item": str(item), "version": str(version), "number": str(number)},
        commitment,
        scheme,
    )


def event_leaf(
    kind: str, time: datetime, named: dict[str, str], commitment: bytes, scheme: int = commitments.SCHEME
) -> str:
    """The leaf of anything that happened. `named` holds public ids and words of our own, never those of others.

    `time` is when we saw it. Raises `ValueError` for a time without a zone, or a name that every leaf has already.
    """
    leaf: dict[str, Json] = {
        "leaf": FORMAT,
        "kind": kind,
        "time": written(time),
        "commitment": commitment.hex(),
        "scheme": str(scheme),
    }
    if taken := leaf.keys() & named.keys():
        raise ValueError(f"every leaf says {', '.join(sorted(taken))} already")
    return canonical({**leaf, **named}).decode()


def event_commitment(number: int, fields: dict[str, str | None], secret: bytes) -> bytes:
    """The salted commitment of an event that a table numbers: what it says and may not be guessed from the leaf.

    Versions have UUIDs of version 7 as the salts' second part; the bare number, as a UUID, is none, so that no salt under one
    secret is ever used twice. `secret` is the item's, or the leaf's own.
    """
    return commitments.commit(
        {name: value for name, value in fields.items() if value is not None}, secret, uuid.UUID(int=number)
    )


def written(moment: datetime) -> str:
    """A moment as leaves and roots write it: UTC, to the microsecond. Raises `ValueError` where it has no zone."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone is no moment")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
