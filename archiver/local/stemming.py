"""The dictionaries that let the embedded Elasticsearch, which has no stemmers, find "potholes" by "pothole".

They lie beside this file as their makers published them, with their licences: `en_US` (SCOWL, MIT and BSD) and `es_ES`
(RLA-ES, used under MPL 1.1). A full distribution has stemmers of its own and is not given them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from archiver.local.user import give_to

if TYPE_CHECKING:
    from archiver.local.user import ServiceUser

DICTIONARIES = Path(__file__).resolve().parent / "hunspell"


def without_prefixes(rules: str) -> str:
    """Leave the prefix rules out of a hunspell affix file's text.

    A spell-checker wants "unpaid" to be a form of "paid"; somebody who searches a record for "paid" does not.
    """
    return "".join(line for line in rules.splitlines(keepends=True) if not line.startswith("PFX "))


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
        target.mkdir(parents=True, exist_ok=True)
        give_to(user, target.parent)
        give_to(user, target)
        for path in (*source.glob("*.aff"), *source.glob("*.dic")):
            text = path.read_text(encoding="utf-8")
            kept = without_prefixes(text) if path.suffix == ".aff" else text
            copy = target / path.name
            if not copy.exists() or copy.read_text(encoding="utf-8") != kept:
                copy.write_text(kept, encoding="utf-8")
            give_to(user, copy)
