"""The nightly e-mail over the real Postgres, Elasticsearch and a real mail server: what is new, told once, never lost."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
import threading
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from archiver import tags
from archiver.settings import Settings
from clerk import people
from clerk.grants import What, give
from clerk.saved import nightly, store
from clerk.saved.nightly import BusyError, Done, run
from clerk.users import SignedIn, create_user
from tests.fixtures.clerk import PASSWORD
from tests.fixtures.mail import PASSWORD as MAIL_PASSWORD
from tests.fixtures.mail import Post, mail_server, silent_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from archiver.archive import Archive as OpenArchive
    from archiver.local.endpoints import Endpoints
    from tests.fixtures.clerk import City
    from tests.fixtures.program import Commands

ADDRESS = "https://archive.carsongrove.example"


@dataclasses.dataclass
class Desk:
    """The city, a mail server, and people who keep searches."""

    city: City
    archive: OpenArchive
    post: Post

    def user(self, name: str, role: str = "clerk") -> SignedIn:
        """Somebody new, with an address."""
        create_user(self.archive.engine, name, PASSWORD, role)
        people.set_email(self.archive.engine, name, f"{name}@city.example")
        with self.archive.engine.connect() as connection:
            return SignedIn(people.id_of(connection, name), name, role)

    def keep(self, user: SignedIn, typed: str, **fields: str) -> UUID:
        """A search that is to run each night, called as it is typed."""
        fields = {"q": typed, **fields}
        saved = store.save(self.archive.engine, user, fields, typed, shared=False, now=self.archive.now())
        self.switch(saved, nightly=True)
        return saved

    def switch(self, public_id: UUID, *, nightly: bool) -> None:
        """Switch it on or off."""
        with self.archive.engine.connect() as connection:
            saved = store.one(connection, public_id)
        assert saved is not None
        store.change(self.archive.engine, saved, "test", self.archive.now(), "switched", nightly=nightly)

    def add(self, text: str, account: Any = None, **more: Any) -> int:
        """A record that comes to the archive and its index."""
        item = self.city.searchable.records.item(account or self.city.account, text, **more)
        self.city.searchable.drain()
        return item

    def night(self, **settings: Any) -> dict[UUID, Done]:
        """A nightly run; gives what came of each search."""
        changed = Settings.model_validate(self.archive.settings.model_dump() | settings)
        archive = dataclasses.replace(self.archive, settings=changed)
        done = run(archive, self.city.searchable.client, self.city.searchable.alias)
        return {each.public_id: each for each in done}

    def mails(self, typed: str) -> list[Any]:
        """What was sent about a search, the oldest first."""
        return [each for each in self.post.messages if each["Subject"].endswith(f": {typed}")]


@pytest.fixture(scope="module")
def office(module_city: City, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Set up; each test has words and people of its own."""
    with mail_server(tmp_path_factory.mktemp("mail")) as post:
        settings = module_city.archive.settings.model_dump() | post.settings | {"clerk_url": ADDRESS}
        yield Desk(
            module_city, dataclasses.replace(module_city.archive, settings=Settings.model_validate(settings)), post
        )


@pytest.fixture
def desk(office: Desk) -> Iterator[Desk]:
    """The same; what a test keeps runs no longer in the next."""
    yield office
    with office.archive.engine.connect() as connection:
        kept = store.nightly(connection)
    for each in kept:
        office.switch(each.row.public_id, nightly=False)


def outcome(done: Done) -> tuple[str, int | None]:
    """What came of a search, and how many records were new."""
    return done.outcome, done.new


def test_what_is_new_is_told_once_and_what_was_there_never(desk: Desk) -> None:
    """The first run puts down what is there; then each new record is told in one e-mail, by the server's own account."""
    desk.add("An old aardvark")
    kept = desk.keep(desk.user("ann"), "aardvark")
    assert outcome(desk.night()[kept]) == ("base", None)
    assert outcome(desk.night()[kept]) == ("nothing", 0)
    item = desk.add(
        "A new aardvark \u202e on\x07 Main\n\nBcc: all <script>", author_name="Rosa\x1b[2J", author_id="did:plc:r"
    )
    assert outcome(desk.night()[kept]) == ("told", 1)
    assert outcome(desk.night()[kept]) == ("nothing", 0)
    (message,) = desk.mails("aardvark")
    assert (message["To"], message["Subject"]) == ("ann@city.example", "1 new record: aardvark")
    assert message["From"] == "Archive of Carson Grove <archive@carsongrove.example>"
    text = message.get_content()
    assert "A new aardvark [U+202E] on[U+0007] Main Bcc: all <script>" in text
    assert "Rosa[U+001B][2J" in text
    assert "5 March 2024, 10:00 PST" in text
    assert f"{ADDRESS}/?q=aardvark" in text
    with desk.archive.engine.connect() as connection:
        public_id = connection.scalar(sa.text("select public_id from items where id = :id"), {"id": item})
    assert f"{ADDRESS}/items/{public_id}" in text
    assert "old aardvark" not in text
    (told,) = [row for row in desk.city.audit("saved search told") if row.subject == str(kept)]
    assert told.detail == {"name": "aardvark", "to": "ann@city.example", "new": 1}


def test_an_edit_or_a_tag_that_makes_a_record_match_is_news_and_a_change_of_one_told_is_none(desk: Desk) -> None:
    """New is what matches now and was not told; whatever becomes of it later, it is told once."""
    item = desk.add("A quiet street")
    kept = desk.keep(desk.user("bea"), 'tag:bandicoot OR "loud bandicoot"')
    tags.put_on(desk.archive.engine, desk.city.items["gone"], "bandicoot", user="bea", now=desk.archive.now())
    desk.city.searchable.drain()
    assert outcome(desk.night()[kept]) == ("base", None)
    desk.city.searchable.records.edit(desk.city.account, item, "A loud bandicoot")
    desk.city.searchable.drain()
    assert outcome(desk.night()[kept]) == ("told", 1)
    desk.city.searchable.records.edit(desk.city.account, item, "A loud bandicoot, again")
    tags.put_on(desk.archive.engine, item, "bandicoot", user="bea", now=desk.archive.now())
    desk.city.searchable.drain()
    assert outcome(desk.night()[kept]) == ("nothing", 0)


def test_many_are_counted_and_twenty_named(desk: Desk) -> None:
    """The count is of all; the e-mail names the latest twenty, and nothing is left for the next night."""
    kept = desk.keep(desk.user("cleo"), "capybara")
    desk.night()
    for number in range(23):
        desk.city.searchable.records.item(desk.city.account, f"Capybara {number}")
    desk.city.searchable.drain()
    assert outcome(desk.night()[kept]) == ("told", 23)
    (message,) = desk.mails("capybara")
    text = message.get_content()
    assert message["Subject"] == "23 new records: capybara"
    assert "The latest 20 of them:" in text
    assert [f"   Capybara {number}" in text.splitlines() for number in (22, 3, 2)] == [True, True, False]
    assert outcome(desk.night()[kept]) == ("nothing", 0)


def test_what_could_not_be_sent_is_told_by_the_next_night_with_what_came_meanwhile(desk: Desk) -> None:
    """Refused, dead in the middle, silent, a wrong password, no server at all: nothing is lost, nothing is told twice."""
    kept = desk.keep(desk.user("dora"), "dingo")
    desk.night()
    desk.add("Dingo 1")
    desk.post.refuses = "452 4.2.2 the mailbox is full"
    done = desk.night()[kept]
    assert (done.outcome, done.again) == ("failed", True)
    assert "452 4.2.2 the mailbox is full" in (done.problem or "")
    desk.post.refuses, desk.post.dies = "", True
    assert desk.night()[kept].outcome == "failed"
    desk.post.dies = False
    desk.add("Dingo 2")
    with silent_server() as port:
        assert "timed out" in (desk.night(smtp_port=port, smtp_timeout=0.3)[kept].problem or "")
    assert "535" in (desk.night(smtp_password="wrong")[kept].problem or "")
    assert "CIVIC_ARCHIVE_SMTP_HOST" in (desk.night(smtp_host=None)[kept].problem or "")
    people.set_email(desk.archive.engine, "dora", "")
    assert "page Users" in (desk.night()[kept].problem or "")
    people.set_email(desk.archive.engine, "dora", "dora@elsewhere.example")
    assert desk.mails("dingo") == []
    with desk.archive.engine.connect() as connection:
        saved = store.one(connection, kept)
        problems = str(connection.execute(sa.text("select problem from saved_runs where problem is not null")).all())
    assert saved is not None
    assert (saved.row.outcome, saved.row.new) == ("failed", None)
    assert MAIL_PASSWORD not in problems
    assert outcome(desk.night()[kept]) == ("told", 2)
    (message,) = desk.mails("dingo")
    assert message["To"] == "dora@elsewhere.example"
    assert {"Dingo 1", "Dingo 2"} <= {line.strip() for line in message.get_content().splitlines()}
    assert outcome(desk.night()[kept]) == ("nothing", 0)


def test_a_program_that_dies_behind_the_mail_tells_again_under_the_same_id(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told twice rather than never, and so that a mail program knows it for the same."""
    kept = desk.keep(desk.user("ed"), "echidna")
    desk.night()
    desk.add("An echidna")

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(nightly.news, "put_down_told", die)
        with pytest.raises(KeyboardInterrupt):
            desk.night()
    assert outcome(desk.night()[kept]) == ("told", 1)
    first, second = desk.mails("echidna")
    assert first["Message-ID"] == second["Message-ID"]


def test_each_is_told_what_they_may_see_that_night(desk: Desk) -> None:
    """Departments, officials' own accounts and what is taken back count as they are then; messages are in no e-mail."""
    engine, records = desk.archive.engine, desk.city.searchable.records
    people_of = {name: desk.user(name) for name in ("ranger", "trusted", "plain")}
    people.set_departments(engine, "ranger", ["Parks and Recreation"])
    for what in What:
        give(engine, "trusted", what, "request 2026-14", now=desk.archive.now())
    mayor = records.account("mayor.example", platform_id="did:plc:mayor", department="Council", personal=True)
    letters = records.account("letters.example", platform_id="did:plc:letters", streams=("messages",))
    kept = {name: desk.keep(user, "falcon") for name, user in people_of.items()}
    kept["messages"] = desk.keep(people_of["trusted"], "falcon -hawk", messages="1")
    kept["refused"] = desk.keep(people_of["trusted"], "falcon type:message")
    desk.night()
    desk.add("A falcon in the park", desk.city.parks)
    desk.add("A falcon on the street")
    desk.add("My own falcon", mayor)
    desk.add("A secret falcon", letters, kind="message", stream="messages")
    done = desk.night()
    assert {name: done[each].new for name, each in kept.items()} == {
        "ranger": 1, "trusted": 3, "plain": 2, "messages": 3, "refused": None,
    }  # fmt: skip
    assert (done[kept["refused"]].outcome, done[kept["refused"]].again) == ("failed", False)
    texts = {message["To"]: message.get_content() for message in desk.mails("falcon")}
    assert "in the park" in texts["ranger@city.example"]
    assert "on the street" not in texts["ranger@city.example"]
    assert "My own falcon" in texts["trusted@city.example"]
    assert "My own falcon" not in texts["plain@city.example"]
    assert not [text for text in map(str, desk.post.messages) if "secret falcon" in text]


def test_who_was_disabled_or_lost_the_role_is_told_no_more(desk: Desk) -> None:
    """Nothing is sent and nothing put down; who is back is told of what came meanwhile."""
    users = [desk.user(name) for name in ("gil", "gus")]
    kept = [desk.keep(user, "gecko") for user in users]
    desk.night()
    desk.add("A gecko")
    people.set_disabled(desk.archive.engine, "gil", disabled=True)
    people.set_role(desk.archive.engine, "gus", "viewer")
    done = desk.night()
    assert [done[each].outcome for each in kept] == ["left out", "left out"]
    assert desk.mails("gecko") == []
    people.set_disabled(desk.archive.engine, "gil", disabled=False)
    done = desk.night()
    assert [done[each].outcome for each in kept] == ["told", "left out"]
    assert [message["To"] for message in desk.mails("gecko")] == ["gil@city.example"]


def test_switched_on_again_it_begins_anew_and_removed_it_ends(desk: Desk) -> None:
    """What came while it was off is no news; what is removed runs no more."""
    kept = desk.keep(desk.user("hal"), "heron")
    desk.night()
    desk.switch(kept, nightly=False)
    desk.add("A heron while nobody looked")
    assert kept not in desk.night()
    desk.switch(kept, nightly=True)
    assert outcome(desk.night()[kept]) == ("base", None)
    desk.add("A heron again")
    assert outcome(desk.night()[kept]) == ("told", 1)
    with desk.archive.engine.connect() as connection:
        saved = store.one(connection, kept)
    assert saved is not None
    store.change(desk.archive.engine, saved, "hal", desk.archive.now(), "removed", removed=True)
    assert kept not in desk.night()


def test_yesterday_is_the_day_before_the_night_in_the_city(desk: Desk) -> None:
    """A relative date means another day each night; midnight is the city's."""
    kept = desk.keep(desk.user("ida"), "ibis date:yesterday")
    for day in (10, 11):
        at = dt.datetime(2026, 5, day, 6, 30, tzinfo=dt.UTC)  # half an hour before midnight in the city
        desk.city.searchable.records.item(desk.city.account, f"Ibis of {day - 1} May", created_at=at)
    desk.city.searchable.drain()
    nights = (dt.datetime(2026, 5, 8, 13, tzinfo=dt.UTC), dt.datetime(2026, 5, 10, 13, tzinfo=dt.UTC),
              dt.datetime(2026, 5, 12, 6, 59, tzinfo=dt.UTC))  # fmt: skip
    came = []
    for night in nights:
        then = dataclasses.replace(desk, archive=dataclasses.replace(desk.archive, now=lambda night=night: night))
        came.append(outcome(then.night()[kept]))
    assert came == [("base", None), ("told", 1), ("told", 1)]
    assert ["Ibis of 9 May" in message.get_content() for message in desk.mails("ibis date:yesterday")] == [True, False]


def test_only_one_run_is_at_work(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second one says so and does nothing; when the first has ended, the next may."""
    desk.keep(desk.user("jo"), "jackal")
    inside, go_on = threading.Event(), threading.Event()

    def wait(*_: Any) -> None:
        inside.set()
        assert go_on.wait(20)

    with monkeypatch.context() as patched:
        patched.setattr(nightly, "_one", wait)
        first = threading.Thread(target=desk.night)
        first.start()
        assert inside.wait(20)
        with pytest.raises(BusyError):
            desk.night()
        go_on.set()
        first.join()
    assert desk.night()


def test_the_command_line_runs_and_lists_them(desk: Desk, stack: Endpoints, commands: Commands, tmp_path: Any) -> None:
    """It ends red where something could not be told, says why, and shows no password; nothing is lost by it."""
    kept = desk.keep(desk.user("kim"), "kestrel")
    desk.night()
    desk.add("A kestrel")
    found = desk.post.settings
    env = os.environ | {
        "DATABASE_URL": desk.city.searchable.urls.app_url, "ELASTICSEARCH_URL": stack.elasticsearch_url,
        "ELASTICSEARCH_USER": stack.elasticsearch_user or "", "ELASTICSEARCH_PASSWORD": stack.elasticsearch_password or "",
        "CIVIC_ARCHIVE_HOME": str(tmp_path), "CIVIC_ARCHIVE_INDEX_NAME": desk.city.searchable.alias,
        **{f"CIVIC_ARCHIVE_{name.upper()}": str(value) for name, value in found.items()},
    }  # fmt: skip

    failed = commands(("saved", "run"), env | {"CIVIC_ARCHIVE_SMTP_PASSWORD": "wrong-4711"})
    assert failed.code == 2, failed.err
    assert "535" in failed.out
    assert "4711" not in failed.out + failed.err
    rows = {each["public_id"]: each for each in json.loads(commands(("saved", "list", "--json"), env).out)}
    assert (rows[str(kept)]["fields"], rows[str(kept)]["outcome"]) == ({"q": "kestrel"}, "failed")
    assert outcome(desk.night()[kept]) == ("told", 1)


def test_a_fault_of_ours_in_one_search_keeps_no_other_from_its_owner(desk: Desk) -> None:
    """What nobody foresaw (here a sender that no letter can have) fails the one that met it; it is told once that is mended."""
    desk.night()
    owner = desk.user("nora.quist")
    met, other = desk.keep(owner, "hovercraft"), desk.keep(owner, "dirigible")
    desk.night()
    desk.add("A hovercraft on the river")
    done = desk.night(smtp_from="archive@city.example\nBcc: everybody@city.example")
    assert outcome(done[met])[0] == "failed"
    assert "fault of the program" in (done[met].problem or "")
    assert done[met].again
    assert outcome(done[other]) == ("nothing", 0)
    assert not desk.mails("hovercraft")
    assert outcome(desk.night()[met]) == ("told", 1)
    assert len(desk.mails("hovercraft")) == 1
