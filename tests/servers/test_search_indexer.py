"""From the outbox into a real index: nothing lost, nothing stale, whatever dies in between."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from search import bulk, indexer, indices, parity, shelves
from search.client import client_for
from search.errors import IndexMissingError, IndexUnavailableError, SearchError
from search.freshness import freshness
from tests.fixtures.line import Line

if TYPE_CHECKING:
    from archiver.local.endpoints import Endpoints
    from tests.fixtures.searching import Archive


def _waiting(archive: Archive) -> int:
    with archive.engine.connect() as connection:
        return connection.scalar(sa.text("select count(*) from outbox")) or 0


def test_every_item_that_waits_is_indexed_once(archive: Archive) -> None:
    """A run leaves an empty outbox and one document per item, of the item's revision."""
    city = archive.records.account()
    ids = [archive.records.item(city, f"Notice {number}") for number in range(25)]
    for item_id in ids[:5]:
        archive.records.edit(city, item_id, "Notice, corrected")
    report = archive.drain(batch=7)
    assert (report.remaining, report.refused) == (0, ())
    assert report.indexed + report.conflicts >= 25
    assert archive.search().total == 25
    assert {hit.revision for hit in archive.search("corrected").hits} == {2}


def test_a_second_run_finds_nothing_to_do(archive: Archive) -> None:
    """What was indexed is not indexed again."""
    archive.records.item(archive.records.account(), "Once")
    archive.drain()
    report = archive.drain()
    assert (report.indexed, report.deleted, report.conflicts, report.remaining) == (0, 0, 0, 0)


def test_an_item_that_is_gone_from_postgres_leaves_the_index(archive: Archive) -> None:
    """An outbox row without an item deletes the document."""
    city = archive.records.account()
    kept, gone = archive.records.item(city, "Kept"), archive.records.item(city, "Disposed of")
    archive.drain()
    owner = sa.create_engine(archive.urls.superuser_url)
    with owner.begin() as connection:
        connection.execute(sa.text("set session_replication_role = replica"))  # as the disposition role will, lawfully
        for table, column in (("versions", "item_id"), ("sightings", "item_id"), ("items", "id")):
            connection.execute(sa.text(f"delete from {table} where {column} = :id"), {"id": gone})  # noqa: S608 - ours
        connection.execute(sa.text("insert into outbox (item_id, revision) values (:id, 2)"), {"id": gone})
    owner.dispose()
    report = archive.drain()
    assert (report.deleted, report.remaining) == (1, 0)
    assert archive.found() == ["Kept"]
    assert kept != gone


def test_an_older_reading_never_replaces_a_newer_one(archive: Archive) -> None:
    """A write that was prepared before a change and arrives after it is refused, and counts as done."""
    city = archive.records.account()
    item_id = archive.records.item(city, "First wording")
    indices.ensure_index(archive.client, archive.alias)
    targets = shelves.targets(archive.client, archive.alias)
    late = list(indexer._writes(archive.engine, targets, {item_id: 1}))
    archive.records.edit(city, item_id, "Second wording")
    archive.drain()
    outcome = bulk.send(archive.client, late)
    assert (outcome.indexed, outcome.conflicts) == (set(), {item_id})
    archive.client.indices.refresh(index=archive.alias)
    assert archive.found() == ["Second wording"]


KILLED = """
import os, signal, sys
from archiver.database import engine_for
from search import indexer
from search.client import client_for
from archiver.local.endpoints import SearchEndpoints
url, user, password, database, alias = sys.argv[1:]
write = indexer.write_items
def write_and_die(*arguments):
    write(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)
indexer.write_items = write_and_die
client = client_for(SearchEndpoints(elasticsearch_url=url, elasticsearch_user=user, elasticsearch_password=password,
                                    elasticsearch_ca=None, elasticsearch_api_key=None))
indexer.drain(engine_for(database), client, alias)
"""


def test_a_death_between_writing_and_deleting_loses_and_doubles_nothing(archive: Archive, stack: Endpoints) -> None:
    """Killed after Elasticsearch has answered: the rows are still there, and the next run finds all of it known."""
    city = archive.records.account()
    for number in range(20):
        archive.records.item(city, f"Notice {number}")
    assert stack.elasticsearch_user
    assert stack.elasticsearch_password
    died = subprocess.run(
        [sys.executable, "-c", KILLED, stack.elasticsearch_url, stack.elasticsearch_user, stack.elasticsearch_password,
         archive.urls.app_url, archive.alias],
        check=False,
    )  # fmt: skip
    assert died.returncode == -signal.SIGKILL
    assert _waiting(archive) == 20
    report = archive.drain()
    assert (report.indexed, report.conflicts, report.remaining) == (0, 20, 0)
    assert archive.search().total == 20


def test_elasticsearch_down_loses_nothing_and_says_so(archive: Archive, stack: Endpoints) -> None:
    """While there is no answer the rows stay; once there is, the next run catches up by itself."""
    city = archive.records.account()
    for number in range(10):
        archive.records.item(city, f"Notice {number}")
    line = Line(urlsplit(stack.elasticsearch_url).port or 0)
    client = client_for(_through(stack, line), timeout=5)
    line.cut()
    with pytest.raises(IndexUnavailableError, match="nothing is lost"):
        indexer.drain(archive.engine, client, archive.alias)
    assert _waiting(archive) == 10
    stands = freshness(archive.engine, client, archive.alias)
    assert stands.waiting == 10
    assert stands.problem is not None
    line.mend()
    assert indexer.drain(archive.engine, client, archive.alias).remaining == 0
    assert archive.search().total == 10
    client.close()
    line.cut()


def test_a_line_cut_in_the_middle_of_a_bulk_request_loses_nothing(archive: Archive, stack: Endpoints) -> None:
    """The batch that was being sent is sent again by the next run."""
    city = archive.records.account()
    for number in range(40):
        archive.records.item(city, f"Notice {number} " + "about the water main " * 200)
    line = Line(urlsplit(stack.elasticsearch_url).port or 0)
    client = client_for(_through(stack, line), timeout=5)
    indices.ensure_index(client, archive.alias)
    line.cut_after = line.sent + 100_000
    with pytest.raises(IndexUnavailableError):
        indexer.drain(archive.engine, client, archive.alias)
    assert _waiting(archive) == 40
    line.mend()
    indexer.drain(archive.engine, client, archive.alias)
    assert archive.search("water").total == 40
    assert parity.check(archive.engine, archive.client, archive.alias).is_level
    client.close()
    line.cut()


def _through(stack: Endpoints, line: Line) -> Endpoints:
    return type(stack)(**{**vars(stack), "elasticsearch_url": f"http://127.0.0.1:{line.port}"})


def test_a_document_that_is_refused_is_named_and_blocks_no_other(archive: Archive) -> None:
    """What Elasticsearch will not take keeps its row and is reported; everything behind it is indexed."""
    city = archive.records.account()
    poison = archive.records.item(city, "Poison", languages=["x"])
    for number in range(12):
        archive.records.item(city, f"Notice {number}")
    indices.ensure_index(archive.client, archive.alias)
    original = indexer.document

    def poisoned(shape: object) -> dict[str, object]:
        body = original(shape)  # type: ignore[arg-type]
        return {**body, "unheard_of": 1} if body["item_id"] == poison else body

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(indexer, "document", poisoned)
        for _ in range(2):
            report = archive.drain(batch=3)
            assert [refused.item_id for refused in report.refused] == [poison]
            assert "unheard_of" in report.refused[0].reason
            assert report.remaining == 1
    assert archive.search().total == 12
    assert archive.drain().remaining == 0
    assert archive.search().total == 13


def test_several_indexers_at_once_agree_with_several_writers(archive: Archive) -> None:
    """Four indexers and two writers at the same time: in the end the index is level with the archive."""
    city = archive.records.account()
    ids = [archive.records.item(city, f"Notice {number}") for number in range(60)]
    indices.ensure_index(archive.client, archive.alias)
    written = threading.Event()

    def write(some: list[int]) -> None:
        for item_id in some:
            archive.records.edit(city, item_id, f"Changed {item_id}")
            archive.records.touch(item_id)

    def index() -> None:
        while not written.is_set():
            archive.drain(batch=5, refresh=False)

    with ThreadPoolExecutor(6) as pool:
        indexers = [pool.submit(index) for _ in range(4)]
        writers = [pool.submit(write, ids[start::2]) for start in (0, 1)]
        for job in writers:
            job.result()
        written.set()
        for job in indexers:
            job.result()
    archive.drain()
    report = parity.check(archive.engine, archive.client, archive.alias)
    assert (report.items, report.documents, dict(report.drifted)) == (60, 60, {})
    assert archive.search("changed").total == 60


def test_ten_megabytes_of_text_are_indexed_and_found(archive: Archive) -> None:
    """A very long text, with one word of a million letters in it, is found by its last words, and marked there."""
    city = archive.records.account()
    text = "the council met and spoke at length. " * 250_000 + "x" * 1_000_000 + " ending with the word zanzibar"
    assert len(text) > 10_000_000
    archive.records.item(city, text, tags=["t" * 100_000], links=["https://example.org/" + "p" * 100_000])
    archive.records.item(city, "short")
    assert archive.drain().remaining == 0
    result = archive.search('"the word zanzibar"')
    (hit,) = result.hits
    assert archive.search("council length").total == 1
    assert hit.text_length == len(text)
    assert len(hit.text or "") < len(text)
    assert len(hit.highlight) < 10_000
    assert "<mark>the word zanzibar</mark>" in hit.highlight
    assert archive.search("https://example.org/" + "p" * 3000).total == 0


def test_replacement_characters_are_text_like_any_other(archive: Archive) -> None:
    """What stands for a character that could not be stored neither breaks the index nor hides its neighbours."""
    archive.records.item(archive.records.account(), "NUL \ufffd and \ufffd surrogate", flags=["replaced_characters"])
    assert archive.drain().remaining == 0
    assert archive.search("surrogate").total == 1


def test_searching_before_anything_was_indexed_says_what_to_do(archive: Archive) -> None:
    """There being no index is a sentence, not a stack trace."""
    with pytest.raises(IndexMissingError, match="civic-archive index"):
        archive.search("anything")


def test_an_index_in_the_alias_s_place_is_never_written_to(archive: Archive) -> None:
    """An index that has the alias's name is named in the error."""
    name = f"{archive.alias}-000777"
    archive.client.indices.create(index=name)
    archive.records.item(archive.records.account(), "Notice")
    with pytest.raises(SearchError, match=name):
        indexer.drain(archive.engine, archive.client, name)
    assert _waiting(archive) == 1


def test_the_freshness_says_how_far_the_index_is(archive: Archive) -> None:
    """Rows that wait and since when; level after a run, with what the index can do."""
    archive.records.item(archive.records.account(), "Notice")
    indices.ensure_index(archive.client, archive.alias)
    before = freshness(archive.engine, archive.client, archive.alias)
    assert before.waiting == 1
    assert before.oldest is not None
    assert "1 change behind" in before.sentence
    archive.drain()
    after = freshness(archive.engine, archive.client, archive.alias)
    assert (after.waiting, after.documents, after.rebuilding) == (0, 1, False)
    assert after.sentence == "The index is up to date."
    assert after.capabilities is not None
    assert after.capabilities.stemming == {"en": "hunspell", "es": "hunspell"}
