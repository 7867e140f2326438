"""What keeps the archive running and answerable: the outbox of the index, the audit log, those who may log in."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
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
    __table_args__ = (Index("ix_audit_actor", "actor", "id"), Index("ix_audit_action", "action", "id"))

    id: Mapped[Id]
    at: Mapped[Now]
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str | None]
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))


class User(Base):
    """Somebody who may log in to the clerk's pages: by a password (`password_hash` is argon2id in PHC form), or through the
    city's single sign-on, which knows them by `issuer` and `subject`. `departments`: those they are limited to; none: no limit.
    `email`: where the archive writes to them, if anywhere.
    """

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint(
            "role in ('viewer', 'clerk', 'reviewer', 'records_manager', 'administrator', 'auditor')", name="role"
        ),
        UniqueConstraint("issuer", "subject"),
        CheckConstraint("(issuer is null) = (subject is null)", name="identity"),
        CheckConstraint("(password_hash is null) = (subject is not null)", name="way_in"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    name: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str | None]
    issuer: Mapped[str | None]
    subject: Mapped[str | None]
    role: Mapped[str]
    departments: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))
    email: Mapped[str | None]
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


class Grant(Base):
    """Somebody was given a grant, or it was taken from them. Append-only: what holds is what the latest row says.

    `until`: when a grant ends by itself; None: not before it is taken back.
    """

    __tablename__ = "grants"
    __table_args__ = (
        CheckConstraint("what in ('messages', 'personal_accounts')", name="what"),
        CheckConstraint("given or until is null", name="until"),
        CheckConstraint("reason <> ''", name="reason"),
        Index("ix_grants_user_id", "user_id", "what", "id"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    user_id: Mapped[BigInt] = mapped_column(ForeignKey("users.id"))
    what: Mapped[str]
    given: Mapped[bool]
    until: Mapped[dt.datetime | None]
    reason: Mapped[str]
    by_whom: Mapped[str]
    at: Mapped[dt.datetime]
