"""Lists that grow long leave nothing out silently: they have pages, or say how much more there is and where."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from archiver import moderation as record
from archiver import notes, tags
from clerk import auditing, moderating, people
from clerk.pages import moderation
from clerk.pages.record import NOTES_PAGE, TAGS_PAGE
from clerk.saved import shared, store
from clerk.users import create_user, signed_in
from clerk.visibility import Sight
from tests.fixtures.clerk import NAME, PASSWORD, SECOND_NIGHT, log_in

if TYPE_CHECKING:
    import httpx

    from clerk.users import SignedIn
    from tests.fixtures.clerk import City

HIDDEN, OPEN = 180, 70
SHARERS = ("one", "two", "three")


def browser(city: City, name: str) -> httpx.Client:
    """A browser of somebody who is logged in."""
    client = city.client()
    assert log_in(client, name).status_code == 303
    return client


def person(city: City, name: str, role: str = "clerk") -> SignedIn:
    """Somebody new."""
    create_user(city.archive.engine, name, PASSWORD, role)
    with city.archive.engine.connect() as connection:
        found = next(each for each in people.listed(connection, city.archive.now()) if each.row.name == name)
    return signed_in(found.row)


@pytest.fixture(scope="module")
def sharing(module_city: City) -> City:
    """A city where three people share 540 searches for other departments' accounts, and after those 70 for anybody's eyes."""
    engine = module_city.archive.engine
    for name in SHARERS:
        user = person(module_city, name)
        for number in range(HIDDEN):
            fields = {"q": "account:city.example.gov"}
            store.save(engine, user, fields, f"A {number:03d} of {name}", shared=True, now=SECOND_NIGHT)
    user = person(module_city, "four")
    for number in range(OPEN):
        store.save(engine, user, {"q": "pool"}, f"Pools {number:03d}", shared=True, now=SECOND_NIGHT)
    person(module_city, "ranger")
    people.set_departments(engine, "ranger", ["Parks and Recreation"])
    return module_city


def pages(client: httpx.Client) -> list[list[str]]:
    """The names of the searches on each page of them, by the links from one to the next."""
    found, address = [], "/searches"
    while address:
        text = client.get(address).text
        found.append(re.findall(r'<h3><a href="[^"]+"><bdi>(.*?)</bdi></a>', text))
        more = re.search(r'rel="next" href="([^"]+)"', text)
        address = html.unescape(more[1]) if more else ""
    return found


def test_shared_searches_are_all_to_be_had_by_whoever_may_know_of_them(sharing: City) -> None:
    """What is hidden from somebody takes no place in their list; what is not comes page by page, each once."""
    own = [f"Pools {number:03d}" for number in range(OPEN)]
    assert pages(browser(sharing, "ranger")) == [own[: shared.PAGE], own[shared.PAGE :]]
    every = pages(browser(sharing, NAME))
    names = [name for page in every for name in page]
    assert names == sorted(names)
    assert len(set(names)) == len(names) == len(SHARERS) * HIDDEN + OPEN
    assert max(map(len, every)) == shared.PAGE


def test_a_page_of_searches_is_of_so_much_work_and_says_that_it_goes_on(
    sharing: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where thousands are hidden, a page may be short; that is not said to be all."""
    monkeypatch.setattr(shared, "MOST_LOOKED_AT", 200)
    client = browser(sharing, "ranger")
    assert "Nobody else shares one" not in client.get("/searches").text
    found = pages(client)
    assert [name for page in found for name in page] == [f"Pools {number:03d}" for number in range(OPEN)]


def test_an_address_tells_nothing_of_the_searches_that_are_not_shown(sharing: City) -> None:
    """By the row id of what is private, hidden, removed or not there, and behind any name, there is what is seen of the list."""
    engine = sharing.archive.engine
    with engine.connect() as connection:
        hidden = connection.scalar(sa.text("select search_id from saved_changes where name = 'A 000 of one'"))
    private = store.save(
        engine, person(sharing, "private"), {"q": "pool"}, "Pools 035x", shared=False, now=SECOND_NIGHT
    )
    with engine.connect() as connection:
        found = store.one(connection, private)
    assert found is not None
    client = browser(sharing, "ranger")

    def first(**where: str | int) -> str:
        return re.findall(r'<h3><a href="[^"]+"><bdi>(.*?)</bdi></a>', client.get("/searches", params=where).text)[0]

    for row_id in (hidden, found.row.id, 10**9):
        assert first(after=row_id) == "Pools 000"
        assert first(after="Pools 035", id=row_id) in {"Pools 035", "Pools 036"}
    assert first(after="pools 035\u0000") == "Pools 036"
    assert first(after="POOLS 0349") == "Pools 035", "whatever its case"
    beyond = client.get("/searches", params={"after": "Zebra"}).text
    assert "Nobody else shares one" not in beyond
    assert "There are no more." in beyond
    more = html.unescape(re.search(r'rel="next" href="([^"]+)"', client.get("/searches").text)[1])  # type: ignore[index]
    assert "A+" not in more, "the next page's address names what was shown"


def test_of_a_search_the_latest_changes_are_told_and_how_many_more_there_are(sharing: City) -> None:
    """However often it was renamed; the audit log has all, under the id that is said."""
    user = person(sharing, "renamer")
    engine = sharing.archive.engine
    public_id = store.save(engine, user, {"q": "pool"}, "Name 0", shared=False, now=SECOND_NIGHT)
    for number in range(1, store.MOST_STEPS + 5):
        with engine.connect() as connection:
            saved = store.one(connection, public_id)
        assert saved is not None
        store.change(engine, saved, "renamer", SECOND_NIGHT, "saved search renamed", name=f"Name {number}")
    text = browser(sharing, "renamer").get("/searches").text
    told = re.findall(r"<li>([^<]+) by renamer,", text)
    assert len(told) == store.MOST_STEPS
    assert told[0] == f"renamed from \u201cName {store.MOST_STEPS + 3}\u201d"
    assert told[-1] == "renamed from \u201cName 4\u201d"
    assert f"5 earlier changes: all are in the audit log, under {public_id}" in text
    assert len([row for row in sharing.audit("saved search renamed") if row.subject == str(public_id)]) == (
        store.MOST_STEPS + 4
    )


def stretches(client: httpx.Client, page: str, pattern: str, name: str) -> list[list[str]]:
    """What a list of a record's page has, page by page."""
    found, address = [], page
    while address:
        text = client.get(address).text
        found.append(re.findall(pattern, text))
        more = re.search(rf'rel="next" href="([^"#]*{name}=[^"#]*)#tags"', text)
        address = html.unescape(more[1]) if more else ""
    return found


def test_every_note_and_every_tag_put_on_and_taken_off_can_be_reached(module_city: City) -> None:
    """The page says which of how many it shows, and leads to the others."""
    engine, item = module_city.archive.engine, module_city.items["answer"]
    for number in range(NOTES_PAGE + 5):
        notes.add(engine, item, f"Note {number:03d}", user=NAME, now=SECOND_NIGHT)
    for number in range(TAGS_PAGE // 2 + 5):
        tags.put_on(engine, item, f"Tag {number % 7}", user=NAME, now=SECOND_NIGHT)
        tags.take_off(engine, item, f"Tag {number % 7}", user=NAME, now=SECOND_NIGHT)
    client, page = module_city.signed_in(), module_city.page_of("answer")
    text = client.get(page).text
    assert f"Showing 1 to {NOTES_PAGE} of {NOTES_PAGE + 5}, the latest first." in text
    assert f"Showing 1 to {TAGS_PAGE} of {TAGS_PAGE + 10}, the latest first." in text
    assert f"Tags and notes ({NOTES_PAGE + 5})" in text
    written = stretches(client, page, r">(Note \d\d\d)<", "notes_start")
    assert [name for each in written for name in each] == [f"Note {n:03d}" for n in reversed(range(NOTES_PAGE + 5))]
    done = stretches(client, page, r"<bdi>Tag \d</bdi> (put on|taken off) by", "tags_start")
    assert [len(each) for each in done] == [TAGS_PAGE, 10]
    assert [each for part in done for each in part] == ["taken off", "put on"] * (TAGS_PAGE // 2 + 5)
    beyond = client.get(page, params={"notes_start": 9_999_999}).text
    assert f"Showing {NOTES_PAGE + 1} to {NOTES_PAGE + 5} of {NOTES_PAGE + 5}" in beyond
    with engine.connect() as connection:
        assert connection.scalar(sa.text("select count(*) from notes where item_id = :id"), {"id": item}) == 105


def test_whoever_downloads_a_long_list_holds_no_connection_meanwhile(
    module_city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow browser at each of a few downloads would else leave none for the pages."""
    engine, zone = module_city.archive.engine, module_city.archive.settings.zone
    for module in (auditing, moderation):
        monkeypatch.setattr(module, "_TOGETHER", 1)
    for _ in range(2):
        module_city.signed_in().close()
    everything = Sight(messages=True, personal=True)
    for pieces in (
        auditing.as_csv(engine, auditing.filters_of({}).asked(zone), zone),
        moderating.as_csv(moderation._batches(engine, everything, record.Wanted()), zone),
    ):
        for _ in range(3):  # the heads of the columns, and then row by row
            assert next(pieces)
            assert engine.pool.checkedout() == 0
