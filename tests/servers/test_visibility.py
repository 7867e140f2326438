"""What somebody may not see is not shown, counted, named or hinted at: officials' own accounts, and other departments."""

from __future__ import annotations

import csv
import datetime as dt
import re
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from fastapi.routing import APIRoute

from archiver import accounts, standing
from archiver.register_file import import_csv
from clerk.app import create_app
from clerk.grants import What, give
from clerk.security import PUBLIC
from clerk.users import create_user
from clerk.visibility import shapes, sight_of, visible
from search.query import everything, search
from search.query.term_list import count_terms
from tests.fixtures.clerk import PASSWORD, City, token_of
from tests.fixtures.guarded import MAYOR, WORD, Guarded, add_mayor, without_address

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

WITHOUT_RECORDS = {
    "/users", "/users/{public_id}", "/users/{public_id}/role", "/users/{public_id}/departments",
    "/users/{public_id}/grants", "/users/{public_id}/email", "/users/{public_id}/disabled", "/users/{public_id}/sessions",
    "/audit", "/audit.csv", "/logout", "/{path:path}",
}  # fmt: skip
"""The routes that show no record. A route that is in neither this list nor asks what may be seen fails the test below."""


def routes(city: City) -> Iterator[APIRoute]:
    """Every route of the pages."""
    app = create_app(city.archive, city.searchable.client, city.searchable.alias)
    yield from (route for route in app.routes if isinstance(route, APIRoute))


def test_every_page_that_shows_records_asks_what_may_be_seen(module_city: City) -> None:
    """A route either asks `clerk.visibility`, or is named here as one that shows no record, or is open to all."""
    paths = set()
    for route in routes(module_city):
        asks = sight_of in {each.call for each in route.dependant.dependencies}
        paths.add(route.path)
        assert asks != (route.path in WITHOUT_RECORDS | PUBLIC), (
            f"{route.path}: a page that shows records takes `sight: Seen` and shows nothing else; name it in WITHOUT_RECORDS "
            "only if it shows none"
        )
    assert paths >= WITHOUT_RECORDS | PUBLIC | {"/", "/terms", "/items/{public_id}"}


def hidden(guarded: Guarded) -> dict[str, list[str]]:
    """By route: addresses that would show what came through the mayor's account alone."""
    items = [f"/items/{each}" for each in guarded.items.values()]
    exchange = f"/exchanges/{guarded.mayor.exchange}"
    account = f"bluesky:{MAYOR}"
    return {
        "/": [
            f"/?q={WORD}", "/?q=", "/?q=pothole", f"/?q={WORD[:-1]}~", f"/?q={WORD[:4]}*", f"/?account={account}",
            f"/?q=account:{account}", "/?q=department:%22City+Council%22", f"/?q=author:{MAYOR}", "/?q=&size=100&sort=oldest",
            f"/?q={WORD}e", f"/?q={WORD}+pothole&from=2020-01-01", "/?q=at://did:plc:mayor/app.bsky.feed.post/root",
            "/?q=is:resident", "/?q=type:comment&platform=bluesky", f"/?q=has:image+{WORD}",
        ],
        "/terms": ["/terms"],
        "/items/{public_id}": [*items, *(guarded.city.page_of(each) for each in ("post", "question", "answer"))],
        "/threads/{public_id}": [
            each.replace("/items/", "/threads/") + by
            for each in (*items, *(guarded.city.page_of(each) for each in ("post", "question", "answer")))
            for by in ("", "?by=2026-11-30")
        ],
        "/items/{public_id}/versions/{number}/text": [f"{each}/versions/1/text" for each in items],
        "/items/{public_id}/versions/{number}/evidence": [f"{each}/versions/1/evidence" for each in items],
        "/items/{public_id}/versions/{number}/proof.json": [
            f"{each}/versions/1/proof.json{more}" for each in items for more in ("", "?reveal=1")
        ],
        "/media/{public_id}": [f"/media/{guarded.medium}"],
        "/media/{public_id}/view": [
            f"/media/{guarded.medium}/view", f"/media/{guarded.medium}/view?of={guarded.city.public_id('post')}",
            *(f"/media/{guarded.city.media['street']}/view?of={each}" for each in guarded.items.values()),
        ],
        "/media/{public_id}/small": [f"/media/{guarded.medium}/small"],
        "/exchanges/{exchange_id}": [exchange],
        "/exchanges/{exchange_id}/record": [f"{exchange}/record"],
        "/tags": ["/tags", f"/?q=tag:{WORD}", f"/?q=tag:{WORD[:-1]}", "/?q=-tag:streets"],
        "/searches": ["/searches"],
        "/accounts": ["/accounts"],
        "/accounts/{public_id}": [f"/accounts/{guarded.account}"],
        "/accounts/{public_id}/capture": [f"/accounts/{guarded.account}/capture"],
        "/items/{public_id}/capture": [
            f"{each}/capture" for each in (*items, *(guarded.city.page_of(each) for each in ("post", "question", "answer")))
        ],
        "/moderation": ["/moderation", f"/moderation?account={account}"],
        "/moderation.csv": ["/moderation.csv"],
        "/status": ["/status"],
        "/receipts": ["/receipts"],
        "/receipts/{number}": [f"/receipts/{guarded.receipt}"],
        "/receipts/{number}.pdf": [f"/receipts/{guarded.receipt}.pdf"],
        "/receipts/{number}.json": [f"/receipts/{guarded.receipt}.json"],
        "/exports": ["/exports"],
        "/exports/{public_id}/file": [f"/exports/{guarded.export}/file"],
    }  # fmt: skip


_OWN = (
    r"<title>.*?</title>",
    r'<input id="(?:q|name)"[^>]*>',
    r'<input type="hidden" name="(?:q|account)"[^>]*>',
    r'class="explanation">.*?</p>',
    r'<ul class="chips".*?</ul>',
    r'<table class="alone">.*?</table>',
    r'role="alert"[^>]*>.*?</p>',
    r'href="/language/[^"]*"',
)


def shown(answer: httpx.Response) -> str:
    """What an answer says, without what whoever asks has said themselves: the search, its sentence, links to the same."""
    own = (*_OWN, r'href="/(?:moderation\.csv)?\?[^"]*"') if answer.url.query else _OWN
    text = answer.text
    for each in own:
        text = re.sub(each, "", text, flags=re.DOTALL)
    return text


@pytest.mark.parametrize("name", ["plain", "ranger"])
def test_no_page_shows_what_came_through_a_personal_account(guarded: Guarded, name: str) -> None:
    """Every address that a page has is asked as if it were known: nothing is there, and nothing names it."""
    client = guarded.client(name)
    known = hidden(guarded)
    for route in routes(guarded.city):
        if "GET" not in route.methods or route.path in WITHOUT_RECORDS | PUBLIC:
            continue
        assert route.path in known, f"{route.path} is new: say here at which addresses it would show something hidden"
        for address in known[route.path]:
            answer = client.get(address)
            names = (*guarded.items.values(), guarded.medium, guarded.account, guarded.mayor.exchange, guarded.export)
            if any(str(each) in address.partition("?")[0] for each in names) or address.startswith("/receipts/"):
                assert answer.status_code == 404, address
            for word in (WORD, "mayor", "City Council", str(guarded.account)):
                assert word.lower() not in shown(answer).lower(), (address, word)
    refused = guarded.city.audit("refused")
    assert {row.detail["wanted"] for row in refused} == {"open what is not theirs to see"}


def test_a_hidden_thing_answers_like_one_that_is_not_there(guarded: Guarded) -> None:
    """The same words for an address that is hidden and one that nobody ever had, for reading and for doing."""
    client = guarded.client("plain")
    nothing = "018f0000-0000-7000-8000-000000000000"
    for address in (
        f"/items/{guarded.items['post']}", f"/media/{guarded.medium}", f"/accounts/{guarded.account}",
        f"/exchanges/{guarded.mayor.exchange}",
    ):  # fmt: skip
        there, absent = client.get(address), client.get(f"{address.rpartition('/')[0]}/{nothing}")
        assert there.status_code == absent.status_code, address
        assert without_address(there) == without_address(absent), address
    token = token_of(client.get("/"))
    form = {"csrf_token": token, "action": "hidden", "reason": "why", "tag": WORD, "note": "why"}
    for there, absent in (
        (f"/items/{guarded.items['post']}/moderation", f"/items/{nothing}/moderation"),
        (f"/items/{guarded.items['post']}/capture", f"/items/{nothing}/capture"),
        (f"/accounts/{guarded.account}/capture", f"/accounts/{nothing}/capture"),
        (f"/items/{guarded.items['post']}/tags", f"/items/{nothing}/tags"),
        (f"/items/{guarded.items['post']}/tags/off", f"/items/{nothing}/tags/off"),
        (f"/items/{guarded.items['post']}/notes", f"/items/{nothing}/notes"),
    ):
        answers = [client.post(each, data=form) for each in (there, absent)]
        assert answers[0].status_code == 404
        assert answers[0].text == answers[1].text, there
    asked = [client.get("/", params={"account": f"bluesky:{each}"}) for each in (MAYOR, "absent.example")]
    assert [each.status_code for each in asked] == [400, 400]
    assert asked[0].text.replace(MAYOR, "absent.example") == asked[1].text


def test_pages_are_the_same_with_and_without_a_personal_account(city: City) -> None:
    """Every page of somebody without the grant, to the letter, before the mayor's account was there and after."""
    client = city.signed_in()
    street = "at://did:plc:cityofexample/app.bsky.feed.post/root"
    # What the mayor says on the city's page is the city's record, and says nothing of whose account it is.
    city.items["mayor's"] = city.searchable.records.item(
        city.account, "I shall see to the pothole", kind="comment", stream="comments", parent_id=street, root_id=street,
        author_id="did:plc:mayor", author_handle=MAYOR, author_name="The Mayor",
    )  # fmt: skip
    city.searchable.drain()
    posts = [city.page_of(each) for each in ("post", "question", "answer", "gone", "notice", "mayor's")]
    posts += [each.replace("/items/", "/threads/") + "?by=2026-11-30" for each in posts]
    addresses = [
        "/", "/?q=pothole", "/?q=", "/?q=&size=100&sort=oldest", "/?q=zeppelin+pothole", "/?q=is:city+pothole", "/terms",
        "/?q=is:resident", "/?q=pothole&from=2020-01-01&to=2030-01-01", "/accounts", "/moderation", "/moderation.csv", "/status",
        "/?q=department:%22City+Council%22", "/?q=account:mayor.example.social", "/receipts", "/exports", *posts,
        *(f"/receipts/{number}{end}" for number in (1, 2) for end in ("", ".json")),
    ]  # fmt: skip
    for typed in ("pothole", "zeppelin"):
        answer = client.post("/receipts", data={"csrf_token": token_of(client.get("/")), "q": typed})
        assert answer.status_code == 303
    client.post("/exports", data={"csrf_token": token_of(client.get("/")), "q": "pothole", "format": "csv"})
    before = [client.get(each).text for each in addresses]
    guarded = add_mayor(city)
    city.searchable.records.touch(city.items["mayor's"])
    city.searchable.drain()
    for address, was in zip(addresses, before, strict=True):
        assert client.get(address).text == was, address
    token = token_of(client.get("/terms"))
    answer = client.post("/terms", data={"csrf_token": token, "terms": f"{WORD}\npothole", "as": "csv"})
    assert [row[2] for row in list(csv.reader(answer.text.splitlines()))[1:]] == ["0", "4", "4"]
    create_user(city.archive.engine, "trusted", PASSWORD)
    give(city.archive.engine, "trusted", What.PERSONAL, "request 2026-14", now=city.archive.now())
    trusted = guarded.client("trusted")
    same = {"/", "/?q=zeppelin+pothole", "/terms", city.page_of("notice"), city.page_of("gone")}
    for address, was in zip(addresses, before, strict=True):
        if address not in same and not address.startswith("/receipts/"):
            assert trusted.get(address).text != was, f"{address} tells the two apart in nothing"


def test_whoever_has_the_grant_sees_all_of_it(guarded: Guarded) -> None:
    """The record, its thread, its picture, its exchange, its account; in searches, lists and the moderation record."""
    client = guarded.client("trusted")
    for address in (
        *(f"/items/{each}" for each in guarded.items.values()), f"/media/{guarded.medium}", f"/accounts/{guarded.account}",
        f"/exchanges/{guarded.mayor.exchange}", f"/exchanges/{guarded.mayor.exchange}/record",
    ):  # fmt: skip
        assert client.get(address).status_code == 200, address
    assert "4 records found" in client.get("/", params={"q": WORD}).text
    assert MAYOR in client.get("/accounts").text
    assert WORD in client.get("/moderation").text
    assert WORD in client.get("/status").text
    assert guarded.search("trusted", WORD).total == 4


@pytest.mark.parametrize("name", ["plain", "trusted", "ranger", "ranger.trusted"])
def test_search_and_records_agree_on_what_may_be_seen(guarded: Guarded, name: str) -> None:
    """What the index finds for somebody is what Postgres would show them, record by record, and no page says otherwise."""
    engine, index = guarded.city.archive.engine, guarded.city.searchable
    sight = guarded.sight(name)
    walk = everything.every(index.client, index.alias, guarded.request(name))
    found = {each.item_id for each in walk.found}
    with engine.connect() as connection:
        every = {row.id: row.public_id for row in connection.execute(sa.text("select id, public_id from items"))}
        assert found == visible(connection, sight, every)
        assert found == set(shapes(connection, sight, every))
    client = guarded.client(name)
    for item_id, public_id in every.items():
        assert client.get(f"/items/{public_id}").status_code == (200 if item_id in found else 404)
    expected = {"trusted": len(every), "plain": len(every) - 4, "ranger": 2, "ranger.trusted": 2}
    assert len(found) == walk.total == expected[name]


def test_counts_parts_facets_and_spellings_keep_to_it(guarded: Guarded) -> None:
    """A part's count alone, the divisions, similar spellings, undated records and terms: none knows more than the result."""
    plain = guarded.search("plain", f"{WORD} pothole")
    assert plain.total == 0
    assert [part.alone for part in plain.parts] == [0, 3]
    assert guarded.search("plain", f"{WORD[:-1]}").similar == ()
    assert guarded.search("trusted", f"{WORD[:-1]}").similar
    # A spelling that only the mayor has is for the others one that nobody has: what comes near is suggested, and nothing hidden.
    assert guarded.search("plain", "potholee").similar == guarded.search("plain", "potholle").similar == ("pothole",)
    assert guarded.search("ranger", "potholle").similar == ()
    assert guarded.search("plain", f"{WORD[:-1]}~").total == 0
    every, trusted = guarded.search("plain"), guarded.search("trusted")
    assert every.facets is not None
    facets = {facet.name: {value.name: value.count for value in facet.values} for facet in every.facets.facets}
    assert facets["Department"].keys() == {"Public Works", "Parks and Recreation"}
    assert not any("mayor" in name for name in facets["Account"])
    assert sum(facets["Written by"].values()) == every.total
    assert trusted.total == every.total + 4
    both = [hit for hit in every.hits if hit.item_public_id == guarded.city.public_id("question")]
    assert [hit.accounts for hit in both] == [("bluesky:city.example.gov",)]
    index = guarded.city.searchable
    counts = count_terms(index.client, index.alias, [WORD, "pothole"], guarded.request("plain"))
    assert [(each.total, each.only) for each in counts.terms] == [(0, 0), (3, 3)]
    assert counts.union == 3
    dated = guarded.request("plain", "", date_from=dt.date(2020, 1, 1))
    assert search(index.client, index.alias, dated).undated_excluded == 1


def test_a_department_is_all_that_its_people_see(guarded: Guarded) -> None:
    """Searches, lists, records, accounts, attachments and exchanges of other departments are not there; the sentence says so."""
    client = guarded.client("ranger")
    page = client.get("/", params={"q": ""})
    assert "2 records found" in page.text
    assert "of your department: Parks and Recreation" in page.text
    assert "Public Works" not in page.text
    assert "city.example.gov" not in page.text
    assert client.get(guarded.city.page_of("notice")).status_code == 200
    for address in (
        guarded.city.page_of("post"), f"{guarded.city.page_of('post')}/versions/1/text",
        f"/media/{guarded.city.media['street']}", f"/exchanges/{guarded.city.account.exchange}",
    ):  # fmt: skip
        assert client.get(address).status_code == 404, address
    assert "personal attack" not in client.get("/moderation").text
    assert "personal attack" not in client.get("/moderation.csv").text
    assert "city.example.gov" not in client.get("/accounts").text
    status = client.get("/status").text
    assert "city.example.gov" not in status
    assert "<dt>Records in the archive</dt><dd>2</dd>" in status
    token = token_of(client.get("/terms"))
    counted = client.post("/terms", data={"csrf_token": token, "terms": "pothole\npool", "as": "csv"})
    assert [row[2] for row in list(csv.reader(counted.text.splitlines()))[1:]] == ["0", "2", "2"]
    missed = client.get("/", params={"q": "department:works"})
    assert missed.status_code == 400
    assert "Public Works" not in missed.text


def test_what_the_register_says_of_an_account_holds_at_once(city: City) -> None:
    """Marked as an official's own, an account is gone for whoever has no grant; marked back, it is there; both are audited."""
    client = city.signed_in()
    name = "bluesky:parks.example.gov"
    page = city.page_of("notice")
    assert client.get(page).status_code == 200
    standing.set_personal(city.archive.engine, name, "It is the ranger's own", personal=True)
    assert client.get(page).status_code == 404
    assert city.searchable.drain().indexed == 2
    assert "parks.example.gov" not in client.get("/accounts").text
    standing.set_personal(city.archive.engine, name, "A mistake", personal=False)
    assert client.get(page).status_code == 200
    assert [row.detail["personal"] for row in city.audit("account marked")] == [True, False]
    with pytest.raises(accounts.RegisterError, match="already"):
        standing.set_personal(city.archive.engine, name, "again", personal=False)
    with pytest.raises(accounts.RegisterError, match="say why"):
        standing.set_personal(city.archive.engine, name, " ", personal=True)


def test_a_register_file_may_say_which_accounts_are_personal(city: City, tmp_path: Path) -> None:
    """A column `personal`, yes or no; anything else is refused by its line."""
    path = tmp_path / "register.csv"
    path.write_text(
        "account,department,personal\nbluesky:a.example,Fire,yes\nbluesky:b.example,Fire,no\nbluesky:c.example,Fire,\n"
        "bluesky:d.example,Fire,perhaps\n"
    )
    added, refused = import_csv(city.archive.engine, path)
    assert len(added) == 3
    assert "line 5" in refused[0]
    listed = {each.handle: each.personal for each in accounts.listing(city.archive.engine, None, dt.date(2026, 5, 4))}
    assert (listed["a.example"], listed["b.example"], listed["c.example"]) == (True, False, False)
