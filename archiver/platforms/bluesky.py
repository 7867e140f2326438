"""Bluesky (AT Protocol), read without credentials.

An account's own posts come from its own server (`listRecords` on its PDS: complete, free of blocks and labels); counts,
quotes and other people's replies from the AppView; where the account lives, from the PLC directory or its did:web page.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from archiver.platforms import bluesky_records as records
from archiver.platforms.answers import json_of, list_of, read
from archiver.platforms.bluesky_check import checked_every, read_inventory
from archiver.platforms.bluesky_gates import gated
from archiver.platforms.bluesky_manifest import MANIFEST
from archiver.platforms.bluesky_members import read_members
from archiver.platforms.bluesky_messages import read_conversation, read_conversations
from archiver.platforms.bluesky_servers import (
    BAD_REQUEST,
    GONE,
    NOT_FOUND,
    OK,
    appview,
    ask,
    did_of_account,
    own_pds,
    pds_of,
    repo_state,
    resolve_handle,
    xrpc,
)
from archiver.platforms.bluesky_session import draws, has_password, health, judge, renew
from archiver.platforms.bluesky_threads import read_thread
from archiver.platforms.bluesky_views import hydrated, shown_inside, views
from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.items import Item, Json, Media, ReferenceKind, Skipped, State, StreamKind
from archiver.platforms.manners import Manners
from archiver.platforms.pages import AccountRef, AccountStatus, Count, Coverage, Exchange, Lookup, Page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import timedelta

    from archiver.platforms.contract import Session
    from archiver.platforms.manners import Draw, Renewal, TokenHealth, Verdict
    from archiver.platforms.pages import Conversation, ConversationsPage, Inventory, MemberPage

_LIST_LIMIT = 100
_COLLECTIONS = {StreamKind.POSTS: records.POST, StreamKind.REPOSTS: records.REPOST}
_ANSWERED = frozenset({ReferenceKind.PARENT, ReferenceKind.ROOT})
"""What the city's own comments answer is kept with them: without it they cannot be understood."""
_REFUSALS = frozenset({BAD_REQUEST, NOT_FOUND, GONE})


class Bluesky(Manners):
    """The connector. It keeps nothing between two captures."""

    manifest = MANIFEST

    def streams(self, account: AccountRef) -> Sequence[StreamKind]:
        """Messages need the account's log-in."""
        there = self.manifest.streams
        return there if has_password(account) else tuple(each for each in there if each is not StreamKind.MESSAGES)

    def judge(self, exchange: Exchange) -> Verdict | None:
        """See `bluesky_session.judge`."""
        return judge(exchange)

    def draws(self, account: AccountRef, method: str, url: str) -> Sequence[Draw]:  # noqa: ARG002 - the protocol's shape
        """See `bluesky_session.draws`."""
        return draws(url)

    def token(self, session: Session, account: AccountRef) -> TokenHealth | None:
        """See `bluesky_session.health`."""
        return health(session, account)

    def renew(self, session: Session, account: AccountRef) -> Renewal | None:
        """See `bluesky_session.renew`."""
        return renew(session, account)

    def conversations(self, session: Session, account: AccountRef) -> Iterator[ConversationsPage]:
        """See `bluesky_messages.read_conversations`."""
        return read_conversations(session, account)

    def conversation(self, session: Session, account: AccountRef, conversation: Conversation) -> Iterator[Page]:
        """See `bluesky_messages.read_conversation`."""
        return read_conversation(session, account, conversation)

    def members(self, session: Session, account: AccountRef, listing: str) -> Iterator[MemberPage]:
        """See `bluesky_members.read_members`."""
        return read_members(session, account, listing)

    def checked_every(self, account: AccountRef) -> timedelta | None:
        """See `bluesky_check.checked_every`."""
        return checked_every(account)

    def inventory(self, session: Session, account: AccountRef) -> AbstractContextManager[Inventory]:
        """See `bluesky_check.read_inventory`."""
        return read_inventory(session, account)

    def status(self, session: Session, account: AccountRef) -> AccountStatus:
        """Resolve the account, ask its server whether it is there, and read its profile.

        The PDS tells deactivated, taken down and deleted apart (com.atproto.sync.getRepoStatus); the AppView does not
        always.
        """
        exchanges: list[Exchange] = []
        did = account.platform_id or resolve_handle(session, account, exchanges)
        pds, words = pds_of(session, account, did, exchanges)
        profile_id = records.profile_uri(did)
        if pds is None:
            return AccountStatus(did, None, State.GONE_CONFIRMED, words, exchanges, profile_id=profile_id)
        state, words = repo_state(session, account, pds, did, exchanges)
        if state is not State.PRESENT:
            return AccountStatus(did, None, state, words, exchanges, profile_id=profile_id)
        view = ask(session, account, appview(account), "app.bsky.actor.getProfile", {"actor": did}, exchanges)
        record = ask(
            session,
            account,
            pds,
            "com.atproto.repo.getRecord",
            {"repo": did, "collection": records.PROFILE, "rkey": "self"},
            exchanges,
        )
        handle = view.get("handle") if isinstance(view.get("handle"), str) else None
        item = records.profile_item(did, handle, record.get("cid"), record.get("value") or {})
        posts = records.whole_number(view.get("postsCount"))
        return AccountStatus(
            did,
            handle,
            State.PRESENT,
            "the account is active" if handle else "the account is active, but the AppView does not show its profile",
            exchanges,
            profile=dataclasses.replace(item, exchange=len(exchanges) - 1, pointer="/value"),
            profile_id=profile_id,
            counts=[Count(StreamKind.POSTS.value, posts)],
            settings={"pds_url": pds},
        )

    def pages(
        self,
        session: Session,
        account: AccountRef,
        stream: StreamKind,
        resume: Json,
        validators: Mapping[str, str],  # noqa: ARG002 - the protocol's shape; this API has none
    ) -> Iterator[Page]:
        """Walk a collection of the account's repository, newest record key first.

        The server gives a cursor until an empty page; the cursor is the last record key, so that each page covers the
        keys from its own last one up to the one before.
        """
        before = resume if isinstance(resume, str) else None
        while True:
            params: dict[str, str | int] = {
                "repo": did_of_account(account),
                "collection": _COLLECTIONS[stream],
                "limit": _LIST_LIMIT,
            }
            if before is not None:
                params["cursor"] = before
            exchange = session.get(xrpc(own_pds(account), "com.atproto.repo.listRecords"), params=params)
            answer = json_of(account, exchange)
            found = list_of(account, exchange, answer, "records")
            cursor = answer.get("cursor")
            after = cursor if isinstance(cursor, str) and found else None
            page = self._page(session, account, stream, exchange, found, before)
            page.resume = after
            if not any(each.lost for each in page.skipped):  # else what cannot be read would be taken for missing
                page.coverage = Coverage(before, after)
            yield page
            if after is None:
                return
            before = after

    def _page(
        self,
        session: Session,
        account: AccountRef,
        stream: StreamKind,
        exchange: Exchange,
        found: list[Any],
        before: str | None,
    ) -> Page:
        exchanges = [exchange]
        skipped: list[Skipped] = []
        make = records.repost_record if stream is StreamKind.REPOSTS else records.post_record
        items = [
            item
            for n, each in enumerate(found)
            if (item := read(f"record {n} of the listing", skipped, make, each, n)) is not None
        ]
        if stream is StreamKind.REPOSTS:
            targets = [item.references[0].id for item in items]
            inside = shown_inside(session, account, targets, exchanges, skipped)
            return Page([*items, *inside], exchanges, skipped=skipped)
        items, detached = gated(session, account, items, before, exchanges)
        shown = hydrated(session, account, items, exchanges, skipped)
        own = did_of_account(account)
        answered = {
            reference.id
            for item in items
            for reference in item.references
            if reference.kind in _ANSWERED and records.did_of(reference.id) != own
        }
        inside = shown_inside(session, account, sorted(answered | detached), exchanges, skipped)
        return Page([*shown, *inside], exchanges, skipped=skipped)

    def thread(self, session: Session, account: AccountRef, post_id: str, known: bytes | None = None) -> Iterator[Page]:
        """Everything below a post; see `bluesky_threads.read_thread`."""
        return read_thread(session, account, post_id, known)

    def lookup(self, session: Session, account: AccountRef, ids: Sequence[str]) -> Iterator[Lookup]:
        """Ask the author's own server for each record; of a profile, whether its repository is there.

        A server passes `getRecord` on to the AppView where it has not got the repository, and the AppView goes on showing
        the profile record of an account that was deactivated or taken down.
        """
        for uri in ids:
            did = records.did_of(uri)
            exchanges: list[Exchange] = []
            pds, words = (
                (own_pds(account), "") if did == account.platform_id and "pds_url" in account.settings
                else pds_of(session, account, did, exchanges)
            )  # fmt: skip
            if pds is None:
                yield Lookup(uri, State.GONE_CONFIRMED, words, exchanges[-1])
                continue
            _, collection, rkey = uri.removeprefix("at://").split("/", 2)
            if collection == records.PROFILE:
                state, words = repo_state(session, account, pds, did, exchanges)
                yield Lookup(uri, None if state is State.ACCESS_LOST else state, words, exchanges[-1])
                continue
            exchange = session.get(
                xrpc(pds, "com.atproto.repo.getRecord"),
                params={"repo": did, "collection": collection, "rkey": rkey},
                accept_errors=lambda answer: answer.status in _REFUSALS,
            )
            answer = json_of(account, exchange)
            if exchange.status == OK:
                item = _record_item(collection, uri, answer)
                yield Lookup(uri, State.PRESENT, "its own address shows it", exchange, item)
            elif answer.get("error") == "RecordNotFound":
                yield self._not_in_its_repository(session, account, uri, answer, exchange)
            else:
                repository: list[Exchange] = []
                state, words = repo_state(session, account, pds, did, repository)
                yield Lookup(uri, None if state is State.PRESENT else state, words, repository[-1])

    def _not_in_its_repository(
        self, session: Session, account: AccountRef, uri: str, answer: Mapping[str, Any], exchange: Exchange
    ) -> Lookup:
        """Deleted, or taken down by its server: the server says the same of both, the AppView goes on showing the latter."""
        if any(str(view.get("uri")) == uri for view, _ in views(session, account, [uri], [])):
            words = "its own server no longer gives the record, the AppView still shows it: taken down, not deleted"
            return Lookup(uri, State.HIDDEN, words, exchange)
        return Lookup(uri, State.GONE_CONFIRMED, f"RecordNotFound: {answer.get('message')}", exchange)

    def media_request(self, session: Session, account: AccountRef, media: Media) -> str:
        """The author's own server has the original bytes; the AppView only gives re-encoded copies."""
        did = media.owner or did_of_account(account)
        pds: str | None = account.settings.get("pds_url") if did == account.platform_id else None
        if pds is None:
            pds, words = pds_of(session, account, did, [])
            if pds is None:
                raise UnreadableAnswerError(account.name, did, words)
        return f"{xrpc(pds, 'com.atproto.sync.getBlob')}?did={quote(did, safe='')}&cid={quote(media.id, safe='')}"

    def media_sha256(self, media: Media) -> bytes | None:
        """A blob's CID states the SHA-256 of its bytes."""
        return records.sha256_of_cid(media.id)


def _record_item(collection: str, uri: str, answer: Mapping[str, Any]) -> Item | None:
    """What `getRecord` shows, as the listing of its collection would."""
    value, cid = answer.get("value"), answer.get("cid")
    if not isinstance(value, dict) or not isinstance(cid, str):
        return None
    match collection:
        case records.POST:
            item = records.post_item(uri, cid, value)
        case records.REPOST:
            item = records.repost_item(uri, cid, value)
        case _:
            return None
    return dataclasses.replace(item, exchange=0, pointer="/value")
