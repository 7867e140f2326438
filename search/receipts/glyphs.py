"""What a font cannot show, shown by its number, so that nothing of a text is lost in print. Pure.

Besides what the font lacks: characters that change the order of others or that nobody sees, and the letters of scripts written
from right to left, which would stand in the wrong order.
"""

from __future__ import annotations

import functools
import itertools
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container

_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cn", "Zl", "Zp"})
_KEPT = "\n"


def drawable(text: str, glyphs: Container[int]) -> str:
    """The text with what cannot be drawn as numbers in brackets: `[U+1F6A7 CONSTRUCTION SIGN]`.

    Args:
        text: what to draw.
        glyphs: the code points that the font has.
    """
    runs = itertools.groupby(text, functools.partial(_can, glyphs=glyphs))
    return "".join("".join(run) if shown else f"[{' '.join(map(_named, run))}]" for shown, run in runs)


def _can(character: str, glyphs: Container[int]) -> bool:
    return character in _KEPT or (
        ord(character) in glyphs
        and unicodedata.category(character) not in _UNSEEN
        and unicodedata.bidirectional(character) not in _RIGHT_TO_LEFT
    )


def _named(character: str) -> str:
    """A symbol's number and name; of a letter the number alone, as whole words are made of them."""
    number = f"U+{ord(character):04X}"
    name = unicodedata.name(character, "") if unicodedata.category(character)[0] == "S" else ""
    return f"{number} {name}".rstrip()
