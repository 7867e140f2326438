"""Merkle tree hashing as in RFC 9162 section 2.1.1, over leaves that are already at hand."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LEAF = b"\x00"
_NODE = b"\x01"


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one leaf: SHA-256(0x00 || entry)."""
    return hashlib.sha256(_LEAF + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(_NODE + left + right).digest()


def root_of_hashes(hashes: Sequence[bytes]) -> bytes:
    """The root over leaf hashes, in order; of no leaves SHA-256 of nothing (RFC 9162 section 2.1.1).

    Level by level, an odd last node rising as it is: the same tree as the RFC's split at the largest power of two.
    """
    if not hashes:
        return hashlib.sha256().digest()
    sha256 = hashlib.sha256
    level = list(hashes)
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)  # an odd last node has no pair
        paired = [sha256(_NODE + left + right).digest() for left, right in pairs]
        if len(level) % 2:
            paired.append(level[-1])
        level = paired
    return level[0]


def root(entries: Iterable[bytes]) -> bytes:
    """The root over leaf entries, in order."""
    return root_of_hashes([leaf_hash(entry) for entry in entries])
