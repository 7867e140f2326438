"""Instagram: albums, stories, comments with their answers, messages, both log-ins, and whatever else may come."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.evidence.fields import carried_over, evidence_fields
from archiver.platforms import instagram_items as items
from archiver.platforms.errors import NoSuchHandleError, UnreadableAnswerError
from archiver.platforms.instagram import Instagram
from archiver.platforms.items import Item, ItemKind, Media, Party, ReferenceKind, State, StreamKind
from archiver.platforms.pages import AccountRef, Conversation, Page
from tests.fixtures.graph import GONE, TOKEN, covered, ids, kept, listed, refused, told, unknown
from tests.fixtures.hostile import anything, body, keepable, objects
from tests.fixtures.judged import JudgedSession
from tests.fixtures.sessions import Answer, ReplayError, account

ME = "17841405309211844"
CITY = account("instagram", ME, "riverbendparks", token=TOKEN)
PAGED = account("instagram", ME, "riverbendparks", token=TOKEN, login="facebook", page_id="565225540184937")
MINE = Party(ME, "riverbendparks")
HEAD = told({"id": "9", "comments_count": 3, "is_comment_enabled": True})
NAMES = [
    "data", "paging", "next", "id", "caption", "media_type", "media_product_type", "media_url", "permalink", "timestamp",
    "username", "owner", "from", "alt_text", "comments_count", "like_count", "is_comment_enabled", "children", "text",
    "hidden", "parent_id", "replies", "created_time", "to", "message", "shares", "link", "attachments", "mime_type",
    "image_data", "video_data", "url", "file_url", "size", "name", "biography", "website", "followers_count", "media_count",
    "user_id", "instagram_business_account", "updated_time", "access_token", "expires_in",
]  # fmt: skip
WORDS = [
    "IMAGE",
    "CAROUSEL_ALBUM",
    "2026-03-02T17:33:30+0000",
    "riverbendparks",
    "https://x?after=a",
    "http://[",
    True,
    5184000,
]
quick = settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow], deadline=None)


def at(minute: int) -> str:
    """A time as Graph writes it."""
    return f"2026-03-02T17:{minute:02d}:00+0000"


def place(minute: int) -> str:
    """The order key of all that was published in that minute, without the id."""
    return f"{int(datetime(2026, 3, 2, 17, minute, tzinfo=UTC).timestamp()):011d}"


def medium(number: int, minute: int | None = None, **more: Any) -> dict[str, Any]:
    """A picture as short as it may be."""
    when = {} if minute is None else {"timestamp": at(minute)}
    return {"id": str(number), "media_type": "IMAGE", "media_url": f"https://scontent/{number}.jpg", **when, **more}


def comment(number: int, minute: int = 0, **more: Any) -> dict[str, Any]:
    """A comment as short as it may be."""
    return {"id": str(number), "text": f"comment {number}", "timestamp": at(minute), "username": "rosa", **more}


def walked(
    stream: StreamKind, *answers: Answer, resume: Any = None, whose: AccountRef = CITY
) -> tuple[list[Page], JudgedSession]:
    """The pages of a stream with these answers, and what was asked."""
    session = JudgedSession(Instagram(), *answers)
    return list(Instagram().pages(session, whose, stream, resume, {})), session


def threaded(*answers: Answer, head: Answer = HEAD) -> tuple[list[Page], JudgedSession]:
    """The pages of the thread of the post 9, and what was asked."""
    session = JudgedSession(Instagram(), head, *answers)
    return list(Instagram().thread(session, CITY, "9")), session


def test_a_whole_album_is_read() -> None:
    """Caption with its tags and mentions, each child by its id with its alt text, the product, the counts."""
    children = {"data": [
        {"id": "1", "media_type": "IMAGE", "media_url": "https://scontent/1.jpg?oh=x", "alt_text": "Picture 1"},
        {"id": "2", "media_type": "VIDEO", "media_url": "https://scontent/2.mp4"}, {"id": "3"}, "no child",
    ]}  # fmt: skip
    album = {
        "id": "17896129349106152", "caption": "Summer #pool ☀️ with @rosa.nandu. #été a@b.c &#39; مسبح",
        "media_type": "CAROUSEL_ALBUM", "media_product_type": "FEED", "permalink": "https://www.instagram.com/p/C/",
        "timestamp": at(33), "username": "riverbendparks",
        "owner": {"id": ME}, "comments_count": 53, "like_count": 8, "children": children,
    }  # fmt: skip
    item = items.media_item(album, ItemKind.POST, MINE, exchange=0, pointer="/data/0")
    assert item == Item(
        kind=ItemKind.POST,
        id="17896129349106152",
        source=item.source,
        author=MINE,
        text=str(album["caption"]),
        created_text=at(33),
        created_at=datetime(2026, 3, 2, 17, 33, tzinfo=UTC),
        url="https://www.instagram.com/p/C/",
        tags=("pool", "été"),
        mentions=("rosa.nandu",),
        media=(
            Media("1", "image", "https://scontent/1.jpg?oh=x", "Picture 1"),
            Media("2", "video", "https://scontent/2.mp4"),
            Media("3", "image"),
        ),
        evidence={"product": "FEED"},
        counts={"replies": 53, "likes": 8},
        order_key=f"{place(33)} 17896129349106152",
        exchange=0,
        pointer="/data/0",
    )


@pytest.mark.parametrize(
    ("media", "files"),
    [
        (medium(1, media_type="VIDEO"), [("1", "video")]),
        (medium(1, media_type="BROADCAST"), [("1", "video")]),
        (medium(1, media_type=None), [("1", "image")]),
        (medium(1, media_type="CAROUSEL_ALBUM"), []),
        (medium(1, media_type="CAROUSEL_ALBUM", children={"data": []}), []),
        (medium(1, children=7), [("1", "image")]),
        (medium(1, media_url=None), [("1", "image")]),
    ],
)
def test_the_files_of_a_post_are_its_own_or_its_childrens(media: dict[str, Any], files: list[tuple[str, str]]) -> None:
    """A picture is its own file, an album is none but those of its children; without an address it is still named."""
    item = items.media_item(media, ItemKind.POST, MINE)
    assert [(each.id, each.kind) for each in item.media] == files


@pytest.mark.parametrize(
    ("record", "own", "author"),
    [
        ({"username": "riverbendparks"}, False, MINE),
        ({"username": "riverbendparks", "owner": {"id": ME}}, True, Party(ME, "riverbendparks")),
        ({}, True, MINE),
        ({}, False, None),
        ({"username": "rosa"}, True, Party("username:rosa", "rosa")),
        ({"username": "rosa", "from": {"id": "5", "username": "rosa.n"}}, True, Party("5", "rosa.n")),
        ({"username": "rosa", "from": {"id": "5"}}, False, Party("5", "rosa")),
        ({"username": "rosa", "from": {}, "owner": None}, False, Party("username:rosa", "rosa")),
    ],
)
def test_who_wrote_it_is_told_by_id_or_by_name(record: dict[str, Any], own: bool, author: Party | None) -> None:  # noqa: FBT001
    """Where nothing is told it is the account's among its own, and nobody's elsewhere: a stranger's post is never the city's."""
    assert items.author_of(record, MINE, own=own) == author


@pytest.mark.parametrize(
    "broken",
    [
        7, None, "post", [], {}, {"id": None}, {"id": {}}, medium(1, caption=["x"]),
        medium(1, timestamp={}), medium(1, media_url=5),
        medium(1, media_type={}), medium(1, children={"data": [{"media_type": "IMAGE"}]}), medium(1, owner={"id": []}),
        medium(1, username=5), medium(1, permalink=[1]), medium(1, timestamp="9999-12-31T23:59:59+0000"), medium(1, alt_text=7),
    ],
)  # fmt: skip
def test_a_broken_post_is_one_post_less_and_no_page_less(broken: Any) -> None:
    """It is skipped or read as far as it goes; its neighbours are kept; where it is lost the page covers nothing."""
    (page,), _ = walked(StreamKind.POSTS, listed(medium(3, 30), broken, medium(2, 20)))
    assert {"3", "2"} <= {item.id for item in page.items}
    assert len(page.items) + len(page.skipped) == 3
    assert keepable(page.items)
    assert (page.coverage is None) == bool(page.skipped)


def test_pages_are_followed_to_the_first_post() -> None:
    """Each covers its part; what is kept to go on with holds no token, and how many were seen."""
    pages, session = walked(
        StreamKind.POSTS, listed(medium(5, 50), medium(4, 40), after="a"), listed(after="b"), listed(medium(1, 10))
    )
    low = f"{int(place(40)) + 1:011d}"
    assert (ids(pages), covered(pages)) == ([["5", "4"], [], ["1"]], [(None, low), (low, low), (low, None)])
    assert [page.resume for page in pages] == [
        {"at": {"after": "a"}, "below": low, "seen": 2},
        {"at": {"after": "b"}, "below": low, "seen": 2},
        None,
    ]
    assert session.asked[0].url == f"https://graph.instagram.com/v26.0/{ME}/media"
    assert TOKEN not in kept(pages)


def test_the_newest_ten_thousand_are_not_all() -> None:
    """Where the listing ends because it is cut, its end is not the first post's: nothing older is said to be missing."""
    for seen, end in ((9_999, f"{int(place(10)) + 1:011d}"), (9_998, None)):
        (page,), _ = walked(
            StreamKind.POSTS, listed(medium(1, 10)), resume={"at": {"after": "a"}, "below": place(30), "seen": seen}
        )
        assert covered([page]) == [(place(30), end)]
        assert [each.lost for each in page.skipped] == ([False] if end else [])


def test_stories_are_a_window_and_cover_nothing() -> None:
    """A story that is not listed any more may be over: nothing is said of it."""
    (page,), session = walked(StreamKind.STORIES, listed(medium(5, 50, media_product_type="STORY")))
    assert [(item.kind, item.evidence) for item in page.items] == [(ItemKind.STORY, {"product": "STORY"})]
    assert page.coverage is None
    assert session.asked[0].url.endswith("/stories")
    (page,), _ = walked(StreamKind.STORIES, listed())
    assert page.coverage is None


def test_what_others_tag_the_account_in_is_theirs() -> None:
    """Also where they are not named; an account that has no such edge is told of in a note."""
    (page,), session = walked(StreamKind.MENTIONS, listed(medium(5, 50, username="rosa"), medium(4, 40)))
    assert [item.author for item in page.items] == [Party("username:rosa", "rosa"), None]
    assert session.asked[0].url.endswith("/tags")
    (page,), _ = walked(StreamKind.MENTIONS, unknown("tags", "IGUser"))
    assert [(each.what, each.lost) for each in page.skipped] == [("what the account is tagged in", False)]
    assert (page.coverage, page.keep) == (None, True)


def test_in_the_middle_of_a_walk_the_same_answer_is_no_word_of_the_edge() -> None:
    """A place that is not known any more has code 100 as well: what comes after it is not lost in a note, be it tonight's place
    or an earlier night's.
    """
    with pytest.raises(ReplayError):
        walked(StreamKind.MENTIONS, listed(medium(5, 50, username="rosa"), after="a"), GONE)
    with pytest.raises(ReplayError):
        walked(StreamKind.MENTIONS, GONE, resume={"at": {"after": "a"}, "below": None})


def test_an_error_ends_the_walk_and_claims_nothing() -> None:
    """The account's own media are never an empty listing because they could not be read."""
    for answer in (refused(10), GONE, unknown("media", "IGUser"), Answer(refused(100).body, 200)):
        with pytest.raises(ReplayError):
            walked(StreamKind.POSTS, answer)


def test_comments_come_with_their_answers() -> None:
    """Newest first, over pages; answers stand with the comment that they answer; the last page covers all and counts."""
    replies = {"data": [comment(21, 25), comment(22, 26, hidden=True)]}
    pages, session = threaded(
        listed(comment(3, 30), comment(2, 20, replies=replies, like_count=4), after="a"), listed(comment(1, 10))
    )
    found = [item for page in pages for item in page.items]
    assert [item.id for item in found] == ["3", "2", "21", "22", "1"]
    assert [item.reference(ReferenceKind.PARENT) for item in found] == ["9", "9", "2", "2", "9"]
    assert {item.reference(ReferenceKind.ROOT) for item in found} == {"9"}
    assert [item.hidden for item in found] == [None, None, None, "hidden by the account", None]
    assert [item.pointer for item in found] == [
        "/data/0",
        "/data/1",
        "/data/1/replies/data/0",
        "/data/1/replies/data/1",
        "/data/0",
    ]
    assert covered(pages) == [None, ("9!", "9 ")]
    assert all("9 " <= str(item.order_key) < "9!" for item in found)
    assert str(found[2].order_key).startswith(f"{found[1].order_key} ")
    assert [(count.of, count.platform) for count in pages[-1].counts] == [("comments", 3)]
    assert [asked.url.rpartition("/")[2] for asked in session.asked] == ["9", "comments", "comments"]
    assert session.asked[1].params["limit"] == 50
    assert TOKEN not in kept(pages)


def test_comments_are_read_by_their_address_without_the_post() -> None:
    """As in the thread; how many there are in all, and whether these are all, is not said."""
    replies = {"data": [comment(21, 25)]}
    (whole,), _ = threaded(listed(comment(2, 20, replies=replies)))
    session = JudgedSession(Instagram(), listed(comment(2, 20, replies=replies)))
    url = "https://graph.instagram.com/v26.0/9/comments?after=a"
    (part,) = Instagram().part_of_thread(session, CITY, url, lambda _: None)
    assert part.items == whole.items
    assert (part.coverage, part.counts) == (None, ())
    assert list(Instagram().part_of_thread(session, CITY, "https://graph.instagram.com/v26.0/9", lambda _: None)) == []


def test_answers_beyond_the_first_page_are_asked_for() -> None:
    """From where the answers that came with the comment end, to the last page; each knows which answer showed it."""
    following = {"next": f"https://graph.instagram.com/v26.0/2/replies?access_token={TOKEN}&after=r1"}
    replies = {"data": [comment(21, 25)], "paging": following}
    (page,), session = threaded(
        listed(comment(2, 20, replies=replies), comment(1, 10)),
        listed(comment(22, 26), after="r2"),
        listed(comment(23, 27)),
    )
    assert [(item.id, item.exchange) for item in page.items] == [("2", 0), ("21", 0), ("22", 1), ("23", 2), ("1", 0)]
    assert [(asked.url.rpartition("v26.0/")[2], asked.params.get("after")) for asked in session.asked[2:]] == [
        ("2/replies", "r1"), ("2/replies", "r2")
    ]  # fmt: skip
    assert len(page.exchanges) == 4
    assert page.coverage is not None
    assert TOKEN not in kept([page])


def test_many_answers_come_in_parts() -> None:
    """They are stored as they come; only the last part covers the thread, and each knows which answer showed what."""
    replies = {"data": [], "paging": {"next": "https://x?after=r0"}}
    answers = [
        listed(*[comment(1_000 * page + number, 30) for number in range(50)], after=f"r{page}") for page in range(1, 13)
    ]
    pages, _ = threaded(listed(comment(3, 30), comment(2, 20, replies=replies), comment(1, 10)), *answers, listed())
    assert [len(page.items) for page in pages] == [502, 101]
    assert covered(pages) == [None, ("9!", "9 ")]
    assert [item.id for item in pages[1].items][-1] == "1"
    assert len({item.id for page in pages for item in page.items}) == 603
    for page in pages:
        for item in page.items:
            shown = json.loads(page.exchanges[item.exchange].body)
            assert shown["data"][int(item.pointer.removeprefix("/data/"))]["id"] == item.id


def test_a_comment_that_goes_while_it_is_read_leaves_the_rest() -> None:
    """Its later answers are lost, by name; the others are kept, and nothing is said to be missing."""
    replies = {"data": [], "paging": {"next": "https://x?after=r1"}}
    (page,), _ = threaded(listed(comment(2, 20, replies=replies), comment(1, 10)), GONE)
    assert [item.id for item in page.items] == ["2", "1"]
    assert page.coverage is None
    assert [(each.what, each.lost) for each in page.skipped] == [("the later answers to 2", True)]


@pytest.mark.parametrize(
    "replies",
    [
        7, "x", [], {}, {"data": {}}, {"data": None}, {"data": ["no comment"]}, {"data": [{"text": "no id"}]},
        {"data": [], "paging": {"next": "http://["}}, {"data": [], "paging": {"next": 5}},
    ],
)  # fmt: skip
def test_answers_that_cannot_be_read_are_lost_by_name(replies: Any) -> None:
    """The comment itself and its neighbours are kept; the thread covers nothing."""
    (page,), _ = threaded(listed(comment(2, 20, replies=replies), comment(1, 10)))
    assert [item.id for item in page.items] == ["2", "1"]
    assert page.coverage is None
    assert len(page.skipped) == 1
    assert page.skipped[0].lost


def test_fifty_without_a_way_on_are_possibly_not_all() -> None:
    """What is older than the oldest shown may be there still, and is not covered; it is said so, as a note."""
    fifty = [comment(100 + number, 59 - number) for number in range(50)]
    (page,), _ = threaded(listed(*fifty))
    assert len(page.items) == 50
    assert covered([page]) == [("9!", f"9 {place(10)} 149")]
    assert [(each.what, each.lost) for each in page.skipped] == [("older comments of 9, possibly", False)]
    (page,), _ = threaded(listed(*fifty[:49]))
    assert (covered([page]), page.skipped) == ([("9!", "9 ")], [])
    pages, _ = threaded(listed(*fifty, after="a"), listed(comment(1, 1)))
    assert (covered(pages), pages[0].skipped) == ([None, ("9!", "9 ")], [])


def test_as_many_as_were_asked_for_are_possibly_not_all() -> None:
    """Where the platform could not make so large a page, the half of it is full already."""
    less = refused(1, "Please reduce the amount of data you're asking for", status=500)
    (page,), _ = threaded(less, listed(*[comment(100 + number, 59 - number) for number in range(25)]))
    assert covered([page]) == [("9!", f"9 {place(35)} 124")]


def test_fifty_in_no_order_cover_nothing() -> None:
    """Then the oldest shown says nothing of those that were not."""
    shuffled = [comment(100 + number, number % 60) for number in range(50)]
    assert covered(threaded(listed(*shuffled))[0]) == [None]


def test_a_comment_without_a_time_does_not_stand_for_the_oldest() -> None:
    """It is kept with its thread, and nothing more is claimed because of it."""
    fifty = [comment(100 + number, 59 - number) for number in range(49)]
    (page,), _ = threaded(listed(*fifty, comment(7, timestamp=None)))
    assert len(page.items) == 50
    assert covered([page]) == [("9!", f"9 {place(11)} 148")]
    untimed = [comment(100 + number, timestamp=None) for number in range(50)]
    assert covered(threaded(listed(*untimed))[0]) == [None]


def test_comments_that_are_switched_off_are_not_missing() -> None:
    """Nothing is asked for and nothing covered; the count is kept, with why it is not held."""
    (page,), session = threaded(head=told({"id": "9", "comments_count": 53, "is_comment_enabled": False}))
    assert (page.items, page.coverage, len(session.asked)) == ((), None, 1)
    assert page.counts[0].platform == 53
    assert "switched off" in str(page.counts[0].reason)


def test_a_broken_comment_and_a_circle_of_pages_leave_the_thread_uncovered() -> None:
    """The others are kept."""
    pages, _ = threaded(listed(comment(2, 20), 7, {"text": "no id"}, after="a"), listed(comment(1, 10)))
    assert (ids(pages), covered(pages)) == ([["2"], ["1"]], [None, None])
    assert [len(page.skipped) for page in pages] == [2, 0]
    pages, _ = threaded(*[listed(comment(2, 20), after=f"a{number}") for number in range(9)])
    assert covered(pages) == [None] * 4
    assert pages[-1].skipped[-1].what == "the older comments of 9"


def test_a_message_is_read_with_its_files() -> None:
    """By their ids, or their addresses without signature; what was shared by its address; receivers by name or id."""
    shared = "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=5&signature=x"
    message = {
        "id": "m_1", "created_time": at(1), "from": {"id": "5", "username": "rosa"}, "message": "See",
        "to": {"data": [{"id": ME, "username": "riverbendparks"}, {"id": "6"}]}, "shares": {"data": [{"link": shared}]},
        "attachments": {"data": [
            {"image_data": {"url": "https://scontent-a.cdninstagram.com/1.jpg?oh=x"}}, {"id": "8", "video_data": {"url": "https://v"}},
        ]},
    }  # fmt: skip
    item = items.message_item(message, "t_1")
    assert (item.text, item.author) == ("See", Party("5", "rosa"))
    assert item.links == ("https://fbsbx.com/ig_messaging_cdn/?asset_id=5",)
    assert item.evidence == {"conversation": "t_1", "to": ["riverbendparks", "6"]}
    assert item.media == (
        Media("https://cdninstagram.com/1.jpg", "image", "https://scontent-a.cdninstagram.com/1.jpg?oh=x"),
        Media("8", "video", "https://v"),
    )
    session = JudgedSession(Instagram(), listed(message, {"attachments": {"data": [{}]}, "id": "m_2"}))
    (page,) = Instagram().conversation(session, CITY, Conversation("t_1"))
    assert (ids([page]), covered([page]), len(page.skipped)) == ([["m_1"]], [None], 1)


def test_a_message_of_which_only_the_id_is_told_is_not_emptied() -> None:
    """What was held of it stands, and the page says how many there were; one that says nothing has its fields, empty."""
    whole = {"id": "m_1", "created_time": at(1), "from": {"id": "5"}, "to": {"data": [{"id": "6"}]}, "message": "See"}
    empty = {"id": "m_3", "created_time": at(3), "from": {"id": "5"}, "message": ""}
    session = JudgedSession(Instagram(), listed(empty, {"id": "m_2", "created_time": at(2)}, {"id": "m_1"}))
    (page,) = Instagram().conversation(session, CITY, Conversation("t_1"))
    said, dated, bare = page.items
    held = evidence_fields(items.message_item(whole, "t_1"))
    assert carried_over(evidence_fields(bare), held, bare.not_requested) == held
    assert carried_over(evidence_fields(said), held, said.not_requested)["text"] == ""
    assert "created" not in dated.not_requested
    assert [(each.what, each.lost) for each in page.skipped] == [("2 messages of t_1", False)]
    assert page.coverage is not None


def test_either_log_in_has_its_own_addresses() -> None:
    """The host, whose conversations, and how the token's health is asked for differ; the media do not."""
    conversations = listed({"id": "t_1", "updated_time": at(1)})
    for whose, host, path in (
        (CITY, "https://graph.instagram.com", "me/conversations"),
        (PAGED, "https://graph.facebook.com", "565225540184937/conversations"),
        (account("instagram", ME, login="facebook", token=TOKEN), "https://graph.facebook.com", "me/conversations"),
    ):
        session = JudgedSession(Instagram(), conversations)
        (page,) = Instagram().conversations(session, whose)
        assert page.conversations == [Conversation("t_1", at(1), datetime(2026, 3, 2, 17, 1, tzinfo=UTC))]
        assert session.asked[0].url == f"{host}/v26.0/{path}"
        assert session.asked[0].params["platform"] == "instagram"
        _, session = walked(StreamKind.POSTS, listed(), whose=whose)
        assert session.asked[0].url == f"{host}/v26.0/{ME}/media"
    elsewhere = account("instagram", ME, token=TOKEN, api_url="http://127.0.0.1:1/ig/", api_version="v25.0")
    _, session = walked(StreamKind.POSTS, listed(), whose=elsewhere)
    assert session.asked[0].url == f"http://127.0.0.1:1/ig/v25.0/{ME}/media"


def test_the_account_is_found_by_instagrams_log_in() -> None:
    """`id` is the app's own number for it, and wrong: `user_id` is the account's."""
    profile = {
        "id": "777", "user_id": ME, "username": "riverbendparks", "name": "Riverbend Parks", "biography": "Parks.",
        "website": "https://riverbend.example", "followers_count": 5, "follows_count": 2, "media_count": 9,
    }  # fmt: skip
    session = JudgedSession(Instagram(), told(profile))
    status = Instagram().status(session, dataclasses.replace(CITY, platform_id=None))
    assert (status.platform_id, status.handle, status.profile_id) == (ME, "riverbendparks", f"profile:{ME}")
    assert session.asked[0].url.endswith("/me")
    assert str(session.asked[0].params["fields"]).startswith("user_id,")
    assert status.profile is not None
    assert status.profile.counts == {"followers": 5, "following": 2, "posts": 9}
    assert [(count.of, count.platform) for count in status.counts] == [("posts", 9)]
    with pytest.raises(UnreadableAnswerError, match="user_id"):
        Instagram().status(JudgedSession(Instagram(), told({"id": "777"})), CITY)


def test_the_account_is_found_by_its_page() -> None:
    """With Facebook's log-in the page is asked which account is linked to it, once; a page without one is said to have none."""
    unknown_yet = dataclasses.replace(PAGED, platform_id=None)
    linked = told({"id": "565225540184937", "instagram_business_account": {"id": ME}})
    session = JudgedSession(Instagram(), linked, told({"id": ME, "username": "riverbendparks"}))
    status = Instagram().status(session, unknown_yet)
    assert (status.platform_id, len(status.exchanges)) == (ME, 2)
    assert status.profile is not None
    assert status.profile.exchange == 1
    assert [asked.url.rpartition("/")[2] for asked in session.asked] == ["565225540184937", ME]
    for nothing in ({"id": "5"}, {"instagram_business_account": {}}, {"instagram_business_account": 7}):
        with pytest.raises(NoSuchHandleError, match="no professional Instagram account is linked"):
            Instagram().status(JudgedSession(Instagram(), told(nothing)), unknown_yet)
    session = JudgedSession(Instagram(), told({"id": ME, "username": "riverbendparks"}))
    assert Instagram().status(session, PAGED).platform_id == ME
    assert session.asked[0].url.endswith(f"/{ME}")


def test_an_account_that_cannot_be_read_is_lost_and_not_gone() -> None:
    """Code 100 says neither; where it was never read, the register is in error."""
    lost = Instagram().status(JudgedSession(Instagram(), GONE), PAGED)
    assert (lost.state, lost.profile_id) == (State.ACCESS_LOST, f"profile:{ME}")
    with pytest.raises(NoSuchHandleError, match="riverbendparks"):
        Instagram().status(JudgedSession(Instagram(), GONE), dataclasses.replace(CITY, platform_id=None))


def test_tokens_stand_as_their_log_in_tells() -> None:
    """Instagram's own tells only whether it is taken, and renews; a page's is debugged, and has no end."""
    health = Instagram().token(JudgedSession(Instagram(), told({"username": "riverbendparks"})), CITY)
    assert health is not None
    assert (health.alive, health.renewable) == (True, True)
    assert "riverbendparks" in health.words
    data = {"is_valid": True, "scopes": ["instagram_basic"]}
    session = JudgedSession(Instagram(), told({"data": data}))
    debugged = Instagram().token(session, PAGED)
    assert debugged is not None
    assert "instagram_manage_comments" in debugged.missing
    assert session.asked[0].url.endswith("/debug_token")
    with pytest.raises(ReplayError):
        Instagram().token(JudgedSession(Instagram(), refused(190, error_subcode=463)), CITY)


def test_a_token_is_renewed_by_instagrams_log_in_alone() -> None:
    """The new token and its end; beside the versions, with the old token; a page's token is never renewed."""
    answer = told({"access_token": "new", "token_type": "bearer", "expires_in": 5_184_000})
    session = JudgedSession(Instagram(), answer)
    renewal = Instagram().renew(session, CITY)
    assert renewal is not None
    assert renewal.secrets == {"token": "new"}
    assert renewal.expires_at["token"] == datetime(2026, 3, 2, 9, 30, tzinfo=UTC) + timedelta(days=60)
    assert session.asked[0].url == "https://graph.instagram.com/refresh_access_token"
    assert session.asked[0].params == {"grant_type": "ig_refresh_token", "access_token": TOKEN}
    assert Instagram().renew(JudgedSession(Instagram()), PAGED) is None


@pytest.mark.parametrize(
    "answer",
    [{}, {"access_token": "new"}, {"expires_in": 5}, {"access_token": 5, "expires_in": 5}, {"access_token": "", "expires_in": 5},
     {"access_token": "new", "expires_in": "soon"}, {"access_token": "new", "expires_in": -1},
     {"access_token": "n", "expires_in": True}],
)  # fmt: skip
def test_a_renewal_that_is_none_is_an_error(answer: dict[str, Any]) -> None:
    """Nothing is saved that is no token with an end."""
    with pytest.raises(UnreadableAnswerError, match="no `access_token` and `expires_in`"):
        Instagram().renew(JudgedSession(Instagram(), told(answer)), CITY)


def test_an_end_in_the_far_future_is_an_end() -> None:
    """However many seconds a token lives, its end is a moment."""
    renewal = Instagram().renew(JudgedSession(Instagram(), told({"access_token": "new", "expires_in": 2**52})), CITY)
    assert renewal is not None
    assert renewal.expires_at["token"].year < 2100


def test_single_items_are_looked_up() -> None:
    """There, or gone or forbidden, which the engine tells apart; of a profile it says nothing."""
    session = JudgedSession(Instagram(), told({"id": "1"}), refused(100, kind="IGApiException"), GONE)
    found = list(Instagram().lookup(session, CITY, ["1", "2", f"profile:{ME}"]))
    assert [each.state for each in found] == [State.PRESENT, State.GONE_CONFIRMED, None]
    for answer in (refused(190), refused(10), refused(4)):
        with pytest.raises(ReplayError):
            list(Instagram().lookup(JudgedSession(Instagram(), answer), CITY, ["1"]))


def test_a_medium_is_asked_for_by_its_id() -> None:
    """Afresh, since addresses are signed; what is held to infringe rights has none, and the address that was is tried."""
    picture = Media("1", "image", "https://old")

    def address(answer: Answer, media: Media = picture) -> str:
        return Instagram().media_request(JudgedSession(Instagram(), answer), CITY, media)

    assert address(told({"media_url": "https://new"})) == "https://new"
    for nothing in (told({"id": "1"}), told({"media_url": 5}), GONE, refused(10), Answer(b"busy", 502)):
        assert address(nothing) == "https://old"
    with pytest.raises(UnreadableAnswerError, match="somebody else's"):
        address(told({"id": "1"}), Media("1", "image"))
    assert Instagram().media_sha256(picture) is None


@quick
@given(
    st.lists(objects(NAMES, WORDS) | anything(NAMES, WORDS), max_size=3),
    objects(NAMES, WORDS),
    st.sampled_from([
        StreamKind.POSTS, StreamKind.STORIES, StreamKind.MENTIONS, "thread", "messages", "conversations", "status", "lookup",
        "token", "renew", "media",
    ]),
    st.sampled_from([CITY, PAGED]),
)  # fmt: skip
def test_any_answer_is_read_or_named(entries: list[Any], around: dict[str, Any], what: Any, whose: AccountRef) -> None:
    """Whatever JSON comes: items whose evidence can be kept, entries skipped by name, or an error that says what it is.

    Nothing that is kept holds the token, and no good neighbour of a bad entry is lost.
    """
    good = comment(1, 10)
    answer = Answer(body({**around, "data": [*entries, good]}))
    instagram, session = Instagram(), JudgedSession(Instagram(), *[answer] * 400)
    with contextlib.suppress(UnreadableAnswerError, ReplayError):
        match what:
            case "status":
                status = instagram.status(session, whose)
                assert keepable([status.profile] if status.profile else [])
            case "lookup":
                assert len(list(instagram.lookup(session, whose, ["1"]))) == 1
            case "token":
                assert instagram.token(session, whose) is not None
            case "renew":
                assert (instagram.renew(session, whose) is None) == (whose is PAGED)
            case "media":
                assert instagram.media_request(session, whose, Media("1", "image", "https://old"))
            case "conversations":
                assert list(instagram.conversations(session, whose))
            case _:
                match what:
                    case "thread":
                        pages = list(instagram.thread(session, whose, "9"))
                    case "messages":
                        pages = list(instagram.conversation(session, whose, Conversation("t_1")))
                    case _:
                        pages = list(instagram.pages(session, whose, what, None, {}))
                assert keepable(item for page in pages for item in page.items)
                assert TOKEN not in kept(pages)
                closed = what == "thread" and around.get("is_comment_enabled") is False
                assert closed or any(item.id == "1" for item in pages[0].items)
