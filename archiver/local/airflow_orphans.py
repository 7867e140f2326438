"""Processes that a daemon of Airflow's left behind when it was killed: the scheduler's workers would wait for ever."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import psutil

from archiver.local import process

if TYPE_CHECKING:
    from archiver.local.process import ProcessRecord

_SECONDS = 3.0  # idle workers do not end when asked


def end_orphans(daemon: ProcessRecord) -> int:
    """End what is left of a daemon that is dead itself; gives how many processes that were.

    A daemon leads a session of its own (`start_daemon`), and the system does not hand its number out again while anybody
    is left in it. So a process with that number is either the daemon, or a stranger, and then nothing is left. A capture
    among them is cut short, which loses nothing: Airflow tries its task again.
    """
    if process.start_mark(daemon.pid) is not None:
        return 0
    orphans = [one for one in psutil.process_iter() if _session(one.pid) == daemon.pid and one.pid != daemon.pid]
    for one in list(orphans):  # a task may have begun a session of its own
        with contextlib.suppress(psutil.Error):
            orphans += [child for child in one.children(recursive=True) if child not in orphans]
    for one in orphans:
        with contextlib.suppress(psutil.Error):
            one.terminate()
    _, alive = psutil.wait_procs(orphans, timeout=_SECONDS)
    for one in alive:
        with contextlib.suppress(psutil.Error):
            one.kill()
    psutil.wait_procs(alive, timeout=_SECONDS)
    return len(orphans)


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None  # gone, or not for us to see
