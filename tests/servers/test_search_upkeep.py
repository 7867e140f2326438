"""Rebuilding and comparing a real index while it is being used."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from search import indexer, indices, parity, rebuild
from search.errors import RebuildRunningError
from search.parity import Kind

if TYPE_CHECKING:
    from tests.fixtures.searching import Archive


def test_a_rebuild_while_writing_and_searching_loses_nothing(archive: Archive) -> None:
    """A writer, an indexer and a searcher go on during rebuilds: no search fails or misses, the end is level."""
    city = archive.records.account()
    ids = [archive.records.item(city, f"Steady notice {number}") for number in range(80)]
    archive.drain()
    before = indices.behind(archive.client, archive.alias)
    done = threading.Event()

    def write() -> int:
        written = 0
        while not done.is_set():
            archive.records.edit(city, ids[written % len(ids)], f"Steady notice, edited {written}")
            archive.records.item(city, f"Latecomer {written}")
            written += 1
        return written

    def index() -> None:
        while not done.is_set():
            archive.drain(batch=10)

    def look() -> int:
        looked = 0
        while not done.is_set():
            assert archive.search("steady").total == 80
            looked += 1
        return looked

    with ThreadPoolExecutor(3) as pool:
        jobs = [pool.submit(each) for each in (write, index, look)]
        try:
            reports = [rebuild.rebuild(archive.engine, archive.client, archive.alias, batch=10) for _ in range(2)]
        finally:
            done.set()
        written, _, looked = (job.result() for job in jobs)
    assert written
    assert looked
    assert [report.removed for report in reports] == [tuple(before), (reports[0].index,)]
    archive.drain()
    assert indices.numbered(archive.client, archive.alias) == [reports[1].index]
    assert archive.search("latecomer").total == written
    assert parity.check(archive.engine, archive.client, archive.alias).is_level


def test_a_rebuild_that_died_goes_on_where_it_was(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next call takes up the same index after the last batch that was noted, and what changed meanwhile is in it."""
    city = archive.records.account()
    ids = [archive.records.item(city, f"Notice {number}") for number in range(40)]
    archive.drain()
    monkeypatch.setattr(rebuild, "_SAVE_EVERY", 1)

    def die(items: int) -> None:
        if items >= 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild.rebuild(archive.engine, archive.client, archive.alias, batch=5, workers=1, progress=die)
    (half_built,) = indices.behind(archive.client, indices.building_alias(archive.alias))
    archive.records.edit(city, ids[0], "Changed meanwhile")
    archive.drain()
    report = rebuild.rebuild(archive.engine, archive.client, archive.alias, batch=5)
    assert report.index == half_built
    assert report.items <= 20
    assert indices.behind(archive.client, indices.building_alias(archive.alias)) == []
    assert archive.found("meanwhile") == ["Changed meanwhile"]
    assert parity.check(archive.engine, archive.client, archive.alias).is_level
    assert "scanned_to" not in indices.meta(archive.client, archive.alias)


def test_a_half_built_index_of_another_definition_is_thrown_away(archive: Archive) -> None:
    """What an older program left half-built is not gone on with."""
    archive.records.item(archive.records.account(), "Notice")
    archive.drain()
    stale = f"{archive.alias}-000002"
    building = indices.building_alias(archive.alias)
    archive.client.indices.create(
        index=stale, aliases={building: {}}, mappings={"_meta": {"fingerprint": "old", "scanned_to": 10**9}}
    )
    rebuild.rebuild(archive.engine, archive.client, archive.alias)
    assert archive.search().total == 1
    assert len(indices.numbered(archive.client, archive.alias)) == 1
    assert not indices.is_outdated(archive.client, archive.alias)


def test_two_rebuilds_at_once_are_refused(archive: Archive) -> None:
    """The second is told that there is a first."""
    archive.records.item(archive.records.account(), "Notice")
    inside = []

    def again(_: int) -> None:
        with pytest.raises(RebuildRunningError):
            rebuild.rebuild(archive.engine, archive.client, archive.alias)
        inside.append(True)

    rebuild.rebuild(archive.engine, archive.client, archive.alias, progress=again)
    assert inside


def test_parity_finds_each_kind_of_drift_and_repairs_it(archive: Archive) -> None:
    """A document lost, one too old, one too new and one too many are found by id and revision, and mended."""
    city = archive.records.account()
    ids = [archive.records.item(city, f"Notice {number}") for number in range(11)]
    archive.drain()
    old, new, orphan = ids[5], ids[7], ids[-1] + 1000
    (index,) = indices.behind(archive.client, archive.alias)
    archive.client.index(
        index=index, id=str(new), version=9, version_type="external", document={"item_id": new, "revision": 9}
    )
    archive.client.index(
        index=index, id=str(orphan), version=4, version_type="external", document={"item_id": orphan, "revision": 4}
    )
    archive.records.touch(old)
    lost = archive.records.item(city, "Notice that was lost")
    with archive.engine.begin() as connection:
        connection.execute(sa.text("delete from outbox"))  # as a restore from a backup of another hour would
    archive.records.edit(city, ids[0], "Waits in the outbox, and is no drift")

    report = parity.check(archive.engine, archive.client, archive.alias)
    assert (report.items, report.documents) == (12, 12)
    found = {(drift.kind, drift.item_id, drift.revision, drift.indexed) for drift in report.examples}
    assert found == {
        (Kind.MISSING, lost, 1, None),
        (Kind.OUTDATED, old, 2, 1),
        (Kind.AHEAD, new, 1, 9),
        (Kind.ORPHANED, orphan, None, 4),
    }
    assert not report.is_level

    assert parity.repair(archive.engine, parity.drifts(archive.engine, archive.client, archive.alias)) == 4
    archive.drain()
    after = parity.check(archive.engine, archive.client, archive.alias)
    assert (after.items, after.documents, dict(after.drifted)) == (12, 12, {})
    assert archive.search("notice").total == 12


def test_parity_walks_more_than_one_page(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """The walk of the index goes on over the pages it asks for."""
    city = archive.records.account()
    ids = [archive.records.item(city, f"Notice {number}") for number in range(23)]
    archive.drain()
    walk = parity._documents
    monkeypatch.setattr(parity, "_documents", lambda client, index, tally: walk(client, index, tally, page=5))
    report = parity.check(archive.engine, archive.client, archive.alias)
    assert (report.items, report.documents, report.is_level) == (len(ids), len(ids), True)


def test_an_index_is_created_once_by_several(archive: Archive) -> None:
    """Several processes that find no index make one between them."""
    with ThreadPoolExecutor(6) as pool:
        for job in [pool.submit(indices.ensure_index, archive.client, archive.alias) for _ in range(6)]:
            job.result()
    assert len(indices.behind(archive.client, archive.alias)) == 1
    assert indexer.drain(archive.engine, archive.client, archive.alias).remaining == 0
