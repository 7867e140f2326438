"""The city's accounts on Instagram: captured by either log-in, night after night, they are what was true."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import requests
from pyfacebook import IGBusinessApi

from archiver.platforms import instagram_items as items
from samplecity.social import APIS
from samplecity.social.instagram import Instagram
from tests.fixtures.recorded import recorded
from tests.fixtures.social_nights import social_town
from tests.fixtures.social_trouble import end_equal_to_the_truth, lost_access
from tests.servers.test_facebook_city import unlike

if TYPE_CHECKING:
    import pytest

    from tests.fixtures.archives import ArchiveMaker

NIGHTS = 11
"""The second account's token is refused in nights 2 to 4, and it is suspended in nights 7 to 9."""


def test_eleven_nights_end_equal_to_the_truth(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Posts, albums, reels, stories, tags, comments with their answers and messages, with their states, and nothing else."""
    monkeypatch.setitem(APIS, "instagram", Instagram(most=8, answers=3))
    with social_town(make_archive, monkeypatch, "instagram", nights=NIGHTS, max_attempts=8) as town:
        end_equal_to_the_truth(town, NIGHTS)


def test_a_token_that_dies_is_no_deletion(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Instagram refuses an account's token (190), nothing is said of any post."""
    with social_town(make_archive, monkeypatch, "instagram", faulty=False) as town:
        lost_access(town, 1, 2)


def test_a_token_of_its_own_log_in_is_renewed(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows when it ends: the first check has it renewed, and keeps when the new one does."""
    with social_town(make_archive, monkeypatch, "instagram", faulty=False) as town:
        town.night(1)
        told = (
            "select a.settings ->> 'login', t.expires_at from account_tokens t join accounts a on a.id = t.account_id"
        )
        renewed = town.sql(told)
        assert [login for login, _ in renewed] == ["instagram"]
        assert renewed[0][1] is not None


def test_a_public_client_reads_the_accounts_to_the_end(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """python-facebook pages through media, comments and their answers."""
    monkeypatch.setitem(APIS, "instagram", Instagram(most=7, answers=3))
    with social_town(make_archive, monkeypatch, "instagram", faulty=False) as town:
        town.running.at(5)
        world = town.city.social.at(5)
        mine = town.city.social.accounts[0]
        api = IGBusinessApi(
            access_token=mine.token,
            version="v26.0",
            ignore_version_check=True,
            instagram_business_id=mine.id,
            base_url=f"{town.running.url}/instagram/",
        )
        media = api.user.get_media(mine.id, count=None, limit=50)
        assert [one.id for one in media.data] == [one.id for one in world.posts("instagram", mine.key)]
        post = max(world.posts("instagram", mine.key), key=lambda one: len(world.comments("instagram", one.id)))
        comments = api.media.get_comments(post.id, count=None, limit=50)
        first = [one.id for one in world.comments("instagram", post.id) if one.parent == post.id]
        assert sorted(one.id for one in comments.data) == sorted(first)
        busiest = max(first, key=lambda one: len(world.replies("instagram", one)))
        answers = api.comment.get_replies(busiest, count=None, limit=50)
        assert [one.id for one in answers.data] == [one.id for one in world.replies("instagram", busiest)]


def test_answers_have_the_keys_and_types_of_recorded_ones(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever key the city's media and comments share with the recorded ones has the recorded type."""
    root = recorded("instagram/sns-sdks__python-facebook/testdata/instagram/apidata")
    with social_town(make_archive, monkeypatch, "instagram", faulty=False) as town:
        mine = town.city.social.accounts[0]
        town.running.at(5)

        def asked(path: str, fields: str) -> list[dict[str, Any]]:
            url = f"{town.running.url}/instagram/v26.0/{path}"
            answer = requests.get(url, params={"fields": fields, "access_token": mine.token}, timeout=20)
            return list(answer.json()["data"])

        media = asked(f"{mine.id}/media", items.MEDIA_FIELDS)
        busiest = max(media, key=lambda each: each["comments_count"])
        comments = asked(f"{busiest['id']}/comments", items.COMMENT_FIELDS)
        album = json.loads((root / "medias" / "media_default.json").read_text("utf-8"))
        comment = json.loads((root / "comments" / "comment_fields.json").read_text("utf-8"))
        assert media
        assert comments
        assert not [found for each in media for found in unlike(each, album)]
        assert not [found for each in comments for found in unlike(each, comment)]
