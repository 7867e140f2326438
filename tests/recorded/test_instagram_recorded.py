"""What the Graph API really answered of Instagram in 2021, read by the connector."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from archiver.platforms import instagram_items as items
from archiver.platforms.instagram import Instagram
from archiver.platforms.items import ItemKind, Party, StreamKind
from tests.fixtures.recorded import recorded
from tests.fixtures.sessions import Answer, RecordedSession, account

if TYPE_CHECKING:
    from pathlib import Path

_ROOT = recorded("instagram/sns-sdks__python-facebook/testdata/instagram/apidata")
ACCOUNT = account("instagram", "17841407673135339", "facebookfordevelopers", token="access_token", login="facebook")


def _path(*parts: str) -> Path:
    return _ROOT.joinpath(*parts)


def _data(*parts: str) -> Any:
    return json.loads(_path(*parts).read_text("utf-8"))


def test_recorded_media_are_walked_to_their_end() -> None:
    """Two recorded pages of media: every entry an item, and no token in what is remembered."""
    pages = [_path("users", f"medias_p{number}.json").read_bytes() for number in (1, 2)]
    session = RecordedSession(*(Answer(each) for each in pages), Answer(b'{"data":[]}'))
    found = list(Instagram().pages(session, ACCOUNT, StreamKind.POSTS, None, {}))
    told = [each["id"] for page in pages for each in json.loads(page)["data"]]
    assert [item.id for page in found for item in page.items] == told
    assert not [page for page in found if page.skipped or "access_token" in json.dumps(page.resume)]


def test_a_recorded_album_has_all_its_pictures() -> None:
    """Each child of the album is a medium of its own, with its address and time."""
    album = _data("medias", "media_default.json")
    item = items.media_item(album, ItemKind.POST, Party("1", "me"))
    assert item.text == "ALBUM"
    assert [medium.id for medium in item.media] == [each["id"] for each in album["children"]["data"]]
    assert [medium.kind.upper() for medium in item.media] == [each["media_type"] for each in album["children"]["data"]]
    assert all(medium.url for medium in item.media)


def test_recorded_comments_and_their_answers_are_read() -> None:
    """Both recorded pages of comments, which do page by a cursor, and a recorded answer."""
    head = {"id": "17846368219941692", "comments_count": 5}
    pages = [_data("medias", f"comments_p{number}.json") for number in (1, 2)]
    answers = [Answer(json.dumps(each).encode()) for each in (head, *pages)]
    found = list(Instagram().thread(RecordedSession(*answers), ACCOUNT, "17846368219941692"))
    assert [item.id for page in found for item in page.items] == [each["id"] for page in pages for each in page["data"]]
    assert found[-1].coverage is not None
    assert [(count.of, count.platform) for count in found[-1].counts] == [("comments", 5)]
    reply = _data("comments", "replies.json")["data"][0]
    item = items.comment_item(reply, "17846368219941692", "17858154961981086", "x")
    assert (item.text, item.mentions) == ("@lixiangguodu123 nihao", ("lixiangguodu123",))
    named = items.comment_item(_data("comments", "comment_fields.json"), "1", None, "x")
    assert named.author == Party("username:ikroskun", "ikroskun")


def test_a_recorded_profile_is_read() -> None:
    """Name, biography and counts, as they were recorded."""
    profile = items.profile_item(_data("users", "user_fields.json"), "17841407673135339")
    assert profile.title == "Facebook for Developers"
    assert profile.counts == {"followers": 64363, "posts": 427}
    # Weeks later and from another machine the address is another, and the picture the same.
    (picture,) = profile.media
    later = items.portrait(str(_data("discovery", "user_fields.json")["business_discovery"]["profile_picture_url"]))
    assert [each.id for each in later] == [picture.id]
    assert later[0].url != picture.url
    assert (profile.text or "").startswith("Follow us for updates")
