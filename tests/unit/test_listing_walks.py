"""Walking a listing that the platform does not go on with: what is asked for, and what the cursor says after it."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from archiver.capture.errors import RequestFailed
from archiver.capture.listing import capture_listing
from archiver.platforms.items import Item, ItemKind, Source, StreamKind
from archiver.platforms.pages import Page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from archiver.platforms.items import Json

OLD = datetime(2026, 1, 1, tzinfo=UTC)
REFUSED = RequestFailed("https://x.test", 400, "the cursor is invalid", True)
AWAY = RequestFailed("https://x.test", 503, "come again")


def page(*numbers: int, resume: Json = None, **more: Any) -> Page:
    """A page of items by their numbers, which are their places."""
    items = [Item(kind=ItemKind.POST, id=f"{n}", source=Source.API, order_key=f"{n}", created_at=OLD) for n in numbers]
    return Page(items, (), resume=resume, **more)


@dataclasses.dataclass
class Listing:
    """A platform with pages by the place that they are asked for by; a failure stands for a page that cannot be had."""

    by_place: Mapping[Json, list[Page] | RequestFailed]
    asked: list[tuple[Json, dict[str, str]]] = dataclasses.field(default_factory=list)

    def apart(self, account: object) -> None:
        """Nothing is asked for by itself."""

    def pages(
        self, _session: object, _account: object, _stream: object, resume: Json, validators: dict[str, str]
    ) -> Iterator[Page]:
        """The pages from a place on."""
        self.asked.append((resume, dict(validators)))
        found = self.by_place[resume]
        if isinstance(found, RequestFailed):
            raise found
        yield from found


class Capture(SimpleNamespace):
    """A capture that stores nothing but its cursor."""

    def save(self, stored: Page, cursor: dict[str, Json] | None = None) -> None:
        """Take the cursor, and what was shown."""
        self.cursor = self.cursor if cursor is None else cursor
        self.shown += [item.id for item in stored.items]
        self.pages += 1

    def note(self, what: str, reason: str) -> None:
        """Take it down."""
        self.noted.append((what, reason))


def captured(listing: Listing, night: int = 1, **cursor: Json) -> Capture:
    """Capture a listing in a night, from this cursor on. What it raises has its cursor as a note."""
    capture = Capture(
        platform=listing,
        session=None,
        account=None,
        context=SimpleNamespace(
            stream=StreamKind.POSTS, mode="nightly", started_at=datetime(2026, 6, night, tzinfo=UTC)
        ),
        archive=SimpleNamespace(settings=SimpleNamespace(sweep_pages=1)),
        reread_since=datetime(2026, 6, 1, tzinfo=UTC),
        cursor=cursor,
        shown=[],
        noted=[],
        pages=0,
    )
    try:
        capture_listing(capture, [])  # type: ignore[arg-type]
    except RequestFailed as error:
        error.add_note(json.dumps(capture.cursor))
        raise
    return capture


def test_from_a_refused_place_the_walk_begins_at_the_top_and_asks_for_all_of_it() -> None:
    """That the top has not changed (its validators) says nothing of what the broken-off walk never reached."""
    listing = Listing({"b": REFUSED, None: [page(9, 8, resume="a", validators={"etag": "1"}), page(7, 6)]})
    capture = captured(listing, open={"high": "9", "resume": "b"}, validators={"etag": "1"})
    assert listing.asked == [(None, {"etag": "1"}), ("b", {"etag": "1"}), (None, {})]
    assert set(capture.shown) == {"9", "8", "7", "6"}
    assert capture.cursor == {"closed": "9", "validators": {"etag": "1"}}
    assert ["the cursor is invalid" in reason for _, reason in capture.noted] == [True]


def test_a_refused_sweep_begins_behind_what_the_night_has_read() -> None:
    """And goes on from there the next night."""
    listing = Listing({"s": REFUSED, None: [page(9, resume="a")], "a": [page(8, resume="b"), page(7)]})
    capture = captured(listing, closed="9", sweep="s")
    assert capture.shown == ["9", "8"]
    assert capture.cursor == {"closed": "9", "sweep": "b"}
    assert len(capture.noted) == 1


@pytest.mark.parametrize("cursor", [{"open": {"high": "9", "resume": "b"}}, {"closed": "9", "sweep": "b"}])
def test_a_server_that_fails_at_a_place_refuses_nothing(cursor: dict[str, Json]) -> None:
    """The place stays for two days, and is given up then; where tonight's own page is refused, the capture fails as it must."""
    listing = Listing({"b": AWAY, None: [page(9, resume="a"), page(8)], "a": [page(8)]})
    for night in (1, 2):
        with pytest.raises(RequestFailed, match="come again") as failure:
            captured(listing, night, **cursor)
        kept = json.loads(failure.value.__notes__.pop())
        assert {**kept, **cursor} == kept
        cursor = kept
    later = captured(listing, 3, **cursor)
    assert set(later.shown) == {"9", "8"}
    assert not {"open", "failed"} & set(later.cursor)
    with pytest.raises(RequestFailed, match="invalid"):
        captured(Listing({None: REFUSED}), **cursor)
