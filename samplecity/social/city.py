"""The further platforms' part of a city: its log, the state of each night, the register rows to capture it by."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from samplecity.days import Days
from samplecity.social import APIS
from samplecity.social.abilities import ABILITIES
from samplecity.social.accounts import accounts_of
from samplecity.social.daily import Life
from samplecity.social.ledger import SocialLedger
from samplecity.social.scale import SMALL, Scale
from samplecity.social.story import tell
from samplecity.social.witness import CAPTURED_AT, SocialWitness
from samplecity.social.world import SocialWorld

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from samplecity.social.events import SocialEvent
    from samplecity.social.model import Person, SocialAccount
    from samplecity.truth import TrueAccount, TrueItem

_KEPT_WORLDS = 2  # a night's state of the big preset takes tens of megabytes


@dataclass
class SocialCity:
    """The city on the further platforms.

    Attributes:
        seed: of the build.
        nights: how many nights the history has.
        start: the date of day 1, in city time.
        platforms: those it is on.
        accounts: the city's accounts as they began.
        log: every event in order.
        participants: who is in which conversation, by its id.
        story: (platform, id) of things, or (platform, key) of accounts, by the name of what happens to them.
    """

    seed: int
    nights: int
    start: date
    platforms: tuple[str, ...]
    accounts: tuple[SocialAccount, ...]
    log: list[SocialEvent]
    participants: Mapping[str, tuple[Person, ...]]
    story: dict[str, list[tuple[str, str]]]
    _worlds: dict[int, SocialWorld] = field(default_factory=dict, repr=False)
    _witness: SocialWitness | None = field(default=None, repr=False, compare=False)

    @classmethod
    def nowhere(cls) -> SocialCity:
        """Give a city that is on no further platform."""
        return cls(0, 1, date(2026, 1, 1), (), (), [], {}, {})

    @classmethod
    def build(cls, seed: int, nights: int, start: date, platforms: Iterable[str], scale: Scale = SMALL) -> SocialCity:
        """Build it; the same arguments give the same city, byte for byte.

        Args:
            seed: any number.
            nights: 1 or more.
            start: the date of day 1.
            platforms: names of `abilities.ABILITIES`.
            scale: how much there is.

        Raises:
            ValueError: for a platform that the city is not on.
        """
        chosen = tuple(platforms)
        if unknown := [one for one in chosen if one not in ABILITIES]:
            raise ValueError(f"the city is not on {', '.join(unknown)}; it is on {', '.join(ABILITIES)}")
        ledger = SocialLedger(start=start, nights=nights)
        lives = [(Life(ledger, one, seed, scale), accounts_of(one, scale.accounts, scale.branches)) for one in chosen]
        for life, mine in lives:
            tell(life, mine)
        for day in range(1 - scale.backlog, nights + 1):  # days outside: a longer history begins like a shorter
            for life, mine in lives:
                for account in mine:
                    life.day(account, day)
        accounts = tuple(account for _, mine in lives for account in mine)
        return cls(seed, nights, start, chosen, accounts, ledger.events(), ledger.participants, ledger.story)

    def at(self, night: int) -> SocialWorld:
        """Give the state that the capture of a night sees.

        Raises:
            ValueError: when the history has no such night.
        """
        if not 1 <= night <= self.nights:
            raise ValueError(f"the city has nights 1 to {self.nights}, not {night}")
        if night not in self._worlds:
            while len(self._worlds) >= _KEPT_WORLDS:
                del self._worlds[next(iter(self._worlds))]
            now = Days(self.start, self.nights).moment(night, *CAPTURED_AT)
            self._worlds[night] = SocialWorld.fold(self.log, night, self.accounts, self.participants, now)
        return self._worlds[night]

    def truth_after(self, night: int) -> tuple[list[TrueAccount], list[TrueItem]]:
        """Give everything ever visible up to a night, and how it stands then; see `samplecity.social.truth`.

        Nights asked for in rising order are cheap.

        Raises:
            ValueError: when the history has no such night.
        """
        if not 1 <= night <= self.nights:
            raise ValueError(f"the city has nights 1 to {self.nights}, not {night}")
        if self._witness is None or self._witness.night > night:
            self._witness = SocialWitness(self)
        return self._witness.watch(night)

    def settings(self, account: SocialAccount, url: str) -> dict[str, str]:
        """Give the settings that the register has for an account, for a city served at an origin.

        Raises:
            KeyError: when its platform has no rendering.
        """
        return {
            "api_url": f"{url}/{account.platform}",
            "token": f"env:{account.token_variable}",
            **APIS[account.platform].settings(account),
        }

    def tokens(self) -> dict[str, str]:
        """Give what the environment must hold for the register's settings: the token by variable."""
        return {one.token_variable: one.token for one in self.accounts}
