"""The query language against a real Elasticsearch: what each query of the table finds, and what is said of nothing."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from search.errors import MessagesRefusedError, QueryError
from search.query import Limits, everything, search
from search.query.compile import Shown, body
from search.query.directory import directory
from search.query.run import matched_version, prepared
from search.query.term_list import MOST_TERMS, count_terms
from tests.fixtures.query_table import fill, queries, request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from search.query import SearchResult
    from search.query.directory import Directory
    from tests.fixtures.searching import Archive

SEES_MESSAGES = Limits(messages=True)
"""Whoever may open direct messages finds them where a query names them."""


class City:
    """The table's archive, indexed."""

    def __init__(self, archive: Archive) -> None:
        """Fill it."""
        self.archive = archive
        made = fill(archive.records)
        archive.drain()
        with archive.engine.connect() as connection:
            self.directory: Directory = directory(connection)
            ids = {row.id: row.public_id for row in connection.execute(sa.text("select id, public_id from items"))}
        self.names: Mapping[Any, str] = {ids[item]: name for name, item in made.items()}

    def search(self, typed: str, **more: Any) -> SearchResult:
        """Search as a clerk."""
        asked = dataclasses.replace(request(typed, self.directory), **more)
        return search(self.archive.client, self.archive.alias, asked)


@pytest.fixture(scope="module")
def city(module_archive: Archive) -> City:
    """The archive of the table."""
    return City(module_archive)


@pytest.mark.parametrize("row", queries(), ids=lambda row: row["typed"] or "(nothing)")
def test_a_query_finds_exactly_the_records_it_means(city: City, row: dict[str, Any]) -> None:
    """Each record once, the total exact, and the sentence says so; what takes a grant is refused."""
    if row.get("refused"):
        with pytest.raises(MessagesRefusedError):
            city.search(row["typed"])
        return
    result = city.search(row["typed"])
    assert sorted(city.names[hit.item_public_id] for hit in result.hits) == sorted(row["finds"])
    assert result.total == len(row["finds"])
    assert result.explanation.startswith(row["sentence"])


@pytest.mark.parametrize(
    ("typed", "marked"),
    [
        ("pothol* Main", {"Potholes", "Main"}),
        ("publica*", {"p\u00fablicas"}),
        ("sinkhol~", {"sinkhole"}),
        ('council NEAR/5 "parks budget"', {"council", "parks", "budget"}),
        ("crew -pothole OR crew", {"crew"}),
        ("closure OR state:deleted", {"closure"}),
    ],
)
def test_what_was_found_is_marked_whatever_found_it(city: City, typed: str, marked: set[str]) -> None:
    """Beginnings, spellings, words near each other; what is left out is not marked."""
    found = {word for hit in city.search(typed).hits for word in _marked(hit.highlight)}
    assert found == marked


def _marked(highlight: str) -> list[str]:
    return [word for part in highlight.split("<mark>")[1:] for word in part.partition("</mark>")[0].split()]


def test_each_part_can_be_taken_away(city: City) -> None:
    """Every part in words, with the query as it would be typed without it."""
    result = city.search('pothole (Main OR Pine) -"5th" platform:bluesky')
    assert [(part.words, part.without) for part in result.parts] == [
        ("that says \u201cpothole\u201d in any form", '(Main OR Pine) NOT "5th" platform:bluesky'),
        (
            "that says either \u201cMain\u201d in any form or \u201cPine\u201d in any form",
            'pothole NOT "5th" platform:bluesky',
        ),
        ("that does not say exactly \u201c5th\u201d", "pothole (Main OR Pine) platform:bluesky"),
        ("on Bluesky", 'pothole (Main OR Pine) NOT "5th"'),
    ]
    assert result.total == 2
    assert [part.alone for part in result.parts] == [None] * 4


def test_where_nothing_is_found_the_word_to_blame_is_named(city: City) -> None:
    """Each part with its count alone, and the spellings that the archive has."""
    result = city.search("pothole sinkhole platform:x")
    assert result.total == 0
    assert [part.alone for part in result.parts] == [3, 1, 1]
    missing = city.search("potholle Main")
    assert [part.alone for part in missing.parts] == [0, 1]
    assert missing.similar[0] in {"pothole", "potholes"}
    assert city.search("stadium").similar == ()


def test_small_operators_are_words_and_that_is_said(city: City) -> None:
    """`or` is searched for, with a hint that OR would mean either."""
    result = city.search("pothole or sinkhole")
    assert result.total == 0
    assert result.hints == (
        "\u201cor\u201d was searched for as a word: write OR in capitals to use it as an operator.",
    )


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("account:parkes", "There is no account \u201cparkes\u201d in the register"),
        ("account:LPVPark", "perhaps account:lpvparks is meant"),
        ("department:Park", 'perhaps department:"Parks" is meant'),
        ("account:\u201cLPVPark\u201d", "perhaps account:lpvparks is meant"),
        ("department:Fire", "the page Accounts lists them"),
        ("platform:myspace", "its platforms are bluesky, facebook, rss and x"),
        ("tag:urgent", "There is no tag \u201curgent\u201d in this archive"),
        ("request:14", "There is no request \u201c14\u201d in this archive"),
        ("hold:smith", "There is no hold \u201csmith\u201d in this archive"),
        ("& NEAR/3 pothole", "names a sign that nothing is kept of"),
        ("& -;", "no word to search for"),
    ],
)
def test_what_the_archive_does_not_know_is_said(city: City, typed: str, says: str) -> None:
    """No silent nothing: a name that the register has not is a sentence."""
    with pytest.raises(QueryError, match=r"^[^\n]+[.]$") as caught:
        city.search(typed)
    assert says in str(caught.value)


@pytest.mark.parametrize("typed", ["", "pothole", "council OR budget", "platform:facebook", "type:comment -pothole"])
def test_every_facet_leads_to_as_many_records_as_it_counts(city: City, typed: str) -> None:
    """Platform, department, account, author, kind, state and month: keeping to a value finds exactly its count."""
    result = city.search(typed, facets=True)
    assert result.facets is not None
    values = [value for facet in result.facets.facets for value in facet.values]
    assert {facet.name for facet in result.facets.facets} >= {
        "Platform",
        "Department",
        "Account",
        "Kind",
        "State",
        "Author",
    }
    asked = f"({typed})" if " OR " in typed else typed
    for each in (*values, *(month for month in result.facets.months if month.count)):
        assert city.search(f"{asked} {each.typed}").total == each.count, each
    for facet in result.facets.facets:
        if facet.name == "Author":
            assert sum(value.count for value in facet.values) + facet.others == result.total
    assert sum(month.count for month in result.facets.months) + result.facets.undated == result.total


def test_the_months_run_from_the_first_to_the_last(city: City) -> None:
    """Empty months too, each a month of the city's clocks: a minute before midnight on New Year's Eve is December."""
    result = city.search("", facets=True)
    assert result.facets is not None
    assert [(f"{month.first:%Y-%m}", month.count) for month in result.facets.months] == [
        ("2025-12", 1), ("2026-01", 1), ("2026-02", 1), ("2026-03", 5), ("2026-04", 4),
    ]  # fmt: skip
    assert result.facets.undated == 1


def test_a_word_that_only_the_forms_days_keep_out_is_counted_alone(city: City) -> None:
    """The count of a part is of the whole archive, whatever the form beside it says."""
    result = city.search("pothole", date_from=dt.date(2026, 4, 1))
    assert (result.total, [part.alone for part in result.parts]) == (0, [3])
    assert [part.alone for part in city.search("zeppelin").parts] == [None]


def test_a_list_of_terms_is_counted_term_by_term_and_together(city: City) -> None:
    """Each by itself, what only it has, what cannot be understood with its sentence, and the union once."""
    typed = ["pothole", "potholes OR sinkhole", "council", '"unclosed', "zeppelin", "account:LPVPolice"]
    counts = count_terms(city.archive.client, city.archive.alias, typed, request("", city.directory))
    assert [(each.typed, each.total, each.only) for each in counts.terms] == [
        ("pothole", 3, 0),
        ("potholes OR sinkhole", 4, 1),
        ("council", 2, 2),
        ('"unclosed', None, None),
        ("zeppelin", 0, 0),
        ("account:LPVPolice", 1, 1),
    ]
    assert counts.union == 7
    assert "A quotation mark is missing" in counts.terms[3].problem
    assert counts.terms[0].meaning == "Everything that says \u201cpothole\u201d in any form in one version."
    march = dataclasses.replace(
        request("", city.directory), date_from=dt.date(2026, 3, 6), date_to=dt.date(2026, 3, 31)
    )
    narrowed = count_terms(city.archive.client, city.archive.alias, ["pothole", "council"], march)
    assert ([each.total for each in narrowed.terms], narrowed.union) == ([2, 0], 2)
    with pytest.raises(QueryError, match="None of these terms can be understood"):
        count_terms(city.archive.client, city.archive.alias, ['"a', "b OR"], request("", city.directory))


def test_hundreds_of_terms_are_counted(city: City) -> None:
    """More than Elasticsearch is asked at once; what each has alone is left out then, and said to be unknown."""
    typed = [f"word{number}" for number in range(MOST_TERMS - 1)] + ["pothole"]
    counts = count_terms(city.archive.client, city.archive.alias, typed, request("", city.directory))
    assert (counts.terms[-1].total, counts.terms[-1].only, counts.union) == (3, None, 3)


def test_a_walk_tells_the_version_that_matched_as_a_search_does(city: City) -> None:
    """Of every query of the table, though only records with several versions are asked about one by one."""
    client, alias = city.archive.client, city.archive.alias
    several = 0
    for row in queries():
        asked = dataclasses.replace(request(row["typed"], city.directory), limits=SEES_MESSAGES)
        ready = prepared(client, alias, asked)
        arguments = body(ready.node, ready.request, shown=Shown.VERSION)
        hits = client.search(index=ready.index, **arguments).body["hits"]["hits"]
        told = {hit["_source"]["item_id"]: matched_version(hit) for hit in hits}
        walked = {each.item_id: each.version for each in everything.every(client, alias, asked).found}
        assert walked == told, row["typed"]
        several += sum(version not in {None, 1} for version in told.values())
    assert several > 1


def test_everything_found_is_walked_whatever_comes_meanwhile(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each record once, as the index was at the beginning; a walk gone on with begins behind its record."""
    monkeypatch.setattr(everything, "_PAGE", 7)
    account = archive.records.account()
    made = [archive.records.item(account, f"agenda {number}") for number in range(50)]
    archive.drain()
    asked = request("agenda")
    walk = everything.every(archive.client, archive.alias, asked)
    assert walk.total == 50
    begun = [next(walk.found) for _ in range(5)]
    archive.records.item(account, "agenda of a later day")
    archive.drain()
    found = [*begun, *walk.found]
    assert [each.item_id for each in found] == sorted(made)
    assert {each.version for each in found} == {1}
    rest = everything.every(archive.client, archive.alias, asked, after=[made[39]])
    assert rest.total == 51
    assert [each.item_id for each in rest.found][:10] == sorted(made)[40:]


@pytest.mark.parametrize("row", queries(), ids=lambda row: row["typed"] or "(nothing)")
def test_a_walk_finds_what_a_search_finds(city: City, row: dict[str, Any]) -> None:
    """Each query of the table: the same records, and of each the same version; none where nothing was asked of one."""
    asked = dataclasses.replace(request(row["typed"], city.directory), limits=SEES_MESSAGES)
    hits = {hit.item_public_id: hit for hit in search(city.archive.client, city.archive.alias, asked).hits}
    walk = everything.every(city.archive.client, city.archive.alias, asked)
    found = {each.public_id: each for each in walk.found}
    assert found.keys() == hits.keys()
    assert walk.total == len(hits)
    for public_id, each in found.items():
        assert each.version in {None, hits[public_id].matched_version}
        assert each.revision == hits[public_id].revision
    if row["typed"] and ":" not in row["typed"]:
        assert None not in {each.version for each in found.values()}


def test_a_walk_tells_the_version_of_records_with_several(archive: Archive) -> None:
    """An earlier version where only that says it, the current one where both do; also beside alternatives of other kinds."""
    account = archive.records.account()
    once = archive.records.item(account, "agenda for June")
    changed = archive.records.item(account, "agenda for July")
    archive.records.edit(account, changed, "minutes of July")
    kept = archive.records.item(account, "agenda for May")
    archive.records.edit(account, kept, "agenda for May, corrected")
    other = archive.records.item(account, "something else")
    archive.drain()

    def versions(typed: str) -> dict[int, int | None]:
        walk = everything.every(archive.client, archive.alias, request(typed))
        return {each.item_id: each.version for each in walk.found}

    assert versions("agenda") == {once: 1, changed: 1, kept: 2}
    assert versions("agenda OR state:present") == {once: 1, changed: 1, kept: 2, other: None}
    assert versions("state:present") == dict.fromkeys((once, changed, kept, other))


def test_a_walk_that_ends_short_says_so(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the index counts and does not give is an error, never a shorter list."""
    account = archive.records.account()
    for number in range(3):
        archive.records.item(account, f"agenda {number}")
    archive.drain()
    real = archive.client.search

    def short(**asked: Any) -> Any:
        answer = real(**asked)
        answer.body["hits"]["hits"] = answer.body["hits"]["hits"][:2]
        return answer

    monkeypatch.setattr(archive.client, "search", short)
    with pytest.raises(everything.CutShortError, match="counted 3 records and gave 2"):
        list(everything.every(archive.client, archive.alias, request("agenda")).found)
