"""The sample city's feeds are feeds to a foreign parser, and say what the truth says."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import feedparser
import pytest
import requests

from samplecity.accounts import FEEDS, CityFeed
from samplecity.city import City
from samplecity.running import RunningCity, serve

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def city() -> City:
    """The default city."""
    return City.build()


@pytest.fixture(scope="module")
def running(city: City) -> Iterator[RunningCity]:
    """The default city, served without faults."""
    with serve(city, faulty=False) as server:
        yield server


def _parsed(server: RunningCity, key: str) -> feedparser.FeedParserDict:
    answer = requests.get(server.feed_url(key), timeout=10)
    return feedparser.parse(answer.content, response_headers=dict(answer.headers))


@pytest.mark.parametrize("night", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("feed", FEEDS, ids=lambda feed: feed.key)
def test_a_foreign_parser_reads_the_truth(city: City, running: RunningCity, feed: CityFeed, night: int) -> None:
    """Feedparser finds each night's entries with their id, title and words, whatever form and charset the feed has."""
    running.at(night)
    parsed = _parsed(running, feed.key)
    assert not parsed.bozo
    assert parsed.encoding.lower() == feed.charset
    found = {
        (entry.get("id", entry.link), entry.title, re.sub(r"</?p>", "", entry.summary.replace("&amp;", "&")))
        for entry in parsed.entries
    }
    assert found == {
        (item.id, version.title, version.text)
        for item in city.truth_after(night).items
        if item.namespace == feed.key
        for version in item.versions
        if night in version.nights
    }
    assert 0 < len(parsed.entries) <= feed.window


def test_windows_1252_is_really_used(running: RunningCity) -> None:
    """The library's feed has bytes that are no UTF-8, and words that need the declared charset."""
    running.at(5)
    answer = requests.get(running.feed_url("biblioteca-noticias"), timeout=10)
    assert "charset" not in answer.headers["content-type"]
    with pytest.raises(UnicodeDecodeError):
        answer.content.decode("utf-8")
    assert "Pública" in answer.content.decode("windows-1252")


def test_ids_come_in_three_kinds(running: RunningCity) -> None:
    """There are guids that are links, guids that are not, and entries with none."""
    running.at(5)
    parks, library = _parsed(running, "parks-news"), _parsed(running, "biblioteca-noticias")
    assert all(entry.id == entry.link for entry in parks.entries)
    assert {"id" in entry for entry in library.entries} == {True, False}
    assert all(not entry.id.startswith("http") for entry in library.entries if "id" in entry)


def test_an_unchanged_feed_is_not_sent_again(running: RunningCity) -> None:
    """With the validators of the last answer the next is 304 without a body, until the feed changes."""
    running.at(3)
    address = running.feed_url("clerk-notices")
    first = requests.get(address, timeout=10)
    by_tag = requests.get(address, headers={"If-None-Match": first.headers["etag"]}, timeout=10)
    by_date = requests.get(address, headers={"If-Modified-Since": first.headers["last-modified"]}, timeout=10)
    assert [by_tag.status_code, by_date.status_code] == [304, 304]
    assert by_tag.content == b""
    assert by_tag.headers["etag"] == first.headers["etag"]
    running.at(4)
    after = requests.get(address, headers={"If-None-Match": first.headers["etag"]}, timeout=10)
    assert after.status_code == 200
    assert b"REVISED" in after.content


def test_an_enclosure_is_the_picture_of_the_truth(city: City, running: RunningCity) -> None:
    """An enclosure's bytes have the length the feed says and the SHA-256 the truth says."""
    running.at(5)
    [*enclosures] = [entry for entry in _parsed(running, "parks-news").entries if entry.enclosures]
    assert enclosures
    truth = {item.id: item for item in city.truth_after(5).items if item.namespace == "parks-news"}
    for entry in enclosures:
        body = requests.get(entry.enclosures[0].href, timeout=10).content
        assert len(body) == int(entry.enclosures[0].length)
        assert hashlib.sha256(body).hexdigest() == truth[entry.id].versions[-1].media[0].sha256


def test_what_is_not_there_is_404(running: RunningCity) -> None:
    """An unknown feed, an unknown picture and an unknown page are not found."""
    for address in (running.feed_url("zoo"), running.feed_url("parks-news/media/0.png"), f"{running.url}/zoo"):
        assert requests.get(address, timeout=10).status_code == 404
