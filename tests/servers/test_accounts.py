"""The account register: what it takes, what it refuses, what captures teach it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from archiver import accounts
from archiver.accounts import RegisterError
from archiver.platforms.items import State
from archiver.platforms.pages import AccountStatus
from archiver.register_file import import_csv
from tests.fixtures.custody import rows

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.archives import ArchiveMaker, TestArchive

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ENTRY = {"department": "Parks", "began_on": "2024-01-31"}


@pytest.fixture
def register(make_archive: ArchiveMaker) -> TestArchive:
    """An archive whose register has one account."""
    archive = make_archive()
    accounts.add(archive.engine, "bluesky:parks.example", ENTRY, actor="clerk")
    return archive


def status(platform_id: str | None, handle: str | None) -> AccountStatus:
    """What a platform says of an account."""
    return AccountStatus(platform_id, handle, State.PRESENT, "active", settings={"pds_url": "https://pds.example"})


def test_an_account_is_added_once_with_its_entry_and_an_audit_row(register: TestArchive) -> None:
    """The entry is kept as dates and text, who added it is remembered, and a second one of any case is refused."""
    (listed,) = accounts.listing(register.engine, None, date(2026, 3, 2))
    assert (listed.name, listed.entry["department"], listed.entry["began_on"]) == (
        "bluesky:parks.example",
        "Parks",
        date(2024, 1, 31),
    )
    assert rows(register.engine, "select actor, action, subject from audit") == [
        ("clerk", "account added", "bluesky:parks.example")
    ]
    with pytest.raises(RegisterError, match="in the register already"):
        accounts.add(register.engine, "bluesky:@PARKS.example", ENTRY)
    assert rows(register.engine, "select count(*) from accounts") == [(1,)]


@pytest.mark.parametrize(
    ("name", "entry", "settings", "words"),
    [
        ("parks.example", ENTRY, {}, "no account name"),
        ("myspace:parks", ENTRY, {}, "no account name"),
        ("bluesky:", ENTRY, {}, "no account name"),
        ("bluesky:b.example", {}, {}, "department is missing"),
        ("bluesky:b.example", {"department": "  "}, {}, "department is missing"),
        ("bluesky:b.example", {**ENTRY, "colour": "red"}, {}, "no field colour"),
        ("bluesky:b.example", {**ENTRY, "began_on": "31/01/2024"}, {}, "is no date"),
        ("bluesky:b.example", ENTRY, {"password": "x"}, "no setting 'password'"),
        ("bluesky:b.example", ENTRY, {"light_minutes": "often"}, "number of minutes"),
        ("bluesky:b.example", ENTRY, {"light_minutes": "-5"}, "number of minutes"),
        ("bluesky:b.example", ENTRY, {"light_minutes": "nan"}, "number of minutes"),
    ],
)
def test_what_the_register_cannot_take_is_refused_in_words(
    register: TestArchive, name: str, entry: dict[str, str], settings: dict[str, str], words: str
) -> None:
    """Each refusal says what is wrong, and leaves nothing behind."""
    with pytest.raises(RegisterError, match=words):
        accounts.add(register.engine, name, entry, settings)
    assert rows(register.engine, "select count(*) from accounts") == [(1,)]
    assert rows(register.engine, "select count(*) from audit") == [(1,)]


def test_an_account_is_found_by_every_name_it_had(register: TestArchive) -> None:
    """By handle, by stable id, and by the handle it had before; the present holder of a name goes first."""
    ref = accounts.find(register.engine, "bluesky:Parks.Example")
    ref = accounts.learn(register.engine, ref, status("did:plc:a", "parks.example"), NOW)
    accounts.learn(register.engine, ref, status("did:plc:a", "parks.gov.example"), NOW)
    for name in ("parks.gov.example", "did:plc:a", "parks.example"):
        assert accounts.find(register.engine, f"bluesky:{name}").id == ref.id
    accounts.add(register.engine, "bluesky:did:plc:b", {"department": "Somebody new"})
    other = accounts.find(register.engine, "bluesky:did:plc:b")
    accounts.learn(register.engine, other, status("did:plc:b", "parks.example"), NOW)
    assert accounts.find(register.engine, "bluesky:parks.example").id != ref.id
    with pytest.raises(RegisterError, match="is not in the register"):
        accounts.find(register.engine, "bluesky:nobody.example")


def test_handles_are_dated_history(register: TestArchive) -> None:
    """A renamed account keeps its earlier name with the time it had it; seeing the same name again only prolongs it."""
    ref = accounts.find(register.engine, "bluesky:parks.example")
    for day, handle in ((1, "parks.example"), (2, "parks.example"), (3, "new.example"), (4, "parks.example")):
        ref = accounts.learn(register.engine, ref, status("did:plc:a", handle), NOW.replace(day=day))
    history = rows(register.engine, "select handle, extract(day from first_seen_at)::int, extract(day from last_seen_at)::int "
                   "from account_handles order by id")  # fmt: skip
    assert history == [("parks.example", 1, 2), ("new.example", 3, 3), ("parks.example", 4, 4)]


def test_an_earlier_name_is_not_added_as_another_account(register: TestArchive) -> None:
    """After a rename the old name is refused, with the new one named; under its stable id another account may come."""
    account = accounts.find(register.engine, "bluesky:parks.example")
    accounts.learn(register.engine, account, status("did:plc:p", "parks.example"), NOW)
    account = accounts.find(register.engine, "bluesky:parks.example")
    accounts.learn(register.engine, account, status("did:plc:p", "parksandrec.example"), NOW)
    with pytest.raises(RegisterError, match=r"an earlier name of bluesky:parksandrec\.example"):
        accounts.add(register.engine, "bluesky:parks.example", ENTRY)
    accounts.add(register.engine, "bluesky:did:plc:other", ENTRY)
    assert rows(register.engine, "select count(*) from accounts") == [(2,)]


def test_what_a_capture_learns_is_for_that_capture_only(register: TestArchive) -> None:
    """Addresses found on the way are the capture's; the register keeps the id and the name."""
    ref = accounts.learn(
        register.engine, accounts.find(register.engine, "bluesky:parks.example"), status("did:plc:a", None), NOW
    )
    assert ref.settings["pds_url"] == "https://pds.example"
    again = accounts.find(register.engine, "bluesky:parks.example")
    assert (again.platform_id, dict(again.settings)) == ("did:plc:a", {})


def test_another_id_under_a_known_name_is_refused(register: TestArchive) -> None:
    """The handle was given to somebody else: nothing is learned from who has it now."""
    ref = accounts.learn(
        register.engine, accounts.find(register.engine, "bluesky:parks.example"), status("did:plc:a", None), NOW
    )
    with pytest.raises(RegisterError, match="given to somebody else"):
        accounts.learn(register.engine, ref, status("did:plc:thief", "parks.example"), NOW)
    assert accounts.find(register.engine, "bluesky:parks.example").platform_id == "did:plc:a"


def test_two_entries_that_turn_out_to_be_one_account_are_refused(register: TestArchive) -> None:
    """An id that another entry has, or a name that another entry has, is refused in words."""
    first = accounts.find(register.engine, "bluesky:parks.example")
    accounts.learn(register.engine, first, status("did:plc:a", None), NOW)
    accounts.add(register.engine, "bluesky:other.example", ENTRY)
    other = accounts.find(register.engine, "bluesky:other.example")
    with pytest.raises(RegisterError, match="another entry of the register"):
        accounts.learn(register.engine, other, status("did:plc:a", None), NOW)
    with pytest.raises(RegisterError, match="another entry of the register"):
        accounts.learn(register.engine, other, status("did:plc:b", "parks.example"), NOW)


def test_a_secret_is_read_from_the_environment_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """`env:NAME` is resolved at the last moment; the value is told apart so that it can be scrubbed."""
    monkeypatch.setenv("PARKS_TOKEN", "s3cret")
    assert accounts.resolve({"token": "env:PARKS_TOKEN", "page": "1"}) == (
        {"token": "s3cret", "page": "1"},
        ("s3cret",),
    )
    monkeypatch.delenv("PARKS_TOKEN")
    with pytest.raises(RegisterError, match="PARKS_TOKEN"):
        accounts.resolve({"token": "env:PARKS_TOKEN"})


def test_a_csv_adds_what_it_can_and_names_the_rest(register: TestArchive, tmp_path: Path) -> None:
    """Good rows are added, each bad one is told with its line; a byte-order mark and empty cells do no harm."""
    path = tmp_path / "register.csv"
    path.write_text(
        "\ufeffaccount,department,began_on,setting.url\n"
        "rss:news,Clerk,2020-01-01,https://city.example/feed\n"
        "bluesky:parks.example,Parks,,\n"
        "bluesky:fire.example,,,\n"
        "bluesky:water.example,Water,,\n",
        encoding="utf-8",
    )
    added, refused = import_csv(register.engine, path)
    assert added == ["rss:news", "bluesky:water.example"]
    assert [line.partition(":")[0] for line in refused] == ["line 3", "line 4"]
    path.write_text("name\nx\n", encoding="utf-8")
    with pytest.raises(RegisterError, match="no column 'account'"):
        import_csv(register.engine, path)


def test_the_days_left_are_those_of_the_department(register: TestArchive) -> None:
    """A newer account of a department that was there before the policy has the department's 90 days."""
    accounts.add(register.engine, "bluesky:trees.example", {"department": "Parks", "began_on": date(2026, 2, 1)})
    listed = accounts.listing(register.engine, date(2026, 1, 1), date(2026, 1, 31))
    assert [line.compliance.days_left for line in listed] == [60, 60]


def test_only_active_accounts_are_captured_by_night(register: TestArchive) -> None:
    """A paused account keeps its entry and is left out."""
    with register.engine.begin() as connection:
        connection.exec_driver_sql("update accounts set status = 'paused'")
    assert accounts.active(register.engine) == []
    assert accounts.find(register.engine, "bluesky:parks.example").name == "bluesky:parks.example"
