"""Work under way that a page tells of by itself, in Chromium: exports being made, a capture that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from archiver import asked
from clerk import reading
from search.exports import jobs
from search.exports.worker import work
from tests.browser.test_clerk import log_in
from tests.fixtures.chromium import assert_accessible, is_marked, mark
from tests.fixtures.clerk import NAME, PASSWORD

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.fixtures.chromium import PageMaker
    from tests.fixtures.clerk import City


def held(city: City, what: str, **values: Any) -> Any:
    """One value of the database."""
    with city.archive.engine.connect() as connection:
        return connection.scalar(sa.text(what), values)


def ask_for_export(page: Page, city: City) -> None:
    """Have what says pothole exported; ends on the page of the exports."""
    page.goto(f"{city.address}/?q=pothole")
    page.get_by_role("button", name="Export all 3 records").click()
    page.get_by_role("cell", name="Waits to be made (3 records)").first.wait_for()


def test_exports_tell_how_far_they_are_by_themselves(browser_page: PageMaker, city: City) -> None:
    """Nothing is pressed: each step is told, another state also aloud; a button keeps its focus until it goes, and then the file
    has it; nothing is asked for after the end, and the audit log has nothing of it all.
    """
    page = browser_page()
    log_in(page, city.address)
    ask_for_export(page, city)
    mark(page)
    engine = city.archive.engine
    audited = held(city, "select count(*) from audit where actor = :name", name=NAME)
    page.get_by_role("button", name="Cancel").focus()
    page.evaluate("() => { document.activeElement.isSame = true }")
    job = jobs.claim(engine, city.archive.now())
    assert job is not None
    for written in (1, 2):
        jobs.write(engine, job, expected=3, written=written)
        page.get_by_role("cell", name=f"{written} of 3 records written").wait_for()
        assert page.evaluate("() => document.activeElement.isSame === true"), "the button was put there anew"
        assert page.get_by_role("status").inner_text() == "1 of 3 records written", (
            "numbers are not read out one by one"
        )
    assert_accessible(page)
    jobs.release(engine, job)
    work(city.archive, city.searchable.client, city.searchable.alias, once=True)
    page.get_by_role("cell", name="Done: 3 records").wait_for()
    assert page.get_by_role("status").inner_text() == "Done: 3 records"
    assert page.locator(":focus").inner_text().startswith("Download")
    assert not page.get_by_role("link", name="Load this page again").count()
    assert_accessible(page)
    asked_for = requests(page)
    page.wait_for_timeout(3_000)
    assert not asked_for
    assert is_marked(page)
    assert held(city, "select count(*) from audit where actor = :name", name=NAME) == audited
    with page.expect_download() as waited:
        page.get_by_role("link", name="Download").click()
    assert waited.value.suggested_filename.startswith("INTERNAL-not-reviewed-")


def requests(page: Page) -> list[str]:
    """What is asked for from now on; goes on growing."""
    found: list[str] = []
    page.on("request", lambda request: found.append(request.url))
    return found


def test_a_page_left_open_keeps_no_session_and_leads_to_the_log_in(browser_page: PageMaker, city: City) -> None:
    """What the page asks for by itself does not move the end of the session; once that has come, the log-in is shown, and leads
    back.
    """
    page = browser_page(allow_errors=True)
    log_in(page, city.address)
    ask_for_export(page, city)
    with city.archive.engine.begin() as connection:
        connection.execute(sa.text("update user_sessions set expires_at = expires_at - interval '30 minutes'"))
    until = held(city, "select expires_at from user_sessions")
    for _ in range(2):
        with page.expect_response("**/exports") as answer:
            pass
        assert answer.value.status == 200
    assert held(city, "select expires_at from user_sessions") == until
    with city.archive.engine.begin() as connection:
        connection.execute(sa.text("update user_sessions set expires_at = now() - interval '1 minute'"))
    page.wait_for_url("**/login?next=%2Fexports")
    page.get_by_label("User name").fill(NAME)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("heading", name="Exports", level=1).wait_for()


def test_who_may_export_no_longer_is_asked_for_nothing_more(browser_page: PageMaker, city: City) -> None:
    """A refusal ends what the page asks for by itself: it is one row of the audit log, and the list stays as it was."""
    page = browser_page(allow_errors=True)
    log_in(page, city.address)
    ask_for_export(page, city)
    with city.archive.engine.begin() as connection:
        connection.execute(sa.text("update users set role = 'viewer' where name = :name"), {"name": NAME})
    with page.expect_response("**/exports") as refused:
        pass
    assert refused.value.status == 403
    page.wait_for_timeout(3_000)
    assert len(city.audit("refused")) == 1
    assert page.get_by_role("cell", name="Waits to be made (3 records)").is_visible()
    assert page.get_by_role("link", name="Load this page again").is_visible()


def ask_for_capture(city: City, *, thread_of: str | None = None) -> asked.Asked:
    """A capture of the city's account (of a record's thread) that is at work for as long as the test wants."""
    engine, post_id = city.archive.engine, None
    if thread_of is not None:
        with engine.connect() as connection:
            place = reading.thread_of(connection, city.public_id(thread_of))
        assert place is not None
        post_id = place.post_id
    return asked.ask(
        engine, city.account.id, "bluesky:city.example.gov", post_id, user=NAME, scheduler="process",
        now=city.archive.now(),
    )  # fmt: skip


@pytest.mark.parametrize("where", ["record", "account"])
def test_a_capture_tells_how_far_it_is_by_itself(browser_page: PageMaker, city: City, where: str) -> None:
    """Nothing is pressed: its end is told and said aloud, the button is there again, what was opened stays open, the focus goes
    to what took the link's place; that the record was opened is on record once.
    """
    engine = city.archive.engine
    begun = ask_for_capture(city, thread_of="question" if where == "record" else None)
    account = held(city, "select public_id from accounts where id = :id", id=city.account.id)
    page = browser_page()
    log_in(page, city.address)
    page.goto(city.address + (city.page_of("question") if where == "record" else f"/accounts/{account}"))
    mark(page)
    title = page.title()
    region = page.locator("#capture")
    region.get_by_text("It is at work.").wait_for()
    assert_accessible(page)
    opened = page.locator("details").first
    opened.locator("summary").first.click()
    was_open = opened.get_attribute("open")
    region.get_by_role("link", name="Load this page again").focus()
    with page.expect_response("**/capture"):
        pass
    page.wait_for_timeout(500)
    assert page.locator(":focus").inner_text() == "Load this page again"
    asked.finish(engine, begun.id, "complete", None, city.archive.now())
    region.get_by_text("It ended well").wait_for()
    assert "It ended well" in page.get_by_role("status").inner_text()
    assert "It ended well" in page.locator(":focus").inner_text()
    assert region.get_by_role("button").is_visible()
    assert opened.get_attribute("open") == was_open
    assert page.title() == title
    assert is_marked(page)
    assert_accessible(page)
    assert len(city.audit("record opened")) == (where == "record")
    asked_for = requests(page)
    page.wait_for_timeout(4_000)
    assert not asked_for
