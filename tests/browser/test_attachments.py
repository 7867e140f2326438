"""Attachments in Chromium: a film that is kept is played on its page, under the policy of the pages."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from tests.browser.test_clerk import log_in
from tests.fixtures.chromium import assert_accessible
from tests.fixtures.every_page import PHONE, no_sideways_scrolling
from tests.fixtures.records import Attachment
from tests.servers.test_clerk_media import keep

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.fixtures.chromium import PageMaker
    from tests.fixtures.clerk import City

_FILM = """
async () => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 64;
  const context = canvas.getContext("2d");
  const recorder = new MediaRecorder(canvas.captureStream(20), { mimeType: "video/webm;codecs=vp8" });
  const parts = [];
  recorder.ondataavailable = (event) => parts.push(event.data);
  const stopped = new Promise((resolve) => { recorder.onstop = resolve; });
  recorder.start();
  for (let frame = 0; frame < 12; frame++) {
    context.fillStyle = `rgb(${frame * 20}, 90, 160)`;
    context.fillRect(0, 0, 64, 64);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  recorder.stop();
  await stopped;
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
"""


def film(page: Page) -> bytes:
    """A real film, as the browser itself records one."""
    page.goto("about:blank")
    return base64.b64decode(page.evaluate(_FILM))


def test_a_film_is_played_on_its_page(browser_page: PageMaker, city: City) -> None:
    """Its page plays it without a script, fits a telephone, passes axe, and leads to the picture before it."""
    page = browser_page(**PHONE)
    data = film(page)
    post = city.items["film"] = city.searchable.records.item(
        city.parks, "The new playground", media=[Attachment("still", "A slide"), Attachment("film", None, "video")]
    )
    assert post
    keep(city, "still", b"\x89PNG\r\n\x1a\n" + b"0" * 20, "image/webp")
    medium = keep(city, "film", data, "video/webm")
    log_in(page, city.address)
    page.goto(city.address + city.page_of("film"))
    page.get_by_role("link", name="Play the video").click()
    page.get_by_role("heading", level=1, name="Video 2 of 2").wait_for()
    assert page.url.startswith(f"{city.address}/media/{medium}/view")
    assert page.get_by_text("No alternative text was given.").is_visible()
    page.evaluate("document.querySelector('video').muted = true; document.querySelector('video').play()")
    for _ in range(50):
        if page.evaluate("document.querySelector('video').currentTime > 0.1"):
            break
        page.wait_for_timeout(100)
    assert page.evaluate("document.querySelector('video').currentTime > 0.1")
    assert page.evaluate("document.querySelector('video').videoWidth") == 64
    assert_accessible(page)
    assert no_sideways_scrolling(page)
