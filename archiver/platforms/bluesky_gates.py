"""Who may answer and quote a post on Bluesky, and what its author has hidden: thread gates and post gates.

A gate is a record of the post's own repository under the post's own record key. A thread gate's `allow` says who may reply (an
empty list: nobody; none: everybody), its `hiddenReplies` names replies that the author hid; a post gate's `embeddingRules` says
who may quote, its `detachedEmbeddingUris` names quotes that no longer show the post. The rules are evidence of the post; that a
reply is hidden is a state of the reply. Sources: the lexicons app.bsky.feed.threadgate and app.bsky.feed.postgate.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from archiver.platforms import bluesky_records as records
from archiver.platforms.answers import json_of, list_of
from archiver.platforms.bluesky_servers import did_of_account, own_pds, xrpc
from archiver.platforms.errors import UnreadableAnswerError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archiver.platforms.contract import Session
    from archiver.platforms.items import Item, Json
    from archiver.platforms.pages import AccountRef, Exchange

THREAD_GATE = "app.bsky.feed.threadgate"
POST_GATE = "app.bsky.feed.postgate"
HIDDEN = "hidden by the account: the post's thread gate names this reply"
_LIMIT, _MOST_PAGES = 100, 200
"""Gates beside the posts of one page: a few pages even where every old gate outlived its post."""


def hidden_replies(view: Mapping[str, Any]) -> frozenset[str]:
    """The addresses of the replies that the thread gate of a post hides, as the AppView shows it with the post (`postView`)."""
    gate = view.get("threadgate")
    record = gate.get("record") if isinstance(gate, dict) else None
    return _addresses(record, "hiddenReplies")


def detached_quotes(gate: Any) -> frozenset[str]:
    """The addresses of the quotes that a post gate has detached."""
    return _addresses(gate, "detachedEmbeddingUris")


def rules(thread_gate: Any, post_gate: Any) -> dict[str, Json]:
    """What the gates of a post say of who may answer and quote it, as evidence; nothing where they leave it to everybody."""
    found: dict[str, Json] = {}
    if isinstance(thread_gate, Mapping) and isinstance(thread_gate.get("allow"), list):
        found[records.THREAD_GATE_FIELD] = {"allow": records.shallow(thread_gate["allow"])}
    if isinstance(post_gate, Mapping):
        said = {name: records.shallow(post_gate[name]) for name in _POST_RULES if post_gate.get(name)}
        if said:
            found[records.POST_GATE_FIELD] = said
    return found


_POST_RULES = ("embeddingRules", "detachedEmbeddingUris")


def gated(
    session: Session, account: AccountRef, items: Sequence[Item], before: str | None, exchanges: list[Exchange]
) -> tuple[list[Item], frozenset[str]]:
    """The posts of one page of a listing with their gates among their evidence, and the quotes that were detached from them.

    Args:
        session: To ask the account's own server with; each collection of gates is listed from `before` to the page's last key.
        account: Whose posts.
        items: Own posts of one page, in any order.
        before: The record key that the page began below; None at the newest.
        exchanges: What was asked is added to them.
    """
    keys = {records.rkey_of(item.id) for item in items}
    if not keys:
        return list(items), frozenset()
    lowest = min(keys)
    threads = _between(session, account, THREAD_GATE, before, lowest, exchanges)
    posts = _between(session, account, POST_GATE, before, lowest, exchanges)
    detached = frozenset[str]().union(*(detached_quotes(posts.get(key)) for key in keys))
    found = []
    for item in items:
        key = records.rkey_of(item.id)
        said = rules(threads.get(key), posts.get(key))
        found.append(
            dataclasses.replace(
                item, evidence={**item.evidence, **said}, not_requested=item.not_requested - records.GATES
            )
        )
    return found, detached


def _between(
    session: Session,
    account: AccountRef,
    collection: str,
    before: str | None,
    lowest: str,
    exchanges: list[Exchange],
) -> dict[str, Any]:
    """The records of a collection with `lowest <= key < before`, by key; gates have the keys of their posts.

    Raises `UnreadableAnswerError` where the listing does not come down to `lowest`.
    """
    found: dict[str, Any] = {}
    cursor = before
    for _ in range(_MOST_PAGES):
        params: dict[str, str | int] = {"repo": did_of_account(account), "collection": collection, "limit": _LIMIT}
        if cursor is not None:
            params["cursor"] = cursor
        exchange = session.get(xrpc(own_pds(account), "com.atproto.repo.listRecords"), params=params)
        exchanges.append(exchange)
        answer = json_of(account, exchange)
        entries = [each for each in list_of(account, exchange, answer, "records") if isinstance(each, dict)]
        found.update({records.rkey_of(str(each.get("uri"))): each.get("value") for each in entries})
        following = answer.get("cursor")
        if not entries or not isinstance(following, str) or following <= lowest:
            return found
        if cursor is not None and following >= cursor:
            break
        cursor = following
    raise UnreadableAnswerError(account.name, exchange.url, "its pages do not come to an end", exchange)


def _addresses(record: Any, name: str) -> frozenset[str]:
    listed = record.get(name) if isinstance(record, Mapping) else None
    return frozenset(each for each in listed if isinstance(each, str)) if isinstance(listed, list) else frozenset()
