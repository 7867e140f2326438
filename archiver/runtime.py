"""From the settings to running parts: which servers, which archive. The edges (command line, DAGs, pages) begin here."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.archive import Archive, open_archive
from archiver.database import migrate
from archiver.local.endpoints import External
from archiver.local.home import default_home
from archiver.settings import Settings, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from archiver.local.endpoints import Endpoints


DAGS = Path(__file__).resolve().parent.parent / "dags"
"""The DAGs, which lie beside the packages."""


def home_of(config: Settings) -> Path:
    """The folder that everything local is kept in."""
    return config.home or default_home()


def external_of(config: Settings) -> External:
    """The servers that the settings name."""
    return External(
        database_url=_secret(config.database_url),
        migration_database_url=_secret(config.migration_database_url),
        elasticsearch_url=config.elasticsearch_url,
        elasticsearch_user=config.elasticsearch_user,
        elasticsearch_password=_secret(config.elasticsearch_password),
        elasticsearch_ca=config.elasticsearch_ca,
        elasticsearch_api_key=_secret(config.elasticsearch_api_key),
    )


def _secret(value: object) -> str | None:
    return value.get_secret_value() if hasattr(value, "get_secret_value") else None


def start(config: Settings | None = None, say: Callable[[str], None] = lambda _: None) -> Endpoints:
    """Start what does not run and is not external, and bring the schema up to date. Quick where all is there.

    Raises `archiver.local.errors.LocalStackError`, whose message says what to do.
    """
    from archiver.local.stack import up  # noqa: PLC0415 - the embedded servers' packages are an optional group

    config = config or settings()
    endpoints = up(home_of(config), external=external_of(config), say=say)
    if endpoints.migration_database_url is not None:
        migrate(endpoints.migration_database_url)
    return endpoints


@contextmanager
def opened(config: Settings | None = None) -> Iterator[Archive]:
    """The archive that the settings name, its database started where it is the embedded one."""
    config = config or settings()
    url = _secret(config.database_url) or start(config).database_url
    with open_archive(config, url, home_of(config)) as archive:
        yield archive
