"""The embedded stack as one lives with it: started, started again, broken, recovered, stopped."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import psutil
import psycopg2
import pytest
from elasticsearch import AuthenticationException, Elasticsearch

from archiver.local import databases, process
from archiver.local.home import Home
from archiver.local.stack import down, status, up
from tests.fixtures.stack import TEST_OPTIONS, temporary_home

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archiver.local.endpoints import Endpoints

# What `civic-archive up` does, as a command of its own that ends while the servers go on.
UP_COMMAND = """
import sys
from pathlib import Path
from archiver.local.stack import up
from tests.fixtures.stack import TEST_OPTIONS
print(up(Path(sys.argv[1]), options=TEST_OPTIONS).database_url)
"""


class Started(NamedTuple):
    """A home whose servers two commands started at the same time, and what these printed."""

    home: Path
    endpoints: Endpoints
    printed: list[str]


def run_up(home: Path) -> str:
    """Run `up` in a process of its own; give the database address it printed."""
    done = subprocess.run(
        [sys.executable, "-c", UP_COMMAND, str(home)],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    return done.stdout.strip()


@pytest.fixture(scope="module")
def started() -> Iterator[Started]:
    """One stack for the module, not the session's: these tests kill its servers."""
    with temporary_home() as home:
        try:
            with ThreadPoolExecutor() as pool:
                printed = list(pool.map(run_up, [home, home]))
            yield Started(home, up(home, options=TEST_OPTIONS), printed)
        finally:
            down(home)


def pids(home: Path) -> dict[str, int]:
    """Give the pids of the home's servers, both of which must run."""
    return {one.name: one.pid for one in status(home) if one.pid is not None}


def client(endpoints: Endpoints, password: str | None = None) -> Elasticsearch:
    """Give the official client, with the right password or another one."""
    assert endpoints.elasticsearch_password
    return Elasticsearch(
        endpoints.elasticsearch_url, basic_auth=("elastic", password or endpoints.elasticsearch_password), max_retries=0
    )


def test_two_at_once_start_one_stack(started: Started) -> None:
    """Two commands that start the same home at once end up with the same servers, which outlive them."""
    assert started.printed == [started.endpoints.database_url] * 2
    assert set(pids(started.home)) == {"postgres", "elasticsearch"}
    log = (started.home / "logs" / "postgres.log").read_text()
    assert log.count("ready to accept connections") == 1


def test_second_start_changes_nothing(started: Started) -> None:
    """Starting what runs already takes moments and gives the same addresses and processes."""
    before, began = pids(started.home), time.monotonic()
    assert up(started.home, options=TEST_OPTIONS) == started.endpoints
    assert time.monotonic() - began < 3
    assert pids(started.home) == before


def test_postgres_refuses_a_wrong_password(started: Started) -> None:
    """Postgres lets nobody in on the loopback without the role's password."""
    wrong = re.sub(r":[0-9a-f]{48}@", ":wrong@", started.endpoints.database_url)
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"), databases.connected(wrong):
        pass


def test_elasticsearch_refuses_a_wrong_password(started: Started) -> None:
    """Elasticsearch answers 401 to a wrong password and to none, and works with the right one."""
    with client(started.endpoints, "wrong") as es, pytest.raises(AuthenticationException):
        es.cluster.health()
    with Elasticsearch(started.endpoints.elasticsearch_url) as es, pytest.raises(AuthenticationException):
        es.cluster.health()
    with client(started.endpoints) as es:
        assert es.cluster.health()["status"] in {"green", "yellow"}


def test_only_the_loopback_is_listened_on(started: Started) -> None:
    """Neither server, nor a child of one, listens on an address other machines can reach."""
    listening: dict[str, set[str]] = {}
    for name, pid in pids(started.home).items():
        parent = psutil.Process(pid)
        for one in (parent, *parent.children(recursive=True)):
            for connection in one.net_connections("all"):
                if connection.status == psutil.CONN_LISTEN:
                    listening.setdefault(name, set()).add(connection.laddr.ip.removeprefix("::ffff:"))
    assert listening == {"postgres": {"127.0.0.1"}, "elasticsearch": {"127.0.0.1"}}


def test_servers_do_not_run_as_root(started: Started) -> None:
    """Whoever runs the command, the servers run as an ordinary user."""
    assert all(psutil.Process(pid).uids().effective != 0 for pid in pids(started.home).values())


def test_passwords_are_kept_private(started: Started) -> None:
    """The passwords stand in one file that others cannot read, and in no command line of a server."""
    file = started.home / "secrets.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    lines = " ".join(" ".join(psutil.Process(pid).cmdline()) for pid in pids(started.home).values())
    assert not any(secret in lines for secret in Home(started.home).secrets().values())


def test_application_role_owns_nothing(started: Started) -> None:
    """The owner makes tables; the application may neither make nor read one until a migration grants it."""
    assert started.endpoints.migration_database_url
    with databases.connected(started.endpoints.migration_database_url) as owner, owner.cursor() as cursor:
        cursor.execute("CREATE TABLE role_probe (n int)")
        try:
            with databases.connected(started.endpoints.database_url) as app, app.cursor() as asking:
                for statement in ("SELECT * FROM role_probe", "CREATE TABLE app_probe (n int)"):
                    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                        asking.execute(statement)
        finally:
            cursor.execute("DROP TABLE role_probe")


def test_airflow_has_a_database_of_its_own(started: Started) -> None:
    """Airflow may do as it likes in its own database, and nobody else's role may enter the other's."""
    assert started.endpoints.airflow_database_url
    with databases.connected(started.endpoints.airflow_database_url) as airflow, airflow.cursor() as cursor:
        cursor.execute("CREATE TABLE airflow_probe (n int)")
        cursor.execute("DROP TABLE airflow_probe")
    for url, other in (
        (started.endpoints.airflow_database_url, "civic_archive"),
        (started.endpoints.database_url, "airflow"),
    ):
        refused = pytest.raises(psycopg2.OperationalError, match="permission denied for database")
        with refused, databases.connected(databases.with_database(url, other)):
            pass


def test_lost_state_is_found_again(started: Started) -> None:
    """When the state file is lost, running servers are found by their own pid files, not started twice."""
    before = pids(started.home)
    (started.home / "state.json").write_text("{torn")
    assert pids(started.home) == {}
    assert up(started.home, options=TEST_OPTIONS) == started.endpoints
    assert pids(started.home) == before


def test_kill_then_up_keeps_the_data(started: Started) -> None:
    """After kill -9 of both servers, `up` says that they recover, at the same addresses, with what was stored."""
    assert started.endpoints.migration_database_url
    with databases.connected(started.endpoints.migration_database_url) as owner, owner.cursor() as cursor:
        cursor.execute("CREATE TABLE kept AS SELECT 42 AS n")
    with client(started.endpoints) as es:
        es.index(index="kept", id="1", document={"text": "pothole on Elm Street"})
    before = pids(started.home)
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    for record in Home(started.home).state().processes.values():
        assert process.wait_gone(record, 10)
    assert not any(one.alive for one in status(started.home))

    said: list[str] = []
    assert up(started.home, options=TEST_OPTIONS, say=said.append) == started.endpoints
    for name, server in (("postgres", "Postgres"), ("elasticsearch", "Elasticsearch")):
        assert f"{server} (pid {before[name]}) was not shut down; it recovers from its log" in said
    with databases.connected(started.endpoints.migration_database_url) as owner, owner.cursor() as cursor:
        cursor.execute("SELECT n FROM kept")
        assert cursor.fetchone() == (42,)
    with client(started.endpoints) as es:
        assert es.get(index="kept", id="1", realtime=True)["_source"] == {"text": "pothole on Elm Street"}


def test_down_leaves_nothing_behind(started: Started) -> None:
    """After `down` no process of the home is left, by whatever name, and a second `down` has nothing to do."""
    said: list[str] = []
    down(started.home, say=said.append)
    assert sorted(line.partition(" ")[0] for line in said) == ["elasticsearch", "postgres"]
    left = [
        one.pid for one in psutil.process_iter(["cmdline"]) if str(started.home) in " ".join(one.info["cmdline"] or [])
    ]
    assert left == []
    down(started.home, say=said.append)
    assert len(said) == 2


def test_an_interrupted_start_is_taken_over(started: Started) -> None:
    """When `up` is killed while Elasticsearch starts, the next `up` waits for that start and uses its server."""
    command = subprocess.Popen([sys.executable, "-c", UP_COMMAND, str(started.home)], cwd=Path(__file__).parents[2])
    until = time.monotonic() + 30
    while "elasticsearch" not in Home(started.home).state().processes:
        assert time.monotonic() < until
        time.sleep(0.05)
    command.kill()
    command.wait()
    said: list[str] = []
    assert up(started.home, options=TEST_OPTIONS, say=said.append) == started.endpoints
    assert any(line.startswith("A start that was interrupted is still under way") for line in said)
    with client(started.endpoints) as es:
        assert es.get(index="kept", id="1")["found"]
