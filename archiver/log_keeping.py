"""Keeping the log, for whoever schedules it or sits at a terminal: append, sign a root, read again what is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archiver import timestamping
from archiver.custody import fixity, log, roots
from archiver.custody import standing as standings
from archiver.custody.keys import KeyProblem
from archiver.custody.nodes import LogDamaged
from archiver.custody.proofs import NoProof
from archiver.custody.roots import RootRefused
from archiver.evidence.timestamps import TimestampRefused
from archiver.evidence.verify import NotProven

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.x509 import Certificate

    from archiver.archive import Archive
    from archiver.custody.fixity import Report
    from archiver.custody.log import Appended
    from archiver.custody.roots import Published

LogError = (KeyProblem, LogDamaged, NoProof, NotProven, RootRefused, TimestampRefused)
"""What can go wrong, with a message that says what to do."""


def append(archive: Archive, *, missing: bool = False) -> Appended:
    """Append what waits; with `missing`, also what neither waits nor is in the log. Raises `LogDamaged`."""
    if missing:
        log.put_missing(archive.engine)
    return log.append(archive.engine, archive.now())


def publish_root(archive: Archive) -> Published:
    """Sign, timestamp and publish the log's root. Raises `RootRefused`, `KeyProblem`, `LogDamaged`.

    Where the authority gives no timestamp, the root is published without one, and `failed` says so.
    """
    return roots.publish(archive, lambda data: timestamping.stamp(archive.settings, data))


def check_fixity(
    archive: Archive,
    share: float | None = None,
    progress: Callable[[str, str], None] = lambda _kind, _subject: None,
) -> Report:
    """Read again a share of everything kept (that of the settings where None), or all of it (1).

    Timestamps are checked where the settings name an authority's certificates. Raises `TimestampRefused` where those cannot be
    read.
    """
    trusted: list[Certificate] = []
    if archive.settings.timestamp_ca is not None:
        trusted = timestamping.trusted_by(archive.settings)
    return fixity.run(
        archive, share=archive.settings.fixity_share if share is None else share, trusted=trusted, progress=progress
    )


def sentences(report: Report, most: int = 10) -> list[str]:
    """The findings for a person, the first of them where they are many."""
    said = [each.sentence for each in report.findings[:most]]
    more = len(report.findings) - len(said)
    return said + ([f"and {more} more; `civic-archive log fixity --json` prints all"] if more else [])


def standing(archive: Archive) -> dict[str, Any]:
    """How the log stands: its size and root, what waits, the last signed root, the key, when what was checked last."""
    return standings.standing(archive)
