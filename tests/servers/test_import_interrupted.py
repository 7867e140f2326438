"""Imports that break off, and imports beside captures: nothing is doubled, nothing half done."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from archiver.accounts import find
from archiver.capture.importing import import_download
from archiver.platforms.items import Item, ItemKind, Party, Source, StreamKind
from tests.fixtures.custody import contents, differences, rows, unproven
from tests.fixtures.importing import account_of, captured, sources
from tests.fixtures.samples import SAMPLES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.archives import ArchiveMaker, TestArchive

_X = SAMPLES / "x_archive" / "parks-2024"
_PAGE = SAMPLES / "facebook_download" / "library-page-2024"
_OWN = "200000000000001"
_WORDS = "Story hour at the Riverbend Library: señora Núñez reads 📚 every Tuesday."


class Stopped(Exception):
    """The power went."""


def _import(archive: TestArchive, path: Path, name: str, stop_after: int = 1000) -> None:
    left = [stop_after]

    def progress(_name: str, _items: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Stopped

    import_download(archive.archive, path, find(archive.engine, name), progress=progress)


@pytest.mark.parametrize(
    ("path", "name", "own"),
    [(_X, "x:RiverbendParks", "910000000000000001"), (_PAGE, "facebook:RiverbendLibrary", _OWN)],
    ids=["x", "facebook"],
)
def test_an_import_that_breaks_off_is_finished_by_the_next(
    make_archive: ArchiveMaker, path: Path, name: str, own: str
) -> None:
    """However far an import came, the next one ends with what a single one brings, and says of the first that it broke off."""
    whole = make_archive()
    account_of(whole, name, own)
    _import(whole, path, name)
    broken = make_archive()
    account_of(broken, name, own)
    for stop in range(0, 8, 2):
        with pytest.raises(Stopped):
            _import(broken, path, name, stop)
    _import(broken, path, name)
    assert differences(contents(broken.engine), contents(whole.engine)) == []
    assert unproven(broken.archive) == []
    outcomes = [outcome for (outcome,) in rows(broken.engine, "select outcome from captures order by id")]
    assert outcomes == ["partial"] * 5


def test_an_import_and_a_capture_at_once_meet_in_one_item(make_archive: ArchiveMaker) -> None:
    """Whichever of the two stores a post first, while both are at work, it is one item with a version of either source."""
    archive = make_archive()
    account_of(archive, "facebook:RiverbendLibrary", _OWN)
    account = find(archive.engine, "facebook:RiverbendLibrary")
    shown = Item(
        kind=ItemKind.POST,
        id="200000000000001_1",
        source=Source.API,
        author=Party(_OWN),
        text=_WORDS,
        created_at=datetime(2024, 3, 5, 14, 0, tzinfo=UTC),
        order_key="1",
        exchange=0,
    )
    problems: list[BaseException] = []
    start = threading.Barrier(2)

    def run(what: str) -> None:
        try:
            start.wait(timeout=30)
            if what == "import":
                _import(archive, _PAGE, "facebook:RiverbendLibrary")
            else:
                captured(archive, account, StreamKind.POSTS, [shown])
        except BaseException as error:  # noqa: BLE001 - told in the test's own thread
            problems.append(error)

    threads = [threading.Thread(target=run, args=(what,)) for what in ("import", "capture")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert problems == []
    assert sorted(source for source, _, _ in sources(archive, shown.id)) == ["api", "import"]
    assert rows(archive.engine, "select count(*) from items where kind = 'post'") == [(8,)]
    assert unproven(archive.archive) == []
