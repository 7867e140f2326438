"""What the sample city serves is the truth, in the shapes of the lexicons, with the errors of real servers."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import requests
from atproto import Client, models
from atproto_client.exceptions import UnauthorizedError

from samplecity import records
from samplecity.accounts import BY_KEY
from samplecity.appview import THREAD_DEPTH
from samplecity.chat_api import password_of
from samplecity.city import City
from samplecity.running import RunningCity, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

POST = records.POST
Value = str | int | list[str] | None


@pytest.fixture(scope="module")
def city() -> City:
    """The default city."""
    return City.build()


@pytest.fixture(scope="module")
def running(city: City) -> Iterator[RunningCity]:
    """The default city, served without faults."""
    with serve(city, faulty=False) as server:
        yield server


def ask(server: RunningCity, method: str, **query: Value) -> dict[str, Any]:
    """Ask a method; gives the JSON of the answer, errors too."""
    answer: dict[str, Any] = requests.get(f"{server.url}/xrpc/{method}", params=query, timeout=10).json()
    return answer


def pages(server: RunningCity, method: str, field: str, **query: Value) -> list[dict[str, Any]]:
    """Read all pages of a method."""
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        answer = ask(server, method, cursor=cursor, **query)
        found += answer[field]
        cursor = answer.get("cursor")
        if not cursor:
            return found


def thread_of(server: RunningCity, uri: str) -> list[dict[str, Any]]:
    """Read all replies below a post, asking again for what lies deeper than an answer goes."""
    found = []
    todo = [uri]
    while todo:
        anchor = todo.pop()
        stack = ask(server, "app.bsky.feed.getPostThread", uri=anchor, depth=1000)["thread"]["replies"]
        while stack:
            view = stack.pop()
            found.append(view["post"])
            if "replies" in view:
                stack += view["replies"]
            elif view["post"]["replyCount"]:
                todo.append(view["post"]["uri"])
    return found


@pytest.mark.parametrize("night", [1, 2, 3, 4, 5])
def test_what_a_reader_can_reach_is_the_truth(city: City, running: RunningCity, night: int) -> None:
    """Walking every account and thread as a client does finds exactly the items, versions and counts of the truth."""
    running.at(night)
    truth = city.truth_after(night)
    expected = {
        (item.id, version.cid, version.text)
        for item in truth.items
        for sighting in item.sightings
        if item.platform == "bluesky" and sighting.stream in ("posts", "comments") and night in sighting.nights
        for version in item.versions
        if night in version.nights
    }
    found = set()
    for account in truth.accounts:
        if account.platform == "rss" or account.status_by_night[night] != "active":
            continue
        own = pages(running, "com.atproto.repo.listRecords", "records", repo=account.id, collection=POST, limit=7)
        kinds = Counter("comment" if "reply" in one["value"] else "post" for one in own)
        assert {kind: account.counts_by_night[night].get(kind, 0) for kind in kinds} == dict(kinds)
        found |= {(one["uri"], one["cid"], one["value"]["text"]) for one in own}
        for one in own:
            if "reply" not in one["value"]:
                replies = thread_of(running, one["uri"])
                assert len(replies) == account.comments_by_night[night][one["uri"]]
                found |= {(reply["uri"], reply["cid"], reply["record"]["text"]) for reply in replies}
    assert found == expected


@pytest.mark.parametrize("night", [1, 3, 5])
def test_a_lookup_finds_what_the_truth_says_is_visible(city: City, running: RunningCity, night: int) -> None:
    """`getPosts` gives the visible posts, with the version of that night, and leaves out the rest without a word."""
    running.at(night)
    items = [item for item in city.truth_after(night).items if item.kind in ("post", "comment") and not item.namespace]
    for start in range(0, len(items), 25):
        chunk = items[start : start + 25]
        answer = ask(running, "app.bsky.feed.getPosts", uris=[item.id for item in chunk])
        assert {post["uri"]: post["cid"] for post in answer["posts"]} == {
            item.id: version.cid for item in chunk for version in item.versions if night in version.nights
        }


def test_the_originals_are_served_and_the_images_are_not_they(city: City, running: RunningCity) -> None:
    """`getBlob` gives the bytes whose SHA-256 the truth names; the app view's image address gives others."""
    running.at(5)
    shown = [item for item in city.truth_after(5).items if item.state == "present" and item.versions[-1].media]
    item = next(one for one in shown if one.platform == "bluesky")
    media = item.versions[-1].media[0]
    address = f"{running.url}/xrpc/com.atproto.sync.getBlob"
    blob = requests.get(address, params={"did": item.author, "cid": media.cid}, timeout=10)
    assert blob.headers["content-type"] == "image/png"
    assert blob.content == city.pictures[item.author, str(media.cid)].data
    view = ask(running, "app.bsky.feed.getPosts", uris=item.id)["posts"][0]
    copy = requests.get(view["embed"]["images"][0]["fullsize"], timeout=10)
    assert copy.status_code == 200
    assert copy.content != blob.content


def test_a_foreign_client_reads_the_city_to_the_last_page(city: City, running: RunningCity) -> None:
    """The PyPI client `atproto`, which nobody here wrote, parses every page, thread and profile into its models."""
    running.at(3)
    client = Client(base_url=f"{running.url}/xrpc")
    truth = city.truth_after(3)
    for account in truth.accounts:
        if account.platform == "rss" or account.status_by_night[3] != "active":
            continue
        assert client.get_profile(account.handle_by_night[3]).did == account.id
        cursor, listed = None, []
        while True:
            page = client.com.atproto.repo.list_records(
                models.ComAtprotoRepoListRecords.Params(repo=account.id, collection=POST, limit=30, cursor=cursor)
            )
            listed += page.records
            cursor = page.cursor
            if not cursor:
                break
        assert all(isinstance(one.value, models.AppBskyFeedPost.Record) for one in listed)
        counts = account.counts_by_night[3]
        assert len(listed) == counts.get("post", 0) + counts.get("comment", 0)
        for one in listed:
            thread = client.get_post_thread(one.uri, depth=1000).thread
            assert isinstance(thread, models.AppBskyFeedDefs.ThreadViewPost)
        assert len(client.get_author_feed(account.id, limit=100).feed) > 0


def test_listing_gives_a_cursor_until_an_empty_page(running: RunningCity) -> None:
    """Paging ends on an empty page, in either order, without a record lost or twice."""
    running.at(2)
    did = BY_KEY["parks"].did
    forward = pages(running, "com.atproto.repo.listRecords", "records", repo=did, collection=POST, limit=10)
    back = pages(running, "com.atproto.repo.listRecords", "records", repo=did, collection=POST, limit=7, reverse="true")
    assert forward == back[::-1]
    assert len({one["uri"] for one in forward}) == len(forward) > 20
    full = ask(running, "com.atproto.repo.listRecords", repo=did, collection=POST, limit=100)
    assert full["cursor"] == forward[-1]["uri"].rpartition("/")[2]


@pytest.mark.parametrize("limit", ["0", "101", "many"])
def test_a_limit_out_of_bounds_is_refused(running: RunningCity, limit: str) -> None:
    """As on a real server, a page of 0, of 101 or of `many` is an InvalidRequest."""
    answer = ask(running, "com.atproto.repo.listRecords", repo=BY_KEY["parks"].did, collection=POST, limit=limit)
    assert answer["error"] == "InvalidRequest"


def test_a_deep_thread_needs_a_second_question(city: City, running: RunningCity) -> None:
    """An answer stops ten levels down whatever is asked; its last reply counts replies that it does not show."""
    running.at(2)
    view = ask(running, "app.bsky.feed.getPostThread", uri=city.story["deep_thread"][0], depth=1000)["thread"]
    levels = 0
    while view.get("replies"):
        view = view["replies"][0]
        levels += 1
    assert levels == THREAD_DEPTH
    assert view["post"]["replyCount"] == 1
    assert "replies" not in view
    reached = {post["uri"] for post in thread_of(running, city.story["deep_thread"][0])}
    assert city.story["deepest_comment"][0] in reached


def test_a_parent_that_is_gone_is_named(city: City, running: RunningCity) -> None:
    """An orphan's thread shows `#notFoundPost` in its parent's place; a quote of a deleted post `#viewNotFound`."""
    running.at(3)
    thread = ask(running, "app.bsky.feed.getPostThread", uri=city.story["orphaned_comment"][0])["thread"]
    assert thread["parent"]["$type"] == "app.bsky.feed.defs#notFoundPost"
    [quote] = ask(running, "app.bsky.feed.getPosts", uris=city.story["quote_of_resident_post"])["posts"]
    assert quote["embed"]["record"]["record"]["$type"] == "app.bsky.embed.record#viewNotFound"
    assert quote["embed"]["media"]["images"][0]["alt"] == "Station 2, open, flag flying"


def test_an_authors_feed_has_its_reposts_and_filters(city: City, running: RunningCity) -> None:
    """Reposts carry a reason and another's post; each filter gives its part, over as many pages as it takes."""
    running.at(5)
    did = BY_KEY["abad"].did
    whole = pages(running, "app.bsky.feed.getAuthorFeed", "feed", actor=did, limit=4)
    [shared] = [line for line in whole if "reason" in line]
    assert shared["post"]["uri"] == city.story["answered_resident_post"][0]
    assert len(whole) == len({line["post"]["uri"] for line in whole})
    plain = pages(running, "app.bsky.feed.getAuthorFeed", "feed", actor=did, limit=4, filter="posts_no_replies")
    threads = pages(running, "app.bsky.feed.getAuthorFeed", "feed", actor=did, filter="posts_and_author_threads")
    media = pages(running, "app.bsky.feed.getAuthorFeed", "feed", actor=did, filter="posts_with_media")
    own = set(city.story["own_thread"])
    assert own <= {line["post"]["uri"] for line in threads}
    assert {line["post"]["uri"] for line in plain} & own == {city.story["own_thread"][0]}
    assert all("embed" in line["post"] for line in media)
    assert len(media) < len(plain) < len(threads) < len(whole)


def test_the_truth_over_http_is_the_truth(city: City, running: RunningCity) -> None:
    """Another process gets the same truth and register rows from the control endpoints."""
    running.at(2)
    assert running.truth() == json.loads(city.truth_after(2).to_json())
    rows = running.register_rows()
    assert {row["platform"] for row in rows} == {"bluesky", "rss"}
    assert running.register_csv() == city.register_csv(running.url)
    assert rows[0]["settings"] == {"plc_url": running.plc_url, "appview_url": running.appview_url}
    assert rows[-1]["settings"]["url"] == running.feed_url("biblioteca-noticias")


def test_the_clock_refuses_a_night_that_is_not(running: RunningCity) -> None:
    """Moving the clock outside the history is an error that names the nights there are."""
    with pytest.raises(ValueError, match="nights 1 to 5, not 9"):
        running.at(9)


def test_a_foreign_client_reads_messages_and_followers(running: RunningCity) -> None:
    """`atproto` logs in with an app password, reads every conversation through its chat proxy, and who follows the account."""
    talking = City.build(chat=True)
    assert talking.chat is not None
    with serve(talking, faulty=False, night=3) as server:
        client = Client(base_url=f"{server.url}/xrpc")
        client.login("clerk.laspalmasverdes.test", password_of("clerk"))
        convo = client.with_bsky_chat_proxy().chat.bsky.convo
        read: dict[str, int] = {}
        for each in convo.list_convos().convos:
            cursor, found = None, []
            while True:
                page = convo.get_messages(
                    models.ChatBskyConvoGetMessages.Params(convo_id=each.id, limit=100, cursor=cursor)
                )
                found += page.messages
                cursor = page.cursor
                if not cursor:
                    break
            read[each.id] = len(found)
        did = BY_KEY["clerk"].did
        assert read == {talk.id: len(talk.at(3)) for talk in talking.chat.of(did, 3)}
        followers, cursor = [], None
        while True:
            listed = client.get_followers(did, cursor=cursor, limit=7)
            followers += [one.did for one in listed.followers]
            cursor = listed.cursor
            if not cursor:
                break
        world = talking.at(3)
        assert followers == [one for one in world.followers(did) if world.active(one)]
        with pytest.raises(UnauthorizedError):
            Client(base_url=f"{server.url}/xrpc").login("clerk.laspalmasverdes.test", "wrong")
    assert ask(running, "chat.bsky.convo.listConvos")["error"] == "MethodNotImplemented"
