"""What the local Airflow is told: its keys, its one user, and the whole environment of its daemons and tasks."""

from __future__ import annotations

import base64
import json
import os
import secrets
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.local import process
from archiver.local.errors import HomeUnusableError, LocalStackError
from archiver.local.home import write_private
from archiver.local.ports import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archiver.local.endpoints import Endpoints
    from archiver.local.home import Home

USER = "admin"
PASSED_ON = ("CIVIC_ARCHIVE_", "AIRFLOW_CONN_")
_PARALLELISM = 8


@dataclass(frozen=True, kw_only=True)
class Keys:
    """What Airflow signs and encrypts with, and the password of its one user."""

    secret_key: str = field(repr=False)
    jwt_secret: str = field(repr=False)
    fernet_key: str = field(repr=False)
    password: str = field(repr=False)


def folder_of(home: Home) -> Path:
    """Airflow's own folder in the home. It is ours, not the servers' user's: tasks write the archive's files as we do."""
    folder = home.path / "airflow"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o700)
    return folder


def keys_of(folder: Path) -> Keys:
    """The keys of this home, made at the first start; kept with the password, readable by ourselves only.

    Raises:
        HomeUnusableError: the file is damaged.
    """
    path = folder / "secrets.json"
    if not path.exists():
        fresh = {name: secrets.token_hex(32) for name in ("secret_key", "jwt_secret")}
        fresh["fernet_key"] = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
        fresh["password"] = secrets.token_urlsafe(18)
        write_private(path, json.dumps(fresh, indent=2))
    try:
        keys = Keys(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise HomeUnusableError(
            f"{path} is damaged ({error}): put it back from a backup, or delete it; connections kept in Airflow's own "
            "database must then be entered again."
        ) from error
    # Airflow writes this file itself where it is missing, readable by everybody, so that it is never to be missing.
    write_private(folder / "passwords.json", json.dumps({USER: keys.password}))
    return keys


def environment(
    home: Home,
    endpoints: Endpoints,
    keys: Keys,
    *,
    port: int,
    dags_folder: Path,
    extra: Mapping[str, str],
) -> dict[str, str]:
    """The whole environment of Airflow's daemons, which their tasks inherit.

    Args:
        home: the home; captures keep their files in it, as the command line does.
        endpoints: the archive's two servers, and Airflow's own database.
        keys: from `keys_of`.
        port: of the web page and the API.
        dags_folder: the project's `dags`; `plugins` beside it is used where it exists.
        extra: further variables (an account's `env:NAME`); they win over all others.

    Raises:
        LocalStackError: the servers offer Airflow no database.
    """
    if endpoints.airflow_database_url is None:
        raise LocalStackError(
            "Airflow needs a database of its own, and DATABASE_URL names a Postgres of which only the archive's is known: "
            "unset DATABASE_URL to use the local Postgres, or run Airflow as docker-compose.yml does."
        )
    folder = folder_of(home)
    given = {name: value for name, value in os.environ.items() if name.startswith(PASSED_ON)}
    return {
        **process.base_environment(folder),
        **given,
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath))),
        **_archive(home, endpoints),
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags_folder),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(dags_folder.parent / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": str(_PARALLELISM),
        "AIRFLOW__CORE__FERNET_KEY": keys.fernet_key,
        "AIRFLOW__CORE__AUTH_MANAGER": (
            "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager"
        ),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(folder / "passwords.json"),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://{LOOPBACK}:{port}/execution/",
        "AIRFLOW__API__HOST": LOOPBACK,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://{LOOPBACK}:{port}",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__SECRET_KEY": keys.secret_key,
        "AIRFLOW__API_AUTH__JWT_SECRET": keys.jwt_secret,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": endpoints.airflow_database_url,
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(folder / "logs"),
        "AIRFLOW__LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY": str(folder / "logs" / "dag_processor"),
        "NO_PROXY": LOOPBACK,
        "no_proxy": LOOPBACK,
        **extra,
    }


def _archive(home: Home, endpoints: Endpoints) -> dict[str, str]:
    """What the tasks reach the archive by: the very servers and folders that the command line uses."""
    named = {
        "CIVIC_ARCHIVE_HOME": str(home.path),
        "DATABASE_URL": endpoints.database_url,
        "ELASTICSEARCH_URL": endpoints.elasticsearch_url,
        "ELASTICSEARCH_USER": endpoints.elasticsearch_user,
        "ELASTICSEARCH_PASSWORD": endpoints.elasticsearch_password,
        "ELASTICSEARCH_API_KEY": endpoints.elasticsearch_api_key,
        "ELASTICSEARCH_CA": None if endpoints.elasticsearch_ca is None else str(endpoints.elasticsearch_ca),
    }
    return {name: value for name, value in named.items() if value is not None}
