"""What X's API v2 really answered between 2020 and 2025, in the words of `tweet`, read by the connector.

`x_recorded.expected.json` beside this file has what each answer gives, but for words and names: those are compared with the
answers themselves, which are no part of this repository. It was written down once and checked against the answers.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from archiver.platforms.items import Item, ItemKind, Party, ReferenceKind, StreamKind
from archiver.platforms.x import X
from tests.fixtures.recorded import recorded
from tests.fixtures.sessions import Answer, RecordedSession, account

ROOT = recorded("x/sns-sdks__python-twitter/testdata")
EXPECTED = json.loads(Path(__file__).with_name("x_recorded.expected.json").read_text("utf-8"))
OURS = account("x", "2244994945", "TwitterDev", token="t", vocabulary="old")
_NOTHING = Answer(b'{"meta":{"result_count":0}}')
_LOOKUPS = 9
"""More answers than any walk asks for beside the recorded one: whatever is looked up is not there."""

POSTS = (
    "apis/lists/list_tweets_resp.json",
    "apis/searches/search_tweets_for_nyc.json",
    "apis/searches/search_tweets_query.json",
    "apis/space/tweets_by_space.json",
    "apis/timeline/timeline_mentions.json",
    "apis/timeline/timeline_reverse_chronological.json",
    "apis/timeline/timeline_tweets.json",
    "apis/tweet/tweet_quote_tweets_resp.json",
    "apis/tweet/tweet_resp.json",
    "apis/tweet/tweet_retweet_tweets_resp.json",
    "apis/tweet/tweets_by_user_bookmark.json",
    "apis/tweet/tweets_resp.json",
    "apis/user/user_liked_tweets_resp.json",
)
MESSAGES = (
    "apis/dm_events/events.json",
    "apis/dm_events/events_by_conversation.json",
    "apis/dm_events/events_by_participant.json",
)
USERS = ("apis/user/me_resp.json", "apis/user/user_resp.json", "models/user.json")
LISTS = (
    "apis/lists/list_followers_resp.json",
    "apis/lists/list_members_resp.json",
    "apis/space/buyers_by_space.json",
    "apis/tweet/tweet_liking_users_resp.json",
    "apis/tweet/tweet_retweed_users_resp.json",
    "apis/user/blocking_users_list_resp.json",
    "apis/user/followers_resp.json",
    "apis/user/following_resp.json",
    "apis/user/muting_resp.json",
    "apis/user/search_users_resp.json",
    "apis/user/users_resp.json",
)
NOT_ASKED = (
    "apis/authflow/",
    "apis/compliance_jobs/",
    "apis/dm_events/events_create.json",
    "apis/lists/list_resp.json",
    "apis/lists/user_",
    "apis/media_upload_v2/",
    "apis/space/space",
    "apis/trends/",
    "apis/tweet/create_tweet_resp.json",
    "apis/tweet/tweets_counts_",
    "apis/usage/",
    "apis/user/block_user_resp.json",
    "apis/user/unblock_user_resp.json",
    "models/compliance_job.json",
    "models/expansions.json",
    "models/list.json",
    "models/media.json",
    "models/meta",
    "models/place.json",
    "models/poll.json",
    "models/rule.json",
    "models/space.json",
    "models/tweet.json",
    "streams/",
)
"""Answers to what the connector never asks; the models of posts, media and polls are read together, below."""


def body(name: str) -> Any:
    """A recorded answer."""
    return json.loads((ROOT / name).read_text("utf-8"))


def told(item: Item) -> dict[str, Any]:
    """What stands beside this test of an item: everything but words and names."""
    short = {
        "kind": item.kind.value,
        "id": item.id,
        "author": None if item.author is None else item.author.id,
        "created": None if item.created_at is None else item.created_at.isoformat(),
        "counts": dict(item.counts),
        "references": {one.kind.value: one.id for one in item.references},
        "media": [[one.id, one.kind] for one in item.media],
        "tags": len(item.tags),
        "mentions": len(item.mentions),
        "links": len(item.links),
        "languages": list(item.languages),
        "flags": sorted(item.flags),
        "evidence": sorted(item.evidence),
        "beside": not item.sighted,
        "pointer": item.pointer,
    }
    return {name: value for name, value in short.items() if value}


def session(answer: Any) -> RecordedSession:
    """A session that gives the recorded answer, and then nothing."""
    return RecordedSession(Answer(json.dumps(answer).encode()), *[_NOTHING] * _LOOKUPS)


def walk(name: str) -> list[Item]:
    """The items that the connector reads in a recorded answer."""
    answer = whole(name)
    if name in USERS:
        status = X().status(session(answer), OURS)
        assert status.profile is not None
        return [status.profile]
    return read(answer, StreamKind.MESSAGES if name in MESSAGES else StreamKind.POSTS)


def whole(name: str) -> Any:
    """A recorded answer in the form that the connector asks for: a single post as a list of one, a model as an answer."""
    answer = body(name)
    if name.startswith("models/"):
        return {"data": answer}
    if name in POSTS and isinstance(answer["data"], dict):
        return {**answer, "data": [answer["data"]]}
    return answer


def read(answer: Any, stream: StreamKind) -> list[Item]:
    """The items of a listing's recorded page; nothing of it is skipped."""
    pages = list(X().pages(session(answer), OURS, stream, None, {}))
    assert not [each for page in pages for each in page.skipped if each.lost]
    return [item for page in pages for item in page.items]


def members(name: str) -> list[Party]:
    """Everybody on a recorded list."""
    pages = X().members(session({**body(name), "meta": {}}), OURS, "followers")
    return [member for page in pages for member in page.members]


def record_at(answer: Any, pointer: str) -> Any:
    """The record that a JSON Pointer leads to."""
    for part in pointer.strip("/").split("/"):
        answer = answer[int(part) if isinstance(answer, list) else part]
    return answer


@pytest.mark.parametrize("name", [*POSTS, *MESSAGES, *USERS])
def test_a_recorded_answer_gives_what_is_kept_beside_this_test(name: str) -> None:
    """Every post, message and account that was recorded is read to its last record, word for word, with who wrote it."""
    answer, found = whole(name), walk(name)
    data = answer["data"]
    assert len([item for item in found if item.sighted]) == (len(data) if isinstance(data, list) else 1)
    assert [told(item) for item in found] == EXPECTED[name]
    names = {user["id"]: (user["username"], user["name"]) for user in answer.get("includes", {}).get("users", ())}
    for item in found:
        record = record_at(answer, item.pointer)
        assert item.id == record["id"]
        assert item.text == (None if item.kind is ItemKind.REPOST else record.get("text", record.get("description")))
        if item.author is not None and item.author.id in names:
            assert (item.author.handle, item.author.name) == names[item.author.id]


@pytest.mark.parametrize("name", LISTS)
def test_a_recorded_list_is_read_whole(name: str) -> None:
    """Everybody on it, by id, handle and name, in its order."""
    assert [(one.id, one.handle, one.name) for one in members(name)] == [
        (user["id"], user["username"], user["name"]) for user in body(name)["data"]
    ]
    assert [one.id for one in members(name)] == EXPECTED[name]


def test_every_recorded_answer_is_read_or_is_known_not_to_be_asked_for() -> None:
    """No recorded file is left out without a word."""
    names = {path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.json")}
    read_here = {*POSTS, *MESSAGES, *USERS, *LISTS}
    assert read_here <= names
    assert {name for name in names - read_here if not name.startswith(NOT_ASKED)} == set()
    assert set(EXPECTED) == read_here


def test_the_recorded_models_make_one_post() -> None:
    """A post with a moving picture and what it answers, beside a poll: all of it from the recorded entities."""
    post, beside, poll = body("models/tweet.json"), body("models/expansions.json"), body("models/poll.json")
    post["attachments"]["poll_ids"] = [poll["id"]]
    beside["polls"] = [poll]
    found = list(
        X().pages(
            session({"data": [post], "includes": beside, "meta": {"result_count": 1}}), OURS, StreamKind.POSTS, None, {}
        )
    )
    answer, answered = found[0].items
    assert (answer.kind.value, answer.reference(ReferenceKind.PARENT)) == ("comment", "1212092627178287104")
    assert [(each.id, each.kind) for each in answer.media] == [("1211797899316740096", "video")]
    assert answer.evidence["poll"] == {"options": ["“C Sharp”", "“C Hashtag”"], "ends": "2019-11-28T20:26:41.000Z"}
    assert answer.created_at == datetime(2019, 12, 31, 19, 26, 16, tzinfo=UTC)
    assert answer.links == ("https://twitter.com/LovesNandos/status/1211797914437259264/photo/1",)
    assert (answered.id, answered.sighted) == ("1212092627178287104", False)
    assert answered.author is not None
    assert answered.author.handle == "TwitterDev"


def test_a_recorded_listing_goes_on_where_it_says() -> None:
    """Its `next_token` comes back as `pagination_token`, and what the page showed whole ends at its lowest id."""
    asked = session(body("apis/timeline/timeline_tweets.json"))
    first, last = X().pages(asked, OURS, StreamKind.POSTS, None, {})
    meta = body("apis/timeline/timeline_tweets.json")["meta"]
    assert asked.asked[1].params["pagination_token"] == meta["next_token"]
    assert first.coverage is not None
    assert first.coverage.after == str(int(meta["oldest_id"]) + 1).zfill(20)
    assert (last.coverage and last.coverage.after, last.resume) == (None, None)


def test_a_recorded_token_is_understood() -> None:
    """`/2/users/me` says whose token it is."""
    health = X().token(session(body("apis/user/me_resp.json")), OURS)
    assert health is not None
    assert health.alive
    assert "TwitterDev" in health.words
