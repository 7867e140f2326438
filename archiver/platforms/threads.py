"""Threads, read with the account's own token: its posts, its replies elsewhere, and the conversations below its posts."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from archiver.platforms import threads_items as items
from archiver.platforms.answers import read
from archiver.platforms.graph import PLACES, Graph
from archiver.platforms.graph_manners import is_not_there
from archiver.platforms.graph_pages import Listing, Reading, not_listed, read_below, read_entries
from archiver.platforms.graph_platform import GraphPlatform, address_of, media_url, renewed, status_of, taken
from archiver.platforms.graph_times import place_of
from archiver.platforms.items import Item, Json, Media, Party, Skipped, StreamKind
from archiver.platforms.manifest import Manifest, Setting
from archiver.platforms.pages import AccountRef, AccountStatus, Count, Page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from archiver.platforms.contract import Session
    from archiver.platforms.graph import GraphPage
    from archiver.platforms.manners import Renewal, TokenHealth

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
    places=PLACES,
    needs_token=True,
    may_be_empty=frozenset({StreamKind.MENTIONS, StreamKind.REPLIES}),
    light=(StreamKind.POSTS, StreamKind.REPLIES, StreamKind.COMMENTS),
)


class Threads(GraphPlatform):
    """The connector. It keeps nothing between two captures."""

    manifest = MANIFEST

    def graph(self, session: Session, account: AccountRef) -> Graph:
        """The API as the account is read from it."""
        return Graph(session, account, API_URL, VERSION, items.SAYS)

    def token(self, session: Session, account: AccountRef) -> TokenHealth | None:
        """Whether the token is taken, and by whom. When it ends is told when it is renewed."""
        return taken(self.graph(session, account), "id,username")

    def renew(self, session: Session, account: AccountRef) -> Renewal | None:
        """Have the token renewed; it must be a day old."""
        return renewed(self.graph(session, account), "th_refresh_token")

    def status(self, session: Session, account: AccountRef) -> AccountStatus:
        """Ask for the account of the token."""
        graph = self.graph(session, account)
        exchange = graph.one("me", items.PROFILE_FIELDS, is_not_there)
        return status_of(graph, [exchange], items.profile_item, "the account")

    def pages(
        self,
        session: Session,
        account: AccountRef,
        stream: StreamKind,
        resume: Json,
        validators: Mapping[str, str],  # noqa: ARG002 - the protocol's shape; this API has none
    ) -> Iterator[Page]:
        """Walk the account's posts, its replies, or what names it, newest first."""
        graph = self.graph(session, account)
        edge, fields = _EDGES[stream]
        mine, listing = _mine(account), Listing(account, resume)
        own = stream is not StreamKind.MENTIONS

        def make(entry: Any, **around: Any) -> Item:
            return items.post_item(entry, mine, own=own, **around)

        optional = None if own else listing.is_not_listed
        for got in graph.edge(f"{mine.id}/{edge}", {"fields": fields}, listing.at, LIMIT, optional):
            if got.refused is not None:
                yield not_listed(got, "what names the account")
                return
            reading = read_entries(graph, got, make, f"the {edge}")
            page = listing.page(got, reading)
            page.items = _with_shown(graph, got, reading, mine)
            yield page

    def thread(self, session: Session, account: AccountRef, post_id: str, known: bytes | None = None) -> Iterator[Page]:
        """Every reply below a post, of all depths and in order of time; the last page covers the thread."""
        graph, mine = self.graph(session, account), _mine(account)

        def make(entry: Any, **around: Any) -> Item:
            item = items.post_item(entry, mine, post_id, own=False, **around)
            place = place_of(item.created_at, item.id)
            return dataclasses.replace(item, order_key=f"{post_id} {place}")

        return read_below(
            graph,
            post_id,
            graph.edge(f"{post_id}/conversation", {"fields": items.REPLY_FIELDS, "reverse": "false"}, limit=LIMIT),
            make,
            f"the conversation of {post_id}",
            known,
            lambda _: Count("comments", None, item=post_id),
        )

    def media_request(self, session: Session, account: AccountRef, media: Media) -> str:
        """The address of the bytes; see `graph_platform.address_of`."""
        return address_of(self.graph(session, account), media, "media_url", media_url)


def _mine(account: AccountRef) -> Party:
    return Party(account.platform_id or "me", account.handle)


def _with_shown(graph: Graph, got: GraphPage, reading: Reading, mine: Party) -> list[Item]:
    """The items of a page, each with what it shows of others, which is no part of the listing. What of that cannot be read is
    a note: the listing is whole without it.
    """
    found: list[Item] = []
    for item in reading.items:
        found.append(item)
        entry = got.entries[int(item.pointer.removeprefix("/data/"))]
        failed: list[Skipped] = []
        shown = read(f"what {item.id} shows", failed, _all_inside, entry, mine, item.pointer) or ()
        reading.skipped.extend(dataclasses.replace(each, lost=False) for each in failed)
        found += {each.id: graph.as_asked(each) for each in shown}.values()
    return found


def _all_inside(post: Mapping[str, Any], mine: Party, pointer: str) -> list[Item]:
    return list(items.inside(post, mine, 0, pointer))
