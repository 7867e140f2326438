"""The two indices of the archive: direct messages lie in one of their own, everything else in the one that is searched.

Filtering messages out of one index would not do: its suggestions, its scores and its counts would still be made of their
words. An item's kind never changes, so that each item belongs to one of the two for good.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from archiver.platforms.items import ItemKind
from search import indices
from search.errors import translated

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

MESSAGE = ItemKind.MESSAGE.value


@dataclasses.dataclass(frozen=True, slots=True)
class Shelf:
    """One of the two: its alias, and whether it is the one of the messages."""

    alias: str
    messages: bool

    @property
    def targets_of(self) -> str:
        """The field of `Targets` that holds its indices."""
        return "messages" if self.messages else "items"


@dataclasses.dataclass(frozen=True, slots=True)
class Targets:
    """The concrete indices that a batch is written to."""

    items: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()

    def of(self, kind: str) -> tuple[str, ...]:
        """Where an item of that kind belongs."""
        return self.messages if kind == MESSAGE else self.items

    def but(self, kind: str) -> tuple[str, ...]:
        """Where an item of that kind does not belong."""
        return self.items if kind == MESSAGE else self.messages

    @property
    def every(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.items, *self.messages)


def messages_alias(alias: str) -> str:
    """The alias of the messages' index beside the one that searches go to."""
    return f"{alias}-messages"


def shelves(alias: str) -> tuple[Shelf, Shelf]:
    """Both, by the alias that searches go to; that one first."""
    return Shelf(alias, messages=False), Shelf(messages_alias(alias), messages=True)


def ensure(client: Elasticsearch, alias: str) -> None:
    """Create whichever of the two is not there. Raises as `indices.ensure_index`."""
    for shelf in shelves(alias):
        indices.ensure_index(client, shelf.alias)


def targets(client: Elasticsearch, alias: str) -> Targets:
    """The indices that a change must be written to: of each shelf the one in use and, during a rebuild, the one being built.

    Raises:
        IndexUnavailableError: Elasticsearch does not answer.
    """
    return Targets(**{each.targets_of: tuple(indices.write_targets(client, each.alias)) for each in shelves(alias)})


def documents(client: Elasticsearch, shelf: Shelf) -> int:
    """How many documents a shelf has; none where the messages' index was never made.

    Raises:
        IndexUnavailableError, IndexMissingError: as for a search.
    """
    if shelf.messages and not indices.behind(client, shelf.alias):
        return 0
    with translated(f"counting {shelf.alias}"):
        return int(client.count(index=shelf.alias)["count"])
