"""YouTube by its Data API: a channel's uploads, and the comments below each with their answers and what became of them.

With the grant of the channel's owner, comments that are held are read too; with an API key, what everybody sees.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archiver.platforms import youtube_captions as captions
from archiver.platforms import youtube_items as items
from archiver.platforms.answers import number_of, read
from archiver.platforms.errors import NoSuchHandleError, UnreadableAnswerError
from archiver.platforms.falling import Falling
from archiver.platforms.items import Item, Json, Media, Skipped, State, StreamKind, Tombstone
from archiver.platforms.manners import Draw, Manners, Renewal, TokenHealth, Usage, Verdict
from archiver.platforms.pages import AccountRef, AccountStatus, Count, Coverage, Exchange, Lookup, Page
from archiver.platforms.youtube_lookups import AT_ONCE, Held, look_up_comments, look_up_videos
from archiver.platforms.youtube_manifest import MANIFEST, SCOPE
from archiver.platforms.youtube_manners import RENEWING, draws, judge, renewed, usage
from archiver.platforms.youtube_server import Listed, Server, for_reasons, owns
from archiver.platforms.youtube_threads import read_part, read_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from archiver.platforms.apart import Apart, Completed
    from archiver.platforms.contract import Session

_MOST = 50
"""Of a page of a playlist."""
_CAP, _NEAR = 20_000, 200
"""How many uploads the playlist reaches; one that ends so near may have been cut there."""
_VIDEO = re.compile(r"[\w-]{11}", re.ASCII)
_CHANNEL = re.compile(r"UC[\w-]{22}", re.ASCII)
_UPLOADS = "uploads_playlist"


class YouTube(Manners):
    """The connector. It keeps nothing between two captures."""

    manifest = MANIFEST

    def judge(self, exchange: Exchange) -> Verdict | None:
        """See `youtube_manners.judge`."""
        return judge(exchange)

    def draws(self, account: AccountRef, method: str, url: str) -> Sequence[Draw]:  # noqa: ARG002 - the protocol's shape
        """See `youtube_manners.draws`."""
        return draws(account, url)

    def usage(self, account: AccountRef, exchange: Exchange) -> Sequence[Usage]:
        """See `youtube_manners.usage`."""
        return usage(account, exchange)

    def renew(self, session: Session, account: AccountRef) -> Renewal | None:
        """See `youtube_manners.renewed`."""
        return renewed(session, account)

    def token(self, session: Session, account: AccountRef) -> TokenHealth | None:
        """Whether the token is good, and whether it is the channel's own (channels.list, `mine`)."""
        server = Server(session, account)
        if not server.owns:
            words = "an API key, which does not end: published comments and public videos alone can be read with it"
            return TokenHealth(alive=None, words=words)
        exchange, entries = server.ask("channels", "id", {"mine": "true"})
        mine = [str(each["id"]) for each in entries if isinstance(each, dict) and "id" in each]
        renewable = all(account.settings.get(each) for each in RENEWING)
        ends = "it is renewed" if renewable else f"{', '.join(RENEWING)} are not all set: it ends within an hour"
        if account.platform_id in (*mine, None):
            whose, missing = "this channel", ""
        else:
            whose = ", ".join(mine) or "somebody without a channel"
            missing = f"{SCOPE} granted by the owner of {account.platform_id}"
        return TokenHealth(
            alive=True,
            words=f"YouTube takes it as the token of {whose}; {ends}",
            exchanges=(exchange,),
            renewable=renewable,
            missing=(missing,) if missing else (),
        )

    def status(self, session: Session, account: AccountRef) -> AccountStatus:
        """Ask for the channel, by its id once that is known. YouTube does not say why one is not there: it may come back."""
        server = Server(session, account)
        exchange, entries = server.ask("channels", items.CHANNEL_PARTS, _asked_for(account))
        if not entries:
            words = "YouTube shows no such channel: it was closed, terminated or hidden"
            if account.platform_id is None:
                raise NoSuchHandleError(
                    account.name, exchange.url, f"YouTube has no channel {account.handle}", exchange
                )
            return AccountStatus(
                account.platform_id, None, State.HIDDEN, words, [exchange], profile_id=account.platform_id
            )
        skipped: list[Skipped] = []
        profile = read("the channel", skipped, items.profile_item, entries[0], 0)
        uploads = read("the channel", skipped, items.uploads_of, entries[0])
        if profile is None or profile.author is None or skipped:
            raise UnreadableAnswerError(account.name, exchange.url, skipped[0].reason, exchange)
        handle = profile.author.handle
        if handle is not None and handle.lower() == account.handle.lower():
            handle = account.handle  # YouTube writes it in small letters at times
        return AccountStatus(
            profile.author.id,
            handle,
            State.PRESENT,
            "the channel is there",
            [exchange],
            profile=profile,
            profile_id=profile.id,
            counts=[Count("posts", profile.counts.get("posts"))],
            settings={_UPLOADS: uploads, "upload_count": profile.counts.get("posts")},
        )

    def pages(
        self,
        session: Session,
        account: AccountRef,
        stream: StreamKind,
        resume: Json,
        validators: Mapping[str, str],
    ) -> Iterator[Page]:
        """Walk the channel's uploads, newest first, and ask for the videos of each page.

        A channel that has uploaded nothing may have no such playlist at all. A walk whose place is not known any more begins
        anew.
        """
        server = Server(session, account)
        place = resume if isinstance(resume, dict) else {}
        at, below = place.get("at"), place.get("below")
        seen = number_of(place, "seen") or 0
        falling = Falling(items.SECONDS, below if isinstance(below, str) else None)
        asked: dict[str, str | int] = {"playlistId": _uploads(server), "maxResults": _MOST}
        expected = for_reasons("playlistNotFound" if at is None else "invalidPageToken")
        for got in server.walk(
            "playlistItems", "snippet,contentDetails,status", asked, at if isinstance(at, str) else None, expected
        ):
            if got.refused and at is None:
                yield Page((), [got.exchange], coverage=Coverage(None, None), keep=True)
                return
            if got.refused:  # the place where the walk stood is not known any more
                yield from self.pages(session, account, stream, None, validators)
                return
            page = _videos(server, got)
            seen += len(got.entries)
            last = got.following is None
            whole = not any(each.lost for each in page.skipped)
            cut = last and max(seen, number_of(account.settings, "upload_count") or 0) >= _CAP - _NEAR
            keys = [item.order_key for item in page.items if item.order_key]
            page.coverage = falling.shown(keys, last=last and not cut, whole=whole)
            page.resume = None if last else {"at": got.following, "below": falling.below, "seen": seen}
            yield page

    def apart(self, account: AccountRef) -> Apart | None:
        """See `youtube_captions.apart`."""
        return captions.apart(account, owns=owns(account)) if _stream(account) == StreamKind.POSTS.value else None

    def complete(self, session: Session, account: AccountRef, items: Sequence[Item]) -> Completed:
        """See `youtube_captions.complete`: videos come one by one."""
        return captions.complete(Server(session, account), items[0])

    def may_wait(self, media: Media) -> bool:
        """Tracks of captions have units of their own."""
        return captions.is_track(media)

    def thread(self, session: Session, account: AccountRef, post_id: str, known: bytes | None = None) -> Iterator[Page]:
        """See `youtube_threads.read_thread`."""
        return read_thread(Server(session, account), post_id, known)

    def part_of_thread(
        self, session: Session, account: AccountRef, url: str, known: Callable[[str], str | None]
    ) -> Iterator[Page]:
        """See `youtube_threads.read_part`."""
        return read_part(Server(session, account), url, known)

    def lookup(self, session: Session, account: AccountRef, ids: Sequence[str]) -> Iterator[Lookup]:
        """See `youtube_lookups`. An account's id is its profile's."""
        server = Server(session, account)
        for each in ids:
            if each == account.platform_id:
                status = self.status(session, account)
                state = status.state if status.state is State.PRESENT else None
                yield Lookup(each, state, status.words, status.exchanges[0])
        others = [each for each in ids if each != account.platform_id]
        videos = [each for each in others if _VIDEO.fullmatch(each)]
        comments = [each for each in others if not _VIDEO.fullmatch(each)]
        held = Held(server)
        for start in range(0, len(videos), AT_ONCE):
            yield from look_up_videos(server, videos[start : start + AT_ONCE])
        for start in range(0, len(comments), AT_ONCE):
            yield from look_up_comments(server, comments[start : start + AT_ONCE], held)

    def media_request(self, session: Session, account: AccountRef, media: Media) -> str | Exchange:
        """The address of a picture; that of one in a comment is signed for six hours, and asked for afresh. A track of captions
        itself, which is given to the owner's token alone.
        """
        if captions.is_track(media):
            return captions.download(Server(session, account), media)
        if media.id.endswith(items.IMAGE):
            identity = media.id.removesuffix(items.IMAGE)
            exchange, entries = Server(session, account).ask("comments", "snippet", {"id": identity})
            found = [read("the comment", [], items.comment_item, each, "", exchange=0) for each in entries]
            address = next((each.url for item in found if item for each in item.media if each.url), None)
            if address is None:
                raise UnreadableAnswerError(account.name, media.id, "YouTube shows no picture of it any more", exchange)
            return address
        if media.url is None:
            raise UnreadableAnswerError(account.name, media.id, "YouTube gave no address of the picture")
        return media.url

    def media_sha256(self, media: Media) -> bytes | None:  # noqa: ARG002
        """None: YouTube tells no digests."""
        return None


def _stream(account: AccountRef) -> str:
    """The stream that is captured, where one is."""
    return str(account.settings.get("stream") or "")


def _asked_for(account: AccountRef) -> dict[str, str | int]:
    """Which channel: by its id, as far as it is known, else by its handle."""
    if account.platform_id or _CHANNEL.fullmatch(account.handle):
        return {"id": account.platform_id or account.handle}
    return {"forHandle": f"@{account.handle}"}


def _uploads(server: Server) -> str:
    """The playlist of the channel's uploads, as its status told, or asked for by itself. Raises `UnreadableAnswerError`."""
    account = server.account
    if isinstance(told := account.settings.get(_UPLOADS), str):
        return told
    exchange, entries = server.ask("channels", "contentDetails", _asked_for(account))
    found = read("the channel", [], items.uploads_of, entries[0]) if entries else None
    if found is None:
        raise UnreadableAnswerError(account.name, exchange.url, "it names no playlist of uploads", exchange)
    return found


def _videos(server: Server, got: Listed) -> Page:
    """The videos of a page of the playlist; one that it names and YouTube does not show is left to be looked up."""
    skipped: list[Skipped] = []
    named: dict[str, None] = {}
    for number, entry in enumerate(got.entries):
        identity = read(f"entry {number} of the uploads", skipped, items.video_id_of, entry)
        if identity is not None:
            named.setdefault(identity)
    if got.circles:
        skipped.append(Skipped("the older uploads", "the platform sends a page again and again"))
    if not named:
        return Page((), [got.exchange], skipped=skipped)
    exchange, entries = server.ask("videos", items.VIDEO_PARTS, {"id": ",".join(named)})
    found: dict[str, Item] = {}
    gone: list[Tombstone] = []
    for number, video in enumerate(entries):
        what = f"video {number} of the uploads"
        if read(what, [], items.is_deleted, video):
            gone.append(Tombstone(str(video["id"]), State.NOT_RETURNED, "YouTube says: uploadStatus deleted", 1))
            continue
        item = read(what, skipped, items.video_item, video, exchange=1, pointer=f"/items/{number}")
        if item is not None:
            found.setdefault(item.id, captions.marked(item, server.account, video))
    words = "the playlist of uploads names it, and YouTube does not show it"
    shown = {*found, *(stone.id for stone in gone)}
    if len(entries) < len(named):
        skipped += [Skipped(f"the video {each}", words, lost=False) for each in named if each not in shown]
    return Page(list(found.values()), [got.exchange, exchange], skipped=skipped, tombstones=gone)
