"""Several pages as one: what a transaction stores of them, and what of it belongs to which."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from archiver.platforms.unnamed import is_made

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from archiver.platforms.items import Item, Tombstone
    from archiver.platforms.pages import Coverage, Exchange, Page


@dataclasses.dataclass(slots=True)
class Batch:
    """The pages of one transaction. Items and tombstones each come with the id of the exchange that showed them."""

    exchanges: list[Exchange] = dataclasses.field(default_factory=list)
    items: list[tuple[Item, str]] = dataclasses.field(default_factory=list)
    history: list[tuple[Item, str]] = dataclasses.field(default_factory=list)
    tombstones: list[tuple[Tombstone, str]] = dataclasses.field(default_factory=list)
    coverages: list[tuple[Coverage, str | None]] = dataclasses.field(default_factory=list)
    """Each with the exchange whose page shows what is absent by not showing it."""
    looked_up: set[str] = dataclasses.field(default_factory=set)
    """The exchanges that showed an item at its own address."""
    pages: list[Page] = dataclasses.field(default_factory=list)

    @classmethod
    def of(cls, pages: Sequence[Page]) -> Batch:
        """Join pages, in their order."""
        batch = cls()
        for page in pages:
            batch._add(page)
        return batch

    def _add(self, page: Page) -> None:
        self.exchanges += page.exchanges
        ids = [exchange.id for exchange in page.exchanges]
        self.items += [(item, ids[item.exchange]) for item in page.items]
        self.history += [(item, ids[item.exchange]) for item in page.history]
        self.tombstones += [(stone, ids[stone.exchange]) for stone in page.tombstones]
        if page.looked_up:
            self.looked_up.update(ids)
        if page.coverage is not None:
            self.coverages.append((page.coverage, page.exchanges[-1].id if page.exchanges else None))
        self.pages.append(page)

    def rename(self, items: Sequence[Item]) -> None:
        """Let tombstones and earlier forms be of the items that theirs turned out to be: those of which their id is an alias."""
        known = {(item.namespace, alias): item.id for item in items for alias in item.aliases if is_made(alias)}
        if known:
            self.tombstones = [
                (dataclasses.replace(stone, id=known.get((stone.namespace, stone.id), stone.id)), by)
                for stone, by in self.tombstones
            ]
            self.history = [
                (dataclasses.replace(item, id=known.get((item.namespace, item.id), item.id)), by)
                for item, by in self.history
            ]

    def worth_keeping(self, told: Collection[str | None], *, everything: bool) -> list[Exchange]:
        """The exchanges whose bodies are kept: those of a page of which any told us something (`told`, by id), or that
        says that something could not be read.
        """
        return [
            exchange
            for page in self.pages
            if everything or page.keep or page.skipped or any(each.id in told for each in page.exchanges)
            for exchange in page.exchanges
        ]
