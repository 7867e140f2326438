"""The search page and the list of terms, over the real Postgres and Elasticsearch."""

from __future__ import annotations

import datetime as dt
import html
import re
from typing import TYPE_CHECKING

import sqlalchemy as sa

from archiver import gaps
from clerk.grants import What, give
from tests.fixtures.clerk import NAME

if TYPE_CHECKING:
    import httpx

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


def test_gaps_of_direct_messages_are_named_where_these_were_searched(city: City) -> None:
    """Of what was not searched, whoever may search it, nothing is said: no gap of it explains that nothing was found."""
    give(city.archive.engine, NAME, What.MESSAGES, "request 2026-31", now=city.archive.now())
    with city.archive.engine.begin() as connection:
        connection.execute(
            sa.text(
                "with made as (insert into streams (account_id, kind) values (:account, 'messages') returning id) "
                "insert into gaps (public_id, account_id, stream_id, opened_at, reason) "
                "select gen_random_uuid(), :account, id, timestamptz '2026-03-02 09:00Z', 'no letter came' from made"
            ),
            {"account": city.account.id},
        )
    client = city.signed_in()
    assert "no letter came" not in text_of(client.get("/", params={"q": "zeppelin"}).text)
    assert "no letter came" in text_of(client.get("/", params={"q": "zeppelin", "messages": "1"}).text)


def test_of_many_gaps_the_first_are_named_and_the_others_counted(city: City) -> None:
    """The open one, then the latest; how many more there are."""
    for day in range(1, 26):
        gap(city, city.parks, f"2026-04-{day:02d}T09:00Z", f"2026-04-{day:02d}T10:00Z", f"storm {day}.")
    page = text_of(city.signed_in().get("/", params={"q": "zeppelin account:parks.example.gov"}).text)
    assert re.findall(r"storm (\d+)\.", page) == [str(day) for day in range(25, 6, -1)]
    assert "the platform answered 503" in page
    assert "And 6 more gaps: see Accounts" in page


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
