"""Instagram's professional accounts, read by either of the two log-ins: through a Facebook page, or Instagram's own."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from archiver.platforms import instagram_items as items
from archiver.platforms.answers import id_of, number_of, read
from archiver.platforms.contract import (
    AccountRef,
    AccountStatus,
    Conversation,
    ConversationsPage,
    Count,
    Coverage,
    Exchange,
    Item,
    ItemKind,
    Json,
    Lookup,
    Media,
    Page,
    Party,
    Session,
    Skipped,
    State,
    StreamKind,
)
from archiver.platforms.errors import NoSuchHandleError, UnreadableAnswerError
from archiver.platforms.falling import Falling
from archiver.platforms.graph import Graph
from archiver.platforms.graph_manners import draws, health, is_not_there, is_token, judge, usage, words_of
from archiver.platforms.instagram_manifest import FACEBOOK_URL, INSTAGRAM_URL, LIMIT, MANIFEST, NEEDED, VERSION
from archiver.platforms.instagram_threads import read_thread
from archiver.platforms.manners import Draw, Manners, Renewal, TokenHealth, Usage, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_EDGES = {
    StreamKind.POSTS: ("media", items.MEDIA_FIELDS, ItemKind.POST),
    StreamKind.STORIES: ("stories", items.STORY_FIELDS, ItemKind.STORY),
    StreamKind.MENTIONS: ("tags", items.MEDIA_FIELDS, ItemKind.POST),
}
_MOST = 10_000
"""The newest media are listed up to this number (ig-user/media)."""


class Instagram(Manners):
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
        """How the token stands: by debug_token on Facebook's log-in; Instagram's own tells only whether it is taken."""
        graph = _graph(session, account)
        if _by_facebook(account):
            exchange = graph.get("debug_token", {"input_token": graph.token}, lambda answer: not is_token(answer))
            return health(graph.object(exchange).get("data"), NEEDED["facebook"], exchange)
        exchange = graph.one("me", "user_id,username")
        words = f"the platform takes it as the token of {graph.object(exchange).get('username')}"
        return TokenHealth(alive=True, words=words, exchanges=(exchange,), renewable=True)

    def renew(self, session: Session, account: AccountRef) -> Renewal | None:
        """Have a token of Instagram's log-in renewed: it must be a day old, and dies for good after 60 days without (it is
        `GET /refresh_access_token` with `ig_refresh_token`). A page's token has no end.
        """
        if _by_facebook(account):
            return None
        graph = _graph(session, account)
        exchange = session.get(
            f"{graph.host}/refresh_access_token",
            params={"grant_type": "ig_refresh_token", "access_token": graph.token},
        )
        answer = graph.object(exchange)
        seconds, token = number_of(answer, "expires_in"), answer.get("access_token")
        if seconds is None or not isinstance(token, str):
            raise UnreadableAnswerError(
                account.name, exchange.url, "it has no `access_token` and `expires_in`", exchange
            )
        return Renewal({"token": token}, {"token": exchange.requested_at + timedelta(seconds=seconds)})

    def status(self, session: Session, account: AccountRef) -> AccountStatus:
        """Ask for the account. With Instagram's log-in, the `id` of `/me` is the app's own number for it: `user_id` is its."""
        graph = _graph(session, account)
        exchanges: list[Exchange] = []
        fields = items.PROFILE_FIELDS
        path = account.platform_id
        if not _by_facebook(account):
            path, fields = "me", f"user_id,{fields}"
        elif path is None:
            path = self._of_the_page(graph, account, exchanges)
        exchange = graph.one(path, fields, is_not_there)
        exchanges.append(exchange)
        if is_not_there(exchange):
            words = words_of(exchange)
            if account.platform_id is None:
                raise NoSuchHandleError(account.name, exchange.url, words, exchange)
            lost = f"profile:{account.platform_id}"
            return AccountStatus(account.platform_id, None, State.ACCESS_LOST, words, exchanges, profile_id=lost)
        answer = graph.object(exchange)
        skipped: list[Skipped] = []
        identity = read("the account", skipped, id_of, answer, "id" if _by_facebook(account) else "user_id")
        profile = identity and read(
            "the account", skipped, items.profile_item, answer, identity, exchange=len(exchanges) - 1
        )
        if not profile or profile.author is None:
            raise UnreadableAnswerError(account.name, exchange.url, skipped[0].reason, exchange)
        return AccountStatus(
            identity,
            profile.author.handle,
            State.PRESENT,
            "the account is there",
            exchanges,
            profile=profile,
            profile_id=profile.id,
            counts=[Count(StreamKind.POSTS.value, profile.counts.get("posts"))],
        )

    @staticmethod
    def _of_the_page(graph: Graph, account: AccountRef, exchanges: list[Exchange]) -> str:
        """The account that is linked to the page whose token it is."""
        exchange = graph.one(str(account.settings.get("page_id") or "me"), "instagram_business_account{id}")
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
        graph = _graph(session, account)
        edge, fields, kind = _EDGES[stream]
        mine = Party(_id(account), account.handle)
        place = resume if isinstance(resume, dict) else {}
        below, seen = place.get("below"), number_of(place, "seen") or 0
        falling = Falling(items.SECONDS, below if isinstance(below, str) else None)
        optional = is_not_there if stream is StreamKind.MENTIONS else None
        for got in graph.edge(f"{mine.id}/{edge}", {"fields": fields}, place.get("at"), LIMIT, optional):
            if is_not_there(got.exchange):
                why = f"the platform does not list them here ({words_of(got.exchange)})"
                yield Page(
                    (), [got.exchange], skipped=[Skipped("what the account is tagged in", why, lost=False)], keep=True
                )
                return
            skipped: list[Skipped] = []
            found: dict[str, Item] = {}
            for number, each in enumerate(got.entries):
                around = {"exchange": 0, "pointer": f"/data/{number}"}
                item = read(f"entry {number} of the {edge}", skipped, items.media_item, each, kind, mine, **around)
                if item is not None:
                    found.setdefault(item.id, item)
            seen += len(found)
            if got.circles:
                skipped.append(Skipped(f"what comes after in the {edge}", "the platform sends a page again and again"))
            capped = got.following is None and seen >= _MOST
            if capped:
                skipped.append(Skipped("older media", f"the platform lists the newest {_MOST} only", lost=False))
            seconds = [max(0, int(item.created_at.timestamp())) if item.created_at else 0 for item in found.values()]
            whole = not any(each.lost for each in skipped)
            coverage = falling.shown(seconds, last=got.following is None and not capped, whole=whole)
            falling.check(account, got.exchange)
            following = got.following
            yield Page(
                list(found.values()),
                [got.exchange],
                resume=None if following is None else {"at": dict(following), "below": falling.below, "seen": seen},
                coverage=None if stream is StreamKind.STORIES else coverage,
                skipped=skipped,
            )

    def thread(self, session: Session, account: AccountRef, post_id: str, known: bytes | None = None) -> Iterator[Page]:  # noqa: ARG002
        """Every comment below a post; see `instagram_threads.read_thread`."""
        return read_thread(_graph(session, account), post_id)

    def conversations(self, session: Session, account: AccountRef) -> Iterator[ConversationsPage]:
        """The account's conversations, those with the newest messages first."""
        graph = _graph(session, account)
        whose = str(account.settings.get("page_id") or "me") if _by_facebook(account) else "me"
        asked = {"platform": "instagram", "fields": "id,updated_time"}
        for got in graph.edge(f"{whose}/conversations", asked, limit=LIMIT):
            skipped: list[Skipped] = []
            found = [
                made
                for number, each in enumerate(got.entries)
                if (made := read(f"conversation {number} of the listing", skipped, _conversation, each)) is not None
            ]
            yield ConversationsPage(found, [got.exchange], skipped)

    def conversation(self, session: Session, account: AccountRef, conversation: Conversation) -> Iterator[Page]:
        """The messages of one, newest first."""
        graph = _graph(session, account)
        name, whole = conversation.id, True
        for got in graph.edge(f"{name}/messages", {"fields": items.MESSAGE_FIELDS}, limit=LIMIT):
            skipped: list[Skipped] = []
            found: dict[str, Item] = {}
            for number, each in enumerate(got.entries):
                around = {"exchange": 0, "pointer": f"/data/{number}"}
                item = read(f"message {number} of {name}", skipped, items.message_item, each, name, **around)
                if item is not None:
                    found.setdefault(item.id, item)
            whole = whole and not skipped and not got.circles
            coverage = Coverage(before=f"{name}!", after=f"{name} ") if got.following is None and whole else None
            yield Page(list(found.values()), [got.exchange], sub_key=name, skipped=skipped, coverage=coverage)

    def lookup(self, session: Session, account: AccountRef, ids: Sequence[str]) -> Iterator[Lookup]:
        """Ask for single items. What code 100 is worth (gone, or no longer ours to read) the engine decides by a control."""
        graph = _graph(session, account)
        for identity in ids:
            profile = identity.startswith("profile:")
            exchange = graph.one(identity.removeprefix("profile:"), "id", is_not_there)
            if not is_not_there(exchange):
                yield Lookup(identity, State.PRESENT, "its own address shows it", exchange)
            else:
                yield Lookup(identity, None if profile else State.GONE_CONFIRMED, words_of(exchange), exchange)

    def media_request(self, session: Session, account: AccountRef, media: Media) -> str:
        """The address of the bytes, asked for afresh: addresses are signed and expire."""
        if media.id.isascii() and media.id.isdigit():
            graph = _graph(session, account)
            exchange = graph.one(media.id, "media_url", lambda answer: not is_token(answer))
            found = graph.object(exchange).get("media_url")
            if isinstance(found, str):
                return found
        if media.url is None:
            words = "the platform gives no address of the medium's bytes (it leaves out what it holds to be somebody else's)"
            raise UnreadableAnswerError(account.name, media.id, words)
        return media.url

    def media_sha256(self, media: Media) -> bytes | None:  # noqa: ARG002
        """None: the platform tells no digests."""
        return None


def _by_facebook(account: AccountRef) -> bool:
    return account.settings.get("login") == "facebook"


def _graph(session: Session, account: AccountRef) -> Graph:
    return Graph(session, account, FACEBOOK_URL if _by_facebook(account) else INSTAGRAM_URL, VERSION)


def _id(account: AccountRef) -> str:
    return account.platform_id or "me"


def _conversation(entry: Mapping[str, Any]) -> Conversation:
    told, at = items.moment_of({"created_time": entry.get("updated_time")})
    return Conversation(id_of(entry), told, at)
