"""Daemons are recognised by pid and start time, and nothing else is ever signalled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import psutil
import pytest

from archiver.local import process
from archiver.local.process import ProcessRecord, start_daemon

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Starter = Callable[[str], ProcessRecord]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starter]:
    """Starts a shell script as a daemon that logs to `daemon.log`; what is left of it is killed afterwards."""
    started: list[ProcessRecord] = []

    def make(script: str) -> ProcessRecord:
        environment = process.base_environment(tmp_path)
        log = tmp_path / "daemon.log"
        record = start_daemon(
            "daemon", ["/bin/sh", "-c", script], env=environment, cwd=tmp_path, user=None, log_path=log
        )
        started.append(record)
        return record

    yield make
    for record in started:
        process.stop(record, 0, signal.SIGKILL)


def wait_for(log: Path, text: str) -> None:
    """Wait until a log holds a text."""
    until = time.monotonic() + 10
    while text not in process.log_since(log, 0):
        assert time.monotonic() < until, f"{text!r} never came"
        time.sleep(0.02)


def test_a_daemon_leads_a_session_of_its_own(start: Starter, tmp_path: Path) -> None:
    """A daemon is apart from our terminal and group, and its output is in its log, private to its owner."""
    record = start("echo hello; sleep 60")
    wait_for(record.log_path, "hello")
    assert process.is_alive(record)
    assert os.getsid(record.pid) == record.pid != os.getsid(0)
    assert (tmp_path / "daemon.log").stat().st_mode & 0o007 == 0


def test_a_daemon_sees_nothing_of_our_environment(start: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets in the caller's environment do not reach a server."""
    monkeypatch.setenv("SOME_TOKEN", "hunter2")
    record = start("env; echo end")
    wait_for(record.log_path, "end")
    assert "hunter2" not in record.log_path.read_text()


def test_a_daemon_that_ended_is_not_alive(start: Starter) -> None:
    """A child of ours that ended counts as gone at once, and does not stay a zombie."""
    record = start("exit 3")
    assert process.wait_gone(record, 5)
    assert not psutil.pid_exists(record.pid)


def test_stop_asks_first(start: Starter) -> None:
    """A daemon that heeds the first signal ends by itself."""
    record = start("trap 'echo bye; exit 0' INT; echo ready; while :; do sleep 0.05; done")
    wait_for(record.log_path, "ready")
    assert process.stop(record, 5, signal.SIGINT) is True
    assert not process.is_alive(record)
    assert "bye" in process.log_since(record.log_path, 0)


def test_stop_kills_the_stubborn_and_its_children(start: Starter) -> None:
    """A daemon that heeds no signal is killed after the time given, with the children it had."""
    record = start("trap '' TERM; setsid sleep 61 & echo ready; while :; do sleep 0.05; done")
    wait_for(record.log_path, "ready")
    until = time.monotonic() + 5
    while not (children := [one for one in psutil.Process(record.pid).children() if "61" in one.cmdline()]):
        assert time.monotonic() < until
    assert process.stop(record, 0.3) is False
    assert not process.is_alive(record)
    assert psutil.wait_procs(children, timeout=5)[1] == []


def test_a_reused_pid_is_never_signalled(start: Starter) -> None:
    """A record whose pid now belongs to a process started at another time counts as gone, and that process lives on."""
    innocent = start("sleep 60")
    boot, _, ticks = innocent.started.partition("/")
    stale = replace(innocent, started=f"{boot}/{int(ticks) - 1}")
    assert not process.is_alive(stale)
    assert process.stop(stale, 1, signal.SIGKILL) is True
    assert process.is_alive(innocent)


def test_a_record_of_an_earlier_boot_is_gone(start: Starter) -> None:
    """After a reboot the same pid with the same ticks is another process."""
    now = start("sleep 60")
    assert not process.is_alive(replace(now, started=now.started.replace("-", "0", 1)))


def test_a_process_with_threads_left_is_not_gone() -> None:
    """A process whose first thread has ended but which runs on in others still counts: it holds its ports and files."""
    script = (
        "import ctypes, threading, time\n"
        "threading.Thread(target=time.sleep, args=(60,)).start()\n"
        "ctypes.CDLL(None).pthread_exit(None)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", script])
    try:
        until = time.monotonic() + 10
        while psutil.Process(child.pid).status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < until
            time.sleep(0.02)
        assert process.start_mark(child.pid) is not None
    finally:
        child.kill()
        child.wait()
    assert process.start_mark(child.pid) is None


def test_records_survive_json(start: Starter) -> None:
    """A record read back from JSON names the same process."""
    record = start("sleep 60")
    assert ProcessRecord.from_json(record.to_json()) == record


def test_log_since_skips_the_earlier_run(tmp_path: Path) -> None:
    """The lines shown with an error are those of this run, the last ones of it, or all of a log rotated since."""
    log = tmp_path / "log"
    assert process.log_since(log, 0) == ""
    log.write_text("old\n")
    offset = process.log_size(log)
    with log.open("a") as more:
        more.write("one\ntwo\nthree\n")
    assert process.log_since(log, offset, lines=2) == "two\nthree"
    assert process.log_since(log, 10_000) == "old\none\ntwo\nthree"


def test_a_large_log_is_moved_aside(start: Starter, tmp_path: Path) -> None:
    """A log past the limit is kept as `.1` and begun anew."""
    log = tmp_path / "daemon.log"
    with log.open("wb") as big:
        big.truncate(process.LOG_LIMIT + 1)
    wait_for(start("echo fresh").log_path, "fresh")
    assert (tmp_path / "daemon.log.1").stat().st_size == process.LOG_LIMIT + 1
    assert log.read_text() == "fresh\n"


def test_memory_is_counted(start: Starter) -> None:
    """A live process holds memory, one that is gone none."""
    record = start("echo ready; sleep 60")
    wait_for(record.log_path, "ready")  # before that the program itself is hardly loaded
    assert process.rss(record) > 100_000
    process.stop(record, 5)
    assert process.rss(record) == 0
