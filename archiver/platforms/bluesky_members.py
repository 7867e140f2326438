"""Whom an account of Bluesky's blocks, and who follows it. Both are public, and read without a log-in.

Blocks are records of the account's own repository (app.bsky.graph.block: `subject` is the DID), so that its own server is asked,
and the AppView only for the names. Whom it blocks by a moderation list (app.bsky.graph.listblock) is not among them. Sources: the
lexicons app.bsky.graph.block, getFollowers, app.bsky.actor.getProfiles, com.atproto.repo.listRecords.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archiver.platforms.answers import json_of, list_of
from archiver.platforms.bluesky_messages import people_of
from archiver.platforms.bluesky_records import whole_number
from archiver.platforms.bluesky_servers import appview, ask, did_of_account, own_pds, xrpc
from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.items import Party
from archiver.platforms.pages import MemberPage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archiver.platforms.contract import Session
    from archiver.platforms.pages import AccountRef, Exchange

LISTS = ("blocked", "followers")
_LIMIT, _PROFILES = 100, 25
_BLOCK = "app.bsky.graph.block"


def read_members(session: Session, account: AccountRef, listing: str) -> Iterator[MemberPage]:
    """Everybody on the list, to its end. Raises what the session raises; `UnreadableAnswerError` for an entry that is none."""
    return _followers(session, account) if listing == "followers" else _blocked(session, account)


def _blocked(session: Session, account: AccountRef) -> Iterator[MemberPage]:
    asked: dict[str, str | int] = {"repo": did_of_account(account), "collection": _BLOCK, "limit": _LIMIT}
    for exchange, entries in _pages(
        session, account, xrpc(own_pds(account), "com.atproto.repo.listRecords"), asked, "records"
    ):
        dids = list(dict.fromkeys(_subject(account, exchange, each) for each in entries))
        exchanges = [exchange]
        named = _named(session, account, dids, exchanges)
        yield MemberPage([named.get(did) or Party(did) for did in dids], exchanges)


def _subject(account: AccountRef, exchange: Exchange, entry: Any) -> str:
    value = entry.get("value") if isinstance(entry, dict) else None
    subject = value.get("subject") if isinstance(value, dict) else None
    if not isinstance(subject, str) or not subject.startswith("did:"):
        raise UnreadableAnswerError(account.name, exchange.url, "a block names no account", exchange)
    return subject


def _named(session: Session, account: AccountRef, dids: Sequence[str], exchanges: list[Exchange]) -> dict[str, Party]:
    """Who they are, as the AppView shows them; it leaves out whoever has gone."""
    found: dict[str, Party] = {}
    for start in range(0, len(dids), _PROFILES):
        exchange = session.get(
            xrpc(appview(account), "app.bsky.actor.getProfiles"), params={"actors": dids[start : start + _PROFILES]}
        )
        exchanges.append(exchange)
        found |= people_of(list_of(account, exchange, json_of(account, exchange), "profiles"))
    return found


def _followers(session: Session, account: AccountRef) -> Iterator[MemberPage]:
    did = did_of_account(account)
    exchanges: list[Exchange] = []
    profile = ask(session, account, appview(account), "app.bsky.actor.getProfile", {"actor": did}, exchanges)
    total = whole_number(profile.get("followersCount"))
    address = xrpc(appview(account), "app.bsky.graph.getFollowers")
    for exchange, entries in _pages(session, account, address, {"actor": did, "limit": _LIMIT}, "followers"):
        people = people_of(entries)
        if len(people) < len({str(each.get("did")) if isinstance(each, dict) else "" for each in entries}):
            raise UnreadableAnswerError(account.name, exchange.url, "an entry of the followers is no account", exchange)
        yield MemberPage(list(people.values()), [*exchanges, exchange], total)
        exchanges = []


def _pages(
    session: Session, account: AccountRef, address: str, asked: dict[str, str | int], name: str
) -> Iterator[tuple[Exchange, list[Any]]]:
    """The pages of a list, to the one without a cursor. Raises `UnreadableAnswerError` where a cursor comes again."""
    seen: set[str] = set()
    while True:
        exchange = session.get(address, params=asked)
        answer = json_of(account, exchange)
        yield exchange, list_of(account, exchange, answer, name)
        cursor = answer.get("cursor")
        if not isinstance(cursor, str) or not cursor:
            return
        if cursor in seen:
            raise UnreadableAnswerError(account.name, exchange.url, "its pages lead in a circle", exchange)
        seen.add(cursor)
        asked = {**asked, "cursor": cursor}
