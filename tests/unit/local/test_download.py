"""The distribution is checked, and unpacked without trust."""

from __future__ import annotations

import stat
import zipfile
from typing import TYPE_CHECKING

import pytest

from archiver.local import download
from archiver.local.errors import DownloadError

if TYPE_CHECKING:
    from pathlib import Path


def make_zip(path: Path, members: dict[str, bytes], modes: dict[str, int] | None = None) -> Path:
    """Make a zip with these members, with Unix modes where given."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, data in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (modes or {}).get(name, 0o100644) << 16
            zipped.writestr(info, data)
    return path


def test_unpack_strips_the_top_folder_and_keeps_programs(tmp_path: Path) -> None:
    """Files stand directly in the target, programs can be run, and nobody but the owner may change any."""
    archive = make_zip(
        tmp_path / "a.zip",
        {"top/bin/run": b"#!", "top/lib/x.jar": b"jar"},
        {"top/bin/run": 0o100777, "top/lib/x.jar": 0o100666},
    )
    download.unpack(archive, tmp_path / "out")
    assert (tmp_path / "out" / "lib" / "x.jar").read_bytes() == b"jar"
    assert stat.S_IMODE((tmp_path / "out" / "bin" / "run").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "out" / "lib" / "x.jar").stat().st_mode) == 0o644


@pytest.mark.parametrize("name", ["top/../../evil", "/etc/evil", "top\\..\\evil", "C:/evil"])
def test_paths_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    """A member whose path leads out of the folder is refused, and nothing is left behind."""
    archive = make_zip(tmp_path / "a.zip", {"top/fine": b"", name: b"evil"})
    with pytest.raises(DownloadError, match="leads out of it"):
        download.unpack(archive, tmp_path / "out")
    assert [one.name for one in tmp_path.iterdir()] == ["a.zip"]


def test_links_are_refused(tmp_path: Path) -> None:
    """A symbolic link in a zip is refused."""
    archive = make_zip(tmp_path / "a.zip", {"top/link": b"/etc/passwd"}, {"top/link": stat.S_IFLNK | 0o777})
    with pytest.raises(DownloadError, match="leads out of it"):
        download.unpack(archive, tmp_path / "out")


def test_bombs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A zip that unpacks to more than the limit is refused before anything is written."""
    monkeypatch.setattr(download, "UNPACKED_LIMIT", 1000)
    archive = make_zip(tmp_path / "a.zip", {"top/zeros": bytes(1001)})
    with pytest.raises(DownloadError, match="unpacks to more than 1000 bytes"):
        download.unpack(archive, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_torn_zip_is_refused(tmp_path: Path) -> None:
    """A damaged zip is refused with its path, and no half-unpacked folder stands in the target's place."""
    archive = make_zip(tmp_path / "a.zip", {"top/x": b"x" * 1000})
    archive.write_bytes(archive.read_bytes()[:-30])
    with pytest.raises(DownloadError, match=r"a\.zip cannot be unpacked"):
        download.unpack(archive, tmp_path / "out")
    assert [one.name for one in tmp_path.iterdir()] == ["a.zip"]


def test_a_cached_file_that_is_not_the_published_one_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file in the cache with other bytes is fetched anew; without a network the error says what can be done."""
    kept = tmp_path / f"elasticsearch-{download.VERSION}.zip"
    kept.write_bytes(b"not it")
    monkeypatch.setenv(download.CACHE_VARIABLE, str(tmp_path))
    # A proxy on which nobody listens stands for a machine without a network.
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    said: list[str] = []
    with pytest.raises(DownloadError, match=r"could not be fetched(?s:.*)put the zip of .*ELASTICSEARCH_URL"):
        download.fetch_elasticsearch(said.append)
    assert len(said) == 1
    assert [one.name for one in tmp_path.iterdir()] == [kept.name]
