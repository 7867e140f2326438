"""Noticing that a walk goes in circles, in memory that does not grow with the walk. Pure."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archiver.platforms.pages import Page


@dataclasses.dataclass(slots=True)
class LoopWatch:
    """Brent's cycle detection over what each page says of itself (R. P. Brent, 1980, "An improved Monte Carlo factorization
    algorithm"): one remembered page, replaced at each power of two, so that every circle is noticed within about three of
    its lengths. A page that shows the very items of the one before it is noticed at once.
    """

    _kept: frozenset[bytes] = frozenset()
    _last: frozenset[bytes] = frozenset()
    _since: int = 0
    _power: int = 1

    def circles(self, page: Page) -> bool:
        """Whether the page shows, or leads to, what an earlier page of this walk did. An empty page says nothing."""
        if not page.items or page.resume is None:
            return False
        ids = "\n".join(sorted(f"{item.namespace} {item.id}" for item in page.items if item.sighted))
        marks = frozenset(
            hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
            for text in (f"resume {page.resume!r}", f"items {ids}" if ids else "")
            if text
        )
        if marks & (self._kept | self._last):
            return True
        self._last = marks
        self._since += 1
        if self._since == self._power:
            self._kept, self._since, self._power = marks, 0, self._power * 2
        return False
