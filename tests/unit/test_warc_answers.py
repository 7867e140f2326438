"""Recorded answers of an API, read by its connector: which request begins which walk, and answers that are anything at all."""

from __future__ import annotations

import dataclasses
import json
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.downloads import DOWNLOADS
from archiver.downloads.contract import DownloadOwner
from archiver.downloads.warc_replay import NotRecordedError, Replay, address, begins
from archiver.evidence.fields import content_hash, evidence_fields
from archiver.platforms import PLATFORMS
from archiver.platforms.items import Item, ItemKind, Reference, ReferenceKind, Source
from archiver.platforms.youtube_manners import API_URL
from archiver.records.storable import storable
from tests.fixtures.importing import tree_of
from tests.fixtures.mastodon import PARKS, ROSA, reply, status
from tests.fixtures.sessions import Answer, account, exchange_of
from tests.fixtures.warcs import packed, response

if TYPE_CHECKING:
    from archiver.platforms.pages import AccountRef, Exchange

_DID = "did:plc:riverbendparks"
_PDS, _APPVIEW = "https://pds.example/xrpc/", "https://public.api.bsky.app/xrpc/"
_LISTED = f"{_PDS}com.atproto.repo.listRecords?repo={_DID.replace(':', '%3A')}&collection=app.bsky.feed."


def _json(url: str, answer: object, status: str = "200 OK") -> bytes:
    return response(url, json.dumps(answer).encode(), "application/json", status)


def _read(*records: bytes, platform: str = "bluesky", who: AccountRef | None = None) -> tuple[list[Item], list[Item]]:
    """The items that the connector made, and the page records."""
    owner = who or account(platform, _DID, "parks.riverbend.example")
    importer = DOWNLOADS["warc"]
    tree = tree_of({"a.warc.gz": packed(records)})
    files = list(importer.files(tree, DownloadOwner(owner.platform_id, owner.handle, account=owner)))
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
        ("https://a.example/x?b=1&start=0", "https://a.example/x?start=100&b=1", 1),
        ("https://a.example/x?b=1&key=ours", "https://a.example/x?key=[scrubbed]&b=1", None),
        ("https://a.example/x?b=1&key=[scrubbed]", "https://a.example/x?b=1", 1),
        ("https://a.example/x?b=1", "https://a.example/x?b=1&state=held", None),
        ("https://a.example/x?b=1", "https://a.example/x?b=2", None),
        ("https://a.example/x?b=1", "https://a.example/x", None),
        ("https://a.example/x", "https://a.example/y", None),
        ("https://a.example/x", "http://a.example/x", None),
        ("https://[", "https://a.example/x", None),
    ],
)
def test_which_request_is_begun_with(asked: str, recorded: str, fit: int | None) -> None:
    """A recorded request is taken for the one asked for if nothing tells them apart but their place in a listing, and secrets."""
    assert begins(asked, recorded, {"cursor", "start"}) == fit


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


_INSTANCE = "https://social.riverbend.example"
_ME = f"{_INSTANCE}/ap/users/1001"
_PARKS = account("mastodon", _ME, "parks@social.riverbend.example", token="t")
_STATUSES = f"{_INSTANCE}/api/v1/statuses/"


def _id(item: Item) -> str:
    return item.id.rpartition("/")[2]


def test_a_page_of_many_answers_is_read_whole() -> None:
    """Each of forty statuses answers somebody and was edited: eighty answers stand behind their listing, and make one page."""
    own = [reply(900 - n, 100 + n, PARKS, edited_at="2026-03-02T19:00:00Z") for n in range(40)]
    edits = [{"content": f"<p>{words}</p>", "created_at": "2026-03-02T17:33:30.123Z"} for words in ("one", "two")]
    listed = _json(f"{_INSTANCE}/api/v1/accounts/1001/statuses?limit=40", own)
    beside = [
        _json(f"{_STATUSES}{one['id']}/{what}", answer)
        for n, one in enumerate(own)
        for what, answer in (
            ("context", {"ancestors": [status(100 + n, ROSA)], "descendants": [reply(2000 + n, 900 - n)]}),
            ("history", edits),
        )
    ]
    items, pages = _read(listed, *beside, who=_PARKS)
    assert sorted(_id(item) for item in items) == sorted(str(n) for n in (*range(100, 140), *range(861, 901)))
    assert pages == []


def test_a_listing_with_a_refusal_among_its_answers_is_read() -> None:
    """What the connector reads itself (a context that is not shown) is part of the page."""
    listed = _json(f"{_INSTANCE}/api/v1/accounts/1001/statuses?limit=40", [reply(91, 70, PARKS), status(90)])
    items, pages = _read(listed, _json(f"{_STATUSES}91/context", {"error": "x"}, "404 Not Found"), who=_PARKS)
    assert ([_id(item) for item in items], pages) == (["91", "90"], [])


def test_a_conversation_is_read_by_its_context() -> None:
    """The listing that names it is not there: the context of its newest message and its first status are."""
    first, last = status(91, ROSA, visibility="direct"), reply(93, 91, PARKS, visibility="direct")
    records = [
        _json(f"{_STATUSES}93/context", {"ancestors": [first], "descendants": []}),
        _json(f"{_STATUSES}91/context", {"ancestors": [], "descendants": [last]}),
    ]
    items, pages = _read(*records, who=_PARKS)
    assert ([(_id(item), item.kind) for item in items], pages) == (
        [("91", ItemKind.MESSAGE), ("93", ItemKind.MESSAGE)],
        [],
    )


_RENAMED = account("mastodon", _ME, "newname@social.riverbend.example", token="t")


@pytest.mark.parametrize(("shown", "read"), [(PARKS, True), (ROSA, False)])
def test_the_profile_is_read_by_a_name_of_before(shown: dict[str, Any], read: bool) -> None:  # noqa: FBT001
    """An account that has another name now was once asked for by its name of then; somebody else's profile is not its."""
    items, pages = _read(_json(f"{_INSTANCE}/api/v1/accounts/lookup?acct=parks", shown), who=_RENAMED)
    assert ([item.kind for item in items], len(pages)) == (([ItemKind.PROFILE], 0) if read else ([], 1))


def test_what_its_own_address_shows_is_read() -> None:
    """An item that was looked up by itself, and says something else by then."""
    listed = _json(f"{_INSTANCE}/api/v1/accounts/1001/statuses?limit=40", [status(91)])
    items, pages = _read(listed, _json(f"{_STATUSES}91", status(91, content="<p>other words</p>")), who=_PARKS)
    assert ([(_id(item), item.text) for item in items], pages) == ([("91", "status 91"), ("91", "other words")], [])


_TUBE = f"{API_URL}/youtube/v3/"
_FORM = "textFormat=plainText&maxResults=100"
_CHANNEL = account("youtube", "UCriverbendparks00000000", "riverbendparks", token="t")


def _comment(identity: str, **more: Any) -> dict[str, Any]:
    return {"id": identity, "snippet": {"textOriginal": identity, "publishedAt": "2026-03-02T17:33:30Z", **more}}


def _threads(*firsts: dict[str, Any], total: int = 0, more: str = "") -> bytes:
    answer = {
        "items": [{"id": each["id"], "snippet": {"topLevelComment": each, "totalReplyCount": total}} for each in firsts]
    }
    asked = f"part=snippet%2Creplies&{_FORM}&videoId=poolOpen001&order=time{more}"
    return _json(f"{_TUBE}commentThreads?{asked}", answer)


def _answers(parent: str) -> bytes:
    asked = f"part=snippet&{_FORM}&parentId={parent}"
    return _json(f"{_TUBE}comments?{asked}", {"items": [_comment(f"{parent}.1", parentId=parent)]})


def test_a_thread_is_read_as_far_as_it_was_recorded() -> None:
    """What a walk asked for after a page, and was not kept since it told nothing new, is not there; the page is read all the
    same.
    """
    items, pages = _read(_threads(_comment("UgA")), who=_CHANNEL)
    assert ([item.id for item in items], pages) == (["UgA"], [])


def test_what_is_held_is_not_taken_for_published() -> None:
    """A listing by a state of moderation is that listing, also where the one that is asked for before it is not there."""
    items, pages = _read(_threads(_comment("UgD"), more="&moderationStatus=likelySpam"), who=_CHANNEL)
    assert [(item.id, item.hidden) for item in items] == [("UgD", "held as likely spam (likelySpam)")]
    assert pages == []


def test_answers_below_a_comment_are_read_where_its_post_is_known() -> None:
    """Answers that came later than their comment's page are below its post; without that nothing tells the post, and they stay
    as recorded.
    """
    items, pages = _read(_threads(_comment("UgA")), _answers("UgA"), who=_CHANNEL)
    assert ([item.id for item in items], pages) == (["UgA", "UgA.1"], [])
    assert items[1].references == (Reference(ReferenceKind.ROOT, "poolOpen001"), Reference(ReferenceKind.PARENT, "UgA"))
    items, pages = _read(_answers("UgA"), who=_CHANNEL)
    assert (items, len(pages)) == ([], 1)


_CLIPS = "https://open.tiktokapis.com/v2/video/list/"


def test_what_was_sent_is_not_recorded() -> None:
    """Pages that are asked for at one address come in the order of their recording, each once."""
    fields = "id,title"

    def page(number: int) -> Exchange:
        exchange = exchange_of(f"{_CLIPS}?fields={fields}", Answer(b"{}"))
        return dataclasses.replace(exchange, requested_at=exchange.requested_at + timedelta(seconds=number))

    recorded = [page(number) for number in range(3)]
    session = Replay(recorded[1], lambda _: recorded)
    assert session.post(_CLIPS, params={"fields": fields}) is recorded[1]
    assert session.post(_CLIPS, params={"fields": fields}) is recorded[2]
    with pytest.raises(NotRecordedError):
        session.post(_CLIPS, params={"fields": fields})


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
    near = {address(exchange.url): [exchange], address(bad.url): [bad]}
    session = Replay(exchange, lambda asked: near.get(asked, []))
    assert session.get("https://a.example/x") is exchange
    for ask in (
        lambda: session.get("https://a.example/y"),
        lambda: session.get(bad.url),
        lambda: session.download(bad.url),
    ):
        with pytest.raises(NotRecordedError):
            ask()
    assert session.get(bad.url, accept_errors=lambda answer: answer.status == 500) is bad
