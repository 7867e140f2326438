"""What the YouTube Data API really answered in 2019 and 2022, read by the connector."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from archiver.platforms.items import ReferenceKind, State, StreamKind
from archiver.platforms.manners import Meaning
from archiver.platforms.youtube import YouTube
from tests.fixtures.recorded import recorded
from tests.fixtures.sessions import Answer, RecordedSession, account, exchange_of

if TYPE_CHECKING:
    from archiver.platforms.items import Item
    from archiver.platforms.pages import AccountRef

_ROOT = recorded("youtube/sns-sdks__python-youtube/testdata")
CHANNEL = "UC_x5XG1OV2P6uZZ5FSM9Ttw"
_URL = "https://youtube.googleapis.com/youtube/v3/videos"


def _account(**settings: str) -> AccountRef:
    return account("youtube", CHANNEL, "GoogleDevelopers", api_key="a-key", **settings)


def _answer(name: str, status: int = 200) -> Answer:
    return Answer(_ROOT.joinpath(name).read_bytes(), status=status)


def _data(name: str) -> Any:
    return json.loads(_ROOT.joinpath(name).read_text("utf-8"))


def test_a_recorded_playlist_is_walked_to_its_end() -> None:
    """Both pages of a recorded playlist name their videos, which are asked for; the one whose detail was recorded is whole."""
    pages = [_answer(f"apidata/playlist_items/playlist_items_paged_{number}.json") for number in (1, 2)]
    video = _answer("modeldata/videos/video_api_response.json")
    session = RecordedSession(pages[0], video, pages[1], Answer(b'{"kind":"youtube#videoListResponse","items":[]}'))
    found = list(YouTube().pages(session, _account(uploads_playlist="PL"), StreamKind.POSTS, None, {}))
    named = [each["snippet"]["resourceId"]["videoId"] for page in pages for each in json.loads(page.body)["items"]]
    assert [str(each.params.get("id")).split(",") for each in session.asked[1::2]] == [named[:10], named[10:]]
    assert session.asked[2].params["pageToken"] == "CAoQAA"
    (item,) = found[0].items
    assert (item.id, item.title) == ("D-lhorsDlUQ", "What are Actions on Google (Assistant on Air)")
    assert item.created_at == datetime(2019, 3, 21, 20, 37, 49, tzinfo=UTC)
    assert item.counts == {"views": 7920, "likes": 190, "replies": 32}
    assert item.evidence == {"category": "28", "duration": "PT21M7S", "privacy": "public", "license": "youtube"}
    assert (item.tags[0], len(item.tags), item.languages) == ("Google", 20, ("en",))
    assert item.media[0].url == "https://i.ytimg.com/vi/D-lhorsDlUQ/maxresdefault.jpg"
    assert (item.hidden, item.exchange, item.pointer) == (None, 1, "/items/0")
    assert item.author is not None
    assert (item.author.id, item.author.name) == (CHANNEL, "Google Developers")
    assert found[1].resume is None


def test_recorded_threads_are_read_with_the_answers_that_they_do_not_show() -> None:
    """The second recorded page repeats the first; a thread that says two answers and shows none is asked for them."""
    pages = [_answer(f"apidata/comment_threads/comment_threads_by_video_paged_{number}.json") for number in (1, 2)]
    answers = [_answer(f"apidata/comments/comments_by_parent_paged_{number}.json") for number in (1, 2)]
    session = RecordedSession(pages[0], *answers, pages[1], *answers)
    found = list(YouTube().thread(session, _account(), "F1UP7wRCPH8"))
    threads = json.loads(pages[0].body)["items"]
    shown: dict[str, Item] = {item.id: item for page in found for item in page.items}
    below = [each["id"] for answer in answers for each in json.loads(answer.body)["items"]]
    assert list(shown) == [each["id"] for each in threads] + below
    assert [each.params.get("parentId") for each in session.asked[1:3]] == [threads[4]["id"]] * 2
    assert (session.asked[2].params["pageToken"], session.asked[3].params["pageToken"]) == (
        json.loads(answers[0].body)["nextPageToken"],
        json.loads(pages[0].body)["nextPageToken"],
    )
    first = shown["UgyZ1jqkHKYvi1-ruOZ4AaABAg"]
    assert (first.text, first.edited_at) == ("Google.com", None)
    assert first.created_at == datetime(2019, 11, 26, 15, 51, 44, tzinfo=UTC)
    assert first.author is not None
    assert (first.author.id, first.author.name) == ("UCzj-CjKYmGlZ7vTL-vOe57A", "himani agarwal")
    assert first.reference(ReferenceKind.PARENT) == "F1UP7wRCPH8"
    reply = shown["Ugw5zYU6n9pmIgAZWvN4AaABAg.91zT3cYb5B291za6voUoRh"]
    assert reply.text == "this is the third reply!"
    assert reply.reference(ReferenceKind.PARENT) == "Ugw5zYU6n9pmIgAZWvN4AaABAg"
    assert found[-1].coverage is not None
    assert not [page for page in found if page.skipped]


def test_a_recorded_thread_shows_its_answer_with_it() -> None:
    """A thread with one answer, shown with it: nothing more is asked for, and no HTML stays in the text."""
    body = {
        "kind": "youtube#commentThreadListResponse",
        "items": [_data("modeldata/comments/comment_thread_info.json")],
    }
    session = RecordedSession(Answer(json.dumps(body).encode()))
    (page,) = YouTube().thread(session, _account(), "D-lhorsDlUQ")
    assert [(item.id, item.text) for item in page.items] == [
        ("UgydxWWoeA7F1OdqypJ4AaABAg", "Actions.ai"),
        ("UgydxWWoeA7F1OdqypJ4AaABAg.8wWQ3tdHcFx8xcDheui-qb", "#"),
    ]
    assert page.items[1].reference(ReferenceKind.PARENT) == page.items[0].id
    assert page.coverage is not None


def test_a_recorded_channel_is_a_profile() -> None:
    """The channel's words, numbers and pictures, and where its uploads are."""
    both = _data("apidata/channels/info_multiple.json")
    both["items"] = both["items"][1:]
    status = YouTube().status(RecordedSession(Answer(json.dumps(both).encode())), _account())
    assert (status.platform_id, status.handle, status.state) == (CHANNEL, "GoogleDevelopers", State.PRESENT)
    assert status.settings["uploads_playlist"] == "UU_x5XG1OV2P6uZZ5FSM9Ttw"
    profile = status.profile
    assert profile is not None
    assert profile.title == "Google Developers"
    assert profile.evidence["country"] == "US"
    assert [count.of for count in status.counts] == ["posts"]
    assert profile.counts["posts"] == int(both["items"][0]["statistics"]["videoCount"])
    assert len(profile.media) == 2
    assert all("=" not in medium.id for medium in profile.media)


def test_recorded_comments_are_found_by_their_ids() -> None:
    """Two comments that were asked for by their ids are there; a third one, which is left out, is not."""
    shown = [each["id"] for each in _data("apidata/comments/comments_multi.json")["items"]]
    session = RecordedSession(_answer("apidata/comments/comments_multi.json"))
    found = list(YouTube().lookup(session, _account(), [*shown, "UgGone"]))
    assert [each.state for each in found] == [State.PRESENT, State.PRESENT, State.GONE_CONFIRMED]


def test_recorded_errors_have_their_meaning() -> None:
    """A bad key is somebody's to mend; a refused request is that request's alone; an error of one word is read, too."""
    youtube = YouTube()
    for name, status, meaning in (
        ("error_response.json", 400, Meaning.TOKEN),
        ("apidata/error_permission_resp.json", 403, Meaning.FORBIDDEN),
        ("error_response_simple.json", 400, Meaning.FINAL),
    ):
        verdict = youtube.judge(exchange_of(_URL, _answer(name, status)))
        assert verdict is not None
        assert verdict.meaning is meaning


def test_a_recorded_log_in_is_a_renewal() -> None:
    """The recorded answer of Google's log-in gives an access token of an hour and another refresh token."""
    settings = {"refresh_token": "old", "client_id": "app", "client_secret": "secret"}
    renewal = YouTube().renew(RecordedSession(_answer("apidata/access_token.json")), _account(**settings))
    assert renewal is not None
    assert renewal.secrets == {"token": "access_token", "refresh_token": "refresh_token"}
    assert renewal.expires_at == {"token": datetime(2026, 3, 2, 10, 29, 59, tzinfo=UTC)}
