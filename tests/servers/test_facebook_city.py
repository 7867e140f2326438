"""The city's pages on Facebook: captured, night after night, they are what was true."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import requests
from pyfacebook import FacebookApi
from pyfacebook.exceptions import FacebookError

from archiver import accounts
from archiver.capture.export import export_account
from archiver.platforms import facebook_items as items
from samplecity.faults import Fault
from samplecity.social import APIS
from samplecity.social.facebook import AUTOMATIC, Facebook
from tests.fixtures.recorded import recorded
from tests.fixtures.social_nights import social_town
from tests.fixtures.social_trouble import end_equal_to_the_truth, lost_access
from tests.servers.test_five_nights import night_of

if TYPE_CHECKING:
    from samplecity.social.model import SocialAccount, Thing
    from samplecity.social.world import SocialWorld
    from tests.fixtures.archives import ArchiveMaker
    from tests.fixtures.social_nights import SocialTown

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


def test_alternative_texts_and_captions_that_change_are_other_versions(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A corrected alternative text is a version of its post over the same bytes; replaced captions are other bytes, and the old
    ones stay; whose words they are is told, and no token is in any address.
    """
    with social_town(make_archive, monkeypatch, "facebook", faulty=False) as town:
        for night in (1, 2, 3):
            assert not town.troubles(night, town.night(night))
        story = town.city.social.story
        ((_, post),) = story["alternative_text_corrected"]
        shown = _media(town, post, "image")
        assert [(number, words) for number, _, words in shown] == [
            (1, "A pool"),
            (1, "Children at the pool"),
            (2, "The empty pool of Anza Park at sunrise"),
            (2, "Children at the pool"),
        ]
        assert len({sha256 for _, sha256, _ in shown}) == 2
        ((_, silent),) = story["without_alternative_text"]
        ((alt_texts,),) = town.sql(
            "select v.fields -> 'alt_texts' from versions v join items i on i.id = v.item_id where i.platform_id = :id",
            id=silent,
        )
        assert [(each["text"], each["by"]) for each in alt_texts] == [(AUTOMATIC, "platform")]
        ((_, video),) = story["captions_corrected"]
        tracks = _media(town, video, "file")
        assert [(number, words) for number, _, words in tracks] == [
            (1, "captions in English"),
            (2, "captions in English"),
        ]
        assert len({sha256 for _, sha256, _ in tracks}) == 2
        assert None not in {sha256 for _, sha256, _ in tracks}
        assert town.sql("select count(*) from media where url like '%token%'") == [(0,)]


def _media(town: SocialTown, identity: str, kind: str) -> list[tuple[int, str | None, str | None]]:
    """The media of each version of an item: its number, the bytes' digest, their words."""
    return [
        (int(number), sha256, words)
        for number, sha256, words in town.sql(
            "select v.number, encode(m.sha256, 'hex'), a.alt_text from versions v join items i on i.id = v.item_id "
            "join version_media a on a.version_id = v.id join media m on m.id = a.medium_id "
            "where i.platform_id = :id and m.kind = :kind order by v.number, a.position",
            id=identity,
            kind=kind,
        )
    ]


def test_without_the_permission_there_are_notes_and_nothing_is_taken_for_empty(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where Facebook refuses what is asked of pictures and videos, the captures are whole and say so; what was held stands."""
    with social_town(make_archive, monkeypatch, "facebook", faulty=False) as town:
        assert not town.troubles(1, town.night(1))
        versions = town.sql(
            "select count(*) from versions v join items i on i.id = v.item_id where i.kind <> 'profile'"
        )
        town.running.install(Fault(r"^/facebook/v26\.0/\?", "no_permission", times=1000))
        town.archive.clock.set(night_of(town.city, 1) + timedelta(hours=1))
        every = accounts.active(town.archive.engine)
        reports = {each.name: export_account(town.archive.archive, each) for each in every}
        assert not town.troubles(1, reports)
        notes = [each for report in reports.values() for stream in report.streams for each in stream.skipped]
        assert any("the alternative text of the picture" in each["what"] for each in notes)
        assert any("the captions of the video" in each["what"] for each in notes)
        assert not any(each["lost"] for each in notes)
        assert versions == town.sql(
            "select count(*) from versions v join items i on i.id = v.item_id where i.kind <> 'profile'"
        )
        assert not town.differences(1)


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
        wanted = [one.id for one in wanted_posts(world, page)]
        assert [post.id for post in posts.data] == wanted
        post = max(world.posts("facebook", page.key), key=lambda one: len(world.comments("facebook", one.id)))
        comments = api.post.get_comments(post.id, count=None, limit=50, filter_type="stream", order="chronological")
        assert [one.id for one in comments.data] == [one.id for one in world.comments("facebook", post.id)]
        conversations = api.get_full_connections(page.id, "conversations", count=None, limit=1)
        assert [one["id"] for one in conversations["data"]] == [
            one.id for one in world.conversations("facebook", page.key)
        ]
        described = next(
            each for post in wanted_posts(world, page) for each in post.attachments if each.kind == "image"
        )
        photo = api.photo.get_info(described.id, fields="id,alt_text,alt_text_custom")
        assert (photo.id, photo.alt_text) == (described.id, described.alt or AUTOMATIC)
        captioned = next(post for post in wanted_posts(world, page) if post.tracks)
        video = captioned.attachments[0].id
        tracks = api.get_full_connections(video, "captions", fields="id,locale,uri", count=None, limit=1)
        assert [each["id"] for each in tracks["data"]] == [track.id for track in captioned.tracks]
        assert requests.get(tracks["data"][0]["uri"], timeout=20).content == captioned.tracks[0].data
        shown = api.page.get_info(page.id, fields="id,name,username,fan_count")
        assert (shown.id, shown.name) == (page.id, world.by_key("facebook", page.key).name)
        with pytest.raises(FacebookError, match="does not exist"):
            api.post.get_info("1_1", fields="id")
        dead = FacebookApi(
            access_token="token-facebook-nobody", version="v26.0", ignore_version_check=True, base_url=base
        )
        with pytest.raises(FacebookError, match="Error validating access token"):
            dead.page.get_info(page.id, fields="id")


def wanted_posts(world: SocialWorld, page: SocialAccount) -> list[Thing]:
    """The posts of a page that are no reels, newest first."""
    return [one for one in world.posts("facebook", page.key) if not one.reel]


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
