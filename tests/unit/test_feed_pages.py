"""Feeds that go on elsewhere, feeds that say they are complete, and feeds in JSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.evidence.fields import content_hash, evidence_fields
from archiver.platforms.errors import NotAFeedError
from archiver.platforms.items import ReferenceKind, StreamKind
from archiver.platforms.pages import Coverage, Page
from archiver.platforms.rss import Rss
from archiver.records.storable import storable
from tests.fixtures.sessions import Answer, RecordedSession, account

URL = "https://city.example/feed.xml"
FEED = account("rss", URL)


def atom(*entries: int, link: str = "", head: str = "") -> Answer:
    """An Atom document with entries of these days of March, and a link to where it goes on."""
    body = "".join(
        f"<entry><id>e{day}</id><title>{day}</title><published>2026-03-{day:02}T09:00:00Z</published></entry>"
        for day in entries
    )
    return Answer(f"<feed xmlns='http://www.w3.org/2005/Atom'>{head}{link}{body}</feed>".encode())


def to(relation: str, address: str) -> str:
    """A link of the feed."""
    return f"<link rel='{relation}' href='{address}'/>"


def walk(*answers: Answer, resume: dict[str, str] | None = None) -> tuple[list[Page], RecordedSession]:
    """Walk a feed to its end."""
    session = RecordedSession(*answers)
    return list(Rss().pages(session, FEED, StreamKind.POSTS, resume, {})), session  # type: ignore[arg-type]


def ids(pages: list[Page]) -> list[list[str]]:
    """The entries of each page."""
    return [[item.id for item in page.items] for page in pages]


@pytest.mark.parametrize("relation", ["next", "prev-archive"])
def test_a_feed_is_walked_to_its_oldest_entries(relation: str) -> None:
    """Page by page by its own links, relative ones too; only the first speaks of the account."""
    pages, session = walk(
        atom(9, 8, link=to(relation, "?page=2")),
        atom(7, link=to(relation, "/old.xml")),
        atom(6, link=to("next-archive", URL)),
    )
    assert ids(pages) == [["e9", "e8"], ["e7"], ["e6"]]
    assert [asked.url for asked in session.asked] == [URL, f"{URL}?page=2", "https://city.example/old.xml"]
    assert [page.resume for page in pages] == [{"url": f"{URL}?page=2"}, {"url": "https://city.example/old.xml"}, None]
    assert [page.status is not None for page in pages] == [True, False, False]
    assert all(page.coverage is None for page in pages)


def test_a_walk_goes_on_from_where_it_stood() -> None:
    """The place is the address of the next page."""
    pages, session = walk(atom(7), resume={"url": f"{URL}?page=2"})
    assert ids(pages) == [["e7"]]
    assert [asked.url for asked in session.asked] == [f"{URL}?page=2"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (atom(9, 8, link=to("next", "?page=3")), "nothing that was not shown before"),
        (Answer(status=404), "they are not there (404)"),
        (Answer(b"<!DOCTYPE html><html></html>"), "it is an HTML page"),
    ],
)
def test_a_link_that_leads_nowhere_ends_the_walk(answer: Answer, words: str) -> None:
    """The feed itself was read, whatever its link promised: a note, and nothing is taken to be missing for it."""
    pages, _ = walk(atom(9, 8, link=to("next", "?page=2")), answer)
    assert len(pages) == 2
    assert pages[1].resume is None
    (note,) = pages[1].skipped
    assert words in note.reason
    assert not note.lost


def test_a_link_to_itself_is_no_way_on() -> None:
    """Whatever fragment it has."""
    pages, _ = walk(atom(9, link=to("next", "feed.xml#here")))
    assert ids(pages) == [["e9"]]


def test_a_complete_feed_covers_all_that_there_is() -> None:
    """What it no longer shows was taken out (RFC 5005, section 2); a feed that breaks off covers nothing."""
    head = "<fh:complete xmlns:fh='http://purl.org/syndication/history/1.0'/>"
    (page,), _ = walk(atom(9, 8, head=head))
    assert page.coverage == Coverage(None, None)
    assert [item.order_key for item in page.items] == ["2026-03-09T09:00:00 e9", "2026-03-08T09:00:00 e8"]
    cut = Answer(atom(9, 8, head=head).body[:-20])
    (page,), _ = walk(cut)
    assert page.coverage is None


def test_how_many_comments_an_entry_says_it_has() -> None:
    """By the Slash module of RSS, and by RFC 4685."""
    rss = (
        b"<rss version='2.0' xmlns:slash='http://purl.org/rss/1.0/modules/slash/'><channel><title>T</title>"
        b"<item><guid>1</guid><slash:comments>12</slash:comments></item><item><guid>2</guid><slash:comments>x</slash:comments>"
        b"</item></channel></rss>"
    )
    (page,), _ = walk(Answer(rss))
    assert [dict(item.counts) for item in page.items] == [{"replies": 12}, {}]
    body = atom(9).body.replace(
        b"</entry>", b"<thr:total xmlns:thr='http://purl.org/syndication/thread/1.0'>3</thr:total></entry>"
    )
    (page,), _ = walk(Answer(body))
    assert [dict(item.counts) for item in page.items] == [{"replies": 3}]


def json_feed(*items: object, **head: object) -> Answer:
    """A JSON Feed."""
    document = {"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": list(items), **head}
    return Answer(json.dumps(document).encode(), headers=(("Content-Type", "application/feed+json"),))


def test_a_json_feed_goes_on_at_its_next_address() -> None:
    """As RSS and Atom do."""
    pages, session = walk(json_feed({"id": "2"}, next_url="/feed2.json"), json_feed({"id": "1"}, expired=True))
    assert ids(pages) == [["2"], ["1"]]
    assert session.asked[1].url == "https://city.example/feed2.json"
    assert [each.reason for each in pages[1].skipped] == ["it says of itself that nothing more will come (expired)"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"{}", "names no version"),
        (b'{"version": "https://jsonfeed.org/version/1.1"}', "without a list of items"),
        (b'{"version": "https://jsonfeed.org/version/1.1", "items": [', "may break off"),
        (b'{"version": 1, "items": []}', "names no version"),
        (b'{"items":' + b"[" * 100_000, "may break off"),
    ],
)
def test_what_is_no_json_feed_says_why(body: bytes, why: str) -> None:
    """Other JSON, half of one, or brackets without end."""
    with pytest.raises(NotAFeedError, match=why):
        walk(Answer(body))


KEYS = [
    "id", "url", "external_url", "title", "content_html", "content_text", "summary", "image", "date_published", "date_modified",
    "authors", "author", "tags", "language", "attachments", "name", "mime_type", "size_in_bytes", "icon", "next_url",
]  # fmt: skip
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.just("\ud800\x00"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=20,
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.lists(anything, max_size=4),
    st.dictionaries(st.sampled_from([k for k in KEYS if k != "next_url"]), anything, max_size=5),
)
def test_any_json_feed_is_read_as_far_as_it_goes(items: list[object], head: dict[str, object]) -> None:
    """Whatever stands in it, every object is an item whose evidence can be hashed and stored, and the rest is named."""
    (page,), _ = walk(json_feed(*items, {"id": "last"}, **head))
    assert page.items[-1].id == "last" or any(item.id == "last" for item in page.items)
    for item in page.items:
        assert len(content_hash(evidence_fields(storable(item)))) == 32


RSS_HEAD = b"<rss version='2.0' xmlns:wfw='http://wellformedweb.org/CommentAPI/'><channel><title>T</title>"


def rss(*items: str) -> Answer:
    """An RSS document with these items."""
    return Answer(RSS_HEAD + "".join(f"<item>{item}</item>" for item in items).encode() + b"</channel></rss>")


def commented(*answers: Answer) -> tuple[list[Page], RecordedSession]:
    """Walk the comments of a feed to their end."""
    session = RecordedSession(*answers)
    feed = account("rss", URL, comments="yes")
    return list(Rss().pages(session, feed, StreamKind.COMMENTS, None, {})), session


def test_comments_are_read_where_the_account_asks_for_them() -> None:
    """It is a request for each entry, so that it has to be asked for."""
    assert list(Rss().streams(FEED)) == [StreamKind.POSTS]
    assert list(Rss().streams(account("rss", URL, comments="yes"))) == [StreamKind.POSTS, StreamKind.COMMENTS]


def test_each_entrys_own_feed_of_comments_is_read_to_its_end() -> None:
    """By RSS's module and by Atom's link; a feed that two entries name is read once; what is no feed is a note."""
    front = rss(
        "<guid>1</guid><wfw:commentRss>/1/comments</wfw:commentRss>",
        "<guid>2</guid>",
        "<guid>3</guid><wfw:commentRss>/3/comments</wfw:commentRss>",
        "<guid>4</guid><wfw:commentRss>/1/comments</wfw:commentRss>",
    )
    pages, session = commented(front, atom(9, 8, link=to("next", "/1/older")), atom(7), Answer(status=404))
    assert [asked.url.removeprefix("https://city.example") for asked in session.asked] == [
        "/feed.xml", "/1/comments", "/1/older", "/3/comments",
    ]  # fmt: skip
    assert ids(pages) == [[], ["e9", "e8"], ["e7"], []]
    (last,) = pages[2].items
    assert last.kind.value == "comment"
    assert [(each.kind.value, each.id) for each in last.references] == [("parent", "1"), ("root", "1")]
    assert [page.resume is None for page in pages] == [False, False, False, True]
    assert [each.lost for page in pages for each in page.skipped] == [False]
    link = "<link rel='replies' type='application/atom+xml' href='/c'/>"
    entry = atom(9).body.replace(b"</entry>", f"{link}<link rel='replies' href='/page'/></entry>".encode())
    pages, session = commented(Answer(entry), atom(2))
    assert [asked.url for asked in session.asked] == [URL, "https://city.example/c"]
    assert pages[1].items[0].reference(ReferenceKind.ROOT) == "e9"


def test_a_feed_without_feeds_of_comments_has_none() -> None:
    """One request, one page, and the end."""
    pages, _ = commented(rss("<guid>1</guid>"))
    assert [(page.items, page.resume) for page in pages] == [([], None)]
