"""Small pictures of kept media."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from archiver.records.models.base import Base


class Thumbnail(Base):
    """What was made of the bytes of a medium, once for all media that are these bytes: a small picture in the blob store, or
    the reason why there is none. Derived, and no record: it can be made again.
    """

    __tablename__ = "thumbnails"
    __table_args__ = (
        CheckConstraint("(thumbnail_sha256 is null) = (reason is not null)", name="made"),
        CheckConstraint(
            "(thumbnail_sha256 is null) = (width is null) and (width is null) = (height is null)", name="measured"
        ),
    )

    sha256: Mapped[bytes] = mapped_column(primary_key=True)
    thumbnail_sha256: Mapped[bytes | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    reason: Mapped[str | None]
    made_at: Mapped[dt.datetime]
