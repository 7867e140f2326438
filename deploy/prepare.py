"""Makes a city's Postgres ready: roles, databases, schemas, Airflow's own tables and pools. Changes nothing that is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from entrypoint import database_url

from archiver.database import migrate
from archiver.local import databases
from archiver.nightly import POOL_SLOTS, pool_of
from archiver.platforms import PLATFORMS


def main() -> None:
    """Do it; ends with an error where a step fails, so that nothing else is started."""
    folder = Path(os.environ.get("SECRETS_FOLDER", "/run/secrets"))
    archive = os.environ.get("ARCHIVE_DATABASE", databases.ARCHIVE_DATABASE)
    airflow = os.environ.get("AIRFLOW_DATABASE", databases.AIRFLOW_DATABASE)
    passwords = {
        databases.OWNER: _secret(folder, "archive_owner_password"),
        databases.APP: _secret(folder, "archive_app_password"),
        databases.AIRFLOW: _secret(folder, "airflow_database_password"),
    }
    superuser = database_url("postgres", _secret(folder, "postgres_password"), "postgres")
    databases.ensure_roles(superuser, passwords)
    databases.ensure_database(superuser, archive, databases.ARCHIVE_ROLES)
    databases.ensure_database(superuser, airflow, databases.AIRFLOW_ROLES)
    migrate(database_url(databases.OWNER, passwords[databases.OWNER], archive))
    _airflow("db", "migrate")
    there = {pool["pool"] for pool in json.loads(_airflow("pools", "list", "--output", "json"))}
    for name in sorted({pool_of(platform) for platform in PLATFORMS} - there):
        _airflow("pools", "set", name, str(POOL_SLOTS), "How many accounts of this platform are captured at once")
    sys.stdout.write("Postgres is ready\n")


def _secret(folder: Path, name: str) -> str:
    return (folder / name).read_text(encoding="utf-8").strip()


def _airflow(*arguments: str) -> str:
    """Run Airflow's command line; gives what it writes to standard output."""
    done = subprocess.run(  # noqa: S603 - our own interpreter and a fixed command
        [sys.executable, "-m", "airflow", *arguments], stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


if __name__ == "__main__":
    main()
