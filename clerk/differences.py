"""What changed between two versions, word by word. Pure."""

from __future__ import annotations

import dataclasses
import difflib
import re
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_WORDS = re.compile(r"\s+|[^\s\w]|\w+")
MOST_WORDS = 4_000
"""Longer middles are shown as replaced whole: comparing takes time by the square of their length."""

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
    pieces = [Piece("same", "".join(old[:head]))]
    if max(len(old_middle), len(new_middle)) > MOST_WORDS:
        pieces += [Piece("removed", "".join(old_middle)), Piece("added", "".join(new_middle))]
    else:
        matcher = difflib.SequenceMatcher(None, old_middle, new_middle, autojunk=False)
        for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
            if tag == "equal":
                pieces.append(Piece("same", "".join(old_middle[old_from:old_to])))
            else:
                pieces.append(Piece("removed", "".join(old_middle[old_from:old_to])))
                pieces.append(Piece("added", "".join(new_middle[new_from:new_to])))
    pieces.append(Piece("same", "".join(old[len(old) - tail :]) if tail else ""))
    return [piece for piece in pieces if piece.text]


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    for index, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return index
    return min(len(one), len(other))


_FIELD_NAMES = {
    "title": "the title",
    "html": "the formatting",
    "author": "the author's id",
    "created": "the stated time",
    "edited": "the stated time of the edit",
    "languages": "the stated languages",
    "tags": "the hashtags",
    "mentions": "the people mentioned",
    "links": "the links",
    "media": "the attachments or their descriptions",
    "references": "what it replies to or quotes",
    "kind": "what kind of record it is",
}
_TOLD_ELSEWHERE = frozenset({"text", "fingerprint"})


def other_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What else differs between the evidence fields of two versions, in plain words."""
    changed = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
    return [_FIELD_NAMES.get(name, f"\u201c{name}\u201d") for name in changed if name not in _TOLD_ELSEWHERE]
