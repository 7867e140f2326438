"""Ten tasks of a clerk in Chromium, each from the log-in on, by what the pages offer; all but 8 and 9 without scripts as well."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

import openpyxl
import pytest
import sqlalchemy as sa

from clerk.users import create_user
from search.exports.worker import work
from tests.browser.test_clerk import log_in
from tests.fixtures.chromium import assert_accessible
from tests.fixtures.clerk import NAME, PASSWORD
from tests.fixtures.year import MANY, POST_URL, RECEIPTS, SECRET, TERMS, UNION

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.fixtures.chromium import PageMaker
    from tests.fixtures.year import Year


@pytest.fixture(params=[True, False], ids=["scripts", "no-scripts"])
def page(request: pytest.FixtureRequest, browser_page: PageMaker, year: Year) -> Iterator[Page]:
    """A clerk's window, logged in; at the end what it shows is accessible."""
    opened = browser_page(java_script_enabled=request.param, accept_downloads=True, allow_errors=True)
    log_in(opened, year.address)
    yield opened
    if request.param:
        assert_accessible(opened)


def search(page: Page, typed: str, *, first: str = "", last: str = "") -> None:
    """Fill in the form and send it."""
    page.get_by_label("Words to find").fill(typed)
    if first:
        page.get_by_label("From (first day)").fill(first)
    if last:
        page.get_by_label("To (last day)").fill(last)
    page.get_by_role("button", name="Search", exact=True).click()


def found(page: Page, count: str) -> None:
    """Wait for results with this heading."""
    page.get_by_role("heading", name=f"{count} found", exact=True).wait_for()


def results(page: Page) -> list[str]:
    """The text of each hit."""
    return page.locator(".results > ol > li").all_inner_texts()


def test_1_the_comments_of_march_about_potholes(page: Page) -> None:
    """The total is exact, March is the city's own (the clocks change in it), and "pothole" and "potholes" are one word."""
    for typed in ("pothole", "potholes"):
        search(page, f"{typed} type:comment", first="2026-03-01", last="2026-03-31")
        found(page, "3 records")
        shown = "\n".join(results(page))
        assert "1 March 2026, 00:00 PST" in shown
        assert "31 March 2026, 23:59 PDT" in shown
        assert "February" not in shown
        assert "1 April" not in shown
    page.get_by_text("pothole", exact=False).first.wait_for()
    explained = page.locator(".explanation").inner_text()
    assert "1 March 2026" in explained
    assert "31 March 2026" in explained


def test_2_a_pasted_address_is_the_post_in_its_conversation(page: Page) -> None:
    """The post at that address alone is found, and its page has its comments below it."""
    search(page, POST_URL)
    found(page, "1 record")
    page.locator(".results h3 a").first.click()
    page.get_by_role("heading", level=1, name="Post by").wait_for()
    assert page.get_by_text("The budget is first read on Wednesday").first.is_visible()
    assert page.get_by_text("Eva asks about the library").first.is_visible()


def test_3_a_phrase_that_was_edited_away(page: Page) -> None:
    """It is found in the old version, and the hit says that this is no longer what the post says."""
    search(page, '"closed for good"')
    found(page, "1 record")
    (hit,) = results(page)
    assert "closed for good" in hit
    assert "version 1" in hit
    assert "later changed" in hit
    page.locator(".results h3 a").first.click()
    assert page.locator("ins").filter(has_text="until June").is_visible()
    assert page.locator("del").filter(has_text="for good").is_visible()


def test_4_the_comments_gone_from_the_parks_page(page: Page) -> None:
    """Each says who took it away: its author, the city, or that nobody knows."""
    search(page, "account:parks.example.gov type:comment state:deleted")
    found(page, "3 records")
    told = {name: hit for name in ("ana", "ben", "cleo") for hit in results(page) if f"Resident {name}" in hit}
    assert "Deleted by the author" in told["ana"]
    assert "Deleted by the city's account" in told["ben"]
    assert "Deleted; by whom is unknown" in told["cleo"]


def test_5_a_conversation_on_the_fifth_of_may(page: Page) -> None:
    """As last captured by then, with that time: the second text, both comments, and not what came later."""
    search(page, POST_URL)
    page.locator(".results h3 a").first.click()
    page.get_by_role("link", name=re.compile("whole conversation", re.IGNORECASE)).first.click()
    page.locator("#by").fill("2026-05-05")
    page.get_by_role("button", name="Show it so").click()
    main = page.locator("main")
    main.get_by_text("first read on Tuesday").first.wait_for()
    said = main.inner_text()
    assert "ended 5 May 2026, 02:11 PDT" in said
    assert "first read on Wednesday" not in said
    assert "Finn is against it" in said
    assert "Gail comes late" not in said
    assert "Confirmed gone" not in said


def test_6_twelve_pasted_terms(page: Page, tmp_path: Path) -> None:
    """Each is counted, all together once, on the page and in a file that another program reads."""
    assert len(TERMS) == 12
    page.get_by_role("link", name="Term list").click()
    page.locator("#terms").fill("\n".join(TERMS))
    page.get_by_role("button", name="Count").click()
    page.get_by_role("heading", name=f"{UNION} records with at least one of these terms").wait_for()
    rows = page.get_by_role("region", name="Records of each term").locator("tbody tr").all()
    assert {row.locator("th").inner_text(): int(row.locator("td").nth(1).inner_text()) for row in rows} == TERMS
    with page.expect_download() as waited:
        page.get_by_role("button", name="Download as CSV").click()
    waited.value.save_as(tmp_path / "terms.csv")
    with (tmp_path / "terms.csv").open(encoding="utf-8-sig", newline="") as file:
        counted = {row["term"].removeprefix("'"): int(row["records"]) for row in csv.DictReader(file)}
    assert counted == {**TERMS, "all together, each record once": UNION}


def test_7_a_word_that_nobody_used(page: Page) -> None:
    """The page says which word is to blame, and what no search of this archive can see, with the gaps known now."""
    search(page, "streetcar gondola")
    found(page, "0 records")
    rows = page.locator("table.alone tr").all_inner_texts()
    assert any("streetcar" in row and "1 record" in row for row in rows)
    (blamed,) = [row for row in rows if "Nothing is found because of this" in row]
    assert "gondola" in blamed
    main = page.locator("main").inner_text()
    assert "words inside pictures and videos" in main
    assert "direct messages" in main
    assert "parks.example.gov" in main
    assert "the platform answered 503 three times" in main


def test_8_receipt_14_run_again(browser_page: PageMaker, year: Year) -> None:
    """Kept, then the archive goes on, then run again: each difference has its reason."""
    page = browser_page()
    log_in(page, year.address)
    search(page, "skatepark")
    page.get_by_text("Keep a receipt of this search").click()
    page.get_by_label("A note").fill("Request 2026-014")
    page.get_by_role("button", name="Keep the receipt").click()
    page.get_by_role("heading", level=1, name=f"Search receipt {RECEIPTS + 1}").wait_for()
    records = year.searchable.records
    before, records.now = records.now, year.archive.now
    records.edit(year.parks, year.items["skating"], "The park opens at nine, the skatepark at ten")
    records.item(year.parks, "The skatepark is full")
    records.now = before
    year.searchable.drain()
    page.get_by_role("link", name="Receipts", exact=True).click()
    page.get_by_role("link", name="14", exact=True).click()
    page.get_by_role("button", name="Run it again").click()
    page.get_by_text("2 records found then, 3 now; 2 differences, every one explained.").wait_for()

    assert page.get_by_role("cell", name="Captured since").is_visible()
    assert page.get_by_role("cell", name="A new version or an edit since").is_visible()
    assert_accessible(page)


def test_9_thirty_thousand_results_exported(browser_page: PageMaker, year: Year, tmp_path: Path) -> None:
    """As many rows as were found, each id as the platform wrote it, and the file says that nobody has reviewed it."""
    page = browser_page(accept_downloads=True)
    log_in(page, year.address)
    search(page, "account:reports.example.gov")
    found(page, f"{MANY:,} records")
    page.get_by_label("Take them out as a file").select_option("xlsx")
    page.get_by_role("button", name=f"Export all {MANY:,} records").click()
    page.get_by_role("cell", name=f"Waits to be made ({MANY:,} records)").wait_for()
    work(year.archive, year.searchable.client, year.searchable.alias, once=True)
    page.reload()
    page.get_by_role("cell", name=f"Done: {MANY:,} records").wait_for()
    with page.expect_download() as waited:
        page.get_by_role("link", name="Download").click()
    assert waited.value.suggested_filename.startswith("INTERNAL-not-reviewed-")
    waited.value.save_as(tmp_path / "found.xlsx")
    book = openpyxl.load_workbook(tmp_path / "found.xlsx", read_only=True)
    sheets = [book[name] for name in book.sheetnames if name.startswith("Records")]
    rows = [row for sheet in sheets for row in sheet.iter_rows(values_only=True)]
    assert rows[0][0] == "Internal: not reviewed for release"
    with year.archive.engine.connect() as connection:
        wanted = set(connection.scalars(sa.text("select platform_id from items where platform_id ~ '^[0-9]{20}$'")))
    written = [cell for row in rows for cell in row if isinstance(cell, str) and re.fullmatch(r"\d{20}", cell)]
    assert len(wanted) == MANY
    assert sorted(written) == sorted(wanted)


def test_10_messages_without_the_grant(page: Page, browser_page: PageMaker, year: Year) -> None:
    """Refused with a sentence: no count, no snippet; an auditor reads in the log that it was tried."""
    assert not page.get_by_label("Include direct messages").count()
    search(page, f"{SECRET} type:message")
    assert "nothing was searched" in page.get_by_role("alert").inner_text()
    assert " found" not in page.locator("main").inner_text()
    assert not page.locator("mark").count()
    with year.archive.engine.connect() as connection:
        known = connection.scalar(sa.text("select exists (select from users where name = 'ines.moreau')"))
    if not known:
        create_user(year.archive.engine, "ines.moreau", PASSWORD, "auditor")
    auditor = browser_page()
    auditor.goto(f"{year.address}/login")
    auditor.get_by_label("User name").fill("ines.moreau")
    auditor.get_by_label("Password").fill(PASSWORD)
    auditor.get_by_role("button", name="Log in").click()
    auditor.get_by_label("What", exact=True).select_option("refused")
    auditor.get_by_role("button", name="Show").click()
    row = auditor.get_by_role("row").nth(1).inner_text()
    assert NAME in row
    assert "search direct messages" in row
    assert SECRET in row
