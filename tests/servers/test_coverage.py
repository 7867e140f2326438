"""How complete an account is, in a real Postgres: per post and per stream, explained, put on record after each night."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from archiver import coverage, nightly
from archiver.explanation import Part, Read
from archiver.platforms import PLATFORMS
from archiver.platforms.items import State, StreamKind
from archiver.platforms.pages import Coverage, Lookup, Page
from tests.fixtures.town import Town, town

if TYPE_CHECKING:
    from archiver.coverage import PostCoverage, StreamCoverage
    from tests.fixtures.archives import ArchiveMaker


def posts(small: Town) -> list[PostCoverage]:
    """The town's posts."""
    with small.archive.engine.connect() as connection:
        return coverage.posts_of(connection, small.account.id, small.account.platform)


def streams(small: Town) -> dict[str, StreamCoverage]:
    """The town's streams by kind."""
    with small.archive.engine.connect() as connection:
        return {each.stream: each for each in coverage.measured(connection, small.account.id, small.account.platform)}


def change(small: Town, statement: str, **values: Any) -> None:
    """Do something to the database as the application may."""
    with small.archive.engine.begin() as connection:
        assert connection.execute(sa.text(statement), values).rowcount > 0


def test_a_whole_account_has_nothing_to_explain(make_archive: ArchiveMaker) -> None:
    """After a complete capture each post's comments are all present, and so are the posts."""
    with town(make_archive, 4, 5) as small:
        assert small.export().complete
        found = posts(small)
        assert [(each.explained.platform, each.explained.difference, each.read) for each in found] == [
            (5, 0, Read.WHOLE)
        ] * 4
        whole = streams(small)
        assert whole["comments"].explained.as_json() == {"present": 20}
        assert (whole["posts"].explained.platform, whole["posts"].explained.difference) == (4, 0)
        assert whole["profile"].explained.platform is None
        assert {each.gaps_open for each in whole.values()} == {0}


def test_each_reason_is_told_in_numbers(make_archive: ArchiveMaker) -> None:
    """Hidden, gone, not returned, and what was added since the thread was read: of one post, and in its stream's sum."""
    with town(make_archive, 2, 10) as small:
        assert small.export().complete
        post = posts(small)[0]
        ids = [row[0] for row in small.sql("select id from items where parent_id = :p order by id", p=post.platform_id)]
        for item_id, state in zip(ids, ("hidden", "gone_confirmed", "gone_confirmed", "not_returned"), strict=False):
            change(small, "update sightings set state = :state where item_id = :id", state=state, id=item_id)
        change(
            small,
            "insert into observations (item_id, capture_id, observed_at, counts) "
            "select item_id, capture_id, now(), jsonb_set(counts, '{replies}', '13') from observations where item_id = :id "
            "order by id desc limit 1",
            id=post.item_id,
        )
        (now,) = [each for each in posts(small) if each.item_id == post.item_id]
        assert now.read is Read.CHANGED
        assert {part: number for part, number in now.explained.parts.items() if number} == {
            Part.PRESENT: 6, Part.HIDDEN: 1, Part.GONE: 2, Part.NOT_RETURNED: 1, Part.NOT_FETCHED: 3,
        }  # fmt: skip
        comments = streams(small)["comments"]
        assert comments.explained.platform == 23
        assert (comments.unread, comments.oldest and comments.oldest.platform_id) == (1, post.platform_id)
        with small.archive.engine.connect() as connection:
            (alone,) = coverage.posts_of(connection, small.account.id, "bluesky", item_id=post.item_id)
        assert alone == now


def test_what_another_account_found_explains_nothing_of_this_ones_counts(make_archive: ArchiveMaker) -> None:
    """A comment that this account found gone and another one still sees: gone here, present there, for all posts and for one."""
    with town(make_archive, 1, 3) as small:
        assert small.export().complete
        (item_id, *_), *_ = small.sql("select id from items where parent_id is not null order by id")
        change(small, "update sightings set state = 'gone_confirmed' where item_id = :id", id=item_id)
        change(
            small,
            "with other as (insert into accounts (public_id, platform, platform_id, handle, department) "
            "values (gen_random_uuid(), 'bluesky', 'did:plc:other', 'other.example.gov', 'Parks') returning id), "
            "stream as (insert into streams (account_id, kind) select id, 'mentions' from other returning id) "
            "insert into sightings (item_id, stream_id, first_seen_at, last_seen_at) "
            "select :id, id, now(), now() from stream",
            id=item_id,
        )
        (found,) = posts(small)
        assert found.explained.as_json() == {"present": 2, "gone_confirmed": 1}
        with small.archive.engine.connect() as connection:
            assert coverage.posts_of(connection, small.account.id, "bluesky", item_id=found.item_id) == [found]


def test_a_post_whose_thread_was_never_read_is_not_yet_fetched(make_archive: ArchiveMaker) -> None:
    """Posts without comments captured: the whole count is not yet fetched, nothing is called unexplained."""
    with town(make_archive, 2, 3) as small:
        assert small.export(StreamKind.POSTS).complete
        with small.archive.engine.begin() as connection:
            connection.execute(
                sa.text("insert into streams (account_id, kind) values (:id, 'comments')"), {"id": small.account.id}
            )
        assert [dict(each.explained.as_json()) for each in posts(small)] == [{"not_yet_fetched": 3}] * 2
        assert streams(small)["comments"].unread == 2


def test_a_night_puts_the_roll_up_on_record_and_says_it(make_archive: ArchiveMaker) -> None:
    """Each night adds a row for each stream; a capture asked for by day adds none; the record is read back by account."""
    with town(make_archive, 3, 2) as small:
        said: list[str] = []
        for night in ("one", "two"):
            nightly.capture(
                small.archive.archive, small.account.name, mode="nightly", scheduler_run=night, say=said.append
            )
        nightly.capture(small.archive.archive, small.account.name, mode="now", scheduler_run="three", say=said.append)
        assert len([each for each in said if each.startswith("How complete")]) == 2
        assert "comments: holds 6 present; of 6 the platform counts: 6 present" in said[0]
        kinds = len(small.sql("select id from streams where kind <> 'lists'"))
        assert small.count("coverage") == 2 * kinds
        with small.archive.engine.connect() as connection:
            last = coverage.recorded(connection, small.account.id)
            since = coverage.recorded(connection, small.account.id, since=small.archive.clock() - timedelta(days=1))
        assert len(last) == kinds
        assert len(since) == 2 * kinds
        assert {row.run_id.partition(".")[0] for row in last} == {"two"}


def test_an_account_that_failed_is_on_record_as_well(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A listing breaks: the roll-up is written all the same, with the open gap, before the failure is raised."""
    with town(make_archive, 3, 2) as small:
        assert small.export().complete
        monkeypatch.setattr(type(PLATFORMS["bluesky"]), "pages", _breaks)
        with pytest.raises(nightly.AccountFailed, match="the listing broke"):
            capture(small, "bad")
        found = dict(small.sql("select kind, gaps_open from coverage c join streams s on s.id = c.stream_id"))
        assert (found["posts"], found["comments"]) == (1, 0)


def _breaks(*_: Any) -> Any:
    raise ValueError("the listing broke")


def test_sixty_thousand_comments_are_measured_in_a_moment(make_archive: ArchiveMaker) -> None:
    """5,000 posts with 12 comments each, a fifth of which are answered: the roll-up takes seconds, not minutes."""
    with town(make_archive, 1, 1) as small:
        assert small.export().complete
        with small.archive.engine.begin() as connection:
            connection.execute(sa.text(_MANY), {"account": small.account.id})
        began = time.monotonic()
        found = coverage.roll_up(small.archive.engine, small.account.id, "bluesky", "bulk", small.archive.clock())
        taken = time.monotonic() - began
        comments = next(each for each in found if each.stream == "comments")
        assert comments.explained.platform == 1 + 5000 * 12
        assert comments.explained.parts[Part.PRESENT] == 1 + 5000 * 12
        assert taken < 15, taken


_MANY = """
    with s as (
        select (select id from streams where account_id = :account and kind = 'posts') as posts,
               (select id from streams where account_id = :account and kind = 'comments') as comments,
               (select max(id) from captures) as capture
    ), p as (
        insert into items (public_id, platform, namespace, platform_id, kind, created_at, first_seen_at)
        select gen_random_uuid(), 'bluesky', '', 'at://bulk/' || n, 'post', now(), now() from generate_series(1, 5000) n
        returning id, platform_id
    ), c as (
        insert into items (public_id, platform, namespace, platform_id, kind, parent_id, root_id, created_at, first_seen_at)
        select gen_random_uuid(), 'bluesky', '', p.platform_id || '/' || n, 'comment',
               case when n > 10 then p.platform_id || '/' || (n - 10) else p.platform_id end, p.platform_id, now(), now()
        from p, generate_series(1, 12) n
        returning id, platform_id, parent_id, root_id
    ), ps as (
        insert into sightings (item_id, stream_id, first_seen_at, last_seen_at)
        select p.id, s.posts, now(), now() from p, s
    ), cs as (
        insert into sightings (item_id, stream_id, first_seen_at, last_seen_at)
        select c.id, s.comments, now(), now() from c, s
    ), o as (
        insert into observations (item_id, capture_id, observed_at, counts)
        select p.id, s.capture, now(), '{"replies": 10}' from p, s
    ), r as (
        insert into sub_cursors (stream_id, key, cursor, last_read_at)
        select s.comments, p.platform_id, '{"replies": 10}', now() from p, s
    ), k as (
        insert into completeness (capture_id, stream_id, item_id, counted, platform_count, held_count, difference, reason,
                                  observed_at)
        select s.capture, s.comments, p.id, 'replies', 10, 10, 0, 'all that the platform counts is held', now() from p, s
        union all
        select s.capture, s.comments, c.id, 'replies', 1, 1, 0, 'all that the platform counts is held', now()
        from c, s where c.platform_id in (c.root_id || '/1', c.root_id || '/2')
    )
    select 1
"""


def night(small: Town, run: str) -> tuple[str, ...]:
    """What a run's report says is wrong of the town's account."""
    (found,) = nightly.night(small.archive.engine, run)
    return found.problems


def capture(small: Town, run: str) -> None:
    """A night's capture."""
    nightly.capture(small.archive.archive, small.account.name, mode="nightly", scheduler_run=run)


def _listing_comes_to_nothing(monkeypatch: pytest.MonkeyPatch, *, gone: bool | None) -> None:
    """The account's listings are empty; an item asked for is gone (True), is there (False), or nothing is said (None)."""
    bluesky = type(PLATFORMS["bluesky"])
    read = bluesky.pages

    def pages(self: Any, *arguments: Any) -> Any:
        for page in read(self, *arguments):
            yield Page((), page.exchanges, coverage=Coverage(None, None))
            return

    states = {True: State.GONE_CONFIRMED, False: State.PRESENT, None: None}

    def lookup(_self: Any, _session: Any, _account: Any, ids: Any) -> Any:
        yield from (Lookup(each, states[gone], "as the test says") for each in ids)

    monkeypatch.setattr(bluesky, "pages", pages)
    monkeypatch.setattr(bluesky, "lookup", lookup)


@pytest.mark.parametrize("gone", [False, None])
def test_an_account_that_always_had_posts_and_gives_none_fails_loudly(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch, *, gone: bool | None
) -> None:
    """No posts, though the platform counts some and says of none that it is gone: the task fails, nothing is marked."""
    with town(make_archive, 3, 0) as small:
        capture(small, "one")
        _listing_comes_to_nothing(monkeypatch, gone=gone)
        with pytest.raises(nightly.AccountFailed, match="posts"):
            capture(small, "two")
        assert any(problem.startswith("posts: ") for problem in night(small, "two"))
        assert small.count("items where kind = 'post' and state <> 'present'") == 0


def test_an_account_whose_posts_were_all_deleted_is_whole(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The platform says of each that it is gone: confirmed a night later, and no night's report is red for it."""
    with town(make_archive, 3, 0) as small:
        capture(small, "one")
        _listing_comes_to_nothing(monkeypatch, gone=True)
        for number in range(2, 5):
            small.archive.clock.ahead += timedelta(days=1)
            capture(small, f"night-{number}")
            assert night(small, f"night-{number}") == (), number
        assert small.count("items where kind = 'post' and state = 'gone_confirmed'") == 3


def test_a_listing_that_came_to_nothing_unnoticed_is_named_in_the_report(make_archive: ArchiveMaker) -> None:
    """Should a capture ever call itself complete with nothing seen and nothing asked, the night's report is red for it."""
    with town(make_archive, 3, 0) as small:
        capture(small, "one")
        change(
            small,
            "update captures set items_seen = 0 where run_id like 'one.%' and stream_id = "
            "(select id from streams where kind = 'posts')",
        )
        assert small.count("completeness where platform_count = 0 and counted like 'posts%'") == 0
        assert any("the platform gave none" in problem for problem in night(small, "one"))
