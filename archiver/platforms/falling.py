"""What a page of a listing that should go from new to old has shown whole. Pure.

Such listings (Flickr, LinkedIn, TikTok) promise no order among items of the same moment, and hardly any order at all. So what
is covered ends where a moment was shown to its end, and a listing that is found out of order covers nothing any more.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.pages import Coverage

if TYPE_CHECKING:
    from collections.abc import Collection

    from archiver.platforms.pages import AccountRef, Exchange

_MOST_EMPTY = 20
"""So many pages in a row that show nothing, and say that there is more, are no listing."""


@dataclasses.dataclass(slots=True)
class Falling:
    """Follows one walk, page after page. Order keys begin with the moment, `width` digits wide.

    `below` is where what was shown whole ends: every item of that moment or a later one has been shown. It is what a walk that
    goes on later begins with (None: at the newest; 0: behind a page that could not be read whole, of which nobody knows where
    it ended).
    """

    width: int
    below: str | None = None
    _begun: bool = False
    _low: int | None = None
    """The moment behind the lowest that was shown."""
    _bound: int | None = None
    """Below it nothing of an earlier page can stand that could not be read."""
    _broken: bool = False
    """Whether something of the page before could not be read, which may stand anywhere down to where the next begins."""
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
        if not self._begun:
            self._begin()
        moments = [moment_of(each, self.width) if isinstance(each, str) else each for each in places]
        before, after_break = self._bound, self._broken
        self._empty = 0 if moments else self._empty + 1
        if moments:
            if self._low is not None and self._before is not None:
                both = zip(places, moments, strict=True)
                late = [each for each, moment in both if moment >= self._low and each not in self._before]
                self._ordered = self._ordered and not late
            self._before = frozenset(places)
            self._low = _least(self._low, min(moments) + 1)
            if after_break:
                before = _least(before, max(moments))
            self._bound = _least(before, self._low)
        self._broken = not whole or (after_break and not moments)
        self.below = key_of(0, self.width) if self._broken else self._key(self._bound)
        if self._broken or not self._ordered or (self._bound is None and not last):
            return None
        return Coverage(self._key(before), None if last else self._key(self._bound))

    def _begin(self) -> None:
        self._begun = True
        if self.below is not None:
            self._low = self._bound = moment_of(self.below, self.width) or None
            self._broken = self._low is None

    def _key(self, moment: int | None) -> str | None:
        if moment is None:
            return None
        if moment == 10**self.width:
            return f"{moment - 1}~"  # behind all ids of the last moment that there is
        return key_of(moment, self.width)

    def check(self, account: AccountRef, exchange: Exchange) -> None:
        """Raise `UnreadableAnswerError` once pages go on saying that there is more, and show nothing."""
        if self._empty >= _MOST_EMPTY:
            words = f"{self._empty} pages in a row say that there is more, and show nothing"
            raise UnreadableAnswerError(account.name, exchange.url, words, exchange)


def _least(one: int | None, other: int) -> int:
    return other if one is None else min(one, other)


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
