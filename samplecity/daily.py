"""Ordinary life: what the city posts on a plain day, and what residents answer. Nothing here is ever changed later."""

from __future__ import annotations

from datetime import datetime, timedelta
from textwrap import shorten
from typing import TYPE_CHECKING

from samplecity import phrases, records
from samplecity.accounts import ACCOUNTS, FEEDS, SITE, CityAccount, CityFeed
from samplecity.events import Entry
from samplecity.ids import dice
from samplecity.images import Picture, picture
from samplecity.people import RESIDENTS, Resident

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from samplecity.ledger import Ledger

    Away = Callable[[str, int], bool]

BACKLOG_DAYS = 20
ANCIENT_DAYS = (-640, -410, -120)
_ANSWER_SHARE, _NEST_SHARE, _LATE_SHARE, _CITY_ANSWER_SHARE = 0.7, 0.3, 0.2, 0.3
_MICROSECONDS = 1_000_000


def introduce(ledger: Ledger) -> None:
    """Give everybody a handle and a profile, long before day 1."""
    at = ledger.moment(-700, 9)
    everybody: tuple[CityAccount | Resident, ...] = (*ACCOUNTS, *RESIDENTS)
    for number, person in enumerate(everybody):
        when = at + timedelta(minutes=number)
        ledger.rename(person.did, person.handle, when)
        about = person.description if isinstance(person, CityAccount) else ""
        ledger.put(person.did, records.PROFILE, records.profile(person.name, about, when), when, "self")


def live(ledger: Ledger, seed: int, scale: int, away: Away) -> None:
    """Write every ordinary day, from the backlog to the last.

    Args:
        ledger: where to write.
        seed: of the build.
        scale: multiplies the posts of a day.
        away: tells whether a DID's account is out of order on a day.
    """
    for day in (*ANCIENT_DAYS, *range(1 - BACKLOG_DAYS, ledger.nights + 1)):
        for account in ACCOUNTS:
            if account.late_start or away(account.did, day):
                continue
            rng = dice(seed, "day", day, account.key)
            for _ in range(rng.randint(0, account.pace) * scale):
                _post(ledger, account, day, rng, away)
        rng = dice(seed, "neighbors", day)
        for resident in rng.sample(RESIDENTS, 2 * scale if scale <= len(RESIDENTS) // 2 else len(RESIDENTS)):
            if not away(resident.did, day):
                lang, template = rng.choice(phrases.RESIDENT_POSTS)
                ledger.post(resident.did, phrases.fill(template, rng, SITE), _when(ledger, day, rng), langs=(lang,))
    for feed in FEEDS:
        _fill_feed(ledger, feed, seed, scale)


def _when(ledger: Ledger, day: int, rng: Random) -> datetime:
    return ledger.moment(day, rng.randint(8, 17), rng.randint(0, 59), rng.randrange(_MICROSECONDS))


def _post(ledger: Ledger, account: CityAccount, day: int, rng: Random, away: Away) -> None:
    lang, template = rng.choice(phrases.OFFICIAL[account.topic])
    at = _when(ledger, day, rng)
    pictures: tuple[tuple[Picture, str], ...] = ()
    card = None
    kind = rng.random()
    if kind < 0.25:  # noqa: PLR2004 - a quarter of the posts carry a picture
        alt = phrases.fill(rng.choice(phrases.ALTS), rng, SITE)
        pictures = ((picture(f"{account.key}/{at.isoformat()}"), alt),)
    elif kind < 0.35:  # noqa: PLR2004 - a tenth a card
        card = records.card(f"{SITE}/departments/{account.key}", account.name, account.purpose)
    text = phrases.fill(template, rng, SITE)
    uri = ledger.post(account.did, text, at, langs=(lang,), pictures=pictures, card=card)
    if rng.random() < _ANSWER_SHARE:
        comments(ledger, uri, account, at, rng, count=rng.randint(1, 4), away=away)


def comments(
    ledger: Ledger, root: str, account: CityAccount, at: datetime, rng: Random, *, count: int, away: Away
) -> list[str]:
    """Let residents answer a post, some late, some each other, and the city answer a few.

    Returns:
        The comments' addresses, the city's among them.
    """
    made: list[tuple[str, datetime]] = []
    for resident in rng.sample(RESIDENTS, count):
        late = rng.random() < _LATE_SHARE
        when = at + timedelta(days=rng.randint(1, 3) if late else 0, minutes=rng.randint(2, 300))
        when = when.replace(microsecond=rng.randrange(_MICROSECONDS))
        if not _both_there(ledger, account, resident, when, away):
            continue
        there = [uri for uri, then in made if then < when]
        parent = rng.choice(there) if there and not late and rng.random() < _NEST_SHARE else root
        made.append((answer(ledger, resident, parent, when, rng), when))
        if rng.random() < _CITY_ANSWER_SHARE:
            then = when + timedelta(minutes=rng.randint(5, 90))
            if _both_there(ledger, account, resident, then, away):
                text = phrases.fill(rng.choice(phrases.ANSWERS), rng, SITE)
                made.append((ledger.post(account.did, text, then, under=made[-1][0]), then))
    return [uri for uri, _ in made]


def _both_there(ledger: Ledger, account: CityAccount, resident: Resident, at: datetime, away: Away) -> bool:
    day = ledger.night(at)
    return not (away(account.did, day) or away(resident.did, day))


def answer(ledger: Ledger, resident: Resident, parent: str, at: datetime, rng: Random) -> str:
    """Let a resident answer a post in a language of theirs; gives the address."""
    lang = rng.choice(resident.languages)
    text = phrases.fill(rng.choice(phrases.REPLIES[lang]), rng, SITE)
    return ledger.post(resident.did, text, at, langs=(lang,), under=parent)


def _fill_feed(ledger: Ledger, feed: CityFeed, seed: int, scale: int) -> None:
    serial = 0
    for day in range(1 - BACKLOG_DAYS, ledger.nights + 1):
        rng = dice(seed, "feed", feed.key, day)
        for _ in range(rng.randint(0, 2) * scale):
            serial += 1
            feed_entry(ledger, feed, serial, _when(ledger, day, rng), rng)


def feed_entry(ledger: Ledger, feed: CityFeed, serial: int, at: datetime, rng: Random) -> Entry:
    """Publish one entry in a feed's own manner; gives the entry."""
    _, template = rng.choice(phrases.OFFICIAL[feed.topic])
    body = phrases.fill(template, rng, SITE)
    link = f"{SITE}/{feed.key}/{serial:04d}"
    guid = feed.guids[serial % len(feed.guids)]
    shown = picture(link) if feed.media and serial % 3 == 0 else None
    return ledger.publish(
        feed.key,
        Entry(
            title=shorten(body.split(":")[0], 64, placeholder="…"),
            body=body,
            link=link,
            guid={"permalink": link, "opaque": f"{feed.key}-{serial:04d}", "none": None}[guid],
            permalink=guid == "permalink",
            published=at.replace(microsecond=0),
            updated=at.replace(microsecond=0),
            picture=shown,
            alt=phrases.fill(rng.choice(phrases.ALTS), rng, SITE) if shown else "",
        ),
    )
