"""Tags and notes beside records, over the real Postgres and Elasticsearch: put on, found, taken off, and never in the record."""

from __future__ import annotations

import html
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from archiver import notes, tags
from clerk import people
from clerk.grants import What, give
from clerk.users import create_user
from search import parity
from search.query import SearchRequest
from search.query.directory import directory
from search.receipts.check import check
from search.receipts.differences import Cause, Kind
from search.receipts.make import make
from tests.fixtures.clerk import NAME, PASSWORD, SECOND_NIGHT, log_in, token_of
from tests.fixtures.searching import ZONE

if TYPE_CHECKING:
    import httpx

    from tests.fixtures.clerk import City

HOSTILE = "<b>budget</b> & co"


def send(client: httpx.Client, page: str, what: str, **fields: str) -> httpx.Response:
    """Send a form of a record's page."""
    return client.post(f"{page}/{what}", data={"csrf_token": token_of(client.get(page)), **fields})


def found(client: httpx.Client, typed: str, **more: str) -> int:
    """How many records a search of the page finds."""
    answer = client.get("/", params={"q": typed, **more})
    assert answer.status_code == 200, re.findall(r'role="alert".*?</p>', answer.text)
    total = re.search(r"([\d,]+) records? found", answer.text)
    assert total is not None
    return int(total[1].replace(",", ""))


def problem(client: httpx.Client, typed: str) -> str:
    """The sentence that a search is answered with that cannot be understood."""
    answer = client.get("/", params={"q": typed})
    assert answer.status_code == 400
    said = re.search(r'role="alert" id="problem">(.*?)</p>', answer.text)
    assert said is not None
    return html.unescape(said[1])


def as_user(city: City, name: str, role: str = "clerk") -> httpx.Client:
    """A browser of somebody new."""
    create_user(city.archive.engine, name, PASSWORD, role)
    client = city.client()
    assert log_in(client, name).status_code == 303
    return client


def test_a_tag_is_put_on_found_and_taken_off(city: City) -> None:
    """By the record's page: `tag:` finds it, a result shows it and divides by it, the list counts it, until it goes."""
    client = city.signed_in()
    page, other = city.page_of("post"), city.page_of("question")
    everything = found(client, "")
    assert send(client, page, "tags", tag="  Street   repair ").status_code == 303
    assert send(client, other, "tags", tag="STREET repair").status_code == 303
    assert send(client, page, "tags", tag="street repair").status_code == 303
    assert city.searchable.drain().indexed == 2
    assert found(client, 'tag:"street REPAIR"') == 2
    assert found(client, 'pothole -tag:"street repair"') == 1
    assert found(client, 'NOT tag:"street repair"') == everything - 2
    shown = client.get("/", params={"q": 'tag:"street repair"'}).text
    assert "tagged \u201cStreet repair\u201d by a clerk" in shown
    assert shown.count("<bdi>Street repair</bdi>") == 2
    facet = re.search(r"<h3>Tag</h3>.*?</section>", shown, re.DOTALL)
    assert facet is not None
    assert re.findall(r">([^<]+)</a> <span class=\"number\">(\d+)<", facet[0]) == [("Street repair", "2")]
    listed = client.get("/tags").text
    assert re.findall(r'<bdi>([^<]+)</bdi></a></th>\s*<td class="number">(\d+)<', listed) == [("Street repair", "2")]
    address = re.search(r'<th scope="row"><a href="([^"]+)"', listed)
    assert address is not None
    assert "2 records found" in client.get(html.unescape(address[1])).text
    assert send(client, page, "tags/off", tag="STREET REPAIR").status_code == 303
    assert send(client, page, "tags/off", tag="STREET REPAIR").status_code == 303
    assert send(client, page, "tags/off", tag="never \x00 there").status_code == 303
    city.searchable.drain()
    assert found(client, 'tag:"street repair"') == 1
    text = client.get(page).text
    assert "It has no tag." in text
    assert re.findall(r"<bdi>Street repair</bdi> (put on|taken off) by dana\.ortiz", text) == ["taken off", "put on"]
    assert [(row.actor, row.detail) for row in city.audit("tag put on")] == [(NAME, {"tag": "Street repair"})] * 2
    assert [row.subject for row in city.audit("tag taken off")] == [str(city.public_id("post"))]
    engine, index = city.archive.engine, city.searchable
    assert parity.check(engine, index.client, index.alias).is_level


def test_nothing_of_the_record_its_proofs_or_the_log_changes(module_city: City) -> None:
    """Tags and notes leave every table as it was but their own, the audit log, the outbox, and the item's revision."""
    engine = module_city.archive.engine
    own = {"tags", "tag_events", "notes", "audit", "outbox"}

    def everything() -> dict[str, Any]:
        with engine.connect() as connection:
            names = connection.scalars(
                sa.text("select tablename from pg_tables where schemaname = 'public' order by tablename")
            ).all()
            return {
                name: connection.execute(
                    sa.text(f"select md5(string_agg(to_jsonb(t)::text, '' order by to_jsonb(t)::text)) from "  # noqa: S608
                            f"(select to_jsonb(t) - 'revision' as to_jsonb from {name} t) t")
                ).scalar()
                for name in names
                if name not in own
            }  # fmt: skip

    before = everything()
    assert {"versions", "log_leaves", "log_outbox", "items", "states"} <= before.keys()
    tags.put_on(engine, module_city.items["post"], "budget", user=NAME, now=SECOND_NIGHT)
    notes.add(engine, module_city.items["post"], "Asked the department.", user=NAME, now=SECOND_NIGHT)
    tags.take_off(engine, module_city.items["post"], "budget", user=NAME, now=SECOND_NIGHT)
    assert everything() == before


def test_two_who_tag_at_once_put_on_one_tag(module_city: City) -> None:
    """However many send the form at the same moment, and however they write it, the record has the tag once."""
    engine = module_city.archive.engine

    def put(number: int) -> bool:
        name = "Waste" if number % 2 else "WASTE"
        return tags.put_on(engine, module_city.items["gone"], name, user=NAME, now=SECOND_NIGHT)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(put, range(8))) == 1
    with engine.connect() as connection:
        assert len(tags.history(connection, module_city.items["gone"])) == 1
        assert tags.known(connection, None, messages=True)["waste"].lower() == "waste"


def test_a_note_is_kept_with_its_author_and_is_not_searched(module_city: City) -> None:
    """It stands on the record's page, with who and when; a search for its words finds nothing."""
    client = module_city.signed_in()
    page = module_city.page_of("post")
    assert send(client, page, "notes", note="Ask about the zeppelin.\r\nTwice. <i>").status_code == 303
    text = client.get(page).text
    assert "Ask about the zeppelin.\nTwice. &lt;i&gt;" in text
    assert f"<strong>{NAME}</strong>" in text
    module_city.searchable.drain()
    assert found(client, "zeppelin") == 0
    assert str(module_city.public_id("post")) == module_city.audit("note written")[-1].subject


@pytest.mark.parametrize(
    ("what", "fields", "says"),
    [
        ("tags", {"tag": "a" * 61}, "60 characters at the most"),
        ("tags", {"tag": "fdp\u202etxt"}, "U+202E"),
        ("tags", {"tag": " "}, "Write what the tag is to be called"),
        ("notes", {"note": " \n "}, "Write the note."),
        ("notes", {"note": "n" * 4001}, "4,000 characters at the most"),
    ],
)
def test_what_cannot_be_kept_is_said_beside_its_field(
    module_city: City, what: str, fields: dict[str, str], says: str
) -> None:
    """With what was typed still there; nothing is written."""
    answer = send(module_city.signed_in(), module_city.page_of("answer"), what, **fields)
    assert answer.status_code == 400
    alert = re.search(r'role="alert" id="[a-z]+-problem">(.*?)</p>', answer.text)
    assert alert is not None
    assert says in alert[1]
    with module_city.archive.engine.connect() as connection:
        assert notes.listed(connection, module_city.items["answer"]) == []
        assert tags.history(connection, module_city.items["answer"]) == []


def test_what_cannot_be_kept_is_said_in_spanish(module_city: City) -> None:
    """To a browser that asks for it, beside the field; what was typed stays in it."""
    client, page = module_city.signed_in(), module_city.page_of("question")
    client.headers["accept-language"] = "es"
    tag = send(client, page, "tags", tag='two "words"')
    assert (tag.status_code, "Una etiqueta no puede tener comillas" in tag.text) == (400, True)
    long = html.unescape(send(client, page, "tags", tag="x" * 61).text)
    assert "Una etiqueta tiene 60 caracteres como m\u00e1ximo, y esta tiene 61: ac\u00f3rtela." in long
    assert "Escriba la nota." in send(client, page, "notes", note=" ").text
    act = html.unescape(send(client, page, "moderation", action="", reason="").text)
    assert "No se anot\u00f3 nada: Elija qu\u00e9 se hizo. Escriba por qu\u00e9" in act
    assert "<h1>Etiquetas</h1>" in client.get("/tags").text


def test_a_hostile_tag_stays_a_text(module_city: City) -> None:
    """On the record, in the list, in results, as a search."""
    client = module_city.signed_in()
    page = module_city.page_of("thanks")
    assert send(client, page, "tags", tag=HOSTILE).status_code == 303
    module_city.searchable.drain()
    assert found(client, f'tag:"{HOSTILE}"') == 1
    for address in (page, "/tags", "/?q=kids"):
        text = client.get(address).text
        assert html.escape(HOSTILE) in text
        assert HOSTILE not in text


@pytest.mark.parametrize("role", ["viewer", "auditor"])
def test_who_only_reads_puts_nothing_beside_a_record(module_city: City, role: str) -> None:
    """Viewers and auditors are refused by sentence, and it is audited; a viewer sees no form."""
    client = as_user(module_city, f"reads.{role}", role)
    page = module_city.page_of("post")
    token = token_of(client.get("/" if role == "viewer" else "/audit"))
    for what in ("tags", "tags/off", "notes"):
        answer = client.post(f"{page}/{what}", data={"csrf_token": token, "tag": "t", "note": "n"})
        assert answer.status_code == 403
    wanted = [row.detail["wanted"] for row in module_city.audit("refused") if row.actor == f"reads.{role}"]
    if role == "viewer":
        assert wanted == ["tag records and write notes"] * 3
        assert "Put a tag on it" not in client.get(page).text
    assert [row for row in module_city.audit("note written") if row.actor != NAME] == []


def test_a_tag_that_nobody_gave_is_answered_with_those_that_come_near(module_city: City) -> None:
    """A sentence with what may be meant; a tag taken off everywhere finds nothing, and is no mistake."""
    client = module_city.signed_in()
    assert problem(client, "tag:sidewalk") == (
        "There is no tag \u201csidewalk\u201d in this archive; the page Tags lists them."
    )
    tags.put_on(module_city.archive.engine, module_city.items["post"], "Sidewalk 2026", user=NAME, now=SECOND_NIGHT)
    module_city.searchable.drain()
    assert problem(client, "tag:sidewalk") == (
        'There is no tag \u201csidewalk\u201d in this archive; perhaps tag:"Sidewalk 2026" is meant.'
    )
    tags.take_off(module_city.archive.engine, module_city.items["post"], "Sidewalk 2026", user=NAME, now=SECOND_NIGHT)
    module_city.searchable.drain()
    assert found(client, 'tag:"sidewalk 2026"') == 0
    assert "Sidewalk" not in client.get("/tags").text


def test_a_receipt_tells_that_a_tag_made_the_difference(module_city: City) -> None:
    """Run again, a search for a tag says of each record that is found since, or no more, that a clerk did it."""
    engine, index = module_city.archive.engine, module_city.searchable
    for name in ("post", "question"):
        tags.put_on(engine, module_city.items[name], "Paving", user=NAME, now=SECOND_NIGHT)
    index.drain()
    with engine.connect() as connection:
        known = directory(connection)
    request = SearchRequest(zone=ZONE, text="tag:paving", directory=known)
    kept = make(module_city.archive, index.client, index.alias, request, made_by=NAME)
    tags.take_off(engine, module_city.items["post"], "Paving", user=NAME, now=module_city.archive.now())
    tags.put_on(engine, module_city.items["answer"], "Paving", user=NAME, now=module_city.archive.now())
    index.drain()
    counts = check(module_city.archive, index.client, index.alias, kept).counts
    assert counts == {(Kind.NEW, Cause.TAG): 1, (Kind.GONE, Cause.TAG): 1}


def test_a_tag_is_known_to_those_who_see_a_record_that_has_it(module_city: City) -> None:
    """Of another department's records, and of direct messages, nobody is told that there is such a tag."""
    engine, records = module_city.archive.engine, module_city.searchable.records
    letters = records.account("letters.example.gov", platform_id="did:plc:letters", streams=("messages",))
    module_city.items["letter"] = records.item(letters, "My secret problem", kind="message", stream="messages")
    for item, tag in (("letter", "Private"), ("post", "Streets"), ("notice", "Pools")):
        tags.put_on(engine, module_city.items[item], tag, user=NAME, now=SECOND_NIGHT)
    module_city.searchable.drain()
    plain, trusted, ranger = module_city.signed_in(), as_user(module_city, "trusted"), as_user(module_city, "ranger")
    give(engine, "trusted", What.MESSAGES, "request 2026-14", now=module_city.archive.now())
    people.set_departments(engine, "ranger", ["Parks and Recreation"])
    none = "There is no tag \u201cprivate\u201d in this archive; the page Tags lists them."
    assert problem(plain, "tag:private") == problem(ranger, "tag:private") == none
    assert found(trusted, "tag:private") == 0
    assert found(trusted, "tag:private", messages="1") == 1
    assert problem(ranger, "tag:streets").startswith("There is no tag")
    assert found(ranger, "tag:pools") == found(plain, "tag:streets") == 1

    def listed(client: httpx.Client) -> list[str]:
        every = re.findall(r"<bdi>([^<]+)</bdi></a></th>", client.get("/tags").text)
        return [each for each in every if each in {"Private", "Streets", "Pools"}]

    assert (listed(plain), listed(trusted), listed(ranger)) == (
        ["Pools", "Streets"],
        ["Pools", "Private", "Streets"],
        ["Pools"],
    )
    answer = plain.post(
        f"{module_city.page_of('letter')}/tags", data={"csrf_token": token_of(plain.get("/")), "tag": "x"}
    )
    assert answer.status_code == 403
