"""The main job by the keyboard alone: with the keys of every browser, and with those of the list of results."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.browser.test_clerk import log_in
from tests.fixtures.chromium import assert_accessible

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.fixtures.chromium import PageMaker
    from tests.fixtures.clerk import City

MOST_STOPS = 60


def focused(page: Page) -> str:
    """What the focus is on, in its words."""
    return " ".join(str(page.evaluate("document.activeElement.innerText || document.activeElement.name || ''")).split())


def tab_to(page: Page, words: str, key: str = "Tab") -> None:
    """Go on from stop to stop until the focus is on what says this; every stop on the way shows where it is."""
    for _ in range(MOST_STOPS):
        page.keyboard.press(key)
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", f"no focus is seen on {focused(page)!r}"
        if focused(page).startswith(words):
            return
    raise AssertionError(f"{MOST_STOPS} stops, and none says {words!r}")


@pytest.mark.parametrize("scripts", [True, False])
def test_from_the_log_in_to_the_conversation_and_back(
    browser_page: PageMaker, module_city: City, *, scripts: bool
) -> None:
    """Log in, search, go past the form to the results, open a hit, its conversation, an earlier day, and come back."""
    page = browser_page(java_script_enabled=scripts)
    log_in(page, module_city.address)
    tab_to(page, "Skip to the main content")
    page.keyboard.press("Enter")
    tab_to(page, "q")
    page.keyboard.type("school")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="2 records found").wait_for()
    results = page.url
    tab_to(page, "Skip to the results")
    page.keyboard.press("Enter")
    tab_to(page, "Comment by Rosa Delgado")
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=1, name="Comment by Rosa Delgado").wait_for()
    tab_to(page, "The whole conversation")
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=1, name="The whole conversation").wait_for()
    assert page.get_by_text("The record that you came from").is_visible()
    tab_to(page, "Days on which something new was captured", "Shift+Tab")
    page.keyboard.press("Enter")
    tab_to(page, "By 2 May 2026")
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=1, name="as last captured by 2 May 2026, 23:59 PDT").wait_for()
    assert page.get_by_text("8 records captured later are not shown").is_visible()
    for _ in range(3):
        page.go_back()
    assert page.url.partition("#")[0] == results
    page.get_by_role("heading", name="2 records found").wait_for()


def test_the_keys_of_the_list_go_through_the_results(browser_page: PageMaker, module_city: City) -> None:
    """Forward and back by letters, into the conversation, to the words to find and to the list of the keys."""
    page = browser_page()
    log_in(page, module_city.address)
    page.goto(f"{module_city.address}/?q=pothole&sort=oldest")
    hits = [each.get_attribute("href") for each in page.locator("#hits h3 a").all()]
    assert len(hits) == 3

    def at() -> str | None:
        return page.locator(":focus").get_attribute("href")

    page.locator("#hits").focus()
    for key, place in (("j", 0), ("n", 1), ("j", 2), ("j", 2), ("k", 1), ("p", 0), ("k", 0), ("j", 1)):
        page.keyboard.press(key)
        assert at() == hits[place], key
    page.keyboard.press("?")
    assert page.get_by_text("While the focus is in the list of results").is_visible()
    assert focused(page) == "Keys"
    assert_accessible(page)
    page.locator("#hits h3 a").nth(1).focus()
    page.keyboard.press("/")
    assert page.locator(":focus").get_attribute("name") == "q"
    page.locator("#hits h3 a").nth(1).focus()
    page.keyboard.press("c")
    page.wait_for_url(re.compile(r"/threads/"))


def test_keys_do_nothing_outside_of_the_list(browser_page: PageMaker, module_city: City) -> None:
    """What is typed into a field stays what was typed, letters elsewhere move nothing, and a browser's own keys stay its own."""
    page = browser_page()
    log_in(page, module_city.address)
    page.goto(f"{module_city.address}/?q=pothole")
    page.locator("#q").fill("")
    page.locator("#q").press_sequentially("jnkpc/?")
    assert page.locator("#q").input_value() == "jnkpc/?"
    page.get_by_role("link", name="Term list").focus()
    address = page.url
    for key in ("j", "n", "k", "p", "c", "/", "?"):
        page.keyboard.press(key)
        assert focused(page) == "Term list", key
    first = page.locator("#hits h3 a").first
    first.focus()
    for key in ("Control+j", "Alt+n"):
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement") is not None
        assert page.locator(":focus").get_attribute("href") == first.get_attribute("href"), key
    assert page.url == address
