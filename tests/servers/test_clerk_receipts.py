"""Receipts as a clerk keeps them, reads them, hands them out and runs them again: the pages, the PDF, the command line."""

from __future__ import annotations

import hashlib
import io
import json
import re
from typing import TYPE_CHECKING

import pypdf
import pytest
import rfc8785
import sqlalchemy as sa

from clerk.grants import What, give
from clerk.users import create_user
from tests.fixtures.clerk import NAME, PASSWORD, log_in, token_of
from tests.fixtures.program import Program
from tests.servers.test_clerk_searching import text_of

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from archiver.local.endpoints import Endpoints
    from tests.fixtures.clerk import City
    from tests.fixtures.program import Commands

MIXED = 'pothole OR "reunión pública" OR \U0001f6a7 OR \u062d\u0641\u0631\u0629'


def keep(client: httpx.Client, **fields: str) -> httpx.Response:
    """Keep a receipt by the form of the results page."""
    page = client.get("/", params={name: value for name, value in fields.items() if name != "note"})
    assert "Keep a receipt of this search" in page.text
    return client.post("/receipts", data={"csrf_token": token_of(page), **fields})


def number_of(answer: httpx.Response) -> int:
    """The number of the receipt that was kept."""
    assert answer.status_code == 303, text_of(answer.text)
    return int(answer.headers["location"].removeprefix("/receipts/"))


def pdf_text(content: bytes) -> str:
    """The text of a PDF, as another program reads it, on one line."""
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages).split())


def test_a_search_is_kept_by_the_form_and_found_again(city: City) -> None:
    """The button on the results page, with the form's filters and a note; the list; the page; each step in the audit log."""
    client = city.signed_in()
    kept = keep(client, q="pothole", platform="bluesky", **{"from": "2026-05-01"}, note="Request 2026-031 <b>")
    assert number_of(kept) == 1
    listed = text_of(client.get("/receipts").text)
    assert "Request 2026-031 <b>" in listed
    page = client.get("/receipts/1")
    seen = text_of(page.text)
    assert "Search receipt 1" in seen
    assert "Records found 3" in seen
    assert "on Bluesky, dated from 1 May 2026" in seen
    assert "bluesky:parks.example.gov, comments: from 1 May 2026" in seen
    assert "Words inside pictures, videos and sound recordings were not searched" in seen
    assert "Statement" not in seen
    assert [row.subject for row in city.audit("receipt made")] == ["1"]
    assert [row.subject for row in city.audit("receipt opened")] == ["1"]
    with city.archive.engine.connect() as connection:
        digest = bytes(connection.scalar(sa.text("select body_sha256 from receipts"))).hex()
    assert digest in seen
    assert city.audit("receipt made")[0].detail["sha256"] == digest


def test_a_receipt_goes_out_as_pdf_and_as_json_with_its_digest(city: City) -> None:
    """Another program's library reads number, query, total and digest; the digest can be made anew from the JSON."""
    client = city.signed_in()
    number = number_of(keep(client, q=MIXED))
    document = client.get(f"/receipts/{number}.json")
    assert "attachment" in document.headers["content-disposition"]
    read = document.json()
    digest = hashlib.sha256(rfc8785.dumps(read["receipt"])).hexdigest()
    assert read["sha256"] == digest
    assert read["receipt"]["search"]["text"] == MIXED
    answer = client.get(f"/receipts/{number}.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    assert "attachment" in answer.headers["content-disposition"]
    said = pdf_text(answer.content)
    for expected in (
        f"Search receipt {number}",
        "Records found 3",
        digest,
        'pothole OR "reunión pública" OR [U+1F6A7 CONSTRUCTION SIGN] OR [U+062D U+0641 U+0631 U+0629]',
        "The exact form of the receipt is its JSON",
    ):
        assert expected in said, said
    assert "Signature" not in said
    pages = len(pypdf.PdfReader(io.BytesIO(answer.content)).pages)
    assert f"Page 1 of {pages}" in said
    assert f"Page {pages} of {pages}" in said
    assert client.get(f"/receipts/{number}.pdf").content == answer.content
    assert [row.detail["as"] for row in city.audit("receipt exported")] == ["json", "pdf", "pdf"]


@pytest.mark.parametrize("word", ["x" * 3_900, "\U0001f6a7" * 1_900, "a b " * 950])
def test_a_pdf_holds_the_longest_search(city: City, word: str) -> None:
    """However long a word is, or how many numbers stand for it."""
    client = city.signed_in()
    number = number_of(keep(client, q=f'"{word}"', note="A long note. " * 150))
    said = pdf_text(client.get(f"/receipts/{number}.pdf").content)
    assert said.count("A long note.") >= 150
    assert len(said) > len(word)


def test_where_nothing_was_found_the_statement_is_there_to_be_signed(city: City) -> None:
    """On the page and in the PDF: about this archive only, with lines for a person, and no signature of ours."""
    give(city.archive.engine, NAME, What.PERSONAL, "request 2026-14", now=city.archive.now())
    client = city.signed_in()
    number = number_of(keep(client, q="zeppelin"))
    for seen in (
        text_of(client.get(f"/receipts/{number}").text),
        pdf_text(client.get(f"/receipts/{number}.pdf").content),
    ):
        assert "Statement: no records in this archive" in seen
        assert "This statement is about this archive only." in seen
        assert re.search(r"Signature.*Name.*Title.*Date", seen)
        assert f"search receipt {number} states" in seen


def test_a_receipt_is_run_again_and_the_differences_explained(city: City) -> None:
    """By the button: a comment captured since, with its reason and a link to it; then nothing hides a damaged list."""
    client = city.signed_in()
    number = number_of(keep(client, q="pothole"))
    token = token_of(client.get(f"/receipts/{number}"))
    again = client.post(f"/receipts/{number}/check", data={"csrf_token": token})
    assert "Nothing differs: 3 records found now, the same as then." in text_of(again.text)
    city.searchable.records.now = city.archive.now
    item = city.searchable.records.item(city.parks, "A pothole in the park")
    city.searchable.drain()
    again = client.post(f"/receipts/{number}/check", data={"csrf_token": token})
    seen = text_of(again.text)
    assert "3 records found then, 4 now; 1 difference, every one explained." in seen
    assert "Found now, not then Captured since 1" in seen
    with city.archive.engine.connect() as connection:
        public_id = connection.scalar(sa.text("select public_id from items where id = :id"), {"id": item})
    assert f'href="/items/{public_id}"' in again.text
    assert [row.detail["sound"] for row in city.audit("receipt checked")] == [True, True]


def test_who_may_not_keep_a_receipt_reads_them(city: City) -> None:
    """A viewer searches and reads; the button is not there, and the form is refused and audited."""
    number_of(keep(city.signed_in(), q="pothole"))
    create_user(city.archive.engine, "vera", PASSWORD, "viewer")
    client = city.client()
    log_in(client, "vera")
    page = client.get("/", params={"q": "pothole"})
    assert "Keep a receipt" not in page.text
    refused = client.post("/receipts", data={"csrf_token": token_of(page), "q": "pothole"})
    assert refused.status_code == 403
    assert [row.detail["wanted"] for row in city.audit("refused")] == ["keep a receipt of a search"]
    assert client.get("/receipts/1").status_code == 200
    with city.archive.engine.connect() as connection:
        assert connection.scalar(sa.text("select count(*) from receipts")) == 1


def test_a_receipt_is_kept_and_shown_in_english_whatever_its_maker_reads(city: City) -> None:
    """The page around it is in Spanish; what it says itself is what it says to everybody, and marked as English."""
    client = city.signed_in()
    keep(client, q="pothole", note="first")
    client.headers["accept-language"] = "es"
    answer = client.post("/receipts", data={"csrf_token": token_of(client.get("/receipts")), "q": "pothole"})
    assert number_of(answer) == 2
    english, spanish = (client.get(f"/receipts/{number}.json").json()["receipt"] for number in (1, 2))
    for name in ("sentence", "parts", "terms", "divided", "not_searched", "limits"):
        assert spanish[name] == english[name], name
    assert spanish["index"]["freshness"].startswith("The index is ")
    assert "Search receipt 2" in pdf_text(client.get("/receipts/2.pdf").content)
    page = client.get("/receipts/2").text
    assert "Constancia de b\u00fasqueda 2" in text_of(page)
    assert re.search(r'<section aria-labelledby="found" lang="en">\s*<h2 id="found">What was found</h2>', page)
    again = client.post("/receipts/2/check", data={"csrf_token": token_of(client.get("/receipts"))}).text
    assert "Encontrados entonces" in text_of(again)
    assert re.search(r'role="status" lang="en">Nothing differs: 3 records found now', again)
    assert city.audit("receipt checked")[-1].detail["sentence"].startswith("Nothing differs: 3 records")
    refused = client.post(
        "/receipts", data={"csrf_token": token_of(client.get("/receipts")), "q": "road", "from": "soon"}
    )
    assert "No se hizo ninguna constancia" in text_of(refused.text)
    assert "is no date" in city.audit("receipt not made")[-1].detail["problem"]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"q": '"half'}, "A quotation mark is missing"),
        ({"q": "road", "from": "soon"}, "is no date"),
        ({"q": "road", "account": "bluesky:nobody"}, "There is no account"),
        ({"q": "road", "note": "x" * 2_001}, "A note has at most"),
    ],
)
def test_a_search_that_cannot_be_kept_is_one_sentence(module_city: City, fields: dict[str, str], says: str) -> None:
    """And nothing is kept, which is in the audit log."""
    client = module_city.signed_in()
    before = len(module_city.audit("receipt not made"))
    answer = client.post("/receipts", data={"csrf_token": token_of(client.get("/receipts")), **fields})
    assert answer.status_code == 400
    assert says in text_of(answer.text)
    assert len(module_city.audit("receipt not made")) == before + 1
    assert "No receipt was kept yet." in text_of(client.get("/receipts").text)


def test_numbers_that_are_none_are_not_found(module_city: City) -> None:
    """Of the page, the files and the button alike; nonsense too."""
    client = module_city.signed_in()
    token = token_of(client.get("/receipts"))
    for number in ("7", "0", "-1", "9" * 30, "x", "1.5"):
        for end in ("", ".pdf", ".json"):
            assert client.get(f"/receipts/{number}{end}").status_code == 404, (number, end)
        assert client.post(f"/receipts/{number}/check", data={"csrf_token": token}).status_code == 404
    for before in ("", "x", "9" * 30, "-1", "\u0663"):
        assert client.get("/receipts", params={"before": before}).status_code == 200


def test_the_command_line_lists_shows_checks_and_exports(
    city: City, stack: Endpoints, commands: Commands, tmp_path: Path
) -> None:
    """As a program of its own: 0 where all is explained, 2 where it is not, and the same digest everywhere."""
    number = number_of(keep(city.signed_in(), q="pothole", note="For counsel"))
    run = Program(commands, city, stack, tmp_path, "receipt")
    assert [each["note"] for each in json.loads(run("list", "--json"))] == ["For counsel"]
    assert "For counsel" in run("list")
    shown = run("show", "1")
    assert "What was not searched" in shown
    assert "Nothing differs" in run("check", str(number))
    printed = run("export", "1", "--json", str(tmp_path / "r.json"), "--pdf", str(tmp_path / "r.pdf"))
    read = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert read == json.loads(run("show", "1", "--json"))
    assert read["sha256"] in printed
    assert read["sha256"] in pdf_text((tmp_path / "r.pdf").read_bytes())
    assert "say where to" in run("export", "1", code=2)
    assert "There is no receipt 9" in run("show", "9", code=1)
    city.searchable.client.delete(
        index=city.searchable.alias, id=str(city.items["question"]), version=99, version_type="external", refresh=True
    )
    told = run("check", "1", code=2)
    assert "the index is not what the archive holds" in told
    assert "not explained: 1 of 1 differences" in told
    assert json.loads(run("check", "1", "--json", code=2).partition("\nError:")[0])["unexplained"] == 1
