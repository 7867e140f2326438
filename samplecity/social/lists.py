"""Whom a city account blocks and who follows it, night by night: residents come and go by dice, the same in every build."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samplecity.ids import dice
from samplecity.social.accounts import residents

if TYPE_CHECKING:
    from samplecity.social.model import Person

_LAST_START = 6  # by then everybody who ever will be is on a list
_STAYS = (1, 2, 3, 50)  # nights


def blocked(platform: str, key: str, night: int) -> list[Person]:
    """Give whom an account blocks at a night, the latest first.

    Args:
        platform: where.
        key: the city account's short name.
        night: 1 or later.
    """
    return _standing(platform, key, night, "blocked", 3)


def followers(platform: str, key: str, night: int) -> list[Person]:
    """Give who follows an account at a night, the latest first; as `blocked`."""
    return [one for one in _standing(platform, key, night, "followers", 1) if one not in blocked(platform, key, night)]


def _standing(platform: str, key: str, night: int, what: str, one_in: int) -> list[Person]:
    found = []
    for person in residents(platform):
        luck = dice("lists", platform, key, what, person.id)
        chosen, start, stays = luck.randrange(one_in) == 0, luck.randint(-3, _LAST_START), luck.choice(_STAYS)
        if chosen and start <= night < max(2, start + stays):
            found.append((start, person))
    return [person for _, person in sorted(found, key=lambda one: (-one[0], one[1].id))]
