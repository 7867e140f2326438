"""What a connector cannot go on from. Each names the account and what the reader can do.

They carry what the platform said, so that the capture engine can record it; all of them survive pickling.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archiver.platforms.pages import AccountStatus, Exchange


class AccountUnavailableError(Exception):
    """The listing itself said that the account cannot be read, on a platform that has no other place to say so.

    `status` is what the engine records, as if `Platform.status` had given it, exchanges included.
    """

    def __init__(self, account: str, status: AccountStatus) -> None:
        super().__init__(account, status)
        self.account, self.status = account, status

    def __str__(self) -> str:
        return f"{self.account}: {self.status.words}"


class UnreadableAnswerError(Exception):
    """The platform answered, but not with what it promises; nothing of the answer was taken as a record. `retryable` says
    whether asking again later can help by itself.
    """

    retryable = True

    def __init__(self, account: str, url: str, why: str, exchange: Exchange | None = None) -> None:
        super().__init__(account, url, why, exchange)
        self.account, self.url, self.why, self.exchange = account, url, why, exchange

    def __str__(self) -> str:
        return f"{self.account}: {self.url} gave an answer that cannot be read: {self.why}"


class MediumWithheldError(UnreadableAnswerError):
    """The platform does not give the bytes of a medium, and says so: they are asked for again only when somebody wants it."""

    retryable = False

    def __str__(self) -> str:
        return f"{self.account}: the platform does not give {self.url}: {self.why}"


class NotAFeedError(UnreadableAnswerError):
    """What came is no feed at all, or nothing of it can be read."""

    def __str__(self) -> str:
        return (
            f"{self.account}: {self.url} gave no feed: {self.why}; look at the address in a browser, and correct the "
            "account's `url` setting if the feed has moved"
        )


class NoSuchHandleError(UnreadableAnswerError):
    """The name that the register has for an account belongs to nobody on the platform."""

    retryable = False

    def __str__(self) -> str:
        return f"{self.account}: {self.why}; correct the account's line in the register"
