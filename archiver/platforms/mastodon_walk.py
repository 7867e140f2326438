"""What the pages of a listing on Mastodon have shown whole, where each is placed by the id that the instance names. Pure.

Source: mastodon/documentation, content/en/api/guidelines: ids grow, and a page behind `max_id` holds nothing but lower ones. A
server that names no id there (others speak the same API) is held to what its page shows.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.mastodon_items import order_key
from archiver.platforms.pages import Coverage

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from archiver.platforms.pages import AccountRef, Exchange

_MOST_EMPTY = 20
"""So many pages in a row that show nothing, and say that there is more, are no listing."""


@dataclasses.dataclass(slots=True)
class Walk:
    """Follows one walk. `before` is what all on the next page stand below (None: the newest page)."""

    before: str | None = None
    _ordered: bool = True
    _empty: int = 0

    def shown(self, keys: Collection[str], following: Mapping[str, str] | None, *, whole: bool) -> Coverage | None:
        """Go on behind a page.

        Args:
            keys: The order keys of what it shows of the listing.
            following: What places the next page; None where there is none.
            whole: Whether all of it could be read, and what comes after can be reached.

        Gives what it covers; None where it shows what should have stood on an earlier page (the last of the one before may come
        again), or nothing was shown yet.
        """
        before, lowest = self.before, min(keys, default=self.before)
        self._empty = 0 if keys else self._empty + 1
        self._ordered = self._ordered and (before is None or all(key <= before for key in keys))
        if following is not None:
            told = following["max_id"]
            bound = order_key(told) if told.isascii() and told.isdigit() else lowest
            self.before = min((each for each in (before, bound) if each is not None), default=None)
        if not whole or not self._ordered or (following is not None and lowest is None):
            return None
        return Coverage(before, None if following is None else lowest)

    def check(self, account: AccountRef, exchange: Exchange) -> None:
        """Raise `UnreadableAnswerError` once pages go on saying that there is more, and show nothing."""
        if self._empty >= _MOST_EMPTY:
            words = f"{self._empty} pages in a row say that there is more, and show nothing"
            raise UnreadableAnswerError(account.name, exchange.url, words, exchange)
