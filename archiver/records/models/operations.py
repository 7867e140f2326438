"""What keeps the archive running and answerable: the outbox of the index, the audit log, those who may log in."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from archiver.records.models.base import Base, BigInt, Id, Now, PublicId


class OutboxRow(Base):
    """An item changed and the index does not know yet. Only ever inserted, and deleted by id once indexed."""

    __tablename__ = "outbox"

    id: Mapped[Id]
    item_id: Mapped[BigInt]
    revision: Mapped[BigInt]
    created_at: Mapped[Now]


class AuditRow(Base):
    """Who did what, when. Append-only."""

    __tablename__ = "audit"

    id: Mapped[Id]
    at: Mapped[Now]
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str | None]
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))


class User(Base):
    """Somebody who may log in to the clerk's pages. `password_hash` is argon2id in PHC form."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint(
            "role in ('viewer', 'clerk', 'reviewer', 'records_manager', 'administrator', 'auditor')", name="role"
        ),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    name: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    role: Mapped[str]
    disabled: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[Now]


class UserSession(Base):
    """A log-in that is still open. Only the SHA-256 of its token is kept."""

    __tablename__ = "user_sessions"

    token_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    user_id: Mapped[BigInt] = mapped_column(ForeignKey("users.id"), index=True)
    csrf_token: Mapped[str]
    created_at: Mapped[Now]
    expires_at: Mapped[dt.datetime]
