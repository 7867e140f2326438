"""What the DAGs share: the archive as Airflow knows it, and how a captured account becomes a task's end.

The DAG files are read every few minutes, so this imports at its top what is light; the rest is imported in the tasks.
Secrets come from Airflow's connections where they are defined (`civic_archive_postgres`, `civic_archive_elasticsearch`,
`civic_archive_smtp`, and `civic_archive_NAME` for an account's setting `env:NAME`), else from the environment. None goes through
an XCom.
"""

from __future__ import annotations

import contextlib
import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, Connection, get_current_context
from airflow.sdk.exceptions import AirflowFailException, AirflowNotFoundException
from airflow.sdk.log import mask_secret

from archiver.settings import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from elasticsearch import Elasticsearch

    from archiver.archive import Archive
    from archiver.settings import Settings

ARCHIVE_RECORDS = Asset("archive_records")
"""Says that the archive may hold something that the index does not: `index_records` begins on it.

Given out by every capture that succeeded, with its counts. (An `AssetAlias`, which only those that stored something would
fill, is no way: Airflow 3.3.2 fails one of two tasks that fill it at the same time the first time.)
"""

RETRIES: dict[str, Any] = {
    "retries": 3,
    "retry_delay": timedelta(seconds=settings().retry_delay),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(hours=1),
}
TAGS = ["civic-archive"]
ACCOUNT_PATTERN = r"^[a-z0-9_]+:\S(.*\S)?$"


def configured() -> Settings:
    """The archive's settings, with what Airflow's connections say in place of the environment."""
    from pydantic import SecretStr  # noqa: PLC0415 - in the task, see above
    from sqlalchemy import URL  # noqa: PLC0415 - in the task, see above

    config = settings()
    changes: dict[str, Any] = {}
    if (database := _connection("civic_archive_postgres")) is not None:
        url = URL.create(
            "postgresql+psycopg2",
            username=database.login,
            password=database.password,
            host=database.host,
            port=database.port,
            database=database.schema,
            query={name: str(value) for name, value in database.extra_dejson.items()},
        )
        changes["database_url"] = SecretStr(url.render_as_string(hide_password=False))
    if (cluster := _connection("civic_archive_elasticsearch")) is not None:
        extra = cluster.extra_dejson
        changes |= {
            "elasticsearch_url": f"{cluster.schema or 'https'}://{cluster.host}:{cluster.port or 9200}",
            "elasticsearch_user": cluster.login,
            "elasticsearch_password": SecretStr(cluster.password) if cluster.password else None,
            "elasticsearch_api_key": SecretStr(extra["api_key"]) if "api_key" in extra else None,
            "elasticsearch_ca": extra.get("ca"),
        }
    if (mail := _connection("civic_archive_smtp")) is not None:
        changes |= {
            "smtp_host": mail.host,
            "smtp_port": mail.port,
            "smtp_user": mail.login,
            "smtp_password": SecretStr(mail.password) if mail.password else None,
            "smtp_password_file": None,
        }
    return _masked(config.model_copy(update=changes))


def _connection(name: str) -> Connection | None:
    try:
        return Connection.get(name)
    except AirflowNotFoundException:
        return None


def _masked(config: Settings) -> Settings:
    from sqlalchemy import make_url  # noqa: PLC0415 - in the task, see above

    for secret in (config.database_url, config.migration_database_url):
        if secret is not None:
            mask_secret(secret.get_secret_value())
            mask_secret(str(make_url(secret.get_secret_value()).password or ""))
    for secret in (config.elasticsearch_password, config.elasticsearch_api_key, config.smtp_password):
        if secret is not None:
            mask_secret(secret.get_secret_value())
    return config


@contextlib.contextmanager
def archive() -> Iterator[Archive]:
    """The archive, open, while a task works."""
    from archiver.runtime import opened  # noqa: PLC0415 - in the task, see above

    with opened(configured()) as found:
        yield found


@contextlib.contextmanager
def archive_and_index() -> Iterator[tuple[Archive, Elasticsearch]]:
    """The archive and a client of its index, while a task works."""
    from archiver import runtime  # noqa: PLC0415 - in the task, see above
    from archiver.local.endpoints import external_search  # noqa: PLC0415 - in the task, see above
    from search.client import client_for  # noqa: PLC0415 - in the task, see above

    config = configured()
    endpoints = external_search(runtime.external_of(config)) or runtime.start(config)
    with runtime.opened(config) as found, contextlib.closing(client_for(endpoints)) as client:
        yield found, client


def captured(account: str, *, mode: str, **options: Any) -> dict[str, Any]:
    """Capture one account in the running task: its label, its report, its asset event, and how it fails.

    Gives the account, the captures' run and its counts, which name no secret. `options` are those of `archiver.nightly.capture`.

    Raises:
        AccountFailed: something is missing that a retry may bring.
        AirflowFailException: a retry cannot help before somebody has done something.
    """
    from archiver import nightly  # noqa: PLC0415 - in the task, see above

    context = get_current_context()
    context["account"] = account  # type: ignore[typeddict-unknown-key] # what `map_index_template` shows
    with archive() as found:
        try:
            take_secrets(found, account)
            report = nightly.capture(found, account, mode=mode, scheduler_run=context["run_id"], say=print, **options)
        except (nightly.AccountNeedsHelp, nightly.RegisterError) as error:
            raise AirflowFailException(str(error)) from error
    brought = {
        "account": report.account,
        "run_id": report.run_id,
        "items_seen": sum(stream.items_seen for stream in report.streams),
        "items_new": sum(stream.items_new for stream in report.streams),
        "versions_new": sum(stream.versions_new for stream in report.streams),
    }
    context["outlet_events"][ARCHIVE_RECORDS].extra = brought
    return brought


def take_secrets(found: Archive, account: str) -> None:
    """Put the account's secrets that Airflow keeps where the register looks for them, and out of every log."""
    from archiver import accounts, nightly  # noqa: PLC0415 - in the task, see above

    for variable in nightly.secrets_missing(found.engine, account):
        connection = _connection(f"civic_archive_{variable.lower()}")
        if connection is not None and connection.password:
            os.environ[variable] = connection.password
    for secret in accounts.find(found.engine, account).secrets:
        mask_secret(secret)
