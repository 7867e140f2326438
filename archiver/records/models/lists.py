"""Lists of accounts (whom an account blocks, who follows it) as dated snapshots, kept as differences."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from archiver.records.models.base import Base, BigInt, Id, PublicId

LISTINGS = ("blocked", "followers")


class ListSnapshot(Base):
    """A list as it was read to its last page on one day (of the city's time zone), at most one for each. Append-only.

    What it held is the sum of its and all earlier `ListChange`s of the same list: `size` and `digest` prove it
    (`archiver.evidence.lists`). `platform_count` is what the platform itself counts, where it does.
    """

    __tablename__ = "list_snapshots"
    __table_args__ = (
        UniqueConstraint("account_id", "listing", "taken_on"),
        Index("ix_list_snapshots_list", "account_id", "listing", "id"),
        CheckConstraint("listing in ('blocked', 'followers')", name="listing"),
        CheckConstraint("octet_length(digest) = 32 and octet_length(changes_digest) = 32", name="digests"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    account_id: Mapped[BigInt] = mapped_column(ForeignKey("accounts.id"))
    listing: Mapped[str]
    capture_id: Mapped[BigInt] = mapped_column(ForeignKey("captures.id"))
    taken_at: Mapped[dt.datetime]
    taken_on: Mapped[dt.date]
    size: Mapped[BigInt]
    platform_count: Mapped[BigInt | None]
    joined: Mapped[BigInt]
    departed: Mapped[BigInt]
    digest: Mapped[bytes]
    changes_digest: Mapped[bytes]


class ListChange(Base):
    """Somebody is on a list that was not on the last one before (`joined`), or is no more; named as last shown. Append-only."""

    __tablename__ = "list_changes"
    __table_args__ = (Index("ix_list_changes_party_id", "party_id"),)

    snapshot_id: Mapped[BigInt] = mapped_column(ForeignKey("list_snapshots.id"), primary_key=True)
    party_id: Mapped[BigInt] = mapped_column(ForeignKey("parties.id"), primary_key=True)
    joined: Mapped[bool]
    handle: Mapped[str | None]
    name: Mapped[str | None]


class ListFailure(Base):
    """A list could not be read to its end: no snapshot, no differences. How far the reading came, and why. Append-only."""

    __tablename__ = "list_failures"
    __table_args__ = (
        Index("ix_list_failures_list", "account_id", "listing", "id"),
        CheckConstraint("listing in ('blocked', 'followers')", name="listing"),
    )

    id: Mapped[Id]
    account_id: Mapped[BigInt] = mapped_column(ForeignKey("accounts.id"))
    listing: Mapped[str]
    capture_id: Mapped[BigInt] = mapped_column(ForeignKey("captures.id"))
    failed_at: Mapped[dt.datetime]
    seen: Mapped[BigInt]
    words: Mapped[str]
