"""The home folder: all that the embedded stack keeps, under one roof.

```
HOME/state.json      pids with start times, ports
HOME/secrets.json    the passwords, made at first start, mode 0600
HOME/lock            held while `up` or `down` works
HOME/logs/           what the servers say
HOME/postgres/       data, and a copy of the binaries where the servers' user cannot reach the installed ones
HOME/elasticsearch/  the unpacked distribution, config, data, tmp
```
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from archiver.local.errors import DiskFullError, HomeBusyError, HomeUnusableError
from archiver.local.process import ProcessRecord
from archiver.local.user import ServiceUser, can_execute, give_to, service_user

if TYPE_CHECKING:
    from collections.abc import Iterator

HOME_VARIABLE = "CIVIC_ARCHIVE_HOME"
ROOT_HOME = Path("/var/lib/civic-archive")
SECRET_NAMES = ("postgres", "archive_owner", "archive_app", "airflow", "elasticsearch")
_LOCK_POLL_SECONDS = 0.1


def default_home() -> Path:
    """Give the home folder: `CIVIC_ARCHIVE_HOME`, else the user's data folder.

    For root that is `/var/lib/civic-archive`, because the servers run as another user, who cannot enter `/root`.
    """
    named = os.environ.get(HOME_VARIABLE)
    if named:
        return Path(named).expanduser()
    return ROOT_HOME if os.geteuid() == 0 else platformdirs.user_data_path("civic-archive")


@dataclass
class State:
    """What is remembered between commands: the processes, by name, and the ports they last had."""

    processes: dict[str, ProcessRecord] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)


class Home:
    """One home folder, prepared for use."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()
        self.user: ServiceUser | None = service_user()
        self.logs = self.path / "logs"
        self._state_lock = threading.Lock()

    def prepare(self) -> None:
        """Make the folder and check that the servers' user can enter it.

        Raises:
            HomeUnusableError: it cannot be made, or not be entered.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self.path.chmod(0o755 if self.user else 0o700)
            self.logs.mkdir(exist_ok=True)
            self.logs.chmod(0o755 if self.user else 0o700)
        except OSError as error:
            raise HomeUnusableError(
                f"The home folder {self.path} cannot be made or changed ({error.strerror}): "
                f"set {HOME_VARIABLE} to a folder you may write to."
            ) from error
        if self.user and not can_execute(self.user, self.path):
            raise HomeUnusableError(
                f"The servers run as the user {self.user.name}, who cannot enter {self.path} "
                f"(a folder above it is closed to others): set {HOME_VARIABLE} to a folder such as {ROOT_HOME}, "
                "or run the command as an ordinary user."
            )

    def check_space(self, needed: int) -> None:
        """Refuse to start servers on a disk that is about to be full.

        Args:
            needed: bytes that must be free.

        Raises:
            DiskFullError: fewer are.
        """
        free = shutil.disk_usage(self.path).free
        if free < needed:
            raise DiskFullError(
                f"{free / 2**20:.0f} MiB are free where {self.path} lies, at least {needed / 2**20:.0f} MiB are "
                f"needed: free some space, or set {HOME_VARIABLE} to a folder on another disk."
            )

    def folder(self, *parts: str) -> Path:
        """Make a folder under the home that belongs to the servers' user and is closed to others."""
        path = self.path
        for part in parts:
            path = path / part
            path.mkdir(exist_ok=True)
            path.chmod(0o700)
            give_to(self.user, path)
        return path

    @contextlib.contextmanager
    def locked(self, timeout: float) -> Iterator[None]:
        """Hold the home's lock; the system frees it by itself when the holder dies.

        Args:
            timeout: seconds to wait for another holder.

        Raises:
            HomeBusyError: it is still held after that.
        """
        path = self.path / "lock"
        # Closed to others, who could hold the lock for ever if they could open it.
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+", encoding="ascii") as lock:
            until = time.monotonic() + timeout
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > until:
                        lock.seek(0)
                        raise HomeBusyError(
                            f"Another command (pid {lock.read().strip() or 'unknown'}) is starting or stopping the "
                            f"servers of {self.path}: wait until it is done, or use another {HOME_VARIABLE}."
                        ) from None
                    time.sleep(_LOCK_POLL_SECONDS)
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield

    def state(self) -> State:
        """Read what is remembered; an absent or torn file is an empty state (the servers' own pid files remain)."""
        try:
            data = json.loads((self.path / "state.json").read_text(encoding="utf-8"))
            return State(
                {name: ProcessRecord.from_json(one) for name, one in data["processes"].items()},
                {name: int(port) for name, port in data["ports"].items()},
            )
        except (FileNotFoundError, ValueError, KeyError, AttributeError, TypeError):
            return State()

    def remember(self, record: ProcessRecord, port: int | None = None) -> None:
        """Keep a daemon's record, and its port, in the state."""
        with self._state_lock:
            state = self.state()
            state.processes[record.name] = record
            if port is not None:
                state.ports[record.name] = port
            self._write_state(state)

    def forget(self, name: str) -> None:
        """Drop a daemon's record from the state; its port stays, to be used again."""
        with self._state_lock:
            state = self.state()
            if state.processes.pop(name, None) is not None:
                self._write_state(state)

    def secrets(self) -> dict[str, str]:
        """Give the passwords by role (see `SECRET_NAMES`), making those that are missing.

        Raises:
            HomeUnusableError: the file is damaged, or gone while a database made with it is there.
        """
        path = self.path / "secrets.json"
        try:
            found = {str(name): str(one) for name, one in json.loads(path.read_text(encoding="utf-8")).items()}
        except FileNotFoundError:
            if (self.path / "postgres" / "data").exists():
                raise HomeUnusableError(
                    f"{path} is gone, and with it the passwords of the database in {self.path / 'postgres'}: put it "
                    "back from a backup, or move the home folder away to begin anew."
                ) from None
            found = {}
        except (ValueError, AttributeError) as error:
            raise HomeUnusableError(f"{path} is damaged ({error}): put it back from a backup.") from error
        missing = [name for name in SECRET_NAMES if name not in found]
        if missing:
            found |= {name: secrets.token_hex(24) for name in missing}
            write_private(path, json.dumps(found, indent=2))
        return found

    def _write_state(self, state: State) -> None:
        text = json.dumps(
            {"processes": {name: one.to_json() for name, one in state.processes.items()}, "ports": state.ports},
            indent=2,
        )
        write_private(self.path / "state.json", text)


def write_private(path: Path, text: str) -> None:
    """Write a file whole or not at all, readable by ourselves only."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
