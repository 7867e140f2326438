"""What a page of a listing that should go from new to old has shown whole. Pure.

Such listings (Flickr, LinkedIn, TikTok) promise no order among items of the same moment, and hardly any order at all. So what
is covered ends where a moment was shown to its end, and a listing that is found out of order covers nothing any more.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from archiver.platforms.contract import Coverage
from archiver.platforms.errors import UnreadableAnswerError

if TYPE_CHECKING:
    from collections.abc import Collection

    from archiver.platforms.contract import AccountRef, Exchange

_MOST_EMPTY = 20
"""So many pages in a row that show nothing, and say that there is more, are no listing."""


@dataclasses.dataclass(slots=True)
class Falling:
    """Follows one walk, page after page. Order keys begin with the moment, `width` digits wide.

    `below` is where what was shown whole ends: every item of that moment or a later one has been shown. It is what a walk that
    goes on later begins with (None: at the newest).
    """

    width: int
    below: str | None = None
    _before: frozenset[int | str] | None = None
    """What the page before showed; None on the first, of which nothing is known that it could contradict."""
    _ordered: bool = True
    _empty: int = 0

    def shown(self, places: Collection[int | str], *, last: bool, whole: bool) -> Coverage | None:
        """Go on behind a page.

        Args:
            places: The order key, or the moment, of every item that the page shows. An item that tells no moment has none.
            last: Whether the listing ends with it.
            whole: Whether all of it could be read.

        Gives what it covers; None where it is out of order against the pages before (it shows what should have stood on them:
        a page that begins with items of the one before is in order), or could not be read whole, or nothing was shown yet.
        """
        before = self.below
        self._empty = 0 if places else self._empty + 1
        if places:
            if before is not None and self._before is not None:
                bound = moment_of(before, self.width)
                late = [each for each in places if each not in self._before and self._moment(each) >= bound]
                self._ordered = self._ordered and not late
            self._before = frozenset(places)
            lowest = key_of(min(*map(self._moment, places), 10**self.width - 2) + 1, self.width)
            self.below = lowest if before is None else min(before, lowest)
        if not self._ordered or not whole or (self.below is None and not last):
            return None
        return Coverage(before, None if last else self.below)

    def _moment(self, place: int | str) -> int:
        return moment_of(place, self.width) if isinstance(place, str) else place

    def check(self, account: AccountRef, exchange: Exchange) -> None:
        """Raise `UnreadableAnswerError` once pages go on saying that there is more, and show nothing."""
        if self._empty >= _MOST_EMPTY:
            words = f"{self._empty} pages in a row say that there is more, and show nothing"
            raise UnreadableAnswerError(account.name, exchange.url, words, exchange)


def all_below(identity: str) -> Coverage:
    """All that stands below one thing (a post, a conversation), where the order keys begin with its id and a space."""
    return Coverage(before=f"{identity}!", after=f"{identity} ")


def key_of(moment: int, width: int, identity: str = "") -> str:
    """The order key of an item, or with no identity the lowest that an item of that moment can have.

    Raises `ValueError` for a moment that does not fit the width.
    """
    if not 0 <= moment < 10**width:
        raise ValueError(f"{moment} is no time of {width} digits")
    return f"{moment:0{width}d} {identity}" if identity else f"{moment:0{width}d}"


def moment_of(key: str, width: int) -> int:
    """The moment in an order key."""
    return int(key[:width])
