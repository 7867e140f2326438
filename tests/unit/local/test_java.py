"""Finding a Java: which one is taken, and what is said when none fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from archiver.local.errors import JavaMissingError, JavaTooOldError
from archiver.local.java import find_java, read_java

if TYPE_CHECKING:
    from pathlib import Path

FULL = "java.base java.se jdk.net"


def make_java(folder: Path, version: str, modules: str | None = FULL, *, executable: bool = True) -> Path:
    """Make a folder that looks like a Java of this version."""
    (folder / "bin").mkdir(parents=True)
    program = folder / "bin" / "java"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755 if executable else 0o644)
    text = f'IMPLEMENTOR="test"\nJAVA_VERSION="{version}"\n'
    (folder / "release").write_text(text + (f'MODULES="{modules}"\n' if modules else ""))
    return folder


@pytest.fixture
def empty(tmp_path: Path) -> dict[str, str]:
    """An environment with nothing on the PATH."""
    return {"PATH": str(tmp_path / "nothing")}


@pytest.mark.parametrize(("text", "version"), [("25.0.3", 25), ("21", 21), ("1.8.0_402", 8), ("26-ea", 26)])
def test_versions_are_read(tmp_path: Path, text: str, version: int) -> None:
    """Each way of writing a Java version gives its feature number."""
    java = read_java(make_java(tmp_path / "java", text))
    assert java is not None
    assert java.version == version


def test_the_newest_of_the_system_is_taken(tmp_path: Path, empty: dict[str, str]) -> None:
    """Of the Javas a system has, the newest is taken."""
    for name, version in (("a", "17.0.1"), ("b", "25.0.3"), ("c", "21.0.2")):
        make_java(tmp_path / "jvm" / name, version)
    assert find_java(empty, (tmp_path / "jvm",)).home == tmp_path / "jvm" / "b"


def test_es_java_home_comes_first(tmp_path: Path, empty: dict[str, str]) -> None:
    """`ES_JAVA_HOME` wins over `JAVA_HOME`, and that over the system's."""
    make_java(tmp_path / "jvm" / "c", "25")
    own = make_java(tmp_path / "own", "21")
    general = make_java(tmp_path / "general", "22")
    folders = (tmp_path / "jvm",)
    assert find_java({**empty, "JAVA_HOME": str(general)}, folders).home == general
    assert find_java({**empty, "JAVA_HOME": str(general), "ES_JAVA_HOME": str(own)}, folders).home == own


def test_an_old_java_home_is_passed_over(tmp_path: Path, empty: dict[str, str]) -> None:
    """`JAVA_HOME` often names an old Java for other programs: a newer one of the system is taken then."""
    old = make_java(tmp_path / "old", "17")
    new = make_java(tmp_path / "jvm" / "new", "25")
    assert find_java({**empty, "JAVA_HOME": str(old)}, (tmp_path / "jvm",)).home == new


def test_an_old_es_java_home_is_an_error(tmp_path: Path, empty: dict[str, str]) -> None:
    """`ES_JAVA_HOME` is an order: when it is too old, no other is taken in its place."""
    old = make_java(tmp_path / "old", "17")
    make_java(tmp_path / "jvm" / "new", "25")
    with pytest.raises(JavaTooOldError, match=r"old: it is Java 17"):
        find_java({**empty, "ES_JAVA_HOME": str(old)}, (tmp_path / "jvm",))


def test_es_java_home_that_is_no_java_is_named(tmp_path: Path, empty: dict[str, str]) -> None:
    """A mistyped `ES_JAVA_HOME` is named."""
    with pytest.raises(JavaMissingError, match=r"mistyped: it holds no bin/java"):
        find_java({**empty, "ES_JAVA_HOME": str(tmp_path / "mistyped")}, ())


def test_java_on_the_path_is_found(tmp_path: Path, empty: dict[str, str]) -> None:
    """A `java` on the PATH is followed through its links to its own folder."""
    java = make_java(tmp_path / "somewhere", "23")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "java").symlink_to(java / "bin" / "java")
    assert find_java({**empty, "PATH": str(tmp_path / "bin")}, ()).home == java


def test_no_java_says_what_to_install(empty: dict[str, str]) -> None:
    """Without any Java the error says what to install and which variable to set."""
    with pytest.raises(JavaMissingError, match=r"No Java found\. .*openjdk-21-jdk-headless.*ES_JAVA_HOME"):
        find_java(empty, ())


def test_a_trimmed_java_is_not_whole(tmp_path: Path, empty: dict[str, str]) -> None:
    """A Java without the modules Elasticsearch wants is refused with their names; one that lists none is trusted."""
    make_java(tmp_path / "jvm" / "trimmed", "25", "java.base java.sql")
    with pytest.raises(JavaMissingError, match=r"lacks the modules java\.se, jdk\.net"):
        find_java(empty, (tmp_path / "jvm",))
    silent = make_java(tmp_path / "jvm" / "silent", "24", None)
    assert find_java(empty, (tmp_path / "jvm",)).home == silent


def test_a_java_that_cannot_be_run_is_told(tmp_path: Path, empty: dict[str, str]) -> None:
    """A Java the servers' user may not run is refused with that reason."""
    make_java(tmp_path / "jvm" / "closed", "25", executable=False)
    with pytest.raises(JavaMissingError, match=r"may not run it"):
        find_java(empty, (tmp_path / "jvm",))


def test_only_old_javas_are_called_too_old(tmp_path: Path, empty: dict[str, str]) -> None:
    """With nothing but old Javas the error is that they are too old, each named."""
    make_java(tmp_path / "jvm" / "eleven", "11")
    make_java(tmp_path / "jvm" / "seventeen", "17")
    with pytest.raises(JavaTooOldError, match=r"seventeen: it is Java 17; .*eleven: it is Java 11"):
        find_java(empty, (tmp_path / "jvm",))
