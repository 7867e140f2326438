"""The Redis that the Bluesky network's AppView uses, and the node modules it is made of."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from tests.fixtures.bluesky import PACKAGE
from tests.fixtures.node_modules import InstallError, install
from tests.fixtures.redis_server import RedisError, running_redis

if TYPE_CHECKING:
    from pathlib import Path


def test_redis_runs_on_loopback_and_ends(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It answers within the block, and its port is free again after it."""
    monkeypatch.chdir(tmp_path)
    with running_redis() as address:
        host, port = address.split(":")
        assert host == "127.0.0.1"
        with socket.create_connection((host, int(port)), timeout=5) as wire:
            wire.sendall(b"DBSIZE\r\n")
            assert wire.recv(16) == b":0\r\n"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=5)
    assert list(tmp_path.iterdir()) == []


def test_a_machine_without_redis_and_apt_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where there is no Redis and no way to get one, the error names what to install."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CIVIC_ARCHIVE_TEST_CACHE", str(tmp_path))
    with pytest.raises(RedisError, match="redis-server, which is not on PATH"), running_redis():
        pass


def test_a_machine_without_a_compiler_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The error comes before minutes of installing, names the compiler, and leaves nothing half made."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CIVIC_ARCHIVE_TEST_CACHE", str(tmp_path))
    with pytest.raises(InstallError, match=r"needs make and a C\+\+ compiler \(g\+\+\)"):
        install(PACKAGE)
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == []


def test_the_lock_file_names_no_registry() -> None:
    """The committed lock file resolves through whatever registry the machine is set up for."""
    lock = (PACKAGE / "package-lock.json").read_text()
    assert '"integrity"' in lock
    assert '"resolved"' not in lock
