"""The X download of the present form, imported into a real database: posts, edits, deletions, messages, media."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import itertools
import json
from typing import TYPE_CHECKING

import pytest

from archiver.accounts import RegisterError, find
from archiver.blobs import BlobStore
from archiver.capture.importing import import_download
from archiver.downloads import DOWNLOADS
from archiver.downloads.errors import DamagedArchiveError
from archiver.downloads.unpack import open_tree
from archiver.platforms.items import Item, ItemKind, Party, Source, StreamKind
from search.indexer import drain
from search.query import SearchRequest, search
from tests.fixtures.custody import rows, unproven
from tests.fixtures.importing import account_of, captured, counted, files_of, sources, tarred, zipped
from tests.fixtures.samples import SAMPLES
from tests.fixtures.searching import ZONE

if TYPE_CHECKING:
    from pathlib import Path

    from elasticsearch import Elasticsearch

    from tests.fixtures.archives import ArchiveMaker, TestArchive

_SAMPLE = SAMPLES / "x_archive" / "parks-2024"
_OWN = "910000000000000001"
_POST, _EDITED, _DELETED = "1700000000000000101", "1700000000000000120", "1700000000000000140"


@pytest.fixture
def archive(make_archive: ArchiveMaker) -> TestArchive:
    """An archive with the account in its register."""
    made = make_archive()
    account_of(made, "x:RiverbendParks")
    return made


def _import(archive: TestArchive, *paths: Path) -> dict[str, object]:
    account = find(archive.engine, "x:RiverbendParks")
    return import_download(archive.archive, list(paths) or _SAMPLE, account).as_dict()


def test_a_download_is_imported_and_a_second_time_changes_nothing(archive: TestArchive) -> None:
    """Posts, their earlier forms and messages are counted; what is lacking is named; nothing changes the second time."""
    first = _import(archive)
    assert {name: first[name] for name in ("expected", "items", "messages", "earlier", "media", "new")} == {
        "expected": 11,
        "items": 12,
        "messages": 3,
        "earlier": 1,
        "media": 3,
        "new": 12,
    }
    assert not first["complete"]
    lost = [each["what"] for each in first["skipped"] if each["lost"]]  # type: ignore[attr-defined]
    assert lost == ["data/tweets-part1.js/1", "the total"]
    before = counted(archive)
    account = find(archive.engine, "x:RiverbendParks")
    assert account.platform_id == _OWN
    second = _import(archive)
    assert (second["new"], second["unchanged"]) == (0, 12)
    after = counted(archive)
    # The file of which a part could not be read is kept again, as its evidence; of records there is not one more.
    assert {**after, "warc_records": 0} == {**before, "warc_records": 0}
    assert unproven(archive.archive) == []


def test_media_lie_in_the_store_under_the_digests_of_the_downloads_files(archive: TestArchive) -> None:
    """Pictures and videos of posts and messages are blobs, byte for byte the files of the download."""
    _import(archive)
    kept = rows(archive.engine, "select platform_id, kind, state, sha256, size, content_type from media order by 1")
    files = files_of(_SAMPLE)
    wanted = {
        "1700000000000000100": ("image", "data/tweets_media/1700000000000000101-GparkA1.png", "image/png"),
        "1700000000000000109": ("video", "data/tweets_media/1700000000000000110-large.mp4", "video/mp4"),
        "https://ton.twitter.com/dm/1700000000000000201/1700000000000000200/plan.jpg": (
            "image",
            "data/direct_messages_media/1700000000000000201-plan.jpg",
            "image/jpeg",
        ),
    }
    assert len(kept) == len(wanted)
    for own, kind, state, sha256, size, content_type in kept:
        body = files[wanted[own][1]]
        assert (kind, state, content_type) == (wanted[own][0], "kept", wanted[own][2])
        assert (sha256, size) == (hashlib.sha256(body).digest(), len(body))
        with archive.archive.blobs.open(BlobStore.key(sha256)) as blob:
            assert blob.read() == body


def test_an_edited_post_is_one_item_with_its_earlier_form(archive: TestArchive) -> None:
    """The first id is the identity, the later one an alias; the last wording is current, the first one is history."""
    _import(archive)
    assert sources(archive, _EDITED) == [
        ("history", "Registration opens April 1 at 9 am: https://t.co/ccc", False),
        ("import", "Registration opens April 2 at 9 am: https://t.co/ccc", True),
    ]
    assert rows(archive.engine, "select alias from item_aliases") == [("1700000000000000125",)]


def test_a_deleted_post_is_kept_as_gone_in_its_owners_words(archive: TestArchive) -> None:
    """What the owner's download lists as deleted is gone, once, by its author; the other posts are present."""
    _import(archive)
    _import(archive)
    gone = rows(archive.engine, "select platform_id from items where state <> 'present'")
    assert gone == [(_DELETED,)]
    states = rows(archive.engine, "select state, words from states")
    assert len(states) == 1
    assert states[0][0] == "gone_confirmed"
    assert states[0][1].startswith("deleted by its author on Fri May 03 12:05:00 +0000 2024")
    assert rows(archive.engine, "select action, by_whom from moderation") == [("deleted", "the author")]


def test_messages_are_found_on_their_own_shelf_only(
    archive: TestArchive, es_client: Elasticsearch, index_prefix: str
) -> None:
    """The public index finds the long post by its last words and no word of a message."""
    _import(archive)
    drain(archive.engine, es_client, index_prefix)
    found = search(es_client, index_prefix, SearchRequest(zone=ZONE, text='"bring a towel"'))
    assert [hit.url for hit in found.hits] == ["https://twitter.com/RiverbendParks/status/1700000000000000130"]
    assert search(es_client, index_prefix, SearchRequest(zone=ZONE, text='"hold a party"')).total == 0
    assert rows(archive.engine, "select count(*) from items where kind = 'message'") == [(3,)]


def test_the_e_mail_address_is_nowhere(archive: TestArchive) -> None:
    """Neither the database nor any evidence file has the account's e-mail address, nor what was left unread."""
    _import(archive)
    evidence = b"".join(
        gzip.decompress(path.read_bytes())
        for folder in (archive.archive.spool, archive.archive.spool.parent / "blobs")
        for path in folder.rglob("*.warc.gz")
    )
    assert b"Cherry trees bloom" in evidence
    for secret in (b"parks@riverbend.example", b"192.0.2.7"):
        assert secret not in evidence
        assert secret.decode() not in str(rows(archive.engine, "select fields::text from versions"))


def test_a_post_that_the_api_has_shown_is_one_item(archive: TestArchive) -> None:
    """An item captured by API before, and one captured after, each have a version of either source, and stay one item."""
    account = find(archive.engine, "x:RiverbendParks")
    shown = Item(
        kind=ItemKind.POST,
        id=_POST,
        source=Source.API,
        author=Party(_OWN, "RiverbendParks"),
        text="Cherry trees bloom at Alder Park &amp; along the Riverwalk #Spring https://t.co/aaa",
        order_key=_POST.zfill(20),
        exchange=0,
    )
    message = dataclasses.replace(shown, id="1700000000000000201", kind=ItemKind.MESSAGE, text="May I hold a party?")
    captured(archive, account, StreamKind.POSTS, [shown])
    _import(archive)
    captured(archive, find(archive.engine, "x:RiverbendParks"), StreamKind.MESSAGES, [message])
    assert [(source, current) for source, _, current in sources(archive, _POST)] == [("api", True), ("import", False)]
    assert [source for source, _, _ in sources(archive, message.id)] == ["import", "api"]
    streams = rows(
        archive.engine,
        "select t.kind from sightings s join items i on i.id = s.item_id join streams t on t.id = s.stream_id "
        "where i.platform_id = :id order by 1",
        id=_POST,
    )
    assert streams == [("import",), ("posts",)]


def test_parts_are_one_download(archive: TestArchive, tmp_path: Path) -> None:
    """Two archives, each with a part of the tree and the same manifest, give what the whole gives."""
    files = files_of(_SAMPLE)
    with open_tree(_SAMPLE) as tree:
        assert DOWNLOADS["x_archive"].detect(tree)
    heads = {"data/manifest.js", "data/account.js"}
    posts = {name: body for name, body in files.items() if "tweets" in name or name in heads}
    rest = {name: body for name, body in files.items() if name not in posts or name in heads}
    one, two = zipped(tmp_path / "x-1.zip", posts), tarred(tmp_path / "x-2.tgz", rest)
    alone = _import(archive, one)
    missing = {each["what"] for each in alone["skipped"] if each["lost"]}  # type: ignore[attr-defined]
    assert {"data/direct-messages.js", "data/note-tweet.js"} <= missing
    both = _import(archive, one, two)
    assert (both["items"], both["messages"], both["media"]) == (12, 3, 3)
    assert rows(archive.engine, "select count(*) from items where kind = 'message'") == [(3,)]


def test_parts_of_two_accounts_are_refused(archive: TestArchive, tmp_path: Path) -> None:
    """A part that belongs to somebody else is refused before anything is stored."""
    files = files_of(_SAMPLE)
    other = {name: body.replace(_OWN.encode(), b"42") for name, body in files.items()}
    with pytest.raises(DamagedArchiveError, match="parts are of different accounts"):
        _import(archive, zipped(tmp_path / "a.zip", files), zipped(tmp_path / "b.zip", other))
    account = account_of(archive, "x:Other", "43")
    with pytest.raises(RegisterError, match="x:Other has the id 43 in the register, not 42"):
        import_download(archive.archive, _SAMPLE, account, owner_id="42")
    assert counted(archive)["items"] == 0


def test_a_large_file_is_kept_in_pieces_that_are_the_file(archive: TestArchive, tmp_path: Path) -> None:
    """A file of several pieces is imported whole; the kept pieces, put together, are its very bytes."""
    folder = tmp_path / "large"
    for name, body in files_of(_SAMPLE).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(body)
    count = 3000  # of few words, since each is committed to by itself, which costs more than all the rest
    posts = [
        {
            "tweet": {
                "id_str": str(1_710_000_000_000_000_000 + number),
                "created_at": "Fri Mar 08 09:00:00 +0000 2024",
                "full_text": f"Notice {number}: " + "moved" * 540,
            }
        }
        for number in range(count)
    ]
    body = b"window.YTD.tweets.part0 = " + json.dumps(posts).encode()
    (folder / "data/tweets.js").write_bytes(body)
    report = _import(archive, folder)
    assert report["items"] == count + 5
    pieces = rows(
        archive.engine,
        "select e.url, e.received_bytes from exchanges e where e.url like '%/tweets.js?bytes=%' order by e.id",
    )
    assert len(pieces) > 1
    spans = [tuple(map(int, url.rpartition("=")[2].split("-"))) for url, _ in pieces]
    assert spans[0][0] == 0
    assert spans[-1][1] == len(body)
    assert all(one[1] == two[0] for one, two in itertools.pairwise(spans))
    assert all(end - start == size for (start, end), (_, size) in zip(spans, pieces, strict=True))
    digests = rows(
        archive.engine, "select e.received_sha256 from exchanges e where e.url like '%/tweets.js?bytes=%' order by e.id"
    )
    assert [digest for (digest,) in digests] == [hashlib.sha256(body[start:end]).digest() for start, end in spans]
    assert unproven(archive.archive) == []
