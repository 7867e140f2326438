"""The dictionaries that let the embedded Elasticsearch, which has no stemmers, find "potholes" by "pothole".

They lie beside this file as their makers published them, with their licences: `en_US` (SCOWL, MIT and BSD) and `es_ES`
(RLA-ES, used under MPL 1.1). A full distribution has stemmers of its own and is not given them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.local.user import give_to

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archiver.local.user import ServiceUser

DICTIONARIES = Path(__file__).resolve().parent / "hunspell"
_PREFIX = re.compile(r"PFX\s+(\S)\s+(\S+)\s+(\S+)\s+(\S+)")


def without_prefixes(rules: str, words: str) -> tuple[str, str]:
    """Make the prefixed forms of a hunspell dictionary words of their own, so that "unpaid" is no form of "paid".

    A spell-checker derives one from the other; somebody who searches records for "paid" does not want that, but does
    want "reunión" and "reuniones" to be one word. Flags are single characters in both dictionaries.

    Args:
        rules: the affix file's text.
        words: the word list's text: a count, then one `word/flags` a line.

    Returns:
        Both texts anew.
    """
    prefixes: defaultdict[str, list[tuple[str, str, re.Pattern[str]]]] = defaultdict(list)
    kept = []
    for line in rules.splitlines(keepends=True):
        if not line.startswith("PFX"):
            kept.append(line)
            continue
        found = _PREFIX.match(line)
        if found is not None and found[2] not in {"Y", "N"}:
            strip, add, condition = ("" if part == "0" else part for part in found.groups()[1:])
            prefixes[found[1]].append((strip, add.partition("/")[0], re.compile(condition)))
    entries = [line for line in words.splitlines()[1:] if line.strip()]
    made = list(dict.fromkeys(form for entry in entries for form in (entry, *_prefixed(entry, prefixes))))
    return "".join(kept), "\n".join([str(len(made)), *made]) + "\n"


def _prefixed(entry: str, prefixes: dict[str, list[tuple[str, str, re.Pattern[str]]]]) -> Iterator[str]:
    word, slash, rest = entry.partition("/")
    flags = rest.split(maxsplit=1)[0] if rest else ""
    suffixes = "".join(flag for flag in flags if flag not in prefixes)
    for flag in flags:
        for strip, add, condition in prefixes.get(flag, ()):
            if word.startswith(strip) and condition.match(word):
                yield add + word[len(strip) :] + (slash + suffixes if suffixes else "")


def install_dictionaries(config: Path, user: ServiceUser | None) -> None:
    """Put the dictionaries where the node looks for them (`hunspell/` in its configuration), unless they are there.

    Args:
        config: the node's configuration folder.
        user: who the node runs as, or None for ourselves.

    Raises:
        OSError: the folder cannot be written.
    """
    for source in sorted(path for path in DICTIONARIES.iterdir() if path.is_dir()):
        target = config / "hunspell" / source.name
        copies = target / f"{source.name}.aff", target / f"{source.name}.dic"
        if all(copy.exists() for copy in copies):
            continue
        target.mkdir(parents=True, exist_ok=True)
        give_to(user, target.parent)
        give_to(user, target)
        texts = without_prefixes(*((source / copy.name).read_text(encoding="utf-8") for copy in copies))
        for copy, text in zip(copies, texts, strict=True):
            part = copy.with_suffix(".part")
            part.write_text(text, encoding="utf-8")
            give_to(user, part)
            part.replace(copy)
