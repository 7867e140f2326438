"""X (Twitter) by its API v2: the account's posts, answers and reposts, what answers and names it, its private messages."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from archiver.platforms.answers import number_of, read, text_of
from archiver.platforms.errors import NoSuchHandleError, UnreadableAnswerError
from archiver.platforms.falling import Falling
from archiver.platforms.items import Item, Json, Media, Skipped, State, StreamKind
from archiver.platforms.manners import Draw, Manners, Renewal, TokenHealth, Usage, Verdict
from archiver.platforms.pages import AccountRef, AccountStatus, Count, Coverage, Exchange, Lookup, MemberPage, Page
from archiver.platforms.x_items import WIDTH, key_at, message_item, profile_item, user_party
from archiver.platforms.x_manifest import MANIFEST, is_user_token
from archiver.platforms.x_manners import draws, judge, problems, renewed, usage, words_of
from archiver.platforms.x_server import Found, Server
from archiver.platforms.x_threads import read_thread
from archiver.platforms.x_words import chain_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from archiver.platforms.contract import Session

_FORBIDDEN, _NOT_FOUND, _OK = 403, 404, 200
_TIMELINE_CAP, _MENTIONS_CAP = 3200, 800
_NEAR = 200
"""A listing that ends so near its cap may have been cut by it: X counts some that it does not show."""
_MESSAGES_BACK = timedelta(days=29)
_RECENT = timedelta(days=6, hours=12)
_AT_ONCE, _MEMBERS = 100, 1000
_LIGHT = 10
"""Each post that is read is paid for: between two nights a page has few."""


class X(Manners):
    """The connector. It keeps nothing between two captures."""

    manifest = MANIFEST

    def streams(self, account: AccountRef) -> Sequence[StreamKind]:
        """Messages need the account's own token."""
        every = self.manifest.streams
        return every if is_user_token(account) else [each for each in every if each is not StreamKind.MESSAGES]

    def lists(self, account: AccountRef) -> Sequence[str]:
        """Whom the account blocks only its own token is told."""
        return self.manifest.lists if is_user_token(account) else ("followers",)

    def judge(self, exchange: Exchange) -> Verdict | None:
        """See `x_manners.judge`."""
        return judge(exchange)

    def draws(self, account: AccountRef, method: str, url: str) -> Sequence[Draw]:  # noqa: ARG002 - the protocol's shape
        """See `x_manners.draws`."""
        return draws(account, url)

    def usage(self, account: AccountRef, exchange: Exchange) -> Sequence[Usage]:
        """See `x_manners.usage`."""
        return usage(account, exchange)

    def renew(self, session: Session, account: AccountRef) -> Renewal | None:
        """See `x_manners.renewed`."""
        return renewed(session, account)

    def token(self, session: Session, account: AccountRef) -> TokenHealth | None:
        """Whether the token is good, and whose it is (GET /2/users/me; an app's token is nobody's)."""
        renewable = all(account.settings.get(each) for each in ("refresh_token", "client_id"))
        if not is_user_token(account):
            return TokenHealth(alive=None, words="an app's token, which does not end; X tells nothing of it")
        server = Server(session, account)
        exchange = server.get("/users/me", "", {})
        data = server.object(exchange).get("data")
        whose = data.get("username") if isinstance(data, dict) else None
        ends = (
            "it is renewed" if renewable else "refresh_token and client_id are not both set: it may end after 2 hours"
        )
        return TokenHealth(
            alive=True, words=f"X takes it as the token of {whose}; {ends}", exchanges=(exchange,), renewable=renewable
        )

    def status(self, session: Session, account: AccountRef) -> AccountStatus:
        """Ask for the account, by its id once that is known. A suspended or protected one is `hidden`: it may come back."""
        server = Server(session, account)
        path = f"/users/{account.platform_id}" if account.platform_id else f"/users/by/username/{account.handle}"
        exchange = server.get(path, "user", {}, accept=(_NOT_FOUND,))
        answer = server.object(exchange)
        user = answer.get("data")
        if not isinstance(user, dict):
            told = problems(answer) or [answer]
            words = (
                f"{told[0].get('title') or exchange.status}: {told[0].get('detail') or 'X does not show the account'}"
            )
            kind = str(told[0].get("type"))
            gone = told[0].get("title") != "Forbidden" and (
                "resource-not-found" in kind or exchange.status == _NOT_FOUND
            )
            if gone and account.platform_id is None:
                raise NoSuchHandleError(account.name, exchange.url, words, exchange)
            hidden = told[0].get("title") == "Forbidden" or "not-authorized" in kind
            if not gone and not hidden:
                raise UnreadableAnswerError(account.name, exchange.url, words, exchange)
            state = State.GONE_CONFIRMED if gone else State.HIDDEN
            identity = account.platform_id
            return AccountStatus(identity, None, state, words, [exchange], profile_id=identity)
        try:
            profile = profile_item(user, exchange=0, pointer="/data")
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise UnreadableAnswerError(account.name, exchange.url, f"it is no user ({error})", exchange) from error
        posts = profile.counts.get("posts")
        return AccountStatus(
            profile.id,
            text_of(user, "username"),
            State.PRESENT,
            "the account is protected" if user.get("protected") is True else "the account is active",
            [exchange],
            profile=profile,
            profile_id=profile.id,
            counts=[Count(StreamKind.POSTS.value, posts)],
            settings={"understood": server.words.name, "post_count": posts},
        )

    def pages(
        self,
        session: Session,
        account: AccountRef,
        stream: StreamKind,
        resume: Json,
        validators: Mapping[str, str],  # noqa: ARG002 - the protocol's shape; this API has none
    ) -> Iterator[Page]:
        """Walk the account's posts, its mentions or its messages, newest first, until no next token comes."""
        server = Server(session, account)
        messages = stream is StreamKind.MESSAGES
        size = _LIGHT if account.settings.get("mode") == "light" else _AT_ONCE
        name = "mentions" if stream is StreamKind.MENTIONS else "tweets"
        path = "/dm_events" if messages else f"/users/{account.platform_id}/{name}"
        token: str | None = None
        seen, walk = 0, Falling(WIDTH)
        if isinstance(resume, dict):
            token, seen = str(resume["token"]), int(str(resume["seen"]))
            walk = Falling(WIDTH, below=None if resume["below"] is None else str(resume["below"]))
        while True:
            place = {"pagination_token": token} if token else {}
            exchange = server.get(path, "message" if messages else "post", {"max_results": size, **place})
            answer = server.object(exchange)
            following = server.following(exchange, answer, token)
            records = server.records(exchange, answer)
            found = Found(server)
            number = found.took(exchange, answer)
            before = walk.below
            if messages:
                _messages(found, records, number)
            else:
                found.posts(records, number)
            moments = [int(each) for each in (_only(record) for record in records) if each is not None]
            seen += len(records)
            whole = not any(each.lost for each in found.skipped)
            last = following is None and not messages and not _cut(account, stream, seen)
            coverage = walk.shown(moments, last=last, whole=whole)
            if coverage is not None and following is None and messages:
                window = key_at(_now(account) - _MESSAGES_BACK)
                coverage = Coverage(before, window if coverage.after is None else min(coverage.after, window))
            elif coverage is not None and coverage.after is None and not last:
                coverage = None
            walk.check(account, exchange)
            page = found.page(coverage=coverage)
            page.resume = {"token": following, "below": walk.below, "seen": seen} if following else None
            yield page
            if following is None:
                return
            token = following

    def thread(self, session: Session, account: AccountRef, post_id: str, known: bytes | None = None) -> Iterator[Page]:
        """What answers a post; see `x_threads.read_thread`."""
        recent = str(account.settings.get("search") or "all").lower() == "recent"
        since = _now(account) - _RECENT if recent else None
        return read_thread(Server(session, account), post_id, known, since)

    def members(self, session: Session, account: AccountRef, listing: str) -> Iterator[MemberPage]:
        """Whom the account blocks, or who follows it."""
        server = Server(session, account)
        path = f"/users/{account.platform_id}/{'blocking' if listing == 'blocked' else 'followers'}"
        token: str | None = None
        while True:
            place = {"pagination_token": token} if token else {}
            exchange = server.get(path, "", {"max_results": _MEMBERS, "user.fields": "id,name,username", **place})
            answer = server.object(exchange)
            try:
                found = [user_party(each) for each in server.records(exchange, answer)]
            except (AttributeError, KeyError, TypeError) as error:
                words = f"an entry of {listing} is no user ({error})"
                raise UnreadableAnswerError(account.name, exchange.url, words, exchange) from error
            yield MemberPage(found, [exchange])
            token = server.following(exchange, answer, token)
            if token is None:
                return

    def lookup(self, session: Session, account: AccountRef, ids: Sequence[str]) -> Iterator[Lookup]:
        """Ask for single posts by their ids, a hundred at once; for messages one by one. An account's id is its profile's.

        Posts and messages have ids of the same kind: which they are is told by the stream.
        """
        server = Server(session, account)
        if account.settings.get("stream") == StreamKind.MESSAGES.value:
            yield from (_message(server, each) for each in ids)
            return
        for start in range(0, len(ids), _AT_ONCE):
            batch = [each for each in ids[start : start + _AT_ONCE] if each != account.platform_id]
            found = Found(server)
            exchange, answer = found.lookup(batch) if batch else (None, {})
            shown = {each for record in _list(answer.get("data")) for each in _chain(record)}
            for each in ids[start : start + _AT_ONCE]:
                if each == account.platform_id:
                    status = self.status(session, account)
                    yield Lookup(each, status.state, status.words, status.exchanges[0])
                elif each in shown:
                    yield Lookup(each, State.PRESENT, "X shows it", exchange)
                else:
                    yield Lookup(each, *(_problem(answer, each) or (None, "X says nothing of it")), exchange)

    def media_request(self, session: Session, account: AccountRef, media: Media) -> str:  # noqa: ARG002
        """The medium's own address, as the last answer had it. Raises `UnreadableAnswerError` without one."""
        if media.url is None:
            raise UnreadableAnswerError(account.name, media.id, "X gave no address of the medium")
        return media.url

    def media_sha256(self, media: Media) -> bytes | None:  # noqa: ARG002
        """None: X tells no digests."""
        return None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _only(record: Any) -> str | None:
    """The id of a record that has but one: whether an edited post stands in its listing by its first or its last is not told."""
    chain = _chain(record)
    return chain[0] if len(chain) == 1 and len(chain[0]) < WIDTH else None


def _chain(record: Any) -> tuple[str, ...]:
    return read("a post", [], chain_of, record) or ()


def _cut(account: AccountRef, stream: StreamKind, seen: int) -> bool:
    """Whether a listing may have been cut at its cap, and not at the account's first post."""
    if stream is StreamKind.MENTIONS:
        return seen >= _MENTIONS_CAP - _NEAR
    posts = number_of(account.settings, "post_count") or 0
    return max(seen, posts) >= _TIMELINE_CAP - _NEAR


def _now(account: AccountRef) -> datetime:
    """When the stream's capture began: what X lists for some days only is counted from there."""
    started = account.settings.get("started_at")
    return started if isinstance(started, datetime) else datetime.now(UTC)


def _messages(found: Found, records: Sequence[Any], number: int) -> None:
    for place, record in enumerate(records):
        if not isinstance(record, dict) or record.get("event_type", "MessageCreate") == "MessageCreate":
            pointer = f"/data/{place}"
            item = read(
                f"event {place} of the messages",
                found.skipped,
                message_item,
                record,
                found.known,
                exchange=number,
                pointer=pointer,
            )
            found.items += [item] if item is not None else []
        else:
            words = "it says who joined or left a conversation"
            found.skipped.append(Skipped(f"event {place} of the messages", words, lost=False))


def _problem(answer: Mapping[str, Any], post_id: str) -> tuple[State | None, str] | None:
    """What the problems of an answer say of a post."""
    for each in problems(answer):
        if post_id == str(each.get("resource_id") or each.get("value")):
            words = f"{each.get('title')}: {each.get('detail')}"[:400]
            kind = str(each.get("type"))
            if each.get("title") == "Forbidden" or "not-authorized" in kind or "disallowed" in kind:
                return State.HIDDEN, words
            return (State.GONE_CONFIRMED if "resource-not-found" in kind else None), words
    return None


def _message(server: Server, event_id: str) -> Lookup:
    """A message by its id."""
    exchange = server.get(f"/dm_events/{event_id}", "message", {}, accept=(_FORBIDDEN, _NOT_FOUND))
    answer = server.object(exchange)
    data = answer.get("data")
    if exchange.status == _OK and isinstance(data, dict) and data.get("id") == event_id:
        item: Item | None = read("the message", [], message_item, data, Found(server).known)
        return Lookup(
            event_id, State.PRESENT, "X shows it", exchange, dataclasses.replace(item, exchange=0) if item else None
        )
    if exchange.status == _NOT_FOUND:
        return Lookup(event_id, State.GONE_CONFIRMED, words_of(exchange), exchange)
    return Lookup(event_id, *(_problem(answer, event_id) or (None, words_of(exchange))), exchange)
