"""`make translations`: every sentence of the programs and pages into the catalogues; those that nothing says any more out.

`python -m archiver.i18n.collect` prints what still wants a translation.
"""

from __future__ import annotations

import dataclasses
import sys
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from archiver.i18n.translation import CATALOGUES

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
KEYWORDS: dict[str, Any] = {
    "_": None,
    "gettext": None,
    "marked": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}
"""The functions whose sentences are collected: which arguments are sentences, and which says the context."""
_SOURCES: dict[str, tuple[str, dict[str, Any]]] = {
    "**.py": ("python", {}),
    "templates/**.html": ("jinja2.ext:babel_extract", {"trimmed": "true", "silent": "false"}),
}
_FOLDERS = ("archiver", "clerk", "search")
_WIDTH = 120


@dataclasses.dataclass(frozen=True, slots=True)
class Renewed:
    """A catalogue as it should be, and where it stands."""

    path: Path
    catalogue: Catalog

    @property
    def untranslated(self) -> list[str]:
        """The sentences without a translation."""
        return [str(each.id) for each in self.catalogue if each.id and not all(_strings(each.string) or [""])]

    def text(self) -> bytes:
        """The file's content: in the order of the sentences, without line numbers, so that changes to it can be read."""
        into = BytesIO()
        write_po(into, self.catalogue, width=_WIDTH, no_location=True, sort_output=True, ignore_obsolete=True)
        return into.getvalue()


@cache
def collected() -> Catalog:
    """Every sentence that the programs and pages say, without translations."""
    found = Catalog()
    for folder in _FOLDERS:
        for _name, line, message, _comments, context in extract_from_dir(
            ROOT / folder,
            method_map=[(pattern, method) for pattern, (method, _options) in _SOURCES.items()],
            options_map={pattern: options for pattern, (_method, options) in _SOURCES.items()},
            keywords=KEYWORDS,
        ):
            found.add(message, None, [(folder, line)], context=context)
    return found


def renewed() -> Iterator[Renewed]:
    """Each catalogue with exactly the sentences that are said, those known before with their translations."""
    template = collected()
    for path in sorted(CATALOGUES.glob("*.po")):
        with path.open("rb") as source:
            catalogue = read_po(source, locale=path.stem)
        made = catalogue.creation_date
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.creation_date = made
        yield Renewed(path, catalogue)


def main() -> None:
    """Write the catalogues anew and say what they lack."""
    for each in renewed():
        each.path.write_bytes(each.text())
        for sentence in each.untranslated:
            sys.stdout.write(f"{each.path.name} has no translation of: {sentence}\n")


def _strings(string: Any) -> list[str]:
    return [string] if isinstance(string, str) else list(string or [])


if __name__ == "__main__":
    main()
