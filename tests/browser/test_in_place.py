"""Results that are renewed in their place, in Chromium; without scripts each is another page."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from tests.browser.test_clerk import log_in
from tests.fixtures.chromium import assert_accessible, is_marked, mark

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.fixtures.chromium import PageMaker
    from tests.fixtures.clerk import City


def search(page: Page, city: City) -> None:
    """Log in and search."""
    log_in(page, city.address)
    page.goto(f"{city.address}/?q=pothole")
    page.get_by_role("heading", name="3 records found").wait_for()


def found(page: Page, words: str) -> None:
    """The results are there in their place, the focus is on what says how many, and the page is accessible."""
    page.get_by_role("heading", name=words).wait_for()
    expect(page.locator(":focus")).to_have_text(words)
    assert is_marked(page)
    assert_accessible(page)


@pytest.mark.parametrize("scripts", [True, False])
def test_results_are_narrowed_and_widened(browser_page: PageMaker, city: City, *, scripts: bool) -> None:
    """A facet, and a part taken away: the words to find, the title and the link to the other language follow; going back leads
    through the same searches, each of which is in the audit log.
    """
    page = browser_page(java_script_enabled=scripts)
    search(page, city)
    if scripts:
        mark(page)
    page.locator(".facets a[href*='type%3Acomment']").click()
    page.wait_for_url("**/?q=pothole+type*")
    narrowed = "2 records found"
    if scripts:
        found(page, narrowed)
    else:
        page.get_by_role("heading", name=narrowed).wait_for()
    assert "type:comment" in page.get_by_label("Words to find").input_value()
    assert page.title().startswith("pothole type:comment")
    assert "type" in str(page.locator(".languages a").get_attribute("href"))
    page.get_by_role("link", name=re.compile("^Search without:.*comment")).click()
    page.wait_for_url(lambda address: "type" not in address)
    if scripts:
        found(page, "3 records found")
    else:
        page.get_by_role("heading", name="3 records found").wait_for()
    page.go_back()
    page.wait_for_url("**/?q=pothole+type*")
    page.get_by_role("heading", name=narrowed).wait_for()
    assert "type:comment" in page.get_by_label("Words to find").input_value()
    page.go_back()
    page.get_by_role("heading", name="3 records found").wait_for()
    assert page.get_by_label("Words to find").input_value() == "pothole"
    assert [row.detail["total"] for row in city.audit("searched")][:3] == [3, 2, 3]


@pytest.mark.parametrize("scripts", [True, False])
def test_results_are_looked_at_otherwise(browser_page: PageMaker, city: City, *, scripts: bool) -> None:
    """More on a page, less of each, another order: with scripts in their place, what was pressed or chosen keeps the focus, and
    the keys of the list go on; nothing of a page stays in the browser.
    """
    page = browser_page(java_script_enabled=scripts)
    search(page, city)
    if scripts:
        mark(page)
    page.get_by_role("link", name="50", exact=True).click()
    page.wait_for_url("**size=50*")
    page.locator("b[aria-current]", has_text="50").wait_for()
    page.get_by_role("link", name="Show less of each").click()
    page.wait_for_url("**dense=1*")
    page.get_by_role("link", name="Show more of each").wait_for()
    if scripts:
        assert page.locator(":focus").inner_text() == "Show more of each"
        assert page.get_by_role("status").inner_text() == "3 records found"
        assert_accessible(page)
    page.get_by_label("Order").focus()
    page.get_by_label("Order").select_option("oldest")
    if not scripts:
        page.get_by_role("button", name="Search", exact=True).click()
    page.wait_for_url("**sort=oldest*")
    assert page.get_by_label("Order").input_value() == "oldest"
    assert all(each in page.url for each in ("size=50", "dense=1", "q=pothole"))
    assert city.audit("searched")[-1].detail["sort"] == "oldest"
    if scripts:
        assert page.locator(":focus").get_attribute("id") == "sort"
        assert is_marked(page)
        page.locator("#hits").focus()
        page.keyboard.press("j")
        assert page.locator(":focus").get_attribute("href") == page.locator("#hits h3 a").first.get_attribute("href")
        kept = page.evaluate("() => JSON.stringify([{...localStorage}, {...sessionStorage}])")
        assert "<" not in kept, kept
    page.go_back()
    page.wait_for_url(lambda address: "sort" not in address)
    page.get_by_role("link", name="Show more of each").wait_for()


def test_a_month_of_the_chart_narrows_in_place(browser_page: PageMaker, city: City) -> None:
    """A month of the chart is put in its place like any facet."""
    city.searchable.records.item(city.parks, "A pothole long ago", created_at=dt.datetime(2025, 2, 1, tzinfo=dt.UTC))
    city.searchable.drain()
    page = browser_page()
    log_in(page, city.address)
    page.goto(f"{city.address}/?q=pothole")
    mark(page)
    page.locator(".months a").first.click()
    found(page, "1 record found")


@pytest.mark.parametrize("key", ["Shift", "Control"])
def test_a_link_opens_elsewhere_as_every_link_does(browser_page: PageMaker, city: City, key: str) -> None:
    """With the keys of the browser a facet is another window or tab, and the page stays."""
    page = browser_page()
    search(page, city)
    mark(page)
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="50", exact=True).click(modifiers=[key])  # type: ignore[list-item] # it is one
    opened.value.wait_for_url("**size=50*")
    assert is_marked(page)
    assert "size" not in page.url


def test_a_search_that_fails_is_a_plain_link(browser_page: PageMaker, city: City) -> None:
    """What the script cannot have is asked for as any link asks; a session that has ended leads to the log-in, and back to what
    was clicked.
    """
    page = browser_page(allow_errors=True)
    search(page, city)
    mark(page)
    page.route("**/*", lambda route: route.abort() if route.request.resource_type == "xhr" else route.continue_())
    page.get_by_role("link", name="50", exact=True).click()
    page.wait_for_url("**size=50*")
    page.get_by_role("heading", name="3 records found").wait_for()
    assert not is_marked(page)
    page.unroute("**/*")
    with city.archive.engine.begin() as connection:
        connection.execute(sa.text("delete from user_sessions"))
    page.get_by_role("link", name="100", exact=True).click()
    page.wait_for_url("**/login?next=*size%3D100*")
    page.get_by_role("heading", name="Log in").wait_for()


def test_a_mistake_is_shown_in_place_too(browser_page: PageMaker, city: City) -> None:
    """Words that cannot be understood, sent by the choice of another order: the sentence is shown and said aloud."""
    page = browser_page(allow_errors=True)
    search(page, city)
    mark(page)
    page.get_by_label("Words to find").fill('pothole "main')
    page.get_by_label("Order").select_option("oldest")
    page.get_by_role("alert").wait_for()
    assert is_marked(page)
    assert page.get_by_label("Words to find").input_value() == 'pothole "main'
    assert page.get_by_role("status").inner_text() == page.get_by_role("alert").inner_text()
    assert_accessible(page)
