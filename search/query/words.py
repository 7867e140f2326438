"""Small words that sentences about a search are made of. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archiver.platforms import PLATFORMS

if TYPE_CHECKING:
    from collections.abc import Sequence


_TO_BE_QUOTED = re.compile('[\\s()"\u201c\u201d\u201e\u201f\uff02]')


def quoted(text: str) -> str:
    """A text in typographic quotes, for a sentence."""
    return f"\u201c{text}\u201d"


def joined(parts: Sequence[str], last: str = "and") -> str:
    """A list as it is said: `a, b and c`."""
    return f" {last} ".join(filter(None, (", ".join(parts[:-1]), parts[-1]))) if parts else ""


def platform_title(platform: str) -> str:
    """A platform's name as people write it."""
    return PLATFORMS[platform].manifest.title if platform in PLATFORMS else platform


def plain_or_quoted(value: str) -> str:
    """A field's value as it is typed: in quotation marks where it has spaces or brackets."""
    plain = value and not _TO_BE_QUOTED.search(value)
    return value if plain else '"{}"'.format(value.replace('"', " "))
