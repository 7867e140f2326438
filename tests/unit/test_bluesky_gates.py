"""What the gates of a Bluesky post say: rules that are evidence, replies that are hidden, quotes that were detached."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.evidence.fields import content_hash, evidence_fields
from archiver.platforms import bluesky_gates as gates
from archiver.platforms import bluesky_records as records
from archiver.platforms.bluesky_threads import read_thread
from archiver.platforms.errors import UnreadableAnswerError
from tests.fixtures.sessions import Answer, RecordedSession, account

DID = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
OTHER = "did:plc:bbbbbbbbbbbbbbbbbbbbbbbb"
POST = f"at://{DID}/{records.POST}/3kabc"
NAMES = ["allow", "hiddenReplies", "post", "embeddingRules", "detachedEmbeddingUris", "record", "threadgate", "$type"]
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=20,
)
quick = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)


@quick
@given(anything, anything)
def test_any_gate_leaves_evidence_that_can_be_hashed(thread: object, post: object) -> None:
    """Whatever stands in a gate, its rules are JSON for the post's evidence, and its addresses are texts."""
    item = records.post_item(POST, "bafy", {"text": "x"})
    fields = {**evidence_fields(item), **gates.rules(thread, post)}
    assert json.loads(json.dumps(fields)) == fields
    assert all(isinstance(each, str) for each in gates.detached_quotes(post))
    assert all(isinstance(each, str) for each in gates.hidden_replies({"threadgate": thread}))
    assert len(content_hash({"kind": "post"})) == 32


def test_a_gate_that_lets_everybody_in_says_nothing() -> None:
    """A gate without `allow` (it only hides) and a post gate without rules are no evidence; an empty `allow` is nobody."""
    assert gates.rules({"post": POST, "hiddenReplies": ["at://x"]}, {"post": POST, "embeddingRules": []}) == {}
    assert gates.rules({"allow": []}, None) == {"thread_gate": {"allow": []}}
    assert gates.rules(None, {"embeddingRules": [{"$type": "…#disableRule"}]}) == {
        "post_gate": {"embeddingRules": [{"$type": "…#disableRule"}]}
    }


def listing(collection: str, *keys: str, cursor: str | None) -> Answer:
    """A page of a collection of gates, newest first, each letting nobody answer."""
    entries = [
        {"uri": f"at://{DID}/{collection}/{key}", "cid": "b", "value": {"allow": [], "key": key}} for key in keys
    ]
    return Answer(json.dumps({"records": entries, **({"cursor": cursor} if cursor else {})}).encode())


def test_gates_are_listed_as_far_down_as_the_page_of_posts_goes() -> None:
    """The listing of gates begins where the page began, goes on until its last key, and no further."""
    posts = [records.post_item(f"at://{DID}/{records.POST}/{key}", "b", {"text": "x"}) for key in ("3e", "3c")]
    session = RecordedSession(
        listing(gates.THREAD_GATE, "3f", "3e", cursor="3e"),
        listing(gates.THREAD_GATE, "3d", "3b", cursor="3b"),
        listing(gates.POST_GATE, cursor=None),
    )
    asked: list[object] = []
    found, detached = gates.gated(session, account("bluesky", DID, pds_url="https://pds.example"), posts, "3g", asked)  # type: ignore[arg-type]
    assert [item.evidence.get("thread_gate") for item in found] == [{"allow": []}, None]
    assert [each.params.get("cursor") for each in session.asked] == ["3g", "3e", "3g"]
    assert not detached
    assert len(asked) == 3
    assert all(not item.not_requested for item in found)


@pytest.mark.parametrize("cursors", [("3f", "3f"), ("3f", "3g"), tuple(f"3f{99 - n:02}" for n in range(99)) * 3])
def test_a_listing_of_gates_that_never_ends_is_left(cursors: tuple[str, ...]) -> None:
    """A server that names the same place again, or goes up instead of down, is unreadable, not endless."""
    posts = [records.post_item(f"at://{DID}/{records.POST}/3a", "b", {"text": "x"})]
    session = RecordedSession(*(listing(gates.THREAD_GATE, "3f", cursor=cursor) for cursor in cursors))
    with pytest.raises(UnreadableAnswerError):
        gates.gated(session, account("bluesky", DID, pds_url="https://pds.example"), posts, None, [])


def test_a_reply_deeper_in_the_thread_is_hidden_by_the_gate_of_its_root() -> None:
    """The gate comes with the first answer only; what a second answer shows below a leaf is hidden by it all the same."""
    leaf, deep = f"at://{OTHER}/{records.POST}/1", f"at://{OTHER}/{records.POST}/2"

    def view(uri: str, replies: int = 0, **more: object) -> dict[str, object]:
        return {"uri": uri, "cid": "b", "record": {"text": uri[-1]}, "replyCount": replies, **more}

    gate = {"record": {"hiddenReplies": [deep]}}
    first = {"thread": {"post": view(POST, 1, threadgate=gate), "replies": [{"post": view(leaf, 1)}]}}
    second = {"thread": {"post": view(leaf, 1), "replies": [{"post": view(deep)}]}}
    session = RecordedSession(*(Answer(json.dumps(each).encode()) for each in (first, second)))
    pages = list(read_thread(session, account("bluesky", DID), POST))
    hidden = {item.id: item.hidden for page in pages for item in page.items}
    assert hidden == {leaf: None, deep: gates.HIDDEN}
