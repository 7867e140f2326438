"""Looking at a page that is open in several ways finds what is wrong in one of them alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fixtures.every_page import assert_good_in_every_way

if TYPE_CHECKING:
    from tests.fixtures.chromium import PageMaker

PAGE = """<!doctype html><html lang="en"><head><title>A page</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{style}</style></head><body><main>
<h1>A heading</h1><p>Words, and <a href="/">a link</a> among them.</p><p class="who"><span>dana.ortiz</span></p>
<div class="box"><p>Lines</p></div><ul><li><button>One</button> <button>Two</button></li></ul></main></body></html>"""
NARROW, DARK = "@media (max-width: 40rem)", "@media (prefers-color-scheme: dark)"


def look(browser_page: PageMaker, style: str) -> None:
    """Look at the page with this style."""
    page = browser_page()
    page.set_content(PAGE.format(style=style))
    assert_good_in_every_way(page)


def test_a_good_page_passes(browser_page: PageMaker) -> None:
    """Also where the narrow window has no room for the name of who is logged in."""
    look(browser_page, "a { text-decoration: underline } " + NARROW + " { .who > span { display: none } }")


@pytest.mark.parametrize(
    ("style", "says"),
    [
        (DARK + " { h1 { color: #ddd } }", "color-contrast"),
        (NARROW + " { h1 { color: #ddd } }", "color-contrast"),
        (NARROW + " { h1 { display: none } }", "page-has-heading-one"),
        (DARK + " { h1 { visibility: hidden } }", "page-has-heading-one"),
        (DARK + " { a { text-decoration: none; color: #222 } }", "link-in-text-block"),
        (NARROW + " { button { width: 8px; height: 8px; padding: 0; margin: 0; overflow: hidden } }", "target-size"),
        (
            NARROW + " { .box { height: 1rem; overflow: auto } .box p { height: 9rem } }",
            "scrollable-region-focusable",
        ),
        (NARROW + " { h1 { width: 600px } }", "-narrow"),
    ],
)
def test_what_is_wrong_in_one_way_is_found(browser_page: PageMaker, style: str, says: str) -> None:
    """Colours in the dark, places in a narrow window, what is hidden there, and what is too wide for it."""
    with pytest.raises(AssertionError, match=says):
        look(browser_page, style)
