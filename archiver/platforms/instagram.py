"""Instagram's professional accounts, read by either of the two log-ins: through a Facebook page, or Instagram's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archiver.platforms import instagram_items as items
from archiver.platforms.answers import id_of, number_of
from archiver.platforms.errors import NoSuchHandleError
from archiver.platforms.graph import Graph
from archiver.platforms.graph_manners import is_not_there
from archiver.platforms.graph_pages import Listing, not_listed, read_conversations, read_entries, read_messages
from archiver.platforms.graph_platform import GraphPlatform, address_of, debugged, media_url, renewed, status_of, taken
from archiver.platforms.graph_times import moment_of
from archiver.platforms.instagram_manifest import FACEBOOK_URL, INSTAGRAM_URL, LIMIT, MANIFEST, NEEDED, VERSION
from archiver.platforms.instagram_threads import read_part, read_thread
from archiver.platforms.items import Item, ItemKind, Json, Media, Party, Skipped, StreamKind
from archiver.platforms.pages import AccountRef, AccountStatus, Conversation, ConversationsPage, Count, Exchange, Page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from archiver.platforms.contract import Session
    from archiver.platforms.manners import Renewal, TokenHealth

_EDGES = {
    StreamKind.POSTS: ("media", items.MEDIA_FIELDS, ItemKind.POST),
    StreamKind.STORIES: ("stories", items.STORY_FIELDS, ItemKind.STORY),
    StreamKind.MENTIONS: ("tags", items.MEDIA_FIELDS, ItemKind.POST),
}
_MOST = 10_000
"""The newest media are listed up to this number (ig-user/media)."""


class Instagram(GraphPlatform):
    """The connector. It keeps nothing between two captures."""

    manifest = MANIFEST

    def graph(self, session: Session, account: AccountRef) -> Graph:
        """The API of the log-in that the account's token comes from."""
        host = FACEBOOK_URL if _by_facebook(account) else INSTAGRAM_URL
        return Graph(session, account, host, VERSION, items.SAYS)

    def token(self, session: Session, account: AccountRef) -> TokenHealth | None:
        """How the token stands: by debug_token on Facebook's log-in; Instagram's own tells only whether it is taken."""
        graph = self.graph(session, account)
        return debugged(graph, NEEDED["facebook"]) if _by_facebook(account) else taken(graph, "user_id,username")

    def renew(self, session: Session, account: AccountRef) -> Renewal | None:
        """Have a token of Instagram's log-in renewed: it must be a day old, and dies for good after 60 days without. A page's
        token has no end.
        """
        return None if _by_facebook(account) else renewed(self.graph(session, account), "ig_refresh_token")

    def status(self, session: Session, account: AccountRef) -> AccountStatus:
        """Ask for the account. With Instagram's log-in, the `id` of `/me` is the app's own number for it: `user_id` is its."""
        graph = self.graph(session, account)
        exchanges: list[Exchange] = []
        path, own, fields = account.platform_id, "id", items.PROFILE_FIELDS
        if not _by_facebook(account):
            path, own, fields = "me", "user_id", f"user_id,{fields}"
        elif path is None:
            path = self._of_the_page(graph, account, exchanges)
        exchanges.append(graph.one(path, fields, is_not_there))

        def profile(entry: Any, **around: Any) -> Item:
            return items.profile_item(entry, id_of(entry, own), **around)

        return status_of(
            graph, exchanges, profile, "the account", lambda told: [Count(StreamKind.POSTS.value, told.get("posts"))]
        )

    @staticmethod
    def _of_the_page(graph: Graph, account: AccountRef, exchanges: list[Exchange]) -> str:
        """The account that is linked to the page whose token it is."""
        exchange = graph.one(_page(account), "instagram_business_account{id}")
        exchanges.append(exchange)
        linked = graph.object(exchange).get("instagram_business_account")
        if not isinstance(linked, dict) or not isinstance(linked.get("id"), str):
            words = "no professional Instagram account is linked to the page of this token"
            raise NoSuchHandleError(account.name, exchange.url, words, exchange)
        return str(linked["id"])

    def pages(
        self,
        session: Session,
        account: AccountRef,
        stream: StreamKind,
        resume: Json,
        validators: Mapping[str, str],  # noqa: ARG002 - the protocol's shape; this API has none
    ) -> Iterator[Page]:
        """Walk the account's media (reels among them), those it is tagged in, or its stories: a window of 24 hours."""
        graph = self.graph(session, account)
        edge, fields, kind = _EDGES[stream]
        mine = Party(account.platform_id or "me", account.handle)
        listing = Listing(account, resume)
        seen = number_of(listing.place, "seen") or 0
        own = stream is not StreamKind.MENTIONS

        def make(entry: Any, **around: Any) -> Item:
            return items.media_item(entry, kind, mine, own=own, **around)

        optional = None if own else listing.is_not_listed
        for got in graph.edge(f"{mine.id}/{edge}", {"fields": fields}, listing.at, LIMIT, optional):
            if got.refused is not None:
                yield not_listed(got, "what the account is tagged in")
                return
            reading = read_entries(graph, got, make, f"the {edge}")
            seen += len(reading.items)
            capped = got.following is None and seen >= _MOST
            if capped:
                why = f"the platform lists the newest {_MOST} only"
                reading.skipped.append(Skipped("older media", why, lost=False))
            page = listing.page(got, reading, capped=capped, seen=seen)
            if stream is StreamKind.STORIES:
                page.coverage = None
            yield page

    def thread(self, session: Session, account: AccountRef, post_id: str, known: bytes | None = None) -> Iterator[Page]:  # noqa: ARG002
        """Every comment below a post; see `instagram_threads.read_thread`."""
        return read_thread(self.graph(session, account), post_id)

    def part_of_thread(
        self,
        session: Session,
        account: AccountRef,
        url: str,
        known: Callable[[str], str | None],  # noqa: ARG002 - the address names the post
    ) -> Iterator[Page]:
        """See `instagram_threads.read_part`."""
        return read_part(self.graph(session, account), url)

    def conversations(self, session: Session, account: AccountRef) -> Iterator[ConversationsPage]:
        """The account's conversations, those with the newest messages first."""
        graph = self.graph(session, account)
        whose = _page(account) if _by_facebook(account) else "me"
        asked = {"platform": "instagram", "fields": "id,updated_time"}
        return read_conversations(graph.edge(f"{whose}/conversations", asked, limit=LIMIT), _conversation)

    def conversation(self, session: Session, account: AccountRef, conversation: Conversation) -> Iterator[Page]:
        """The messages of one, newest first."""
        return read_messages(
            self.graph(session, account), conversation, items.MESSAGE_FIELDS, LIMIT, items.message_item
        )

    def media_request(self, session: Session, account: AccountRef, media: Media) -> str:
        """The address of the bytes; see `graph_platform.address_of`."""
        return address_of(self.graph(session, account), media, "media_url", media_url)


def _by_facebook(account: AccountRef) -> bool:
    return account.settings.get("login") == "facebook"


def _page(account: AccountRef) -> str:
    return str(account.settings.get("page_id") or "me")


def _conversation(entry: Mapping[str, Any]) -> Conversation:
    told, at = moment_of(entry, "updated_time")
    return Conversation(id_of(entry), told, at)
