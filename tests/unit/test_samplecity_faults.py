"""Each fault the sample city can be asked for does what its name says, as often as it was asked."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import libipld
import pytest
import requests

from samplecity.accounts import BY_KEY
from samplecity.city import City
from samplecity.faults import BIG_TEXT, POISON, Fault
from samplecity.limits import RateLimit
from samplecity.running import RunningCity, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

LIST = "listRecords"
DID = BY_KEY["parks"].did


@pytest.fixture(scope="module")
def city() -> City:
    """The default city."""
    return City.build()


@pytest.fixture(scope="module")
def running(city: City) -> Iterator[RunningCity]:
    """The default city, without the default faults."""
    with serve(city, faulty=False) as server:
        yield server


def _page(server: RunningCity, **query: str) -> requests.Response:
    asked = {"repo": DID, "collection": "app.bsky.feed.post", "limit": "5", **query}
    return requests.get(f"{server.url}/xrpc/com.atproto.repo.listRecords", params=asked, timeout=20)


def test_rate_limits_come_with_and_without_a_wait(running: RunningCity) -> None:
    """429 with Retry-After, with RateLimit-Reset only, and bare; then the city answers again."""
    kinds = ("rate_limit", "rate_limit_reset", "rate_limit_bare")
    for kind in kinds:
        running.install(Fault(LIST, kind, seconds=7))  # type: ignore[arg-type] # one of the kinds
        answer = _page(running)
        assert answer.status_code == 429
        assert answer.json()["error"] == "RateLimitExceeded"
        assert answer.headers.get("retry-after") == ("7" if kind == "rate_limit" else None)
        assert ("ratelimit-reset" in answer.headers) == (kind == "rate_limit_reset")
        assert _page(running).status_code == 200


def test_a_fault_skips_and_counts(running: RunningCity) -> None:
    """Two requests pass, three fail, the rest pass; the plan reports three strikes."""
    running.install(Fault(LIST, "server_error", times=3, skip=2))
    assert [_page(running).status_code for _ in range(7)] == [200, 200, 500, 500, 500, 200, 200]
    assert running.faults[0]["struck"] == 3


def test_a_fault_meets_only_what_it_names(running: RunningCity) -> None:
    """A pattern over path and query spares other accounts' requests."""
    running.install(Fault(f"{LIST}.*{BY_KEY['water'].did.replace(':', '%3A')}", "server_error", times=None))
    assert _page(running).status_code == 200
    assert _page(running, repo=BY_KEY["water"].did).status_code == 500


def test_truncated_json_does_not_parse(running: RunningCity) -> None:
    """Half a body arrives with status 200."""
    running.install(Fault(LIST, "truncated"))
    answer = _page(running)
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.content)


def test_a_login_page_comes_in_place_of_json(running: RunningCity) -> None:
    """HTML with status 200, as a captive portal gives."""
    running.install(Fault(LIST, "html"))
    answer = _page(running)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.text.startswith("<!DOCTYPE html>")


def test_an_expired_token_is_a_400(running: RunningCity) -> None:
    """The AT Protocol answers 400 ExpiredToken, not 401."""
    running.install(Fault(LIST, "expired_token"))
    answer = _page(running)
    assert (answer.status_code, answer.json()["error"]) == (400, "ExpiredToken")


def test_a_slow_answer_takes_its_time(running: RunningCity) -> None:
    """The answer is whole, and late."""
    running.install(Fault(LIST, "slow", seconds=0.4))
    before = time.monotonic()
    assert _page(running).json()["records"]
    assert time.monotonic() - before >= 0.4


def test_a_page_loop_gives_one_page_for_ever(running: RunningCity) -> None:
    """Whatever the cursor, the records and the next cursor are the same."""
    running.install(Fault(LIST, "page_loop", times=None))
    first = _page(running).json()
    again = _page(running, cursor=first["cursor"]).json()
    assert again == first
    assert first["records"]


@pytest.mark.parametrize("method", ["com.atproto.repo.listRecords", "app.bsky.feed.getPostThread"])
def test_poison_text_has_nul_and_lone_surrogates(city: City, running: RunningCity, method: str) -> None:
    """The first post of an answer carries characters that neither Postgres nor UTF-8 can hold."""
    running.at(5)
    running.install(Fault(method, "poison_text"))
    uri = city.story["busy_thread"][0]
    query = {"repo": DID, "collection": "app.bsky.feed.post", "uri": uri}
    answer = requests.get(f"{running.url}/xrpc/{method}", params=query, timeout=10)
    read = json.loads(answer.content)
    text = (
        read["records"][0]["value"]["text"]
        if "records" in read
        else read["thread"]["replies"][0]["post"]["record"]["text"]
    )
    assert text == POISON
    with pytest.raises(UnicodeEncodeError):
        text.encode()


def test_a_big_text_is_ten_megabytes(running: RunningCity) -> None:
    """One record's text has ten million characters, and the CID that such a record has."""
    running.install(Fault(LIST, "big_text"))
    record = _page(running).json()["records"][0]
    assert len(record["value"]["text"]) == BIG_TEXT
    assert libipld.decode_cid(record["cid"])["codec"] == 0x71


def test_a_feed_in_a_wrong_charset(running: RunningCity) -> None:
    """The document declares UTF-8 and is windows-1252."""
    running.install(Fault("clerk-notices|parks-news", "wrong_charset", times=None))
    bodies = [requests.get(running.feed_url(key), timeout=10).content for key in ("clerk-notices", "parks-news")]
    assert all(b'encoding="utf-8"' in body for body in bodies)
    with pytest.raises(UnicodeDecodeError):
        b"".join(bodies).decode("utf-8")


def test_a_media_address_can_lead_inside(running: RunningCity) -> None:
    """A blob's address answers with a redirect to a private address."""
    running.install(Fault("getBlob", "redirect", location="http://10.0.0.1/admin"))
    address = f"{running.url}/xrpc/com.atproto.sync.getBlob?did={DID}&cid=x"
    answer = requests.get(address, allow_redirects=False, timeout=10)
    assert (answer.status_code, answer.headers["location"]) == (302, "http://10.0.0.1/admin")


def test_the_default_night_has_one_rate_limit(city: City) -> None:
    """Moving the clock installs one 429 with Retry-After in the middle of reading posts, each night anew."""
    with serve(city) as server:
        for night in (1, 2):
            server.at(night)
            assert [_page(server).status_code for _ in range(4)] == [200, 200, 429, 200]
        assert server.requests[2]["/xrpc/com.atproto.repo.listRecords"] == 4


def test_the_rate_limit_is_kept_and_reported(city: City) -> None:
    """Remaining requests count down to a 429 that says when to come back, and then they are there again."""
    with serve(city, faulty=False, limit=RateLimit(limit=2, window=1)) as server:
        answers = [_page(server) for _ in range(3)]
        assert [one.status_code for one in answers] == [200, 200, 429]
        assert [one.headers["ratelimit-remaining"] for one in answers] == ["1", "0", "0"]
        assert answers[0].headers["ratelimit-policy"] == "2;w=1"
        assert int(answers[2].headers["ratelimit-reset"]) >= time.time() - 1
        time.sleep(int(answers[2].headers["retry-after"]))
        assert _page(server).status_code == 200


def test_an_unknown_fault_is_refused(running: RunningCity) -> None:
    """A misspelt field, kind or pattern of a plan is an error, not a fault that never strikes."""
    for wrong in ({"match": ".", "kimd": "html"}, {"match": ".", "kind": "htlm"}, {"match": "(", "kind": "html"}):
        answer = requests.post(f"{running.url}/_city/faults", json=[wrong], timeout=10)
        assert answer.status_code == 400
