"""Sees to it that the machine has what the tests cannot bring along: Chromium, Redis, a C++ compiler.

usage: ``python tests/install_needs.py [--check]``

As root on Debian or Ubuntu the missing ones are installed with apt-get; otherwise, or with ``--check``, it says what is
missing and how to get it, and ends with exit code 1. Quick when all is there. Needs the standard library only.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
APT_SECONDS = 1200


class MissingError(RuntimeError):
    """Something the tests need is not on this machine; the message says what to do."""


@dataclass(frozen=True)
class Need:
    """Something the tests need.

    Attributes:
        name: as a reader knows it.
        why: what it is for.
        package: Debian's package.
        there: tells whether the machine has it.
        instead: another way than the package.
    """

    name: str
    why: str
    package: str
    there: Callable[[], bool]
    instead: str = ""

    def __str__(self) -> str:
        """What is missing, what for and how to get it."""
        other = f", or {self.instead}" if self.instead else ""
        return f"{self.name} ({self.why}): install the package {self.package}{other}"


def on_path(*programs: str) -> bool:
    """Whether any of the programs can be run."""
    return first_on_path(*programs) is not None


def first_on_path(*programs: str) -> str | None:
    """The first of the programs that can be run."""
    return next(filter(None, map(shutil.which, programs)), None)


def has_chromium() -> bool:
    """Whether ``CHROMIUM_PATH`` names a program, or PATH has one."""
    named = os.environ.get("CHROMIUM_PATH")
    return os.access(named, os.X_OK) if named else on_path(*CHROMIUM_NAMES)


CHROMIUM = Need("Chromium", "browser tests", "chromium", has_chromium, "set CHROMIUM_PATH")
NEEDS = (
    CHROMIUM,
    Need("Redis", "the Bluesky network's AppView", "redis-server", lambda: on_path("redis-server")),
    Need("a C++ compiler", "compiles the Bluesky network's SQLite", "g++", lambda: on_path("c++", "g++", "clang++")),
    Need("make", "as the compiler", "make", lambda: on_path("make", "gmake")),
)


def missing(needs: Sequence[Need] = NEEDS) -> list[Need]:
    """Those of the needs that the machine does not meet."""
    return [need for need in needs if not need.there()]


def can_install() -> bool:
    """Whether we may install packages here: root, with apt-get."""
    return os.geteuid() == 0 and on_path("apt-get")


def install(needs: Sequence[Need]) -> None:
    """Installs the needs' packages.

    Raises:
        MissingError: apt-get failed, or succeeded and something is still missing.
    """
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    packages = [need.package for need in needs]
    for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        done = subprocess.run(
            ["apt-get", *command], env=environment, capture_output=True, text=True, check=False, timeout=APT_SECONDS
        )
        if done.returncode:
            tail = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
            raise MissingError(f"apt-get {' '.join(command)} failed with exit code {done.returncode}:\n{tail}")
    if still := missing(needs):
        raise MissingError("apt-get has installed, and still missing: " + "; ".join(map(str, still)))


def install_chromium() -> str:
    """Installs Chromium where we may.

    Returns:
        The program.

    Raises:
        MissingError: we may not, or it failed; says what to do.
    """
    if not can_install():
        raise MissingError(str(CHROMIUM))
    install([CHROMIUM])
    program = first_on_path(*CHROMIUM_NAMES)
    if program is None:
        raise MissingError(f"installed but not on PATH: {CHROMIUM}")
    return program


def main(arguments: Sequence[str] | None = None) -> int:
    """Checks, installs if it may, and reports; gives the exit code."""
    parser = argparse.ArgumentParser(description="Install what the tests need and cannot bring along.")
    parser.add_argument("--check", action="store_true", help="only say what is missing")
    options = parser.parse_args(arguments)
    wanted = missing()
    if not wanted:
        return 0
    if options.check or not can_install():
        _say("The tests need, and this machine has not:", *(f"  - {need}" for need in wanted))
        _say("As root: apt-get install -y --no-install-recommends " + " ".join(need.package for need in wanted))
        return 1
    _say("Installing for the tests: " + ", ".join(need.package for need in wanted))
    try:
        install(wanted)
    except MissingError as error:
        _say(str(error))
        return 1
    return 0


def _say(*lines: str) -> None:
    sys.stderr.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
