"""Several pages as one: what a transaction stores of them, and what of it belongs to which."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from archiver.platforms.contract import Coverage, Exchange, Item, Page, Tombstone


@dataclasses.dataclass(slots=True)
class Batch:
    """The pages of one transaction. `exchange` of items and tombstones counts within `exchanges`."""

    exchanges: list[Exchange] = dataclasses.field(default_factory=list)
    items: list[Item] = dataclasses.field(default_factory=list)
    tombstones: list[Tombstone] = dataclasses.field(default_factory=list)
    coverages: list[tuple[Coverage, str | None]] = dataclasses.field(default_factory=list)
    """Each with the exchange whose page shows what is absent by not showing it."""
    pages: list[Page] = dataclasses.field(default_factory=list)

    @classmethod
    def of(cls, pages: Sequence[Page]) -> Batch:
        """Join pages, in their order."""
        batch = cls()
        for page in pages:
            batch._add(page)
        return batch

    def _add(self, page: Page) -> None:
        start, last = len(self.exchanges), len(page.exchanges) - 1
        self.exchanges += page.exchanges
        if start:
            self.items += [
                dataclasses.replace(item, exchange=start + (item.exchange if item.exchange >= 0 else last))
                for item in page.items
            ]
            self.tombstones += [
                dataclasses.replace(stone, exchange=start + (stone.exchange if stone.exchange >= 0 else last))
                for stone in page.tombstones
            ]
        else:
            self.items += page.items
            self.tombstones += page.tombstones
        if page.coverage is not None:
            self.coverages.append((page.coverage, page.exchanges[-1].id if page.exchanges else None))
        self.pages.append(page)

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
