"""Walking a listing that the platform does not go on with: what is asked for, and what the cursor says after it."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from archiver.capture.errors import RequestFailed, Unreachable
from archiver.capture.listing import capture_listing
from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.items import Item, ItemKind, Source, StreamKind
from archiver.platforms.pages import Page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from archiver.platforms.items import Json

OLD = datetime(2026, 1, 1, tzinfo=UTC)
Failure = RequestFailed | Unreachable | UnreadableAnswerError
LIMIT = RequestFailed("https://x.test/posts?cursor=b", 429, "too many", limit=True)
PASSING: list[Failure] = [
    RequestFailed("https://x.test/posts?cursor=b", 503, "come again"),
    RequestFailed("https://x.test/posts?cursor=b", 522, "no answer from the origin"),
    RequestFailed("https://x.test/posts?cursor=b", 403, "a firewall"),
    RequestFailed("https://x.test/posts?ids=1,2", 400, "one id is wrong", final=True),
    Unreachable("https://x.test/posts?cursor=b", "no answer in time"),
    UnreadableAnswerError("x", "https://x.test/posts?cursor=b", "no JSON"),
]
AWAY = PASSING[0]


def refused(place: str) -> RequestFailed:
    """The platform does not take a place."""
    return RequestFailed(f"https://x.test/posts?cursor={place}", 400, "the cursor is invalid", final=True)


def page(*numbers: int, resume: Json = None, **more: Any) -> Page:
    """A page of items by their numbers, which are their places."""
    items = [Item(kind=ItemKind.POST, id=f"{n}", source=Source.API, order_key=f"{n}", created_at=OLD) for n in numbers]
    return Page(items, (), resume=resume, **more)


@dataclasses.dataclass
class Listing:
    """A platform with pages by the place that they are asked for by; a failure stands for a page that cannot be had."""

    by_place: Mapping[Json, list[Page | Failure]]
    asked: list[tuple[Json, dict[str, str]]] = dataclasses.field(default_factory=list)

    def apart(self, account: object) -> None:
        """Nothing is asked for by itself."""

    def pages(
        self, _session: object, _account: object, _stream: object, resume: Json, validators: dict[str, str]
    ) -> Iterator[Page]:
        """The pages from a place on."""
        self.asked.append((resume, dict(validators)))
        for each in self.by_place[resume]:
            if not isinstance(each, Page):
                raise each
            yield each


class Capture(SimpleNamespace):
    """A capture that stores nothing but its cursor."""

    cursor: dict[str, Json]

    def save(self, stored: Page, cursor: dict[str, Json] | None = None) -> None:
        """Take the cursor, and what was shown."""
        self.cursor = self.cursor if cursor is None else cursor
        self.shown += [item.id for item in stored.items]
        self.pages += 1

    def note(self, what: str, reason: str) -> None:
        """Take it down."""
        self.noted.append((what, reason))

    def skip(self, what: str, reason: str) -> None:
        """Take it down, as lost."""
        self.lost.append((what, reason))


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
        lost=[],
        pages=0,
    )
    try:
        capture.whole = capture_listing(capture, [])  # type: ignore[arg-type]
    except RequestFailed as error:
        error.add_note(json.dumps(capture.cursor))
        raise
    return capture


def test_from_a_refused_place_the_walk_begins_at_the_top_and_asks_for_all_of_it() -> None:
    """That the top has not changed (its validators) says nothing of what the broken-off walk never reached."""
    listing = Listing({"b": [refused("b")], None: [page(9, 8, resume="a", validators={"etag": "1"}), page(7, 6)]})
    capture = captured(listing, open={"high": "9", "resume": "b"}, validators={"etag": "1"})
    assert listing.asked == [(None, {"etag": "1"}), ("b", {"etag": "1"}), (None, {})]
    assert set(capture.shown) == {"9", "8", "7", "6"}
    assert capture.cursor == {"closed": "9", "validators": {"etag": "1"}}
    assert ["the cursor is invalid" in reason for _, reason in capture.noted] == [True]


def test_a_refused_sweep_begins_behind_what_the_night_has_read() -> None:
    """And goes on from there the next night."""
    listing = Listing({"s": [refused("s")], None: [page(9, resume="a")], "a": [page(8, resume="b"), page(7)]})
    capture = captured(listing, closed="9", sweep="s")
    assert capture.shown == ["9", "8"]
    assert capture.cursor == {"closed": "9", "sweep": "b"}
    assert len(capture.noted) == 1


@pytest.mark.parametrize("failure", PASSING, ids=str)
@pytest.mark.parametrize("cursor", [{"open": {"high": "9", "resume": "b"}}, {"closed": "9", "sweep": "b"}])
def test_a_server_that_fails_at_a_place_refuses_nothing(cursor: dict[str, Json], failure: Failure) -> None:
    """The place stays for two days, what lies behind it is said to be missing, and the capture goes on to the rest; then it is
    given up.
    """
    listing = Listing({"b": [failure], None: [page(9, resume="a"), page(8)], "a": [page(8)]})
    for night in (1, 2):
        stands = captured(listing, night, **cursor)
        assert {**stands.cursor, **cursor} == stands.cursor
        assert [str(failure) in reason for _, reason in stands.lost] == [True]
        assert stands.whole is ("open" not in cursor)
        cursor = stands.cursor
    later = captured(listing, 3, **cursor)
    assert set(later.shown) == {"9", "8"}
    assert not {"open", "failed", "restarted"} & set(later.cursor)
    assert later.whole
    assert not later.lost


def test_a_page_that_always_fails_is_walked_to_once_in_a_fortnight() -> None:
    """A walk that began again for its sake stands at it once more; every other night asks for that page alone."""
    cursor: dict[str, Json] = {"open": {"high": "9", "resume": "b"}}
    read = []
    for night in range(1, 31):
        listing = Listing({"b": [AWAY], None: [page(9, resume="a"), page(8, resume="b"), AWAY]})
        try:
            cursor = captured(listing, night, **cursor).cursor
        except RequestFailed as error:
            read.append(night)
            cursor = json.loads(error.__notes__.pop())
            assert cursor["open"] == {"high": "9", "resume": "b"}
            del error.__notes__[:]
        assert listing.asked[:2] == [(None, {}), ("b", {})]
    assert read == [3, 17]
    listing = Listing({"b": [page(7)], None: [page(9, resume="a"), page(8, resume="b")]})
    assert captured(listing, 30, **cursor).cursor == {"closed": "9"}


def test_a_refused_place_is_not_walked_to_again_and_again() -> None:
    """It stands where the walk that began again for its sake led back to it."""
    listing = Listing({"b": [refused("b")], None: [page(9, resume="a"), page(8, resume="b"), refused("b")]})
    with pytest.raises(RequestFailed, match="invalid") as failure:
        captured(listing, 1, open={"high": "9", "resume": "b"})
    later = captured(listing, 2, **json.loads(failure.value.__notes__.pop()))
    assert [resume for resume, _ in listing.asked] == [None, "b", None, None, "b"]
    assert later.cursor["open"] == {"high": "9", "resume": "b"}
    assert len(later.lost) == 1


def test_a_place_that_failed_once_and_works_is_not_remembered_as_failing() -> None:
    """The sweep comes to the same place again, months later: that it fails there once more is no failing for days."""
    swept = {"closed": "9", "sweep": "b"}
    first = captured(Listing({"b": [AWAY], None: [page(9, resume="a")]}), 1, **swept)
    works = Listing({"b": [page(7, resume="c")], None: [page(9, resume="a")]})
    second = captured(works, 2, **first.cursor)
    assert second.cursor["sweep"] == "c"
    again = captured(Listing({"b": [AWAY], None: [page(9, resume="a")]}), 20, **{**second.cursor, **swept})
    assert again.cursor["sweep"] == "b"
    assert len(again.lost) == 1


def test_a_limit_says_nothing_of_a_place() -> None:
    """It ends the capture, however often it is met there."""
    cursor: dict[str, Json] = {"open": {"high": "9", "resume": "b"}}
    for night in (1, 3, 5):
        with pytest.raises(RequestFailed, match="too many") as failure:
            captured(Listing({"b": [LIMIT], None: [page(9, resume="a")]}), night, **cursor)
        assert json.loads(failure.value.__notes__.pop()) == cursor
        del failure.value.__notes__[:]


def test_the_newest_page_cannot_be_given_up() -> None:
    """Where it is refused, the capture fails as it must."""
    with pytest.raises(RequestFailed, match="invalid"):
        captured(Listing({None: [refused("b")]}), open={"high": "9", "resume": "b"})


def test_a_listing_that_is_cut_off_is_not_taken_for_read_to_its_end() -> None:
    """The next night goes on at the page whose next one could not be reached; the sweep and the mark wait for it."""
    cut = captured(Listing({None: [page(9, resume="a"), page(8, cut=True)]}), 1, closed="3")
    assert cut.cursor == {"closed": "3", "open": {"high": "9", "resume": "a"}}
    assert not cut.whole
    mended = captured(Listing({None: [page(9, resume="a")], "a": [page(8, resume="b"), page(3)]}), 2, **cut.cursor)
    assert mended.shown == ["9", "8", "3"]
    assert mended.cursor == {"closed": "9"}
    assert mended.whole


def test_what_is_cut_off_above_an_older_walk_is_read_by_the_next_night() -> None:
    """Also where the older walk comes to its end meanwhile."""
    opened = {"high": "5", "resume": "b"}
    cut = captured(Listing({None: [page(9, cut=True)], "b": [page(4, resume="c"), page(3)]}), 1, open=opened)
    assert cut.cursor["open"] == {"high": "5", "resume": "c"}
    assert not cut.whole
    mended = captured(Listing({None: [page(9, resume="a"), page(7, 5)], "c": [page(3)]}), 2, **cut.cursor)
    assert mended.shown == ["9", "7", "5", "3"]
    assert mended.cursor == {"closed": "9"}


def test_a_listing_that_is_cut_off_behind_what_was_read_before_is_read_as_far_as_it_had_to_be() -> None:
    """What comes after is old, and held."""
    capture = captured(Listing({None: [page(9, 8, cut=True)]}), 1, closed="8")
    assert capture.cursor == {"closed": "9"}
    assert capture.whole
