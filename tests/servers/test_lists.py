"""Block and follower lists of the sample city, captured into a real Postgres night after night."""

from __future__ import annotations

import json
import random
import re
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from archiver import accounts, lists, log_keeping
from archiver.capture import stream as streams
from archiver.capture.export import ExportReport, export_account
from archiver.cli import app
from archiver.custody import rows as checking
from archiver.custody.proofs import prove
from archiver.database import engine_for
from archiver.evidence.lists import digest_of
from archiver.evidence.verify import check_inclusion
from archiver.platforms.items import Party
from archiver.platforms.pages import AccountRef
from archiver.records.store.lists import Reading, by_key, keys_of, members_at, save_snapshot
from samplecity.faults import Fault
from samplecity.social import lists as true_lists
from tests.fixtures.custody import unproven
from tests.fixtures.social_nights import social_town
from tests.servers.test_five_nights import night_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samplecity.social.model import SocialAccount
    from tests.fixtures.archives import ArchiveMaker
    from tests.fixtures.social_nights import SocialTown

BOTH = "blocked, followers"


@contextmanager
def one_account(
    make: ArchiveMaker, monkeypatch: pytest.MonkeyPatch, platform: str = "mastodon", wanted: str | None = BOTH
) -> Iterator[tuple[SocialTown, SocialAccount]]:
    """A town whose register has its first account alone, with these lists asked for, four entries on a page."""
    monkeypatch.setattr("archiver.platforms.mastodon._MEMBERS", 4)
    with social_town(make, monkeypatch, platform, faulty=False, max_attempts=2, max_wait=60) as town:
        account = town.city.social.accounts[0]
        with town.archive.engine.begin() as connection:
            connection.execute(
                sa.text("update accounts set status = 'closed' where handle <> :handle"), {"handle": account.handle}
            )
            if wanted is not None:
                connection.execute(
                    sa.text(
                        "update accounts set settings = settings || jsonb_build_object('lists', cast(:lists as text))"
                    ),
                    {"lists": wanted},
                )
        yield town, account


def night(town: SocialTown, number: int, *faults: Fault) -> ExportReport:
    """Export the one account at the end of a night with these faults."""
    town.running.at(number)
    town.running.install(*faults)
    town.archive.clock.set(night_of(town.city, number))
    (account,) = accounts.active(town.archive.engine)
    return export_account(town.archive.archive, account)


def held(town: SocialTown, listing: str, on: Any = None) -> lists.Shown | None:
    """The list as the archive holds it."""
    (account_id,) = [row[0] for row in town.sql("select id from accounts where status = 'active'")]
    with town.archive.engine.connect() as connection:
        return lists.shown(connection, account_id, listing, on)


def names(shown: lists.Shown | None) -> list[str]:
    """The display names on a list, sorted."""
    assert shown is not None
    assert shown.proved
    return sorted(row.name for row in shown.members)


def test_five_nights_of_lists_are_what_was_true(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each night's list can be rebuilt as it was, with pages cut short, entries repeated and out of order; the differences
    are kept and no list twice; each snapshot is a leaf of the log, its answers are in the WARC.
    """
    trouble = [
        Fault(r"/(blocks|followers)", kind, times=2) for kind in ("short_page", "repeated_ids", "reordered_page")
    ]
    with one_account(make_archive, monkeypatch) as (town, account):
        for number in range(1, 6):
            report = night(town, number, *trouble, Fault(r"/(blocks|followers)", "empty_page_with_next", times=1))
            assert report.complete, report.problems
            assert [(each.listing, each.problem) for each in report.lists] == [("blocked", None), ("followers", None)]
        for number in range(1, 6):
            day = night_of(town.city, number).astimezone(town.archive.archive.settings.zone).date()
            for listing, truth in (("blocked", true_lists.blocked), ("followers", true_lists.followers)):
                true = sorted(one.name for one in truth("mastodon", account.key, number))
                shown = held(town, listing, day)
                assert names(shown) == true
                assert shown is not None
                assert (shown.snapshot.taken_on, shown.snapshot.size) == (day, len(true))
        changed = town.sql("select sum(joined + departed), count(*), min(size) from list_snapshots")
        assert town.sql("select count(*) from list_changes") == [(changed[0][0],)]
        assert changed[0][1] == 10
        assert town.sql("select count(*) from list_changes where not joined")[0][0] > 3
        assert not unproven(town.archive.archive)
        log_keeping.publish_root(town.archive.archive)
        assert town.sql("select count(*) from log_leaves where kind = 'list'") == [(10,)]
        kept = town.sql(
            "select count(*) from list_snapshots s where exists (select from exchanges e join warc_records w on "
            "w.exchange_id = e.id where e.capture_id = s.capture_id)"
        )
        assert kept == [(10,)]
        (snapshot,) = town.sql("select public_id, digest from list_snapshots order by id desc limit 1")
        proof = prove(town.archive.engine, str(snapshot[0]), reveal=True)
        check_inclusion(proof)
        revealed = {each["field"]: each["value"] for each in proof["leaves"][0]["revealed"]}
        assert json.loads(revealed["digest"]) == bytes(snapshot[1]).hex()
        assert bytes(snapshot[1]).hex() not in proof["leaves"][0]["entry"]


def test_a_day_has_one_snapshot_however_often_the_account_is_captured(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second run of the day asks for no list; the light pass and a single thread never do."""
    with one_account(make_archive, monkeypatch, wanted=None) as (town, account):
        first = night(town, 1)
        assert [(each.listing, each.joined) for each in first.lists] == [
            ("blocked", len(true_lists.blocked("mastodon", account.key, 1)))
        ]
        asked = town.running.requests[1]["/mastodon/api/v1/blocks"]
        assert night(town, 1).lists == []
        (ref,) = accounts.active(town.archive.engine)
        town.archive.clock.set(night_of(town.city, 2))
        assert export_account(town.archive.archive, ref, mode="light").lists == []
        assert town.running.requests[1]["/mastodon/api/v1/blocks"] == asked
        assert not any("followers" in path for path in town.running.requests[1])


def test_a_reading_that_breaks_off_is_no_snapshot(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a list, one that leads in a circle, a log-in page, a refusal: on record with how far it came, no differences, the
    night whole; the next whole reading is compared with the last whole one.
    """
    with one_account(make_archive, monkeypatch) as (town, account):
        assert night(town, 1).complete
        before = town.sql("select * from list_changes order by 1, 2")
        half = [
            Fault(r"/followers", "short_page", times=None),
            Fault(r"/followers.*max_id", "server_error", times=None),
        ]
        broken = {
            2: (*half, Fault(r"/blocks", "no_permission", times=None)),
            3: (Fault(r"/followers", "page_loop", times=None), Fault(r"/blocks", "truncated", times=None)),
            4: (Fault(r"/followers", "html", times=None), Fault(r"/blocks", "error_in_200", times=None)),
        }
        for number, faults in broken.items():
            report = night(town, number, *faults)
            assert report.complete, report.problems
            assert {each.listing for each in report.lists if each.problem} == {"blocked", "followers"}
            assert all(account.token not in (each.problem or "") for each in report.lists)
        assert town.sql("select * from list_changes order by 1, 2") == before
        assert town.sql("select count(*) from list_snapshots") == [(2,)]
        assert town.sql("select count(*) from list_failures") == [(6,)]
        assert town.sql("select count(*) from list_failures where listing = 'followers' and seen > 0")[0][0] >= 2
        assert town.sql("select count(*) from gaps where closed_at is null") == [(0,)]
        assert town.sql("select c.outcome, count(*) from captures c join streams s on s.id = c.stream_id "
                        "where s.kind = 'lists' group by 1 order by 1") == [("complete", 2), ("partial", 6)]  # fmt: skip
        standing = {each.listing: each for each in _standings(town)}
        assert standing["blocked"].failure is not None
        assert standing["blocked"].snapshots == 1
        report = night(town, 5)
        assert [each.problem for each in report.lists] == [None, None]
        assert names(held(town, "followers")) == sorted(
            one.name for one in true_lists.followers("mastodon", account.key, 5)
        )
        assert all(each.failure is None for each in _standings(town))


def _standings(town: SocialTown) -> list[lists.Standing]:
    (account_id,) = [row[0] for row in town.sql("select id from accounts where status = 'active'")]
    with town.archive.engine.connect() as connection:
        return lists.standings(connection, account_id)


def test_a_reading_that_a_crash_ended_leaves_no_gap_and_nothing_running(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it is to be read anew on the same day or was kept before the program died."""
    with one_account(make_archive, monkeypatch, wanted=None) as (town, _):
        monkeypatch.setattr(streams, "finish", _dies(streams.finish, at="lists"))
        with pytest.raises(KeyboardInterrupt):
            night(town, 1)
        monkeypatch.undo()
        monkeypatch.setenv(town.city.social.accounts[0].token_variable, town.city.social.accounts[0].token)
        assert town.sql("select count(*) from captures where outcome = 'running'") == [(1,)]
        assert town.sql("select count(*) from list_snapshots") == [(1,)]
        assert night(town, 1).complete
        assert town.sql(
            "select outcome from captures c join streams s on s.id = c.stream_id where s.kind = 'lists'"
        ) == [("abandoned",)]
        assert town.sql("select count(*) from gaps where closed_at is null") == [(0,)]


def _dies(real: Any, *, at: str) -> Any:
    def finish(engine: Any, context: Any, *rest: Any, **named: Any) -> None:
        if context.stream.value == at:
            raise KeyboardInterrupt
        real(engine, context, *rest, **named)

    return finish


def test_the_page_with_blocked_people_is_read(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Facebook's list over two nights."""
    with one_account(make_archive, monkeypatch, "facebook", None) as (town, account):
        for number in (1, 2):
            report = night(town, number)
            assert [(each.listing, each.problem) for each in report.lists] == [("blocked", None)]
            true = sorted(one.name for one in true_lists.blocked("facebook", account.key, number))
            assert names(held(town, "blocked")) == true


def test_a_list_that_is_suddenly_empty_is_asked_for_twice(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One empty answer where somebody was on the list is not believed; two are what the platform says."""
    with one_account(make_archive, monkeypatch) as (town, account):
        assert night(town, 1).complete
        monkeypatch.setattr(true_lists, "blocked", _empty_at_first(true_lists.blocked, 1))
        assert night(town, 2).lists[0].problem is None
        assert len(names(held(town, "blocked"))) == len(true_lists.blocked("mastodon", account.key, 2)) > 0
        monkeypatch.setattr(true_lists, "blocked", lambda *_: [])
        assert night(town, 3).lists[0].problem is None
        assert names(held(town, "blocked")) == []


def _empty_at_first(real: Any, times: int) -> Any:
    calls = []

    def answer(*asked: Any) -> Any:
        calls.append(asked)
        return [] if len(calls) <= times else real(*asked)

    return answer


def test_what_was_altered_is_found(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A difference that is taken out, turned round or moved, and a size that was changed: the check names the snapshot."""
    with one_account(make_archive, monkeypatch) as (town, _):
        for number in (1, 2):
            assert night(town, number).complete
        log_keeping.publish_root(town.archive.archive)
        owner = engine_for(town.archive.migration_url)
        with owner.connect() as connection:
            assert checking.check(connection, "list", 0).findings == []
        for table, change in (
            (
                "list_changes",
                "update list_changes set joined = not joined where snapshot_id = (select max(id) from list_snapshots)",
            ),
            ("list_changes", "delete from list_changes where ctid = (select max(ctid) from list_changes)"),
            (
                "list_snapshots",
                "update list_snapshots set size = size + 1 where id = (select max(id) from list_snapshots)",
            ),
            (
                "list_snapshots",
                "update list_snapshots set digest = sha256('x') where id = (select max(id) from list_snapshots)",
            ),
        ):
            with owner.connect() as connection:
                connection.execute(sa.text(f"alter table {table} disable trigger user"))
                assert connection.execute(sa.text(change)).rowcount > 0
                found = checking.check(connection, "list", 0).findings
                assert [each.kind for each in found] == ["list"], change
                connection.rollback()
        owner.dispose()


def test_lists_are_read_on_the_command_line(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, request: pytest.FixtureRequest
) -> None:
    """How each list stands, who is on it, who was on a day, what changed; and what cannot be asked."""
    with one_account(make_archive, monkeypatch) as (town, account):
        for number in (1, 2):
            assert night(town, number).complete
        from archiver.settings import settings  # noqa: PLC0415 - read anew for this database

        monkeypatch.setenv("DATABASE_URL", town.archive.app_url)
        monkeypatch.setenv("MIGRATION_DATABASE_URL", town.archive.migration_url)
        monkeypatch.setenv("CIVIC_ARCHIVE_HOME", str(tmp_path))
        settings.cache_clear()
        request.addfinalizer(settings.cache_clear)
        name = f"mastodon:{account.handle}"

        def run(*words: str, code: int = 0) -> str:
            done = CliRunner().invoke(app, ["lists", *words])
            assert done.exit_code == code, done.output
            return done.output

        standing = {each["list"]: each for each in json.loads(run(name, "--json"))}
        assert standing["blocked"]["snapshots"] == 2
        assert standing["followers"]["last"]["size"] == len(true_lists.followers("mastodon", account.key, 2))
        shown = json.loads(run(name, "followers", "--json"))
        assert shown["proved"] is True
        truth = {one.name for one in true_lists.followers("mastodon", account.key, 2)}
        assert {each["name"] for each in shown["members"]} == truth
        day = night_of(town.city, 1).astimezone(town.archive.archive.settings.zone).date()
        then = json.loads(run(name, "followers", "--on", day.isoformat(), "--json"))
        assert {each["name"] for each in then["members"]} == {
            one.name for one in true_lists.followers("mastodon", account.key, 1)
        }
        changes = json.loads(run(name, "followers", "--changes", "--json"))
        assert {each["name"] for each in changes if each["change"] == "left"} == {
            one["name"] for one in then["members"]
        } - truth
        assert re.search(r"SHA-256 of the list: [0-9a-f]{64}", run(name, "blocked"))
        assert "Changes among" in run(name, "followers", "--changes")
        assert "There is no snapshot" in run(name, "blocked", "--on", "2020-01-01")
        assert "is no date" in run(name, "blocked", "--on", "soon", code=2)
        assert "say which list" in run(name, "--changes", code=2)


def test_lists_of_any_length_are_rebuilt_from_their_differences(make_archive: ArchiveMaker) -> None:
    """Empty, full, growing, changed wholly; with names in every script and ids in two namespaces; also where a clock was set
    back, and where the whole history is dug up day by day.
    """
    archive = make_archive()
    accounts.add(
        archive.engine, "mastodon:a@b.example", {"department": "Parks"}, {"token": "env:NO_TOKEN"}, import_only=True
    )
    account = AccountRef(
        accounts.id_of(archive.engine, "mastodon:a@b.example"), "mastodon", "b.example", None, "a@b.example", {}
    )
    luck = random.Random(11)  # noqa: S311 - a list, no secret
    everybody = [
        Party(f"id-{n}", f"h{n}", f"Ñandú \u202e{n}", "b.example" if n % 2 else "c.example") for n in range(3000)
    ]
    begun = datetime(2026, 3, 1, 9, tzinfo=UTC)
    kept: dict[date, set[str]] = {}
    with archive.engine.begin() as connection:
        capture = connection.execute(
            sa.text(
                "with s as (insert into streams (account_id, kind) values (:id, 'lists') returning id) insert into captures "
                "(public_id, stream_id, run_id, mode, fence, started_at) select gen_random_uuid(), id, 'r', 'now', 1, now() "
                "from s returning id"
            ),
            {"id": account.id},
        ).scalar_one()
    for number, size in enumerate((3, 0, 1, 3000, 3000, 1500, 1499, 0, 7)):
        at = begun + timedelta(days=number if number != 5 else -3)
        members = luck.sample(everybody, size)
        kept[at.date()] = {each.id for each in members}
        with archive.engine.begin() as connection:
            reading = Reading("followers", by_key(members), size, at, at.date())
            first = save_snapshot(connection, account, capture, reading)
            assert save_snapshot(connection, account, capture, reading).id == first.id
    with archive.engine.connect() as connection:
        for row in connection.execute(sa.text("select * from list_snapshots order by id")).all():
            rebuilt = members_at(connection, row)
            assert {each.platform_id for each in rebuilt} == kept[row.taken_on]
            assert digest_of(keys_of(rebuilt)) == bytes(row.digest)
            assert len(rebuilt) == row.size
        assert checking.check(connection, "list", 0).findings == []


def test_a_setting_that_names_no_list_is_refused(make_archive: ArchiveMaker) -> None:
    """The register says which lists there are."""
    archive = make_archive()
    with pytest.raises(accounts.RegisterError, match="has no list friends; it gives blocked, followers"):
        accounts.add(archive.engine, "mastodon:a@b.example", {"department": "Parks"}, {"lists": "blocked, friends"})
