"""Recorded answers of an API, imported into a real database: what in them cannot be read, and what was so at which time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from archiver.accounts import find
from archiver.capture.importing import import_download
from archiver.platforms.youtube_manners import API_URL
from tests.fixtures.custody import rows, unproven
from tests.fixtures.importing import account_of, counted
from tests.fixtures.warcs import response

if TYPE_CHECKING:
    from pathlib import Path

    from archiver.capture.importing import ImportReport
    from tests.fixtures.archives import ArchiveMaker, TestArchive

_NAME = "youtube:riverbendparks"
_ASKED = "part=snippet%2Creplies&textFormat=plainText&maxResults=100&videoId=poolOpen001&order=time"


@pytest.fixture
def archive(make_archive: ArchiveMaker) -> TestArchive:
    """An archive with the channel in its register."""
    made = make_archive()
    account_of(made, _NAME, "UCriverbendparks00000000")
    return made


def _import(archive: TestArchive, path: Path) -> ImportReport:
    return import_download(archive.archive, path, find(archive.engine, _NAME))


def _threads(path: Path, *entries: Any, date: str, status: str | None = None) -> Path:
    """A WARC of one listing of the comments below a video, by a state of moderation."""
    url = f"{API_URL}/youtube/v3/commentThreads?{_ASKED}" + (f"&moderationStatus={status}" if status else "")
    path.write_bytes(response(url, json.dumps({"items": entries}).encode(), "application/json", date=date))
    return path


def _comment(**more: str) -> dict[str, Any]:
    said = {"textOriginal": "Hello", "publishedAt": "2026-03-02T17:33:30Z", **more}
    return {"id": "UgA", "snippet": {"topLevelComment": {"id": "UgA", "snippet": said}}}


def test_what_a_connector_cannot_read_in_an_answer_is_named(archive: TestArchive, tmp_path: Path) -> None:
    """An entry of an answer that is broken is lost by name, and its neighbour is not; the answer is kept for it, once."""
    path = _threads(tmp_path / "a.warc", 7, _comment(), date="2026-03-03T09:00:00Z")
    lost = ["entry 0 of the comments below poolOpen001"]
    assert [each["what"] for each in _import(archive, path).skipped if each["lost"]] == lost
    assert rows(archive.engine, "select platform_id from items") == [("UgA",)]
    before = counted(archive)
    assert [each["what"] for each in _import(archive, path).skipped if each["lost"]] == lost
    assert counted(archive) == before
    assert unproven(archive.archive) == []


@pytest.mark.parametrize("newest_first", [False, True])
def test_the_later_word_counts(archive: TestArchive, tmp_path: Path, newest_first: bool) -> None:  # noqa: FBT001
    """A comment that was published, then held, is held, whichever record is imported first, and however often."""
    paths = [
        _threads(tmp_path / "a.warc", _comment(moderationStatus="published"), date="2026-03-03T09:00:00Z"),
        _threads(
            tmp_path / "b.warc",
            _comment(moderationStatus="heldForReview"),
            date="2026-03-04T09:00:00Z",
            status="heldForReview",
        ),
    ]
    for path in (*(paths[::-1] if newest_first else paths), *paths):
        _import(archive, path)
    assert rows(archive.engine, "select state from items") == [("hidden",)]
    assert rows(archive.engine, "select state from states") == [("hidden",)]
    assert rows(archive.engine, "select action from moderation") == [("held_for_review",)]
    assert unproven(archive.archive) == []


def test_what_was_counted_then_is_not_observed_now(archive: TestArchive, tmp_path: Path) -> None:
    """Likes that an answer tells were so when it was recorded: no observation of today's."""
    likes: dict[str, Any] = {"likeCount": 7}
    _import(archive, _threads(tmp_path / "a.warc", _comment(**likes), date="2026-03-03T09:00:00Z"))
    assert rows(archive.engine, "select count(*) from versions") == [(1,)]
    assert rows(archive.engine, "select count(*) from observations") == [(0,)]
