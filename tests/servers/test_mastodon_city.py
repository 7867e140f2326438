"""The city's instance of Mastodon: captured, night after night, it is what was true; a public client reads it to the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from mastodon import Mastodon as Client
from mastodon import MastodonNotFoundError, MastodonUnauthorizedError

from archiver import accounts
from archiver.capture.export import export_account
from archiver.platforms.items import StreamKind
from tests.fixtures.social_nights import social_town
from tests.fixtures.social_trouble import end_equal_to_the_truth, lost_access
from tests.servers.test_five_nights import night_of

if TYPE_CHECKING:
    from tests.fixtures.archives import ArchiveMaker

NIGHTS = 11
"""The second account's token is refused in nights 2 to 4, and it is suspended in nights 7 to 9."""


def test_eleven_nights_end_equal_to_the_truth(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every form of every status, boosts, replies, mentions and messages, with their states, and nothing else."""
    # An instance tells when its limit ends, and that is obeyed to the second: a wait of five seconds may be a little more.
    with social_town(make_archive, monkeypatch, "mastodon", nights=NIGHTS, max_attempts=8, max_wait=30) as town:
        end_equal_to_the_truth(town, NIGHTS)
        assert town.sql("select count(*) from versions where source = 'history'")[0][0] > 0
        shelves = town.sql(
            "select distinct i.kind from items i join versions v on v.item_id = i.id where v.fields::text like '%\"direct\"%'"
        )
        assert shelves == [("message",)]
        # What stood beside a status that was removed is listed no more, and there: missed once, not night after night.
        often = town.sql(
            "select count(*), max(times) from (select count(*) as times from states "
            "where state = 'not_returned' and not by_lookup group by item_id, stream_id) s"
        )
        assert often[0][0] > 0
        assert often[0][1] == 1


def test_a_token_that_dies_is_no_deletion(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """The account's streams say that access was lost, no item changes its state, and the gap is open."""
    with social_town(make_archive, monkeypatch, "mastodon", faulty=False) as town:
        lost_access(town, 1, 2, prefix=f"{town.running.url}/mastodon/ap/users/")
        assert town.sql("select count(*) from gaps where closed_at is null")[0][0] > 0


def test_without_a_token_only_the_public_part_is_read(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No messages, no mentions, nothing that only followers see."""
    with social_town(make_archive, monkeypatch, "mastodon", faulty=False) as town:
        with town.archive.engine.begin() as connection:
            connection.exec_driver_sql("update accounts set settings = settings - 'token'")
        reports = town.night(1)
        assert {stream.stream for report in reports.values() for stream in report.streams} == {
            "profile",
            "posts",
            "comments",
        }
        assert town.sql("select count(*) from items where kind = 'message'") == [(0,)]
        assert town.sql("select count(*) from versions where fields::text like '%\"private\"%'") == [(0,)]
        assert town.sql("select count(*) from items where kind = 'post'")[0][0] > 0


def test_a_public_client_reads_the_instance_to_the_end(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mastodon.py pages through the statuses, contexts, histories and conversations, and understands the refusals."""
    with social_town(make_archive, monkeypatch, "mastodon", faulty=False) as town:
        town.running.at(5)
        world = town.city.social.at(5)
        mine = next(one for one in town.city.social.accounts if world.status("mastodon", one.key) == "active")

        def client(token: str | None) -> Any:
            return Client(
                api_base_url=f"{town.running.url}/mastodon",
                access_token=token,
                version_check_mode="none",
                ratelimit_method="throw",
            )

        reader = client(mine.token)
        found = reader.account_lookup(mine.handle)
        statuses = reader.fetch_remaining(reader.account_statuses(found.id, limit=5))
        written = {thing.id for thing in world.authored("mastodon", mine.key)}
        assert written <= {str(status.id) for status in statuses}
        post = max(world.posts("mastodon", mine.key), key=lambda thing: len(world.comments("mastodon", thing.id)))
        context = reader.status_context(post.id)
        assert {str(one.id) for one in context.descendants} == {one.id for one in world.comments("mastodon", post.id)}
        edited = next(thing for thing in world.authored("mastodon", mine.key) if thing.edits)
        assert len(reader.status_history(edited.id)) == len(edited.edits) + 1
        conversations = reader.fetch_remaining(reader.conversations(limit=1))
        assert {str(one.id) for one in conversations} == {one.id for one in world.conversations("mastodon", mine.key)}
        with pytest.raises(MastodonNotFoundError):
            reader.status("1")
        with pytest.raises(MastodonUnauthorizedError):
            client("token-mastodon-nobody").account_verify_credentials()


def test_a_post_that_went_after_it_was_listed_takes_no_comments_from_the_night(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its conversation answers 404, and so does its own address, while others are there: that is noted, and nothing counts as
    unread; what is below it is not said to be gone for it.
    """
    with social_town(make_archive, monkeypatch, "mastodon", nights=3, faulty=False) as town:
        town.night(1)
        town.running.at(3)
        town.archive.clock.set(night_of(town.city, 3))
        report = export_account(
            town.archive.archive, accounts.active(town.archive.engine)[0], only=[StreamKind.COMMENTS]
        )
        assert report.complete, report.problems
        noted = [each for each in report.streams[0].skipped if "is not there any more" in each["reason"]]
        assert noted
        assert not [each for each in noted if each["lost"]]
        assert town.sql("select count(*) from states where state = 'gone_confirmed'") == [(0,)]
