"""An account month by month: every number on its page is that of the search that it leads to."""

from __future__ import annotations

import datetime as dt
import html
import re
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from archiver.records.models import Gap
from archiver.records.models.base import uuid7
from clerk.grants import What, give
from clerk.months import by_month
from tests.fixtures.clerk import NAME
from tests.fixtures.searching import ZONE
from tests.servers.test_clerk_pages import text_of

if TYPE_CHECKING:
    from tests.fixtures.clerk import City
    from tests.fixtures.records import AccountRow

_ROW = re.compile(r'<tr>\s*<th scope="row">([^<]*)</th>\s*<td>([^<]*)</td>(.*?)</tr>', re.DOTALL)
_CELL = re.compile(r'<td class="number">(?:<a href="([^"]+)">)?([\d,]+)(?:</a>)?</td>')
Table = dict[tuple[str, str], list[tuple[str, int]]]


def address_of(city: City, account: AccountRow) -> str:
    """The page of an account."""
    with city.archive.engine.connect() as connection:
        found = connection.scalar(sa.text("select public_id from accounts where id = :id"), {"id": account.id})
    return f"/accounts/{found}"


def table_of(page: str) -> Table:
    """The numbers of the page by month and kind: held, gone, hidden, not seen, changed, gaps; each with its address."""
    section = page.partition('id="months"')[2].partition("</section>")[0]
    return {
        (month, kind): [
            (html.unescape(address), int(number.replace(",", ""))) for address, number in _CELL.findall(cells)
        ]
        for month, kind, cells in _ROW.findall(section)
    }


def numbers(table: Table) -> dict[tuple[str, str], list[int]]:
    """The table without its addresses."""
    return {key: [number for _, number in cells] for key, cells in table.items()}


def fill(city: City) -> None:
    """Records at the edges of months, undated, of every kind and state, changed in every way."""
    records, account = city.searchable.records, city.parks
    for at in ("2026-03-01T07:59", "2026-03-01T08:00", "2026-04-01T06:59", "2026-04-01T07:00"):
        records.item(account, f"at {at}", created_at=dt.datetime.fromisoformat(f"{at}+00:00"))
    march = dt.datetime(2026, 3, 8, 12, tzinfo=dt.UTC)
    for state in ("gone_confirmed", "hidden", "not_returned"):
        records.state(account, records.item(account, state, kind="repost", created_at=march), state)
    for kind in ("comment", "story", "profile", "message"):
        records.item(account, f"a {kind}", kind=kind, stream="comments", created_at=march)
    for html_now in ("<p>the same</p>", "<p>another</p>", "<b>the same</b>"):
        changed = records.item(account, None, html="<p>the same</p>", created_at=march)
        records.edit(account, changed, None, html=html_now)
    counted = records.item(account, "said twice", created_at=march)
    records.edit(account, counted, "said twice", tags=["new"])
    records.edit(account, records.item(account, "mistkae", created_at=march), "mistake")
    records.item(account, "edited before we came", created_at=march, edited_at=march)
    for after in (0, 1):
        updated = march + dt.timedelta(hours=after)
        records.item(account, f"a feed's entry {after}", created_at=march, edited_at=updated, source="feed")
    records.item(account, "long ago", created_at=dt.datetime(1969, 5, 1, tzinfo=dt.UTC))
    city.searchable.drain()


@pytest.mark.parametrize("granted", [False, True])
def test_each_number_is_that_of_its_search(city: City, *, granted: bool) -> None:
    """Following the link of every number, whoever asks finds exactly so many records; messages are there with the grant alone."""
    fill(city)
    if granted:
        give(city.archive.engine, NAME, What.MESSAGES, "request 2026-31", now=city.archive.now())
    client = city.signed_in()
    followed = 0
    for account in (city.account, city.parks):
        table = table_of(client.get(address_of(city, account)).text)
        assert any(kind == "Direct message" for _, kind in table) is (granted and account is city.parks)
        for key, cells in table.items():
            for address, number in cells[:5]:
                if not address:
                    assert number == 0 or key[0] in {"no date", "before 1970 or after 2100"}, key
                    continue
                found = client.get(address)
                assert found.status_code == 200
                assert f"{number:,} record{'' if number == 1 else 's'} found" in found.text, (key, address)
                followed += 1
    assert followed > 15


def test_months_are_the_citys_and_changes_are_of_what_is_said(city: City) -> None:
    """The edges of a month by the city's clock; a changed hashtag or markup is no change of what is said, an edit is."""
    fill(city)
    table = numbers(table_of(city.signed_in().get(address_of(city, city.parks)).text))
    assert table["Feb 2026", "Post"][0] == 1
    assert table["Apr 2026", "Post"][0] == 1
    # Two at the edges, the notice of the 28th, three of markup, three others, two of a feed, which always says when they were
    # written last; of which one of markup, two others and the one of the feed that was written again later were changed.
    assert table["Mar 2026", "Post"][:5] == [11, 0, 0, 0, 4]
    assert table["Mar 2026", "Repost"][:5] == [3, 1, 1, 1, 0]
    assert table["no date", "Post"][0] == 1
    assert table["before 1970 or after 2100", "Post"][0] == 1


def test_gaps_stand_in_their_months(city: City) -> None:
    """A gap is counted in each month that it touches, beside the kinds of its stream, and where nothing is held as well."""
    at = [dt.datetime(2026, month, 1, 9, tzinfo=dt.UTC) for month in (1, 3)]
    with city.archive.engine.begin() as connection:
        connection.execute(
            sa.insert(Gap).values(
                public_id=uuid7(), account_id=city.account.id, stream_id=city.account.streams["posts"], opened_at=at[0],
                closed_at=at[1], cause="failed", reason="it was down",
            )
        )  # fmt: skip
    page = city.signed_in().get(address_of(city, city.account)).text
    section = text_of(page.partition('id="months"')[2].partition("</section>")[0])
    for month in ("Jan 2026", "Feb 2026", "Mar 2026"):
        assert f"{month} nothing is held 1" in section
    assert "Apr 2026" not in section
    assert numbers(table_of(page))["May 2026", "Post"][5] == 0


def test_an_open_gap_lasts_until_now() -> None:
    """A gap of one stream counts beside its kinds and no others, to the present month where it is open."""
    opened = dt.datetime(2026, 3, 31, 23, tzinfo=dt.UTC)

    class Window:
        """A gap."""

        opened_at, closed_at, stream = opened, None, "comments"

    def row(kind: str, month: dt.date) -> dict[str, Any]:
        return {
            "kind": kind, "month": month, "outside": False, "held": 1, "gone_confirmed": 0, "hidden": 0,
            "not_returned": 0, "edited": 0,
        }  # fmt: skip

    rows = [row("post", dt.date(2026, 4, 1)), row("comment", dt.date(2026, 4, 1)), row("comment", dt.date(2026, 2, 1))]
    (year,) = by_month(rows, [Window()], "bluesky:a", ZONE, dt.datetime(2026, 5, 2, tzinfo=dt.UTC))  # type: ignore[list-item]
    found = {
        month.first.month: (month.gaps, [each.gaps for each in month.kinds]) for month in year.months if month.first
    }
    assert found == {5: (1, []), 4: (1, [1, 0]), 3: (1, []), 2: (0, [0])}
