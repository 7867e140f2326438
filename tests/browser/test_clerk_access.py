"""Who gets in and what they see, in Chromium: the single sign-on, messages without the grant, users and the audit log."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from clerk.grants import What, give
from clerk.serve import running
from clerk.users import create_user
from tests.browser.test_clerk import log_in
from tests.fixtures.chromium import assert_accessible, screenshot
from tests.fixtures.clerk import NAME, PASSWORD
from tests.fixtures.every_page import assert_good_in_every_way
from tests.fixtures.single_sign_on import CLIENT_ID, running_provider

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from tests.fixtures.chromium import PageMaker
    from tests.fixtures.clerk import City

WORD = "quetzalcoatl"


@pytest.fixture(scope="module")
def staffed(module_city: City) -> City:
    """The city with an administrator, an auditor, and a direct message in the archive."""
    engine, records = module_city.archive.engine, module_city.searchable.records
    for name, role in (("ada.lund", "administrator"), ("ines.moreau", "auditor")):
        create_user(engine, name, PASSWORD, role)
    letters = records.account("letters.example.gov", platform_id="did:plc:letters", streams=("messages",))
    records.item(letters, f"My {WORD} problem", kind="message", stream="messages")
    module_city.searchable.drain()
    return module_city


def log_in_as(page: Page, city: City, name: str) -> None:
    """Log in by the form."""
    page.goto(f"{city.address}/login")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="Log out").wait_for()


@pytest.mark.parametrize("scripts", [True, False])
def test_messages_without_the_grant_are_refused(browser_page: PageMaker, staffed: City, *, scripts: bool) -> None:
    """From the log-in on: no box to tick, and a search for them has a sentence, no count, no snippet; the auditor reads of it."""
    page = browser_page(java_script_enabled=scripts, allow_errors=True)
    log_in(page, staffed.address)
    assert not page.get_by_label("Include direct messages").count()
    page.get_by_label("Words to find").fill(f"{WORD} type:message")
    page.get_by_role("button", name="Search", exact=True).click()
    page.get_by_role("alert").wait_for()
    said = page.get_by_role("alert").inner_text()
    assert said.startswith("Direct messages are kept apart, and nothing was searched")
    main = page.locator("main").inner_text()
    assert "found" not in main
    assert not page.locator("mark").count()
    if scripts:
        assert_accessible(page)
        screenshot(page, "search-messages-refused")
    auditor = browser_page(java_script_enabled=scripts)
    log_in_as(auditor, staffed, "ines.moreau")
    auditor.get_by_label("What", exact=True).select_option("refused")
    auditor.get_by_role("button", name="Show").click()
    row = auditor.get_by_role("row").nth(1)
    assert NAME in row.inner_text()
    assert "search direct messages" in row.inner_text()


def test_messages_with_the_grant_are_found_and_marked(browser_page: PageMaker, staffed: City) -> None:
    """Ticking the box takes them in; each is marked as private."""
    create_user(staffed.archive.engine, "lena.brandt", PASSWORD)
    give(staffed.archive.engine, "lena.brandt", What.MESSAGES, "request 2026-14", now=staffed.archive.now())
    page = browser_page()
    log_in_as(page, staffed, "lena.brandt")
    page.get_by_label("Words to find").fill(WORD)
    page.get_by_label("Include direct messages").check()
    page.get_by_role("button", name="Search", exact=True).click()
    page.get_by_role("heading", name="1 record found").wait_for()
    assert page.get_by_text("Private", exact=True).is_visible()
    assert page.get_by_label("Include direct messages").is_checked()
    assert page.get_by_label("with direct messages").is_checked()
    assert_accessible(page)
    screenshot(page, "search-messages")
    for wanted in (True, False):
        page.goto(f"{staffed.address}/?q=pothole&messages=1")
        page.get_by_label("with direct messages").set_checked(wanted)
        page.get_by_role("button", name="Export all").click()
        page.get_by_role("heading", name="Exports", level=1).wait_for()
        with staffed.archive.engine.connect() as connection:
            assert connection.scalar(sa.text("select messages from exports order by id desc limit 1")) is wanted


def test_the_pages_of_users_and_of_the_audit_log_are_accessible(browser_page: PageMaker, staffed: City) -> None:
    """Wide, narrow, dark: axe finds nothing, and none scrolls sideways."""
    page = browser_page()
    log_in_as(page, staffed, "ada.lund")
    with staffed.archive.engine.connect() as connection:
        user = connection.scalar(sa.text("select public_id from users where name = :name"), {"name": NAME})
    for name, address in (("users", "/users"), ("user", f"/users/{user}"), ("audit", "/audit")):
        page.goto(staffed.address + address)
        for details in page.locator("details:not([open]) > summary").all():
            details.click()
        assert_good_in_every_way(page, name, [] if name == "audit" else [""])


@pytest.mark.parametrize("scripts", [True, False])
def test_an_administrator_gives_a_grant_and_takes_it_back(
    browser_page: PageMaker, city: City, *, scripts: bool
) -> None:
    """By the forms of the user's page alone, with and without scripts; a mistake is said beside them."""
    create_user(city.archive.engine, "ada.lund", PASSWORD, "administrator")
    page = browser_page(java_script_enabled=scripts, allow_errors=True)
    log_in_as(page, city, "ada.lund")
    page.get_by_role("link", name="Users").click()
    page.get_by_role("link", name=NAME).click()
    page.get_by_text("Give a grant").click()
    page.get_by_label("For what").select_option("messages")
    page.get_by_label("Why it is needed").fill("request 2026-14")
    page.get_by_label("Last day").fill("2001-01-01")
    page.get_by_role("button", name="Give the grant").click()
    assert "cannot end before it begins" in page.get_by_role("alert").inner_text()
    if scripts:
        assert_accessible(page)
    page.get_by_label("For what").select_option("messages")
    page.get_by_label("Why it is needed").fill("request 2026-14")
    page.get_by_role("button", name="Give the grant").click()
    page.get_by_label("Why it is taken back").fill("closed")
    if scripts:
        assert_accessible(page)
    page.get_by_role("button", name="Take back the grant for direct messages").click()
    page.get_by_text("There is none.").wait_for()
    assert page.get_by_role("cell", name="request 2026-14").is_visible()


@pytest.fixture(scope="module")
def joined(module_city: City) -> Iterator[City]:
    """The city's pages with a real single sign-on."""
    with running_provider() as provider:
        settings = module_city.archive.settings.model_copy(
            update={
                "oidc_issuer": provider.issuer,
                "oidc_client_id": CLIENT_ID,
                "oidc_client_secret": SecretStr(provider.secret),
                "oidc_scopes": "openid profile email groups",
                "oidc_roles": (("archive-clerks", "clerk"),),
                "oidc_name": "Carson Grove sign-on",
            }
        )
        archive = dataclasses.replace(module_city.archive, settings=settings)
        with running(archive, module_city.searchable.client) as address:
            provider.register(address)
            provider.set_users({"s-1": {"preferred_username": "rita.vega", "groups": ["archive-clerks"]}})
            yield dataclasses.replace(module_city, archive=archive, address=address)


@pytest.mark.parametrize("scripts", [True, False])
def test_single_sign_on_from_the_log_in_to_the_log_out(browser_page: PageMaker, joined: City, *, scripts: bool) -> None:
    """The button leads to the provider and back to the page that was asked for; logging out ends both, and leads back here."""
    page = browser_page(java_script_enabled=scripts, allow_errors=True)
    page.goto(f"{joined.address}/status")
    if scripts:
        assert_accessible(page)
        screenshot(page, "log-in-single-sign-on")
    page.get_by_role("link", name="Log in with Carson Grove sign-on").click()
    page.get_by_label("Who are you").fill("s-1")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("heading", name="Status").wait_for()
    assert page.get_by_text("rita.vega").is_visible()
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("button", name="Yes, sign me out").click()
    page.get_by_role("heading", name="Log in").wait_for()
    assert page.url.startswith(f"{joined.address}/login")
    page.get_by_role("link", name="Log in with Carson Grove sign-on").click()
    page.get_by_label("Who are you").fill("s-2")
    page.get_by_role("button", name="Go on").click()
    assert "did not let you in" in page.get_by_role("alert").inner_text()
    if scripts:
        assert_accessible(page)
