"""A Bluesky repository (CAR) imported into a real database: its records once, whose it is, its blobs, and what would do harm."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from archiver import accounts
from archiver.accounts import RegisterError, find
from archiver.blobs import BlobStore
from archiver.capture.importing import import_download
from archiver.downloads.errors import DownloadError
from archiver.platforms import bluesky_records as records
from archiver.platforms.items import StreamKind
from tests.fixtures.custody import rows, unproven
from tests.fixtures.importing import account_of, captured, counted, files_of, sources, zipped
from tests.fixtures.repositories import blob_cid, block, named, repository_car, write_sample
from tests.fixtures.samples import SAMPLES

if TYPE_CHECKING:
    from pathlib import Path

    from archiver.capture.importing import ImportReport
    from archiver.platforms.items import Item
    from tests.fixtures.archives import ArchiveMaker, TestArchive

_MIB = 1 << 20
_NAME = "bluesky:library.riverbend.example"
_SAMPLE = SAMPLES / "bluesky_car" / "library-2026.json"
_GIVEN: dict[str, Any] = json.loads(_SAMPLE.read_text("utf-8"))
_DID: str = _GIVEN["did"]
_POST = "app.bsky.feed.post"


@pytest.fixture
def archive(make_archive: ArchiveMaker) -> TestArchive:
    """An archive with the account in its register, its DID known."""
    made = make_archive()
    account_of(made, _NAME, _DID)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The sample's repository with its blobs beside it."""
    return write_sample(_SAMPLE, tmp_path / "library")


def _import(archive: TestArchive, *paths: Path, owner_id: str | None = None) -> ImportReport:
    return import_download(archive.archive, list(paths), find(archive.engine, _NAME), owner_id=owner_id)


def _post(text: str, second: int = 0, **more: object) -> dict[str, object]:
    return {"$type": _POST, "text": text, "createdAt": f"2026-02-02T09:{second // 60:02}:{second % 60:02}Z", **more}


def _car(path: Path, posts: dict[str, object], **more: Any) -> Path:
    path.write_bytes(repository_car(_DID, {f"{_POST}/{key}": value for key, value in posts.items()}, **more))
    return path


def test_a_repository_is_imported_and_a_second_time_changes_nothing(archive: TestArchive, folder: Path) -> None:
    """Posts, replies and reposts are counted against the tree; what lacks is named; nothing at all changes the second time."""
    report = _import(archive, folder)
    assert (report.expected, report.items, report.new, report.media) == (7, 6, 6, 2)
    assert not report.complete
    lost = [each["what"].rpartition("/")[2] for each in report.skipped if each["lost"]]
    assert lost == ["3lkce2aaaaa2b", _GIVEN["damaged"][0], "the total"]
    kinds = rows(archive.engine, "select kind, count(*) from items group by 1 order by 1")
    assert kinds == [("comment", 1), ("post", 3), ("profile", 1), ("repost", 2)]
    assert rows(archive.engine, "select count(*) from versions where text like '%older commit%'") == [(0,)]
    before = counted(archive)
    again = _import(archive, folder)
    assert (again.new, again.unchanged) == (0, 6)
    assert counted(archive) == before
    assert unproven(archive.archive) == []


def test_blobs_are_kept_when_they_are_what_their_names_say(archive: TestArchive, folder: Path) -> None:
    """A file named by its CID is kept under the digest of its bytes with the record's type; one with other bytes is not."""
    _import(archive, folder)
    room, emblem, film = (blob_cid(text.encode()) for text in _GIVEN["blobs"][:3])
    lost = blob_cid(b"a picture that nobody saved")
    found = {
        cid: rest for cid, *rest in rows(archive.engine, "select platform_id, state, content_type, sha256 from media")
    }
    digest = {
        cid: hashlib.sha256(text.encode()).digest() for cid, text in zip((room, emblem), _GIVEN["blobs"], strict=False)
    }
    assert found == {
        room: ["kept", "image/jpeg", digest[room]],
        emblem: ["kept", "image/png", digest[emblem]],
        film: ["wanted", "video/mp4", None],
        lost: ["wanted", "image/jpeg", None],
    }
    with archive.archive.blobs.open(BlobStore.key(digest[room])) as blob:
        assert blob.read().decode() == _GIVEN["blobs"][0]
    (folder / film).write_bytes(_GIVEN["blobs"][2].encode())
    assert _import(archive, folder).new == 0
    assert rows(archive.engine, "select state from media where platform_id = :cid", cid=film) == [("kept",)]


@pytest.mark.parametrize("form", ["file", "zip", "without its ending"])
def test_a_car_alone_and_a_zip_of_it(archive: TestArchive, folder: Path, tmp_path: Path, form: str) -> None:
    """A CAR by itself, under whatever name, and a zip of the folder give the same records."""
    path = (
        {
            "file": folder / "repo.car",
            "zip": zipped(tmp_path / "a.zip", files_of(folder)),
            "without its ending": (folder / "repo.car").rename(tmp_path / "export"),
        }[form]
        if form != "file"
        else folder / "repo.car"
    )
    report = _import(archive, path)
    assert (report.expected, report.items, report.media) == (7, 6, 2 if form == "zip" else 0)


def test_a_repository_of_another_account_is_refused_by_name(archive: TestArchive, tmp_path: Path) -> None:
    """A CAR whose commit names another DID is refused with both; nothing is stored."""
    path = tmp_path / "other.car"
    path.write_bytes(repository_car("did:plc:somebodyelse2222222222", {f"{_POST}/a": _post("theirs")}))
    with pytest.raises(
        RegisterError, match=f"is the download of did:plc:somebodyelse2222222222, not of {_NAME} .{_DID}"
    ):
        _import(archive, path)
    assert set(counted(archive).values()) == {0}


def test_an_account_whose_did_is_unknown_wants_somebodys_word(make_archive: ArchiveMaker, folder: Path) -> None:
    """A CAR names no handle: of an account never captured it is taken only with the DID vouched for, or registered by DID."""
    archive = make_archive()
    account_of(archive, _NAME)
    with pytest.raises(RegisterError, match="capture the account once"):
        _import(archive, folder)
    with pytest.raises(RegisterError, match=f"is the download of {_DID}"):
        _import(archive, folder, owner_id="did:plc:somebodyelse2222222222")
    assert counted(archive)["items"] == 0
    assert _import(archive, folder, owner_id=_DID).new == 6
    assert find(archive.engine, _NAME).platform_id == _DID
    other = make_archive()
    accounts.add(other.engine, f"bluesky:{_DID}", {"department": "City Clerk"})
    assert import_download(other.archive, folder, find(other.engine, f"bluesky:{_DID}")).new == 6


def _shown(key: str) -> Item:
    """A record as the connector shows it, its gate asked for."""
    value = _GIVEN["records"][f"{_POST}/{key}"]
    item = records.post_item(f"at://{_DID}/{_POST}/{key}", named(block(value)[0]), value)
    return dataclasses.replace(item, order_key=key, exchange=0, not_requested=frozenset())


@pytest.mark.parametrize("first", ["capture", "import"])
def test_what_the_api_has_shown_is_one_item(archive: TestArchive, folder: Path, first: str) -> None:
    """Whichever comes first, a captured post or reply and the imported one are one item, with the same evidence."""
    keys = ("3lkcb2aaaaa2b", "3lkcc2aaaaa2b")
    steps = [
        lambda: captured(archive, find(archive.engine, _NAME), StreamKind.POSTS, [_shown(key) for key in keys]),
        lambda: _import(archive, folder),
    ]
    for step in steps if first == "capture" else reversed(steps):
        step()
    for key in keys:
        found = sources(archive, f"at://{_DID}/{_POST}/{key}")
        assert sorted(source for source, _, _ in found) == ["api", "import"]
        assert [source for source, _, current in found if current] == ["api"]
        fields = rows(
            archive.engine,
            "select v.fields - 'fingerprint' from versions v join items i on i.id = v.item_id where i.platform_id = :id",
            id=f"at://{_DID}/{_POST}/{key}",
        )
        assert fields[0] == fields[1]
    assert counted(archive)["items"] == 7
    before = counted(archive)
    _import(archive, folder)
    assert counted(archive) == before


def test_repositories_of_two_times_are_read_in_their_order(archive: TestArchive, tmp_path: Path) -> None:
    """Of two CARs in one folder the one of the later commit says what a record says now, whatever the files are called."""
    folder = tmp_path / "two"
    folder.mkdir()
    _car(folder / "a.car", {"3lk": _post("corrected"), "3ll": _post("new")}, rev="3lzzzzzzzzz2k")
    _car(folder / "b.car", {"3lk": _post("first form")}, rev="3laaaaaaaaa2k")
    report = _import(archive, folder)
    assert (report.expected, report.items, report.complete) == (3, 3, True)
    assert [(text, current) for _, text, current in sources(archive, f"at://{_DID}/{_POST}/3lk")] == [
        ("first form", False),
        ("corrected", True),
    ]
    (folder / "c.car").write_bytes(repository_car("did:plc:somebodyelse2222222222", {}))
    with pytest.raises(DownloadError, match="of different accounts"):
        _import(archive, folder)


def test_a_large_repository_is_kept_in_pieces_that_are_the_file(archive: TestArchive, tmp_path: Path) -> None:
    """A repository of many megabytes is imported whole in little memory; the kept pieces, put together, are its very bytes."""
    likes = {
        f"app.bsky.feed.like/{n:06}": {"$type": "app.bsky.feed.like", "text": "a" * 20_000, "n": n} for n in range(900)
    }
    # Of few words: each would be committed to by itself, which costs more than all the rest and is no matter here.
    posts = {f"{_POST}/{n:06}": _post(f"Notice {n}: " + "moved" * 570, n) for n in range(1200)}
    path = tmp_path / "repo.car"
    path.write_bytes(repository_car(_DID, likes | posts))
    body = path.read_bytes()
    del likes, posts
    tracemalloc.start()
    try:
        report = _import(archive, path)
        assert tracemalloc.get_traced_memory()[1] < 100 * _MIB
    finally:
        tracemalloc.stop()
    assert (report.items, report.new, report.complete) == (1200, 1200, True)
    pieces = rows(
        archive.engine,
        "select e.url, e.received_sha256 from exchanges e join warc_records w on w.exchange_id = e.id order by e.id",
    )
    spans = [tuple(map(int, url.rpartition("=")[2].split("-"))) for url, _ in pieces]
    assert len(spans) > 2
    assert (spans[0][0], spans[-1][1]) == (0, len(body))
    assert all(one[1] == two[0] for one, two in itertools.pairwise(spans))
    assert [digest for _, digest in pieces] == [hashlib.sha256(body[start:end]).digest() for start, end in spans]
    before = counted(archive)
    assert _import(archive, path).new == 0
    assert counted(archive) == before
    assert unproven(archive.archive) == []


def _cut(body: bytes) -> bytes:
    return body[:-7]


def _changed(body: bytes) -> bytes:
    return body[:-1] + bytes([body[-1] ^ 1])


def _long(body: bytes) -> bytes:
    return body + b"\xff\xff\xff\x7f"


def _endless(body: bytes) -> bytes:
    return body + b"\xff" * 12


@pytest.mark.parametrize("harm", [_cut, _changed, _long, _endless])
def test_a_repository_that_cannot_be_trusted_is_refused_whole(archive: TestArchive, tmp_path: Path, harm: Any) -> None:
    """A CAR that is cut short, tampered with, or lies about its lengths is refused by name, and nothing is stored."""
    path = _car(tmp_path / "repo.car", {"a": _post("one"), "b": _post("two")})
    path.write_bytes(harm(path.read_bytes()))
    with pytest.raises(DownloadError, match=r"repo\.car is no repository that can be trusted"):
        _import(archive, path)
    assert set(counted(archive).values()) == {0}


def test_bad_records_cost_no_more_than_themselves(archive: TestArchive, tmp_path: Path) -> None:
    """A record that is nested too deeply or no map is named; NUL becomes U+FFFD with a flag; keys like paths are only keys."""
    posts = {
        "a": _post("fine"),
        "b": b"\xa1\x61a" + b"\x81" * 900 + b"\xf6",
        "g": b"no CBOR",
        "c": ["no map"],
        "d": _post("a\0b"),
        "../../../etc/passwd": _post("a path"),
        "e" * 900: _post("a long key"),
        "f": _post("huge numbers", more=2**60),
    }
    report = _import(archive, _car(tmp_path / "repo.car", posts))
    assert {each["what"].rpartition("/")[2] for each in report.skipped if each["lost"]} == {"b", "c", "g", "the total"}
    found = dict(rows(archive.engine, "select text, flags from versions"))
    assert {"fine", "a\ufffdb", "a path", "a long key", "huge numbers"} <= set(found)
    assert found["a\ufffdb"] == ["replaced_characters"]
    assert unproven(archive.archive) == []
    assert _import(archive, tmp_path / "repo.car").new == 0
