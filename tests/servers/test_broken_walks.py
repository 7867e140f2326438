"""Walks that broke off: the next night goes on where they stood, or begins again where the platform knows the place no more."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from archiver import accounts
from archiver.capture.export import StreamReport, export_account
from archiver.platforms.items import StreamKind
from samplecity.faults import Fault
from samplecity.social import APIS
from samplecity.social.events import Remove
from samplecity.social.facebook import Facebook
from samplecity.social.instagram import Instagram
from samplecity.social.x import X
from tests.fixtures.social_nights import social_town
from tests.servers.test_five_nights import night_of

if TYPE_CHECKING:
    from tests.fixtures.archives import ArchiveMaker
    from tests.fixtures.social_nights import SocialTown

PAGE = 5
BEHIND = {"instagram": r"/media\?.*after=", "x": r"/users/[0-9]+/tweets\?.*pagination_token="}
"""The pages of a listing that are asked for by a place."""
NOTED = "the place where an earlier night's walk stood"


def captured(
    town: SocialTown, night: int, kind: StreamKind, *faults: Fault, later: timedelta = timedelta(0)
) -> StreamReport:
    """Capture one stream of the first account at the end of a night, or that much later, on which this goes wrong."""
    if town.running.night != night:
        town.running.at(night)
    town.running.install(*faults)
    town.archive.clock.set(night_of(town.city, night) + later)
    first = town.city.social.accounts[0]
    account = next(each for each in accounts.active(town.archive.engine) if each.handle == first.handle)
    report = export_account(town.archive.archive, account, only=[StreamKind.PROFILE, kind])
    return next(each for each in report.streams if each.stream == kind.value)


def cursor_of(town: SocialTown, kind: StreamKind) -> dict[str, Any]:
    """What the first account's stream remembers."""
    first = town.city.social.accounts[0]
    ((cursor,),) = town.sql(
        "select t.cursor from streams t join accounts a on a.id = t.account_id where a.handle = :handle and t.kind = :kind",
        handle=first.handle,
        kind=kind.value,
    )
    return dict(cursor)


def missing(town: SocialTown, night: int) -> set[str]:
    """The posts of the first account that are there at a night's end, and not held."""
    first, world = town.city.social.accounts[0], town.city.social.at(night)
    listed = world.authored("x", first.key) if town.platform == "x" else world.posts(town.platform, first.key)
    return {one.id for one in listed if not one.reel} - {row[0] for row in town.sql("select platform_id from items")}


def remove(town: SocialTown, night: int, number: int) -> None:
    """Let the post that stands at a place of the first account's listing be gone from the next night on."""
    first = town.city.social.accounts[0]
    listed = town.city.social.at(night).posts(town.platform, first.key)
    town.city.social.log.append(Remove(night + 1, town.platform, listed[number].id, "author"))


@pytest.mark.parametrize("platform", ["instagram", "x"])
def test_a_walk_whose_place_is_refused_begins_again(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    """The post that the place points at went (Meta), or the token is not good any more (X): the night reads from the top to the
    end, says so, and is whole. A server that fails there leaves the place as it is, and the attachments of the rest are fetched.
    """
    monkeypatch.setitem(APIS, "instagram", Instagram(most=PAGE))
    monkeypatch.setitem(APIS, "x", X(most=4 * PAGE))
    with social_town(make_archive, monkeypatch, platform, nights=2, faulty=False, max_attempts=1) as town:
        away = Fault(BEHIND[platform], "server_error", times=None)
        assert captured(town, 1, StreamKind.POSTS, away).outcome == "failed"
        stood = cursor_of(town, StreamKind.POSTS)["open"]
        waiting = "select count(*) from media where state = 'wanted'"
        assert town.sql(waiting)[0][0]
        assert captured(town, 1, StreamKind.POSTS, away).outcome == "partial"
        assert cursor_of(town, StreamKind.POSTS)["open"] == stood
        assert not town.sql(waiting)[0][0]
        faults = []
        if platform == "instagram":
            remove(town, 1, PAGE - 1)
        else:  # asked for in both vocabularies
            faults = [Fault(BEHIND[platform], "stale_cursor", times=2)]
        second = captured(town, 2, StreamKind.POSTS, *faults)
        assert second.outcome == "complete", second.error
        assert [each["what"] for each in second.skipped].count(NOTED) == 1
        assert "open" not in cursor_of(town, StreamKind.POSTS)
        assert not missing(town, 2)
        assert town.sql("select count(*) from exchanges where status = 400")[0][0] > 0


@pytest.mark.parametrize("platform", ["instagram", "x"])
def test_a_walk_that_began_again_and_fails_there_once_more_leaves_its_place(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    """The pages before it are not read night after night for its sake: what comes from the place is asked for alone, and the walk
    goes on there once it can be had.
    """
    monkeypatch.setitem(APIS, "instagram", Instagram(most=PAGE))
    monkeypatch.setitem(APIS, "x", X(most=2 * PAGE))
    with social_town(make_archive, monkeypatch, platform, nights=1, faulty=False, max_attempts=1) as town:
        deep = Fault(BEHIND[platform], "server_error", skip=1, times=None)
        assert captured(town, 1, StreamKind.POSTS, deep).outcome == "failed"
        stood = cursor_of(town, StreamKind.POSTS)["open"]
        away = Fault(BEHIND[platform], "server_error", times=None)
        assert captured(town, 1, StreamKind.POSTS, away).outcome == "partial"
        once_more = [
            Fault(BEHIND[platform], "server_error"),
            Fault(BEHIND[platform], "server_error", skip=2, times=None),
        ]
        again = captured(town, 1, StreamKind.POSTS, *once_more, later=timedelta(days=3))
        assert (again.outcome, again.pages) == ("failed", 4)
        assert cursor_of(town, StreamKind.POSTS)["open"]["resume"] == stood["resume"]
        for days in (4, 8, 16):
            night = captured(town, 1, StreamKind.POSTS, away, later=timedelta(days=days))
            assert (night.outcome, night.pages) == ("partial", 1)
        whole = captured(town, 1, StreamKind.POSTS, later=timedelta(days=16))
        assert whole.outcome == "complete", whole.error
        assert not missing(town, 1)
        assert not {"open", "failed", "restarted"} & set(cursor_of(town, StreamKind.POSTS))


def test_a_sweep_whose_place_is_refused_begins_again(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The post at which the sweep stood went: the sweep begins behind what the night has read, and the capture is whole."""
    monkeypatch.setitem(APIS, "instagram", Instagram(most=PAGE))
    with social_town(
        make_archive, monkeypatch, "instagram", nights=2, faulty=False, max_attempts=1, reread_days=0, sweep_pages=1
    ) as town:
        for _ in range(2):
            assert captured(town, 1, StreamKind.POSTS).outcome == "complete"
        assert cursor_of(town, StreamKind.POSTS)["sweep"]["at"]["after"]
        remove(town, 1, 2 * PAGE - 1)
        later = captured(town, 2, StreamKind.POSTS)
        assert later.outcome == "complete", later.error
        assert [each["what"] for each in later.skipped].count(NOTED) == 1
        assert not missing(town, 2)


def test_conversations_that_were_not_reached_are_read_by_the_next_night(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first night broke off on the listing's third page; all that it read is old by now, and yet the next goes on to the end.
    Only then a page that is old and known is enough; a conversation that could not be read is asked for by itself.
    """
    monkeypatch.setitem(APIS, "facebook", Facebook(most=1))
    with social_town(
        make_archive, monkeypatch, "facebook", nights=1, faulty=False, max_attempts=1, reread_days=0
    ) as town:
        world, first = town.city.social.at(1), town.city.social.accounts[0]
        talks = [one.id for one in world.conversations("facebook", first.key)]
        listing = f"/{first.id}/conversations"
        broken = captured(town, 1, StreamKind.MESSAGES, Fault(listing, "server_error", skip=2, times=None))
        assert broken.outcome == "failed"
        assert read(town) == set(talks[:2])
        failing = Fault(f"/{talks[2]}/messages", "server_error", times=None)
        unreadable = captured(town, 1, StreamKind.MESSAGES, failing)
        assert unreadable.outcome == "partial"
        assert read(town) == set(talks) - {talks[2]}
        for away, outcome in ([failing], "partial"), ([], "complete"), ([], "complete"):
            before = town.running.requests[1].get(f"/facebook/v26.0{listing}", 0)
            assert captured(town, 1, StreamKind.MESSAGES, *away).outcome == outcome
            assert town.running.requests[1][f"/facebook/v26.0{listing}"] == before + 1
        assert read(town) == set(talks)


def read(town: SocialTown) -> set[str]:
    """The conversations that were read to their end."""
    return {row[0] for row in town.sql("select key from sub_cursors")}
