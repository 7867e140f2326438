"""The city on X: captured, night after night, it is what was true; a public client reads it to the end."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from archiver.platforms.manners import Budget
from samplecity.social import APIS
from samplecity.social.x import X
from tests.fixtures.custody import contents, differences, unproven
from tests.fixtures.social_nights import social_town
from tests.fixtures.social_trouble import lost_access, troubled_night

if TYPE_CHECKING:
    import pytest

    from tests.fixtures.archives import ArchiveMaker

NIGHTS = 11
"""The second account's token is refused in nights 2 to 4, and it is suspended in nights 7 to 9."""


def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let full searches follow each other at once: a night has fifty of them, each a second after the other."""
    monkeypatch.setattr("archiver.platforms.x_manners._SECOND", Budget("full search", 1000, timedelta(seconds=1)))


def test_eleven_nights_end_equal_to_the_truth(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every form of every post, reposts, answers, mentions and messages, with their states, and nothing else."""
    fast(monkeypatch)
    monkeypatch.setitem(APIS, "x", X(most=20))
    with social_town(make_archive, monkeypatch, "x", nights=NIGHTS, max_attempts=8) as town:
        for night in range(1, NIGHTS + 1):
            reports = troubled_night(town, night)
            assert not town.troubles(night, reports)
            found = town.differences(night)
            assert not found, "\n".join(found[:40]) + f"\n{len(found)} in all"
        before = contents(town.archive.engine)
        town.night(NIGHTS)
        assert not differences(before, contents(town.archive.engine))
        assert not unproven(town.archive.archive)


def test_a_token_that_dies_is_no_deletion(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """The account's streams say that access was lost, and no item changes its state."""
    fast(monkeypatch)
    with social_town(make_archive, monkeypatch, "x", faulty=False) as town:
        lost_access(town, 1, 2)
