"""Direct messages on Bluesky, conversation by conversation, with the account's own log-in.

They are no records of the network but of one service (chat.bsky.convo.*), asked through the account's own server with a header
that names it. A message that the account deleted is deleted for the account alone; nobody can delete a message for the others.
Sources: the lexicons chat.bsky.convo.listConvos, getMessages and defs; platforms.md, section 7.
"""

from __future__ import annotations

import dataclasses
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from archiver.platforms import bluesky_records as records
from archiver.platforms import times
from archiver.platforms.answers import id_of, json_of, list_of, read, text_of
from archiver.platforms.bluesky_servers import own_pds, xrpc
from archiver.platforms.bluesky_session import bearer
from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.items import Item, ItemKind, Party, Reference, ReferenceKind, Skipped, Source, State, Tombstone
from archiver.platforms.manifest import Setting
from archiver.platforms.pages import Conversation, ConversationsPage, Coverage, Page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from archiver.platforms.contract import Session
    from archiver.platforms.items import Json
    from archiver.platforms.pages import AccountRef, Exchange

SERVICE = Setting(
    "chat_service",
    "The service that keeps the direct messages, as the account's own server is told it.",
    default="did:web:api.bsky.chat#bsky_chat",
)
DELETED = "deletedMessageView: deleted by the account for itself; the others in the conversation may have it"
_LIMIT = 100
_STATUSES = ("accepted", "request")
"""A conversation that the account has not answered yet is a request, and is listed apart."""


def read_conversations(session: Session, account: AccountRef) -> Iterator[ConversationsPage]:
    """The account's conversations, those with the newest messages first; requests beside those that were accepted, page by
    page, so that neither is left unread for the other's sake.
    """
    for pair in zip_longest(*(_listed(session, account, status) for status in _STATUSES)):
        pages = [page for page in pair if page is not None]
        yield ConversationsPage(
            [conversation for page in pages for conversation in page.conversations],
            [exchange for page in pages for exchange in page.exchanges],
            [skipped for page in pages for skipped in page.skipped],
        )


def _listed(session: Session, account: AccountRef, status: str) -> Iterator[ConversationsPage]:
    for exchange, entries, _ in _pages(session, account, "listConvos", {"status": status}, "convos"):
        skipped: list[Skipped] = []
        found = [
            made
            for number, each in enumerate(entries)
            if (made := read(f"conversation {number} of the listing", skipped, conversation_of, each)) is not None
        ]
        yield ConversationsPage(found, [exchange], skipped)


def read_conversation(session: Session, account: AccountRef, conversation: Conversation) -> Iterator[Page]:
    """The messages of one conversation, newest first, to the first of them."""
    name, whole = conversation.id, True
    for exchange, entries, answer in _pages(session, account, "getMessages", {"convoId": name}, "messages"):
        skipped: list[Skipped] = []
        people = people_of(answer.get("relatedProfiles"))
        items: dict[str, Item] = {}
        stones: list[Tombstone] = []
        for number, each in enumerate(entries):
            what, pointer = f"message {number} of {name}", f"/messages/{number}"
            if _kind(each) == "deletedMessageView":
                stone = read(what, skipped, tombstone_of, each, name)
                stones += [stone] if stone is not None else []
            elif (item := read(what, skipped, message_of, each, name, people, pointer)) is not None:
                items.setdefault(item.id, item)
        whole = whole and not skipped
        last = not answer.get("cursor") or not entries
        coverage = Coverage(before=f"{name}!", after=f"{name} ") if last and whole else None
        yield Page(
            list(items.values()), [exchange], tombstones=stones, skipped=skipped, sub_key=name, coverage=coverage
        )


def _pages(
    session: Session, account: AccountRef, method: str, asked: Mapping[str, str], name: str
) -> Iterator[tuple[Exchange, list[Any], dict[str, Any]]]:
    """The pages of a method, each with its list and the whole answer, to the one without a cursor or without entries.

    Raises `UnreadableAnswerError` where a cursor comes again.
    """
    seen: set[str] = set()
    headers = {**bearer(account), "atproto-proxy": str(account.settings.get(SERVICE.name) or SERVICE.default)}
    params: dict[str, str | int] = {**asked, "limit": _LIMIT}
    while True:
        exchange = session.get(xrpc(own_pds(account), f"chat.bsky.convo.{method}"), params=params, headers=headers)
        answer = json_of(account, exchange)
        entries = list_of(account, exchange, answer, name)
        yield exchange, entries, answer
        cursor = answer.get("cursor")
        if not isinstance(cursor, str) or not cursor or not entries:
            return
        if cursor in seen:
            raise UnreadableAnswerError(account.name, exchange.url, "its pages lead in a circle", exchange)
        seen.add(cursor)
        params["cursor"] = cursor


def conversation_of(entry: Mapping[str, Any]) -> Conversation:
    """A conversation as its listing shows it (`convoView`). Its revision changes with everything that happens in it."""
    last = entry.get("lastMessage")
    sent = text_of(last, "sentAt") if isinstance(last, dict) else None
    return Conversation(id_of(entry), text_of(entry, "rev"), times.rfc3339(sent) if sent else None)


def people_of(profiles: Any) -> dict[str, Party]:
    """Who takes part, as the service shows them now, by DID."""
    listed = [each for each in profiles if isinstance(each, dict)] if isinstance(profiles, list) else []
    return {
        each["did"]: Party(each["did"], _shown(each, "handle"), _shown(each, "displayName"))
        for each in listed
        if isinstance(each.get("did"), str)
    }


def tombstone_of(entry: Mapping[str, Any], conversation: str) -> Tombstone:
    """The platform's word that a message was deleted. Raises `KeyError`, `TypeError` for what is none."""
    return Tombstone(f"{conversation}/{id_of(entry)}", State.GONE_CONFIRMED, DELETED, exchange=0)


def message_of(entry: Mapping[str, Any], conversation: str, people: Mapping[str, Party], pointer: str) -> Item:
    """A message, or what the service itself says in a group (who came, who left).

    Raises `KeyError`, `TypeError` and the like for what is none.
    """
    sent = text_of(entry, "sentAt")
    item = Item(
        kind=ItemKind.MESSAGE,
        id=f"{conversation}/{id_of(entry)}",
        source=Source.API,
        created_text=sent,
        created_at=times.rfc3339(sent) if sent else None,
        order_key=f"{conversation} {id_of(entry)}",
        pointer=pointer,
        exchange=0,
    )
    evidence: dict[str, Json] = {"conversation": conversation}
    if _kind(entry) == "systemMessageView":
        return dataclasses.replace(item, evidence={**evidence, "system": records.shallow(entry["data"])})
    sender = entry["sender"]["did"]
    if not isinstance(sender, str):
        raise TypeError("the sender's DID is no text")
    said = records.post_item(f"at://{sender}/{records.POST}/x", "", entry)  # text, facets and embeds are those of posts
    shared = records.shared_post(entry.get("embed"))
    answered = entry.get("replyTo")
    references = []
    if isinstance(answered, dict) and isinstance(answered.get("id"), str):  # else it was sent before the account came
        references.append(Reference(ReferenceKind.PARENT, f"{conversation}/{answered['id']}"))
    if shared is not None:
        references.append(shared)
    reactions = entry.get("reactions")
    return dataclasses.replace(
        item,
        author=people.get(sender) or Party(sender),
        text=text_of(entry, "text"),
        links=said.links,
        mentions=said.mentions,
        tags=said.tags,
        references=tuple(references),
        evidence={**evidence, **{name: said.evidence[name] for name in ("facets",) if name in said.evidence}},
        counts={"likes": len(reactions)} if isinstance(reactions, list) else {},
    )


def _kind(entry: Any) -> str:
    return str(entry.get("$type")).partition("#")[2] if isinstance(entry, dict) else ""


def _shown(profile: Mapping[str, Any], name: str) -> str | None:
    value = profile.get(name)
    return value if isinstance(value, str) and value else None
