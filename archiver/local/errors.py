"""What can go wrong with the embedded stack, each with what the reader can do about it."""

from __future__ import annotations


class LocalStackError(Exception):
    """The embedded stack could not do what was asked; the message says what to do."""


class NotInstalledError(LocalStackError):
    """The dependency group `local` is not installed."""


class JavaMissingError(LocalStackError):
    """No usable Java was found."""


class JavaTooOldError(LocalStackError):
    """Java was found, but none that is new enough."""


class PortTakenError(LocalStackError):
    """A port that was asked for is in use."""


class DiskFullError(LocalStackError):
    """Too little space is free where the home folder lies."""


class HomeBusyError(LocalStackError):
    """Another command holds the home folder's lock."""


class HomeUnusableError(LocalStackError):
    """The home folder cannot be used: unreachable for the servers' user, or damaged."""


class ServerDiedError(LocalStackError):
    """A server ended, or did not answer, while it was being started."""


class DownloadError(LocalStackError):
    """A server's files could not be fetched, or are not the files they should be."""
