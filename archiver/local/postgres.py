"""One Postgres per home: made, started, found again and waited for."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import psycopg2
from sqlalchemy import URL

from archiver.local import databases, process
from archiver.local.endpoints import DatabaseEndpoints
from archiver.local.errors import HomeUnusableError, ServerDiedError
from archiver.local.ports import LOOPBACK, choose_port
from archiver.local.postgres_programs import binaries, check_version, installed_package
from archiver.local.user import give_to, run_as

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from archiver.local.home import Home
    from archiver.local.process import ProcessRecord

NAME = "postgres"
STOP_SIGNAL = signal.SIGINT  # "fast": ends the sessions, writes a checkpoint
MAX_CONNECTIONS = 200
_POLL_SECONDS = 0.05
_CHILDREN_SECONDS = 10.0
_TRIES = 8


def url(port: int, role: str, password: str, database: str) -> str:
    """Give the SQLAlchemy address of a database for a role."""
    made = URL.create("postgresql+psycopg2", role, password, LOOPBACK, port, database)
    return made.render_as_string(hide_password=False)


def endpoints(port: int, passwords: Mapping[str, str]) -> DatabaseEndpoints:
    """Give the addresses of the embedded Postgres on this port."""
    archive = databases.ARCHIVE_DATABASE
    return DatabaseEndpoints(
        database_url=url(port, databases.APP, passwords[databases.APP], archive),
        migration_database_url=url(port, databases.OWNER, passwords[databases.OWNER], archive),
        superuser_database_url=url(port, NAME, passwords[NAME], NAME),
        airflow_database_url=url(port, databases.AIRFLOW, passwords[databases.AIRFLOW], databases.AIRFLOW_DATABASE),
    )


def start(
    home: Home,
    passwords: Mapping[str, str],
    *,
    port: int | None,
    fsync: bool,
    timeout: float,
    say: Callable[[str], None],
) -> DatabaseEndpoints:
    """Start the home's Postgres unless it runs, create what is missing in it, and wait until it answers.

    Args:
        home: the prepared home, its lock held.
        passwords: by role name.
        port: the port to insist on; None for the last one used, or any.
        fsync: False gives up safety against a power cut for speed: for throw-away data only.
        timeout: seconds to wait for it to answer.
        say: told of what goes on.

    Raises:
        LocalStackError: what it could not do, and what to do about it.
    """
    programs = binaries(installed_package(), home.folder(NAME), home.user)
    data = home.folder(NAME) / "data"
    if not data.exists():
        say("Creating the Postgres database cluster")
        _initialise(home, programs, data, passwords[NAME])
    check_version(programs, data, home.user)
    known = home.state().processes.get(NAME)
    found = find_running(home)
    while found is None and known is not None and process.is_alive(known):
        time.sleep(_POLL_SECONDS)  # a start that was interrupted, a moment before its pid file is there
        found = find_running(home)
    if found is None:
        if known is not None:
            say(f"Postgres (pid {known.pid}) was not shut down; it recovers from its log")
        _clear_misleading_pid(data)
        record, running_port = _launch(home, programs, data, passwords, port=port, fsync=fsync, timeout=timeout)
        say(f"Postgres runs on {LOOPBACK}:{running_port} (pid {record.pid})")
    else:
        record, running_port = found
        _wait_ready(record, running_port, passwords, timeout, 0)
    home.remember(record, running_port)
    superuser = url(running_port, NAME, passwords[NAME], NAME)
    databases.ensure_roles(superuser, passwords)
    databases.ensure_database(superuser, databases.ARCHIVE_DATABASE, databases.ARCHIVE_ROLES)
    databases.ensure_database(superuser, databases.AIRFLOW_DATABASE, databases.AIRFLOW_ROLES)
    return endpoints(running_port, passwords)


def find_running(home: Home) -> tuple[ProcessRecord, int] | None:
    """Find this home's server and its port by its own pid file, also one whose record was lost; None if it is down."""
    data = home.path / NAME / "data"
    try:
        lines = (data / "postmaster.pid").read_text(encoding="ascii").splitlines()
        pid, port = int(lines[0]), int(lines[3])
    except (OSError, ValueError, IndexError):
        return None
    record = process.record_of(NAME, pid, home.logs / "postgres.log") if _stands_in(pid, data) else None
    return None if record is None else (record, port)


def _stands_in(pid: int, data: Path) -> bool:
    """Tell whether a process works in this data folder, as Postgres and its children do; a zombie works nowhere."""
    try:
        return Path(psutil.Process(pid).cwd()).samefile(data)
    except (psutil.Error, OSError):
        return False


def _clear_misleading_pid(data: Path) -> None:
    """Remove a crashed run's pid file whose pid still exists but is not its server: Postgres would refuse to start.

    Such a pid was handed to another program, or is a zombie nobody waits for (a container without an init process).
    The file is removed only when none of the crashed run's children is left in the data folder, which is what it
    guards against.
    """
    pid_file = data / "postmaster.pid"
    try:
        pid = int(pid_file.read_text(encoding="ascii").partition("\n")[0])
    except (OSError, ValueError):
        return
    until = time.monotonic() + _CHILDREN_SECONDS
    while psutil.pid_exists(pid):
        if not any(_stands_in(one, data) for one in psutil.pids()):
            pid_file.unlink()
            return
        if time.monotonic() > until:
            return
        time.sleep(_POLL_SECONDS)


def _initialise(home: Home, programs: Path, data: Path, password: str) -> None:
    """Make the cluster beside its place and move it there when whole, so that a torn one is never taken for one."""
    fresh = data.with_name("data.new")
    shutil.rmtree(fresh, ignore_errors=True)
    with tempfile.NamedTemporaryFile("w", dir=data.parent, encoding="ascii") as secret:
        secret.write(password)
        secret.flush()
        give_to(home.user, Path(secret.name))
        done = subprocess.run(  # noqa: S603 -- a program of the wheel, by its whole path
            [
                *(programs / "initdb", "--pgdata", fresh, "--username", NAME, "--pwfile", secret.name),
                *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C"),
                # The same order and case rules on every machine, whatever its C library.
                *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
            ],
            check=False,
            capture_output=True,
            text=True,
            cwd=data.parent,
            env=process.base_environment(data.parent),
            **run_as(home.user),
        )
    if done.returncode:
        raise ServerDiedError(
            f"initdb could not create the Postgres cluster in {fresh}: {done.stderr.strip()[-2000:]}\n"
            "Put right what it names and start again."
        )
    fresh.replace(data)


def _launch(
    home: Home,
    programs: Path,
    data: Path,
    passwords: Mapping[str, str],
    *,
    port: int | None,
    fsync: bool,
    timeout: float,
) -> tuple[ProcessRecord, int]:
    log_path = home.logs / "postgres.log"
    last = home.state().ports.get(NAME)
    for attempt in range(_TRIES):
        chosen = choose_port("Postgres", fixed=port, last=last, avoid=frozenset())
        offset = process.log_size(log_path)
        settings = {
            "listen_addresses": LOOPBACK,
            "port": str(chosen),
            "unix_socket_directories": "",
            "password_encryption": "scram-sha-256",
            "max_connections": str(MAX_CONNECTIONS),
            "timezone": "UTC",
            "log_timezone": "UTC",
            "fsync": "on" if fsync else "off",
            "full_page_writes": "on" if fsync else "off",  # they mend what only a power cut leaves half written
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        record = process.start_daemon(
            NAME,
            [programs / "postgres", "-D", data, *options],
            env=process.base_environment(data.parent),
            cwd=data,
            user=home.user,
            log_path=log_path,
        )
        home.remember(record, chosen)
        try:
            _wait_ready(record, chosen, passwords, timeout, offset)
        except ServerDiedError:
            text = process.log_since(log_path, offset)
            # After a kill the old server's children take a moment to notice; a port can be lost between choice and use.
            passing = "shared memory block" in text or "Address already in use" in text
            if process.is_alive(record) or not passing or attempt == _TRIES - 1:
                process.stop(record, timeout, STOP_SIGNAL)
                home.forget(NAME)
                raise
            time.sleep(0.25 * (attempt + 1))
            continue
        return record, chosen
    raise AssertionError("unreachable: the last attempt returns or raises")


def _wait_ready(record: ProcessRecord, port: int, passwords: Mapping[str, str], timeout: float, offset: int) -> None:
    address = url(port, NAME, passwords[NAME], NAME)
    until = time.monotonic() + timeout
    while True:
        try:
            with databases.connected(address):
                return
        except psycopg2.OperationalError as error:
            if "password authentication failed" in str(error):
                raise HomeUnusableError(
                    f"Postgres refuses the password in secrets.json of this home (log: {record.log_path}): put back "
                    "the secrets.json the data was made with."
                ) from None
            reason = str(error).strip()
        if not process.is_alive(record):
            said = process.log_since(record.log_path, offset)
            raise ServerDiedError(f"Postgres ended while it was being started; its log {record.log_path} ends:\n{said}")
        if time.monotonic() > until:
            said = process.log_since(record.log_path, offset)
            raise ServerDiedError(
                f"Postgres did not answer within {timeout:.0f} s ({reason}); its log {record.log_path} ends:\n{said}"
            )
        time.sleep(_POLL_SECONDS)
