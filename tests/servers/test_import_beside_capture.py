"""A page's download and the captures of its API, made of one history: whichever comes first, each thing said is one item."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from archiver.accounts import find
from archiver.capture.importing import import_download
from tests.fixtures.custody import rows, unproven
from tests.fixtures.importing import zipped
from tests.fixtures.social_nights import SocialTown, social_town

if TYPE_CHECKING:
    from pathlib import Path

    from archiver.capture.importing import ImportReport
    from samplecity.social.model import SocialAccount, Thing
    from tests.fixtures.archives import ArchiveMaker

_NIGHT = 5
_ACTIVITY = "this_profile's_activity_across_facebook/"


def _json(value: Any) -> bytes:
    """JSON as such downloads have it: the bytes of UTF-8 in the place of characters."""
    return json.dumps(_broken(value)).encode("ascii")


def _broken(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode().decode("latin-1")
    if isinstance(value, dict):
        return {key: _broken(each) for key, each in value.items()}
    return [_broken(each) for each in value] if isinstance(value, list) else value


def _download(town: SocialTown, page: SocialAccount) -> dict[str, bytes]:
    """The download that the platform would give the page: posts with their pictures, own comments, conversations."""
    world = town.city.social.at(_NIGHT)
    name = world.by_key("facebook", page.key).name
    files: dict[str, bytes] = {}

    def entry(thing: Thing) -> dict[str, Any]:
        media = []
        for one in thing.attachments:
            uri = f"{_ACTIVITY}posts/media/photos/{one.id}.{'mp4' if one.kind == 'video' else 'png'}"
            files[uri] = one.data
            media.append({"media": {"uri": uri, "creation_timestamp": int(thing.at.timestamp())}})
        said = {"data": [{"post": thing.text}]} if thing.text else {"data": []}
        return {"timestamp": int(thing.at.timestamp()), "attachments": [{"data": media}] if media else [], **said}

    posts = world.posts("facebook", page.key)
    files[f"{_ACTIVITY}posts/profile_posts_1.json"] = _json([entry(post) for post in posts])
    comments = [
        {
            "timestamp": int(one.at.timestamp()),
            "data": [{"comment": {"timestamp": int(one.at.timestamp()), "comment": one.text, "author": name}}],
            "title": f"{name} commented on a post.",
        }
        for post in posts
        for one in world.comments("facebook", post.id)
        if one.author.id == page.id
    ]
    files[f"{_ACTIVITY}comments_and_reactions/comments.json"] = _json({"comments_v2": comments})
    for talk in world.conversations("facebook", page.key):
        messages = [
            {
                "sender_name": one.author.name if one.author.id != page.id else name,
                "timestamp_ms": int(one.at.timestamp() * 1000),
                "content": one.text,
                "type": "Generic",
            }
            for one in world.messages("facebook", talk.id)
        ]
        folder = f"{_ACTIVITY}messages/inbox/talk_{talk.id[-6:]}/"
        files[f"{folder}message_1.json"] = _json({"participants": [], "messages": messages})
    profile = {"profile_v2": {"name": {"full_name": name}, "username": world.by_key("facebook", page.key).handle}}
    files["personal_information/profile_information.json"] = _json(profile)
    return files


def _said(town: SocialTown, kind: str) -> list[tuple[Any, ...]]:
    """What is held of a kind: ids, whether either source showed it."""
    return rows(
        town.archive.engine,
        "select i.platform_id, bool_or(v.source = 'api'), bool_or(v.source = 'import') from items i "
        "join versions v on v.item_id = i.id where i.kind = :kind group by 1 order by 1",
        kind=kind,
    )


def _moment(thing: Thing) -> tuple[int, str]:
    return int(thing.at.timestamp()), thing.text


def _import(town: SocialTown, page: SocialAccount, path: Path) -> ImportReport:
    handle = town.city.social.at(_NIGHT).by_key("facebook", page.key).handle
    account = find(town.archive.engine, f"facebook:{handle}")
    return import_download(town.archive.archive, path, account, owner_id=page.id)


@pytest.mark.parametrize("first", ["capture", "import"])
def test_a_download_and_captures_of_one_page_are_one_record(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, first: str
) -> None:
    """Every post, comment and message of the download that has words is the one that the API shows; none is there twice."""
    with social_town(make_archive, monkeypatch, "facebook", faulty=False) as town:
        page = town.city.social.accounts[0]
        path = zipped(tmp_path / "page.zip", _download(town, page))
        if first == "capture":
            town.night(_NIGHT)
            report = _import(town, page, path)
        else:
            report = _import(town, page, path)
            town.night(_NIGHT)
        again = _import(town, page, path)
        town.night(_NIGHT)
        assert report.complete
        assert again.new == 0
        world = town.city.social.at(_NIGHT)
        posts = [one for one in world.posts("facebook", page.key) if one.text]
        below = [one for post in posts for one in world.comments("facebook", post.id) if one.author.id == page.id]
        talks = world.conversations("facebook", page.key)
        messages = [one for talk in talks for one in world.messages("facebook", talk.id) if one.text]
        assert len(posts) > 5
        assert len(messages) > 1
        joined = 0
        for kind, things in (("post", posts), ("comment", below), ("message", messages)):
            alike = Counter(_moment(one) for one in things)
            certain = {one.id for one in things if alike[_moment(one)] == 1}
            held = {own: (by_api, by_import) for own, by_api, by_import in _said(town, kind)}
            assert {own: held.get(own) for own in certain} == dict.fromkeys(certain, (True, True)), kind
            # What the page said twice in one second is joined with neither, and none of it is lost.
            left = [own for own in held if own.startswith("download:")]
            assert len(left) == len(things) - len(certain), kind
            assert all(held[one.id] == (True, False) for one in things if one.id not in certain), kind
            joined += len(certain)
        assert again.merged == joined
        assert not unproven(town.archive.archive)
