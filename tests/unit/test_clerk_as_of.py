"""The archive at an earlier moment: which moment is meant, and what of an item had been captured by then."""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.records.derived import derived
from archiver.records.shapes import ItemShape, SightingShape, StateShape, VersionShape
from archiver.records.superseding import shown_of
from clerk.as_of import NoMoment, captured_by, moment_of

ZONES = [zoneinfo.ZoneInfo(name) for name in ("America/Los_Angeles", "America/Havana", "Australia/Lord_Howe", "UTC")]
LOS_ANGELES = ZONES[0]
NOW = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
MOMENTS = st.integers(0, 3 * 365 * 24 * 60 * 60).map(lambda seconds: START + dt.timedelta(seconds=seconds))
TIMES = st.integers(0, 40).map(lambda hour: START + dt.timedelta(hours=hour))
STATES = st.sampled_from(["present", "hidden", "gone_confirmed", "not_returned"])
STREAMS = st.sampled_from([(1, "posts"), (1, "import"), (2, "comments")])


@given(MOMENTS, st.sampled_from(ZONES))
def test_what_the_clock_showed_is_what_a_time_means(at: dt.datetime, zone: zoneinfo.ZoneInfo) -> None:
    """Whatever was captured while the clock showed a minute is captured by that minute, and by that day."""
    local = at.astimezone(zone)
    minute = moment_of(f"{local:%Y-%m-%d}", f"{local:%H:%M}", zone, NOW)
    day = moment_of(f"{local:%Y-%m-%d}", "", zone, NOW)
    assert minute is not None
    assert day is not None
    assert at < minute.until <= day.until
    assert minute.until - at <= dt.timedelta(hours=1, minutes=1)
    assert moment_of(minute.typed, "", zone, NOW) == minute


@given(MOMENTS, MOMENTS, st.sampled_from(ZONES))
def test_a_day_is_all_of_its_day_and_nothing_more(one: dt.datetime, at: dt.datetime, zone: zoneinfo.ZoneInfo) -> None:
    """By a day is captured what was captured on it or before, by the city's calendar, summer time or not."""
    date = one.astimezone(zone).date()
    moment = moment_of(date.isoformat(), "", zone, NOW)
    assert moment is not None
    assert (at < moment.until) == (at.astimezone(zone).date() <= date)
    assert moment.last.astimezone(zone).date() == date


@pytest.mark.parametrize(
    ("day", "clock", "until"),
    [
        ("2026-05-05", "", "2026-05-06T07:00"),
        ("2026-05-05T02:10", "", "2026-05-05T09:11"),
        ("2026-05-05", "02:10", "2026-05-05T09:11"),
        ("2026-03-08", "", "2026-03-09T07:00"),  # a day of 23 hours
        ("2026-03-08", "02:30", "2026-03-08T10:00"),  # never was: the clock went from 02:00 to 03:00
        ("2026-03-08", "03:00", "2026-03-08T10:01"),
        ("2026-11-01", "01:30", "2026-11-01T09:31"),  # was twice: the later
        ("2026-11-01", "", "2026-11-02T08:00"),
    ],
)
def test_moments_of_the_citys_time(day: str, clock: str, until: str) -> None:
    """A day means its end, a minute the whole of it, in the city's time."""
    moment = moment_of(day, clock, LOS_ANGELES, NOW)
    assert moment is not None
    assert moment.until == dt.datetime.fromisoformat(f"{until}+00:00")


@pytest.mark.parametrize(
    ("day", "clock", "sentence"),
    [
        ("2026-02-30", "", "is no day and time"),
        ("soon", "", "is no day and time"),
        ("2026-05-05", "25:00", "is no day and time"),
        ("", "02:10", "needs its day"),
        ("2026-05-05T02:10+02:00", "", "own zone"),
        ("2031-05-05", "", "still to come"),
        ("0001-01-01", "", "year 1:"),
        ("9999-12-31", "", "year 9999"),
    ],
)
def test_what_is_no_moment_is_said(day: str, clock: str, sentence: str) -> None:
    """A mistake is answered with a sentence that says how to write it."""
    with pytest.raises(NoMoment, match=sentence):
        moment_of(day, clock, LOS_ANGELES, NOW)


def test_nothing_typed_is_now() -> None:
    """An empty form asks for no moment."""
    assert moment_of(" ", "", LOS_ANGELES, NOW) is None


def version(number: int, at: dt.datetime, source: str, edited_at: dt.datetime | None) -> VersionShape:
    """A version."""
    return VersionShape(
        number, uuid.UUID(int=number), number, source, False, at, None, edited_at, None, None, f"text {number}", None, None,
        None, (), (), (), (), (), (), {}, "",
    )  # fmt: skip


@st.composite
def items(draw: st.DrawFn) -> ItemShape:
    """An item with a history: versions and states in the order of their capture, seen through some streams."""
    times = sorted(draw(st.lists(TIMES, min_size=1, max_size=8)))
    sources = st.sampled_from(["api", "import", "history", "feed"])
    versions = [version(n, at, draw(sources), draw(st.none() | TIMES)) for n, at in enumerate(times, 1)]
    shown = shown_of((each.source, each.edited_at) for each in versions)
    current = len(versions) - 1 if shown is None else shown
    versions = [dataclasses.replace(each, is_current=place == current) for place, each in enumerate(versions)]
    seen = {stream: draw(TIMES) for stream in draw(st.lists(STREAMS, max_size=3, unique=True))}
    observed = sorted(draw(st.lists(TIMES, max_size=6))) if seen else []
    states = []
    for at in observed:
        account, stream = draw(st.sampled_from(sorted(seen)))
        if at >= seen[account, stream]:
            states.append(StateShape(draw(STATES), "", at, False, account, stream))
    found = dict.fromkeys(seen, "present") | {(each.account_id, each.stream): each.state for each in states}
    sightings = [
        SightingShape(
            account, uuid.UUID(int=account), "bluesky", "", None, "a", (), "Parks", stream, found[account, stream], first,
            max(first, START + dt.timedelta(hours=41)),
        )
        for (account, stream), first in seen.items()
    ]  # fmt: skip
    first_seen = min([times[0], *seen.values()])
    return ItemShape(
        1, uuid.UUID(int=1), "bluesky", "", "x", "post", 1, derived((each.stream, each.state) for each in sightings), None, None,
        None, None, first_seen, tuple(versions), tuple(states), tuple(sightings), (), {}, None,
    )  # fmt: skip


@given(items(), TIMES)
def test_nothing_of_what_came_later_is_left(item: ItemShape, until: dt.datetime) -> None:
    """No version, state or sighting of a later time, one version shown, and a state that these alone explain."""
    then = captured_by(item, until)
    if then is None:
        assert item.first_seen_at >= until or item.versions[0].captured_at >= until
        return
    assert all(each.captured_at < until for each in then.versions)
    assert all(each.observed_at < until for each in then.states)
    assert all(each.first_seen_at < until and each.last_seen_at < until for each in then.sightings)
    assert [each.is_current for each in then.versions].count(True) == 1
    assert then.state == derived((each.stream, each.state) for each in then.sightings)


@given(items())
def test_after_everything_it_is_as_it_is_now(item: ItemShape) -> None:
    """By a moment after the last capture, an item is what it is now."""
    then = captured_by(item, START + dt.timedelta(days=9))
    assert then == item


@given(items(), TIMES, TIMES)
def test_going_back_twice_is_going_back_once(item: ItemShape, one: dt.datetime, other: dt.datetime) -> None:
    """What was held by an earlier moment can be told from what was held by a later one."""
    first, last = min(one, other), max(one, other)
    later = captured_by(item, last)
    whole, again = captured_by(item, first), None if later is None else captured_by(later, first)
    assert again == whole


def test_a_record_shown_again_after_it_was_hidden_was_hidden_in_between() -> None:
    """Present, hidden, present: at each moment the state that was last noticed by then."""
    at = [START + dt.timedelta(hours=hour) for hour in range(5)]
    states = tuple(
        StateShape(state, "", when, False, 1, "posts") for state, when in (("hidden", at[1]), ("present", at[3]))
    )
    sighting = SightingShape(
        1, uuid.UUID(int=1), "bluesky", "", None, "a", (), "Parks", "posts", "present", at[0], at[4]
    )
    item = ItemShape(
        1, uuid.UUID(int=1), "bluesky", "", "x", "post", 1, "present", None, None, None, None, at[0],
        (dataclasses.replace(version(1, at[0], "api", None), is_current=True),), states, (sighting,), (), {}, None,
    )  # fmt: skip
    found = [captured_by(item, when + dt.timedelta(seconds=1)) for when in at]
    assert [each and each.state for each in found] == ["present", "hidden", "hidden", "present", "present"]


def test_an_import_does_not_take_the_place_of_what_was_captured() -> None:
    """Looking back applies the rule that stored: an import says what was once said, whenever it came."""
    assert shown_of([("api", None), ("import", None)]) == 0
    assert shown_of([("import", None), ("api", None)]) == 1
    assert shown_of([("history", None), ("api", None), ("history", None)]) == 1
    edited = [START + dt.timedelta(hours=hour) for hour in range(2)]
    assert shown_of([("api", edited[0]), ("import", edited[1])]) == 1
    assert shown_of([("api", edited[1]), ("api", edited[0])]) == 0
    assert shown_of([]) is None
