"""The Merkle log: its leaves, what is kept of its tree, its signed roots, and the checks of everything that is kept."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import CheckConstraint, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from archiver.records.models.base import Base, BigInt, Id


class LogLeaf(Base):
    """A leaf of the log: the canonical JSON that is hashed, and which row it speaks of. Append-only.

    `secret` salts the commitment of what has no item, and so no item's secret.
    """

    __tablename__ = "log_leaves"
    __table_args__ = (UniqueConstraint("kind", "subject_id"), CheckConstraint('"index" >= 0', name="index"))

    index: Mapped[BigInt] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    subject_id: Mapped[BigInt]
    entry: Mapped[str]
    secret: Mapped[bytes | None]
    appended_at: Mapped[dt.datetime]


class LogNode(Base):
    """The hash of a complete subtree: `level` is its height, `index` its place among those of its height. Append-only."""

    __tablename__ = "log_nodes"
    __table_args__ = (CheckConstraint("octet_length(hash) = 32", name="hash"),)

    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    index: Mapped[BigInt] = mapped_column(primary_key=True, autoincrement=False)
    hash: Mapped[bytes]


class LogRoot(Base):
    """A signed root, and the very text of the file that was published. Append-only."""

    __tablename__ = "log_roots"

    id: Mapped[Id]
    size: Mapped[BigInt]
    root_hash: Mapped[bytes]
    made_at: Mapped[dt.datetime]
    timestamped_at: Mapped[dt.datetime | None]
    file_name: Mapped[str] = mapped_column(unique=True)
    document: Mapped[str]


class FixityCheck(Base):
    """One file, blob or block of rows was read again; what was wrong with it, if anything. Append-only."""

    __tablename__ = "fixity_checks"
    __table_args__ = (Index("ix_fixity_checks_subject", "kind", "subject", "checked_at"),)

    id: Mapped[Id]
    run_id: Mapped[uuid.UUID]
    kind: Mapped[str]
    subject: Mapped[str]
    checked_at: Mapped[dt.datetime]
    bytes: Mapped[BigInt]
    findings: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))


class LogOutboxRow(Base):
    """A row that is not in the log yet; written by triggers with the row itself, deleted with the leaf's insertion."""

    __tablename__ = "log_outbox"

    id: Mapped[Id]
    kind: Mapped[str]
    subject_id: Mapped[BigInt]
