"""Pages of a WARC are stored many at once: what breaks off or cannot be stored takes nothing else with it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from archiver.accounts import find
from archiver.blobs import BlobStore
from archiver.capture.evidence_file import MEDIUM
from archiver.capture.importing import import_download
from tests.fixtures.custody import contents, differences, rows, unproven
from tests.fixtures.importing import account_of, counted
from tests.fixtures.warcs import packed, page, response

if TYPE_CHECKING:
    from pathlib import Path

    from archiver.capture.importing import ImportReport
    from tests.fixtures.archives import ArchiveMaker, TestArchive

_NAME = "facebook:RiverbendLibrary"
_PAGES = 450
_BODIES = [page(f"Page {number:03}", "words") for number in range(_PAGES)]


class Stopped(Exception):
    """The power went."""


@pytest.fixture
def warc(tmp_path: Path) -> Path:
    """A WARC of more pages than one transaction stores."""
    path = tmp_path / "a.warc.gz"
    path.write_bytes(packed([response(f"https://city.example/{n}", body) for n, body in enumerate(_BODIES)]))
    return path


def _import(archive: TestArchive, path: Path, stop_after: int = 1000) -> ImportReport:
    left = [stop_after]

    def progress(_name: str, _items: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Stopped

    return import_download(archive.archive, path, find(archive.engine, _NAME), progress=progress)


def _made(make: ArchiveMaker) -> TestArchive:
    archive = make()
    account_of(archive, _NAME)
    return archive


def _kept(archive: TestArchive) -> int:
    return int(rows(archive.engine, "select count(*) from media where state = 'kept'")[0][0])


def test_many_payloads_are_stored_in_few_transactions(make_archive: ArchiveMaker, warc: Path) -> None:
    """Each payload is in the store under its digest, and remembered with some hundreds of others."""
    archive = _made(make_archive)
    report = _import(archive, warc)
    assert (report.items, report.new, report.media, _kept(archive)) == (_PAGES, _PAGES, _PAGES, _PAGES)
    assert all(archive.archive.blobs.exists(BlobStore.key(hashlib.sha256(body).digest())) for body in _BODIES)
    assert rows(archive.engine, "select count(distinct cast(xmin as text)) from media") == [(3,)]
    assert list(archive.archive.spool.glob(f"*{MEDIUM}")) == []
    assert unproven(archive.archive) == []
    before = counted(archive)
    assert _import(archive, warc).new == 0
    assert counted(archive) == before


def test_what_came_before_a_break_stays(make_archive: ArchiveMaker, warc: Path) -> None:
    """However far an import came, what it had stored is there with its payloads, and the next one ends as a single one does."""
    whole, broken = _made(make_archive), _made(make_archive)
    _import(whole, warc)
    for stop in (0, 1):
        with pytest.raises(Stopped):
            _import(broken, warc, stop)
        assert _kept(broken) == 200 * (stop + 1)
        assert rows(broken.engine, "select count(*) from items") == [(200 * (stop + 1),)]
    _import(broken, warc)
    assert differences(contents(broken.engine), contents(whole.engine)) == []
    assert unproven(broken.archive) == []


def test_a_payload_that_cannot_be_stored_takes_no_other_with_it(make_archive: ArchiveMaker, warc: Path) -> None:
    """Those that wait with it are stored and remembered, nothing is left on the spool, and once it can be stored the next import
    brings it.
    """
    archive = _made(make_archive)
    folders = [hashlib.sha256(body).hexdigest()[:2] for body in _BODIES]
    alone = next(n for n, folder in enumerate(folders) if n >= 20 and folders.count(folder) == 1)
    obstacle = archive.archive.spool.parent / "blobs" / "sha256" / folders[alone]
    obstacle.parent.mkdir(parents=True, exist_ok=True)
    obstacle.write_text("no folder")
    with pytest.raises(OSError, match=folders[alone]):
        _import(archive, warc)
    stored = 200 * (alone // 200 + 1) - 1
    assert _kept(archive) == stored
    assert list(archive.archive.spool.glob(f"*{MEDIUM}")) == []
    obstacle.unlink()
    assert _import(archive, warc).complete
    assert _kept(archive) == _PAGES
    assert unproven(archive.archive) == []
