"""Facebook Pages, read with the page's own token through the Graph API.

What the page published, what visitors published on it or tagged it in, its reels, stories and messages are edges of their own.
A post's comments come as one stream of all levels, from which the tree is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archiver.platforms import facebook_apart
from archiver.platforms import facebook_items as items
from archiver.platforms.answers import id_of, number_of, text_of
from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.facebook_manifest import API_URL, LIMIT, MANIFEST, PERMISSIONS, VERSION
from archiver.platforms.graph import Graph, GraphPage
from archiver.platforms.graph_manners import is_not_there
from archiver.platforms.graph_pages import (
    Listing,
    not_listed,
    read_below,
    read_conversations,
    read_entries,
    read_messages,
)
from archiver.platforms.graph_platform import GraphPlatform, address_of, debugged, status_of
from archiver.platforms.graph_times import moment_of
from archiver.platforms.items import Item, Json, Media, Party, StreamKind
from archiver.platforms.pages import AccountRef, AccountStatus, Conversation, ConversationsPage, Count, MemberPage, Page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from archiver.platforms.apart import Apart, Completed
    from archiver.platforms.contract import Session
    from archiver.platforms.manners import TokenHealth

_EDGES = {
    StreamKind.POSTS: ("published_posts", items.POST_FIELDS),
    StreamKind.VISITORS: ("feed", items.POST_FIELDS),
    StreamKind.MENTIONS: ("tagged", items.POST_FIELDS),
    StreamKind.REELS: ("video_reels", items.REEL_FIELDS),
    StreamKind.STORIES: ("stories", items.STORY_FIELDS),
}
_COMPLETED = frozenset(kind.value for kind in _EDGES if kind is not StreamKind.MENTIONS)
_CHUNK = 100


class Facebook(GraphPlatform):
    """The connector. It keeps nothing between two captures."""

    manifest = MANIFEST

    def graph(self, session: Session, account: AccountRef) -> Graph:
        """The API as the page is read from it."""
        return Graph(session, account, API_URL, VERSION, items.SAYS)

    def token(self, session: Session, account: AccountRef) -> TokenHealth | None:
        """Whether the page's token is good, when it or its access to data ends, and what it may read (debug_token)."""
        return debugged(self.graph(session, account), PERMISSIONS)

    def status(self, session: Session, account: AccountRef) -> AccountStatus:
        """Ask for the page. That it cannot be read is no word that it is gone."""
        graph = self.graph(session, account)
        exchange = graph.one(_page_id(account), items.PAGE_FIELDS, is_not_there)
        return status_of(graph, [exchange], items.profile_item, "the page")

    def pages(
        self,
        session: Session,
        account: AccountRef,
        stream: StreamKind,
        resume: Json,
        validators: Mapping[str, str],  # noqa: ARG002 - the protocol's shape; this API has none
    ) -> Iterator[Page]:
        """Walk an edge of the page, newest first. Stories are a window of 24 hours, and cover nothing."""
        graph = self.graph(session, account)
        edge, fields = _EDGES[stream]
        mine = Party(_page_id(account), account.handle)
        make = _makers(stream, mine)
        listing = Listing(account, resume)
        optional = listing.is_not_listed if stream is StreamKind.REELS else None
        for got in graph.edge(f"{mine.id}/{edge}", {"fields": fields}, listing.at, LIMIT, optional):
            if got.refused is not None:
                yield not_listed(got, "the page's reels")
                return
            page = listing.page(got, read_entries(graph, got, make, f"the {edge}"))
            page.items = [facebook_apart.marked(item) for item in page.items if _belongs(item, stream, mine)]
            if stream is StreamKind.STORIES:
                page.coverage = None
            yield page

    def apart(self, account: AccountRef) -> Apart | None:
        """Alternative texts and captions, but of what others published elsewhere: that is not the page's to read."""
        return facebook_apart.APART if account.settings.get("stream") in _COMPLETED else None

    def complete(self, session: Session, account: AccountRef, items: Sequence[Item]) -> Completed:
        """See `facebook_apart.complete`."""
        return facebook_apart.complete(self.graph(session, account), items)

    def thread(self, session: Session, account: AccountRef, post_id: str, known: bytes | None = None) -> Iterator[Page]:
        """Every comment below a post, of all levels, to the last page; the last page covers the thread."""
        graph = self.graph(session, account)
        asked = {"filter": "stream", "order": "chronological", "summary": "true", "fields": items.COMMENT_FIELDS}
        return read_below(
            graph,
            post_id,
            graph.edge(f"{post_id}/comments", asked, limit=_CHUNK),
            lambda entry, **around: items.comment_item(entry, post_id, **around),
            f"the comments of {post_id}",
            known,
            lambda got: Count("comments", _total(got), item=post_id),
        )

    def conversations(self, session: Session, account: AccountRef) -> Iterator[ConversationsPage]:
        """The page's conversations on Messenger, those with the newest messages first."""
        graph = self.graph(session, account)
        asked = {"platform": "messenger", "fields": items.CONVERSATION_FIELDS}
        return read_conversations(graph.edge(f"{_page_id(account)}/conversations", asked, limit=LIMIT), _conversation)

    def conversation(self, session: Session, account: AccountRef, conversation: Conversation) -> Iterator[Page]:
        """The messages of one, newest first."""
        return read_messages(
            self.graph(session, account), conversation, items.MESSAGE_FIELDS, LIMIT, items.message_item
        )

    def members(self, session: Session, account: AccountRef, listing: str) -> Iterator[MemberPage]:
        """Whom the page has blocked (`/{page}/blocked`). A list is kept whole or not at all: raises `UnreadableAnswerError`."""
        graph = self.graph(session, account)
        for got in graph.edge(f"{_page_id(account)}/{listing}", {"fields": "id,name"}, limit=LIMIT):
            try:
                members = [Party(id_of(each), None, text_of(each, "name")) for each in got.entries]
            except (AttributeError, KeyError, TypeError) as error:
                words = f"an entry of {listing} is nobody ({error})"
                raise UnreadableAnswerError(account.name, got.exchange.url, words, got.exchange) from error
            if got.lost is not None:
                raise UnreadableAnswerError(account.name, got.exchange.url, got.lost, got.exchange)
            yield MemberPage(members, [got.exchange])

    def media_request(self, session: Session, account: AccountRef, media: Media) -> str:
        """The address of the largest picture, of the video, or of a track of captions; see `graph_platform.address_of`."""
        if facebook_apart.is_track(media):
            return facebook_apart.track_address(self.graph(session, account), media)
        fields = "source" if media.kind == "video" else "images"
        return address_of(self.graph(session, account), media, fields, _largest)


def _page_id(account: AccountRef) -> str:
    return account.platform_id or account.handle


def _makers(stream: StreamKind, page: Party) -> Callable[..., Item]:
    match stream:
        case StreamKind.REELS:
            return lambda entry, **around: items.reel_item(entry, page, **around)
        case StreamKind.STORIES:
            return lambda entry, **around: items.story_item(entry, page, **around)
        case _:
            return items.post_item


def _belongs(item: Item, stream: StreamKind, page: Party) -> bool:
    """Whether an entry of an edge is the stream's: the feed has the page's own posts as well, which are the posts'."""
    if stream is StreamKind.VISITORS:
        return item.author is None or item.author.id != page.id
    return True


def _total(got: GraphPage) -> int | None:
    """How many comments the platform counts, of all levels."""
    summary = got.answer.get("summary")
    return number_of(summary, "total_count") if isinstance(summary, dict) else None


def _conversation(entry: Mapping[str, Any]) -> Conversation:
    told, at = moment_of(entry, "updated_time")
    return Conversation(id_of(entry), told, at, number_of(entry, "message_count"))


def _largest(answer: Mapping[str, Any]) -> str | None:
    """The address of a video, or of the largest of a photo's `images`."""
    if isinstance(source := answer.get("source"), str):
        return source
    listed = answer.get("images")
    images = [each for each in (listed if isinstance(listed, list) else ()) if isinstance(each, dict)]
    found = [each for each in images if isinstance(each.get("source"), str)]
    largest = max(found, key=_size, default=None)
    return None if largest is None else str(largest["source"])


def _size(image: Mapping[str, Any]) -> int:
    return (number_of(image, "width") or 0) * (number_of(image, "height") or 0)
