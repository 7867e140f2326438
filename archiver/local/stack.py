"""The embedded stack as a whole: `up`, `down`, `status`, and `running` for tests."""

from __future__ import annotations

import contextlib
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archiver.local import elasticsearch, elasticsearch_config, postgres, process
from archiver.local.endpoints import Endpoints, External, external_database, external_search
from archiver.local.home import Home, default_home

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from archiver.local.endpoints import DatabaseEndpoints, SearchEndpoints
    from archiver.local.process import ProcessRecord

NOTHING_EXTERNAL = External()
SERVERS = (postgres.NAME, elasticsearch_config.NAME)


@dataclass(frozen=True, kw_only=True)
class Options:
    """How the servers are started.

    `heap` is Elasticsearch's (as `512m`, `1g`); ports of None are chosen; `needed_space` is the bytes that must be
    free; `throwaway` is for tests: it gives up Postgres's safety against power cuts, and Elasticsearch's peak speed, for
    a quicker start; times are in seconds.
    """

    heap: str = "1g"
    postgres_port: int | None = None
    elasticsearch_port: int | None = None
    needed_space: int = 2 * 2**30
    throwaway: bool = False
    start_timeout: float = 120.0
    stop_timeout: float = 30.0
    lock_timeout: float = 180.0


@dataclass(frozen=True, kw_only=True)
class ProcessStatus:
    """One process of a home: whether it runs, its pid and port (None without), its memory in bytes."""

    name: str
    alive: bool
    pid: int | None
    port: int | None
    rss: int
    log_path: Path | None


def _silent(_message: str) -> None:
    """Say nothing."""


def up(
    home: Path | None = None,
    *,
    external: External = NOTHING_EXTERNAL,
    options: Options | None = None,
    say: Callable[[str], None] = _silent,
) -> Endpoints:
    """Start those of the home's servers that do not run, both at once, and wait until they answer.

    They outlive this process. Calling it again is quick and changes nothing; a second caller waits for the first.

    Args:
        home: the home folder; None for `default_home()`.
        external: servers that run elsewhere, used in place of local ones.
        options: how to start them.
        say: told of progress, also from other threads, one call at a time.

    Raises:
        LocalStackError: a server cannot be had; the message says what to do. The other one is left running.
    """
    options = options or Options()
    database, search = external_database(external), external_search(external)
    if database is not None and search is not None:
        return Endpoints.of(database, search)
    place = Home(home or default_home())
    place.prepare()
    speaking = threading.Lock()

    def speak(message: str) -> None:
        with speaking:
            say(message)

    def start_database(passwords: dict[str, str]) -> DatabaseEndpoints:
        return database or postgres.start(
            place,
            passwords,
            port=options.postgres_port,
            fsync=not options.throwaway,
            timeout=options.start_timeout,
            say=speak,
        )

    def start_search(passwords: dict[str, str]) -> SearchEndpoints:
        return search or elasticsearch.start(
            place,
            passwords[elasticsearch_config.NAME],
            port=options.elasticsearch_port,
            heap=options.heap,
            quick_start=options.throwaway,
            timeout=options.start_timeout,
            say=speak,
        )

    with place.locked(options.lock_timeout):
        place.check_space(options.needed_space)
        passwords = place.secrets()
        with ThreadPoolExecutor(max_workers=2) as pool:
            jobs = pool.submit(start_database, passwords), pool.submit(start_search, passwords)
        return Endpoints.of(jobs[0].result(), jobs[1].result())


def down(home: Path | None = None, *, options: Options | None = None, say: Callable[[str], None] = _silent) -> None:
    """Stop every process the home has a record of, and its servers in any case, and wait until they are gone.

    What others have recorded there (Airflow's daemons) goes first, because it uses the servers.

    Raises:
        LocalStackError: another command holds the home.
    """
    options = options or Options()
    place = Home(home or default_home())
    if not place.path.exists():
        return
    with place.locked(options.lock_timeout):
        records = place.state().processes
        clients = [record for name, record in records.items() if name not in SERVERS]
        servers = [record for name, record in records.items() if name in SERVERS]
        # Servers whose record was lost, or replaced by the next stage of a start, are known by their own pid files.
        finders = (postgres.find_running, elasticsearch.find_running)

        def stop(record: ProcessRecord) -> None:
            alive = process.is_alive(record)
            first = postgres.STOP_SIGNAL if record.name == postgres.NAME else signal.SIGTERM
            if not process.stop(record, options.stop_timeout, first):
                say(f"{record.name} (pid {record.pid}) did not end within {options.stop_timeout:.0f} s and was killed")
            elif alive:
                say(f"{record.name} (pid {record.pid}) stopped")
            place.forget(record.name)

        def stop_all(some: list[ProcessRecord]) -> None:
            with ThreadPoolExecutor(max_workers=8) as pool:
                list(pool.map(stop, some))

        stop_all(clients)
        stop_all(servers)
        stop_all([found[0] for find in finders if (found := find(place)) is not None])


def status(home: Path | None = None) -> list[ProcessStatus]:
    """Say of each process the home has a record of, and of both servers in any case, whether it runs."""
    state = Home(home or default_home()).state()
    found = []
    for name in (*SERVERS, *(name for name in state.processes if name not in SERVERS)):
        record = state.processes.get(name)
        alive = record is not None and process.is_alive(record)
        found.append(
            ProcessStatus(
                name=name,
                alive=alive,
                pid=record.pid if record is not None and alive else None,
                port=state.ports.get(name) if alive else None,
                rss=process.rss(record) if record is not None else 0,
                log_path=record.log_path if record is not None else None,
            )
        )
    return found


@contextlib.contextmanager
def running(
    home: Path,
    *,
    external: External = NOTHING_EXTERNAL,
    options: Options | None = None,
    say: Callable[[str], None] = _silent,
) -> Iterator[Endpoints]:
    """Start the servers, give their endpoints, and stop them at the end, also when the start itself failed halfway.

    Raises:
        LocalStackError: as `up`.
    """
    try:
        yield up(home, external=external, options=options, say=say)
    finally:
        down(home, options=options, say=say)
