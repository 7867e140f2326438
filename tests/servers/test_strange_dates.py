"""A date is what its author states: whatever it is, every page that shows or counts the record answers."""

from __future__ import annotations

import datetime as dt
import html
import re
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from archiver.records.models import Item, Moderation
from search.exports.reading import records_of
from search.query import Limits, SearchRequest, everything
from tests.fixtures.clerk import city_of
from tests.fixtures.searching import ZONE
from tests.servers.test_clerk_months import address_of, numbers, table_of
from tests.servers.test_clerk_pages import text_of
from tests.servers.test_clerk_receipts import keep, number_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fixtures.clerk import City
    from tests.fixtures.searching import Archive

DATES = {
    "zebraone": ("0001-01-01T00:00:00+00:00", "1 January 1, 00:00 UTC"),
    "zebralast": ("9999-12-31T23:59:59+00:00", "31 December 9999, 15:59 PST"),
    "zebraepoch": ("1970-01-01T00:00:00+00:00", "31 December 1969, 16:00 PST"),
    "zebrafirst": ("1970-01-01T08:00:00+00:00", "1 January 1970, 00:00 PST"),
    "zebrafar": ("2101-01-01T07:59:59+00:00", "31 December 2100, 23:59 PST"),
}
"""What each record says, the date it states, and how that is read in Los Angeles."""
OUTSIDE = ("zebraone", "zebralast", "zebraepoch")


@pytest.fixture(scope="module")
def strange(module_archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """The city, with a post and an answer to its post of each date, and of each post that somebody hid it then."""
    for city in city_of(module_archive, tmp_path_factory.mktemp("strange")):
        records = module_archive.records
        root = "at://did:plc:cityofexample/app.bsky.feed.post/root"
        for word, (written, _) in DATES.items():
            at = dt.datetime.fromisoformat(written)
            city.items[word] = records.item(city.parks, f"{word} stripes", created_at=at)
            records.edit(city.parks, city.items[word], f"{word} zebras", edited_at=at)
            records.item(
                city.account, f"answer {word}", kind="comment", stream="comments", parent_id=root, root_id=root, created_at=at
            )  # fmt: skip
            with Session(city.archive.engine) as session, session.begin():
                session.add(
                    Moderation(
                        item_id=city.items[word], action="hidden", by_whom="J. Alvarez", source="clerk", at=at,
                        observed_at=records.now(), clause="4.2(b)", reason=f"because of {word}", recorded_by="dana.ortiz",
                    )
                )  # fmt: skip
        module_archive.drain()
        yield city


@pytest.mark.parametrize("word", DATES)
def test_a_record_of_any_date_is_found_and_shown(strange: City, word: str) -> None:
    """The search that finds it, its page, its conversation: each says when, as far as the calendar goes."""
    client, (_, when) = strange.signed_in(), DATES[word]
    for address in (f"/?q={word}", strange.page_of(word), f"/threads/{strange.public_id(word)}"):
        page = client.get(address)
        assert page.status_code == 200, address
        assert when in text_of(page.text), address
    kept = client.get(f"/receipts/{number_of(keep(client, q=word))}")
    assert kept.status_code == 200
    assert "Records found 2" in text_of(kept.text)


@pytest.mark.parametrize("address", ["/?q=", "/?q=&sort=oldest", "/?q=&sort=newest", "/moderation", "/moderation.csv"])
def test_pages_of_all_records_answer(strange: City, address: str) -> None:
    """Everything, in every order; the moderation record and its file."""
    assert strange.signed_in().get(address).status_code == 200


def test_the_conversation_of_a_post_shows_answers_of_any_date(strange: City) -> None:
    """The page of the post and its conversation."""
    client = strange.signed_in()
    for address in (strange.page_of("post"), f"/threads/{strange.public_id('post')}"):
        page = client.get(address)
        assert page.status_code == 200
        assert "answer zebraone" in text_of(page.text)


def test_what_is_in_no_month_is_counted_and_said(strange: City) -> None:
    """The counts are whole: each bar of the chart leads to as many records as it says, and the rest is named."""
    client = strange.signed_in()
    page = client.get("/", params={"q": "zebra*"})
    chart = page.text.partition('<figure class="months">')[2].partition("</figure>")[0]
    assert f"By year; {len(OUTSIDE) * 2} records dated before 1970 or after 2100" in text_of(chart)
    bars = re.findall(r'<li><a href="([^"]+)">.*?<span class="month">(\d+)</span> <span class="number">(\d+)<', chart)
    assert [int(year) for _, year, _ in bars] == list(range(1970, 2101))
    assert {year: int(count) for _, year, count in bars if count != "0"} == {"1970": 2, "2100": 2}
    for address, _, count in (bars[0], bars[1], bars[-1]):
        found = client.get(html.unescape(address))
        assert found.status_code == 200
        assert f"{count} records found" in text_of(found.text)
    alone = text_of(client.get("/", params={"q": "zebraepoch"}).text)
    assert "2 records dated before 1970 or after 2100" in alone


def test_a_receipt_counts_what_is_in_no_month(strange: City) -> None:
    """Its months and what lies outside them are all that was found."""
    client = strange.signed_in()
    number = number_of(keep(client, q="zebra*"))
    divided = client.get(f"/receipts/{number}.json").json()["receipt"]["divided"]
    assert sum(each["count"] for each in divided["months"]) == 4
    assert (divided["undated"], divided["outside"]) == (0, 6)
    assert "dated before 1970 or after 2100 6" in text_of(client.get(f"/receipts/{number}").text)
    assert client.get(f"/receipts/{number}.pdf").status_code == 200


def test_an_account_counts_what_is_in_no_month(strange: City) -> None:
    """Its months go on as they were; what lies outside them has a table of its own."""
    page = strange.signed_in().get(address_of(strange, strange.parks))
    assert page.status_code == 200
    assert "With a date before 1970 or after 2100: 3 records" in text_of(page.text)
    table = numbers(table_of(page.text))
    assert table["before 1970 or after 2100", "Post"][0] == 3
    assert table["Jan 1970", "Post"][0] == table["Dec 2100", "Post"][0] == 1


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("date:9999-12", "There is nothing to find on 9999-12-01: give a day of 9998 or before."),
        ("date:1969-12", "There is nothing to find on 1969-12-01: give a day from 1970 on."),
    ],
)
def test_a_date_that_no_search_takes_is_one_sentence(strange: City, query: str, says: str) -> None:
    """Asked for as such, it is refused with what to do."""
    page = strange.signed_in().get("/", params={"q": query})
    assert page.status_code == 400
    assert says in text_of(page.text)


@pytest.mark.parametrize("whole", [False, True])
def test_an_export_writes_records_of_any_date(strange: City, *, whole: bool) -> None:
    """Those too that were found by what they said before they were edited."""
    archive = strange.searchable
    walk = everything.every(archive.client, archive.alias, SearchRequest(text="stripes", zone=ZONE))
    found = list(walk.found)
    assert {each.version for each in found} == {1}
    read = records_of(strange.archive.engine, ZONE, found, 0, limits=Limits(), whole=whole)
    assert [each.found.item_id for each in read] == [strange.items[word] for word in DATES]
    if not whole:
        said = {each.cells.earlier for each in read if each.cells is not None}
        assert said == {f"{word} stripes" for word in DATES}


def test_the_dates_are_those_that_were_stated(strange: City) -> None:
    """None of them was changed on its way into the archive."""
    with strange.archive.engine.connect() as connection:
        kept = {row.id: row.created_at for row in connection.execute(sa.select(Item.id, Item.created_at))}
    assert {word: kept[strange.items[word]].isoformat() for word in DATES} == {
        word: written for word, (written, _) in DATES.items()
    }
