"""The connector against a real Bluesky network: what happens to accounts and records there, and what the archive makes of it."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import TYPE_CHECKING

import libipld
import pytest
import sqlalchemy as sa
from atproto import CAR

from archiver import accounts
from archiver.capture.export import ExportReport, export_account
from archiver.capture.tokens import standings
from archiver.platforms.bluesky_car import read_repository
from samplecity import car
from tests.fixtures.town import OddServer, Page, odd_server

if TYPE_CHECKING:
    from tests.fixtures.archives import ArchiveMaker, TestArchive
    from tests.fixtures.bluesky_network import BlueskyNetwork
    from tests.fixtures.bluesky_user import BlueskyUser, Post


class Night:
    """An archive of one account of the network, exported as often as a test wants, a day apart."""

    def __init__(self, network: BlueskyNetwork, archive: TestArchive, city: BlueskyUser) -> None:
        self.network, self.archive, self.city = network, archive, city
        settings = {"plc_url": network.plc_url, "appview_url": network.appview_url}
        accounts.add(archive.engine, f"bluesky:{city.handle}", {"department": "Parks"}, settings)

    def export(self) -> ExportReport:
        """Let a night pass and export the account, under whatever name it has now."""
        self.archive.clock.ahead += timedelta(days=1)
        (account,) = accounts.active(self.archive.engine)
        return export_account(self.archive.archive, account)

    def outcomes(self) -> dict[str, str]:
        """Export, and give how each stream ended."""
        return {stream.stream: stream.outcome for stream in self.export().streams}

    def one(self, statement: str, **values: object) -> object:
        """One value from the archive."""
        with self.archive.engine.connect() as connection:
            return connection.scalar(sa.text(statement), values)

    def state(self, post: Post) -> object:
        """How a post was last found."""
        return self.one("select state from items where platform_id = :id", id=post.uri)

    def profile(self) -> tuple[object, object]:
        """How the account's profile was last found, and in which words."""
        return (
            self.one("select state from items where kind = 'profile'"),
            self.one(
                "select t.words from states t join items i on i.id = t.item_id where i.kind = 'profile' order by t.id desc"
            ),
        )


@pytest.fixture
def night(bluesky_network: BlueskyNetwork, make_archive: ArchiveMaker) -> Night:
    """A city with a post, a thread and a reply, captured once."""
    network = bluesky_network
    archive = make_archive(allowed_origins=f"{network.plc_url},{network.pds_url},{network.appview_url}")
    city = network.create_account("city")
    return Night(network, archive, city)


WHOLE = {"profile": "complete", "posts": "complete", "reposts": "complete", "comments": "complete"}
CLOSED = {"profile": "complete", "posts": "access_lost", "reposts": "access_lost", "comments": "access_lost"}


def test_a_renamed_account_is_the_same_account(night: Night) -> None:
    """Its handle changes in the register, the old one is history, and its profile has another version."""
    post = night.city.post("Park hours change on Monday.")
    night.network.wait_until_seen(post.uri)
    assert night.outcomes() == WHOLE
    old = night.city.handle
    night.city.rename(f"new-{old}")
    night.network.wait_until_handle(night.city.did, f"new-{old}")
    assert night.outcomes() == WHOLE
    assert night.one("select handle from accounts") == f"new-{old}"
    assert night.one("select count(*) from account_handles") == 2
    assert (
        night.one("select max(number) from versions v join items i on i.id = v.item_id where i.kind = 'profile'") == 2
    )
    assert accounts.find(night.archive.engine, f"bluesky:{old}").platform_id == night.city.did


def test_a_deactivated_account_is_hidden_and_its_posts_are_not_deletions(night: Night) -> None:
    """While it is away its streams are out of reach and a gap is open; once it is back the gap is closed."""
    post = night.city.post("Library closed for inventory.")
    night.network.wait_until_seen(post.uri)
    assert night.outcomes() == WHOLE
    night.city.deactivate()
    assert night.outcomes() == CLOSED
    assert night.profile() == ("hidden", "the account is deactivated")
    assert night.state(post) == "present"
    assert night.one("select count(*) from gaps where closed_at is null") == 3
    night.city.reactivate()
    night.network.wait_until_profile(night.city.did, shown=True)
    night.network.wait_until_seen(post.uri)
    assert night.outcomes() == WHOLE
    assert night.profile()[0] == "present"
    assert night.one("select count(*) from gaps where closed_at is null") == 0


def test_a_taken_down_account_and_a_deleted_one_are_told_apart(night: Night) -> None:
    """A takedown is hidden in the server's words; a deletion is gone only once a later night says so again."""
    post = night.city.post("Street sweeping on Tuesday.")
    night.network.wait_until_seen(post.uri)
    assert night.outcomes() == WHOLE
    night.network.take_down(night.city.did)
    assert night.outcomes() == CLOSED
    assert night.profile() == ("hidden", "the account is takendown")
    night.network.restore(night.city.did)
    night.network.wait_until_profile(night.city.did, shown=True)
    night.network.wait_until_seen(post.uri)
    assert night.outcomes() == WHOLE
    night.network.delete_account(night.city.did)
    assert night.outcomes() == CLOSED
    assert night.profile()[0] == "not_returned"
    assert night.outcomes() == CLOSED
    state, words = night.profile()
    assert state == "gone_confirmed"
    assert "RepoNotFound" in str(words)
    assert night.state(post) == "present"


def test_a_deleted_post_is_gone_once_it_was_looked_up_twice(night: Night) -> None:
    """A post and a resident's reply that their authors delete: not returned the first night, confirmed the second."""
    resident = night.network.create_account("ann")
    kept = night.city.post("Budget hearing on Thursday.")
    gone = night.city.post("Posted by mistake.")
    reply = resident.post("Is there parking?", reply_to=kept)
    for post in (kept, gone, reply):
        night.network.wait_until_seen(post.uri)
    assert night.outcomes() == WHOLE
    night.city.delete(gone.uri)
    resident.delete(reply.uri)
    night.network.wait_until_gone(gone.uri)
    night.network.wait_until_gone(reply.uri)
    assert night.outcomes() == WHOLE
    assert (night.state(gone), night.state(reply), night.state(kept)) == ("not_returned", "not_returned", "present")
    assert night.outcomes() == WHOLE
    assert (night.state(gone), night.state(reply), night.state(kept)) == ("gone_confirmed", "gone_confirmed", "present")


def test_a_post_that_its_server_took_down_is_hidden_not_deleted(night: Night) -> None:
    """The server says the same of both; that the AppView goes on showing it tells a takedown from a deletion."""
    kept, taken = night.city.post("Pool opens in June."), night.city.post("Something a moderator minds.")
    for post in (kept, taken):
        night.network.wait_until_seen(post.uri)
    assert night.outcomes() == WHOLE
    night.network.take_down_post(taken)
    assert night.outcomes() == WHOLE
    assert (night.state(taken), night.state(kept)) == ("hidden", "present")


def test_a_quote_and_a_repost_keep_what_they_showed(night: Night) -> None:
    """What the city quotes or reposts of somebody else is an item too, without being one of the account's."""
    resident = night.network.create_account("bob")
    said = resident.post("The fountain is running again!")
    night.network.wait_until_seen(said.uri)
    quoting = night.city.post("Good news from a resident:", quote=said)
    night.city.repost(said)
    night.network.wait_until_seen(quoting.uri)
    assert night.outcomes() == WHOLE
    assert night.one("select refers_to_id from items where platform_id = :id", id=quoting.uri) == said.uri
    assert night.one("select count(*) from items where kind = 'repost' and refers_to_id = :id", id=said.uri) == 1
    text = "select v.text from versions v join items i on i.id = v.item_id where i.platform_id = :id"
    assert night.one(text, id=said.uri) == "The fountain is running again!"
    assert (
        night.one(
            "select count(*) from sightings s join items i on i.id = s.item_id where i.platform_id = :id", id=said.uri
        )
        == 0
    )


def test_a_reply_that_the_city_hides_is_hidden_until_it_no_longer_is(night: Night) -> None:
    """The thread gate is the city's own word: the reply is hidden by it, in the moderation record too, and shown again after."""
    resident = night.network.create_account("cyd")
    notice = night.city.post("Elm St is closed.")
    reply = resident.post("Rude words", reply_to=notice)
    night.network.wait_until_seen(reply.uri)
    assert night.outcomes() == WHOLE
    assert night.state(reply) == "present"
    night.city.limit_replies(notice, hidden=[reply])
    night.network.wait_until(lambda: night.network.seen(notice.uri).get("threadgate"), "the gate shown")
    assert night.outcomes() == WHOLE
    assert night.state(reply) == "hidden"
    night.city.limit_replies(notice)
    night.network.wait_until(
        lambda: "hiddenReplies" not in night.network.seen(notice.uri)["threadgate"]["record"], "the reply shown again"
    )
    assert night.outcomes() == WHOLE
    assert night.state(reply) == "present"
    acts = "select string_agg(action || ' by ' || by_whom, ', ' order by id) from moderation"
    assert night.one(acts) == "hidden by the city's account, unhidden by unknown"


def test_who_may_answer_and_quote_is_a_part_of_what_a_post_says(night: Night) -> None:
    """A gate that changes is another version of the post; the quote it detaches is kept as it is."""
    resident = night.network.create_account("dan")
    notice = night.city.post("No comments during the operation.")
    quote = resident.post("Ha:", quote=notice)
    night.network.wait_until_seen(quote.uri)
    assert night.outcomes() == WHOLE
    night.city.limit_replies(notice, allow_nobody=True)
    assert night.outcomes() == WHOLE
    night.city.detach(notice, quote)
    night.network.wait_until(
        lambda: night.network.seen(quote.uri)["embed"]["record"].get("detached"), "the quote detached"
    )
    assert night.outcomes() == WHOLE
    said = "select v.fields -> :name from versions v join items i on i.id = v.item_id where i.platform_id = :id and number = :n"
    assert night.one(said, id=notice.uri, name="thread_gate", n=1) is None
    assert night.one(said, id=notice.uri, name="thread_gate", n=2) == {"allow": []}
    assert night.one(said, id=notice.uri, name="post_gate", n=3) == {"detachedEmbeddingUris": [quote.uri]}
    assert (
        night.one(
            "select v.text from versions v join items i on i.id = v.item_id where platform_id = :id", id=quote.uri
        )
        == "Ha:"
    )


def test_the_whole_repository_confirms_what_was_listed(night: Night) -> None:
    """A real server's export is read, its tree is the one that the sample city would make of it, and nothing was left out."""
    posts = [night.city.post(f"Notice {number}.") for number in range(40)]
    night.city.delete(posts[3].uri)
    night.city.repost(posts[5])
    night.network.wait_until_seen(posts[-1].uri)
    assert night.outcomes() == WHOLE
    said = "select platform_count || ' and ' || held_count || ': ' || reason from completeness where counted like :what"
    assert str(night.one(said, what="posts in%")).startswith(
        "39 and 39: checked with the account's repository at revision "
    )
    assert str(night.one(said, what="posts in%")).endswith("all that it has is held")
    assert str(night.one(said, what="reposts in%")).startswith("1 and 1: ")
    raw = night.network.pds.get("com.atproto.sync.getRepo", did=night.city.did)
    keys = {
        each.uri.removeprefix(f"at://{night.city.did}/"): each.cid
        for each in read_repository(io.BytesIO(raw)).found()
        if each.uri
    }
    exported = CAR.from_bytes(raw)
    root = str(libipld.encode_cid(exported.blocks[exported.root]["data"]))
    assert car.tree(keys, {}) == root
    assert len(keys) == 41  # and the profile


def connect(night: Night, monkeypatch: pytest.MonkeyPatch, chat: str, *, privileged: bool) -> None:
    """Give the account an app password of the real server, and name the service that keeps the messages."""
    asked = {"name": f"archive {privileged}", "privileged": privileged}
    made = night.city.session.post("com.atproto.server.createAppPassword", asked)
    monkeypatch.setenv("CITY_APP_PASSWORD", made["password"])
    settings = {
        "app_password": "env:CITY_APP_PASSWORD",
        "chat_service": f"did:web:localhost%3A{chat.rpartition(':')[2]}#bsky_chat",
    }
    with night.archive.engine.begin() as connection:
        connection.execute(
            sa.text("update accounts set settings = settings || cast(:more as jsonb)"), {"more": json.dumps(settings)}
        )


def chat_service(odd: OddServer, did: str) -> None:
    """Let a server be a service of messages: its DID document, one conversation, one message."""
    port = odd.url.rpartition(":")[2]
    service = {"id": "#bsky_chat", "type": "BskyChatService", "serviceEndpoint": f"http://localhost:{port}"}
    document = {"id": f"did:web:localhost%3A{port}", "service": [service]}
    message = {
        "id": "m1",
        "rev": "1",
        "text": "By way of a real server.",
        "sender": {"did": did},
        "sentAt": "2026-01-01T09:00:00Z",
    }
    convo = {"id": "c1", "rev": "1", "members": [], "muted": False, "unreadCount": 0}
    kind = "chat.bsky.convo.defs#messageView"
    for path, body in {
        "/.well-known/did.json": document,
        "/xrpc/chat.bsky.convo.listConvos": {"convos": [convo]},
        "/xrpc/chat.bsky.convo.getMessages": {"messages": [{"$type": kind, **message}], "relatedProfiles": []},
    }.items():
        odd.pages[path] = Page(json.dumps(body).encode(), headers={"Content-Type": "application/json"})


def test_a_real_server_takes_the_log_in_and_passes_the_messages_on(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an app password that may, its server passes the questions on to the service that the header names, and a later run
    refreshes the session.
    """
    with odd_server() as odd:
        chat_service(odd, night.city.did)
        connect(night, monkeypatch, odd.url, privileged=True)
        night.archive.clock.ahead -= timedelta(days=1)  # the real server's tokens end by the real clock
        assert night.outcomes() == {**WHOLE, "messages": "complete"}
        assert night.one("select text from versions v join items i on i.id = v.item_id where i.kind = 'message'") == (
            "By way of a real server."
        )
        (standing,) = standings(night.archive.archive)
        assert (standing.alive, standing.problem) == (True, None)
        assert standing.scopes == ("com.atproto.appPassPrivileged",)
        renewed = "select max(renewed_at) from account_tokens"
        first = night.one(renewed)
        night.archive.clock.ahead += timedelta(minutes=100)
        (account,) = accounts.active(night.archive.engine)
        assert export_account(night.archive.archive, account).complete
        assert night.one(renewed) != first
        made = "select count(*) from exchanges where url like '%Session'"
        assert night.one(made) == 0  # log-ins are no evidence of anything


def test_a_password_without_access_to_messages_is_told(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real server refuses them by name; what is public goes on, and the token's check says what is missing."""
    with odd_server() as odd:
        chat_service(odd, night.city.did)
        connect(night, monkeypatch, odd.url, privileged=False)
        night.archive.clock.ahead -= timedelta(days=1)
        reports = {stream.stream: stream for stream in night.export().streams}
        assert {name: each.outcome for name, each in reports.items()} == {**WHOLE, "messages": "access_lost"}
        assert "Bad token method" in (reports["messages"].error or "")
        (standing,) = standings(night.archive.archive)
        assert standing.scopes == ("com.atproto.appPass",)
        assert "direct messages" in (standing.problem or "")


def test_whom_a_real_account_blocks_and_who_follows_it(night: Night) -> None:
    """Blocks from its own repository, with the names that the AppView shows; followers from the AppView."""
    rude, fan = (night.network.create_account(name) for name in ("rude", "fan"))
    night.city.block(rude.did)
    fan.create_record("app.bsky.graph.follow", {"subject": night.city.did, "createdAt": "2026-01-01T00:00:00.000Z"})
    followers = "app.bsky.graph.getFollowers"
    night.network.wait_until(
        lambda: night.network.appview.get(followers, actor=night.city.did)["followers"], "the follower shown"
    )
    with night.archive.engine.begin() as connection:
        connection.exec_driver_sql(
            "update accounts set settings = settings || jsonb_build_object('lists', 'blocked,followers')"
        )
    report = night.export()
    assert {each.listing: (each.size, each.problem) for each in report.lists} == {
        "blocked": (1, None),
        "followers": (1, None),
    }
