"""A complete real download is imported, counted and searched."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from archiver import accounts
from archiver.accounts import RegisterError
from archiver.capture.importing import import_download
from search.indexer import drain
from search.query import SearchRequest, search
from tests.fixtures.recorded import recorded
from tests.fixtures.searching import ZONE

if TYPE_CHECKING:
    from pathlib import Path

    from elasticsearch import Elasticsearch

    from tests.fixtures.archives import ArchiveMaker, TestArchive


@pytest.fixture
def download() -> Path:
    """The recorded download of a real account (CC0), or a skip that names it."""
    return recorded("x/edsu__congressedits-archive")


def add(archive: TestArchive, name: str = "x:congressedits") -> accounts.AccountRef:
    """Register the account and give it."""
    accounts.add(archive.engine, name, {"department": "City Clerk"}, import_only=True)
    return accounts.find(archive.engine, name)


def counted(archive: TestArchive) -> dict[str, int]:
    """How many rows each table of records has."""
    tables = ("items", "versions", "sightings", "states", "media", "version_media", "parties", "outbox")
    with archive.engine.connect() as connection:
        return {table: connection.scalar(sa.text(f"select count(*) from {table}")) or 0 for table in tables}  # noqa: S608


def test_every_post_of_a_real_download_is_imported_once(make_archive: ArchiveMaker, download: Path) -> None:
    """2,313 posts are imported, as many as the download says; a second import changes nothing at all."""
    archive = make_archive()
    first = import_download(archive.archive, download, add(archive))
    assert (first.expected, first.items, first.new, first.unchanged) == (2313, 2313, 2313, 0)
    assert first.complete
    before = counted(archive)
    second = import_download(archive.archive, download, accounts.find(archive.engine, "x:congressedits"))
    assert (second.items, second.new, second.unchanged) == (2313, 0, 2313)
    assert counted(archive) == before


def test_what_is_found_is_what_the_downloads_own_csv_says(
    make_archive: ArchiveMaker, es_client: Elasticsearch, index_prefix: str, download: Path
) -> None:
    """For several words and phrases the search finds the very posts whose text in the CSV has them."""
    archive = make_archive()
    import_download(archive.archive, download, add(archive))
    drain(archive.engine, es_client, index_prefix)
    with (download / "tweets.csv").open(encoding="utf-8", newline="") as file:
        texts = {row["tweet_id"]: row["text"] for row in csv.DictReader(file)}
    assert len(texts) == 2313
    for phrase in ("House of Representatives", "US Senate", "of the", "Wikipedia article edited anonymously"):
        words = re.compile(rf"(?<!\w){re.escape(phrase)}(?!\w)", re.IGNORECASE)
        wanted = {identity for identity, text in texts.items() if words.search(text)}
        found: set[str] = set()
        cursor = None
        while True:
            request = SearchRequest(zone=ZONE, text=f'"{phrase}"', platform="x", page_size=1000, cursor=cursor)
            result = search(es_client, index_prefix, request)
            found |= {(hit.url or "").rpartition("/")[2] for hit in result.hits}
            cursor = result.next_cursor
            if cursor is None:
                break
        assert wanted, phrase
        assert wanted <= found, phrase
        assert result.total == len(found), phrase


def test_a_download_of_somebody_else_is_refused(make_archive: ArchiveMaker, download: Path) -> None:
    """A download whose owner is not the account is refused before anything is stored."""
    archive = make_archive()
    account = add(archive)
    with archive.engine.begin() as connection:
        connection.execute(sa.text("update accounts set platform_id = '42' where id = :id"), {"id": account.id})
    with pytest.raises(RegisterError, match="not of x:congressedits"):
        import_download(archive.archive, download, accounts.find(archive.engine, "x:congressedits"))
    assert counted(archive)["items"] == 0


def test_every_version_can_be_traced_to_the_bytes_of_its_file(make_archive: ArchiveMaker, download: Path) -> None:
    """Each version points at a file of the download; the WARC's copy has the digest that the file itself has."""
    archive = make_archive()
    import_download(archive.archive, download, add(archive))
    with archive.engine.connect() as connection:
        rows = connection.execute(
            sa.text(
                "select e.url, e.received_sha256, w.payload_sha256, count(*) as versions from versions v "
                "join exchanges e on e.id = v.exchange_id join warc_records w on w.exchange_id = e.id "
                "group by 1, 2, 3"
            )
        ).all()
    assert sum(row.versions for row in rows) == counted(archive)["versions"]
    assert all(row.received_sha256 == row.payload_sha256 for row in rows)
