"""The protocol that a connector fulfils, and the session that it is given.

A connector fetches through the session and parses apart from that: it never opens a socket, a file or a database of its own. It
yields pages (`archiver.platforms.pages`) of items (`archiver.platforms.items`); what a page means for the archive (versions,
states, cursors, windows) is decided by `archiver.capture`, once for all platforms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import timedelta

    from archiver.platforms.apart import Apart, Completed
    from archiver.platforms.items import Item, Json, Media, StreamKind
    from archiver.platforms.manifest import Manifest
    from archiver.platforms.manners import Draw, Renewal, TokenHealth, Usage, Verdict
    from archiver.platforms.pages import (
        AccountRef,
        AccountStatus,
        Conversation,
        ConversationsPage,
        Exchange,
        Inventory,
        Lookup,
        MemberPage,
        Page,
    )


class Session(Protocol):
    """What a connector fetches with. It retries, obeys limits, scrubs secrets and remembers each exchange."""

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str | int | Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        accept_errors: Callable[[Exchange], bool] | None = None,
    ) -> Exchange:
        """GET the address; error answers raise unless `accept_errors` says that the connector reads them itself."""
        ...

    def post(
        self,
        url: str,
        *,
        params: Mapping[str, str | int | Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Json = None,
        form: Mapping[str, str] | None = None,
        accept_errors: Callable[[Exchange], bool] | None = None,
    ) -> Exchange:
        """POST a JSON document or a form, where a platform reads or renews by POST; else as `get`."""
        ...

    def download(
        self,
        url: str,
        *,
        params: Mapping[str, str | int | Sequence[str]] | None = None,
        accept_errors: Callable[[Exchange], bool] | None = None,
    ) -> AbstractContextManager[Exchange]:
        """GET what is too large to be held, and public; else as `get`. `Exchange.file` is it until the block ends."""
        ...


class Platform(Protocol):
    """A connector. Its manners (`archiver.platforms.manners.Manners`, which it inherits) complete it."""

    manifest: Manifest

    def streams(self, account: AccountRef) -> Sequence[StreamKind]:
        """The streams that can be read with this account's settings."""
        ...

    def judge(self, exchange: Exchange) -> Verdict | None:
        """What an answer means beyond its HTTP status."""
        ...

    def draws(self, account: AccountRef, method: str, url: str) -> Sequence[Draw]:
        """What a request takes out of which budgets."""
        ...

    def usage(self, account: AccountRef, exchange: Exchange) -> Sequence[Usage]:
        """What an answer tells of the budgets."""
        ...

    def token(self, session: Session, account: AccountRef) -> TokenHealth | None:
        """How the account's token stands; None where it has none."""
        ...

    def renew(self, session: Session, account: AccountRef) -> Renewal | None:
        """Have the token renewed; None where the platform renews none."""
        ...

    def conversations(self, session: Session, account: AccountRef) -> Iterator[ConversationsPage]:
        """The account's conversations, newest first."""
        ...

    def conversation(self, session: Session, account: AccountRef, conversation: Conversation) -> Iterator[Page]:
        """The messages of one conversation."""
        ...

    def apart(self, account: AccountRef) -> Apart | None:
        """What of the items of the stream that is captured is asked for by itself."""
        ...

    def complete(self, session: Session, account: AccountRef, items: Sequence[Item]) -> Completed:
        """Ask for it, for some items."""
        ...

    def may_wait(self, media: Media) -> bool:
        """Whether a medium's bytes wait for a later night where their share is used up."""
        ...

    def lists(self, account: AccountRef) -> Sequence[str]:
        """The lists that can be read with this account's settings."""
        ...

    def members(self, session: Session, account: AccountRef, listing: str) -> Iterator[MemberPage]:
        """Everybody on a list, to its end."""
        ...

    def checked_every(self, account: AccountRef) -> timedelta | None:
        """How often the listings are checked with a second source."""
        ...

    def inventory(self, session: Session, account: AccountRef) -> AbstractContextManager[Inventory]:
        """What the second source says that the account has."""
        ...

    def status(self, session: Session, account: AccountRef) -> AccountStatus:
        """Ask for the account itself: is it there, under which name, with which profile."""
        ...

    def pages(
        self, session: Session, account: AccountRef, stream: StreamKind, resume: Json, validators: Mapping[str, str]
    ) -> Iterator[Page]:
        """Walk a listing newest first, from `resume` (None: the newest) to its end."""
        ...

    def thread(self, session: Session, account: AccountRef, post_id: str, known: bytes | None = None) -> Iterator[Page]:
        """Everything below one post, each page with `sub_key` set; the last one covers the thread as a whole.

        `known` is the SHA-256 of the one answer that the whole thread came in the last time: where it comes again, byte for
        byte, a page that says `unchanged` is enough.
        """
        ...

    def part_of_thread(
        self, session: Session, account: AccountRef, url: str, known: Callable[[str], str | None]
    ) -> Iterator[Page]:
        """What an address that `thread` asks for on its way shows, asked for by itself."""
        ...

    def lookup(self, session: Session, account: AccountRef, ids: Sequence[str]) -> Iterator[Lookup]:
        """Ask for single items by their id."""
        ...

    def media_request(self, session: Session, account: AccountRef, media: Media) -> str | Exchange:
        """The address to fetch a medium's original bytes from, asked for afresh where addresses expire; or the exchange that
        brought them, where they are small and only given to the account's token. Raises `MediumWithheldError` where the platform
        says that it does not give them.
        """
        ...

    def media_sha256(self, media: Media) -> bytes | None:
        """The SHA-256 that the medium's bytes must have, where the platform's own id tells it; else None."""
        ...
