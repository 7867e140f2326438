"""Mastodon: statuses of every kind, what their HTML says, edits, conversations, hostile links between pages, and hostile JSON."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.platforms.errors import NoSuchHandleError, UnreadableAnswerError
from archiver.platforms.items import Item, ItemKind, Media, Party, ReferenceKind, Source, State, StreamKind
from archiver.platforms.manners import Meaning
from archiver.platforms.mastodon import Mastodon
from archiver.platforms.mastodon_items import Answers, history_items, order_key, status_item
from archiver.platforms.mastodon_manners import following, judge, next_page, usage
from archiver.platforms.mastodon_walk import Walk
from archiver.platforms.pages import AccountRef, Conversation, Page
from tests.fixtures.graph import covered, ids, kept
from tests.fixtures.hostile import anything, body, keepable, objects
from tests.fixtures.judged import JudgedSession
from tests.fixtures.sessions import Answer, ReplayError, account, exchange_of

HOST = "social.riverbend.example"
BASE = f"https://{HOST}"
ME = f"{BASE}/ap/users/1001"
TOKEN = "the-accounts-own-token"
CITY = account("mastodon", ME, f"parks@{HOST}", token=TOKEN, account_id="1001")
OPEN = account("mastodon", ME, f"parks@{HOST}", account_id="1001")
POST = f"{ME}/statuses/90"
PARKS = {
    "id": "1001",
    "uri": ME,
    "url": f"{BASE}/@parks",
    "acct": "parks",
    "username": "parks",
    "display_name": "Parks",
}
ROSA = {
    "id": "2002", "uri": "https://neighbors.example/users/rosa", "url": "https://neighbors.example/@rosa",
    "acct": "rosa@neighbors.example", "username": "rosa", "display_name": "",
}  # fmt: skip
MINE = Party(ME, "parks", "Parks", HOST)
THEIRS = Party("https://neighbors.example/users/rosa", "rosa@neighbors.example", None, HOST)
GONE = Answer(body({"error": "Record not found"}), 404)
NAMES = [
    "id", "uri", "url", "account", "acct", "username", "display_name", "content", "created_at", "edited_at",
    "visibility", "sensitive", "spoiler_text", "media_attachments", "type", "remote_url", "description", "mentions",
    "tags", "name", "language", "in_reply_to_id", "in_reply_to_account_id", "reblog", "quote", "quoted_status",
    "state", "poll", "options", "title", "application", "replies_count", "reblogs_count", "ancestors", "descendants",
    "status", "last_status", "note", "fields", "value", "avatar", "scopes", "statuses", "suspended", "moved",
    "statuses_count",
]  # fmt: skip
WORDS = [
    "direct",
    "private",
    "91",
    "1001",
    f"{ME}/statuses/91",
    "2026-03-02T17:33:30.123Z",
    "<p>Hi</p>",
    True,
    10**30,
    7,
]
quick = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)


def status(number: int, whose: dict[str, Any] = PARKS, **more: Any) -> dict[str, Any]:
    """A status as short as it may be."""
    return {
        "id": str(number), "uri": f"{whose['uri']}/statuses/{number}", "account": whose, "visibility": "public",
        "created_at": "2026-03-02T17:33:30.123Z", "edited_at": None, "content": f"<p>status {number}</p>", "sensitive": False,
        "spoiler_text": "", "media_attachments": [], "mentions": [], "tags": [], "in_reply_to_id": None,
        "in_reply_to_account_id": None, "reblog": None, "quote": None, "poll": None, "replies_count": 0, **more,
    }  # fmt: skip


def reply(number: int, above: int, whose: dict[str, Any] = ROSA, **more: Any) -> dict[str, Any]:
    """A status that answers another."""
    return status(number, whose, in_reply_to_id=str(above), in_reply_to_account_id="1001", **more)


def listed(*entries: Any, link: str | None = None, max_id: int | str | None = None) -> Answer:
    """A page of a listing; `max_id` places the next."""
    if max_id is not None:
        link = f'<{BASE}/api/v1/x?limit=40&max_id={max_id}>; rel="next", <{BASE}/api/v1/x?min_id=99>; rel="prev"'
    return Answer(body(list(entries)), headers=(("Link", link),) if link is not None else ())


def around(*descendants: Any, ancestors: tuple[Any, ...] = ()) -> Answer:
    """A context."""
    return Answer(body({"ancestors": list(ancestors), "descendants": list(descendants)}))


def told(value: Any) -> Answer:
    """An answer that is one thing."""
    return Answer(body(value))


def walked(
    *answers: Answer, stream: StreamKind = StreamKind.POSTS, resume: Any = None, whose: AccountRef = CITY
) -> tuple[list[Page], JudgedSession]:
    """The pages of a stream with these answers, and what was asked."""
    session = JudgedSession(Mastodon(), *answers)
    return list(Mastodon().pages(session, whose, stream, resume, {})), session


def threaded(
    *answers: Answer, known: bytes | None = None, whose: AccountRef = CITY, post: str = POST
) -> tuple[list[Page], list[str]]:
    """The pages of a thread, and the paths that were asked for."""
    session = JudgedSession(Mastodon(), *answers)
    pages = list(Mastodon().thread(session, whose, post, known))
    return pages, [asked.url.removeprefix(f"{BASE}/api") for asked in session.asked]


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


def test_pages_are_placed_by_the_instances_links() -> None:
    """Short and empty pages are followed; each covers its part, the last to the very beginning."""
    pages, session = walked(
        listed(status(120), status(100), max_id=100),
        listed(max_id=97),
        listed(status(95), max_id=95),
        listed(status(9)),
    )
    assert [[each[-3:] for each in page] for page in ids(pages)] == [["120", "100"], [], ["/95"], ["s/9"]]
    assert covered(pages) == [(None, "003100"), ("003100", "003100"), ("00297", "00295"), ("00295", None)]
    assert [page.resume for page in pages] == [
        {"max_id": "100", "below": "003100"}, {"max_id": "97", "below": "00297"}, {"max_id": "95", "below": "00295"}, None
    ]  # fmt: skip
    assert [asked.params.get("max_id") for asked in session.asked] == [None, "100", "97", "95"]
    assert {asked.url for asked in session.asked} == {f"{BASE}/api/v1/accounts/1001/statuses"}
    assert all(asked.headers["Authorization"] == f"Bearer {TOKEN}" for asked in session.asked)
    assert TOKEN not in kept(pages)


def test_a_walk_goes_on_where_it_stood() -> None:
    """What is kept of a page leads to the next, and what was above it stays covered by it alone."""
    pages, session = walked(listed(status(9)), resume={"max_id": "95", "below": "00295"})
    assert session.asked[0].params == {"limit": 40, "max_id": "95"}
    assert covered(pages) == [("00295", None)]


def test_an_empty_first_page_that_goes_on_covers_nothing() -> None:
    """Nothing was shown yet, so that nothing can be missing."""
    pages, _ = walked(listed(max_id=97), listed(status(95)))
    assert covered(pages) == [None, ("00297", None)]


def test_a_listing_out_of_order_covers_nothing_from_where_it_shows() -> None:
    """A status that should have stood on the page before; the last one of that page may come again."""
    pages, _ = walked(
        listed(status(90), status(80), max_id=80), listed(status(80), status(70), max_id=70), listed(status(60))
    )
    assert [each is None for each in covered(pages)] == [False, False, False]
    pages, _ = walked(listed(status(90), status(80), max_id=80), listed(status(85), max_id=70), listed(status(60)))
    assert [each is None for each in covered(pages)] == [False, True, True]


@settings(deadline=None)
@given(
    st.lists(st.integers(1, 2_000), min_size=1, max_size=30, unique=True),
    st.lists(st.integers(0, 5), min_size=1, max_size=40),
    st.sets(st.integers(0, 29)),
    st.sets(st.integers(0, 40)),
)
def test_no_walk_claims_what_it_did_not_read(
    numbers: list[int], sizes: list[int], unread: set[int], stops: set[int]
) -> None:
    """However a listing is cut, wherever broken statuses stand, and though the walk breaks off and goes on: every page claims
    only what was read; and where all could be, in the end everything.
    """
    keys = [order_key(str(number)) for number in sorted(numbers, reverse=True)]
    walk, shown, claimed = Walk(), set[str](), set[str]()
    start, sized = 0, itertools.cycle([*sizes, 1])
    for page in itertools.count():
        end = start + next(sized)
        places = keys[start:end]
        read = [key for number, key in enumerate(places, start) if number not in unread]
        bound = int(places[-1][3:]) if places else int(keys[start][3:]) + 1
        shown |= set(read)
        covered_ = walk.shown(
            read, None if end >= len(keys) else {"max_id": str(bound)}, whole=len(read) == len(places)
        )
        if covered_ is not None:
            before, after = covered_.before, covered_.after
            inside = {key for key in keys if (before is None or key < before) and (after is None or key >= after)}
            assert inside <= shown
            claimed |= inside
        if end >= len(keys):
            break
        start = end
        if page in stops:
            walk = Walk(walk.before)
    assert unread & set(range(len(keys))) or claimed == set(keys)


HOSTILE_LINKS = [
    '<http://[?max_id=5>; rel="next"',
    f'<{BASE}/x?min_id=5>; rel="next"',
    f'<{BASE}/x?max_id=>; rel="next"',
    f'<{BASE}/x?max_id=%00>; rel="next"',
    f'<{BASE}/x?max_id={"9" * 500}>; rel="next"',
    f"<{BASE}/x>; rel=next",
    '; rel="next"',
    '<>; rel="prev next"',
]  # fmt: skip


@pytest.mark.parametrize("link", HOSTILE_LINKS)
def test_a_next_that_cannot_be_followed_is_no_end(link: str) -> None:
    """The page is kept and covers nothing; what lies behind is lost, and said so."""
    (page,), _ = walked(listed(status(9), link=link))
    assert [item.id for item in page.items] == [f"{ME}/statuses/9"]
    assert (page.coverage, page.resume) == (None, None)
    assert [(each.what, each.lost) for each in page.skipped] == [("what comes after in the listing", True)]
    session = JudgedSession(Mastodon(), listed(ROSA, link=link))
    with pytest.raises(UnreadableAnswerError, match="not in a way that can be followed"):
        list(Mastodon().members(session, CITY, "blocked"))
    session = JudgedSession(Mastodon(), listed({"id": "7", "last_status": status(90)}, link=link))
    (conversations,) = Mastodon().conversations(session, CITY)
    assert [each.what for each in conversations.skipped] == ["the conversations that come after"]


@pytest.mark.parametrize(
    ("link", "place"),
    [
        (None, None),
        ("", None),
        (f'<{BASE}/x?min_id=9>; rel="prev"', None),
        (f'<{BASE}/x?max_id=9>; rel="next"', "9"),
        (f"<{BASE}/x?max_id=9>;rel=next", "9"),
        (f'<{BASE}/x?max_id=9>; title="older"; rel="NEXT"', "9"),
        (f'<{BASE}/x?max_id=9&token=secret>; rel="last next"', "9"),
        (f'<{BASE}/x?min_id=8>; rel="prev", <https://evil.example/y?max_id=9>; rel="next"', "9"),
        (f'<{BASE}/x?max_id=1,2>; rel="next"', "1,2"),
        ("nonsense", None),
        ("<<<>>>;;;===,,,", None),
    ],
)
def test_the_place_of_the_next_page_is_taken_and_nothing_else(link: str | None, place: str | None) -> None:
    """The address itself is never asked for: not its host, not its path, not what else stands in it."""
    exchange = exchange_of(f"{BASE}/api/v1/x", listed(link=link))
    assert next_page(exchange) == (None if place is None else {"max_id": place})
    if place == "9":
        _, session = walked(listed(status(90), link=link), listed())
        assert session.asked[1].url == f"{BASE}/api/v1/accounts/1001/statuses"
        assert session.asked[1].params == {"limit": 40, "max_id": "9"}


def test_links_in_two_headers_are_links_of_one_answer() -> None:
    """RFC 9110 section 5.3: several fields of one name are one list."""
    links = (("Link", f'<{BASE}/x?min_id=8>; rel="prev"'), ("link", f'<{BASE}/x?max_id=9>; rel="next"'))
    assert next_page(exchange_of(f"{BASE}/api/v1/x", Answer(b"[]", headers=links))) == {"max_id": "9"}


@settings(deadline=None)
@given(st.text() | st.text('<>;=", rel next?&max_id0', max_size=60))
def test_no_link_header_breaks_the_walk(link: str) -> None:
    """Whatever it says: a place, an end, or a word that what comes after is lost."""
    place, lost = following(exchange_of(f"{BASE}/api/v1/x", Answer(b"[]", headers=(("Link", link),))))
    assert place is None or lost is None
    assert place is None or (place.keys() == {"max_id"} and place["max_id"].isascii())


def test_endless_emptiness_is_an_error() -> None:
    """Pages that go on saying that there is more, and never show anything, end in an error and not in a claim."""
    with pytest.raises(UnreadableAnswerError, match="20 pages in a row"):
        walked(*[listed(max_id=900 - number) for number in range(40)])


def test_conversations_that_go_in_circles_are_left() -> None:
    """The listing of conversations that leads back to a page of its own ends there, and says so."""
    pages = list(
        Mastodon().conversations(
            JudgedSession(
                Mastodon(), *[listed({"id": "7", "last_status": status(90)}, max_id=5 + n % 2) for n in range(9)]
            ),
            CITY,
        )
    )
    assert len(pages) == 3
    assert [each.lost for each in pages[-1].skipped] == [True]


def test_direct_statuses_belong_to_the_messages() -> None:
    """With a token they are kept, and are no members of the posts' listing."""
    (page,), _ = walked(listed(status(9, visibility="direct"), status(8)))
    assert [(item.kind, item.sighted) for item in page.items] == [(ItemKind.MESSAGE, False), (ItemKind.POST, True)]


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


def test_a_thread_is_read_with_who_answers_whom() -> None:
    """In one answer; all of it is covered, and how many answers each says that it has is told."""
    pages, asked = threaded(around(reply(91, 90, replies_count=2), reply(92, 91, PARKS), reply(93, 91)))
    found = pages[0].items
    assert asked == ["/v1/statuses/90/context"]
    assert [item.reference(ReferenceKind.PARENT) for item in found] == [
        POST, "https://neighbors.example/users/rosa/statuses/91", "https://neighbors.example/users/rosa/statuses/91"
    ]  # fmt: skip
    assert {item.reference(ReferenceKind.ROOT) for item in found} == {POST}
    assert covered(pages) == [(f"{POST}!", f"{POST} ")]
    assert all(f"{POST} " <= str(item.order_key) < f"{POST}!" for item in found)
    assert [(count.item, count.platform) for count in pages[-1].counts] == [
        ("https://neighbors.example/users/rosa/statuses/91", 2)
    ]


def test_a_thread_that_comes_again_byte_for_byte_is_not_read_anew() -> None:
    """It is known by the digest of its one answer."""
    answer = around(reply(91, 90))
    digest = threaded(answer)[0][0].exchanges[0].received_sha256
    (page,), _ = threaded(answer, known=digest)
    assert (page.unchanged, page.items, covered([page])) == (True, (), [(f"{POST}!", f"{POST} ")])


def test_a_thread_of_which_a_status_is_lost_covers_nothing() -> None:
    """The others are kept, with their numbers as texts."""
    for broken in (7, {"id": "99"}, {**reply(99, 90), "uri": None}, {**reply(99, 90), "account": 5}):
        (page,), _ = threaded(around(reply(91, 90), broken, {**reply(92, 91), "id": 92, "in_reply_to_id": 91}))
        assert [item.aliases for item in page.items] == [("91",), ("92",)]
        assert page.items[1].reference(ReferenceKind.PARENT) == "https://neighbors.example/users/rosa/statuses/91"
        assert (page.coverage, page.skipped[0].lost) == (None, True)
    with pytest.raises(UnreadableAnswerError, match="descendants"):
        threaded(told({"ancestors": []}))
    with pytest.raises(ReplayError):
        threaded(GONE)


def test_a_large_thread_comes_in_parts() -> None:
    """Of 500 statuses at the most, the last of which covers all."""
    pages, _ = threaded(around(*[reply(100 + number, 90) for number in range(1_100)]))
    assert [len(page.items) for page in pages] == [500, 500, 100]
    assert [each is None for each in covered(pages)] == [True, True, False]


def test_a_thread_that_was_cut_is_asked_for_leaf_by_leaf() -> None:
    """Without a token 60 are shown: those that say that they have more answers than were shown are asked by themselves, once."""
    sixty = [reply(100 + number, 90, replies_count=int(number in {3, 7})) for number in range(60)]
    pages, asked = threaded(around(*sixty), around(reply(200, 107)), around(reply(201, 103)), whose=OPEN)
    assert asked == ["/v1/statuses/90/context", "/v1/statuses/107/context", "/v1/statuses/103/context"]
    assert sum(len(page.items) for page in pages) == 62
    assert covered(pages) == [None, None, None]
    assert [each.what for each in pages[-1].skipped] == [f"the answers to {POST} beyond the first 60"]
    assert "set `token`" in pages[-1].skipped[0].reason


def test_a_cut_thread_that_can_be_reached_whole_is_covered() -> None:
    """No status of it has 60 answers of its own."""
    chain = [reply(100 + number, 90 if number == 0 else 99 + number, replies_count=1) for number in range(60)]
    pages, asked = threaded(around(*chain), around(reply(160, 159)), whose=OPEN)
    assert asked == ["/v1/statuses/90/context", "/v1/statuses/159/context"]
    assert covered(pages) == [None, (f"{POST}!", f"{POST} ")]


def test_the_deepest_are_asked_for_where_levels_are_cut() -> None:
    """Without a token 20 levels are shown, also of a short thread."""
    chain = [reply(100 + number, 90 if number == 0 else 99 + number, replies_count=1) for number in range(20)]
    pages, asked = threaded(around(*chain), around(reply(120, 119)), whose=OPEN)
    assert asked == ["/v1/statuses/90/context", "/v1/statuses/119/context"]
    assert covered(pages)[-1] is not None
    _, asked = threaded(around(*chain))
    assert asked == ["/v1/statuses/90/context"]


def test_a_leaf_that_goes_while_the_thread_is_read_has_no_answers() -> None:
    """The thread ends with it all the same, covered and counted."""
    chain = [reply(100 + number, 90 if number == 0 else 99 + number, replies_count=1) for number in range(60)]
    pages, _ = threaded(around(*chain), GONE, whose=OPEN)
    assert covered(pages) == [None, (f"{POST}!", f"{POST} ")]
    assert len(pages[-1].counts) == 60
    assert len(pages[-1].exchanges) == 1


def test_a_thread_from_elsewhere_is_found_by_a_search() -> None:
    """The instance's number for a remote status is looked up with the token; without one, or unfound, it is an error."""
    remote = "https://neighbors.example/users/rosa/statuses/77"
    found = told({"statuses": [7, status(1, ROSA), {**status(77, ROSA), "id": "5005"}]})
    pages, asked = threaded(found, around(reply(91, 5005)), post=remote)
    assert asked == ["/v2/search", "/v1/statuses/5005/context"]
    assert covered(pages) == [(f"{remote}!", f"{remote} ")]
    assert pages[0].items[0].reference(ReferenceKind.PARENT) == remote
    for nothing in ({"statuses": []}, {"statuses": 7}, {}, {"statuses": [{"uri": remote, "id": None}]}):
        with pytest.raises(UnreadableAnswerError, match="does not find this status"):
            threaded(told(nothing), post=remote)
    with pytest.raises(UnreadableAnswerError, match="needs `token`"):
        threaded(post=remote, whose=OPEN)


def test_mentions_stand_in_the_order_of_their_notifications() -> None:
    """Those without a status are noted; a broken one leaves the page uncovered."""
    pages, session = walked(
        listed(
            {"id": "30", "status": status(9, ROSA)}, {"id": "29", "status": None}, {"id": "28", "status": reply(8, 90)}
        ),
        around(ancestors=(status(90),)),
        stream=StreamKind.MENTIONS,
    )
    assert [(item.order_key, item.sighted) for item in pages[0].items] == [
        ("00230", True),
        (None, False),
        ("00228", True),
    ]
    assert session.asked[0].url == f"{BASE}/api/v1/notifications"
    assert session.asked[0].params["types[]"] == "mention"
    assert covered(pages) == [(None, None)]
    assert [each.lost for each in pages[0].skipped] == [False]
    (page,), _ = walked(listed({"status": status(9)}, {"id": "28", "status": {"id": "5"}}), stream=StreamKind.MENTIONS)
    assert (page.coverage, len(page.skipped)) == (None, 2)


def test_without_a_token_only_what_everybody_sees_is_read() -> None:
    """No mentions and no messages, and no log-in is sent."""
    assert list(Mastodon().streams(OPEN)) == [StreamKind.PROFILE, StreamKind.POSTS, StreamKind.COMMENTS]
    assert StreamKind.MESSAGES in Mastodon().streams(CITY)
    _, session = walked(listed(status(9)), whose=OPEN)
    assert session.asked[0].headers == {}


def conversation(*answers: Answer) -> Page:
    """The page of the conversation 7, whose newest status is 93."""
    (page,) = Mastodon().conversation(JudgedSession(Mastodon(), *answers), CITY, Conversation("7", "93"))
    return page


def test_a_conversation_is_read_from_its_first_message() -> None:
    """Everything below the first; what is not direct is kept, and is none of it."""
    first, second = status(91, visibility="direct"), reply(92, 91, visibility="direct")
    third, public = reply(93, 92, PARKS, visibility="direct"), reply(94, 93)
    page = conversation(around(ancestors=(first, second)), around(second, third, public))
    assert [(item.aliases[0], item.order_key) for item in page.items] == [
        ("91", "7 00291"), ("92", "7 00292"), ("93", "7 00293"), ("94", None)
    ]  # fmt: skip
    assert [item.exchange for item in page.items] == [0, 1, 1, 1]
    assert page.items[2].reference(ReferenceKind.PARENT) == second["uri"]
    assert page.items[2].reference(ReferenceKind.ROOT) == first["uri"]
    assert covered([page]) == [("7!", "7 ")]


def test_a_conversation_of_one_message_is_that_message() -> None:
    """It is asked for itself."""
    page = conversation(around(reply(94, 93, visibility="direct")), told(status(93, visibility="direct")))
    assert [(item.aliases[0], item.exchange) for item in page.items] == [("93", 1), ("94", 0)]
    assert covered([page]) == [("7!", "7 ")]


@pytest.mark.parametrize("broken", [7, None, {}, {"id": None}, {"id": "5"}, {**reply(92, 91), "account": 7}])
def test_a_broken_message_leaves_the_conversation_uncovered(broken: Any) -> None:
    """Wherever it stands, the others are kept."""
    first, third = status(91, visibility="direct"), reply(93, 91, visibility="direct")
    page = conversation(around(ancestors=(first,)), around(broken, third))
    assert [item.aliases[0] for item in page.items if item.order_key] == ["91", "93"]
    assert (page.coverage, page.skipped[0].lost) == (None, True)
    page = conversation(around(ancestors=(broken, first)), around(third))
    assert "93" in [item.aliases[0] for item in page.items]
    assert keepable(page.items)


def test_a_conversation_that_is_cut_covers_nothing() -> None:
    """4,096 messages are shown and no more."""
    many = [reply(100 + number, 91, visibility="direct") for number in range(4_096)]
    page = conversation(around(ancestors=(status(91, visibility="direct"),)), around(*many))
    assert page.coverage is None
    assert "4096" in page.skipped[-1].reason


def test_a_conversation_whose_newest_message_went_is_read_another_time() -> None:
    """It is said, and covers nothing."""
    page = conversation(GONE)
    assert (page.items, page.coverage, page.skipped[0].lost) == ([], None, True)


def test_conversations_are_marked_by_their_newest_status() -> None:
    """One without any message is none; a broken one is skipped, by name."""
    answer = listed(
        {"id": "7", "last_status": status(93)}, {"id": "6", "last_status": None}, {"id": "5", "last_status": {}}, 7
    )
    (page,) = Mastodon().conversations(JudgedSession(Mastodon(), answer), CITY)
    assert page.conversations == [Conversation("7", "93", datetime(2026, 3, 2, 17, 33, 30, 123_000, tzinfo=UTC))]
    assert [each.what for each in page.skipped] == ["conversation 2 of the listing", "conversation 3 of the listing"]


@pytest.mark.parametrize(
    ("code", "error", "meaning"),
    [
        (401, "The access token is invalid", Meaning.TOKEN),
        (401, "The access token was revoked", Meaning.TOKEN),
        (401, "This API requires an authenticated user", Meaning.FORBIDDEN),
        (403, "This action is not allowed", Meaning.FORBIDDEN),
        (403, "This action is outside the authorized scopes", Meaning.FORBIDDEN),
        (403, "Your login is currently disabled", Meaning.TOKEN),
        (403, "Your login is currently pending approval", Meaning.TOKEN),
        (429, "Too many requests", Meaning.WAIT),
    ],
)
def test_each_refusal_has_its_meaning(code: int, error: str, meaning: Meaning) -> None:
    """A dead token is no deletion, and one thing that may not be read is no dead token; in the instance's words."""
    verdict = judge(exchange_of(f"{BASE}/api/v1/x", Answer(body({"error": error}), code)))
    assert verdict is not None
    assert verdict.meaning is meaning
    assert error in verdict.words


def test_what_others_answer_is_https() -> None:
    """404, 410, 422 and 500 are left to HTTP, and so is whatever a page elsewhere answers."""
    for code in (200, 404, 410, 422, 500, 503):
        assert judge(exchange_of(f"{BASE}/api/v1/x", Answer(body({"error": "x"}), code))) is None
    assert judge(exchange_of("https://neighbors.example/users/rosa", Answer(body({"error": "x"}), 401))) is None
    for raw in (b"", b"<html>", b"[]", body({"error": {"deep": 1}}), body({"error": None})):
        assert judge(exchange_of(f"{BASE}/api/v1/x", Answer(raw, 403))) is not None


def test_limits_are_told_by_headers() -> None:
    """300 in five minutes; the reset is a time, with any decimals; one that is over by our clock is waited for in our way."""
    now = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    for reset, seconds in (
        ("2026-03-02T09:32:00.362203Z", 120.362203), ("2026-03-02T09:29:00Z", None), ("soon", None), ("", None)
    ):  # fmt: skip
        headers = (("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", reset))
        exchange = exchange_of(f"{BASE}/api/v1/x", Answer(body({"error": "Too many requests"}), 429, headers))
        verdict = judge(exchange)
        assert verdict is not None
        assert verdict.seconds == seconds
        (told_of,) = usage(exchange)
        assert told_of.remaining == 0
        if seconds is not None:
            assert told_of.resets_at == now + timedelta(seconds=seconds)
    for remaining in ("", "many", "-1", "٣", "9" * 5_000, "1.5"):
        assert (
            usage(exchange_of(f"{BASE}/api/v1/x", Answer(b"[]", headers=(("X-RateLimit-Remaining", remaining),)))) == ()
        )
    assert (
        usage(exchange_of("https://elsewhere.example/x", Answer(b"", headers=(("X-RateLimit-Remaining", "5"),)))) == ()
    )
    (draw,) = Mastodon().draws(CITY, "GET", f"{BASE}/api/v1/x")
    assert (draw.units, draw.budget.units) == (1, 300)
    assert Mastodon().draws(CITY, "GET", "https://files/1.png") == ()


def test_the_account_is_asked_for_by_its_number_where_its_identity_holds_it() -> None:
    """A name of digits in an identity of the older form is no number: the name is looked up then."""
    number = JudgedSession(Mastodon(), told(PARKS))
    assert Mastodon().status(number, CITY).state is State.PRESENT
    assert number.asked[0].url == f"{BASE}/api/v1/accounts/1001"
    for identity in (f"{BASE}/users/parks", f"{BASE}/users/1984", "https://other.example/ap/users/1001"):
        session = JudgedSession(Mastodon(), told({**PARKS, "uri": identity}))
        asking = account("mastodon", identity, f"1984@{HOST}")
        assert Mastodon().status(session, asking).platform_id == identity
        assert (session.asked[0].url, session.asked[0].params) == (f"{BASE}/api/v1/accounts/lookup", {"acct": "1984"})


def test_an_accounts_profile_is_read_with_what_was_said_of_it() -> None:
    """Note with its links, fields, pictures but for the empty ones, counts; suspended, moved and gone are what they are."""
    whole = {
        **PARKS, "note": '<p>All <a href="https://riverbend.example">parks</a></p>', "created_at": "2023-01-01T00:00:00.000Z",
        "fields": [{"name": "Web", "value": '<a href="https://riverbend.example">riverbend.example</a>'}], "bot": False,
        "avatar": "https://files/a.png", "header": "https://files/headers/original/missing.png", "followers_count": 7,
        "statuses_count": 9, "locked": True,
    }  # fmt: skip
    shown = Mastodon().status(JudgedSession(Mastodon(), told(whole)), CITY)
    profile = shown.profile
    assert profile is not None
    assert (profile.text, profile.links) == ("All parks (https://riverbend.example)", ("https://riverbend.example",))
    assert profile.evidence == {"fields": [{"name": "Web", "value": "riverbend.example"}], "bot": False, "locked": True}
    assert [medium.url for medium in profile.media] == ["https://files/a.png"]
    assert [(count.of, count.platform) for count in shown.counts] == [("posts", 9)]
    assert (shown.handle, shown.namespace, shown.settings) == (f"parks@{HOST}", HOST, {"account_id": "1001"})
    for more, state, words in (
        ({"suspended": True}, State.HIDDEN, "suspended"),
        ({"moved": {"url": "https://new.example/@parks"}}, State.PRESENT, "moved to https://new.example/@parks"),
    ):
        told_of = Mastodon().status(JudgedSession(Mastodon(), told({**whole, **more})), CITY)
        assert told_of.state is state
        assert words in told_of.words


def test_an_account_that_is_not_there_is_gone_or_suspended_as_the_instance_says() -> None:
    """404 or 410, the latter for what was suspended; one that never was is an error of the register."""
    for code, state in ((404, State.GONE_CONFIRMED), (410, State.HIDDEN)):
        answer = Answer(body({"error": "x"}), code)
        assert Mastodon().status(JudgedSession(Mastodon(), answer), CITY).state is state
        (lookup,) = Mastodon().lookup(JudgedSession(Mastodon(), answer), CITY, [ME])
        assert lookup.state is state
        with pytest.raises(NoSuchHandleError, match=f"answers {code}"):
            Mastodon().status(JudgedSession(Mastodon(), answer), dataclasses.replace(CITY, platform_id=None))
    with pytest.raises(NoSuchHandleError, match="mastodon:user@instance"):
        Mastodon().status(JudgedSession(Mastodon()), account("mastodon", "x", "parks"))


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"id": "1"},
        {**PARKS, "id": None},
        {**PARKS, "fields": 7},
        {**PARKS, "note": []},
        {**PARKS, "url": 5, "uri": None},
    ],
)
def test_what_is_no_account_is_named(broken: dict[str, Any]) -> None:
    """An error with the answer; and so is where the statuses of such an account are asked for."""
    with pytest.raises(UnreadableAnswerError, match="no account"):
        Mastodon().status(JudgedSession(Mastodon(), told(broken)), CITY)


def test_the_statuses_are_asked_for_by_the_number_of_this_account_alone() -> None:
    """Where it was not found before in this run it is looked up; a name that is another account's now is an error."""
    unknown = account("mastodon", f"{BASE}/users/parks", f"parks@{HOST}")
    pages, session = walked(told({**PARKS, "uri": f"{BASE}/users/parks"}), listed(status(9)), whose=unknown)
    assert (len(pages), session.asked[1].url) == (1, f"{BASE}/api/v1/accounts/1001/statuses")
    with pytest.raises(NoSuchHandleError, match="belongs to another account now"):
        walked(told(PARKS), whose=unknown)
    with pytest.raises(NoSuchHandleError, match="no account of this name"):
        walked(GONE, whose=unknown)
    with pytest.raises(UnreadableAnswerError, match="no account"):
        walked(told({"id": "1"}), whose=unknown)


def test_single_statuses_are_looked_up() -> None:
    """Those of the instance by their number; those from elsewhere by a search, and then at their own address."""
    remote = "https://neighbors.example/users/rosa/statuses/77"
    here = {**status(91), "uri": f"{ME}/statuses/91"}
    nothing = told({"statuses": []})

    def looked_up(
        *answers: Answer, uri: str = remote, whose: AccountRef = CITY
    ) -> tuple[State | None, Item | None, list[str]]:
        session = JudgedSession(Mastodon(), *answers)
        (found,) = Mastodon().lookup(session, whose, [uri])
        return found.state, found.item, [asked.url for asked in session.asked]

    state, item, asked = looked_up(told(here), uri=f"{ME}/statuses/91")
    assert (state, asked) == (State.PRESENT, [f"{BASE}/api/v1/statuses/91"])
    assert item is not None
    assert looked_up(GONE, uri=f"{ME}/statuses/91")[0] is State.GONE_CONFIRMED
    assert looked_up(told({"id": "91"}), uri=f"{ME}/statuses/91")[:2] == (State.PRESENT, None)
    assert looked_up(told({"statuses": [status(77, ROSA)]}))[0] is State.PRESENT
    for answer, state in (
        (Answer(b"", 404), State.GONE_CONFIRMED), (Answer(b"", 410), State.GONE_CONFIRMED), (Answer(b"{}"), State.HIDDEN),
        (Answer(b"", 401), None), (Answer(b"", 403), None), (Answer(b"", 500), None),
    ):  # fmt: skip
        found = looked_up(nothing, answer)
        assert (found[0], found[2]) == (state, [f"{BASE}/api/v2/search", remote])
        assert looked_up(answer, whose=OPEN)[2] == [remote]


def test_a_status_elsewhere_is_asked_for_without_our_token() -> None:
    """Our log-in is for the account's own instance alone."""
    session = JudgedSession(Mastodon(), told({"statuses": []}), Answer(b"{}"))
    list(Mastodon().lookup(session, CITY, ["https://neighbors.example/users/rosa/statuses/77"]))
    assert session.asked[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert "Authorization" not in session.asked[1].headers


def test_who_is_blocked_is_read_whole_or_not_at_all() -> None:
    """Over pages; an entry that is no account is an error, since a list is a snapshot."""
    session = JudgedSession(Mastodon(), listed(ROSA, max_id=5), listed(PARKS))
    pages = list(Mastodon().members(session, CITY, "blocked"))
    assert [page.members for page in pages] == [[THEIRS], [MINE]]
    assert [(asked.url, asked.params.get("max_id")) for asked in session.asked] == [
        (f"{BASE}/api/v1/blocks", None), (f"{BASE}/api/v1/blocks", "5")
    ]  # fmt: skip
    session = JudgedSession(Mastodon(), listed(ROSA))
    list(Mastodon().members(session, CITY, "followers"))
    assert session.asked[0].url == f"{BASE}/api/v1/accounts/1001/followers"
    for broken in (7, {}, {"uri": 5}):
        with pytest.raises(UnreadableAnswerError, match="no account"):
            list(Mastodon().members(JudgedSession(Mastodon(), listed(ROSA, broken)), CITY, "blocked"))


def test_the_tokens_health_names_what_it_lacks() -> None:
    """`read` holds all that begins with it; an older instance tells no scopes, and lacks none."""
    whose = told(PARKS)
    for scopes, missing in (
        (["read"], ()), (["read:accounts", "read:statuses", "read:search"], ("read:notifications",)), (7, ()), (None, ())
    ):  # fmt: skip
        health = Mastodon().token(JudgedSession(Mastodon(), whose, told({"name": "app", "scopes": scopes})), CITY)
        assert health is not None
        assert (health.alive, health.missing) == (True, missing)
        assert "parks" in health.words
    assert Mastodon().token(JudgedSession(Mastodon()), OPEN) is None
    with pytest.raises(ReplayError):
        Mastodon().token(JudgedSession(Mastodon(), Answer(body({"error": "The access token is invalid"}), 401)), CITY)


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


@quick
@given(objects(NAMES, WORDS), st.sampled_from([Answers(), Answers("p", "r"), Answers(known=False)]))
def test_any_status_is_read_or_refused(broken: dict[str, Any], answers: Answers) -> None:
    """With some of its fields broken, a status is an item whose evidence can be kept, or an error that a page survives."""
    with contextlib.suppress(AttributeError, KeyError, TypeError, ValueError):
        assert keepable([status_item({**status(91), **broken}, HOST, answers)])


@quick
@given(
    st.lists(objects(NAMES, WORDS).map(lambda broken: {**status(91), **broken}) | anything(NAMES, WORDS), max_size=3),
    objects(NAMES, WORDS),
    st.sampled_from([
        StreamKind.POSTS, StreamKind.MENTIONS, "thread", "conversation", "conversations", "status", "lookup", "token", "members"
    ]),
    st.sampled_from(["", *HOSTILE_LINKS, f'<{BASE}/x?max_id=5>; rel="next"']),
)  # fmt: skip
def test_any_answer_is_read_or_named(entries: list[Any], whole: dict[str, Any], what: Any, link: str) -> None:
    """Whatever JSON comes: items whose evidence can be kept, entries skipped by name, or an error that says what it is.

    Nothing that is kept holds the token, and no good neighbour of a bad entry is lost.
    """
    headers = (("Link", link),)
    good = {**status(1), "status": status(1), "last_status": status(1)}
    listing = Answer(body([*entries, good]), headers=headers)
    thing = Answer(body({**whole, "ancestors": entries, "descendants": [*entries, good]}), headers=headers)
    mastodon = Mastodon()
    session = JudgedSession(mastodon, *([thing] * 60 if what in {"thread", "conversation", "status", "lookup", "token"} else
                                        [listing, *[thing, listing] * 60]))  # fmt: skip
    with contextlib.suppress(UnreadableAnswerError, NoSuchHandleError, ReplayError):
        match what:
            case "status":
                status_ = mastodon.status(session, CITY)
                assert keepable([status_.profile] if status_.profile else [])
            case "lookup":
                assert len(list(mastodon.lookup(session, CITY, [f"{ME}/statuses/91", ME]))) == 2
            case "token":
                assert mastodon.token(session, CITY) is not None
            case "members":
                assert list(mastodon.members(session, CITY, "blocked"))
            case "conversations":
                assert next(mastodon.conversations(session, CITY)).conversations[-1].id == "1"
            case "thread" | "conversation":
                walk = (
                    mastodon.thread(session, CITY, POST)
                    if what == "thread"
                    else mastodon.conversation(session, CITY, Conversation("7", "93"))
                )
                pages = list(walk)
                assert keepable(item for page in pages for item in page.items)
                assert any(item.id == f"{ME}/statuses/1" for page in pages for item in page.items)
            case _:
                page = next(mastodon.pages(session, CITY, what, None, {}))
                assert keepable([*page.items, *page.history])
                assert TOKEN not in kept([page])
                assert any(item.id == f"{ME}/statuses/1" for item in page.items)
