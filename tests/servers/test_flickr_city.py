"""The city's photos on Flickr: captured, night after night, they are what was true."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from samplecity.social import APIS
from samplecity.social.flickr import Flickr
from tests.fixtures.social_nights import social_town
from tests.fixtures.social_trouble import end_equal_to_the_truth, lost_access

if TYPE_CHECKING:
    from tests.fixtures.archives import ArchiveMaker

NIGHTS = 11
"""The second account's key is refused in nights 2 to 4, and it is suspended in nights 7 to 9."""


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few photos on a page, so that every walk has several."""
    monkeypatch.setitem(APIS, "flickr", Flickr(most=8))


def test_eleven_nights_end_equal_to_the_truth(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every title, description, picture and comment with its state, and nothing else, whatever went wrong on the way; a second
    capture of the last night changes nothing, and every record's evidence is there.
    """
    with social_town(make_archive, monkeypatch, "flickr", nights=NIGHTS) as town:
        end_equal_to_the_truth(town, NIGHTS)


def test_a_refused_key_is_lost_access_and_no_deletion(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where Flickr refuses the API key, nothing is said of any photo; the error tells whose key to look at."""
    with social_town(make_archive, monkeypatch, "flickr", faulty=False) as town:
        name = lost_access(town, 1, 2)
        (words,) = town.sql(
            "select distinct c.error from captures c join streams t on t.id = c.stream_id join accounts a on a.id = t.account_id "
            "where c.outcome = 'access_lost' and a.handle = :handle",
            handle=name.partition(":")[2],
        )
        assert "100: Invalid API Key" in words[0]


def test_the_limit_is_obeyed(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Flickr says that a key asked too much, the capture waits as long as it is told, and ends whole."""
    with social_town(make_archive, monkeypatch, "flickr", faulty=False, limits={"flickr": (40, 2)}) as town:
        begun = time.monotonic()
        reports = town.night(1)
        assert not town.troubles(1, reports)
        assert not town.differences(1)
        asked = sum(count for path, count in town.running.requests[1].items() if "/services/rest/" in path)
        assert asked > 40
        assert time.monotonic() - begun > (asked // 40 - 1) * 2
