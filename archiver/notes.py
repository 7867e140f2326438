"""Notes that clerks write beside a record. Rows are only ever added: a note is answered by a further one, never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from archiver import audit
from archiver.i18n.translation import _
from archiver.records.models import Item, Note, uuid7
from archiver.records.storable import mend

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection, Engine, Row

LONGEST = 4000


class NoteError(Exception):
    """A note cannot be kept. The message is a sentence for whoever wrote it."""


def add(engine: Engine, item_id: int, text: str, *, user: str, now: datetime) -> uuid.UUID:
    """Keep a note, and in the audit log that it was written. Gives its public id.

    Raises:
        NoteError: there is nothing in it, or too much.
    """
    text = mend(text).replace("\r\n", "\n").strip()
    if not text:
        raise NoteError(_("Write the note."))
    if len(text) > LONGEST:
        raise NoteError(
            _(
                "A note has %(most)s characters at the most, and this one %(long)s: shorten it.",
                most=f"{LONGEST:,}",
                long=f"{len(text):,}",
            )
        )
    public_id = uuid7()
    with engine.begin() as connection:
        item = connection.execute(sa.select(Item.public_id).where(Item.id == item_id)).scalar_one()
        connection.execute(
            sa.insert(Note).values(public_id=public_id, item_id=item_id, text=text, by_whom=user, at=now)
        )
        audit.write(connection, user, "note written", str(item), {"note": str(public_id)})
    return public_id


def listed(connection: Connection, item_id: int, most: int = 100, skip: int = 0) -> Sequence[Row[str, str, datetime]]:
    """Notes on a record, the latest first, after the first `skip`: `text`, `by_whom`, `at`."""
    wanted = sa.select(Note.text, Note.by_whom, Note.at).where(Note.item_id == item_id)
    return connection.execute(wanted.order_by(Note.id.desc()).limit(most).offset(skip)).all()


def number(connection: Connection, item_id: int) -> int:
    """How many notes there are on a record."""
    return connection.scalar(sa.select(sa.func.count()).where(Note.item_id == item_id)) or 0
