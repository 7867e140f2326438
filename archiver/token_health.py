"""Asking every account's token how it stands, for whoever schedules it or sits at a terminal."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from archiver import accounts
from archiver.capture.errors import CaptureError
from archiver.capture.export import session_of
from archiver.capture.tokens import TokenStanding, standings
from archiver.platforms import PLATFORMS
from archiver.platforms.errors import UnreadableAnswerError
from archiver.vault import VaultError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archiver.archive import Archive


def check(archive: Archive, names: Sequence[str]) -> dict[str, str]:
    """Ask for the tokens of these accounts, whenever they were asked for last. Gives why one could not be asked, by name.

    What the platforms said is kept; `standings` has it.
    """
    failed: dict[str, str] = {}
    for name in names:
        try:
            account = accounts.find(archive.engine, name)
            with session_of(archive, account, PLATFORMS[account.platform]) as (_, tokens):
                with contextlib.suppress(CaptureError, UnreadableAnswerError):  # the check itself says so
                    tokens.status()
                tokens.check(now_too=True)
        except (accounts.RegisterError, VaultError) as error:
            failed[name] = str(error)
    return failed


def problems(archive: Archive) -> list[str]:
    """One sentence for each account whose token somebody has to look at."""
    return [f"{each.account}: {each.problem}" for each in standings(archive) if each.problem]


__all__ = ["TokenStanding", "check", "problems", "standings"]
