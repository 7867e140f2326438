"""Flickr: its errors, its numbered pages, and whatever else may stand in an answer."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.platforms.errors import NoSuchHandleError, UnreadableAnswerError
from archiver.platforms.flickr import Flickr
from archiver.platforms.flickr_items import photo_item
from archiver.platforms.items import Media, State, StreamKind
from archiver.platforms.manners import Meaning
from tests.fixtures.hostile import body, keepable, objects
from tests.fixtures.sessions import Answer, RecordedSession, account, exchange_of

API = "https://api.flickr.com/services/rest/"
PARKS = account("flickr", "30451208@N02", "riverbendparks", token="a-key")
NAMES = [
    "stat", "code", "message", "photos", "photo", "page", "pages", "perpage", "total", "id", "owner", "title", "_content",
    "description", "dateupload", "lastupdate", "ownername", "pathalias", "tags", "media", "originalsecret", "url_o", "views",
    "count_comments", "comments", "comment", "author", "authorname", "datecreate", "permalink", "realname", "person", "nsid",
    "username", "iconserver", "iconfarm", "count", "latitude", "longitude", "license", "datetaken", "sizes", "size", "source",
]  # fmt: skip
WORDS = ["ok", "fail", "photo", "video", 1, 100, 500]
quick = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)


def failed(code: Any, message: str = "words") -> Answer:
    """An answer of status 200 that says that it failed."""
    return Answer(body({"stat": "fail", "code": code, "message": message}))


def photo(number: int, uploaded: int) -> dict[str, Any]:
    """A photo of a listing, as short as it may be."""
    return {"id": str(number), "owner": "30451208@N02", "title": f"photo {number}", "dateupload": str(uploaded)}


def page(number: int, size: int, total: int, *photos: dict[str, Any]) -> Answer:
    """A page of a listing."""
    return Answer(
        body({"photos": {"page": number, "perpage": size, "total": total, "photo": list(photos)}, "stat": "ok"})
    )


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        (1, Meaning.FINAL),
        (2, Meaning.FINAL),
        ("98", Meaning.TOKEN),
        (99, Meaning.FORBIDDEN),
        (100, Meaning.TOKEN),
        ("100", Meaning.TOKEN),
        (105, Meaning.RETRY),
        (106, Meaning.RETRY),
        (112, Meaning.FINAL),
        (None, Meaning.FINAL),
        (True, Meaning.FINAL),
    ],
)
def test_an_error_in_an_answer_of_status_200_is_one(code: Any, meaning: Meaning) -> None:
    """Each code means what Flickr says of it, and the words are Flickr's own."""
    verdict = Flickr().judge(exchange_of(API, failed(code, "in Flickr's words")))
    assert verdict is not None
    assert verdict.meaning is meaning
    assert "in Flickr's words" in verdict.words


def test_a_good_answer_and_a_picture_are_no_errors() -> None:
    """An answer that says ok is none, nor are a picture's bytes, whatever they spell; the limit is HTTP's."""
    flickr = Flickr()
    assert flickr.judge(exchange_of(API, Answer(b'{"stat":"ok"}'))) is None
    assert flickr.judge(exchange_of("https://live.staticflickr.com/1.jpg", failed(100))) is None
    assert flickr.judge(exchange_of(API, Answer(b"<h1>Too Many Requests</h1>", status=429))) is None


def test_the_key_has_one_budget_of_3600_an_hour() -> None:
    """A request of the API takes one from the key's budget, a picture none."""
    (draw,) = Flickr().draws(PARKS, "GET", f"{API}?method=flickr.test.echo&api_key=a-key")
    assert (draw.units, draw.budget.units, draw.budget.shared_by) == (1, 3600, "token")
    assert draw.budget.window == timedelta(hours=1)
    assert not Flickr().draws(PARKS, "GET", "https://live.staticflickr.com/65535/1_o.jpg")


def test_an_unknown_name_and_a_deleted_account_are_told_apart() -> None:
    """A name of nobody is an error of the register; an account that was known and is deleted is so reported, by its id."""
    unknown = dataclasses.replace(PARKS, platform_id=None, handle="nobody")
    with pytest.raises(NoSuchHandleError, match=r"flickr\.com/photos/nobody/"):
        Flickr().status(RecordedSession(failed(1, "User not found")), unknown)
    status = Flickr().status(RecordedSession(failed(5, "User deleted")), PARKS)
    assert (status.state, status.platform_id, status.profile_id) == (
        State.GONE_CONFIRMED,
        PARKS.platform_id,
        PARKS.platform_id,
    )
    assert "5: User deleted" in status.words


def test_the_walk_ends_with_the_last_page_and_covers_all() -> None:
    """Two pages cover every second without a hole between them: photos of the second where a page ends may be on both."""
    session = RecordedSession(page(1, 2, 3, photo(3, 300), photo(2, 200)), page(2, 2, 3, photo(1, 200)))
    first, last = Flickr().pages(session, PARKS, StreamKind.POSTS, None, {})
    assert first.coverage is not None
    assert last.coverage is not None
    assert (first.coverage.before, first.coverage.after) == (None, "0000000201")
    assert (last.coverage.before, last.coverage.after) == ("0000000201", None)
    assert last.resume is None


def test_an_account_without_photos_is_one_empty_page() -> None:
    """Nothing listed, and the total says none: the listing covers everything."""
    (only,) = Flickr().pages(RecordedSession(page(1, 500, 0)), PARKS, StreamKind.POSTS, None, {})
    assert only.items == []
    assert only.coverage is not None
    assert (only.coverage.before, only.coverage.after, only.resume) == (None, None, None)


def test_a_short_page_in_the_middle_ends_nothing() -> None:
    """Flickr leaves out what it may not show: a page with fewer photos than places, or none, is followed by the next."""
    session = RecordedSession(page(1, 2, 6), page(2, 2, 6, photo(2, 200)), page(3, 2, 6, photo(1, 100)))
    pages = list(Flickr().pages(session, PARKS, StreamKind.POSTS, None, {}))
    assert [[item.id for item in each.items] for each in pages] == [[], ["2"], ["1"]]
    assert pages[-1].coverage is not None
    assert pages[-1].coverage.after is None


def test_endless_emptiness_is_an_error() -> None:
    """Pages that go on saying that there is more, and never show anything, end in an error and not in a claim."""
    session = RecordedSession(*(page(number, 500, 10**9) for number in range(1, 40)))
    with pytest.raises(UnreadableAnswerError, match="in a row"):
        list(Flickr().pages(session, PARKS, StreamKind.POSTS, None, {}))


def test_where_photos_go_meanwhile_the_walk_steps_back() -> None:
    """Between two pages three photos were removed, and the rest moved up by three: none of them is passed over."""
    everything = [photo(number, 1000 - number) for number in range(10)]
    left = everything[3:]
    session = RecordedSession(
        page(1, 4, 10, *everything[:4]),
        page(2, 4, 7, *left[4:]),
        page(1, 4, 7, *left[:4]),
        page(2, 4, 7, *left[4:]),
    )
    pages = list(Flickr().pages(session, PARKS, StreamKind.POSTS, None, {}))
    assert {item.id for each in pages for item in each.items} == {each["id"] for each in everything}
    assert [asked.params["page"] for asked in session.asked] == [1, 2, 1, 2]


def test_a_walk_goes_on_from_where_it_stood() -> None:
    """What a page gives as the place to go on from is JSON, and leads to the page after it."""
    first = next(
        Flickr().pages(RecordedSession(page(1, 2, 3, photo(3, 300), photo(2, 200))), PARKS, StreamKind.POSTS, None, {})
    )
    resume = json.loads(json.dumps(first.resume))
    session = RecordedSession(page(2, 2, 3, photo(1, 100)))
    (last,) = Flickr().pages(session, PARKS, StreamKind.POSTS, resume, {})
    assert (session.asked[0].params["page"], session.asked[0].params["per_page"]) == (2, 2)
    assert last.coverage is not None
    assert last.coverage.before == "0000000201"


def test_out_of_order_across_pages_nothing_is_covered() -> None:
    """Should the listing not be in the order of upload, a page says nothing of what it does not show."""
    session = RecordedSession(page(1, 1, 2, photo(1, 100)), page(2, 1, 2, photo(2, 200)))
    first, last = Flickr().pages(session, PARKS, StreamKind.POSTS, None, {})
    assert first.coverage is not None
    assert last.coverage is None


def test_a_photo_that_cannot_be_read_is_named_and_its_page_covers_nothing() -> None:
    """One bad record is skipped by name, the others are read, and nothing is said to be missing for it."""
    (only,) = Flickr().pages(
        RecordedSession(page(1, 2, 2, photo(2, 200), {"id": "1"})), PARKS, StreamKind.POSTS, None, {}
    )
    assert [item.id for item in only.items] == ["2"]
    assert only.skipped[0].lost
    assert only.coverage is None


def test_only_what_was_written_makes_a_version() -> None:
    """`lastupdate`, which moves with every comment, is told with a version and makes none by itself."""
    first = photo_item({**photo(1, 100), "lastupdate": "100"}, 0, "")
    later = photo_item({**photo(1, 100), "lastupdate": "900", "views": "7"}, 0, "")
    assert (first.edited_at, later.edited_text) == (None, None)
    assert later.edited_at is not None
    assert later.edited_at.timestamp() == 900


def test_a_replaced_picture_is_another_medium() -> None:
    """The original's secret is part of a medium's name: it changes with the file. Without it the photo's id stands alone."""
    shown = [
        photo_item({**photo(1, 100), **more}, 0, "").media[0].id
        for more in ({}, {"originalsecret": "aa"}, {"originalsecret": "bb"})
    ]
    assert shown == ["1", "1_aa", "1_bb"]


def test_a_videos_file_is_asked_for() -> None:
    """A video's poster is not its file: the original file is asked for, else the largest."""
    sizes = [
        {"label": "Original", "width": 9000, "source": "https://live.example/poster.jpg", "media": "photo"},
        {"label": "Site MP4", "width": "640", "source": "https://live.example/site.mp4", "media": "video"},
        {"label": "Video Original", "width": "", "source": "https://live.example/original.mov", "media": "video"},
    ]
    session = RecordedSession(
        Answer(body({"sizes": {"size": sizes}, "stat": "ok"})), Answer(body({"sizes": {"size": sizes[:1]}}))
    )
    medium = Media("53510000002_99887766aa", "video")
    assert Flickr().media_request(session, PARKS, medium) == "https://live.example/original.mov"
    assert session.asked[0].params["photo_id"] == "53510000002"
    with pytest.raises(UnreadableAnswerError, match="no file of the video"):
        Flickr().media_request(session, PARKS, medium)


def test_a_long_thread_comes_in_parts() -> None:
    """The one answer of a thread may be long: its comments are given some hundreds at a time, and the last part covers all."""
    comments = [{"id": f"9-1-{number}", "author": "1@N01", "_content": "x"} for number in range(1200)]
    answer = Answer(body({"comments": {"photo_id": "1", "comment": comments}, "stat": "ok"}))
    pages = list(Flickr().thread(RecordedSession(answer), PARKS, "1"))
    assert [len(each.items) for each in pages] == [500, 500, 200]
    assert [each.coverage is not None for each in pages] == [False, False, True]
    broken = Answer(body({"comments": {"photo_id": "1", "comment": [*comments[:1], {"id": "9-1-x"}]}, "stat": "ok"}))
    (only,) = Flickr().thread(RecordedSession(broken), PARKS, "1")
    assert (len(only.items), len(only.skipped), only.coverage) == (1, 1, None)


def test_the_same_answer_again_is_unchanged() -> None:
    """A thread whose answer is known byte for byte is not read again, and all of it was seen once more."""
    answer = Answer(body({"comments": {"photo_id": "1"}, "stat": "ok"}))
    (first,) = Flickr().thread(RecordedSession(answer), PARKS, "1")
    (again,) = Flickr().thread(RecordedSession(answer), PARKS, "1", first.exchanges[0].received_sha256)
    assert again.unchanged
    assert again.coverage == first.coverage


@quick
@given(objects(NAMES, WORDS), st.sampled_from(["posts", "thread", "status", "lookup"]))
def test_any_answer_is_read_or_named(answer: dict[str, Any], what: str) -> None:
    """Whatever JSON comes: items whose evidence can be kept, parts skipped by name, or an error that says what it is."""
    wrapped = {
        "photos": {"total": 1, **answer, "photo": [answer, answer.get("photo")]},
        "comments": {"comment": [answer]},
    }
    said = Answer(body({**answer, **wrapped, "person": answer, "user": answer}))
    session, flickr = RecordedSession(said), Flickr()
    with contextlib.suppress(
        UnreadableAnswerError, *([IndexError] if what == "posts" else [])
    ):  # the walk may ask for more
        match what:
            case "posts":
                pages = flickr.pages(session, PARKS, StreamKind.POSTS, None, {})
                assert keepable(item for page in pages for item in page.items)
            case "thread":
                assert keepable(item for page in flickr.thread(session, PARKS, "1") for item in page.items)
            case "status":
                assert flickr.status(session, PARKS).platform_id
            case _:
                assert len(list(flickr.lookup(session, PARKS, ["1-2-3"]))) == 1
