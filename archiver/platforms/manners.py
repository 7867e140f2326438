"""How a platform wants to be treated: what its answers mean beyond their status, what requests cost, and its tokens.

A connector inherits `Manners` and overrides what its platform has; the session and the limiter in `archiver.capture` obey it.
Everything here is pure but `token` and `renew`, which ask the platform through the session they are given.
"""

from __future__ import annotations

import dataclasses
import enum
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from archiver.platforms.apart import Apart, Completed
    from archiver.platforms.contract import Session
    from archiver.platforms.items import Item, Media, StreamKind
    from archiver.platforms.manifest import Manifest
    from archiver.platforms.pages import (
        AccountRef,
        Conversation,
        ConversationsPage,
        Exchange,
        Inventory,
        MemberPage,
        Page,
    )


class Meaning(enum.StrEnum):
    """What an answer means for whoever asked."""

    RETRY = "retry"
    """A passing fault: ask again after a back-off."""
    WAIT = "wait"
    """Too much was asked: ask again after the time the platform names, or a back-off where it names none."""
    EXHAUSTED = "exhausted"
    """A budget (a day's quota, a month's cap, the credit) is used up: nothing more before its time."""
    TOKEN = "token"  # noqa: S105 - a word, no secret
    """The token is dead; nothing says anything about items. Somebody has to connect the account anew."""
    FORBIDDEN = "forbidden"
    """This one thing may not be read with this token; the others may."""
    FINAL = "final"
    """An error that asking again does not mend."""


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """What an answer means, in the platform's own words. `seconds` is the wait that it names, where it does."""

    meaning: Meaning
    words: str
    seconds: float | None = None


class Period(enum.StrEnum):
    """Windows that follow a calendar instead of the first request."""

    PACIFIC_DAY = "pacific_day"
    """Midnight to midnight in Los Angeles (Google's quota)."""
    UTC_DAY = "utc_day"
    UTC_MONTH = "utc_month"


@dataclasses.dataclass(frozen=True, slots=True)
class Budget:
    """So many units in a window, shared by every task that uses the same token (or address, or app).

    `window` is a length that begins with the first request in it, or a calendar's period. `shared_by` says who draws from the
    same budget: `token`, `account`, or `everyone` (all accounts of the platform). A `paced` one is one unit in each window of a
    fixed length, and who comes takes the next turn in the line, however many stand there.
    """

    name: str
    units: int
    window: timedelta | Period
    shared_by: str = "token"
    paced: bool = False

    def ends(self, now: datetime) -> datetime:
        """When a window that is open at `now` (and began there, where it follows no calendar) ends; aware, UTC."""
        match self.window:
            case timedelta():
                return now + self.window
            case Period.UTC_MONTH:
                first = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
                return (first + timedelta(days=32)).replace(day=1)
            case Period.UTC_DAY:
                zone: ZoneInfo | None = None
            case Period.PACIFIC_DAY:
                zone = ZoneInfo("America/Los_Angeles")
        local = now.astimezone(zone or UTC)
        midnight = datetime(local.year, local.month, local.day, tzinfo=local.tzinfo) + timedelta(days=1)
        return midnight.astimezone(UTC)


@dataclasses.dataclass(frozen=True, slots=True)
class Draw:
    """What a request takes out of a budget before it is made: the most that it can cost. 0 only asks whether it is open."""

    budget: Budget
    units: int = 1


@dataclasses.dataclass(frozen=True, slots=True)
class Usage:
    """What an answer tells of a budget: what the request really cost, or how much is left until when."""

    budget: Budget
    spent: int | None = None
    """Instead of what was drawn for it."""
    remaining: int | None = None
    resets_at: datetime | None = None
    """When the window ends, as the platform says; with `remaining` 0 nobody asks before."""


@dataclasses.dataclass(frozen=True, slots=True)
class TokenHealth:
    """How a token stands, as far as the platform tells.

    `alive` None where it does not tell without spending. Times are aware, UTC. `missing` names the permissions that streams
    of the manifest need and the token does not have.
    """

    alive: bool | None
    words: str
    expires_at: datetime | None = None
    scopes: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    renewable: bool = False
    """Whether `renew` would be answered now (a token may have to be a day old first)."""


@dataclasses.dataclass(frozen=True, slots=True)
class Renewal:
    """New tokens by the names of the settings that they replace, and when each ends. To be saved before they are used."""

    secrets: Mapping[str, str]
    expires_at: Mapping[str, datetime] = dataclasses.field(default_factory=dict)
    words: str = "renewed by the platform"


class Manners:
    """What a platform does that has none of its own: HTTP says what answers mean, nothing has a budget, no token ends."""

    manifest: Manifest

    def streams(self, account: AccountRef) -> Sequence[StreamKind]:  # noqa: ARG002 - for those who need it
        """The streams that can be read with this account's settings (no messages without the token for them)."""
        return self.manifest.streams

    def judge(self, exchange: Exchange) -> Verdict | None:  # noqa: ARG002 - as above
        """What an answer means beyond its HTTP status, a 200 with an error in it included; None: what HTTP says. Pure."""
        return None

    def draws(self, account: AccountRef, method: str, url: str) -> Sequence[Draw]:  # noqa: ARG002 - as above
        """What a request takes out of which budgets. Pure; `url` is whole, secrets included."""
        return ()

    def usage(self, account: AccountRef, exchange: Exchange) -> Sequence[Usage]:  # noqa: ARG002 - as above
        """What an answer tells of the budgets. Pure."""
        return ()

    def token(self, session: Session, account: AccountRef) -> TokenHealth | None:  # noqa: ARG002 - as above
        """How the account's token stands; None where the account has none."""
        return None

    def renew(self, session: Session, account: AccountRef) -> Renewal | None:  # noqa: ARG002 - as above
        """Have the token renewed; None where the platform renews none. Raises what the session raises."""
        return None

    def conversations(self, session: Session, account: AccountRef) -> Iterator[ConversationsPage]:
        """The account's conversations, those with the newest messages first (`Manifest.by_conversation`)."""
        raise NotImplementedError(f"{account.platform} has no conversations ({type(session).__name__})")

    def conversation(self, session: Session, account: AccountRef, conversation: Conversation) -> Iterator[Page]:
        """The messages of one conversation, newest first, `sub_key` its id; the last page has a coverage."""
        raise NotImplementedError(f"{account.platform} has no {conversation.id} ({type(session).__name__})")

    def apart(self, account: AccountRef) -> Apart | None:  # noqa: ARG002 - for those who have it
        """What of the items of the stream that is captured is asked for by itself; None: nothing."""
        return None

    def complete(self, session: Session, account: AccountRef, items: Sequence[Item]) -> Completed:
        """Ask for it, for up to `Apart.at_once` items. Raises what the session raises, and `UnreadableAnswerError`."""
        raise NotImplementedError(f"{account.platform} shows {len(items)} items whole ({type(session).__name__})")

    def may_wait(self, media: Media) -> bool:  # noqa: ARG002 - for those who have some
        """Whether a medium's bytes are paid for from a share of their own: where that is used up they wait for a later night, and
        the capture is whole without them.
        """
        return False

    def part_of_thread(
        self,
        session: Session,  # noqa: ARG002 - for those who need it, here and below
        account: AccountRef,  # noqa: ARG002
        url: str,  # noqa: ARG002
        known: Callable[[str], str | None],  # noqa: ARG002
    ) -> Iterator[Page]:
        """What an address that `thread` asks for on its way shows (answers to one comment, comments in one state of moderation),
        asked for by itself, in pages that cover nothing; no pages for an address that is none of those.

        A thread cannot be read from its beginning where only what came later is there: of a night that is kept which told
        something new. `known` gives the root of a comment, and the identity of an item by another id of it; None where it is
        not known.
        """
        return iter(())

    def lists(self, account: AccountRef) -> Sequence[str]:  # noqa: ARG002 - for those who need it
        """The lists that can be read with this account's settings (not whom it blocks without its token)."""
        return self.manifest.lists

    def members(self, session: Session, account: AccountRef, listing: str) -> Iterator[MemberPage]:
        """Everybody on a list (`Manifest.lists`: whom the account blocks, who follows it), to its end.

        A walk that ends has shown the whole list. Whatever keeps it from that is raised: an entry that cannot be read, pages
        that lead nowhere.
        """
        raise NotImplementedError(f"{account.platform} has no list {listing} ({type(session).__name__})")

    def checked_every(self, account: AccountRef) -> timedelta | None:  # noqa: ARG002 - for those who have one
        """How often the account's listings are checked with a second source (`inventory`); None: never, or there is none."""
        return None

    def inventory(self, session: Session, account: AccountRef) -> AbstractContextManager[Inventory]:
        """What a second source says that the account's streams hold. Its exchange's file is there until the block ends.

        Raises what the session raises, and `UnreadableAnswerError`.
        """
        raise NotImplementedError(f"{account.platform} has no second source ({type(session).__name__})")
