"""Short names that people give to things: brought to one form, with nothing in them that cannot be seen. Pure."""

from __future__ import annotations

import unicodedata
from typing import Literal

from archiver.i18n.translation import _, marked

JOINERS = "\u200c\u200d"
"""Characters without a shape of their own that scripts and emoji are written with."""
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
Named = Literal["tag", "search"]
_NAMED: dict[Named, str] = {"tag": marked("tag"), "search": marked("search")}


class NameRefused(Exception):
    """A name cannot be given. The message is a sentence for whoever gave it."""


def usable(text: str, what: Named, longest: int) -> str:
    """A name fit to be kept: composed (Unicode NFC), without space around it, and with one space where there were several.

    Args:
        text: as typed.
        what: what it is the name of.
        longest: how many characters it may have.

    Raises:
        NameRefused: it is empty or too long, or has characters that cannot be seen or that change how others are shown.
    """
    composed = unicodedata.normalize("NFC", text)
    for character in composed:
        if unicodedata.category(character) in _UNSEEN and character not in JOINERS:
            raise NameRefused(
                _(
                    "A %(what)s cannot have the character U+%(code)s, which nobody sees: type it anew, without what was pasted "
                    "along.",
                    what=_(_NAMED[what]),
                    code=f"{ord(character):04X}",
                )
            )
    found = " ".join(composed.split())
    if not found.strip(JOINERS + " "):
        raise NameRefused(_("Write what the %(what)s is to be called.", what=_(_NAMED[what])))
    if len(found) > longest:
        raise NameRefused(
            _(
                "A %(what)s has %(most)s characters at the most, and this one %(long)s: shorten it.",
                what=_(_NAMED[what]),
                most=longest,
                long=f"{len(found):,}",
            )
        )
    return found


def key(name: str) -> str:
    """What two names are compared by: whatever their case, and however their accents were typed."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
