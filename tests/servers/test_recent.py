"""The light pass: what a night would miss is kept, and nothing is concluded from a pass that looks at the newest only."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from archiver import recent
from archiver.capture import stream as streams
from archiver.platforms.items import StreamKind
from samplecity.faults import Fault
from tests.fixtures.custody import rows
from tests.fixtures.town import town

if TYPE_CHECKING:
    from tests.fixtures.archives import ArchiveMaker
    from tests.fixtures.town import Town


def due(small: Town, minutes: float) -> list[str]:
    """Whose turn it is so long from now."""
    return recent.due(small.archive.engine, "bluesky", small.archive.archive.now() + timedelta(minutes=minutes))


def test_a_turn_comes_after_its_minutes_and_never_before_the_first_night(make_archive: ArchiveMaker) -> None:
    """By the platform's interval, by the account's own, and never where that is 0."""
    with town(make_archive, 2) as small:
        assert due(small, 999) == []
        small.export()
        name = small.refreshed().name
        assert (due(small, 5), due(small, 31)) == ([], [name])
        for own, after, turn in (("120", 60, []), ("120", 120, [name]), ("0", 9999, [])):
            with small.archive.engine.begin() as connection:
                connection.execute(
                    sa.text(
                        "update accounts set settings = settings || jsonb_build_object('light_minutes', cast(:m as text))"
                    ),
                    {"m": own},
                )
            assert due(small, after) == turn


def test_the_light_pass_reads_the_newest_and_concludes_nothing(make_archive: ArchiveMaker) -> None:
    """Posts and comments alone, one page of a long listing; the night's gap and completeness are the night's to say."""
    with town(make_archive, 250, 1, light_hours=1) as small:
        small.export()
        before = rows(small.archive.engine, "select count(*) from completeness")
        small.archive.clock.ahead += timedelta(hours=12)
        (brought,) = recent.capture_recent(small.archive.archive, [small.refreshed().name], scheduler_run="light-1")
        assert (brought.problem, brought.versions_new) == (None, 0)
        captured = rows(
            small.archive.engine,
            "select s.kind, c.pages from captures c join streams s on s.id = c.stream_id where c.mode = 'light' order by 1",
        )
        assert [kind for kind, _ in captured] == ["comments", "posts"]
        assert dict(captured)["posts"] == 1
        assert rows(small.archive.engine, "select count(*) from completeness") == before


def test_a_light_pass_opens_a_gap_for_a_dead_log_in_alone(make_archive: ArchiveMaker) -> None:
    """A server that fails is the night's to tell; what failed is named, and the next pass goes on."""
    with town(make_archive, 3, max_attempts=1) as small:
        small.export()
        small.running.install(Fault("listRecords", "server_error", times=None))
        (brought,) = recent.capture_recent(small.archive.archive, [small.refreshed().name], scheduler_run="light-1")
        assert "500" in str(brought.problem)
        assert recent.failures([brought]) is not None
        assert small.count("gaps") == 0


def test_what_is_being_captured_already_is_left_to_that(make_archive: ArchiveMaker) -> None:
    """A light pass that meets the night at work is not red."""
    with town(make_archive, 3) as small:
        small.export()
        account = small.refreshed()
        with streams.locked(small.archive.engine, account, StreamKind.POSTS, wait=False):
            (brought,) = recent.capture_recent(small.archive.archive, [account.name], scheduler_run="light-1")
        assert brought.problem is None


@pytest.mark.parametrize("own", ["soon", ""])
def test_a_setting_that_is_no_number_is_said(own: str) -> None:
    """The account's setting is refused with its words."""
    with pytest.raises(ValueError, match="could not convert"):
        recent.minutes_of("bluesky", {"light_minutes": own})
