"""The archive's own Bluesky connector, walking the sample city, meets what the truth says it can meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from archiver.capture.session import CaptureSession
from archiver.platforms.bluesky import Bluesky
from archiver.platforms.items import ReferenceKind, State, StreamKind
from archiver.platforms.pages import AccountRef
from samplecity.city import City
from samplecity.running import RunningCity, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

STREAMS = {"posts", "comments", "reposts", "references", "answered"}
STATES = {
    "active": State.PRESENT,
    "deactivated": State.HIDDEN,
    "takendown": State.HIDDEN,
    "deleted": State.GONE_CONFIRMED,
}


@pytest.fixture(scope="module")
def city() -> City:
    """The default city."""
    return City.build()


@pytest.fixture(scope="module")
def running(city: City) -> Iterator[RunningCity]:
    """The default city, served without faults."""
    with serve(city, faulty=False) as server:
        yield server


@pytest.mark.parametrize("night", [1, 3, 5])
def test_the_connector_meets_the_truth_of_a_night(city: City, running: RunningCity, night: int) -> None:
    """Posts, reposts, quotes, answered posts and threads of every account in order are met, and nothing else."""
    running.at(night)
    truth = city.truth_after(night)
    connector, session = Bluesky(), CaptureSession(user_agent="test", allowed_origins=[running.url])
    settings = {"plc_url": running.plc_url, "appview_url": running.appview_url}
    met = set()
    for account in truth.accounts:
        if account.platform != "bluesky":
            continue
        named = AccountRef(1, "bluesky", "", account.id, account.handle_by_night[night], settings)
        status = connector.status(session, named)
        assert status.state is STATES[account.status_by_night[night]], account.key
        if status.state is not State.PRESENT:
            continue
        assert status.handle == account.handle_by_night[night]
        ref = AccountRef(1, "bluesky", "", account.id, named.handle, {**settings, **status.settings})
        pages = [
            page
            for kind in (StreamKind.POSTS, StreamKind.REPOSTS)
            for page in connector.pages(session, ref, kind, None, {})
        ]
        items = [item for page in pages for item in page.items]
        own = [item for item in items if item.id.startswith(f"at://{account.id}/app.bsky.feed.post/")]
        roots = [item.id for item in own if not any(one.kind is ReferenceKind.PARENT for one in item.references)]
        items += [item for root in roots for page in connector.thread(session, ref, root) for item in page.items]
        met |= {(item.id, item.text or "") for item in items}
    assert met == {
        (item.id, version.text)
        for item in truth.items
        if any(one.stream in STREAMS and night in one.nights for one in item.sightings)
        for version in item.versions
        if night in version.nights
    }
