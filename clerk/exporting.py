"""The worker of the exports, started beside the pages whenever something is to be made, so that a small city needs no other.

It is a process of its own: a large export must not make the pages slow, nor take them with it when it fails.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

from search.exports import jobs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archiver.archive import Archive

_EVERY, _LOOK = 1.0, 0.1
_AFTER_FAILURE = 30.0
_TO_END = 20.0
"""Seconds: between two looks for work, and at the worker; until the next try after one failed; for one to give its job back."""
_log = structlog.get_logger(__name__)


@contextlib.contextmanager
def supervised(archive: Archive) -> Iterator[None]:
    """While this lasts, what is asked for is made. The worker finds index and settings as this process did."""
    stop = threading.Event()
    thread = threading.Thread(target=_watch, args=(archive, stop), daemon=True, name="exports")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _watch(archive: Archive, stop: threading.Event) -> None:
    while not stop.wait(_EVERY):
        try:
            if not jobs.to_do(archive.engine):
                continue
        except SQLAlchemyError as error:
            _log.warning("exports cannot be looked for", error=str(error))
            stop.wait(_AFTER_FAILURE)
            continue
        code = _work(archive, stop)
        if code and not stop.is_set():
            _log.error("the worker of the exports failed", code=code)
            stop.wait(_AFTER_FAILURE)


def _work(archive: Archive, stop: threading.Event) -> int:
    # The same database and folder as ours, wherever these come from. The environment is not shown to other users.
    env = {
        **os.environ,
        "DATABASE_URL": archive.engine.url.render_as_string(hide_password=False),
        "CIVIC_ARCHIVE_HOME": str(archive.spool.parent),
    }
    command = [sys.executable, "-m", "archiver.cli", "exports", "run", "--once"]
    process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)  # noqa: S603 - our own
    while process.poll() is None:
        if stop.wait(_LOOK):
            return _ended(process)
    return process.returncode


def _ended(process: subprocess.Popen[bytes]) -> int:
    process.terminate()
    try:
        return process.wait(_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
