"""The archive as it stood at an earlier moment: what had been captured by then, and nothing of what came after. Pure.

The archive knows when it captured each version, when it noticed each change of state, and when it first saw a record through
each stream. So it can say what it held at any moment, to the second; it cannot say what stood on the platform between two
captures. What is not told in time stays as it is today: where a record hangs in its conversation, and whether the bytes of an
attachment are kept.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING

from archiver.i18n.translation import _, marked
from archiver.records.derived import PRESENT, derived
from archiver.records.superseding import shown_of

if TYPE_CHECKING:
    import zoneinfo
    from collections.abc import Iterable

    from archiver.records.shapes import ItemShape, VersionShape

_MINUTE = dt.timedelta(minutes=1)
_FIRST_YEAR = 1970
HOW = marked("write the day as 2026-05-05, and the time, if any, as 02:10.")


class NoMoment(ValueError):
    """What was typed is no moment that the archive can be shown at; the message says what to do."""


@dataclasses.dataclass(frozen=True, slots=True)
class Moment:
    """A moment of the city's time, as it was asked for. `until`: the first moment that comes after it, in UTC."""

    until: dt.datetime
    day: str
    clock: str

    @property
    def last(self) -> dt.datetime:
        """The last moment that counts: 23:59 of a day, or the whole of a minute."""
        return self.until - dt.timedelta(microseconds=1)

    @property
    def typed(self) -> str:
        """As an address has it."""
        return f"{self.day}T{self.clock}" if self.clock else self.day


def moment_of(day: str, clock: str, zone: zoneinfo.ZoneInfo, now: dt.datetime) -> Moment | None:
    """The moment that a form or an address names; None where it names none.

    Args:
        day: `2026-05-05`, which means its end, or `2026-05-05T02:10`, which means the whole of that minute.
        clock: the time where the day has none, else empty.
        zone: the city's.
        now: the present; a moment that is still to come is none.

    Raises `NoMoment`. A time that was there twice (clocks went back) means the later; one that never was (clocks went forward)
    means the moment at which it was left out.
    """
    day, _separator, within = day.strip().partition("T")
    clock = clock.strip() or within
    if not day:
        if clock:
            raise NoMoment(_("A time needs its day: %(how)s", how=_(HOW)))
        return None
    try:
        date = dt.date.fromisoformat(day)
        time = dt.time.fromisoformat(clock) if clock else None
    except ValueError:
        raise NoMoment(
            _("\u201c%(typed)s\u201d is no day and time: %(how)s", typed=f"{day} {clock}", how=_(HOW))
        ) from None
    if time is not None and time.tzinfo is not None:
        raise NoMoment(_("A time is in the city\u2019s own zone: %(how)s", how=_(HOW)))
    if not _FIRST_YEAR <= date.year <= now.year + 1:
        raise NoMoment(_("The archive knows nothing of the year %(year)s: %(how)s", year=date.year, how=_(HOW)))
    if time is None:
        start = dt.datetime.combine(date + dt.timedelta(days=1), dt.time(), zone)
        until = start.astimezone(dt.UTC)
    else:
        time = time.replace(second=0, microsecond=0)
        until = _after(dt.datetime.combine(date, time), zone)
    begins = dt.datetime.combine(date, time or dt.time(), zone)
    if begins > now:
        raise NoMoment(_("That time is still to come: nothing was captured by then."))
    return Moment(until, date.isoformat(), "" if time is None else time.isoformat("minutes"))


def _after(local: dt.datetime, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    """The first moment after a minute of the clock."""
    later = local.replace(tzinfo=zone, fold=1).astimezone(dt.UTC)
    if later.astimezone(zone).replace(tzinfo=None) == local:
        return later + _MINUTE
    # The clock never showed it: by then means until the clock was put forward.
    before, after = later, local.replace(tzinfo=zone, fold=0).astimezone(dt.UTC)
    while after - before > _MINUTE:
        middle = before + (after - before) // 2
        before, after = (before, middle) if middle.astimezone(zone).replace(tzinfo=None) > local else (middle, after)
    return after.replace(second=0, microsecond=0)


def found_by(
    sightings: Iterable[tuple[tuple[int, str], dt.datetime]],
    states: Iterable[tuple[tuple[int, str], str, dt.datetime]],
    until: dt.datetime,
) -> dict[tuple[int, str], str]:
    """How an item was last found in each stream by then.

    `sightings`: each stream (whose or which, and its kind), and when the item was first seen in it; `states`: each change in its
    order, the stream, the state, and when it was noticed. What no change is known of was present from the first sight on.
    """
    found = {stream: PRESENT for stream, first_seen_at in sightings if first_seen_at < until}
    for stream, state, observed_at in states:
        if stream in found and observed_at < until:
            found[stream] = state
    return found


def captured_by(item: ItemShape, until: dt.datetime) -> ItemShape | None:
    """An item as the archive held it before `until`: in the version and the state that it had then. None: it had none of it.

    What is seen through several streams may be trimmed to those that somebody sees; what is left out decides nothing then.
    """
    versions = tuple(version for version in item.versions if version.captured_at < until)
    if item.first_seen_at >= until or (item.versions and not versions):
        return None
    states = tuple(each for each in item.states if each.observed_at < until)
    sightings = tuple(each for each in item.sightings if each.first_seen_at < until)
    found = found_by(
        (((each.account_id, each.stream), each.first_seen_at) for each in sightings),
        (((each.account_id, each.stream), each.state, each.observed_at) for each in states),
        until,
    )
    counted = item.counted_at is not None and item.counted_at < until
    return dataclasses.replace(
        item,
        versions=versions if len(versions) == len(item.versions) else _shown(versions),
        states=states,
        sightings=tuple(
            dataclasses.replace(
                each,
                state=found[each.account_id, each.stream],
                last_seen_at=each.last_seen_at if each.last_seen_at < until else each.first_seen_at,
            )
            for each in sightings
        ),
        state=derived((stream, state) for (_, stream), state in found.items()),
        counts=item.counts if counted else {},
        counted_at=item.counted_at if counted else None,
    )


def _shown(versions: tuple[VersionShape, ...]) -> tuple[VersionShape, ...]:
    shown = shown_of((version.source, version.edited_at) for version in versions)
    return tuple(
        dataclasses.replace(version, is_current=place == (len(versions) - 1 if shown is None else shown))
        for place, version in enumerate(versions)
    )
