"""Items, what they said, where they were seen and how they were found."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY, TEXT, UUID
from sqlalchemy.orm import Mapped, mapped_column

from archiver.records.models.base import Base, BigInt, Id, PublicId


class Party(Base):
    """Who wrote something: a party of its own, city or not, keyed by the platform's id; never merged by name."""

    __tablename__ = "parties"
    __table_args__ = (UniqueConstraint("platform", "namespace", "platform_id"),)

    id: Mapped[Id]
    platform: Mapped[str]
    namespace: Mapped[str]
    platform_id: Mapped[str]


class Item(Base):
    """What the platform has one id for. Belongs to nobody; see `sightings`.

    `revision` rises with every change of the item (version, state, media, tag) under a row lock. `state` is derived from
    the states of its sightings. `current_version_id` follows the platform's edit time, else receipt.
    """

    __tablename__ = "items"
    __table_args__ = (
        UniqueConstraint("platform", "namespace", "platform_id"),
        Index("ix_items_root", "platform", "namespace", "root_id"),
        Index("ix_items_parent", "platform", "namespace", "parent_id"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    platform: Mapped[str]
    namespace: Mapped[str]
    platform_id: Mapped[str]
    kind: Mapped[str]
    revision: Mapped[BigInt] = mapped_column(server_default=sql("1"))
    state: Mapped[str] = mapped_column(server_default="present")
    current_version_id: Mapped[BigInt | None]
    parent_id: Mapped[str | None]
    root_id: Mapped[str | None]
    refers_to_id: Mapped[str | None]
    created_at: Mapped[dt.datetime | None]
    first_seen_at: Mapped[dt.datetime]


class ItemSecret(Base):
    """The secret that an item's salts are derived from. Apart, so that it can be destroyed with the item."""

    __tablename__ = "item_secrets"

    item_id: Mapped[BigInt] = mapped_column(ForeignKey("items.id"), primary_key=True)
    secret: Mapped[bytes]


class ItemAlias(Base):
    """Another id under which the same item was met."""

    __tablename__ = "item_aliases"

    platform: Mapped[str] = mapped_column(primary_key=True)
    namespace: Mapped[str] = mapped_column(primary_key=True)
    alias: Mapped[str] = mapped_column(primary_key=True)
    item_id: Mapped[BigInt] = mapped_column(ForeignKey("items.id"), index=True)


class Version(Base):
    """What an item said between two captures. Append-only.

    `fields` holds the evidence fields, the very ones that `content_hash` (SHA-256 over RFC 8785 JSON) and `commitment`
    (the root of the salted field and word leaves) are made over. The hash is for our own use and leaves in no proof.
    """

    __tablename__ = "versions"
    __table_args__ = (
        UniqueConstraint("item_id", "number"),
        CheckConstraint("source in ('api', 'feed', 'import', 'history')", name="source"),
    )

    id: Mapped[Id]
    public_id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), unique=True)
    item_id: Mapped[BigInt] = mapped_column(ForeignKey("items.id"))
    number: Mapped[int]
    source: Mapped[str]
    capture_id: Mapped[BigInt] = mapped_column(ForeignKey("captures.id"), index=True)
    exchange_id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), ForeignKey("exchanges.id"), index=True)
    pointer: Mapped[str]
    captured_at: Mapped[dt.datetime]
    created_at: Mapped[dt.datetime | None]
    edited_at: Mapped[dt.datetime | None]
    indexed_at: Mapped[dt.datetime | None]
    text: Mapped[str | None]
    url: Mapped[str | None]
    author_party_id: Mapped[BigInt | None] = mapped_column(ForeignKey("parties.id"), index=True)
    author_handle: Mapped[str | None]
    author_name: Mapped[str | None]
    fields: Mapped[dict[str, Any]]
    content_hash: Mapped[bytes]
    commitment: Mapped[bytes]
    commitment_scheme: Mapped[int]
    flags: Mapped[list[str]] = mapped_column(ARRAY(TEXT), server_default=sql("'{}'::text[]"))


class Sighting(Base):
    """An item was seen through one stream of one account; how it was last found there."""

    __tablename__ = "sightings"
    __table_args__ = (
        Index("ix_sightings_stream_order", "stream_id", sql('order_key collate "C"')),
        Index(
            "ix_sightings_missing",
            "stream_id",
            "item_id",
            postgresql_where=sql("state in ('not_returned', 'hidden') or unlisted"),
        ),
    )

    item_id: Mapped[BigInt] = mapped_column(ForeignKey("items.id"), primary_key=True)
    stream_id: Mapped[BigInt] = mapped_column(ForeignKey("streams.id"), primary_key=True)
    state: Mapped[str] = mapped_column(server_default="present")
    order_key: Mapped[str | None]
    first_seen_at: Mapped[dt.datetime]
    last_seen_at: Mapped[dt.datetime]
    unlisted: Mapped[bool] = mapped_column(server_default=sql("false"))
    """Present, though the listing that covers it left it out the last time: only its own address tells whether it still is."""


class ItemState(Base):
    """How an item was found through a stream, with the platform's words: each change, and each lookup of the item itself.

    `by_lookup` tells the two apart: a listing that omits an item says less than the item's own address does. Append-only.
    """

    __tablename__ = "states"

    id: Mapped[Id]
    item_id: Mapped[BigInt] = mapped_column(ForeignKey("items.id"), index=True)
    stream_id: Mapped[BigInt] = mapped_column(ForeignKey("streams.id"))
    capture_id: Mapped[BigInt] = mapped_column(ForeignKey("captures.id"))
    exchange_id: Mapped[uuid.UUID | None] = mapped_column(UUID(as_uuid=True), ForeignKey("exchanges.id"))
    state: Mapped[str]
    words: Mapped[str]
    by_lookup: Mapped[bool] = mapped_column(server_default=sql("false"))
    observed_at: Mapped[dt.datetime]


class Observation(Base):
    """Likes, shares, replies as counted by the platform, when they changed. Append-only; never a version."""

    __tablename__ = "observations"
    __table_args__ = (Index("ix_observations_item", "item_id", "id"),)

    id: Mapped[Id]
    item_id: Mapped[BigInt] = mapped_column(ForeignKey("items.id"))
    capture_id: Mapped[BigInt] = mapped_column(ForeignKey("captures.id"))
    observed_at: Mapped[dt.datetime]
    counts: Mapped[dict[str, Any]]


class Medium(Base):
    """One attachment as the platform names it, and whether its bytes are kept."""

    __tablename__ = "media"
    __table_args__ = (
        UniqueConstraint("platform", "namespace", "platform_id"),
        CheckConstraint("state in ('wanted', 'kept', 'failed', 'withheld')", name="state"),
        Index("ix_media_wanted", "state", postgresql_where=sql("state in ('wanted', 'failed', 'withheld')")),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    platform: Mapped[str]
    namespace: Mapped[str]
    platform_id: Mapped[str]
    kind: Mapped[str]
    url: Mapped[str | None]
    owner: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default="wanted")
    reason: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(server_default=sql("0"))
    told_anew: Mapped[bool] = mapped_column(server_default=sql("false"))
    """Whether its address is another than at the last attempt."""
    sha256: Mapped[bytes | None]
    size: Mapped[BigInt | None]
    content_type: Mapped[str | None]
    exchange_id: Mapped[uuid.UUID | None] = mapped_column(UUID(as_uuid=True), ForeignKey("exchanges.id"))
    fetched_at: Mapped[dt.datetime | None]


class VersionMedium(Base):
    """An attachment of a version, in its place, with the description it had. Append-only."""

    __tablename__ = "version_media"

    version_id: Mapped[BigInt] = mapped_column(ForeignKey("versions.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    medium_id: Mapped[BigInt] = mapped_column(ForeignKey("media.id"), index=True)
    alt_text: Mapped[str | None]
