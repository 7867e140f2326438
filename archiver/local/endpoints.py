"""Where the servers are, and which of them the caller brings along."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class External:
    """Servers that run elsewhere; for a part that is named here nothing local is started.

    A part counts as named when its main address (`database_url`, `elasticsearch_url`) is set. What holds a password is
    left out of the printed form, here and below, so that no log shows it.
    """

    database_url: str | None = field(default=None, repr=False)
    migration_database_url: str | None = field(default=None, repr=False)
    superuser_database_url: str | None = field(default=None, repr=False)
    airflow_database_url: str | None = field(default=None, repr=False)
    elasticsearch_url: str | None = None
    elasticsearch_user: str | None = None
    elasticsearch_password: str | None = field(default=None, repr=False)
    elasticsearch_ca: Path | None = None
    elasticsearch_api_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class DatabaseEndpoints:
    """SQLAlchemy addresses of one Postgres; those an external server does not offer are None."""

    database_url: str = field(repr=False)
    migration_database_url: str | None = field(repr=False)
    superuser_database_url: str | None = field(repr=False)
    airflow_database_url: str | None = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class SearchEndpoints:
    """Address and credentials of one Elasticsearch."""

    elasticsearch_url: str
    elasticsearch_user: str | None
    elasticsearch_password: str | None = field(repr=False)
    elasticsearch_ca: Path | None
    elasticsearch_api_key: str | None = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Endpoints(DatabaseEndpoints, SearchEndpoints):
    """Everything a program of the archive needs to reach its two servers."""

    @classmethod
    def of(cls, database: DatabaseEndpoints, search: SearchEndpoints) -> Endpoints:
        """Join the two halves."""
        return cls(**vars(database), **vars(search))


def external_database(external: External) -> DatabaseEndpoints | None:
    """Give the caller's own Postgres, or None when it names none."""
    if external.database_url is None:
        return None
    return DatabaseEndpoints(
        database_url=external.database_url,
        migration_database_url=external.migration_database_url,
        superuser_database_url=external.superuser_database_url,
        airflow_database_url=external.airflow_database_url,
    )


def external_search(external: External) -> SearchEndpoints | None:
    """Give the caller's own Elasticsearch, or None when it names none."""
    if external.elasticsearch_url is None:
        return None
    return SearchEndpoints(
        elasticsearch_url=external.elasticsearch_url,
        elasticsearch_user=external.elasticsearch_user,
        elasticsearch_password=external.elasticsearch_password,
        elasticsearch_ca=external.elasticsearch_ca,
        elasticsearch_api_key=external.elasticsearch_api_key,
    )
