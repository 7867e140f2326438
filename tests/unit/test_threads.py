"""Threads: posts, replies and conversations with what is hidden in them, its tokens, and whatever else may come."""

from __future__ import annotations

import contextlib
import dataclasses
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.platforms import threads_items as items
from archiver.platforms.errors import NoSuchHandleError, UnreadableAnswerError
from archiver.platforms.items import Item, ItemKind, Media, Party, Reference, ReferenceKind, State, StreamKind
from archiver.platforms.threads import Threads
from tests.fixtures.graph import GONE, TOKEN, covered, ids, kept, listed, refused, told, unknown
from tests.fixtures.hostile import anything, body, keepable, objects
from tests.fixtures.judged import JudgedSession
from tests.fixtures.sessions import Answer, ReplayError, account

if TYPE_CHECKING:
    from archiver.platforms.pages import Page

API = "https://graph.threads.net/v1.0"
ME = "17841400000000099"
CITY = account("threads", ME, "riverbendparks", token=TOKEN)
MINE = Party(ME, "riverbendparks")
NAMES = [
    "data", "paging", "next", "id", "media_type", "media_url", "permalink", "owner", "username", "text", "timestamp",
    "is_quote_post", "alt_text", "link_attachment_url", "gif_url", "topic_tag", "text_attachment", "plaintext",
    "poll_attachment", "option_a", "children", "quoted_post", "reposted_post", "is_reply", "hide_status",
    "reply_approval_status", "root_post", "replied_to", "name", "threads_biography", "is_verified", "access_token", "expires_in",
]  # fmt: skip
WORDS = [
    "TEXT_POST", "REPOST_FACADE", "IMAGE", "HIDDEN", "riverbendparks", "rosa", "2026-03-02T17:33:30+0000", "https://x?after=a",
    "http://[", True, 5183944,
]  # fmt: skip
quick = settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow], deadline=None)


def at(minute: int) -> str:
    """A time as Graph writes it."""
    return f"2026-03-02T17:{minute:02d}:00+0000"


def place(minute: int) -> str:
    """The order key of all that was published in that minute, without the id."""
    return f"{int(datetime(2026, 3, 2, 17, minute, tzinfo=UTC).timestamp()):011d}"


def post(number: int, minute: int | None = None, **more: Any) -> dict[str, Any]:
    """A post of the account's, as short as it may be."""
    when = {} if minute is None else {"timestamp": at(minute)}
    return {
        "id": str(number),
        "media_type": "TEXT_POST",
        "text": f"post {number}",
        "username": "riverbendparks",
        **when,
        **more,
    }


def reply(number: int, minute: int, above: int, **more: Any) -> dict[str, Any]:
    """A reply in the conversation of the post 9, as short as it may be."""
    return {
        "id": str(number), "media_type": "TEXT_POST", "text": f"reply {number}", "username": "rosa", "timestamp": at(minute),
        "is_reply": True, "root_post": {"id": "9"}, "replied_to": {"id": str(above)}, **more,
    }  # fmt: skip


def walked(stream: StreamKind, *answers: Answer, resume: Any = None) -> tuple[list[Page], JudgedSession]:
    """The pages of a stream with these answers, and what was asked."""
    session = JudgedSession(Threads(), *answers)
    return list(Threads().pages(session, CITY, stream, resume, {})), session


def threaded(*answers: Answer, known: bytes | None = None) -> tuple[list[Page], JudgedSession]:
    """The pages of the conversation of the post 9, and what was asked."""
    session = JudgedSession(Threads(), *answers)
    return list(Threads().thread(session, CITY, "9", known)), session


def test_a_whole_post_is_read() -> None:
    """Words with the long text that is attached, link, topic, poll, pictures by their ids with alt texts, what it quotes."""
    whole = post(
        1, 33, owner={"id": ME}, media_type="CAROUSEL_ALBUM", permalink="https://www.threads.com/@r/post/1", is_quote_post=True,
        children={"data": [
            {"id": "11", "media_type": "IMAGE", "media_url": "https://scontent/11.jpg", "alt_text": "The pool"},
            {"id": "12", "media_type": "VIDEO", "media_url": "https://scontent/12.mp4", "alt_text": ""},
            {"id": "13", "media_type": "AUDIO"},
        ]},
        link_attachment_url="https://riverbend.example", topic_tag="pool", gif_url="https://giphy.example/1.gif",
        text_attachment={"plaintext": "The whole story."}, quoted_post={"id": "77", "username": "rosa", "timestamp": at(1)},
        poll_attachment={"option_a": "Yes", "option_b": "No", "option_c": "", "option_a_votes_percentage": 0.4},
    )  # fmt: skip
    item = items.post_item(whole, MINE, exchange=0, pointer="/data/0")
    assert item == Item(
        kind=ItemKind.POST,
        id="1",
        source=item.source,
        author=MINE,
        text="post 1\n\nThe whole story.",
        created_text=at(33),
        created_at=datetime(2026, 3, 2, 17, 33, tzinfo=UTC),
        url="https://www.threads.com/@r/post/1",
        links=("https://riverbend.example",),
        tags=("pool",),
        media=(
            Media("11", "image", "https://scontent/11.jpg", "The pool"),
            Media("12", "video", "https://scontent/12.mp4"),
            Media("13", "audio"),
            Media("https://giphy.example/1.gif", "image", "https://giphy.example/1.gif"),
        ),
        references=(Reference(ReferenceKind.QUOTE, "77"),),
        evidence={"poll": {"options": ["Yes", "No"]}},
        order_key=f"{place(33)} 1",
        exchange=0,
        pointer="/data/0",
    )


@pytest.mark.parametrize(
    ("more", "kind", "references", "known"),
    [
        ({}, ItemKind.POST, (), True),
        ({"is_quote_post": True}, ItemKind.POST, (), False),
        ({"is_quote_post": False}, ItemKind.POST, (), True),
        ({"quoted_post": {"id": "7"}}, ItemKind.POST, ((ReferenceKind.QUOTE, "7"),), True),
        ({"media_type": "REPOST_FACADE"}, ItemKind.REPOST, (), False),
        (
            {"media_type": "REPOST_FACADE", "reposted_post": {"id": "7"}},
            ItemKind.REPOST,
            ((ReferenceKind.REPOST_OF, "7"),),
            True,
        ),
        (
            {"is_reply": True, "replied_to": {"id": "7"}, "root_post": {"id": "6"}},
            ItemKind.COMMENT,
            ((ReferenceKind.PARENT, "7"), (ReferenceKind.ROOT, "6")),
            True,
        ),
        ({"is_reply": True, "replied_to": {"id": "7"}}, ItemKind.COMMENT, ((ReferenceKind.PARENT, "7"),), False),
        ({"is_reply": True, "root_post": {"id": "6"}}, ItemKind.COMMENT, ((ReferenceKind.ROOT, "6"),), False),
        ({"is_reply": True}, ItemKind.COMMENT, (), False),
    ],
)
def test_what_a_post_points_at_is_told_or_said_not_to_be(
    more: dict[str, Any],
    kind: ItemKind,
    references: tuple[tuple[ReferenceKind, str], ...],
    known: bool,  # noqa: FBT001 - a case of the table
) -> None:
    """What is gone is left out by the platform: then it is not told, and not empty."""
    item = items.post_item(post(1, 10, **more), MINE)
    assert item.kind is kind
    assert tuple((each.kind, each.id) for each in item.references) == references
    assert ("references" in item.not_requested) is not known


@pytest.mark.parametrize(
    ("more", "hidden"),
    [
        ({}, None),
        ({"hide_status": "NOT_HUSHED"}, None),
        ({"hide_status": "UNHUSHED"}, None),
        ({"hide_status": "HIDDEN"}, "hidden by the account (HIDDEN)"),
        ({"hide_status": "COVERED"}, "covered by the platform (COVERED)"),
        ({"hide_status": "BLOCKED"}, "its author is blocked by the account (BLOCKED)"),
        ({"hide_status": "RESTRICTED"}, "its author is restricted by the account (RESTRICTED)"),
        ({"hide_status": "SOMETHING_NEW"}, None),
        ({"hide_status": ["HIDDEN"]}, None),
        ({"reply_approval_status": "pending"}, "held for approval (pending)"),
        ({"reply_approval_status": "ignored"}, "not approved by the account (ignored)"),
        ({"reply_approval_status": "approved"}, None),
        ({"hide_status": "HIDDEN", "reply_approval_status": "pending"}, "hidden by the account (HIDDEN)"),
        ({"hide_status": "NOT_HUSHED", "reply_approval_status": "pending"}, "held for approval (pending)"),
    ],
)
def test_what_is_hidden_is_said_in_the_platforms_word(more: dict[str, Any], hidden: str | None) -> None:
    """Each value of `hide_status` and of the approval, those that hide nothing among them."""
    assert items.post_item(reply(1, 10, 9, **more), MINE, "9").hidden == hidden


@pytest.mark.parametrize(
    "broken",
    [
        7, None, "post", [], {}, {"id": None}, {"id": {}}, post(1, text=["x"]), post(1, timestamp={}), post(1, permalink=5),
        post(1, quoted_post={"text": "no id"}), post(1, media_type=["IMAGE"]), post(1, children={"data": ["x"]}),
        post(1, children={"data": "x"}), post(1, children={"data": [{"media_type": "IMAGE"}]}), post(1, owner={"id": []}),
        post(1, text_attachment={"plaintext": 7}), post(1, poll_attachment={"option_a": 7}), post(1, gif_url=5),
        post(1, media_type="REPOST_FACADE", reposted_post={}), post(1, timestamp="9999-12-31T23:59:59+0000"),
    ],
)  # fmt: skip
def test_a_broken_post_is_one_post_less_and_no_page_less(broken: Any) -> None:
    """It is skipped or read as far as it goes; its neighbours are kept; where it is lost the page covers nothing."""
    (page,), _ = walked(StreamKind.POSTS, listed(post(3, 30), broken, post(2, 20)))
    assert {"3", "2"} <= {item.id for item in page.items}
    assert len(page.items) + len(page.skipped) == 3
    assert keepable(page.items)
    assert (page.coverage is None) == bool(page.skipped)


def test_each_stream_is_an_edge_of_its_own() -> None:
    """Posts, replies elsewhere and mentions; the fields of a reply are asked for where there may be some."""
    for stream, edge in (
        (StreamKind.POSTS, "threads"),
        (StreamKind.REPLIES, "replies"),
        (StreamKind.MENTIONS, "mentions"),
    ):
        pages, session = walked(stream, listed(post(5, 50), after="a"), listed(post(1, 10)))
        low = f"{int(place(50)) + 1:011d}"
        assert (ids(pages), covered(pages)) == ([["5"], ["1"]], [(None, low), (low, None)])
        assert [page.resume for page in pages] == [{"at": {"after": "a"}, "below": low}, None]
        assert session.asked[0].url == f"{API}/{ME}/{edge}"
        assert ("hide_status" in str(session.asked[0].params["fields"])) == (stream is not StreamKind.POSTS)
        assert TOKEN not in kept(pages)


def test_mentions_that_are_not_listed_are_said_to_be_missing() -> None:
    """A note, kept with its answer, and no claim; the account's own posts are never an empty listing that way."""
    (page,), _ = walked(StreamKind.MENTIONS, unknown("mentions", "ThreadsUser"))
    assert (page.coverage, page.keep, [each.lost for each in page.skipped]) == (None, True, [False])
    for stream in (StreamKind.POSTS, StreamKind.REPLIES):
        for answer in (unknown("threads", "ThreadsUser"), GONE, refused(10), Answer(refused(100).body, 200)):
            with pytest.raises(ReplayError):
                walked(stream, answer)


def test_in_the_middle_of_a_walk_the_same_answer_is_no_word_of_the_edge() -> None:
    """A place that is not known any more has code 100 as well: what comes after it is not lost in a note, be it tonight's place
    or an earlier night's.
    """
    with pytest.raises(ReplayError):
        walked(StreamKind.MENTIONS, listed({"id": "77", "username": "rosa", "timestamp": at(1)}, after="a"), GONE)
    with pytest.raises(ReplayError):
        walked(StreamKind.MENTIONS, GONE, resume={"at": {"after": "a"}, "below": None})


def test_what_is_shown_of_others_is_kept_and_is_no_part_of_the_listing() -> None:
    """Quoted, reposted and answered posts of others stand behind what shows them, without a claim on the order."""
    shown = {"id": "77", "username": "rosa", "text": "Hi", "timestamp": at(1), "media_type": "TEXT_POST"}
    (page,), _ = walked(
        StreamKind.REPLIES,
        listed(
            post(5, 50, is_reply=True, root_post=shown, replied_to={**shown, "id": "78"}),
            post(4, 40, media_type="REPOST_FACADE", reposted_post={**shown, "id": "79"}),
            post(3, 30, quoted_post={**shown, "username": "riverbendparks", "id": "2"}),
        ),
    )
    assert [(item.id, item.sighted) for item in page.items] == [
        ("5", True), ("77", False), ("78", False), ("4", True), ("79", False), ("3", True)
    ]  # fmt: skip
    assert [item.pointer for item in page.items][:3] == ["/data/0", "/data/0/root_post", "/data/0/replied_to"]
    assert page.items[1].author == Party("username:rosa", "rosa")
    assert page.items[1].not_requested == {"references"}
    assert covered([page]) == [(None, None)]


def test_what_cannot_be_read_of_others_is_a_note() -> None:
    """The post itself is whole, and so is the listing."""
    (page,), _ = walked(StreamKind.POSTS, listed(post(5, 50, quoted_post={"id": "77", "timestamp": at(1), "text": 7})))
    assert [item.id for item in page.items] == ["5"]
    assert [(each.what, each.lost) for each in page.skipped] == [("what 5 shows", False)]
    assert page.coverage is not None


def test_a_stranger_is_never_taken_for_the_account() -> None:
    """A reply, a mention or a shown post that names nobody is nobody's; the account's own listing is its own."""
    unnamed = {"id": "5", "timestamp": at(50), "text": "x"}
    (thread,), _ = threaded(listed(unnamed, reply(2, 20, 9, username="riverbendparks")))
    assert [item.author for item in thread.items] == [None, MINE]
    (mentions,), _ = walked(StreamKind.MENTIONS, listed(unnamed))
    assert [item.author for item in mentions.items] == [None]
    (own,), _ = walked(StreamKind.POSTS, listed(post(6, 55, quoted_post=unnamed), {**unnamed, "id": "7"}))
    assert [(item.id, item.author) for item in own.items] == [("6", MINE), ("5", None), ("7", MINE)]


def test_a_conversation_is_a_tree_of_all_depths() -> None:
    """In order of time, over pages; who answers whom is told by each; the last page covers exactly the thread."""
    pages, session = threaded(
        listed(reply(1, 10, 9), reply(2, 20, 1, hide_status="HIDDEN"), after="a"),
        listed(reply(3, 30, 2, username="riverbendparks", owner={"id": ME}), {**reply(4, 40, 1), "replied_to": None}),
    )
    found = [item for page in pages for item in page.items]
    assert {item.kind for item in found} == {ItemKind.COMMENT}
    assert [item.reference(ReferenceKind.PARENT) for item in found] == ["9", "1", "2", None]
    assert {item.reference(ReferenceKind.ROOT) for item in found} == {"9"}
    assert [item.not_requested for item in found] == [frozenset(), frozenset(), frozenset(), {"references"}]
    assert [item.hidden for item in found] == [None, "hidden by the account (HIDDEN)", None, None]
    assert found[2].author == MINE
    assert [item.order_key for item in found] == [f"9 {place(10 * n)} {n}" for n in (1, 2, 3, 4)]
    assert covered(pages) == [None, ("9!", "9 ")]
    assert [(count.of, count.platform, count.item) for count in pages[-1].counts] == [("comments", None, "9")]
    assert session.asked[0].url == f"{API}/9/conversation"
    assert session.asked[0].params["reverse"] == "false"


def test_a_reply_without_a_root_of_its_own_belongs_to_where_it_was_found() -> None:
    """And one without a time stands in its thread all the same."""
    (page,), _ = threaded(listed({"id": "1", "replied_to": {"id": "9"}}))
    assert page.items[0].reference(ReferenceKind.ROOT) == "9"
    assert page.items[0].not_requested == frozenset()
    assert page.items[0].order_key == "9 00000000000 1"


def test_a_conversation_of_which_a_part_is_lost_covers_nothing() -> None:
    """Neither where a reply cannot be read, nor where later pages cannot be reached, nor where there is an error."""
    pages, _ = threaded(listed(reply(1, 10, 9), 7, after="a"), listed(reply(2, 20, 9)))
    assert (ids(pages), covered(pages)) == ([["1"], ["2"]], [None, None])
    pages, _ = threaded(*[listed(reply(1, 10, 9), after=f"a{number}") for number in range(9)])
    assert covered(pages) == [None] * 4
    assert pages[-1].skipped[-1].lost
    for answer in (unknown("conversation", "ThreadsMedia"), GONE):
        with pytest.raises(ReplayError):
            threaded(answer)


def test_a_conversation_that_comes_again_byte_for_byte_is_not_read_anew() -> None:
    """It is known by the digest of its one answer."""
    answer = listed(reply(1, 10, 9))
    digest = threaded(answer)[0][0].exchanges[0].received_sha256
    (page,), _ = threaded(answer, known=digest)
    assert (page.unchanged, page.items, covered([page])) == (True, (), [("9!", "9 ")])


def test_the_account_is_that_of_the_token() -> None:
    """Its profile; one that cannot be read is lost and not gone; one that never was is the register's error."""
    profile = {
        "id": ME,
        "username": "riverbendparks",
        "name": "Parks",
        "threads_biography": "All parks.",
        "is_verified": True,
        "threads_profile_picture_url": "https://scontent.cdninstagram.com/v/1_n.jpg?oh=1&oe=2",
    }
    session = JudgedSession(Threads(), told(profile))
    status = Threads().status(session, dataclasses.replace(CITY, platform_id=None))
    assert (status.platform_id, status.handle, status.state) == (ME, "riverbendparks", State.PRESENT)
    assert status.profile is not None
    assert (status.profile.text, status.profile.url, status.profile.evidence) == (
        "All parks.", "https://www.threads.com/@riverbendparks", {"is_verified": True}
    )  # fmt: skip
    assert [each.id for each in status.profile.media] == ["https://cdninstagram.com/v/1_n.jpg"]
    assert session.asked[0].url == f"{API}/me"
    assert Threads().status(JudgedSession(Threads(), GONE), CITY).state is State.ACCESS_LOST
    with pytest.raises(NoSuchHandleError, match="riverbendparks"):
        Threads().status(JudgedSession(Threads(), GONE), dataclasses.replace(CITY, platform_id=None))
    with pytest.raises(UnreadableAnswerError, match="id"):
        Threads().status(JudgedSession(Threads(), told({"username": "x"})), CITY)
    older = Threads().status(JudgedSession(Threads(), unknown("is_verified", "ThreadsUser"), told({"id": ME})), CITY)
    assert older.state is State.PRESENT


def test_the_tokens_health_is_whether_it_is_taken() -> None:
    """And by whom; a dead one is no health at all."""
    health = Threads().token(JudgedSession(Threads(), told({"id": ME, "username": "riverbendparks"})), CITY)
    assert health is not None
    assert (health.alive, health.renewable, health.expires_at) == (True, True, None)
    assert "riverbendparks" in health.words
    with pytest.raises(ReplayError):
        Threads().token(JudgedSession(Threads(), refused(190, error_subcode=463)), CITY)


def test_a_token_is_renewed_beside_the_versions() -> None:
    """With the old token, for 60 days more; the new one is given to be kept."""
    session = JudgedSession(Threads(), told({"access_token": "new", "token_type": "bearer", "expires_in": 5_183_944}))
    renewal = Threads().renew(session, CITY)
    assert renewal is not None
    assert renewal.secrets == {"token": "new"}
    assert renewal.expires_at["token"] == datetime(2026, 3, 2, 9, 30, tzinfo=UTC) + timedelta(seconds=5_183_944)
    assert session.asked[0].url == "https://graph.threads.net/refresh_access_token"
    assert session.asked[0].params == {"grant_type": "th_refresh_token", "access_token": TOKEN}


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"access_token": "new"},
        {"expires_in": 5},
        {"access_token": None, "expires_in": 5},
        {"access_token": 7, "expires_in": 5},
    ],
)
def test_a_renewal_that_is_none_is_an_error(answer: dict[str, Any]) -> None:
    """Nothing is saved that is no token with an end."""
    with pytest.raises(UnreadableAnswerError, match="no `access_token` and `expires_in`"):
        Threads().renew(JudgedSession(Threads(), told(answer)), CITY)


def test_a_dead_token_is_not_renewed() -> None:
    """One that was not renewed in 60 days is dead for good: that is the token's error, and nothing else."""
    with pytest.raises(ReplayError, match="connect the account anew"):
        Threads().renew(JudgedSession(Threads(), refused(190, error_subcode=463)), CITY)


def test_single_items_are_looked_up() -> None:
    """There, or gone or forbidden, which the engine tells apart; of a profile it says nothing."""
    session = JudgedSession(Threads(), told({"id": "1"}), GONE, GONE)
    found = list(Threads().lookup(session, CITY, ["1", "2", f"profile:{ME}"]))
    assert [each.state for each in found] == [State.PRESENT, State.GONE_CONFIRMED, None]
    for answer in (refused(190), refused(10), refused(4)):
        with pytest.raises(ReplayError):
            list(Threads().lookup(JudgedSession(Threads(), answer), CITY, ["1"]))


def test_a_medium_is_asked_for_by_its_id() -> None:
    """Afresh, since addresses are signed; a moving picture from elsewhere is at its own address."""
    picture = Media("11", "image", "https://old")

    def address(answer: Answer, media: Media = picture) -> str:
        return Threads().media_request(JudgedSession(Threads(), answer), CITY, media)

    assert address(told({"media_url": "https://new"})) == "https://new"
    for nothing in (told({"id": "11"}), told({"media_url": 5}), GONE, Answer(b"busy", 502)):
        assert address(nothing) == "https://old"
    with pytest.raises(UnreadableAnswerError, match="no address"):
        address(told({"id": "11"}), Media("11", "image"))
    gif = Media("https://giphy.example/1.gif", "image", "https://giphy.example/1.gif")
    assert Threads().media_request(JudgedSession(Threads()), CITY, gif) == gif.url
    assert Threads().media_sha256(picture) is None


def test_the_host_and_the_version_are_settings() -> None:
    """So is where a token is renewed."""
    there = account("threads", ME, token=TOKEN, api_url="http://127.0.0.1:1/threads", api_version="v2.0")
    session = JudgedSession(Threads(), listed(), told({"access_token": "new", "expires_in": 5}))
    list(Threads().pages(session, there, StreamKind.POSTS, None, {}))
    Threads().renew(session, there)
    assert [asked.url for asked in session.asked] == [
        f"http://127.0.0.1:1/threads/v2.0/{ME}/threads", "http://127.0.0.1:1/threads/refresh_access_token"
    ]  # fmt: skip


@quick
@given(
    st.lists(objects(NAMES, WORDS) | anything(NAMES, WORDS), max_size=3),
    objects(NAMES, WORDS),
    st.sampled_from([
        StreamKind.POSTS, StreamKind.REPLIES, StreamKind.MENTIONS, "thread", "status", "lookup", "token", "renew", "media",
    ]),
)  # fmt: skip
def test_any_answer_is_read_or_named(entries: list[Any], around: dict[str, Any], what: Any) -> None:
    """Whatever JSON comes: items whose evidence can be kept, entries skipped by name, or an error that says what it is.

    Nothing that is kept holds the token, and no good neighbour of a bad entry is lost.
    """
    answer = Answer(body({**around, "data": [*entries, reply(1, 10, 9)]}))
    threads, session = Threads(), JudgedSession(Threads(), *[answer] * 40)
    with contextlib.suppress(UnreadableAnswerError, ReplayError):
        match what:
            case "status":
                status = threads.status(session, CITY)
                assert keepable([status.profile] if status.profile else [])
            case "lookup":
                assert len(list(threads.lookup(session, CITY, ["1"]))) == 1
            case "token":
                assert threads.token(session, CITY) is not None
            case "renew":
                assert threads.renew(session, CITY) is not None
            case "media":
                assert threads.media_request(session, CITY, Media("1", "image", "https://old"))
            case _:
                walk = (
                    threads.thread(session, CITY, "9")
                    if what == "thread"
                    else threads.pages(session, CITY, what, None, {})
                )
                pages = list(walk)
                assert keepable(item for page in pages for item in page.items)
                assert TOKEN not in kept(pages)
                assert any(item.id == "1" and item.sighted for item in pages[0].items)
