"""What the pages of an edge become, alike on all of Meta's platforms: items, and what each page has shown whole."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from archiver.platforms.answers import read
from archiver.platforms.falling import Falling, all_below
from archiver.platforms.graph_fields import CONTENT
from archiver.platforms.graph_manners import is_not_there
from archiver.platforms.graph_times import SECONDS
from archiver.platforms.items import Item, Skipped
from archiver.platforms.pages import Conversation, ConversationsPage, Page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from archiver.platforms.graph import Graph, GraphPage
    from archiver.platforms.items import Json
    from archiver.platforms.pages import AccountRef, Count, Exchange


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """What was read of a page, each item once, and what could not be."""

    items: list[Item]
    skipped: list[Skipped]

    @property
    def whole(self) -> bool:
        """Whether nothing of the page, or of what should have come after it, is missing."""
        return not any(each.lost for each in self.skipped)


def read_entries(graph: Graph, got: GraphPage, make: Callable[..., Item], what: str) -> Reading:
    """The items of a page of an edge, as `make` has them: it is given an entry, and by name the fields that say where it stood.

    An entry that cannot be read is skipped, and so is what cannot be reached behind it.
    """
    skipped: list[Skipped] = []
    found: dict[str, Item] = {}
    for number, entry in enumerate(got.entries):
        item = read(f"entry {number} of {what}", skipped, make, entry, exchange=0, pointer=f"/data/{number}")
        if item is not None:
            found.setdefault(item.id, graph.as_asked(item))
    if got.lost is not None:
        skipped.append(Skipped(f"what comes after in {what}", got.lost))
    return Reading(list(found.values()), skipped)


class Listing:
    """A walk through an edge that goes from new to old: what each page covers, and where the walk goes on."""

    def __init__(self, account: AccountRef, resume: Json) -> None:
        self._account = account
        self.place: Mapping[str, Any] = resume if isinstance(resume, dict) else {}
        below = self.place.get("below")
        self._falling = Falling(SECONDS, below if isinstance(below, str) else None)
        self._begins = not isinstance(self.place.get("at"), dict)

    def is_not_listed(self, exchange: Exchange) -> bool:
        """Whether the platform says that it does not give the edge here (code 100): only where the walk begins. In the middle of
        one the same answer says that it does not know the place any more, and what comes after it would be lost unsaid.
        """
        return self._begins and is_not_there(exchange)

    @property
    def at(self) -> Json:
        """What places the page that the walk begins with (`Graph.edge`)."""
        at: Json = self.place.get("at")
        return at

    def page(self, got: GraphPage, reading: Reading, *, capped: bool = False, **more: Json) -> Page:
        """The page as it is to be kept. `capped`: the listing ends, and not at its first item. `more` is kept to go on with.

        Raises `UnreadableAnswerError` where page after page shows nothing.
        """
        self._begins = False
        following = got.following
        coverage = self._falling.shown(
            [item.order_key for item in reading.items if item.order_key is not None],
            last=following is None and not capped,
            whole=reading.whole,
        )
        self._falling.check(self._account, got.exchange)
        return Page(
            reading.items,
            [got.exchange],
            resume=None if following is None else {"at": dict(following), "below": self._falling.below, **more},
            coverage=coverage,
            skipped=reading.skipped,
            cut=got.lost is not None,
        )


def not_listed(got: GraphPage, what: str) -> Page:
    """The page that says that the platform does not give an edge here."""
    why = f"the platform does not list them here ({got.refused})"
    return Page((), [got.exchange], skipped=[Skipped(what, why, lost=False)], keep=True)


def read_below(
    graph: Graph,
    key: str,
    walk: Iterator[GraphPage],
    make: Callable[..., Item],
    what: str,
    known: bytes | None = None,
    count: Callable[[GraphPage], Count] | None = None,
) -> Iterator[Page]:
    """Everything below one thing (a post's comments, the messages of a conversation); the last page covers all of it.

    Args:
        graph: What is asked.
        key: The thing's id.
        walk: The pages of its edge.
        make: Makes an item of an entry.
        what: What the entries are, for the reader.
        known: The digest of the one answer that all of it came in the last time.
        count: What the last page tells of how many there are.
    """
    whole = True
    for got in walk:
        last = got.following is None
        if known is not None and last and got.exchange.received_sha256 == known:
            yield Page((), [got.exchange], sub_key=key, coverage=all_below(key), unchanged=True)
            return
        reading = read_entries(graph, got, make, what)
        whole = whole and reading.whole
        yield Page(
            reading.items,
            [got.exchange],
            sub_key=key,
            counts=[count(got)] if last and count is not None else [],
            skipped=reading.skipped,
            coverage=all_below(key) if last and whole else None,
        )


def read_messages(
    graph: Graph, conversation: Conversation, fields: str, limit: int, make: Callable[..., Item]
) -> Iterator[Page]:
    """The messages of a conversation, newest first; `make` is given the conversation's id behind the entry. Those of which the
    platform tells nothing but that they are there are noted: what is held of them stands.
    """
    name = conversation.id
    for page in read_below(
        graph,
        name,
        graph.edge(f"{name}/messages", {"fields": fields}, limit=limit),
        lambda entry, **around: make(entry, name, **around),
        f"the messages of {name}",
    ):
        bare = sum(item.not_requested >= CONTENT for item in page.items)
        if bare:
            why = "the platform tells that they are there, and not what they say"
            page.skipped = [*page.skipped, Skipped(f"{bare} messages of {name}", why, lost=False)]
        yield page


def read_conversations(
    walk: Iterator[GraphPage], make: Callable[[Mapping[str, Any]], Conversation]
) -> Iterator[ConversationsPage]:
    """The conversations of a listing, page by page."""
    for got in walk:
        skipped: list[Skipped] = []
        found: Sequence[Conversation | None] = [
            read(f"conversation {number} of the listing", skipped, make, entry)
            for number, entry in enumerate(got.entries)
        ]
        if got.lost is not None:
            skipped.append(Skipped("the conversations that come after", got.lost))
        conversations = [each for each in found if each is not None]
        yield ConversationsPage(conversations, [got.exchange], skipped, cut=got.lost is not None)
