"""The city whole: its log, the state of each night, the register rows to capture it by."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from samplecity import daily, story
from samplecity.accounts import ACCOUNTS, FEEDS, TIME_ZONE, CityAccount, CityFeed
from samplecity.chat import LOGGED_IN, Chat
from samplecity.chat_api import password_of, variable_of
from samplecity.ledger import Ledger
from samplecity.social import APIS
from samplecity.social.city import SocialCity
from samplecity.social.scale import SMALL, Scale
from samplecity.witness import tell_truth
from samplecity.world import World

if TYPE_CHECKING:
    from collections.abc import Iterable

    from samplecity.events import Event
    from samplecity.images import Picture
    from samplecity.truth import Truth

DEFAULT_START = date(2026, 11, 16)
AUTHORITY = "Municipal Code 2.40 (invented); California Government Code 7920.000 and following"


def recent_start(nights: int) -> date:
    """Give the date of day 1 that makes the last day yesterday, by the city's clock.

    A capture that re-reads the last 30 days only would no longer look at a history with fixed dates.
    """
    return datetime.now(ZoneInfo(TIME_ZONE)).date() - timedelta(days=nights)


@dataclass
class City:
    """A pretend city.

    Attributes:
        seed: of the build.
        nights: how many nights the history has.
        start: the date of day 1, in city time.
        log: every event in order.
        pictures: every picture uploaded, by (DID, CID).
        story: item ids (or DIDs) by the name of what happens to them; see `samplecity.story`.
        accounts: the city's Bluesky accounts.
        feeds: the city's feeds.
        social: its accounts on the further platforms, none unless asked for.
        chat: its direct messages on Bluesky, none unless asked for: they need app passwords in the environment.
    """

    seed: int
    nights: int
    start: date
    log: list[Event]
    pictures: dict[tuple[str, str], Picture]
    story: dict[str, list[str]] = field(default_factory=dict)
    accounts: tuple[CityAccount, ...] = ACCOUNTS
    feeds: tuple[CityFeed, ...] = FEEDS
    social: SocialCity = field(default_factory=SocialCity.nowhere)
    chat: Chat | None = None
    _worlds: dict[int, World] = field(default_factory=dict, repr=False)

    @classmethod
    def build(
        cls,
        seed: int = 7,
        nights: int = 5,
        scale: int = 1,
        start: date = DEFAULT_START,
        social: Iterable[str] = (),
        social_scale: Scale = SMALL,
        *,
        chat: bool = False,
    ) -> City:
        """Build a city; the same arguments give the same city, byte for byte.

        Args:
            seed: any number.
            nights: 1 or more; the script fills five, later ones are ordinary.
            scale: multiplies the ordinary posts of a day.
            start: the date of day 1; see `recent_start`. The backlog reaches 20 days further back, and there are three
                days of old posts, up to 640 days back, which nothing ever happens to.
            social: the further platforms it is on as well, names of `samplecity.social.abilities.ABILITIES`.
            social_scale: how much there is of them.
            chat: give some Bluesky accounts direct messages, and the register their app passwords.

        Raises:
            ValueError: for a further platform that there is not.
        """
        ledger = Ledger(start=start, nights=nights, handles={})
        daily.introduce(ledger)
        story.tell(ledger, seed)
        daily.live(ledger, seed, scale, story.away)
        further = SocialCity.build(seed, nights, start, social, social_scale)
        talks = Chat(start, nights, ledger.story["answered_resident_post"][0]) if chat else None
        return cls(seed, nights, start, ledger.events(), ledger.pictures, ledger.story, social=further, chat=talks)

    def at(self, night: int) -> World:
        """Give the state that the capture of a night sees.

        Raises:
            ValueError: when the history has no such night.
        """
        if not 1 <= night <= self.nights:
            raise ValueError(f"the city has nights 1 to {self.nights}, not {night}")
        if night not in self._worlds:
            self._worlds[night] = World.fold((event for event in self.log if event.night <= night), self.pictures)
        return self._worlds[night]

    def truth_after(self, night: int) -> Truth:
        """Give everything ever visible up to a night, and how it stands then."""
        truth = tell_truth(self, night)
        if self.chat is not None:
            truth.items += self.chat.truth_after(night)
        if self.social.platforms:
            accounts, items = self.social.truth_after(night)
            truth.accounts += accounts
            truth.items += items
        return truth

    def register_rows(self, url: str) -> list[dict[str, Any]]:
        """Give the rows of an account register, for a city served at an origin.

        A feed is registered under its key with its address as a setting, so that its identity outlives the port.

        Args:
            url: the server's origin, no slash at the end.

        Returns:
            Rows with account (`platform:handle-or-id`), platform, handle_or_id, department, steward, purpose,
            authority_statement, record_series, began_on (ISO date), settings.
        """
        rows = [
            _row("bluesky", one.handle, one.department, one.steward, one.purpose)
            | {
                "began_on": one.began_on,
                "settings": {"plc_url": f"{url}/plc", "appview_url": url, **self._log_in(one.key)},
            }
            for one in self.accounts
        ]
        rows += [
            _row("rss", one.key, one.department, one.steward, f"{one.title} on the city's web site.")
            | {"began_on": "2022-06-01", "settings": {"url": f"{url}/feeds/{one.key}"}}
            for one in self.feeds
        ]
        rows += [
            _row(one.platform, one.handle, one.department, one.steward, one.purpose)
            | {"began_on": one.began_on, "settings": self.social.settings(one, url)}
            for one in self.social.accounts
            if one.platform in APIS
        ]
        return rows

    def _log_in(self, key: str) -> dict[str, str]:
        there = self.chat is not None and key in LOGGED_IN
        return {"app_password": f"env:{variable_of(key)}"} if there else {}

    def tokens(self) -> dict[str, str]:
        """Give what the environment must hold for the register's settings, by variable."""
        mine = {variable_of(key): password_of(key) for key in LOGGED_IN} if self.chat is not None else {}
        return {**self.social.tokens(), **mine}

    def register_csv(self, url: str) -> str:
        """Give the same rows as CSV, one column for each setting (`setting.NAME`)."""
        rows = self.register_rows(url)
        settings = sorted({name for row in rows for name in row["settings"]})
        plain = [name for name in rows[0] if name not in ("platform", "handle_or_id", "settings")]
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(plain + [f"setting.{name}" for name in settings])
        for row in rows:
            writer.writerow([row[name] for name in plain] + [row["settings"].get(name, "") for name in settings])
        return out.getvalue()


def _row(platform: str, handle: str, department: str, steward: str, purpose: str) -> dict[str, Any]:
    return {
        "account": f"{platform}:{handle}",
        "platform": platform,
        "handle_or_id": handle,
        "department": department,
        "steward": steward,
        "purpose": purpose,
        "authority_statement": AUTHORITY,
        "record_series": "Public information and social media",
    }
