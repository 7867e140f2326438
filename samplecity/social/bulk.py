"""One big account of a further platform for benchmarks, all there at night 1; as `samplecity.bulk` for Bluesky."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from samplecity import phrases
from samplecity.accounts import SITE
from samplecity.city import DEFAULT_START, City
from samplecity.ids import dice
from samplecity.social.abilities import ABILITIES
from samplecity.social.accounts import accounts_of
from samplecity.social.city import SocialCity
from samplecity.social.daily import Life
from samplecity.social.ledger import SocialLedger
from samplecity.social.scale import SMALL

if TYPE_CHECKING:
    from samplecity.social.model import Thing

_SPACING = timedelta(milliseconds=200)
_SAMPLES = 400  # different comment texts; each comment also carries its number, so no two are equal
_DAY, _HOUR = -1, 8


def bulk_social_city(platform: str, posts: int, comments: int, nested: int = 0, seed: int = 7) -> City:
    """Build a city of one busy account on one further platform, and one night.

    Args:
        platform: a name of `samplecity.social.abilities.ABILITIES`.
        posts: of the account.
        comments: below each post.
        nested: how many of these answer the first one; ignored where comments have no answers.
        seed: of the texts.
    """
    rng = dice(seed, "bulk", platform)
    ledger = SocialLedger(start=DEFAULT_START, nights=1)
    (account,) = accounts_of(platform, 1)
    life = Life(ledger, platform, seed, SMALL)
    samples = [phrases.fill(rng.choice(phrases.REPLIES["en"]), rng, SITE) for _ in range(_SAMPLES)]
    if ABILITIES[platform].depth == 1:
        nested = 0
    at = ledger.moment(_DAY, _HOUR) - posts * (comments + 1) * _SPACING  # the last of it is the newest
    for number in range(posts):
        at += _SPACING
        words = phrases.fill(rng.choice(phrases.OFFICIAL[account.topic])[1], rng, SITE)
        post = life.say(account, f"{words} ({number + 1})", at)
        first: Thing | None = None
        for count in range(comments):
            at += _SPACING
            person, _ = life.people[(number + count) % len(life.people)]
            text = f"{samples[(number * 7 + count) % _SAMPLES]} ({number + 1}.{count + 1})"
            comment = ledger.comment(person, text, at, first if first and count <= nested else post)
            first = first or comment
    social = SocialCity(seed, 1, DEFAULT_START, (platform,), (account,), ledger.events(), {}, {})
    return City(seed, 1, DEFAULT_START, [], {}, accounts=(), feeds=(), social=social)
