"""What is told of a record that others see as well, and of what waits, is told by what somebody sees alone."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import io
import json
import re
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from archiver.records.models import Gap
from archiver.records.store.states import derived
from clerk import conversation, months
from clerk.grants import What, give
from clerk.users import create_user
from clerk.visibility import shapes
from search.freshness import freshness
from tests.fixtures.clerk import FIRST_NIGHT, PASSWORD, SECOND_NIGHT
from tests.fixtures.searching import ZONE

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from tests.fixtures.guarded import Guarded
    from tests.fixtures.records import AccountRow

LATER = dt.datetime(2026, 6, 10, 9, 10, tzinfo=dt.UTC)
STATES = {"present": "present", "deleted": "gone_confirmed", "hidden": "hidden", "missing": "not_returned"}
SEEN = {
    "one": ("gone_confirmed", "present", None, "gone_confirmed"),
    "two": ("not_returned", "hidden", None, "not_returned"),
    "three": ("present", "gone_confirmed", None, "present"),
    "four": ("hidden", None, None, "hidden"),
    "five": ("hidden", "present", None, "hidden"),
    "six": (None, "gone_confirmed", "present", "present"),
    "seven": ("not_returned", None, "present", "not_returned"),
    "eight": (None, None, "present", "present"),
    "nine": (None, None, "gone_confirmed", "gone_confirmed"),
    "ten": ("present", "gone_confirmed", "hidden", "present"),
}
"""Of each record: how the parks found it, how the city's account did, how an import by the parks had it (None: it never saw it),
and what a ranger is told: imports say nothing where somebody looked.
"""
OVERALL = {
    "one": "present",
    "two": "hidden",
    "three": "present",
    "four": "hidden",
    "five": "present",
    "six": "gone_confirmed",
    "seven": "not_returned",
    "eight": "present",
    "nine": "gone_confirmed",
    "ten": "present",
    "inside": "present",
}


@dataclasses.dataclass
class Parted:
    """The city with records that two departments saw, each found otherwise by each."""

    guarded: Guarded
    items: Mapping[str, int]
    letters: AccountRow


@pytest.fixture(scope="module")
def parted(guarded: Guarded) -> Parted:
    """Records about a walrus; an account of the parks with direct messages, and somebody who may read those."""
    city, engine = guarded.city, guarded.city.archive.engine
    records = city.searchable.records
    items = {}
    imported = records.stream(city.parks, "import")
    for name, (by_parks, by_works, by_import, _) in SEEN.items():
        seen = [
            (account, stream, state)
            for account, stream, state in (
                (city.account, "posts", by_works),
                (city.parks, "posts", by_parks),
                (imported, "import", by_import),
            )
            if state is not None
        ]
        records.now = lambda: FIRST_NIGHT
        (first, stream, _), *others = seen
        items[name] = records.item(first, f"The walrus, {name}", created_at=FIRST_NIGHT, stream=stream)
        records.now = lambda: LATER
        for account, stream, _ in others:
            records.see(account, items[name], stream=stream)
        for account, stream, state in seen:
            if state != "present":
                records.state(account, items[name], state, "as the platform says", stream=stream)
    items["inside"] = records.item(city.parks, "The walrus, quoted", created_at=FIRST_NIGHT, sighted=False)
    with engine.begin() as connection:
        over_all = derived(connection, items.values())
        for item_id, state in over_all.items():
            connection.execute(
                sa.text("update items set state = :state where id = :id"), {"state": state, "id": item_id}
            )
    assert {name: over_all.get(item_id, "present") for name, item_id in items.items()} == OVERALL
    letters = records.account(
        "letters.example.gov", platform_id="did:plc:letters", department="Parks and Recreation",
        streams=("posts", "messages"),
    )  # fmt: skip
    create_user(engine, "reader.of.letters", PASSWORD, "clerk")
    give(engine, "reader.of.letters", What.MESSAGES, "request 2026-15", now=city.archive.now())
    city.searchable.drain()
    return Parted(guarded, items, letters)


def count(parted: Parted, name: str, typed: str) -> int:
    """How many records somebody finds."""
    total: int = parted.guarded.search(name, typed).total
    return total


def told(parted: Parted, name: str) -> dict[str, str]:
    """How each record stands by what somebody sees of it, as their pages read it."""
    with parted.guarded.city.archive.engine.connect() as connection:
        found = shapes(connection, parted.guarded.sight(name), parted.items.values())
    return {each: found[item_id].state for each, item_id in parted.items.items()}


def address(parted: Parted, name: str, page: str = "items") -> str:
    """The page of a record."""
    with parted.guarded.city.archive.engine.connect() as connection:
        public_id = connection.scalar(sa.text("select public_id from items where id = :id"), {"id": parted.items[name]})
    return f"/{page}/{public_id}"


@pytest.mark.parametrize("name", ["ranger", "plain"])
def test_a_search_for_a_state_goes_by_what_is_seen(parted: Parted, name: str) -> None:
    """Each state, each division and each hit: by the sightings of the accounts that whoever asks sees, and by no others."""
    expected = OVERALL if name == "plain" else {**{key: value[-1] for key, value in SEEN.items()}, "inside": "present"}
    assert told(parted, name) == expected
    result = parted.guarded.search(name, "walrus")
    assert {hit.item_id: hit.state for hit in result.hits} == {
        item_id: expected[each] for each, item_id in parted.items.items()
    }
    values = list(expected.values())
    for typed, state in STATES.items():
        found = parted.guarded.search(name, f"walrus state:{typed}")
        assert {hit.item_id for hit in found.hits} == {
            item_id for each, item_id in parted.items.items() if expected[each] == state
        }, typed
        assert count(parted, name, f"walrus NOT state:{typed}") == len(values) - values.count(state)
        # By the words in a version or by the state, which are asked of different places.
        assert count(parted, name, f"walrus (state:{typed} OR walrus)") == len(values)
    facets = {facet.name: {value.typed: value.count for value in facet.values} for facet in result.facets.facets}
    assert facets["State"] == {
        f"state:{typed}": values.count(state) for typed, state in STATES.items() if state in values
    }


def test_the_pages_of_a_record_show_its_state_by_what_is_seen(parted: Parted) -> None:
    """The record, its conversation and the results say how it was found by the accounts that whoever looks sees."""
    ranger, plain = parted.guarded.client("ranger"), parted.guarded.client("plain")
    for page in (address(parted, "one"), address(parted, "one", "threads")):
        assert 'class="badge gone_confirmed"' in ranger.get(page).text, page
        assert 'class="badge present"' in plain.get(page).text, page
    results = re.findall(r'class="badge (\w+)"', ranger.get("/", params={"q": "walrus", "sort": "oldest"}).text)
    assert sorted(results) == sorted(told(parted, "ranger").values())
    with parted.guarded.city.archive.engine.connect() as connection:
        sight = parted.guarded.sight("ranger")
        stands = conversation.standing(connection, parted.items.values(), sight.account_ids, None)
        then = conversation.standing(connection, parted.items.values(), sight.account_ids, LATER + dt.timedelta(days=1))
    assert stands == then
    assert {name: stands[item_id].state for name, item_id in parted.items.items()} == told(parted, "ranger")


def test_an_accounts_months_count_what_a_search_by_state_finds(parted: Parted) -> None:
    """The numbers on the page of an account are those of the searches that they lead to, whoever looks."""
    city = parted.guarded.city
    for name in ("ranger", "plain"):
        with city.archive.engine.connect() as connection:
            accounts = parted.guarded.sight(name).account_ids
            rows = months.counted(
                connection, city.parks.id, city.archive.settings.time_zone, messages=False, accounts=accounts
            )
        may = [row for row in rows if row["kind"] == "post" and row["month"] == dt.date(2026, 5, 1)]
        assert len(may) == 1
        for state in ("gone_confirmed", "hidden", "not_returned"):
            typed = months.STATES[state]
            asked = f"account:parks.example.gov type:post date:2026-05 state:{typed}"
            assert may[0][state] == count(parted, name, asked), (name, state)


def test_a_file_has_the_state_and_the_first_sight_of_its_part(parted: Parted) -> None:
    """As rows and as everything that is known: neither has what another department's account found, or when it saw it."""
    ranger = parted.guarded.client("ranger")

    def taken(form: str) -> dict[str, str]:
        export = parted.guarded.take_out(ranger, form, q="walrus")
        with zipfile.ZipFile(io.BytesIO(ranger.get(f"/exports/{export}/file").content)) as archive:
            return {name: archive.read(name).decode("utf-8-sig") for name in archive.namelist()}

    (rows,) = [list(csv.DictReader(io.StringIO(text))) for name, text in taken("csv").items() if name.endswith(".csv")]
    expected = {f"The walrus, {name}": states[-1] for name, states in SEEN.items()} | {"The walrus, quoted": "present"}
    assert {row["text"]: row["state"] for row in rows} == expected
    first = {row["text"]: dt.datetime.fromisoformat(row["first seen"]) for row in rows}
    assert first["The walrus, one"] == LATER
    assert first["The walrus, four"] == FIRST_NIGHT
    found_at = {row["text"]: dt.datetime.fromisoformat(row["state found at"]) for row in rows}
    assert found_at["The walrus, three"] == LATER
    (lines,) = [text.splitlines() for name, text in taken("jsonl").items() if name.endswith(".jsonl")]
    whole = [json.loads(line) for line in lines]
    assert {each["versions"][0]["text"]: each["state"] for each in whole if "versions" in each} == expected
    assert {
        dt.datetime.fromisoformat(each["first_seen_at"])
        for each in whole
        if "versions" in each and each["versions"][0]["text"] == "The walrus, one"
    } == {LATER}


def test_a_receipt_divides_by_the_states_of_its_part(parted: Parted) -> None:
    """What a receipt counts by state is what its maker is told."""
    number = parted.guarded.keep(parted.guarded.client("ranger"), q="walrus")
    with parted.guarded.city.archive.engine.connect() as connection:
        body = connection.scalar(sa.text("select body from receipts where number = :number"), {"number": number})
    divided = next(each["values"] for each in body["divided"]["by"] if each["name"] == "State")
    counts = {each["name"]: each["count"] for each in divided}
    assert counts == {"Still there": 5, "Hidden": 2, "Confirmed gone": 2, "Not seen any more": 2}


def test_when_a_record_was_first_seen_is_told_by_the_accounts_that_are_seen(parted: Parted) -> None:
    """By its page, the days of its conversation, and the conversation as of a day before: that others saw it earlier is not."""
    ranger, plain = parted.guarded.client("ranger"), parted.guarded.client("plain")

    def first(client: httpx.Client) -> str:
        shown = re.search(r"First seen by the archive</dt><dd>(.*?)</dd>", client.get(address(parted, "three")).text)
        assert shown is not None
        return re.sub("<[^>]+>", "", shown[1])

    assert "June" in first(ranger)
    assert "May" in first(plain)
    page = address(parted, "three", "threads")

    def new(name: str) -> dict[dt.date, int]:
        with parted.guarded.city.archive.engine.connect() as connection:
            accounts = parted.guarded.sight(name).account_ids
            return {
                row.day: row.new
                for row in conversation.days(connection, [parted.items["three"]], accounts, ZONE.key)
                if row.new
            }

    assert new("ranger") == {LATER.astimezone(ZONE).date(): 1}
    assert new("plain") == {FIRST_NIGHT.astimezone(ZONE).date(): 1}
    between = f"{page}?by={(SECOND_NIGHT + dt.timedelta(days=2)).date()}"
    assert "which was captured later and is not shown" in ranger.get(between).text
    assert "which was captured later and is not shown" not in plain.get(between).text


def behind(client: httpx.Client, page: str) -> str:
    """What a page says of how far the index is."""
    said = re.search(r'<p class="fresh[^>]*>(.*?)</p>', client.get(page).text)
    assert said is not None
    return said[1]


def test_the_changes_that_wait_are_those_of_what_is_seen(parted: Parted) -> None:
    """On the page of the search and of the status, and in a file: other departments' changes and messages' are not counted."""
    city, guarded = parted.guarded.city, parted.guarded
    records = city.searchable.records
    clients = {name: guarded.client(name) for name in ("ranger", "plain", "reader.of.letters")}

    def told_of(name: str) -> set[str]:
        found = {re.sub(r"is .*? and ", "is ", behind(clients[name], page)) for page in ("/", "/status", "/?q=walrus")}
        assert len(found) == 1, found
        return found

    try:
        records.touch(city.items["post"])
        assert told_of("ranger") == {"The index is up to date."}
        assert told_of("plain") == {"The index is 1 change behind."}
        records.item(parted.letters, "A private walrus", kind="message", stream="messages")
        assert told_of("ranger") == {"The index is up to date."}
        assert told_of("plain") == {"The index is 1 change behind."}
        assert told_of("reader.of.letters") == {"The index is 2 changes behind."}
        export = guarded.take_out(clients["ranger"], q="walrus")
        with zipfile.ZipFile(io.BytesIO(clients["ranger"].get(f"/exports/{export}/file").content)) as archive:
            (readme,) = [archive.read(name).decode() for name in archive.namelist() if name.endswith("README.txt")]
        assert "Index: The index is up to date." in readme
        records.touch(parted.items["one"])
        assert told_of("ranger") == {"The index is 1 change behind."}
        assert told_of("plain") == {"The index is 2 changes behind."}
        whole = freshness(city.archive.engine, city.searchable.client, city.searchable.alias)
        assert whole.waiting == 3
    finally:
        city.searchable.drain()


def test_gaps_of_direct_messages_are_listed_to_those_who_may_read_them(parted: Parted) -> None:
    """On the account's page, in the list of accounts, of a search of them that finds nothing, and on the status; that messages
    take a grant is still said.
    """
    city = parted.guarded.city
    with city.archive.engine.begin() as connection:
        gap: dict[str, Any] = {"account_id": parted.letters.id, "opened_at": SECOND_NIGHT, "cause": "failed"}
        for stream, reason in (("messages", "the letterbox was shut"), ("posts", "the gate was shut")):
            connection.execute(sa.insert(Gap).values(stream_id=parted.letters.streams[stream], reason=reason, **gap))
        account = connection.scalar(sa.text("select public_id from accounts where id = :id"), {"id": parted.letters.id})
    asked = "/?q=zeppelin+account:letters.example.gov"
    for name, sees in (("ranger", False), ("plain", False), ("reader.of.letters", True)):
        client = parted.guarded.client(name)
        searched = {"/?q=zeppelin": False, asked: False}
        if sees:
            searched |= {f"{each}&messages=1": True for each in searched}
        else:
            assert "shut" not in client.get(f"{asked}&messages=1").text
        for page, named in {f"/accounts/{account}": sees, **searched, "/status": sees}.items():
            text = client.get(page).text
            assert "the gate was shut" in text, (name, page)
            assert ("the letterbox was shut" in text) == named, (name, page)
        assert ("direct messages, which take a grant" in client.get(asked).text) is not sees
        open_gaps = re.search(r"letters\.example\.gov.*?(\d+) open gaps?", client.get("/accounts").text, re.DOTALL)
        assert open_gaps is None or open_gaps[1] == ("2" if sees else "1")
