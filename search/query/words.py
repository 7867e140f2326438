"""Small words that sentences about a search are made of. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Literal

from archiver.i18n.translation import _, pgettext
from archiver.platforms import PLATFORMS
from search.text import QUOTES, unquoted

if TYPE_CHECKING:
    from collections.abc import Sequence


_TO_BE_QUOTED = re.compile(f"[\\s(){QUOTES}]")
_LIKE_I = re.compile(r"[\W_]*h?i(?![aeo])")
_LIKE_O = re.compile(r"[\W_]*(?:h?o|8|11(?!\d))")
"""What begins with the sound of the Spanish "y" or "o", which is then "e" or "u": `iglesia`, `hijo`, not `hielo`; `once`, `8`."""


def quoted(text: str) -> str:
    """A text in typographic quotes, for a sentence."""
    return f"\u201c{text}\u201d"


def joined(parts: Sequence[str], last: Literal["and", "or", "nor"] = "and") -> str:
    """A list as it is said: `a, b and c`.

    Args:
        parts: what is listed.
        last: what stands before the last of them; `nor`: the list is of what is not, which in English is said with "or".
    """
    if len(parts) < 2:  # noqa: PLR2004 - one and one are a list
        return "".join(parts)
    return _joined(", ".join(parts[:-1]), parts[-1], last)


def _joined(first: str, last: str, conjunction: str) -> str:
    plain = unicodedata.normalize("NFD", last.casefold())
    match conjunction:
        case "and" if _LIKE_I.match(plain):
            return pgettext("before the sound of i", "%(first)s and %(last)s", first=first, last=last)
        case "and":
            return _("%(first)s and %(last)s", first=first, last=last)
        case "nor":
            return pgettext("of what is not", "%(first)s or %(last)s", first=first, last=last)
        case _ if _LIKE_O.match(plain):
            return pgettext("before the sound of o", "%(first)s or %(last)s", first=first, last=last)
        case _:
            return _("%(first)s or %(last)s", first=first, last=last)


def platform_title(platform: str) -> str:
    """A platform's name as people write it."""
    return _(PLATFORMS[platform].manifest.title) if platform in PLATFORMS else platform


def plain_or_quoted(value: str) -> str:
    """A field's value as it is typed: in quotation marks where it has spaces or brackets; without those that it has itself."""
    plain = value and not _TO_BE_QUOTED.search(value)
    return value if plain else f'"{unquoted(value)}"'
