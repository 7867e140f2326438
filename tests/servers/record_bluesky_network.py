"""Records what a real Bluesky network answers, into ``tests/recorded/bluesky_network/``.

usage: ``python -m tests.servers.record_bluesky_network postgresql+psycopg2://superuser@host/postgres``

Run it again after a new version of the servers; the difference is what changed.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from tests.fixtures.bluesky import PACKAGE, running_network
from tests.fixtures.bluesky_answers import PIXEL, POSTS, STATES, ask_everything, make_scene

if TYPE_CHECKING:
    from tests.fixtures.bluesky import BlueskyNetwork

FOLDER = Path(__file__).parent.parent / "recorded" / "bluesky_network"
KEPT_HEADERS = ("content-type", "etag", "atproto-repo-rev", "retry-after")
LIMIT_PROBES = 3100  # the PDS allows 3,000 calls in five minutes


def main(superuser_database_url: str) -> None:
    """Starts a network of its own, records and stops it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with running_network(superuser_database_url) as network:
        resident = network.create_account("Ann")
        states = {}
        for state, bring_about in STATES.items():
            scene = make_scene(network, resident)
            bring_about(network, scene)
            states[state] = ask_everything(network, scene)
        servers = json.loads((PACKAGE / "package.json").read_text())["dependencies"]
        _write("answers.json", {"recorded": datetime.now(UTC).date().isoformat(), "servers": servers, "states": states})
        record_reading(network)
        record_rate_limit(network)


def record_reading(network: BlueskyNetwork) -> None:
    """Records the successful answers a capture reads, of a small lively account."""
    city, ann = network.create_account("City"), network.create_account("Ann")
    notice = city.post("Water main repair on Elm St.", datetime(2026, 3, 1, 9, tzinfo=UTC))
    closure = city.post("Map of the closure", images=[(PIXEL, "image/png", "Elm St closed")], quote=notice)
    question = ann.post("Until when?", reply_to=closure)
    answer = city.post("Friday.", reply_to=question)
    mistake = city.post("Posted by mistake")
    orphan = ann.post("Why?", reply_to=mistake)
    quote = ann.post("They took this back:", quote=mistake)
    ann.like(closure)
    city.repost(question)
    for post in (answer, orphan, quote):
        network.wait_until_seen(post.uri)
    city.delete(mistake.uri)
    network.wait_until_gone(mistake.uri)
    edited = city.overwrite(notice.uri, "Water main repair on Elm St. (corrected)")
    network.wait_until_seen(notice.uri, edited.cid)
    pds, appview = network.pds_url, network.appview_url
    _save("pds_list_records", pds, "com.atproto.repo.listRecords", repo=city.did, collection=POSTS, limit=2)
    _save("pds_list_reposts", pds, "com.atproto.repo.listRecords", repo=city.did, collection="app.bsky.feed.repost")
    _save("pds_get_record", pds, "com.atproto.repo.getRecord", repo=city.did, collection=POSTS, rkey=closure.rkey)
    _save("pds_record_gone", pds, "com.atproto.repo.getRecord", repo=city.did, collection=POSTS, rkey=mistake.rkey)
    _save("pds_describe_repo", pds, "com.atproto.repo.describeRepo", repo=city.did)
    _save("pds_repo_status", pds, "com.atproto.sync.getRepoStatus", did=city.did)
    _save("appview_profile", appview, "app.bsky.actor.getProfile", actor=city.did)
    _save("appview_author_feed", appview, "app.bsky.feed.getAuthorFeed", actor=city.did, limit=3)
    _save("appview_posts", appview, "app.bsky.feed.getPosts", uris=[closure.uri, quote.uri, mistake.uri])
    _save("appview_thread", appview, "app.bsky.feed.getPostThread", uri=closure.uri)
    _save("appview_thread_orphan", appview, "app.bsky.feed.getPostThread", uri=orphan.uri)
    _save("appview_thread_gone", appview, "app.bsky.feed.getPostThread", uri=mistake.uri)
    _write("plc_document.json", _recorded(requests.get(f"{network.plc_url}/{city.did}", timeout=30)))
    network.delete_account(ann.did)
    network.tombstone(ann.did)
    _write("plc_tombstone.json", _recorded(requests.get(f"{network.plc_url}/{ann.did}", timeout=30)))


def record_rate_limit(network: BlueskyNetwork) -> None:
    """Records the PDS's refusal of too many calls; the last thing done, as it lasts five minutes."""
    http = requests.Session()
    url = f"{network.pds_url}/xrpc/com.atproto.server.describeServer"
    for _ in range(LIMIT_PROBES):
        response = http.get(url, timeout=30)
        if response.status_code != requests.codes.ok:
            _write("pds_rate_limited.json", _recorded(response))
            return
    raise SystemExit(f"{LIMIT_PROBES} calls and no rate limit")


def _save(name: str, server: str, method: str, **parameters: Any) -> None:
    _write(f"{name}.json", _recorded(requests.get(f"{server}/xrpc/{method}", params=parameters, timeout=30)))


def _recorded(response: requests.Response) -> dict[str, Any]:
    kept = {
        name.lower(): value
        for name, value in response.headers.items()
        if name.lower() in KEPT_HEADERS or name.lower().startswith("ratelimit-")
    }
    return {
        "request": response.request.path_url,
        "status": response.status_code,
        "headers": kept,
        "body": response.json(),
    }


def _write(name: str, value: object) -> None:
    (FOLDER / name).write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
