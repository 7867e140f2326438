"""An index that an earlier version of the program made is noticed, said to be one, and built anew behind the alias."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from clerk.grants import What, give
from clerk.users import create_user
from search import analysis, indices, mapping, rebuild, shelves
from search.freshness import freshness
from tests.fixtures.clerk import PASSWORD, log_in, token_of
from tests.fixtures.program import Program

if TYPE_CHECKING:
    from pathlib import Path

    from elasticsearch import Elasticsearch

    from archiver.local.endpoints import Endpoints
    from tests.fixtures.clerk import City
    from tests.fixtures.program import Commands
    from tests.fixtures.searching import Archive

SENTENCE = "The index is of an earlier version and is rebuilt by the next nightly run: until then"


def make_earlier(client: Elasticsearch, alias: str) -> None:
    """Let the index be as it was before records were searched by the accounts that they came through."""
    (name,) = indices.behind(client, alias)
    client.indices.refresh(index=name)
    documents = client.search(index=name, size=1_000, version=True)["hits"]["hits"]
    body = mapping.index_body(analysis.probe(client))
    del body["mappings"]["properties"]["through"]
    body["mappings"]["_meta"]["fingerprint"] = "0" * 64
    earlier = indices.next_name(client, alias)
    client.indices.create(index=earlier, **body)
    for each in documents:
        said = {field: value for field, value in each["_source"].items() if field != "through"}
        client.index(index=earlier, id=each["_id"], document=said, version=each["_version"], version_type="external")
    client.indices.refresh(index=earlier)
    client.indices.delete(index=name)
    client.indices.put_alias(index=earlier, name=alias)


def test_an_index_of_an_earlier_version_is_said_to_be_one_and_is_built_anew(
    city: City, stack: Endpoints, commands: Commands, tmp_path: Path
) -> None:
    """By the pages; by the command, which needs not be told to; meanwhile nothing is kept that would lack what is not found."""
    client, alias = city.searchable.client, city.searchable.alias
    clerk = city.signed_in()
    make_earlier(client, alias)
    assert indices.is_outdated(client, alias)
    for page in ("/", "/status", "/?q=pothole"):
        assert SENTENCE in clerk.get(page).text, page
    city.searchable.records.item(city.parks, "A late pothole")
    refused = city.searchable.drain().refused
    assert len(refused) == 1
    assert f"{SENTENCE} " in clerk.get("/").text
    assert "1 change behind" in clerk.get("/").text
    token = token_of(clerk.get("/"))
    for address, form in (("/receipts", {}), ("/exports", {"format": "csv"})):
        answer = clerk.post(address, data={"csrf_token": token, "q": "pothole", **form})
        assert answer.status_code == 503, address
    with city.archive.engine.connect() as connection:
        assert (
            connection.scalar(sa.text("select (select count(*) from receipts) + (select count(*) from exports)")) == 0
        )
    create_user(city.archive.engine, "trusted", PASSWORD)
    give(city.archive.engine, "trusted", What.PERSONAL, "request 2026-14", now=city.archive.now())
    trusted = city.client()
    log_in(trusted, "trusted")
    token = token_of(trusted.get("/"))
    assert trusted.post("/receipts", data={"csrf_token": token, "q": "pothole"}).status_code == 303
    run = Program(commands, city, stack, tmp_path)
    assert "The index was of an earlier version and was built anew." in run("index")
    assert not indices.is_outdated(client, alias)
    built = indices.behind(client, alias)
    assert indices.numbered(client, alias) == built
    assert "The index is up to date." in clerk.get("/").text
    assert "4 records found" in clerk.get("/?q=pothole").text
    token = token_of(clerk.get("/"))
    assert clerk.post("/receipts", data={"csrf_token": token, "q": "pothole"}).status_code == 303
    assert "built anew" not in run("index")
    assert indices.behind(client, alias) == built


def test_either_index_of_an_earlier_version_is_renewed_and_no_other(archive: Archive) -> None:
    """Where there is none, or it is of this version, nothing is built; where the messages' own is of an earlier one, both are."""
    engine, client, alias = archive.engine, archive.client, archive.alias
    assert rebuild.renew(engine, client, alias) is None
    account = archive.records.account(streams=("posts", "messages"))
    archive.records.item(account, "A public pothole")
    archive.records.item(account, "A secret pothole", kind="message", stream="messages")
    archive.drain()
    assert rebuild.renew(engine, client, alias) is None
    letters = shelves.messages_alias(alias)
    make_earlier(client, letters)
    assert not freshness(engine, client, alias).outdated
    report = rebuild.renew(engine, client, alias)
    assert report is not None
    assert (report.items, report.messages and report.messages.items) == (1, 1)
    assert not indices.is_outdated(client, letters)
    assert rebuild.renew(engine, client, alias) is None


def test_while_it_is_built_anew_the_page_says_that(archive: Archive) -> None:
    """And no longer that it waits for the night."""
    archive.records.item(archive.records.account(), "Notice")
    archive.drain()
    make_earlier(archive.client, archive.alias)
    told = []

    def look(_: int) -> None:
        told.append(freshness(archive.engine, archive.client, archive.alias).sentence)

    rebuild.renew(archive.engine, archive.client, archive.alias, progress=look)
    assert told[0].startswith("The index is of an earlier version and is being rebuilt now: until then")
    assert freshness(archive.engine, archive.client, archive.alias).sentence == "The index is up to date."
