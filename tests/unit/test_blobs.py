"""The store of blobs: addressed by digest, read back before it counts, on the disk before it is relied on."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from archiver.blobs import BlobDamaged, BlobStore

if TYPE_CHECKING:
    from collections.abc import Callable

DATA = b"a picture" * 1000
DIGEST = hashlib.sha256(DATA).digest()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file to store."""
    path = tmp_path / "source"
    path.write_bytes(DATA)
    return path


@pytest.mark.parametrize("url", ["{folder}", "file://{folder}", "memory://blobs-{name}"])
def test_what_is_stored_comes_back(source: Path, tmp_path: Path, url: str) -> None:
    """A folder, a file address and an object store's stand-in all keep a blob under its digest."""
    store = BlobStore(url.format(folder=tmp_path / "store", name=tmp_path.name))
    key = store.put_file(source, DIGEST)
    assert store.exists(key)
    assert store.digest(key) == DIGEST
    with store.open(key) as file:
        assert file.read() == DATA


def test_what_reads_back_as_something_else_is_an_error(source: Path, tmp_path: Path) -> None:
    """A file that is not what its digest says is named with both digests."""
    with pytest.raises(BlobDamaged, match=hashlib.sha256(b"").hexdigest()):
        BlobStore(str(tmp_path / "store")).put_file(source, hashlib.sha256(b"").digest())


def test_a_blob_is_on_the_disk_under_its_name_before_it_counts(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bytes are synced before they get their name, and the name's folder afterwards."""
    synced: list[Path] = []
    sync: Callable[[int], None] = os.fsync

    def noticed(handle: int) -> None:
        synced.append(Path(f"/proc/self/fd/{handle}").readlink())
        sync(handle)

    monkeypatch.setattr(os, "fsync", noticed)
    store = BlobStore(str(tmp_path / "store"))
    place = tmp_path / "store" / store.put_file(source, DIGEST)
    assert [synced[0].parent, synced[1]] == [place.parent, place.parent]
    assert synced[0].suffix == ".part"
