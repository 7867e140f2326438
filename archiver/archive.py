"""The archive as a program holds it: its database, its blobs, its spool, its clock."""

from __future__ import annotations

import dataclasses
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from archiver.blobs import BlobStore
from archiver.database import engine_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy.engine import Engine

    from archiver.settings import Settings


def utc_now() -> datetime:
    """The present, aware, in UTC."""
    return datetime.now(UTC)


@dataclasses.dataclass(frozen=True, slots=True)
class Archive:
    """Everything a capture needs that is not the platform.

    `now` is the archive's clock and `sleep` how it waits, in seconds: who plays several nights gives others.
    """

    engine: Engine
    settings: Settings
    blobs: BlobStore
    spool: Path
    now: Callable[[], datetime] = utc_now
    sleep: Callable[[float], None] = time.sleep


@contextmanager
def open_archive(settings: Settings, database_url: str, home: Path) -> Iterator[Archive]:
    """Open the archive of a home folder. `database_url` is the application role's."""
    engine = engine_for(database_url)
    try:
        yield Archive(
            engine=engine,
            settings=settings,
            blobs=BlobStore(settings.blobs_url or str(home / "blobs")),
            spool=home / "spool",
        )
    finally:
        engine.dispose()
