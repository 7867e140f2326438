"""Budgets shared between parallel tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from archiver.platforms.contract import Exchange


class Limiter(Protocol):
    """Draws from budgets before a request, and learns from its answer."""

    words: str
    """Which budget was found used up, for the reader."""

    def draw(self, method: str, url: str, now: datetime) -> float:
        """Take what the request costs. 0 where it was taken; else the seconds until trying again may help, nothing taken."""
        ...

    def learn(self, exchange: Exchange, now: datetime) -> None:
        """What the answer tells: what it really cost, how much is left."""
        ...
