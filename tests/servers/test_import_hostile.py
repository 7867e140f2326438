"""Hostile downloads against a real database: what would do harm is refused whole, what is merely bad is named and passed over."""

from __future__ import annotations

import io
import json
import stat
import tarfile
import tracemalloc
import zipfile
from typing import TYPE_CHECKING

import pytest

from archiver.accounts import find
from archiver.capture.importing import import_download
from archiver.downloads.errors import UnsafeArchiveError
from tests.fixtures.custody import rows, unproven
from tests.fixtures.importing import account_of, counted, files_of, zipped
from tests.fixtures.samples import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from archiver.capture.importing import ImportReport
    from tests.fixtures.archives import ArchiveMaker, TestArchive

_MIB = 1 << 20
_PAGE = "this_profile's_activity_across_facebook/posts/"
_KINDS = {
    "x": (
        "x:RiverbendParks",
        "910000000000000001",
        "x_archive/parks-2024",
        "data/tweets.js",
        "window.YTD.tweets.part0 = ",
    ),
    "facebook": (
        "facebook:RiverbendLibrary",
        "200000000000001",
        "facebook_download/library-page-2024",
        f"{_PAGE}profile_posts_1.json",
        "",
    ),
    "instagram": (
        "instagram:riverbendmuseum",
        "17841400000000001",
        "instagram_download/museum-2024",
        "your_instagram_activity/media/posts_1.json",
        "",
    ),
}


@pytest.fixture
def archive(make_archive: ArchiveMaker) -> TestArchive:
    """An archive with an account of each kind in its register."""
    made = make_archive()
    for name, own, *_ in _KINDS.values():
        account_of(made, name, own)
    return made


def _import(archive: TestArchive, kind: str, path: Path) -> ImportReport:
    return import_download(archive.archive, path, find(archive.engine, _KINDS[kind][0]))


def _files(kind: str) -> dict[str, bytes]:
    return files_of(SAMPLES / _KINDS[kind][2])


def _entry(kind: str, text: str, second: int = 0) -> dict[str, object]:
    """A post of the account in the form of its download."""
    if kind == "x":
        at = f"Fri Mar 08 09:00:{second:02} +0000 2024"
        return {"tweet": {"id_str": str(1_720_000_000_000_000_000 + second), "created_at": at, "full_text": text}}
    if kind == "facebook":
        return {"timestamp": 1_720_000_000 + second, "data": [{"post": text}]}
    return {"media": [], "title": text, "creation_timestamp": 1_720_000_000 + second}


def _link_in_zip(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        member = zipfile.ZipInfo("data/tweets.js")
        member.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(member, "/etc/passwd")
    return path


def _link_in_tar(path: Path, kind: bytes) -> Path:
    with tarfile.open(path, "w") as archive:
        body = b"window.YTD.account.part0 = []"
        member = tarfile.TarInfo("data/account.js")
        member.size = len(body)
        archive.addfile(member, io.BytesIO(body))
        link = tarfile.TarInfo("data/tweets.js")
        link.type, link.linkname = kind, "/etc/passwd"
        archive.addfile(link)
    return path


def _twice(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data/tweets.js", "window.YTD.tweets.part0 = []")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("data/tweets.js", "window.YTD.tweets.part0 = [1]")
    return path


_HARMFUL: dict[str, Callable[[Path], Path]] = {
    "zip bomb": lambda folder: zipped(folder / "a.zip", {"data/tweets.js": bytes(64 * _MIB)}),
    "climbing path": lambda folder: zipped(folder / "a.zip", {"../../data/tweets.js": b"[]"}),
    "absolute path": lambda folder: zipped(folder / "a.zip", {"/etc/cron.d/x": b"[]"}),
    "drive": lambda folder: zipped(folder / "a.zip", {"C:\\data\\tweets.js": b"[]"}),
    "symlink in a zip": lambda folder: _link_in_zip(folder / "a.zip"),
    "symlink in a tar": lambda folder: _link_in_tar(folder / "a.tar", tarfile.SYMTYPE),
    "hard link in a tar": lambda folder: _link_in_tar(folder / "a.tar", tarfile.LNKTYPE),
    "device in a tar": lambda folder: _link_in_tar(folder / "a.tar", tarfile.CHRTYPE),
    "duplicate member": lambda folder: _twice(folder / "a.zip"),
}


@pytest.mark.parametrize("harm", sorted(_HARMFUL))
def test_what_would_do_harm_is_refused_whole(archive: TestArchive, tmp_path: Path, harm: str) -> None:
    """A bomb, a path that climbs, a link, a device, a name given twice: refused with a reason, and nothing is stored."""
    path = _HARMFUL[harm](tmp_path)
    for kind in _KINDS:
        with pytest.raises(UnsafeArchiveError, match=path.name):
            _import(archive, kind, path)
    assert set(counted(archive).values()) == {0}
    assert rows(archive.engine, "select count(*) from captures") == [(0,)]


@pytest.mark.parametrize("kind", sorted(_KINDS))
def test_one_line_of_200_megabytes(archive: TestArchive, tmp_path: Path, kind: str) -> None:
    """A post of 200 MB on one line is named and passed over, those around it are imported, and memory stays small."""
    *_, sample, name, assigned = _KINDS[kind]
    folder = tmp_path / "download"
    for each, body in files_of(SAMPLES / sample).items():
        (folder / each).parent.mkdir(parents=True, exist_ok=True)
        (folder / each).write_bytes(body)
    before, after = (json.dumps(_entry(kind, f"words {number}", number)) for number in (1, 2))
    huge = json.dumps(_entry(kind, "HUGE", 3)).partition("HUGE")
    with (folder / name).open("wb") as file:
        file.write(f"{assigned}[{before}, {huge[0]}".encode())
        for _ in range(200):
            file.write(b"a" * _MIB)
        file.write(f"{huge[2]}, {after}]".encode())
    tracemalloc.start()
    try:
        report = _import(archive, kind, folder)
        assert tracemalloc.get_traced_memory()[1] < 160 * _MIB
    finally:
        tracemalloc.stop()
    named = [each["what"] for each in report.skipped if "larger than" in each["reason"]]
    assert named == [f"{name}/1"]
    texts = {text for (text,) in rows(archive.engine, "select text from versions where text like 'words %'")}
    assert texts == {"words 1", "words 2"}
    assert not report.complete
    assert unproven(archive.archive) == []


@pytest.mark.parametrize("kind", sorted(_KINDS))
def test_texts_that_no_database_holds(archive: TestArchive, tmp_path: Path, kind: str) -> None:
    """NUL, lone surrogates, bytes that are no UTF-8 and numbers beyond reason are stored as far as they can be, and flagged."""
    *_, name, assigned = _KINDS[kind]
    files = _files(kind)
    entries = [
        json.dumps(_entry(kind, "MARK", number)).encode().replace(b"MARK", text)
        for number, text in enumerate([b"a\\u0000b", b"a\\ud83db", b"a\xe9b", b"a\x00b", b"a\xed\xa0\x80b", b"fine"], 1)
    ]
    files[name] = assigned.encode() + b"[" + b", ".join([*entries, b"1" * 5000, b"[" * 3000 + b"]" * 3000]) + b"]"
    report = _import(archive, kind, zipped(tmp_path / "a.zip", files))
    found = rows(
        archive.engine,
        "select v.text, v.flags from versions v join exchanges e on e.id = v.exchange_id "
        "where v.text like 'a%b' or v.text = 'fine' order by v.id",
    )
    assert sorted(text for text, _ in found) == sorted(["a\ufffdb"] * 4 + ["a\ufffd\ufffd\ufffdb", "fine"])
    assert all(("replaced_characters" in flags) == (text != "fine") for text, flags in found)
    reasons = " ".join(each["reason"] for each in report.skipped)
    assert "no UTF-8" in reasons
    assert "nested too deeply" in reasons
    assert not report.complete
    assert unproven(archive.archive) == []
    assert _import(archive, kind, tmp_path / "a.zip").new == 0


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "latin-1"])
@pytest.mark.parametrize("kind", sorted(_KINDS))
def test_a_file_in_another_encoding_is_named(archive: TestArchive, tmp_path: Path, kind: str, encoding: str) -> None:
    """A data file that is no UTF-8 as a whole is named; the rest of the download is imported."""
    *_, name, assigned = _KINDS[kind]
    files = _files(kind)
    whole = len(files)
    files[name] = f"{assigned}[{json.dumps(_entry(kind, 'señora', 1), ensure_ascii=False)}]".encode(encoding)
    report = _import(archive, kind, zipped(tmp_path / "a.zip", files))
    assert any(each["what"].startswith(name) and each["lost"] for each in report.skipped)
    assert len(files) == whole
    assert report.items > 3
    assert not report.complete


def test_names_that_differ_by_case_only_are_told_apart(archive: TestArchive, tmp_path: Path) -> None:
    """Two pictures whose names differ by the case of a letter are each the picture of their own post."""
    files = _files("facebook")
    folder = f"{_PAGE}media/photos_1/"
    posts = [
        {
            "timestamp": 1_720_000_000 + number,
            "data": [{"post": f"picture {name}"}],
            "attachments": [{"data": [{"media": {"uri": folder + name, "creation_timestamp": 1_720_000_000}}]}],
        }
        for number, name in enumerate(["Park.png", "park.png", "PARK.PNG"])
    ]
    files[f"{_PAGE}profile_posts_1.json"] = json.dumps(posts).encode()
    files |= {folder + name: name.encode() for name in ("Park.png", "park.png", "PARK.PNG")}
    _import(archive, "facebook", zipped(tmp_path / "a.zip", files))
    found = rows(
        archive.engine,
        "select v.text, m.sha256 from versions v join version_media a on a.version_id = v.id "
        "join media m on m.id = a.medium_id where v.text like 'picture %'",
    )
    assert len(found) == 3
    for text, digest in found:
        with archive.archive.blobs.open(archive.archive.blobs.key(digest)) as blob:
            assert f"picture {blob.read().decode()}" == text


@pytest.mark.parametrize("kind", sorted(_KINDS))
def test_names_that_no_database_holds(archive: TestArchive, tmp_path: Path, kind: str) -> None:
    """Names of files, conversations and people with NUL, lone surrogates or no end are stored as far as they can be."""
    *_, name, assigned = _KINDS[kind]
    files = _files(kind)
    bad = "\\ud83d\\u0000" + "x" * 5000
    entry = json.dumps(_entry(kind, "words", 1))
    media = {
        "x": '"extended_entities": {"media": [{"id_str": "BAD", "type": "photo", "media_url_https": "https://p.example/BAD.png"}]}',
        "facebook": '"attachments": [{"data": [{"media": {"uri": "BAD.png", "description": "BAD"}}]}]',
        "instagram": '"media": [{"uri": "BAD.png", "title": "BAD"}]',
    }[kind].replace("BAD", bad)
    entry = entry.replace('"media": [], ', "")
    inner = "}}" if kind == "x" else "}"
    files[name] = (assigned + "[" + entry.removesuffix(inner) + ", " + media + inner + "]").encode()
    if kind == "facebook":
        talk = "this_profile's_activity_across_facebook/messages/inbox/t\ud83dk/message_1.json"
        message = {"sender_name": "A\ud83d\x00", "timestamp_ms": 1_720_000_000_000, "content": "hello"}
        files[talk.encode("utf-8", "replace").decode()] = json.dumps({"messages": [message]}).encode()
    report = _import(archive, kind, zipped(tmp_path / "a.zip", files))
    assert rows(archive.engine, "select count(*) from versions where text = 'words'") == [(1,)]
    assert any("not in the download" in each["reason"] for each in report.skipped)
    assert rows(archive.engine, "select outcome from captures") == [("partial",)]
    assert _import(archive, kind, tmp_path / "a.zip").new == 0
    assert unproven(archive.archive) == []
