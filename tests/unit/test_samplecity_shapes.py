"""The sample city's answers have the shapes of the lexicons, and its refusals are those of real servers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from samplecity import bluesky, records
from samplecity.accounts import BY_KEY
from samplecity.chat import LOGGED_IN
from samplecity.chat_api import PROXY, ChatServer, password_of
from samplecity.city import City
from samplecity.running import RunningCity, serve
from samplecity.views import Views
from samplecity.xrpc import Query
from tests.fixtures.lexicons import FOLDER, Lexicons

if TYPE_CHECKING:
    from collections.abc import Iterator

POST = records.POST
RECORDED = Path(__file__).parents[1] / "recorded/bluesky_network/answers.json"


@pytest.fixture(scope="module")
def city() -> City:
    """The default city."""
    return City.build()


@pytest.fixture(scope="module")
def running(city: City) -> Iterator[RunningCity]:
    """The default city, served without faults."""
    with serve(city, faulty=False) as server:
        yield server


METHODS = [
    ("com.atproto.identity.resolveHandle", {"handle": "{handle}"}),
    ("app.bsky.actor.getProfile", {"actor": "{did}"}),
    ("app.bsky.actor.getProfiles", {"actors": "{did}"}),
    ("com.atproto.repo.describeRepo", {"repo": "{did}"}),
    ("com.atproto.sync.getLatestCommit", {"did": "{did}"}),
    ("com.atproto.sync.getRepoStatus", {"did": "{did}"}),
    ("com.atproto.repo.listRecords", {"repo": "{did}", "collection": POST, "limit": "100"}),
    ("com.atproto.repo.listRecords", {"repo": "{did}", "collection": records.REPOST}),
    ("com.atproto.repo.listRecords", {"repo": "{did}", "collection": records.PROFILE}),
    ("app.bsky.feed.getAuthorFeed", {"actor": "{did}", "limit": "100"}),
]


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the lexicons are not on this machine (ARCHIVE_RECORDED_DIR)")
@pytest.mark.parametrize("night", [1, 4, 5])
def test_every_answer_fits_its_lexicon(city: City, night: int) -> None:
    """Each method's answer for each active account, thread and quote has the lexicon's fields and forms only."""
    lexicons = Lexicons()
    views = Views(city.at(night), "http://127.0.0.1:1")
    problems: list[str] = []

    def check(method: str, query: dict[str, str]) -> None:
        answer = bluesky.call(views, method, Query(list(query.items())))
        problems.extend(f"{method}: {one}" for one in lexicons.problems(method, answer))

    for did in (one.did for one in city.accounts if views.world.active(one.did)):
        about = {"did": did, "handle": views.world.handles[did]}
        for method, query in METHODS:
            check(method, {name: value.format(**about) for name, value in query.items()})
        for stored in views.world.page(did, POST, 1000, "", reverse=False):
            check("app.bsky.feed.getPostThread", {"uri": stored.uri, "depth": "1000"})
            check("app.bsky.feed.getPosts", {"uris": stored.uri})
            check("app.bsky.feed.getQuotes", {"uri": stored.uri})
            check("com.atproto.repo.getRecord", {"repo": did, "collection": POST, "rkey": stored.uri[-13:]})
    assert problems == []


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the lexicons are not on this machine (ARCHIVE_RECORDED_DIR)")
@pytest.mark.parametrize("night", [1, 3, 5])
def test_every_answer_about_messages_fits_its_lexicon(night: int) -> None:
    """Sessions, conversations and messages of each account that has them, page by page."""
    lexicons, talking = Lexicons(), City.build(chat=True)
    views, server = Views(talking.at(night), "http://127.0.0.1:1"), ChatServer(talking)
    problems: list[str] = []

    def ask(method: str, query: dict[str, str], headers: dict[str, str], body: bytes = b"") -> dict[str, Any]:
        answer = server.call(views, night, method, Query(list(query.items())), headers, body)
        assert answer is not None
        problems.extend(f"{method}: {one}" for one in lexicons.problems(method, answer))
        return answer

    for key in LOGGED_IN:
        asked = json.dumps({"identifier": BY_KEY[key].did, "password": password_of(key)}).encode()
        begun = ask("com.atproto.server.createSession", {}, {}, asked)
        refreshed = {"authorization": f"Bearer {begun['refreshJwt']}"}
        begun = ask("com.atproto.server.refreshSession", {}, refreshed)
        headers = {"authorization": f"Bearer {begun['accessJwt']}", "atproto-proxy": PROXY}
        ask("com.atproto.server.getSession", {}, headers)
        for convo in ask("chat.bsky.convo.listConvos", {"limit": "100"}, headers)["convos"]:
            query = {"convoId": convo["id"], "limit": "100"}
            while True:
                answer = ask("chat.bsky.convo.getMessages", query, headers)
                if "cursor" not in answer:
                    break
                query["cursor"] = answer["cursor"]
    assert problems == []


def _case(city: City, state: str) -> tuple[int, str, str]:
    """Give (night, DID, post) for a state of an account that the recorded network was put into."""
    night, key = {
        "active": (1, "parks"),
        "post deleted": (3, "clerk"),
        "renamed": (3, "library"),
        "deactivated": (3, "ruiz"),
        "taken down": (5, "recreation"),
        "deleted": (5, "dialaride"),
    }[state]
    did = BY_KEY[key].did
    if state == "post deleted":
        return night, did, city.story["deleted_post"][0]
    return night, did, city.at(1).page(did, POST, 1, "", reverse=False)[0].uri


def _recorded() -> list[tuple[str, str, dict[str, Any]]]:
    states = json.loads(RECORDED.read_text())["states"]
    asked = {
        "PDS com.atproto.repo.listRecords by did",
        "PDS com.atproto.repo.getRecord by did",
        "PDS com.atproto.repo.describeRepo by did",
        "PDS com.atproto.sync.getRepoStatus by did",
        "PDS com.atproto.sync.getLatestCommit by did",
        "PDS com.atproto.sync.getRepo by did",
        "AppView app.bsky.actor.getProfile by did",
        "AppView app.bsky.actor.getProfile by first handle",
        "AppView app.bsky.feed.getAuthorFeed by did",
        "AppView app.bsky.feed.getPosts of the post",
        "AppView app.bsky.feed.getPostThread of the post",
        "AppView com.atproto.identity.resolveHandle by first handle",
        "PLC GET /{did}",
    }
    return [
        (state, question, answer)
        for state, answers in states.items()
        if "tombstoned" not in state
        for question, answer in answers.items()
        if question in asked
    ]


@pytest.mark.parametrize(("state", "question", "real"), _recorded())
def test_each_state_of_an_account_answers_as_real_servers_do(
    city: City, running: RunningCity, state: str, question: str, real: dict[str, Any]
) -> None:
    """Status, error name and message are those a real PDS, app view and PLC directory gave in the same state."""
    night, did, post = _case(city, state)
    running.at(night)
    first = next(one.handle for one in city.accounts if one.did == did)
    method = question.split()[1]
    subject = first if "first handle" in question else did
    query = {
        "com.atproto.repo.listRecords": {"repo": did, "collection": POST},
        "com.atproto.repo.getRecord": {"repo": did, "collection": POST, "rkey": post.rpartition("/")[2]},
        "com.atproto.repo.describeRepo": {"repo": did},
        "app.bsky.actor.getProfile": {"actor": subject},
        "app.bsky.feed.getAuthorFeed": {"actor": did},
        "app.bsky.feed.getPosts": {"uris": post},
        "app.bsky.feed.getPostThread": {"uri": post},
        "com.atproto.identity.resolveHandle": {"handle": first},
    }.get(method, {"did": did})
    address = f"{running.plc_url}/{did}" if question.startswith("PLC") else f"{running.url}/xrpc/{method}"
    answer = requests.get(address, params={} if question.startswith("PLC") else query, timeout=10)
    assert answer.status_code == real["status"]
    if "error" in real:
        message = real["message"].replace("{did}", did).replace("{post}", post)
        assert answer.json() == {"error": real["error"], "message": message}
    if "repo status" in real:
        assert answer.json()["status"] == real["repo status"]
    if "number of posts" in real:
        assert len(answer.json()["posts"]) == real["number of posts"]
    if "alsoKnownAs" in real:
        [known] = answer.json()["alsoKnownAs"]
        assert (known == f"at://{first}") == (real["alsoKnownAs"] == ["at://{handle}"])
