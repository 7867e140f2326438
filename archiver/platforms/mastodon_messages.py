"""Direct messages on Mastodon: statuses that only those named in them see, conversation by conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archiver.platforms.answers import id_of, list_of, read
from archiver.platforms.falling import all_below
from archiver.platforms.items import Skipped
from archiver.platforms.mastodon_found import Found, answers_in, is_status
from archiver.platforms.mastodon_items import DIRECT, Answers, answers_something, order_key, status_item
from archiver.platforms.mastodon_manners import NOT_FOUND, SHOWN_WITH_TOKEN, following
from archiver.platforms.pages import AccountRef, Conversation, ConversationsPage, Page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from archiver.platforms.mastodon_server import Instance

LIMIT = 40
"""The most that the listing gives at once (methods/conversations)."""


def read_conversations(instance: Instance) -> Iterator[ConversationsPage]:
    """The account's direct conversations, newest first (methods/conversations). Its newest status marks each."""
    place: dict[str, str] | None = {}
    asked: set[str] = set()
    while place is not None:
        exchange = instance.get("/api/v1/conversations", {"limit": LIMIT, **place})
        skipped: list[Skipped] = []
        found = [
            conversation
            for number, each in enumerate(instance.array(exchange))
            if (conversation := read(f"conversation {number} of the listing", skipped, _conversation, each, instance))
        ]
        place, lost = following(exchange)
        if place is not None and place["max_id"] in asked:
            place, lost = None, "the instance sends a page again that it has sent before"
        if place is not None:
            asked.add(place["max_id"])
        if lost is not None:
            skipped.append(Skipped("the conversations that come after", lost))
        yield ConversationsPage(found, [exchange], skipped, cut=lost is not None)


def read_conversation(account: AccountRef, instance: Instance, conversation: Conversation) -> Iterator[Page]:
    """The messages of one conversation: everything around its newest status, from the first on."""
    found = Found(instance)
    last = str(conversation.marker)
    context = instance.get(f"/api/v1/statuses/{last}/context", accept=(NOT_FOUND,))
    number = found.took(context)
    if context.status == NOT_FOUND:
        found.skipped.append(Skipped(f"the conversation {conversation.id}", "its newest message has gone meanwhile"))
        yield found.page(sub_key=conversation.id)
        return
    answer = instance.object(context)
    ancestors = list_of(account, context, answer, "ancestors")
    first, pointer = next(
        ((each, f"/ancestors/{place}") for place, each in enumerate(ancestors) if is_status(each)), (None, "")
    )
    if first is not None:
        whole = instance.get(f"/api/v1/statuses/{id_of(first)}/context")
        below_number = found.took(whole)
        below = list_of(account, whole, instance.object(whole), "descendants")
    else:
        whole = instance.get(f"/api/v1/statuses/{last}")
        first = instance.object(whole)
        below_number, number = number, found.took(whole)
        below = list_of(account, context, answer, "descendants")
    uris = {str(each.get("id")): str(each.get("uri")) for each in (first, *below) if isinstance(each, dict)}
    begins = not answers_something(first)  # else its first message is gone
    root = str(first.get("uri")) if begins else None
    places = [(first, pointer, number), *((s, f"/descendants/{n}", below_number) for n, s in enumerate(below))]
    for status, where, exchange in places:
        if not is_status(status):
            found.lose(f"the status {where} of {conversation.id}", "it is no status")
            continue
        key = f"{conversation.id} {order_key(id_of(status))}"
        direct = status.get("visibility") == DIRECT
        around: dict[str, Any] = {"order_key": key} if direct else {"sighted": False}
        item = found.status(status, where, answers_in(status, uris, root), exchange, **around)
        found.whole = found.whole and item is not None
    if len(below) >= SHOWN_WITH_TOKEN:
        found.lose(f"the later messages of {conversation.id}", f"the instance shows no more than {SHOWN_WITH_TOKEN}")
    yield found.page(sub_key=conversation.id, coverage=all_below(conversation.id) if found.whole else None)


def _conversation(entry: Mapping[str, Any], instance: Instance) -> Conversation | None:
    """A conversation; one without any message left is none (its `last_status` is null)."""
    last = entry.get("last_status")
    if not isinstance(last, dict):
        return None
    item = status_item(last, instance.namespace, Answers(known=False))
    return Conversation(id_of(entry), marker=id_of(last), updated_at=item.created_at)
