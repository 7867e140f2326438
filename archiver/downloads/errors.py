"""What is wrong with a download, said with the name of the archive and of the file within it."""

from __future__ import annotations


class DownloadError(Exception):
    """A download that cannot be imported, or not whole. All of them survive pickling."""

    def __init__(self, archive: str, why: str) -> None:
        super().__init__(archive, why)
        self.archive, self.why = archive, why

    def __str__(self) -> str:
        return f"{self.archive}: {self.why}"


class UnsafeArchiveError(DownloadError):
    """The archive would do harm if unpacked: a path that climbs out, a link, a bomb. Nothing of it is read."""


class DamagedArchiveError(DownloadError):
    """The archive or a file in it cannot be read."""


class FileTooLargeError(DownloadError):
    """A file is larger than what is read at once."""


class TotalsDifferError(DownloadError):
    """The download's own totals contradict each other or what its files hold."""
