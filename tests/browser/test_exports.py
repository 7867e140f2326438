"""Taking everything that a search finds out as a file, in Chromium: asked for, waited for, fetched, opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openpyxl
import pytest

from search.exports.worker import work
from tests.browser.test_clerk import log_in
from tests.fixtures.chromium import assert_accessible, screenshot
from tests.fixtures.every_page import PHONE, no_sideways_scrolling

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.fixtures.chromium import PageMaker
    from tests.fixtures.clerk import City


def looked_at(page: Page, name: str, *, kept: bool) -> None:
    """The page is accessible and fits; a picture of it is kept."""
    assert_accessible(page)
    assert no_sideways_scrolling(page)
    if kept:
        screenshot(page, name)


@pytest.mark.parametrize("scripts", [True, False])
def test_a_clerk_takes_a_search_out_as_a_workbook(
    browser_page: PageMaker, city: City, tmp_path: Path, *, scripts: bool
) -> None:
    """From the results page by its form, with and without scripts; the file that arrives has as many records as were found."""
    page = browser_page(java_script_enabled=scripts, accept_downloads=True)
    log_in(page, city.address)
    page.get_by_label("Words to find").fill("pothole")
    page.get_by_role("button", name="Search", exact=True).click()
    page.get_by_role("heading", name="3 records found").wait_for()
    page.get_by_label("Take them out as a file").select_option("xlsx")
    page.get_by_role("button", name="Export all 3 records").click()
    page.get_by_role("heading", name="Exports", level=1).wait_for()
    assert page.get_by_role("cell", name="Waits to be made (3 records)").is_visible()
    if scripts:
        looked_at(page, "exports-waiting", kept=False)
    work(city.archive, city.searchable.client, city.searchable.alias, once=True)
    if not scripts:
        page.get_by_role("link", name="Load this page again").click()
    page.get_by_role("cell", name="Done: 3 records").wait_for()
    with page.expect_download() as waited:
        page.get_by_role("link", name="Download").click()
    name = waited.value.suggested_filename
    assert name.startswith("INTERNAL-not-reviewed-")
    assert name.endswith(".xlsx")
    waited.value.save_as(tmp_path / name)
    book = openpyxl.load_workbook(tmp_path / name)
    assert len(list(book["Records"].iter_rows())) == 1 + 3
    assert book["Records"]["A1"].value == "Internal: not reviewed for release"
    if scripts:
        page.goto(f"{city.address}/?q=")
        page.get_by_role("button", name="Export all").click()
        page.get_by_role("button", name="Cancel").click()
        page.get_by_role("cell", name="Cancelled").wait_for()
        looked_at(page, "exports", kept=True)


def test_the_exports_fit_on_a_phone_and_in_the_dark(browser_page: PageMaker, city: City) -> None:
    """The list scrolls within itself; a mistake is said in a sentence above it."""
    for options in (PHONE, {"color_scheme": "dark"}):
        page = browser_page(**options, allow_errors=True)
        log_in(page, city.address)
        page.goto(f"{city.address}/?q=pothole")
        looked_at(page, "", kept=False)
        page.get_by_role("button", name="Export all 3 records").click()
        page.get_by_role("heading", name="Exports", level=1).wait_for()
        looked_at(page, "", kept=False)
        work(city.archive, city.searchable.client, city.searchable.alias, once=True)
        page.reload()
        looked_at(page, "", kept=False)
