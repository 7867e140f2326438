"""Mastodon's statuses: every kind of them, what their HTML says, what they answer, and what they said before an edit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.items import Item, ItemKind, Media, Party, ReferenceKind, Source
from archiver.platforms.mastodon import Mastodon
from archiver.platforms.mastodon_items import history_items, order_key, status_item
from tests.fixtures.graph import covered
from tests.fixtures.hostile import body, keepable
from tests.fixtures.judged import JudgedSession
from tests.fixtures.mastodon import (
    BASE,
    CITY,
    GONE,
    HOST,
    ME,
    MINE,
    PARKS,
    ROSA,
    THEIRS,
    around,
    listed,
    reply,
    status,
    told,
    walked,
)
from tests.fixtures.sessions import Answer


def test_a_whole_status_is_read() -> None:
    """Words and HTML, warning, tags, mentions, links, poll, pictures with alt texts, application, language, counts."""
    html = (
        '<p>Pool <a href="https://social.riverbend.example/tags/pool" class="mention hashtag" rel="tag">#<span>pool</span></a> '
        '<span class="h-card"><a href="https://neighbors.example/@rosa" class="u-url mention">@<span>rosa</span></a></span></p>'
        '<p><a href="https://riverbend.example/agenda/2026"><span class="invisible">https://</span>'
        '<span class="ellipsis">riverbend.example/agenda</span><span class="invisible">/2026</span></a> and '
        '<a href="https://riverbend.example/map">here</a> :blobcat:</p>'
    )
    whole = status(
        91, content=html, spoiler_text="Water", sensitive=True, visibility="unlisted", language="en", url=f"{BASE}/@parks/91",
        tags=[{"name": "pool", "url": "https://social.riverbend.example/tags/pool"}],
        mentions=[{"acct": "rosa@neighbors.example", "username": "rosa", "url": "https://neighbors.example/@rosa"}],
        media_attachments=[
            {"id": "1", "type": "image", "url": "https://files/1.png", "description": "The pool"},
            {"id": "2", "type": "gifv", "url": None, "remote_url": "https://elsewhere/2.mp4", "description": None},
            {"id": "3", "type": "unknown", "url": None, "remote_url": None, "description": ""},
            {"id": "4", "type": "audio", "url": "https://files/4.mp3"},
        ],
        poll={"id": "5", "options": [{"title": "Yes", "votes_count": 3}, {"title": "No"}]},
        application={"name": "Web", "website": None},
        replies_count=2, reblogs_count=3, favourites_count=4, quotes_count=1, card={"url": "https://riverbend.example/agenda/2026"},
    )  # fmt: skip
    item = status_item(whole, HOST, exchange=0, pointer="/0")
    assert item == Item(
        kind=ItemKind.POST,
        id=f"{ME}/statuses/91",
        source=Source.API,
        namespace=HOST,
        author=MINE,
        title="Water",
        text="Pool #pool @rosa\n\nhttps://riverbend.example/agenda/2026 and here (https://riverbend.example/map) :blobcat:",
        html=html,
        created_text="2026-03-02T17:33:30.123Z",
        created_at=datetime(2026, 3, 2, 17, 33, 30, 123_000, tzinfo=UTC),
        url=f"{BASE}/@parks/91",
        languages=("en",),
        tags=("pool",),
        mentions=("rosa@neighbors.example",),
        links=("https://riverbend.example/agenda/2026", "https://riverbend.example/map"),
        media=(
            Media("1", "image", "https://files/1.png", "The pool"),
            Media("2", "video", "https://elsewhere/2.mp4"),
            Media("3", "file"),
            Media("4", "audio", "https://files/4.mp3"),
        ),
        evidence={
            "visibility": "unlisted",
            "sensitive": True,
            "application": "Web",
            "poll": {"options": ["Yes", "No"]},
        },
        counts={"replies": 2, "reposts": 3, "likes": 4, "quotes": 1},
        aliases=("91",),
        exchange=0,
        pointer="/0",
    )


@pytest.mark.parametrize("visibility", ["public", "unlisted", "private", "direct"])
@pytest.mark.parametrize("answers", [False, True])
def test_who_sees_a_status_is_part_of_what_it_says(visibility: str, answers: bool) -> None:  # noqa: FBT001
    """A direct one is a message, whatever it answers; an answer is a comment; the rest are posts."""
    shown = reply(91, 90, PARKS, visibility=visibility) if answers else status(91, visibility=visibility)
    item = status_item(shown, HOST)
    kind = ItemKind.MESSAGE if visibility == "direct" else ItemKind.COMMENT if answers else ItemKind.POST
    assert (item.kind, item.evidence["visibility"]) == (kind, visibility)


def test_a_boost_points_at_what_it_boosts() -> None:
    """The boosted status of somebody else is kept within it, with its quote, as no member of the listing."""
    quoted = status(70, ROSA)
    boosted = status(80, ROSA, quote={"state": "accepted", "quoted_status": quoted})
    (page,), _ = walked(listed(status(91, reblog=boosted, uri=f"{ME}/statuses/91/activity")))
    assert [(item.kind, item.id.rpartition("/")[2], item.sighted) for item in page.items] == [
        (ItemKind.REPOST, "activity", True), (ItemKind.POST, "80", False), (ItemKind.POST, "70", False)
    ]  # fmt: skip
    assert page.items[0].reference(ReferenceKind.REPOST_OF) == boosted["uri"]
    assert page.items[1].reference(ReferenceKind.QUOTE) == quoted["uri"]
    assert [item.pointer for item in page.items] == ["/0", "/0/reblog", "/0/reblog/quote/quoted_status"]
    assert page.items[1].author == THEIRS


@pytest.mark.parametrize("state", ["pending", "rejected", "revoked", "deleted", "unauthorized", "something_new"])
def test_a_quote_that_is_not_shown_is_not_told(state: str) -> None:
    """Its state hides it: then what is quoted is not known, and not nothing."""
    item = status_item(status(91, quote={"state": state, "quoted_status": None}), HOST)
    assert "references" in item.not_requested
    assert not item.references
    shallow = status_item(status(91, quote={"state": "accepted", "quoted_status_id": "70"}), HOST)
    assert "references" in shallow.not_requested
    assert status_item(status(91), HOST).not_requested == frozenset()


def test_a_remote_status_keeps_its_own_identity() -> None:
    """The instance's number for it is an alias; an account of an older instance is known by its address."""
    older = {name: value for name, value in ROSA.items() if name != "uri"}
    item = status_item({**status(91, ROSA), "account": older}, HOST)
    assert (item.id, item.aliases) == ("https://neighbors.example/users/rosa/statuses/91", ("91",))
    assert item.author == Party("https://neighbors.example/@rosa", "rosa@neighbors.example", None, HOST)


@pytest.mark.parametrize(
    "broken",
    [
        7, None, "x", [], {}, {"id": "5"}, {"id": None, "uri": "u"}, status(5, uri=None), status(5, uri={}),
        status(5, account=None),
        status(5, account="x"), status(5, account={}), status(5, content=7), status(5, created_at=["x"]), status(5, tags=7),
        status(5, tags=["x"]), status(5, mentions=[{}]), status(5, media_attachments=[{"type": "image"}]), status(5, language=7),
        status(5, poll={"options": [{}]}), status(5, quote={"quoted_status": {"id": "1"}}), status(5, spoiler_text=[]),
        status(5, reblog={"id": "1"}), status(5, edited_at=7), status(5, visibility={}),
    ],
)  # fmt: skip
def test_a_broken_status_is_one_status_less_and_no_page_less(broken: Any) -> None:
    """Its neighbours are kept; the page covers nothing, since what it was is not known; the next page covers its own part."""
    pages, _ = walked(listed(status(9), broken, status(4), max_id=4), listed(status(2)))
    assert [item.id.rpartition("/")[2] for item in pages[0].items if item.order_key] == ["9", "4"]
    assert keepable(item for page in pages for item in page.items)
    assert pages[0].skipped[0].lost
    assert covered(pages) == [None, ("0014", None)]


def test_what_is_within_a_status_may_be_broken_without_it() -> None:
    """What a boost shows cannot be read: the boost can."""
    (page,), _ = walked(listed(status(9, reblog={"uri": "u", "id": "1"})))
    assert [item.kind for item in page.items] == [ItemKind.REPOST]
    assert [each.what for each in page.skipped] == [f"what {ME}/statuses/9 shows"]
    assert covered([page]) == [(None, None)]


def test_statuses_within_statuses_end_somewhere() -> None:
    """However deeply a stranger nests quotes, a few are read."""
    nested: dict[str, Any] = status(1, ROSA)
    for number in range(2, 200):
        nested = status(number, ROSA, quote={"state": "accepted", "quoted_status": nested})
    (page,), _ = walked(listed(nested, status(500)))
    assert 2 <= len(page.items) <= 8
    assert page.items[-1].id == f"{ME}/statuses/500"


def test_an_answer_of_the_account_brings_what_it_answers() -> None:
    """The conversation above it is asked for, and what others wrote in it is kept; its parent is known by its identity."""
    above = around(ancestors=(status(80, ROSA), reply(81, 80, PARKS), reply(82, 81)))
    (page,), session = walked(listed(reply(91, 82, PARKS)), above)
    own, others = page.items[-1], page.items[:-1]
    assert own.reference(ReferenceKind.PARENT) == "https://neighbors.example/users/rosa/statuses/82"
    assert own.reference(ReferenceKind.ROOT) == "https://neighbors.example/users/rosa/statuses/80"
    assert [(item.aliases, item.sighted, item.exchange) for item in others] == [
        (("80",), False, 1),
        (("82",), False, 1),
    ]
    assert session.asked[1].url == f"{BASE}/api/v1/statuses/91/context"
    assert covered([page]) == [(None, None)]


@pytest.mark.parametrize(
    "answer",
    [
        GONE, Answer(body({"error": "This action is not allowed"}), 403), told([]), told({"ancestors": 7}), Answer(b"<html>"),
        around(ancestors=(7, {"id": "82"}, {"id": "83", "account": None}, {**status(84, ROSA), "account": "x"})),
    ],
)  # fmt: skip
def test_what_an_answer_answers_may_not_be_told(answer: Answer) -> None:
    """Then it is not known; the answer itself is kept, and the page covers what it shows."""
    (page,), _ = walked(listed(reply(91, 70, PARKS), status(90)), answer)
    assert [item.id.rpartition("/")[2] for item in page.items if item.sighted] == ["91", "90"]
    assert "references" in page.items[0].not_requested
    assert covered([page]) == [(None, None)]
    assert [each.status for each in page.exchanges] == [200, answer.status]


def test_a_parent_that_is_gone_takes_its_id_with_it() -> None:
    """Only whose it was is told still: then nothing is asked for, and what was answered is not known."""
    orphan = status(91, in_reply_to_id=None, in_reply_to_account_id="2002")
    (page,), session = walked(listed(orphan))
    assert (page.items[0].kind, len(session.asked)) == (ItemKind.COMMENT, 1)
    assert "references" in page.items[0].not_requested


EDITS = [
    {"content": "<p>first</p>", "created_at": "2026-03-02T17:33:30.123Z", "sensitive": False, "spoiler_text": "",
     "media_attachments": []},
    {"content": "<p>second @rosa</p>", "created_at": "2026-03-02T18:00:00.000Z", "sensitive": True, "spoiler_text": "W",
     "media_attachments": [{"id": "1", "type": "image"}], "poll": {"options": [{"title": "Yes"}]}},
    {"content": "<p>third</p>", "created_at": "2026-03-02T19:00:00.000Z", "sensitive": False, "spoiler_text": ""},
]  # fmt: skip


def test_an_edited_status_brings_its_earlier_forms() -> None:
    """All but the present one, oldest first, each with its own words; the first has no time of an edit."""
    edited = status(
        91, content="<p>third</p>", edited_at="2026-03-02T19:00:00.000Z", mentions=[{"acct": "rosa@n", "username": "rosa"}],
        poll={"options": [{"title": "No"}]}, replies_count=5,
    )  # fmt: skip
    (page,), session = walked(listed(edited), told(EDITS))
    assert session.asked[1].url == f"{BASE}/api/v1/statuses/91/history"
    assert (page.items[0].text, page.items[0].edited_text) == ("third", "2026-03-02T19:00:00.000Z")
    first, second = page.history
    assert [(item.source, item.id, item.exchange, item.order_key, item.counts) for item in page.history] == [
        (Source.HISTORY, f"{ME}/statuses/91", 1, None, {})
    ] * 2
    assert (first.text, first.edited_at, first.title, first.mentions, first.evidence) == (
        "first", None, None, (), {"visibility": "public", "sensitive": False}
    )  # fmt: skip
    assert (second.text, second.edited_text, second.title, second.mentions) == (
        "second @rosa", "2026-03-02T18:00:00.000Z", "W", ("rosa@n",)
    )  # fmt: skip
    assert second.evidence == {"visibility": "public", "sensitive": True, "poll": {"options": ["Yes"]}}
    assert [medium.id for medium in second.media] == ["1"]
    assert [item.created_at for item in page.history] == [page.items[0].created_at] * 2
    assert [item.pointer for item in page.history] == ["/0", "/1"]


def test_tags_of_an_earlier_form_are_those_that_it_links_to() -> None:
    """They are not told of it; its links to the instance's pages of tags are tags, and no links."""
    current = status_item(status(91, edited_at="2026-03-02T19:00:00Z"), HOST)
    edit = {"content": f'<p><a href="{BASE}/tags/caf%C3%A9">#café</a> <a href="https://x.example/tags/">no tag</a></p>'}
    (earlier,) = history_items(current, {}, [edit, {}], 0)
    assert (earlier.tags, earlier.links) == (("café",), ("https://x.example/tags/",))


@pytest.mark.parametrize(
    "answer", [GONE, told({}), told([7, {}]), told([{"content": 7}, {}]), Answer(b"<html>"), told([]), told([{}])]
)
def test_a_history_that_cannot_be_read_leaves_the_status(answer: Answer) -> None:
    """What it said before is lost, by name; the status is there, and so is its neighbour; the listing is whole."""
    (page,), _ = walked(listed(status(91, edited_at="2026-03-02T19:00:00Z"), status(90)), answer)
    assert [item.aliases for item in page.items] == [("91",), ("90",)]
    assert covered([page]) == [(None, None)]
    assert all(each.what == f"the history of {ME}/statuses/91" for each in page.skipped)
    assert [each.status for each in page.exchanges] == [200, answer.status]


def test_a_medium_is_at_its_address_once_it_is_made() -> None:
    """While the instance makes it there is none, and that is said."""
    assert (
        Mastodon().media_request(JudgedSession(Mastodon()), CITY, Media("1", "image", "https://files/1.png"))
        == "https://files/1.png"
    )
    with pytest.raises(UnreadableAnswerError, match="not made"):
        Mastodon().media_request(JudgedSession(Mastodon()), CITY, Media("1", "image"))
    assert Mastodon().media_sha256(Media("1", "image")) is None


@settings(deadline=None)
@given(st.integers(1, 10**18), st.integers(1, 10**18))
def test_ids_sort_as_they_grow(one: int, other: int) -> None:
    """Whatever their lengths."""
    assert (order_key(str(one)) < order_key(str(other))) == (one < other)
