"""What of storing an item needs no database, done beforehand: while another transaction waits for Postgres."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING

from archiver.evidence import commitments
from archiver.evidence.fields import content_hash, evidence_fields
from archiver.records.models import uuid7
from archiver.records.storable import storable

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable, Mapping

    from archiver.platforms.items import Item, Json

_SECRET_BYTES = 32


@dataclasses.dataclass(frozen=True, slots=True)
class Ready:
    """An item as it can be stored, what it says, and the commitment of its first version if it is new.

    `secret` becomes the item's if it is not held yet; otherwise it is forgotten with `commitment`, which is made over it.
    """

    item: Item
    fields: Mapping[str, Json]
    content_hash: bytes
    secret: bytes
    public_id: uuid.UUID
    commitment: bytes | None


def new_secret() -> bytes:
    """A fresh secret for an item."""
    return os.urandom(_SECRET_BYTES)


def ready(items: Iterable[Item], *, likely_new: bool) -> dict[int, Ready]:
    """Prepare items for `save_pages`, each under the `id()` of the object (which the caller keeps until it is stored).

    `likely_new` says whether to make the commitments too: they are half of the work, and in vain for what is held.
    """
    return {id(item): _ready(storable(item), likely_new=likely_new) for item in items}


def _ready(item: Item, *, likely_new: bool) -> Ready:
    fields, secret, public_id = evidence_fields(item), new_secret(), uuid7()
    commitment = commitments.commit(fields, secret, public_id) if likely_new else None
    return Ready(item, fields, content_hash(fields), secret, public_id, commitment)
