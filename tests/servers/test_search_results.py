"""Versions, filters, days, totals and pages, in a real Elasticsearch."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from elasticsearch import helpers

from search import indices
from search.accounts import resolve_account
from search.errors import QueryError, UnknownAccountError
from search.query import Sort
from tests.fixtures.records import RESIDENT_HANDLE, RESIDENT_ID, Attachment

if TYPE_CHECKING:
    from tests.fixtures.searching import Archive


def test_a_phrase_since_edited_away_is_found_in_the_version_that_had_it(archive: Archive) -> None:
    """The hit names the old version and marks the phrase in it, and shows what the item says today."""
    city = archive.records.account()
    item_id = archive.records.item(city, "The pool opens on May 1 at noon.")
    archive.records.edit(city, item_id, "The pool stays closed this year.")
    archive.records.item(city, "The pool is on Main Street.")
    archive.drain()
    (hit,) = archive.search('"opens on May 1"').hits
    assert (hit.matched_version, hit.is_current_match, hit.revision) == (1, False, 2)
    assert "<mark>" in hit.highlight
    assert "May 1" in hit.highlight.replace("<mark>", "").replace("</mark>", "")
    assert hit.text == "The pool stays closed this year."
    (hit,) = archive.search("stays").hits
    assert (hit.matched_version, hit.is_current_match) == (2, True)
    assert archive.search("opens closed").total == 0, "words of two versions are in no one version"
    assert archive.search("pool").total == 2, "an item is one hit, however many of its versions match"


def test_a_version_that_matches_today_is_shown_before_one_that_matched_then(archive: Archive) -> None:
    """Where several versions match, the hit is the current one's."""
    city = archive.records.account()
    item_id = archive.records.item(city, "Budget hearing on Monday")
    archive.records.edit(city, item_id, "Budget hearing on Tuesday")
    archive.drain()
    (hit,) = archive.search("budget hearing").hits
    assert (hit.matched_version, hit.is_current_match) == (2, True)


def test_a_hit_says_where_it_is_from(archive: Archive) -> None:
    """Platform, account, author, kind, state, time, address: as the archive has them."""
    city = archive.records.account(former_handles=["old.example.gov"])
    item_id = archive.records.item(
        city, "Please fix the light at 3rd & Pine", kind="comment", stream="comments", author_id=RESIDENT_ID,
        author_handle=RESIDENT_HANDLE, author_name="Rosa", url="https://social.example/rosa/1", counts={"like": 3},
        media=[Attachment("cid1", "A broken street light")],
    )  # fmt: skip
    archive.records.state(city, item_id, "gone_confirmed", "RecordNotFound", stream="comments")
    archive.drain()
    (hit,) = archive.search('"broken street light"').hits
    assert hit.platform == "bluesky"
    assert hit.account == city.name
    assert (hit.author, hit.author_name) == (RESIDENT_HANDLE, "Rosa")
    assert (hit.kind, hit.state, hit.revision) == ("comment", "gone_confirmed", 2)
    assert hit.created_at == dt.datetime(2024, 3, 5, 18, tzinfo=dt.UTC)
    assert hit.url == "https://social.example/rosa/1"
    assert "<mark>" in hit.highlight
    assert archive.search("https://social.example/rosa/1").total == 1, "a pasted address of the item finds it"


def test_account_and_platform_narrow_a_search(archive: Archive) -> None:
    """By handle, by an earlier handle, by the platform's id, by the register; an item seen twice is one hit of each."""
    one = archive.records.account(former_handles=["old.example.gov"])
    other = archive.records.account("parks.example.gov", platform_id="did:plc:parks")
    feed = archive.records.account("news", platform="rss", platform_id="https://example.gov/feed")
    archive.records.item(one, "one")
    shared = archive.records.item(other, "shared")
    archive.records.see(one, shared)
    archive.records.item(feed, "feed")
    archive.drain()
    assert sorted(map(str, archive.found(account="bluesky:city.example.gov"))) == ["one", "shared"]
    assert sorted(map(str, archive.found(account="bluesky:OLD.example.gov"))) == ["one", "shared"]
    assert archive.found(account="bluesky:did:plc:parks") == ["shared"]
    assert archive.found(platform="rss") == ["feed"]
    assert archive.found("one", account="rss:news") == []
    with archive.engine.connect() as connection:
        resolved = resolve_account(connection, "bluesky:@old.example.gov")
        assert resolved.name == "bluesky:city.example.gov"
        with pytest.raises(UnknownAccountError, match="accounts list"):
            resolve_account(connection, "bluesky:nobody")
    result = archive.search(account="renamed since", account_id=resolved.public_id)
    assert result.total == 2
    assert "renamed since" in result.explanation


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2024-03-01T07:59:59.999999+00:00", "2024-02-29"),
        ("2024-03-01T08:00:00+00:00", "2024-03-01"),
        ("2024-03-10T07:59:59+00:00", "2024-03-09"),  # clocks go forward on the 10th, at 10:00 UTC
        ("2024-03-10T08:00:00+00:00", "2024-03-10"),
        ("2024-03-11T06:59:59+00:00", "2024-03-10"),
        ("2024-03-11T07:00:00+00:00", "2024-03-11"),
        ("2024-11-03T07:00:00+00:00", "2024-11-03"),  # clocks go back on the 3rd, at 09:00 UTC
        ("2024-11-04T07:59:59+00:00", "2024-11-03"),
        ("2024-11-04T08:00:00+00:00", "2024-11-04"),
    ],
)
def test_a_day_is_a_day_in_the_city(dated: Archive, moment: str, day: str) -> None:
    """A post is found on its local day and on neither neighbour, also where the clocks change."""
    one = dt.timedelta(days=1)
    local = dt.date.fromisoformat(day)
    assert moment in dated.found(date_from=local, date_to=local)
    assert moment not in dated.found(date_to=local - one)
    assert moment not in dated.found(date_from=local + one)


def test_a_search_by_date_says_how_many_undated_items_it_left_out(dated: Archive) -> None:
    """The undated items that match otherwise are counted, and said."""
    result = dated.search("undated", date_from=dt.date(2024, 1, 1))
    assert (result.total, result.undated_excluded) == (0, 2)
    assert "2 more have no date and were left out" in result.explanation
    assert dated.search("undated").undated_excluded == 0
    assert dated.search(date_from=dt.date(2024, 1, 1)).undated_excluded == 2


@pytest.mark.parametrize("sort", list(Sort))
def test_pages_hold_every_hit_once_undated_ones_too(dated: Archive, sort: Sort) -> None:
    """Page after page, in every order, brings each item exactly once, the undated last."""
    seen: list[str | None] = []
    cursor = None
    while True:
        result = dated.search(sort=sort, page_size=2, cursor=cursor)
        seen += [hit.text for hit in result.hits]
        cursor = result.next_cursor
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == result.total == 11
    assert {str(text) for text in seen[-2:]} == {"undated one", "undated two"}
    times = [dt.datetime.fromisoformat(str(text)) for text in seen[:-2]]
    assert times == sorted(times, reverse=sort is not Sort.OLDEST)


def test_a_page_that_ends_the_list_leads_to_no_other(dated: Archive) -> None:
    """Though it is full."""
    assert dated.search(page_size=11).next_cursor is None
    assert dated.search(page_size=10).next_cursor is not None


def test_every_page_of_a_search_is_asked_of_the_same_copy(dated: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two copies of an index score differently, which would skip a record or show it twice; another search may ask another."""
    asked, real = [], dated.client.search

    def noted(**arguments: Any) -> Any:
        asked.append(arguments.get("preference"))
        return real(**arguments)

    monkeypatch.setattr(dated.client, "search", noted)
    cursor = dated.search("undated", page_size=1).next_cursor
    dated.search("undated", page_size=1, cursor=cursor)
    dated.search(page_size=1)
    assert asked[0] == asked[1] != asked[2]
    assert all(each and not each.startswith("_") for each in asked), "what begins so has a meaning to Elasticsearch"


def test_an_author_is_found_as_the_facet_names_them_whatever_they_are_called(archive: Archive) -> None:
    """Quotation marks, loose spaces and accents beside their letters: as many records as it counts, by either way to ask."""
    names = (
        "12\u201d Pete",
        "Ann \u201cAnnie\u201d Lee",
        'Bob "Bo" Ray',
        "Two  Spaces",
        "No\u00a0Break",
        "Jose\u0301 (x)",
    )
    city = archive.records.account(platform="facebook")
    for number, name in enumerate((*names, '"')):
        for _ in range(number + 1):
            archive.records.item(city, "Hello", author_id=str(number), author_handle=None, author_name=name)
    archive.drain()
    facets = archive.search(facets=True).facets
    assert facets is not None
    (authors,) = [facet for facet in facets.facets if facet.name == "Author"]
    assert [(each.name, each.count) for each in authors.values] == [
        ("Jos\u00e9 (x)", 6), ("No Break", 5), ("Two Spaces", 4), ("Bob Bo Ray", 3), ("Ann Annie Lee", 2), ("12 Pete", 1),
    ]  # fmt: skip
    assert authors.others == 7
    for each in authors.values:
        assert archive.search(each.typed).total == each.count, each
        assert archive.search(each.typed.replace("=", "")).total == each.count, each


def test_a_cursor_of_another_search_is_refused(dated: Archive) -> None:
    """A page's cursor goes with its search, and a damaged one with none."""
    cursor = dated.search(page_size=2).next_cursor
    for request in ({"text": "undated"}, {"sort": Sort.OLDEST}):
        with pytest.raises(QueryError, match="another search"):
            dated.search(**request, cursor=cursor, page_size=2)
    with pytest.raises(QueryError, match="another search"):
        dated.search(cursor="%%%")


def test_totals_beyond_ten_thousand_are_exact(archive: Archive) -> None:
    """Where Elasticsearch would say "10,000 or more", the archive counts."""
    indices.ensure_index(archive.client, archive.alias)
    (target,) = indices.write_targets(archive.client, archive.alias)
    tiny = (
        {
            "_index": target, "_id": str(number), "item_id": number, "public_id": f"{number:032x}", "platform": "bluesky",
            "kind": "post", "state": "present", "revision": 1, "number": 1, "created_at": "2024-03-05T18:00:00+00:00",
            "versions": [{"number": 1, "is_current": True, "text": "pothole" if number % 2 else "streetlight"}],
        }
        for number in range(24_006)
    )  # fmt: skip
    helpers.bulk(archive.client, tiny, refresh=True, chunk_size=4000)
    assert archive.search("potholes").total == 12_003
    assert archive.search().total == 24_006
    assert archive.search(date_from=dt.date(2024, 3, 5), date_to=dt.date(2024, 3, 5), page_size=1).total == 24_006


@pytest.fixture(scope="module")
def dated(module_archive: Archive) -> Archive:
    """Posts whose text is their time, around midnights in Los Angeles, and two without any."""
    city = module_archive.records.account()
    for mark in test_a_day_is_a_day_in_the_city.pytestmark:  # type: ignore[attr-defined]
        for moment, _ in mark.args[1]:
            module_archive.records.item(city, moment, created_at=dt.datetime.fromisoformat(moment))
    for text in ("undated one", "undated two"):
        module_archive.records.item(city, text, created_at=None)
    module_archive.drain()
    return module_archive
