"""The declarative base, and the column types used everywhere."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Any

import uuid_utils
from sqlalchemy import BigInteger, DateTime, Identity, LargeBinary, MetaData, Text, text
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.orm import DeclarativeBase, mapped_column


def uuid7() -> uuid.UUID:
    """A fresh UUIDv7 (RFC 9562 section 5.7): sorted by time, and what public addresses are made of."""
    return uuid.UUID(int=uuid_utils.uuid7().int)


class Base(DeclarativeBase):
    """Every table. Times are `timestamptz`, platform ids are text, JSON is `jsonb`."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads this name from the class
        dt.datetime: DateTime(timezone=True),
        str: Text,
        bytes: LargeBinary,
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
        uuid.UUID: UUID(as_uuid=True),
    }


Id = Annotated[int, mapped_column(BigInteger, Identity(always=True), primary_key=True)]
BigInt = Annotated[int, mapped_column(BigInteger)]
PublicId = Annotated[uuid.UUID, mapped_column(UUID(as_uuid=True), unique=True, default=uuid7)]
Now = Annotated[dt.datetime, mapped_column(DateTime(timezone=True), server_default=text("now()"))]
