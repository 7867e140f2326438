"""Searches that people keep: saved, run by one's own sight, shared, renamed, told of or not, removed; and every change known."""

from __future__ import annotations

import dataclasses
import html
import re
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from archiver import tags
from archiver.settings import Settings
from clerk import people
from clerk.saved import store
from clerk.serve import running
from clerk.users import create_user
from tests.fixtures.clerk import NAME, PASSWORD, log_in, token_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.fixtures.clerk import City


@pytest.fixture(scope="module")
def staffed(module_city: City) -> Iterator[City]:
    """The city with a mail server in its settings, and more people."""
    for name, role in (("ada.lund", "administrator"), ("reader", "viewer"), ("ranger", "clerk"), ("other", "clerk")):
        create_user(module_city.archive.engine, name, PASSWORD, role)
    people.set_departments(module_city.archive.engine, "ranger", ["Parks and Recreation"])
    settings = Settings.model_validate(
        module_city.archive.settings.model_dump() | {"smtp_host": "127.0.0.1", "smtp_from": "archive@city.example"}
    )
    archive = dataclasses.replace(module_city.archive, settings=settings)
    with running(archive, module_city.searchable.client) as address:
        yield dataclasses.replace(module_city, archive=archive, address=address)


def browser(city: City, name: str = NAME) -> httpx.Client:
    """A browser of somebody who is logged in."""
    client = city.client()
    assert log_in(client, name).status_code == 303
    return client


def post(client: httpx.Client, address: str, **fields: str) -> httpx.Response:
    """Send a form of the page."""
    token = token_of(client.get("/searches"))
    return client.post(address, data={"csrf_token": token, **fields})


def save(client: httpx.Client, name: str, **fields: str) -> str:
    """Save a search; gives its address, below which its forms are."""
    answer = post(client, "/searches", name=name, **fields)
    assert answer.status_code == 303, answer.text
    return "/searches/" + answer.headers["location"].partition("#search-")[2]


def listed(client: httpx.Client) -> dict[str, str]:
    """The searches of the page by name, with the addresses that run them."""
    found = re.findall(r'<h3><a href="([^"]+)"><bdi>(.*?)</bdi></a>', client.get("/searches").text)
    return {html.unescape(name): html.unescape(address) for address, name in found}


def alert(answer: httpx.Response) -> str:
    """The sentence that says what was wrong."""
    said = re.search(r'role="alert">(.*?)</p>', answer.text, re.DOTALL)
    assert said is not None
    return html.unescape(said[1])


def test_a_search_is_saved_from_its_results_as_it_was_typed(staffed: City) -> None:
    """The form stands on the page of results; what is kept is what was typed, so that "last month" moves with the day."""
    client = browser(staffed)
    typed = {"q": "pothole -date:last-month", "platform": "bluesky", "from": "2026-05-01", "sort": "oldest"}
    page = client.get("/", params=typed).text
    form = re.search(r'<form method="post" action="/searches">.*?</form>', page, re.DOTALL)
    assert form is not None
    assert f'value="{html.escape(typed["q"])}"' in form[0]
    fields = dict(re.findall(r'<input type="hidden" name="(?!csrf)([a-z]+)" value="([^"]*)">', form[0]))
    save(client, "Potholes <b>", **{name: html.unescape(value) for name, value in fields.items()})
    address = listed(client)["Potholes <b>"]
    assert client.get(address).text.count("<article>") == client.get("/", params=typed).text.count("<article>") == 3
    with staffed.archive.engine.connect() as connection:
        kept = connection.scalar(sa.text("select fields from saved_searches order by id desc limit 1"))
    assert kept == typed
    assert staffed.audit("search saved")[-1].detail == {"name": "Potholes <b>", "shared": False, "search": typed}
    assert "<b>" not in re.sub(r"<bdi>|</bdi>", "", client.get("/searches").text)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"name": "x", "q": '"half'}, "A quotation mark is missing"),
        ({"name": "x", "q": "account:nobody"}, "There is no account"),
        ({"name": "x", "from": "soon"}, "is no date"),
        ({"name": "x", "q": "pothole", "messages": "1"}, "Direct messages are kept apart"),
        ({"name": " ", "q": "pothole"}, "Write what the search is to be called"),
        ({"name": "a\u202eb", "q": "pothole"}, "U+202E"),
        ({"name": "a" * 121, "q": "pothole"}, "120 characters"),
    ],
)
def test_what_cannot_be_kept_is_one_sentence(staffed: City, fields: dict[str, str], says: str) -> None:
    """A search that cannot be understood, or not by whoever saves it; a name that is none."""
    client = browser(staffed)
    before = listed(client)
    answer = post(client, "/searches", **fields)
    assert answer.status_code == (403 if "Direct messages" in says else 400)
    assert says in alert(answer)
    assert listed(client) == before


def test_a_search_for_messages_is_not_kept_without_the_grant(staffed: City) -> None:
    """It is refused as it would be if it ran, and the audit log has it."""
    answer = post(browser(staffed), "/searches", name="Letters", q="type:message walrus")
    assert answer.status_code == 403
    assert "Direct messages are kept apart" in answer.text
    assert staffed.audit("refused")[-1].detail["q"] == "type:message walrus"


def test_a_shared_search_is_run_by_ones_own_sight(staffed: City) -> None:
    """Others see it only while it is shared; what they find is what they may see; only its owner changes it."""
    client, ranger, reader = browser(staffed), browser(staffed, "ranger"), browser(staffed, "reader")
    mine = save(client, "Everything", q="is:city", shared="yes")
    assert "Everything" in listed(reader)
    counts = [
        re.search(r"(\d+) records? found", each.get(listed(each)["Everything"]).text) for each in (client, ranger)
    ]
    assert [each and each[1] for each in counts] == ["4", "2"]
    for other in (ranger, browser(staffed, "ada.lund")):
        for what, fields in (("name", {"name": "Mine"}), ("shared", {"shared": "no"}), ("nightly", {"nightly": "yes"})):
            assert post(other, f"{mine}/{what}", **fields).status_code == 404
    assert post(ranger, f"{mine}/remove").status_code == 404
    assert post(client, f"{mine}/shared", shared="no").status_code == 303
    assert "Everything" not in listed(ranger)
    assert post(browser(staffed, "ada.lund"), f"{mine}/remove").status_code == 404
    assert "Everything" in listed(client)
    assert post(client, f"{mine}/shared", shared="perhaps").status_code == 400


def test_a_shared_search_that_names_what_somebody_does_not_see_is_not_listed_for_them(staffed: City) -> None:
    """An account, a department or a tag of others would else be told by the search's own words."""
    client = browser(staffed)
    tags.put_on(staffed.archive.engine, staffed.items["post"], "Streets", user=NAME, now=staffed.archive.now())
    searches = {
        "by account": {"q": "account:city.example.gov"}, "by the form": {"account": "bluesky:city.example.gov"},
        "by department": {"q": 'pool NOT department:"Public Works"'}, "by tag": {"q": "-tag:streets"},
        "by nothing": {"q": "pool platform:bluesky"},
    }  # fmt: skip
    for name, fields in searches.items():
        save(client, name, shared="yes", **fields)
    assert [name for name in listed(browser(staffed, "other")) if name in searches] == sorted(searches)
    assert [name for name in listed(browser(staffed, "ranger")) if name in searches] == ["by nothing"]


def test_every_change_stays_known(staffed: City) -> None:
    """Renamed, shared, removed: each a row more, shown to who sees the search, and in the audit log; nothing done is no row."""
    client = browser(staffed, "other")
    mine = save(client, "First name", q="pothole")
    assert post(client, f"{mine}/name", name="  Second   name ").status_code == 303
    assert post(client, f"{mine}/name", name="Second name").status_code == 303
    assert post(client, f"{mine}/shared", shared="yes").status_code == 303
    refused = post(client, f"{mine}/name", name="a\x07")
    assert (refused.status_code, alert(refused)[:20]) == (400, "Nothing was changed:")
    text = client.get("/searches").text
    assert re.findall(r"<li>([^<]+) by other,", text) == [
        "shared", "renamed from \u201cFirst name\u201d", "saved",
    ]  # fmt: skip
    client.headers["accept-language"] = "es"
    assert re.findall(r"<li>([^<]+) por other,", client.get("/searches").text) == [
        "compartida", "cambiada de nombre (antes \u201cFirst name\u201d)", "guardada",
    ]  # fmt: skip
    client.headers["accept-language"] = "en"
    assert post(browser(staffed, "ada.lund"), f"{mine}/remove").status_code == 303
    assert "Second name" not in listed(client) | listed(browser(staffed))
    assert post(client, f"{mine}/name", name="Third").status_code == 404
    with staffed.archive.engine.connect() as connection:
        rows = connection.execute(
            sa.text(
                "select c.name, c.shared, c.removed, c.by_whom from saved_changes c join saved_searches s on s.id = c.search_id "
                "where s.public_id = :id order by c.id"
            ),
            {"id": mine.rpartition("/")[2]},
        ).all()
    assert [tuple(row) for row in rows] == [
        ("First name", False, False, "other"), ("Second name", False, False, "other"),
        ("Second name", True, False, "other"), ("Second name", True, True, "ada.lund"),
    ]  # fmt: skip
    subject = mine.rpartition("/")[2]
    actions = ("search saved", "saved search renamed", "saved search shared", "saved search removed")
    assert [[row.actor for row in staffed.audit(each) if row.subject == subject] for each in actions] == [
        ["other"], ["other"], ["other"], ["ada.lund"],
    ]  # fmt: skip


def test_to_be_told_each_night_takes_an_address_and_a_search_that_can_run(staffed: City) -> None:
    """Without an address, or for direct messages, it is refused by sentence; then it is on, and off again."""
    client, engine = browser(staffed), staffed.archive.engine
    mine = save(client, "Nightly", q="pothole")
    refused = post(client, f"{mine}/nightly", nightly="yes")
    assert (refused.status_code, alert(refused)[:45]) == (400, "The archive does not know where to write to y")
    admin = browser(staffed, "ada.lund")
    with engine.connect() as connection:
        user = connection.scalar(sa.text("select public_id from users where name = :name"), {"name": NAME})
    answer = post(admin, f"/users/{user}/email", email="dana@city.example, sam@city.example")
    assert "is no e-mail address" in alert(answer)
    assert post(admin, f"/users/{user}/email", email=" dana@city.example ").status_code == 303
    assert 'value="dana@city.example"' in admin.get(f"/users/{user}").text
    assert staffed.audit("e-mail address changed")[-1].detail == {"from": None, "to": "dana@city.example"}
    assert post(client, f"{mine}/nightly", nightly="yes").status_code == 303
    assert "It has not run yet" in client.get("/searches").text
    assert post(client, f"{mine}/nightly", nightly="no").status_code == 303
    assert "It has not run yet" not in client.get("/searches").text
    without = dataclasses.replace(
        staffed.archive, settings=staffed.archive.settings.model_copy(update={"smtp_host": None})
    )
    with running(without, staffed.searchable.client) as address:
        other = browser(dataclasses.replace(staffed, address=address))
        assert "The archive has no mail server" in alert(post(other, f"{mine}/nightly", nightly="yes"))


def test_who_only_reads_saves_nothing(staffed: City) -> None:
    """A viewer runs what others share; saving is refused and audited, and there is no form for it."""
    reader = browser(staffed, "reader")
    assert "Save this search" not in reader.get("/", params={"q": "pothole"}).text
    answer = post(reader, "/searches", name="x", q="pothole") if "csrf_token" in reader.get("/searches").text else None
    assert answer is not None
    assert answer.status_code == 403
    assert staffed.audit("refused")[-1].detail["wanted"] == "save searches"


def test_nobody_keeps_more_searches_than_a_page_can_list(staffed: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """One too many is refused with what to do."""
    create_user(staffed.archive.engine, "hoarder", PASSWORD)
    client = browser(staffed, "hoarder")
    monkeypatch.setattr(store, "MOST_OWN", 2)
    for number in range(2):
        save(client, f"Number {number}", q="pothole")
    refused: Any = post(client, "/searches", name="Number 3", q="pothole")
    assert "remove one that is not needed" in alert(refused)
