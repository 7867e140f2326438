"""Facebook's pages: whole answers and broken ones, edges, comments, messages, tokens, and whatever else may come."""

from __future__ import annotations

import contextlib
import dataclasses
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.evidence.fields import carried_over, evidence_fields
from archiver.platforms import facebook_items as items
from archiver.platforms.errors import NoSuchHandleError, UnreadableAnswerError
from archiver.platforms.facebook import Facebook
from archiver.platforms.facebook_apart import MARKS
from archiver.platforms.facebook_manifest import PERMISSIONS
from archiver.platforms.graph_media import stable
from archiver.platforms.items import Item, ItemKind, Media, Party, ReferenceKind, State, StreamKind
from archiver.platforms.pages import Conversation, Page
from tests.fixtures.graph import GONE, TOKEN, covered, ids, kept, listed, refused, told, unknown
from tests.fixtures.hostile import anything, body, keepable, objects
from tests.fixtures.judged import JudgedSession
from tests.fixtures.sessions import Answer, ReplayError, account

API = "https://graph.facebook.com/v26.0"
CITY = account("facebook", "565225540184937", "riverbendparks", token=TOKEN)
MINE = {"id": "565225540184937", "name": "Riverbend Parks"}
ROSA = {"id": "2711636948859886", "name": "Rosa Ñandú"}
NAMES = [
    "data", "paging", "summary", "total_count", "id", "post_id", "message", "message_tags", "name", "story",
    "created_time", "creation_time", "updated_time", "backdated_time", "is_hidden", "status_type", "permalink_url",
    "from", "to", "parent_id", "parent", "place", "privacy", "value", "shares", "count", "link", "attachments",
    "attachment", "subattachments", "media", "image", "src", "source", "media_type", "media_id", "type", "target",
    "url", "unshimmed_url", "description", "title", "comments", "reactions", "comment_count", "like_count", "sticker",
    "mime_type", "image_data", "file_url", "size", "about", "username", "cover", "emails", "images", "width",
    "height", "message_count", "is_valid", "scopes", "expires_at",
]  # fmt: skip
WORDS = [
    "1_2",
    "2026-03-02T17:33:30+0000",
    "photo",
    "video",
    "https://scontent.xx.fbcdn.net/v/1.jpg?oh=1",
    "http://[",
    True,
    5,
]
quick = settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow], deadline=None)


def at(minute: int) -> str:
    """A time as Graph writes it."""
    return f"2026-03-02T17:{minute:02d}:00+0000"


def place(minute: int) -> str:
    """The order key of all that was published in that minute, without the id."""
    return f"{int(datetime(2026, 3, 2, 17, minute, tzinfo=UTC).timestamp()):011d}"


def post(number: int, minute: int | None = None, **more: Any) -> dict[str, Any]:
    """A post as short as it may be."""
    when = {} if minute is None else {"created_time": at(minute)}
    return {"id": f"565225540184937_{number}", "message": f"post {number}", "from": MINE, **when, **more}


def comment(number: int, minute: int = 0, **more: Any) -> dict[str, Any]:
    """A comment as short as it may be."""
    return {"id": f"9_{number}", "message": f"comment {number}", "created_time": at(minute), "from": ROSA, **more}


def walked(stream: StreamKind, *answers: Answer, resume: Any = None) -> tuple[list[Page], JudgedSession]:
    """The pages of a stream with these answers, and what was asked."""
    session = JudgedSession(Facebook(), *answers)
    return list(Facebook().pages(session, CITY, stream, resume, {})), session


def threaded(*answers: Answer, known: bytes | None = None) -> list[Page]:
    """The pages of the thread of the post 9."""
    return list(Facebook().thread(JudgedSession(Facebook(), *answers), CITY, "9", known))


def test_a_whole_post_is_read() -> None:
    """Words, tags, mentions, place, privacy, what it shares, its pictures by their ids with alt texts, its link, its counts."""
    album = {
        "media_type": "album", "type": "album", "target": {"id": "4018908568149933"}, "url": "https://www.facebook.com/a",
        "subattachments": {"data": [
            {"description": "The empty pool", "media_type": "photo", "target": {"id": "11"},
             "media": {"image": {"src": "https://scontent.xx.fbcdn.net/v/1.jpg?oh=x&oe=y"}}},
            {"media_type": "video", "type": "video_inline", "target": {"id": "12"},
             "media": {"image": {"src": "https://p"}, "source": "https://video.xx.fbcdn.net/v/2.mp4"}},
        ]},
    }  # fmt: skip
    link = {
        "media_type": "link", "type": "share", "url": "https://l.facebook.com/l.php?u=x",
        "unshimmed_url": "https://riverbend.example/agenda", "media": {"image": {"src": "https://external.xx/1"}},
    }  # fmt: skip
    tags = [{"id": "9", "name": "#pool"}, {"id": "2711636948859886", "name": "Rosa Ñandú", "type": "user"}]
    whole = post(
        1, 33, message_tags=tags, is_hidden=True, status_type="added_photos", story="Riverbend Parks added 2 photos.",
        backdated_time="2020-01-01T00:00:00+0000", permalink_url="https://www.facebook.com/1", parent_id="111_222",
        place={"name": "Riverbend Pool", "id": "77"}, privacy={"value": "EVERYONE"}, shares={"count": 3},
        attachments={"data": [album, link]}, comments={"summary": {"total_count": 47}},
        reactions={"summary": {"total_count": 88}},
    )  # fmt: skip
    item = items.post_item(whole, exchange=0, pointer="/data/0")
    assert item == Item(
        kind=ItemKind.POST,
        id="565225540184937_1",
        source=item.source,
        author=Party("565225540184937", None, "Riverbend Parks"),
        text="post 1",
        created_text=at(33),
        created_at=datetime(2026, 3, 2, 17, 33, tzinfo=UTC),
        url="https://www.facebook.com/1",
        tags=("pool",),
        mentions=("Rosa Ñandú",),
        links=("https://riverbend.example/agenda",),
        media=(
            Media("11", "image", "https://scontent.xx.fbcdn.net/v/1.jpg?oh=x&oe=y", "The empty pool"),
            Media("12", "video", "https://video.xx.fbcdn.net/v/2.mp4"),
        ),
        references=item.references,
        evidence={
            "status_type": "added_photos",
            "story": "Riverbend Parks added 2 photos.",
            "backdated_time": "2020-01-01T00:00:00+0000",
            "place": "Riverbend Pool",
            "privacy": "EVERYONE",
        },
        counts={"replies": 47, "likes": 88, "shares": 3},
        order_key=f"{place(33)} 565225540184937_1",
        pointer="/data/0",
        exchange=0,
        hidden="hidden by the page",
    )
    assert item.reference(ReferenceKind.QUOTE) == "111_222"


def test_a_post_of_which_nothing_is_told_is_no_less_a_post() -> None:
    """With its id alone; older answers have their tags by their places in the text."""
    bare = items.post_item({"id": 7})
    assert (bare.id, bare.author, bare.text, bare.created_at, bare.order_key, bare.counts) == (
        "7",
        None,
        None,
        None,
        None,
        {},
    )
    old = items.post_item({"id": "7", "message_tags": {"0": [{"name": "#a"}], "9": [{"name": "Rosa"}, "x"], "12": "x"}})
    assert (old.tags, old.mentions) == (("a",), ("Rosa",))


@pytest.mark.parametrize(
    "broken",
    [
        7, None, "post", [], {}, {"id": None}, {"id": True}, {"id": {"a": 1}}, post(1, message=["x"]),
        post(1, message_tags=[{"name": 1}]),
        post(1, created_time={"a": 1}), post(1, created_time=10**30), post(1, attachments={"data": 7}),
        post(1, attachments={"data": ["x"]}), post(1, attachments={"data": [{"subattachments": {"data": "xy"}}]}),
        post(1, attachments={"data": [{"media": {}, "target": {"id": {}}}]}), post(1, permalink_url=5), post(1, parent_id=[1]),
        post(1, **{"from": {"id": []}}), post(1, created_time="9999-12-31T23:59:59+0000"), post(1, story=1.5),
    ],
)  # fmt: skip
def test_a_broken_post_is_one_post_less_and_no_page_less(broken: Any) -> None:
    """It is skipped or read as far as it goes; its neighbours are kept; where it is lost the page covers nothing."""
    (page,), _ = walked(StreamKind.POSTS, listed(post(3, 30), broken, post(2, 20)))
    assert {"565225540184937_3", "565225540184937_2"} <= {item.id for item in page.items}
    assert len(page.items) + len(page.skipped) == 3
    assert keepable(page.items)
    assert (page.coverage is None) == bool(page.skipped)
    for each in page.skipped:
        assert each.what == "entry 1 of the published_posts"
        assert each.lost


@pytest.mark.parametrize("depth", [50, 400, 990, 5_000, 200_000])
def test_what_is_nested_too_deeply_is_skipped_or_the_answer_is_named(depth: int) -> None:
    """As deep as it can be parsed the post alone is lost, or read; deeper the whole answer is an error, and never ours."""
    raw = listed(post(3, 30), post(2, 20, place={"name": "DEEP"}), post(1, 10)).body
    deep = b'{"a":' * depth + b"1" + b"}" * depth
    with contextlib.suppress(UnreadableAnswerError):
        (page,), _ = walked(StreamKind.POSTS, Answer(raw.replace(b'"DEEP"', deep)))
        assert {"565225540184937_3", "565225540184937_1"} <= {item.id for item in page.items}
        assert keepable(page.items)


def test_pages_cover_what_they_show_and_together_all() -> None:
    """Short, empty and repeated pages are followed; each covers its part, the last to the very beginning."""
    place_ = {"until": "5", "__paging_token": "x"}
    pages, session = walked(
        StreamKind.POSTS,
        listed(place={"until": "9"}),
        listed(post(5, 50), post(4, 40), place=place_),
        listed(post(4, 40), post(3, 30), after="c"),
        listed(after="d"),
        listed(post(1, 10)),
    )
    assert ids(pages) == [[], ["565225540184937_5", "565225540184937_4"], ["565225540184937_4", "565225540184937_3"], [],
                          ["565225540184937_1"]]  # fmt: skip
    low, lower = f"{int(place(40)) + 1:011d}", f"{int(place(30)) + 1:011d}"
    assert covered(pages) == [None, (None, low), (low, lower), (lower, lower), (lower, None)]
    assert [page.resume for page in pages] == [
        {"at": {"until": "9"}, "below": None},
        {"at": place_, "below": low},
        {"at": {"after": "c"}, "below": lower},
        {"at": {"after": "d"}, "below": lower},
        None,
    ]
    assert session.asked[0].url == f"{API}/565225540184937/published_posts"
    assert TOKEN not in kept(pages)


def test_a_walk_goes_on_where_it_stood() -> None:
    """What is kept of a page leads to the next, and what was above it stays covered by it alone."""
    pages, session = walked(StreamKind.POSTS, listed(post(1, 10)), resume={"at": {"after": "c"}, "below": place(30)})
    assert session.asked[0].params["after"] == "c"
    assert covered(pages) == [(place(30), None)]
    for broken in (5, [], {"at": 7, "below": []}):
        pages, session = walked(StreamKind.POSTS, listed(post(1, 10)), resume=broken)
        assert "after" not in session.asked[0].params
        assert covered(pages) == [(None, None)]


def test_a_ranked_page_covers_nothing_and_neither_does_what_follows() -> None:
    """A post that should have stood on an earlier page shows that the listing is in no order."""
    pages, _ = walked(
        StreamKind.POSTS,
        listed(post(5, 50), post(3, 30), after="a"),
        listed(post(4, 40), after="b"),
        listed(post(1, 10)),
    )
    assert [each is None for each in covered(pages)] == [False, True, True]


def test_a_post_without_a_time_has_no_place_and_claims_none() -> None:
    """It is kept; the page's part ends with the oldest that tells its time."""
    pages, _ = walked(
        StreamKind.POSTS, listed(post(5, 50), post(4, created_time="soon"), after="a"), listed(post(1, 10))
    )
    assert pages[0].items[1].order_key is None
    assert covered(pages)[0] == (None, f"{int(place(50)) + 1:011d}")


def test_what_cannot_be_reached_is_lost_and_not_covered() -> None:
    """A circle of pages, and a next that leads nowhere, end the walk; what lies behind is named, and nothing is missing."""
    again = [listed(post(5, 50), after=f"a{number}") for number in range(9)]
    pages, _ = walked(StreamKind.POSTS, *again)
    assert pages[-1].coverage is None
    assert [(each.what, each.lost) for each in pages[-1].skipped] == [("what comes after in the published_posts", True)]
    assert pages[-1].cut
    nowhere = Answer(body({"data": [post(5, 50)], "paging": {"next": "http://["}}))
    (page,), _ = walked(StreamKind.POSTS, nowhere)
    assert (page.coverage, page.resume, [each.lost for each in page.skipped]) == (None, None, [True])


def test_endless_emptiness_is_an_error() -> None:
    """Pages that go on saying that there is more, and never show anything, end in an error and not in a claim."""
    with pytest.raises(UnreadableAnswerError, match="in a row"):
        walked(StreamKind.POSTS, *[listed(after=f"a{number}") for number in range(40)])


def test_an_error_ends_the_walk_and_claims_nothing() -> None:
    """A refusal, a page that is gone, an error within a 200: none of them is an empty listing."""
    for answer in (refused(10), GONE, unknown("published_posts", "Page"), Answer(refused(200).body, 200)):
        with pytest.raises(ReplayError):
            walked(StreamKind.POSTS, answer)
    with pytest.raises(UnreadableAnswerError, match="no list 'data'"):
        walked(StreamKind.POSTS, told({"id": "1"}))


def test_a_field_that_is_not_known_leaves_what_is_held_as_it_is() -> None:
    """A post's tags were not asked for: they are not empty."""
    (page,), session = walked(StreamKind.POSTS, unknown("message_tags"), listed(post(1, 10)))
    assert page.items[0].not_requested - MARKS == {"tags", "mentions"}
    assert "message_tags" not in str(session.asked[1].params["fields"])


def test_visitors_posts_are_those_of_others() -> None:
    """The feed has the page's own posts too, which order the listing and are the posts'; who is not told is a visitor."""
    theirs, unnamed = post(4, 40, **{"from": ROSA}), {"id": "565225540184937_3", "created_time": at(30)}
    (page,), session = walked(StreamKind.VISITORS, listed(post(5, 50), theirs, unnamed, post(2, 20)))
    assert [item.id[-1] for item in page.items] == ["4", "3"]
    assert page.items[1].author is None
    assert page.coverage is not None
    assert session.asked[0].url.endswith("/feed")


def test_reels_that_are_not_listed_are_said_to_be_missing() -> None:
    """Some pages have no such edge: a note, kept with its answer, and no claim."""
    for answer in (unknown("video_reels", "Page"), GONE):
        (page,), _ = walked(StreamKind.REELS, answer)
        assert (page.items, page.coverage, page.keep) == ((), None, True)
        assert [(each.what, each.lost) for each in page.skipped] == [("the page's reels", False)]
        assert "100" in page.skipped[0].reason


def test_in_the_middle_of_a_walk_the_same_answer_is_no_word_of_the_edge() -> None:
    """A place that is not known any more has code 100 as well: what comes after it is not lost in a note, be it tonight's place
    or an earlier night's.
    """
    with pytest.raises(ReplayError):
        walked(StreamKind.REELS, listed({"id": "77", "created_time": at(5)}, after="a"), GONE)
    with pytest.raises(ReplayError):
        walked(StreamKind.REELS, GONE, resume={"at": {"after": "a"}, "below": None})


def test_reels_are_videos_of_the_page() -> None:
    """By their ids, with their descriptions, at their full addresses, and by the page where nobody is named."""
    reel = {
        "id": "77", "description": "Slide", "title": "Pool", "created_time": at(5), "permalink_url": "/reel/77/",
        "comments": {"summary": {"total_count": 2}}, "likes": {"summary": {"total_count": 9}},
    }  # fmt: skip
    (page,), session = walked(StreamKind.REELS, listed(reel))
    (item,) = page.items
    assert (item.title, item.text, item.url) == ("Pool", "Slide", "https://www.facebook.com/reel/77/")
    assert (item.media, item.author) == ((Media("77", "video"),), Party("565225540184937", "riverbendparks"))
    assert (item.counts, item.evidence) == ({"replies": 2, "likes": 9}, {"reel": True})
    assert session.asked[0].url.endswith("/video_reels")


def test_stories_are_a_window_and_cover_nothing() -> None:
    """A story that is not listed any more may be over: nothing is said of it."""
    stories = [
        {
            "post_id": "51",
            "media_type": "video",
            "media_id": "61",
            "creation_time": "1772472810",
            "url": "https://s/51",
        },
        {"post_id": "50", "media_type": "photo", "media_id": 60, "creation_time": 1772472700},
        {"id": "no post"},
    ]
    (page,), _ = walked(StreamKind.STORIES, listed(*stories))
    assert [(item.id, item.kind, item.media) for item in page.items] == [
        ("51", ItemKind.STORY, (Media("61", "video"),)),
        ("50", ItemKind.STORY, (Media("60", "image"),)),
    ]
    assert [item.created_at for item in page.items] == [
        datetime.fromtimestamp(1772472810, UTC), datetime.fromtimestamp(1772472700, UTC)
    ]  # fmt: skip
    assert page.coverage is None
    assert len(page.skipped) == 1


def test_a_stream_of_comments_becomes_a_tree() -> None:
    """All levels in one stream, over two pages; the last covers exactly the thread, and has the platform's count."""
    picture = {
        "type": "photo",
        "target": {"id": "31"},
        "media": {"image": {"src": "https://scontent.xx.fbcdn.net/3.jpg"}},
    }
    pages = threaded(
        listed(
            comment(1, comment_count=1, like_count=2), comment(2, 1, parent={"id": "9_1"}, is_hidden=True), after="a"
        ),
        listed(comment(3, 2, attachment=picture, is_private=True), summary={"total_count": 4}),
    )
    first, second, third = [item for page in pages for item in page.items]
    assert [item.reference(ReferenceKind.PARENT) for item in (first, second, third)] == ["9", "9_1", "9"]
    assert {item.reference(ReferenceKind.ROOT) for item in (first, second, third)} == {"9"}
    assert [item.hidden for item in (first, second, third)] == [None, "hidden by the page", None]
    assert (first.counts, third.evidence, third.media[0].id) == ({"replies": 1, "likes": 2}, {"is_private": True}, "31")
    assert covered(pages) == [None, ("9!", "9 ")]
    assert all("9 " <= str(item.order_key) < "9!" for item in (first, second, third))
    assert [(count.of, count.platform, count.item) for count in pages[-1].counts] == [("comments", 4, "9")]
    assert [page.sub_key for page in pages] == ["9", "9"]


def test_a_comment_by_somebody_whom_we_may_not_know_has_no_author() -> None:
    """`from` is missing, or empty: the comment is kept."""
    without = comment(1)
    del without["from"]
    (page,) = threaded(listed(without, comment(2, **{"from": {}}), comment(3, **{"from": None})))
    assert [item.author for item in page.items] == [None, None, None]


def test_a_thread_of_which_a_part_is_lost_covers_nothing() -> None:
    """Neither where a comment cannot be read, on whichever page, nor where later pages cannot be reached."""
    pages = threaded(listed(comment(1), "no comment", after="a"), listed(comment(2)))
    assert covered(pages) == [None, None]
    pages = threaded(*[listed(comment(1), after=f"a{number}") for number in range(9)])
    assert [page.coverage for page in pages] == [None] * 4
    assert pages[-1].skipped[-1].what == "what comes after in the comments of 9"
    with pytest.raises(ReplayError, match="nonexisting"):
        threaded(unknown("comments", "Video"))


def test_a_thread_that_comes_again_byte_for_byte_is_not_read_anew() -> None:
    """One answer, known by its digest; one that goes on is read all the same."""
    answer = listed(comment(1))
    digest = threaded(answer)[0].exchanges[0].received_sha256
    (page,) = threaded(answer, known=digest)
    assert (page.unchanged, page.items, covered([page])) == (True, (), [("9!", "9 ")])
    longer = listed(comment(1), after="a")
    digest = threaded(longer, listed())[0].exchanges[0].received_sha256
    assert [page.unchanged for page in threaded(longer, listed(), known=digest)] == [False, False]


@pytest.mark.parametrize("total", [True, -1, 2**70, "many", None, 1.5, []])
def test_a_count_that_is_none_is_not_counted_with(total: Any) -> None:
    """A stranger's number has to fit where it is kept."""
    (page,) = threaded(listed(comment(1), summary={"total_count": total}))
    assert page.counts[0].platform is None
    (page,) = threaded(listed(comment(1), summary=7))
    assert page.counts[0].platform is None


def test_a_message_is_read_with_its_files_and_whom_it_went_to() -> None:
    """Pictures by their ids, a sticker by its address without signature, shared addresses, receivers by name or id."""
    sticker = "https://scontent-gmp1-1.xx.fbcdn.net/v/t39/39178562_n.png?_nc_cat=1&oh=0b&oe=61"
    message = {
        "id": "m_1", "created_time": at(1), "from": ROSA, "to": {"data": [MINE, {"id": "5"}]}, "message": "See",
        "sticker": sticker,
        "shares": {"data": [{"link": "https://riverbend.example"}, {"name": "no link"}]},
        "attachments": {"data": [
            {"id": "8", "mime_type": "image/jpeg", "size": 9, "image_data": {"url": "https://i"}},
            {"id": "9", "video_data": {"url": "https://v"}}, {"id": "10", "file_url": "https://f"},
        ]},
    }  # fmt: skip
    item = items.message_item(message, "t_1")
    assert (item.text, item.links, item.author) == (
        "See",
        ("https://riverbend.example",),
        Party(ROSA["id"], None, ROSA["name"]),
    )
    assert item.evidence == {"conversation": "t_1", "to": ["Riverbend Parks", "5"]}
    assert item.media == (
        Media("8", "image", "https://i", content_type="image/jpeg", size=9),
        Media("9", "video", "https://v"),
        Media("10", "file", "https://f"),
        Media("https://fbcdn.net/v/t39/39178562_n.png", "image", sticker),
    )


@pytest.mark.parametrize(
    ("address", "same"),
    [
        (
            "https://scontent-lax3-1.xx.fbcdn.net/v/t1/2_n.jpg?_nc_cat=1&oh=a&oe=b&dl=1",
            "https://fbcdn.net/v/t1/2_n.jpg?dl=1",
        ),
        ("https://scontent.cdninstagram.com/v/1.jpg?oh=x&oe=y", "https://cdninstagram.com/v/1.jpg"),
        (
            "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=5&signature=x",
            "https://fbsbx.com/ig_messaging_cdn/?asset_id=5",
        ),
        ("https://riverbend.example/a?oh=1&signature=2", "https://riverbend.example/a?oh=1&signature=2"),
        ("https://notfbcdn.net/a?oh=1", "https://notfbcdn.net/a?oh=1"),
        ("http://[", "http://["),
        ("", ""),
    ],
)
def test_an_address_in_metas_stores_stays_the_same(address: str, same: str) -> None:
    """Tomorrow's signature, from another machine, is the same medium; the addresses of others are left as they are."""
    assert stable(address) == same


@settings(deadline=None)
@given(st.text())
def test_any_address_has_a_stable_form(address: str) -> None:
    """Whatever it is, and once is enough."""
    assert stable(stable(address)) == stable(address)


def test_conversations_are_listed_with_what_is_lost_of_them() -> None:
    """Each with its mark and count; one that cannot be read is named, and so are those that cannot be reached."""
    answers = [
        listed({"id": "t_2", "updated_time": at(2), "message_count": 5}, {"id": None}, 7, after="a"),
        *[listed({"id": "t_1", "updated_time": at(1), "message_count": 2**70}, after=f"b{n}") for n in range(9)],
    ]
    pages = list(Facebook().conversations(JudgedSession(Facebook(), *answers), CITY))
    assert pages[0].conversations == [Conversation("t_2", at(2), datetime(2026, 3, 2, 17, 2, tzinfo=UTC), 5)]
    assert pages[1].conversations[0].platform_count is None
    assert len(pages[0].skipped) == 2
    assert [each.what for each in pages[-1].skipped] == ["the conversations that come after"]
    assert [page.cut for page in pages] == [False] * (len(pages) - 1) + [True]


def test_messages_cover_their_conversation_where_all_could_be_read() -> None:
    """Newest first, over pages; a broken one leaves the conversation uncovered."""

    def message(number: int) -> dict[str, Any]:
        return {"id": f"m_{number}", "created_time": at(number), "message": "x"}

    def read(*answers: Answer) -> list[Page]:
        return list(Facebook().conversation(JudgedSession(Facebook(), *answers), CITY, Conversation("t_1")))

    whole = read(listed(message(3), message(2), after="a"), listed(message(1)))
    assert (ids(whole), covered(whole)) == ([["m_3", "m_2"], ["m_1"]], [None, ("t_1!", "t_1 ")])
    assert covered(read(listed(message(3), 7, after="a"), listed(message(1)))) == [None, None]


def test_a_message_of_which_only_the_id_is_told_is_not_emptied() -> None:
    """What was held of it stands, and the page says how many there were; one that says nothing has its fields, empty."""
    whole = {"id": "m_1", "created_time": at(1), "from": {"id": "5"}, "to": {"data": [{"id": "6"}]}, "message": "See"}
    empty = {"id": "m_3", "created_time": at(3), "from": {"id": "5"}, "message": ""}
    session = JudgedSession(Facebook(), listed(empty, {"id": "m_2", "created_time": at(2)}, {"id": "m_1"}))
    (page,) = Facebook().conversation(session, CITY, Conversation("t_1"))
    said, dated, bare = page.items
    held = evidence_fields(items.message_item(whole, "t_1"))
    assert carried_over(evidence_fields(bare), held, bare.not_requested) == held
    assert carried_over(evidence_fields(said), held, said.not_requested)["text"] == ""
    assert "created" not in dated.not_requested
    assert [(each.what, each.lost) for each in page.skipped] == [("2 messages of t_1", False)]
    assert page.coverage is not None


def test_who_is_blocked_is_read_whole_or_not_at_all() -> None:
    """Over pages; an entry that is nobody, or pages that cannot be reached, are an error, since a list is a snapshot."""

    def read(*answers: Answer) -> list[Party]:
        session = JudgedSession(Facebook(), *answers)
        return [each for page in Facebook().members(session, CITY, "blocked") for each in page.members]

    assert read(listed(ROSA, after="a"), listed({"id": "5"})) == [Party(ROSA["id"], None, "Rosa Ñandú"), Party("5")]
    for broken in ({"name": "nobody"}, "nobody", {"id": "1", "name": ["x"]}):
        with pytest.raises(UnreadableAnswerError, match="is nobody"):
            read(listed(ROSA, broken))
    with pytest.raises(UnreadableAnswerError, match="again and again"):
        read(*[listed(ROSA, after=f"a{number}") for number in range(9)])


def test_the_page_is_found_or_what_is_said_of_it() -> None:
    """By its name or id; one that cannot be read is lost and not gone; a name of nobody is an error of the register."""
    page = {
        **MINE, "username": "riverbendparks", "about": "Parks.", "description": "Parks.", "category": "City", "fan_count": 9,
        "emails": ["parks@riverbend.example"], "website": "https://riverbend.example", "link": "https://www.facebook.com/r",
        "cover": {"id": "3", "source": "https://c"}, "followers_count": 10,
    }  # fmt: skip

    def asked(*answers: Answer, known: bool = True) -> Any:
        asking = CITY if known else dataclasses.replace(CITY, platform_id=None)
        return Facebook().status(JudgedSession(Facebook(), *answers), asking)

    found = asked(told(page), known=False)
    assert (found.platform_id, found.handle, found.state) == ("565225540184937", "riverbendparks", State.PRESENT)
    profile = found.profile
    assert (profile.text, profile.media, profile.counts) == (
        "Parks.", (Media("3", "image", "https://c"),), {"followers": 10, "likes": 9}
    )  # fmt: skip
    assert profile.evidence == {"category": "City", "emails": ["parks@riverbend.example"]}
    lost = asked(GONE)
    assert (lost.state, lost.profile, lost.profile_id) == (State.ACCESS_LOST, None, "profile:565225540184937")
    assert "100/33" in lost.words
    with pytest.raises(NoSuchHandleError, match=r"for riverbendparks.*correct the account's line"):
        asked(GONE, known=False)
    with pytest.raises(UnreadableAnswerError, match="id"):
        asked(told({"name": "no id"}))
    assert asked(unknown("emails", "Page"), told(MINE)).profile.not_requested == {"emails"}


def test_single_items_are_looked_up() -> None:
    """There, or gone or forbidden, which the engine tells apart; of a page's profile nothing; a dead token is no answer."""
    session = JudgedSession(Facebook(), told({"id": "1_2"}), GONE, refused(100, kind="IGApiException"), GONE)
    found = list(Facebook().lookup(session, CITY, ["1_2", "1_3", "1_4", "profile:565225540184937"]))
    assert [each.state for each in found] == [State.PRESENT, State.GONE_CONFIRMED, State.GONE_CONFIRMED, None]
    assert session.asked[3].url == f"{API}/565225540184937"
    for answer in (refused(190), refused(10), refused(4), refused(2)):
        with pytest.raises(ReplayError):
            list(Facebook().lookup(JudgedSession(Facebook(), answer), CITY, ["1_2"]))


def test_a_medium_is_asked_for_by_its_id() -> None:
    """The largest picture, or the video's source; where none is given, the address that was; where none was, an error."""
    images = [
        {"source": "s", "width": 1, "height": 1},
        {"source": "l", "width": 900, "height": 900},
        {"width": 9999},
        "x",
    ]
    photo = Media("31", "image", "https://old")

    def address(answer: Answer, media: Media = photo) -> str:
        return Facebook().media_request(JudgedSession(Facebook(), answer), CITY, media)

    assert address(told({"images": images})) == "l"
    assert address(told({"source": "https://v"}), Media("1_2", "video")) == "https://v"
    for nothing in (
        told({}),
        told({"images": 7}),
        told({"images": [{"source": 5}]}),
        GONE,
        refused(10),
        Answer(b"busy", 502),
    ):
        assert address(nothing) == "https://old"
    for odd in ("x", {}, "9" * 5000, -1, None, 2**70):
        assert address(told({"images": [{"source": "a", "width": odd, "height": odd}]})) == "a"
    assert (
        Facebook().media_request(JudgedSession(Facebook()), CITY, Media("https://x", "image", "https://x"))
        == "https://x"
    )
    with pytest.raises(UnreadableAnswerError, match="no address"):
        address(GONE, Media("31", "image"))
    with pytest.raises(ReplayError):
        address(refused(190))
    assert Facebook().media_sha256(photo) is None


def test_the_tokens_health_is_asked_for_with_itself() -> None:
    """`debug_token` of the page's own token; a page's token has no end, and lacks what it lacks."""
    data = {"is_valid": True, "expires_at": 0, "data_access_expires_at": 0, "scopes": list(PERMISSIONS[:-1])}
    session = JudgedSession(Facebook(), told({"data": data}))
    health = Facebook().token(session, CITY)
    assert health is not None
    assert (health.alive, health.expires_at, health.missing) == (True, None, PERMISSIONS[-1:])
    assert (session.asked[0].url, session.asked[0].params["input_token"]) == (f"{API}/debug_token", TOKEN)
    forbidden = Facebook().token(JudgedSession(Facebook(), refused(100)), CITY)
    assert forbidden is not None
    assert forbidden.alive is None
    with pytest.raises(ReplayError):
        Facebook().token(JudgedSession(Facebook(), refused(190, error_subcode=463)), CITY)
    assert Facebook().renew(JudgedSession(Facebook()), CITY) is None


@quick
@given(
    st.lists(objects(NAMES, WORDS) | anything(NAMES, WORDS), max_size=3),
    objects(NAMES, WORDS),
    st.sampled_from([*(each for each in Facebook.manifest.streams if each in {
        StreamKind.POSTS, StreamKind.VISITORS, StreamKind.MENTIONS, StreamKind.REELS, StreamKind.STORIES
    }), "thread", "messages", "conversations", "status", "lookup", "token", "media", "members"]),
)  # fmt: skip
def test_any_answer_is_read_or_named(entries: list[Any], around: dict[str, Any], what: Any) -> None:
    """Whatever JSON comes: items whose evidence can be kept, entries skipped by name, or an error that says what it is.

    Nothing that is kept holds the token, and no good neighbour of a bad entry is lost.
    """
    good = {**post(1, 10), "post_id": "1"}
    answer = Answer(body({**around, "data": [*entries, good]}))
    facebook, session = Facebook(), JudgedSession(Facebook(), *[answer] * 40)
    with contextlib.suppress(UnreadableAnswerError, ReplayError):
        match what:
            case "status":
                status = facebook.status(session, CITY)
                assert keepable([status.profile] if status.profile else [])
            case "lookup":
                assert len(list(facebook.lookup(session, CITY, ["1_2"]))) == 1
            case "token":
                assert facebook.token(session, CITY) is not None
            case "media":
                assert facebook.media_request(session, CITY, Media("1", "image", "https://old"))
            case "members":
                assert list(facebook.members(session, CITY, "blocked"))
            case "conversations":
                assert list(facebook.conversations(session, CITY))
            case _:
                match what:
                    case "thread":
                        pages = list(facebook.thread(session, CITY, "9"))
                    case "messages":
                        pages = list(facebook.conversation(session, CITY, Conversation("t_1")))
                    case _:
                        pages = list(facebook.pages(session, CITY, what, None, {}))
                assert keepable(item for page in pages for item in page.items)
                assert TOKEN not in kept(pages)
                if what != StreamKind.VISITORS:
                    assert len(pages[0].items) + len(pages[0].skipped) >= 1
                    assert any(item.id in {good["id"], "1"} for item in pages[0].items)
