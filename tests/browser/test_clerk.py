"""A clerk at work, in Chromium: logs in, searches, opens a record; with and without scripts, wide, narrow and dark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from tests.fixtures.chromium import assert_accessible, screenshot
from tests.fixtures.clerk import NAME, PASSWORD
from tests.fixtures.every_page import (
    PHONE,
    assert_good_in_every_way,
    assert_good_on_a_phone,
    every_page,
    keep_receipt,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.fixtures.chromium import PageMaker
    from tests.fixtures.clerk import City

KEPT = {"search", "record", "account", "conversation"}


def log_in(page: Page, address: str) -> None:
    """Log in by the form, with the keyboard alone."""
    page.goto(address)
    page.get_by_label("User name").focus()
    page.keyboard.type(NAME)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Search the archive").wait_for()


@pytest.mark.parametrize("scripts", [True, False])
def test_the_main_job_with_and_without_scripts(browser_page: PageMaker, module_city: City, *, scripts: bool) -> None:
    """Log in, search, see the highlight, open the record, see its replies, its versions and where its bytes are."""
    page = browser_page(java_script_enabled=scripts)
    log_in(page, module_city.address)
    page.get_by_label("Words to find").fill("potholes main")
    page.get_by_role("button", name="Search", exact=True).click()
    page.get_by_role("heading", name="1 record found").wait_for()
    assert page.locator("mark").all_inner_texts()[:2] == ["Pothole", "Main"]
    page.get_by_role("link", name="Post by Carson Grove Public Works").click()
    page.get_by_role("heading", level=1, name="Post by Carson Grove Public Works").wait_for()
    assert page.locator("ins").filter(has_text="Thursday").is_visible()
    assert page.locator("del").filter(has_text="Monday").is_visible()
    replies = page.locator("#thread .replies")
    assert replies.get_by_text("Is the pothole near the school included?").is_visible()
    assert replies.get_by_text("Confirmed gone on 3 May 2026").is_visible()
    picture = page.get_by_role("img", name="A barrier across Main Street")
    picture.scroll_into_view_if_needed()
    for _ in range(50):  # once it is in sight it is fetched
        if picture.bounding_box()["width"] > 100:  # type: ignore[index] # it is there
            break
        page.wait_for_timeout(100)
    assert picture.bounding_box()["width"] > 100  # type: ignore[index] # it is there
    page.get_by_role("link", name=str(module_city.account.exchange)).first.click()
    page.get_by_role("heading", name="What was received").wait_for()
    assert "HTTP/1.1 200 OK" in page.get_by_role("region", name="The head of the answer").inner_text()
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("heading", name="Log in").wait_for()
    page.go_back()
    page.get_by_role("heading", name="Log in").wait_for()


def test_every_page_is_accessible_and_fits(browser_page: PageMaker, module_city: City) -> None:
    """Axe finds nothing on any page, wide, narrow or dark, and none scrolls sideways; each has its own title."""
    page = browser_page()
    page.goto(module_city.address)
    assert_good_in_every_way(page, "log-in", [""])
    log_in(page, module_city.address)
    titles = set()
    found, nothing = (keep_receipt(page, module_city, typed) for typed in ("pothole", "zeppelin"))
    page.get_by_role("button", name="Run it again").click()
    page.get_by_text("Nothing differs").wait_for()
    assert_good_in_every_way(page)
    for name, address in every_page(module_city, found, nothing).items():
        page.goto(module_city.address + address)
        assert_good_in_every_way(page, name, ["", "-dark"] if name in KEPT else [""])
        titles.add(page.title())
    assert len(titles) == 25


def test_pages_are_accessible_and_fit_on_a_phone(browser_page: PageMaker, module_city: City) -> None:
    """A phone, which asks a page how wide it wants to be, shows one of each kind as the narrow window does."""
    page = browser_page(**PHONE)
    log_in(page, module_city.address)
    assert_good_on_a_phone(page, module_city, KEPT)


def test_mistakes_are_accessible_too(browser_page: PageMaker, module_city: City) -> None:
    """The pages that say what went wrong pass the same checks, and the form still holds what was typed."""
    page = browser_page(allow_errors=True)
    page.goto(module_city.address)
    page.get_by_label("User name").fill(NAME)
    page.get_by_label("Password").fill("a mistake")
    page.get_by_role("button", name="Log in").click()
    assert page.get_by_role("alert").inner_text() == "The name or the password is not right."
    assert page.get_by_label("User name").input_value() == NAME
    assert_accessible(page)
    log_in(page, module_city.address)
    page.get_by_label("Words to find").fill('pothole "main street')
    page.get_by_role("button", name="Search", exact=True).click()
    assert page.get_by_label("Words to find").input_value() == 'pothole "main street'
    page.get_by_role("alert").wait_for()
    assert_accessible(page)
    screenshot(page, "search-mistake")
    for address in ("/items/nothing", "/moderation?from=soon"):
        page.goto(f"{module_city.address}{address}")
        assert_accessible(page)


def test_the_keyboard_reaches_the_words_to_find_at_once(browser_page: PageMaker, module_city: City) -> None:
    """The first stop of the keyboard is the link over the header; behind it comes the search box."""
    page = browser_page()
    log_in(page, module_city.address)
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the main content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.locator(":focus").get_attribute("name") == "q"


@pytest.mark.parametrize("scripts", [True, False])
def test_a_moderator_puts_a_reason_on_record(browser_page: PageMaker, city: City, *, scripts: bool) -> None:
    """From the record's page, by its own form, with and without scripts: a mistake is named beside its field, then it is kept."""
    page = browser_page(java_script_enabled=scripts, allow_errors=True)
    log_in(page, city.address)
    page.goto(city.address + city.page_of("gone"))
    page.get_by_text("Put a reason on record").click()
    page.get_by_label("What was done").select_option("deleted")
    page.get_by_label("Why", exact=True).fill("A threat against a person")
    page.get_by_label("Under which clause of the policy").fill("5.1")
    page.get_by_label("By whom").fill("J. Alvarez")
    page.locator("#at").fill("2190-05-03T09:30")
    page.get_by_role("button", name="Put on record").click()
    page.get_by_role("alert").wait_for()
    assert page.get_by_label("Why", exact=True).input_value() == "A threat against a person"
    assert page.get_by_text("That time is still to come.").last.is_visible()
    if scripts:
        assert_accessible(page)
        screenshot(page, "moderation-form-mistake")
    page.locator("#at").fill("2026-05-03T09:30")
    page.get_by_role("button", name="Put on record").click()
    timeline = page.get_by_role("region", name="Who hid or removed it, and why")
    timeline.get_by_text("A threat against a person").wait_for()
    assert timeline.get_by_text("Under clause: 5.1").is_visible()
    if scripts:
        assert_accessible(page)
        screenshot(page, "moderation-form")
    page.get_by_role("link", name="Moderation", exact=True).click()
    page.get_by_role("cell", name="A threat against a person").wait_for()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_clerk_captures_a_thread_at_once(browser_page: PageMaker, city: City, *, scripts: bool) -> None:
    """The button on a comment's page starts a capture of its thread; the page says what became of it (here no platform
    answers), and that can be read without scripts.
    """
    nowhere = '{"appview_url": "http://127.0.0.1:9", "plc_url": "http://127.0.0.1:9"}'
    with city.archive.engine.begin() as connection:
        connection.execute(sa.text("update accounts set settings = cast(:settings as jsonb)"), {"settings": nowhere})
    page = browser_page(java_script_enabled=scripts)
    log_in(page, city.address)
    page.goto(city.address + city.page_of("question"))
    page.get_by_role("button", name="Capture this thread now").click()
    asked = page.locator("#capture")
    asked.get_by_text("Asked for by").wait_for()
    for _ in range(120):
        if not asked.get_by_role("link", name="Load this page again").count():
            break
        page.wait_for_timeout(500)
        page.reload()
    if scripts:
        assert_accessible(page)
        screenshot(page, "capture-now")
    assert asked.get_by_text("It ended, and a part is missing").is_visible()
    assert page.get_by_role("button", name="Capture this thread now").is_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_receipt_is_kept_and_run_again(browser_page: PageMaker, city: City, *, scripts: bool) -> None:
    """From the log-in on, with and without scripts: kept with a note, run again after a capture, each difference explained."""
    page = browser_page(java_script_enabled=scripts)
    log_in(page, city.address)
    number = keep_receipt(page, city, "pothole")
    assert page.get_by_text("Request 2026-031").is_visible()
    city.searchable.records.now = city.archive.now
    city.searchable.records.item(city.parks, "A pothole in the park")
    city.searchable.records.edit(city.account, city.items["answer"], "Yes, that pothole too.", stream="comments")
    city.searchable.drain()
    page.get_by_role("link", name="Receipts", exact=True).click()
    page.get_by_role("link", name=number, exact=True).click()
    page.get_by_role("button", name="Run it again").click()
    page.get_by_text("3 records found then, 5 now; 2 differences, every one explained.").wait_for()
    assert page.get_by_role("cell", name="Captured since").is_visible()
    assert page.get_by_role("cell", name="A new version or an edit since").is_visible()
    if scripts:
        assert_accessible(page)
        screenshot(page, "receipt-again")
