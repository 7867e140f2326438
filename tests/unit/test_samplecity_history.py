"""The sample city's history is reproducible and holds what its script promises."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from samplecity.city import City, recent_start
from samplecity.events import Delete, Put
from samplecity.records import quoted

if TYPE_CHECKING:
    from samplecity.truth import TrueItem, Truth


@pytest.fixture(scope="module")
def city() -> City:
    """The default city."""
    return City.build()


@pytest.fixture(scope="module")
def truth(city: City) -> Truth:
    """The truth after the last night."""
    return city.truth_after(5)


def _told(truth: Truth, name: str) -> list[TrueItem]:
    return [item for item in truth.items if name in item.story]


def _nights(truth: Truth, name: str) -> list[list[int]]:
    [item] = _told(truth, name)
    return [version.nights for version in item.versions]


def test_one_seed_gives_one_city(city: City) -> None:
    """Two builds with the same arguments are equal in every event and in the truth file's bytes."""
    again = City.build()
    assert again.log == city.log
    assert again.truth_after(5).to_json() == city.truth_after(5).to_json()


def test_another_seed_gives_another_city(city: City) -> None:
    """The seed decides the ordinary days; the script stays."""
    other = City.build(seed=8)
    assert other.log != city.log
    assert set(other.story) == set(city.story)


def test_a_longer_history_begins_like_the_shorter(city: City) -> None:
    """More nights add to the log and change nothing of what came before."""
    longer = City.build(nights=7)
    assert [event for event in longer.log if event.night <= 5] == city.log
    assert longer.truth_after(7).night == 7


def test_a_later_start_moves_every_date() -> None:
    """The date of day 1 is the caller's, so that a demo is never older than the re-read window."""
    truth = City.build(start=date(2027, 2, 1)).truth_after(5)
    newest = max(version.created_at for item in truth.items for version in item.versions)
    assert newest.startswith(("2027-02-05", "2027-02-06"))


def test_edits_are_versions_with_their_nights(truth: Truth) -> None:
    """An edit, an edit undone and a re-created record are versions in order, each with the nights it stood."""
    assert _nights(truth, "edited") == [[1], [2, 3, 4, 5]]
    assert _nights(truth, "edited_and_back") == [[1, 2], [3], [4, 5]]
    assert _nights(truth, "recreated") == [[1], [4, 5]]
    assert _nights(truth, "picture_replaced") == [[1, 2], [3, 4], [5]]
    [back] = _told(truth, "edited_and_back")
    assert back.versions[0].cid == back.versions[2].cid != back.versions[1].cid


def test_what_came_and_went_within_a_day_is_marked(truth: Truth) -> None:
    """A post put up and taken down between two nights, and a version replaced the same day, are not observable."""
    for item in _told(truth, "never_observable"):
        assert not item.observable
        assert item.visible_nights == []
    [twice] = _told(truth, "edited_twice_in_a_day")
    assert [version.observable for version in twice.versions] == [True, False, True]


def test_absences_have_their_reasons(truth: Truth) -> None:
    """Deleted, deactivated, taken down and deleted accounts, and a feed's silence are told apart."""
    assert {item.state for item in _told(truth, "deleted_post") + _told(truth, "deleted_comment")} == {"deleted"}
    assert [item.gone_since for item in _told(truth, "deleted_post")] == [3]
    assert _told(truth, "city_comment_on_resident_post")[0].state == "account_takendown"
    assert _told(truth, "entry_withdrawn")[0].state == "not_shown"
    status = {account.key: list(account.status_by_night.values()) for account in truth.accounts}
    assert status["ruiz"] == ["active", "active", "deactivated", "active", "active"]
    assert status["recreation"][-2:] == ["active", "takendown"]
    assert status["dialaride"][-2:] == ["active", "deleted"]
    assert status["library"] == ["active"] * 5


def test_the_truth_of_a_night_knows_nothing_later(city: City) -> None:
    """After night 2 there is no item, version or state of night 3."""
    truth = city.truth_after(2)
    assert all(set(item.visible_nights) <= {1, 2} for item in truth.items)
    assert _told(truth, "deleted_post")[0].state == "present"
    assert _nights(truth, "edited_and_back") == [[1, 2]]


def test_an_orphan_is_present_and_no_longer_listed(truth: Truth) -> None:
    """A comment under a deleted one can still be looked up, but no thread leads to it after night 2."""
    [orphan] = _told(truth, "orphaned_comment")
    assert orphan.state == "present"
    assert orphan.visible_nights == [1, 2, 3, 4, 5]
    assert [(one.stream, one.nights) for one in orphan.sightings] == [("comments", [1, 2])]


def test_one_item_can_be_seen_through_two_accounts(truth: Truth) -> None:
    """The mayor's comment on a Parks post is one item with two sightings."""
    [cross] = _told(truth, "city_comment_on_city_post")
    assert {one.stream for one in cross.sightings} == {"comments", "posts"}
    assert len({one.account for one in cross.sightings}) == 2


def test_the_city_speaks_several_languages(truth: Truth) -> None:
    """Posts and comments come in English, Spanish, Tagalog, Arabic and Hebrew."""
    langs = {lang for item in truth.items for version in item.versions for lang in version.langs}
    assert langs == {"en", "es", "tl", "ar", "he"}


def test_the_truth_file_is_json(truth: Truth) -> None:
    """`truth.json` reads back with every item and version."""
    read = json.loads(truth.to_json())
    assert len(read["items"]) == len(truth.items)
    assert sum(len(item["versions"]) for item in read["items"]) == sum(len(item.versions) for item in truth.items)


def test_scale_multiplies_ordinary_days(city: City) -> None:
    """Scale 3 makes about three times the posts."""
    assert len(City.build(scale=3).log) > 2 * len(city.log)


def test_a_night_that_is_not_is_refused(city: City) -> None:
    """Neither state nor truth can be had of a night outside the history."""
    with pytest.raises(ValueError, match="nights 1 to 5, not 6"):
        city.at(6)
    with pytest.raises(ValueError, match="nights 1 to 5, not 0"):
        city.truth_after(0)


def test_a_recent_start_makes_the_last_day_yesterday() -> None:
    """The newest post of a history that starts `recent_start` ago is of yesterday."""
    truth = City.build(start=recent_start(5)).truth_after(5)
    newest = max(datetime.fromisoformat(version.created_at) for item in truth.items for version in item.versions)
    assert timedelta(0) < datetime.now(UTC) - newest < timedelta(days=2)


def test_nobody_answers_what_is_not_yet_said(city: City) -> None:
    """A reply, quote or repost comes after what it refers to, and while that stands."""
    standing: set[str] = set()
    for event in city.log:
        if isinstance(event, Put):
            reply = event.record.get("reply", {"root": {}, "parent": {}})
            targets = {reply["root"].get("uri"), reply["parent"].get("uri"), quoted(event.record)}
            subject = event.record.get("subject")
            targets.add(subject.get("uri") if isinstance(subject, dict) else None)  # a block's is an account
            assert targets - {None} <= standing, event.record.get("text", event.uri)
            standing.add(event.uri)
        elif isinstance(event, Delete) and event.uri in standing:
            standing.remove(event.uri)
