"""The pages in Spanish, in Chromium: every one of them whole, accessible and fitting; chosen by the browser or by a person."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.fixtures.chromium import DESKTOP, assert_accessible, screenshot
from tests.fixtures.clerk import NAME, PASSWORD
from tests.fixtures.every_page import (
    BY_COLOUR,
    BY_PLACE,
    NARROW,
    PHONE,
    SHOWN,
    assert_good_on_a_phone,
    every_page,
    keep_receipt,
    no_sideways_scrolling,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.fixtures.chromium import PageMaker
    from tests.fixtures.clerk import City

SPANISH = {"locale": "es-US"}
KEPT = {"search", "record", "search-start", "account"}
OURS = """() => {
  // What strangers wrote, what people type, and what is kept in English and says so, is no sentence of ours.
  const theirs = "[lang]:not(html), bdi, .said, .said-title, code, kbd, pre, .address, time, .brand, .handle, mark, " +
    "option[value*=':']";
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const parent = walk.currentNode.parentElement;
    if (parent.closest(theirs) === null) {
      found.push(walk.currentNode.textContent);
    }
  }
  for (const each of document.querySelectorAll("[aria-label], [placeholder], [title]")) {
    if (each.closest(theirs) === null) {
      found.push(each.getAttribute("aria-label") || each.getAttribute("placeholder") || each.getAttribute("title"));
    }
  }
  return found;
}"""
"""The texts of a page that are its own."""
COLOURS = """() => {
  // Of each text: its colours and those behind it, its size and weight, as a reader's eye and axe compare them.
  const found = new Set();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const first = walk.currentNode.parentElement;
    if (walk.currentNode.textContent.trim() && first.checkVisibility({visibilityProperty: true})) {
      const of = getComputedStyle(first);
      const seen = [of.color, of.fontSize, of.fontWeight, of.textDecorationLine, of.textShadow];
      for (let each = first; each; each = each.parentElement) {
        const style = getComputedStyle(each);
        seen.push(style.backgroundColor, style.backgroundImage, style.opacity, each === first.parentElement && style.color);
      }
      found.add(JSON.stringify(seen.filter(each => each && !["rgba(0, 0, 0, 0)", "none", "1"].includes(each))));
    }
  }
  return [...found];
}"""
"""How the texts of a page are coloured."""

NAMES = re.compile(r"^(@?[a-z.]+( \(Bluesky\))?|\(?(Public Works|Parks and Recreation)\)?)$")
"""Accounts, departments and people, which have the same name in every language."""
WRITTEN = {
    "=HYPERLINK is how the comment began; personal attack on staff <b>",
    "A barrier across Main Street",
    "Is the pothole near the school included?",
    "Pothole on Main Street will be repaired on Thursday. Please use Elm Avenue instead. #MainStreet",
    "The plan",
    "Yes: Main Street from the school to 3rd Avenue.",
    "You should all be ashamed.",
    "the thread gate of the author hides this reply",
}
"""What people and platforms wrote in this city, where no element marks it as theirs."""


def log_in(page: Page, address: str) -> None:
    """Log in by the form, whatever language it speaks."""
    page.goto(address)
    page.locator("#name").fill(NAME)
    page.locator("#password").fill(PASSWORD)
    page.locator("main form button").click()
    page.locator("#q").wait_for()


def sentences(page: Page) -> set[str]:
    """What a page says itself, as far as it has two words and more."""
    texts = {" ".join(each.split()) for each in page.evaluate(OURS)}
    texts = {each for each in texts if len(re.findall(r"[^\W\d_]{2,}", each)) > 1 and not NAMES.match(each)}
    return texts - WRITTEN


def test_every_page_speaks_spanish(browser_page: PageMaker, module_city: City) -> None:
    """No page says a sentence of ours in English, none loses anything by it: axe finds nothing, and none scrolls sideways, be it
    wide or narrow.
    """
    english, spanish = browser_page(), browser_page(**SPANISH)
    for page in (english, spanish):
        log_in(page, module_city.address)
    found, nothing = (keep_receipt(spanish, module_city, typed) for typed in ("pothole", "zeppelin"))
    left: dict[str, set[str]] = {}
    for name, address in every_page(module_city, found, nothing).items():
        for page in (english, spanish):
            page.goto(module_city.address + address)
        assert spanish.locator("html").get_attribute("lang") == "es"
        if name in KEPT:
            screenshot(spanish, f"spanish-{name}")
        assert_good_in_both_widths(english, spanish)
        if same := sentences(english) & sentences(spanish):
            left[name] = same
    assert not left, "these are in English on a Spanish page"


def assert_good_in_both_widths(english: Page, spanish: Page) -> None:
    """Where its texts have no other colours than those of the page in English, whose test looks at them, they are good."""
    shown = spanish.evaluate(SHOWN)
    for size in (DESKTOP, NARROW):
        for page in (english, spanish):
            page.set_viewport_size(size)
        known = set(spanish.evaluate(COLOURS)) <= set(english.evaluate(COLOURS))
        wide = spanish.evaluate(SHOWN) != shown or size is DESKTOP
        assert_accessible(
            spanish,
            only=None if wide else BY_PLACE if known else (*BY_COLOUR, *BY_PLACE),
            without=BY_COLOUR if wide and known else (),
        )
        assert no_sideways_scrolling(spanish), spanish.url
    for page in (english, spanish):
        page.set_viewport_size(DESKTOP)


def test_pages_on_a_phone_speak_spanish(browser_page: PageMaker, module_city: City) -> None:
    """A phone, which asks a page how wide it wants to be, shows one of each kind as the narrow window does."""
    page = browser_page(**PHONE, **SPANISH)
    log_in(page, module_city.address)
    assert_good_on_a_phone(page, module_city, KEPT, "spanish-")


def test_a_person_chooses_the_language(browser_page: PageMaker, module_city: City) -> None:
    """Before the log-in already, by a link that leads back to where they are; it holds until they choose again."""
    page = browser_page()
    page.goto(f"{module_city.address}/login?next=/accounts")
    page.get_by_role("link", name="Español").click()
    page.get_by_role("heading", name="Iniciar sesión").wait_for()
    assert_accessible(page)
    screenshot(page, "spanish-log-in")
    page.locator("#name").fill(NAME)
    page.locator("#password").fill(PASSWORD)
    page.locator("main form button").click()
    page.get_by_role("heading", name="Cuentas").wait_for()
    page.goto(f"{module_city.address}/?q=pothole&sort=oldest")
    page.get_by_role("link", name="English").click()
    page.get_by_role("heading", name=re.compile("records? found")).wait_for()
    assert page.url.endswith("/?q=pothole&sort=oldest")
    assert page.locator("html").get_attribute("lang") == "en"
