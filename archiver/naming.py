"""Short names that people give to things: brought to one form, with nothing in them that cannot be seen. Pure."""

from __future__ import annotations

import unicodedata

JOINERS = "\u200c\u200d"
"""Characters without a shape of their own that scripts and emoji are written with."""
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


class NameRefused(Exception):
    """A name cannot be given. The message is a sentence for whoever gave it."""


def usable(text: str, what: str, longest: int) -> str:
    """A name fit to be kept: composed (Unicode NFC), without space around it, and with one space where there were several.

    Args:
        text: as typed.
        what: what it is the name of, as in "tag".
        longest: how many characters it may have.

    Raises:
        NameRefused: it is empty or too long, or has characters that cannot be seen or that change how others are shown.
    """
    composed = unicodedata.normalize("NFC", text)
    for character in composed:
        if unicodedata.category(character) in _UNSEEN and character not in JOINERS:
            raise NameRefused(
                f"A {what} cannot have the character U+{ord(character):04X}, which nobody sees: type it anew, without what was "
                "pasted along."
            )
    found = " ".join(composed.split())
    if not found.strip(JOINERS + " "):
        raise NameRefused(f"Write what the {what} is to be called.")
    if len(found) > longest:
        raise NameRefused(f"A {what} has {longest} characters at the most, and this one {len(found):,}: shorten it.")
    return found


def key(name: str) -> str:
    """What two names are compared by: whatever their case, and however their accents were typed."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
