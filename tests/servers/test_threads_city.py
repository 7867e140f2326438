"""The city's accounts on Threads: captured night after night, they are what was true."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyfacebook import ThreadsGraphAPI

from samplecity.social import APIS
from samplecity.social.threads import Threads
from tests.fixtures.social_nights import social_town
from tests.fixtures.social_trouble import end_equal_to_the_truth, lost_access

if TYPE_CHECKING:
    import pytest

    from tests.fixtures.archives import ArchiveMaker

NIGHTS = 11
"""The second account's token is refused in nights 2 to 4, and it is suspended in nights 7 to 9."""


def test_eleven_nights_end_equal_to_the_truth(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Posts, reposts, quotes, replies here and elsewhere, and what names the account, with their states, and nothing else."""
    monkeypatch.setitem(APIS, "threads", Threads(most=8))
    with social_town(make_archive, monkeypatch, "threads", nights=NIGHTS, max_attempts=8) as town:
        end_equal_to_the_truth(town, NIGHTS)


def test_a_token_that_dies_is_no_deletion(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Threads refuses an account's token (190), nothing is said of any post."""
    with social_town(make_archive, monkeypatch, "threads", faulty=False) as town:
        lost_access(town, 1, 2)


def test_a_token_is_renewed(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows when it ends: the first check has it renewed, and keeps when the new one does."""
    with social_town(make_archive, monkeypatch, "threads", faulty=False) as town:
        town.night(1)
        renewed = town.sql("select expires_at from account_tokens")
        assert len(renewed) == 2
        assert all(each for (each,) in renewed)


def test_a_public_client_reads_the_accounts_to_the_end(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """python-facebook's client of Threads pages through posts, replies and a conversation."""
    monkeypatch.setitem(APIS, "threads", Threads(most=7))
    with social_town(make_archive, monkeypatch, "threads", faulty=False) as town:
        town.running.at(5)
        world = town.city.social.at(5)
        mine = town.city.social.accounts[0]
        api = ThreadsGraphAPI(access_token=mine.token, version="v1.0", ignore_version_check=True)
        api.base_url = f"{town.running.url}/threads/"

        def listed(node: str, edge: str, **asked: str) -> list[str]:
            found = api.get_full_connections(node, edge, count=None, limit=50, fields="id", **asked)
            return [each["id"] for each in found["data"]]

        assert listed(mine.id, "threads") == [one.id for one in world.posts("threads", mine.key)]
        answers = [one.id for one in world.authored("threads", mine.key) if one.kind == "comment"]
        assert listed(mine.id, "replies") == answers
        post = max(world.posts("threads", mine.key), key=lambda one: len(world.comments("threads", one.id)))
        conversation = listed(post.id, "conversation", reverse="false")
        assert conversation == [one.id for one in world.comments("threads", post.id)]
