"""The evidence of a version: where it was read, where it stands in the log, and a proof that others can check."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from archiver import log_keeping
from archiver.evidence import verify
from tests.fixtures.clerk import NAME
from tests.fixtures.log import add
from tests.servers.test_clerk_pages import text_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.clerk import City


def test_the_evidence_of_a_version_before_and_after_a_root_is_signed(city: City) -> None:
    """The exchange, digest and capture at once; the leaf once it is appended; the root and a checked proof once it is signed."""
    client, address = city.signed_in(), f"{city.page_of('post')}/versions/2/evidence"
    assert f'href="{address}"' in client.get(city.page_of("post")).text
    assert f'href="{address}"' in client.get(f"/threads/{city.public_id('question')}").text
    seen = text_of(client.get(address).text)
    assert "Evidence of version 2 of 2" in seen
    assert str(city.account.exchange) in seen
    assert "SHA-256 of the bytes as received" in seen
    assert "Nightly capture of posts of bluesky:city.example.gov" in seen
    assert "It is not proven: no root was signed yet" in seen
    assert "none yet: it waits" in seen
    refused = client.get(address.replace("evidence", "proof.json"))
    assert refused.status_code == 409
    assert "no root was signed yet" in refused.text
    log_keeping.append(city.archive)
    assert "none was signed yet" in text_of(client.get(address).text)
    root = log_keeping.publish_root(city.archive).document
    seen = text_of(client.get(address).text)
    assert "this was computed and checked just now" in seen
    assert f"over {root['size']} leaves" in seen
    assert root["root"] in seen
    assert "Its timestamp none" in seen
    city.searchable.records.edit(city.account, city.items["post"], "A third text")
    log_keeping.append(city.archive)
    later = text_of(client.get(f"{city.page_of('post')}/versions/3/evidence").text)
    assert "this version is not under it yet" in later
    assert "1 of 1 records" in later
    assert [row.detail["version"] for row in city.audit("evidence opened")] == [2, 2, 2, 3]


@pytest.mark.parametrize("reveal", [False, True])
def test_the_proof_is_one_that_the_published_program_accepts(city: City, tmp_path: Path, *, reveal: bool) -> None:
    """The file that is downloaded is checked by `verify` against the published root, with the words only where they were asked
    for; a changed one is refused.
    """
    with city.archive.engine.begin() as connection:
        (item_id,) = add(connection, 1)
        public_id = connection.scalar(sa.text("select public_id from items where id = :id"), {"id": item_id})
    log_keeping.append(city.archive)
    published = log_keeping.publish_root(city.archive)
    more = "?reveal=1" if reveal else ""
    answer = city.signed_in().get(f"/items/{public_id}/versions/1/proof.json{more}")
    assert answer.headers["content-disposition"].startswith("attachment")
    file = tmp_path / "proof.json"
    file.write_bytes(answer.content)
    root = verify.read(published.path)
    said = verify.check(verify.read(file), [root], [bytes.fromhex(root["public_key"])])
    assert said
    assert ("Notice" in answer.text) is reveal
    document = json.loads(answer.content)
    document["leaves"][0]["entry"] = document["leaves"][0]["entry"].replace('"number":"1"', '"number":"2"')
    with pytest.raises(verify.NotProven):
        verify.check(document, [root], [])
    (row,) = city.audit("proof taken")
    assert (row.actor, row.subject, row.detail) == (NAME, str(public_id), {"version": 1, "reveal": reveal})


def test_the_evidence_and_the_exchange_speak_spanish(module_city: City) -> None:
    """To a browser that asks for it; addresses, digests and what was received stay as they are."""
    client = module_city.signed_in()
    client.headers["accept-language"] = "es"
    evidence = text_of(client.get(f"{module_city.page_of('post')}/versions/2/evidence").text)
    assert "Evidencia de la versi\u00f3n 2 de 2" in evidence
    assert "No est\u00e1 probado: todav\u00eda no se ha firmado ninguna ra\u00edz" in evidence
    exchange = client.get(f"/exchanges/{module_city.account.exchange}").text
    assert "Nocturna: publicaciones de bluesky:city.example.gov; la captura comenz\u00f3 el" in text_of(exchange)
    assert "WARC-Type: response" in exchange
    missing = client.get(f"{module_city.page_of('post')}/versions/9/evidence")
    assert (missing.status_code, "El archivo no contiene ese registro" in missing.text) == (404, True)


def test_a_version_that_there_is_not_has_no_evidence(module_city: City) -> None:
    """Unknown numbers and records are not found, in words."""
    client = module_city.signed_in()
    for address in (
        "versions/9/evidence",
        "versions/9/proof.json",
        "versions/0/evidence",
        "versions/99999999999/evidence",
    ):
        assert client.get(f"{module_city.page_of('post')}/{address}").status_code == 404, address
