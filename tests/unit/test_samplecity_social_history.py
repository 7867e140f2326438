"""The further platforms' history is reproducible, keeps to what each platform can do, and holds what its script promises."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import asdict
from datetime import UTC, date
from typing import TYPE_CHECKING

import pytest

from samplecity.city import City
from samplecity.social import events as happening
from samplecity.social.abilities import ABILITIES
from samplecity.social.city import SocialCity
from samplecity.social.scale import SOAK

if TYPE_CHECKING:
    from samplecity.social.model import Thing

START = date(2026, 11, 16)
ALL = tuple(ABILITIES)
NIGHTS = 12


@pytest.fixture(scope="module")
def city() -> SocialCity:
    """Twelve nights on every platform."""
    return SocialCity.build(7, NIGHTS, START, ALL)


def _published(city: SocialCity) -> list[Thing]:
    return [event.thing for event in city.log if isinstance(event, happening.Publish)]


def test_one_seed_gives_one_history(city: SocialCity) -> None:
    """Two builds with the same arguments are equal in every event, in the story and in the truth's bytes."""
    again = SocialCity.build(7, NIGHTS, START, ALL)
    assert again.log == city.log
    assert again.story == city.story
    ours, others = ([asdict(item) for item in one.truth_after(5)[1]] for one in (city, again))
    assert json.dumps(ours) == json.dumps(others)


def test_another_seed_gives_other_days_and_the_same_script(city: SocialCity) -> None:
    """The seed decides ordinary life; what the script promises happens with every seed."""
    other = SocialCity.build(8, NIGHTS, START, ALL)
    assert other.log != city.log
    assert set(other.story) == set(city.story)


@pytest.mark.parametrize("nights", [1, 5, 9])
def test_a_longer_history_begins_like_the_shorter(city: SocialCity, nights: int) -> None:
    """More nights add to the log and change nothing of what came before."""
    assert [event for event in city.log if event.night <= nights] == SocialCity.build(7, nights, START, ALL).log


@pytest.mark.parametrize("platform", ALL)
def test_a_platform_alone_lives_as_in_company(city: SocialCity, platform: str) -> None:
    """What happens on one platform does not depend on which others the city is on."""
    alone = SocialCity.build(7, NIGHTS, START, (platform,))
    mine = [
        event
        for event in city.log
        if (event.thing.platform if isinstance(event, happening.Publish) else event.platform) == platform
    ]
    assert alone.log == mine


def test_the_city_is_on_no_platform_unless_asked() -> None:
    """Cities built as before have no further accounts and no further rows; an unknown platform is refused."""
    plain = City.build()
    assert not plain.social.platforms
    assert {row["platform"] for row in plain.register_rows("http://city")} == {"bluesky", "rss"}
    with pytest.raises(ValueError, match="not on friendface"):
        City.build(social=("friendface",))


@pytest.mark.parametrize("platform", ALL)
def test_ids_are_unique_and_in_order_of_time(city: SocialCity, platform: str) -> None:
    """No id belongs to two things; where ids hold the time, they sort as it does."""
    first: dict[str, Thing] = {}
    for thing in _published(city):
        if thing.platform == platform:
            assert first.setdefault(thing.id, thing) == thing  # only what comes back is published twice
    edits = [e.revision for e in city.log if isinstance(e, happening.Revise) and e.platform == platform and e.revision]
    assert not first.keys() & set(edits)
    assert len(edits) == len(set(edits))
    if platform in ("x", "mastodon", "tiktok", "threads"):
        posts = sorted((one for one in first.values() if one.kind == "post"), key=lambda one: int(one.id))
        assert [one.at.timestamp() * 1000 // 1 for one in posts] == sorted(
            one.at.timestamp() * 1000 // 1 for one in posts
        )
        assert all(int(one.id) > 2**53 for one in posts)
    attachments = [one.id for thing in first.values() for one in thing.attachments]
    assert len(attachments) == len(set(attachments))


def test_ids_have_the_form_of_their_platform(city: SocialCity) -> None:
    """Pages, snowflakes, base 64 and URNs, as the platforms' recorded answers have them."""
    forms = {
        ("facebook", "post"): r"\d{15}_\d{15}",
        ("facebook", "comment"): r"\d{15}_\d{15}",
        ("facebook", "visitor_post"): r"\d{15}_\d{15}",
        ("facebook", "message"): r"m_[\w-]{40}",
        ("instagram", "post"): r"\d{17}",
        ("instagram", "comment"): r"\d{17}",
        ("threads", "post"): r"\d{17}",
        ("x", "post"): r"\d{19}",
        ("x", "message"): r"\d{19}",
        ("youtube", "post"): r"[\w-]{11}",
        ("youtube", "comment"): r"Ug[\w-]{24}(\.[\w-]{22})?",
        ("mastodon", "post"): r"\d{18}",
        ("linkedin", "post"): r"urn:li:share:\d{19}",
        ("linkedin", "comment"): r"urn:li:comment:\(urn:li:share:\d{19},\d{19}\)",
        ("flickr", "post"): r"\d{11}",
        ("flickr", "comment"): r"\d{7}-\d{11}-\d{17}",
        ("tiktok", "post"): r"\d{19}",
    }
    met = set()
    for thing in _published(city):
        form = forms.get((thing.platform, thing.kind))
        if form:
            met.add((thing.platform, thing.kind))
            assert re.fullmatch(form, thing.id), (thing.platform, thing.kind, thing.id)
    assert met == set(forms)


def test_comments_stand_where_the_platform_can_have_them(city: SocialCity) -> None:
    """A comment is later than what it answers, which is there, of the same post, and no deeper than the platform goes."""
    level: dict[tuple[str, str], int] = {}
    there: set[tuple[str, str]] = set()
    deepest: Counter[str] = Counter()
    for event in city.log:
        if isinstance(event, happening.Publish):
            thing = event.thing
            key = thing.platform, thing.id
            if thing.kind == "comment":
                parent = thing.platform, thing.parent or ""
                assert parent in there
                level[key] = level.get(parent, 0) + 1
                deepest[thing.platform] = max(deepest[thing.platform], level[key])
            there.add(key)
        elif isinstance(event, (happening.Remove, happening.Expire)):
            there.remove((event.platform, event.id))
    for platform, can in ABILITIES.items():
        assert deepest[platform] == can.depth or (can.depth == 0 and deepest[platform] >= 12)


def test_nothing_happens_that_a_platform_cannot_do(city: SocialCity) -> None:
    """Edits, hidings, moderation, stories, messages, titles and pictures are where `abilities` says that there are any."""
    things = {(one.platform, one.id): one for one in _published(city)}
    for thing in things.values():
        can = ABILITIES[thing.platform]
        allowed = {
            "story": can.stories, "message": can.messages, "visitor_post": can.visitors, "mention": can.mentions,
        }  # fmt: skip
        assert allowed.get(thing.kind, True)
        assert can.quotes or not thing.quotes
        assert can.reposts or not thing.reposts
        assert len(thing.text) <= can.text_limit
        assert thing.at.tzinfo is UTC
        if thing.kind == "post" and thing.account:
            assert bool(thing.title) == can.titles
            assert can.media == "any" or thing.attachments
    for event in city.log:
        if isinstance(event, (happening.Publish, happening.AccountStatus, happening.Rename)):
            continue
        thing, can = things[event.platform, event.id], ABILITIES[event.platform]
        match event:
            case happening.Revise(at=at):
                assert can.edits_comments if thing.kind == "comment" else can.edits_posts
                minutes = can.edit_minutes
                assert minutes is None or (at - thing.at).total_seconds() <= minutes * 60
            case happening.Hide() | happening.Unhide():
                assert can.hides
            case happening.Moderate():
                assert can.moderates
            case happening.Comments():
                assert can.closes


@pytest.mark.parametrize("platform", ALL)
def test_the_script_happens_on_every_platform_that_can(city: SocialCity, platform: str) -> None:
    """Every name of the story stands for something on each platform whose abilities allow it."""
    can = ABILITIES[platform]
    told = {name for name, places in city.story.items() if any(where == platform for where, _ in places)}
    expected = {"deleted_post", "recreated", "never_observable", "renamed", "token_dead_and_back", "suspended_and_back"}
    expected |= {"edited", "edited_twice_in_a_day"} if can.edits_posts else set()
    expected |= {"busy_thread", "hostile_text", "late_comment", "deleted_by_city"} if can.comments else set()
    expected |= {"deep_thread", "orphaned_comment"} if can.comments and can.depth != 1 else set()
    expected |= {"hidden", "hidden_and_back", "hidden_then_deleted"} if can.hides else set()
    expected |= {"held_then_published", "held_then_rejected", "likely_spam"} if can.moderates else set()
    expected |= {"comments_closed", "comments_closed_and_back"} if can.closes and can.comments else set()
    expected |= {"story", "story_deleted"} if can.stories else set()
    expected |= {"conversation", "message_taken_back"} if can.messages else set()
    expected |= {"visitor_post"} if can.visitors else set()
    expected |= {"mention", "mention_deleted"} if can.mentions else set()
    expected |= {"repost", "quote_of_resident_post", "quoted_then_deleted"} if can.strangers else set()
    assert told >= expected


def test_the_big_preset_is_as_big_as_it_says() -> None:
    """Forty accounts, about 5,000 posts and 60,000 comments that can be read, whatever becomes of them."""
    big = SocialCity.build(7, 30, START, ALL, SOAK)
    assert len(big.accounts) == 40
    count = Counter(
        thing.kind for thing in _published(big) if thing.kind != "comment" or ABILITIES[thing.platform].comments
    )
    assert 5_000 <= count["post"] <= 5_500
    assert 60_000 <= count["comment"] <= 66_000


def test_a_busy_thread_has_many_pages_and_many_answers_to_one_comment(city: SocialCity) -> None:
    """More than 100 comments on one post, more than 25 of them below one comment."""
    world = city.at(5)
    for platform, post in city.story["busy_thread"]:
        assert len(world.comments(platform, post)) > 100
    for platform, comment in city.story["busy_comment"]:
        if ABILITIES[platform].depth != 1:
            assert len(world.replies(platform, comment)) > 25
