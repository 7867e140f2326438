"""Tags, notes and saved searches in Chromium: with and without scripts, wide, narrow, dark."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from archiver import notes, tags
from clerk import people
from clerk.saved import store
from clerk.serve import running
from clerk.users import SignedIn, create_user
from tests.browser.test_clerk import log_in
from tests.browser.test_clerk_access import log_in_as
from tests.fixtures.chromium import assert_accessible, screenshot
from tests.fixtures.clerk import NAME, PASSWORD, SECOND_NIGHT
from tests.fixtures.every_page import assert_good_in_every_way

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fixtures.chromium import PageMaker
    from tests.fixtures.clerk import City


@pytest.fixture(scope="module")
def mailing(module_city: City) -> Iterator[City]:
    """The city with a mail server in its settings, a tag, a note, and a search that somebody else shares."""
    engine = module_city.archive.engine
    create_user(engine, "lena.brandt", PASSWORD)
    people.set_email(engine, NAME, "dana.ortiz@carsongrove.example")
    for item, tag in (("post", "Street repair"), ("question", "Street repair"), ("gone", "Request 2026-14")):
        tags.put_on(engine, module_city.items[item], tag, user="lena.brandt", now=SECOND_NIGHT)
    notes.add(
        engine, module_city.items["post"], "Public Works was asked for the plan.", user="lena.brandt", now=SECOND_NIGHT
    )
    with engine.connect() as connection:
        lena = SignedIn(people.id_of(connection, "lena.brandt"), "lena.brandt", "clerk")
    store.save(engine, lena, {"q": "state:deleted date:last-month"}, "Gone last month", shared=True, now=SECOND_NIGHT)
    module_city.searchable.drain()
    settings = module_city.archive.settings.model_copy(
        update={"smtp_host": "127.0.0.1", "smtp_from": "archive@carsongrove.example"}
    )
    archive = dataclasses.replace(module_city.archive, settings=settings)
    with running(archive, module_city.searchable.client) as address:
        yield dataclasses.replace(module_city, archive=archive, address=address)


@pytest.mark.parametrize("scripts", [True, False])
def test_a_record_is_tagged_noted_and_found(browser_page: PageMaker, mailing: City, *, scripts: bool) -> None:
    """A tag by the form, its chip, its search, its removal; a note with its author; a mistake beside its field."""
    page = browser_page(java_script_enabled=scripts, allow_errors=True)
    log_in(page, mailing.address)
    name = f"School route {scripts}"
    page.goto(mailing.address + mailing.page_of("thanks"))
    page.get_by_label("Put a tag on it").fill("fdp\u202etxt")
    page.get_by_role("button", name="Put the tag on").click()
    assert "U+202E" in page.get_by_role("alert").inner_text()
    if scripts:
        assert_accessible(page)
    page.get_by_label("Put a tag on it").fill(name)
    page.get_by_role("button", name="Put the tag on").click()
    chip = page.get_by_role("list", name="Tags").get_by_role("link", name=name)
    assert chip.is_visible()
    page.get_by_label("Write a note").fill("Asked the school district.")
    page.get_by_role("button", name="Keep the note").click()
    assert page.get_by_text("Asked the school district.").first.is_visible()
    mailing.searchable.drain()
    chip.click()
    page.get_by_role("heading", name="1 record found").wait_for()
    assert page.get_by_role("link", name=f"Tagged {name}").is_visible()
    page.get_by_role("link", name="Comment by Rosa Delgado").click()
    page.get_by_role("button", name=f"Take off the tag {name}").click()
    page.get_by_text("It has no tag.").wait_for()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_search_is_saved_told_of_shared_and_removed(browser_page: PageMaker, mailing: City, *, scripts: bool) -> None:
    """From the results to the list of saved searches, by forms alone; another clerk sees it only while it is shared."""
    page = browser_page(java_script_enabled=scripts)
    log_in(page, mailing.address)
    page.goto(f"{mailing.address}/?q=pothole")
    name = f"Potholes {scripts}"
    page.get_by_text("Save this search").click()
    page.get_by_label("What to call it").fill(name)
    page.get_by_role("button", name="Save the search").click()
    page.get_by_role("heading", name="Saved searches").wait_for()
    page.get_by_role("button", name=f"Tell me each night what is new {name}").click()
    page.get_by_role("button", name=f"Share it with everybody {name}").click()
    page.get_by_role("button", name=f"Share it no more {name}").wait_for()
    if scripts:
        assert_accessible(page)
    other = browser_page(java_script_enabled=scripts)
    log_in_as(other, mailing, "lena.brandt")
    other.goto(f"{mailing.address}/searches")
    other.get_by_role("link", name=name).click()
    other.get_by_role("heading", name="records found").wait_for()
    page.get_by_role("button", name=f"Tell me no more {name}").click()
    page.get_by_role("button", name=f"Remove it {name}").click()
    page.get_by_role("heading", name="Saved searches").wait_for()
    assert not page.get_by_role("link", name=name).count()


def test_the_pages_of_tags_and_saved_searches_are_accessible(browser_page: PageMaker, mailing: City) -> None:
    """Wide, narrow, dark: axe finds nothing, and none scrolls sideways."""
    page = browser_page()
    log_in(page, mailing.address)
    page.goto(f"{mailing.address}/?q=pothole+-closed&platform=bluesky&from=2026-05-01")
    page.get_by_text("Save this search").click()
    page.get_by_label("What to call it").fill("Potholes since May")
    page.get_by_role("button", name="Save the search").click()
    page.get_by_role("button", name="Tell me each night what is new Potholes since May").click()
    for name, address in (
        ("tags", "/tags"),
        ("saved-searches", "/searches"),
        ("record-tagged", mailing.page_of("gone")),
        ("search-tagged", "/?q=tag:%22Street+repair%22"),
    ):
        page.goto(mailing.address + address)
        screenshot(page, name)
        folded = page.locator("details:not([open]) > summary")
        while folded.count():
            folded.first.click()
        assert_good_in_every_way(page)
