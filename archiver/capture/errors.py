"""What can go wrong while a capture fetches. Each says which address, what happened, and what the reader can do.

All of them survive pickling, since Airflow carries exceptions between processes.
"""

from __future__ import annotations


class CaptureError(Exception):
    """A capture could not go on. `retryable` says whether trying again later can help by itself."""

    retryable = True


class RequestFailed(CaptureError):
    """The platform answered with an error that the connector does not read itself.

    `final`: it says that what was asked is wrong, so that asking again does not help; else it was asked again until no attempt
    was left, or the answer is not about what was asked (a firewall's, a server's that fails). `limit`: too much was asked.
    """

    def __init__(self, url: str, status: int, words: str, final: bool = False, limit: bool = False) -> None:  # noqa: FBT001, FBT002 - pickled in order
        super().__init__(url, status, words, final, limit)
        self.url, self.status, self.words, self.final, self.limit = url, status, words, final, limit

    def __str__(self) -> str:
        return f"{self.url} answered {self.status}: {self.words or 'no explanation'}"


class RateLimited(CaptureError):
    """The platform asks for a longer wait than a capture may take; the next run goes on from here.

    `words` say which budget is used up, where it is not simply the platform's answer.
    """

    def __init__(self, url: str, wait: float, words: str = "") -> None:
        super().__init__(url, wait, words)
        self.url, self.wait, self.words = url, wait, words

    def __str__(self) -> str:
        why = f" ({self.words})" if self.words else ""
        return (
            f"{self.url} is rate-limited for another {self.wait:.0f} s{why}, longer than this capture may wait "
            "(CIVIC_ARCHIVE_MAX_WAIT); what was captured is kept, and the next run goes on"
        )


class TokenRefused(CaptureError):
    """The platform does not take the account's token any more. Says nothing about any item.

    `remedy`: what to do about it, where the account need not be connected anew.
    """

    retryable = False

    def __init__(self, url: str, words: str, remedy: str = "connect the account to the archive anew") -> None:
        super().__init__(url, words, remedy)
        self.url, self.words, self.remedy = url, words, remedy

    def __str__(self) -> str:
        return f"{self.url} refused the account's token: {self.words}; {self.remedy}"


class Unreachable(CaptureError):
    """No answer at all, after every attempt."""

    def __init__(self, url: str, words: str) -> None:
        super().__init__(url, words)
        self.url, self.words = url, words

    def __str__(self) -> str:
        return f"{self.url} could not be reached: {self.words}"


class Refused(CaptureError):
    """The fetcher itself refuses the address or the answer (private address, too large, wrong type)."""

    retryable = False

    def __init__(self, url: str, why: str) -> None:
        super().__init__(url, why)
        self.url, self.why = url, why

    def __str__(self) -> str:
        return f"{self.url} is refused: {self.why}"


class BadAnswer(CaptureError):
    """The platform answered, but not in the form that its API promises."""

    def __init__(self, url: str, why: str) -> None:
        super().__init__(url, why)
        self.url, self.why = url, why

    def __str__(self) -> str:
        return f"{self.url} gave an answer that cannot be read: {self.why}; nothing of it was taken as a record"


class PageLoop(CaptureError):
    """The platform keeps sending pages that were seen before."""

    retryable = False

    def __init__(self, account: str, stream: str, token: str) -> None:
        super().__init__(account, stream, token)
        self.account, self.stream, self.token = account, stream, token

    def __str__(self) -> str:
        return (
            f"{self.account} ({self.stream}): the platform sends the same page again after {self.token!r}; "
            "what came before it is kept, the rest is missing"
        )


class ListRepeats(CaptureError):
    """A list of accounts goes on, and shows nobody new."""

    def __init__(self, account: str, listing: str, pages: int) -> None:
        super().__init__(account, listing, pages)
        self.account, self.listing, self.pages = account, listing, pages

    def __str__(self) -> str:
        return (
            f"{self.account} ({self.listing}): {self.pages} pages in a row say that there is more, and show nobody new; the "
            "next night reads the list anew"
        )


class UnexplainedZero(CaptureError):
    """A live account that always had items gives none: an error until explained, never taken for deletions."""

    def __init__(self, account: str, stream: str, held: int) -> None:
        super().__init__(account, stream, held)
        self.account, self.stream, self.held = account, stream, held

    def __str__(self) -> str:
        return (
            f"{self.account} ({self.stream}): the platform returned nothing where {self.held} items are held; "
            "no item is marked as missing until the platform's own count says that there are none"
        )


class AccessLost(CaptureError):
    """The account cannot be read: our log-in died, or the platform closed it. Says nothing about its items."""

    retryable = False

    def __init__(self, account: str, words: str) -> None:
        super().__init__(account, words)
        self.account, self.words = account, words

    def __str__(self) -> str:
        return f"{self.account} cannot be read: {self.words}"


class StreamBusy(CaptureError):
    """Another capture is at work on the stream."""

    def __init__(self, account: str, stream: str) -> None:
        super().__init__(account, stream)
        self.account, self.stream = account, stream

    def __str__(self) -> str:
        return f"{self.account} ({self.stream}): another capture is running; try again when it has ended"
