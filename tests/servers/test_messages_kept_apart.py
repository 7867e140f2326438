"""Direct messages lie in an index of their own: without the grant no page finds, counts, shows or names them."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from archiver.records.models import Medium
from clerk import people
from clerk.grants import What, give, held, history, take_back
from clerk.users import UserError, create_user
from search import indices, parity, rebuild, shelves
from search.freshness import freshness
from tests.fixtures.clerk import PASSWORD, City, log_in, token_of
from tests.fixtures.records import Attachment

if TYPE_CHECKING:
    import httpx

    from tests.fixtures.records import AccountRow
    from tests.fixtures.searching import Archive

WORD = "quetzalcoatl"


def _message(archive: Archive, account: AccountRow, text: str = f"My {WORD} problem", **more: object) -> int:
    return archive.records.item(account, text, kind="message", stream="messages", **more)  # type: ignore[arg-type]


def _city(archive: Archive) -> AccountRow:
    return archive.records.account(streams=("posts", "messages"))


def _in_index(archive: Archive, alias: str) -> int:
    """How many documents hold the word anywhere in them, by a walk over every document."""
    found = archive.client.search(index=alias, size=1000)["hits"]["hits"]
    return sum(WORD in str(hit["_source"]) for hit in found)


def test_no_word_of_a_message_reaches_the_index_that_is_searched(archive: Archive) -> None:
    """A message and its edits go to the other index; neither a search, nor a count, nor a suggestion knows its words."""
    city = _city(archive)
    archive.records.item(city, "A post about potholes")
    item_id = _message(archive, city)
    archive.drain()
    archive.records.edit(city, item_id, f"My {WORD} problem, again", stream="messages")
    report = archive.drain()
    assert (report.indexed, report.deleted, report.remaining) == (1, 0, 0)
    assert archive.search(WORD).total == 0
    assert archive.search(f'"{WORD} problem"').total == 0
    assert archive.search().total == 1
    suggested = archive.client.search(
        index=archive.alias,
        suggest={"words": {"text": WORD[:-1], "term": {"field": "versions.text", "suggest_mode": "always"}}},
    )["suggest"]["words"]
    assert not [option for each in suggested for option in each["options"]]
    assert (_in_index(archive, archive.alias), _in_index(archive, shelves.messages_alias(archive.alias))) == (0, 1)
    stands = freshness(archive.engine, archive.client, archive.alias)
    assert (stands.documents, stands.messages, stands.waiting) == (1, 1, 0)


def test_a_rebuild_and_the_comparison_cover_both(archive: Archive) -> None:
    """Both indices are built anew, each with its own; a lost message is found by the comparison."""
    city = _city(archive)
    letters = []
    for number in range(7):
        archive.records.item(city, f"Post {number}")
        letters.append(_message(archive, city, f"Letter {number}"))
    archive.drain()
    built = rebuild.rebuild(archive.engine, archive.client, archive.alias, batch=3)
    assert built.messages is not None
    assert (built.items, built.messages.items) == (7, 7)
    assert built.messages.index == f"{archive.alias}-messages-000002"
    report = parity.check(archive.engine, archive.client, archive.alias)
    assert (report.items, report.documents, report.is_level) == (14, 14, True)
    (index,) = indices.behind(archive.client, shelves.messages_alias(archive.alias))
    archive.client.delete(index=index, id=str(letters[3]), refresh=True)
    report = parity.check(archive.engine, archive.client, archive.alias)
    assert dict(report.drifted) == {parity.Kind.MISSING: 1}
    assert [drift.item_id for drift in report.examples] == [letters[3]]


def test_a_message_in_the_wrong_index_is_not_found_and_is_taken_out(archive: Archive) -> None:
    """Should one ever stand in the index that is searched, a search leaves it out and the nightly comparison removes it."""
    city = _city(archive)
    item_id = _message(archive, city)
    archive.drain()
    document = archive.client.get(index=shelves.messages_alias(archive.alias), id=str(item_id))
    (index,) = indices.behind(archive.client, archive.alias)
    archive.client.index(
        index=index, id=str(item_id), version=document["_version"], version_type="external",
        document=document["_source"], refresh=True,
    )  # fmt: skip
    assert _in_index(archive, archive.alias) == 1
    assert archive.search(WORD).total == 0
    assert archive.search().total == 0
    assert parity.repair(archive.engine, parity.drifts(archive.engine, archive.client, archive.alias)) == 1
    archive.drain()
    assert _in_index(archive, archive.alias) == 0
    report = parity.check(archive.engine, archive.client, archive.alias)
    assert (report.items, report.documents, report.is_level) == (1, 1, True)


@pytest.fixture
def private(city: City) -> City:
    """The city with a direct message that answers a post, has a picture, and came in an exchange of its own."""
    records = city.searchable.records
    letters = records.account("letters.example.gov", platform_id="did:plc:letters", streams=("messages",))
    city.items["message"] = records.item(
        letters,
        f"My {WORD} problem",
        kind="message",
        stream="messages",
        platform_id="message-1",
        parent_id="at://did:plc:cityofexample/app.bsky.feed.post/root",
        root_id="at://did:plc:cityofexample/app.bsky.feed.post/root",
        media=[Attachment("letter-picture", f"A {WORD}")],
    )
    with city.archive.engine.begin() as connection:
        city.media["letter"] = connection.scalar(
            sa.select(Medium.public_id).where(Medium.platform_id == "letter-picture")
        )
        connection.execute(
            sa.text("update captures set items_seen = 4711 where stream_id = :id"), {"id": letters.streams["messages"]}
        )
    city.letters = letters  # type: ignore[attr-defined] # for these tests alone
    city.searchable.drain()
    return city


def _browser(city: City, role: str, *, granted: bool = False) -> httpx.Client:
    create_user(city.archive.engine, f"{role}.person", PASSWORD, role)
    if granted:
        give(city.archive.engine, f"{role}.person", What.MESSAGES, "request 2026-14", now=city.archive.now())
    client = city.client()
    assert log_in(client, f"{role}.person").status_code == 303
    return client


def _addresses(city: City) -> list[str]:
    exchange = city.letters.exchange  # type: ignore[attr-defined] # as above
    page = city.page_of("message")
    return [
        page, f"{page}/versions/1/text", f"/media/{city.media['letter']}", f"/exchanges/{exchange}",
        f"/exchanges/{exchange}/record",
    ]  # fmt: skip


@pytest.mark.parametrize("role", ["viewer", "clerk", "reviewer", "records_manager", "administrator"])
def test_no_role_opens_a_message_without_the_grant(private: City, role: str) -> None:
    """Its page, its text, its picture and what it came in are refused with a sentence, and each try is in the audit log."""
    client = _browser(private, role)
    for address in _addresses(private):
        answer = client.get(address)
        assert answer.status_code == 403, address
        assert "it takes a grant for direct messages" in answer.text
        assert WORD not in answer.text
    refused = private.audit("refused")
    assert len(refused) == 5
    assert {row.detail["wanted"] for row in refused} == {"open direct messages"}
    assert refused[0].subject == str(private.public_id("message"))


@pytest.mark.parametrize("role", ["viewer", "clerk", "records_manager"])
def test_no_list_thread_or_count_betrays_a_message(private: City, role: str) -> None:
    """Searching, the thread that it answers, the register and the status page look as if it were not there."""
    client = _browser(private, role)
    search = client.get("/", params={"q": WORD})
    assert "0 records found" in search.text
    assert "Include direct messages" not in search.text
    every = client.get("/", params={"account": "bluesky:letters.example.gov"})
    assert "0 records found" in every.text
    with_thread = client.get(private.page_of("post"))
    assert "Conversation (8)" in with_thread.text
    assert "4,711" not in client.get("/status").text
    register = client.get("/accounts").text
    assert "Direct messages" not in register
    for text in (with_thread.text, every.text, register, client.get("/status").text):
        assert WORD not in text
    with private.archive.engine.connect() as connection:
        held = connection.scalar(sa.text("select count(*) from items where kind <> 'message'"))
    assert f"<dt>Records in the archive</dt><dd>{held}</dd>" in client.get("/status").text


@pytest.mark.parametrize(
    "asked",
    [
        {"q": "type:message"},
        {"q": f"{WORD} type:dm"},
        {"q": f"{WORD} OR type:message"},
        {"q": WORD, "messages": "1"},
        {"q": "", "messages": "1"},
    ],
)
def test_a_search_of_messages_without_the_grant_is_refused(private: City, asked: dict[str, str]) -> None:
    """One sentence, no count, no snippet, no spelling; the search and its refusal are in the audit log."""
    client = _browser(private, "clerk")
    answer = client.get("/", params=asked)
    assert answer.status_code == 403
    assert "Direct messages are kept apart, and nothing was searched" in answer.text
    assert "found" not in answer.text.partition("<main")[2].partition("</main>")[0]
    assert "<mark>" not in answer.text
    (refused,) = private.audit("refused")
    assert refused.detail["wanted"] == "search direct messages"
    assert refused.detail["q"] == asked["q"] if asked["q"] else "q" not in refused.detail
    assert private.audit("searched")[-1].detail["problem"].startswith("Direct messages are kept apart")
    assert "total" not in private.audit("searched")[-1].detail


def test_a_list_with_a_term_for_messages_is_refused_that_term(private: City) -> None:
    """The other terms are counted, this one has a sentence and no count; where all ask for messages, nothing is counted."""
    client = _browser(private, "clerk")
    token = token_of(client.get("/terms"))
    answer = client.post("/terms", data={"csrf_token": token, "terms": f"pothole\n{WORD} type:message"})
    assert answer.status_code == 200
    assert "Direct messages are kept apart" in answer.text
    assert private.audit("refused")[-1].detail["terms"] == [f"{WORD} type:message"]
    answer = client.post("/terms", data={"csrf_token": token, "terms": "type:message"})
    assert answer.status_code == 403
    assert len(private.audit("refused")) == 2


@pytest.mark.parametrize("role", ["viewer", "clerk"])
def test_whoever_has_the_grant_opens_and_searches_messages(private: City, role: str) -> None:
    """The record, its thread and where its bytes are; a search takes them in where it is told to, and marks them."""
    client = _browser(private, role, granted=True)
    answer = client.get(private.page_of("message"))
    assert answer.status_code == 200
    assert f"My {WORD} problem" in answer.text
    assert "Pothole on Main Street" in answer.text
    assert client.get(_addresses(private)[3]).status_code == 200
    without = client.get("/", params={"q": WORD})
    assert "0 records found" in without.text
    assert "nor direct messages unless they are included" in without.text
    for asked in ({"q": WORD, "messages": "1"}, {"q": f"{WORD} type:message"}):
        found = client.get("/", params=asked)
        assert "1 record found" in found.text
        assert "direct messages among it" in found.text
        assert '<span class="tag private">Private</span>' in found.text
        assert f"<mark>{WORD}</mark>" in found.text
    both = client.get("/", params={"q": "problem OR pothole", "messages": "1"})
    assert "Direct message by" in both.text
    assert "Pothole" in both.text
    counted = client.post(
        "/terms", data={"csrf_token": token_of(client.get("/terms")), "terms": f"{WORD}\npothole", "messages": "1"}
    )
    assert re.search(rf"{WORD}.*?<td class=\"number\">1</td>", counted.text, re.DOTALL)
    assert "4,711" in client.get("/status").text
    assert "Direct messages" in client.get("/accounts").text
    assert private.audit("record opened")[-1].subject == str(private.public_id("message"))
    assert "Conversation (8)" in client.get(private.page_of("post")).text


def test_a_grant_ends_when_it_is_taken_back_and_by_its_day(private: City) -> None:
    """From the next page on; every entry stays on record."""
    client, engine = _browser(private, "clerk", granted=True), private.archive.engine
    page = private.page_of("message")
    assert client.get(page).status_code == 200
    take_back(engine, "clerk.person", What.MESSAGES, "done", now=private.archive.now())
    assert client.get(page).status_code == 403
    now = private.archive.now()
    give(engine, "clerk.person", What.MESSAGES, "again", now=now, until=now + dt.timedelta(days=1))
    assert client.get(page).status_code == 200
    object.__setattr__(private.archive, "now", lambda: now + dt.timedelta(days=1, seconds=1))
    client = private.client()
    log_in(client, "clerk.person")
    assert client.get(page).status_code == 403
    with engine.connect() as connection:
        user_id = people.id_of(connection, "clerk.person")
        assert [row.given for row in history(connection, user_id)] == [True, False, True]
        assert not held(connection, private.archive.now(), user_id)


def test_nobody_gives_a_grant_without_a_reason_or_to_themselves(private: City) -> None:
    """Nor to nobody, nor one that is over; nor takes back what is not held."""
    engine, now = private.archive.engine, private.archive.now()
    create_user(engine, "ada", PASSWORD, "administrator")
    for name, reason, until, actor in (
        ("ada", "mine", None, "ada"),
        ("ada", "  ", None, "bo"),
        ("nobody", "why", None, "bo"),
        ("ada", "why", now, "bo"),
    ):
        with pytest.raises(UserError):
            give(engine, name, What.PERSONAL, reason, now=now, until=until, actor=actor)
    with pytest.raises(UserError):
        take_back(engine, "ada", What.PERSONAL, "why", now=now)
    with engine.connect() as connection:
        assert not history(connection, people.id_of(connection, "ada"))
