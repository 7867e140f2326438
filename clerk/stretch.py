"""A part of a list that may grow long: which part, of how many, and where the others are. Pure."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class Stretch:
    """So many entries (`size`, or what is left) of a list of `total`, the latest first, after the first `start` of them."""

    start: int
    size: int
    total: int

    @property
    def first(self) -> int:
        """The place of its first entry, counted from 1."""
        return self.start + 1

    @property
    def last(self) -> int:
        """The place of its last entry."""
        return min(self.start + self.size, self.total)

    @property
    def is_whole(self) -> bool:
        """Whether it is all there is."""
        return self.total <= self.size

    @property
    def later(self) -> int | None:
        """Where the entries before it begin, which are of later; None where it is the first."""
        return max(self.start - self.size, 0) if self.start else None

    @property
    def earlier(self) -> int | None:
        """Where the entries after it begin; None where it is the last."""
        return self.last if self.last < self.total else None


def stretch(asked: int, size: int, total: int) -> Stretch:
    """The stretch that begins after `asked` entries; one that would be beyond the end is the last."""
    last = (total - 1) // size * size if total else 0
    return Stretch(min(asked, last), size, total)
