"""What a change of state says of moderation, and what a moderator may put on record."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.moderation import Given, ModerationError, check
from archiver.platforms.items import State
from archiver.records.models.supervision import ACTIONS
from archiver.records.store.moderated import AUTHOR, CITY, PLATFORM, UNKNOWN, Act, act_of

ZONE = ZoneInfo("America/Los_Angeles")
NOW = datetime(2026, 3, 31, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "state", "words", "expected"),
    [
        ("present", State.HIDDEN, "is_hidden: hidden by the page", Act("hidden", CITY, "platform")),
        ("present", State.HIDDEN, "the thread gate of the author hides this reply", Act("hidden", CITY, "platform")),
        ("present", State.HIDDEN, "heldForReview", Act("held_for_review", UNKNOWN, "inferred")),
        (None, State.HIDDEN, "likelySpam: held by the platform", Act("held_for_review", PLATFORM, "platform")),
        ("present", State.HIDDEN, "rejected by the channel", Act("rejected", CITY, "platform")),
        ("present", State.HIDDEN, "taken down, not deleted", Act("restricted", PLATFORM, "platform")),
        ("present", State.HIDDEN, "", Act("hidden", UNKNOWN, "inferred")),
        ("hidden", State.PRESENT, "shown by the platform again", Act("unhidden", UNKNOWN, "inferred")),
        ("hidden", State.PRESENT, "approved by the channel", Act("approved", CITY, "platform")),
        ("gone_confirmed", State.PRESENT, "returned by the platform again", Act("restored", UNKNOWN, "inferred")),
        ("not_returned", State.PRESENT, "returned by the platform again", None),
        ("not_returned", State.GONE_CONFIRMED, "deleted by its author", Act("deleted", AUTHOR, "platform")),
        ("not_returned", State.GONE_CONFIRMED, "RecordNotFound", Act("deleted", UNKNOWN, "inferred")),
        ("present", State.NOT_RETURNED, "hidden by the page", None),
        ("present", State.ACCESS_LOST, "", None),
    ],
)
def test_the_words_tell_what_and_by_whom(before: str | None, state: State, words: str, expected: Act | None) -> None:
    """Who did it is said only where the words say so; an item that was merely missing was moderated by nobody."""
    assert act_of(before, state, words) == expected


@given(st.sampled_from([None, *State]), st.sampled_from(State), st.text(max_size=300))
def test_any_words_give_an_action_of_the_record(before: State | None, state: State, words: str) -> None:
    """Whatever a platform says becomes a row that Postgres takes, or none."""
    act = act_of(before and before.value, state, words)
    assert act is None or (act.action in ACTIONS and (act.source == "inferred") == (act.by_whom == UNKNOWN))


def test_what_a_moderator_gives_is_kept_in_utc() -> None:
    """A time without a zone is the city's; what is left empty is unknown."""
    kept = check(Given("hidden", " Slurs against staff. ", "4.2(b)", "J. Alvarez", "2026-03-31T13:05"), ZONE, NOW)
    assert kept.at == datetime(2026, 3, 31, 20, 5, tzinfo=UTC)
    assert (kept.reason, kept.clause, kept.by_whom) == ("Slurs against staff.", "4.2(b)", "J. Alvarez")
    bare = check(Given("reason_given", "Spam"), ZONE, NOW)
    assert (bare.at, bare.clause, bare.by_whom) == (None, None, "unknown")


def test_every_mistake_is_named_at_once() -> None:
    """An unknown action, no reason, a clause too long, no date, a time to come: each field has its sentence."""
    with pytest.raises(ModerationError) as caught:
        check(Given("burned", " ", "x" * 301, "y" * 301, "yesterday"), ZONE, NOW)
    assert set(caught.value.problems) == {"action", "reason", "clause", "by_whom", "at"}
    with pytest.raises(ModerationError, match="still to come"):
        check(Given("hidden", "why", at="2026-04-01"), ZONE, NOW)


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_nothing_a_form_may_send_breaks_it(action: str, reason: str, at: str) -> None:
    """It is kept or refused with sentences, never an error of another kind."""
    with contextlib.suppress(ModerationError):
        assert check(Given(action, reason, at=at), ZONE, NOW).action in ACTIONS
    with contextlib.suppress(ModerationError):
        assert check(Given("hidden", "why", at=at), ZONE, NOW).reason == "why"
