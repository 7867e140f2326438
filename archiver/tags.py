"""Tags that clerks put on records: events beside the record, which they never change.

Rows are only ever added. A tag is compared without case and shown as it was first written. The index finds records by their tags,
so each event raises the item's revision, as every change does that the index has to know.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from archiver import audit, naming
from archiver.i18n.translation import _
from archiver.records.models import Item, Tag, TagEvent
from archiver.records.storable import mend
from archiver.records.through import SEEN, parameters

if TYPE_CHECKING:
    import uuid
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection, Engine, Row

LONGEST = 60
_QUOTES = frozenset('"\u201c\u201d\u201e\u201f\uff02')

_LATEST = sa.text("select put_on from tag_events where item_id = :item and tag_id = :tag order by id desc limit 1")
_CHANGED = sa.text("""
    with changed as (update items set revision = revision + 1 where id = :item returning id, revision)
    insert into outbox (item_id, revision) select id, revision from changed
""")
_HISTORY = sa.text("""
    select t.name, e.put_on, e.by_whom, e.at from tag_events e join tags t on t.id = e.tag_id
    where e.item_id = :item order by e.id desc limit :most offset :skip
""")
_KNOWN = sa.text(f"""
    select t.key, t.name from tags t where exists (
        select from tag_events e join items i on i.id = e.item_id where e.tag_id = t.id and {SEEN})
""")  # noqa: S608 - a condition of our own
_COUNTS = sa.text(f"""
    select t.name, count(*) filter (where i.kind <> 'message') as records,
           count(*) filter (where i.kind = 'message') as messages
    from (select distinct on (e.tag_id, e.item_id) e.tag_id, e.item_id, e.put_on
          from tag_events e order by e.tag_id, e.item_id, e.id desc) latest
    join tags t on t.id = latest.tag_id join items i on i.id = latest.item_id
    where latest.put_on and {SEEN} group by t.id, t.key, t.name order by t.key
""")  # noqa: S608 - as above


class TagError(Exception):
    """A tag cannot be put on. The message is a sentence for whoever wrote it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Counted:
    """A tag, and how many records (and, apart from them, direct messages) have it now."""

    name: str
    records: int
    messages: int


def usable(text: str) -> str:
    """A tag as it is kept.

    Raises:
        TagError: it is empty, too long, or has characters that a tag cannot have.
    """
    try:
        found = naming.usable(text, "tag", LONGEST)
    except naming.NameRefused as error:
        raise TagError(str(error)) from error
    if _QUOTES & set(found):
        raise TagError(_("A tag cannot have quotation marks, which a search puts around it: leave them out."))
    return found


def put_on(engine: Engine, item_id: int, text: str, *, user: str, now: datetime) -> bool:
    """Put a tag on a record. Gives whether it was not on it before; where it was, nothing is written.

    Raises:
        TagError: as `usable`.
    """
    name = usable(text)
    with engine.begin() as connection:
        public_id = _locked(connection, item_id)
        added = postgresql.insert(Tag).values(key=naming.key(name), name=name, by_whom=user, at=now)
        connection.execute(added.on_conflict_do_nothing())
        tag = connection.execute(sa.select(Tag.id, Tag.name).where(Tag.key == naming.key(name))).one()
        return _add(connection, item_id, public_id, tag, put_on=True, user=user, now=now)


def take_off(engine: Engine, item_id: int, text: str, *, user: str, now: datetime) -> bool:
    """Take a tag off a record. Gives whether it was on it; where it was not, nothing is written."""
    with engine.begin() as connection:
        public_id = _locked(connection, item_id)
        tag = connection.execute(sa.select(Tag.id, Tag.name).where(Tag.key == naming.key(mend(text)))).one_or_none()
        return tag is not None and _add(connection, item_id, public_id, tag, put_on=False, user=user, now=now)


def _locked(connection: Connection, item_id: int) -> uuid.UUID:
    """The item's public id; whoever else tags it waits."""
    found: uuid.UUID = connection.execute(
        sa.select(Item.public_id).where(Item.id == item_id).with_for_update()
    ).scalar_one()
    return found


def _add(
    connection: Connection,
    item_id: int,
    public_id: uuid.UUID,
    tag: Row[int, str],
    *,
    put_on: bool,
    user: str,
    now: datetime,
) -> bool:
    if bool(connection.scalar(_LATEST, {"item": item_id, "tag": tag.id})) is put_on:
        return False
    connection.execute(sa.insert(TagEvent).values(item_id=item_id, tag_id=tag.id, put_on=put_on, by_whom=user, at=now))
    connection.execute(_CHANGED, {"item": item_id})
    audit.write(connection, user, "tag put on" if put_on else "tag taken off", str(public_id), {"tag": tag.name})
    return True


def history(connection: Connection, item_id: int, most: int = 200, skip: int = 0) -> Sequence[Row[Any]]:
    """Tags put on a record and taken off, the latest first, after the first `skip`: `name`, `put_on`, `by_whom`, `at`."""
    return connection.execute(_HISTORY, {"item": item_id, "most": most, "skip": skip}).all()


def changes(connection: Connection, item_id: int) -> int:
    """How many times a tag was put on a record or taken off."""
    return connection.scalar(sa.select(sa.func.count()).where(TagEvent.item_id == item_id)) or 0


def known(connection: Connection, accounts: Collection[int] | None, *, messages: bool) -> dict[str, str]:
    """The tags that were ever put on a record that somebody may see, each as it was first written, by what is compared.

    Args:
        connection: to the archive's database.
        accounts: the row ids of the accounts that they see; None: all.
        messages: whether they may see direct messages.
    """
    rows = connection.execute(_KNOWN, {"messages": messages, **parameters(accounts)})
    return {row.key: row.name for row in rows}


def counts(connection: Connection, accounts: Collection[int] | None, *, messages: bool) -> list[Counted]:
    """The tags that are on records that somebody may see, by name, with how many. As `known` otherwise."""
    rows = connection.execute(_COUNTS, {"messages": messages, **parameters(accounts)})
    return [Counted(row.name, row.records, row.messages) for row in rows]
