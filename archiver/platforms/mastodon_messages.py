"""Direct messages on Mastodon: statuses that only those named in them see, conversation by conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archiver.platforms.answers import id_of, list_of, read
from archiver.platforms.contract import AccountRef, Conversation, ConversationsPage, Coverage, Page, Skipped
from archiver.platforms.mastodon_found import Found, answers_in
from archiver.platforms.mastodon_items import DIRECT, Answers, answers_something, order_key, status_item
from archiver.platforms.mastodon_manners import NOT_FOUND, next_page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from archiver.platforms.mastodon_server import Instance

LIMIT = 40
"""The most that the listing gives at once (methods/conversations)."""


def read_conversations(instance: Instance) -> Iterator[ConversationsPage]:
    """The account's direct conversations, newest first (methods/conversations). Its newest status marks each."""
    place: dict[str, str] | None = {}
    while place is not None:
        exchange = instance.get("/api/v1/conversations", {"limit": LIMIT, **place})
        skipped: list[Skipped] = []
        found = [
            conversation
            for number, each in enumerate(instance.array(exchange))
            if (conversation := read(f"conversation {number} of the listing", skipped, _conversation, each, instance))
        ]
        yield ConversationsPage(found, [exchange], skipped)
        place = next_page(exchange)


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
    if ancestors:
        first, pointer = ancestors[0], "/ancestors/0"
        whole = instance.get(f"/api/v1/statuses/{id_of(first)}/context")
        below_number = found.took(whole)
        below = list_of(account, whole, instance.object(whole), "descendants")
    else:
        whole = instance.get(f"/api/v1/statuses/{last}")
        first, pointer = instance.object(whole), ""
        below_number, number = number, found.took(whole)
        below = list_of(account, context, answer, "descendants")
    uris = {str(each.get("id")): str(each.get("uri")) for each in (first, *below) if isinstance(each, dict)}
    begins = isinstance(first, dict) and not answers_something(first)  # else its first message is gone
    root = str(first.get("uri")) if begins else None
    places = [(first, pointer, number), *((s, f"/descendants/{n}", below_number) for n, s in enumerate(below))]
    for status, where, exchange in places:
        if not isinstance(status, dict):
            found.skipped.append(Skipped(f"the status {where} of {conversation.id}", "it is no status"))
            continue
        key = f"{conversation.id} {order_key(str(status.get('id')))}"
        direct = status.get("visibility") == DIRECT
        around: dict[str, Any] = {"order_key": key} if direct else {"sighted": False}
        found.status(status, where, answers_in(status, uris, root), exchange, **around)
    yield found.page(
        sub_key=conversation.id, coverage=Coverage(before=f"{conversation.id}!", after=f"{conversation.id} ")
    )


def _conversation(entry: Mapping[str, Any], instance: Instance) -> Conversation | None:
    """A conversation; one without any message left is none (its `last_status` is null)."""
    last = entry.get("last_status")
    if not isinstance(last, dict):
        return None
    item = status_item(last, instance.namespace, Answers(known=False))
    return Conversation(id_of(entry), marker=id_of(last), updated_at=item.created_at)
