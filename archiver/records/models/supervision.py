"""What is known of how whole the archive is, of who hid or removed what, and of captures that somebody asked for."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.orm import Mapped, mapped_column

from archiver.records.models.base import Base, BigInt, Id, PublicId

ACTIONS = (
    "hidden", "unhidden", "deleted", "restored", "restricted", "held_for_review", "rejected", "approved", "reason_given",
)  # fmt: skip


class CoverageRow(Base):
    """How complete one stream was after one run: the platform's count, ours by state, and the difference explained in
    numbers. `unread`: threads that are to be read; the oldest of them by its post's id. `media_missing`: attachments of its
    records that are not kept (None: it was not counted then). Append-only.
    """

    __tablename__ = "coverage"
    __table_args__ = (
        Index("ix_coverage_account_id", "account_id", "id"),
        Index("ix_coverage_stream_id", "stream_id", "id"),
    )

    id: Mapped[Id]
    account_id: Mapped[BigInt] = mapped_column(ForeignKey("accounts.id"))
    stream_id: Mapped[BigInt] = mapped_column(ForeignKey("streams.id"))
    run_id: Mapped[str]
    platform_count: Mapped[BigInt | None]
    present: Mapped[BigInt]
    hidden: Mapped[BigInt]
    not_returned: Mapped[BigInt]
    gone: Mapped[BigInt]
    difference: Mapped[BigInt | None]
    reasons: Mapped[dict[str, Any]]
    gaps_open: Mapped[int]
    unread: Mapped[BigInt]
    oldest_unread: Mapped[str | None]
    oldest_unread_since: Mapped[dt.datetime | None]
    media_missing: Mapped[BigInt | None]
    observed_at: Mapped[dt.datetime]


class Moderation(Base):
    """Something was done to an item, or a reason for it was given: what, by whom, when. Append-only.

    `by_whom` is a text ("the city's account", "the author", "the platform", "unknown", or what a clerk writes); `at` is the
    platform's or the clerk's own time of the act, None where nobody says; `words` are the platform's.
    """

    __tablename__ = "moderation"
    __table_args__ = (
        CheckConstraint(f"action in ({', '.join(repr(action) for action in ACTIONS)})", name="action"),
        CheckConstraint("source in ('platform', 'inferred', 'clerk')", name="source"),
        CheckConstraint("(source = 'clerk') = (recorded_by is not null)", name="recorded"),
        Index("ix_moderation_item_id", "item_id", "id"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    item_id: Mapped[BigInt] = mapped_column(ForeignKey("items.id"))
    action: Mapped[str]
    by_whom: Mapped[str] = mapped_column(server_default="unknown")
    party_id: Mapped[BigInt | None] = mapped_column(ForeignKey("parties.id"))
    at: Mapped[dt.datetime | None]
    observed_at: Mapped[dt.datetime]
    source: Mapped[str]
    capture_id: Mapped[BigInt | None] = mapped_column(ForeignKey("captures.id"))
    exchange_id: Mapped[uuid.UUID | None] = mapped_column(UUID(as_uuid=True), ForeignKey("exchanges.id"))
    state_id: Mapped[BigInt | None] = mapped_column(ForeignKey("states.id"))
    words: Mapped[str | None]
    reason: Mapped[str | None]
    clause: Mapped[str | None]
    recorded_by: Mapped[str | None]


class CaptureRequest(Base):
    """A capture that somebody asked for on a page: of an account, or of one post's thread. At most one runs per account."""

    __tablename__ = "capture_requests"
    __table_args__ = (
        CheckConstraint("scheduler in ('airflow', 'process')", name="scheduler"),
        CheckConstraint("outcome in ('complete', 'partial', 'failed', 'unknown')", name="outcome"),
        CheckConstraint("(finished_at is null) = (outcome is null)", name="finished"),
        Index("uq_capture_requests_running", "account_id", unique=True, postgresql_where=text("finished_at is null")),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    account_id: Mapped[BigInt] = mapped_column(ForeignKey("accounts.id"))
    post_id: Mapped[str | None]
    requested_by: Mapped[str]
    requested_at: Mapped[dt.datetime]
    run_id: Mapped[str]
    scheduler: Mapped[str]
    finished_at: Mapped[dt.datetime | None]
    outcome: Mapped[str | None]
    words: Mapped[str | None]
