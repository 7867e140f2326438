"""Archives as trees: what is read, and what is refused before anything is."""

from __future__ import annotations

import io
import os
import pickle
import stat
import tarfile
import tracemalloc
import zipfile
from typing import TYPE_CHECKING

import pytest

from archiver.downloads.errors import DamagedArchiveError, FileTooLargeError, UnsafeArchiveError
from archiver.downloads.unpack import Limits, open_tree

if TYPE_CHECKING:
    from pathlib import Path

_FILES = {"a.txt": b"one", "deep/er/b.js": b"two" * 1000, "é.txt": b""}
_MIB = 1 << 20


def _zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return path


def _tar(path: Path, files: dict[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, body in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
    return path


def _folder(path: Path, files: dict[str, bytes]) -> Path:
    for name, body in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(body)
    return path


@pytest.mark.parametrize("form", ["folder", "zip", "w", "w:gz", "w:bz2", "w:xz"])
def test_every_form_gives_the_same_tree(tmp_path: Path, form: str) -> None:
    """A folder, a zip and every kind of tar show the same names, sizes and bytes, in any order of reading."""
    path = tmp_path / "archive"
    junk = {**_FILES, "__MACOSX/a.txt": b"x", "deep/.DS_Store": b"x"}
    {"folder": _folder, "zip": _zip}.get(form, lambda path, files: _tar(path, files, form))(path, junk)
    with open_tree(path) as tree:
        assert tree.names() == sorted(_FILES)
        assert {name: tree.read(name) for name in reversed(tree.names())} == _FILES
        assert tree.size("deep/er/b.js") == 3000
        below = tree.below("deep/")
        assert below.names() == ["er/b.js"]
        assert below.has("er/b.js")
        assert not below.has("a.txt")
        with pytest.raises(DamagedArchiveError, match=r"archive: no\.txt is missing"):
            tree.read("no.txt")


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/x", "C:\\x", "..\\x", "\\\\host\\x", "a/" * 600 + "x"])
def test_paths_that_climb_are_refused(tmp_path: Path, name: str) -> None:
    """A path that leaves the archive, by either kind of slash, is refused in zips and tars, and nothing is read."""
    for make in (_zip, _tar):
        with pytest.raises(UnsafeArchiveError) as caught:
            open_tree(make(tmp_path / "evil", {"good.txt": b"x", name: b"x"}))
        assert str(caught.value).startswith("evil: ")
        assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301 - our own bytes


def test_attachments_named_as_on_their_server_are_read(tmp_path: Path) -> None:
    """A Mastodon's tar names attachments from its server's root on: they are read without the slash, and nothing else is."""
    own = "opt/mastodon/public/system/media_attachments/files/000/000/001/original/a.png"
    with open_tree(_tar(tmp_path / "a.tar", {f"/{own}": b"picture", "outbox.json": b"{}"})) as tree:
        assert tree.read(own) == b"picture"
    for name in ("/etc/passwd", "/media_attachments/files/../../../etc/passwd", "/media_attachments/x"):
        with pytest.raises(UnsafeArchiveError):
            open_tree(_tar(tmp_path / "b.tar", {name: b"x"}))
    with pytest.raises(UnsafeArchiveError, match="there twice"):
        open_tree(_tar(tmp_path / "c.tar", {own: b"one", f"/{own}": b"two"}))


def test_links_are_refused(tmp_path: Path) -> None:
    """Links are refused in folders, zips and tars, as are devices."""
    folder = _folder(tmp_path / "folder", {"a.txt": b"x"})
    (folder / "link").symlink_to("/etc/passwd")
    with pytest.raises(UnsafeArchiveError, match="link"):
        open_tree(folder)
    (folder / "link").unlink()
    (folder / "dir").symlink_to("/etc")
    with pytest.raises(UnsafeArchiveError, match="dir"):
        open_tree(folder)
    zipped = tmp_path / "link.zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        member = zipfile.ZipInfo("link")
        member.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(member, "/etc/passwd")
    with pytest.raises(UnsafeArchiveError, match="link"):
        open_tree(zipped)
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
        tarred = tmp_path / "link.tar"
        with tarfile.open(tarred, "w") as tar:
            info = tarfile.TarInfo("link")
            info.type, info.linkname = kind, "/etc/passwd"
            tar.addfile(info)
        with pytest.raises(UnsafeArchiveError, match="link"):
            open_tree(tarred)


def test_a_file_that_becomes_a_link_is_not_followed(tmp_path: Path) -> None:
    """A file that is exchanged for a link after it was listed cannot be read."""
    folder = _folder(tmp_path / "folder", {"a.txt": b"x"})
    with open_tree(folder) as tree:
        (folder / "a.txt").unlink()
        (folder / "a.txt").symlink_to("/etc/passwd")
        with pytest.raises(DamagedArchiveError):
            tree.read("a.txt")


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    """A member that unpacks to a thousand times its size is refused by what it declares, before it is unpacked."""
    with pytest.raises(UnsafeArchiveError, match="bomb"):
        open_tree(_zip(tmp_path / "bomb.zip", {"zeros": bytes(64 * _MIB)}))


@pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz"])
def test_a_tar_bomb_is_refused_while_it_unpacks(tmp_path: Path, mode: str) -> None:
    """A compressed tar is given up as soon as it has unpacked to more than its size allows."""
    with pytest.raises(UnsafeArchiveError, match="bomb"):
        open_tree(_tar(tmp_path / "bomb", {"zeros": bytes(64 * _MIB)}, mode))


def test_numbers_and_totals_are_bounded(tmp_path: Path) -> None:
    """Too many files, and too many bytes in all, are refused; a name given twice is, too."""
    path = _zip(tmp_path / "many.zip", {str(number): b"12345" for number in range(20)})
    with pytest.raises(UnsafeArchiveError, match="more than 19 files"):
        open_tree(path, Limits(files=19))
    with pytest.raises(UnsafeArchiveError, match="more than 99 bytes"):
        open_tree(path, Limits(total=99))
    open_tree(path, Limits(files=20, total=100)).close()
    with pytest.raises(UnsafeArchiveError, match="twice"):
        open_tree(_tar(tmp_path / "twice.tar", {"a": b"1", "./a": b"2"}))


def test_one_huge_line_does_not_fill_the_memory(tmp_path: Path) -> None:
    """Reading a file of one line of 200 MB stops at the limit, with no more than that in memory."""
    path = tmp_path / "folder"
    path.mkdir()
    with (path / "line.js").open("wb") as file:
        file.truncate(200 * _MIB)
    tracemalloc.start()
    try:
        with open_tree(path) as tree, pytest.raises(FileTooLargeError, match=r"line\.js is larger than"):
            tree.read("line.js", 4 * _MIB)
        assert tracemalloc.get_traced_memory()[1] < 16 * _MIB
    finally:
        tracemalloc.stop()


def test_damage_names_the_archive_and_the_file(tmp_path: Path) -> None:
    """A damaged member, an encrypted or cut archive and what is no archive are told apart from a fault of ours."""
    path = _zip(tmp_path / "bad.zip", {"a.txt": os.urandom(4096)})
    body = bytearray(path.read_bytes())
    body[1000] ^= 0xFF
    path.write_bytes(body)
    with open_tree(path) as tree, pytest.raises(DamagedArchiveError, match=r"bad\.zip: a\.txt cannot be read"):
        tree.read("a.txt")
    body[6] |= 1
    body[body.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(body)
    with open_tree(path) as tree, pytest.raises(DamagedArchiveError, match="password"):
        tree.read("a.txt")
    (tmp_path / "text.txt").write_text("hello")
    (tmp_path / "empty").touch()
    cut = _tar(tmp_path / "cut.tgz", {"a": os.urandom(100_000)}, "w:gz")
    cut.write_bytes(cut.read_bytes()[:5000])
    for name in ("text.txt", "empty", "cut.tgz", "nothing.zip"):
        with pytest.raises(DamagedArchiveError, match=name):
            open_tree(tmp_path / name)
