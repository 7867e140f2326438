"""The city's videos on TikTok: captured, night after night, they are what was true, with tokens that change at each renewal."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

from archiver.coverage import posts_of
from archiver.explanation import Part
from archiver.platforms.tiktok_manners import NO_TEXT
from tests.fixtures.social_nights import social_town
from tests.fixtures.social_trouble import end_equal_to_the_truth, lost_access

if TYPE_CHECKING:
    import pytest

    from tests.fixtures.archives import ArchiveMaker

NIGHTS = 11
"""The second account's token is refused in nights 2 to 4, and it is suspended in nights 7 to 9."""


def test_eleven_nights_end_equal_to_the_truth(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every title, description and cover with its state, and nothing else, whatever went wrong on the way; a second capture of
    the last night changes nothing, and every record's evidence is there.
    """
    with social_town(make_archive, monkeypatch, "tiktok", nights=NIGHTS) as town:
        end_equal_to_the_truth(town, NIGHTS)


def test_every_night_begins_with_a_renewal_that_was_kept_first(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Yesterday's token is refused, a new pair is had for the refresh token and sealed; no token stands in any record."""
    with social_town(make_archive, monkeypatch, "tiktok", faulty=False) as town:
        for night in (1, 2, 3):
            assert not town.troubles(night, town.night(night))
        first = town.city.social.accounts[0]
        kept = town.sql(
            "select t.setting, t.sealed from account_tokens t join accounts a on a.id = t.account_id where a.platform_id = :id "
            "order by 1",
            id=first.id,
        )
        assert [setting for setting, _ in kept] == ["refresh_token", "token"]
        assert town.running.requests[1].get("/tiktok/v2/oauth/token/", 0) == 0
        assert town.running.requests[2]["/tiktok/v2/oauth/token/"] >= 1
        home = town.archive.archive.spool.parent
        warcs = [path for path in home.rglob("*.warc*") if path.is_file()]
        assert warcs
        kept_bytes = b"".join(gzip.decompress(path.read_bytes()) for path in warcs)
        assert b"access_token" in kept_bytes or b"video/list" in kept_bytes
        for secret in (f"act.{first.key}.", f"rft.{first.key}.", first.token):
            assert secret.encode() not in kept_bytes
            assert secret not in str(town.sql("select url from exchanges"))


def test_comments_are_a_number_and_are_so_recorded(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comments that TikTok counts and gives no text of are laid to that, for each video, and nothing is unexplained."""
    with social_town(make_archive, monkeypatch, "tiktok", faulty=False) as town:
        assert not town.troubles(1, town.night(1))
        (account_id,) = town.sql("select min(id) from accounts")[0]
        with town.archive.engine.connect() as connection:
            found = posts_of(connection, account_id, "tiktok")
        counted = sum(each.explained.platform or 0 for each in found)
        assert counted > 0
        assert sum(each.explained.parts.get(Part.STATED, 0) for each in found) == counted
        assert {words for each in found for words in each.explained.stated} == {NO_TEXT}


def test_a_refused_token_is_lost_access_and_no_deletion(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where TikTok refuses the token and its renewal, nothing is said of any video."""
    with social_town(make_archive, monkeypatch, "tiktok", faulty=False) as town:
        lost_access(town, 1, 2)


def test_too_many_requests_are_waited_for(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """TikTok says 429 and names no time: the capture waits longer each time, and ends whole."""
    with social_town(make_archive, monkeypatch, "tiktok", faulty=False, limits={"tiktok": (2, 2)}) as town:
        reports = town.night(1)
        assert not town.troubles(1, reports)
        assert not town.differences(1)
        assert town.sql("select count(*) from exchanges where status = 429")[0][0] > 0
