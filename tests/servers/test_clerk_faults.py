"""The clerk's pages where something is not there, not understood or does not answer: a page in words, never an error of ours."""

from __future__ import annotations

import html
import uuid
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from archiver.database import engine_for
from clerk.pages import search as page_of_search
from clerk.security import HEADERS
from search.errors import IndexUnavailableError
from tests.servers.test_clerk_pages import text_of

if TYPE_CHECKING:
    from tests.fixtures.clerk import City


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"q": 'the "open quote'}, "quot"),
        ({"q": "road", "from": "2026-02-30"}, "\u201c2026-02-30\u201d is no date"),
        ({"q": "road", "from": "2026-03-02", "to": "2026-03-01"}, "exchange the two dates"),
        ({"q": "road", "from": "0001-01-01"}, "1970"),
        ({"q": "road", "sort": "sideways"}, "is no order"),
        ({"q": "road", "account": "bluesky:nobody"}, "There is no account"),
        ({"q": "road", "after": "bm9uc2Vuc2U"}, "another search"),
        ({"q": "road", "after": "\u00e9"}, "another search"),
        ({"q": "w" * 5000}, "shorten"),
    ],
)
def test_a_mistake_is_one_sentence_and_the_form_stays(module_city: City, params: dict[str, str], sentence: str) -> None:
    """What cannot be understood is answered on the page, in words, with what was typed still in its place."""
    page = module_city.signed_in().get("/", params=params)
    assert page.status_code == 400
    assert sentence in text_of(page.text)
    if "q" in params:
        assert f'value="{html.escape(params["q"]).replace("&quot;", "&#34;")}"' in page.text


def test_characters_that_no_store_holds_do_no_harm(module_city: City) -> None:
    """NUL, lone bytes and strange page numbers in the address are no error of ours."""
    client = module_city.signed_in()
    for query in ("q=a%00b", "q=%ff%fe", "q=x&page=-1", "q=x&page=99999999999999999999", "q=x&page=\u0663"):
        assert client.get(f"/?{query}").status_code in {200, 400}, query


def test_what_does_not_exist_is_a_page_that_says_so(module_city: City) -> None:
    """Unknown and malformed addresses get a plain page with the policy's headers, never an error of ours."""
    client = module_city.signed_in()
    unknown = uuid.uuid4()
    for address in (
        f"/items/{unknown}", "/items/nonsense", f"/items/{unknown}/versions/1/text", f"/media/{unknown}", "/nowhere",
        f"/exchanges/{unknown}", f"/exchanges/{unknown}/record", f"{module_city.page_of('post')}/versions/9/text",
        f"{module_city.page_of('post')}?start=-1", f"{module_city.page_of('post')}/versions/99999999999999999999/text",
    ):  # fmt: skip
        answer = client.get(address)
        assert answer.status_code == 404, address
        assert "<h1>Not found</h1>" in answer.text
        assert answer.headers["content-security-policy"] == HEADERS["Content-Security-Policy"]


def test_a_silent_index_is_one_sentence_with_the_form_kept(city: City) -> None:
    """Without its index the search page still comes, says so, and says how far the index is; records can be read."""
    city.searchable.client.indices.delete(index=f"{city.searchable.alias}-000001")
    client = city.signed_in()
    page = client.get("/", params={"q": "potholes"})
    assert page.status_code == 503
    assert "The search cannot answer now" in page.text
    assert 'value="potholes"' in page.text
    assert "The index cannot be searched now" in page.text
    assert client.get("/status").status_code == 200
    assert client.get(city.page_of("post")).status_code == 200


def test_the_audit_log_is_in_english_whoever_is_told_of_a_fault(city: City) -> None:
    """Somebody who is spoken to in Spanish reads in Spanish that the index does not answer; the log says it in English."""
    city.searchable.client.indices.delete(index=f"{city.searchable.alias}-000001")
    client = city.signed_in()
    page = client.get("/", params={"q": "potholes"}, headers={"Accept-Language": "es"})
    assert (page.status_code, '<html lang="es">' in page.text) == (503, True)
    with city.archive.engine.connect() as connection:
        said = connection.scalar(sa.text("select detail->>'error' from audit order by id desc limit 1"))
    assert said.startswith("There is no index to work with")


def test_a_silent_database_is_a_page_without_details(city: City) -> None:
    """When Postgres does not answer the page says so and names no address, no password."""
    client = city.signed_in()
    dead = engine_for("postgresql://archive_app:secret@127.0.0.1:9/nowhere")
    object.__setattr__(city.archive, "engine", dead)
    answer = client.get("/accounts")
    assert answer.status_code == 503
    assert "database does not answer" in answer.text
    assert "127.0.0.1" not in answer.text
    assert answer.headers["content-security-policy"] == HEADERS["Content-Security-Policy"]


def test_an_index_that_goes_between_two_questions_is_one_sentence(
    module_city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was found, and what was not captured cannot be told any more: that is not said to be nothing."""

    def gone(*_: Any) -> None:
        raise IndexUnavailableError("asking")

    monkeypatch.setattr(page_of_search, "uncaptured", gone)
    page = module_city.signed_in().get("/", params={"q": "zeppelin"})
    assert page.status_code == 503
    assert "The search cannot answer now" in page.text
    assert "No gap in capture is on record" not in page.text
