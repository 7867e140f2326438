"""Ids for items that a download gives without one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.platforms.unnamed import PREFIX, is_made, made_id, order_key

_ANY = st.text(st.characters(codec=None, exclude_categories=()), max_size=20)
_MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds


@settings(deadline=None)
@given(_ANY, _ANY, _MOMENTS, st.none() | _ANY, st.lists(_ANY, max_size=3))
def test_an_id_is_made_of_anything_and_always_the_same(
    owner: str, kind: str, moment: datetime, text: str | None, media: list[str]
) -> None:
    """Whatever a download says, a second one that says it has the same id, of a length that can be indexed."""
    made = made_id(owner, kind, moment, text, media)
    assert made == made_id(owner, kind, moment.replace(microsecond=0), text, media)
    assert made == made_id(owner, kind, moment.astimezone(timezone(timedelta(hours=-8))), text, media)
    assert is_made(made)
    assert made.startswith(f"{PREFIX}{kind}:{int(moment.timestamp())}:")
    assert len(made) == len(f"{PREFIX}{kind}:{int(moment.timestamp())}:") + 32


@settings(deadline=None)
@given(_ANY, _ANY)
def test_different_words_are_different_items(one: str, other: str) -> None:
    """Two posts of one second that say different things are two, and no text is mistaken for the names of pictures."""
    moment = datetime(2026, 3, 2, tzinfo=UTC)
    assert (made_id("1", "post", moment, one) == made_id("1", "post", moment, other)) == (one == other)
    if one:
        assert made_id("1", "post", moment, one) != made_id("1", "post", moment, None, [one])
        assert made_id("1", "post", moment, one) != made_id("1", "post", moment, one, within="talk")


def test_no_platforms_own_id_is_taken_for_a_made_one() -> None:
    """Meta's ids are numbers, with or without a line between."""
    assert not any(map(is_made, ["19292868552", "19292868552_10158407654328553", "", "m_download:x", "profile:1"]))


@settings(deadline=None)
@given(_MOMENTS, _MOMENTS)
def test_places_sort_as_time_does(one: datetime, other: datetime) -> None:
    """All items of a second stand at one place, and an earlier second before a later."""
    assert (order_key(one) < order_key(other)) == (int(one.timestamp()) < int(other.timestamp()))


def test_a_time_before_1970_is_at_the_beginning() -> None:
    """There is no place before the first."""
    assert order_key(datetime(1905, 5, 1, tzinfo=UTC)) == "0" * 20
