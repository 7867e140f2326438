"""The city's answers as X are what nobody here wrote expects: the public `xdk`, its schema, and recorded answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests
from pydantic import BaseModel
from xdk import Client, schemas

from archiver.platforms import x_words
from samplecity.social import APIS
from samplecity.social.x import X
from tests.fixtures.recorded import recorded
from tests.fixtures.social_nights import social_town
from tests.servers.test_facebook_city import unlike

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from archiver.platforms.x_words import Vocabulary
    from samplecity.social.model import SocialAccount
    from tests.fixtures.archives import ArchiveMaker
    from tests.fixtures.social_nights import SocialTown

NIGHT = 5


@pytest.fixture
def town(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> Iterator[SocialTown]:
    """A city whose pages are small, at its fifth night."""
    monkeypatch.setitem(APIS, "x", X(most=7))
    served: AbstractContextManager[SocialTown] = social_town(make_archive, monkeypatch, "x", faulty=False)
    with served as made:
        made.running.at(NIGHT)
        yield made


def ids(pages: Iterable[Any]) -> list[str]:
    """The ids of the records of all pages."""
    return [each.id for page in pages for each in page.data or ()]


def get(town: SocialTown, account: SocialAccount, path: str, params: Mapping[str, Any], status: int = 200) -> Any:
    """An answer of the city's, which has that status."""
    answer = requests.get(
        f"{town.running.url}/x/2/{path}",
        params=dict(params),
        headers={"Authorization": f"Bearer {account.token}"},
        timeout=20,
    )
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_public_client_reads_everything_to_the_last_page(town: SocialTown) -> None:
    """The client xdk pages through posts, mentions, answers, messages and blocked accounts, and looks up posts and the usage."""
    world = town.city.social.at(NIGHT)
    mine = town.city.social.accounts[0]
    client = Client(base_url=f"{town.running.url}/x", bearer_token=mine.token, access_token=mine.token)
    whose = client.users.get_by_username(mine.handle, user_fields=["public_metrics", "created_at"])
    assert (whose.data.id, whose.data.public_metrics.post_count) == (mine.id, len(world.authored("x", mine.key)))
    assert client.users.get_me().data.username == mine.handle
    posts = ids(client.users.get_posts(mine.id, max_results=100))
    assert posts == [one.present_id for one in world.authored("x", mine.key)]
    assert ids(client.users.get_mentions(mine.id, max_results=50)) == [one.id for one in world.mentions("x", mine.key)]
    busy = max(world.posts("x", mine.key), key=lambda one: len(world.comments("x", one.id)))
    answers = ids(client.posts.search_all(query=f"conversation_id:{busy.id}", max_results=500))
    assert answers == [*(one.present_id for one in reversed(world.comments("x", busy.id))), busy.present_id]
    messages = [one.id for each in world.conversations("x", mine.key) for one in world.messages("x", each.id)]
    assert sorted(ids(client.direct_messages.get_events(max_results=50))) == sorted(messages)
    talk = world.conversations("x", mine.key)[0]
    assert ids(client.direct_messages.get_events_by_conversation_id(talk.id)) == [
        one.id for one in world.messages("x", talk.id)
    ]
    assert client.direct_messages.get_events_by_id(messages[0]).data.id == messages[0]
    blocked = ids(client.users.get_blocking(mine.id, max_results=1))
    assert blocked == [one["id"] for one in get(town, mine, f"users/{mine.id}/blocking", {"max_results": 100})["data"]]
    edited = next(one for one in world.authored("x", mine.key) if one.edits)
    forms = client.posts.get_by_ids(list(edited.ids), expansions=["edit_history_post_ids"])
    assert [each.edit_history_post_ids for each in forms.data] == [list(edited.ids)] * len(edited.ids)
    assert len({each.text for each in forms.data}) == len(edited.ids)
    gone = client.posts.get_by_id("1")
    assert gone.data is None
    assert [each.title for each in gone.errors] == ["Not Found Error"]
    usage = client.usage.get()
    assert int(usage.data.project_usage) > len(posts)


def test_a_public_client_is_refused_as_by_x(town: SocialTown) -> None:
    """A dead token is 401, a used-up month 429 with requests left."""
    mine = town.city.social.accounts[0]
    wrong = Client(base_url=f"{town.running.url}/x", bearer_token="token-x-nobody")
    with pytest.raises(requests.HTTPError, match="401"):
        wrong.users.get_by_username(mine.handle)
    APIS["x"] = X(cap=0)  # the fixture puts back what was there
    client = Client(base_url=f"{town.running.url}/x", bearer_token=mine.token)
    with pytest.raises(requests.HTTPError, match="429") as caught:
        client.users.get_by_username(mine.handle)
    answer = caught.value.response
    assert (answer.json()["title"], int(answer.headers["x-rate-limit-remaining"]) > 0) == ("UsageCapExceeded", True)
    assert client.usage.get().data.project_cap == "0"


def walks(town: SocialTown, words: Vocabulary) -> dict[str, Any]:
    """One answer of each kind that the connector asks for, in a vocabulary, asked as it asks."""
    world = town.city.social.at(NIGHT)
    mine, last = town.city.social.accounts
    busy = max(world.posts("x", mine.key), key=lambda one: len(world.comments("x", one.id)))
    edited = next(one for one in world.authored("x", mine.key) if one.edits)
    size = {"max_results": 100}
    posts, messages = {**words.post, **size}, {**words.message, **size}
    message = world.messages("x", world.conversations("x", mine.key)[0].id)[0]
    return {
        "GetUsersByUsernameResponse": get(town, mine, f"users/by/username/{mine.handle}", words.user),
        "GetUsersByIdResponse": get(town, mine, "users/12", words.user),
        "GetUsersMeResponse": get(town, last, "users/me", {}),
        "GetUsersPostsResponse": every(town, mine, f"users/{mine.id}/tweets", posts),
        "GetUsersMentionsResponse": every(town, mine, f"users/{mine.id}/mentions", posts),
        "SearchPostsAllResponse": every(
            town, mine, "tweets/search/all", {**posts, "query": f"conversation_id:{busy.id}"}
        ),
        "GetPostsByIdsResponse": get(town, mine, "tweets", {**words.post, "ids": f"{edited.ids[0]},1"}),
        "GetDirectMessagesEventsResponse": every(town, mine, "dm_events", messages),
        "GetDirectMessagesEventsByIdResponse": get(town, mine, f"dm_events/{message.id}", words.message),
        "GetUsersBlockingResponse": get(town, mine, f"users/{mine.id}/blocking", {"user.fields": "id,name,username"}),
        "GetUsageResponse": get(town, mine, "usage/tweets", {}),
    }


def every(town: SocialTown, account: SocialAccount, path: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """All pages of a listing as one answer."""
    whole: dict[str, Any] = {"data": [], "includes": {}, "errors": []}
    token: dict[str, str] = {}
    while True:
        page = get(town, account, path, {**params, **token})
        whole["data"] += page.get("data", [])
        whole["errors"] += page.get("errors", [])
        for name, found in page.get("includes", {}).items():
            whole["includes"].setdefault(name, []).extend(found)
        whole["meta"] = page["meta"]
        if "next_token" not in page["meta"]:
            return whole
        token = {"pagination_token": page["meta"]["next_token"]}


def unknown(value: Any, where: str = "") -> list[str]:
    """What stands in a model that its schema does not know."""
    if isinstance(value, BaseModel):
        found = [f"{where}/{name}" for name in value.model_extra or ()]
        return found + [
            each for name in type(value).model_fields for each in unknown(getattr(value, name), f"{where}/{name}")
        ]
    if isinstance(value, list):
        return sorted({each for one in value for each in unknown(one, f"{where}/*")})
    return []


def test_answers_have_the_schema_of_xs_own_specification(town: SocialTown) -> None:
    """Asked as the connector asks, in the words of `post`, every answer is one of OpenAPI's, and has nothing that it lacks."""
    for name, answer in walks(town, x_words.NEW).items():
        model = getattr(schemas, name).model_validate(answer)
        assert not unknown(model), name
        if name not in {"GetUsersByIdResponse", "GetUsersMeResponse"}:
            assert model.data, name


def test_answers_have_the_keys_and_types_of_recorded_ones(town: SocialTown) -> None:
    """In the words of `tweet`, whatever key the city's answers share with recorded ones has the recorded type."""
    root = recorded("x/sns-sdks__python-twitter/testdata")

    def told(*parts: str) -> Any:
        return json.loads(_file(root, *parts).read_text("utf-8"))

    answers = walks(town, x_words.OLD)
    posts = [
        *answers["GetUsersPostsResponse"]["data"],
        *answers["GetUsersPostsResponse"]["includes"]["tweets"],
        *answers["SearchPostsAllResponse"]["data"],
    ]
    media = answers["GetUsersPostsResponse"]["includes"]["media"]
    models = [
        ("post", posts, told("models", "tweet.json")),
        *(("found post", posts, each) for each in told("apis", "searches", "search_tweets_query.json")["data"]),
        ("post with its forms", posts, told("apis", "tweet", "tweet_retweet_tweets_resp.json")["data"][0]),
        ("medium", media, told("models", "media.json")),
        ("user", [answers["GetUsersByUsernameResponse"]["data"]], told("models", "user.json")),
        (
            "message",
            answers["GetDirectMessagesEventsResponse"]["data"],
            told("apis", "dm_events", "events.json")["data"][0],
        ),
        ("usage", [answers["GetUsageResponse"]["data"]], told("apis", "usage", "usage_tweets_resp.json")["data"]),
        (
            "page",
            [answers["GetUsersPostsResponse"]["meta"], answers["SearchPostsAllResponse"]["meta"]],
            told("apis", "timeline", "timeline_tweets.json")["meta"],
        ),
    ]
    for name, mine, theirs in models:
        assert mine, name
        for each in mine:
            assert not unlike(each, theirs), name
    for name in ("referenced_tweets", "attachments", "entities", "public_metrics", "in_reply_to_user_id"):
        assert any(name in each for each in posts), name


def _file(root: Path, *parts: str) -> Path:
    return root.joinpath(*parts)
