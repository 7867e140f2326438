"""The Bluesky test network is the real thing, and its servers answer as recorded.

How the ways an account can vanish are told apart (all answers: ``tests/recorded/bluesky_network/answers.json``, which
:func:`test_the_servers_answer_as_recorded` keeps true):

============  =====================  ==========================  =========================  ==============
state         PDS sync.getRepoStatus PDS getRepo, getLatestCommit AppView actor.getProfile  PLC ``/{did}``
============  =====================  ==========================  =========================  ==============
active        200 active=true        200                         200                        200
renamed       200 active=true        200                         200 by DID, 400 by the     200, new name
                                                                 old handle InvalidRequest
deactivated   200 active=false,      400 RepoDeactivated         400 AccountDeactivated     200
              status=deactivated
taken down    200 active=false,      400 RepoTakendown           400 AccountTakedown        200
              status=takendown
deleted       400 RepoNotFound       400 RepoNotFound            400 InvalidRequest         200
                                                                 "Profile not found"
tombstoned    400 RepoNotFound       400 RepoNotFound            as deleted                 404
============  =====================  ==========================  =========================  ==============

``com.atproto.repo.listRecords`` and ``getRecord`` answer 400 InvalidRequest "Could not find repo" to all of the last
four alike, and so does the AppView's ``getAuthorFeed`` (400 "Profile not found"); ``getPosts`` leaves their posts out.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
import requests

from tests.fixtures.bluesky_answers import PIXEL, POSTS, STATES, ask_everything, make_scene
from tests.fixtures.bluesky_user import Post, XrpcError

if TYPE_CHECKING:
    from tests.fixtures.bluesky import BlueskyNetwork
    from tests.fixtures.bluesky_user import BlueskyUser

RECORDED = Path(__file__).parent.parent / "recorded" / "bluesky_network"


@pytest.fixture(scope="module")
def resident(bluesky_network: BlueskyNetwork) -> BlueskyUser:
    """Somebody who answers the city."""
    return bluesky_network.create_account("Resident")


@pytest.fixture
def city(bluesky_network: BlueskyNetwork) -> BlueskyUser:
    """A new city account for one test."""
    return bluesky_network.create_account("City")


@pytest.mark.parametrize("state", STATES)
def test_the_servers_answer_as_recorded(bluesky_network: BlueskyNetwork, resident: BlueskyUser, state: str) -> None:
    """Every endpoint's answer in this state of an account is the recorded one."""
    recorded = json.loads((RECORDED / "answers.json").read_text())["states"][state]
    scene = make_scene(bluesky_network, resident)
    STATES[state](bluesky_network, scene)
    assert ask_everything(bluesky_network, scene) == recorded


def test_every_server_listens_on_loopback_only(bluesky_network: BlueskyNetwork) -> None:
    """No process of the network can be reached from another machine."""
    port = int(bluesky_network.pds_url.rsplit(":", 1)[1])
    listening = [(c.pid, c.laddr) for c in psutil.net_connections("tcp") if c.status == "LISTEN" and c.laddr]
    network = next(pid for pid, address in listening if address.port == port)
    addresses = [address.ip for pid, address in listening if pid == network]
    assert len(addresses) >= 3
    assert set(addresses) == {"127.0.0.1"}


def test_a_post_declares_its_own_date(bluesky_network: BlueskyNetwork, city: BlueskyUser) -> None:
    """A past date is taken as declared, and the AppView's ``indexedAt`` follows it: it is no time of receipt."""
    post = city.post("Elm St is closed.", datetime(2024, 3, 1, 9, tzinfo=UTC))
    seen = bluesky_network.wait_until_seen(post.uri)
    assert seen["record"]["createdAt"] == "2024-03-01T09:00:00.000Z"
    assert seen["indexedAt"] == "2024-03-01T09:00:00.000Z"


def test_a_thread_holds_the_replies_of_others(
    bluesky_network: BlueskyNetwork, city: BlueskyUser, resident: BlueskyUser
) -> None:
    """A resident's reply and the city's answer to it come back nested, under the root of the thread."""
    notice = city.post("Elm St is closed.")
    question = resident.post("Until when?", reply_to=notice)
    answer = city.post("Friday.", reply_to=question)
    assert answer.root == notice
    bluesky_network.wait_until_seen(answer.uri)
    thread = bluesky_network.appview.get("app.bsky.feed.getPostThread", uri=notice.uri)["thread"]
    (first,) = thread["replies"]
    (second,) = first["replies"]
    assert [first["post"]["uri"], second["post"]["uri"]] == [question.uri, answer.uri]


def test_a_picture_comes_back_byte_for_byte(bluesky_network: BlueskyNetwork, city: BlueskyUser) -> None:
    """``getBlob`` gives the bytes as uploaded; the AppView's own picture is another encoding of it."""
    post = city.post("Map", images=[(PIXEL, "image/png", "One pixel")])
    record = bluesky_network.pds.get("com.atproto.repo.getRecord", repo=city.did, collection=POSTS, rkey=post.rkey)
    (image,) = record["value"]["embed"]["images"]
    assert image["alt"] == "One pixel"
    blob = bluesky_network.pds.get("com.atproto.sync.getBlob", did=city.did, cid=image["image"]["ref"]["$link"])
    assert blob == PIXEL
    (shown,) = bluesky_network.wait_until_seen(post.uri)["embed"]["images"]
    assert shown["fullsize"].startswith(bluesky_network.appview_url)
    fullsize = requests.get(shown["fullsize"], timeout=30)
    assert fullsize.ok
    assert fullsize.content != PIXEL


def test_a_deleted_reply_leaves_no_trace(
    bluesky_network: BlueskyNetwork, city: BlueskyUser, resident: BlueskyUser
) -> None:
    """A reply its author deleted is not in the thread, not counted and not in the author's repository."""
    notice = city.post("Elm St is closed.")
    reply = resident.post("Regretted", reply_to=notice)
    bluesky_network.wait_until_seen(reply.uri)
    resident.delete(reply.uri)
    bluesky_network.wait_until_gone(reply.uri)
    thread = bluesky_network.appview.get("app.bsky.feed.getPostThread", uri=notice.uri)["thread"]
    assert thread["replies"] == []
    assert thread["post"]["replyCount"] == 0
    with pytest.raises(XrpcError) as refused:
        bluesky_network.pds.get("com.atproto.repo.getRecord", repo=resident.did, collection=POSTS, rkey=reply.rkey)
    assert refused.value.error == "RecordNotFound"


def test_an_overwritten_post_keeps_its_uri_and_changes_its_cid(
    bluesky_network: BlueskyNetwork, city: BlueskyUser
) -> None:
    """The silent edit: same URI and declared date, new CID and text, on the PDS and on the AppView."""
    post = city.post("Closed until Friday.", datetime(2026, 3, 1, 9, tzinfo=UTC))
    edited = city.overwrite(post.uri, "Closed until Monday.")
    assert edited.uri == post.uri
    assert edited.cid != post.cid
    seen = bluesky_network.wait_until_seen(post.uri, edited.cid)
    assert seen["record"]["text"] == "Closed until Monday."
    assert seen["record"]["createdAt"] == "2026-03-01T09:00:00.000Z"


def test_an_account_comes_back_whole(bluesky_network: BlueskyNetwork, city: BlueskyUser) -> None:
    """Deactivated and reactivated, then taken down and restored, an account has all its posts again."""
    post = city.post("Elm St is closed.")
    bluesky_network.wait_until_seen(post.uri)
    city.deactivate()
    bluesky_network.wait_until_profile(city.did, shown=False)
    city.reactivate()
    bluesky_network.wait_until_profile(city.did, shown=True)
    bluesky_network.take_down(city.did)
    bluesky_network.wait_until_profile(city.did, shown=False)
    bluesky_network.restore(city.did)
    bluesky_network.wait_until_profile(city.did, shown=True)
    assert bluesky_network.wait_until_seen(post.uri)["cid"] == post.cid


def test_listing_is_by_record_key_newest_first(bluesky_network: BlueskyNetwork, city: BlueskyUser) -> None:
    """``listRecords`` orders by record key, newest first, whatever dates are declared; ``reverse`` turns it round."""
    years = (2025, 2023, 2024)
    posts = [city.post(str(year), datetime(year, 1, 1, tzinfo=UTC)) for year in years]

    def listed(*, reverse: str) -> list[str]:
        answer = bluesky_network.pds.get(
            "com.atproto.repo.listRecords", repo=city.did, collection=POSTS, reverse=reverse
        )
        return [record["uri"] for record in answer["records"]]

    written = [post.uri for post in posts]
    assert listed(reverse="true") == written
    assert listed(reverse="false") == written[::-1]


def test_a_thread_comes_whole_to_depth_1000(
    bluesky_network: BlueskyNetwork, city: BlueskyUser, resident: BlueskyUser
) -> None:
    """This AppView cuts a thread by depth only (6 unless asked, 1000 at most), never by the number of replies."""
    chain: list[Post] = [city.post("Elm St is closed.")]
    for number in range(12):
        chain.append(resident.post(f"{number}", reply_to=chain[-1]))
    wide = [resident.post(f"wide {number}", reply_to=chain[0]) for number in range(30)]
    for post in (chain[-1], wide[-1]):
        bluesky_network.wait_until_seen(post.uri)

    def thread(**depth: int) -> dict[str, Any]:
        found: dict[str, Any] = bluesky_network.appview.get("app.bsky.feed.getPostThread", uri=chain[0].uri, **depth)
        return found["thread"]  # type: ignore[no-any-return]

    assert _size(thread(depth=1000)) == len(chain) + len(wide)
    assert _size(thread()) == 7 + len(wide)
    with pytest.raises(XrpcError, match="maximum 1000"):
        thread(depth=1001)


def test_a_quote_is_shown_with_what_it_quotes(
    bluesky_network: BlueskyNetwork, city: BlueskyUser, resident: BlueskyUser
) -> None:
    """``getPosts`` brings the quoted post's record inside the embed, and the picture's address."""
    notice = city.post("Map", images=[(PIXEL, "image/png", "One pixel")])
    bluesky_network.wait_until_seen(notice.uri)
    quote = resident.post("Look:", quote=notice)
    quoted = bluesky_network.wait_until_seen(quote.uri)["embed"]["record"]
    assert quoted["uri"] == notice.uri
    assert quoted["value"]["text"] == "Map"
    assert quoted["embeds"][0]["images"][0]["alt"] == "One pixel"


def test_a_repost_is_a_record_of_its_own(
    bluesky_network: BlueskyNetwork, city: BlueskyUser, resident: BlueskyUser
) -> None:
    """A repost is in ``app.bsky.feed.repost``, not among the posts; a like is counted on the post."""
    post = resident.post("The library is lovely.")
    repost = city.repost(post)
    city.like(post)
    reposts = bluesky_network.pds.get("com.atproto.repo.listRecords", repo=city.did, collection="app.bsky.feed.repost")[
        "records"
    ]
    assert [(r["uri"], r["value"]["subject"]["uri"]) for r in reposts] == [(repost, post.uri)]
    bluesky_network.wait_until(
        lambda: {bluesky_network.seen(post.uri).get(count) for count in ("repostCount", "likeCount")} == {1},
        "one repost and one like counted",
    )


def test_the_pds_says_its_rate_limit_and_the_appview_says_none(
    bluesky_network: BlueskyNetwork, city: BlueskyUser
) -> None:
    """A caller like the archive sees ``RateLimit-*`` headers of the PDS; the AppView itself sends none."""
    query = f"com.atproto.repo.listRecords?repo={city.did}&collection={POSTS}"
    pds = requests.get(f"{bluesky_network.pds_url}/xrpc/{query}", timeout=30)
    assert pds.headers["RateLimit-Policy"] == "3000;w=300"
    assert int(pds.headers["RateLimit-Remaining"]) < 3000
    appview = requests.get(f"{bluesky_network.appview_url}/xrpc/app.bsky.actor.getProfile?actor={city.did}", timeout=30)
    assert appview.ok
    assert not [name for name in appview.headers if name.lower().startswith("ratelimit")]


def _size(thread: dict[str, Any]) -> int:
    return 1 + sum(_size(reply) for reply in thread.get("replies", []))
