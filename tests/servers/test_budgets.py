"""Budgets that parallel tasks share through Postgres: never overspent, given back, and the platform's word obeyed."""

from __future__ import annotations

import dataclasses
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from archiver.capture.errors import RateLimited, RequestFailed
from archiver.capture.limits import SharedLimiter, Turn
from archiver.capture.session import CaptureSession
from archiver.platforms.manners import Budget, Draw, Manners, Meaning, Usage, Verdict
from archiver.platforms.pages import AccountRef, Exchange
from tests.fixtures.custody import rows
from tests.fixtures.sessions import Answer, exchange_of
from tests.fixtures.town import Page, odd_server

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.fixtures.archives import ArchiveMaker, TestArchive

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
URL = "https://api.example/things"
TAKEN = Turn()


@dataclasses.dataclass
class Costly(Manners):
    """A platform whose every request costs so much, and whose answers say what the test lets them say."""

    budget: Budget
    units: int = 1
    says: Sequence[Usage] = ()

    def draws(self, account: AccountRef, method: str, url: str) -> Sequence[Draw]:  # noqa: ARG002 - the protocol's
        """One draw for each request."""
        return (Draw(self.budget, self.units),)

    def usage(self, account: AccountRef, exchange: Exchange) -> Sequence[Usage]:  # noqa: ARG002 - the protocol's
        """What the test says."""
        return self.says


def limiter(archive: TestArchive, platform: Costly, account: int = 1, of: str = "t") -> SharedLimiter:
    """A task's limiter."""
    made = AccountRef(account, "costly", "", None, f"a{account}", {})
    return SharedLimiter(archive.engine, platform, lambda: made, of)  # type: ignore[arg-type]


def used(archive: TestArchive) -> list[int]:
    """What is used of each budget."""
    return [row[0] for row in rows(archive.engine, "select used from allowances order by key")]


def answer() -> Exchange:
    """Some answer."""
    return exchange_of(URL, Answer(b"{}"))


@pytest.mark.parametrize("units", [60, 5000])
def test_parallel_tasks_never_overspend(make_archive: ArchiveMaker, units: int) -> None:
    """Eight tasks that draw as fast as they can get exactly as many units as there are, drawn ahead or not."""
    archive = make_archive()
    budget = Budget("requests", units, timedelta(minutes=5))
    taken: list[int] = []

    def work() -> None:
        own, count = limiter(archive, Costly(budget, 7)), 0
        while own.draw("GET", URL, NOW).taken:
            count += 7
        own.close(NOW)
        taken.append(count)

    tasks = [threading.Thread(target=work) for _ in range(8)]
    for task in tasks:
        task.start()
    for task in tasks:
        task.join()
    assert units - 7 * 8 - 8 * units // 100 < sum(taken) <= units
    assert used(archive) == [sum(taken)]


def test_a_budget_opens_again_with_its_window(make_archive: ArchiveMaker) -> None:
    """What is used up says when it opens; then it is whole again."""
    own = limiter(make_archive(), Costly(Budget("requests", 2, timedelta(minutes=5))))
    assert [own.draw("GET", URL, NOW) for _ in range(3)] == [TAKEN, TAKEN, Turn(300, taken=False)]
    assert "requests" in own.words
    assert own.draw("GET", URL, NOW + timedelta(seconds=299)) == Turn(1, taken=False)
    assert own.draw("GET", URL, NOW + timedelta(seconds=301)) == TAKEN


def test_turns_of_an_even_pace_are_taken_in_a_line(make_archive: ArchiveMaker) -> None:
    """Ten tasks that come at once are told ten times to go, a little more than a second apart, and nothing is asked in vain."""
    archive = make_archive()
    pace = Costly(Budget("full search", 1, timedelta(seconds=1), paced=True))
    turns = [limiter(archive, pace, number).draw("GET", URL, NOW) for number in range(10)]
    assert all(turn.taken for turn in turns)
    assert [turn.seconds for turn in turns] == pytest.approx([1.03 * number for number in range(10)], abs=0.001)
    late = NOW + timedelta(minutes=5)
    assert limiter(archive, pace).draw("GET", URL, late) == TAKEN


def test_a_line_longer_than_a_minute_is_not_joined(make_archive: ArchiveMaker) -> None:
    """Who finds it takes no turn, and comes again; where the platform says to wait, nobody has a turn before that."""
    archive = make_archive()
    pace = Costly(Budget("full search", 1, timedelta(seconds=10), paced=True))
    own = limiter(archive, pace)
    taken = [own.draw("GET", URL, NOW).taken for _ in range(8)]
    assert taken == [True] * 6 + [False] * 2
    pace.says = [Usage(pace.budget, remaining=0, resets_at=NOW + timedelta(minutes=30))]
    own.learn(answer(), NOW)
    later = NOW + timedelta(minutes=29, seconds=30)
    assert own.draw("GET", URL, later) == Turn(30)


def test_a_request_dearer_than_the_whole_budget_is_never_made(make_archive: ArchiveMaker) -> None:
    """It waits for the end of the window, each time it asks."""
    own = limiter(make_archive(), Costly(Budget("spend", 2, timedelta(hours=1)), units=3))
    assert own.draw("GET", URL, NOW) == Turn(3600, taken=False)
    assert own.draw("GET", URL, NOW + timedelta(hours=2)) == Turn(3600, taken=False)


def test_what_was_drawn_too_much_is_given_back(make_archive: ArchiveMaker) -> None:
    """A request that cost less than feared leaves the rest to the others; one that cost more takes it."""
    archive = make_archive()
    platform = Costly(Budget("spend", 900, timedelta(hours=1)), units=100)
    own = limiter(archive, platform)
    for spent, left in ((30, 30), (250, 280), (0, 280)):
        platform.says = [Usage(platform.budget, spent=spent)]
        assert own.draw("GET", URL, NOW) == TAKEN
        own.learn(answer(), NOW)
        assert used(archive) == [left]


def test_the_platforms_own_count_goes_before_ours(make_archive: ArchiveMaker) -> None:
    """None left until a time: every task that shares the token waits for it, another token's does not."""
    archive = make_archive()
    platform = Costly(Budget("requests", 100, timedelta(minutes=15)))
    one, other, stranger = (limiter(archive, platform, n, t) for n, t in ((1, "t"), (2, "t"), (3, "another")))
    assert one.draw("GET", URL, NOW) == TAKEN
    platform.says = [Usage(platform.budget, remaining=0, resets_at=NOW + timedelta(seconds=77))]
    one.learn(answer(), NOW)
    assert other.draw("GET", URL, NOW) == Turn(77, taken=False)
    assert stranger.draw("GET", URL, NOW) == TAKEN
    assert other.draw("GET", URL, NOW + timedelta(seconds=78)) == TAKEN


@pytest.mark.parametrize(("shared_by", "waits"), [("everyone", True), ("account", False)])
def test_who_shares_a_budget_is_the_budgets_own_word(
    make_archive: ArchiveMaker, shared_by: str, *, waits: bool
) -> None:
    """All accounts of a platform, or each by itself."""
    archive = make_archive()
    platform = Costly(Budget("daily", 1, timedelta(days=1), shared_by))
    assert limiter(archive, platform, 1, "a").draw("GET", URL, NOW) == TAKEN
    assert limiter(archive, platform, 2, "b").draw("GET", URL, NOW).taken is not waits


def test_the_session_asks_for_nothing_that_the_budget_does_not_hold(make_archive: ArchiveMaker) -> None:
    """A wait beyond the longest one ends the capture with the budget's name, and nothing was sent."""
    platform = Costly(Budget("requests", 1, timedelta(hours=1)))
    with odd_server() as odd:
        odd.pages["/things"] = Page(b"{}")
        session = CaptureSession(
            user_agent="test", allowed_origins=[odd.url], max_wait=5, limiter=limiter(make_archive(), platform)
        )
        session.get(f"{odd.url}/things")
        with pytest.raises(RateLimited, match="budget requests"):
            session.get(f"{odd.url}/things")
        assert odd.asked == ["/things"]
        session.close()


def judged(odd_url: str, verdict: Verdict, **more: Any) -> CaptureSession:
    """A session whose platform says that of every answer."""
    return CaptureSession(user_agent="test", allowed_origins=[odd_url], judge=lambda _: verdict, **more)


def test_a_passing_fault_in_a_good_answer_is_asked_again() -> None:
    """Status 200 and the platform's word that it failed: as often as attempts are granted, then it is an error."""
    with odd_server() as odd:
        odd.pages["/things"] = Page(b"{}")
        waits: list[float] = []
        session = judged(odd.url, Verdict(Meaning.WAIT, "slow down", 3), max_attempts=3, max_wait=9, sleep=waits.append)
        with pytest.raises(RequestFailed, match="slow down"):
            session.get(f"{odd.url}/things")
        assert (len(odd.asked), waits) == (3, [3, 3])
        session.close()
