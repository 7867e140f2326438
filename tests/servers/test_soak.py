"""Long runs, only in `make soak`: the demo as its users start it, again and again; a hundred thousand comments."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.fixtures.stack import temporary_home
from tests.servers.test_memory import MIB, grown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fixtures.archives import ArchiveMaker

pytestmark = pytest.mark.soak


class Demo:
    """The demo in a home of its own."""

    def __init__(self, home: str) -> None:
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CIVIC_ARCHIVE_")},
            "CIVIC_ARCHIVE_HOME": home,
        }

    def __call__(self, *words: str) -> str:
        """Run `civic-archive demo` with these words; gives what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "archiver.cli", "demo", *words],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def played(self, *words: str) -> dict[str, Any]:
        """Start it or go on; gives what it says at the end."""
        return dict(json.loads(self("--json", *words)))


@pytest.fixture
def demo() -> Iterator[Demo]:
    """The demo, stopped at the end."""
    with temporary_home() as home:
        home.chmod(0o755)  # the servers' own user enters the demo's folder in it
        made = Demo(str(home))
        try:
            yield made
        finally:
            made("--stop")


def versions(played: dict[str, Any]) -> dict[str, int]:
    """How many versions are held of each department's accounts together (an account may be renamed)."""
    held: dict[str, int] = {}
    for row in played["accounts"]:
        held[row["department"]] = held.get(row["department"], 0) + row["versions"]
    return held


def test_the_demo_started_again_goes_on_where_it_was(demo: Demo) -> None:
    """Its first nights are green; started again, with and without a stop between, it keeps addresses and records; a night on,
    the accounts that the city closes are red, and nothing is held less.
    """
    first = demo.played()
    assert first["nights"] == {"1": "success", "4": "success"}
    again = demo.played()
    assert again["nights"] == {"4": "success"}
    demo("--stop")
    later = demo.played()
    assert later["nights"] == {"4": "success"}
    assert (later["clerk"], later["airflow"], later["city"]) == (first["clerk"], first["airflow"], first["city"])
    assert versions(first) == versions(again) == versions(later)
    last = demo.played("--night", "5")
    assert last["nights"] == {"5": "failed"}
    before = versions(later)
    assert all(count >= before[department] for department, count in versions(last).items())
    assert len(last["accounts"]) == len(first["accounts"])


def test_memory_is_flat_to_a_hundred_thousand_comments(make_archive: ArchiveMaker) -> None:
    """A hundred times the comments need about the same memory."""
    small, large = grown(make_archive, 10, 100), grown(make_archive, 1000, 100)
    assert large < 2 * small + 16 * MIB, f"{small} KiB for 1,000 comments, {large} KiB for 100,000"
