"""Airflow on one machine: the four daemons over the home's own Postgres, on the loopback, asking for a password.

They run as the user of the command, not as the servers' user: the tasks write the archive's spool and blobs, which the
command line writes too.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg2
import requests
import sqlalchemy as sa

from archiver.database import engine_for
from archiver.local import airflow_config, databases, process
from archiver.local.airflow_api import AirflowApi
from archiver.local.airflow_orphans import end_orphans
from archiver.local.errors import LocalStackError, NotInstalledError, ServerDiedError
from archiver.local.home import Home, default_home, write_private
from archiver.local.ports import LOOPBACK, choose_port
from archiver.nightly import POOL_SLOTS, pool_of, secrets_named
from archiver.platforms import PLATFORMS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from archiver.local.endpoints import Endpoints
    from archiver.local.process import ProcessRecord

PREFIX = "airflow-"
API = PREFIX + "api-server"
# No log server of their own: that one would listen on every address, and the API reads the files itself.
DAEMONS: dict[str, tuple[str, ...]] = {
    API: ("api-server",),
    PREFIX + "scheduler": ("scheduler", "--skip-serve-logs"),
    PREFIX + "dag-processor": ("dag-processor",),
    PREFIX + "triggerer": ("triggerer", "--skip-serve-logs"),
}
_HEALTH = {"scheduler": "latest_scheduler_heartbeat", "dag_processor": "latest_dag_processor_heartbeat",
           "triggerer": "latest_triggerer_heartbeat"}  # fmt: skip
_LOCK_SECONDS = 180.0
_POLL_SECONDS = 0.2
_MIGRATE_SECONDS = 300


@dataclass(frozen=True, kw_only=True)
class AirflowEndpoints:
    """Where Airflow's pages and API are, and its one user."""

    url: str
    user: str
    password: str = field(repr=False)


def _silent(_message: str) -> None:
    """Say nothing."""


def up_airflow(
    home: Path | None,
    endpoints: Endpoints,
    *,
    dags_folder: Path,
    port: int | None = None,
    environment: Mapping[str, str] | None = None,
    timeout: float = 120.0,
    say: Callable[[str], None] = _silent,
) -> AirflowEndpoints:
    """Start those of the home's Airflow daemons that do not run, and wait until all four are healthy.

    They outlive this process. Calling it again is quick; daemons whose settings have changed meanwhile are restarted.

    Args:
        home: the home folder; None for `default_home()`.
        endpoints: what `archiver.local.stack.up` or `archiver.runtime.start` gave; the archive's schema is there.
        dags_folder: the project's `dags`.
        port: of the page and the API; None for the last one used, or any.
        environment: further variables for daemons and tasks. Those that the register names (`env:NAME`) are passed on
            from our own environment by themselves, and so is what begins with CIVIC_ARCHIVE_ or AIRFLOW_CONN_.
        timeout: seconds to wait for each of the stages.
        say: told of progress.

    Raises:
        LocalStackError: Airflow cannot be had; the message says what to do, and ends with a log's last lines.
    """
    place = Home(home or default_home())
    place.prepare()
    with place.locked(_LOCK_SECONDS):
        folder = airflow_config.folder_of(place)
        keys = airflow_config.keys_of(folder)
        running = [one for one in _records(place) if process.is_alive(one)]
        chosen = _port(place, port, running)
        env = airflow_config.environment(
            place,
            endpoints,
            keys,
            port=chosen,
            dags_folder=dags_folder,
            extra={**_named_secrets(endpoints), **(environment or {})},
        )
        found = AirflowEndpoints(url=f"http://{LOOPBACK}:{chosen}", user=airflow_config.USER, password=keys.password)
        mark = hashlib.sha256(json.dumps(env, sort_keys=True).encode()).hexdigest()
        mark_file = folder / "settings.sha256"
        if running and (not mark_file.exists() or mark_file.read_text(encoding="ascii") != mark):
            say("Airflow's settings have changed; restarting it")
            _stop(place, running, say)
            running = []
        write_private(mark_file, mark)
        for record in _records(place):
            end_orphans(record)
        missing = [name for name in DAEMONS if name not in {one.name for one in running}]
        if missing:
            _migrate(folder, env, say)
            say(f"Starting Airflow on {found.url}")
        began = datetime.now(UTC)
        offsets = {name: process.log_size(_log(place, name)) for name in DAEMONS}
        for name in missing:
            _start(place, name, env, folder, chosen)
        try:
            _wait_healthy(place, found, began if missing else None, offsets, timeout)
        except LocalStackError:
            _stop(place, _records(place), say)
            raise
        with AirflowApi(found) as api:
            api.ensure_pools(
                {pool_of(platform): POOL_SLOTS for platform in PLATFORMS},
                "How many accounts of this platform are captured at once",
            )
        if missing:
            say(f"Airflow runs on {found.url}")
        return found


def down_airflow(home: Path | None = None, *, timeout: float = 60.0, say: Callable[[str], None] = _silent) -> None:
    """Stop Airflow's daemons and wait until they are gone; tasks at work are asked to end, and are tried again later.

    Raises:
        LocalStackError: another command holds the home.
    """
    place = Home(home or default_home())
    if not place.path.exists():
        return
    with place.locked(_LOCK_SECONDS):
        _stop(place, _records(place), say, timeout)


def _records(home: Home) -> list[ProcessRecord]:
    return [record for name, record in home.state().processes.items() if name in DAEMONS]


def _log(home: Home, name: str) -> Path:
    return home.logs / f"{name}.log"


def _port(home: Home, port: int | None, running: Iterable[ProcessRecord]) -> int:
    last = home.state().ports.get(API)
    if last is not None and port in (None, last) and any(one.name == API for one in running):
        return last
    return choose_port("Airflow", fixed=port, last=last)


def _named_secrets(endpoints: Endpoints) -> dict[str, str]:
    """Those of our variables that the register's accounts name."""
    engine = engine_for(endpoints.database_url)
    try:
        names = secrets_named(engine)
    except sa.exc.SQLAlchemyError as error:
        raise LocalStackError(
            f"The archive's register cannot be read ({type(error).__name__}): start the servers with `civic-archive up` first."
        ) from error
    finally:
        engine.dispose()
    return {name: os.environ[name] for name in names if name in os.environ}


def _migrate(folder: Path, env: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Bring Airflow's own database to its version; quick where this version has already done so there."""
    try:
        version = importlib.metadata.version("apache-airflow-core")
    except importlib.metadata.PackageNotFoundError as error:
        raise NotInstalledError(
            "Airflow is not installed: install the dependency group `airflow` (uv sync --group airflow)."
        ) from error
    mark_file = folder / "migrated.json"
    with contextlib.suppress(OSError, ValueError, psycopg2.OperationalError):
        if json.loads(mark_file.read_text(encoding="utf-8")) == [version, _revision(env)]:
            return
    say("Preparing Airflow's database")
    done = subprocess.run(
        [sys.executable, "-m", "airflow", "db", "migrate"],
        check=False,
        env=dict(env),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=_MIGRATE_SECONDS,
    )
    if done.returncode:
        raise LocalStackError(f"Airflow could not prepare its database:\n{(done.stdout + done.stderr)[-3000:]}")
    write_private(mark_file, json.dumps([version, _revision(env)]))


def _revision(env: Mapping[str, str]) -> str | None:
    """Which migration Airflow's database stands at; None where it has none."""
    with databases.connected(env["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]) as connection, connection.cursor() as cursor:
        try:
            cursor.execute("SELECT version_num FROM alembic_version")
        except psycopg2.errors.UndefinedTable:
            return None
        row = cursor.fetchone()
    return None if row is None else str(row[0])


def _start(home: Home, name: str, env: Mapping[str, str], folder: Path, port: int) -> None:
    argv = [sys.executable, "-m", "airflow", *DAEMONS[name]]
    record = process.start_daemon(name, argv, env=env, cwd=folder, user=None, log_path=_log(home, name))
    home.remember(record, port if name == API else None)


def _wait_healthy(
    home: Home, found: AirflowEndpoints, began: datetime | None, offsets: Mapping[str, int], timeout: float
) -> None:
    """Wait until each daemon has said that it lives, after `began` where that is given."""
    until = time.monotonic() + timeout
    with requests.Session() as session:
        session.trust_env = False
        while True:
            for record in _records(home):
                if not process.is_alive(record):
                    said = process.log_since(record.log_path, offsets[record.name])
                    raise ServerDiedError(f"{record.name} ended; its log {record.log_path} ends:\n{said}")
            reason = _ill(session, found, began)
            if reason is None:
                return
            if time.monotonic() > until:
                said = process.log_since(_log(home, API), offsets[API])
                raise ServerDiedError(
                    f"Airflow was not healthy within {timeout:.0f} s ({reason}); see the logs {home.logs}/{PREFIX}*.log. "
                    f"That of the API server ends:\n{said}"
                )
            time.sleep(_POLL_SECONDS)


def _ill(session: requests.Session, found: AirflowEndpoints, began: datetime | None) -> str | None:
    """What is not well yet, or None."""
    try:
        answer = session.get(f"{found.url}/api/v2/monitor/health", timeout=5)
        health: dict[str, Any] = answer.json()
    except (requests.RequestException, ValueError) as error:
        return str(error)
    for part, beat in _HEALTH.items():
        one = health.get(part) or {}
        if one.get("status") != "healthy":
            return f"{part} is {one.get('status') or 'silent'}"
        # What an earlier run's daemon said last still counts as healthy for half a minute.
        if began is not None and datetime.fromisoformat(one[beat]) < began - timedelta(seconds=1):
            return f"{part} has not spoken since its start"
    return None


def _stop(home: Home, records: Iterable[ProcessRecord], say: Callable[[str], None], timeout: float = 60.0) -> None:
    def stop(record: ProcessRecord) -> None:
        alive = process.is_alive(record)
        if not process.stop(record, timeout):
            say(f"{record.name} (pid {record.pid}) did not end within {timeout:.0f} s and was killed")
        elif alive:
            say(f"{record.name} (pid {record.pid}) stopped")
        end_orphans(record)
        home.forget(record.name)

    with ThreadPoolExecutor(max_workers=len(DAEMONS)) as pool:
        list(pool.map(stop, records))
