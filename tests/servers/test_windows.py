"""How far back a capture reads: the window of each night, the sweep beyond it, and a backfill."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from archiver import accounts
from archiver.capture.export import export_account
from samplecity.city import City
from samplecity.running import RunningCity, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archiver.capture.export import ExportReport
    from tests.fixtures.archives import ArchiveMaker, TestArchive

NAME = "bluesky:parks.laspalmasverdes.test"


@pytest.fixture(scope="module")
def city() -> Iterator[RunningCity]:
    """The sample city on its first night, nothing going wrong."""
    with serve(City.build(), faulty=False) as running:
        yield running


def captured(make_archive: ArchiveMaker, city: RunningCity, sweep: int) -> TestArchive:
    """An archive that has read the parks account once, and whose clock then stands half a year later."""
    archive = make_archive(allowed_origins=city.url, sweep_pages=sweep)
    archive.register(row for row in city.register_rows() if row["account"] == NAME)
    assert export_account(archive.archive, accounts.find(archive.engine, NAME)).complete
    archive.clock.ahead += timedelta(days=180)
    return archive


def again(archive: TestArchive, mode: str) -> dict[str, tuple[int, int]]:
    """Read the account again. Gives pages and items seen, by stream."""
    archive.clock.ahead += timedelta(days=1)
    report: ExportReport = export_account(archive.archive, accounts.find(archive.engine, NAME), mode=mode)
    assert report.complete, report.problems
    return {stream.stream: (stream.pages, stream.items_seen) for stream in report.streams}


def test_a_night_leaves_old_threads_alone(make_archive: ArchiveMaker, city: RunningCity) -> None:
    """Half a year later, without a sweep, a night asks for no thread whose count of replies is as it was."""
    assert again(captured(make_archive, city, sweep=0), "nightly")["comments"] == (0, 0)


def test_a_sweep_takes_some_each_night_those_read_longest_ago_first(
    make_archive: ArchiveMaker, city: RunningCity
) -> None:
    """With a sweep of 3, three old threads are read each night, and not the same ones twice in a row."""
    archive = captured(make_archive, city, sweep=3)
    read: list[set[str]] = []
    for _ in range(2):
        before = cursors(archive)
        assert again(archive, "nightly")["comments"][0] == 3
        read.append({key for key, at in cursors(archive).items() if at != before.get(key)})
    assert (len(read[0]), len(read[1]), read[0] & read[1]) == (3, 3, set())


def test_a_backfill_reads_everything_to_its_end(make_archive: ArchiveMaker, city: RunningCity) -> None:
    """The same account, the same day: a backfill reads every post and every thread again, and finds nothing new."""
    archive = captured(make_archive, city, sweep=0)
    threads = len(cursors(archive))
    streams = again(archive, "backfill")
    assert streams["comments"][0] >= threads > 0
    assert streams["posts"][1] > 0


def cursors(archive: TestArchive) -> dict[str, object]:
    """When each thread was read last."""
    with archive.engine.connect() as connection:
        return {
            row.key: row.last_read_at for row in connection.exec_driver_sql("select key, last_read_at from sub_cursors")
        }


def test_a_thread_that_comes_again_byte_for_byte_is_seen_again(make_archive: ArchiveMaker, city: RunningCity) -> None:
    """Nothing of it is stored anew, and yet each of its comments was seen by the later capture; a backfill reads it anew."""
    archive = make_archive(allowed_origins=city.url)
    archive.register(row for row in city.register_rows() if row["account"] == NAME)
    assert export_account(archive.archive, accounts.find(archive.engine, NAME)).complete
    counted = (
        "select (select count(*) from versions), (select count(*) from states), (select count(*) from warc_records w "
        "join exchanges e on e.id = w.exchange_id join captures c on c.id = e.capture_id "
        "join streams s on s.id = c.stream_id where s.kind <> 'lists')"  # a list is a snapshot of its day
    )
    with archive.engine.connect() as connection:
        before = connection.exec_driver_sql(counted).one()
    archive.clock.ahead += timedelta(hours=1)
    later = archive.clock()
    assert again(archive, "nightly")["comments"][1] > 0
    with archive.engine.connect() as connection:
        assert connection.exec_driver_sql(counted).one() == before
        unseen = connection.exec_driver_sql(
            "select count(*) from sightings s join streams t on t.id = s.stream_id "
            "where t.kind = 'comments' and s.state = 'present' and s.last_seen_at < %s",
            (later,),
        ).scalar_one()
    assert unseen == 0


def test_one_thread_at_once_brings_its_comments_and_its_post(make_archive: ArchiveMaker, city: RunningCity) -> None:
    """Of an account that was never captured, the thread asked for comes first, then the posts; other threads are left."""
    (parks,) = [each for each in City.build().truth_after(1).accounts if each.key == "parks"]
    post, comments = max(parks.comments_by_night[1].items(), key=lambda pair: pair[1])
    archive = make_archive(allowed_origins=city.url)
    archive.register(row for row in city.register_rows() if row["account"] == NAME)
    report = export_account(archive.archive, accounts.find(archive.engine, NAME), mode="now", thread=post)
    assert [(each.stream, each.outcome) for each in report.streams] == [("comments", "complete"), ("posts", "complete")]
    assert list(cursors(archive)) == [post]
    with archive.engine.connect() as connection:
        held = connection.exec_driver_sql("select count(*) from items where root_id = %s", (post,)).scalar_one()
        kept = connection.exec_driver_sql("select kind from items where platform_id = %s", (post,)).scalar_one()
    assert (kept, held >= comments > 0) == ("post", True)
