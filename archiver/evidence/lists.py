"""A list of accounts as evidence: what changed between two readings, and the digests that prove it. Pure.

A digest is SHA-256 over lines, each the RFC 8785 JSON of `[namespace, id]` (of a change: `["joined" or "left", namespace, id]`)
and a line feed, sorted by their bytes: whoever has the list can make it with `LC_ALL=C sort | sha256sum`.
"""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING

from archiver.evidence.fields import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

Key = tuple[str, str]
"""Namespace and id of an account on its platform."""


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """Who joined a list and who left it between two readings."""

    joined: frozenset[Key] = frozenset()
    left: frozenset[Key] = frozenset()

    @property
    def digest(self) -> bytes:
        """SHA-256 over the changes, as the module says."""
        lines = [canonical(["joined", *key]) for key in self.joined] + [canonical(["left", *key]) for key in self.left]
        return _digest(lines)


def difference(before: AbstractSet[Key], after: AbstractSet[Key]) -> Difference:
    """What changed from one reading to the next, both whole."""
    return Difference(frozenset(after - before), frozenset(before - after))


def replayed(differences: Iterable[Difference]) -> frozenset[Key]:
    """The list after these differences, from nothing on.

    Raises `ValueError` where somebody leaves who is not on it, or joins who is: those are no differences of one list.
    """
    found: frozenset[Key] = frozenset()
    for each in differences:
        if not each.left <= found or each.joined & found:
            raise ValueError("the differences do not follow one another")
        found = (found - each.left) | each.joined
    return found


def digest_of(members: Iterable[Key]) -> bytes:
    """SHA-256 over the whole list, as the module says; its order is of no account."""
    return _digest([canonical(list(key)) for key in members])


def _digest(lines: list[bytes]) -> bytes:
    lines.sort()
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line + b"\n")
    return digest.digest()
