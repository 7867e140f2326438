"""The Instagram download, imported into a real database, and made one with what the API shows."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from archiver.accounts import RegisterError, find
from archiver.capture.importing import import_download
from archiver.platforms.items import Item, ItemKind, Party, Source, StreamKind
from tests.fixtures.custody import rows, unproven
from tests.fixtures.importing import account_of, captured, counted, files_of, sources
from tests.fixtures.samples import SAMPLES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.archives import ArchiveMaker, TestArchive

_OLD = SAMPLES / "instagram_download" / "museum-2022"
_PRESENT = SAMPLES / "instagram_download" / "museum-2024"
_OWN, _NAME = "17841400000000001", "instagram:riverbendmuseum"
_AT = datetime(2024, 3, 5, 14, 0, tzinfo=UTC)


@pytest.fixture
def archive(make_archive: ArchiveMaker) -> TestArchive:
    """An archive with the account in its register."""
    made = make_archive()
    account_of(made, _NAME, _OWN)
    return made


def _import(archive: TestArchive, path: Path = _PRESENT) -> dict[str, object]:
    return import_download(archive.archive, path, find(archive.engine, _NAME)).as_dict()


def _post(own: str, caption: str, at: datetime, author: str = _OWN) -> Item:
    return Item(
        kind=ItemKind.POST,
        id=own,
        source=Source.API,
        author=Party(author),
        text=caption,
        created_at=at,
        order_key=own,
        exchange=0,
    )


@pytest.mark.parametrize(("sample", "comments"), [(_OLD, 1), (_PRESENT, 2)], ids=["2022 layout", "2024 layout"])
def test_a_download_is_imported_and_a_second_time_changes_nothing(
    archive: TestArchive, sample: Path, comments: int
) -> None:
    """Posts, reels, stories, comments and messages are held with their pictures; nothing changes the second time."""
    first = _import(archive, sample)
    kinds = dict(rows(archive.engine, "select kind, count(*) from items group by kind"))
    assert kinds == {"post": 6, "story": 1, "comment": comments, "message": 2, "profile": 1}
    states = dict(rows(archive.engine, "select state, count(*) from items group by state"))
    assert (states["hidden"], states["gone_confirmed"]) == (1, 1)
    before = counted(archive)
    second = _import(archive, sample)
    assert (second["new"], second["unchanged"]) == (0, first["items"])
    assert {**counted(archive), "warc_records": 0} == {**before, "warc_records": 0}
    digests = {hashlib.sha256(body).digest() for name, body in files_of(sample).items() if not name.endswith(".json")}
    assert {digest for (digest,) in rows(archive.engine, "select sha256 from media where state = 'kept'")} == digests
    assert "museum@riverbend.example" not in str(rows(archive.engine, "select fields::text from versions"))
    assert unproven(archive.archive) == []


def test_captions_are_read_from_either_place(archive: TestArchive) -> None:
    """A single picture's own title is the caption, an album's is the outer one, and both are repaired."""
    _import(archive)
    texts = {text for (text,) in rows(archive.engine, "select text from versions v join items i on i.id = v.item_id "
                                      "where i.kind = 'post' and text is not null")}  # fmt: skip
    assert {"New hall: the river in 1900 — entrada libre ☕", "Two pictures of the mill"} <= texts
    assert "The mill" not in texts


def test_before_and_after_the_api_a_post_is_one_item(archive: TestArchive) -> None:
    """What the API showed before the import, and what it shows after, are the imported items."""
    before = _post("1790001", "Two pictures of the mill", _AT + timedelta(seconds=62))
    after = _post("1790002", "New hall: the river in 1900 — entrada libre ☕", _AT)
    captured(archive, find(archive.engine, _NAME), StreamKind.POSTS, [before])
    assert _import(archive)["merged"] == 1
    captured(archive, find(archive.engine, _NAME), StreamKind.POSTS, [before, after])
    assert [source for source, _, _ in sources(archive, "1790001")] == ["api", "import"]
    assert [source for source, _, _ in sources(archive, "1790002")] == ["import", "api"]
    assert rows(archive.engine, "select count(*) from items where kind = 'post'") == [(6,)]


def test_two_accounts_that_say_the_same_at_once_are_two(archive: TestArchive) -> None:
    """The same caption in the same second by two accounts of the city stays two items."""
    _import(archive)
    other = account_of(archive, "instagram:riverbendarts", "17841400000000002")
    with pytest.raises(RegisterError, match="never had"):
        import_download(archive.archive, _PRESENT, other)
    shown = _post("1790003", "Two pictures of the mill", _AT + timedelta(seconds=62), "17841400000000002")
    captured(archive, other, StreamKind.POSTS, [shown])
    assert [source for source, _, _ in sources(archive, "1790003")] == ["api"]
    again = import_download(archive.archive, _PRESENT, other, owner_id="17841400000000002")
    assert (again.new, again.merged) == (again.items, 1)
    assert [source for source, _, _ in sources(archive, "1790003")] == ["api", "import"]
    assert rows(archive.engine, "select count(*) from items where kind = 'post'") == [(6 + 6,)]
