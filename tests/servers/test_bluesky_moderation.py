"""What Bluesky's own moderation hides from a reader, and from whom the archive can still get it.

A thread as the AppView shows it is not all replies: those of an account the city has blocked, and those that came when
the city allowed none, are left out without a mark. Their authors' repositories, and ``getPosts``, still have them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.fixtures.bluesky_user import POST, BlueskyUser, Post, XrpcError

if TYPE_CHECKING:
    from tests.fixtures.bluesky import BlueskyNetwork


@pytest.fixture
def city(bluesky_network: BlueskyNetwork) -> BlueskyUser:
    """A new city account for one test."""
    return bluesky_network.create_account("City")


@pytest.fixture
def resident(bluesky_network: BlueskyNetwork) -> BlueskyUser:
    """A new resident for one test."""
    return bluesky_network.create_account("Resident")


def replies(network: BlueskyNetwork, post: Post) -> list[str]:
    """URIs of the direct replies that the AppView shows under a post."""
    thread = network.appview.get("app.bsky.feed.getPostThread", uri=post.uri, depth=1000)["thread"]
    return [reply["post"]["uri"] for reply in thread["replies"]]


def quoted(network: BlueskyNetwork, quote: Post) -> dict[str, Any]:
    """What the AppView shows inside a quote."""
    embedded: dict[str, Any] = network.seen(quote.uri)["embed"]["record"]
    return embedded


def test_a_blocked_residents_replies_leave_the_thread_only(
    bluesky_network: BlueskyNetwork, city: BlueskyUser, resident: BlueskyUser
) -> None:
    """A block empties the thread of the resident's replies, but not the count, ``getPosts`` or the repository."""
    notice = city.post("Elm St is closed.")
    reply = resident.post("Again?", reply_to=notice)
    bluesky_network.wait_until_seen(reply.uri)
    assert replies(bluesky_network, notice) == [reply.uri]
    city.block(resident.did)
    bluesky_network.wait_until(lambda: replies(bluesky_network, notice) == [], "the blocked reply left out")
    assert bluesky_network.seen(notice.uri)["replyCount"] == 1
    assert bluesky_network.seen(reply.uri)["record"]["text"] == "Again?"
    record = bluesky_network.pds.get("com.atproto.repo.getRecord", repo=resident.did, collection=POST, rkey=reply.rkey)
    assert record["cid"] == reply.cid


def test_a_reply_that_was_not_allowed_is_not_in_the_thread(
    bluesky_network: BlueskyNetwork, city: BlueskyUser, resident: BlueskyUser
) -> None:
    """A reply written although the city allowed none is neither shown nor counted, yet ``getPosts`` has it."""
    notice = city.post("No replies, please.")
    bluesky_network.wait_until_seen(notice.uri)
    city.limit_replies(notice, allow_nobody=True)
    bluesky_network.wait_until(
        lambda: bluesky_network.seen(notice.uri).get("threadgate"), "the gate shown by the AppView"
    )
    reply = resident.post("Why not?", reply_to=notice)
    bluesky_network.wait_until_seen(reply.uri)
    assert replies(bluesky_network, notice) == []
    assert bluesky_network.seen(notice.uri)["replyCount"] == 0
    assert bluesky_network.seen(reply.uri)["record"]["text"] == "Why not?"


def test_a_hidden_reply_is_still_given_and_the_gate_names_it(
    bluesky_network: BlueskyNetwork, city: BlueskyUser, resident: BlueskyUser
) -> None:
    """A reply the city hid comes with the thread all the same; that it is hidden stands in the post's gate."""
    notice = city.post("Elm St is closed.")
    reply = resident.post("Rude words", reply_to=notice)
    bluesky_network.wait_until_seen(reply.uri)
    city.limit_replies(notice, hidden=[reply])
    bluesky_network.wait_until(
        lambda: bluesky_network.seen(notice.uri).get("threadgate"), "the gate shown by the AppView"
    )
    assert bluesky_network.seen(notice.uri)["threadgate"]["record"]["hiddenReplies"] == [reply.uri]
    assert replies(bluesky_network, notice) == [reply.uri]


def test_a_detached_quote_says_so(bluesky_network: BlueskyNetwork, city: BlueskyUser, resident: BlueskyUser) -> None:
    """A quote the city detached shows ``#viewDetached`` instead of the post; its record still names the post."""
    notice = city.post("Elm St is closed.")
    quote = resident.post("Ha:", quote=notice)
    bluesky_network.wait_until_seen(quote.uri)
    city.detach(notice, quote)
    bluesky_network.wait_until(lambda: quoted(bluesky_network, quote).get("detached"), "the quote detached")
    assert quoted(bluesky_network, quote)["$type"] == "app.bsky.embed.record#viewDetached"
    assert bluesky_network.seen(quote.uri)["record"]["embed"]["record"]["uri"] == notice.uri


def test_a_quote_of_a_blocker_says_so(
    bluesky_network: BlueskyNetwork, city: BlueskyUser, resident: BlueskyUser
) -> None:
    """A resident's quote of an account that blocks them shows ``#viewBlocked`` with the author's DID only."""
    notice = city.post("Elm St is closed.")
    quote = resident.post("Ha:", quote=notice)
    bluesky_network.wait_until_seen(quote.uri)
    city.block(resident.did)
    bluesky_network.wait_until(lambda: quoted(bluesky_network, quote).get("blocked"), "the quote blocked")
    assert quoted(bluesky_network, quote)["author"] == {"did": city.did}


def test_a_quote_shows_the_post_as_it_is_now(
    bluesky_network: BlueskyNetwork, city: BlueskyUser, resident: BlueskyUser
) -> None:
    """When the quoted post is overwritten, the quote shows the new text, under a CID other than the one it quoted."""
    notice = city.post("Closed until Friday.")
    quote = resident.post("Noted:", quote=notice)
    bluesky_network.wait_until_seen(quote.uri)
    edited = city.overwrite(notice.uri, "Closed until Monday.")
    bluesky_network.wait_until_seen(notice.uri, edited.cid)
    assert quoted(bluesky_network, quote)["value"]["text"] == "Closed until Monday."
    assert quoted(bluesky_network, quote)["cid"] == edited.cid
    assert bluesky_network.seen(quote.uri)["record"]["embed"]["record"]["cid"] == notice.cid


def test_a_post_taken_down_by_the_pds_looks_deleted_there(bluesky_network: BlueskyNetwork, city: BlueskyUser) -> None:
    """The PDS answers as if the post had been deleted, and nothing more; the repository's account stays active."""
    post = city.post("Elm St is closed.")
    bluesky_network.wait_until_seen(post.uri)
    bluesky_network.take_down_post(post)
    with pytest.raises(XrpcError) as refused:
        bluesky_network.pds.get("com.atproto.repo.getRecord", repo=city.did, collection=POST, rkey=post.rkey)
    assert (refused.value.status, refused.value.error) == (400, "RecordNotFound")
    listed = bluesky_network.pds.get("com.atproto.repo.listRecords", repo=city.did, collection=POST)
    assert listed["records"] == []
    assert bluesky_network.pds.get("com.atproto.sync.getRepoStatus", did=city.did)["active"] is True
    assert bluesky_network.seen(post.uri)["cid"] == post.cid  # the AppView is moderated on its own
