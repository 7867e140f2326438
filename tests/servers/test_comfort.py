"""What scripts ask the pages for: it passes the same gate, is audited alike, and keeps nobody logged in."""

from __future__ import annotations

import datetime as dt
import json
import re
from html import unescape
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from archiver import asked
from clerk.security import HEADERS, SCRIPTED
from clerk.sessions import ABSOLUTE, IDLE
from clerk.static_files import HTMX, static_version
from tests.fixtures.clerk import FIRST, NAME, NOW

if TYPE_CHECKING:
    from tests.fixtures.clerk import City

UNATTENDED = {"HX-Request": "true", "Unattended": "1"}


def test_htmx_is_served_from_the_package_that_carries_it(module_city: City) -> None:
    """Its second edition, byte for byte, to be kept for a year under the present version; nothing else of that package."""
    client = module_city.client()
    served = client.get("/static/htmx.min.js", params={"v": static_version()})
    assert served.content == HTMX.read_bytes()
    assert re.search(rb'version:"2\.', served.content)
    assert served.headers["content-type"].startswith("text/javascript")
    assert served.headers["cache-control"] == "public, max-age=31536000, immutable"
    for name in ("clerk.css", "keys.js", "comfort.js"):
        there = client.get(f"/static/{name}", params={"v": static_version()})
        assert "immutable" in there.headers["cache-control"]
        unchanged = client.get(str(there.url), headers={"If-None-Match": there.headers["etag"]})
        assert (unchanged.status_code, "immutable" in unchanged.headers["cache-control"]) == (304, True)
    assert client.get("/static/htmx.min.js", params={"v": "another"}).headers["cache-control"] == "no-store"
    for name in (HTMX.name, "htmx-4.js", "..%2f..%2f__init__.py", "nothing.js"):
        assert client.get(f"/static/{name}", params={"v": static_version()}).status_code == 404


def test_only_a_page_with_something_to_renew_allows_scripts(module_city: City) -> None:
    """Nothing inline, nothing evaluated, nobody else asked; HTMX is told to keep to that, and to keep no page in the browser."""
    client = module_city.signed_in()
    for address in ("/", "/?q=zeppelin", "/exports", module_city.page_of("post"), "/status"):
        page = client.get(address)
        assert page.headers["content-security-policy"] == HEADERS["Content-Security-Policy"], address
        assert "<script" not in page.text
    page = client.get("/?q=pothole")
    assert page.headers["content-security-policy"] == SCRIPTED
    assert "unsafe" not in SCRIPTED
    assert SCRIPTED.startswith("default-src 'none';")
    assert set(re.findall(r"<script[^>]*>", page.text)) == {
        f'<script defer src="/static/{name}?v={static_version()}">' for name in ("htmx.min.js", "comfort.js", "keys.js")
    }
    found = re.search(r"<meta name=\"htmx-config\" content='([^']*)'>", page.text)
    assert found is not None
    told = json.loads(unescape(found[1]))
    assert (told["historyCacheSize"], told["selfRequestsOnly"], told["refreshOnHistoryMiss"]) == (0, True, True)
    assert not told["allowEval"] | told["allowScriptTags"] | told["includeIndicatorStyles"]


def test_what_a_page_asks_for_by_itself_keeps_no_session_open(city: City) -> None:
    """It is answered until the session has been idle for an hour, and not beyond; then the answer names the log-in."""
    now = dt.datetime(2026, 5, 4, 8, tzinfo=dt.UTC)
    object.__setattr__(city.archive, "now", lambda: now)
    client = city.signed_in()
    for _ in range(5):
        now += IDLE / 6
        assert client.get("/exports", headers=UNATTENDED).status_code == 200
    assert client.get("/exports", headers={"HX-Request": "true"}).status_code == 200, "what is clicked is use"
    now += IDLE * 5 / 6
    assert client.get("/exports", headers=UNATTENDED).status_code == 200
    now += IDLE / 6
    ended = client.get("/exports", headers=UNATTENDED)
    assert (ended.status_code, ended.content) == (401, b"")
    assert ended.headers["hx-redirect"] == "/login?next=%2Fexports"
    clicked = client.get("/?q=a+b", headers={"HX-Request": "true"})
    assert (clicked.status_code, clicked.headers["hx-redirect"]) == (401, "/login?next=%2F%3Fq%3Da%2Bb")
    assert client.get("/exports").status_code == 303
    assert now < dt.datetime(2026, 5, 4, 8, tzinfo=dt.UTC) + ABSOLUTE


def test_no_header_hides_what_is_opened_from_the_audit_log(city: City) -> None:
    """A record opened and a search made are on record, whatever the request calls itself."""
    client = city.signed_in()
    client.get(city.page_of("post"), headers=UNATTENDED)
    client.get("/?q=pothole", headers=UNATTENDED)
    assert len(city.audit("record opened")) == len(city.audit("searched")) == 1


@pytest.mark.parametrize("record", [True, False])
def test_how_far_a_capture_is_can_be_asked_by_itself(city: City, *, record: bool) -> None:
    """The page shows nothing of the record, so it opens none; it asks again as long as the capture is at work, and says how it
    ended; an address without one says so.
    """
    with city.archive.engine.connect() as connection:
        public_id = connection.scalar(sa.text("select public_id from accounts where id = :id"), {"id": city.account.id})
    root = "at://did:plc:cityofexample/app.bsky.feed.post/root"
    address = city.page_of("post") if record else f"/accounts/{public_id}"
    client = city.signed_in()
    assert "Nothing was asked for." in client.get(f"{address}/capture").text
    begun = asked.ask(
        city.archive.engine, city.account.id, "bluesky:city.example.gov", root if record else None, user=NAME,
        scheduler="process", now=city.archive.now(),
    )  # fmt: skip
    for page in (client.get(f"{address}/capture"), client.get(address)):
        assert "It is at work." in page.text
        assert f'hx-get="{address}/capture"' in page.text
        assert page.headers["content-security-policy"] == SCRIPTED
    asked.finish(city.archive.engine, begun.id, "complete", None, city.archive.now())
    ended = client.get(f"{address}/capture")
    assert "It ended well" in ended.text
    assert "hx-get" not in ended.text
    assert f'action="{address}/capture"' in ended.text
    assert f'<a href="{address}">' in ended.text
    assert FIRST not in ended.text
    assert NOW.partition("#")[0] not in ended.text
    assert len(city.audit("record opened")) == record
