"""The account register: who publishes for the city, where, why and by whose authority."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from archiver.records.models.base import Base, BigInt, Id, Now, PublicId


class Account(Base):
    """One account of the city on one platform.

    `platform_id` is the platform's stable id (a DID, a page id) and is learned at the first capture; `handle` is how the
    account is called today, its earlier names are in `account_handles`. `personal`: an official's own account, whose records
    are kept from whoever has no grant for them.
    """

    __tablename__ = "accounts"
    __table_args__ = (
        UniqueConstraint("platform", "namespace", "platform_id"),
        Index("uq_accounts_platform_handle", "platform", text("lower(handle)"), unique=True),
        CheckConstraint("status in ('active', 'paused', 'closed')", name="status"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    platform: Mapped[str]
    namespace: Mapped[str] = mapped_column(server_default="")
    platform_id: Mapped[str | None]
    handle: Mapped[str]
    department: Mapped[str]
    steward: Mapped[str | None]
    owner: Mapped[str | None]
    purpose: Mapped[str | None]
    authority_statement: Mapped[str | None]
    record_series: Mapped[str | None]
    approved_by: Mapped[str | None]
    approved_on: Mapped[dt.date | None]
    began_on: Mapped[dt.date | None]
    personal: Mapped[bool] = mapped_column(server_default=text("false"))
    status: Mapped[str] = mapped_column(server_default="active")
    settings: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    created_at: Mapped[Now]


class AccountHandle(Base):
    """A name that an account was seen under, and when."""

    __tablename__ = "account_handles"
    __table_args__ = (UniqueConstraint("account_id", "handle", "first_seen_at"),)

    id: Mapped[Id]
    account_id: Mapped[BigInt] = mapped_column(ForeignKey("accounts.id"))
    handle: Mapped[str]
    first_seen_at: Mapped[dt.datetime]
    last_seen_at: Mapped[dt.datetime]


class Stream(Base):
    """One stream of one account: what is captured, locked and counted by itself.

    `fence` rises each time a capture takes the stream; a transaction of an older capture no longer matches and fails.
    `cursor` is moved in the transaction that stores what it covers, and only there.
    """

    __tablename__ = "streams"
    __table_args__ = (UniqueConstraint("account_id", "kind"),)

    id: Mapped[Id]
    account_id: Mapped[BigInt] = mapped_column(ForeignKey("accounts.id"))
    kind: Mapped[str]
    fence: Mapped[BigInt] = mapped_column(server_default=text("0"))
    cursor: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    state: Mapped[str] = mapped_column(server_default="present")
    last_complete_at: Mapped[dt.datetime | None]


class SubCursor(Base):
    """How far one part of a stream was read: the comments of one post."""

    __tablename__ = "sub_cursors"

    stream_id: Mapped[BigInt] = mapped_column(ForeignKey("streams.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    cursor: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    last_read_at: Mapped[dt.datetime]


class StreamState(Base):
    """A change in whether a stream can be read at all. Append-only."""

    __tablename__ = "stream_states"

    id: Mapped[Id]
    stream_id: Mapped[BigInt] = mapped_column(ForeignKey("streams.id"), index=True)
    capture_id: Mapped[BigInt | None] = mapped_column(ForeignKey("captures.id"))
    state: Mapped[str]
    words: Mapped[str]
    observed_at: Mapped[dt.datetime]


_CLASS = "(case when cause in ('paused', 'closed') then cause else 'missed' end)"


class Gap(Base):
    """A window in which a stream, or (without one) a whole account, was not captured whole. Opened and closed by the engine;
    never edited, never removed. A pause stands beside what was missed before it.
    """

    __tablename__ = "gaps"
    __table_args__ = (
        Index("uq_gaps_open", "stream_id", text(_CLASS), unique=True, postgresql_where=text("closed_at is null")),
        Index(
            "uq_gaps_open_account",
            "account_id",
            text(_CLASS),
            unique=True,
            postgresql_where=text("closed_at is null and stream_id is null"),
        ),
        CheckConstraint(
            "cause in ('failed', 'access_lost', 'abandoned', 'not_run', 'never_captured', 'paused', 'closed')",
            name="cause",
        ),
        CheckConstraint("closed_at is null or closed_at >= opened_at", name="order"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    account_id: Mapped[BigInt] = mapped_column(ForeignKey("accounts.id"), index=True)
    stream_id: Mapped[BigInt | None] = mapped_column(ForeignKey("streams.id"))
    opened_at: Mapped[dt.datetime]
    cause: Mapped[str] = mapped_column(server_default="failed")
    reason: Mapped[str]
    opened_by: Mapped[BigInt | None] = mapped_column(ForeignKey("captures.id"))
    closed_at: Mapped[dt.datetime | None]
    closed_by: Mapped[BigInt | None] = mapped_column(ForeignKey("captures.id"))


__all__ = ["Account", "AccountHandle", "Gap", "Stream", "StreamState", "SubCursor"]
