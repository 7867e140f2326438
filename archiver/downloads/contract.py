"""What a "download your data" format is: how it is recognised, whose it is, and what its files hold.

A format reads through a `Tree` and gives one file after the other, so that memory does not grow with the download. What
becomes of it (a WARC `resource` record for each file's bytes, versions with `Source.IMPORT`, the check that the owner is
the account) is decided by `archiver.capture`, once for all formats.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from archiver.downloads.unpack import Tree
    from archiver.platforms.items import Item, Skipped, Tombstone
    from archiver.platforms.pages import AccountRef, Page


@dataclasses.dataclass(frozen=True, slots=True)
class DownloadOwner:
    """Whose download it is, as the download itself says.

    `platform_id` is what an account is compared by; None where the download names no id (Instagram's never does), and then
    the account is compared by its handle.
    """

    platform_id: str | None
    handle: str | None = None
    name: str | None = None
    created_at: datetime | None = None
    """When the account was made."""
    namespace: str | None = None
    """The namespace of its items, where the platform has one (a Mastodon instance); None where it has none."""
    account: AccountRef | None = None
    """For a format of any platform's: the account that whoever imports it names."""


@dataclasses.dataclass(frozen=True, slots=True)
class DownloadFile:
    """One file of a download, or one piece of a large one, with what was read from it.

    Items, history and tombstones have `exchange=0` (the file) and a pointer into the whole file. `skipped` says what could not
    be read; a download with anything lost is incomplete.
    """

    name: str
    """Its path within the download, `/` between the parts; empty where something is said of the download as a whole."""
    body: bytes
    items: Sequence[Item]
    skipped: Sequence[Skipped] = ()
    history: Sequence[Item] = ()
    """What items of this piece said before they were edited, as in `Page.history`."""
    tombstones: Sequence[Tombstone] = ()
    """The download's own word that items of this piece are gone."""
    media: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Which files of the download are the bytes of which attachments, by `Media.id`."""
    span: tuple[int, int] | None = None
    """Which bytes of the file these are, the last one not counted, where it is not all of it."""
    kept_body: bytes | None = None
    """What of the bytes is kept, where something of them must not be (an e-mail address); `scrubbed` says what it was."""
    scrubbed: tuple[str, ...] = ()
    keep: bool = False
    """Keep the bytes, once, even if nothing in them is new: other pieces cannot be proved without them."""
    pages: Sequence[Page] | None = None
    """What it holds, where that is exchanges which somebody recorded (a WARC): each page with its own, whose ids
    only tell them from each other; `body` and `items` are empty then."""
    media_tree: Tree | None = None
    """Where the files of `media` lie, if not in the download's own tree."""


class Download(Protocol):
    """One format of download."""

    name: str
    """Of the format, such as `x_archive`."""

    @property
    def platform(self) -> str | None:
        """Of the platform whose accounts it belongs to, as in `platform:handle-or-id`; None for a format of any platform's."""
        ...

    def detect(self, tree: Tree) -> bool:
        """Whether the tree is a download of this format, wherever in it the download begins."""
        ...

    def owner(self, tree: Tree) -> DownloadOwner:
        """Whose it is. Raises `DamagedArchiveError`."""
        ...

    def expected(self, tree: Tree) -> int | None:
        """How many posts of the owner's own the download says it holds, after comparing all the totals it states.

        Counted are items that are sighted, and their earlier forms (`DownloadFile.history`); no profile and no message. None
        where the format states no total. Raises `TotalsDifferError`, `DamagedArchiveError`.
        """
        ...

    def files(self, tree: Tree, owner: DownloadOwner) -> Iterator[DownloadFile]:
        """Every file that says something, in a fixed order. `owner` is whom `owner` gave, with the stable id and the
        namespace that the register knows. Raises `TotalsDifferError`, `DamagedArchiveError`.
        """
        ...
