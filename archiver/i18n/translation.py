"""Sentences in the language of the running task, by gettext.

A sentence is written in English where it is made, as `_("Seen on %(account)s", account=name)`; its Spanish stands in
`es.po`. Every sentence is filled in by the `%` operator, with or without values: a percent sign is written `%%`.
`make translations` puts new sentences into the file and takes out those that nothing says any more; a sentence that has no
Spanish yet is said in English, and fails the tests.
"""

from __future__ import annotations

from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Any

from archiver.i18n.languages import ENGLISH, language

CATALOGUES = Path(__file__).resolve().parent
"""Where the translations lie: `<tag>.po` for every language but English."""


def gettext(message: str, /, **values: Any) -> str:
    """The sentence in the language of the running task, with its values. Raises `KeyError` for a value that is missing."""
    return unfilled(message) % values


_ = gettext
"""The name by which everybody calls it; the tools that collect sentences look for it."""


def ngettext(one: str, many: str, number: int, /, **values: Any) -> str:
    """The sentence for a number of things; the number itself is `%(num)s`, with commas at its thousands."""
    return unfilled_of(one, many, number) % {"num": f"{number:,}", **values}


def pgettext(context: str, message: str, /, **values: Any) -> str:
    """The sentence as it is meant in a context, where one English word has two translations."""
    return unfilled(message, context) % values


def unfilled(message: str, context: str | None = None) -> str:
    """A sentence in the language of the running task, before its values are put in."""
    if not message:
        return message  # in a catalogue it stands for the head of the file
    catalogue = _catalogue(language())
    return catalogue.gettext(message) if context is None else catalogue.pgettext(context, message)


def unfilled_of(one: str, many: str, number: int) -> str:
    """A sentence about a number of things in the language of the running task, before its values are put in."""
    return _catalogue(language()).ngettext(one, many, number)


def marked(message: str) -> str:
    """The same sentence, unchanged, collected for translation: for words kept in tables, said later by `gettext`."""
    return message


@cache
def _catalogue(tag: str) -> NullTranslations:
    if tag == ENGLISH:
        return NullTranslations()
    # Needed by nobody who speaks English: captures and exports do without it.
    from babel.messages.mofile import write_mo  # noqa: PLC0415
    from babel.messages.pofile import read_po  # noqa: PLC0415

    compiled = BytesIO()
    with (CATALOGUES / f"{tag}.po").open("rb") as source:
        write_mo(compiled, read_po(source, locale=tag))
    compiled.seek(0)
    return GNUTranslations(compiled)
