"""Exports of what a search finds."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from archiver.records.models.base import Base, BigInt, Id, PublicId

FORMATS = ("csv", "xlsx", "jsonl", "html")
STATES = ("waiting", "running", "done", "failed", "cancelled")


class Export(Base):
    """An export that somebody asked for, and how far it is.

    `search` is the search as asked, `found` what it found then; `expected` and `set_sha256` (a file in the blob store) are of
    the set of records that was fixed when the work began, `standing` of the index and the log at that moment. `place` is
    where a worker goes on after another one died; `attempt` rises with each that takes it up, and only the last one may
    write. `written` counts every record of the file, `gone` those of them that it only names, as the archive no longer holds
    them, `changed` those that changed since they were found. The file is in the blob store by `sha256`.
    """

    __tablename__ = "exports"
    __table_args__ = (
        CheckConstraint(f"format in ({', '.join(map(repr, FORMATS))})", name="format"),
        CheckConstraint(f"state in ({', '.join(map(repr, STATES))})", name="state"),
        CheckConstraint(
            "state <> 'done' or (written = expected and sha256 is not null and size is not null "
            "and file_name is not null and expected is not null)",
            name="whole",
        ),
        CheckConstraint("sha256 is null or state = 'done'", name="file"),
        CheckConstraint("(finished_at is null) = (state in ('waiting', 'running'))", name="finished"),
        CheckConstraint("(error is not null) = (state = 'failed')", name="error"),
        Index("ix_exports_to_do", "id", postgresql_where=text("state in ('waiting', 'running')")),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    asked_at: Mapped[dt.datetime]
    asked_by: Mapped[str]
    format: Mapped[str]
    search: Mapped[dict[str, Any]]
    messages: Mapped[bool] = mapped_column(server_default=text("false"))
    sentence: Mapped[str]
    found: Mapped[BigInt]
    state: Mapped[str] = mapped_column(server_default="waiting")
    attempt: Mapped[int] = mapped_column(server_default=text("0"))
    heartbeat_at: Mapped[dt.datetime | None]
    started_at: Mapped[dt.datetime | None]
    finished_at: Mapped[dt.datetime | None]
    expected: Mapped[BigInt | None]
    set_sha256: Mapped[bytes | None]
    standing: Mapped[dict[str, Any] | None]
    written: Mapped[BigInt] = mapped_column(server_default=text("0"))
    gone: Mapped[BigInt] = mapped_column(server_default=text("0"))
    changed: Mapped[BigInt] = mapped_column(server_default=text("0"))
    place: Mapped[dict[str, Any] | None]
    error: Mapped[str | None]
    file_name: Mapped[str | None]
    sha256: Mapped[bytes | None]
    size: Mapped[BigInt | None]
