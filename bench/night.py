"""A night of 200 accounts: how much longer it takes than the platforms' limits alone allow.

Two cities are served: one whose accounts on X and Mastodon are busy enough for the limits to bind, and one with the rest. The
limits are the real ones, kept by the archive's budgets and by the city. Every account is captured for the first time, each by a
process of its own as Airflow's workers are. Beside it, from the very requests that were made: the least time that the budgets
leave, whoever is how fast.
"""

from __future__ import annotations

import contextlib
import math
import multiprocessing
import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, wait
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver import accounts
from archiver.archive import open_archive
from archiver.capture.export import export_account
from archiver.database import migrate
from archiver.platforms import PLATFORMS
from archiver.settings import Settings
from bench.parts import fresh_database, timed
from samplecity.running import RunningCity, spawn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.synchronize import Barrier
    from pathlib import Path

    from archiver.archive import Archive
    from archiver.local.endpoints import Endpoints
    from archiver.platforms.pages import AccountRef

BUSY = ("x", "mastodon")
OTHERS = ("facebook", "instagram", "threads", "linkedin", "flickr", "tiktok", "youtube")
_BUSY_CITY = ["--branches", "18", "--posts", "6", "--limits", "mastodon=300:300", "--no-faults", "--social", *BUSY]
_OTHER_CITY = ["--branches", "21", "--limits", "flickr=3600:3600", "tiktok=600:60", "--no-faults", "--social", *OTHERS]
_NIGHTS = ["--nights", "1", "--limit", "1000000"]
WORKERS = 48
_ASKED = """
    select s.account_id, e.method, e.url from exchanges e
    join captures c on c.id = e.capture_id join streams s on s.id = c.stream_id
"""


def measure(endpoints: Endpoints, home: Path, posts: int, comments: int, rounds: int) -> dict[str, Any]:  # noqa: ARG001 - all measures are called alike
    """One night; its size is its own. Seconds, and the ratio to what the limits allow."""
    with fresh_database(endpoints) as (app, owner), _cities() as cities:
        migrate(owner)
        settings = Settings(allowed_origins=",".join(each.url for each in cities), max_wait=3600)
        for city in cities:
            os.environ.update(city.tokens())
        with open_archive(settings, app, home / "night") as archive:
            names = _registered(archive, cities)
            jobs = [(settings.model_dump_json(), app, str(home / "night"), name) for name in names]
            with _workers() as pool:
                spent, unwell = timed(lambda: [each for each in pool.map(_captured, jobs) if each])
            if unwell:
                raise RuntimeError(f"the night is not whole: {unwell[:3]}")
            budgets = _budgets(archive)
            counts = _counts(archive)
    allowed, which = max((seconds, name) for name, seconds in budgets.items())
    return {
        "accounts": len(names),
        "rows": counts,
        "seconds": round(spent, 1),
        "seconds_that_the_limits_leave": round(allowed, 1),
        "the_tightest": which,
        "ratios": {"of_the_limits": round(spent / allowed, 3)},
        "aims": {"of_the_limits": "<= 1.1"},
    }


@contextlib.contextmanager
def _cities() -> Iterator[list[RunningCity]]:
    with spawn([*_NIGHTS, *_BUSY_CITY]) as busy, spawn([*_NIGHTS, *_OTHER_CITY]) as others:
        yield [busy, others]


def _registered(archive: Archive, cities: Sequence[RunningCity]) -> list[str]:
    """Put 200 accounts into the register, those that limits bind first."""
    found: list[str] = []
    for city, platforms in zip(cities, (BUSY, OTHERS), strict=True):
        for row in city.register_rows():
            if row["platform"] not in platforms or len(found) == 200:  # noqa: PLR2004 - the number of the measure
                continue
            found.append(f"{row['platform']}:{row['handle_or_id']}")
            rich = (
                {"monthly_spend_usd": "100000"} if row["platform"] == "x" else {}
            )  # the money is no part of the measure
            accounts.add(archive.engine, found[-1], {"department": row["department"]}, {**row["settings"], **rich})
    return found


@contextlib.contextmanager
def _workers() -> Iterator[ProcessPoolExecutor]:
    """The processes, every one of them there and with its programs loaded before the night begins."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    there = context.Barrier(WORKERS + 1)
    with ProcessPoolExecutor(WORKERS, context, initializer=_ready, initargs=(there,)) as pool:
        asked = [pool.submit(os.getpid) for _ in range(WORKERS)]  # one is started for each that finds none idle
        there.wait()
        wait(asked)
        yield pool


def _ready(there: Barrier) -> None:
    there.wait()


def _captured(job: tuple[str, str, str, str]) -> str | None:
    """Capture one account, in a process of its own; gives what went wrong."""
    from pathlib import Path  # noqa: PLC0415 - above it is for types

    settings, url, home, name = job
    with open_archive(Settings.model_validate_json(settings), url, Path(home)) as archive:
        report = export_account(archive, accounts.find(archive.engine, name))
        return None if report.complete else f"{name}: {report.problems}"


def _budgets(archive: Archive) -> dict[str, float]:
    """The least seconds that each budget leaves for what was drawn from it: whole windows between the first and the last."""
    drawn: Counter[tuple[str, str, int, float]] = Counter()
    known: dict[int, AccountRef] = {}
    with archive.engine.connect() as connection:
        rows = connection.execute(sa.text(_ASKED)).all()
        names = {
            row.id: f"{row.platform}:{row.handle}"
            for row in connection.execute(sa.text("select id, platform, handle from accounts"))
        }
    for row in rows:
        account = known.setdefault(row.account_id, accounts.find(archive.engine, names[row.account_id]))
        for draw in PLATFORMS[account.platform].draws(account, row.method, row.url):
            budget = draw.budget
            if isinstance(budget.window, timedelta):
                who = "everyone" if budget.shared_by == "everyone" else account.name
                drawn[f"{account.platform} {budget.name}", who, budget.units, budget.window.total_seconds()] += (
                    draw.units
                )
    return {
        f"{name} of {who}": (math.ceil(units / most) - 1) * seconds
        for (name, who, most, seconds), units in drawn.items()
    }


def _counts(archive: Archive) -> dict[str, int]:
    with archive.engine.connect() as connection:
        return {
            table: int(connection.scalar(sa.text(f"select count(*) from {table}")) or 0)  # noqa: S608 - names of our own
            for table in ("exchanges", "items", "versions", "media")
        }
