"""A stranger's record may have any shape: it is read as far as it goes, and never ends the capture of the others."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.evidence.fields import content_hash, evidence_fields
from archiver.platforms import bluesky_records as records
from archiver.platforms.bluesky import Bluesky
from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.items import StreamKind
from archiver.records import bulk
from archiver.records.storable import storable
from tests.fixtures.sessions import Answer, RecordedSession, account

DID = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
URI = f"at://{DID}/app.bsky.feed.post/3kabc"
NAMES = [
    "$type", "text", "facets", "reply", "embed", "langs", "labels", "tags", "createdAt", "features", "uri", "did", "tag",
    "images", "image", "alt", "ref", "$link", "cid", "size", "mimeType", "parent", "root", "record", "media", "external", "thumb",
    "video", "captions", "file", "lang", "author", "handle", "displayName", "replyCount", "embeds", "value", "subject",
]  # fmt: skip
TYPES = [f"app.bsky.embed.{kind}" for kind in ("images", "video", "record", "recordWithMedia", "external")]
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.sampled_from([*TYPES, URI, "app.bsky.embed.record#viewRecord"])
    | st.text(st.characters(), max_size=8)
)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=4), inner, max_size=6)
    ),
    max_leaves=25,
)
objects = st.dictionaries(st.sampled_from(NAMES), anything, max_size=8)
quick = settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow], deadline=None)


@quick
@given(objects)
def test_any_record_becomes_an_item_that_can_be_hashed_and_stored(record: dict[str, object]) -> None:
    """Whatever stands in a record, there is an item, its evidence can be hashed, and Postgres can hold it."""
    for item in (
        records.post_item(URI, "bafy", record),
        records.repost_item(URI, "bafy", record),
        records.profile_item(DID, "a.example", "bafy", record),
    ):
        fields = evidence_fields(storable(item))
        assert len(content_hash(fields)) == 32
        bulk.rows_of([{"fields": fields}]).encode()


@quick
@given(objects)
def test_any_view_becomes_an_item_and_shows_its_quotes(view: dict[str, object]) -> None:
    """The AppView's own wrapping may be as odd as the record within."""
    view = {**view, "uri": URI, "cid": "bafy"}
    records.view_item(view)
    records.tombstone(view)
    list(records.quoted(view))


def test_what_is_nested_beyond_reason_is_kept_as_text() -> None:
    """A record of a thousand brackets is kept whole, in a form that every reader can take."""
    deep: object = "bottom"
    for _ in range(400):
        deep = [deep]
    item = records.post_item(URI, "bafy", {"text": "x", "other": deep})
    kept = evidence_fields(item)["other"]
    assert isinstance(kept, str)
    assert json.loads(kept) == {"other": deep}


def test_an_answer_nested_beyond_reading_is_an_unreadable_answer() -> None:
    """Brackets without end are told from a failure of ours."""
    session = RecordedSession(Answer(b'{"records":' + b"[" * 100_000))
    pages = Bluesky().pages(session, account("bluesky", DID, pds_url="https://pds.example"), StreamKind.POSTS, None, {})
    with pytest.raises(UnreadableAnswerError):
        next(pages)


def test_one_entry_that_is_none_leaves_the_others() -> None:
    """What has no address or no record is named as skipped; its neighbours are items."""
    good = {"uri": URI, "cid": "bafy", "value": {"text": "here", "createdAt": "2026-01-01T00:00:00Z"}}
    listing = {"records": [None, 7, {"uri": URI}, {"uri": f"{URI}x", "cid": "b", "value": [1]}, good], "cursor": "3k"}
    gates = {"records": [None, {"uri": 5}, {"uri": f"{URI}x", "value": [1]}, {"uri": URI, "value": {"allow": 3}}]}
    answers = (listing, gates, gates, {"posts": [None, {"uri": URI, "cid": 1}]})
    session = RecordedSession(*(Answer(json.dumps(each).encode()) for each in answers))
    page = next(
        Bluesky().pages(session, account("bluesky", DID, pds_url="https://pds.example"), StreamKind.POSTS, None, {})
    )
    assert [item.text for item in page.items] == ["here"]
    assert len(page.skipped) == 4
    assert all(each.lost for each in page.skipped)
    assert (page.coverage is None) == bool(page.skipped)  # what cannot be read is not said to be missing


def test_one_comment_that_is_none_leaves_the_thread() -> None:
    """A hostile comment cannot keep the comments beside it from the archive."""
    good = {
        "post": {
            "uri": f"at://{DID}x/app.bsky.feed.post/1",
            "cid": "c",
            "record": {"text": "a comment"},
            "replyCount": "x",
        }
    }
    bad = [{"post": {"uri": "nonsense", "cid": "c"}}, {"$type": "app.bsky.feed.defs#blockedPost"}, {"post": 5}, 6]
    thread = {"thread": {"post": {"uri": URI, "cid": "c", "record": {}}, "replies": [*bad, good]}}
    session = RecordedSession(Answer(json.dumps(thread).encode()))
    (page,) = Bluesky().thread(session, account("bluesky", DID), URI)
    assert [item.text for item in page.items] == ["a comment"]
    assert {each.what for each in page.skipped} == {"the comment nonsense", "the node /thread/replies/1"}
