"""The city's accounts and its people on the further platforms."""

from __future__ import annotations

from samplecity.accounts import BY_KEY
from samplecity.people import RESIDENTS, Resident
from samplecity.social.ids import account_id
from samplecity.social.model import Person, SocialAccount

_WHO: dict[str, tuple[str, ...]] = {
    "facebook": ("parks", "publicworks", "police", "library", "clerk", "mayor"),
    "instagram": ("parks", "library", "police", "fire", "recreation"),
    "threads": ("parks", "library", "mayor"),
    "x": ("police", "publicworks", "fire", "water", "mayor", "abad"),
    "youtube": ("clerk", "parks", "police", "library"),
    "mastodon": ("library", "water", "publicworks", "clerk", "ruiz"),
    "linkedin": ("clerk", "publicworks", "water"),
    "flickr": ("parks", "library", "recreation", "publicworks"),
    "tiktok": ("recreation", "library", "fire", "parks"),
}
_TITLES = {"publicworks": "PublicWorks", "dialaride": "DialARide"}


def accounts_of(platform: str, count: int, branches: int = 0) -> tuple[SocialAccount, ...]:
    """Give accounts of the city on a platform.

    Args:
        platform: which.
        count: how many of the city's well-known accounts there, at most.
        branches: how many more, as a big city has them for its branches and districts.

    Raises:
        KeyError: for a platform that the city is not on.
    """
    keys = _WHO[platform]
    known = tuple(_account(platform, key) for key in keys[:count])
    return known + tuple(_account(platform, keys[n % len(keys)], n // len(keys) + 2) for n in range(branches))


def resident(platform: str, one: Resident) -> Person:
    """Give a resident as they are on a platform."""
    first, _, last = one.key.partition("-")
    handle = {
        "x": f"{first}_{last}"[:15],
        "youtube": f"{first}{last}",
        "facebook": f"{first}.{last}",
        "instagram": f"{first}.{last}",
        "tiktok": f"{first}.{last}",
        "mastodon": f"{first}_{last}@neighbors.test",
    }.get(platform, f"{first}_{last}")
    return Person(account_id(platform, f"resident/{one.key}"), handle, one.name)


def residents(platform: str) -> tuple[Person, ...]:
    """Give all residents as they are on a platform."""
    return tuple(resident(platform, one) for one in RESIDENTS)


def _account(platform: str, key: str, branch: int = 1) -> SocialAccount:
    known = BY_KEY[key]
    name, short = known.name, _TITLES.get(key, key.capitalize())
    if branch > 1:
        key, name, short = f"{key}_{branch}", f"{name}, branch {branch}", f"{short}B{branch}"
    handle = {
        "facebook": f"LasPalmasVerdes{short}",
        "instagram": f"lpv_{key}",
        "threads": f"lpv_{key}",
        "x": f"LPV{short}",
        "youtube": f"LasPalmasVerdes{short}",
        "mastodon": key,
        "linkedin": f"las-palmas-verdes-{key}",
        "flickr": f"lpv{key}",
        "tiktok": f"lpv.{key}",
    }[platform]
    person = Person(account_id(platform, f"city/{key}"), handle, name)
    return SocialAccount(
        platform=platform,
        key=key,
        id=person.id,
        handle=handle,
        name=name,
        department=known.department,
        steward=known.steward,
        purpose=known.purpose,
        topic=known.topic,
        began_on="2023-02-01",
        person=person,
    )
