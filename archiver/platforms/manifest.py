"""What a platform declares of itself."""

from __future__ import annotations

import dataclasses

from archiver.platforms.items import StreamKind


@dataclasses.dataclass(frozen=True, slots=True)
class Setting:
    """One setting of an account on this platform."""

    name: str
    help: str
    required: bool = False
    secret: bool = False
    default: str | None = None
    among: tuple[str, ...] = ()
    """The values that it may have, where not any."""


COMMON_SETTINGS = (
    Setting("light_minutes", "How often the light pass reads the newest posts and comments, in minutes; 0: never."),
    Setting(
        "lists",
        "Which lists of accounts to keep as dated snapshots, of those the platform gives: `blocked`, `followers`, both, or "
        "`none`. Unset: `blocked`, unless reading it costs money.",
    ),
)
"""What every account may have set, whatever its platform."""


@dataclasses.dataclass(frozen=True, slots=True)
class Manifest:
    """What a platform declares of itself; the documentation and the set-up help are made from it."""

    name: str
    title: str
    streams: tuple[StreamKind, ...]
    settings: tuple[Setting, ...]
    permissions: tuple[str, ...]
    limits: tuple[str, ...]
    cannot_see: tuple[str, ...]
    sources: tuple[str, ...]
    needs_token: bool = False
    may_be_empty: frozenset[StreamKind] = frozenset()
    """Streams of which nothing is no wonder, though there was something before (stories, mentions)."""
    threads_of: tuple[StreamKind, ...] = (StreamKind.POSTS,)
    """The streams whose items have comments of their own to be read."""
    by_conversation: bool = False
    """Whether messages are read conversation by conversation (`Manners.conversations`), not as one listing."""
    light: tuple[StreamKind, ...] = (StreamKind.POSTS, StreamKind.STORIES, StreamKind.COMMENTS)
    """What the light pass between two nights reads, of the streams that there are."""
    light_minutes: int = 30
    """How often the light pass comes by, unless the account's setting says otherwise; 0: never."""
    lookups: bool = True
    """Whether single items can be asked for by their id (`Platform.lookup`); a feed has no such address."""
    places: frozenset[str] = frozenset()
    """The parameters of its addresses that only say where in a listing an answer stands (a cursor, the number of a page): two
    that differ in nothing else are of one listing. By them an answer that was recorded is known for what it is."""
    lists: tuple[str, ...] = ()
    """Lists of parties that can be read: `blocked`, `followers`."""
    lists_asked: frozenset[str] = frozenset({"followers"})
    """Of these, the ones that are read only where the account's setting `lists` names them."""
