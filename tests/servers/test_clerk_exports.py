"""Exports through the pages: asked for below the results, looked after, fetched; by whom, and with what trace."""

from __future__ import annotations

import csv
import io
import uuid
import zipfile
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from clerk.grants import What, give
from clerk.users import create_user
from search.exports.worker import work
from tests.fixtures.clerk import NAME, PASSWORD, log_in, token_of
from tests.servers.test_clerk_searching import text_of

if TYPE_CHECKING:
    import httpx

    from tests.fixtures.clerk import City


def make(city: City) -> None:
    """Make what waits."""
    work(city.archive, city.searchable.client, city.searchable.alias, once=True)


def somebody(city: City, role: str) -> httpx.Client:
    """A browser of somebody in that role."""
    create_user(city.archive.engine, f"{role}.example", PASSWORD, role)
    client = city.client()
    assert log_in(client, f"{role}.example").status_code == 303
    return client


def ask(client: httpx.Client, **fields: str) -> httpx.Response:
    """Send the form below the results."""
    token = token_of(client.get("/?q=pothole"))
    return client.post("/exports", data={"csrf_token": token, "format": "csv", **fields})


def latest(city: City) -> uuid.UUID:
    """The export asked for last."""
    with city.archive.engine.connect() as connection:
        found = connection.scalar(sa.text("select public_id from exports order by id desc limit 1"))
    assert isinstance(found, uuid.UUID)
    return found


def rows_of(answer: httpx.Response) -> list[dict[str, str]]:
    """The rows of a CSV export."""
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        (name,) = [each for each in archive.namelist() if each.endswith(".csv")]
        text = archive.read(name).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_what_a_search_finds_can_be_taken_out(city: City) -> None:
    """The form below the results carries the whole search; the page tells how far it is; the file has exactly its records."""
    client = city.signed_in()
    page = client.get("/?q=pothole&platform=bluesky&from=2026-05-02&to=2026-05-02&sort=oldest&size=50")
    assert "Export all 3 records" in page.text
    for name, value in (("q", "pothole"), ("platform", "bluesky"), ("from", "2026-05-02"), ("to", "2026-05-02")):
        assert f'<input type="hidden" name="{name}" value="{value}">' in page.text
    fields = {"q": "pothole", "platform": "bluesky", "from": "2026-05-02", "to": "2026-05-02"}
    sent = ask(client, **fields)
    assert (sent.status_code, sent.headers["location"]) == (303, "/exports")
    waits = client.get("/exports").text
    assert "Waits to be made (3 records)" in waits
    assert "Load this page again" in waits
    address = f"/exports/{latest(city)}/file"
    assert client.get(address).status_code == 404
    make(city)
    listed = client.get("/exports").text
    assert "Done: 3 records" in listed
    assert "Load this page again" not in listed
    answer = client.get(address)
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"].startswith('attachment; filename="INTERNAL-not-reviewed-')
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert int(answer.headers["content-length"]) == len(answer.content)
    rows = rows_of(answer)
    assert {row["record id"] for row in rows} == {str(city.public_id(name)) for name in ("post", "question", "missing")}
    (asked,) = city.audit("export asked for")
    assert (asked.actor, asked.subject) == (NAME, str(latest(city)))
    assert asked.detail["search"]["date_from"] == "2026-05-02"
    assert (asked.detail["format"], asked.detail["found"]) == ("csv", 3)
    (fetched,) = city.audit("export downloaded")
    assert (fetched.actor, fetched.subject, fetched.detail["records"]) == (NAME, str(latest(city)), 3)
    (done,) = city.audit("export made")
    assert done.detail["sha256"] == fetched.detail["sha256"]


def test_an_export_can_be_cancelled(city: City) -> None:
    """Once; what has ended is not cancelled, and that is said."""
    client = city.signed_in()
    ask(client, q="pothole")
    token = token_of(client.get("/exports"))
    address = f"/exports/{latest(city)}/cancel"
    assert client.post(address, data={"csrf_token": token}).status_code == 303
    assert "Cancelled" in client.get("/exports").text
    again = client.post(address, data={"csrf_token": token})
    assert again.status_code == 400
    assert "That export had ended already" in again.text
    assert [row.actor for row in city.audit("export cancelled")] == [NAME]
    make(city)
    assert client.get(f"/exports/{latest(city)}/file").status_code == 404


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"q": "zeppelin"}, "Nothing is found, so that there is nothing to export."),
        ({"q": 'pothole "main'}, "quotation mark"),
        ({"q": "pothole", "format": "docx"}, "Choose a format from the list."),
        ({"q": "pothole", "from": "soon"}, "is no date"),
        ({"q": "pothole", "account": "x:nobody"}, "There is no account"),
    ],
)
def test_a_mistake_is_one_sentence(module_city: City, fields: dict[str, str], says: str) -> None:
    """And no export is put down."""
    answer = ask(module_city.signed_in(), **fields)
    assert answer.status_code == 400
    assert says in answer.text
    assert not module_city.audit("export asked for")


def test_who_may_only_read_takes_nothing_out(city: City) -> None:
    """A viewer sees neither form nor list, and gets no file by its address; the refusals are in the audit log."""
    clerk = city.signed_in()
    ask(clerk, q="pothole")
    make(city)
    viewer = somebody(city, "viewer")
    page = viewer.get("/?q=pothole").text
    assert "Export all" not in page
    assert 'href="/exports"' not in page
    token = token_of(viewer.get("/?q=pothole"))
    answers = [
        viewer.get("/exports"),
        viewer.get(f"/exports/{latest(city)}/file"),
        viewer.post(f"/exports/{latest(city)}/cancel", data={"csrf_token": token}),
        viewer.post("/exports", data={"csrf_token": token, "q": "pothole", "format": "csv"}),
    ]
    assert [answer.status_code for answer in answers] == [403] * 4
    assert all("Nothing was exported" in answer.text for answer in answers)
    assert [row.actor for row in city.audit("refused")] == ["viewer.example"] * 4
    assert len(city.audit("export asked for")) == 1


def test_an_export_is_kept_in_english_whatever_language_is_read(city: City) -> None:
    """The page that lists it is in Spanish; what was searched for stands there as it is put down, marked as English."""
    client = city.signed_in()
    client.headers["accept-language"] = "es"
    assert ask(client, q="pothole").status_code == 303
    page = client.get("/exports").text
    assert "En espera (3 registros)" in text_of(page)
    assert '<span lang="en">Everything that says' in page
    assert "Elija un formato de la lista." in text_of(ask(client, q="pothole", format="docx").text)


def test_messages_are_only_for_whoever_may_open_them(city: City) -> None:
    """A clerk's form has no box for them and a forged one is refused; of such an export a clerk is told nothing."""
    records = city.searchable.records
    account = records.account("desk.example.gov", platform_id="did:plc:desk", streams=("posts", "messages"))
    records.item(account, "A secret pothole", kind="message", stream="messages")
    city.searchable.drain()
    clerk = city.signed_in()
    assert "with direct messages" not in clerk.get("/?q=pothole").text
    refused = ask(clerk, q="pothole", messages="1")
    assert refused.status_code == 403
    assert "secret" not in refused.text
    assert [row.detail["wanted"] for row in city.audit("refused")] == ["open direct messages"]
    assert not city.audit("export asked for")
    typed = ask(clerk, q="type:message pothole")
    assert typed.status_code == 403
    assert "Direct messages are kept apart" in typed.text
    assert not city.audit("export asked for")
    manager = somebody(city, "records_manager")
    assert "with direct messages" not in manager.get("/?q=pothole").text
    give(city.archive.engine, "records_manager.example", What.MESSAGES, "request 2026-14", now=city.archive.now())
    assert "with direct messages" in manager.get("/?q=pothole").text
    assert ask(manager, q="pothole", messages="1").status_code == 303
    make(city)
    address = f"/exports/{latest(city)}/file"
    kinds = [row["kind"] for row in rows_of(manager.get(address))]
    assert kinds.count("message") == 1
    assert "With direct messages." in manager.get("/exports").text
    assert "No export was asked for yet." in clerk.get("/exports").text
    absent = f"/exports/{uuid.uuid4()}/file"
    refused = clerk.get(address)
    assert (refused.status_code, refused.text.replace(address, absent)) == (404, clerk.get(absent).text)
    assert city.audit("refused")[-1].subject == str(latest(city))
    assert ask(manager, q="pothole").status_code == 303
    make(city)
    assert "message" not in [row["kind"] for row in rows_of(manager.get(f"/exports/{latest(city)}/file"))]


def test_a_file_that_is_missing_is_said_to_be(city: City) -> None:
    """A page says so, and whom to tell; an address of nothing says that."""
    client = city.signed_in()
    ask(client, q="pothole")
    make(city)
    with city.archive.engine.connect() as connection:
        digest = bytes(connection.scalar(sa.text("select sha256 from exports")))
    (city.archive.spool.parent / "blobs" / city.archive.blobs.key(digest)).unlink()
    answer = client.get(f"/exports/{latest(city)}/file")
    assert answer.status_code == 404
    assert "The file is missing from the store" in answer.text
    assert client.get(f"/exports/{uuid.uuid4()}/file").status_code == 404
