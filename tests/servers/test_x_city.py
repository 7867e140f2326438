"""The city on X: captured, night after night, it is what was true, whatever X calls a post; money and limits are kept to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from archiver import accounts
from archiver.capture.export import export_account
from archiver.capture.limits import SharedLimiter
from archiver.lists import shown
from archiver.platforms import PLATFORMS
from archiver.platforms.items import StreamKind
from archiver.platforms.manners import Budget
from samplecity.faults import Fault
from samplecity.social import APIS
from samplecity.social import lists as true_lists
from samplecity.social.events import Publish
from samplecity.social.x import X
from samplecity.social.x_words import NEW, OLD
from tests.fixtures.custody import contents, differences, unproven
from tests.fixtures.social_nights import social_town
from tests.fixtures.social_trouble import lost_access, states_of, troubled_night
from tests.servers.test_five_nights import night_of

if TYPE_CHECKING:
    from samplecity.social.x_words import Words
    from tests.fixtures.archives import ArchiveMaker
    from tests.fixtures.social_nights import SocialTown

NIGHTS = 11
"""The second account's token is refused in nights 2 to 4, and it is suspended in nights 7 to 9."""
_WHOLE = 280
"""Characters of a post that X shows without its note."""


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let full searches follow each other at once: a night has fifty of them, each a second after the other."""
    monkeypatch.setattr("archiver.platforms.x_manners._SECOND", Budget("full search", 1000, timedelta(seconds=1)))


def setting(town: SocialTown, name: str, value: str, key: str = "") -> None:
    """Give a setting to the accounts of the register, or to one of them."""
    handle = next((one.handle for one in town.city.social.accounts if one.key == key), "%")
    with town.archive.engine.begin() as connection:
        connection.exec_driver_sql(
            "update accounts set settings = settings || jsonb_build_object(%s::text, %s::text) where handle like %s",
            (name, value, handle),
        )


def asked(town: SocialTown, like: str) -> list[str]:
    """The addresses that were asked for and kept, and are like that."""
    return [row[0] for row in town.sql("select url from exchanges where url like :like", like=like)]


@pytest.mark.usefixtures("fast")
@pytest.mark.parametrize(("words", "nights"), [(NEW, NIGHTS), (OLD, 5)], ids=["post", "tweet"])
def test_the_nights_end_equal_to_the_truth(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch, words: Words, nights: int
) -> None:
    """Every form of every post, reposts, answers, mentions and messages, with their states, and nothing else."""
    monkeypatch.setitem(APIS, "x", X(understands=[words], most=20))
    with social_town(make_archive, monkeypatch, "x", nights=nights, max_attempts=8) as town:
        for night in range(1, nights + 1):
            reports = troubled_night(town, night)
            assert not town.troubles(night, reports)
            found = town.differences(night)
            assert not found, "\n".join(found[:40]) + f"\n{len(found)} in all"
        before = contents(town.archive.engine)
        town.night(nights)
        assert not differences(before, contents(town.archive.engine))
        assert not unproven(town.archive.archive)
        assert town.sql("select count(*) from versions where source = 'history'")[0][0] > 0
        assert town.sql("select count(*) from versions where length(text) > :n", n=_WHOLE)[0][0] > 0
        assert town.sql("select count(*) from versions where flags::text like '%html_escaped_text%'")[0][0] > 0
        assert not asked(town, "%token-x-%")


@pytest.mark.usefixtures("fast")
def test_posts_are_looked_up_together_and_messages_one_by_one(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their ids are alike: a message is never asked for as a post, nor a post as a message."""
    with social_town(make_archive, monkeypatch, "x", faulty=False) as town:
        for night in (1, 2, 3, 4):
            town.night(night)
        kinds = dict(town.sql("select platform_id, kind from items"))
        messages = {url.partition("?")[0].rpartition("/")[2] for url in asked(town, "%/dm_events/%")}
        assert {kinds[each] for each in messages} == {"message"}
        taken = dict(town.city.social.story["message_taken_back"])
        assert town.sql("select state from items where platform_id = :id", id=taken["x"]) == [("gone_confirmed",)]
        gone = town.sql("select count(*) from items where state = 'gone_confirmed' and kind <> 'message'")
        assert gone[0][0] > 0


@pytest.mark.usefixtures("fast")
def test_a_token_that_dies_is_no_deletion(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """The account's streams say that access was lost, and no item changes its state."""
    with social_town(make_archive, monkeypatch, "x", faulty=False) as town:
        lost_access(town, 1, 2)


@pytest.mark.usefixtures("fast")
def test_every_night_begins_with_a_renewal_that_was_kept_first(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Access tokens end after two hours; each refresh token is good for one renewal, and gives the next."""
    monkeypatch.setitem(APIS, "x", X(lasting=False))
    with social_town(make_archive, monkeypatch, "x", faulty=False) as town:
        first = town.city.social.accounts[0]
        for night in (1, 2):
            reports = town.night(night)
            assert reports[f"x:{first.handle}"].complete
        kept = town.sql("select a.handle, t.setting from account_tokens t join accounts a on a.id = t.account_id")
        assert {(first.handle, "token"), (first.handle, "refresh_token")} <= set(kept)
        checks = town.sql("select alive, words from token_checks order by id")
        assert any(alive and first.handle in words and "renewed" in words for alive, words in checks)
        assert not asked(town, "%act.%")


def test_full_searches_keep_a_second_apart(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """X answers none of three searches with 429, and each follows a second after the one before."""
    monkeypatch.setitem(APIS, "x", X(pause=0.9))
    with social_town(make_archive, monkeypatch, "x", faulty=False, waits=True) as town:
        town.night(1, only=[StreamKind.PROFILE, StreamKind.POSTS])
        account = accounts.active(town.archive.engine)[0]
        busy = dict(town.city.social.story["busy_thread"])["x"]
        for _ in range(3):
            report = export_account(town.archive.archive, account, only=[StreamKind.COMMENTS], thread=busy)
            assert report.complete
        assert town.sql("select count(*) from exchanges where status = 429") == [(0,)]
        assert town.sql("select count(*) from items where root_id = :id", id=busy)[0][0] > 50


@pytest.mark.usefixtures("fast")
def test_the_windows_that_x_tells_are_kept_to(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty requests in a second, told by its headers: a night needs more, waits, and is whole."""
    with social_town(make_archive, monkeypatch, "x", faulty=False, limits={"x": (20, 1)}, max_attempts=8) as town:
        reports = town.night(1)
        assert all(report.complete for report in reports.values())
        assert sum(town.running.requests[1].values()) > 60
        refused = town.sql("select count(*) from exchanges where status = 429")[0][0]
        assert refused < 10


@pytest.mark.usefixtures("fast")
def test_recent_search_alone_is_a_known_gap_and_no_deletion(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers older than a week are not found any more: the coverage says so, and what is held of them stands."""
    with social_town(make_archive, monkeypatch, "x", faulty=False) as town:
        first = town.city.social.accounts[0]
        town.night(1)
        old = "select i.platform_id, s.state from sightings s join items i on i.id = s.item_id "
        old += "join streams t on t.id = s.stream_id where t.kind = 'comments' and i.created_at < :week order by 1"
        week = night_of(town.city, 1) - timedelta(days=7)
        before = town.sql(old, week=week)
        assert before
        setting(town, "search", "recent", first.key)
        for night in (2, 3):
            assert town.night(night)[f"x:{first.handle}"].complete
        assert town.sql(old, week=week) == before
        reasons = {row[0] for row in town.sql("select reason from completeness where counted = 'replies'")}
        assert any("older than 7 days are not found" in each for each in reasons)
        assert asked(town, "%/search/recent%")
        deleted = dict(town.city.social.story["deleted_by_author"])["x"]
        assert town.sql("select state from items where platform_id = :id", id=deleted) == [("gone_confirmed",)]


@pytest.mark.usefixtures("fast")
def test_what_stands_below_an_answer_elsewhere_is_found_through_it(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A conversation has the id of its first post, which is a stranger's: X is asked level by level who answers the account."""
    with social_town(make_archive, monkeypatch, "x", nights=2, faulty=False) as town:
        social = town.city.social
        keys = {one.id: one.key for one in social.accounts}
        things = {each.thing.id: each.thing for each in social.log if isinstance(each, Publish)}
        above = next(
            one
            for one in things.values()
            if one.kind == "comment" and one.author.id in keys and not things[one.root or ""].account
        )
        resident = next(one.author for one in things.values() if one.kind == "comment" and one.author.id not in keys)
        for number in (1, 2, 3):
            at = above.at + timedelta(hours=number)
            above = replace(
                above,
                id=str(int(above.id) + (number * 3_600_000 << 22)),
                author=resident,
                text=f"And then? ({number})",
                at=at,
                parent=above.id,
            )
            social.log.append(Publish(2, above))
        for night in (1, 2):
            assert not town.troubles(night, town.night(night))
            assert not town.differences(night)
        depths = "select count(*) from items where root_id = :root and kind = 'comment'"
        assert town.sql(depths, root=above.root)[0][0] >= 4


@pytest.mark.usefixtures("fast")
@pytest.mark.parametrize(("refusal", "words"), [("cap", "this month is used up"), ("credits", "buy credits")])
def test_a_month_that_is_used_up_stops_the_capture(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch, refusal: Any, words: str
) -> None:
    """A month's cap or missing credit is no limit to wait for: the run stops, says what to do, and takes nothing for gone."""
    monkeypatch.setitem(APIS, "x", X(cap=400, refusal=refusal))
    with social_town(make_archive, monkeypatch, "x", faulty=False) as town:
        town.night(1)
        held = {one.id: states_of(town, one.id) for one in town.city.social.accounts}
        assert all(state == "present" for rows in held.values() for _, state, _ in rows)
        reports = town.night(2)
        failed = [stream for report in reports.values() for stream in report.streams if stream.outcome != "complete"]
        assert failed
        assert all(words in (stream.error or "") or stream.outcome == "access_lost" for stream in failed)
        gone = {item.id for item in town.truth(2).items if item.state == "gone"}
        assert {each for each, state in town.sql("select platform_id, state from items") if state != "present"} <= gone
        monkeypatch.setitem(APIS, "x", X())
        first = town.city.social.accounts[0]
        assert town.night(2)[f"x:{first.handle}"].complete


@pytest.mark.usefixtures("fast")
def test_each_accounts_spend_is_counted_by_the_month(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An account whose month is spent stops, and says by which setting; the others go on; the next month is a new one."""
    with social_town(make_archive, monkeypatch, "x", faulty=False) as town:
        first, second = town.city.social.accounts
        setting(town, "monthly_spend_usd", "0.6", first.key)
        reports = town.night(1)
        assert reports[f"x:{second.handle}"].complete
        errors = [stream.error or "" for stream in reports[f"x:{first.handle}"].streams if stream.error]
        assert errors
        assert all("monthly_spend_usd" in each for each in errors)
        spent = town.sql("select key, used, units from allowances where key like '%monthly spend%' order by units")
        assert [units for _, _, units in spent] == [600, 100_000_000]
        assert 0 < spent[0][1] <= spent[0][2]
        seen = sum(count for kind, _, count in states_of(town, second.id) if kind in {"posts", "comments"})
        assert spent[1][1] >= seen * 5
        again = next(one for one in accounts.active(town.archive.engine) if one.platform_id == second.id)
        assert export_account(town.archive.archive, again, mode="light").complete
        (light,) = town.sql("select used from allowances where key like '%monthly spend%' and units > 600")
        assert 0 < light[0] - spent[1][1] < 400
        account = next(one for one in accounts.active(town.archive.engine) if one.platform_id == first.id)
        limiter = SharedLimiter(town.archive.engine, PLATFORMS["x"], lambda: account, "t")
        url = f"{town.running.url}/x/2/users/{first.id}/tweets?max_results=100"
        now = datetime.now(UTC)
        assert not limiter.draw("GET", url, now).taken
        assert limiter.draw("GET", url, (now.replace(day=1) + timedelta(days=32)).replace(day=1)).taken


@pytest.mark.usefixtures("fast")
def test_who_is_blocked_is_read_where_it_is_asked_for(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To its last page; without being asked for it costs nothing, since it is not read."""
    monkeypatch.setitem(APIS, "x", X(most=2))
    with social_town(make_archive, monkeypatch, "x", faulty=False) as town:
        first, second = town.city.social.accounts
        setting(town, "lists", "blocked, followers", first.key)
        town.night(1)
        ids = dict(town.sql("select platform_id, id from accounts"))
        with town.archive.engine.connect() as connection:
            for listing, true in (("blocked", true_lists.blocked), ("followers", true_lists.followers)):
                kept = shown(connection, ids[first.id], listing)
                assert kept is not None
                assert sorted(row.name for row in kept.members) == sorted(one.name for one in true("x", first.key, 1))
                assert shown(connection, ids[second.id], listing) is None


@pytest.mark.usefixtures("fast")
def test_a_failure_in_a_200_is_no_empty_listing(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """X's own error under status 200 is asked again; a listing that goes on failing so is failed, and nothing is missing."""
    with social_town(make_archive, monkeypatch, "x", faulty=False, max_attempts=3) as town:
        first = town.city.social.accounts[0]
        town.running.at(1)
        town.archive.clock.set(night_of(town.city, 1))
        town.running.install(Fault("/x/2/users/[0-9]+/tweets", "error_in_200", times=1))
        account = next(one for one in accounts.active(town.archive.engine) if one.handle == first.handle)
        assert export_account(town.archive.archive, account).complete
        held = states_of(town, first.id)
        town.running.install(Fault("/x/2/users/[0-9]+/tweets", "error_in_200", times=None))
        report = export_account(town.archive.archive, account)
        assert {one.stream: one.outcome for one in report.streams}["posts"] == "failed"
        assert states_of(town, first.id) == held
