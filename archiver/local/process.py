"""Daemons: started apart from us, recognised again by pid and start time, stopped by pid alone.

A pid by itself says nothing after a reboot or a crash, because the system hands it out again. Every record therefore
keeps when the process started, and nothing is ever signalled whose start time differs.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from archiver.local.user import give_to, run_as

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archiver.local.user import ServiceUser

LOG_LIMIT = 20 * 1024 * 1024
_POLL_SECONDS = 0.05
_KILL_SECONDS = 10.0
_STAT = Path("/proc/self/stat")
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

# Children of this very process: they must be waited for, or they stay behind as zombies.
_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class ProcessRecord:
    """One daemon: its name, its pid, when it started (an opaque mark) and where it logs."""

    name: str
    pid: int
    started: str
    log_path: Path

    def to_json(self) -> dict[str, str | int]:
        """Give the record as JSON values."""
        return {"name": self.name, "pid": self.pid, "started": self.started, "log_path": str(self.log_path)}

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> ProcessRecord:
        """Read what `to_json` gave.

        Raises:
            KeyError, ValueError: the data is no such record.
        """
        return cls(str(data["name"]), int(str(data["pid"])), str(data["started"]), Path(str(data["log_path"])))


def base_environment(home: Path) -> dict[str, str]:
    """Give the environment a server starts with: nothing of the caller's own but the search path.

    Args:
        home: what the server sees as HOME, a folder it may write to.
    """
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
    }


def start_daemon(
    name: str,
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    cwd: Path,
    user: ServiceUser | None,
    log_path: Path,
) -> ProcessRecord:
    """Start a program in a session of its own, so that it outlives us and our terminal.

    Args:
        name: what to call it.
        argv: program and arguments.
        env: its whole environment (see `base_environment`).
        cwd: its working folder.
        user: whom to run it as; None for ourselves.
        log_path: where its output is appended; moved to `NAME.1` first when it has grown beyond 20 MiB.

    Raises:
        OSError: the program cannot be started at all. Whether it stays alive is for the caller to see.
    """
    if log_path.exists() and log_path.stat().st_size > LOG_LIMIT:
        log_path.replace(log_path.with_name(log_path.name + ".1"))
    with log_path.open("ab") as log:
        log_path.chmod(0o640)
        give_to(user, log_path)
        child = subprocess.Popen(  # noqa: S603 -- the arguments are our own, no shell is involved
            [str(part) for part in argv],
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=0o077,
            **run_as(user),
        )
    _children[child.pid] = child
    # Not yet waited for, the pid cannot have been handed to anyone else, even when the child is dead already.
    return ProcessRecord(name, child.pid, start_mark(child.pid) or "gone", log_path)


def record_of(name: str, pid: int, log_path: Path) -> ProcessRecord | None:
    """Make the record of a process that runs already (one that put itself into the background); None if it is gone."""
    mark = start_mark(pid)
    return None if mark is None else ProcessRecord(name, pid, mark, log_path)


def start_mark(pid: int) -> str | None:
    """Say when the process with this pid started; None when there is none, or only its zombie.

    On Linux the boot and the clock ticks since it (proc(5), field 22), which no change of the clock alters; elsewhere
    the creation time as the system tells it.
    """
    _reap(pid)
    if _STAT.exists():
        try:
            text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
        except OSError:
            return None
        # The name, field 2, is in brackets and may hold anything, so count from the last bracket.
        fields = text.rpartition(")")[2].split()
        state, threads, ticks = fields[0], int(fields[17]), fields[19]
        # The first thread of a killed JVM is a zombie while the others still hold its ports and files.
        if state in "Xx" or (state == "Z" and threads <= 1):
            return None
        return f"{_BOOT_ID.read_text(encoding='ascii').strip()}/{ticks}"
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.2f}"
    except psutil.Error:
        return None


def is_alive(record: ProcessRecord) -> bool:
    """Tell whether this very process, not another with its pid, still runs."""
    return start_mark(record.pid) == record.started


def rss(record: ProcessRecord) -> int:
    """Give the bytes of memory the process and its children hold (shared pages counted for each); 0 when it is gone."""
    if not is_alive(record):
        return 0
    total = 0
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(record.pid)
        for one in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                total += one.memory_info().rss
    return total


def stop(record: ProcessRecord, timeout: float, first: signal.Signals = signal.SIGTERM) -> bool:
    """Stop a daemon and wait until it is gone.

    Args:
        record: which.
        timeout: seconds to wait before it, its group and its children are killed.
        first: the signal that asks it to end.

    Returns:
        True when it ended by itself (or was gone already), False when it had to be killed.
    """
    if not is_alive(record):
        return True
    try:
        family = psutil.Process(record.pid).children(recursive=True)
    except psutil.Error:
        family = []
    with contextlib.suppress(ProcessLookupError):
        os.kill(record.pid, first)
    if wait_gone(record, timeout):
        return True
    _kill(record)
    for one in family:  # psutil compares start times itself before it signals
        with contextlib.suppress(psutil.Error):
            one.kill()
    wait_gone(record, _KILL_SECONDS)
    return False


def wait_gone(record: ProcessRecord, timeout: float) -> bool:
    """Wait up to `timeout` seconds for a process to end; tell whether it did."""
    until = time.monotonic() + timeout
    while is_alive(record):
        if time.monotonic() > until:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def log_size(path: Path) -> int:
    """Give the length of a log in bytes, 0 when there is none: the place where the next run's lines begin."""
    return path.stat().st_size if path.exists() else 0


def log_since(path: Path, offset: int, lines: int = 25) -> str:
    """Give the last lines of a log written after `offset` bytes; all of a log that was rotated since."""
    if not path.exists():
        return ""
    with path.open("rb") as log:
        log.seek(offset if offset <= path.stat().st_size else 0)
        text = log.read().decode("utf-8", errors="replace")
    return "\n".join(text.splitlines()[-lines:])


def _kill(record: ProcessRecord) -> None:
    """Kill the process, and its whole group where it leads one (another's group is never touched)."""
    if not is_alive(record):
        return
    with contextlib.suppress(ProcessLookupError):
        if os.getpgid(record.pid) == record.pid:
            os.killpg(record.pid, signal.SIGKILL)
        else:
            os.kill(record.pid, signal.SIGKILL)


def _reap(pid: int) -> None:
    child = _children.get(pid)
    if child is not None and child.poll() is not None:
        del _children[pid]
