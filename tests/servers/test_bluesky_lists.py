"""Whom the city's accounts on Bluesky block, night after night, and who follows them, where that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archiver import accounts
from archiver.capture.export import export_account
from samplecity.accounts import BY_KEY
from samplecity.city import City
from samplecity.running import serve
from tests.servers.test_five_nights import night_of

if TYPE_CHECKING:
    from tests.fixtures.archives import ArchiveMaker

HANDLE = "elections.laspalmasverdes.test"


def test_blocks_and_followers_are_read_without_a_log_in(make_archive: ArchiveMaker) -> None:
    """Two are blocked on day 2 and one again allowed on day 4; a follower whose account was deleted is none any more."""
    city = City.build()
    with serve(city, faulty=False) as running:
        archive = make_archive(allowed_origins=running.url)
        (row,) = [row for row in city.register_rows(running.url) if row["handle_or_id"] == HANDLE]
        row["settings"]["lists"] = "blocked,followers"
        archive.register([row])
        blocked, followers = [], []
        for night in range(1, city.nights + 1):
            running.at(night)
            archive.clock.set(night_of(city, night))
            report = export_account(archive.archive, accounts.find(archive.engine, f"bluesky:{HANDLE}"))
            assert report.complete
            lists = {each.listing: each for each in report.lists}
            assert not [each.problem for each in report.lists if each.problem]
            blocked.append((lists["blocked"].size, lists["blocked"].joined, lists["blocked"].left))
            followers.append(lists["followers"].size)
        assert blocked == [(0, 0, 0), (2, 2, 0), (2, 0, 0), (1, 0, 1), (1, 0, 0)]
        did = BY_KEY["elections"].did
        true = [
            sum(city.at(night).active(one) for one in city.at(night).followers(did))
            for night in range(1, city.nights + 1)
        ]
        assert followers == true
        assert len(set(true)) > 1
