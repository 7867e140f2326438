"""The roles and databases of the archive inside a Postgres."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, NamedTuple

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import ISOLATION_LEVEL_AUTOCOMMIT
from sqlalchemy import make_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from psycopg2.extensions import connection as Connection  # noqa: N812 -- it is a class

OWNER, APP, AIRFLOW = "archive_owner", "archive_app", "airflow"
EMPTY_TEMPLATE = "template0"
ARCHIVE_DATABASE, AIRFLOW_DATABASE = "civic_archive", "airflow"
_ROLE_OPTIONS = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"


class Roles(NamedTuple):
    """Who owns a database, and who besides may use it."""

    owner: str
    app: str | None


ARCHIVE_ROLES, AIRFLOW_ROLES = Roles(OWNER, APP), Roles(AIRFLOW, None)


def with_database(url: str, database: str) -> str:
    """Give the same SQLAlchemy address for another database of the same server."""
    return make_url(url).set(database=database).render_as_string(hide_password=False)


def database_of(url: str) -> str:
    """Give the name of the database a SQLAlchemy address leads to."""
    return make_url(url).database or ""


@contextlib.contextmanager
def connected(url: str, *, timeout: int = 5) -> Iterator[Connection]:
    """Open an autocommitting psycopg2 connection from a SQLAlchemy address.

    Args:
        url: `postgresql+psycopg2://…`.
        timeout: seconds to wait for the server to answer.

    Raises:
        psycopg2.OperationalError: the server does not answer, or refuses.
    """
    parts = make_url(url)
    connection = psycopg2.connect(
        host=parts.host,
        port=parts.port,
        user=parts.username,
        password=parts.password,
        dbname=parts.database,
        connect_timeout=timeout,
    )
    try:
        connection.set_isolation_level(ISOLATION_LEVEL_AUTOCOMMIT)
        yield connection
    finally:
        connection.close()


def ensure_roles(superuser_url: str, passwords: Mapping[str, str]) -> None:
    """Create the archive's roles that are missing, as plain logins; those there keep the password they have.

    Args:
        superuser_url: address of any database, as superuser.
        passwords: password by role name.
    """
    with connected(superuser_url) as connection, connection.cursor() as cursor:
        for role in (OWNER, APP, AIRFLOW):
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,))
            if cursor.fetchone() is None:
                statement = sql.SQL("CREATE ROLE {} " + _ROLE_OPTIONS + " PASSWORD {}")
                cursor.execute(statement.format(sql.Identifier(role), sql.Literal(passwords[role])))


def ensure_database(superuser_url: str, name: str, roles: Roles, *, template: str = EMPTY_TEMPLATE) -> None:
    """Create a database if it is missing, and see that only its owner and its application may connect.

    The application gets CONNECT and USAGE of schema `public`, nothing else: what it may do with a table is granted by
    the migration that makes the table. A template with something in it is copied file by file: for two checkpoints, a third
    of the work of writing all of it to the log.

    Args:
        superuser_url: address of any database, as superuser.
        name: the database's.
        roles: whose it is.
        template: the database to copy when it is made, itself the work of this function or empty; nobody may be connected to
            it meanwhile.
    """
    strategy = "wal_log" if template == EMPTY_TEMPLATE else "file_copy"
    database, owner = sql.Identifier(name), sql.Identifier(roles.owner)
    with connected(superuser_url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
        if cursor.fetchone() is None:
            cursor.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY {}").format(
                    database, owner, sql.Identifier(template), sql.Identifier(strategy)
                )
            )
        cursor.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
        if roles.app:
            cursor.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, sql.Identifier(roles.app)))
    if template != EMPTY_TEMPLATE:
        return
    with connected(with_database(superuser_url, name)) as connection, connection.cursor() as cursor:
        cursor.execute(sql.SQL("ALTER SCHEMA public OWNER TO {}").format(owner))
        cursor.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        if roles.app:
            cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(sql.Identifier(roles.app)))


def drop_database(superuser_url: str, name: str) -> None:
    """Drop a database, ending the connections to it."""
    with connected(superuser_url) as connection, connection.cursor() as cursor:
        cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
