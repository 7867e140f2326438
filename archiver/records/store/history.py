"""What an item said before it was edited, as the platform itself tells: versions of source `history`.

They are compared with nothing that was captured: a form of an item is known by its edit time (None: its first form). One that
was captured in its day is not kept a second time; the others fill the places in between, and never become what the item says
now.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from archiver.evidence import commitments
from archiver.evidence.fields import content_hash, evidence_fields
from archiver.records import bulk
from archiver.records.models import uuid7
from archiver.records.storable import storable
from archiver.records.store import media
from archiver.records.store.versions import NewVersion, insert_versions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from archiver.platforms.items import Item
    from archiver.records.store.items import Held, Key

_KNOWN = """
    select v.item_id, v.edited_at, v.number
    from jsonb_to_recordset(cast(:rows as jsonb)) as r(id bigint)
    join versions v on v.item_id = r.id
"""


def told_before(
    connection: Connection, history: Sequence[tuple[Item, str]], held: Mapping[Key, Held]
) -> list[NewVersion]:
    """The earlier forms that are not held yet, numbered after what is, in the order of their edit times.

    `history` comes with the id of the exchange that showed each; a form whose item is not among the `held` is left out (its page
    did not show the item itself).
    """
    forms: dict[tuple[int, datetime | None], tuple[Item, str, Held]] = {}
    for item, exchange_id in history:
        fit = storable(item)
        row = held.get((fit.namespace, fit.id))
        if row is not None:
            forms.setdefault((row.id, fit.edited_at), (fit, exchange_id, row))
    if not forms:
        return []
    asked = [{"id": each} for each in sorted({row.id for _, _, row in forms.values() if not row.new})]
    known = bulk.run(connection, _KNOWN, asked) if asked else []
    have = {(version.item_id, version.edited_at) for version in known}
    numbers: dict[int, int] = {}
    for version in known:
        numbers[version.item_id] = max(numbers.get(version.item_id, 0), version.number)
    found = []
    for (item_id, edited_at), (item, exchange_id, row) in sorted(forms.items(), key=_by_time):
        if (item_id, edited_at) in have:
            continue
        numbers[item_id] = numbers.get(item_id, 0) + 1
        fields, public_id = evidence_fields(item), uuid7()
        commitment = commitments.commit(fields, row.secret, public_id)
        digest = content_hash(fields)
        found.append(
            NewVersion(
                None, item_id, numbers[item_id], public_id, item, exchange_id, fields, digest, commitment, current=False
            )
        )
    return found


def _by_time(form: tuple[tuple[int, datetime | None], object]) -> tuple[int, bool, float]:
    item_id, edited_at = form[0]
    return item_id, edited_at is not None, edited_at.timestamp() if edited_at else 0.0


def after(told: Iterable[NewVersion], new: Sequence[NewVersion]) -> list[NewVersion]:
    """The new versions, numbered after the earlier forms that are told with them."""
    last: dict[int, int] = {}
    for version in told:
        last[version.item_id] = max(last.get(version.item_id, 0), version.number)
    return [
        dataclasses.replace(version, number=last[version.item_id] + 1) if version.item_id in last else version
        for version in new
    ]


def insert(
    connection: Connection,
    platform: str,
    told: Sequence[NewVersion],
    parties: Mapping[Key, int],
    capture_id: int,
    now: datetime,
) -> int:
    """Insert the earlier forms with their attachments. Gives how many they are."""
    layers: list[dict[int, NewVersion]] = []
    for version in told:
        layer = next((each for each in layers if version.item_id not in each), None)
        if layer is None:
            layers.append(layer := {})
        layer[version.item_id] = version
    for layer in layers:
        versions = list(layer.values())
        media.insert_media(
            connection, platform, versions, insert_versions(connection, versions, parties, capture_id, now)
        )
    return len(told)
