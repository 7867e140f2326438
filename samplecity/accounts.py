"""The city's own accounts: departments, elected officials and news feeds, each with what a register must know of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from samplecity.ids import did_plc

CITY = "City of Las Palmas Verdes"
DOMAIN = "laspalmasverdes.test"
SITE = "https://www.laspalmasverdes.example"
TIME_ZONE = "America/Los_Angeles"
POLICY_EFFECTIVE_ON = "2026-09-01"
"""When the city's social media policy took effect: older accounts have 90 days from then to comply."""


@dataclass(frozen=True, slots=True)
class CityAccount:
    """A Bluesky account the city runs.

    Attributes:
        key: short name, also the first label of its handle.
        name: display name.
        department: whose it is.
        steward: who answers for it.
        purpose: why it exists.
        topic: which phrases it speaks in.
        description: its profile's text at the start.
        began_on: ISO date on which the city began to use it.
        pace: posts on an ordinary day.
        late_start: no post before the script gives it one.
    """

    key: str
    name: str
    department: str
    steward: str
    purpose: str
    topic: str
    description: str
    began_on: str
    pace: int = 2
    late_start: bool = False

    @property
    def did(self) -> str:
        """Its stable id."""
        return did_plc("city/" + self.key)

    @property
    def handle(self) -> str:
        """Its handle at the start; a later one is in the history."""
        return f"{self.key}.{DOMAIN}"


def _department(key: str, department: str, steward: str, purpose: str, topic: str, **more: int | bool) -> CityAccount:
    return CityAccount(
        key=key,
        name=f"Las Palmas Verdes {department}",
        department=department,
        steward=steward,
        purpose=purpose,
        topic=topic,
        description=f"{purpose} Official account of the {CITY}. Comments here are public records.",
        began_on="2026-10-05" if more.get("late_start") else "2024-03-11",
        pace=int(more.get("pace", 2)),
        late_start=bool(more.get("late_start", False)),
    )


def _official(key: str, name: str, office: str, began_on: str) -> CityAccount:
    return CityAccount(
        key=key,
        name=name,
        department=office,
        steward=name,
        purpose=f"News from the office of {name}.",
        topic="council",
        description=f"{office}, {CITY}. Opinions here are about city business, so they are kept.",
        began_on=began_on,
        pace=1,
    )


ACCOUNTS: tuple[CityAccount, ...] = (
    _department("parks", "Parks", "Dolores Whitaker", "Park hours, closures and events.", "parks"),
    _department("publicworks", "Public Works", "Ed Nakamura", "Streets, potholes and sweeping.", "streets", pace=3),
    _department("police", "Police Department", "Lt. Carla Voss", "Safety notices; in an emergency call 911.", "safety"),
    _department("library", "Public Library", "Imogen Tran", "Hours, story times and new books.", "library"),
    _department("clerk", "City Clerk", "Rosalind Okafor", "Agendas, elections and records.", "council"),
    _department("water", "Water Department", "Gus Lindqvist", "Water quality, bills and repairs.", "water"),
    _department("fire", "Fire Department", "Capt. Joel Reyes", "Fire safety and preparedness.", "safety", pace=1),
    _department("recreation", "Recreation", "Pia Castellanos", "Leagues, classes and camps.", "parks", pace=1),
    _department("dialaride", "Dial-a-Ride", "Ed Nakamura", "Rides for older residents.", "streets", pace=1),
    _department(
        "elections", "Elections Office", "Rosalind Okafor", "Voting places and dates.", "council", late_start=True
    ),
    _official("mayor", "Mayor Teresa Quintanilla", "Mayor", "2024-12-10"),
    _official("ruiz", "Council Member Daniel Ruiz", "Council District 1", "2025-01-14"),
    _official("abad", "Council Member Luz Abad", "Council District 3", "2025-01-14"),
)

BY_KEY = {account.key: account for account in ACCOUNTS}


@dataclass(frozen=True, slots=True)
class CityFeed:
    """A news feed of a department.

    Attributes:
        key: the last part of its address.
        title: the feed's title.
        department: whose it is.
        steward: who answers for it.
        form: `rss` or `atom`.
        charset: what its XML declares and is written in.
        topic: which phrases it speaks in.
        language: of the feed.
        media: picture enclosures on some entries.
        window: how many newest entries it shows.
        guids: what its entries have for an id, in turn: `permalink`, `opaque`, `none`.
    """

    key: str
    title: str
    department: str
    steward: str
    form: str
    charset: str
    topic: str
    language: str
    media: bool = False
    window: int = 15
    guids: tuple[str, ...] = field(default=("permalink",))


FEEDS: tuple[CityFeed, ...] = (
    CityFeed(
        key="parks-news",
        title="Parks News",
        department="Parks",
        steward="Dolores Whitaker",
        form="rss",
        charset="utf-8",
        topic="parks",
        language="en-us",
        media=True,
    ),
    CityFeed(
        key="clerk-notices",
        title="Public Notices of the City Clerk",
        department="City Clerk",
        steward="Rosalind Okafor",
        form="atom",
        charset="utf-8",
        topic="council",
        language="en",
        guids=("opaque",),
    ),
    CityFeed(
        key="biblioteca-noticias",
        title="Noticias de la Biblioteca Pública",
        department="Public Library",
        steward="Imogen Tran",
        form="rss",
        charset="windows-1252",
        topic="biblioteca",
        language="es",
        guids=("opaque", "opaque", "none"),
    ),
)

FEED_BY_KEY = {feed.key: feed for feed in FEEDS}
