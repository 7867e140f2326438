"""Which lists of accounts are kept of an account: what its platform gives, and what its setting `lists` asks for. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from archiver.platforms.manifest import Manifest

SETTING = "lists"
NONE = "none"
_BETWEEN = re.compile(r"[\s,;]+")


def chosen(manifest: Manifest, settings: Mapping[str, Any]) -> list[str]:
    """The lists to keep, in the manifest's order: those that the setting names, or without it those that need no asking."""
    named = _named(settings.get(SETTING))
    if not named:
        return [each for each in manifest.lists if each not in manifest.lists_asked]
    return [each for each in manifest.lists if each in named]


def unknown(manifest: Manifest, value: object) -> list[str]:
    """What the setting names and the platform does not give."""
    return sorted(_named(value) - {*manifest.lists, NONE})


def _named(value: object) -> set[str]:
    return {each for each in _BETWEEN.split(str(value or "").strip().lower()) if each}
