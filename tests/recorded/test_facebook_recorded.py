"""What the Graph API really answered in 2021, read by the connector."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from archiver.platforms import facebook_items as items
from archiver.platforms.facebook import Facebook
from archiver.platforms.graph import following_of
from archiver.platforms.graph_manners import health, judge
from archiver.platforms.items import ReferenceKind, StreamKind
from tests.fixtures.recorded import recorded
from tests.fixtures.sessions import Answer, RecordedSession, account, exchange_of

if TYPE_CHECKING:
    from pathlib import Path

_ROOT = recorded("facebook/sns-sdks__python-facebook/testdata")
PAGE = account("facebook", "4", "zuck", token="access_token")


def _file(*parts: str) -> Path:
    return _ROOT.joinpath(*parts)


def _data(*parts: str) -> Any:
    return json.loads(_file("facebook", "apidata", *parts).read_text("utf-8"))


def test_time_paged_posts_are_walked_to_their_end() -> None:
    """The first page has no cursors: `until` and `__paging_token` place the next one, and no token is kept of it."""
    pages = [_file("facebook", "apidata", "posts", f"feed_fields_p{n}.json").read_bytes() for n in (1, 2)]
    session = RecordedSession(*(Answer(each) for each in pages), Answer(b'{"data":[]}'))
    found = list(Facebook().pages(session, PAGE, StreamKind.POSTS, None, {}))
    first = json.loads(pages[0])
    asked = session.asked[1].params
    assert asked["until"] == parse_qs(urlsplit(first["paging"]["next"]).query)["until"][0]
    assert asked["__paging_token"] == "__paging_token"
    assert [item.id for item in found[0].items] == [each["id"] for each in first["data"]]
    assert found[0].items[0].text == "Happy July 4th! 🇺🇸"
    assert found[0].items[0].created_at == datetime(2021, 7, 4, 19, 50, 58, tzinfo=UTC)
    assert sum(len(page.items) for page in found) == sum(len(json.loads(each)["data"]) for each in pages)
    assert not [page for page in found if page.skipped or "access_token" in json.dumps(page.resume)]


def test_a_recorded_stream_of_comments_becomes_a_tree() -> None:
    """Two recorded pages: 15 comments, of which the platform counts 18. The ids, which the recording lacks, are in the links."""
    answers = []
    for number in (1, 2):
        page = _data("comments", f"comments_p{number}.json")
        for each in page["data"]:
            query = parse_qs(urlsplit(each["permalink_url"]).query)
            each["id"] = f"10158407654328553_{query.get('reply_comment_id', query['comment_id'])[0]}"
            if "reply_comment_id" in query:
                each["parent"] = {"id": f"10158407654328553_{query['comment_id'][0]}"}
        answers.append(Answer(json.dumps(page).encode()))
    post = "19292868552_10158407654328553"
    pages = list(Facebook().thread(RecordedSession(*answers), PAGE, post))
    found = [item for page in pages for item in page.items]
    assert not [page for page in pages if page.skipped]
    assert pages[-1].coverage is not None
    assert [(count.of, count.platform) for count in pages[-1].counts] == [("comments", 18)]
    ids = {item.id for item in found}
    answers_to = [item.reference(ReferenceKind.PARENT) for item in found]
    assert len(found) == len(ids) == 15
    assert sum(parent == post for parent in answers_to) > 0
    assert all(parent == post or parent in ids for parent in answers_to)


def test_recorded_entities_are_read() -> None:
    """A whole post with an album, a comment with a picture, messages with a picture and a video, and conversations."""
    models = _ROOT / "facebook" / "models"
    post = items.post_item(json.loads((models / "post.json").read_text("utf-8")))
    assert (post.counts["replies"], post.counts["likes"]) == (47, 8878)
    assert len(post.media) > 1
    assert all(medium.kind == "image" and medium.id.isdigit() for medium in post.media)
    comment = items.comment_item(json.loads((models / "comment.json").read_text("utf-8")), "1_2954961744718970")
    assert (comment.text, comment.hidden, comment.media[0].id) == ("My Nice Car ", None, "909150133277173")
    assert comment.author is not None
    assert comment.author.name == "Kun Liu"
    told = [items.message_item(each, "t_587956915396498") for each in _data("messages", "messages_info.json").values()]
    assert {medium.kind for each in told for medium in each.media} >= {"image", "video"}
    assert all(each.media[0].url and each.created_at for each in told if each.media)
    page = items.profile_item(_data("pages", "single_fields_page.json"))
    assert (page.title, page.author and page.author.handle) == ("Facebook", "facebookapp")


def test_a_recorded_error_and_a_recorded_token_are_understood() -> None:
    """A missing permission in the words of code 100 is no reason to ask again; the token's two ends and scopes are read."""
    verdict = judge(
        exchange_of(
            "https://graph.facebook.com/v11.0/4/posts", Answer(_file("base", "error_data.json").read_bytes(), 400)
        )
    )
    assert verdict is not None
    assert verdict.meaning.value == "final"
    assert "pages_read_engagement" in verdict.words
    told = json.loads(_file("base", "token_info.json").read_text("utf-8"))["data"]
    stood = health(
        told, ("pages_show_list", "pages_messaging"), exchange_of("https://graph.facebook.com/debug_token", Answer())
    )
    assert (stood.alive, stood.missing) == (True, ("pages_messaging",))
    assert stood.expires_at == datetime.fromtimestamp(1577347200, UTC)


def test_no_recorded_next_gives_its_token_away() -> None:
    """Of every recorded `paging.next`, what places the next page is kept, and nothing else."""
    kept = []
    for path in sorted(_ROOT.rglob("*.json")):
        answer = json.loads(path.read_text("utf-8"))
        if isinstance(answer, dict) and isinstance(answer.get("paging"), dict) and "next" in answer["paging"]:
            kept.append(following_of(answer))
    assert len(kept) > 10
    assert all(each and "access_token" not in each for each in kept)
