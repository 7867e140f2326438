"""Thirty nights of the whole city on every platform, with the trouble of each: what is held is what was true."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from archiver import accounts
from archiver.capture.export import export_account
from samplecity.city import DEFAULT_START, City
from samplecity.running import spawn
from samplecity.social import APIS
from samplecity.social.scale import SOAK
from samplecity.social.trouble import nightly_trouble
from tests.fixtures.custody import contents, differences, rows, unproven
from tests.fixtures.social_nights import compared
from tests.fixtures.social_trouble import A_DAY, let_pass
from tests.fixtures.social_ways import ways_of
from tests.servers.test_five_nights import compare, held, night_of, surprises

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samplecity.running import RunningCity
    from tests.fixtures.archives import ArchiveMaker, TestArchive

pytestmark = pytest.mark.soak
NIGHTS, SEED, COMPARED_EVERY = 30, 7, 5
CAPTIONS = {"youtube": {"captions_days": "0", "caption_units": "9000"}}
"""All of them each night: the truth knows nothing of what waits for its turn."""


@dataclasses.dataclass
class Passing:
    """Time that passes without anybody waiting for it: the windows of the shared budgets end so much sooner."""

    owner: sa.Engine
    waited: float = 0.0

    def __call__(self, seconds: float) -> None:
        """Let that much time pass."""
        self.waited += seconds
        let_pass(self.owner, seconds)


@dataclasses.dataclass
class Town:
    """The whole city, served by a process of its own, and its archive."""

    city: City
    running: RunningCity
    archive: TestArchive
    passing: Passing

    def night(self, night: int, *, again: bool = False) -> list[str]:
        """Export every account at the end of a night, or a minute later once more, without its trouble; gives what went wrong
        with accounts that were in order.
        """
        self.running.at(night)
        self.archive.clock.set(night_of(self.city, night) + timedelta(minutes=again))
        self.passing(A_DAY)
        if not again:
            self.running.install(*nightly_trouble(self.city.social.platforms, night))
        custody = dataclasses.replace(self.archive.archive, sleep=self.passing)
        reports = {account.name: export_account(custody, account) for account in accounts.active(self.archive.engine)}
        return surprises(self.city, night, reports)

    def differences(self, night: int) -> list[str]:
        """Every difference between what was true and what is held, of all platforms."""
        truth, ours = self.city.truth_after(night), held(self.archive)
        social = frozenset(self.city.social.platforms)
        found = compare(truth, self.archive, without=social)
        for platform in self.city.social.platforms:
            ways = ways_of(platform, self.city.social, self.running.url)
            found += [f"{platform}: {each}" for each in compared(truth, platform, ours, ways)]
        return found


@pytest.fixture
def town(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    """A city of 40 accounts, 5,000 posts and 60,000 comments on the further platforms, and its Bluesky accounts and feeds."""
    platforms = tuple(APIS)
    city = City.build(SEED, NIGHTS, 1, DEFAULT_START, platforms, SOAK)
    words = ["--seed", str(SEED), "--nights", str(NIGHTS), "--soak", "--limit", "1000000", "--social", *platforms]
    with spawn(words) as running:
        for name, value in running.tokens().items():
            monkeypatch.setenv(name, value)
        # A sweep that comes to everything each night: the truth knows nothing of "not yet looked at again".
        archive = make_archive(allowed_origins=running.url, max_attempts=8, max_wait=900, sweep_pages=300)
        archive.register(
            {**row, "settings": row["settings"] | CAPTIONS.get(row["platform"], {})} for row in running.register_rows()
        )
        owner = sa.create_engine(archive.migration_url)
        yield Town(city, running, archive, Passing(owner))
        owner.dispose()


def test_thirty_nights_end_equal_to_the_truth(town: Town) -> None:
    """After every fifth night every version, state and medium of every account is what was true, and there is nothing else; the
    last night captured again changes nothing, and every record's evidence is there.
    """
    for night in range(1, NIGHTS + 1):
        troubles = town.night(night)
        assert not troubles, f"night {night}:\n" + "\n".join(troubles)
        if night % COMPARED_EVERY == 0:
            found = town.differences(night)
            assert not found, f"night {night}:\n" + "\n".join(found[:60]) + f"\n{len(found)} in all"
    before = contents(town.archive.engine)
    assert not town.night(NIGHTS, again=True)
    assert not differences(before, contents(town.archive.engine))
    assert not unproven(town.archive.archive)
    counts = rows(town.archive.engine, "select kind, count(*) from items group by kind order by kind")
    print(f"{len(town.running.register_rows())} accounts; {dict(counts)}; {town.passing.waited:.0f} s of waits passed")  # noqa: T201 - the run's numbers
