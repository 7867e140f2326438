"""Mastodon, read from the account's own instance: with its token all that it shows the account, without one what everybody sees.

A status is known by its `uri`. What the account boosted and answered stands in the one listing of its statuses. Whatever was
edited brings its earlier forms, which the instance keeps.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from archiver.platforms.answers import id_of, read
from archiver.platforms.errors import NoSuchHandleError, UnreadableAnswerError
from archiver.platforms.items import Item, Json, Media, Party, Skipped, State, StreamKind
from archiver.platforms.manners import Draw, Manners, TokenHealth, Usage, Verdict
from archiver.platforms.mastodon_found import Found, fill_mentions, fill_statuses
from archiver.platforms.mastodon_items import (
    Answers,
    answers_something,
    party,
    profile_item,
    status_item,
)
from archiver.platforms.mastodon_manifest import LISTS, MANIFEST, OPEN
from archiver.platforms.mastodon_manners import (
    FORBIDDEN,
    GONE,
    NEEDED,
    NOT_FOUND,
    OK,
    UNAUTHORIZED,
    draws,
    following,
    judge,
    usage,
)
from archiver.platforms.mastodon_messages import LIMIT, read_conversation, read_conversations
from archiver.platforms.mastodon_server import Instance
from archiver.platforms.mastodon_threads import read_part, read_thread
from archiver.platforms.mastodon_walk import Walk
from archiver.platforms.pages import (
    AccountRef,
    AccountStatus,
    Conversation,
    ConversationsPage,
    Count,
    Exchange,
    Lookup,
    MemberPage,
    Page,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from archiver.platforms.contract import Session

_MEMBERS = 80


class Mastodon(Manners):
    """The connector. It keeps nothing between two captures."""

    manifest = MANIFEST

    def streams(self, account: AccountRef) -> Sequence[StreamKind]:
        """Mentions and messages need the account's token."""
        return self.manifest.streams if account.settings.get("token") else OPEN

    def lists(self, account: AccountRef) -> Sequence[str]:
        """Only the account itself is told whom it blocks; who follows it everybody may see, unless it hides them."""
        return self.manifest.lists if account.settings.get("token") else ("followers",)

    def judge(self, exchange: Exchange) -> Verdict | None:
        """See `mastodon_manners.judge`."""
        return judge(exchange)

    def draws(self, account: AccountRef, method: str, url: str) -> Sequence[Draw]:  # noqa: ARG002 - the protocol's shape
        """See `mastodon_manners.draws`."""
        return draws(url)

    def usage(self, account: AccountRef, exchange: Exchange) -> Sequence[Usage]:  # noqa: ARG002 - the protocol's shape
        """See `mastodon_manners.usage`."""
        return usage(exchange)

    def token(self, session: Session, account: AccountRef) -> TokenHealth | None:
        """Whether the token is good, whose it is, and which scopes it has (methods/accounts, methods/apps)."""
        instance = Instance(session, account)
        if not instance.token:
            return None
        mine = instance.get("/api/v1/accounts/verify_credentials", accept=(FORBIDDEN,))
        app = instance.get("/api/v1/apps/verify_credentials", accept=(FORBIDDEN, NOT_FOUND))
        told = instance.object(app).get("scopes")
        scopes = tuple(str(scope) for scope in told) if isinstance(told, list) else ()
        missing = tuple(
            each for each in NEEDED if scopes and each not in scopes and each.partition(":")[0] not in scopes
        )
        whose = instance.object(mine).get("acct")
        return TokenHealth(
            alive=True,
            words=f"the instance takes it as the token of {whose}" if whose else "the instance takes it",
            scopes=scopes,
            missing=missing,
            exchanges=(mine, app),
        )

    def status(self, session: Session, account: AccountRef) -> AccountStatus:
        """Ask the instance for the account. One that it suspended is `hidden`: it may come back."""
        instance = Instance(session, account)
        exchanges: list[Exchange] = []
        shown, exchange = instance.account(exchanges)
        if shown is None:
            words = f"the instance answers {exchange.status}: it has no account of this name"
            if account.platform_id is None:
                raise NoSuchHandleError(account.name, exchange.url, words, exchange)
            return AccountStatus(
                account.platform_id, None, _absent(exchange), words, exchanges, profile_id=account.platform_id
            )
        skipped: list[Skipped] = []
        profile = read("the account", skipped, profile_item, shown, instance.namespace)
        local_id = read("the account", skipped, id_of, shown)
        if profile is None or local_id is None:
            why = f"it is no account ({skipped[0].reason})"
            raise UnreadableAnswerError(account.name, exchange.url, why, exchange)
        identity, posts = profile.id, profile.counts.get("posts")
        handle = _handle(account, profile.author.handle if profile.author else None)
        if shown.get("suspended"):
            words = "the instance has suspended the account"
            return AccountStatus(identity, handle, State.HIDDEN, words, exchanges, profile_id=identity)
        moved = shown.get("moved")
        words = f"the account has moved to {moved.get('url')}" if isinstance(moved, dict) else "the account is active"
        return AccountStatus(
            identity,
            handle,
            State.PRESENT,
            words,
            exchanges,
            profile=dataclasses.replace(profile, exchange=len(exchanges) - 1),
            profile_id=identity,
            counts=[Count(StreamKind.POSTS.value, posts)],
            namespace=instance.namespace,
            settings={"account_id": local_id},
        )

    def pages(
        self,
        session: Session,
        account: AccountRef,
        stream: StreamKind,
        resume: Json,
        validators: Mapping[str, str],  # noqa: ARG002 - the protocol's shape; this API has none
    ) -> Iterator[Page]:
        """Walk the account's statuses, or its mentions, newest first, by the instance's own links to the next page."""
        instance = Instance(session, account)
        asked: dict[str, str | int] = {"limit": LIMIT}
        path = "/api/v1/notifications"
        if stream is StreamKind.MENTIONS:
            asked["types[]"] = "mention"
        else:
            path = f"/api/v1/accounts/{instance.account_id()}/statuses"
        walk = Walk()
        if isinstance(resume, dict):
            asked["max_id"] = str(resume["max_id"])
            walk.before = None if resume["below"] is None else str(resume["below"])
        fill = fill_mentions if stream is StreamKind.MENTIONS else fill_statuses
        while True:
            exchange = instance.get(path, asked)
            found = Found(instance)
            fill(found, instance.array(exchange), found.took(exchange))
            place, lost = following(exchange)
            if lost is not None:
                found.lose("what comes after in the listing", lost)
            keys = [item.order_key for item in found.items if item.order_key is not None]
            page = found.page(coverage=walk.shown(keys, place, whole=found.whole))
            page.resume = None if place is None else {**place, "below": walk.before}
            page.cut = lost is not None
            yield page
            if place is None:
                return
            walk.check(account, exchange)
            asked.update(place)

    def thread(self, session: Session, account: AccountRef, post_id: str, known: bytes | None = None) -> Iterator[Page]:
        """Everything below a status; see `mastodon_threads.read_thread`."""
        return read_thread(account, Instance(session, account), post_id, known)

    def part_of_thread(
        self, session: Session, account: AccountRef, url: str, known: Callable[[str], str | None]
    ) -> Iterator[Page]:
        """See `mastodon_threads.read_part`."""
        return read_part(account, Instance(session, account), url, known)

    def conversations(self, session: Session, account: AccountRef) -> Iterator[ConversationsPage]:
        """The account's direct conversations; see `mastodon_messages.read_conversations`."""
        return read_conversations(Instance(session, account))

    def conversation(self, session: Session, account: AccountRef, conversation: Conversation) -> Iterator[Page]:
        """The messages of one; see `mastodon_messages.read_conversation`."""
        return read_conversation(account, Instance(session, account), conversation)

    def members(self, session: Session, account: AccountRef, listing: str) -> Iterator[MemberPage]:
        """Whom the account blocks, or who follows it (methods/blocks, methods/accounts#followers)."""
        instance = Instance(session, account)
        path = LISTS[listing].format(id=instance.account_id() if "{id}" in LISTS[listing] else "")
        place: dict[str, str] | None = {}
        while place is not None:
            exchange = instance.get(path, {"limit": _MEMBERS, **place})
            members: list[Party] = []
            for each in instance.array(exchange):
                try:
                    members.append(party(each, instance.namespace))
                except (AttributeError, KeyError, TypeError) as error:
                    words = f"an entry of {listing} is no account ({error})"
                    raise UnreadableAnswerError(account.name, exchange.url, words, exchange) from error
            place, lost = following(exchange)
            if lost is not None:
                raise UnreadableAnswerError(account.name, exchange.url, lost, exchange)
            yield MemberPage(members, [exchange])

    def lookup(self, session: Session, account: AccountRef, ids: Sequence[str]) -> Iterator[Lookup]:
        """Ask for single statuses: those of the instance itself by their number, others by a search and at their own address.

        A status from elsewhere that is still at its own address, and that the instance does not show, is hidden by it. Without a
        token the instance cannot be asked: then it is there.
        """
        instance = Instance(session, account)
        for uri in ids:
            if uri == account.platform_id:
                shown, exchange = instance.account([])
                words = f"the instance answers {exchange.status} for the account"
                yield Lookup(uri, State.PRESENT if shown is not None else _absent(exchange), words, exchange)
                continue
            status, answer = instance.found_status(uri)
            if status is not None:
                yield Lookup(uri, State.PRESENT, "the instance shows it", answer, _looked_up(status, instance))
            elif instance.local_id(uri) is not None:
                words = "the instance answers 404 for the status: deleted, or no longer shown to us"
                yield Lookup(uri, State.GONE_CONFIRMED, words, answer)
            else:
                yield _elsewhere(instance, uri)

    def media_request(self, session: Session, account: AccountRef, media: Media) -> str:  # noqa: ARG002
        """The medium's own address, which does not expire. Raises `UnreadableAnswerError` while the instance makes it."""
        if media.url is None:
            raise UnreadableAnswerError(account.name, media.id, "the instance has not made the medium's file yet")
        return media.url

    def media_sha256(self, media: Media) -> bytes | None:  # noqa: ARG002
        """None: Mastodon tells no digests."""
        return None


def _absent(exchange: Exchange) -> State:
    """What the refusal of an account says: older instances answered 410 for one that they suspended, which may come back."""
    return State.HIDDEN if exchange.status == GONE else State.GONE_CONFIRMED


def _handle(account: AccountRef, acct: str | None) -> str | None:
    """The account's name of today, with its instance where the register writes it so."""
    _, separator, domain = account.handle.partition("@")
    return f"{acct}@{domain}" if acct and separator and "@" not in acct else acct


def _looked_up(status: Mapping[str, Any], instance: Instance) -> Item | None:
    skipped: list[Skipped] = []
    answers = Answers(known=not answers_something(status))
    return read("the status", skipped, status_item, status, instance.namespace, answers, exchange=0)


def _elsewhere(instance: Instance, uri: str) -> Lookup:
    exchange = instance.elsewhere(uri)
    if exchange.status in {NOT_FOUND, GONE}:
        return Lookup(uri, State.GONE_CONFIRMED, f"its own address answers {exchange.status}", exchange)
    if exchange.status == OK:
        if not instance.token:
            words = "it is at its own address; the account's instance tells only with a token whether it still shows it"
            return Lookup(uri, State.PRESENT, words, exchange)
        words = "it is at its own address, and the account's instance no longer shows it"
        return Lookup(uri, State.HIDDEN, words, exchange)
    refused = " (that instance answers signed requests only)" if exchange.status in {UNAUTHORIZED, FORBIDDEN} else ""
    return Lookup(uri, None, f"its own address answers {exchange.status}{refused}", exchange)
