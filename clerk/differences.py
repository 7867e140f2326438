"""What changed between two versions, word by word. Pure."""

from __future__ import annotations

import dataclasses
import itertools
import re
from typing import TYPE_CHECKING, Any, Literal

from archiver.i18n.translation import _, marked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# A word takes the space after it along, so that spaces by themselves match nothing.
_WORDS = re.compile(r"\w+\s*|[^\s\w]\s*|\s+")
MOST_EDITS = 600
"""Where more words than these were taken out and put in, what is between the first and the last of them is shown whole."""

Kind = Literal["same", "removed", "added"]


@dataclasses.dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text that is in both versions, only in the earlier or only in the later."""

    kind: Kind
    text: str


def word_difference(before: str, after: str) -> list[Piece]:
    """The later text with what was taken out and what was put in. Joining its parts gives either text exactly."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    old_middle, new_middle = old[head : len(old) - tail], new[head : len(new) - tail]
    middle = _shortest_edit(old_middle, new_middle)
    if middle is None:
        middle = [("removed", word) for word in old_middle] + [("added", word) for word in new_middle]
    same: Kind = "same"
    words = [*((same, word) for word in old[:head]), *middle, *((same, word) for word in old[len(old) - tail :])]
    return _joined(words)


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    for index, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return index
    return min(len(one), len(other))


def _shortest_edit(old: Sequence[str], new: Sequence[str]) -> list[tuple[Kind, str]] | None:
    """The fewest removals and additions that make `new` of `old`; None where it takes more than `MOST_EDITS`.

    The greedy algorithm of E. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986): `furthest[k]` is how far
    into `old` one gets on the diagonal `k` (place in `old` less place in `new`) with so many edits.
    """
    furthest = {1: 0}
    steps: list[dict[int, int]] = []
    for edits in range(min(len(old) + len(new), MOST_EDITS) + 1):
        steps.append(dict(furthest))
        for diagonal in range(-edits, edits + 1, 2):
            at = furthest[diagonal + 1] if _comes_from_above(furthest, diagonal, edits) else furthest[diagonal - 1] + 1
            while at < len(old) and at - diagonal < len(new) and old[at] == new[at - diagonal]:
                at += 1
            furthest[diagonal] = at
            if at >= len(old) and at - diagonal >= len(new):
                return _walked_back(old, new, steps)
    return None


def _comes_from_above(furthest: Mapping[int, int], diagonal: int, edits: int) -> bool:
    return diagonal == -edits or (diagonal != edits and furthest[diagonal - 1] < furthest[diagonal + 1])


def _walked_back(old: Sequence[str], new: Sequence[str], steps: Sequence[Mapping[int, int]]) -> list[tuple[Kind, str]]:
    found: list[tuple[Kind, str]] = []
    x, y = len(old), len(new)
    for edits in range(len(steps) - 1, -1, -1):
        furthest, diagonal = steps[edits], x - y
        added = _comes_from_above(furthest, diagonal, edits)
        before = diagonal + 1 if added else diagonal - 1
        x_before = furthest[before]
        y_before = x_before - before
        while x > x_before and y > y_before and x > 0 and y > 0:
            x, y = x - 1, y - 1
            found.append(("same", old[x]))
        if edits:
            found.append(("added", new[y_before]) if added else ("removed", old[x_before]))
        x, y = x_before, y_before
    return found[::-1]


def _joined(words: Sequence[tuple[Kind, str]]) -> list[Piece]:
    """Neighbours of a kind as one piece; between what is the same, what was taken out comes before what was put in."""
    pieces: list[Piece] = []
    for unchanged, run in itertools.groupby(words, key=lambda word: word[0] == "same"):
        together = list(run)
        kinds: tuple[Kind, ...] = ("same",) if unchanged else ("removed", "added")
        for kind in kinds:
            text = "".join(word for of, word in together if of == kind)
            if text:
                pieces.append(Piece(kind, text))
    return pieces


_FIELD_NAMES = {
    "title": marked("the title"),
    "html": marked("the formatting"),
    "author": marked("the author's id"),
    "created": marked("the stated time"),
    "edited": marked("the stated time of the edit"),
    "languages": marked("the stated languages"),
    "tags": marked("the hashtags"),
    "mentions": marked("the people mentioned"),
    "links": marked("the links"),
    "media": marked("the attachments or their descriptions"),
    "references": marked("what it replies to or quotes"),
    "kind": marked("what kind of record it is"),
}
_TOLD_ELSEWHERE = frozenset({"text", "fingerprint"})


def other_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What else differs between the evidence fields of two versions, in plain words."""
    changed = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
    return [_field(name) for name in changed if name not in _TOLD_ELSEWHERE]


def _field(name: str) -> str:
    return _(_FIELD_NAMES[name]) if name in _FIELD_NAMES else f"\u201c{name}\u201d"
