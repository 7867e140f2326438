"""The Merkle tree of a log that grows: what must be kept of it, and the proofs that can be made from that.

A node is named by its level (0: the leaves) and its place among those of its level; it is complete once all 2^level leaves
under it are there, and never changes after. A tree of any size is made of the complete subtrees at its right edge, its
peaks, one for each bit of the size. RFC 9162 section 2.1 says what proofs are made of; here they are planned as ranges of
leaves, so that whoever keeps the nodes can fetch all of a proof at once.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from archiver.evidence.merkle import node_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class Place(NamedTuple):
    """Where a complete subtree stands."""

    level: int
    at: int


class Range(NamedTuple):
    """Leaves from `start` to before `end`; the subtree over them may be one of a proof's hashes."""

    start: int
    end: int


class Peaks:
    """A tree of some size as far as its growth needs it: the hashes of its peaks, the largest first."""

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        """Raises `ValueError` where the hashes are not as many as the peaks of that size."""
        if len(hashes) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} peaks, not {len(hashes)}")
        self.size = size
        self._hashes = list(hashes)

    def push(self, leaf: bytes) -> list[tuple[Place, bytes]]:
        """Append a leaf by its hash. Gives the inner nodes that are complete by it, the lowest first."""
        made = []
        level, index, found = 0, self.size, leaf
        while index & 1:
            found = node_hash(self._hashes.pop(), found)
            level, index = level + 1, index >> 1
            made.append((Place(level, index), found))
        self._hashes.append(found)
        self.size += 1
        return made

    def root(self) -> bytes:
        """The root of the tree (RFC 9162 section 2.1.1)."""
        return joined(self._hashes)


def joined(peaks: Sequence[bytes]) -> bytes:
    """The hash of the subtree over adjacent complete subtrees, given from left to right, each larger than the next."""
    if not peaks:
        return hashlib.sha256().digest()
    found = peaks[-1]
    for left in reversed(peaks[:-1]):
        found = node_hash(left, found)
    return found


def places(leaves: Range) -> list[Place]:
    """The complete subtrees that a range is made of, from left to right, the largest first.

    The range must begin where a subtree at least as large as it begins, as every range of a proof does.
    """
    found = []
    start = leaves.start
    while start < leaves.end:
        level = (leaves.end - start).bit_length() - 1
        found.append(Place(level, start >> level))
        start += 1 << level
    return found


def inclusion(index: int, size: int) -> list[Range]:
    """The ranges whose hashes prove that leaf `index` is in the tree of `size` leaves, in the proof's order.

    RFC 9162 section 2.1.3.1. Raises `ValueError` where there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"a log of {size} leaves has no leaf {index}")
    found = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            found.append(Range(middle, end))
            end = middle
        else:
            found.append(Range(start, middle))
            start = middle
    return found[::-1]


def consistency(first: int, second: int) -> list[Range]:
    """The ranges whose hashes prove that the tree of `first` leaves is the beginning of that of `second`, in their order.

    RFC 9162 section 2.1.4.1; nothing is needed where the two are one, or the first is empty. Raises `ValueError` where the
    first is the larger.
    """
    if not 0 <= first <= second:
        raise ValueError(f"a log of {second} leaves was never one of {first}")
    if first == 0:
        return []
    found = []
    start, end, whole = 0, second, True
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            found.append(Range(middle, end))
            end = middle
        else:
            found.append(Range(start, middle))
            start, whole = middle, False
    if not whole:
        found.append(Range(start, end))
    return found[::-1]


def hashes(ranges: Iterable[Range], nodes: Mapping[Place, bytes]) -> list[bytes]:
    """The hashes of a proof's ranges. Raises `KeyError` for a node that is not among those given."""
    return [joined([nodes[place] for place in places(each)]) for each in ranges]


def _split(count: int) -> int:
    """The largest power of two smaller than `count`, which is at least 2."""
    return 1 << ((count - 1).bit_length() - 1)
