"""Threads, read with the account's own token: its posts, its replies elsewhere, and the conversations below its posts."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from archiver.platforms import threads_items as items
from archiver.platforms.answers import number_of, read
from archiver.platforms.contract import (
    AccountRef,
    AccountStatus,
    Count,
    Coverage,
    Exchange,
    Item,
    Json,
    Lookup,
    Manifest,
    Media,
    Page,
    Party,
    Session,
    Setting,
    Skipped,
    State,
    StreamKind,
)
from archiver.platforms.errors import NoSuchHandleError, UnreadableAnswerError
from archiver.platforms.falling import Falling
from archiver.platforms.graph import Graph, GraphPage
from archiver.platforms.graph_manners import draws, is_not_there, is_token, judge, usage, words_of
from archiver.platforms.manners import Draw, Manners, Renewal, TokenHealth, Usage, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

API_URL, VERSION = "https://graph.threads.net", "v1.0"
LIMIT = 100
_EDGES = {
    StreamKind.POSTS: ("threads", items.POST_FIELDS),
    StreamKind.REPLIES: ("replies", items.REPLY_FIELDS),
    StreamKind.MENTIONS: ("mentions", items.REPLY_FIELDS),
}

MANIFEST = Manifest(
    name="threads",
    title="Threads",
    streams=(
        StreamKind.PROFILE,
        StreamKind.POSTS,
        StreamKind.REPLIES,
        StreamKind.MENTIONS,
        StreamKind.COMMENTS,
    ),
    settings=(
        Setting(
            "token", "The account's long-lived access token (60 days, renewed in time).", required=True, secret=True
        ),
        Setting("api_url", "Where the Threads API is.", default=API_URL),
        Setting("api_version", "Which version of it is asked.", default=VERSION),
    ),
    permissions=("threads_basic", "threads_read_replies", "threads_manage_mentions, for what names the account"),
    limits=(
        "4,800 calls for each impression in 24 hours, at least those of 10; told in percent by headers, which are obeyed",
        "a token lives for 60 days and is renewed once it is a day old; one not renewed in 60 days is dead for good",
    ),
    cannot_see=(
        "an earlier text: a post can be changed for 15 minutes, and nothing tells that it was",
        "how many replies a post has: the platform gives no number with it",
        "who wrote a reply, but by name: others have no id here, so that somebody who is renamed is somebody else",
        "posts before 2023-07-05",
        "ghost posts, which are gone after 24 hours and listed elsewhere",
        "private messages: there is no API for them",
        "whether what cannot be read any more was deleted or is withheld: one answer stands for both",
    ),
    sources=(
        "developers.facebook.com/docs/threads (overview, reference/user, reference/reply-management, get-started)",
    ),
    needs_token=True,
    may_be_empty=frozenset({StreamKind.MENTIONS, StreamKind.REPLIES}),
    light=(StreamKind.POSTS, StreamKind.REPLIES, StreamKind.COMMENTS),
)


class Threads(Manners):
    """The connector. It keeps nothing between two captures."""

    manifest = MANIFEST

    def judge(self, exchange: Exchange) -> Verdict | None:
        """See `graph_manners.judge`."""
        return judge(exchange)

    def draws(self, account: AccountRef, method: str, url: str) -> Sequence[Draw]:  # noqa: ARG002 - the protocol's shape
        """See `graph_manners.draws`."""
        return draws()

    def usage(self, account: AccountRef, exchange: Exchange) -> Sequence[Usage]:  # noqa: ARG002 - the protocol's shape
        """See `graph_manners.usage`."""
        return usage(exchange)

    def token(self, session: Session, account: AccountRef) -> TokenHealth | None:
        """Whether the token is taken, and by whom. When it ends is told when it is renewed."""
        graph = _graph(session, account)
        exchange = graph.one("me", "id,username")
        words = f"the platform takes it as the token of {graph.object(exchange).get('username')}"
        return TokenHealth(alive=True, words=words, exchanges=(exchange,), renewable=True)

    def renew(self, session: Session, account: AccountRef) -> Renewal | None:
        """Have the token renewed (`GET /refresh_access_token` with `th_refresh_token`); it must be a day old."""
        graph = _graph(session, account)
        asked = {"grant_type": "th_refresh_token", "access_token": graph.token}
        exchange = session.get(f"{graph.host}/refresh_access_token", params=asked)
        answer = graph.object(exchange)
        seconds, token = number_of(answer, "expires_in"), answer.get("access_token")
        if seconds is None or not isinstance(token, str):
            raise UnreadableAnswerError(
                account.name, exchange.url, "it has no `access_token` and `expires_in`", exchange
            )
        return Renewal({"token": token}, {"token": exchange.requested_at + timedelta(seconds=seconds)})

    def status(self, session: Session, account: AccountRef) -> AccountStatus:
        """Ask for the account of the token."""
        graph = _graph(session, account)
        exchange = graph.one("me", items.PROFILE_FIELDS, is_not_there)
        if is_not_there(exchange):
            words, lost = words_of(exchange), f"profile:{account.platform_id}"
            if account.platform_id is None:
                raise NoSuchHandleError(account.name, exchange.url, words, exchange)
            return AccountStatus(account.platform_id, None, State.ACCESS_LOST, words, [exchange], profile_id=lost)
        skipped: list[Skipped] = []
        profile = read("the account", skipped, items.profile_item, graph.object(exchange), exchange=0)
        if profile is None or profile.author is None:
            raise UnreadableAnswerError(account.name, exchange.url, skipped[0].reason, exchange)
        return AccountStatus(
            profile.author.id,
            profile.author.handle,
            State.PRESENT,
            "the account is there",
            [exchange],
            profile=profile,
            profile_id=profile.id,
        )

    def pages(
        self,
        session: Session,
        account: AccountRef,
        stream: StreamKind,
        resume: Json,
        validators: Mapping[str, str],  # noqa: ARG002 - the protocol's shape; this API has none
    ) -> Iterator[Page]:
        """Walk the account's posts, its replies, or what names it, newest first."""
        graph = _graph(session, account)
        edge, fields = _EDGES[stream]
        place = resume if isinstance(resume, dict) else {}
        below = place.get("below")
        falling = Falling(items.SECONDS, below if isinstance(below, str) else None)
        optional = is_not_there if stream is StreamKind.MENTIONS else None
        for got in graph.edge(
            f"{account.platform_id or 'me'}/{edge}", {"fields": fields}, place.get("at"), LIMIT, optional
        ):
            if is_not_there(got.exchange):
                why = f"the platform does not list it here ({words_of(got.exchange)})"
                yield Page((), [got.exchange], skipped=[Skipped("what names the account", why, lost=False)], keep=True)
                return
            found, skipped = _read_all(got, _mine(account), None, f"the {edge}")
            moments = [item.created_at for item in found if item.sighted]
            seconds = [max(0, int(each.timestamp())) if each else 0 for each in moments]
            coverage = falling.shown(seconds, last=got.following is None, whole=not skipped)
            falling.check(account, got.exchange)
            following = got.following
            yield Page(
                found,
                [got.exchange],
                resume=None if following is None else {"at": dict(following), "below": falling.below},
                coverage=coverage,
                skipped=skipped,
            )

    def thread(self, session: Session, account: AccountRef, post_id: str, known: bytes | None = None) -> Iterator[Page]:
        """Every reply below a post, of all depths and in order of time; the last page covers the thread."""
        graph = _graph(session, account)
        whole = True
        asked = {"fields": items.REPLY_FIELDS, "reverse": "false"}
        coverage = Coverage(before=f"{post_id}!", after=f"{post_id} ")
        for got in graph.edge(f"{post_id}/conversation", asked, limit=LIMIT):
            if known is not None and got.following is None and got.exchange.received_sha256 == known:
                yield Page((), [got.exchange], sub_key=post_id, coverage=coverage, unchanged=True)
                return
            found, skipped = _read_all(got, _mine(account), post_id, f"the conversation of {post_id}")
            whole = whole and not skipped
            last = got.following is None
            yield Page(
                found,
                [got.exchange],
                sub_key=post_id,
                counts=[Count("comments", None, item=post_id)] if last else [],
                skipped=skipped,
                coverage=coverage if last and whole else None,
            )

    def lookup(self, session: Session, account: AccountRef, ids: Sequence[str]) -> Iterator[Lookup]:
        """Ask for single items. What code 100 is worth (gone, or no longer ours to read) the engine decides by a control."""
        graph = _graph(session, account)
        for identity in ids:
            exchange = graph.one(identity.removeprefix("profile:"), "id", is_not_there)
            if not is_not_there(exchange):
                yield Lookup(identity, State.PRESENT, "its own address shows it", exchange)
            else:
                state = None if identity.startswith("profile:") else State.GONE_CONFIRMED
                yield Lookup(identity, state, words_of(exchange), exchange)

    def media_request(self, session: Session, account: AccountRef, media: Media) -> str:
        """The address of the bytes, asked for afresh: addresses are signed and expire."""
        if media.id.isascii() and media.id.isdigit():
            graph = _graph(session, account)
            found = graph.object(graph.one(media.id, "media_url", lambda answer: not is_token(answer))).get("media_url")
            if isinstance(found, str):
                return found
        if media.url is None:
            raise UnreadableAnswerError(account.name, media.id, "the platform gives no address of the medium's bytes")
        return media.url

    def media_sha256(self, media: Media) -> bytes | None:  # noqa: ARG002
        """None: the platform tells no digests."""
        return None


def _graph(session: Session, account: AccountRef) -> Graph:
    return Graph(session, account, API_URL, VERSION)


def _mine(account: AccountRef) -> Party:
    return Party(account.platform_id or "me", account.handle)


def _read_all(got: GraphPage, mine: Party, root: str | None, what: str) -> tuple[list[Item], list[Skipped]]:
    """The items of a page, with what they show of others; `root` is the post whose conversation it is."""
    skipped: list[Skipped] = []
    found: dict[str, Item] = {}
    for number, each in enumerate(got.entries):
        pointer = f"/data/{number}"
        around: dict[str, Any] = {"exchange": 0, "pointer": pointer}
        item = read(f"entry {number} of {what}", skipped, items.post_item, each, mine, root, **around)
        if item is None or item.id in found:
            continue
        found[item.id] = _below(item, root)
        for shown in (
            read(f"what {item.id} shows", skipped, _all_inside, each, mine, pointer) or () if root is None else ()
        ):
            found.setdefault(f"{item.id} shows {shown.id}", shown)
    if got.circles:
        skipped.append(Skipped(f"what comes after in {what}", "the platform sends a page again and again"))
    return list(found.values()), skipped


def _below(item: Item, root: str | None) -> Item:
    """An item with its place: in a conversation behind the post's id, so that the thread is one range."""
    return item if root is None else dataclasses.replace(item, order_key=f"{root} {item.order_key}")


def _all_inside(post: Mapping[str, Any], mine: Party, pointer: str) -> list[Item]:
    return list(items.inside(post, mine, 0, pointer))
