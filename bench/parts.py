"""What the measures share: fresh databases, archives on them, and medians."""

from __future__ import annotations

import contextlib
import statistics
import time
import uuid
from typing import TYPE_CHECKING, Any

from archiver.archive import Archive
from archiver.blobs import BlobStore
from archiver.database import engine_for, migrate
from archiver.local import databases
from archiver.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from archiver.local.endpoints import Endpoints


@contextlib.contextmanager
def fresh_database(endpoints: Endpoints) -> Iterator[tuple[str, str]]:
    """The application's and the owner's address of a new, empty database, dropped at the end."""
    assert endpoints.superuser_database_url
    assert endpoints.migration_database_url
    name = f"bench_{uuid.uuid4().hex[:12]}"
    databases.ensure_database(endpoints.superuser_database_url, name, databases.ARCHIVE_ROLES)
    try:
        yield (
            databases.with_database(endpoints.database_url, name),
            databases.with_database(endpoints.migration_database_url, name),
        )
    finally:
        databases.drop_database(endpoints.superuser_database_url, name)


@contextlib.contextmanager
def fresh_archive(endpoints: Endpoints, home: Path, origin: str) -> Iterator[Archive]:
    """An archive on a new, migrated database."""
    with fresh_database(endpoints) as (app, owner):
        migrate(owner)
        engine = engine_for(app)
        folder = home / uuid.uuid4().hex
        settings = Settings(allowed_origins=origin, reread_days=3650)
        yield Archive(engine, settings, BlobStore(str(folder / "blobs")), folder / "spool")
        engine.dispose()


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds that the work takes, and what it gives."""
    begun = time.perf_counter()
    result = work()
    return time.perf_counter() - begun, result


def median(values: Sequence[float]) -> float:
    """The middle one, to three places."""
    return round(statistics.median(values), 3)
