"""A capture holds one answer at a time: what it needs does not grow with the account."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from samplecity.bulk import bulk_city
from samplecity.running import spawn
from tests.fixtures.custody import rows
from tests.servers.test_five_nights import night_of

if TYPE_CHECKING:
    from tests.fixtures.archives import ArchiveMaker

MIB = 1024


def grown(make: ArchiveMaker, posts: int, comments: int) -> int:
    """How many KiB the peak of a process rose by while it captured so many posts with so many comments each."""
    city = bulk_city(1, 1)
    with spawn(["--bulk", f"{posts}:{comments}"]) as running:
        archive = make(allowed_origins=running.url)
        archive.register(city.register_rows(running.url))
        archive.clock.set(night_of(city, 1))
        order = {
            "work": "capture",
            "database_url": archive.app_url,
            "home": str(archive.archive.spool.parent),
            "ahead": archive.clock.ahead.total_seconds(),
            "origin": running.url,
            "accounts": ["bluesky:parks.laspalmasverdes.test"],
        }
        done = subprocess.run(
            [sys.executable, "-m", "tests.servers.crash_process", json.dumps(order)],
            capture_output=True,
            text=True,
            check=False,
        )
        lines = done.stdout.splitlines()
        assert lines[-1:] == ["complete"], done.stdout[-1000:] + done.stderr[-1000:]
        held = rows(archive.engine, "select count(*) from items where kind = 'comment'")
        assert held == [(posts * comments,)]
    before, after = next(map(int, line.split()[1:]) for line in lines if line.startswith("memory "))
    return after - before


def test_memory_does_not_grow_with_the_account(make_archive: ArchiveMaker) -> None:
    """Four times the posts and comments need the same memory: pages and threads are let go of as they are stored.

    What was spent on 6,000 comments more is not a kilobyte each: less than one of them takes.
    """
    small, large = grown(make_archive, 20, 100), grown(make_archive, 80, 100)
    assert large < small + 6 * MIB, f"{small} KiB for 2,000 comments, {large} KiB for 8,000"


def test_memory_of_one_giant_thread_is_bounded_by_its_answer(make_archive: ArchiveMaker) -> None:
    """Eight thousand comments below one post arrive in one answer of some 8 MB; its parsed form is the most that is held."""
    large = grown(make_archive, 1, 8000)
    assert large < 100 * MIB, f"{large} KiB for 8,000 comments in one thread"
