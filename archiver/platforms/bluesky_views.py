"""What the AppView shows of single posts (app.bsky.feed.getPosts): counts, names, quotes, and posts shown inside others."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from archiver.platforms import bluesky_records as records
from archiver.platforms.answers import json_of, list_of, read
from archiver.platforms.bluesky_servers import appview, xrpc

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from archiver.platforms.contract import Session
    from archiver.platforms.items import Item, Skipped
    from archiver.platforms.pages import AccountRef, Exchange

_HYDRATE = 25


def views(
    session: Session, account: AccountRef, uris: Sequence[str], exchanges: list[Exchange]
) -> Iterator[tuple[dict[str, Any], int]]:
    """The AppView's views of posts, 25 at a time, each with the number of its exchange; it silently leaves out what it does not
    show.
    """
    for start in range(0, len(uris), _HYDRATE):
        exchange = session.get(
            xrpc(appview(account), "app.bsky.feed.getPosts"),
            params={"uris": list(uris[start : start + _HYDRATE])},
        )
        exchanges.append(exchange)
        for view in list_of(account, exchange, json_of(account, exchange), "posts"):
            if isinstance(view, dict):
                yield view, len(exchanges) - 1


def hydrated(
    session: Session, account: AccountRef, items: Sequence[Item], exchanges: list[Exchange], skipped: list[Skipped]
) -> list[Item]:
    """The items with what only the AppView knows (counts, index times, names as shown), and the posts that they quote."""
    by_id = {item.id: item for item in items}
    inside: list[Item] = []
    for view, index in views(session, account, list(by_id), exchanges):
        item = by_id.get(str(view.get("uri")))
        if item is None:
            continue
        seen = read(f"the AppView's view of {item.id}", skipped, records.view_item, view)
        if seen is None:
            continue
        by_id[item.id] = dataclasses.replace(
            item, counts=seen.counts, indexed_at=seen.indexed_at, author=seen.author or item.author
        )
        inside += [dataclasses.replace(each, exchange=index) for each in quoted(view, skipped)]
    return [*by_id.values(), *inside]


def shown_inside(
    session: Session, account: AccountRef, uris: Sequence[str], exchanges: list[Exchange], skipped: list[Skipped]
) -> list[Item]:
    """Posts that are kept because others point at them, without being members of the stream."""
    return [
        dataclasses.replace(item, exchange=index)
        for view, index in views(session, account, uris, exchanges)
        if (item := read(f"the AppView's view of {view.get('uri')}", skipped, records.view_item, view, sighted=False))
        is not None
    ]


def quoted(view: Mapping[str, Any], skipped: list[Skipped]) -> list[Item]:
    """The posts that a view quotes; one that has not the form of its lexicon is skipped, by name."""
    return read(f"what {view.get('uri')} quotes", skipped, _all_quoted, view) or []


def _all_quoted(view: Mapping[str, Any]) -> list[Item]:
    return list(records.quoted(view))
