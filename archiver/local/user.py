"""The unprivileged user the servers run as when the command itself runs as root.

Postgres and Elasticsearch both refuse to run as root. No user is added to the system: an existing one is used.
"""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from archiver.local.errors import HomeUnusableError

if TYPE_CHECKING:
    from pathlib import Path

USER_VARIABLE = "CIVIC_ARCHIVE_SERVICE_USER"
CANDIDATES = ("civic-archive", "nobody")


@dataclass(frozen=True)
class ServiceUser:
    """A system user, by name and numbers."""

    name: str
    uid: int
    gid: int


class RunAs(TypedDict, total=False):
    """The arguments of `subprocess` that change the user."""

    user: int
    group: int
    extra_groups: list[int]


def service_user() -> ServiceUser | None:
    """Give the user to run servers as; None when this process is not root (they run as its own user).

    `CIVIC_ARCHIVE_SERVICE_USER` names one; otherwise `civic-archive`, then `nobody`, whichever exists.

    Raises:
        HomeUnusableError: the named user does not exist or is root, or none of the candidates exists.
    """
    if os.geteuid() != 0:
        return None
    wanted = os.environ.get(USER_VARIABLE)
    for name in (wanted,) if wanted else CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return ServiceUser(entry.pw_name, entry.pw_uid, entry.pw_gid)
    names = wanted or " or ".join(CANDIDATES)
    raise HomeUnusableError(
        f"Postgres and Elasticsearch refuse to run as root, and there is no unprivileged user {names} to run them as: "
        f"create one (useradd --system civic-archive), or set {USER_VARIABLE} to one that exists."
    )


def run_as(user: ServiceUser | None) -> RunAs:
    """Give the `subprocess` arguments that run a command as this user, with none of our groups."""
    return {} if user is None else {"user": user.uid, "group": user.gid, "extra_groups": []}


def give_to(user: ServiceUser | None, path: Path) -> None:
    """Make the user the owner of a path; nothing to do when servers run as ourselves."""
    if user is not None:
        os.chown(path, user.uid, user.gid, follow_symlinks=False)


def can_execute(user: ServiceUser | None, path: Path) -> bool:
    """Tell whether the user may run this file (or enter this folder), asked of the system itself as that user."""
    done = subprocess.run(  # noqa: S603 -- a fixed command; the path is an argument, not shell text
        ["/bin/sh", "-c", 'test -x "$1"', "sh", str(path)], check=False, cwd="/", **run_as(user)
    )
    return done.returncode == 0
