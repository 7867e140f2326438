"""Direct messages and lists of Bluesky, whatever their servers send."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.evidence.fields import content_hash, evidence_fields
from archiver.platforms.bluesky import Bluesky
from archiver.platforms.bluesky_messages import read_conversation, read_conversations
from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.pages import Conversation
from archiver.records.storable import storable
from tests.fixtures.sessions import Answer, RecordedSession, account

DID = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
PARKS = account("bluesky", DID, pds_url="https://pds.example", app_password="x", access_jwt="t")
NAMES = [
    "$type",
    "id",
    "rev",
    "text",
    "facets",
    "embed",
    "record",
    "uri",
    "reactions",
    "replyTo",
    "sender",
    "did",
    "sentAt",
    "data",
]
TYPES = [
    f"chat.bsky.convo.defs#{kind}" for kind in ("messageView", "deletedMessageView", "systemMessageView", "newView")
]
scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.sampled_from(TYPES)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=20,
)
quick = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)


def answer(**body: object) -> Answer:
    """A JSON answer."""
    return Answer(json.dumps(body).encode())


@quick
@given(st.lists(anything, max_size=5), anything)
def test_any_message_is_an_item_a_tombstone_or_named(messages: list[object], profiles: object) -> None:
    """One odd message is skipped by name, the others are read, and a conversation is covered only where all were."""
    good = {
        "$type": TYPES[0],
        "id": "zz",
        "rev": "1",
        "text": "here",
        "sender": {"did": DID},
        "sentAt": "2026-01-01T00:00:00Z",
    }
    session = RecordedSession(answer(messages=[*messages, good], relatedProfiles=profiles))
    (page,) = read_conversation(session, PARKS, Conversation("c"))
    assert "c/zz" in {item.id for item in page.items} | {stone.id for stone in page.tombstones}
    assert len(page.items) + len(page.tombstones) + len(page.skipped) <= len(messages) + 1
    assert (page.coverage is None) == bool(page.skipped)
    for item in page.items:
        assert len(content_hash(evidence_fields(storable(item)))) == 32


@quick
@given(st.lists(anything, max_size=4))
def test_any_conversation_is_one_or_named(convos: list[object]) -> None:
    """What is no conversation is skipped by name."""
    session = RecordedSession(answer(convos=[*convos, {"id": "c", "rev": "1"}]), answer(convos=[]))
    (page,) = read_conversations(session, PARKS)
    assert page.conversations[-1].id == "c"
    assert len(page.conversations) + len(page.skipped) == len(convos) + 1


def test_requests_come_beside_what_was_accepted() -> None:
    """Page by page, so that a listing that is left early has shown both; the header names the service."""
    session = RecordedSession(
        answer(convos=[{"id": "a1", "rev": "1"}], cursor="next"),
        answer(convos=[{"id": "r1", "rev": "2"}]),
        answer(convos=[{"id": "a2", "rev": "3"}]),
    )
    pages = [[each.id for each in page.conversations] for page in read_conversations(session, PARKS)]
    assert pages == [["a1", "r1"], ["a2"]]
    assert [(asked.params["status"], asked.params.get("cursor")) for asked in session.asked] == [
        ("accepted", None),
        ("request", None),
        ("accepted", "next"),
    ]
    assert {asked.headers["atproto-proxy"] for asked in session.asked} == {"did:web:api.bsky.chat#bsky_chat"}
    assert {asked.headers["Authorization"] for asked in session.asked} == {"Bearer t"}


def test_a_conversation_whose_pages_lead_in_a_circle_is_left() -> None:
    """The same cursor again is unreadable, by name; the engine goes on with the others."""
    page = answer(messages=[{"$type": TYPES[0], "id": "1", "sender": {"did": DID}}], cursor="1")
    with pytest.raises(UnreadableAnswerError, match="circle"):
        list(read_conversation(RecordedSession(page, page), PARKS, Conversation("c")))


@pytest.mark.parametrize("entry", [None, 7, {}, {"did": 5}, {"did": None, "handle": "x"}])
def test_a_follower_that_is_none_ends_the_reading(entry: object) -> None:
    """A list that is not whole is no list: what cannot be read is an error, never left out."""
    session = RecordedSession(answer(followersCount=2), answer(followers=[{"did": DID, "handle": "a.b"}, entry]))
    with pytest.raises(UnreadableAnswerError):
        list(Bluesky().members(session, PARKS, "followers"))


@pytest.mark.parametrize("entry", [None, 7, {}, {"value": 5}, {"value": {"subject": "nobody"}}])
def test_a_block_that_names_nobody_ends_the_reading(entry: object) -> None:
    """As with followers."""
    with pytest.raises(UnreadableAnswerError):
        list(Bluesky().members(RecordedSession(answer(records=[entry])), PARKS, "blocked"))


def test_pages_that_lead_in_a_circle_are_an_error() -> None:
    """The same cursor again leads nowhere."""
    page = answer(followers=[{"did": DID, "handle": "a.b"}], cursor="1")
    with pytest.raises(UnreadableAnswerError, match="circle"):
        list(Bluesky().members(RecordedSession(answer(followersCount="many"), page, page), PARKS, "followers"))
