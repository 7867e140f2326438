"""Facebook Pages, read with the page's own token through the Graph API.

What the page published, what visitors published on it or tagged it in, its reels, stories and messages are edges of their own.
A post's comments come as one stream of all levels, from which the tree is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archiver.platforms import facebook_items as items
from archiver.platforms.answers import read, text_of
from archiver.platforms.contract import (
    AccountRef,
    AccountStatus,
    Conversation,
    ConversationsPage,
    Count,
    Coverage,
    Exchange,
    Item,
    Json,
    Lookup,
    Media,
    MemberPage,
    Page,
    Party,
    Session,
    Skipped,
    State,
    StreamKind,
)
from archiver.platforms.errors import NoSuchHandleError, UnreadableAnswerError
from archiver.platforms.facebook_manifest import API_URL, LIMIT, MANIFEST, PERMISSIONS, VERSION
from archiver.platforms.falling import Falling
from archiver.platforms.graph import Graph
from archiver.platforms.graph_manners import draws, health, is_not_there, is_token, judge, usage, words_of
from archiver.platforms.manners import Draw, Manners, TokenHealth, Usage, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_EDGES = {
    StreamKind.POSTS: ("published_posts", items.POST_FIELDS),
    StreamKind.VISITORS: ("feed", items.POST_FIELDS),
    StreamKind.MENTIONS: ("tagged", items.POST_FIELDS),
    StreamKind.REELS: ("video_reels", items.REEL_FIELDS),
    StreamKind.STORIES: ("stories", items.STORY_FIELDS),
}
_CHUNK = 100


class Facebook(Manners):
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
        """Whether the page's token is good, when it or its access to data ends, and what it may read (debug_token)."""
        graph = Graph(session, account, API_URL, VERSION)
        exchange = graph.get("debug_token", {"input_token": graph.token}, lambda answer: not is_token(answer))
        return health(graph.object(exchange).get("data"), PERMISSIONS, exchange)

    def status(self, session: Session, account: AccountRef) -> AccountStatus:
        """Ask for the page. That it cannot be read is no word that it is gone: code 100 says neither."""
        graph = Graph(session, account, API_URL, VERSION)
        exchange = graph.one(account.platform_id or account.handle, items.PAGE_FIELDS, is_not_there)
        if is_not_there(exchange):
            words = words_of(exchange)
            if account.platform_id is None:
                raise NoSuchHandleError(
                    account.name, exchange.url, f"{words} (for the page {account.handle})", exchange
                )
            return AccountStatus(
                account.platform_id,
                None,
                State.ACCESS_LOST,
                words,
                [exchange],
                profile_id=f"profile:{account.platform_id}",
            )
        skipped: list[Skipped] = []
        profile = read("the page", skipped, items.profile_item, graph.object(exchange), exchange=0)
        if profile is None or profile.author is None:
            raise UnreadableAnswerError(account.name, exchange.url, skipped[0].reason, exchange)
        return AccountStatus(
            profile.author.id,
            profile.author.handle,
            State.PRESENT,
            "the page is there",
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
        """Walk an edge of the page, newest first. Stories are a window of 24 hours, and cover nothing."""
        graph = Graph(session, account, API_URL, VERSION)
        edge, fields = _EDGES[stream]
        page = Party(_page_id(account), account.handle)
        make = _makers(stream, page)
        place = resume if isinstance(resume, dict) else {}
        below = place.get("below")
        falling = Falling(items.SECONDS, below if isinstance(below, str) else None)
        walk = graph.edge(
            f"{page.id}/{edge}",
            {"fields": fields},
            place.get("at"),
            LIMIT,
            is_not_there if stream is StreamKind.REELS else None,
        )
        for got in walk:
            if is_not_there(got.exchange):
                why = f"the platform does not list them here ({words_of(got.exchange)})"
                yield Page((), [got.exchange], skipped=[Skipped("the page's reels", why, lost=False)], keep=True)
                return
            skipped: list[Skipped] = []
            found = _read_all(got.entries, make, f"the {edge}", skipped)
            shown = [_second(item) for item in found]
            if got.circles:
                skipped.append(Skipped(f"what comes after in the {edge}", "the platform sends a page again and again"))
            coverage = falling.shown(shown, last=got.following is None, whole=not skipped)
            falling.check(account, got.exchange)
            kept = [item for item in found if _belongs(item, stream, page)]
            yield Page(
                kept,
                [got.exchange],
                resume=None if got.following is None else {"at": dict(got.following), "below": falling.below},
                coverage=None if stream is StreamKind.STORIES else coverage,
                skipped=skipped,
            )

    def thread(self, session: Session, account: AccountRef, post_id: str, known: bytes | None = None) -> Iterator[Page]:
        """Every comment below a post, of all levels, to the last page; the last page covers the thread."""
        graph = Graph(session, account, API_URL, VERSION)
        whole = True
        walk = graph.edge(
            f"{post_id}/comments",
            {"filter": "stream", "order": "chronological", "summary": "true", "fields": items.COMMENT_FIELDS},
            limit=_CHUNK,
        )
        for got in walk:
            coverage = Coverage(before=f"{post_id}!", after=f"{post_id} ")
            if known is not None and got.following is None and got.exchange.received_sha256 == known:
                yield Page((), [got.exchange], sub_key=post_id, coverage=coverage, unchanged=True)
                return
            skipped: list[Skipped] = []
            found = _read_all(
                got.entries, lambda each, **around: items.comment_item(each, post_id, **around), "the comments", skipped
            )
            if got.circles:
                skipped.append(Skipped(f"the later comments of {post_id}", "the platform sends a page again and again"))
            whole = whole and not skipped
            last = got.following is None
            summary = got.answer.get("summary")
            total = summary.get("total_count") if isinstance(summary, dict) else None
            counted = [Count("comments", total if isinstance(total, int) else None, item=post_id)] if last else []
            yield Page(
                found,
                [got.exchange],
                sub_key=post_id,
                counts=counted,
                skipped=skipped,
                coverage=coverage if last and whole else None,
            )

    def conversations(self, session: Session, account: AccountRef) -> Iterator[ConversationsPage]:
        """The page's conversations on Messenger, those with the newest messages first."""
        graph = Graph(session, account, API_URL, VERSION)
        asked = {"platform": "messenger", "fields": items.CONVERSATION_FIELDS}
        for got in graph.edge(f"{_page_id(account)}/conversations", asked, limit=LIMIT):
            skipped: list[Skipped] = []
            found = [
                made
                for number, each in enumerate(got.entries)
                if (made := read(f"conversation {number} of the listing", skipped, _conversation, each)) is not None
            ]
            yield ConversationsPage(found, [got.exchange], skipped)

    def conversation(self, session: Session, account: AccountRef, conversation: Conversation) -> Iterator[Page]:
        """The messages of one, newest first."""
        graph = Graph(session, account, API_URL, VERSION)
        name = conversation.id
        whole = True
        for got in graph.edge(f"{name}/messages", {"fields": items.MESSAGE_FIELDS}, limit=LIMIT):
            skipped: list[Skipped] = []
            found = _read_all(
                got.entries, lambda each, **around: items.message_item(each, name, **around), "the messages", skipped
            )
            whole = whole and not skipped and not got.circles
            last = got.following is None
            coverage = Coverage(before=f"{name}!", after=f"{name} ") if last and whole else None
            yield Page(found, [got.exchange], sub_key=name, skipped=skipped, coverage=coverage)

    def members(self, session: Session, account: AccountRef, listing: str) -> Iterator[MemberPage]:
        """Whom the page has blocked (`/{page}/blocked`)."""
        graph = Graph(session, account, API_URL, VERSION)
        for got in graph.edge(f"{_page_id(account)}/{listing}", {"fields": "id,name"}, limit=LIMIT):
            members = [
                Party(str(each["id"]), None, text_of(each, "name"))
                for each in got.entries
                if isinstance(each, dict) and "id" in each
            ]
            yield MemberPage(members, [got.exchange])

    def lookup(self, session: Session, account: AccountRef, ids: Sequence[str]) -> Iterator[Lookup]:
        """Ask for single items. What code 100 is worth (gone, or no longer ours to read) the engine decides by a control."""
        graph = Graph(session, account, API_URL, VERSION)
        for identity in ids:
            exchange = graph.one(identity.removeprefix("profile:"), "id", is_not_there)
            if not is_not_there(exchange):
                yield Lookup(identity, State.PRESENT, "its own address shows it", exchange)
            elif identity.startswith("profile:"):
                yield Lookup(identity, None, words_of(exchange), exchange)
            else:
                yield Lookup(identity, State.GONE_CONFIRMED, words_of(exchange), exchange)

    def media_request(self, session: Session, account: AccountRef, media: Media) -> str:
        """The address of the largest picture, or of the video, asked for afresh: addresses are signed and expire."""
        if media.id.isascii() and media.id.replace("_", "").isdigit():
            graph = Graph(session, account, API_URL, VERSION)
            fields = "source" if media.kind == "video" else "images"
            exchange = graph.one(media.id, fields, lambda answer: not is_token(answer))
            if exchange.status < 400 and (found := _largest(graph.object(exchange))):  # noqa: PLR2004 - HTTP
                return found
        if media.url is None:
            raise UnreadableAnswerError(account.name, media.id, "the platform gives no address of the medium's bytes")
        return media.url

    def media_sha256(self, media: Media) -> bytes | None:  # noqa: ARG002
        """None: the platform tells no digests."""
        return None


def _page_id(account: AccountRef) -> str:
    return account.platform_id or account.handle


def _makers(stream: StreamKind, page: Party) -> Callable[..., Item]:
    match stream:
        case StreamKind.REELS:
            return lambda each, **around: items.reel_item(each, page, **around)
        case StreamKind.STORIES:
            return lambda each, **around: items.story_item(each, page, **around)
        case _:
            return items.post_item


def _read_all(entries: Sequence[Any], make: Callable[..., Item], what: str, skipped: list[Skipped]) -> list[Item]:
    found: dict[str, Item] = {}
    for number, each in enumerate(entries):
        item = read(f"entry {number} of {what}", skipped, make, each, exchange=0, pointer=f"/data/{number}")
        if item is not None:
            found.setdefault(item.id, item)
    return list(found.values())


def _second(item: Item) -> int:
    return max(0, int(item.created_at.timestamp())) if item.created_at else 0


def _belongs(item: Item, stream: StreamKind, page: Party) -> bool:
    """Whether an entry of an edge is the stream's: the feed has the page's own posts as well, which are the posts'."""
    if stream is StreamKind.VISITORS:
        return item.author is None or item.author.id != page.id
    return True


def _conversation(entry: Mapping[str, Any]) -> Conversation:
    told, at = items.moment_of(entry, "updated_time")
    count = entry.get("message_count")
    return Conversation(str(entry["id"]), told, at, count if isinstance(count, int) else None)


def _largest(answer: Mapping[str, Any]) -> str | None:
    """The address of a video, or of the largest of a photo's `images`."""
    if isinstance(source := answer.get("source"), str):
        return source
    images = [
        each for each in answer.get("images") or () if isinstance(each, dict) and isinstance(each.get("source"), str)
    ]
    largest = max(images, key=lambda each: int(each.get("width") or 0) * int(each.get("height") or 0), default=None)
    return None if largest is None else str(largest["source"])
