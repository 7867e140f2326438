"""How the templates speak the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from archiver.i18n import translation
from archiver.i18n.languages import LANGUAGES, language

if TYPE_CHECKING:
    import jinja2


def speak(templates: jinja2.Environment) -> None:
    """Give templates `{% trans %}`, `_`, `ngettext` and `pgettext`, and what the choice of a language needs.

    The environment must have the extension `jinja2.ext.i18n`. A sentence of ours may hold markup; what is put into it is
    escaped, as everywhere. A number of things is `%(num)s` in its sentence.
    """
    templates.newstyle_gettext = True  # type: ignore[attr-defined] # of the extension
    templates.policies["ext.i18n.trimmed"] = True
    templates.globals |= {
        "gettext": _gettext,
        "ngettext": _ngettext,
        "pgettext": _pgettext,
        "language": language,
        "languages": LANGUAGES,
    }


def _gettext(message: str, /, **values: Any) -> Markup:
    return _filled(translation.unfilled(message), values)


def _ngettext(one: str, many: str, number: int, /, **values: Any) -> Markup:
    return _filled(translation.unfilled_of(one, many, number), {"num": f"{number:,}", **values})


def _pgettext(context: str, message: str, /, **values: Any) -> Markup:
    return _filled(translation.unfilled(message, context), values)


def _filled(sentence: str, values: dict[str, Any]) -> Markup:
    return Markup(sentence) % values  # noqa: S704 - our own sentence; what is put into it is escaped
