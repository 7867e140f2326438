"""The archive's own evidence files, imported into another archive and into the same one: the items say the same things again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from archiver import accounts
from archiver.capture.evidence_file import key_of
from archiver.capture.importing import import_download
from samplecity.city import City
from samplecity.running import serve
from tests.fixtures.custody import rows, unproven
from tests.fixtures.importing import counted
from tests.fixtures.social_nights import social_town
from tests.fixtures.town import town
from tests.servers.test_five_nights import export_all, night_of

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from archiver.capture.importing import ImportReport
    from archiver.platforms.pages import AccountRef
    from tests.fixtures.archives import ArchiveMaker, TestArchive

_SAID = """
    select i.kind, i.namespace, i.platform_id, v.source = 'history', v.content_hash
    from versions v join items i on i.id = v.item_id where v.fields ->> 'recorded_by' is null
"""
_LEFT = """
    select distinct v.url from versions v
    where v.fields ->> 'recorded_by' is not null and cast(v.fields ->> 'status' as integer) < 400
"""
_NIGHTS = (1, 2, 5)
"""By the last, one account has another name, posts and comments were edited, hidden and removed, and old ones were answered."""
_NO_ITEMS = {
    "facebook": r"/blocked\b",
    "flickr": r"method=flickr\.(photos|people)\.getInfo|method=flickr\.photos\.comments\.getList",
    "mastodon": r"/api/v1/blocks\b",
    "tiktok": r"/v2/video/query/",
    "x": r"/2/users/\d+/blocking\b|/2/tweets\?|/2/dm_events/\d+",
    "youtube": r"/youtube/v3/(videos|comments)\?.*\bid=|/youtube/v3/captions\?.*\bvideoId=",
}
"""What stays a page record though it is no error, since it tells of no item: lists of parties (whom the account blocks, at that
time), single items that were asked for by their ids and found to be gone (what was so on a night is no word of theirs), and the
captions of a video that was looked up by itself, whose answer stands before its own.
"""


def _said(archive: TestArchive) -> set[tuple[Any, ...]]:
    """Everything that items of a platform's said, and had said before they were edited, page records left out."""
    return set(rows(archive.engine, _SAID))


def _warcs(archive: TestArchive, account: AccountRef, folder: Path) -> list[Path]:
    """The sealed evidence files of an account, copied out of the store."""
    folder.mkdir(parents=True, exist_ok=True)
    names = rows(archive.engine, "select name from warc_files where account_id = :id order by name", id=account.id)
    for (name,) in names:
        with archive.archive.blobs.open(key_of(name)) as stream:
            (folder / name).write_bytes(stream.read())
    return [folder / name for (name,) in names]


def _moved(first: TestArchive, second: TestArchive, folder: Path, but: Collection[str] = ()) -> list[ImportReport]:
    """Import the evidence (`but` some files of it) of every account of one archive into the same account of another, which knows
    it by what it is now.
    """
    reports = []
    for account in accounts.active(first.engine):
        with second.engine.begin() as connection:
            connection.exec_driver_sql(
                "update accounts set platform_id = %s, namespace = %s, handle = %s where id = %s",
                (account.platform_id, account.namespace, account.handle, account.id),
            )
        files = [path for path in _warcs(first, account, folder / str(account.id)) if path.name not in but]
        if files:
            reports.append(import_download(second.archive, files, accounts.find(second.engine, account.name)))
    return reports


def test_bluesky_is_the_same_again(make_archive: ArchiveMaker, tmp_path: Path) -> None:
    """Posts over several pages, comments and the profile of a captured account come out of its evidence, each once."""
    with town(make_archive, 230, 3) as place:
        assert place.export().complete
        second = make_archive()
        for row in accounts.active(place.archive.engine):
            settings = {name: value for name, value in row.settings.items() if name.endswith("_url")}
            accounts.add(second.engine, row.name, {"department": "Parks"}, settings)
        (report,) = _moved(place.archive, second, tmp_path)
        assert report.complete
        assert (report.items, report.new) == (920, 920)
        assert _said(second) == _said(place.archive)
        assert any("read as answers of its API" in each["reason"] for each in report.skipped)
        assert unproven(second.archive) == []
        before = counted(second)
        (again,) = _moved(place.archive, second, tmp_path)
        assert again.new == 0
        assert counted(second) == before


def test_evidence_beside_its_own_captures_is_merged(make_archive: ArchiveMaker, tmp_path: Path) -> None:
    """Imported into the archive that captured it, evidence makes no item of the API's twice, and displaces nothing."""
    with town(make_archive, 30, 2) as place:
        assert place.export().complete
        archive, said = place.archive, _said(place.archive)
        items = rows(archive.engine, "select platform_id from items order by 1")
        current = rows(archive.engine, "select id, current_version_id from items order by 1")
        account = accounts.active(archive.engine)[0]
        import_download(archive.archive, _warcs(archive, account, tmp_path / "own"), account)
        known = {identity for (identity,) in items}
        more = {identity for (identity,) in rows(archive.engine, "select platform_id from items")} - known
        assert all(identity.startswith("recorded:") for identity in more)
        assert _said(archive) == said
        after = rows(
            archive.engine, "select id, current_version_id from items where not starts_with(platform_id, 'recorded:')"
        )
        assert sorted(after) == current
        assert unproven(archive.archive) == []


@pytest.mark.parametrize(
    "platform", ["facebook", "flickr", "instagram", "linkedin", "mastodon", "threads", "tiktok", "x", "youtube"]
)
def test_every_platform_is_the_same_again(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: str
) -> None:
    """What nights captured of a platform's accounts comes out of their evidence, all of it and nothing else, each once."""
    with social_town(make_archive, monkeypatch, platform, faulty=False) as place:
        for night in _NIGHTS if platform != "x" else _NIGHTS[::2]:  # X lets itself be searched once a second
            place.night(night)
        second = make_archive()
        second.register(row for row in place.city.register_rows(place.running.url) if row["platform"] == platform)
        reports = _moved(place.archive, second, tmp_path)
        assert all(report.complete for report in reports)
        assert _said(second) == _said(place.archive)
        left = [url for (url,) in rows(second.engine, _LEFT)]
        assert [url for url in left if not re.search(_NO_ITEMS.get(platform, "$^"), url)] == []
        assert unproven(second.archive) == []
        everything = str(rows(second.engine, "select url from exchanges")) + str(
            rows(second.engine, "select fields from versions")
        )
        assert not any(token in everything for token in place.running.tokens().values())
        before = counted(second)
        assert [report.new for report in _moved(place.archive, second, tmp_path)] == [0] * len(reports)
        assert counted(second) == before


def test_bluesky_and_feeds_are_the_same_again(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As on the other platforms: accounts with their messages, gates and lookups, and feeds."""
    city = City.build(nights=5)
    with serve(city, faulty=False) as running:
        for name, value in running.tokens().items():
            monkeypatch.setenv(name, value)
        archive = make_archive(allowed_origins=running.url)
        archive.register(city.register_rows(running.url))
        for night in _NIGHTS:
            running.at(night)
            archive.clock.set(night_of(city, night))
            export_all(archive)
        second = make_archive()
        second.register(city.register_rows(running.url))
        assert all(report.complete for report in _moved(archive, second, tmp_path))
        assert _said(second) == _said(archive)
        assert unproven(second.archive) == []


def test_a_night_alone_gives_nothing_that_was_not_said(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Of one night's evidence, without the nights before, comes what it holds; where that does not tell what it is below (answers
    to a comment that another night showed), it stays as recorded, and nothing is made up.
    """
    with social_town(make_archive, monkeypatch, "linkedin", faulty=False) as place:
        place.night(1)
        old = {name for (name,) in rows(place.archive.engine, "select name from warc_files")}
        place.night(2)
        second = make_archive()
        second.register(row for row in place.city.register_rows(place.running.url) if row["platform"] == "linkedin")
        _moved(place.archive, second, tmp_path, but=old)
        said, found = _said(place.archive), _said(second)
        assert found
        assert found < said
        later = set(rows(place.archive.engine, _SAID.replace(" where ", _FROM_LATER), names=list(old)))
        assert {each for each in later - found if each[0] != "comment"} == set()
        left = [url for (url,) in rows(second.engine, _LEFT)]
        assert [url for url in left if "%3Acomment%3A" not in url] == []
        assert len(left) >= 1
        assert unproven(second.archive) == []


_FROM_LATER = """
    join warc_records r on r.exchange_id = v.exchange_id where r.file <> all(:names) and """
