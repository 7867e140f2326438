"""The city's pages on LinkedIn: captured, night after night, they are what was true."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from archiver.capture.tokens import standings
from archiver.coverage import posts_of
from archiver.platforms.linkedin_threads import CLOSED
from samplecity.social import APIS
from samplecity.social.linkedin import LinkedIn
from tests.fixtures.social_nights import social_town
from tests.fixtures.social_trouble import end_equal_to_the_truth, lost_access, states_of

if TYPE_CHECKING:
    from tests.fixtures.archives import ArchiveMaker

NIGHTS = 11
"""The second account's token is refused in nights 2 to 4, and its page is gone in nights 7 to 9."""
URN = "urn:li:organization:"


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few posts and comments on a page, so that every walk and every long thread has several."""
    monkeypatch.setitem(APIS, "linkedin", LinkedIn(most=8))


def test_eleven_nights_end_equal_to_the_truth(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every post and comment, pictures, videos and states, and nothing else, whatever went wrong on the way; comments that are
    switched off are not taken for removed. A second capture of the last night changes nothing, and every record has its evidence.
    """
    with social_town(make_archive, monkeypatch, "linkedin", nights=NIGHTS) as town:
        end_equal_to_the_truth(town, NIGHTS)


def test_comments_switched_off_are_a_fact(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A post whose comments are switched off is said to have them so; what was held before stays present."""
    with social_town(make_archive, monkeypatch, "linkedin", faulty=False) as town:
        for night in (1, 2, 3):
            assert not town.troubles(night, town.night(night))
        ((_, silent),) = town.city.social.story["comments_closed"]
        with town.archive.engine.connect() as connection:
            (account_id,) = town.sql(
                "select id from accounts where platform_id = :id", id=f"{URN}{town.city.social.accounts[0].id}"
            )[0]
            found = {each.platform_id: each.explained for each in posts_of(connection, account_id, "linkedin")}
        assert found[silent].stated == (CLOSED,)
        ((_, closed),) = town.city.social.story["comments_closed_and_back"]
        assert town.sql("select distinct state from items where root_id = :id", id=closed) == [("present",)]


def test_a_refused_token_is_lost_access_and_no_deletion(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where LinkedIn refuses the token, nothing is said of any post."""
    with social_town(make_archive, monkeypatch, "linkedin", faulty=False) as town:
        lost_access(town, 1, 2, URN)


def test_a_tokens_end_is_told_14_days_ahead(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """LinkedIn says when the token ends and what it may; nothing is said while it lasts, and days are counted near its end."""
    with social_town(make_archive, monkeypatch, "linkedin", faulty=False) as town:
        town.night(1)
        first, *_ = standings(town.archive.archive)
        assert (first.alive, first.problem) == (True, None)
        assert first.scopes == ("r_organization_social", "rw_organization_admin")
        assert first.expires_at is not None
        town.archive.clock.set(first.expires_at - timedelta(days=10))
        problem = standings(town.archive.archive)[0].problem
        assert problem is not None
        assert "in 9 days" in problem or "in 10 days" in problem


def test_a_sunset_version_is_told_and_nothing_deleted(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A month of the API that is served no more fails every stream with words that say which setting to change."""
    with social_town(make_archive, monkeypatch, "linkedin", faulty=False) as town:
        town.night(1)
        account = town.city.social.accounts[0]
        held = states_of(town, f"{URN}{account.id}")
        with town.archive.engine.begin() as connection:
            connection.exec_driver_sql('update accounts set settings = settings || \'{"version": "202404"}\'')
        reports = town.night(1)
        for report in reports.values():
            assert {each.outcome for each in report.streams} == {"failed"}
            assert all("set the account's `version` to a newer month" in (each.error or "") for each in report.streams)
        assert states_of(town, f"{URN}{account.id}") == held


def test_the_days_limit_ends_the_night_and_the_next_goes_on(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once LinkedIn says that the day's requests are used up nobody asks again before midnight, and nothing is deleted for it."""
    with social_town(make_archive, monkeypatch, "linkedin", faulty=False, limits={"linkedin": (20, 80_000)}) as town:
        reports = town.night(1)
        assert not any(report.complete for report in reports.values())
        errors = [
            each.error or "" for report in reports.values() for each in report.streams if each.outcome == "failed"
        ]
        assert errors
        assert "DAY limit" in errors[0]
        assert all("DAY limit" in words or "the budget day is used up" in words for words in errors)
        assert all(report.retryable for report in reports.values())
        refused = town.sql("select count(*) from exchanges where status = 429")[0][0]
        again = town.night(1)
        assert not any(report.complete for report in again.values())
        assert town.sql("select count(*) from exchanges where status = 429")[0][0] == refused
        assert town.sql("select count(*) from states where state in ('not_returned', 'gone_confirmed')") == [(0,)]
