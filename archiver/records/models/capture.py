"""What a capture did, and the bytes it received."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.orm import Mapped, mapped_column

from archiver.records.models.base import Base, BigInt, Id, PublicId


class Capture(Base):
    """One run over one stream of one account."""

    __tablename__ = "captures"
    __table_args__ = (
        CheckConstraint(
            "outcome in ('running', 'complete', 'partial', 'failed', 'access_lost', 'abandoned')", name="outcome"
        ),
        Index("ix_captures_stream_id_started_at", "stream_id", "started_at"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    stream_id: Mapped[BigInt] = mapped_column(ForeignKey("streams.id"))
    run_id: Mapped[str] = mapped_column(index=True)
    mode: Mapped[str]
    fence: Mapped[BigInt]
    started_at: Mapped[dt.datetime]
    finished_at: Mapped[dt.datetime | None]
    outcome: Mapped[str] = mapped_column(server_default="running")
    error: Mapped[str | None]
    pages: Mapped[int] = mapped_column(server_default=text("0"))
    items_seen: Mapped[int] = mapped_column(server_default=text("0"))
    versions_new: Mapped[int] = mapped_column(server_default=text("0"))
    items_new: Mapped[int] = mapped_column(server_default=text("0"))
    skipped: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))


class Exchange(Base):
    """One HTTP request and response (or one file of an import) as received. Append-only.

    `received_sha256` is of the body as it came; the copy that is kept, with secrets scrubbed, is the WARC record. An
    exchange that brought nothing new has no `warc_records` row: time, status and digest are all there is.
    """

    __tablename__ = "exchanges"

    id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True)
    capture_id: Mapped[BigInt] = mapped_column(ForeignKey("captures.id"), index=True)
    requested_at: Mapped[dt.datetime]
    method: Mapped[str]
    url: Mapped[str]
    status: Mapped[int]
    content_type: Mapped[str | None]
    received_sha256: Mapped[bytes]
    received_bytes: Mapped[BigInt]
    elapsed_ms: Mapped[int]
    scrubbed: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))


class WarcFile(Base):
    """One gzipped WARC: the exchanges of one account in one run. Sealed once uploaded and read back."""

    __tablename__ = "warc_files"

    name: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[BigInt] = mapped_column(ForeignKey("accounts.id"), index=True)
    run_id: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="spool")
    opened_at: Mapped[dt.datetime]
    sealed_at: Mapped[dt.datetime | None]
    sha256: Mapped[bytes | None]
    size: Mapped[BigInt | None]


class WarcRecord(Base):
    """Where an exchange's response record lies. Apart from `exchanges`, so that a lawful rewriting can move it."""

    __tablename__ = "warc_records"

    exchange_id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), ForeignKey("exchanges.id"), primary_key=True)
    warc_record_id: Mapped[str] = mapped_column(unique=True)
    file: Mapped[str] = mapped_column(ForeignKey("warc_files.name"), index=True)
    offset: Mapped[BigInt]
    length: Mapped[BigInt]
    payload_sha256: Mapped[bytes]


class Completeness(Base):
    """What the platform said it has, what we hold, and why they differ. Append-only."""

    __tablename__ = "completeness"

    id: Mapped[Id]
    capture_id: Mapped[BigInt] = mapped_column(ForeignKey("captures.id"), index=True)
    stream_id: Mapped[BigInt] = mapped_column(ForeignKey("streams.id"))
    item_id: Mapped[BigInt | None] = mapped_column(ForeignKey("items.id"), index=True)
    counted: Mapped[str]
    platform_count: Mapped[BigInt | None]
    held_count: Mapped[BigInt]
    difference: Mapped[BigInt | None]
    reason: Mapped[str]
    observed_at: Mapped[dt.datetime]
