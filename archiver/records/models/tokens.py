"""Budgets that parallel tasks share, and the tokens that accounts are read with."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from archiver.records.models.base import Base, BigInt, Id


class Allowance(Base):
    """How much of a budget is used in its present window. `key` names platform, budget and who shares it (no secret)."""

    __tablename__ = "allowances"

    key: Mapped[str] = mapped_column(primary_key=True)
    units: Mapped[BigInt]
    used: Mapped[BigInt]
    window_ends: Mapped[dt.datetime]
    held_until: Mapped[dt.datetime | None]
    """Nobody asks before, as the platform itself said."""
    updated_at: Mapped[dt.datetime]


class AccountToken(Base):
    """A token that a platform renewed, sealed with the archive's key; it goes before the one in the environment as long as that
    is still the one it was renewed from (`seed_sha256`).
    """

    __tablename__ = "account_tokens"

    account_id: Mapped[BigInt] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    setting: Mapped[str] = mapped_column(primary_key=True)
    seed_sha256: Mapped[bytes]
    sealed: Mapped[bytes]
    expires_at: Mapped[dt.datetime | None]
    renewed_at: Mapped[dt.datetime]


class TokenCheck(Base):
    """What a platform said of an account's token. Append-only."""

    __tablename__ = "token_checks"
    __table_args__ = (Index("ix_token_checks_account", "account_id", "id"),)

    id: Mapped[Id]
    account_id: Mapped[BigInt] = mapped_column(ForeignKey("accounts.id"))
    checked_at: Mapped[dt.datetime]
    alive: Mapped[bool | None]
    words: Mapped[str]
    expires_at: Mapped[dt.datetime | None]
    scopes: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))
    missing: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))
    renewed: Mapped[bool] = mapped_column(server_default=text("false"))
