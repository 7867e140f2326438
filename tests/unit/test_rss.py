"""The feed connector: conditional requests, a feed's end, what is no feed, and identity."""

from __future__ import annotations

import pickle
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.platforms import PLATFORMS, feeds
from archiver.platforms.errors import AccountUnavailableError, NotAFeedError
from archiver.platforms.items import Media, State, StreamKind
from archiver.platforms.rss import Rss
from tests.fixtures.sessions import Answer, RecordedSession, ReplayError, account

if TYPE_CHECKING:
    from archiver.platforms.contract import Platform, Session
    from archiver.platforms.pages import AccountRef, Page

_URL = "https://city.example/feed.xml"
_FEED = account("rss", _URL)
_ITEM = b"<item><guid isPermaLink='false'>1</guid><title>%s</title><link>/1</link></item>"


def _rss(*titles: bytes) -> bytes:
    return b"<rss version='2.0'><channel><title>T</title>" + b"".join(_ITEM % t for t in titles) + b"</channel></rss>"


def _page(answer: Answer, feed: AccountRef = _FEED, validators: dict[str, str] | None = None) -> Page:
    (page,) = Rss().pages(RecordedSession(answer), feed, StreamKind.POSTS, None, validators or {})
    return page


def test_it_is_a_platform() -> None:
    """The registered connector and the replaying session fulfil the contract's protocols, as mypy checks too."""
    connector: Platform = PLATFORMS["rss"]
    session: Session = RecordedSession()
    assert connector.manifest.name == "rss"
    assert connector.status(session, _FEED).state is State.PRESENT
    assert list(connector.thread(session, _FEED, "1")) == []
    assert [answer.state for answer in connector.lookup(session, _FEED, ["1", "2"])] == [None, None]
    assert (
        connector.media_request(session, _FEED, Media("m", "image", url="https://a.example/m")) == "https://a.example/m"
    )
    assert connector.media_sha256(Media("m", "image")) is None


def test_validators_are_sent_back_verbatim() -> None:
    """ETag and Last-Modified go back to the same address byte for byte, and to no other."""
    headers = (("ETag", 'W/"a  b"'), ("last-modified", "yesterday, about noon"))
    page = _page(Answer(_rss(b"One"), headers=headers))
    assert page.validators == {"url": _URL, "ETag": 'W/"a  b"', "Last-Modified": "yesterday, about noon"}
    session = RecordedSession(Answer(status=304))
    (unchanged,) = Rss().pages(session, _FEED, StreamKind.POSTS, None, page.validators)
    assert session.asked[0].headers["If-None-Match"] == 'W/"a  b"'
    assert session.asked[0].headers["If-Modified-Since"] == "yesterday, about noon"
    assert unchanged.unchanged
    assert not unchanged.items
    assert unchanged.validators == page.validators
    moved = RecordedSession(Answer(_rss(b"One")))
    list(Rss().pages(moved, account("rss", _URL, url="https://new.example/f"), StreamKind.POSTS, None, page.validators))
    assert moved.asked[0].url == "https://new.example/f"
    assert "If-None-Match" not in moved.asked[0].headers


def test_the_feed_is_fetched_once() -> None:
    """A capture's status and page together make one request."""
    session = RecordedSession(Answer(_rss(b"One")))
    connector = Rss()
    connector.status(session, _FEED)
    pages = list(connector.pages(session, _FEED, StreamKind.POSTS, None, {}))
    assert len(session.asked) == 1
    assert [item.title for item in pages[0].items] == ["One"]
    assert pages[0].coverage is None
    assert pages[0].resume is None
    assert pages[0].counts[0].platform is None


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (401, State.ACCESS_LOST),
        (403, State.ACCESS_LOST),
        (404, State.ACCESS_LOST),
        (410, State.GONE_CONFIRMED),
        (451, State.ACCESS_LOST),
    ],
)
def test_a_feed_that_cannot_be_read(status: int, state: State) -> None:
    """Only 410 confirms that a feed is gone; the error says what the server answered and carries the exchange."""
    with pytest.raises(AccountUnavailableError, match=f"answered {status}") as caught:
        _page(Answer(b"no", status=status))
    assert caught.value.status.state is state
    assert caught.value.status.exchanges[0].status == status
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301 - our own bytes


def test_other_errors_are_the_sessions() -> None:
    """A server error is not taken for a word about the account."""
    with pytest.raises(ReplayError):
        _page(Answer(b"oops", status=500))


def test_a_feed_that_moved() -> None:
    """A move for good is told with the new address, a temporary one is not; the identity stays."""
    hops = ((301, "https://city.example/a"), (308, "https://new.example/feed"))
    page = _page(Answer(_rss(b"One"), url=hops[-1][1], redirects=hops))
    assert page.status is not None
    assert page.status.settings == {"url": "https://new.example/feed"}
    assert page.items[0].namespace == _URL
    assert page.items[0].id == "1"
    assert page.items[0].url == "https://new.example/1"
    page = _page(Answer(_rss(b"One"), url=hops[-1][1], redirects=(hops[0], (302, hops[1][1]))))
    assert page.status is not None
    assert page.status.settings == {}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"<!DOCTYPE html><html><head><title>Log in</title></head><body><p>x</body></html>", "HTML page"),
        (b'{"version": "https://jsonfeed.org/version/1"}', "JSON"),
        (b"Service temporarily unavailable", "begins with 'Service"),
        (b"<?xml version='1.0'?><urlset><url/></urlset>", "begins with"),
        (b"<rss version='2.0'><channel><title>T</title><item><title>Half", "breaks off"),
        (b"<rss version='2.0'><chan", "breaks off"),
        (b"\x00\x01\x02\xff" * 100, "begins with"),
    ],
)
def test_what_is_no_feed(body: bytes, why: str) -> None:
    """An error that names the account, the address and what came instead; it keeps the exchange and can be pickled."""
    with pytest.raises(NotAFeedError, match=why) as caught:
        _page(Answer(body))
    assert f"rss:{_URL}" in str(caught.value)
    assert caught.value.exchange is not None
    assert caught.value.exchange.body == body
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301 - our own bytes


def test_an_entry_shown_twice() -> None:
    """An entry that is there twice is one item; only where the two differ is something left out, and said."""
    same, different = _page(Answer(_rss(b"One", b"One"))), _page(Answer(_rss(b"One", b"Two")))
    assert [len(same.items), len(same.skipped)] == [1, 0]
    assert [len(different.items), [row.what for row in different.skipped]] == [1, ["1"]]


def test_an_empty_feed_is_a_feed() -> None:
    """A well-formed feed without entries gives a page without items; what that means is for the engine to say."""
    page = _page(Answer(_rss()))
    assert list(page.items) == []
    assert list(page.skipped) == []


@given(st.integers(0, 400))
@settings(deadline=None)
def test_a_feed_cut_anywhere_gives_whole_entries_only(cut: int) -> None:
    """However short a feed is cut, what is kept is equal to the same entry of the whole feed, or nothing is."""
    whole = (
        b"<rss version='2.0'><channel><title>T</title>"
        + b"".join(
            b"<item><guid isPermaLink='false'>%d</guid><title>Title %d</title><description>Text %d</description></item>"
            % (n, n, n)
            for n in range(3)
        )
        + b"</channel></rss>"
    )
    expected = {item.id: (item.title, item.text) for item in _page(Answer(whole)).items}
    try:
        page = _page(Answer(whole[:cut]))
    except NotAFeedError:
        return
    assert all(expected[item.id] == (item.title, item.text) for item in page.items)
    assert len(page.items) == len(expected) or page.skipped


def test_a_changed_title_is_the_same_item() -> None:
    """The guid identifies an entry, else its link, whatever becomes of the title."""
    first, second = _page(Answer(_rss(b"Old"))), _page(Answer(_rss(b"New")))
    assert first.items[0].id == second.items[0].id
    assert first.items[0].title != second.items[0].title


@pytest.mark.parametrize(
    ("content_type", "prolog", "encoding"),
    [
        ("text/xml; charset=iso-8859-1", "utf-8", "iso-8859-1"),
        ("application/rss+xml", "iso-8859-1", "iso-8859-1"),
        ("text/xml", "utf-8", "utf-8"),
        ("application/xml", "utf-16", "utf-16"),
        ("text/html; charset=utf-8", "utf-8", "utf-8"),
    ],
)
def test_the_charset_rules_hold(content_type: str, prolog: str, encoding: str) -> None:
    """The header's charset beats the document's, which holds where the header names none; neither is a fault."""
    text = f"<?xml version='1.0' encoding='{prolog}'?>" + _rss("Café Peñón".encode()).decode()
    page = _page(Answer(text.encode(encoding), headers=(("Content-Type", content_type),)))
    assert page.items[0].title == "Café Peñón"
    assert not page.items[0].flags
    assert not page.skipped


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_no_bytes_break_the_reading(noise: bytes) -> None:
    """Bytes of any kind within a feed give a page or say that it is no feed."""
    body = _rss(b"before" + noise + b"after", b"x")
    try:
        page = _page(Answer(body))
    except NotAFeedError:
        return
    for item in page.items:
        assert "\x00" not in (item.title or "")
        (item.title or "").encode()


@given(st.lists(st.integers(0, 0x10FFFF), max_size=8))
@settings(deadline=None)
def test_references_to_impossible_characters(numbers: list[int]) -> None:
    """References to NUL and lone surrogates become U+FFFD, halves of one character become it, others stay."""
    body = "".join(f"&#{number};" for number in numbers)
    read, replaced = feeds.without_unstorable_references(body.encode())
    assert replaced == (b"&#65533;" in read and (read != body.encode() or 0xFFFD not in numbers))
    assert all(
        number == 0xFFFD or not (number == 0 or 0xD800 <= number <= 0xDFFF)
        for number in map(int, read.decode().replace("&#", " ").replace(";", " ").split())
    )


def test_a_pair_of_halves_is_one_character() -> None:
    """A feed made of UTF-16 by halves shows the character that was meant, without a flag."""
    page = _page(Answer(_rss(b"&#xD83D;&#xDEA7; road works")))
    assert page.items[0].title == "\U0001f6a7 road works"
    assert not page.items[0].flags


def test_ten_megabytes_of_text_are_read() -> None:
    """A text of ten megabytes is read whole, well-formed or not, in seconds."""
    for ending in (b"", b"<br>"):
        started = time.monotonic()
        page = _page(Answer(_rss(b"word " * 2_000_000 + ending)))
        assert len(page.items[0].title or "") >= 9_999_999
        assert time.monotonic() - started < 30


def test_external_entities_are_never_read() -> None:
    """A document type that points at files or hosts adds nothing to an entry."""
    body = b"<!DOCTYPE rss [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>" + _rss(b"[&x;]")
    assert "root:" not in (_page(Answer(body)).items[0].title or "")


def test_a_zone_that_does_not_exist_is_said() -> None:
    """A wrong time_zone setting is an error that names the account, the value and what to write."""
    with pytest.raises(ValueError, match=r"rss:.*time_zone is 'Mars/Base'.*America/Los_Angeles"):
        _page(Answer(_rss()), account("rss", _URL, time_zone="Mars/Base"))


def test_times_without_a_zone_are_read_in_the_accounts() -> None:
    """With the account's time_zone a local time is a moment, without it only a text."""
    body = _rss(b"T</title><pubDate>Mon, 06 Jul 2026 12:00:00</pubDate><title>")
    item = _page(Answer(body), account("rss", _URL, time_zone="America/Los_Angeles")).items[0]
    assert item.created_at is not None
    assert item.created_at.isoformat() == "2026-07-06T19:00:00+00:00"
    item = _page(Answer(body)).items[0]
    assert item.created_at is None
    assert item.created_text == "Mon, 06 Jul 2026 12:00:00"
    assert "time_not_read" in item.flags
