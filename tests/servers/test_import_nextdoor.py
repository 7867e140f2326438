"""A form filled in from Nextdoor is imported, and an account that no connector reads is in the register and on the pages."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from archiver import accounts
from archiver.accounts import RegisterError
from archiver.capture.importing import import_download
from archiver.downloads.errors import DamagedArchiveError
from tests.fixtures.custody import rows, unproven
from tests.fixtures.importing import counted
from tests.fixtures.samples import SAMPLES

if TYPE_CHECKING:
    from pathlib import Path

    from archiver.platforms.pages import AccountRef
    from tests.fixtures.archives import ArchiveMaker, TestArchive
    from tests.fixtures.clerk import City

FORM = SAMPLES / "nextdoor_form" / "riverbend-2026-03"
NAME = "nextdoor:City-of-Riverbend"


def register(archive: TestArchive, name: str = NAME) -> AccountRef:
    """Register the account and give it."""
    accounts.add(archive.engine, name, {"department": "City Clerk"})
    return accounts.find(archive.engine, name)


def test_a_form_is_imported_once(make_archive: ArchiveMaker) -> None:
    """Posts, replies and files are kept, with the form itself as evidence; a second import changes nothing."""
    archive = make_archive()
    report = import_download(archive.archive, FORM, register(archive))
    assert report.complete
    assert (report.expected, report.items, report.new, report.media) == (5, 5, 5, 2)
    threads = rows(
        archive.engine,
        "select i.platform_id, i.kind, i.parent_id, i.root_id from items i where i.platform_id like '%/r2'",
    )
    page = "city-of-riverbend"
    assert threads == [(f"{page}/r2", "comment", f"{page}/r1", f"{page}/LbFnSwHqtR6z")]
    assert rows(archive.engine, "select state, count(*) from media group by 1") == [("kept", 2)]
    assert not unproven(archive.archive)
    before = counted(archive)
    again = import_download(archive.archive, FORM, accounts.find(archive.engine, NAME))
    assert (again.items, again.new, again.unchanged) == (5, 0, 5)
    assert counted(archive) == before


def test_a_later_form_that_says_otherwise_makes_a_version(make_archive: ArchiveMaker, tmp_path: Path) -> None:
    """A post that reads otherwise in a later form has two versions, the earlier one kept as it was."""
    archive = make_archive()
    import_download(archive.archive, FORM, register(archive))
    later = tmp_path / "later"
    shutil.copytree(FORM, later)
    table = later / "nextdoor.csv"
    table.write_bytes(table.read_bytes().replace(b"closed from Monday", b"closed until Friday"))
    report = import_download(archive.archive, later, accounts.find(archive.engine, NAME))
    assert report.new == 1
    said = rows(
        archive.engine,
        "select v.number, v.text from versions v join items i on i.id = v.item_id where i.platform_id like '%/LbFnSwHqtR6z' "
        "order by v.number",
    )
    assert [(number, "Monday" in text, "Friday" in text) for number, text in said] == [
        (1, True, False),
        (2, False, True),
    ]


def test_a_form_of_another_account_is_refused(make_archive: ArchiveMaker) -> None:
    """The account's name is all that tells whose a form is: under another name nothing is imported."""
    archive = make_archive()
    with pytest.raises(RegisterError, match="not of nextdoor:harbor-police"):
        import_download(archive.archive, FORM, register(archive, "nextdoor:harbor-police"))
    assert counted(archive)["items"] == 0


def test_a_form_with_a_mistake_leaves_nothing(make_archive: ArchiveMaker, tmp_path: Path) -> None:
    """One wrong line, and nothing of the form is kept; the error names the line."""
    archive = make_archive()
    wrong = tmp_path / "wrong"
    shutil.copytree(FORM, wrong)
    table = wrong / "nextdoor.csv"
    table.write_bytes(table.read_bytes().replace(b"2026-03-03,", b"3 March,"))
    with pytest.raises(DamagedArchiveError, match=r"nextdoor\.csv line 6: written_at '3 March' is no time"):
        import_download(archive.archive, wrong, register(archive))
    assert counted(archive)["items"] == 0


def test_an_account_without_a_connector_is_shown(module_city: City) -> None:
    """It is in the register and has a page, which says that its records come by import and offers no capture."""
    engine = module_city.archive.engine
    accounts.add(engine, NAME, {"department": "City Clerk"})
    assert NAME not in accounts.active_names(engine)
    import_download(module_city.archive, FORM, accounts.find(engine, NAME))
    client = module_city.signed_in()
    assert "City-of-Riverbend" in client.get("/accounts").text
    ((public_id,),) = rows(engine, "select public_id from accounts where platform = 'nextdoor'")
    page = client.get(f"/accounts/{public_id}")
    assert page.status_code == 200
    assert "Nothing reads Nextdoor by itself: its records come by import." in page.text
    assert "Capture this account now" not in page.text
    ((item,),) = rows(engine, "select public_id from items where platform_id = 'city-of-riverbend/r2'")
    record = client.get(f"/items/{item}")
    assert record.status_code == 200
    assert "Until Friday, 5 pm." in record.text
