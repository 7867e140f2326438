"""Where a walk through Flickr's numbered pages stands, and what it has shown whole. Pure.

Source: flickrex lib/flickr/getMethodInfo/flickr.people.getPublicPhotos.json (`page`, `per_page`; the answer's `page`, `pages`,
`perpage`, `total`). That photos come in the order of their upload, newest first, is not promised: it is watched.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from archiver.platforms.answers import number_of
from archiver.platforms.falling import Falling, moment_of
from archiver.platforms.flickr_items import SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archiver.platforms.items import Json
    from archiver.platforms.pages import Coverage, Page

_PER_PAGE = 500


@dataclasses.dataclass(slots=True)
class Walk:
    """Where a walk through the numbered pages stands: the place of its next photo among all of them.

    `total` is what the last page said there are.
    """

    start: int = 0
    size: int = _PER_PAGE
    total: int | None = None
    falling: Falling = dataclasses.field(default_factory=lambda: Falling(SECONDS))
    ended: bool = False

    @classmethod
    def begun(cls, resume: Json) -> Walk:
        """Begin at the newest photo, or where an earlier walk stood."""
        if not isinstance(resume, dict):
            return cls()
        total, below = resume["total"], resume["below"]
        return cls(
            start=int(str(resume["start"])),
            size=int(str(resume["size"])),
            total=None if total is None else int(str(total)),
            falling=Falling(SECONDS, None if below is None else str(below)),
        )

    def shrunk(self, listing: Mapping[str, Any]) -> bool:
        """Whether photos were removed since the page before; then the walk has stepped back by as many, and asks again."""
        now = number_of(listing, "total")
        if now is None or self.total is None or now >= self.total:
            return False
        self.start, self.total = max(0, self.start - (self.total - now)), now
        return True

    def on(self, listing: Mapping[str, Any], page: Page) -> Coverage | None:
        """Go on behind a page. Gives what it showed whole: nothing, where a photo of it could not be read, or where the listing
        is not in the order of upload after all.
        """
        places = min(self.size, number_of(listing, "perpage") or self.size)
        number = number_of(listing, "page") or self.start // self.size + 1
        self.start, self.size = (number - 1) * places + places, max(1, places)
        self.total = self.total if (now := number_of(listing, "total")) is None else now
        self.ended = self.start >= self.total if self.total is not None else not page.items and not page.skipped
        seconds = [moment_of(item.order_key, SECONDS) for item in page.items if item.order_key]
        return self.falling.shown(seconds, last=self.ended, whole=not page.skipped)

    @property
    def resume(self) -> Json:
        """From where it goes on; None at its end."""
        place: Json = {"start": self.start, "size": self.size, "total": self.total, "below": self.falling.below}
        return None if self.ended else place
