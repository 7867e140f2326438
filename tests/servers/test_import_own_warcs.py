"""The archive's own evidence files, imported into another archive and into the same one: the items say the same things again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from archiver import accounts
from archiver.capture.evidence_file import key_of
from archiver.capture.importing import import_download
from tests.fixtures.custody import rows, unproven
from tests.fixtures.importing import counted
from tests.fixtures.social_nights import social_town
from tests.fixtures.town import town

if TYPE_CHECKING:
    from pathlib import Path

    from archiver.capture.importing import ImportReport
    from archiver.platforms.pages import AccountRef
    from tests.fixtures.archives import ArchiveMaker, TestArchive

_SAID = """
    select i.kind, i.namespace, i.platform_id, v.content_hash from versions v join items i on i.id = v.item_id
    where v.fields ->> 'recorded_by' is null and v.source <> 'history'
"""


def _said(archive: TestArchive) -> set[tuple[Any, ...]]:
    """Everything that items of a platform's said, page records left out."""
    return set(rows(archive.engine, _SAID))


def _warcs(archive: TestArchive, account: AccountRef, folder: Path) -> list[Path]:
    """The sealed evidence files of an account, copied out of the store."""
    folder.mkdir(parents=True, exist_ok=True)
    names = rows(archive.engine, "select name from warc_files where account_id = :id order by name", id=account.id)
    for (name,) in names:
        with archive.archive.blobs.open(key_of(name)) as stream:
            (folder / name).write_bytes(stream.read())
    return [folder / name for (name,) in names]


def _moved(first: TestArchive, second: TestArchive, folder: Path) -> list[ImportReport]:
    """Import the evidence of every account of one archive into the same account of another."""
    reports = []
    for account in accounts.active(first.engine):
        with second.engine.begin() as connection:
            connection.exec_driver_sql(
                "update accounts set platform_id = %s, namespace = %s where platform = %s and handle = %s",
                (account.platform_id, account.namespace, account.platform, account.handle),
            )
        files = _warcs(first, account, folder / str(account.id))
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


@pytest.mark.parametrize("platform", ["facebook", "flickr", "instagram", "threads", "tiktok", "x"])
def test_other_platforms_are_the_same_again(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: str
) -> None:
    """What a night captured of a platform's accounts comes out of its evidence, whatever the platform."""
    with social_town(make_archive, monkeypatch, platform, faulty=False) as place:
        assert all(report.complete for report in place.night(1).values())
        second = make_archive()
        second.register(row for row in place.city.register_rows(place.running.url) if row["platform"] == platform)
        reports = _moved(place.archive, second, tmp_path)
        assert all(report.complete for report in reports)
        assert _said(second) == _said(place.archive)
        assert unproven(second.archive) == []
        everything = str(rows(second.engine, "select url from exchanges")) + str(
            rows(second.engine, "select fields from versions")
        )
        assert not any(token in everything for token in place.running.tokens().values())


@pytest.mark.parametrize("platform", ["linkedin", "mastodon"])
def test_what_cannot_be_read_again_stays_a_page_record(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: str
) -> None:
    """Where a page's evidence lacks what was asked for besides, its answers are page records, and nothing is made up."""
    with social_town(make_archive, monkeypatch, platform, faulty=False) as place:
        assert all(report.complete for report in place.night(1).values())
        second = make_archive()
        second.register(row for row in place.city.register_rows(place.running.url) if row["platform"] == platform)
        _moved(place.archive, second, tmp_path)
        first, found = _said(place.archive), _said(second)
        assert found < first
        assert {each for each in found if each[0] == "post"}
        assert rows(second.engine, "select count(*) > 0 from items where starts_with(platform_id, 'recorded:')") == [
            (True,)
        ]
        assert unproven(second.archive) == []
