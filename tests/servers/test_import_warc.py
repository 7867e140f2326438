"""WARCs of another tool imported into a real database: page records with their exchanges and payloads, once."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import zipfile
from typing import TYPE_CHECKING

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archiver.accounts import find
from archiver.blobs import BlobStore
from archiver.capture.importing import import_download
from archiver.downloads.errors import DownloadError
from clerk.messages import in_exchange
from clerk.visibility import Sight, visible
from search.indexer import drain
from search.query import SearchRequest, search
from tests.fixtures.custody import rows, unproven
from tests.fixtures.importing import account_of, counted, zipped
from tests.fixtures.samples import SAMPLES
from tests.fixtures.searching import ZONE
from tests.fixtures.warcs import DATE, http, packed, page, record, response, revisit, sha1

if TYPE_CHECKING:
    from pathlib import Path

    from elasticsearch import Elasticsearch

    from archiver.capture.importing import ImportReport
    from tests.fixtures.archives import ArchiveMaker, TestArchive

_NAME = "facebook:RiverbendLibrary"
_SAMPLE = SAMPLES / "warc" / "library-2019.warc"
_PAGE = "https://www.facebook.example/RiverbendLibrary"


@pytest.fixture
def archive(make_archive: ArchiveMaker) -> TestArchive:
    """An archive with an account whose stable id nobody knows."""
    made = make_archive()
    account_of(made, _NAME)
    return made


def _import(archive: TestArchive, *paths: Path, name: str = _NAME) -> ImportReport:
    return import_download(archive.archive, list(paths), find(archive.engine, name))


def _lost(report: ImportReport) -> list[tuple[str, str]]:
    return [(each["what"], each["reason"]) for each in report.skipped if each["lost"]]


def _write(path: Path, *records: bytes) -> Path:
    path.write_bytes(packed(records) if path.name.endswith(".gz") else b"".join(records))
    return path


def test_a_warc_is_imported_and_a_second_time_changes_nothing(archive: TestArchive) -> None:
    """Documents are counted, what belongs to them is kept beside them, the totals are stated; a second import adds nothing."""
    report = _import(archive, _SAMPLE)
    assert (report.format, report.files, report.items, report.new, report.media) == ("warc", 1, 5, 5, 7)
    assert [what for what, _ in _lost(report)] == [f"{_SAMPLE.name} at byte 4694", f"{_SAMPLE.name} at byte 4274"]
    (totals,) = [each["reason"] for each in report.skipped if "records:" in each["reason"]]
    assert totals.endswith(
        "records: 1 metadata, 1 request, 1 resource, 7 response, 2 revisit, 1 warcinfo; "
        "kept: 1 resource, 7 response, 1 revisit"
    )
    assert hashlib.sha256(_SAMPLE.read_bytes()).hexdigest() in totals
    assert rows(archive.engine, "select outcome from captures") == [("partial",)]
    assert counted(archive)["items"] == 9
    before = counted(archive)
    again = _import(archive, _SAMPLE)
    assert (again.new, again.unchanged) == (0, 5)
    assert counted(archive) == before
    assert find(archive.engine, _NAME).platform_id is None
    assert unproven(archive.archive) == []


def test_a_page_record_is_what_was_recorded(archive: TestArchive) -> None:
    """Address, time, title, text, payload and exchange of a page are those of its record; a revisit has its own time."""
    _import(archive, _SAMPLE)
    found = rows(
        archive.engine,
        "select i.created_at::text, v.fields ->> 'title', v.text, v.url, e.url, e.requested_at = i.created_at, e.status "
        "from items i join versions v on v.item_id = i.id join exchanges e on e.id = v.exchange_id "
        "where v.url = :url order by i.created_at",
        url=_PAGE,
    )
    title = "Riverbend Library – Home"  # noqa: RUF001 - as the page writes it
    text = "Book sale\n\nSaturday at noon, all welcome (https://www.facebook.example/events/42).\n\n[Tables of books]"
    assert [row[0][:10] for row in found] == ["2019-05-03", "2019-06-03"]
    assert [row[1:] for row in found] == [(title, text, _PAGE, _PAGE, True, 200)] * 2
    media = rows(
        archive.engine,
        "select m.kind, m.state, m.content_type, m.sha256, count(*) from media m join version_media a on a.medium_id = m.id "
        "join versions v on v.id = a.version_id where m.url = :url group by 1, 2, 3, 4",
        url=_PAGE,
    )
    assert [row[:3] + row[4:] for row in media] == [("file", "kept", "text/html", 2)]
    with archive.archive.blobs.open(BlobStore.key(media[0][3])) as blob:
        assert blob.read().startswith(b"<!doctype html><html><head><title>Riverbend Library")


def test_no_cookie_and_no_token_is_kept(archive: TestArchive) -> None:
    """What the other tool sent, cookies that were set, and tokens in addresses and answers are in no file, row or blob."""
    _import(archive, _SAMPLE)
    home = archive.archive.spool.parent
    held = b"".join(
        gzip.decompress(path.read_bytes()) if path.name.endswith(".gz") else path.read_bytes()
        for path in home.rglob("*")
        if path.is_file()
    )
    assert b"Saturday at noon" in held
    everything = str(rows(archive.engine, "select url, scrubbed from exchanges")) + str(
        rows(archive.engine, "select fields, url from versions")
    )
    for secret in ("verysecret", "EAAsecret123"):
        assert secret.encode() not in held
        assert secret not in everything


def test_answers_of_programs_are_kept_where_messages_are(archive: TestArchive, tmp_path: Path) -> None:
    """JSON that no connector reads may hold somebody's messages: neither it nor its exchange is for those who may read posts."""
    talk = response("https://graph.example/inbox", b'{"message": "May I ask you something?"}', "application/json")
    _import(archive, _write(tmp_path / "a.warc", talk, response(_PAGE, page("Home", "for everybody"))))
    found = rows(
        archive.engine,
        "select i.kind, v.url, v.exchange_id from items i join versions v on v.item_id = i.id order by 1",
    )
    assert [(kind, url) for kind, url, _ in found] == [("message", "https://graph.example/inbox"), ("post", _PAGE)]
    media = rows(
        archive.engine,
        "select m.url, v.item_id from media m join version_media a on a.medium_id = m.id "
        "join versions v on v.id = a.version_id order by 1",
    )
    with archive.engine.connect() as connection:
        assert [in_exchange(connection, exchange) for _, _, exchange in found] == [True, False]
        without = Sight(messages=False, personal=True)
        assert [bool(visible(connection, without, [item])) for _, item in media] == [False, True]


def test_page_records_are_found_by_their_words(
    archive: TestArchive, es_client: Elasticsearch, index_prefix: str
) -> None:
    """A page is found by its words, title and day; what was loaded for it and what a program was told by no word of theirs."""
    _import(archive, _SAMPLE)
    drain(archive.engine, es_client, index_prefix)
    found = search(es_client, index_prefix, SearchRequest(zone=ZONE, text='"saturday at noon"'))
    days = sorted((hit.url, str(hit.created_at)[:10]) for hit in found.hits)
    assert days == [
        (_PAGE, "2019-05-03"),
        (_PAGE, "2019-06-03"),
        (f"urn:text:{_PAGE}", "2019-06-03"),
    ]
    assert search(es_client, index_prefix, SearchRequest(zone=ZONE, text="Hello")).total == 0


def test_warcs_of_one_crawl_are_read_together(archive: TestArchive, tmp_path: Path) -> None:
    """A revisit whose payload is in another file of the crawl, or later, is resolved; alone it is named."""
    body = page("Hours", "Nine to five")
    one = _write(
        tmp_path / "a.warc.gz",
        revisit(_PAGE, body, date="2019-07-01T00:00:00Z"),
        record(
            "revisit",
            f"{_PAGE}/x",
            http(b"", status="304 Not Modified"),
            date="2019-07-02T00:00:00Z",
            WARC_Profile="http://netpreserve.org/warc/1.1/revisit/server-not-modified",
            WARC_Refers_To_Target_URI=_PAGE,
            WARC_Refers_To_Date=DATE,
        ),
    )
    two = _write(tmp_path / "b.warc.gz", response(_PAGE, body))
    alone = _import(archive, one)
    assert alone.items == 0
    assert [what for what, _ in _lost(alone)] == [
        "a.warc.gz at byte 0",
        f"a.warc.gz at byte {len(packed([revisit(_PAGE, body, date='2019-07-01T00:00:00Z')]))}",
    ]
    both = _import(archive, one, two)
    assert (both.items, both.new, both.complete) == (3, 3, True)
    found = rows(archive.engine, "select url, text, created_at::date::text from versions order by created_at")
    assert found == [
        (_PAGE, "Nine to five", "2019-05-03"),
        (_PAGE, "Nine to five", "2019-07-01"),
        (f"{_PAGE}/x", "Nine to five", "2019-07-02"),
    ]
    assert unproven(archive.archive) == []


def test_warcs_are_known_by_what_they_begin_with(archive: TestArchive, tmp_path: Path) -> None:
    """Several WARCs, under names that say nothing and in a folder among other files, are all read."""
    folder = tmp_path / "crawl"
    folder.mkdir()
    paths = [
        _write(folder / name, response(f"{_PAGE}/{name}", page(name, "words")))
        for name in ("first", "second.bak", "third.warc")
    ]
    assert _import(archive, *paths).items == 3
    (folder / "notes.txt").write_text("made in May")
    report = _import(archive, folder)
    assert (report.items, report.new, report.complete) == (3, 0, True)


def test_a_wacz_is_read_and_held_to_its_digests(archive: TestArchive, tmp_path: Path) -> None:
    """A WACZ (a zip of WARCs) is imported; a WARC in it that is not the one its datapackage.json describes is named."""
    warc = packed([response(_PAGE, page("One", "words"))])
    listed = {"path": "archive/data.warc.gz", "hash": f"sha256:{hashlib.sha256(warc).hexdigest()}", "bytes": len(warc)}
    files = {"archive/data.warc.gz": warc, "datapackage.json": json.dumps({"resources": [listed]}).encode()}
    assert _import(archive, zipped(tmp_path / "good.wacz", files)).complete
    listed["hash"] = f"sha256:{'0' * 64}"
    files["datapackage.json"] = json.dumps({"resources": [listed]}).encode()
    report = _import(archive, zipped(tmp_path / "bad.wacz", files))
    assert (report.new, report.complete) == (0, False)
    assert "is not the one that datapackage.json states" in _lost(report)[0][1]


@pytest.mark.parametrize("packing", ["plain", "members", "whole"])
def test_what_warcio_writes_is_imported(archive: TestArchive, tmp_path: Path, packing: str) -> None:
    """A WARC of another program is read whole, be it plain, packed record by record, or packed as a whole."""
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=packing == "members")
    writer.write_record(writer.create_warcinfo_record("a.warc", {"software": "another"}))
    for number in range(40):
        head = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
        body = page(f"Page {number}", "words " * number * 1000)
        writer.write_record(
            writer.create_warc_record(f"{_PAGE}/{number}", "response", payload=io.BytesIO(body), http_headers=head)
        )
    data = gzip.compress(out.getvalue()) if packing == "whole" else out.getvalue()
    path = tmp_path / ("a.warc" if packing == "plain" else "a.warc.gz")
    path.write_bytes(data)
    report = _import(archive, path)
    assert (report.items, report.new, report.complete) == (40, 40, True)
    digests = rows(archive.engine, "select distinct fields ->> 'payload_is_as_declared' from versions")
    assert digests == [("true",)]
    assert unproven(archive.archive) == []


def test_a_large_payload_is_a_medium_only(archive: TestArchive, tmp_path: Path) -> None:
    """A film of many megabytes goes past into the store; its exchange is kept without it, and says so."""
    film = bytes(range(256)) * (12 << 12)
    report = _import(archive, _write(tmp_path / "a.warc", response(f"{_PAGE}/film.mp4", film, "video/mp4")))
    assert report.complete
    assert rows(archive.engine, "select kind, state, sha256, size from media") == [
        ("video", "kept", hashlib.sha256(film).digest(), len(film))
    ]
    kept = "select e.received_sha256, e.scrubbed from exchanges e join warc_records w on w.exchange_id = e.id"
    assert rows(archive.engine, kept) == [(hashlib.sha256(film).digest(), ["the payload, which is kept as a medium"])]
    assert unproven(archive.archive) == []


def test_any_platforms_account_may_have_warcs(make_archive: ArchiveMaker, tmp_path: Path) -> None:
    """A WARC is imported into an account of whatever platform; what is no WARC is refused; a wrong account is noted."""
    archive = make_archive()
    path = _write(tmp_path / "a.warc", response("https://city.example/RiverbendParks", page("Parks", "Open")))
    for name in (
        "x:RiverbendParks",
        "rss:https://city.example/feed.xml",
        "mastodon:parks@city.example",
        "nextdoor:parks",
    ):
        account_of(archive, name)
        report = _import(archive, path, name=name)
        assert (report.items, report.complete) == (1, True)
        noted = [each["what"] for each in report.skipped]
        assert ("the account" in noted) == (name.startswith("rss"))
    assert rows(archive.engine, "select count(*), count(distinct platform) from items") == [(4, 4)]
    assert rows(archive.engine, "select count(*) from media where state = 'kept'") == [(4,)]
    other = tmp_path / "notes"
    other.write_bytes(b"no WARC at all, nor anything else")
    with pytest.raises(DownloadError):
        _import(archive, other, name="x:RiverbendParks")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as empty:
        empty.writestr("readme.txt", "nothing here")
    with pytest.raises(DownloadError, match="forms known: x_archive, warc"):
        _import(archive, tmp_path / "b.zip", name="x:RiverbendParks")


def test_digests_that_do_not_fit_are_named(archive: TestArchive, tmp_path: Path) -> None:
    """A payload or a block that has not its declared digest is kept, marked, and named with the digest; sound ones are not."""
    good = response(f"{_PAGE}/good", page("Good", "sound"))
    payload = response(f"{_PAGE}/payload", page("Payload", "changed"), WARC_Payload_Digest=sha1(b"another"))
    block = response(f"{_PAGE}/block", page("Block", "changed"), WARC_Block_Digest=sha1(b"another"))
    report = _import(archive, _write(tmp_path / "a.warc", good, payload, block))
    lost = _lost(report)
    assert [what for what, _ in lost] == [f"a.warc at byte {len(good)}", f"a.warc at byte {len(good) + len(payload)}"]
    assert "payload has not the digest" in lost[0][1]
    assert "block has not the digest" in lost[1][1]
    assert report.items == 3
    marked = rows(
        archive.engine, "select fields ->> 'title', fields ->> 'payload_is_as_declared' from versions order by 1"
    )
    assert marked == [("Block", "true"), ("Good", "true"), ("Payload", "false")]
