"""Two readings of one log, the world that the renderings serve and the truth, agree on every night and platform."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING

import pytest

from samplecity.city import City
from samplecity.social import events as happening
from samplecity.social.abilities import ABILITIES
from samplecity.social.city import SocialCity
from samplecity.social.truth import held

if TYPE_CHECKING:
    from samplecity.social.model import Thing
    from samplecity.truth import TrueItem

START = date(2026, 11, 16)
ALL = tuple(ABILITIES)
NIGHTS = 12
Sightings = dict[tuple[str, str], set[str]]


@pytest.fixture(scope="module")
def city() -> SocialCity:
    """Twelve nights on every platform."""
    return SocialCity.build(7, NIGHTS, START, ALL)


@pytest.fixture(scope="module")
def items(city: SocialCity) -> dict[tuple[str, str], TrueItem]:
    """The truth after the last night, by platform and id."""
    return {(item.platform, item.id): item for item in city.truth_after(NIGHTS)[1]}


def _served(city: SocialCity, platform: str, night: int) -> dict[str, Sightings]:
    """What the world lists for every account that can be read: ids by account and stream."""
    world, can = city.at(night), ABILITIES[platform]
    seen: dict[str, Sightings] = {}
    for account in world.accounts(platform):
        key = account.key
        mine: Sightings = defaultdict(set)
        seen[key] = mine
        if world.status(platform, key) != "active":
            continue
        for post in world.posts(platform, key):
            mine["stream", "reels" if post.reel else "posts"].add(post.id)
        mine["stream", "stories"] = {one.id for one in world.stories(platform, key)}
        mine["stream", "visitors"] = {one.id for one in world.visitor_posts(platform, key)}
        mine["stream", "mentions"] = {one.id for one in world.mentions(platform, key)}
        for talk in world.conversations(platform, key):
            mine["stream", "messages"] |= {one.id for one in world.messages(platform, talk.id)}
        for post in (*world.posts(platform, key), *world.visitor_posts(platform, key)):
            if can.comments and not post.comments_disabled:
                mine["stream", "comments"] |= {one.id for one in world.comments(platform, post.id)}
        if can.own_comments:
            comments = {one.id for one in world.authored(platform, key) if one.kind == "comment"}
            mine["stream", can.own_comments] |= comments
    return seen


@pytest.mark.parametrize("platform", ALL)
def test_what_the_world_lists_is_what_the_truth_sights(
    city: SocialCity, items: dict[tuple[str, str], TrueItem], platform: str
) -> None:
    """Every listing of every account on every night has exactly the items that the truth says."""
    true: dict[int, dict[str, Sightings]] = defaultdict(lambda: defaultdict(lambda: defaultdict(set)))
    for item in items.values():
        for sighting in item.sightings:
            if item.platform == platform and sighting.stream not in ("references", "answered", "known"):
                for night in sighting.nights:
                    true[night][sighting.account]["stream", sighting.stream].add(item.id)
    for night in range(1, NIGHTS + 1):
        for key, streams in _served(city, platform, night).items():
            assert {k: v for k, v in streams.items() if v} == true[night][key], (night, key)


@pytest.mark.parametrize("platform", ALL)
def test_every_version_stood_as_the_truth_says(
    city: SocialCity, items: dict[tuple[str, str], TrueItem], platform: str
) -> None:
    """Words, pictures, edit history and hiding of everything that is there are those of the truth, night by night."""
    for night in range(1, NIGHTS + 1):
        world = city.at(night)
        there = {thing.id: thing for thing in world.things(platform)}
        out = {one.key for one in world.accounts(platform) if world.status(platform, one.key) == "suspended"}
        visible = {item.id for item in items.values() if item.platform == platform and night in item.visible_nights}
        assert visible == {thing.id for thing in there.values() if thing.account not in out}
        for item in visible:
            _compare(there[item], items[platform, item], night)


def _compare(thing: Thing, item: TrueItem, night: int) -> None:
    (version,) = [one for one in item.versions if night in one.nights]
    assert (version.text, version.title or "") == (thing.text, thing.title)
    shown = [(one.alt, len(one.data)) for one in thing.attachments]
    assert [(one.alt, one.size) for one in version.media][: len(shown)] == shown
    tracks = [one.sha256 for one in version.media[len(shown) :]]
    assert tracks == [hashlib.sha256(one.data).hexdigest() for one in thing.tracks]
    assert (night in item.hidden_nights) == (thing.hidden or thing.moderation != "published")
    if ABILITIES[thing.platform].edits == "history":
        told = [one.text for one in item.versions if night in one.told_nights]
        assert told == [edit.text for edit in thing.edits]
    assert set(thing.ids) <= {item.id, *item.aliases}


def test_a_truth_asked_for_late_is_the_one_asked_for_early(city: SocialCity) -> None:
    """A witness that goes on tells of each night what one that begins anew tells."""
    anew = SocialCity.build(7, NIGHTS, START, ALL)
    for night in (2, 5, 3):
        assert city.truth_after(night) == anew.truth_after(night)
        anew = SocialCity.build(7, NIGHTS, START, ALL)


def test_what_was_told_does_not_change_afterwards(city: SocialCity) -> None:
    """The truth after a night is a copy: following the city further leaves it as it is."""
    before = city.truth_after(2)
    dates = [list(item.visible_nights) for item in before[1]]
    city.truth_after(6)
    assert [list(item.visible_nights) for item in before[1]] == dates


def _told(city: SocialCity, items: dict[tuple[str, str], TrueItem], name: str, platform: str) -> list[TrueItem]:
    return [items[place] for place in city.story[name] if place[0] == platform]


def test_what_an_archive_can_have_of_an_edit(city: SocialCity, items: dict[tuple[str, str], TrueItem]) -> None:
    """Where the history is told every form is held, elsewhere only those that stood at a capture."""
    (boil,) = _told(city, items, "edited_twice_in_a_day", "facebook")
    assert [one.number for one in held(boil)] == [3]
    for platform in ("x", "mastodon"):
        (boil,) = _told(city, items, "edited_twice_in_a_day", platform)
        assert [one.number for one in held(boil)] == [1, 2, 3]
    (fines,) = _told(city, items, "edited_and_back", "linkedin")
    assert [one.nights[0] for one in held(fines)] == [1, 3, 4]
    (fines,) = _told(city, items, "edited_around_a_capture", "x")
    assert [one.nights[:1] for one in fines.versions] == [[1], [], [2]]
    assert len(fines.aliases) == 2


def test_absences_have_their_reasons(city: SocialCity, items: dict[tuple[str, str], TrueItem]) -> None:
    """Deleted by whom, gone with a parent or left behind, expired, hidden, unobservable, back again."""
    (orphan,) = _told(city, items, "orphaned_comment", "facebook")
    assert (orphan.state, orphan.removed_by, orphan.gone_since) == ("gone", "parent", 3)
    (orphan,) = _told(city, items, "orphaned_comment", "mastodon")
    later = list(range(3, NIGHTS + 1))
    sighted = [(one.stream, one.nights) for one in orphan.sightings]
    assert (orphan.state, sighted) == ("present", [("comments", [1, 2]), ("known", later)])
    (orphan,) = _told(city, items, "orphaned_comment", "x")
    assert orphan.sightings[0].nights == list(range(1, NIGHTS + 1))
    (bad,) = _told(city, items, "deleted_by_city", "instagram")
    assert (bad.state, bad.removed_by) == ("gone", "city")
    (story,) = _told(city, items, "story", "instagram")
    assert (story.state, story.visible_nights) == ("expired", [1])
    (hidden,) = _told(city, items, "hidden", "threads")
    assert (hidden.state, hidden.hidden_nights[0]) == ("hidden", 2)
    (spam,) = _told(city, items, "likely_spam", "youtube")
    assert spam.state == "hidden"
    for platform in ALL:
        assert all(not held(item) for item in _told(city, items, "never_observable", platform))
        (back,) = _told(city, items, "recreated", platform)
        assert [one.nights[:2] for one in back.versions] == [[1, 4]]
    (under,) = _told(city, items, "comment_under_recreated_post", "youtube")
    assert under.visible_nights == [1, *range(4, NIGHTS + 1)]


def test_nothing_is_seen_with_a_dead_token_or_a_suspended_account(city: SocialCity) -> None:
    """Both leave gaps of three nights in every sighting, and only the suspension in what is visible."""
    accounts, items = city.truth_after(NIGHTS)
    for platform in ALL:
        key = city.at(1).accounts(platform)[-1].key
        (account,) = [one for one in accounts if (one.platform, one.key) == (platform, key)]
        states = list(account.status_by_night.values())
        assert states == [
            "active", "token_dead", "token_dead", "token_dead", "active", "active",
            "suspended", "suspended", "suspended", "active", "active", "active",
        ]  # fmt: skip
        own = [item for item in items if item.platform == platform and item.author == account.id]
        seen = {night for item in own for one in item.sightings if one.account == key for night in one.nights}
        assert seen == {1, 5, 6, 10, 11, 12}
        assert {night for item in own for night in item.visible_nights} == set(range(1, 13)) - {7, 8, 9}


def test_a_story_is_seen_on_the_night_of_its_day_only(city: SocialCity) -> None:
    """It is over before the next capture, whatever happens to its account meanwhile."""
    _, items = city.truth_after(NIGHTS)
    nights = [item.visible_nights for item in items if item.kind == "story"]
    assert all(len(one) <= 1 for one in nights)
    assert any(nights)


def test_the_counter_lies_and_the_world_does_not(city: SocialCity) -> None:
    """On some posts the platform counts comments that nobody can read any more, on none it counts fewer than there are."""
    lies = 0
    world = city.at(NIGHTS)
    removed = {(event.platform, event.id) for event in city.log if isinstance(event, happening.Remove)}
    assert removed
    for platform in ALL:
        for account in world.accounts(platform):
            for post in world.posts(platform, account.key):
                read = [one for one in world.comments(platform, post.id) if one.moderation == "published"]
                assert world.counted(platform, post.id) >= len(read)
                lies += world.counted(platform, post.id) > len(read)
    assert lies > 10


def test_the_truth_of_the_whole_city_has_both_parts() -> None:
    """`City.truth_after` tells of Bluesky, the feeds and the further platforms."""
    truth = City.build(social=("x", "flickr")).truth_after(2)
    assert {item.platform for item in truth.items} == {"bluesky", "rss", "x", "flickr"}
    assert {one.platform for one in truth.accounts} == {"bluesky", "rss", "x", "flickr"}
