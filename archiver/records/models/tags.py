"""What clerks put beside a record: tags, and notes. The record itself is never changed by them."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from archiver.records.models.base import Base, BigInt, Id, PublicId


class Tag(Base):
    """A tag by its `key` (what is compared) and as it was first written, `name`. Append-only: a tag is never renamed."""

    __tablename__ = "tags"
    __table_args__ = (CheckConstraint("key <> ''", name="key"),)

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    by_whom: Mapped[str]
    at: Mapped[dt.datetime]


class TagEvent(Base):
    """A tag was put on an item, or taken off. Append-only: what holds is what the latest row of the item and the tag says."""

    __tablename__ = "tag_events"
    __table_args__ = (
        Index("ix_tag_events_item_id", "item_id", "tag_id", "id"),
        Index("ix_tag_events_tag_id", "tag_id", "item_id", "id"),
    )

    id: Mapped[Id]
    item_id: Mapped[BigInt] = mapped_column(ForeignKey("items.id"))
    tag_id: Mapped[BigInt] = mapped_column(ForeignKey("tags.id"))
    put_on: Mapped[bool]
    by_whom: Mapped[str]
    at: Mapped[dt.datetime]


class Note(Base):
    """What somebody wrote beside an item. Append-only: a note is answered by a further one."""

    __tablename__ = "notes"
    __table_args__ = (CheckConstraint("text <> ''", name="text"), Index("ix_notes_item_id", "item_id", "id"))

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    item_id: Mapped[BigInt] = mapped_column(ForeignKey("items.id"))
    text: Mapped[str]
    by_whom: Mapped[str]
    at: Mapped[dt.datetime]
