"""The browser the tests drive: it fails a test for what a clerk's page must not do."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Error

from tests.fixtures import chromium
from tests.fixtures.chromium import assert_accessible, chromium_path, pages, screenshot
from tests.install_needs import MissingError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

    from tests.fixtures.chromium import PageMaker

GOOD = '<!doctype html><html lang="en"><title>Records</title><main><h1>Records</h1><p>None yet.</p></main></html>'
UNLABELLED = GOOD.replace("<p>None yet.</p>", '<input name="words">')
INLINE_SCRIPT = GOOD.replace("<p>None yet.</p>", "<script>document.title = 'run'</script>")
ELSEWHERE = GOOD.replace("<p>None yet.</p>", '<img alt="" src="http://media.example/1.png">')
SITE = {"/good": GOOD, "/unlabelled": UNLABELLED, "/script": INLINE_SCRIPT, "/elsewhere": ELSEWHERE}
POLICY = {"/elsewhere": "img-src *"}


class Site(BaseHTTPRequestHandler):
    """A few pages under a policy as strict as the clerk's."""

    def do_GET(self) -> None:
        """Serves a page of SITE."""
        body = SITE.get(self.path, "not here").encode()
        self.send_response(200 if self.path in SITE else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", POLICY.get(self.path, "default-src 'self'"))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Says nothing."""


@contextmanager
def served() -> Iterator[str]:
    """Serves the site on a free port of 127.0.0.1; gives its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The site's address."""
    with served() as address:
        yield address


def test_an_accessible_page_passes_under_a_strict_policy(browser_page: PageMaker, site: str) -> None:
    """The accessibility check runs although the page's policy forbids foreign scripts, and finds nothing wrong here."""
    page = browser_page()
    page.goto(f"{site}/good")
    assert page.get_by_role("heading").inner_text() == "Records"
    assert_accessible(page)


def test_a_broken_rule_is_named(browser_page: PageMaker, site: str) -> None:
    """A field without a label fails the check, which names the rule and the element."""
    page = browser_page()
    page.goto(f"{site}/unlabelled")
    with pytest.raises(AssertionError, match=r'(?s)label.*<input name="words">'):
        assert_accessible(page)


def test_a_context_limits_the_check(browser_page: PageMaker, site: str) -> None:
    """Only the part asked for is checked."""
    page = browser_page()
    page.goto(f"{site}/unlabelled")
    assert_accessible(page, context="h1")


def test_a_script_the_policy_refused_fails_the_test(browser: Browser, site: str) -> None:
    """What the Content-Security-Policy refused is an error at the end of the test."""

    def visit() -> None:
        with pages(browser) as new_page:
            page = new_page()
            page.goto(f"{site}/script")
            assert page.title() == "Records"

    with pytest.raises(AssertionError, match="Content Security Policy"):
        visit()


def test_errors_can_be_allowed(browser: Browser, site: str) -> None:
    """A test that expects a refused request says so, and does not fail for it."""
    with pages(browser) as new_page:
        answer = new_page(allow_errors=True).goto(f"{site}/missing")
        assert answer is not None
        assert answer.status == 404


def test_a_page_reaches_no_other_host(browser: Browser, site: str) -> None:
    """A picture from elsewhere does not load, and fails the test; nor can a test go there."""

    def visit() -> None:
        with pages(browser) as new_page:
            page = new_page()
            page.goto(f"{site}/elsewhere")
            with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
                page.goto("http://media.example/")

    with pytest.raises(AssertionError, match=r"media\.example/1\.png"):
        visit()


def test_tabs_share_no_cookies(browser_page: PageMaker, site: str) -> None:
    """Two tabs of one test are two visitors."""
    first, second = browser_page(), browser_page()
    for page in (first, second):
        page.goto(f"{site}/good")
    first.evaluate("document.cookie = 'who=first'")
    assert second.evaluate("document.cookie") == ""


def test_a_screenshot_is_kept_until_renewed(
    browser_page: PageMaker, site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A picture is written once; it is taken anew only when asked."""
    monkeypatch.setattr(chromium, "SCREENS", tmp_path / "screens")
    monkeypatch.delenv(chromium.RENEW_VARIABLE, raising=False)
    page = browser_page()
    page.goto(f"{site}/good")
    path = screenshot(page, "good")
    assert path.read_bytes().startswith(b"\x89PNG")
    path.write_bytes(b"kept")
    assert screenshot(page, "good").read_bytes() == b"kept"
    monkeypatch.setenv(chromium.RENEW_VARIABLE, "1")
    assert screenshot(page, "good").read_bytes().startswith(b"\x89PNG")


def test_a_wrong_chromium_path_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """``CHROMIUM_PATH`` that names no program is an error that says so, not a silent search elsewhere."""
    monkeypatch.setenv("CHROMIUM_PATH", "/nowhere/chromium")
    with pytest.raises(MissingError, match="CHROMIUM_PATH names /nowhere/chromium"):
        chromium_path()
