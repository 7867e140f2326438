"""Recorded answers of a platform's API, read by its own connector: what our own evidence holds gives the same items again.

A connector walks its listings through a session; here the session gives what was recorded. Any answer may be where a walk begins:
whatever the page, the connector reads it as its first. What it asks for then must have been recorded near it, as our own evidence
files have it (the exchanges of a page stand together). Where no walk begins with an answer, and none came by it, the connector
is asked what it may be by itself. What none of the account's walks asks for stays a page record.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from itertools import chain
from typing import TYPE_CHECKING

from archiver.downloads.warc_replay import Replay, address
from archiver.downloads.warc_walks import Walks
from archiver.platforms.items import Source
from archiver.platforms.pages import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archiver.downloads.warc_pages import Recorded
    from archiver.downloads.warc_replay import Address
    from archiver.downloads.warc_walks import Walk
    from archiver.platforms.contract import Platform
    from archiver.platforms.items import Item
    from archiver.platforms.pages import AccountRef, Exchange

_AHEAD, _BEHIND, _MOST_BYTES = 400, 100, 8 << 20
"""So many answers, and of so many bytes, are known beyond the one that is read, and so many remembered before it: what a page was
made of stands together, and what the connector asked for first need not be the first of it.
"""
_MOST_PAGES = 1000


@dataclasses.dataclass(eq=False, slots=True)
class Held:
    """An answer that may be read by the connector, with what it is as a page record, and where it lies."""

    recorded: Recorded
    place: tuple[int, int]
    address: Address
    used: bool = False

    @property
    def exchange(self) -> Exchange:
        """The answer."""
        return self.recorded.exchange


class _Line:
    """Answers in their order, as many as may be held."""

    def __init__(self, most: int) -> None:
        self._most, self._bytes = most, 0
        self._held: deque[Held] = deque()

    def __bool__(self) -> bool:
        return bool(self._held)

    @property
    def long(self) -> bool:
        """Whether it is more than may be held."""
        return len(self._held) > self._most or self._bytes > _MOST_BYTES

    def add(self, held: Held) -> None:
        """Take one in."""
        self._held.append(held)
        self._bytes += _size(held)

    def first(self) -> Held:
        """Take out the first."""
        held = self._held.popleft()
        self._bytes -= _size(held)
        return held


class Answers:
    """Takes answers in their order, and gives pages of the connector's for those that it reads."""

    def __init__(self, platform: Platform, account: AccountRef) -> None:
        self._places, self._secrets = platform.manifest.places, account.secrets
        self._walks = Walks(platform, account)
        self._ahead, self._behind = _Line(_AHEAD), _Line(_BEHIND)
        self._by_address: dict[Address, list[Held]] = {}
        self._by_exchange: dict[int, Held] = {}
        self._pages: list[Page] = []

    def offer(self, recorded: Recorded, place: tuple[int, int]) -> None:
        """Take in an answer."""
        held = Held(recorded, place, address(recorded.exchange.url))
        self._ahead.add(held)
        self._by_address.setdefault(held.address, []).append(held)
        self._by_exchange[id(held.exchange)] = held
        while self._ahead.long:
            self._go_on()

    def pages(self) -> list[Page]:
        """What has been read since the last time."""
        pages, self._pages = self._pages, []
        return pages

    def released(self, *, all_of_them: bool = False) -> Iterator[Held]:
        """The answers that have been passed, in their order; those `used` are part of a page. `all_of_them`: none follows."""
        while all_of_them and self._ahead:
            self._go_on()
        while self._behind.long or (all_of_them and self._behind):
            held = self._behind.first()
            if not held.used:
                self._read(held, self._walks.further(held.exchange.url))
            self._forget(held)
            yield held

    def _go_on(self) -> None:
        """Read the next answer as the beginning of whatever walk it fits best, unless it was read as part of an earlier one's."""
        held = self._ahead.first()
        if not held.used:
            self._read(held, self._walks.of(held.exchange.url))
        self._behind.add(held)

    def _forget(self, held: Held) -> None:
        del self._by_exchange[id(held.exchange)]
        left = [each for each in self._by_address[held.address] if each is not held]
        if left:
            self._by_address[held.address] = left
        else:
            del self._by_address[held.address]

    def _near(self, wanted: Address) -> list[Exchange]:
        return [each.exchange for each in self._by_address.get(wanted, ())]

    def _before(self, exchange: Exchange) -> list[Exchange]:
        """The answers that stand directly before one, and were read as part of nothing."""
        found: list[Exchange] = []
        for held in self._by_exchange.values():
            if held.exchange is exchange:
                return found
            found = [] if held.used else [*found[-_BEHIND:], held.exchange]
        return []

    def _read(self, held: Held, walks: Iterator[Walk]) -> None:
        """Read an answer by the walk whose first request has most of its parameters, and that shows most."""
        best, found = (-1, -1), list[Page]()
        for walk in walks:
            session = Replay(held.exchange, self._near, self._places, self._secrets, self._before)
            pages = _walked(walk, session)
            good = (session.fit, sum(len(page.items) for page in pages))
            if pages and session.fit >= 0 and good > best:
                best, found = good, pages
        for page in found:
            self._give(page)

    def _give(self, page: Page) -> None:
        """Give a page, unless every answer of it was given before."""
        shown = [held for each in page.exchanges if (held := self._by_exchange.get(id(each))) is not None]
        if all(each.used for each in shown):
            return
        self._pages.append(_imported(page))
        for item in page.items:
            self._walks.known.add(item)
        for each in shown:
            each.used = True


def _size(held: Held) -> int:
    return len(held.exchange.body) + len(held.exchange.received)


def _walked(walk: Walk, session: Replay) -> list[Page]:
    """The pages of a walk up to where it asks for what was not recorded, or comes upon what it cannot read."""
    pages: list[Page] = []
    try:
        for page in walk(session):
            pages.append(page)
            if len(pages) >= _MOST_PAGES:
                break
    except Exception:  # noqa: BLE001, S110 - whatever a connector cannot read is not what it would have asked for
        pass
    return pages


def _imported(page: Page) -> Page:
    """What a page shows, without what was true once: what a listing covered, what came next, how many there were, and how often
    something was liked.
    """
    profile = page.status.profile if page.status is not None else None
    return Page(
        [_as_imported(item) for item in chain(page.items, [] if profile is None else [profile])],
        page.exchanges,
        tombstones=page.tombstones,
        skipped=page.skipped,
        history=page.history,
        looked_up=page.looked_up,
    )


def _as_imported(item: Item) -> Item:
    return item if item.source is Source.HISTORY else dataclasses.replace(item, source=Source.IMPORT, counts={})
