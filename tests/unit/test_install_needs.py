"""What `make test` does first: see to the programs that the tests cannot bring along."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.install_needs import NEEDS, MissingError, install

SCRIPT = Path(__file__).parent.parent / "install_needs.py"
PROGRAMS = ("chromium", "redis-server", "g++", "make")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder that is all of PATH, with the programs wanted in it."""
    for name in PROGRAMS:
        add_program(tmp_path, name)
    return tmp_path


def add_program(folder: Path, name: str, script: str = "exit 0") -> None:
    """Puts a shell script there under a program's name."""
    program = folder / name
    program.write_text(f"#!{shutil.which('sh')}\n{script}\n")
    program.chmod(0o755)


def run(path: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs the script with a PATH of its own."""
    environment = {name: value for name, value in os.environ.items() if name != "CHROMIUM_PATH"}
    environment |= {"PATH": str(path)} | variables
    return subprocess.run(
        [sys.executable, SCRIPT, *arguments], env=environment, capture_output=True, text=True, check=False
    )


def test_nothing_is_done_when_all_is_there(machine: Path) -> None:
    """A machine with all of it is left alone, without a word."""
    add_program(machine, "apt-get", "exit 1")
    done = run(machine)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_is_missing_is_named_with_its_package(machine: Path) -> None:
    """Each missing program is named with its purpose and its package, and how to get them all."""
    for name in PROGRAMS:
        (machine / name).unlink()
    done = run(machine, "--check")
    assert done.returncode == 1
    for need in NEEDS:
        assert str(need) in done.stderr
    assert "apt-get install -y --no-install-recommends chromium redis-server g++ make" in done.stderr


def test_a_chromium_elsewhere_counts(machine: Path) -> None:
    """``CHROMIUM_PATH`` stands for a Chromium on PATH."""
    (machine / "chromium").rename(machine / "my-browser")
    assert run(machine, "--check").returncode == 1
    assert run(machine, "--check", CHROMIUM_PATH=str(machine / "my-browser")).returncode == 0


def test_only_the_missing_is_installed(machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """apt-get is asked for fresh lists, then for the missing packages alone."""
    (machine / "redis-server").unlink()
    log = tmp_path / "log"
    add_program(machine, "apt-get", f'echo "$@" >> {log}; [ "$1" = update ] || echo > {machine}/redis-server')
    monkeypatch.setenv("PATH", f"{machine}")
    with pytest.raises(MissingError, match=r"still missing: Redis"):
        install([need for need in NEEDS if not need.there()])  # what apt-get left there cannot be run
    assert log.read_text().splitlines() == ["update", "install -y --no-install-recommends redis-server"]


def test_a_failed_installation_says_why(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When apt-get fails, its own words are in the message."""
    add_program(machine, "apt-get", "echo 'E: no such package' >&2; exit 100")
    monkeypatch.setenv("PATH", str(machine))
    with pytest.raises(MissingError, match=r"exit code 100:\nE: no such package"):
        install(NEEDS)
