"""The search page and the list of terms, over the real Postgres and Elasticsearch."""

from __future__ import annotations

import csv
import datetime as dt
import html
import io
import re
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from archiver import gaps
from search.query import SearchRequest
from search.query.term_list import count_terms
from tests.fixtures.clerk import token_of

if TYPE_CHECKING:
    import httpx

    from search.query.term_list import TermCounts
    from tests.fixtures.clerk import City
    from tests.fixtures.records import AccountRow


def text_of(page: str) -> str:
    """A page's text, its tags gone."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def links_of(page: str, within: str) -> dict[str, str]:
    """The links of an element with that class, by their text."""
    found = re.search(rf'class="{within}".*?</(?:ul|div|figure|p)>\n', page, re.DOTALL)
    assert found is not None
    return {
        text_of(text).removeprefix("Search without: ").removesuffix(" \u2715"): html.unescape(address)
        for address, text in re.findall(r'<a href="([^"]+)">(.*?)</a>', found[0], re.DOTALL)
    }


def total_of(client: httpx.Client, address: str) -> int:
    """How many records a search page says it found."""
    found = re.search(r"([\d,]+) records? found", client.get(address).text)
    assert found is not None
    return int(found[1].replace(",", ""))


def test_each_part_of_a_search_leads_to_the_search_without_it(module_city: City) -> None:
    """What was typed and the form's filters are parts that can be taken away by a click."""
    client = module_city.signed_in()
    page = client.get("/", params={"q": "pothole -third is:resident", "platform": "bluesky", "from": "2026-05-01"}).text
    chips = links_of(page, "chips")
    assert list(chips) == [
        "that says \u201cpothole\u201d in any form",
        "that does not say \u201cthird\u201d in any form",
        "written by somebody else than the city",
        "on Bluesky",
        "from 2026-05-01",
    ]
    here = total_of(client, "/?q=pothole+-third+is%3Aresident&platform=bluesky&from=2026-05-01")
    assert here == 1
    assert total_of(client, chips["that does not say \u201cthird\u201d in any form"]) == 2
    assert total_of(client, chips["written by somebody else than the city"]) == 2
    assert "from=2026-05-01" in chips["on Bluesky"]
    assert "from=" not in chips["from 2026-05-01"]


def test_each_value_that_a_result_divides_by_leads_to_as_many(module_city: City) -> None:
    """Clicking a value of a facet finds as many records as it says."""
    client = module_city.signed_in()
    page = client.get("/", params={"q": "pothole OR library"}).text
    facets = re.search(r'<div class="facets">.*?</div>', page, re.DOTALL)
    assert facets is not None
    values = re.findall(r'<li><a href="([^"]+)">.*?</a> <span class="number">([\d,]+)</span>', facets[0])
    assert len(values) > 8
    for address, count in values:
        assert total_of(client, html.unescape(address)) == int(count), address


def test_names_with_quotation_marks_break_no_page_of_results(city: City) -> None:
    """An odd one in an author's name, two in a department's: the page is there, and each value leads to as many as it says."""
    club = city.searchable.records.account("club", platform="facebook", department="Parks \u201cand\u201d Rec")
    for number, name in enumerate(("12\u201d Pete", 'Ann "Annie" Lee')):
        city.searchable.records.item(
            club,
            "An aardvark",
            author_id=str(number),
            author_handle=None,
            author_name=name,
            kind="comment",
            stream="comments",
        )
    city.searchable.drain()
    client = city.signed_in()
    page = client.get("/", params={"q": "aardvark"})
    assert page.status_code == 200
    facets = re.search(r'<div class="facets">.*?</div>', page.text, re.DOTALL)
    assert facets is not None
    values = dict(re.findall(r'<li><a href="([^"]+)">(.*?)</a> <span class="number">', facets[0]))
    assert {"12 Pete", "Ann Annie Lee", "Parks \u201cand\u201d Rec"} <= set(values.values())
    for address, name in values.items():
        assert total_of(client, html.unescape(address)) == (1 if name.endswith(("Pete", "Lee")) else 2), name


def test_pages_go_on_though_fewer_are_counted_than_before(city: City) -> None:
    """What follows is asked of the index: not counted from a page's number, which records that went meanwhile make too high."""
    searchable = city.searchable
    made = [searchable.records.item(city.parks, f"Council agenda {number}") for number in range(60)]
    searchable.drain()
    client = city.signed_in()
    found = re.search(r'rel="next" href="([^"]+)"', client.get("/", params={"q": "agenda", "sort": "newest"}).text)
    assert found is not None
    later = html.unescape(found[1]).replace("page=2", "page=3")
    second = re.search(r'rel="next" href="([^"]+)"', client.get(later).text)
    assert second is not None, "25 records are shown, 25 were before, 10 follow"
    last = client.get(html.unescape(second[1])).text
    assert len(re.findall(r"<article>", last)) == 10
    assert 'rel="next"' not in last
    for item in made[:10]:
        searchable.client.delete(index=searchable.alias, id=str(item), refresh=True)
    gone = text_of(client.get(html.unescape(second[1])).text)
    assert "Nothing follows the page before any more" in gone
    assert "Nothing in the archive matches" not in gone


def test_where_nothing_is_found_the_page_says_which_part_is_to_blame(module_city: City) -> None:
    """Each part with its count alone; a spelling that the archive has is offered."""
    page = module_city.signed_in().get("/", params={"q": "pothole zeppelin"}).text
    assert "0 records found" in page
    seen = text_of(page)
    assert re.search(r"Everything that says \u201cpothole\u201d in any form 3 records", seen)
    assert "0 records Nothing is found because of this." in seen
    assert "pothole" in links_of(module_city.signed_in().get("/", params={"q": "potholle"}).text, "similar")


def gap(city: City, account: AccountRow, since: str, until: str | None, reason: str) -> None:
    """Put a gap on record."""
    with city.archive.engine.begin() as connection:
        connection.execute(
            sa.text(
                "insert into gaps (public_id, account_id, stream_id, opened_at, closed_at, reason) values (gen_random_uuid(), "
                ":account, :stream, cast(:since as timestamptz), cast(:until as timestamptz), :reason)"
            ),
            {
                "account": account.id,
                "stream": account.streams["posts"],
                "since": since,
                "until": until,
                "reason": reason,
            },
        )


def test_where_nothing_is_found_what_was_not_captured_then_is_said(city: City) -> None:
    """Gaps that touch the days and accounts searched, closed ones too, as a receipt of the same search has them; no others."""
    gap(city, city.account, "2026-03-02T09:00Z", "2026-03-09T09:00Z", "the scheduler was down")
    gap(city, city.parks, "2026-04-20T09:00Z", "2026-04-21T09:00Z", "the power failed")
    client = city.signed_in()

    def said(**asked: str) -> str:
        return text_of(client.get("/", params=asked).text)

    march = said(q="zeppelin date:2026-03")
    times = "from 2 March 2026, 01:00 PST to 9 March 2026, 02:00 PDT"
    assert f"city.example.gov , posts: not captured whole {times} : the scheduler was down." in march
    assert "the power failed" not in march
    assert "503" not in march
    by_form = said(q="zeppelin", **{"from": "2026-03-05", "to": "2026-03-06"})
    assert "the scheduler was down" in by_form
    assert "comments: not captured whole since 1 May 2026, 02:00 PDT : the platform answered 503" in said(q="zeppelin")
    parks = said(q="zeppelin account:parks.example.gov")
    assert "the scheduler was down" not in parks
    assert "the power failed" in parks
    assert "the power failed" in said(q='zeppelin department:"Parks and Recreation"')
    none = "No gap in capture is on record that touches the days and accounts searched."
    assert none in said(q="zeppelin date:2026-02 account:parks.example.gov platform:bluesky")
    assert none not in said(q="zeppelin date:2026-03 account:city.example.gov")
    with city.archive.engine.connect() as connection:
        late = gaps.overdue(connection, ["bluesky"], city.archive.now(), dt.timedelta(hours=36))
    assert [each.account for each in late] == ["bluesky:city.example.gov"]
    assert "no gap is on record yet" not in march
    lately = "city.example.gov : not captured whole since 3 May 2026, 02:10 PDT ; no gap is on record yet."
    assert lately in said(q="zeppelin date:2026-03..2026-05")
    assert lately not in said(q="zeppelin date:2026-03..2026-05 -account:city.example.gov account:parks.example.gov")


def test_a_page_holds_as_many_results_as_asked_for(city: City) -> None:
    """25, 50 or 100; nothing else; the choice stays with the search."""
    for number in range(60):
        city.searchable.records.item(city.parks, f"Council agenda {number}")
    city.searchable.drain()
    client = city.signed_in()
    for asked, shown in (("", 25), ("50", 50), ("100", 60), ("7", 25), ("-1", 25)):
        page = client.get("/", params={"q": "agenda", "size": asked}).text
        assert len(re.findall(r"<article>", page)) == shown, asked
    page = client.get("/", params={"q": "agenda", "size": "50", "dense": "1"}).text
    following = re.search(r'rel="next" href="([^"]+)"', page)
    assert following is not None
    assert {"size=50", "dense=1"} <= set(html.unescape(following[1]).split("&"))
    assert len(re.findall(r"<article>", client.get(html.unescape(following[1])).text)) == 10
    assert client.get("/", params={"q": "x" * 50, "page": "2"}).status_code == 200


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


def test_a_search_speaks_the_reader_s_language_and_the_audit_log_english(module_city: City) -> None:
    """What was found, how it divides, what is wrong: in Spanish for who reads it; what strangers wrote, and the log, as ever."""
    client = module_city.signed_in()
    client.headers["accept-language"] = "es"
    seen = text_of(client.get("/", params={"q": "pothole", "platform": "bluesky"}).text)
    assert "3 registros encontrados" in seen
    assert "Publicaciones" in seen
    assert "Buscar sin: en Bluesky" in seen
    assert "pothole" in seen
    assert "records found" not in seen
    wrong = client.get("/", params={"q": "pothole", "from": "soon"})
    assert wrong.status_code == 400
    assert "\u201csoon\u201d no es una fecha" in text_of(wrong.text)
    assert module_city.audit("searched")[-1].detail["problem"].startswith("\u201csoon\u201d is no date:")
    none = counted(client, terms='"half')
    assert (none.status_code, "No se entiende ninguno de estos t\u00e9rminos" in text_of(none.text)) == (400, True)
    assert module_city.audit("searched a list")[-1].detail["problem"].startswith("None of these terms")


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
