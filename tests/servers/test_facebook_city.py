"""The city's pages on Facebook: captured, night after night, they are what was true."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests
from pyfacebook import FacebookApi
from pyfacebook.exceptions import FacebookError

from archiver.platforms import facebook_items as items
from samplecity.social import APIS
from samplecity.social.facebook import Facebook
from tests.fixtures.recorded import recorded
from tests.fixtures.social_nights import social_town
from tests.fixtures.social_trouble import end_equal_to_the_truth, lost_access

if TYPE_CHECKING:
    from tests.fixtures.archives import ArchiveMaker

NIGHTS = 11
"""The second page's token is refused in nights 2 to 4, and it is suspended in nights 7 to 9."""


def test_eleven_nights_end_equal_to_the_truth(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Posts, visitors' posts, tags, reels, stories, comments and messages with their states and media, and nothing else."""
    monkeypatch.setitem(APIS, "facebook", Facebook(most=8))
    with social_town(make_archive, monkeypatch, "facebook", nights=NIGHTS, max_attempts=8) as town:
        end_equal_to_the_truth(town, NIGHTS)


def test_a_token_that_dies_is_no_deletion(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Facebook refuses a page's token (190), nothing is said of any post."""
    with social_town(make_archive, monkeypatch, "facebook", faulty=False) as town:
        lost_access(town, 1, 2)


def test_a_public_client_reads_the_pages_to_the_end(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """python-facebook pages through posts in time, through comments, conversations and messages by cursors, and knows errors."""
    monkeypatch.setitem(APIS, "facebook", Facebook(most=7))
    with social_town(make_archive, monkeypatch, "facebook", faulty=False) as town:
        town.running.at(5)
        world = town.city.social.at(5)
        page = town.city.social.accounts[0]
        base = f"{town.running.url}/facebook/"
        api = FacebookApi(access_token=page.token, version="v26.0", ignore_version_check=True, base_url=base)
        posts = api.page.get_published_posts(page.id, count=None, limit=50)
        wanted = [one.id for one in world.posts("facebook", page.key) if not one.reel]
        assert [post.id for post in posts.data] == wanted
        post = max(world.posts("facebook", page.key), key=lambda one: len(world.comments("facebook", one.id)))
        comments = api.post.get_comments(post.id, count=None, limit=50, filter_type="stream", order="chronological")
        assert [one.id for one in comments.data] == [one.id for one in world.comments("facebook", post.id)]
        conversations = api.get_full_connections(page.id, "conversations", count=None, limit=1)
        assert [one["id"] for one in conversations["data"]] == [
            one.id for one in world.conversations("facebook", page.key)
        ]
        shown = api.page.get_info(page.id, fields="id,name,username,fan_count")
        assert (shown.id, shown.name) == (page.id, world.by_key("facebook", page.key).name)
        with pytest.raises(FacebookError, match="does not exist"):
            api.post.get_info("1_1", fields="id")
        dead = FacebookApi(
            access_token="token-facebook-nobody", version="v26.0", ignore_version_check=True, base_url=base
        )
        with pytest.raises(FacebookError, match="Error validating access token"):
            dead.page.get_info(page.id, fields="id")


def test_answers_have_the_keys_and_types_of_recorded_ones(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever key the city's posts, comments and messages share with the recorded ones has the recorded type."""
    models = recorded("facebook/sns-sdks__python-facebook/testdata/facebook/models")
    with social_town(make_archive, monkeypatch, "facebook", faulty=False) as town:
        page = town.city.social.accounts[0]
        town.running.at(5)

        def asked(path: str, fields: str) -> list[dict[str, Any]]:
            url = f"{town.running.url}/facebook/v26.0/{path}"
            answer = requests.get(url, params={"fields": fields, "access_token": page.token, "limit": 100}, timeout=20)
            return list(answer.json()["data"])

        posts = asked(f"{page.id}/published_posts", items.POST_FIELDS)
        busiest = max(posts, key=lambda post: post["comments"]["summary"]["total_count"])
        comments = asked(f"{busiest['id']}/comments", items.COMMENT_FIELDS)
        (conversation, *_) = asked(f"{page.id}/conversations", items.CONVERSATION_FIELDS)
        messages = asked(f"{conversation['id']}/messages", items.MESSAGE_FIELDS)
        for name, answers in (
            ("post", posts),
            ("comment", comments),
            ("conversation", [conversation]),
            ("message", messages),
        ):
            model = json.loads((models / f"{name}.json").read_text("utf-8"))
            assert answers
            for answer in answers:
                assert not unlike(answer, model), name


def unlike(mine: Any, theirs: Any, where: str = "") -> list[str]:
    """Where two answers that have the same keys differ in the types of their values."""
    if isinstance(mine, dict) and isinstance(theirs, dict):
        return [
            found for key in mine.keys() & theirs.keys() for found in unlike(mine[key], theirs[key], f"{where}/{key}")
        ]
    if isinstance(mine, list) and isinstance(theirs, list):
        return unlike(mine[0], theirs[0], f"{where}/0") if mine and theirs else []
    return [] if type(mine) is type(theirs) else [f"{where}: {type(mine).__name__}, recorded {type(theirs).__name__}"]
