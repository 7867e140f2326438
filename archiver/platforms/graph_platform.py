"""What all of Meta's platforms do alike: their manners, single look-ups, an account that cannot be read, renewals, media."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from archiver.platforms.answers import number_of, read
from archiver.platforms.errors import NoSuchHandleError, UnreadableAnswerError
from archiver.platforms.graph_manners import draws, health, is_not_there, is_token, judge, usage, words_of
from archiver.platforms.items import Skipped, State
from archiver.platforms.manners import Manners, Renewal, TokenHealth
from archiver.platforms.pages import AccountStatus, Lookup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from archiver.platforms.contract import Session
    from archiver.platforms.graph import Graph
    from archiver.platforms.items import Item, Media
    from archiver.platforms.manners import Draw, Usage, Verdict
    from archiver.platforms.pages import AccountRef, Count, Exchange

_ERROR = 400
_LONGEST = 2**31
"""Seconds. No token lives longer than some 68 years."""


class GraphPlatform(Manners):
    """The manners of Facebook, Instagram and Threads, and what is asked of single things."""

    def graph(self, session: Session, account: AccountRef) -> Graph:
        """The API as the account is read from it."""
        raise NotImplementedError(f"{account.name} ({type(session).__name__})")

    def judge(self, exchange: Exchange) -> Verdict | None:
        """See `graph_manners.judge`."""
        return judge(exchange)

    def draws(self, account: AccountRef, method: str, url: str) -> Sequence[Draw]:  # noqa: ARG002 - the protocol's shape
        """See `graph_manners.draws`."""
        return draws()

    def usage(self, account: AccountRef, exchange: Exchange) -> Sequence[Usage]:  # noqa: ARG002 - the protocol's shape
        """See `graph_manners.usage`."""
        return usage(exchange)

    def lookup(self, session: Session, account: AccountRef, ids: Sequence[str]) -> Iterator[Lookup]:
        """Ask for single items. What code 100 is worth (gone, or no longer ours to read) the engine decides by a control."""
        graph = self.graph(session, account)
        for identity in ids:
            exchange = graph.one(identity.removeprefix("profile:"), "id", is_not_there)
            if not is_not_there(exchange):
                yield Lookup(identity, State.PRESENT, "its own address shows it", exchange)
            else:
                state = None if identity.startswith("profile:") else State.GONE_CONFIRMED
                yield Lookup(identity, state, words_of(exchange), exchange)

    def media_sha256(self, media: Media) -> bytes | None:  # noqa: ARG002
        """None: the platform tells no digests."""
        return None


def status_of(
    graph: Graph,
    exchanges: Sequence[Exchange],
    make: Callable[..., Item],
    what: str,
    counts: Callable[[Mapping[str, int]], Sequence[Count]] = lambda _: (),
) -> AccountStatus:
    """What the last of the exchanges, in which the account was asked for, says of it.

    That it cannot be read is no word that it is gone: code 100 says neither. `counts` are told by the profile's own. Raises
    `NoSuchHandleError`, `UnreadableAnswerError`.
    """
    account, exchange = graph.account, exchanges[-1]
    if is_not_there(exchange):
        words = words_of(exchange)
        if account.platform_id is None:
            raise NoSuchHandleError(account.name, exchange.url, f"{words} (for {account.handle})", exchange)
        lost = f"profile:{account.platform_id}"
        return AccountStatus(account.platform_id, None, State.ACCESS_LOST, words, exchanges, profile_id=lost)
    skipped: list[Skipped] = []
    profile = read(what, skipped, make, graph.object(exchange), exchange=len(exchanges) - 1)
    if profile is None or profile.author is None:
        why = skipped[0].reason if skipped else "it names nobody"
        raise UnreadableAnswerError(account.name, exchange.url, why, exchange)
    return AccountStatus(
        profile.author.id,
        profile.author.handle,
        State.PRESENT,
        f"{what} is there",
        exchanges,
        profile=graph.as_asked(profile),
        profile_id=profile.id,
        counts=counts(profile.counts),
    )


def debugged(graph: Graph, needed: Sequence[str]) -> TokenHealth:
    """How the token stands by debug_token, which anybody may ask of a token that he has."""
    exchange = graph.get("debug_token", {"input_token": graph.token}, lambda answer: not is_token(answer))
    return health(graph.object(exchange).get("data"), needed, exchange)


def taken(graph: Graph, fields: str) -> TokenHealth:
    """How a token stands that is renewed in time: whether it is taken, and by whom. Its end is told when it is renewed."""
    exchange = graph.one("me", fields)
    words = f"the platform takes it as the token of {graph.object(exchange).get('username')}"
    return TokenHealth(alive=True, words=words, exchanges=(exchange,), renewable=True)


def renewed(graph: Graph, grant: str) -> Renewal:
    """Have a long-lived token renewed, which must be a day old (`GET /refresh_access_token`). Raises `UnreadableAnswerError`."""
    exchange = graph.of_host("refresh_access_token", {"grant_type": grant})
    answer = graph.object(exchange)
    seconds, token = number_of(answer, "expires_in"), answer.get("access_token")
    if seconds is None or not isinstance(token, str) or not token:
        words = "it has no `access_token` and `expires_in`"
        raise UnreadableAnswerError(graph.account.name, exchange.url, words, exchange)
    ends = exchange.requested_at + timedelta(seconds=min(seconds, _LONGEST))
    return Renewal({"token": token}, {"token": ends})


def address_of(graph: Graph, media: Media, fields: str, pick: Callable[[Mapping[str, Any]], str | None]) -> str:
    """The address of a medium's bytes, asked for afresh where it has an id of its own: addresses are signed and expire.

    `pick` finds it in the answer for `fields`. Raises `UnreadableAnswerError` where the platform gives none, nor gave one.
    """
    if media.id.isascii() and media.id.replace("_", "").isdigit():
        exchange = graph.one(media.id, fields, lambda answer: not is_token(answer))
        if exchange.status < _ERROR and (found := pick(graph.object(exchange))):
            return found
    if media.url is None:
        words = (
            "the platform gives no address of the medium's bytes (it leaves out what it holds to be somebody else's)"
        )
        raise UnreadableAnswerError(graph.account.name, media.id, words)
    return media.url


def media_url(answer: Mapping[str, Any]) -> str | None:
    """The address in an answer that was asked for `media_url`."""
    found = answer.get("media_url")
    return found if isinstance(found, str) else None
