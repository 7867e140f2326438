"""Connections to the archive's Postgres, and its migrations."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import alembic.command
import alembic.config
import sqlalchemy as sa
import structlog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.engine import Connection, Engine

T = TypeVar("T")
MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
_log = structlog.get_logger(__name__)
_ATTEMPTS = 5
_DEADLOCK = "40P01"
"""SQLSTATE deadlock_detected."""


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def engine_for(url: str, *, pool_size: int = 5) -> Engine:
    """An engine for a Postgres address (`postgresql+psycopg2://…`, or `postgresql://…`).

    Connections that died (a restarted server) are noticed before use; sessions speak UTC, so that a `timestamptz` read
    is an aware datetime in UTC. They compile no statement: reading a thousand items is estimated dear enough for it, but
    takes less than the compiling. Raises `sqlalchemy.exc.ArgumentError` for what is no database address.
    """
    return sa.create_engine(
        sa.make_url(url).set(drivername="postgresql+psycopg2"),
        pool_pre_ping=True,
        pool_size=pool_size,
        json_serializer=_dumps,
        connect_args={
            "options": "-c timezone=UTC -c jit=off",
            "application_name": "civic-archive",
            "connect_timeout": 10,
        },
    )


def in_transaction(engine: Engine, work: Callable[[Connection], T]) -> T:
    """What `work` does and gives, in one transaction; done again where Postgres undid it for another one's sake, since each held
    what the other needed. Raises what `work` and the database raise.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with engine.begin() as connection:
                return work(connection)
        except sa.exc.OperationalError as error:
            if attempt == _ATTEMPTS or getattr(error.orig, "pgcode", None) != _DEADLOCK:
                raise
            _log.info("tried again after a deadlock", attempt=attempt)
    raise AssertionError("unreachable")


@contextlib.contextmanager
def repeatable_read(engine: Engine) -> Iterator[Connection]:
    """A read-only connection that sees one state of the database from its first statement on."""
    with engine.connect() as plain:
        connection = plain.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            yield connection


def _config(url: str) -> alembic.config.Config:
    config = alembic.config.Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = url
    return config


def migrate(migration_url: str) -> None:
    """Bring the schema to this program's version, as the database's owner. Does nothing where it already is there."""
    alembic.command.upgrade(_config(migration_url), "head")


def schema_version(engine: Engine) -> str | None:
    """The migration the database stands at, or None where it has none of ours."""
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        return str(connection.scalar(sa.text("select version_num from alembic_version")))
