"""The set-up job and the health check of a city's server, run against real servers."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from archiver.database import engine_for, schema_version
from archiver.local import databases
from archiver.nightly import pool_of
from archiver.platforms import PLATFORMS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archiver.local.endpoints import Endpoints
    from tests.fixtures.airflow import TestAirflow

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


@pytest.fixture
def environment(stack: Endpoints, tmp_path: Path) -> Iterator[dict[str, str]]:
    """What the job sees in its container: files of secrets, the server's address, and two database names of its own."""
    assert stack.superuser_database_url
    assert stack.migration_database_url
    assert stack.airflow_database_url
    folder = tmp_path / "secrets"
    folder.mkdir()
    for name, url in {
        "postgres_password": stack.superuser_database_url,
        "archive_owner_password": stack.migration_database_url,
        "archive_app_password": stack.database_url,
        "airflow_database_password": stack.airflow_database_url,
    }.items():
        (folder / name).write_text(str(sa.make_url(url).password) + "\n", encoding="utf-8")
    (folder / "airflow_fernet_key").write_text("A" * 43 + "=", encoding="utf-8")
    server = sa.make_url(stack.superuser_database_url)
    suffix = uuid.uuid4().hex[:12]
    names = {"ARCHIVE_DATABASE": f"test_city_{suffix}", "AIRFLOW_DATABASE": f"test_city_airflow_{suffix}"}
    yield {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "SECRETS_FOLDER": str(folder),
        "POSTGRES_HOST": str(server.host),
        "POSTGRES_PORT": str(server.port),
        **names,
    }
    for name in names.values():
        databases.drop_database(stack.superuser_database_url, name)


def test_it_prepares_an_empty_postgres_and_keeps_what_is_there(environment: dict[str, str], stack: Endpoints) -> None:
    """Run twice: both databases are at their versions, the pools exist, and a pool that was resized stays so."""
    assert stack.airflow_database_url
    command = [sys.executable, DEPLOY / "entrypoint.py", sys.executable, DEPLOY / "prepare.py"]
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=300)
    engine = engine_for(databases.with_database(stack.database_url, environment["ARCHIVE_DATABASE"]))
    assert schema_version(engine)
    engine.dispose()
    airflow = sa.create_engine(databases.with_database(stack.airflow_database_url, environment["AIRFLOW_DATABASE"]))
    with airflow.begin() as connection:
        pools = set(connection.scalars(sa.text("select pool from slot_pool")))
        connection.execute(sa.text("update slot_pool set slots = 9 where pool = 'platform_rss'"))
    assert {pool_of(platform) for platform in PLATFORMS} <= pools
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=300)
    with airflow.connect() as connection:
        assert connection.scalar(sa.text("select slots from slot_pool where pool = 'platform_rss'")) == 9
    airflow.dispose()


def test_the_health_check(airflow: TestAirflow) -> None:
    """A healthy Airflow passes the container's check; an address where nothing answers does not."""
    check = [sys.executable, DEPLOY / "healthy.py"]
    healthy = subprocess.run([*check, f"{airflow.endpoints.url}/api/v2/monitor/health"], check=False, timeout=30)
    silent = subprocess.run([*check, "http://127.0.0.1:9/"], check=False, capture_output=True, timeout=30)
    assert healthy.returncode == 0
    assert silent.returncode != 0
