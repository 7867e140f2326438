"""Elasticsearch 9.5 on one machine: unpacked into the home, one node on the loopback, asking for a password."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import psutil
import requests

from archiver.local import process
from archiver.local.download import VERSION, fetch_elasticsearch, unpack
from archiver.local.elasticsearch_config import NAME, configure, keep_password, node_log
from archiver.local.endpoints import SearchEndpoints
from archiver.local.errors import HomeUnusableError, LocalStackError, ServerDiedError
from archiver.local.java import find_java
from archiver.local.ports import LOOPBACK, choose_port

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from archiver.local.home import Home
    from archiver.local.process import ProcessRecord

USER = "elastic"  # the built-in superuser; this build cannot make API keys
_HEAP = re.compile(r"[1-9][0-9]*[mg]")
_POLL_SECONDS = 0.1
_TRIES = 3
_UNAUTHORISED = 401


def endpoints(port: int, password: str) -> SearchEndpoints:
    """Give the address and credentials of the embedded Elasticsearch on this port."""
    return SearchEndpoints(
        elasticsearch_url=f"http://{LOOPBACK}:{port}",
        elasticsearch_user=USER,
        elasticsearch_password=password,
        elasticsearch_ca=None,
        elasticsearch_api_key=None,
    )


def start(
    home: Home,
    password: str,
    *,
    port: int | None,
    heap: str,
    quick_start: bool,
    timeout: float,
    say: Callable[[str], None],
) -> SearchEndpoints:
    """Start the home's Elasticsearch unless it runs, and wait until its cluster is at least yellow.

    Args:
        home: the prepared home, its lock held.
        password: of the user `elastic`.
        port: the HTTP port to insist on; None for the last one used, or any.
        heap: the JVM's heap, as `512m` or `1g`.
        quick_start: compile less, which saves seconds at the start and costs speed later: for tests.
        timeout: seconds to wait for it.
        say: told of what goes on.

    Raises:
        LocalStackError: what it could not do, and what to do about it.
    """
    if not _HEAP.fullmatch(heap):
        raise LocalStackError(f"The Elasticsearch heap {heap!r} is no size: write it as 512m or 1g.")
    folder = home.folder(NAME)
    known = home.state().processes.get(NAME)
    found = find_running(home)
    if found is None and known is not None and process.is_alive(known):
        say(f"A start that was interrupted is still under way (pid {known.pid}); waiting for it")
        process.wait_gone(known, timeout)
        found = find_running(home)
    if found is not None:
        record, running_port = found
        _wait_ready(record, running_port, password, timeout, 0)
        home.remember(record, running_port)
        return endpoints(running_port, password)
    java = find_java(user=home.user)
    distribution = folder / f"elasticsearch-{VERSION}"
    if not distribution.exists():
        archive = fetch_elasticsearch(say)
        say("Unpacking Elasticsearch")
        unpack(archive, distribution)
    if known is not None:
        say(f"Elasticsearch (pid {known.pid}) was not shut down; it recovers from its log")
    say(f"Starting Elasticsearch on Java {java.version} ({java.home})")
    # The heap grows as it is used (Elasticsearch would touch all of it at once), which spares a laptop's memory.
    jvm = [f"-Xms{heap}", f"-Xmx{heap}", "-XX:-AlwaysPreTouch", *(["-XX:TieredStopAtLevel=1"] if quick_start else [])]
    record, running_port = _launch(home, distribution, java.home, password, port=port, jvm=jvm, timeout=timeout)
    home.remember(record, running_port)
    say(f"Elasticsearch runs on {LOOPBACK}:{running_port} (pid {record.pid})")
    return endpoints(running_port, password)


def find_running(home: Home) -> tuple[ProcessRecord, int] | None:
    """Find this home's node and its port by its own pid file, also one whose record was lost; None if it is down."""
    folder = home.path / NAME
    pid_file, port_file = folder / "node.pid", folder / "node.port"
    try:
        pid, port = int(pid_file.read_text(encoding="ascii")), int(port_file.read_text(encoding="ascii"))
        command = " ".join(psutil.Process(pid).cmdline())
    except (OSError, ValueError, psutil.Error):
        return None
    if str(folder) not in command or "java" not in command:
        return None
    record = process.record_of(NAME, pid, node_log(home))
    return None if record is None else (record, port)


def _launch(
    home: Home, distribution: Path, java: Path, password: str, *, port: int | None, jvm: list[str], timeout: float
) -> tuple[ProcessRecord, int]:
    log_path = home.logs / "elasticsearch.log"
    folder = distribution.parent
    last = home.state().ports.get(NAME)
    for attempt in range(_TRIES):
        chosen = choose_port("Elasticsearch", fixed=port, last=last)
        transport = choose_port("Elasticsearch", fixed=None, last=None, avoid=frozenset({chosen}))
        environment = configure(home, distribution, java, http_port=chosen, transport_port=transport, jvm=jvm)
        keep_password(home, distribution, environment, password)
        (folder / "node.pid").unlink(missing_ok=True)
        (folder / "node.port").write_text(str(chosen), encoding="ascii")
        offset = process.log_size(log_path)
        launcher = process.start_daemon(
            NAME,
            [distribution / "bin" / "elasticsearch", "-d", "-p", folder / "node.pid"],
            env=environment,
            cwd=folder,
            user=home.user,
            log_path=log_path,
        )
        home.remember(launcher, chosen)  # so that the next command finds it if this one is killed meanwhile
        try:
            record = _background(launcher, folder / "node.pid", node_log(home), timeout, offset)
            home.remember(record, chosen)
            _wait_ready(record, chosen, password, timeout, 0)
        except ServerDiedError:
            process.stop(launcher, 5)
            leftover = find_running(home)
            if leftover is not None:
                process.stop(leftover[0], timeout)
            home.forget(NAME)
            lost_port = "BindHttpException" in process.log_since(log_path, offset, lines=500)
            if port is None and lost_port and attempt < _TRIES - 1:
                continue
            raise
        return record, chosen
    raise AssertionError("unreachable: the last attempt returns or raises")


def _background(launcher: ProcessRecord, pid_file: Path, node_log: Path, timeout: float, offset: int) -> ProcessRecord:
    """Wait until the launcher has put the node into the background; give the node's own record.

    The launcher stays until the node is up, and ends with an error when the node fails.
    """
    if not process.wait_gone(launcher, timeout):
        raise ServerDiedError(
            f"Elasticsearch did not start within {timeout:.0f} s; its log {launcher.log_path} ends:\n"
            f"{process.log_since(launcher.log_path, offset)}"
        )
    try:
        record = process.record_of(NAME, int(pid_file.read_text(encoding="ascii")), node_log)
    except (OSError, ValueError):
        record = None
    if record is None:
        raise ServerDiedError(
            f"Elasticsearch ended while it was being started; its log {launcher.log_path} ends:\n"
            f"{process.log_since(launcher.log_path, offset)}"
        )
    return record


def _wait_ready(record: ProcessRecord, port: int, password: str, timeout: float, offset: int) -> None:
    until = time.monotonic() + timeout
    with requests.Session() as session:
        session.trust_env = False  # a proxy for the outside world has no business on the loopback
        session.auth = (USER, password)
        while True:
            try:
                answer = session.get(
                    f"http://{LOOPBACK}:{port}/_cluster/health",
                    params={"wait_for_status": "yellow", "timeout": "1s"},
                    timeout=5,
                )
                if answer.ok:
                    return
                if answer.status_code == _UNAUTHORISED:
                    raise HomeUnusableError(
                        f"Elasticsearch on {LOOPBACK}:{port} refuses the password in secrets.json of this home: put "
                        "back the one it was made with, or delete the home's elasticsearch folder and re-index."
                    )
                reason = f"HTTP {answer.status_code}"
            except requests.RequestException as error:
                reason = str(error)
            if not process.is_alive(record):
                said = process.log_since(record.log_path, offset)
                raise ServerDiedError(f"Elasticsearch ended; its log {record.log_path} ends:\n{said}")
            if time.monotonic() > until:
                said = process.log_since(record.log_path, offset)
                raise ServerDiedError(
                    f"Elasticsearch did not become ready within {timeout:.0f} s ({reason}); its log {record.log_path} "
                    f"ends:\n{said}"
                )
            time.sleep(_POLL_SECONDS)
