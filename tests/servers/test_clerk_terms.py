"""The page of a list of terms, over the real Postgres and Elasticsearch."""

from __future__ import annotations

import csv
import html
import io
import re
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from clerk.pages import terms as page_of_terms
from search.query import SearchRequest
from search.query.term_list import TermCounts, count_terms
from tests.fixtures.clerk import token_of
from tests.servers.test_clerk_searching import text_of, total_of

if TYPE_CHECKING:
    from tests.fixtures.clerk import City


def counted(client: httpx.Client, **fields: str) -> httpx.Response:
    """Send a list of terms."""
    token = token_of(client.get("/terms"))
    return client.post("/terms", data={"csrf_token": token, **fields})


def test_a_list_of_terms_is_counted_as_a_table_and_as_a_file(module_city: City) -> None:
    """Hits per term and the union, each term a link to its search; the file says the same, and is no formula."""
    client = module_city.signed_in()
    listed = 'pothole\nlibrary OR pothole\n"half\n=1+1'
    page = counted(client, terms=listed)
    assert page.status_code == 200
    seen = text_of(page.text)
    assert "Not searched for. A quotation mark is missing" in seen
    addresses = [html.unescape(each) for each in re.findall(r'class="number"><a href="([^"]+)"', page.text)]
    totals = [int(each) for each in re.findall(r'class="number"><a href="[^"]+">(\d+)</a>', page.text)]
    assert [total_of(client, address) for address in addresses] == totals
    union = re.search(r"([\d,]+) records? with at least one of these terms", seen)
    assert union is not None
    file = counted(client, terms=listed, **{"as": "csv"})
    assert "attachment" in file.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert [row[0] for row in rows] == [
        "term", "pothole", "library OR pothole", '"half', "'=1+1", "all together, each record once",
    ]  # fmt: skip
    assert [row[2] for row in rows[1:]] == [str(totals[0]), str(totals[1]), "", "0", union[1]]
    assert module_city.audit("searched a list")[-1].detail["union"] == int(union[1])


def test_a_file_of_counted_terms_is_in_english_whoever_asks(module_city: City) -> None:
    """The table on the page is in the reader's language; the file is the same for everybody."""
    client = module_city.signed_in()
    listed = 'pothole\n"half'
    english = counted(client, terms=listed, **{"as": "csv"}).content
    client.headers["accept-language"] = "es"
    assert counted(client, terms=listed, **{"as": "csv"}).content == english
    seen = text_of(counted(client, terms=listed).text)
    assert "Se entiende como" in seen
    assert "No se busc\u00f3." in seen


def test_a_refused_list_is_told_of_in_the_reader_s_language_and_the_audit_log_in_english(module_city: City) -> None:
    """In Spanish for who reads it; the log as ever."""
    client = module_city.signed_in()
    client.headers["accept-language"] = "es"
    none = counted(client, terms='"half')
    assert (none.status_code, "No se entiende ninguno de estos t\u00e9rminos" in text_of(none.text)) == (400, True)
    assert module_city.audit("searched a list")[-1].detail["problem"].startswith("None of these terms")


def test_others_are_answered_while_a_list_is_counted(module_city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the index takes for it: also the log-in and every page of everybody else."""
    begun, go_on = threading.Event(), threading.Event()

    def slow(*_: Any) -> TermCounts:
        begun.set()
        go_on.wait(30)
        return TermCounts([], 7)

    monkeypatch.setattr(page_of_terms, "count_terms", slow)
    client, answers = module_city.signed_in(), list[httpx.Response]()
    counting = threading.Thread(target=lambda: answers.append(counted(client, terms="pothole")))
    counting.start()
    try:
        assert begun.wait(30)
        other = module_city.client()
        other.timeout = httpx.Timeout(10)
        assert other.get("/login").status_code == 200
        assert not answers
    finally:
        go_on.set()
        counting.join()
    assert "7 records with at least one of these terms" in text_of(answers[0].text)


def test_a_list_can_be_a_file(module_city: City) -> None:
    """As text in the codings that office programs write; what is none is refused in a sentence."""
    client = module_city.signed_in()
    token = token_of(client.get("/terms"))
    for content in (b"pothole\r\nlibrary", "\ufeffpothole\nlibrary".encode(), "pothole\nlibrary".encode("utf-16")):
        page = client.post("/terms", data={"csrf_token": token}, files={"file": ("terms.txt", content, "text/plain")})
        assert "with at least one of these terms" in page.text
        assert ">pothole</th>" in page.text.replace("\n", "")
    for content, says in (
        (b"\x00\x01\x02", "no plain text"),
        (b"a" * 60_001, "larger than a list"),
        (b"", "no term"),
    ):
        page = client.post("/terms", data={"csrf_token": token}, files={"file": ("terms.txt", content, "text/plain")})
        assert page.status_code == 400
        assert says in text_of(page.text)


def test_a_file_is_never_left_out_without_a_word(module_city: City) -> None:
    """With what is left in the box from before the file is counted; with another list there neither is, and it is said."""
    client = module_city.signed_in()
    first = counted(client, terms="library\nzeppelin")
    filled = re.search(r'name="filled" value="([^"]+)"', first.text)
    assert filled is not None
    form = {"csrf_token": token_of(first), "filled": filled[1]}
    file = {"file": ("terms.txt", b"pothole", "text/plain")}
    left = client.post("/terms", data={**form, "terms": "library\r\nzeppelin"}, files=file)
    assert left.status_code == 200
    assert ">pothole</th>" in left.text
    assert ">library</th>" not in left.text
    for box in ("library\r\nzeppelin\r\npool", "pool"):
        both = client.post("/terms", data={**form, "terms": box}, files=file)
        assert both.status_code == 400
        assert "There is a list in the box and a file besides" in text_of(both.text)
        assert "pool</textarea>" in both.text
        assert f'name="filled" value="{filled[1]}"' in both.text
        again = client.post("/terms", data={**form, "terms": box}, files=file)
        assert again.status_code == 400, "from the page that refused it, as from the one before"
    none = client.post("/terms", data={**form, "terms": "pool"}, files={"file": ("", b"", "application/octet-stream")})
    assert ">pool</th>" in none.text


def count(city: City, terms: list[str]) -> TermCounts:
    """Count a list without the page, whose form holds less."""
    zone = city.archive.settings.zone
    return count_terms(city.searchable.client, city.searchable.alias, terms, SearchRequest(zone=zone))


@pytest.mark.parametrize(
    "form",
    [
        "O\u2019Brien{0}",
        "mayor's{0} council's{0} people's{0}",
        '"the mayor\'s {0} road"',
        "a{0} b{0} c{0} d{0} e{0} f{0} g{0}",
    ],
)
def test_a_list_has_500_terms_of_whatever_form(module_city: City, form: str) -> None:
    """Of names with apostrophes, of phrases, of many words each: together more clauses than Elasticsearch takes in one query."""
    found = count(
        module_city, [*(form.format(number) for number in range(497)), "pothole", "library", "pothole thursday"]
    )
    assert [each.total for each in found.terms[-3:]] == [3, 0, 1]
    assert (found.union, len(found.terms), {each.only for each in found.terms}) == (3, 500, {None})


def test_what_a_term_alone_has_is_counted_for_long_terms_as_well(module_city: City) -> None:
    """A hundred terms of ten words: what each has that no other has, and all together."""
    long = [" ".join(f"w{number}x{word}" for word in range(10)) for number in range(96)]
    found = count(module_city, [*long, "pothole", "year", "third", "barrier"])
    assert [(each.total, each.only) for each in found.terms[-4:]] == [(3, 1), (1, 0), (1, 0), (1, 0)]
    assert {each.only for each in found.terms[:-4]} == {0}
    assert found.union == 3
    assert [(each.total, each.only) for each in count(module_city, ["pothole"]).terms] == [(3, 3)]


def test_a_list_that_is_too_much_for_the_index_is_one_sentence(
    module_city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not that the search cannot answer now, which would be tried again for ever."""
    cause = {"type": "circuit_breaking_exception", "reason": "Data too large"}
    refused = {"error": {"reason": "all shards failed", "root_cause": [cause]}}
    answer = SimpleNamespace(body={"responses": [refused]})
    monkeypatch.setattr(type(module_city.searchable.client), "msearch", lambda *_, **__: answer)
    page = counted(module_city.signed_in(), terms="pothle~\nsinkhle~")
    assert page.status_code == 400
    assert "These terms are more at once than the search engine can hold" in text_of(page.text)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"terms": ""}, "There is no term in this list"),
        ({"terms": "road", "from": "soon"}, "is no date"),
        ({"terms": "road", "account": "bluesky:nobody"}, "There is no account"),
        ({"terms": '"a\nb OR'}, "None of these terms can be understood"),
    ],
)
def test_a_list_that_cannot_be_counted_is_one_sentence(module_city: City, fields: dict[str, str], says: str) -> None:
    """With what was pasted still in its place."""
    page = counted(module_city.signed_in(), **fields)
    assert page.status_code == 400
    assert says in text_of(page.text)
    if fields["terms"].isalpha():
        assert f">{fields['terms']}</textarea>" in page.text


def test_a_list_without_the_forms_token_is_refused(module_city: City) -> None:
    """A form of elsewhere counts nothing."""
    assert module_city.signed_in().post("/terms", data={"terms": "pothole"}).status_code == 403
