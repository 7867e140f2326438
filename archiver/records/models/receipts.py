"""Searches that can be shown, and run again."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from archiver.records.models.base import Base, BigInt, Id, PublicId


class Receipt(Base):
    """A search as it was made: what was asked, what was found, how the archive stood. Append-only, numbered without holes.

    `body_sha256` is over the canonical JSON (RFC 8785) of `body`; the list of what was found is a blob, `results_sha256`.
    """

    __tablename__ = "receipts"
    __table_args__ = (
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("octet_length(body_sha256) = 32 and octet_length(results_sha256) = 32", name="digests"),
    )

    id: Mapped[Id]
    number: Mapped[BigInt] = mapped_column(unique=True)
    public_id: Mapped[PublicId]
    made_at: Mapped[dt.datetime]
    made_by: Mapped[str]
    note: Mapped[str]
    total: Mapped[BigInt]
    body: Mapped[dict[str, Any]]
    body_sha256: Mapped[bytes]
    results_sha256: Mapped[bytes]
    results_size: Mapped[BigInt]
