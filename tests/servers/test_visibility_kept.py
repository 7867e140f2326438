"""Receipts and exports keep within what their maker may see, and are for those alone who see all that they cover."""

from __future__ import annotations

import csv
import io
import json
import uuid
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from clerk.grants import What, give, take_back
from clerk.users import create_user
from search.exports import jobs
from search.query.limits import EVERYTHING, limits_of
from search.receipts import kept
from search.receipts.check import check
from tests.fixtures.clerk import PASSWORD, token_of
from tests.fixtures.guarded import MAYOR, WORD, without_address

if TYPE_CHECKING:
    import httpx

    from search.receipts.model import Kept
    from tests.fixtures.guarded import Guarded

PEOPLE = ("plain", "trusted", "ranger", "ranger.trusted")
OPENED = {
    "plain": {"plain", "trusted"},
    "trusted": {"trusted"},
    "ranger": {"plain", "trusted", "ranger", "ranger.trusted"},
    "ranger.trusted": {"plain", "trusted", "ranger", "ranger.trusted"},
}
"""By who made it: who may open it. The department of the rangers has no account that is an official's own."""


def load(guarded: Guarded, number: int) -> Kept:
    """A receipt as it is kept."""
    with guarded.city.archive.engine.connect() as connection:
        return kept.load(connection, number)


def again(guarded: Guarded, number: int) -> Any:
    """A receipt's search, run again."""
    index = guarded.city.searchable
    return check(guarded.city.archive, index.client, index.alias, load(guarded, number))


def members(answer: httpx.Response) -> dict[str, str]:
    """What a ZIP archive holds, by the ends of the names."""
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return {name.rpartition("-")[2]: archive.read(name).decode("utf-8-sig") for name in archive.namelist()}


def test_a_receipt_names_counts_and_lists_only_what_its_maker_sees(guarded: Guarded) -> None:
    """Its sentence, its register, its gaps, its counts: of what was searched, which it says is a part."""
    for name, total, accounts, held in (
        ("plain", 3, {"bluesky:city.example.gov", "bluesky:parks.example.gov"}, None),
        ("ranger", 0, {"bluesky:parks.example.gov"}, 2),
    ):
        number = guarded.keep(guarded.client(name), q=f"pothole OR {WORD}")
        body = load(guarded, number).body
        assert body["total"] == total
        assert {each["name"] for each in body["register"]} == accounts
        assert {each["account"] for each in body["gaps"]} <= accounts
        assert len(body["limits"]["accounts"]) == len(accounts)
        sentences = " ".join(guarded.sight(name).words)
        assert all(each in body["sentence"] for each in guarded.sight(name).words), sentences
        with guarded.city.archive.engine.connect() as connection:
            every = connection.scalar(sa.text("select count(*) from items"))
        assert body["archive"]["items"] == body["index"]["documents"] == (every - 4 if held is None else held)
        assert [each["alone"] for each in body["terms"]] == ([3, 0] if name == "plain" else [0, 0])
        said = json.dumps(
            {key: body[key] for key in body if key not in {"search", "sentence", "terms", "parts", "query"}}
        )
        for word in ("mayor", WORD, "City Council", str(guarded.account)):
            assert word.lower() not in said.lower(), word
        page = guarded.client(name).get(f"/receipts/{number}").text
        assert "Only a part of the archive was searched: everything" in page
        assert "The accounts then, of those that were searched" in page
    # Of the whole archive, as whoever may see everything has it.
    body = load(guarded, guarded.receipt).body
    assert (body["total"], body["limits"]["accounts"]) == (4, None)
    assert f"bluesky:{MAYOR}" in {each["account"] for each in body["gaps"]}
    assert "Only a part of" not in guarded.client("trusted").get(f"/receipts/{guarded.receipt}").text


def test_a_statement_of_no_records_says_of_which_part_it_is(guarded: Guarded) -> None:
    """Nobody signs for what they did not search."""
    client = guarded.client("ranger")
    page = client.get(f"/receipts/{guarded.keep(client, q='zeppelin')}").text
    assert "Statement: no records in a part of this archive" in page
    assert "found no record in the part of this archive that it covered: everything of your department: Parks" in page
    assert "does not say that no such record exists in the rest of it" in page
    client = guarded.client("trusted")
    page = client.get(f"/receipts/{guarded.keep(client, q='zeppelin')}").text
    assert "Statement: no records in this archive" in page
    assert "The search found no record in this archive." in page


def test_a_receipt_is_run_again_within_its_limits(guarded: Guarded) -> None:
    """Whoever runs it: what came through other accounts since differs in nothing, what came through these has its reason."""
    number = guarded.keep(guarded.client("ranger"), q="")
    records, city = guarded.city.searchable.records, guarded.city
    assert again(guarded, number).sentence.startswith("Nothing differs")
    elsewhere = records.item(city.account, "Seen by others first")
    records.item(guarded.mayor, f"Another {WORD}")
    city.searchable.drain()
    assert again(guarded, number).sentence.startswith("Nothing differs")
    records.now = city.archive.now
    records.see(city.parks, elsewhere)
    records.state(city.parks, elsewhere, "present", "seen")
    city.searchable.drain()
    found = again(guarded, number)
    assert found.sound, found.sentence
    # That others saw it before is not hinted at: for this part of the archive it was captured when its own account saw it.
    assert [each.cause.value for each in found.differences] == ["captured since"]
    client = guarded.client("trusted")
    page = client.post(f"/receipts/{number}/check", data={"csrf_token": token_of(client.get("/"))})
    assert "1 difference, every one explained" in page.text
    assert "city.example.gov" not in page.text


def test_what_is_kept_is_opened_by_those_who_see_all_of_it(guarded: Guarded) -> None:
    """To the others it is as if nobody had made it: the page, the files, the lists, the buttons; each try is audited."""
    clients = {name: guarded.client(name) for name in PEOPLE}
    receipts = {name: guarded.keep(clients[name], q="pool") for name in PEOPLE}
    exports = {name: guarded.take_out(clients[name], q="pool") for name in ("plain", "ranger")}
    exports["trusted"] = guarded.take_out(clients["trusted"], q=WORD)
    before = len(guarded.city.audit("refused"))
    refused = 0
    for name, client in clients.items():
        token = token_of(client.get("/"))
        listed, offered = client.get("/receipts").text, client.get("/exports").text
        for maker, number in receipts.items():
            may = name in OPENED[maker]
            assert (f'href="/receipts/{number}"' in listed) == may, (name, maker)
            for end in ("", ".pdf", ".json"):
                answer = client.get(f"/receipts/{number}{end}")
                assert answer.status_code == (200 if may else 404), (name, maker, end)
                if not may:
                    absent = without_address(client.get(f"/receipts/99999{end}"))
                    assert without_address(answer).replace(f"receipt {number}:", "receipt 99999:") == absent
            checked = client.post(f"/receipts/{number}/check", data={"csrf_token": token})
            assert checked.status_code == (200 if may else 404)
            refused += 0 if may else 4
        for maker, export in exports.items():
            may = name in OPENED[maker]
            assert (str(export) in offered) == may
            answer = client.get(f"/exports/{export}/file")
            assert answer.status_code == (200 if may else 404)
            cancelled = client.post(f"/exports/{export}/cancel", data={"csrf_token": token})
            assert cancelled.status_code == (400 if may else 404)
            if not may:
                assert without_address(answer) == without_address(client.get(f"/exports/{uuid.uuid4()}/file"))
            refused += 0 if may else 2
    rows = guarded.city.audit("refused")[before:]
    assert len(rows) == refused
    assert {row.detail["wanted"] for row in rows} == {"open what is not theirs to see"}
    with guarded.city.archive.engine.connect() as connection:  # the operator's lists
        assert {each.number for each in kept.listed(connection, within=EVERYTHING)} >= set(receipts.values())
        assert {each.public_id for each in jobs.listed(connection, EVERYTHING, most=100)} >= set(exports.values())


def test_a_grant_that_is_taken_back_closes_what_was_made_under_it(guarded: Guarded) -> None:
    """Also to whoever made it; and given again, it opens."""
    engine, now = guarded.city.archive.engine, guarded.city.archive.now
    create_user(engine, "former", PASSWORD)
    give(engine, "former", What.PERSONAL, "request 2026-15", now=now())
    client = guarded.client("former")
    number = guarded.keep(client, q=WORD)
    assert client.get(f"/receipts/{number}").status_code == 200
    take_back(engine, "former", What.PERSONAL, "done", now=now())
    assert client.get(f"/receipts/{number}").status_code == 404
    give(engine, "former", What.PERSONAL, "request 2026-16", now=now())
    assert client.get(f"/receipts/{number}").status_code == 200


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_an_export_has_only_what_its_maker_sees(guarded: Guarded, form: str) -> None:
    """The records, and of each only the accounts that they see; the file says of which part it is."""
    client = guarded.client("plain")
    page = client.get("/?q=is:resident").text
    assert "Take them out as a file" in page
    assert "Keep a receipt of this search" in page
    export = guarded.take_out(client, form, q="is:resident")
    found = members(client.get(f"/exports/{export}/file"))
    assert "Covers: Only a part of the archive: everything without officials\u2019 own accounts" in found["README.txt"]
    manifest = json.loads(found["manifest.json"])
    assert manifest["covers"] == "everything without officials\u2019 own accounts"
    (records,) = (text for name, text in found.items() if name.startswith("records"))
    for word in ("mayor", WORD, "City Council", str(guarded.account)):
        assert word.lower() not in records.lower(), word
    asked = str(guarded.city.public_id("question"))  # which the mayor's account has seen as well
    if form == "csv":
        rows = {row["record id"]: row for row in csv.DictReader(io.StringIO(records, newline=""))}
        assert rows[asked]["accounts"] == "bluesky:city.example.gov"
    else:
        lines = [json.loads(line) for line in records.splitlines()]
        assert any(asked in json.dumps(line) for line in lines)
    whole = guarded.client("trusted")
    export = guarded.take_out(whole, form, q="is:resident")
    found = members(whole.get(f"/exports/{export}/file"))
    assert json.loads(found["manifest.json"])["covers"] == "the whole archive"
    assert any(MAYOR in text for name, text in found.items() if name.startswith("records"))


def test_what_was_kept_before_there_were_limits_is_of_the_whole_archive(guarded: Guarded) -> None:
    """An earlier receipt keeps its digest, runs again, and is for whoever sees everything; so is an earlier export."""
    old = {**load(guarded, guarded.receipt).body, "format": "civic-archive search receipt 1"}
    del old["limits"]
    old["search"] = {name: value for name, value in old["search"].items() if name != "messages"}
    made = load(guarded, guarded.receipt)
    earlier = kept.keep(
        guarded.city.archive.engine, old, made_at=made.made_at, made_by=made.made_by, note=made.note,
        results_sha256=made.results_sha256, results_size=made.results_size,
    )  # fmt: skip
    assert earlier.is_whole
    assert again(guarded, earlier.number).sound
    assert limits_of(None).accounts is None
    for name, status in (("trusted", 200), ("plain", 404)):
        client = guarded.client(name)
        assert client.get(f"/receipts/{earlier.number}").status_code == status
        assert (f'href="/receipts/{earlier.number}"' in client.get("/receipts").text) == (status == 200)
    assert guarded.export is not None
    with guarded.city.archive.engine.begin() as connection:
        connection.execute(
            sa.text("update exports set search = search - 'limits' where public_id = :id"), {"id": guarded.export}
        )
    assert guarded.client("trusted").get(f"/exports/{guarded.export}/file").status_code == 200
    assert guarded.client("plain").get(f"/exports/{guarded.export}/file").status_code == 404


def test_a_receipt_of_direct_messages_takes_the_grant(guarded: Guarded) -> None:
    """To make one and to open it; it lists them, counts them, and runs again."""
    engine, records, now = guarded.city.archive.engine, guarded.city.searchable.records, guarded.city.archive.now
    desk = records.account("desk.example.gov", platform_id="did:plc:desk", streams=("posts", "messages"))
    records.item(desk, "A secret trombone", kind="message", stream="messages")
    guarded.city.searchable.drain()
    create_user(engine, "letters", PASSWORD)
    give(engine, "letters", What.MESSAGES, "request 2026-17", now=now())
    plain, letters = guarded.client("plain"), guarded.client("letters")
    before = len(guarded.city.audit("refused"))
    for fields in ({"q": "trombone", "messages": "1"}, {"q": "trombone type:message"}):
        answer = plain.post("/receipts", data={"csrf_token": token_of(plain.get("/")), **fields})
        assert answer.status_code == 403
        assert "Direct messages are kept apart" in answer.text
        number = guarded.keep(letters, **fields)
        receipt = load(guarded, number)
        assert receipt.total == 1
        assert again(guarded, number).sentence == "Nothing differs: 1 record found now, the same as then."
        page = letters.get(f"/receipts/{number}").text
        assert "Were searched as well" in page
        assert "Direct messages were not searched" not in page
        assert plain.get(f"/receipts/{number}").status_code == 404
        assert guarded.client("trusted").get(f"/receipts/{number}").status_code == 404
        assert f'href="/receipts/{number}"' not in plain.get("/receipts").text
    assert len(guarded.city.audit("refused")) == before + 6
    without = guarded.keep(letters, q="trombone")
    assert load(guarded, without).total == 0
    assert plain.get(f"/receipts/{without}").status_code == 200


def test_the_limits_of_a_receipt_are_kept_in_english(guarded: Guarded) -> None:
    """Whatever language its maker reads."""
    client = guarded.client("ranger")
    client.headers["accept-language"] = "es"
    body = load(guarded, guarded.keep(client, q="pothole")).body
    assert tuple(body["limits"]["words"]) == guarded.sight("ranger").words
    assert body["limits"]["words"][0].startswith("of your department: ")
