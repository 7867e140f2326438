"""What a walk finds on an instance, gathered for one page: statuses with all that they show, and what they answer."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from archiver.platforms.answers import error_body, id_of, read
from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.items import Item, Json, Skipped
from archiver.platforms.mastodon_items import (
    DIRECT,
    NOTHING,
    Answers,
    answers_something,
    history_items,
    inside,
    order_key,
    status_item,
)
from archiver.platforms.mastodon_manners import FORBIDDEN, NOT_FOUND, OK
from archiver.platforms.pages import Exchange, Page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archiver.platforms.mastodon_server import Instance


@dataclasses.dataclass(slots=True)
class Found:
    """What is gathered for one page: items, and the answers that they came from."""

    instance: Instance
    exchanges: list[Exchange] = dataclasses.field(default_factory=list)
    items: list[Item] = dataclasses.field(default_factory=list)
    history: list[Item] = dataclasses.field(default_factory=list)
    skipped: list[Skipped] = dataclasses.field(default_factory=list)
    whole: bool = True
    """Whether every status that should be here is. An earlier form of one that cannot be read is lost, but no status is."""

    def took(self, exchange: Exchange) -> int:
        """Remember an answer; gives its number on the page."""
        self.exchanges.append(exchange)
        return len(self.exchanges) - 1

    def status(self, status: Any, pointer: str, answers: Answers, exchange: int, **around: Any) -> Item | None:
        """Add a status with what it shows within itself, and its earlier forms where it was edited."""
        namespace = self.instance.namespace
        place = {"exchange": exchange, "pointer": pointer, **around}
        item = read(f"the status {pointer}", self.skipped, status_item, status, namespace, answers, **place)
        if item is None:
            self.whole = self.whole and not place.get("sighted", True)
            return None
        self.items.append(item)
        shown = read(f"what {item.id} shows", self.skipped, _all_inside, status, namespace, exchange, pointer)
        self.items += shown or []
        if item.edited_at is not None:
            self._earlier(item, status)
        return item

    def lose(self, what: str, why: str) -> None:
        """A status that should be here cannot be read, or reached."""
        self.skipped.append(Skipped(what, why))
        self.whole = False

    def own_id(self, what: str, entry: Any) -> str | None:
        """The instance's id of an entry; where it has none, the entry is lost."""
        own = read(what, self.skipped, id_of, entry)
        self.whole = self.whole and own is not None
        return own

    def _earlier(self, item: Item, status: Mapping[str, Any]) -> None:
        exchange = self.instance.get(f"/api/v1/statuses/{id_of(status)}/history", accept=(NOT_FOUND,))
        number = self.took(exchange)
        if exchange.status == NOT_FOUND:
            return  # it went between the two answers; a later look finds that out
        try:
            edits = self.instance.array(exchange)
        except UnreadableAnswerError as error:
            self.skipped.append(Skipped(f"the history of {item.id}", error.why))
            return
        told = read(f"the history of {item.id}", self.skipped, _all_earlier, item, status, edits, number)
        self.history += told or []

    def page(self, **around: Any) -> Page:
        """The page of what was found so far."""
        return Page(self.items, self.exchanges, history=self.history, skipped=self.skipped, **around)


def _all_inside(status: Mapping[str, Any], namespace: str, exchange: int, pointer: str) -> list[Item]:
    return list(inside(status, namespace, exchange, pointer))


def _all_earlier(item: Item, status: Mapping[str, Any], edits: Sequence[Any], exchange: int) -> list[Item]:
    return list(history_items(item, status, edits, exchange))


def fill_statuses(found: Found, entries: Sequence[Any], number: int) -> None:
    """The account's own statuses. A direct one belongs to the messages, and is only kept here."""
    for place, status in enumerate(entries):
        own = found.own_id(f"status {place} of the listing", status)
        if own is None:
            continue
        around: dict[str, Any] = {"order_key": order_key(own)}
        if found.instance.token and status.get("visibility") == DIRECT:
            around["sighted"] = False
        answers = _around(found, status) if answers_something(status) and not status.get("reblog") else NOTHING
        found.status(status, f"/{place}", answers, number, **around)


def fill_mentions(found: Found, entries: Sequence[Any], number: int) -> None:
    """The statuses that name the account, as its notifications have them."""
    for place, entry in enumerate(entries):
        own = found.own_id(f"notification {place} of the listing", entry)
        if own is None:
            continue
        status = entry.get("status")
        if not isinstance(status, dict):
            found.skipped.append(Skipped(f"the status of notification {own}", "it has none", lost=False))
            continue
        around: dict[str, Any] = {"order_key": order_key(own), "sighted": status.get("visibility") != DIRECT}
        answers = _around(found, status) if answers_something(status) else NOTHING
        found.status(status, f"/{place}/status", answers, number, **around)


def answers_in(status: Mapping[str, Any], uris: Mapping[str, str], root: str | None) -> Answers:
    """What a status of a conversation answers, where the conversation shows it."""
    if not answers_something(status):
        return NOTHING
    parent = uris.get(str(status.get("in_reply_to_id")))
    return Answers(parent, root, known=parent is not None)


def _around(found: Found, status: Mapping[str, Any]) -> Answers:
    """What a status of a listing answers: asked for, and kept where it is somebody else's, since without it the answer cannot
    be understood.
    """
    parent = status.get("in_reply_to_id")
    if not isinstance(parent, str):
        return Answers(known=False)
    exchange = found.instance.get(f"/api/v1/statuses/{id_of(status)}/context", accept=(NOT_FOUND, FORBIDDEN))
    number = found.took(exchange)
    if exchange.status != OK:
        return Answers(known=False)
    ancestors = [each for each in _ancestors(exchange) if isinstance(each, dict)]
    uris = {str(each.get("id")): str(each.get("uri")) for each in ancestors}
    root = topmost(ancestors)
    for place, each in enumerate(ancestors):
        if _whose(each) == _whose(status):
            continue
        if each.get("visibility") == DIRECT:
            continue
        found.status(each, f"/ancestors/{place}", answers_in(each, uris, root), number, sighted=False)
    return Answers(uris.get(parent), root, known=parent in uris)


def topmost(ancestors: Sequence[Any]) -> str | None:
    """The identity of the first status of a conversation that is there; None where none is above."""
    first = next((each for each in ancestors if isinstance(each, dict)), {})
    return str(first["uri"]) if isinstance(first.get("uri"), str) else None


def is_status(status: Any) -> bool:
    """Whether it is something with an id, as a status is."""
    return isinstance(status, dict) and read("", [], id_of, status) is not None


def _whose(status: Mapping[str, Any]) -> Json:
    """The instance's id of who wrote a status."""
    account = status.get("account")
    whose: Json = account.get("id") if isinstance(account, dict) else None
    return whose


def _ancestors(exchange: Exchange) -> list[Any]:
    """The ancestors of a context; an empty list where it has none."""
    found = error_body(exchange).get("ancestors")
    return found if isinstance(found, list) else []
