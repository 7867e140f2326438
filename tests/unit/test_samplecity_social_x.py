"""The city on X: what is told unasked, what is refused, what comes with what."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from samplecity.city import City
from samplecity.social.api import Request
from samplecity.social.x import X
from samplecity.social.x_words import NEW, OLD

if TYPE_CHECKING:
    from samplecity.social.x_words import Words

ORIGIN = "http://city.test/x"
CITY = City.build(nights=5, social=("x",)).social
WORLD = CITY.at(5)
MINE = CITY.accounts[0]
_SHORT = 280


def ask(path: str, api: X | None = None, token: str = MINE.token, **params: str) -> tuple[int, Any]:
    """An answer's status and JSON; `__` in a parameter's name stands for a point."""
    query = [(name.replace("__", "."), value) for name, value in params.items()]
    answer = (api or X()).answer(
        WORLD, Request("GET", f"/2/{path}", query, {"authorization": f"Bearer {token}"}), ORIGIN
    )
    return answer.status, json.loads(answer.body)


def timeline(**params: str) -> dict[str, Any]:
    """The first page of the account's posts."""
    status, page = ask(f"users/{MINE.id}/tweets", max_results="100", **params)
    assert status == 200
    return dict(page)


def test_unasked_a_post_is_its_id_and_its_text() -> None:
    """Everything else has to be asked for; in the older words the ids of its forms are there unasked."""
    assert {key for each in timeline()["data"] for key in each} == {"id", "text"}
    old = timeline(tweet__fields="id")
    assert {key for each in old["data"] for key in each} == {"id", "text", "edit_history_tweet_ids"}
    assert "includes" not in old


@pytest.mark.parametrize(
    "params",
    [
        {"post__fields": "likes"},
        {"post__fields": "author_id"},
        {"expansions": "author"},
        {"fields": "id"},
        {"max_results": "4"},
        {"max_results": "101"},
        {"max_results": "many"},
    ],
)
def test_what_x_does_not_know_is_refused(params: dict[str, str]) -> None:
    """An unknown parameter, an unknown value of one, a page of another size: 400, and which one it was."""
    status, told = ask(f"users/{MINE.id}/tweets", **params)
    assert (status, told["title"]) == (400, "Invalid Request")
    (name,) = told["errors"][0]["parameters"]
    assert name == next(iter(params)).replace("__", ".")


@pytest.mark.parametrize(("knows", "other"), [(NEW, OLD), (OLD, NEW)])
def test_a_server_refuses_the_other_vocabulary(knows: Words, other: Words) -> None:
    """One that knows `post` alone, or `tweet` alone, answers the other with 400."""
    api = X(understands=[knows])
    path = f"users/{MINE.id}/tweets"
    assert ask(path, api, **{f"{knows.post}__fields": "text"})[0] == 200
    assert ask(path, api, **{f"{other.post}__fields": "text"})[0] == 400


def searched(how: str = "all", **params: str) -> tuple[int, Any]:
    """An answer to a search."""
    return ask(f"tweets/search/{how}", max_results="100", **params)


def test_a_search_finds_a_months_posts_unless_it_says_since_when() -> None:
    """The full one 30 days; the recent one 7, and no more whatever is said; what is said must be a time that is over."""
    old = min((one for one in WORLD.things("x") if one.kind == "comment"), key=lambda one: one.at)
    query = f"conversation_id:{old.root}"
    assert WORLD.now is not None
    assert old.at < WORLD.now - timedelta(days=30)
    found = searched(query=query, start_time="2006-03-21T00:00:00Z")[1]["data"]
    assert old.id in {each["id"] for each in found}
    assert old.id not in {each["id"] for each in searched(query=query)[1].get("data", ())}
    assert searched("recent", query=query, start_time="2006-03-21T00:00:00Z")[0] == 400
    for wrong in ("2006-03-20T00:00:00Z", f"{WORLD.now:%Y-%m-%dT%H:%M:%SZ}", "yesterday"):
        assert searched(query=query, start_time=wrong)[0] == 400


def test_a_search_knows_conversations_and_direct_answers() -> None:
    """Joined by OR; another operator, and what is too long, are refused."""
    deep = next(one for one in WORLD.things("x") if one.kind == "comment" and one.parent != one.root)
    since = {"start_time": "2006-03-21T00:00:00Z"}
    below = searched(query=f"in_reply_to_tweet_id:{deep.parent}", **since)[1]["data"]
    assert {each["id"] for each in below} == {one.present_id for one in WORLD.replies("x", deep.parent or "")}
    assert searched(query=f"conversation_id:{deep.parent}", **since)[1]["meta"]["result_count"] == 1
    both = searched(query=f"conversation_id:{deep.root} OR in_reply_to_tweet_id:{deep.root}", **since)[1]["data"]
    assert both == searched(query=f"conversation_id:{deep.root}", **since)[1]["data"]
    assert searched(query="pothole", **since)[0] == 400
    assert searched(query=" OR ".join([f"conversation_id:{deep.root}"] * 40), **since)[0] == 400


def test_a_long_post_is_whole_in_its_note_alone() -> None:
    """Its text is cut at 280 characters."""
    posts = timeline(post__fields="note_post,text")["data"]
    long = [each for each in posts if "note_post" in each]
    assert long
    assert all(_SHORT - 80 < len(each["text"]) < len(each["note_post"]["text"]) for each in long)
    assert all(each["text"].endswith("…") for each in long)
    assert all(each["note_post"]["text"].startswith(each["text"][:100]) for each in long)


def test_media_come_with_the_posts_that_were_asked_for_alone() -> None:
    """A repost shows what it reposts, with the names of its media and without their addresses."""
    page = timeline(expansions="referenced_posts,attachments.media_keys", media__fields="url,variants,type,media_key")
    shown = {each["media_key"] for each in page["includes"]["media"]}
    asked_for = {key for each in page["data"] for key in each.get("attachments", {}).get("media_keys", ())}
    beside = {key for each in page["includes"]["posts"] for key in each.get("attachments", {}).get("media_keys", ())}
    assert shown == asked_for
    assert beside - shown


def test_what_is_gone_is_told_beside_what_is_there() -> None:
    """A quoted post that was deleted, and an id that never was: problems in an answer of status 200."""
    quote = dict(CITY.story["quote_of_resident_post"])["x"]
    rumor = dict(CITY.story["quoted_then_deleted"])["x"]
    status, told = ask("tweets", ids=f"{quote},1", expansions="referenced_posts")
    assert (status, [each["id"] for each in told["data"]]) == (200, [quote])
    assert sorted(each["resource_id"] for each in told["errors"]) == sorted(["1", rumor])


def test_another_accounts_private_matters_are_forbidden() -> None:
    """Whom it blocks is told to itself alone; of its messages nothing is there for others."""
    other = CITY.accounts[1]
    assert ask(f"users/{other.id}/blocking")[0] == 403
    message = WORLD.messages("x", WORLD.conversations("x", MINE.key)[0].id)[0]
    assert ask(f"dm_events/{message.id}")[1]["data"]["id"] == message.id
    assert "data" not in ask(f"dm_events/{message.id}", token=other.token)[1]
