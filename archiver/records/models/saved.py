"""Searches that people keep, what they changed about them, and what each nightly run of one told."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from archiver.records.models.base import Base, BigInt, Id, PublicId

OUTCOMES = ("base", "nothing", "told", "failed")


class SavedSearch(Base):
    """A search that a user keeps: `fields` as typed into the form. Append-only: another search is saved anew."""

    __tablename__ = "saved_searches"
    __table_args__ = (Index("ix_saved_searches_user_id", "user_id"),)

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    user_id: Mapped[BigInt] = mapped_column(ForeignKey("users.id"))
    fields: Mapped[dict[str, Any]]
    saved_at: Mapped[dt.datetime]


class SavedChange(Base):
    """What a kept search is called, whether all may run it, whether it runs by night, whether it is gone: by whom, since when.
    Append-only: what holds is what the latest row says.
    """

    __tablename__ = "saved_changes"
    __table_args__ = (
        CheckConstraint("name <> ''", name="name"),
        Index("ix_saved_changes_search_id", "search_id", "id"),
    )

    id: Mapped[Id]
    search_id: Mapped[BigInt] = mapped_column(ForeignKey("saved_searches.id"))
    name: Mapped[str]
    shared: Mapped[bool]
    nightly: Mapped[bool]
    removed: Mapped[bool]
    by_whom: Mapped[str]
    at: Mapped[dt.datetime]


class SavedRun(Base):
    """A nightly run of a kept search: how many records it found, how many of them were new, what came of it. Append-only.

    `began`: the change that switched the nightly run on; the first run since is the `base`, which tells nothing.
    """

    __tablename__ = "saved_runs"
    __table_args__ = (
        CheckConstraint(f"outcome in ({', '.join(map(repr, OUTCOMES))})", name="outcome"),
        CheckConstraint("(problem is not null) = (outcome = 'failed')", name="problem"),
        Index("ix_saved_runs_search_id", "search_id", "id"),
    )

    id: Mapped[Id]
    search_id: Mapped[BigInt] = mapped_column(ForeignKey("saved_searches.id"))
    began: Mapped[BigInt] = mapped_column(ForeignKey("saved_changes.id"))
    at: Mapped[dt.datetime]
    outcome: Mapped[str]
    found: Mapped[BigInt | None]
    new: Mapped[BigInt | None]
    problem: Mapped[str | None]


class SavedTold(Base):
    """A record that a kept search's owner was told of, or that was there before. Only ever inserted."""

    __tablename__ = "saved_told"
    __table_args__ = (PrimaryKeyConstraint("search_id", "item_id"),)

    search_id: Mapped[BigInt] = mapped_column(ForeignKey("saved_searches.id"))
    item_id: Mapped[BigInt]
    run_id: Mapped[BigInt] = mapped_column(ForeignKey("saved_runs.id"))
