"""Recorded answers of an API, read by its connector: which request begins which walk, and answers that are anything at all."""

from __future__ import annotations

import dataclasses
import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.downloads import DOWNLOADS
from archiver.downloads.contract import DownloadOwner
from archiver.downloads.warc_replay import NotRecordedError, Replay, begins
from archiver.evidence.fields import content_hash, evidence_fields
from archiver.platforms import PLATFORMS
from archiver.platforms.items import Item, Source
from archiver.records.storable import storable
from tests.fixtures.importing import tree_of
from tests.fixtures.sessions import account
from tests.fixtures.warcs import packed, response

_DID = "did:plc:riverbendparks"
_PDS, _APPVIEW = "https://pds.example/xrpc/", "https://public.api.bsky.app/xrpc/"
_LISTED = f"{_PDS}com.atproto.repo.listRecords?repo={_DID.replace(':', '%3A')}&collection=app.bsky.feed."


def _json(url: str, answer: object, status: str = "200 OK") -> bytes:
    return response(url, json.dumps(answer).encode(), "application/json", status)


def _read(*records: bytes, platform: str = "bluesky") -> tuple[list[Item], list[Item]]:
    """The items that the connector made, and the page records."""
    owner = account(platform, _DID, "parks.riverbend.example")
    importer = DOWNLOADS["warc"]
    tree = tree_of({"a.warc.gz": packed(records)})
    files = list(importer.files(tree, DownloadOwner(_DID, "parks.riverbend.example", account=owner)))
    items = [item for file in files for page in file.pages or () for item in page.items]
    for item in items:
        content_hash(evidence_fields(storable(item)))
    return [item for item in items if "recorded_by" not in item.evidence], [
        item for item in items if "recorded_by" in item.evidence
    ]


@pytest.mark.parametrize(
    ("asked", "recorded", "fit"),
    [
        ("https://a.example/x?b=1", "https://a.example/x?b=1", 1),
        ("https://a.example/x?b=1", "https://a.example/x?cursor=9&b=1", 1),
        ("https://a.example/x", "https://a.example/x?cursor=9", 0),
        ("https://a.example/x?b=1", "https://a.example/x?b=2", None),
        ("https://a.example/x?b=1", "https://a.example/x", None),
        ("https://a.example/x", "https://a.example/y", None),
        ("https://a.example/x", "http://a.example/x", None),
        ("https://[", "https://a.example/x", None),
    ],
)
def test_which_request_is_begun_with(asked: str, recorded: str, fit: int | None) -> None:
    """A recorded request is taken for the one asked for if nothing but further parameters (a cursor) tells them apart."""
    assert begins(asked, recorded) == fit


_OWN, _ASKED = f"at://{_DID}/app.bsky.feed.post/3lkbb2aaaaa2b", "at://did:plc:neighbor/app.bsky.feed.post/3lkba2aaaaa2b"


def _view(uri: str, text: str) -> dict[str, object]:
    author = {"did": uri.split("/")[2], "handle": "a.example"}
    record = {"$type": "app.bsky.feed.post", "text": text, "createdAt": "2026-02-03T17:00:00Z"}
    return {"uri": uri, "cid": "bafyreia", "author": author, "record": record, "indexedAt": "2026-02-03T17:00:01Z"}


def _sample() -> list[bytes]:
    """The answers of one page of a listing, in the order of our evidence: a reply, what the AppView shows of it and of what it
    answers, and the gates that are asked for besides.
    """
    target = {"uri": _ASKED, "cid": "bafyreib"}
    value = {
        "$type": "app.bsky.feed.post",
        "text": "At nine.",
        "createdAt": "2026-02-03T17:05:00Z",
        "reply": {"root": target, "parent": target},
    }
    shown = [
        _json(f"{_APPVIEW}app.bsky.feed.getPosts?uris={uri}", {"posts": [_view(uri, text)]})
        for uri, text in ((_OWN, "At nine."), (_ASKED, "When?"))
    ]
    gates = [_json(f"{_LISTED}{kind}&limit=100", {"records": []}) for kind in ("threadgate", "postgate")]
    listed = {"records": [{"uri": _OWN, "cid": "bafyreia", "value": value}]}
    return [_json(f"{_LISTED}post&limit=100", listed), *shown, *gates]


def test_a_listing_is_read_with_what_was_asked_besides() -> None:
    """A page of a listing gives the connector's items, sources `import`; none of its answers is a page record beside them."""
    items, pages = _read(*map(_again, _sample()))
    assert {(item.id, item.text) for item in items} == {(_OWN, "At nine."), (_ASKED, "When?")}
    assert {item.source for item in items} == {Source.IMPORT}
    assert pages == []


def test_a_listing_that_lacks_an_answer_stays_as_recorded() -> None:
    """Without what the connector asks for besides, nothing is made up: the answers are page records."""
    first, *_ = _sample()
    items, pages = _read(first)
    assert items == []
    assert [item.url for item in pages] == [f"{_LISTED}post&limit=100"]
    others = _read(_json(f"{_LISTED.replace('riverbendparks', 'somebody')}post&limit=100", {"records": []}))
    assert len(others[1]) == 1


def _again(record: bytes) -> bytes:
    """The record with its addresses as a session writes them."""
    head, line, rest = record.partition(b"WARC-Target-URI: ")
    url, end, rest = rest.partition(b"\r\n")
    path, _, query = url.partition(b"?")
    written = query.replace(b":", b"%3A").replace(b"/", b"%2F").replace(b"%253A", b"%3A").replace(b"%252F", b"%2F")
    return head + line + path + b"?" + written + end + rest


_SCALAR = st.none() | st.booleans() | st.integers() | st.text(max_size=6)
_ANY = st.recursive(
    _SCALAR,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(data=st.data(), answer=_ANY)
def test_answers_that_are_anything_stop_nothing(data: st.DataObject, answer: Any) -> None:
    """Whatever JSON stands at an address of the API, every record is an item of the connector's or a page record."""
    records = _sample()
    at = data.draw(st.integers(0, len(records) - 1))
    url = records[at].partition(b"WARC-Target-URI: ")[2].partition(b"\r\n")[0].decode()
    records[at] = _json(url, answer)
    items, pages = _read(*map(_again, records))
    assert items or pages


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_strangers_answers_are_page_records_of_every_platform(platform: str) -> None:
    """JSON that no connector ever asked for is kept as it is, quickly, whatever the account's platform."""
    started = time.monotonic()
    records = [_json(f"https://api.example/v{n}/things/{n}?page={n}&q=a%3Ab", {"n": n}) for n in range(60)]
    items, pages = _read(*records, platform=platform)
    assert (len(items), len(pages)) == (0, 60)
    assert time.monotonic() - started < 20


def test_a_replay_gives_nothing_that_was_not_recorded() -> None:
    """Another address, an error that the connector does not read itself, and files are not there."""
    files = list(DOWNLOADS["warc"].files(tree_of({"a.warc": _json("https://a.example/x", {})}), DownloadOwner(None)))
    (exchange,) = [each for file in files for page in file.pages or () for each in page.exchanges]
    bad = dataclasses.replace(exchange, url="https://a.example/bad", status=500)
    session = Replay(exchange, {bad.url: bad}, ())
    assert session.get("https://a.example/x") is exchange
    for ask in (
        lambda: session.get("https://a.example/x"),
        lambda: session.get(bad.url),
        lambda: session.download(bad.url),
    ):
        with pytest.raises(NotRecordedError):
            ask()
    assert session.get(bad.url, accept_errors=lambda answer: answer.status == 500) is bad
